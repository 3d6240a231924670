"""The part of a KPI's form that asks for a formula, read in the way of the reader's language."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kpiapp.forms import OrganizationForm
from kpiapp.formulas import MAX_TEXT, FormulaError
from strategy.choices import Aggregation
from strategy.kpis import formula_texts


class FormulaFields(OrganizationForm):
    """A formula over other KPIs and up to two inputs of its own, whose labels and aggregation the KPI's form has."""

    formula = forms.CharField(
        label=gettext_lazy("Formula"),
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(
            attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off", "class": "textarea font-mono"}
        ),
        help_text=gettext_lazy("Type [ and the beginning of a name; functions such as percent(a, b) are offered too."),
    )
    formula_error: FormulaError | None = None

    @property
    def is_formula(self) -> bool:
        """Whether the value comes from other KPIs."""
        return self["aggregation"].value() == Aggregation.FORMULA

    def name_inputs(self) -> None:
        """What a ratio divides are, for a formula, its own inputs."""
        self.fields["formula"].required = self.is_formula
        if self.is_formula:
            self.fields["numerator_label"].label = _("First number of its own")
            self.fields["denominator_label"].label = _("Second number of its own")

    def clean(self):
        """The formula as it is stored; what cannot be read keeps its place for the page."""
        cleaned = super().clean()
        if cleaned.get("aggregation") != Aggregation.FORMULA:
            cleaned["formula"] = ""
            return cleaned
        labels = tuple(cleaned.get(f"{part}_label", "") for part in ("numerator", "denominator"))
        try:
            reading = formula_texts.read(
                cleaned.get("formula", ""),
                style=formula_texts.style_of_reader(),
                inputs=labels,
                unit=cleaned.get("unit", ""),
                kpis=self.choices["kpis"],
            )
        except FormulaError as error:
            self.formula_error = error
            self.add_error("formula", formula_texts.sentence(error))
        else:
            cleaned["formula"] = reading.formula
        return cleaned
