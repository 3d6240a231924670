"""The cells of the field "Month by month": months with their bars, quarters, events."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

BAR_HEIGHT, BAR_STEP, BAR_MARGIN = 64, 40, 5
# Short enough for twelve beside each other in both languages.
SHORT_MONTHS = (
    pgettext_lazy("short month", "Jan"),
    pgettext_lazy("short month", "Feb"),
    pgettext_lazy("short month", "Mar"),
    pgettext_lazy("short month", "Apr"),
    pgettext_lazy("short month", "May"),
    pgettext_lazy("short month", "Jun"),
    pgettext_lazy("short month", "Jul"),
    pgettext_lazy("short month", "Aug"),
    pgettext_lazy("short month", "Sep"),
    pgettext_lazy("short month", "Oct"),
    pgettext_lazy("short month", "Nov"),
    pgettext_lazy("short month", "Dec"),
)


@dataclass
class MonthCell:
    """One month of the field: its input, its bar (0 to 64 high), what is known about it."""

    place: int
    month: datetime.date
    text: str = ""
    value: Decimal | None = None
    is_pinned: bool = False
    error: str = ""
    bar: int = 0
    is_tet: bool = False
    last_year: Decimal | None = None
    # The quarter that ends with this month.
    quarter: "QuarterCell | None" = None

    @property
    def bar_left(self) -> int:
        """Where its bar begins, of 480 across."""
        return self.place * BAR_STEP + BAR_MARGIN

    @property
    def bar_top(self) -> int:
        """Where its bar begins, from above."""
        return BAR_HEIGHT - self.bar

    @property
    def label(self) -> str:
        """Short name of the month in the reader's language."""
        return str(SHORT_MONTHS[self.month.month - 1])


@dataclass
class QuarterCell:
    """A quarter of the field: what its months come to, or the total it holds."""

    place: int
    text: str = ""
    value: Decimal | None = None
    is_held: bool = False
    error: str = ""

    @property
    def name(self) -> str:
        """What it is called: Q1 is the first of the fiscal year."""
        return _("Q%(number)d") % {"number": self.place + 1}


@dataclass
class EventRow:
    """A row of "More": something that makes a month stronger or weaker."""

    place: int | None = None
    text: str = ""
    name: str = ""
    error: str = ""
