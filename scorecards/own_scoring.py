"""A line scored otherwise than its KPI says: the method with its parameters as small fields, and their curve."""

import json
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from kpiapp.decimals import NumberError, parse_number, plain
from kpiapp.forms import OrganizationForm
from kpiapp.number_field import NumberField
from scorecards.kpi_checks import sentence_of
from scorecards.line_rules import rule_of
from scorecards.models import ScorecardLine
from scorecards.scoring import problems_of
from strategy.choices import METHODS_OF, Direction, ScoringMethod
from strategy.forms.params import PARAMS_FORMS, ParamsForm
from strategy.kpis import curve_drawing
from strategy.models import KpiVersion


class OwnScoringForm(OrganizationForm):
    """How one line is scored. An empty method is the rule of the KPI; a method that was not sent leaves what is there.

    `target` and `baseline` are what holds where none is typed beside it, under the same prefix.
    """

    method = forms.ChoiceField(label=gettext_lazy("Scored here by"), required=False)
    try_value = NumberField(
        label=gettext_lazy("Try a value"), required=False, help_text=gettext_lazy("What would it give?")
    )

    def __init__(
        self,
        data=None,
        *,
        version: KpiVersion,
        line: ScorecardLine | None = None,
        target: Decimal | None = None,
        baseline: Decimal | None = None,
        typed=None,
        prefix: str | None = None,
    ):
        """`typed` fills the fields with what stands on the page, without judging it yet."""
        super().__init__(data, prefix=prefix)
        self.version, self.typed = version, typed
        self.numbers = {"target": target, "baseline": baseline}
        self.stored_method, self.stored_params = "", None
        if line is not None and (line.method or line.params is not None):
            self.stored_method, self.stored_params = line.method or version.method, line.params or {}
        fitting = METHODS_OF[Direction(version.direction)]
        usual = _("As the KPI says: %(method)s") % {"method": version.get_method_display()}
        self.fields["method"].choices = [("", usual), *((method, method.label) for method in fitting)]
        chosen = self._sent("method", self.stored_method)
        self.chosen = ScoringMethod(chosen) if chosen in fitting else ""
        self.initial["method"] = self.chosen
        self.params = self._params_form()

    @property
    def place(self) -> str:
        """The id of the part of the page that this form is."""
        return f"own-{self.prefix or 'line'}"

    @property
    def target(self) -> str:
        """The same as scripts look for it."""
        return f"#{self.place}"

    @property
    def known(self) -> str:
        """What the answer while one types has to be told besides what stands in the fields."""
        numbers = {f"own_{name}": plain(number) for name, number in self.numbers.items() if number is not None}
        return json.dumps({"prefix": self.prefix or "", **numbers})

    @property
    def _source(self):
        return self.typed if self.typed is not None else self.data

    def _sent(self, name: str, otherwise: Any = "") -> Any:
        return self._source.get(self.add_prefix(name), otherwise)

    def _params_form(self) -> ParamsForm | None:
        form = PARAMS_FORMS.get(self.chosen)
        if form is None:
            return None
        starts = {self.version.method: self.version.params, self.stored_method: self.stored_params}
        start = starts.get(self.chosen)
        if self.typed is None:
            return form(self.data if self.is_sent else None, params=start, prefix=self.prefix)
        # Fields of another method are not on the page yet: they begin with their usual values.
        known = any(self.add_prefix(name) in self.typed for name in [*form.base_fields, "row_first"])
        return form(typed=self.typed, prefix=self.prefix) if known else form(params=start, prefix=self.prefix)

    @property
    def is_sent(self) -> bool:
        """Whether anybody was asked how the line scores."""
        return self.is_bound and self.add_prefix("method") in self.data

    @property
    def is_open(self) -> bool:
        """Whether there is anything to see."""
        return bool(self.chosen or self.errors)

    def is_valid(self) -> bool:
        """The method, and its parameters."""
        valid = super().is_valid()
        return (self.params is None or not self.is_sent or self.params.is_valid()) and valid

    def values(self) -> dict[str, Any]:
        """Valid input as `method` and `params` of a line; nothing when they were not asked for."""
        if not self.is_sent:
            return {}
        params = self.params.params() if self.params is not None else {}
        if not self.chosen or (self.chosen, params) == (self.version.method, self.version.params):
            return {"method": "", "params": None}
        return {"method": str(self.chosen), "params": params}

    def judge(self, form: forms.Form, target: Decimal | None, baseline: Decimal | None) -> bool:
        """Whether the kernel can score by it; what keeps it from that is shown beside its field, here or in `form`."""
        values = self.values()
        if not values.get("method"):
            return True
        problems = problems_of(rule_of(self.version, **values), target=target, baseline=baseline)
        for problem in problems:
            sentence = sentence_of(problem)
            if self.params is not None and problem.field in self.params.fields:
                self.params.add_error(problem.field, sentence)
            elif problem.field in form.fields:
                form.add_error(problem.field, sentence)
            else:
                self.add_error("method", sentence)
        return not problems

    @cached_property
    def curve(self) -> curve_drawing.Drawing | None:
        """The course of what is typed so far; None while the line scores as its KPI says."""
        if not self.chosen:
            return None
        names = ("direction", "cap", "floor", "min_gate", "unit")
        fields = {name: getattr(self.version, name) for name in names}
        fields |= {"method": self.chosen, "params": self._params_so_far()}
        fields |= {name: self._number(name, number) for name, number in self.numbers.items()}
        return curve_drawing.drawing_of(fields, self._number("try_value"))

    def _params_so_far(self) -> dict[str, Any]:
        if self.params is None:
            return {}
        if self.typed is None and not self.is_bound:
            return dict(self.stored_params or self.version.params)
        bound = type(self.params)(self._source, prefix=self.prefix)
        return bound.params() if bound.is_valid() else {}

    def _number(self, name: str, otherwise: Decimal | None = None) -> Decimal | None:
        return number_or(self._sent(name), get_language() or "en", otherwise)


def number_or(text: str, language: str, otherwise: Decimal | None = None) -> Decimal | None:
    """A number that is being typed; what it would be without where there is none to read."""
    try:
        return parse_number(text, language)
    except NumberError:
        return otherwise
