"""How wide a text will be and where it breaks, estimated by classes of letters: whole numbers, no fonts needed."""

import unicodedata

# Hundredths of the font size, for a semi-bold sans serif; a little generous, so that text never leaves its box.
NARROW, WIDE, UPPER, DIGIT, OTHER = 32, 92, 72, 64, 60
_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()-· "), frozenset("mwMW@%—→")


def text_width(text: str, size: int) -> int:
    """Estimated width in pixels of a line of text at a font size."""
    plain = unicodedata.normalize("NFD", text)
    return sum(_share(letter) for letter in plain if not unicodedata.combining(letter)) * size // 100


def wrap(text: str, size: int, width: int, lines: int) -> list[str]:
    """The text in at most `lines` lines of `width` pixels; what does not fit ends in an ellipsis."""
    wrapped: list[str] = []
    for word in text.split():
        joined = f"{wrapped[-1]} {word}" if wrapped else word
        if wrapped and text_width(joined, size) <= width:
            wrapped[-1] = joined
        else:
            wrapped.append(word)
    if len(wrapped) > lines:
        wrapped = [*wrapped[: lines - 1], " ".join(wrapped[lines - 1 :])]
    return [_clip(line, size, width) for line in wrapped]


def _clip(line: str, size: int, width: int) -> str:
    if text_width(line, size) <= width:
        return line
    while line and text_width(line + "…", size) > width:
        line = line[:-1]
    return line.rstrip() + "…"


def _share(letter: str) -> int:
    if letter in _NARROW:
        return NARROW
    if letter in _WIDE:
        return WIDE
    if letter.isdigit():
        return DIGIT
    return UPPER if letter.isupper() else OTHER
