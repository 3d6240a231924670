"""What is typed under settings: the reminder ladder, the days for a warning, what a company asks of its cards."""

import re

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.decimals import ZERO
from kpiapp.forms import OrganizationForm
from kpiapp.number_field import NumberField
from scorecards.choices import LimitRule, RemindWho, WarningKind, WeightRule
from scorecards.models import CardRules
from scorecards.services.reminders import LONGEST_CLOCK_DAYS


class LadderForm(OrganizationForm):
    """The reminder ladder: for each of the three, days around the last day of a period."""

    owner = forms.CharField(label=RemindWho.OWNER.label, required=False, max_length=60)
    manager = forms.CharField(label=RemindWho.MANAGER.label, required=False, max_length=60)
    head = forms.CharField(label=RemindWho.HEAD.label, required=False, max_length=60)

    def clean(self):
        """Texts such as “-3, 0, 1” as lists of days."""
        cleaned, steps = super().clean(), {}
        for who in RemindWho:
            try:
                steps[who] = [
                    int(part.replace("−", "-")) for part in re.split(r"[,;\s]+", cleaned.pop(who, "")) if part
                ]
            except ValueError:
                self.add_error(who, _("Type whole numbers, for example: -3, 0, 1."))
        cleaned["steps"] = steps
        return cleaned


class ClocksForm(OrganizationForm):
    """How many days there are for a warning, kind by kind."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        for kind in WarningKind:
            field = forms.IntegerField(label=kind.label, min_value=1, max_value=LONGEST_CLOCK_DAYS)
            self.fields[kind.value] = field

    def clean(self):
        """All of them together."""
        return {"days": super().clean()}


class CardRulesForm(OrganizationForm):
    """What a company asks of its cards."""

    weights = forms.ChoiceField(
        label=gettext_lazy("Weights that do not make 100"), choices=WeightRule.choices, widget=forms.RadioSelect
    )
    weight_least = NumberField(label=gettext_lazy("Least weight of a KPI"), max_decimals=2, minimum=ZERO)
    weight_most = NumberField(label=gettext_lazy("Greatest weight of a KPI"), max_decimals=2, minimum=ZERO)
    kpis_least = forms.IntegerField(label=gettext_lazy("Fewest KPIs on a card"), min_value=1, max_value=50)
    kpis_most = forms.IntegerField(label=gettext_lazy("Most KPIs on a card"), min_value=1, max_value=50)
    limits = forms.ChoiceField(
        label=gettext_lazy("A card outside the limits"), choices=LimitRule.choices, widget=forms.RadioSelect
    )

    @classmethod
    def of(cls, rules: CardRules, data=None):
        """The form, filled with what holds now."""
        return cls(data, initial={name: getattr(rules, name) for name in cls.base_fields})
