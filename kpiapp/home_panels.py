"""The home page put together from what all apps offer, and what the core app itself puts there."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from kpiapp import nightly, queries, registry
from kpiapp.choices import LIVE_JOB_STATES, Role
from kpiapp.models import Job, Member, Organization
from kpiapp.permissions import Permission, can
from kpiapp.registry import HomeAction, HomePanel, HomeVisit

# Longer than the sample company takes, or any retry of its job.
SAMPLE_WAIT = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class HomePage:
    """All panels of a visit in their order."""

    visit: HomeVisit
    panels: Sequence[HomePanel]

    def at(self, place: str) -> list[HomePanel]:
        """The panels of a place."""
        return [panel for panel in self.panels if panel.place == place]

    @property
    def top(self) -> list[HomePanel]:
        """Over the whole width."""
        return self.at("top")

    @property
    def main(self) -> list[HomePanel]:
        """In the main column."""
        return self.at("main")

    @property
    def side(self) -> list[HomePanel]:
        """Beside it."""
        return self.at("side")

    @property
    def action(self) -> HomeAction | None:
        """The most pressing step."""
        steps = [panel.action for panel in self.panels if panel.action]
        return min(steps, key=lambda step: step.order, default=None)

    @property
    def has_amounts(self) -> bool:
        """Whether any panel shows pay."""
        return any(panel.has_amounts for panel in self.panels)


def has_home(member: Member) -> bool:
    """Whether somebody is more than an employee: those have their scorecard as home."""
    return bool(member.roles - {Role.EMPLOYEE, Role.API})


def keeps_periods(member: Member) -> bool:
    """Whether the periods are somebody's business: they read what was decided, or may reopen one."""
    return can(member, Permission.AUDIT_READ) or can(member, Permission.PERIOD_REOPEN)


def page_of(member: Member, today: datetime.date) -> HomePage:
    """Everything on a member's home page."""
    sample = _sample(member)
    if sample:
        return HomePage(HomeVisit(member, today, []), [sample])
    visit = HomeVisit(member, today, queries.begun_periods(today), _facts(member, today))
    found = [panel for offer in registry.HOME_PANELS for panel in offer(visit)]
    return HomePage(visit, sorted(found, key=lambda panel: panel.order))


def _facts(member: Member, today: datetime.date) -> dict:
    """What the panels of all apps want to know, in one query."""
    asked = {name: fact for offer in registry.HOME_FACTS for name, fact in offer(member, today).items()}
    return Organization.objects.filter(pk=member.organization_id).values(**asked).get() if asked else {}


def _sample(member: Member) -> HomePanel | None:
    """While the sample company is being written, nothing else: what one began now would stand in its way."""
    if timezone.now() - member.organization.created_at > SAMPLE_WAIT:
        return None
    job = Job.objects.filter(key=registry.SAMPLE_KEY, state__in=LIVE_JOB_STATES).first()
    return job and HomePanel(_("Your sample company is on its way"), "kpiapp/_home_sample.html", {"job": job}, 0, "top")


def facts(member: Member, on: datetime.date) -> dict:
    """Who may come in, for those who answer for it."""
    return {"access": queries.access_counts(on)} if can(member, Permission.ROLE_CONFIRM) else {}


def panels(visit: HomeVisit) -> list[HomePanel]:
    """The last night, and who may come in; at most one query."""
    found = [_night(visit), _access(visit)]
    return [panel for panel in found if panel]


def _night(visit: HomeVisit) -> HomePanel | None:
    if not can(visit.member, Permission.JOB_READ):
        return None
    night = Job.objects.filter(task=nightly.NIGHT, parent=None).order_by("-pk").first()
    return HomePanel(_("Last night"), "kpiapp/_home_night.html", {"night": night}, order=60, place="side")


def _access(visit: HomeVisit) -> HomePanel | None:
    if not can(visit.member, Permission.ROLE_CONFIRM):
        return None
    counts = visit.facts["access"]
    context = {"counts": counts, "is_owner": can(visit.member, Permission.ROLE_GRANT)}
    url = reverse("kpiapp:roles", args=[visit.member.organization.slug])
    action = None
    if counts["grants"]:
        action = HomeAction(_("Confirm roles"), url, "shield-check", order=35)
    elif counts["ending"] and context["is_owner"]:
        action = HomeAction(_("Extend pay roles"), url, "shield-check", order=36)
    return HomePanel(_("Access"), "kpiapp/_home_access.html", context, order=65, place="side", action=action)
