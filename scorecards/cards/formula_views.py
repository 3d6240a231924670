"""Formula lines as people read them: the formula with names, every operand with its value and the line it came from."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kpiapp.decimals import format_number
from kpiapp.formulas import TOO_LARGE, ZERO_DIVISOR, Outcome, shown
from kpiapp.models import Member
from scorecards import queries
from scorecards.models import ScorecardLine
from scorecards.recompute.formulas import CYCLE, FormulaLine, compiled, lines_with_operands, values_of
from scorecards.scoring import Pair
from strategy.models import KpiDefinition, KpiVersion
from strategy.visibility import hidden_kpis


@dataclass(frozen=True)
class OperandView:
    """One operand: whose card it was taken from is said only where that is another card."""

    name: str
    unit: str
    value: Decimal | None
    owner: str
    url: str
    is_shown: bool
    is_found: bool


@dataclass(frozen=True)
class FormulaView:
    """A formula line: the formula with names, the same with values, what it gave, and its operands."""

    text: str
    filled: str
    outcome: Outcome
    operands: list[OperandView]
    missing: list[str]
    pair: Pair | None

    @property
    def problem(self) -> str:
        """Why there is no value, as a sentence; empty when there is one."""
        if self.missing:
            return _("Waits for %(names)s.") % {"names": ", ".join(self.missing)}
        return fault_text(self.outcome.fault)


def fault_text(fault: str) -> str:
    """The sentence for what a formula failed by."""
    texts = {
        "": "",
        ZERO_DIVISOR: _("The formula divides by zero, so there is no value."),
        TOO_LARGE: _("The formula gives a number too large to be kept."),
        CYCLE: _("The formulas of this card need each other in a circle. Ask the KPI's owner to revise one of them."),
    }
    return texts[fault]


def views_of(
    lines: Sequence[ScorecardLine], *, reader: Member | None = None, on: datetime.date | None = None
) -> dict[int, FormulaView]:
    """Formula lines by id (cards loaded with them), in a fixed number of queries.

    Values from other cards are shown to a `reader` who may read those; without a reader they stay hidden.
    """
    found = lines_with_operands([line.pk for line in lines])
    if not found:
        return {}
    definitions = KpiDefinition.objects.in_bulk({pk for line in found.values() for pk in line.operands})
    versions = {line.pk: line.kpi for line in lines}
    taken = ScorecardLine.objects.select_related(
        "kpi", "scorecard__member", "scorecard__department", "scorecard__organization"
    ).in_bulk({operand.line_id for line in found.values() for operand in line.operands.values() if operand})
    visible = set()
    if reader is not None and on is not None:
        visible = set(queries.visible_lines(reader, on).filter(pk__in=taken).values_list("pk", flat=True))
    hidden = {pk for pk, definition in definitions.items() if definition.is_confidential}
    if reader is not None and on is not None and hidden:
        hidden = set(hidden_kpis(reader, on).filter(pk__in=hidden).values_list("pk", flat=True))
    for pk in hidden:
        definitions[pk].name = _("a confidential KPI")
    own_cards = {line.scorecard_id for line in lines}
    visible |= {
        pk
        for pk, line in taken.items()
        if reader is None and line.scorecard_id in own_cards and line.kpi.definition_id not in hidden
    }
    return {pk: _view(line, versions[pk], definitions, taken, visible) for pk, line in found.items()}


def _view(
    line: FormulaLine,
    version: KpiVersion,
    definitions: dict[int, KpiDefinition],
    taken: dict[int, ScorecardLine],
    visible: set[int],
) -> FormulaView:
    inputs = (version.numerator_label, version.denominator_label)
    formula = compiled([line.version_id])[line.version_id].formula
    values = values_of(line)
    style = "vi" if (get_language() or "en").startswith("vi") else "en"
    hidden = {
        f"kpi:{pk}" for pk, operand in line.operands.items() if operand is not None and operand.line_id not in visible
    }

    def name_of(key: str) -> str:
        kind, _colon, rest = key.partition(":")
        number, _point, part = rest.partition(".")
        if kind == "input":
            return inputs[int(number) - 1]
        name = definitions[int(number)].name
        half = _("numerator") if part == "numerator" else _("denominator")
        return f"{name} ({half})" if part else name

    def number_of(key: str) -> str:
        value = values.get(key)
        if value is None or key.partition(".")[0] in hidden:
            return "–" if value is None else "•"
        number = format_number(value, style)
        return f"({number})" if value < 0 else number

    written = dict.fromkeys(key.partition(".")[0] for key in formula.operands if key.startswith("kpi:"))
    operands = [
        _operand(line, pk, line.operands[pk], definitions[pk], taken, visible)
        for pk in (int(key.removeprefix("kpi:")) for key in written)
    ]
    for key, value in line.inputs.items():
        operands.append(OperandView(name_of(key), "", value, "", "", True, True))
    assert line.outcome is not None
    return FormulaView(
        text=shown(formula, name_of, style),
        filled=shown(formula, number_of, style),
        outcome=line.outcome,
        operands=operands,
        missing=[name_of(key) for key in line.outcome.missing],
        pair=line.pair,
    )


def _operand(line, pk, operand, definition, taken, visible) -> OperandView:
    if operand is None:
        return OperandView(definition.name, "", None, "", "", True, False)
    source = taken[operand.line_id]
    is_shown = operand.line_id in visible
    card = source.scorecard
    return OperandView(
        name=definition.name,
        unit=source.kpi.unit,
        value=operand.value() if is_shown else None,
        owner=card.owner_name if card.pk != line.card_id else "",
        url=reverse("scorecards:line", args=[card.organization.slug, source.pk]) if is_shown else "",
        is_shown=is_shown,
        is_found=True,
    )
