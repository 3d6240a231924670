"""Logging progress: entries are appended, corrected by later ones, approved by others; the card rescores at once."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp.decimals import plain
from kpiapp.models import Member
from kpiapp.services import audit, notifications
from kpiapp.services.refusals import Refused
from scorecards import notices, recompute
from scorecards.choices import ActualSource, ActualState
from scorecards.line_rules import rule_of_line
from scorecards.models import Actual, ScorecardLine
from scorecards.scoring import Method, manual_needs_evidence
from scorecards.services import evidence
from strategy.choices import Aggregation
from strategy.models import FormulaOperand


class ActualRefused(Refused):
    """An entry that cannot be taken; the message says why and what to do."""


@dataclass(frozen=True)
class NewEntry:
    """What was reached on a day: a value (with its weight as denominator), or the two parts of a ratio."""

    line: ScorecardLine
    on: datetime.date
    value: Decimal | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    note: str = ""
    external_key: str = ""
    corrects: Actual | None = None
    file: UploadedFile | None = None

    @property
    def is_extreme_judgement(self) -> bool:
        """Whether a reviewer's mark is so far from plain that it takes a comment and evidence."""
        judged = rule_of_line(self.line).method is Method.MANUAL and self.value is not None
        return judged and manual_needs_evidence(self.value)


@dataclass(frozen=True)
class Outcome:
    """What became of one entry: stored, the same as before (`repeated`), or refused with a reason."""

    actual: Actual | None = None
    error: str = ""
    repeated: bool = False


def lock_lines(lines: QuerySet[ScorecardLine], ids: Sequence[int]) -> dict[int, ScorecardLine]:
    """Lines by id with card, period, KPI version and score; their cards are locked until the transaction ends.

    The lock comes first, in a statement of its own: what is read afterwards is what the last writer left.
    """
    return {line.pk: line for line in locked_lines(lines, ids)}


def locked_lines(lines: QuerySet[ScorecardLine], ids: Sequence[int]) -> QuerySet[ScorecardLine]:
    """The same, not read yet: for callers that read more in the same query."""
    wanted = sorted(set(ids))
    recompute.lock_cards_of_lines(wanted)
    followed = Q(kpi__aggregation=Aggregation.FORMULA) | Exists(
        FormulaOperand.objects.filter(operand=OuterRef("kpi__definition"))
    )
    return (
        lines.filter(pk__in=wanted)
        .select_related("scorecard__period", "scorecard__score", "kpi", "score")
        .annotate(formulas_follow=followed)
    )


def refusal_of(entry: NewEntry, by: Member | None) -> str:
    """Why an entry cannot be taken, as a sentence for the person; empty when it can."""
    line, period = entry.line, entry.line.scorecard.period
    if not period.is_open:
        return _("%(period)s is locked. Ask HR to reopen it, with a reason.") % {"period": period.label}
    if not period.starts_on <= entry.on < period.ends_on:
        return _("The day must lie in %(period)s.") % {"period": period.label}
    if line.waived_reason:
        return _("This KPI is waived in this period, so it takes no entry.")
    if line.takes_children:
        return _("This number adds up from the cards below, so it takes no entry. Log it on one of those.")
    return _refusal_of_numbers(entry) or _refusal_of_judgement(entry, by)


def _refusal_of_numbers(entry: NewEntry) -> str:
    kind = entry.line.kpi.aggregation
    if kind == Aggregation.FORMULA:
        return _refusal_of_inputs(entry)
    if kind == Aggregation.RATIO:
        if entry.value is not None or (entry.numerator is None and entry.denominator is None):
            return _("Give the two parts of the ratio, not its result.")
    elif entry.value is None or entry.numerator is not None:
        return _("Give one value for this KPI.")
    elif kind == Aggregation.WEIGHTED_AVG and (entry.denominator is None or entry.denominator <= 0):
        return _("Give the weight of this value, more than zero.")
    return ""


def _refusal_of_inputs(entry: NewEntry) -> str:
    """A formula takes its own inputs alone, each of them or both."""
    version = entry.line.kpi
    if not version.numerator_agg:
        return _("This KPI is calculated from others: enter their values, and it follows.")
    given = entry.numerator is not None or (entry.denominator is not None and version.denominator_agg)
    if entry.value is not None or not given or (entry.denominator is not None and not version.denominator_agg):
        return _("Give the inputs of the formula, not its result.")
    return ""


def _refusal_of_judgement(entry: NewEntry, by: Member | None) -> str:
    """A judged KPI: never by the person measured, and extreme marks with a comment and evidence."""
    if rule_of_line(entry.line).method is not Method.MANUAL or entry.value is None:
        return ""
    if by is not None and entry.line.scorecard.member_id == by.pk:
        return _("A reviewer gives this value, not the person it is about.")
    if not entry.is_extreme_judgement:
        return ""
    if not entry.note.strip():
        return _("Below 60 or above 100: open the row, say why in the note, and attach evidence.")
    if entry.file is None and not (entry.corrects and entry.corrects.evidence.exists()):
        return _("Below 60 or above 100: open the row and attach a file as evidence.")
    return ""


@transaction.atomic
def record_actual(
    *,
    line: ScorecardLine,
    on: datetime.date,
    today: datetime.date,
    by: Member | None,
    value: Decimal | None = None,
    numerator: Decimal | None = None,
    denominator: Decimal | None = None,
    note: str = "",
    source: str = ActualSource.TYPED,
    external_key: str = "",
    file: UploadedFile | None = None,
) -> Actual:
    """Record one entry for a day and rescore its card as of `today`. Drafts and agreed cards both take entries.

    The same external key again changes nothing, or corrects the entry when its numbers differ. Raises ActualRefused,
    and EvidenceRefused for a file that is not taken.
    """
    entry = NewEntry(line, on, value, numerator, denominator, note, external_key, file=file)
    outcome = record_many(entries=[entry], by=by, today=today, source=source)[0]
    if outcome.actual is None:
        raise ActualRefused(outcome.error)
    return outcome.actual


@transaction.atomic
def record_many(
    *, entries: Sequence[NewEntry], by: Member | None, today: datetime.date, source: str = ActualSource.API
) -> list[Outcome]:
    """Record entries in one go: good ones are stored, bad ones come back with a reason, in the order given.

    The number of queries does not depend on how many entries there are.
    """
    lines = lock_lines(ScorecardLine.objects.all(), [entry.line.pk for entry in entries])
    known = _by_external_key(entries)
    outcomes: list[Outcome] = []
    planned: list[NewEntry] = []
    for given in entries:
        entry = _on_line(given, lines[given.line.pk])
        error = refusal_of(entry, by)
        before = known.get((entry.line.pk, entry.external_key)) if entry.external_key else None
        if error:
            outcomes.append(Outcome(error=error))
        elif isinstance(before, NewEntry):
            outcomes.append(Outcome(error=_("This key stands twice in the same list.")))
        elif before is not None and _same(before, entry):
            outcomes.append(Outcome(actual=before, repeated=True))
        else:
            if entry.external_key:
                known[entry.line.pk, entry.external_key] = entry
            planned.append(_on_line(entry, entry.line, corrects=before))
            outcomes.append(Outcome())
    stored = iter(append(planned=planned, by=by, today=today, source=source))
    return [outcome if outcome.error or outcome.actual else Outcome(actual=next(stored)) for outcome in outcomes]


def _on_line(entry: NewEntry, line: ScorecardLine, corrects: Actual | None = None) -> NewEntry:
    """The entry on the locked row of its line."""
    return replace(entry, line=line, corrects=corrects or entry.corrects)


def _by_external_key(entries: Sequence[NewEntry]) -> dict[tuple[int, str], Actual | NewEntry]:
    keys = {entry.external_key for entry in entries if entry.external_key}
    if not keys:
        return {}
    held = Actual.objects.filter(external_key__in=keys, line__in={entry.line.pk for entry in entries})
    held = held.exclude(state__in=[ActualState.CORRECTED, ActualState.WITHDRAWN])
    return {(actual.line_id, actual.external_key): actual for actual in held}


def _same(actual: Actual, entry: NewEntry) -> bool:
    return (actual.on, actual.value, actual.numerator, actual.denominator) == (
        entry.on,
        entry.value,
        entry.numerator,
        entry.denominator,
    )


def append(*, planned: Sequence[NewEntry], by: Member | None, today: datetime.date, source: str) -> list[Actual]:
    """Store checked entries on locked lines, mark what they correct, rescore, and write one audit event."""
    if not planned:
        return []
    corrected = [entry.corrects.pk for entry in planned if entry.corrects]
    if corrected:
        Actual.objects.filter(pk__in=corrected).update(state=ActualState.CORRECTED)
    stored = Actual.objects.bulk_create(
        Actual(
            line=entry.line,
            on=entry.on,
            value=entry.value,
            numerator=entry.numerator,
            denominator=entry.denominator,
            note=entry.note,
            source=source,
            external_key=entry.external_key,
            entered_by=by,
            corrects=entry.corrects,
        )
        for entry in planned
    )
    _keep_evidence(planned, stored, by)
    settle({entry.line.pk: entry.line for entry in planned}.values(), today)
    first = planned[0]
    audit.record(
        action="actual.correct" if len(corrected) == len(planned) else "actual.record",
        target=first.line if len(planned) == 1 else first.line.scorecard,
        by=by,
        before={"entries": [_numbers(entry.corrects) for entry in planned if entry.corrects]},
        after={"source": source, "entries": [_numbers(actual) for actual in stored]},
        reason=first.note if len(planned) == 1 else "",
    )
    return stored


def _keep_evidence(planned: Sequence[NewEntry], stored: Sequence[Actual], by: Member | None) -> None:
    """Files that came with entries; what an extreme judgement rested on before, it goes on resting on."""
    for entry, actual in zip(planned, stored, strict=True):
        if entry.file is not None:
            evidence.attach_file(actual=actual, file=entry.file, by=by)
        elif entry.corrects and entry.is_extreme_judgement:
            evidence.carry_over(before=entry.corrects, actual=actual)


def _numbers(actual: Actual) -> dict:
    parts = {name: getattr(actual, name) for name in ("value", "numerator", "denominator")}
    numbers = {name: plain(number) for name, number in parts.items() if number is not None}
    return {"id": actual.pk, "line": actual.line_id, "on": actual.on, **numbers}


def settle(lines, today: datetime.date) -> None:
    """Aggregate lines again and score their cards, in the transaction of the change; once for lines locked together.

    What `lock_lines` read of the cards is taken as stored, so nothing may have scored them since.
    """
    lines = list(lines)
    cards = {line.scorecard_id: recompute.stored_card(line.scorecard, today) for line in lines}
    recompute.settle_lines(
        cards=cards,
        lines={line.pk: line.scorecard_id for line in lines},
        formulas_follow=any(line.formulas_follow for line in lines),
    )
    feeding = [line.pk for line in lines if line.feeds_above]
    if feeding:
        recompute.roll_up_after_commit(line_ids=feeding, on=today)


@transaction.atomic
def correct_actual(
    *,
    actual: Actual,
    by: Member,
    today: datetime.date,
    value: Decimal | None = None,
    numerator: Decimal | None = None,
    denominator: Decimal | None = None,
    note: str = "",
    file: UploadedFile | None = None,
) -> Actual:
    """Put another number in the place of an entry; both stay readable. Raises ActualRefused."""
    line = lock_lines(ScorecardLine.objects.all(), [actual.line_id])[actual.line_id]
    actual = Actual.objects.get(pk=actual.pk)
    if actual.state in (ActualState.CORRECTED, ActualState.WITHDRAWN):
        raise ActualRefused(_("This entry was already replaced. Reload the page and correct the newer one."))
    entry = NewEntry(line, actual.on, value, numerator, denominator, note, actual.external_key, actual, file)
    error = refusal_of(entry, by)
    if error:
        raise ActualRefused(error)
    if actual.state == ActualState.RETURNED:
        notifications.settle(kinds=[notices.ENTRY_RETURNED], targets=[line])
    return append(planned=[entry], by=by, today=today, source=ActualSource.TYPED)[0]


def refusal_of_withdrawal(actual: Actual, line: ScorecardLine) -> str:
    """Why an entry of a line cannot be taken back, as a sentence for the person; empty when it can."""
    period = line.scorecard.period
    if not period.is_open:
        return _("%(period)s is locked. Ask HR to reopen it, with a reason.") % {"period": period.label}
    if actual.state not in (ActualState.RECORDED, ActualState.RETURNED):
        return _("This entry was approved or replaced since, so it cannot be withdrawn. Correct it.")
    return ""


@transaction.atomic
def withdraw_actuals(*, actuals: Sequence[Actual], by: Member, today: datetime.date) -> list[Actual]:
    """Take entries back (undo). What an entry had corrected counts again. Raises ActualRefused for any that cannot."""
    lines = lock_lines(ScorecardLine.objects.all(), [actual.line_id for actual in actuals])
    actuals = list(Actual.objects.filter(pk__in=[actual.pk for actual in actuals]).order_by("pk"))
    for actual in actuals:
        error = refusal_of_withdrawal(actual, lines[actual.line_id])
        if error:
            raise ActualRefused(error)
    if not actuals:
        return []
    Actual.objects.filter(pk__in=[actual.pk for actual in actuals]).update(state=ActualState.WITHDRAWN)
    before = [actual.corrects_id for actual in actuals if actual.corrects_id]
    if before:
        # It was decided on another number: whoever approves looks at it again.
        Actual.objects.filter(pk__in=before, state=ActualState.CORRECTED).update(
            state=ActualState.RECORDED, decided_by=None, decided_at=None
        )
    settle(lines.values(), today)
    target = lines[actuals[0].line_id]
    audit.record(
        action="actual.withdraw",
        target=target if len(actuals) == 1 else target.scorecard,
        by=by,
        before={"entries": [_numbers(actual) for actual in actuals]},
        after={"counts_again": before},
    )
    return actuals


@transaction.atomic
def approve_actuals(*, actuals: QuerySet[Actual], by: Member) -> int:
    """Approve entries in bulk; ones the member entered are left out. Returns how many were approved."""
    chosen = actuals.filter(state=ActualState.RECORDED, line__scorecard__period__locked_at=None).exclude(entered_by=by)
    recompute.lock_cards_of_lines(list(chosen.values_list("line", flat=True)))
    ids = list(chosen.order_by("pk").values_list("pk", flat=True))
    done = Actual.objects.filter(pk__in=ids).update(
        state=ActualState.APPROVED, decided_by=by, decided_at=timezone.now()
    )
    if done:
        target = Actual.objects.select_related("line__scorecard__period").get(pk=ids[0]).line.scorecard.period
        audit.record(action="actual.approve", target=target, by=by, after={"entries": ids})
    return done


@transaction.atomic
def return_actual(*, actual: Actual, reason: str, by: Member, today: datetime.date) -> Actual:
    """Send an entry back with a reason: it no longer counts until it is corrected. Raises ActualRefused."""
    line = lock_lines(ScorecardLine.objects.all(), [actual.line_id])[actual.line_id]
    actual = Actual.objects.get(pk=actual.pk)
    if not reason.strip():
        raise ActualRefused(_("Say why the entry is returned, so that it can be mended."))
    if actual.entered_by_id == by.pk:
        raise ActualRefused(_("Nobody decides on their own entry."))
    if actual.state != ActualState.RECORDED or not line.scorecard.period.is_open:
        raise ActualRefused(_("This entry no longer waits for approval."))
    actual.state, actual.decided_by, actual.decided_at = ActualState.RETURNED, by, timezone.now()
    actual.decision_note = reason.strip()
    actual.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    settle([line], today)
    audit.record(action="actual.return", target=line, by=by, before=_numbers(actual), reason=reason.strip())
    # Once the period is over everybody waits for what is missing.
    notifications.notify(
        to=[actual.entered_by_id],
        kind=notices.ENTRY_RETURNED,
        target=line,
        by=by,
        facts={"reason": actual.decision_note},
        urgent=today >= line.scorecard.period.ends_on,
    )
    return actual
