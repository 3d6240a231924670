"""The form of an own ready-made card: a name, a position, and rows of KPI and weight."""

from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from kpiapp.decimals import NumberError, format_number, parse_number
from kpiapp.forms import OrganizationChoiceField, OrganizationForm
from kpiapp.models import Position
from strategy.models import KpiDefinition

SPARE_ROWS, MOST_ROWS = 4, 30


class TemplateForm(OrganizationForm):
    """`rows` is what the page shows: (KPI id as text, weight as typed); `items()` what the service takes."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    position = OrganizationChoiceField(Position, label=gettext_lazy("For the position"), required=False)

    def __init__(self, data=None, *, kpis, items=(), **kwargs):
        super().__init__(data, **kwargs)
        self.kpis = list(kpis)
        if data is None:
            language = get_language() or "en"
            kept = [(str(item.definition_id), format_number(item.weight.normalize(), language)) for item in items]
        else:
            pairs = zip(data.getlist("kpi"), data.getlist("weight"), strict=False)
            kept = [(kpi, weight) for kpi, weight in pairs if kpi or weight.strip()]
        self.rows = [*kept, *[("", "")] * SPARE_ROWS][:MOST_ROWS]

    def clean(self):
        """Every row with a KPI and a weight."""
        data = super().clean()
        by_id = {str(kpi.pk): kpi for kpi in self.kpis}
        data["items"] = [self._item(by_id, kpi, weight) for kpi, weight in self.rows if kpi or weight.strip()]
        return data

    def _item(self, by_id: dict[str, KpiDefinition], kpi: str, weight: str) -> tuple[KpiDefinition, Decimal]:
        if kpi not in by_id:
            raise ValidationError(_("Choose a KPI for every weight."))
        try:
            return by_id[kpi], parse_number(weight, get_language() or "en", max_decimals=2)
        except NumberError as error:
            sentence = _(error.message) % error.params
            raise ValidationError(f"{by_id[kpi].name}: {sentence}") from error
