"""The parameters of every scoring method as small fields: what people type, and what a KPI version keeps."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from kpiapp.decimals import EXACT, HUNDRED, ZERO, NumberError, format_number, parse_number, plain
from kpiapp.forms import OrganizationForm
from kpiapp.number_field import NumberField
from strategy.choices import ScoringMethod

MIN_ROWS, MAX_ROWS = 4, 20


def to_fraction(percent: Decimal) -> str:
    """A percent as the fraction a rule keeps: 25 is "0.25"."""
    return plain(EXACT.divide(percent, HUNDRED))


def to_percent(fraction: Any) -> Decimal:
    """A stored fraction as a percent."""
    return EXACT.multiply(Decimal(str(fraction)), HUNDRED)


class ParamsForm(OrganizationForm):
    """Parameters of one method. `params()` is what KpiVersion.params keeps, numbers as canonical text."""

    # Parameters with their own field of the same name, kept as they are; and those shown as percents.
    plain_names: tuple[str, ...] = ()
    percent_names: tuple[str, ...] = ()

    def __init__(self, data=None, *, params: Mapping[str, Any] | None = None, typed=None, prefix: str | None = None):
        super().__init__(data, prefix=prefix)
        self.initial = self._initial(params or {}) if typed is None else self._typed(typed)

    def _typed(self, typed) -> dict[str, Any]:
        """What stands on the page, by field, while it is not judged yet."""
        return {name: typed[key] for name in self.fields if (key := self.add_prefix(name)) in typed}

    def _initial(self, params: Mapping[str, Any]) -> dict[str, Any]:
        known = {name: Decimal(str(params[name])) for name in self.plain_names if params.get(name) is not None}
        return {**known, **{name: to_percent(params[name]) for name in self.percent_names if name in params}}

    def params(self) -> dict[str, Any]:
        """Valid parameters in the shape the scoring kernel reads."""
        data = self.cleaned_data
        numbers = {name: plain(data[name]) for name in self.plain_names if data[name] is not None}
        return {**numbers, **{name: to_fraction(data[name]) for name in self.percent_names if data[name] is not None}}


class BandParams(ParamsForm):
    """Full inside the band, falling to nothing at the outer limits."""

    plain_names = ("low", "high", "outer_low", "outer_high")
    low = NumberField(label=gettext_lazy("Full from"))
    high = NumberField(label=gettext_lazy("Full up to"))
    outer_low = NumberField(label=gettext_lazy("Nothing up to"), required=False)
    outer_high = NumberField(label=gettext_lazy("Nothing from"), required=False)


class DeductParams(ParamsForm):
    """What every event takes away."""

    percent_names = ("deduct_per_unit",)
    deduct_per_unit = NumberField(label=gettext_lazy("Every event takes, %"), initial=Decimal(25))


class DeviationParams(ParamsForm):
    """How far from the target still counts as hit."""

    percent_names = ("tolerance",)
    tolerance = NumberField(
        label=gettext_lazy("Still full this far from the target, %"),
        required=False,
        minimum=ZERO,
        initial=ZERO,
    )


class BinaryParams(ParamsForm):
    """When it is passed."""

    pass_when = forms.ChoiceField(
        label=gettext_lazy("Passed when the actual is"),
        choices=[
            (">=", gettext_lazy("at least the target")),
            ("<=", gettext_lazy("at most the target")),
            ("=", gettext_lazy("exactly the target")),
        ],
    )

    def _initial(self, params):
        return {"pass_when": params.get("pass_when", ">=")}

    def params(self):
        """The condition."""
        return {"pass_when": self.cleaned_data["pass_when"]}


class RowsParams(ParamsForm):
    """A table: each row a first column (a number or a text) and a percent. `rows` is what the page shows."""

    name = ""
    first = ""
    first_label = gettext_lazy("Value")
    help = ""
    is_text = False

    def __init__(self, data=None, *, params=None, typed=None, prefix=None):
        super().__init__(data, params=params, typed=typed, prefix=prefix)
        source = data if data is not None else typed
        rows = self._typed_rows(source) if hasattr(source, "getlist") else self._stored_rows(params or {})
        more = hasattr(source, "getlist") and source.get("add_row")
        shown = len(source.getlist(self.first_name)) + 1 if more else 0
        wanted = max(MIN_ROWS, len(rows), shown)
        self.rows = (rows + [("", "")] * wanted)[: min(wanted, MAX_ROWS)]

    @property
    def first_name(self) -> str:
        """What the inputs of the first column are called."""
        return self.add_prefix("row_first")

    @property
    def percent_name(self) -> str:
        """What the inputs of the second column are called."""
        return self.add_prefix("row_percent")

    def clean(self):
        """Every row with both columns; empty rows are left out."""
        data = super().clean()
        data["rows"] = [
            self._parse(number, first, percent)
            for number, (first, percent) in enumerate(self.rows, 1)
            if first.strip() or percent.strip()
        ]
        if not data["rows"]:
            raise ValidationError(_("Fill in at least one row."))
        return data

    def params(self):
        """The table under the name the kernel knows it by, besides the other parameters."""
        rows = [{self.first: first, "completion": completion} for first, completion in self.cleaned_data["rows"]]
        return {**super().params(), self.name: rows}

    def _typed_rows(self, data) -> list[tuple[str, str]]:
        firsts, percents = data.getlist(self.first_name), data.getlist(self.percent_name)
        return [pair for pair in zip(firsts, percents, strict=False) if any(part.strip() for part in pair)]

    def _stored_rows(self, params: Mapping[str, Any]) -> list[tuple[str, str]]:
        language = get_language() or "en"
        return [
            (
                row[self.first] if self.is_text else format_number(Decimal(str(row[self.first])), language),
                format_number(to_percent(row["completion"]), language),
            )
            for row in params.get(self.name, ())
        ]

    def _parse(self, number: int, first: str, percent: str) -> tuple[str, str]:
        language = get_language() or "en"
        try:
            value = first.strip() if self.is_text else plain(parse_number(first, language))
            completion = to_fraction(parse_number(percent, language))
        except NumberError as error:
            sentence = _(error.message) % error.params
            raise ValidationError(_("Row %(row)d: %(problem)s") % {"row": number, "problem": sentence}) from error
        if not value:
            raise ValidationError(_("Row %(row)d: name the milestone.") % {"row": number})
        return value, completion


class ScaleParams(RowsParams):
    """Steps: the first row that the actual reaches counts."""

    name, first = "bands", "at_least"
    first_label = gettext_lazy("Actual at least")
    help = gettext_lazy("From the best row down. What lies below the last row counts as the last row.")


class PiecewiseParams(RowsParams):
    """A line through points."""

    name, first = "anchors", "x"
    first_label = gettext_lazy("At")
    help = gettext_lazy("Points from left to right; straight lines run between them.")
    x_is = forms.ChoiceField(
        label=gettext_lazy("Points are"),
        choices=[("actual", gettext_lazy("actual values")), ("over_target", gettext_lazy("actual ÷ target"))],
    )
    below_first = forms.ChoiceField(
        label=gettext_lazy("Left of the first point"),
        choices=[
            ("clamp", gettext_lazy("as at the point")),
            ("zero", gettext_lazy("nothing")),
            ("extrapolate", gettext_lazy("the line goes on")),
        ],
    )
    above_last = forms.ChoiceField(
        label=gettext_lazy("Right of the last point"),
        choices=[("clamp", gettext_lazy("as at the point")), ("extrapolate", gettext_lazy("the line goes on"))],
    )

    def _initial(self, params):
        return {name: params[name] for name in self.base_fields if name in params}

    def params(self):
        """Points and what happens beyond them."""
        return {**super().params(), **{name: self.cleaned_data[name] for name in self.fields}}


class MilestoneParams(RowsParams):
    """Named milestones with the percent that each is worth, and what lateness costs."""

    name, first, is_text = "table", "label", True
    first_label = gettext_lazy("Milestone")
    help = gettext_lazy(
        "People choose the milestone reached; a percent from a file counts as the highest one not above it."
    )
    plain_names = ("due_day", "late_percent", "late_floor_percent")
    due_day = NumberField(
        label=gettext_lazy("Due on day … of the period"),
        required=False,
        minimum=Decimal(1),
        max_decimals=0,
        help_text=gettext_lazy(
            "20 is the 20th of a month; where the period is shorter, its last day. Late is the day of the entry with"
            " which the milestone was reached, when it lies after that."
        ),
    )
    late_percent = NumberField(label=gettext_lazy("Being late costs, points"), required=False, minimum=ZERO)
    late_unit = forms.ChoiceField(
        label=gettext_lazy("for every"), choices=[("day", gettext_lazy("day")), ("week", gettext_lazy("week begun"))]
    )
    late_floor_percent = NumberField(label=gettext_lazy("but never below, %"), required=False, minimum=ZERO)

    def _initial(self, params):
        return {**super()._initial(params), "late_unit": params.get("late_unit", "day")}

    def clean(self):
        """Nothing is late without a day on which it was due; that is not the last one, no entry lies after it."""
        data = super().clean()
        if data.get("late_percent") and not data.get("due_day") and "due_day" not in self.errors:
            self.add_error("due_day", _("Say on which day of the period it is due, so that it can be late."))
        return data

    def params(self):
        """Milestones; lateness only when it costs something."""
        params = super().params()
        if not self.cleaned_data["late_percent"]:
            return {self.name: params[self.name]}
        return {**params, "late_unit": self.cleaned_data["late_unit"]}


# Methods without an entry have no parameters.
PARAMS_FORMS: dict[str, type[ParamsForm]] = {
    ScoringMethod.BAND: BandParams,
    ScoringMethod.DEDUCT: DeductParams,
    ScoringMethod.DEVIATION: DeviationParams,
    ScoringMethod.BINARY: BinaryParams,
    ScoringMethod.SCALE: ScaleParams,
    ScoringMethod.PIECEWISE_LINEAR: PiecewiseParams,
    ScoringMethod.MILESTONE: MilestoneParams,
}
