"""Numbers and instants as the reader's language writes them; a missing value is a dash that is read out as missing."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, ngettext

from kpiapp import decimals

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86400
BILLION, MILLION = Decimal(10) ** 9, Decimal(10) ** 6
SHORT_PLACES = 2


def _language() -> str:
    return get_language() or "en"


def _exact(value: Decimal | int | str) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(value)


def _missing() -> str:
    return format_html('<span aria-hidden="true">–</span> <span class="sr-only">{}</span>', gettext("no value"))


def _given(value) -> bool:
    return value is not None and value != ""


@register.filter
def number(value, places=None):
    """Thousands by language; without `places` the decimals there are, zeros at the end dropped."""
    if not _given(value):
        return _missing()
    return decimals.format_number(_exact(value), _language(), places=places)


@register.filter
def rounded(value, places):
    """At most `places` decimals, zeros at the end dropped: for a value beside its target, where 44 is not 44.00."""
    if not _given(value):
        return _missing()
    return decimals.format_number(decimals.quantize(_exact(value), places), _language())


@register.filter
def signed(value, places=None):
    """A change: the sign is always written, with a real minus."""
    if not _given(value):
        return _missing()
    text = decimals.format_number(abs(_exact(value)), _language(), places=places)
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    return f"{sign}{text}"


@register.filter
def percent(value, places=None):
    """A percent where 100 is the whole: at most two decimals, or exactly `places`."""
    if not _given(value):
        return _missing()
    rounded = decimals.round_percent(_exact(value))
    return decimals.format_percent(rounded, _language(), places=places)


@register.filter
def completion_percent(value, places=None):
    """A completion (1 is the whole) as a percent."""
    return percent(_exact(value) * decimals.HUNDRED if _given(value) else None, places)


@register.filter
def money(value, currency="VND"):
    """An amount in the places of its currency, with its sign."""
    if not _given(value):
        return _missing()
    return decimals.format_money(_exact(value), currency or "VND", _language())


@register.filter
def money_short(value, currency="VND"):
    """A large amount for a tile: 9.84 bn ₫, 9,84 tỷ ₫; below a million written out."""
    if not _given(value):
        return _missing()
    amount = _exact(value)
    for size, word in ((BILLION, gettext("bn")), (MILLION, gettext("m"))):
        if abs(amount) >= size:
            part = decimals.quantize(decimals.divide(amount, size), SHORT_PLACES)
            sign = decimals.SUFFIX_CURRENCIES.get(currency, currency)
            return f"{decimals.format_number(part, _language())}\u00a0{word}\u00a0{sign}"
    return money(amount, currency)


@register.filter
def day(value: date | None):
    """A date: 20 Nov 2026 in English, 20/11/2026 in Vietnamese."""
    if not value:
        return _missing()
    if isinstance(value, datetime):
        value = timezone.localtime(value).date()
    return date_format(value, "DATE_FORMAT")


@register.filter
def instant(value: datetime | None):
    """A date with its time, in the organization's time zone."""
    return date_format(timezone.localtime(value), "DATETIME_FORMAT") if value else _missing()


@register.filter
def relative_time(value: datetime | None):
    """How long ago, in one unit; after a week the date."""
    if not value:
        return _missing()
    seconds = max(0, int((timezone.now() - value).total_seconds()))
    if seconds < MINUTE:
        return gettext("just now")
    if seconds < HOUR:
        count = seconds // MINUTE
        return ngettext("%(count)s min ago", "%(count)s min ago", count) % {"count": count}
    if seconds < DAY:
        count = seconds // HOUR
        return ngettext("%(count)s h ago", "%(count)s h ago", count) % {"count": count}
    if seconds < timedelta(days=7).total_seconds():
        count = seconds // DAY
        return ngettext("%(count)s day ago", "%(count)s days ago", count) % {"count": count}
    return day(value)
