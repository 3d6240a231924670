"""What scorecards put on the home page: one's own card, one's team, what waits for one, and HR's month."""

import datetime
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.choices import PeriodState, Role
from kpiapp.models import Employment, Member, Period
from kpiapp.permissions import Permission, can
from kpiapp.queries import count_of
from kpiapp.registry import HomeAction, HomePanel, HomeVisit
from kpiapp.services.periods import lock_blockers
from scorecards import queries
from scorecards.cascade import negotiation
from scorecards.choices import ActualState, CardState, LineState, OwnerKind, Status, WarningKind
from scorecards.models import Actual, EarlyWarning, LineScore, Scorecard, ScorecardLine
from scorecards.warnings import lists as warning_lists

SHOWN, OTHERS_SHOWN = 5, 3
# Off target weighs more than a late entry, a late entry more than a card that is not agreed.
OFF, LATE, NOT_AGREED = 4, 2, 1


def panels(visit: HomeVisit) -> list[HomePanel]:
    """One's own card, the team, what waits, warnings, HR's month: at most eight queries, whatever the roles."""
    if visit.period is None:
        return []
    month = Month(visit)
    found = [
        month.me(),
        offers_to(visit.member, visit.today),
        month.team(),
        month.waiting(),
        _warnings(visit),
        month.logging(),
        month.over(),
        month.not_ready(),
    ]
    return [panel for panel in found if panel]


def offers_to(member: Member, on: datetime.date) -> HomePanel | None:
    """Targets that wait for a member's answer, to be accepted in one tap; on the card of who has no other home."""
    waiting = list(negotiation.answerable_proposals(member, on)[: SHOWN + 1])
    if not waiting:
        return None
    context = {"proposals": waiting[:SHOWN], "more": len(waiting) > SHOWN}
    return HomePanel(
        _("Targets waiting for your answer"), "scorecards/_home_proposals.html", context, order=12, place="top"
    )


@dataclass
class Month:
    """The running period as a member sees it."""

    visit: HomeVisit

    def __post_init__(self) -> None:
        member = self.visit.member
        self.slug = member.organization.slug
        self.leads = Role.MANAGER in member.roles
        self.approves = can(member, Permission.ACTUAL_APPROVE)
        self.is_hr = can(member, Permission.PEOPLE_EDIT)
        self.counts = self._counts()

    def me(self) -> HomePanel:
        """One's own score, and the KPIs one still has to log."""
        card = _own_card(self.visit)
        action = None
        if card and card.without_entry and card.period.is_open:
            action = HomeAction(_("Log progress"), reverse("scorecards:mine", args=[self.slug]), "plus", order=80)
        context = {"card": card, "period": self.visit.period}
        return HomePanel(_("My scorecard"), "scorecards/_home_me.html", context, order=10, place="top", action=action)

    def team(self) -> HomePanel | None:
        """Where the people below a manager stand, who needs a look first, and which warnings are open."""
        if not self.leads:
            return None
        by_status = {row["key"] or Status.NONE.value: 0 for row in self.counts["statuses"]}
        for row in self.counts["statuses"]:
            by_status[row["key"] or Status.NONE.value] += row["rows"]
        context = {
            "period": self.visit.period,
            "people": self.counts["people"],
            "without_card": self.counts["people"] - sum(by_status.values()),
            "statuses": [{"status": s.value, "label": s.label, "value": by_status.get(s, 0)} for s in Status],
            "attention": _attention(self.visit),
            "warnings": [
                {"kind": kind.value, "label": kind.label, "cards": row["rows"]}
                for kind in WarningKind
                for row in self.counts["warnings"]
                if row["key"] == kind
            ],
        }
        return HomePanel(_("Your team this month"), "scorecards/_home_team.html", context, order=20)

    def waiting(self) -> HomePanel | None:
        """Decisions others wait for."""
        if not self.approves:
            return None
        counts = {name: self.counts[name] for name in ("entries", "cards", "changes")}
        context = {"counts": counts, "total": sum(counts.values())}
        template, step = "scorecards/_home_waiting.html", self._decide()
        return HomePanel(_("Waiting for you"), template, context, order=15, place="side", action=step)

    def logging(self) -> HomePanel | None:
        """How far every department is with logging."""
        rows = _logged_by_department(self.visit) if self.is_hr else []
        if not rows:
            return None
        context = {
            "period": self.visit.period,
            "rows": rows,
            "logged": sum(row["logged"] for row in rows),
            "lines": sum(row["lines"] for row in rows),
        }
        return HomePanel(_("Logging this month"), "scorecards/_home_logging.html", context, order=40)

    def over(self) -> HomePanel | None:
        """Periods that are over and still open although people were measured in them, the latest first."""
        over = [one for one in self.visit.periods if one.pk in self.counts.get("over", ())]
        if not over:
            return None
        # Of those that ended on one day the shortest: that is what people are just done with.
        over.sort(key=lambda one: (one.ends_on, one.starts_on), reverse=True)
        blockers = lock_blockers(over[0])
        action = None
        if not blockers:
            url = reverse("kpiapp:periods", args=[self.slug])
            action = HomeAction(_("Lock %(period)s") % {"period": over[0].label}, url, "lock", order=20)
        others = over[1 : 1 + OTHERS_SHOWN]
        context = {"first": over[0], "others": others, "more": len(over) - 1 - len(others), "blockers": blockers}
        return HomePanel(_("Over and still open"), "scorecards/_home_periods.html", context, order=45, action=action)

    def not_ready(self) -> HomePanel | None:
        """Cards that nobody has agreed, and people who have none, the newest first."""
        if not self.is_hr:
            return None
        joiners = _without_card(self.visit)
        context = {
            "period": self.visit.period,
            "drafts": self.counts["drafts"],
            "submitted": self.counts["submitted"],
            "joiners": joiners,
            "joiners_total": joiners[0].total if joiners else 0,
        }
        return HomePanel(_("Not ready yet"), "scorecards/_home_not_ready.html", context, order=50, place="side")

    def _decide(self) -> HomeAction | None:
        entries, cards, changes = (self.counts[name] for name in ("entries", "cards", "changes"))
        approvals, asked = (reverse(f"scorecards:{name}", args=[self.slug]) for name in ("approvals", "changes"))
        if entries:
            label = ngettext("Approve %(count)d entry", "Approve %(count)d entries", entries) % {"count": entries}
            return HomeAction(label, approvals, "clipboard-check", order=30)
        if cards:
            label = ngettext("Agree %(count)d card", "Agree %(count)d cards", cards) % {"count": cards}
            return HomeAction(label, approvals, "clipboard-check", order=31)
        if changes:
            label = ngettext("Decide %(count)d change", "Decide %(count)d changes", changes) % {"count": changes}
            return HomeAction(label, asked, "pencil", order=32)
        return None

    def _counts(self) -> dict:
        """Everything that is counted for the member's roles, in one query."""
        member, on, period = self.visit.member, self.visit.today, self.visit.period
        counts = {}
        if self.approves:
            agreeable = queries.agreeable_cards(member, on).filter(state=CardState.SUBMITTED)
            counts["entries"] = count_of(queries.approvable_actuals(member, on))
            counts["cards"] = count_of(agreeable)
            counts["changes"] = count_of(queries.decidable_changes(member, on))
        if self.leads:
            cards = _team_cards(self.visit)
            warnings = EarlyWarning.objects.filter(period=period, closed_on=None, scorecard__in=cards.values("pk"))
            counts["people"] = count_of(queries.reports(member, on))
            counts["statuses"] = _counted_by(cards, "score__status", Count("pk"))
            counts["warnings"] = _counted_by(warnings, "kind", Count("scorecard", distinct=True))
        if self.is_hr:
            cards = queries.visible_cards(member, on).filter(period=period)
            counts["drafts"] = count_of(cards.filter(state=CardState.DRAFT))
            counts["submitted"] = count_of(cards.filter(state=CardState.SUBMITTED))
        if can(member, Permission.PERIOD_LOCK):
            over = Period.objects.filter(state=PeriodState.OPEN, ends_on__lte=on)
            over = over.filter(Exists(Scorecard.objects.filter(period=OuterRef("pk"))))
            counts["over"] = ArraySubquery(over.order_by().values("pk"))
        return Member.objects.filter(pk=member.pk).values(**counts).get() if counts else {}


def _warnings(visit: HomeVisit) -> HomePanel | None:
    """The warnings one owns, the most pressing first."""
    filters = warning_lists.Filters(warning_lists.MINE)
    mine = warning_lists.filtered(visit.member, filters, visit.today).annotate(total=Window(Count("pk")))
    shown = list(warning_lists.folded(mine, filters.folds_by)[:SHOWN])
    if not shown:
        return None
    items = [warning_lists.line_of(one, visit.member, filters, visit.today) for one in shown]
    context = {"items": items, "total": shown[0].total}
    action = None
    if items[0].is_overdue:
        url = reverse("scorecards:warnings", args=[visit.member.organization.slug])
        action = HomeAction(_("Answer warnings"), url, "triangle-alert", order=40)
    return HomePanel(_("Your warnings"), "scorecards/_home_warnings.html", context, 17, place="side", action=action)


def _counted_by(rows: QuerySet, field: str, count: Count) -> ArraySubquery:
    """A list of {"key", "rows"}: how many rows there are for each value of a field."""
    grouped = rows.order_by().values(field).annotate(rows_counted=count)
    return ArraySubquery(grouped.values_list(JSONObject(key=F(field), rows=F("rows_counted"))))


def _own_card(visit: HomeVisit) -> Scorecard | None:
    """One's own card with `without_entry` (KPIs nothing was logged for) and `returned` (entries to mend)."""
    counting = ScorecardLine.objects.filter(
        scorecard=OuterRef("pk"), is_scored=True, waived_reason="", takes_children=False
    )
    logged = Q(score__entries__gt=0)
    returned = Actual.objects.filter(line__scorecard=OuterRef("pk"), state=ActualState.RETURNED)
    cards = Scorecard.objects.filter(member=visit.member.pk, period=visit.period)
    return (
        cards.select_related("period", "score", "agreed_by")
        .annotate(without_entry=count_of(counting.exclude(logged)), returned=count_of(returned))
        .first()
    )


def _team_cards(visit: HomeVisit) -> QuerySet[Scorecard]:
    team = queries.reports(visit.member, visit.today)
    return Scorecard.objects.filter(period=visit.period, member__in=team.values("pk"))


def _attention(visit: HomeVisit) -> list[Scorecard]:
    """The cards of the team that need a look first, with `late`: how many entries are due and not there."""
    late = LineScore.objects.filter(scorecard=OuterRef("pk"), state=LineState.LATE)
    found = _team_cards(visit).select_related("member", "score").annotate(late=count_of(late))
    found = found.annotate(
        need=_when(Q(score__status=Status.OFF), OFF)
        + _when(Q(late__gt=0), LATE)
        + _when(~Q(state=CardState.AGREED), NOT_AGREED)
    )
    worst_first = ("-need", F("score__percent").asc(nulls_first=True), "member__sort_key", "pk")
    return list(found.filter(need__gt=0).order_by(*worst_first)[:SHOWN])


def _when(condition: Q, weight: int) -> Case:
    return Case(When(condition, then=Value(weight)), default=Value(0), output_field=IntegerField())


def _logged_by_department(visit: HomeVisit) -> list[dict]:
    """Departments with `lines` of their people's cards that count, and how many of them are `logged`; least first."""
    day = min(visit.today, visit.period.last_day)
    place = "scorecard__member__employments"
    rows = ScorecardLine.objects.filter(
        Q(**{f"{place}__valid_to": None}) | Q(**{f"{place}__valid_to__gt": day}),
        **{f"{place}__valid_from__lte": day},
        scorecard__period=visit.period,
        scorecard__owner_kind=OwnerKind.MEMBER,
        is_scored=True,
        waived_reason="",
    )
    rows = rows.order_by().values(department=F(f"{place}__department"), name=F(f"{place}__department__name"))
    rows = rows.annotate(lines=Count("pk"), logged=Coalesce(Count("pk", filter=Q(score__entries__gt=0)), 0))
    return list(rows.order_by(F("logged") * 100 / F("lines"), f"{place}__department__sort_key"))


def _without_card(visit: HomeVisit) -> list[Employment]:
    """People here today without a card, the newest first: `joined`, and the `total` of them all."""
    have_one = Scorecard.objects.filter(period=visit.period, owner_kind=OwnerKind.MEMBER)
    former = Employment.objects.filter(member=OuterRef("member")).order_by()
    first_day = former.values("member").annotate(first_day=Min("valid_from")).values("first_day")
    here = Employment.objects.on(visit.today).filter(member__is_active=True)
    here = here.exclude(member__in=have_one.values("member")).select_related("member", "department")
    here = here.annotate(joined=Subquery(first_day), total=Window(Count("pk")))
    return list(here.order_by("-joined", "member__sort_key")[:SHOWN])
