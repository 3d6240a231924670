"""The form of a KPI: four fields, and the whole card behind "More"."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.choices import PeriodKind
from kpiapp.decimals import EXACT, HUNDRED, ZERO
from kpiapp.forms import DayInput, OrganizationChoiceField
from kpiapp.number_field import NumberField
from kpiapp.person_field import PersonField
from strategy.choices import (
    GROUP_OF,
    METHODS_OF,
    Aggregation,
    Direction,
    Group,
    Indicator,
    Level,
    MissingPolicy,
    PartAggregation,
    ScoringMethod,
    TargetAggregation,
)
from strategy.forms.formulas import FormulaFields
from strategy.forms.params import PARAMS_FORMS, ParamsForm, to_percent
from strategy.kpis.formula_texts import shown_formula, style_of_reader
from strategy.models import KpiVersion, Perspective

BLANK = [("", gettext_lazy("As usual"))]
NOT_SAID = [("", gettext_lazy("Not said yet"))]
LONG = forms.Textarea(attrs={"rows": 2})
# Fields of a version that are typed as percents, under their own names.
PERCENTS = {"cap": "cap_percent", "floor": "floor_percent", "min_gate": "gate_percent"}
PARTS = ("numerator_label", "numerator_agg", "denominator_label", "denominator_agg", "factor")
SHORT = (
    *("name", "objective", "owner", "direction", "aggregation", "baseline", "target", "unit", "due_on", "frequency"),
    *("reevaluate_on", "formula", *PARTS),
)
SCORING = ("method", *PERCENTS.values())
# Fields of the form that are no fields of a version under the same name.
APART = (*PERCENTS.values(), "department", "reason", "unscored", "confidential")


class KpiForm(FormulaFields):
    """A KPI as people define it. `fields_of_version()` is what the service takes."""

    name = forms.CharField(label=gettext_lazy("What is measured"), max_length=200)
    objective = forms.ModelChoiceField(
        label=gettext_lazy("Objective it serves"),
        queryset=None,
        required=False,
        widget=forms.Select(attrs={"data-combobox": ""}),
    )
    owner = PersonField(label=gettext_lazy("Who is responsible"), required=False)
    direction = forms.ChoiceField(label=gettext_lazy("Direction"), choices=Direction.choices)
    aggregation = forms.ChoiceField(label=gettext_lazy("Over the year"), choices=Aggregation.choices)
    unit = forms.CharField(label=gettext_lazy("Unit"), max_length=40, required=False)
    target = NumberField(label=gettext_lazy("Target"), required=False)

    numerator_label = forms.CharField(label=gettext_lazy("What is divided"), max_length=200, required=False)
    numerator_agg = forms.ChoiceField(label=gettext_lazy("Over time"), choices=PartAggregation.choices, required=False)
    denominator_label = forms.CharField(label=gettext_lazy("Divided by"), max_length=200, required=False)
    denominator_agg = forms.ChoiceField(
        label=gettext_lazy("Over time"), choices=PartAggregation.choices, required=False
    )
    factor = NumberField(
        label=gettext_lazy("Times"), required=False, help_text=gettext_lazy("100 for percents, 1 for a plain quotient.")
    )

    outcome = forms.CharField(
        label=gettext_lazy("Desired outcome"),
        required=False,
        widget=LONG,
        help_text=gettext_lazy("What will be different once it is reached?"),
    )
    why = forms.CharField(label=gettext_lazy("Why it matters"), required=False, widget=LONG)
    description = forms.CharField(label=gettext_lazy("How it is measured"), required=False, widget=LONG)
    influence = forms.CharField(
        label=gettext_lazy("How to influence it"),
        required=False,
        widget=LONG,
        help_text=gettext_lazy("What can somebody do this week that moves it?"),
    )
    reporter = PersonField(label=gettext_lazy("Who enters the numbers"), required=False)
    approver = PersonField(label=gettext_lazy("Who approves the numbers"), required=False)
    source = forms.CharField(label=gettext_lazy("Where the numbers come from"), max_length=200, required=False)
    perspective = OrganizationChoiceField(
        Perspective,
        label=gettext_lazy("Perspective"),
        order="position",
        required=False,
        widget=forms.Select,
        help_text=gettext_lazy("An objective brings its own."),
    )
    department = forms.ModelChoiceField(label=gettext_lazy("Department"), queryset=None, required=False)
    frequency = forms.ChoiceField(label=gettext_lazy("How often"), choices=PeriodKind.choices)
    indicator = forms.ChoiceField(
        label=gettext_lazy("Leading or lagging"), choices=[*NOT_SAID, *Indicator.choices], required=False
    )
    effort = forms.ChoiceField(label=gettext_lazy("Effort"), choices=[*NOT_SAID, *Level.choices], required=False)
    effect = forms.ChoiceField(label=gettext_lazy("Effect"), choices=[*NOT_SAID, *Level.choices], required=False)
    unscored = forms.BooleanField(
        label=gettext_lazy("Only watch it"),
        required=False,
        help_text=gettext_lazy("It stands on cards and does not count in the score."),
    )
    confidential = forms.BooleanField(
        label=gettext_lazy("Confidential"),
        required=False,
        help_text=gettext_lazy(
            "Only those named here, those it measures, their managers, the strategy office and auditors see it."
        ),
    )
    due_on = forms.DateField(label=gettext_lazy("Reach it by"), widget=DayInput, required=False)
    review_every = forms.ChoiceField(
        label=gettext_lazy("How often it is reviewed"), choices=[*NOT_SAID, *PeriodKind.choices], required=False
    )
    reevaluate_on = forms.DateField(label=gettext_lazy("Judge anew on"), widget=DayInput, required=False)
    decimals = forms.IntegerField(label=gettext_lazy("Decimal places"), min_value=0, max_value=6)
    baseline = NumberField(
        label=gettext_lazy("Baseline"), required=False, help_text=gettext_lazy("Last year, or where you start.")
    )
    method = forms.ChoiceField(label=gettext_lazy("Scoring method"), required=False)
    cap_percent = NumberField(label=gettext_lazy("Cap, %"), help_text=gettext_lazy("More does not count."))
    floor_percent = NumberField(label=gettext_lazy("Floor, %"), help_text=gettext_lazy("Less does not count."))
    gate_percent = NumberField(
        label=gettext_lazy("Gate, %"),
        required=False,
        minimum=ZERO,
        help_text=gettext_lazy("Below it counts as nothing."),
    )
    missing_policy = forms.ChoiceField(label=gettext_lazy("When a value is missing"), choices=MissingPolicy.choices)
    target_aggregation = forms.ChoiceField(
        label=gettext_lazy("Target of a longer period"), choices=[*BLANK, *TargetAggregation.choices], required=False
    )

    def __init__(
        self,
        data=None,
        *,
        objectives,
        departments,
        whole_company,
        kpis=None,
        version: KpiVersion | None = None,
        typed=None,
        **kwargs,
    ):
        """`typed` fills the form with what stands on the page, without judging it yet; a formula may name `kpis`.

        `whole_company` says whether a KPI may belong to no department: for those who define them for everybody.
        """
        initial = {**_defaults(version), **kwargs.pop("initial", {}), **(_typed(typed) if typed is not None else {})}
        self.group = version.group if version is not None else Group.B
        super().__init__(_with_fitting_method(data), initial=initial, **kwargs)
        self.choices = {
            "objectives": objectives,
            "departments": departments,
            "whole_company": whole_company,
            "kpis": kpis,
        }
        self.fields["objective"].queryset = objectives
        self.fields["department"].queryset = departments
        self.fields["department"].required = not whole_company
        self.fields["department"].empty_label = _("Whole company") if whole_company else None
        direction = self["direction"].value()
        fitting = METHODS_OF.get(direction, METHODS_OF[Direction.INCREASE])
        self.fields["method"].choices = [(method, method.label) for method in fitting]
        chosen = self["method"].value()
        self.chosen_method = ScoringMethod(chosen) if chosen in fitting else fitting[0]
        self.initial["method"] = self.chosen_method
        for part in ("numerator_label", "denominator_label"):
            self.fields[part].required = self.is_ratio
        self.name_inputs()
        self.params = self._params_form(data, version, typed)

    def _params_form(self, data, version: KpiVersion | None, typed) -> ParamsForm | None:
        form = PARAMS_FORMS.get(self.chosen_method)
        if form is None:
            return None
        if typed is not None:
            # Fields of another method are not on the page yet: they begin with their usual values.
            known = any(name in typed for name in [*form.base_fields, "row_first"])
            return form(typed=typed) if known else form()
        stored = version.params if version is not None and version.method == self.chosen_method else None
        return form(data, params=stored)

    @property
    def is_ratio(self) -> bool:
        """Whether the parts of a ratio have to be named."""
        return self["aggregation"].value() == Aggregation.RATIO

    @property
    def scoring_has_errors(self) -> bool:
        """Whether something of how it scores has to be mended."""
        return any(name in SCORING for name in self.errors)

    @property
    def more_has_errors(self) -> bool:
        """Whether something behind "More" has to be mended."""
        return any(name not in (*SHORT, *SCORING) for name in self.errors if name in self.fields)

    def is_valid(self) -> bool:
        """The form, and the parameters of its method."""
        valid = super().is_valid()
        return (self.params is None or self.params.is_valid()) and valid

    def fields_of_version(self) -> dict[str, Any]:
        """Valid input as fields of a KpiVersion."""
        data = self.cleaned_data
        fields = {name: data[name] for name in data if name not in APART}
        for name, percent in PERCENTS.items():
            fields[name] = None if data[percent] is None else EXACT.divide(data[percent], HUNDRED)
        fields["params"] = self.params.params() if self.params is not None else {}
        fields["factor"] = data["factor"] if data["factor"] is not None else Decimal(1)
        fields["is_scored"], fields["group"] = not data["unscored"], self.group
        return fields

    def fields_shown(self) -> dict[str, Any]:
        """What stands on the page, as `fields_so_far` has it; a form that is not sent yet is read as if it were."""
        if self.is_bound:
            return self.fields_so_far()
        sent = QueryDict(mutable=True)
        for form in filter(None, (self, self.params)):
            for field in form:
                value = field.value()
                if value is True or value not in (None, False, ""):
                    sent[field.html_name] = value.isoformat() if isinstance(value, date) else str(value)
        for first, percent in getattr(self.params, "rows", ()):
            sent.appendlist("row_first", first)
            sent.appendlist("row_percent", percent)
        return type(self)(sent, **self.choices).fields_so_far()

    def fields_so_far(self) -> dict[str, Any]:
        """What is typed and valid so far, the rest as it begins: for what is judged and drawn while typing."""
        self.is_valid()
        data = {**dict.fromkeys(self.fields), **self.cleaned_data}
        fields = {name: data[name] for name in data if name not in APART}
        for name, percent in PERCENTS.items():
            fields[name] = None if data[percent] is None else EXACT.divide(data[percent], HUNDRED)
        is_valid = self.params is not None and self.params.is_valid()
        fields["params"] = self.params.params() if is_valid else {}
        fields["is_scored"] = not data["unscored"]
        fields["group"] = GROUP_OF.get((data["effort"], data["effect"]), self.group)
        return fields

    def show_problems(self, problems: list[tuple[str, str]]) -> None:
        """Show each sentence beside the field it is about."""
        for field, sentence in problems:
            field = PERCENTS.get(field, field)
            if field in self.fields:
                self.add_error(field, sentence)
            elif self.params is not None:
                self.params.add_error(field if field in self.params.fields else None, sentence)
            else:
                self.add_error(None, sentence)


def _typed(data) -> dict[str, Any]:
    """What stands on the page; a box that is not ticked is not sent."""
    ticked = {name: name in data for name in ("unscored", "confidential")}
    return {**data.dict(), **ticked}


class KpiRevisionForm(KpiForm):
    """A new version of a KPI, and why."""

    reason = forms.CharField(label=gettext_lazy("Reason for the change"), max_length=500, required=False)


def _with_fitting_method(data):
    """What was sent, with the usual method of the direction where the one that was sent fits another direction."""
    fitting = METHODS_OF.get(data.get("direction")) if data else None
    if fitting is None or data.get("method") in fitting:
        return data
    data = data.copy()
    data["method"] = fitting[0]
    return data


def _defaults(version: KpiVersion | None) -> dict[str, Any]:
    """What the form begins with: the version that holds, or a plain monthly KPI."""
    if version is None:
        version = KpiVersion(numerator_agg=PartAggregation.SUM, denominator_agg=PartAggregation.SUM)
        version.factor = HUNDRED
    values = {name: getattr(version, name) for name in KpiForm.base_fields if name not in APART}
    values["unscored"] = not version.is_scored
    values["formula"] = shown_formula(version, style_of_reader()) if version.formula else ""
    if not version.effort and version.group in (Group.A, Group.C):
        # Only B leaves open which of the two is high.
        values["effort"] = values["effect"] = Level.HIGH if version.group == Group.A else Level.LOW
    for name, percent in PERCENTS.items():
        value = getattr(version, name)
        values[percent] = None if value is None else to_percent(value).normalize()
    for name in ("target", "baseline", "factor"):
        values[name] = values[name].normalize() if values[name] is not None else None
    return values
