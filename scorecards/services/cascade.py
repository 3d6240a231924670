"""Links of the cascade: who feeds or supports whom, refused where numbers would lie; open cards follow at once."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from kpiapp.models import Department, Member, Organization, Period
from kpiapp.services import audit
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import current_organization_id
from scorecards import recompute
from scorecards.choices import LIVE_STATES, CardState, LinkKind
from scorecards.models import Actual, KpiLink, OwnedKpi, Scorecard, ScorecardLine
from scorecards.scoring import path_up, second_path, why_not_additive
from scorecards.scoring.cascade import MEAN_PART, RATE_WITHOUT_PARTS
from scorecards.services.scorecards import measured_by, owner_fields
from strategy.choices import Aggregation
from strategy.models import KpiDefinition

Owner = Member | Department | Organization
PERIODS_NAMED = 3
_NAMED = ("definition__current", "member", "department", "organization")


class LinkRefused(Refused):
    """A link that would make numbers lie; the message says why and what to do."""


@dataclass
class Linked:
    """What linking did: the links made, and why others were refused."""

    links: list[KpiLink] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def owned_kpi(definition: KpiDefinition, owner: Owner) -> OwnedKpi:
    """A KPI on an owner as one end of a link."""
    found, _new = OwnedKpi.objects.get_or_create(definition=definition, **owner_fields(owner))
    return _loaded(found.pk)


def owned_of(lines: Iterable[ScorecardLine]) -> list[OwnedKpi]:
    """The owned KPI of each line, in their order, made where there is none; two queries."""
    rows = [_owned_fields(line) for line in lines]
    OwnedKpi.objects.bulk_create([OwnedKpi(**fields) for fields in rows], ignore_conflicts=True)
    there = OwnedKpi.objects.filter(definition__in={fields["definition_id"] for fields in rows})
    by_key = {(o.definition_id, o.owner_kind, o.department_id, o.member_id): o for o in there}
    return [by_key[tuple(fields.values())] for fields in rows]


def owned_by(owners: Sequence[Member | Department], definition_id: int) -> list[OwnedKpi]:
    """A KPI on each of these owners, made where there is none; two queries."""
    rows = [{"definition_id": definition_id, **owner_fields(owner)} for owner in owners]
    OwnedKpi.objects.bulk_create([OwnedKpi(**fields) for fields in rows], ignore_conflicts=True)
    theirs = Q(department__in=[row["department_id"] for row in rows]) | Q(member__in=[row["member_id"] for row in rows])
    return list(OwnedKpi.objects.filter(theirs, definition=definition_id).select_related(*_NAMED, "department__head"))


def holds(*, parent: int, child: int, on: datetime.date) -> bool:
    """Whether one owned KPI feeds or supports another on a day."""
    return KpiLink.objects.on(on).filter(parent=parent, child=child).exists()


def _owned_fields(line: ScorecardLine) -> dict:
    card = line.scorecard
    return {
        "definition_id": line.kpi.definition_id,
        "owner_kind": card.owner_kind,
        "department_id": card.department_id,
        "member_id": card.member_id,
    }


def _loaded(pk: int) -> OwnedKpi:
    return OwnedKpi.objects.select_related(*_NAMED).get(pk=pk)


def link_kpis(
    *,
    parent: OwnedKpi,
    child: OwnedKpi,
    kind: str,
    valid_from: datetime.date,
    by: Member,
    today: datetime.date,
    rolls_up: bool | None = None,
) -> KpiLink:
    """Let a KPI feed or support another from a day on. Raises LinkRefused. See link_many."""
    done = link_many(
        parent=parent, children=[child], kind=kind, valid_from=valid_from, by=by, today=today, rolls_up=rolls_up
    )
    if done.refused:
        raise LinkRefused(done.refused[0])
    return done.links[0]


@transaction.atomic
def link_many(
    *,
    parent: OwnedKpi,
    children: Sequence[OwnedKpi],
    kind: str,
    valid_from: datetime.date,
    by: Member,
    today: datetime.date,
    rolls_up: bool | None = None,
    is_decided: bool = False,
) -> Linked:
    """Let KPIs feed or support another from a day on; good ones are linked, others come back with the reason.

    `rolls_up` None goes with what the parent does already, and adds up where it has no children yet. `is_decided` says
    that it follows from something else, such as a transfer. The number of queries does not depend on how many there
    are. Raises LinkRefused for what concerns the parent.
    """
    _one_at_a_time()
    parent = _loaded(parent.pk)
    links = _links_from(valid_from)
    rolls_up = _source_of(parent, links, kind, rolls_up)
    if rolls_up:
        _refuse_own_entries(parent, valid_from)
        if not is_decided:
            _refuse_own_card(parent, valid_from, by)
    done = Linked()
    for child in OwnedKpi.objects.filter(pk__in=[one.pk for one in children]).select_related(*_NAMED).order_by("pk"):
        link = KpiLink(parent=parent, child=child, kind=kind, rolls_up=rolls_up, valid_from=valid_from, created_by=by)
        try:
            _refuse_shape(parent, child, [*links, *done.links], adds_up=kind == LinkKind.CONTRIBUTION)
            if kind == LinkKind.CONTRIBUTION:
                _refuse_other_kpi(parent, child)
        except LinkRefused as refusal:
            done.refused.append(str(refusal))
        else:
            done.links.append(link)
    KpiLink.objects.bulk_create(done.links)
    if done.links:
        recompute.apply_links(on=today, parents=[parent.pk])
        after = {"children": [link.child.told for link in done.links], "kind": kind, "valid_from": valid_from}
        audit.record(action="cascade.link", target=parent, by=by, after={**after, "rolls_up": rolls_up})
    return done


@transaction.atomic
def end_link(*, link: KpiLink, on: datetime.date, by: Member, today: datetime.date, is_decided: bool = False) -> None:
    """Let a link hold no longer from a day on; one that would never have held is taken away. Raises LinkRefused."""
    _one_at_a_time()
    link = KpiLink.objects.select_related("parent", "child").get(pk=link.pk)
    parent = _loaded(link.parent_id)
    if link.valid_to is not None and link.valid_to <= on:
        raise LinkRefused(_("This link has ended already."))
    if link.rolls_up and not is_decided:
        _refuse_own_card(parent, max(on, link.valid_from), by)
    before = {"children": [_loaded(link.child_id).told], "valid_from": link.valid_from}
    audit.record(action="cascade.unlink", target=parent, by=by, before=before, after={"valid_to": on})
    _end([link], on)
    recompute.apply_links(on=today, parents=[parent.pk])


@transaction.atomic
def choose_source(
    *, parent: OwnedKpi, rolls_up: bool, valid_from: datetime.date, by: Member, today: datetime.date
) -> None:
    """From a day on, let a KPI take its actual from its children, or keep its own entries and only compare."""
    _one_at_a_time()
    parent = _loaded(parent.pk)
    links = [
        link
        for link in _links_from(valid_from)
        if link.parent_id == parent.pk and link.kind == LinkKind.CONTRIBUTION and link.rolls_up != rolls_up
    ]
    if not links:
        raise LinkRefused(_("Nothing would change: this KPI already works like that, or nothing contributes to it."))
    _refuse_own_card(parent, valid_from, by)
    _refuse_inside(parent, valid_from)
    if rolls_up:
        _refuse_own_entries(parent, valid_from)
        others = [link for link in _links_from(valid_from) if link not in links]
        for link in links:
            _refuse_shape(parent, _loaded(link.child_id), others, adds_up=True)
    _end(links, valid_from)
    KpiLink.objects.bulk_create(
        KpiLink(
            parent=parent,
            child_id=link.child_id,
            kind=link.kind,
            rolls_up=rolls_up,
            valid_from=max(valid_from, link.valid_from),
            valid_to=link.valid_to,
            created_by=by,
        )
        for link in links
    )
    recompute.apply_links(on=today, parents=[parent.pk])
    after = {"rolls_up": rolls_up, "valid_from": valid_from, "links": len(links)}
    audit.record(action="cascade.source", target=parent, by=by, before={"rolls_up": not rolls_up}, after=after)


def _one_at_a_time() -> None:
    """Two links saved at once could close a circle that neither sees."""
    with connection.cursor() as cursor:
        key = f"cascade:{current_organization_id()}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _links_from(valid_from: datetime.date) -> list[KpiLink]:
    """Links that hold on some day from this one on."""
    return list(KpiLink.objects.filter(Q(valid_to=None) | Q(valid_to__gt=valid_from)))


def _end(links: Sequence[KpiLink], on: datetime.date) -> None:
    KpiLink.objects.filter(pk__in=[link.pk for link in links if link.valid_from >= on]).delete()
    KpiLink.objects.filter(pk__in=[link.pk for link in links if link.valid_from < on]).update(valid_to=on)


def _source_of(parent: OwnedKpi, links: Sequence[KpiLink], kind: str, wanted: bool | None) -> bool:
    if kind == LinkKind.SUPPORT:
        return False
    present = {link.rolls_up for link in links if link.parent_id == parent.pk and link.kind == LinkKind.CONTRIBUTION}
    if not present:
        return True if wanted is None else wanted
    (now,) = present if len(present) == 1 else (True,)
    if wanted is not None and wanted != now:
        raise LinkRefused(
            _(
                "%(parent)s takes its actual from one place only: from its children, or from entries of its own. Change"
                " that for all of them at once."
            )
            % {"parent": parent}
        )
    return now


def _refuse_shape(parent: OwnedKpi, child: OwnedKpi, links: Sequence[KpiLink], *, adds_up: bool) -> None:
    """Refuse a second link between two, a circle, and a second way for the same numbers."""
    if parent.pk == child.pk:
        raise LinkRefused(_("A KPI cannot feed itself. Choose another one."))
    if any((link.parent_id, link.child_id) == (parent.pk, child.pk) for link in links):
        raise LinkRefused(_("These two are linked already. End that link first."))
    circle = path_up([(link.child_id, link.parent_id) for link in links], parent.pk, child.pk)
    if circle:
        raise LinkRefused(
            _("This would close a circle: %(path)s. Take one of these links away first.")
            % {"path": _named([child.pk, *circle])}
        )
    if not adds_up:
        return
    # What is only compared counts here, too: the parent's own entries are those of its children in another form.
    edges = [(link.child_id, link.parent_id) for link in links if link.kind == LinkKind.CONTRIBUTION]
    twice = second_path(edges, child.pk, parent.pk)
    if twice:
        raise LinkRefused(
            _("%(child)s would count twice: it is already in by %(path)s. Link it as support, or end that link.")
            % {"child": child, "path": _named(twice)}
        )


def _named(ids: Sequence[int]) -> str:
    names = {owned.pk: str(owned) for owned in OwnedKpi.objects.filter(pk__in=ids).select_related(*_NAMED)}
    return " → ".join(names[pk] for pk in ids)


def _refuse_other_kpi(parent: OwnedKpi, child: OwnedKpi) -> None:
    if parent.definition_id != child.definition_id:
        raise LinkRefused(
            _(
                "Only the same KPI adds up: “%(child)s” is not “%(parent)s”. Give both the same KPI, or link it as"
                " support."
            )
            % {"child": child.definition.name, "parent": parent.definition.name}
        )
    version = parent.definition.current
    if version.aggregation == Aggregation.FORMULA:
        raise LinkRefused(
            _("“%(name)s” is calculated on every card. Let what it is made of add up, or link it as support.")
            % {"name": parent.definition.name}
        )
    reason = why_not_additive(version.aggregation, version.unit, version.numerator_agg, version.denominator_agg)
    if reason == RATE_WITHOUT_PARTS:
        raise LinkRefused(
            _(
                "A percentage typed as one number cannot be added up: its denominator is lost. Define the KPI as a"
                " ratio of totals, or link it as support."
            )
        )
    if reason == MEAN_PART:
        raise LinkRefused(
            _(
                "A ratio with a mean in it does not add up over several cards. Let its parts add up or take the last"
                " entry, or link it as support."
            )
        )
    if reason:
        raise LinkRefused(_("This kind of KPI does not add up over several cards. Link it as support."))


def _cards_from(parent: OwnedKpi, valid_from: datetime.date):
    """Cards of the parent's owner in open periods in which a link from this day on holds."""
    same = {"owner_kind": parent.owner_kind, "member": parent.member_id, "department": parent.department_id}
    periods = Period.objects.filter(locked_at=None, ends_on__gt=valid_from)
    return Scorecard.objects.filter(period__in=periods, **same)


def _refuse_own_entries(parent: OwnedKpi, valid_from: datetime.date) -> None:
    entries = Actual.objects.filter(
        line__scorecard__in=_cards_from(parent, valid_from).values("pk"),
        line__kpi__definition=parent.definition_id,
        state__in=LIVE_STATES,
    )
    _refuse_segments(parent, valid_from)
    periods = Period.objects.filter(pk__in=entries.values("line__scorecard__period")).order_by("starts_on")
    if periods:
        named = ", ".join(period.label for period in periods[:PERIODS_NAMED])
        raise LinkRefused(
            _(
                "%(parent)s has entries of its own in %(periods)s, which would count beside those of its children."
                " Withdraw them, start later, or let it keep its own entries."
            )
            % {"parent": parent, "periods": named}
        )


def _refuse_inside(parent: OwnedKpi, valid_from: datetime.date) -> None:
    """A longer period that has begun takes its actual from one place from its first day to its last."""
    inside = _cards_from(parent, valid_from).filter(
        period__starts_on__lt=valid_from, lines__kpi__definition=parent.definition_id
    )
    card = inside.select_related("period").order_by("period__starts_on").first()
    if card:
        raise LinkRefused(
            _("%(parent)s stands on the card of %(period)s, too. Change it there, for the whole of that period.")
            % {"parent": parent, "period": card.period.label}
        )


def _refuse_segments(parent: OwnedKpi, valid_from: datetime.date) -> None:
    cards = _cards_from(parent, valid_from).values("pk")
    lines = ScorecardLine.objects.filter(scorecard__in=cards, kpi__definition=parent.definition_id, in_segments=True)
    changed = lines.select_related("scorecard__period").first()
    if changed:
        raise LinkRefused(
            _(
                "%(parent)s changed in the middle of %(period)s and is scored in two parts. Let the link begin with the"
                " next period."
            )
            % {"parent": parent, "period": changed.scorecard.period.label}
        )


def _refuse_own_card(parent: OwnedKpi, valid_from: datetime.date, by: Member) -> None:
    agreed = _cards_from(parent, valid_from).filter(state=CardState.AGREED).select_related("department")
    if any(by.pk in measured_by(card) for card in agreed):
        raise LinkRefused(
            _(
                "Nobody changes where the numbers of their own agreed card come from: someone above, or the strategy"
                " office, does."
            )
        )
