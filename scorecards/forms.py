"""What is typed on the pages of cards: cells, entries, notes, weights and targets, reasons."""

import datetime
from decimal import Decimal

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from kpiapp.decimals import HUNDRED, ZERO, NumberError, parse_number
from kpiapp.forms import DayInput, OrganizationForm
from kpiapp.number_field import NumberField
from scorecards.choices import ChangeMode
from scorecards.models import ScorecardLine
from scorecards.rows import DENOMINATOR, NUMERATOR, VALUE
from scorecards.services.grid import Typed
from strategy.choices import Aggregation


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
        line_id, _colon, column = key.partition(":")
        if line_id.isdigit() and column in (VALUE, NUMERATOR, DENOMINATOR):
            block.append((int(line_id), column, value))
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
        if kind == Aggregation.RATIO:
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
        if kind == Aggregation.COUNT:
            # An event is one entry; how large it was is of no matter.
            self.fields["value"].widget, self.fields["value"].required = forms.HiddenInput(), False
        self.fields["on"].widget.attrs.update(min=period.starts_on.isoformat(), max=period.last_day.isoformat())
        self.counts = kind == Aggregation.COUNT

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
    """Weight, baseline and target of one line of a draft."""

    weight = _cell_field(label=gettext_lazy("Weight"), max_decimals=2, minimum=ZERO)
    baseline = _cell_field(label=gettext_lazy("Baseline"), required=False)
    target = _cell_field(label=gettext_lazy("Target"), required=False)

    def clean_weight(self):
        """A weight is part of 100."""
        weight = self.cleaned_data["weight"]
        if weight > HUNDRED:
            raise forms.ValidationError(_("A weight is at most 100."))
        return weight


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
        required=False,
        choices=ChangeMode.choices,
        initial=ChangeMode.SEGMENTS,
        help_text=gettext_lazy(
            "From that day on: the days before keep what was agreed, and both parts count by their working days."
        ),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=2000, widget=forms.Textarea({"rows": 3}))

    def clean_mode(self):
        """From the day on, unless somebody chose the whole period."""
        return self.cleaned_data["mode"] or ChangeMode.SEGMENTS

    def changes(self) -> dict:
        """Fields that were filled in, with their new values."""
        return {
            name: value for name in ("target", "baseline", "weight") if (value := self.cleaned_data[name]) is not None
        }
