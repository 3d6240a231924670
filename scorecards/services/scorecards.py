"""Cards and their lines until they are agreed: assigning KPIs, weights, submitting, agreeing, returning."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp.decimals import HUNDRED, ZERO, AllocationError, allocate, plain
from kpiapp.models import Department, Member, Organization, Period
from kpiapp.services import audit, notifications
from kpiapp.services.refusals import Refused
from scorecards import notices, recipients, recompute
from scorecards.cards.weights import findings_of, suggestions
from scorecards.choices import CardState, OwnerKind
from scorecards.kpi_checks import sentence_of
from scorecards.line_rules import NEEDS_TARGET, rule_of
from scorecards.models import Scorecard, ScorecardLine, card_rules
from scorecards.recompute import line_writes
from scorecards.scoring import problems_of
from strategy.choices import KpiState
from strategy.models import KpiDefinition, KpiVersion

Owner = Member | Department | Organization
WEIGHT_UNIT = Decimal("0.01")


class CardRefused(Refused):
    """A step a card cannot take; the message says why and what to do."""


@dataclass(frozen=True)
class Draft:
    """A line to be put on the card of an owner in a period. Weight 100 = the whole card."""

    owner: Owner
    period: Period
    kpi: KpiVersion
    weight: Decimal
    target: Decimal | None = None
    baseline: Decimal | None = None
    method: str = ""
    params: dict | None = None


@dataclass
class Assigned:
    """What an assignment did: lines put on cards, and cards that would not take them, with the reason."""

    lines: int = 0
    cards: list[Scorecard] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def owner_fields(owner: Owner) -> dict:
    """The columns by which a card names its owner."""
    if isinstance(owner, Member):
        return {"owner_kind": OwnerKind.MEMBER, "member_id": owner.pk, "department_id": None}
    if isinstance(owner, Department):
        return {"owner_kind": OwnerKind.DEPARTMENT, "member_id": None, "department_id": owner.pk}
    return {"owner_kind": OwnerKind.ORGANIZATION, "member_id": None, "department_id": None}


def _key(fields, period_id: int) -> tuple:
    return period_id, fields["owner_kind"], fields["member_id"], fields["department_id"]


def get_or_create_cards(*, owners: Sequence[Owner], periods: Sequence[Period]) -> dict[tuple, Scorecard]:
    """The cards of owners in periods, locked, made where there is none, keyed as `card_key`; four queries."""
    wanted = {_key(owner_fields(owner), period.pk): (owner, period) for owner in owners for period in periods}
    Scorecard.objects.bulk_create(
        [Scorecard(period=period, **owner_fields(owner)) for owner, period in wanted.values()], ignore_conflicts=True
    )
    theirs = Q(member__in=[owner.pk for owner in owners if isinstance(owner, Member)])
    theirs |= Q(department__in=[owner.pk for owner in owners if isinstance(owner, Department)])
    if any(isinstance(owner, Organization) for owner in owners):
        theirs |= Q(owner_kind=OwnerKind.ORGANIZATION)
    cards = Scorecard.objects.filter(theirs, period__in=periods)
    recompute.lock_cards(list(cards.values_list("pk", flat=True)))
    found = cards.select_related("period", "member", "department", "organization").order_by("pk")
    return {key: card for card in found if (key := _key(vars(card), card.period_id)) in wanted}


def card_key(owner: Owner, period: Period) -> tuple:
    """How `get_or_create_cards` names a card."""
    return _key(owner_fields(owner), period.pk)


@transaction.atomic
def get_or_create_card(*, owner: Owner, period: Period, by: Member) -> Scorecard:
    """The card of a person, department or the organization in a period; a new one is an empty draft."""
    existed = Scorecard.objects.filter(period=period, **owner_fields(owner)).exists()
    card = get_or_create_cards(owners=[owner], periods=[period])[card_key(owner, period)]
    if not existed:
        audit.record(action="card.create", target=card, by=by, after={"period": period.code})
    return card


def check_line(kpi: KpiVersion, weight: Decimal, target, baseline, method: str = "", params=None) -> None:
    """Refuse a weight, target or baseline that can never be scored. Raises CardRefused with the kernel's words."""
    if not ZERO <= weight <= HUNDRED:
        raise CardRefused(_("%(kpi)s: a weight lies between 0 and 100.") % {"kpi": kpi.name})
    problems = problems_of(rule_of(kpi, method, params), target=target, baseline=baseline)
    if problems:
        raise CardRefused(f"{kpi.name}: {sentence_of(problems[0])}")


@transaction.atomic
def put_lines(*, drafts: Sequence[Draft], by: Member, today) -> Assigned:
    """Put lines on cards, made where missing; a KPI that is on a draft card already gets the new numbers.

    Agreed cards and locked periods are left alone and named in `refused`. The number of queries does not depend on
    how many owners, periods or KPIs there are. Raises CardRefused for numbers that can never be scored.
    """
    _refuse_drafts([draft.kpi for draft in drafts])
    # Parameters are one object for all lines of an assignment, and no key.
    for draft in {(d.kpi.pk, d.weight, d.target, d.baseline, d.method, id(d.params)): d for d in drafts}.values():
        check_line(draft.kpi, draft.weight, draft.target, draft.baseline, draft.method, draft.params)
    periods = list({draft.period.pk: draft.period for draft in drafts}.values())
    owners = list({(type(draft.owner), draft.owner.pk): draft.owner for draft in drafts}.values())
    cards = get_or_create_cards(owners=owners, periods=periods)
    result = Assigned()
    open_cards = {key: card for key, card in cards.items() if _takes_lines(card, result)}
    held = _lines_by_definition([card.pk for card in open_cards.values()])
    places = dict(
        ScorecardLine.objects.filter(scorecard__in=[card.pk for card in open_cards.values()])
        .order_by()
        .values_list("scorecard")
        .annotate(last=Max("position"))
    )
    new, changed = [], []
    for draft in drafts:
        card = open_cards.get(card_key(draft.owner, draft.period))
        if card is None:
            continue
        line = held.get((card.pk, draft.kpi.definition_id))
        if line is None:
            places[card.pk] = places.get(card.pk, 0) + 1
            line = ScorecardLine(scorecard=card, position=places[card.pk])
            held[card.pk, draft.kpi.definition_id] = line
            new.append(line)
        elif line.pk:
            changed.append(line)
        line.kpi, line.weight, line.target, line.baseline = draft.kpi, draft.weight, draft.target, draft.baseline
        line.is_scored = draft.kpi.is_scored
        if draft.method:
            line.method, line.params = draft.method, draft.params
        elif line.method:
            # What was set for this line alone stays, and has to fit the new numbers.
            check_line(line.kpi, line.weight, line.target, line.baseline, line.method, line.params)
    ScorecardLine.objects.bulk_create(new)
    line_writes.update_numbers(changed)
    result.cards = [card for key, card in open_cards.items()]
    result.lines = len(new) + len(changed)
    _rescore(new + changed, today)
    if result.lines:
        audit.record(
            action="card.assign",
            target=result.cards[0] if len(result.cards) == 1 else periods[0],
            by=by,
            after={"cards": [card.pk for card in result.cards], "lines": _said_once(new + changed)},
        )
    return result


def _said_once(lines: Sequence[ScorecardLine]) -> list[dict]:
    """Lines for the audit trail: equal numbers of a KPI once, with their cards where a KPI has several."""
    alike: dict[tuple, list[int]] = {}
    kpis: dict[int, set[tuple]] = {}
    for line in lines:
        own = (line.method, json.dumps(line.params, sort_keys=True)) if line.method else ("", "")
        numbers = (line.kpi_id, line.kpi.told_name, *_texts(vars(line), "weight", "target", "baseline").values(), *own)
        alike.setdefault(numbers, []).append(line.scorecard_id)
        kpis.setdefault(line.kpi_id, set()).add(numbers)
    said = []
    for (kpi, name, weight, target, baseline, method, params), cards in alike.items():
        event = {"kpi": name, "weight": weight, "target": target}
        if baseline is not None:
            event["baseline"] = baseline
        if method:
            event |= {"method": method, "params": json.loads(params)}
        if len(kpis[kpi]) > 1:
            event["cards"] = cards
        said.append(event)
    return said


def _refuse_drafts(versions: Sequence[KpiVersion]) -> None:
    """Nobody is measured by a KPI that is still a draft. Loads the definitions, for what is told of the lines."""
    found = KpiDefinition.objects.in_bulk({version.definition_id for version in versions})
    for version in versions:
        version.definition = found[version.definition_id]
    drafts = [definition.name for definition in found.values() if definition.state != KpiState.ACTIVE]
    if drafts:
        raise CardRefused(_("Still a draft: %(kpis)s. Activate it first.") % {"kpis": ", ".join(drafts)})


def _takes_lines(card: Scorecard, result: Assigned) -> bool:
    if card.is_agreed:
        result.refused.append(
            _("%(owner)s, %(period)s: agreed already. Ask for a change instead.")
            % {"owner": card.owner_name, "period": card.period.label}
        )
    elif not card.period.is_open:
        result.refused.append(
            _("%(owner)s, %(period)s: the period is locked.") % {"owner": card.owner_name, "period": card.period.label}
        )
    else:
        return True
    return False


def _lines_by_definition(card_ids: Sequence[int]) -> dict[tuple[int, int], ScorecardLine]:
    lines = ScorecardLine.objects.filter(scorecard__in=card_ids).select_related("kpi")
    return {(line.scorecard_id, line.kpi.definition_id): line for line in lines}


def _rescore(lines: Sequence[ScorecardLine], today) -> None:
    if lines:
        recompute.refresh_actuals(line_ids=[line.pk for line in lines])
        recompute.rescore_cards(card_ids=sorted({line.scorecard_id for line in lines}), on=today)
        recompute.apply_links_after_commit(on=today)


def lock_draft(card: Scorecard) -> Scorecard:
    """The card, locked, when its lines may still be set. Raises CardRefused for an agreed card or a locked period."""
    card = _lock(card)
    if card.is_agreed:
        raise CardRefused(_("This card is agreed. Weights and targets change by a request with a reason."))
    return card


def _lock(card: Scorecard) -> Scorecard:
    recompute.lock_cards([card.pk])
    card = Scorecard.objects.select_related("period", "member", "department__head", "organization").get(pk=card.pk)
    if not card.period.is_open:
        raise CardRefused(
            _("%(period)s is locked. Ask HR to reopen it, with a reason.") % {"period": card.period.label}
        )
    return card


@transaction.atomic
def update_lines(*, card: Scorecard, changes: dict[int, dict], by: Member, today) -> Scorecard:
    """Set weight, target, baseline, method and parameters of a draft's lines: {line id: {field: value}}.

    Raises CardRefused.
    """
    card = lock_draft(card)
    lines = {line.pk: line for line in card.lines.select_related("kpi") if line.pk in changes}
    before, after, touched = {}, {}, []
    for pk, line in lines.items():
        old = {name: getattr(line, name) for name in changes[pk]}
        if old == changes[pk]:
            continue
        for name, value in changes[pk].items():
            setattr(line, name, value)
        check_line(line.kpi, line.weight, line.target, line.baseline, line.method, line.params)
        before[pk], after[pk] = _texts(old), _texts(changes[pk])
        touched.append(line)
    if touched:
        ScorecardLine.objects.bulk_update(touched, ["weight", "target", "baseline", "method", "params"])
        _rescore(touched, today)
        audit.record(action="card.edit", target=card, by=by, before=before, after=after)
    return card


def _texts(values: dict, *names: str) -> dict:
    chosen = {name: values[name] for name in names} if names else values
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in chosen.items()}


@transaction.atomic
def remove_line(*, line: ScorecardLine, by: Member, today) -> Scorecard:
    """Take a KPI off a draft card. Raises CardRefused when something was logged for it."""
    card = lock_draft(line.scorecard)
    if line.actuals.exists():
        raise CardRefused(_("%(kpi)s has entries, so it stays. Waive it instead.") % {"kpi": line.kpi.name})
    before = {"kpi": line.kpi.told_name, "weight": plain(line.weight)}
    line.delete()
    recompute.rescore_cards(card_ids=[card.pk], on=today)
    audit.record(action="card.remove_line", target=card, by=by, before=before)
    return card


@transaction.atomic
def balance_weights(*, card: Scorecard, by: Member, today) -> Scorecard:
    """Scale a draft's weights to 100.00 in all, each keeping its share; equal shares when all are 0."""
    lines = _weighed_lines(card)
    shares = zip(lines, balanced([line.weight for line in lines]), strict=True)
    return update_lines(card=card, changes={line.pk: {"weight": share} for line, share in shares}, by=by, today=today)


@transaction.atomic
def suggest_card_weights(*, card: Scorecard, by: Member, today) -> Scorecard:
    """Set a draft's weights by the groups of its KPIs, A3 : B2 : C1, within the limits of the company."""
    suggested = suggestions(_weighed_lines(card), card_rules())
    changes = {pk: {"weight": weight} for pk, weight in suggested.items()}
    return update_lines(card=card, changes=changes, by=by, today=today)


def _weighed_lines(card: Scorecard) -> list[ScorecardLine]:
    """The scored lines of a draft, which is locked, in their order. Raises CardRefused when there is none."""
    card = lock_draft(card)
    lines = list(card.lines.select_related("kpi").filter(is_scored=True).order_by("position", "pk"))
    if not lines:
        raise CardRefused(_("There is nothing to balance: add a KPI first."))
    return lines


def balanced(weights: Sequence[Decimal], total: Decimal = HUNDRED) -> list[Decimal]:
    """Weights scaled to a total by largest remainder, whole numbers when the given ones were whole."""
    whole = all(weight == weight.to_integral_value() for weight in [*weights, total])
    unit = Decimal(1) if whole else WEIGHT_UNIT
    try:
        return allocate(total, weights, unit=unit)
    except AllocationError:
        return allocate(total, [Decimal(1)] * len(weights), unit=unit)


@transaction.atomic
def submit_card(*, card: Scorecard, by: Member) -> Scorecard:
    """Hand a draft in for agreement. Raises CardRefused unless it could be agreed as it is."""
    card = lock_draft(card)
    if card.state == CardState.SUBMITTED:
        raise CardRefused(_("This card already waits for agreement."))
    check_complete(card)
    card.state, card.submitted_at, card.submitted_by = CardState.SUBMITTED, timezone.now(), by
    card.save(update_fields=["state", "submitted_at", "submitted_by"])
    audit.record(action="card.submit", target=card, by=by, after={"state": card.state})
    deciders = recipients.decider_ids(card, timezone.localdate(card.submitted_at))
    notifications.settle(kinds=[notices.CARD_RETURNED], targets=[card])
    notifications.notify(to=deciders, kind=notices.CARD_SUBMITTED, target=card, by=by)
    return card


@transaction.atomic
def agree_card(*, card: Scorecard, by: Member) -> Scorecard:
    """Freeze weights and targets. Raises CardRefused unless weights are exactly 100 and someone else agrees."""
    card = lock_draft(card)
    if by.pk in measured_by(card):
        raise CardRefused(_("Nobody agrees their own card: someone above, or the strategy office, does."))
    check_complete(card)
    before, card.state = card.state, CardState.AGREED
    card.agreed_at, card.agreed_by = timezone.now(), by
    card.save(update_fields=["state", "agreed_at", "agreed_by"])
    lines = card.lines.select_related("kpi__definition")
    audit.record(
        action="card.agree",
        target=card,
        by=by,
        before={"state": before},
        after={
            "state": card.state,
            "lines": {line.kpi.told_name: _texts({"weight": line.weight, "target": line.target}) for line in lines},
        },
    )
    notifications.settle(kinds=[notices.CARD_SUBMITTED, notices.CARD_RETURNED], targets=[card])
    notifications.notify(to=recipients.measured_ids(card), kind=notices.CARD_AGREED, target=card, by=by)
    return card


@transaction.atomic
def return_card(*, card: Scorecard, reason: str, by: Member) -> Scorecard:
    """Send a submitted card back to its owner, with a reason. Raises CardRefused."""
    card = lock_draft(card)
    if card.state != CardState.SUBMITTED:
        raise CardRefused(_("Only a card that waits for agreement can be returned."))
    if not reason.strip():
        raise CardRefused(_("Say why the card is returned."))
    submitted_by, reason = card.submitted_by_id, reason.strip()
    card.state, card.submitted_at, card.submitted_by = CardState.DRAFT, None, None
    card.save(update_fields=["state", "submitted_at", "submitted_by"])
    audit.record(action="card.return", target=card, by=by, after={"state": card.state}, reason=reason)
    notifications.settle(kinds=[notices.CARD_SUBMITTED], targets=[card])
    told = {*recipients.measured_ids(card), submitted_by}
    notifications.notify(to=told, kind=notices.CARD_RETURNED, target=card, by=by, facts={"reason": reason})
    return card


def measured_by(card: Scorecard) -> set[int]:
    """Ids of those a card measures: the person, or the head of the department."""
    return {pk for pk in (card.member_id, card.department and card.department.head_id) if pk}


def check_complete(card: Scorecard) -> None:
    """Refuse a card that has no line, lacks a target, or breaks the card rules of the company. Raises CardRefused."""
    lines = list(card.lines.select_related("kpi"))
    if not lines:
        raise CardRefused(_("The card is empty: add a KPI first."))
    open_targets = [
        line.kpi.name for line in lines if line.target is None and rule_of(line.kpi, line.method).method in NEEDS_TARGET
    ]
    if open_targets:
        raise CardRefused(_("Set a target for: %(kpis)s.") % {"kpis": ", ".join(open_targets)})
    if refused := [finding.text for finding in findings_of(lines, card_rules()) if finding.refuses]:
        raise CardRefused(" ".join(refused))


@transaction.atomic
def waive_line(*, line: ScorecardLine, reason: str, by: Member, today) -> ScorecardLine:
    """Take a line out of the score of its period, with a reason; never by the one it measures. Raises CardRefused."""
    card = _lock(line.scorecard)
    if by.pk in measured_by(card):
        raise CardRefused(_("Nobody waives a KPI of their own card."))
    if not reason.strip():
        raise CardRefused(_("Say why this KPI does not apply."))
    line.waived_reason, line.waived_by = reason.strip(), by
    line.save(update_fields=["waived_reason", "waived_by"])
    _rescore([line], today)
    audit.record(action="line.waive", target=line, by=by, after={"waived": True}, reason=line.waived_reason)
    return line
