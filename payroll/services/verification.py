"""Proof that a run is what it was: inputs give the hash, inputs give the amounts, runs hang together."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from payroll import seal
from payroll.choices import RunState
from payroll.models import PayLine, PayRun
from payroll.pay_rules import pay_of
from scorecards.scoring import Trace

PARTS = ("p1_amount", "p2_amount", "p3_target_amount", "p3_amount", "gross_amount")


def verify_run(run: PayRun) -> list[str]:
    """Recompute a run from its stored inputs; each sentence names something that is not as it was sealed."""
    problems: list[str] = []
    lines = list(run.lines.order_by("member_id"))
    if seal.seal(run.previous_sha256, run.inputs, (line.inputs for line in lines)) != run.sha256:
        problems.append(_("The inputs of %(run)s do not give its hash.") % {"run": run})
    problems += [
        _("The line of %(code)s is not what its inputs give.") % {"code": line.employee_code}
        for line in _different(run, lines)
    ]
    totals = {part: sum(getattr(line, f"{part}_amount") for line in lines) for part in ("p1", "p2", "p3", "gross")}
    if len(lines) != run.people_count or any(getattr(run, f"{part}_total") != total for part, total in totals.items()):
        problems.append(_("The totals of %(run)s are not the sums of its lines.") % {"run": run})
    return problems


def verify_chain() -> list[str]:
    """Verify every locked run, and that each one carries the hash of the one locked before it."""
    problems, previous = [], ""
    for run in PayRun.objects.filter(state=RunState.LOCKED).select_related("period").order_by("locked_at", "pk"):
        if run.previous_sha256 != previous:
            problems.append(_("%(run)s does not follow the run locked before it.") % {"run": run})
        problems += verify_run(run)
        previous = run.sha256
    return problems


def _different(run: PayRun, lines: list[PayLine]) -> Iterator[PayLine]:
    tiers = seal.unpack_tiers(run.inputs.get("tiers", []))
    for line in lines:
        trace = Trace()
        result = pay_of(seal.pay_input(line.inputs), tiers, run.inputs["currency"], trace)
        tier = (result.tier.name, result.tier.coefficient) if result.tier else ("", None)
        same = (
            all(getattr(line, part) == getattr(result, part) for part in PARTS)
            and (line.tier_code, line.tier_coefficient) == tier
            and line.score_percent == result.score_percent
            and line.inputs["member"] == line.member_id
            and seal.canonical(line.trace) == trace.to_bytes()
        )
        if not same:
            yield line
