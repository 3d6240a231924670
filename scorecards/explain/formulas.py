"""A formula in words: the formula with names, the same with the value of every operand, each linked to its line."""

import datetime

from django.utils.translation import gettext as _

from kpiapp.explain import Source
from kpiapp.models import Member
from scorecards.cards.formula_views import OperandView, fault_text, views_of
from scorecards.explain.numbers import Measure, Words, n, u
from scorecards.models import ScorecardLine
from scorecards.scoring import Pair, Rounding, RuleCode, Step, Trace


def rerun_formula(line: ScorecardLine, on: datetime.date, trace: Trace, reader: Member | None) -> Pair | None:
    """Work a formula out again, leaving the trace; None where operands are missing."""
    view = views_of([line], reader=reader, on=on)[line.pk]
    texts = {"formula": view.text, "filled": view.filled}
    if view.outcome.value is not None:
        trace.note(RuleCode.FORMULA, view.outcome.value, Rounding.VALUE, **texts)
    else:
        trace.note(RuleCode.FORMULA_FAULT, None, fault=view.outcome.fault, missing=", ".join(view.missing), **texts)
    return view.pair


def formula_words(step: Step, measure: Measure) -> Words:
    """The formula, its operands in place, and what it gives."""
    text = f"{step.operands['formula']} = {step.operands['filled']} = {n(step.result)}"
    return Words(_("Actual"), u(step.result, measure), text)


def fault_words(step: Step, measure: Measure) -> Words:
    """The formula, and why it gives nothing."""
    missing = str(step.operands["missing"])
    why = _("Waits for %(names)s.") % {"names": missing} if missing else fault_text(str(step.operands["fault"]))
    return Words(_("Actual"), "–", f"{step.operands['formula']}. {why}")


def formula_sources(line: ScorecardLine, reader: Member | None, on: datetime.date) -> tuple[Source, ...]:
    """Every operand with its value, and the line it was taken from."""
    view = views_of([line], reader=reader, on=on)[line.pk]
    return tuple(Source(_source_text(operand), operand.url) for operand in view.operands)


def _source_text(operand: OperandView) -> str:
    if not operand.is_found:
        return _("%(name)s: on no card of this period") % {"name": operand.name}
    if not operand.is_shown:
        return _("%(name)s: from the card of %(owner)s, which you may not read") % {
            "name": operand.name,
            "owner": operand.owner,
        }
    value = _("no value yet") if operand.value is None else u(operand.value, Measure(operand.unit))
    shown = {"name": operand.name, "value": value, "owner": operand.owner}
    return _("%(name)s: %(value)s, from the card of %(owner)s") % shown if operand.owner else f"{operand.name}: {value}"
