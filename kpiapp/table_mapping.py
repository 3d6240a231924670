"""From a table as it comes to the columns an import takes: renaming, joining, deriving, filtering, adding up.

Pure: a mapping entry is plain data (docs/imports.md describes it), tables are header and lines. No models.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from kpiapp.spreadsheets import Cell, Line

MONTHS_OF_A_QUARTER = 3


class MappingError(ValueError):
    """The mapping file asks for something that is not there; the message says what to correct."""


@dataclass(frozen=True)
class Table:
    """Column titles and the lines below them."""

    name: str
    titles: list[str]
    lines: list[Line]

    def records(self) -> list[tuple[int, dict[str, Cell]]]:
        """Every line as its number and its cells by title."""
        width = len(self.titles)
        return [
            (line.number, dict(zip(self.titles, [*line.cells, *[None] * (width - len(line.cells))], strict=False)))
            for line in self.lines
        ]


@dataclass(frozen=True)
class TableMapping:
    """One entry of a mapping file: which file becomes which kind of rows, and how."""

    file: str
    kind: str
    fields: dict[str, Any]
    title: str = ""
    where: dict[str, Any] = field(default_factory=dict)
    join: dict[str, str] = field(default_factory=dict)
    distinct: bool = False
    add_up: list[str] = field(default_factory=list)
    agree: bool = False

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "TableMapping":
        """Read an entry. Raises MappingError for words that mean nothing."""
        known = set(cls.__dataclass_fields__)
        if unknown := set(entry) - known:
            raise MappingError(f"“{sorted(unknown)[0]}” means nothing here. An import has: {', '.join(sorted(known))}.")
        for name in ("file", "kind", "fields"):
            if name not in entry:
                raise MappingError(f"An import lacks “{name}”.")
        return cls(**entry)


def transform(mapping: TableMapping, table: Table, joined: Table | None = None) -> Table:
    """The rows of a file as an import takes them: titles are the names of fields. Raises MappingError."""
    records = table.records()
    titles = table.titles
    if joined is not None:
        records = _joined(records, joined, mapping.join["by"])
        titles = [*titles, *joined.titles]
    makers = {name: _maker(name, rule, titles) for name, rule in mapping.fields.items()}
    wanted = {column: _as_list(allowed) for column, allowed in mapping.where.items()}
    _check_columns(wanted, titles)
    kept = [(number, row) for number, row in records if all(_text(row[c]) in wanted[c] for c in wanted)]
    rows = [(number, [make(row) for make in makers.values()]) for number, row in kept]
    names = list(makers)
    if mapping.distinct or mapping.add_up:
        rows = _grouped(rows, names, mapping.add_up)
    return Table(table.name, names, [Line(number, cells) for number, cells in rows])


def _joined(records: Sequence, other: Table, by: str) -> list:
    """Rows with the columns of another file beside them; a column both have stays as it is."""
    if by not in other.titles:
        raise MappingError(f"{other.name} has no column “{by}” to join by. It has: {', '.join(other.titles)}.")
    found = {_text(row[by]): row for _number, row in other.records()}
    empty = dict.fromkeys(other.titles)
    return [(number, {**found.get(_text(row.get(by)), empty), **row}) for number, row in records]


def _grouped(rows: Sequence, names: Sequence[str], add_up: Sequence[str]) -> list:
    """One row for all that agree in every field that is not added up; it keeps the number of the first."""
    if missing := set(add_up) - set(names):
        raise MappingError(f"“{sorted(missing)[0]}” is to be added up but is no field of this import.")
    sums = [name in add_up for name in names]
    groups: dict[tuple, tuple[int, list]] = {}
    for number, cells in rows:
        key = tuple(_text(cell) for cell, is_sum in zip(cells, sums, strict=True) if not is_sum)
        if key not in groups:
            groups[key] = (number, list(cells))
            continue
        total = groups[key][1]
        for place, is_sum in enumerate(sums):
            if is_sum:
                total[place] = _number(total[place]) + _number(cells[place])
    return list(groups.values())


# --- rules: how a field is made of a row ------------------------------------------------------------------


def _maker(name: str, rule: Any, titles: Sequence[str]) -> Callable[[dict], Cell]:
    """A column's name, or one of the rules below with its argument."""
    if isinstance(rule, str):
        _check_columns([rule], titles)
        return lambda row: row[rule]
    if not isinstance(rule, Mapping) or len(rule) != 1:
        raise MappingError(f"“{name}” takes the name of a column, or one rule such as month_of.")
    ((word, argument),) = rule.items()
    if word not in _RULES:
        raise MappingError(f"“{word}” is no rule. There are: {', '.join(_RULES)}.")
    return _RULES[word](argument, titles)


def _value(argument: Any, _titles: Sequence[str]) -> Callable[[dict], Cell]:
    cell = Decimal(str(argument)) if isinstance(argument, int | float) else str(argument)
    return lambda row: cell


def _template(argument: str, titles: Sequence[str]) -> Callable[[dict], Cell]:
    known = dict.fromkeys(titles, "")
    try:
        argument.format_map(known)
    except KeyError as error:
        raise MappingError(f"There is no column {error} for “{argument}”.") from error
    return lambda row: argument.format_map({title: _text(row[title]) for title in titles})


def _of_day(write: Callable[[datetime.date], str]) -> Callable:
    def rule(column: str, titles: Sequence[str]) -> Callable[[dict], Cell]:
        _check_columns([column], titles)

        def make(row: dict) -> Cell:
            day = _day(row[column])
            # What is no date goes on as it is: the import names its row and says what is wrong with it.
            return row[column] if day is None else write(day)

        return make

    return rule


def _days_between(argument: Sequence[str], titles: Sequence[str]) -> Callable[[dict], Cell]:
    first, last = argument
    _check_columns(argument, titles)

    def make(row: dict) -> Cell:
        start, end = _day(row[first]), _day(row[last])
        return None if start is None or end is None else Decimal((end - start).days)

    return make


def _one_if(argument: Mapping[str, Any], titles: Sequence[str]) -> Callable[[dict], Cell]:
    _check_columns(argument, titles)
    wanted = {column: _as_list(allowed) for column, allowed in argument.items()}
    return lambda row: Decimal(all(_text(row[column]) in allowed for column, allowed in wanted.items()))


def _only_if_empty(argument: Sequence[str], titles: Sequence[str]) -> Callable[[dict], Cell]:
    condition, column = argument
    _check_columns(argument, titles)
    return lambda row: None if _text(row[condition]) else row[column]


def _map(argument: Mapping[str, Any], titles: Sequence[str]) -> Callable[[dict], Cell]:
    column, words = argument["column"], {str(key): str(value) for key, value in argument["to"].items()}
    _check_columns([column], titles)
    return lambda row: words.get(_text(row[column]), _text(row[column]))


def _quarter(day: datetime.date) -> str:
    return f"{day.year}-Q{(day.month - 1) // MONTHS_OF_A_QUARTER + 1}"


_RULES: dict[str, Callable[[Any, Sequence[str]], Callable[[dict], Cell]]] = {
    "value": _value,
    "text": _template,
    "day_of": _of_day(lambda day: day.isoformat()),
    "month_of": _of_day(lambda day: f"{day.year}-{day.month:02}"),
    "quarter_of": _of_day(_quarter),
    "year_of": _of_day(lambda day: str(day.year)),
    "days_between": _days_between,
    "one_if": _one_if,
    "only_if_empty": _only_if_empty,
    "map": _map,
}


def _check_columns(columns, titles: Sequence[str]) -> None:
    for column in columns:
        if column not in titles:
            raise MappingError(f"There is no column “{column}”. The file has: {', '.join(titles)}.")


def _as_list(value: Any) -> set[str]:
    return {str(item) for item in (value if isinstance(value, list) else [value])}


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)


def _day(cell: Cell) -> datetime.date | None:
    if isinstance(cell, datetime.date):
        return cell
    try:
        return datetime.date.fromisoformat(_text(cell)[:10])
    except ValueError:
        return None


def _number(cell: Cell) -> Decimal:
    try:
        return Decimal(_text(cell) or "0")
    except InvalidOperation as error:
        raise MappingError(f"“{cell}” cannot be added up: it is no number.") from error
