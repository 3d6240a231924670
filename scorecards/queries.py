"""Reads that depend on who asks, or that are used twice: visible cards, a card with its lines, what waits for whom."""

import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext

from kpiapp import queries as people
from kpiapp.choices import Scope
from kpiapp.decimals import ONE, ZERO
from kpiapp.models import Employment, Member, Period, calendar_columns
from kpiapp.permissions import Permission, scope_of
from scorecards.choices import LIVE_STATES, ActualState, CardState, ChangeState, OwnerKind
from scorecards.models import (
    Actual,
    ChangeRequest,
    EarlyWarning,
    Evidence,
    LineSegment,
    RollupScore,
    Scorecard,
    ScorecardLine,
)
from strategy.choices import Aggregation
from strategy.models import KpiVersion
from strategy.visibility import hidden_kpis

HISTORY_PERIODS = 12


def _cards_of(member: Member, permission: Permission, on: datetime.date) -> Q:
    """The cards a permission reaches: one's own, those of the team and the departments led, or all."""
    scope = scope_of(member, permission)
    if scope is None:
        return Q(pk__in=[])
    if scope == Scope.ALL:
        return Q()
    reach = Q(member=member.pk)
    if scope == Scope.TEAM:
        led = people.visible_departments(member, permission, on).values("pk")
        reach |= Q(member__in=people.visible_members(member, permission, on).values("pk")) | Q(department__in=led)
    return reach


def _not_measured(member: Member) -> Q:
    """Cards on which the member is not the one measured: neither their own nor that of a department they head."""
    return ~Q(member=member.pk, owner_kind=OwnerKind.MEMBER) & ~Q(
        department__head=member.pk, owner_kind=OwnerKind.DEPARTMENT
    )


def visible_cards(member: Member, on: datetime.date) -> QuerySet[Scorecard]:
    """Cards a member may read: by scope, and for everyone the card of the organization and of one's department."""
    reach = _cards_of(member, Permission.CARD_READ, on)
    if reach and scope_of(member, Permission.CARD_READ):
        own = Employment.objects.on(on).filter(member=member.pk).values("department")
        reach |= Q(owner_kind=OwnerKind.ORGANIZATION) | Q(department__in=own)
    return Scorecard.objects.filter(reach)


def responsible_cards(member: Member, on: datetime.date) -> QuerySet[Scorecard]:
    """One's own card, those of the team and of what one leads, or all; without what everybody may read."""
    return Scorecard.objects.filter(_cards_of(member, Permission.CARD_READ, on))


def editable_cards(member: Member, on: datetime.date) -> QuerySet[Scorecard]:
    """Cards whose lines, weights and targets a member may set while they are drafts."""
    return Scorecard.objects.filter(_cards_of(member, Permission.CARD_EDIT, on))


def agreeable_cards(member: Member, on: datetime.date) -> QuerySet[Scorecard]:
    """Cards a member may agree or return: never one they are measured by."""
    return Scorecard.objects.filter(_cards_of(member, Permission.CARD_AGREE, on) & _not_measured(member))


def open_lines(member: Member, on: datetime.date) -> QuerySet[ScorecardLine]:
    """Lines of every card, without those of confidential KPIs of which the member may know nothing."""
    return ScorecardLine.objects.exclude(kpi__definition__in=hidden_kpis(member, on).values("pk"))


def editable_lines(member: Member, on: datetime.date) -> QuerySet[ScorecardLine]:
    """Lines for which a member may record what was reached."""
    cards = Scorecard.objects.filter(_cards_of(member, Permission.ACTUAL_RECORD, on))
    return open_lines(member, on).filter(scorecard__in=cards.values("pk"))


def visible_lines(member: Member, on: datetime.date) -> QuerySet[ScorecardLine]:
    """Lines of the cards a member may read."""
    return open_lines(member, on).filter(scorecard__in=visible_cards(member, on).values("pk"))


def changeable_lines(member: Member, on: datetime.date) -> QuerySet[ScorecardLine]:
    """Agreed lines for which a member may ask for a change."""
    cards = Scorecard.objects.filter(_cards_of(member, Permission.CHANGE_REQUEST, on), state=CardState.AGREED)
    return open_lines(member, on).filter(scorecard__in=cards.values("pk"))


def waivable_lines(member: Member, on: datetime.date) -> QuerySet[ScorecardLine]:
    """Lines a member may waive or wipe out: who may agree the card, or ask for a change of everybody's (HR)."""
    cards = agreeable_cards(member, on)
    if scope_of(member, Permission.CHANGE_REQUEST) == Scope.ALL:
        cards = Scorecard.objects.filter(_not_measured(member))
    return open_lines(member, on).filter(scorecard__in=cards.values("pk"))


def with_numbers(lines: QuerySet[ScorecardLine]) -> QuerySet[ScorecardLine]:
    """Lines with all a row shows, in the one query they are read with.

    Adds `last_at`, `last_by`, `last_note`, `waiting` (entries not yet approved), `files`, `weight_now` (of a dated
    weight, the one that holds since the last change; else None) and `history`: the actuals of the same KPI and owner
    over the periods before, newest first, without their factor (the shape is what counts).
    """
    entries = Actual.objects.filter(line=OuterRef("pk"), state__in=LIVE_STATES)
    last = entries.order_by("-on", "-pk")
    segments = LineSegment.objects.filter(line=OuterRef("pk"))
    before = (
        ScorecardLine.objects.filter(
            kpi__definition=OuterRef("kpi__definition"),
            scorecard__owner_kind=OuterRef("scorecard__owner_kind"),
            scorecard__period__kind=OuterRef("scorecard__period__kind"),
            scorecard__period__starts_on__lte=OuterRef("scorecard__period__starts_on"),
        )
        .filter(
            Q(scorecard__member=OuterRef("scorecard__member"))
            | Q(scorecard__department=OuterRef("scorecard__department"))
            | Q(scorecard__owner_kind=OwnerKind.ORGANIZATION)
        )
        .order_by("-scorecard__period__starts_on")
        .values_list(F("score__quantity") / NullIf(Coalesce("score__divisor", Value(ONE)), Value(ZERO)))
    )
    return lines.select_related(
        "scorecard__period",
        "scorecard__score",
        "scorecard__member",
        "scorecard__department",
        "score",
        "kpi__perspective",
        "kpi__objective__perspective",
    ).annotate(
        last_at=Subquery(last.values("entered_at")[:1]),
        last_by=Subquery(last.values("entered_by__name")[:1]),
        last_note=Subquery(last.values("note")[:1]),
        waiting=Coalesce(Subquery(_counted(entries.filter(state=ActualState.RECORDED), "line")), 0),
        files=Coalesce(Subquery(_counted(Evidence.objects.filter(actual__line=OuterRef("pk")), "actual__line")), 0),
        warned=ArraySubquery(
            EarlyWarning.objects.filter(line=OuterRef("pk"), closed_on=None).order_by("kind").values("kind")
        ),
        weight_now=Subquery(segments.order_by("-starts_on").values("weight")[:1]),
        change_waits=Exists(ChangeRequest.objects.filter(line=OuterRef("pk"), state=ChangeState.REQUESTED)),
        history=ArraySubquery(before[:HISTORY_PERIODS]),
    )


def _counted(rows: QuerySet, by: str) -> QuerySet:
    return rows.order_by().values(by).annotate(n=Count("pk")).values("n")


def card_with_lines(card: Scorecard, reader: Member, on: datetime.date) -> list[ScorecardLine]:
    """The lines of a card with all a row shows, the period's calendar too: one query, however many lines.

    A confidential KPI of which the reader may know nothing keeps its weight and loses everything else.
    """
    of_period = calendar_columns(OuterRef("scorecard__period__starts_on"), OuterRef("scorecard__period__ends_on"))
    lines = with_numbers(card.lines.all()).annotate(**of_period, is_hidden=is_hidden_from(reader, on))
    return [conceal(line) if line.is_hidden else line for line in lines]


def is_hidden_from(reader: Member, on: datetime.date) -> Exists:
    """Whether a reader may know nothing of the KPI of a line, as a part of a query of lines."""
    return Exists(hidden_kpis(reader, on).filter(pk=OuterRef("kpi__definition")))


def conceal(line: ScorecardLine) -> ScorecardLine:
    """A line that says no more than that there is a KPI of this weight; never to be saved."""
    line.kpi = KpiVersion(name=gettext("Confidential KPI"), group="", aggregation=Aggregation.COUNT)
    line.target = line.baseline = line.params = None
    line.method = ""
    line.waived_reason = line.wiped_out_reason = ""
    line._state.fields_cache["score"] = None
    for name in ("last_at", "last_by", "last_note", "waiting", "files", "change_waits", "weight_now"):
        setattr(line, name, None)
    line.history = []
    return line


RIGHTS = ("record", "edit", "agree", "change", "waive")


def rights_on(card: Scorecard, member: Member, on: datetime.date) -> dict[str, bool]:
    """What a member may do on a card, by name (see RIGHTS); one query."""
    measured = _not_measured(member)
    reach = {
        "record": _cards_of(member, Permission.ACTUAL_RECORD, on),
        "edit": _cards_of(member, Permission.CARD_EDIT, on),
        "agree": _cards_of(member, Permission.CARD_AGREE, on) & measured,
        "change": _cards_of(member, Permission.CHANGE_REQUEST, on),
    }
    everyone = scope_of(member, Permission.CHANGE_REQUEST) == Scope.ALL
    reach["waive"] = measured if everyone else reach["agree"]
    found = Scorecard.objects.filter(pk=card.pk).values_list(
        *(Case(When(_certain(reach[name]), then=True), default=False) for name in RIGHTS)
    )
    return dict(zip(RIGHTS, found.get(), strict=True))


def _certain(condition: Q) -> Q:
    """A condition that may be empty (everything), in a form a CASE takes."""
    return condition or Q(pk__isnull=False)


def reports(manager: Member, on: datetime.date) -> QuerySet[Member]:
    """The active people below a manager, however deep."""
    return Member.objects.filter(pk__in=people.team_ids(manager, on), is_active=True)


def own_card(member: Member, period: Period) -> Scorecard | None:
    """The card of a person in a period, with its score."""
    return Scorecard.objects.filter(member=member, period=period).select_related(*CARD_PARTS).first()


CARD_PARTS = ("period", "member", "department", "organization", "score", "agreed_by", "submitted_by")


def cards_of_period(member: Member, period: Period, on: datetime.date) -> QuerySet[Scorecard]:
    """Cards of a period a member may read, with owner, department and score, for lists."""
    place = Employment.objects.on(min(on, period.last_day)).filter(member=OuterRef("member"))
    return (
        visible_cards(member, on)
        .filter(period=period)
        .select_related("member", "department", "score", "organization")
        .annotate(
            place_id=Coalesce(
                Subquery(place.values("department_id")[:1]), F("department_id"), output_field=BigIntegerField()
            ),
            place_name=Coalesce(Subquery(place.values("department__name")[:1]), F("department__name")),
            job=Subquery(place.values("position__name")[:1]),
            owner_sort=Coalesce("member__sort_key", "department__sort_key"),
        )
    )


def periods_like(period: Period) -> list[Period]:
    """Periods of the same kind, oldest first: what a page's switcher offers."""
    return list(Period.objects.filter(kind=period.kind).order_by("starts_on"))


def period_on(day: datetime.date, code: str = "") -> Period | None:
    """The period a page shows: the one asked for by code, else the running month, else the latest that has begun."""
    if code:
        return next((period for period in all_periods() if period.code == code), None)
    # Several kinds may start on the same day: the shortest comes first.
    return Period.objects.filter(starts_on__lte=day).order_by("-starts_on", "ends_on").first()


def approvable_actuals(member: Member, on: datetime.date) -> QuerySet[Actual]:
    """Entries that wait for a member's approval: never their own, never on a card they are measured by."""
    cards = Scorecard.objects.filter(_cards_of(member, Permission.ACTUAL_APPROVE, on)).exclude(member=member.pk)
    return (
        Actual.objects.filter(line__scorecard__in=cards.values("pk"), state=ActualState.RECORDED)
        .filter(line__scorecard__period__locked_at=None)
        .exclude(entered_by=member.pk)
    )


def with_owners(entries: QuerySet[Actual]) -> QuerySet[Actual]:
    """Entries with whose they are, what they measure and what supports them, by owner and day."""
    return by_owner(
        entries.select_related(
            "line__kpi",
            "line__scorecard__period",
            "line__scorecard__member",
            "line__scorecard__department",
            "line__scorecard__organization",
            "entered_by",
            "corrects",
        ).prefetch_related("evidence")
    )


def by_owner(entries: QuerySet[Actual]) -> QuerySet[Actual]:
    """Entries person by person, each in the order of the card and of the days."""
    return entries.order_by("line__scorecard__member__sort_key", "line__scorecard_id", "line__position", "on", "pk")


def decidable_changes(member: Member, on: datetime.date) -> QuerySet[ChangeRequest]:
    """Requests a member may approve or refuse: not their own, not on a card they are measured by."""
    cards = Scorecard.objects.filter(_cards_of(member, Permission.CHANGE_APPROVE, on) & _not_measured(member))
    return ChangeRequest.objects.filter(line__scorecard__in=cards.values("pk"), state=ChangeState.REQUESTED).exclude(
        requested_by=member.pk
    )


def visible_changes(member: Member, on: datetime.date) -> QuerySet[ChangeRequest]:
    """Requests on cards a member may read, newest first."""
    return ChangeRequest.objects.filter(line__in=visible_lines(member, on).values("pk"))


def entries_of(line: ScorecardLine) -> QuerySet[Actual]:
    """Every entry of a line, superseded ones too, newest first, with who and what supports it."""
    return (
        Actual.objects.filter(line=line)
        .select_related("entered_by", "decided_by")
        .prefetch_related("evidence")
        .order_by("-on", "-pk")
    )


def sibling_card(card: Scorecard, period: Period, member: Member, on: datetime.date) -> Scorecard | None:
    """The card of the same owner in another period, when the member may read it."""
    same = {"owner_kind": card.owner_kind, "member": card.member_id, "department": card.department_id}
    return visible_cards(member, on).filter(period=period, **same).first()


def open_periods(on: datetime.date) -> list[Period]:
    """Periods that may be planned: not locked, and not over for longer than a month; oldest first."""
    since = on - datetime.timedelta(days=31)
    return list(Period.objects.filter(locked_at=None, ends_on__gt=since).order_by("starts_on", "ends_on"))


def visible_rollups(member: Member, on: datetime.date) -> QuerySet[RollupScore]:
    """Rolled-up scores a member may read: of the company and its strategy; of departments by scope, and one's own."""
    scope = scope_of(member, Permission.CARD_READ)
    if scope is None:
        return RollupScore.objects.none()
    if scope == Scope.ALL:
        return RollupScore.objects.all()
    own = Employment.objects.on(on).filter(member=member.pk).values("department")
    led = people.visible_departments(member, Permission.CARD_READ, on).values("pk")
    return RollupScore.objects.filter(Q(department=None) | Q(department__in=own) | Q(department__in=led))


def all_periods() -> list[Period]:
    """Every period, latest first."""
    return list(Period.objects.order_by("-starts_on", "ends_on"))
