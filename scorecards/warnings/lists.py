"""What pages say about early warnings: what each is about, what helps, where; and how lists are narrowed."""

import datetime
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.db.models import Count, F, Q, QuerySet, Value, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.choices import Role
from kpiapp.models import Member
from kpiapp.permissions import Permission, can
from kpiapp.person_field import PersonField
from kpiapp.templatetags.kpi import completion_percent
from kpiapp.text import id_in
from scorecards import queries
from scorecards.choices import CardState, WarningKind, WarningState
from scorecards.models import EarlyWarning, Scorecard
from scorecards.warnings import queries as warning_queries

MINE, TEAM, ALL = "mine", "team", "all"
# How long most answers take to show.
USUAL = datetime.timedelta(days=7)


@dataclass(frozen=True)
class Item:
    """A warning as a page shows it: what it is about, what it says, and where it is mended."""

    warning: EarlyWarning
    title: str
    about: str
    says: str
    number: str
    why_url: str
    url: str
    mend_url: str
    mend_label: str
    is_overdue: bool
    days: str
    may_answer: bool
    may_assign: bool
    # How many warnings stand in this line, on how many cards, and the address that lists them one by one.
    count: int = 1
    more_url: str = ""


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to."""

    whose: str
    kind: str = ""
    owner: int | None = None
    owner_text: str = ""
    overdue: bool = False
    resting: bool = False
    card: int | None = None

    @classmethod
    def read(cls, data, member: Member) -> "Filters":
        """From an address; whose list it is falls back to one's own."""
        whose = data.get("whose", MINE)
        return cls(
            whose=whose if whose in {code for code, _label in whose_choices(member)} else MINE,
            kind=data.get("kind", "") if data.get("kind") in WarningKind.values else "",
            owner=_owner(data.get("owner", "").strip()),
            owner_text=data.get("owner", "").strip()[:100],
            overdue=data.get("overdue") == "1",
            resting=data.get("resting") == "1",
            card=id_in(data.get("card", "")),
        )

    @property
    def is_narrow(self) -> bool:
        """Whether anything but whose was chosen."""
        return bool(self.kind or self.owner_text or self.overdue or self.card)

    @property
    def folds_by(self) -> str:
        """What stands in one line: a kind in a period, then what a card has of a kind; "" for each by itself."""
        if self.card or self.resting:
            return ""
        return "scorecard" if self.kind else "period"


def _owner(text: str) -> int | None:
    """Whose id was typed or chosen; 0 for somebody who is not here."""
    try:
        person = PersonField(required=False).clean(text)
    except ValidationError:
        return 0
    return person.pk if person else None


def whose_choices(member: Member) -> list[tuple[str, str]]:
    """Whose warnings a member may list."""
    found = [(MINE, _("Mine"))]
    if Role.MANAGER in member.roles:
        found.append((TEAM, _("My team's")))
    if member.roles & {Role.HR, Role.STRATEGY, Role.OWNER, Role.AUDITOR}:
        found.append((ALL, _("All")))
    return found


def listed(member: Member, whose: str, on: datetime.date) -> QuerySet[EarlyWarning]:
    """The open warnings of a list."""
    rows = warning_queries.open_warnings(member, on)
    if whose == MINE:
        return rows.filter(owner=member.pk)
    if whose == TEAM:
        team = queries.reports(member, on).values("pk")
        led = queries.people.visible_departments(member, queries.Permission.CARD_AGREE, on).values("pk")
        return rows.filter(
            Q(scorecard__member__in=team) | Q(scorecard__department__in=led) | Q(owner=member.pk) | Q(owner__in=team)
        )
    return rows


def filtered(member: Member, filters: Filters, on: datetime.date) -> QuerySet[EarlyWarning]:
    """The warnings of a list, narrowed. Those that rest until their day stand in a list of their own."""
    rows = listed(member, filters.whose, on)
    rows = rows.exclude(state=WarningState.OPEN) if filters.resting else rows.filter(state=WarningState.OPEN)
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.owner is not None:
        rows = rows.filter(owner=filters.owner)
    if filters.overdue:
        rows = rows.filter(due_on__lt=on)
    if filters.card:
        rows = rows.filter(scorecard=filters.card)
    return rows


def folded(rows: QuerySet[EarlyWarning], by: str) -> QuerySet[EarlyWarning]:
    """The most pressing warning of each kind in a period, or on a card, with `together`: how many there are like it.

    What is about the strategy itself stands alone.
    """
    if not by:
        return rows.annotate(together=Value(1))
    alike = [F("kind"), F(by), F("objective"), F("kpi")]
    first = Window(RowNumber(), partition_by=alike, order_by=[F("due_on").asc(nulls_last=True), F("pk").asc()])
    return rows.annotate(together=Window(Count("pk"), partition_by=alike), place=first).filter(place=1)


def cards_counted(rows: QuerySet[EarlyWarning]) -> dict[tuple, int]:
    """How many cards have warnings of a kind in a period; one query."""
    counted = rows.exclude(scorecard=None).order_by().values_list("kind", "period")
    return {(kind, period): n for kind, period, n in counted.annotate(n=Count("scorecard", distinct=True))}


def offers(member: Member, filters: Filters, on: datetime.date) -> dict:
    """What the page lets one choose from, with counts; two queries."""
    rows = listed(member, filters.whose, on).order_by()
    resting = filters.resting
    counted = rows.exclude(state=WarningState.OPEN) if resting else rows.filter(state=WarningState.OPEN)
    by_kind = dict(counted.values_list("kind").annotate(Count("pk")))
    totals = rows.aggregate(
        open=Count("pk", filter=Q(state=WarningState.OPEN)),
        overdue=Count("pk", filter=Q(state=WarningState.OPEN, due_on__lt=on)),
        resting=Count("pk", filter=~Q(state=WarningState.OPEN)),
    )
    return {
        "whose_choices": whose_choices(member),
        "kinds": [(kind.value, kind.label, by_kind[kind]) for kind in WarningKind if kind in by_kind],
        "totals": totals,
    }


def items_of(warnings: list[EarlyWarning], member: Member, on: datetime.date) -> list[Item]:
    """Warnings as a page shows them; two queries."""
    ids = [one.pk for one in warnings]
    assignable = set(warning_queries.assignable_warnings(member, on).filter(pk__in=ids).values_list("pk", flat=True))
    return [item_of(one, member, on, may_assign=one.pk in assignable) for one in warnings]


def lines_of(
    warnings: list[EarlyWarning], member: Member, filters: Filters, on: datetime.date, cards: dict[tuple, int]
) -> list[Item]:
    """Warnings with those that stand in one line with them, for a page; two queries."""
    return [
        together(item, member, filters, cards.get((item.warning.kind, item.warning.period_id), 1))
        for item in items_of(warnings, member, on)
    ]


def line_of(one: EarlyWarning, member: Member, filters: Filters, on: datetime.date) -> Item:
    """A folded warning where cards are not counted; no query."""
    return together(item_of(one, member, on), member, filters, 0)


def together(item: Item, member: Member, filters: Filters, cards: int = 1) -> Item:
    """The line of several warnings that are alike: how many, where, and where each is listed."""
    one, count = item.warning, item.warning.together
    if count == 1:
        return item
    asked = {"whose": filters.whose, "kind": one.kind, "owner": filters.owner_text}
    if filters.overdue:
        asked["overdue"] = "1"
    if filters.folds_by == "scorecard" or cards == 1:
        asked["card"] = str(one.scorecard_id)
        where = f"{one.scorecard.owner_name} · {one.period.label}"
    else:
        text = ngettext("on %(count)d card", "on %(count)d cards", cards) % {"count": cards} if cards else ""
        where = " · ".join(filter(None, [text, one.period.label]))
    url = f"{reverse('scorecards:warnings', args=[member.organization.slug])}?{urlencode(asked)}"
    if one.kind == WarningKind.LATE:
        title = ngettext("%(count)d value late", "%(count)d values late", count) % {"count": count}
    else:
        title = ngettext("%(count)d warning", "%(count)d warnings", count) % {"count": count}
    alone = "card" in asked
    return replace(
        item,
        title=title,
        about=where,
        number="",
        why_url="",
        url=url,
        count=count,
        more_url=url,
        may_answer=item.may_answer and alone,
        may_assign=False,
    )


def item_of(one: EarlyWarning, member: Member, on: datetime.date, *, may_assign: bool = False) -> Item:
    """One warning as a page shows it; no query."""
    title, about, url = _about(one, member)
    mend_url, mend_label = _mend(one, member, url)
    return Item(
        warning=one,
        title=title,
        about=about,
        says=says(one),
        number=number_of(one),
        why_url=_why(one, member),
        url=url,
        mend_url=mend_url,
        mend_label=mend_label,
        is_overdue=one.is_overdue(on),
        days=_days(one, on),
        may_answer=may_assign or one.owner_id == member.pk,
        may_assign=may_assign,
    )


def _about(one: EarlyWarning, member: Member) -> tuple[str, str, str]:
    slug = member.organization.slug
    if one.line:
        whose = f"{one.scorecard.owner_name} · {one.period.label}"
        return one.line.kpi.name, whose, reverse("scorecards:line", args=[slug, one.line_id])
    if one.scorecard:
        return one.scorecard.owner_name, one.period.label, reverse("scorecards:card", args=[slug, one.scorecard_id])
    if one.objective:
        return str(one.objective), _("Objective"), reverse("strategy:objective", args=[slug, one.objective_id])
    return str(one.kpi), "KPI", reverse("strategy:kpi", args=[slug, one.kpi_id])


def of_card(card: Scorecard, member: Member, on: datetime.date) -> list[Item]:
    """The open warnings about a card as a whole, for its page; those of its lines stand at the lines."""
    rows = warning_queries.open_warnings(member, on).filter(scorecard=card, line=None)
    return [item_of(one, member, on) for one in rows]


def says(one: EarlyWarning) -> str:
    """What is wrong and what helps, in one sentence."""
    return {
        WarningKind.LATE: _("The period is over and nothing was logged. Log the value, or have the KPI waived."),
        WarningKind.OFF_TARGET: _("Far below the target. Say what is done about it."),
        WarningKind.FORECAST_MISS: _("At this pace the target will be missed. There is still time to act."),
        WarningKind.WEIGHTS: _("The weights do not add up to 100, so the card cannot be agreed or paid by."),
        WarningKind.UNAPPROVED: _("Entries have waited for approval for three days. Until then they are only claims."),
        WarningKind.NO_OWNER: _("Nobody is responsible for it. What nobody owns, nobody moves."),
        WarningKind.NO_CONSENSUS: _("The period runs, and the card is not agreed: people work towards nothing fixed."),
        WarningKind.PROCESS_HEAVY: _(
            "Most KPIs count work and not what it leads to. Add some that measure an outcome."
        ),
        WarningKind.NO_MEASURE: _("No KPI measures it, so nobody will know whether it was reached."),
        WarningKind.ORPHAN: _("It serves no objective of the published map: effort that leads nowhere."),
        WarningKind.DRAFT_KPI: _("It has been a draft for a month. Finish it, or let it go."),
        WarningKind.KPI_OVERDUE: _(
            "Its day has passed: to be reached, judged anew or reviewed. Look at it, and set the next one."
        ),
    }[WarningKind(one.kind)]


def number_of(one: EarlyWarning) -> str:
    """The number that made it, where there is one."""
    score = getattr(one.line, "score", None) if one.line else None
    return completion_percent(score.completion) if score is not None and score.completion is not None else ""


def _why(one: EarlyWarning, member: Member) -> str:
    """Where its number is explained."""
    page = "explain_pace" if one.kind == WarningKind.FORECAST_MISS else "explain_line"
    return reverse(f"scorecards:{page}", args=[member.organization.slug, one.line_id]) if one.line_id else ""


def _mend(one: EarlyWarning, member: Member, url: str) -> tuple[str, str]:
    slug = member.organization.slug
    if one.kind in (WarningKind.WEIGHTS, WarningKind.PROCESS_HEAVY) and one.scorecard.state != CardState.AGREED:
        return reverse("scorecards:card_edit", args=[slug, one.scorecard_id]), _("Mend the card")
    if one.kind == WarningKind.UNAPPROVED and _decides(member, one.scorecard):
        return reverse("scorecards:approvals", args=[slug]), _("Approve entries")
    if one.kind == WarningKind.LATE:
        return reverse("scorecards:card", args=[slug, one.scorecard_id]), _("Log progress")
    return url, _("Take a look")


def _decides(member: Member, card: Scorecard) -> bool:
    """Nobody decides on their own entries; whoever they are about can only wait, or ask."""
    return card.member_id != member.pk and can(member, Permission.ACTUAL_APPROVE)


def _days(one: EarlyWarning, on: datetime.date) -> str:
    """How long there is, or by how much its day has passed."""
    if one.due_on is None:
        return ""
    left = (one.due_on - on).days
    if left < 0:
        return ngettext("%(count)d day overdue", "%(count)d days overdue", -left) % {"count": -left}
    if left == 0:
        return _("due today")
    return ngettext("%(count)d day left", "%(count)d days left", left) % {"count": left}


def day(on: datetime.date) -> str:
    """A day as the reader's language writes it."""
    return date_format(on, "DATE_FORMAT")
