"""Numbers of an explanation as the reader's language writes them, and the shape of a step in words."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language

from kpiapp.decimals import HUNDRED, format_number, format_percent, quantize, round_percent

INEXACT_PLACES = 4
MOST_PLACES = 12


@dataclass(frozen=True)
class Measure:
    """How numbers of a KPI are written: its unit, and what its parts are called."""

    unit: str = ""
    since: str = ""
    numerator: str = ""
    denominator: str = ""


@dataclass(frozen=True)
class Words:
    """A step in words: what it gives, and how."""

    title: str
    value: str
    text: str


def n(value: Decimal | None) -> str:
    """A number, exact up to six decimals and shortened beyond."""
    if value is None:
        return "–"
    kept = quantize(value, 6)
    if kept == value:
        return format_number(kept, get_language() or "en")
    # A number so small that it would be lost keeps as many digits behind its zeros.
    zeros = max(0, -value.adjusted() - INEXACT_PLACES)
    return format_number(quantize(value, min(MOST_PLACES, INEXACT_PLACES + zeros)), get_language() or "en")


def p(value: Decimal | None) -> str:
    """A completion (1 = whole) as a percent."""
    return "–" if value is None else pct(value * HUNDRED)


def exact(value: Decimal) -> str:
    """A completion as a percent with every place that it is kept with: what a sum goes on with."""
    return f"{n(quantize(value * HUNDRED, INEXACT_PLACES))}%"


def lowered(text: str) -> str:
    """A sentence that goes on behind a colon; a name in capitals stays."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def pct(value: Decimal) -> str:
    """A percent where 100 is the whole."""
    return format_percent(round_percent(value), get_language() or "en", places=None)


def u(value: Decimal | None, measure: Measure) -> str:
    """A number with its unit; a dash alone for none."""
    if value is None:
        return n(value)
    return f"{n(value)}%" if measure.unit == "%" else f"{n(value)} {measure.unit}".strip()


def signed(value: Decimal) -> str:
    """A number as it stands behind a sign: brackets around what is negative."""
    return f"({n(value)})" if value < 0 else n(value)
