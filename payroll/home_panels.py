"""What pay puts on the home page: the month's run with its next step, and pay rules that wait for a second person."""

import datetime

from django.db.models import OuterRef
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kpiapp.models import Member
from kpiapp.permissions import Permission, can
from kpiapp.queries import count_of
from kpiapp.registry import HomeAction, HomePanel, HomeVisit
from payroll import queries, summaries
from payroll.choices import RunState
from payroll.models import PayLine, PayRun

ORDER = 10  # paying people comes before everything else one may have to do
RULES_ORDER = 15  # what the next run pays by
RUNS_READ = 24


def facts(member: Member, on: datetime.date) -> dict:
    """Pay rules that others proposed, for whoever may approve them."""
    return {"pay_rules": queries.rules_to_approve(member)} if can(member, Permission.PAY_RULES_APPROVE) else {}


def panels(visit: HomeVisit) -> list[HomePanel]:
    """The pay of the month, and rules to approve; at most two queries."""
    found = [_month(visit), _rules(visit)]
    return [panel for panel in found if panel]


def _month(visit: HomeVisit) -> HomePanel | None:
    if not queries.sees_all_pay(visit.member):
        return None
    to_review = PayLine.objects.filter(run=OuterRef("pk"), run__state=RunState.CALCULATED).exclude(flag="")
    recent = queries.visible_runs(visit.member).annotate(flagged=count_of(to_review))
    recent = list(recent.order_by("-period__starts_on", "-pk")[:RUNS_READ])
    open_runs = [run for run in recent if not run.is_locked]
    run = open_runs[-1] if open_runs else None
    month = None if run else next(iter(summaries.months_to_run(visit.today)), None)
    context = {
        "run": run,
        "month": month,
        "steps": summaries.steps(run or PayRun(state=RunState.DRAFT)) if run or month else [],
        "is_busy": bool(run) and summaries.is_busy(run),
        "last_locked": next((one for one in recent if one.is_locked), None),
        "next": _next_step(run, month, visit.member),
    }
    return HomePanel(
        _("Pay of the month"),
        "payroll/_home_run.html",
        context,
        order=18,
        action=context["next"],
        has_amounts=True,
    )


def _rules(visit: HomeVisit) -> HomePanel | None:
    """What waits for this member as second person: how many, never how much."""
    slug = visit.member.organization.slug
    waiting = [
        HomeAction(text % {"count": count}, reverse(route, args=[slug]), "check", RULES_ORDER)
        for text, route, count in _waiting_rules(visit.facts.get("pay_rules", {}))
        if count
    ]
    if not waiting:
        return None
    return HomePanel(
        _("Pay rules waiting for you"), "payroll/_home_rules.html", {"waiting": waiting}, order=16, action=waiting[0]
    )


def _waiting_rules(counts: dict[str, int]) -> list[tuple[str, str, int]]:
    """What waits, as a verb with its number, and the page where it is decided."""
    positions, people, tables = (counts.get(kind, 0) for kind in ("positions", "people", "tiers"))
    return [
        (
            ngettext("Approve %(count)d pay rate of a position", "Approve %(count)d pay rates of positions", positions),
            "payroll:rates",
            positions,
        ),
        (
            ngettext("Approve %(count)d pay rate of a person", "Approve %(count)d pay rates of people", people),
            "payroll:member_rates",
            people,
        ),
        (ngettext("Approve %(count)d tier table", "Approve %(count)d tier tables", tables), "payroll:tiers", tables),
    ]


def _next_step(run: PayRun | None, month, member: Member) -> HomeAction | None:
    """The step that waits for this member; None when it is somebody else's, or the run is being calculated."""
    slug = member.organization.slug
    edits, approves = can(member, Permission.PAY_RUN_EDIT), can(member, Permission.PAY_RUN_APPROVE)
    if run is None:
        if month is None or not edits:
            return None
        url, fields = reverse("payroll:start", args=[slug]), (("period", str(month.pk)),)
        return HomeAction(_("Calculate %(month)s") % {"month": month.label}, url, "calculator", ORDER, fields)
    url, named = reverse("payroll:run", args=[slug, run.pk]), {"month": run.period.label}
    if summaries.is_busy(run):
        return None
    if run.state == RunState.DRAFT and edits:
        return HomeAction(_("Calculate %(month)s") % named, url, "calculator", ORDER)
    if run.state == RunState.CALCULATED and edits:
        if run.flagged:
            text = ngettext("Review %(count)d person", "Review %(count)d people", run.flagged) % {"count": run.flagged}
            return HomeAction(text, f"{url}?flag=any#lines", "eye", ORDER)
        return HomeAction(_("Send %(month)s for approval") % named, url, "send", ORDER)
    if run.state == RunState.SUBMITTED and approves and member.pk not in run.worked_on:
        return HomeAction(_("Approve %(month)s") % named, url, "check", ORDER)
    if run.state == RunState.APPROVED and approves:
        return HomeAction(_("Lock %(month)s") % named, url, "lock", ORDER)
    return None
