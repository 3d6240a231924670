"""Text as people and addresses bring it: Vietnamese-aware keys for search and sorting, and the ids it names."""

import unicodedata
from collections.abc import Iterable

from django.db import models

# The order of the Vietnamese alphabet and of its five tone marks (QCVN / dictionary order).
_LETTERS = "0123456789aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
# Of a bigint: a longer one is no row.
_MOST_DIGITS = 18
_RANK = {letter: chr(0x21 + index) for index, letter in enumerate(_LETTERS)}


def search_key(text: str) -> str:
    """Lower case without any diacritics, so that "tra luong" finds "Trả lương"."""
    folded = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return " ".join("".join(c for c in folded if not unicodedata.combining(c)).split())


def id_in(text: str) -> int | None:
    """The id that an address or a form names; None for anything else, which is no row."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def ids_in(texts: Iterable[str]) -> list[int]:
    """The ids among what an address or a form sent."""
    return [pk for pk in map(id_in, texts) if pk is not None]


def sort_key(text: str) -> str:
    """A key whose plain byte order (collation C) is the Vietnamese dictionary order.

    Letters decide first, tones only between words that are otherwise equal.
    """
    letters, tones = [], []
    for word in unicodedata.normalize("NFC", text.lower()).split():
        for character in word:
            base, tone = _split_tone(character)
            letters.append(_RANK.get(base, "~"))
            tones.append(tone)
        letters.append(" ")
        tones.append(" ")
    return "".join(letters).rstrip() + " ! " + "".join(tones).rstrip()


def person_sort_key(name: str) -> str:
    """Vietnamese lists of people go by given name (the last word) with its tone, then by the rest."""
    words = name.split()
    return f"{sort_key(' '.join(words[-1:]))} {sort_key(' '.join(words[:-1]))}"


def _split_tone(character: str) -> tuple[str, str]:
    decomposed = unicodedata.normalize("NFD", character)
    tone = next((_TONES[mark] for mark in decomposed if mark in _TONES), "0")
    base = unicodedata.normalize("NFC", "".join(c for c in decomposed if c not in _TONES))
    return base, tone


class KeyField(models.TextField):
    """A stored key computed from another field whenever the row is written."""

    def __init__(self, *, source: str = "name", key=search_key, **options):
        self.source, self.key = source, key
        options.update(editable=False, default="")
        super().__init__(**options)

    def deconstruct(self):
        """Migrations store a plain text column: how the key is made is not schema."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.TextField", args, options

    def pre_save(self, instance, add):
        """Recompute from the source, for save() and bulk_create() alike."""
        value = self.key(getattr(instance, self.source) or "")
        setattr(instance, self.attname, value)
        return value
