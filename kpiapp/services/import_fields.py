"""What a column of an imported file may be: its names, how its cells are read, and how they are kept."""

import datetime
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from kpiapp.choices import Language
from kpiapp.decimals import NumberError, parse_number, plain
from kpiapp.spreadsheets import Cell, Line
from kpiapp.text import search_key

HEADER_ROWS = 20
_UNIT = re.compile(r"\([^)]*\)|\[[^]]*\]")
_WORDS = re.compile(r"[\W_]+")
_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T]0?0:00(?::00)?)?")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]00:00(?::00)?)?")


class FieldKind(StrEnum):
    """How cells of a field are read."""

    TEXT = "text"
    CODE = "code"
    DATE = "date"
    DECIMAL = "decimal"
    CHOICE = "choice"


class RowRefused(ValueError):
    """Why one row cannot be taken, as a sentence that says what to do; `field` names the column it is about."""

    def __init__(self, sentence: str, *, field: str = ""):
        self.field = field
        super().__init__(sentence)


@dataclass(frozen=True)
class ImportField:
    """One thing a row may say. `synonyms` are column titles people use, in any language; accents do not matter."""

    name: str
    label: Any
    kind: FieldKind = FieldKind.TEXT
    required: bool = False
    synonyms: tuple[str, ...] = ()
    help: Any = ""
    example: str = ""
    choices: Mapping[str, Any] = field(default_factory=dict)
    max_length: int = 200

    def names(self) -> set[str]:
        """Titles by which a column is known to be this field."""
        names = {self.name, *self.synonyms, str(self.label)}
        for language in Language.values:
            with override(language):
                names.add(str(self.label))
        return {title_key(name) for name in names}


def title_key(title: str) -> str:
    """A column title without accents, signs and a unit in brackets: "Ngày vào làm (*)" is "ngay vao lam"."""
    return _WORDS.sub(" ", _UNIT.sub("", search_key(title))).strip()


def header_hash(kind: str, titles: Sequence[str]) -> str:
    """By which a mapping is remembered: the same titles in the same order."""
    return hashlib.sha256("\n".join([kind, *map(title_key, titles)]).encode()).hexdigest()


def find_header(lines: Sequence[Line], fields: Sequence[ImportField]) -> Line:
    """The row that names most fields, among the first ones; the very first when none names any."""
    known = set().union(*(item.names() for item in fields))

    def matches(line: Line) -> int:
        return sum(isinstance(cell, str) and title_key(cell) in known for cell in line.cells)

    return max(lines[:HEADER_ROWS], key=matches)


def titles_of(header: Line) -> list[str]:
    """Column titles, each once: an empty one is named by its place, a repeated one is numbered."""
    titles: list[str] = []
    for index, cell in enumerate(header.cells):
        title = text_of(cell) or _("Column %(letter)s") % {"letter": column_letter(index)}
        number = 2
        unique = title
        while unique in titles:
            unique, number = f"{title} ({number})", number + 1
        titles.append(unique)
    return titles


def column_letter(index: int) -> str:
    """The spreadsheet's name of a column: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def guess_columns(titles: Sequence[str], fields: Sequence[ImportField]) -> dict[str, str]:
    """Field name to title, for titles that are a name of the field; every column feeds one field at most."""
    free = {title_key(title): title for title in reversed(titles)}
    columns = {}
    for item in fields:
        # In the order they are written down, so that the first name is the strongest.
        for name in (title_key(item.name), *map(title_key, item.synonyms), *sorted(item.names())):
            if name in free:
                columns[item.name] = free.pop(name)
                break
    return columns


def text_of(cell: Cell) -> str:
    """A cell as text, as a person would have typed it."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return plain(cell)
    return cell.isoformat() if isinstance(cell, datetime.date) else " ".join(cell.split())


def parse_cell(item: ImportField, cell: Cell, language: str) -> Any:
    """The value of a cell: str, date or Decimal; None when it is empty. `language` decides how numbers are written.

    Raises RowRefused.
    """
    text = text_of(cell)
    if not text:
        return None
    return _PARSERS[item.kind](item, cell, text, language)


def _text(item: ImportField, _cell: Cell, text: str, _language: str) -> str:
    if len(text) > item.max_length:
        raise RowRefused(
            _("“%(start)s…” is too long: at most %(count)d characters.")
            % {"start": text[:20], "count": item.max_length}
        )
    return text


def _date(_item: ImportField, cell: Cell, text: str, _language: str) -> datetime.date:
    if isinstance(cell, datetime.date):
        return cell
    try:
        if match := _DAY_FIRST.fullmatch(text):
            return datetime.date(int(match[3]), int(match[2]), int(match[1]))
        if match := _ISO.fullmatch(text):
            return datetime.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        raise RowRefused(_("There is no day “%(typed)s”. Correct the date.") % {"typed": text}) from error
    raise RowRefused(_("“%(typed)s” is not a date. Write it like 20/11/2026.") % {"typed": text[:40]})


def _decimal(_item: ImportField, cell: Cell, text: str, language: str) -> Decimal:
    try:
        return parse_number(text, "en" if isinstance(cell, Decimal) else language)
    except NumberError as error:
        raise RowRefused(_(error.message) % error.params) from error


def _choice(item: ImportField, _cell: Cell, text: str, _language: str) -> str:
    typed = search_key(text)
    # A file may come from somebody who reads another language.
    for language in (get_language() or Language.EN, *Language.values):
        with override(language):
            for value, label in item.choices.items():
                if typed in (search_key(value), search_key(str(label))):
                    return value
    allowed = ", ".join(str(label) for label in item.choices.values())
    raise RowRefused(_("“%(typed)s” is not known. Use one of: %(allowed)s.") % {"typed": text[:40], "allowed": allowed})


_PARSERS: dict[FieldKind, Callable[[ImportField, Cell, str, str], Any]] = {
    FieldKind.TEXT: _text,
    FieldKind.CODE: _text,
    FieldKind.DATE: _date,
    FieldKind.DECIMAL: _decimal,
    FieldKind.CHOICE: _choice,
}


def encode(value: Any) -> str:
    """A parsed value as it is kept between the dry run and the moment it is applied."""
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def decode(item: ImportField, text: str) -> Any:
    """What `encode` kept."""
    if item.kind == FieldKind.DECIMAL:
        return Decimal(text)
    return datetime.date.fromisoformat(text) if item.kind == FieldKind.DATE else text
