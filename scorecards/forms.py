"""What is typed on the pages of cards: cells, entries, notes, weights and targets, reasons."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from kpiapp.decimals import HUNDRED, ZERO, NumberError, parse_number
from kpiapp.forms import DayInput, OrganizationForm
from kpiapp.number_field import NumberField
from kpiapp.permissions import Permission
from kpiapp.person_field import PersonField
from kpiapp.text import id_in
from scorecards.cards.milestones import step_choices
from scorecards.cards.rows import DENOMINATOR, NUMERATOR, VALUE
from scorecards.choices import ChangeMode, ShareBy, ShareReach
from scorecards.line_rules import rule_of_line
from scorecards.models import ScorecardLine
from scorecards.own_scoring import OwnScoringForm
from scorecards.scoring import Method
from scorecards.services.grid import Typed
from strategy.choices import Aggregation
from strategy.models import KpiVersion

WHO_ME, WHO_TEAM, WHO_INSIDE, WHO_PERSON = "me", "team", "inside", "person"
WHO = [
    (WHO_ME, gettext_lazy("My own")),
    (WHO_TEAM, gettext_lazy("Everyone within my reach")),
    (WHO_INSIDE, gettext_lazy("A department")),
    (WHO_PERSON, gettext_lazy("One person")),
]
MOST_GROWTH = Decimal(1000)


def read_cells(typed: list[tuple[int, str, str]]) -> tuple[list[Typed], dict[tuple[int, str], str]]:
    """Cells (line id, column, text) as numbers, and a sentence for each that is none. Empty text empties a cell."""
    cells, errors = [], {}
    for line_id, column, text in typed:
        try:
            number = parse_number(text, get_language() or "en") if text.strip() else None
        except NumberError as error:
            errors[line_id, column] = _(error.message) % error.params
        else:
            cells.append(Typed(line_id, column, number))
    return cells, errors


def read_block(keys: list[str], values: list[str]) -> list[tuple[int, str, str]]:
    """A pasted block, "812:value" beside its text; what is no cell is left out."""
    block = []
    for key, value in zip(keys, values, strict=False):
        name, _colon, column = key.partition(":")
        line_id = id_in(name)
        if line_id is not None and column in (VALUE, NUMERATOR, DENOMINATOR):
            block.append((line_id, column, value))
    return block


class EntryForm(OrganizationForm):
    """An entry with its day and note; which numbers it asks for depends on how the KPI adds up."""

    value = NumberField(label=gettext_lazy("Value"))
    numerator = NumberField(label=gettext_lazy("Numerator"))
    denominator = NumberField(label=gettext_lazy("Denominator"))
    on = forms.DateField(label=gettext_lazy("Day"), widget=DayInput)
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args, line: ScorecardLine, today: datetime.date, **kwargs):
        period = line.scorecard.period
        kwargs.setdefault("initial", {}).setdefault("on", min(max(today, period.starts_on), period.last_day))
        super().__init__(*args, **kwargs)
        kind, version = line.kpi.aggregation, line.kpi
        if kind == Aggregation.FORMULA:
            self._ask_for_inputs(version)
        elif kind == Aggregation.RATIO:
            del self.fields["value"]
            self.fields["numerator"].label = version.numerator_label or _("Numerator")
            self.fields["denominator"].label = version.denominator_label or _("Denominator")
        else:
            del self.fields["numerator"]
            if kind == Aggregation.WEIGHTED_AVG:
                self.fields["denominator"].label = version.denominator_label or _("Weight of this value")
            else:
                del self.fields["denominator"]
            self.fields["value"].label = _("Value, %(unit)s") % {"unit": version.unit} if version.unit else _("Value")
            if rule_of_line(line).method is Method.MANUAL:
                self.fields["file"] = forms.FileField(
                    label=_("Evidence"),
                    required=False,
                    help_text=_("Below 60 or above 100 a note and a file are needed; at most 10 MB."),
                )
            if steps := step_choices(line):
                self.fields["value"].label = _("Step reached")
                self.fields["value"].widget = forms.Select(choices=[("", "–"), *steps])
        if kind == Aggregation.COUNT:
            # An event is one entry; how large it was is of no matter.
            self.fields["value"].widget, self.fields["value"].required = forms.HiddenInput(), False
        self.fields["on"].widget.attrs.update(min=period.starts_on.isoformat(), max=period.last_day.isoformat())
        self.counts = kind == Aggregation.COUNT

    def _ask_for_inputs(self, version: KpiVersion) -> None:
        """The own inputs of a formula, each of them or both."""
        del self.fields["value"]
        for part in ("numerator", "denominator"):
            if getattr(version, f"{part}_agg"):
                self.fields[part].label, self.fields[part].required = getattr(version, f"{part}_label"), False
            else:
                del self.fields[part]

    def clean(self):
        """A counted event is worth one."""
        cleaned = super().clean()
        if self.counts:
            cleaned["value"] = Decimal(1)
        return cleaned


class NoteForm(OrganizationForm):
    """Why a KPI is where it is, and what will be done about it."""

    cause = forms.CharField(
        label=gettext_lazy("What is the cause?"), max_length=900, widget=forms.Textarea({"rows": 2})
    )
    action = forms.CharField(
        label=gettext_lazy("What will you do, and by when?"), max_length=900, widget=forms.Textarea({"rows": 2})
    )

    def text(self) -> str:
        """Both answers as the note of an entry."""
        return _("Cause: %(cause)s\nAction: %(action)s") % self.cleaned_data


class ReasonForm(OrganizationForm):
    """A decision that has to be explained."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=2000, widget=forms.Textarea({"rows": 3}))


class EvidenceForm(OrganizationForm):
    """A file beside an entry."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("PDF, picture, Word, Excel, PowerPoint, CSV or text, at most 10 MB."),
    )


def _cell_field(**options) -> NumberField:
    """A number field that stands in a table."""
    widget = forms.TextInput(attrs={"class": "input", "inputmode": "decimal", "autocomplete": "off"})
    return NumberField(widget=widget, **options)


class LineForm(OrganizationForm):
    """Weight, baseline and target of one line of a draft, and how it scores where not as its KPI does."""

    weight = _cell_field(label=gettext_lazy("Weight"), max_decimals=2, minimum=ZERO)
    baseline = _cell_field(label=gettext_lazy("Baseline"), required=False)
    target = _cell_field(label=gettext_lazy("Target"), required=False)

    def __init__(self, data=None, *, version: KpiVersion, line: ScorecardLine | None = None, initial, prefix):
        super().__init__(data, initial=initial, prefix=prefix)
        numbers = {name: initial[name] for name in ("target", "baseline")}
        self.own = OwnScoringForm(data, version=version, line=line, prefix=prefix, **numbers)

    def is_valid(self) -> bool:
        """The numbers, how they score, and that the kernel can score them so."""
        valid = super().is_valid()
        if not self.own.is_valid() or not valid:
            return False
        return self.own.judge(self, self.cleaned_data["target"], self.cleaned_data["baseline"])

    def values(self) -> dict[str, Any]:
        """Valid input as values of a line."""
        return {**self.cleaned_data, **self.own.values()}

    def clean_weight(self):
        """A weight is part of 100."""
        weight = self.cleaned_data["weight"]
        if weight > HUNDRED:
            raise forms.ValidationError(_("A weight is at most 100."))
        return weight


def line_forms(lines, data=None) -> dict[int, LineForm]:
    """The form of each line of a card, by line."""
    return {
        line.pk: LineForm(
            data or None,
            version=line.kpi,
            line=line,
            prefix=f"line-{line.pk}",
            initial={"weight": line.weight.normalize() + 0, "baseline": line.baseline, "target": line.target},
        )
        for line in lines
    }


def own_scorings(named: Iterable[tuple[str, LineForm]]) -> dict[str, Any]:
    """How the lines of a page score, by the name of their KPI, and whether any does otherwise than its KPI."""
    owns = [(name, form.own) for name, form in named]
    return {"owns": owns, "is_open": any(own.is_open for _name, own in owns)}


class ChangeForm(OrganizationForm):
    """New values of an agreed line; an empty field stays as it is."""

    target = NumberField(label=gettext_lazy("New target"), required=False)
    baseline = NumberField(label=gettext_lazy("New baseline"), required=False)
    weight = NumberField(
        label=gettext_lazy("New weight"),
        required=False,
        max_decimals=2,
        minimum=ZERO,
        help_text=gettext_lazy("The other weights are scaled so that the card stays at 100."),
    )
    effective_on = forms.DateField(label=gettext_lazy("Effective on"), widget=DayInput)
    mode = forms.ChoiceField(
        label=gettext_lazy("It counts"),
        choices=ChangeMode.choices,
        widget=forms.RadioSelect,
        initial=ChangeMode.SEGMENTS,
        help_text=gettext_lazy(
            "From that day on: the days before keep what was agreed, and both parts count by their working days."
        ),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=2000, widget=forms.Textarea({"rows": 3}))

    def __init__(self, data=None, *, line: ScorecardLine, initial=None):
        super().__init__(data, initial=initial)
        self.line = line
        self.own = OwnScoringForm(data, version=line.kpi, line=line, target=line.target, baseline=line.baseline)

    def is_valid(self) -> bool:
        """The new values, how they score, and that the kernel can score them so."""
        valid = super().is_valid()
        if not self.own.is_valid() or not valid:
            return False
        numbers = (self.changes().get(name, getattr(self.line, name)) for name in ("target", "baseline"))
        return self.own.judge(self, *numbers)

    def changes(self) -> dict:
        """Fields that were filled in, with their new values."""
        given = {
            name: value for name in ("target", "baseline", "weight") if (value := self.cleaned_data[name]) is not None
        }
        own = self.own.values()
        # As they stand, they are no change.
        return given | own if own != {"method": self.line.method, "params": self.line.params} else given


class CopyForm(OrganizationForm):
    """Whose lines are copied, from which periods to which, and by how much their targets grow."""

    who = forms.ChoiceField(label=gettext_lazy("Whose cards"), choices=())
    person = PersonField(label=gettext_lazy("Person"), required=False, within=Permission.CARD_EDIT)
    inside = forms.ModelChoiceField(
        label=gettext_lazy("Department"),
        queryset=None,
        required=False,
        widget=forms.Select(attrs={"data-combobox": ""}),
        help_text=gettext_lazy("Everyone in it and below it, and its own card."),
    )
    sources = forms.ChoiceField(
        label=gettext_lazy("Copy from"), choices=(), widget=forms.Select(attrs={"data-combobox": ""})
    )
    targets = forms.ChoiceField(
        label=gettext_lazy("Copy to"), choices=(), widget=forms.Select(attrs={"data-combobox": ""})
    )
    growth = NumberField(
        label=gettext_lazy("Targets grow by, %"),
        required=False,
        help_text=gettext_lazy("Rounded half up to the decimals of each KPI. Empty: as they are; −5 lowers them."),
    )

    def __init__(self, *args, spans, departments, others: bool, start: tuple[str, str], **kwargs):
        """`spans` are periods by the name of a choice: (name, label, periods); those that are open may be copied to."""
        kwargs["initial"] = {"who": WHO_TEAM if others else WHO_ME, "sources": start[0], "targets": start[1]}
        super().__init__(*args, **kwargs)
        self.spans = {name: periods for name, _label, periods in spans}
        self.fields["who"].choices = WHO if others else WHO[:1]
        self.fields["inside"].queryset = departments
        self.fields["sources"].choices = [(name, label) for name, label, _periods in spans]
        is_open = {name for name, periods in self.spans.items() if any(period.is_open for period in periods)}
        self.fields["targets"].choices = [(name, label) for name, label, _periods in spans if name in is_open]

    def clean_sources(self):
        """The periods a choice stands for."""
        return self.spans[self.cleaned_data["sources"]]

    def clean_targets(self):
        """The periods a choice stands for."""
        return self.spans[self.cleaned_data["targets"]]

    def clean_growth(self):
        """Empty is no growth; a target never falls below nothing by it."""
        growth = self.cleaned_data["growth"] or ZERO
        if not -HUNDRED <= growth <= MOST_GROWTH:
            raise forms.ValidationError(_("Type a number between −100 and 1,000."))
        return growth

    def clean(self):
        """One person or one department has to be named when one is meant."""
        data = super().clean()
        for who, name in ((WHO_PERSON, "person"), (WHO_INSIDE, "inside")):
            if data.get("who") == who and not data.get(name) and name not in self.errors:
                self.add_error(name, _("Choose whose cards are copied."))
        return data


class WarningAnswerForm(OrganizationForm):
    """What is done about a warning, or why it can wait, and until when."""

    text = forms.CharField(
        label=gettext_lazy("What is done, or why it can wait"), max_length=1000, widget=forms.Textarea({"rows": 2})
    )
    until = forms.DateField(label=gettext_lazy("By when"), widget=DayInput)


class WarningOwnerForm(OrganizationForm):
    """Whose a warning becomes."""

    to = forms.ModelChoiceField(queryset=None, label=gettext_lazy("Owner"), empty_label=None)

    def __init__(self, *args, owners, **options):
        super().__init__(*args, **options)
        self.fields["to"].queryset = owners


class MoveForm(OrganizationForm):
    """Why cards go over to another version of a KPI, and since when it counts on agreed ones."""

    mode = forms.ChoiceField(
        label=gettext_lazy("On agreed cards it counts"), choices=ChangeMode.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=2000, widget=forms.Textarea({"rows": 3}))

    def __init__(self, *args, needs_reason: bool, **options):
        """Drafts change at once and need no reason."""
        options.setdefault("initial", {"mode": ChangeMode.REPLACE})
        super().__init__(*args, **options)
        if not needs_reason:
            for name in ("mode", "reason"):
                self.fields[name].required, self.fields[name].widget = False, forms.HiddenInput()

    def clean_mode(self):
        """For the whole period unless somebody chose the day."""
        return self.cleaned_data["mode"] or ChangeMode.REPLACE


class ShareForm(OrganizationForm):
    """What is shared out among those below, and how."""

    total = NumberField(label=gettext_lazy("To share out"))
    how = forms.ChoiceField(label=gettext_lazy("How"), choices=ShareBy.choices, widget=forms.RadioSelect)
    reach = forms.ChoiceField(label=gettext_lazy("For how long"), required=False, widget=forms.RadioSelect)
    weight = NumberField(
        label=gettext_lazy("Weight on each card"),
        max_decimals=2,
        minimum=ZERO,
        help_text=gettext_lazy("Each card can be balanced afterwards, until it is agreed."),
    )
    reason = forms.CharField(
        label=gettext_lazy("A word to them"), required=False, max_length=1000, widget=forms.Textarea({"rows": 2})
    )

    clean_weight = LineForm.clean_weight

    def __init__(self, *args, receivers, reaches, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reach"].choices = [
            (how, f"{ShareReach(how).label} ({periods[-1].label})" if len(periods) > 1 else ShareReach(how).label)
            for how, periods in reaches.items()
        ]
        self.rows = []
        for one in receivers:
            tick = forms.CheckboxInput({"data-check-one": ""})
            self.fields[f"to-{one.key}"] = forms.BooleanField(required=False, label=one.owner.name, widget=tick)
            self.fields[f"target-{one.key}"] = _cell_field(
                required=False, label=_("Target of %(name)s") % {"name": one.owner.name}
            )
            self.rows.append((one, self[f"to-{one.key}"], self[f"target-{one.key}"]))

    def clean_reach(self):
        """Unless told, one period."""
        return self.cleaned_data["reach"] or ShareReach.PERIOD

    def chosen(self):
        """Receivers that are ticked."""
        return [one for one, _tick, _target in self.rows if self.cleaned_data[f"to-{one.key}"]]

    def typed(self) -> dict:
        """Targets that were typed, by receiver."""
        return {one.key: self.cleaned_data[f"target-{one.key}"] for one, _tick, _target in self.rows}


class CounterForm(OrganizationForm):
    """Another number, and why."""

    target = NumberField(label=gettext_lazy("Target"), required=False)
    weight = NumberField(label=gettext_lazy("Weight"), max_decimals=2, minimum=ZERO)
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=1000, widget=forms.Textarea({"rows": 2}))

    clean_weight = LineForm.clean_weight


class ProposalForm(OrganizationForm):
    """A KPI one proposes for oneself, or for a department one heads."""

    kpi = forms.ModelChoiceField(
        queryset=None, label=gettext_lazy("KPI"), widget=forms.Select(attrs={"data-combobox": ""})
    )
    owner = forms.ChoiceField(label=gettext_lazy("For"))
    period = forms.ChoiceField(label=gettext_lazy("Period"))
    target = NumberField(label=gettext_lazy("Target"), required=False)
    weight = NumberField(label=gettext_lazy("Weight"), max_decimals=2, minimum=ZERO)
    reason = forms.CharField(
        label=gettext_lazy("Why this KPI, why this number"),
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 2}),
    )

    clean_weight = LineForm.clean_weight

    def __init__(self, *args, kpis, owners, periods, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kpi"].queryset = kpis
        self.fields["owner"].choices = [(key, owner.name) for key, owner in owners.items()]
        self.fields["period"].choices = [(period.code, period.label) for period in periods]


class ConfidenceForm(OrganizationForm):
    """How sure one is, and why."""

    score = forms.IntegerField(label=gettext_lazy("Confidence"), min_value=0, max_value=10)
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=1000)
