"""What scorecards offer to the frame: entries of the side bar, search, reasons not to lock a period, audit words."""

import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from kpiapp.choices import Scope
from kpiapp.models import Member, Period
from kpiapp.permissions import Permission, scope_of
from kpiapp.registry import NavigationItem, SearchHit
from kpiapp.text import search_key
from scorecards import queries
from scorecards.choices import ActualSource, LineState, LinkKind, OwnerKind, ProposalState, WarningKind, WarningState
from scorecards.models import CardScore, ScorecardLine
from strategy.choices import MissingPolicy

CARDS_FOUND = 6


# What the roll-up of a period after entries is called among the background work.
ROLLUPS = gettext_lazy("Roll-ups after entries")
# What putting a large grid on cards is called there.
PUT_DRAFT = gettext_lazy("KPIs put on cards")


def night_changes_url(slug: str, job) -> str:
    """Address of the page that shows what a night changed, and why."""
    return reverse("scorecards:night_changes", args=[slug, job.pk])


def _sees_others(member: Member) -> bool:
    return scope_of(member, Permission.CARD_READ) in (Scope.TEAM, Scope.ALL)


NAVIGATION = [
    NavigationItem(
        "me",
        gettext_lazy("My scorecard"),
        "scorecards:mine",
        "target",
        10,
        Permission.CARD_READ,
        pinned=2,
        short=gettext_lazy("Mine"),
    ),
    NavigationItem(
        "company",
        gettext_lazy("Scorecards"),
        "scorecards:team",
        "layout-grid",
        20,
        Permission.CARD_READ,
        _sees_others,
        pinned=5,
    ),
    NavigationItem("company", gettext_lazy("KPI tree"), "scorecards:tree", "list-tree", 25, Permission.CARD_READ),
    NavigationItem("company", gettext_lazy("OKR"), "scorecards:okr", "trophy", 27, Permission.CARD_READ),
    NavigationItem(
        "me",
        gettext_lazy("Proposed targets"),
        "scorecards:proposals",
        "scale",
        35,
        Permission.CARD_READ,
        pinned=8,
        short=gettext_lazy("Proposals"),
    ),
    NavigationItem(
        "company",
        gettext_lazy("Approvals"),
        "scorecards:approvals",
        "clipboard-check",
        50,
        Permission.ACTUAL_APPROVE,
        pinned=4,
    ),
    NavigationItem(
        "company",
        gettext_lazy("Warnings"),
        "scorecards:warnings",
        "triangle-alert",
        52,
        Permission.CARD_READ,
        _sees_others,
    ),
    NavigationItem(
        "company",
        gettext_lazy("Quality audit"),
        "scorecards:quality",
        "badge-check",
        54,
        Permission.CARD_READ,
        _sees_others,
    ),
]

CARD_RULES = gettext_lazy("Card rules")
AUDIT_NOUNS = {
    "actual": gettext_lazy("Entries"),
    "card": gettext_lazy("Scorecards"),
    "line": gettext_lazy("KPIs on cards"),
    "change": gettext_lazy("Changes of what was agreed"),
    "evidence": gettext_lazy("Evidence"),
    "cascade": gettext_lazy("KPI tree"),
    "warning": gettext_lazy("Early warnings"),
    "reminder": gettext_lazy("Reminders"),
    "card_rules": CARD_RULES,
    "proposal": gettext_lazy("Proposed targets"),
}
AUDIT_WORDS = {
    "agree": pgettext_lazy("done", "agreed"),
    "submit": pgettext_lazy("done", "handed in"),
    "assign": pgettext_lazy("done", "assigned"),
    "record": pgettext_lazy("done", "logged"),
    "correct": pgettext_lazy("done", "corrected"),
    "withdraw": pgettext_lazy("done", "withdrawn"),
    "return": pgettext_lazy("done", "returned"),
    "waive": pgettext_lazy("done", "waived"),
    "remove_line": pgettext_lazy("done", "KPI removed"),
    "request": pgettext_lazy("done", "asked for"),
    "refuse": pgettext_lazy("done", "refused"),
    "move_cards": pgettext_lazy("done", "cards moved"),
    "attach": pgettext_lazy("done", "attached"),
    "answer": pgettext_lazy("done", "answered"),
    "clock": pgettext_lazy("done", "days to act changed"),
    "snooze": pgettext_lazy("done", "put off"),
    "due_on": gettext_lazy("Until"),
    "owner": gettext_lazy("Owner"),
    **dict([*WarningKind.choices, *WarningState.choices, *ActualSource.choices]),
    "on": gettext_lazy("Day"),
    "value": gettext_lazy("Value"),
    "numerator": gettext_lazy("Numerator"),
    "denominator": gettext_lazy("Denominator"),
    "entries": gettext_lazy("entries"),
    "counts_again": gettext_lazy("counts again"),
    "check_in": pgettext_lazy("done", "checked in"),
    "confidence": gettext_lazy("confidence"),
    "push": pgettext_lazy("done", "offered"),
    "propose": pgettext_lazy("done", "proposed"),
    "counter": pgettext_lazy("done", "another number proposed"),
    "decline": pgettext_lazy("done", "declined"),
    "targets": gettext_lazy("targets"),
    "linked": gettext_lazy("linked"),
    **dict([*LinkKind.choices, *ProposalState.choices]),
    "link": pgettext_lazy("done", "linked"),
    "unlink": pgettext_lazy("done", "link ended"),
    "source": pgettext_lazy("done", "source of the actual changed"),
    "children": gettext_lazy("from below"),
    "kind": gettext_lazy("kind"),
    "rolls_up": gettext_lazy("adds up from below"),
    "other_weights": gettext_lazy("other weights"),
    "weight_least": gettext_lazy("Least weight of a KPI"),
    "weight_most": gettext_lazy("Greatest weight of a KPI"),
    "kpis_least": gettext_lazy("Fewest KPIs on a card"),
    "kpis_most": gettext_lazy("Most KPIs on a card"),
    "weights": gettext_lazy("Weights that do not make 100"),
    "limits": gettext_lazy("A card outside the limits"),
}


def find_cards(member: Member, query: str, on: datetime.date) -> list[SearchHit]:
    """Cards of the running period by the name of their owner; none without a query."""
    period = queries.period_on(on) if query.strip() and scope_of(member, Permission.CARD_READ) else None
    if period is None:
        return []
    cards = queries.visible_cards(member, on).filter(period=period).exclude(owner_kind=OwnerKind.ORGANIZATION)
    key = search_key(query)
    cards = cards.filter(member__search_key__contains=key) | cards.filter(department__search_key__contains=key)
    cards = cards.select_related("member", "department", "organization").order_by("member__sort_key")
    return [
        SearchHit(
            kind=_("Scorecards"),
            label=card.owner_name,
            detail=period.label,
            url=reverse("scorecards:card", args=[member.organization.slug, card.pk]),
            icon="target",
        )
        for card in cards[:CARDS_FOUND]
    ]


def reasons_not_to_lock(period: Period) -> list[str]:
    """Cards that must not be closed because a value is missing that has to be there.

    Whether it is late yet does not matter: who locks a period before its end, or before the night after it, closes it.
    """
    needed = ScorecardLine.objects.filter(
        scorecard__period=period,
        is_scored=True,
        kpi__missing_policy=MissingPolicy.BLOCK,
        waived_reason="",
        wiped_out_reason="",
    )
    missing = needed.filter(Q(score=None) | Q(score__quantity=None) | Q(score__state=LineState.NOT_SCORABLE))
    found = CardScore.objects.filter(scorecard__period=period, is_blocked=True).values_list("pk")
    blocked = found.union(missing.order_by().values_list("scorecard")).count()
    if not blocked:
        return []
    text = ngettext(
        "%(count)d card lacks a value that must be there: enter it, or waive the KPI.",
        "%(count)d cards lack a value that must be there: enter it, or waive the KPI.",
        blocked,
    )
    return [text % {"count": blocked}]
