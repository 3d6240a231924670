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

SPARE_ROWS, FIRST_ROWS, MOST_ROWS = 4, 10, 30


class TemplateForm(OrganizationForm):
    """`rows` is what the page shows: (KPI id as text, weight as typed); `offered` what may be chosen: (id, name).

    What stands on the card already stays choosable, also out of use; a hidden KPI is offered by its code.
    """

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    position = OrganizationChoiceField(Position, label=gettext_lazy("For the position"), required=False)

    def __init__(self, data=None, *, kpis, items=(), hidden=(), **kwargs):
        super().__init__(data, **kwargs)
        unseen = {kpi.pk for kpi in hidden}
        self.kpis = {str(kpi.pk): kpi for kpi in kpis}
        self.kpis |= {str(item.definition_id): item.definition for item in items}
        self.offered = [
            (pk, _("Confidential KPI") + f" {kpi.code}" if kpi.pk in unseen else kpi.name)
            for pk, kpi in self.kpis.items()
        ]
        if data is None:
            language = get_language() or "en"
            kept = [(str(item.definition_id), format_number(item.weight.normalize(), language)) for item in items]
        else:
            pairs = zip(data.getlist("kpi"), data.getlist("weight"), strict=False)
            kept = [(kpi, weight) for kpi, weight in pairs if kpi or weight.strip()]
        self.rows = [*kept, *[("", "")] * max(SPARE_ROWS, FIRST_ROWS - len(kept))][:MOST_ROWS]

    def clean(self):
        """Every row with a KPI and a weight."""
        data = super().clean()
        data["items"] = [self._item(kpi, weight) for kpi, weight in self.rows if kpi or weight.strip()]
        return data

    def _item(self, kpi: str, weight: str) -> tuple[KpiDefinition, Decimal]:
        if kpi not in self.kpis:
            raise ValidationError(_("Choose a KPI for every weight."))
        try:
            return self.kpis[kpi], parse_number(weight, get_language() or "en", max_decimals=2)
        except NumberError as error:
            sentence = _(error.message) % error.params
            raise ValidationError(f"{dict(self.offered)[kpi]}: {sentence}") from error
