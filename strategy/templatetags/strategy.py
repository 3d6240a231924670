"""Words for what pages of strategy show: lags, targets, labels of codes."""

from django import template
from django.utils.translation import gettext as _

from kpiapp.choices import PeriodKind
from strategy.catalogue import LibraryKpi
from strategy.choices import Direction, Group, PerspectiveKind
from strategy.kpis import wording
from strategy.layout.text import text_width
from strategy.maps import drawing
from strategy.models import CauseLink, KpiVersion

register = template.Library()


@register.filter
def lag(link: CauseLink) -> str:
    """How long the effect of a link takes: "3 months"."""
    return drawing.lag_words(link)


@register.filter
def hit_width(label: str) -> int:
    """How wide the place is where a lane's name on the map is chosen, in pixels."""
    return text_width(label, 12) + 20


@register.filter
def target(version: KpiVersion) -> str:
    """The suggested target with its unit, or a dash."""
    return wording.target_words(version) or "–"


@register.filter
def library_target(kpi: LibraryKpi) -> str:
    """The library's suggested target in the reader's language, or a dash where the company has to set it."""
    fields = {"method": kpi.method, "params": kpi.params, "target": kpi.target, "unit": str(kpi.unit)}
    return wording.target_words(KpiVersion(**fields)) or "–"


@register.filter
def get(mapping, key):
    """A value of a mapping by a key that is a variable."""
    return mapping.get(key)


@register.filter
def perspective_label(code: str) -> str:
    """The usual name of a perspective."""
    return PerspectiveKind(code).label


@register.filter
def direction_label(code: str) -> str:
    """Which way is better."""
    return Direction(code).label


@register.filter
def frequency_label(code: str) -> str:
    """How often it is measured."""
    return {
        PeriodKind.MONTH: _("every month"),
        PeriodKind.QUARTER: _("every quarter"),
        PeriodKind.HALF_YEAR: _("every half-year"),
        PeriodKind.YEAR: _("every year"),
    }[PeriodKind(code)]


@register.filter
def group_label(code: str) -> str:
    """Effort and effect."""
    return Group(code).label
