"""The night: in which order the apps bring an organization's numbers up to date. The one file that knows all apps.

One job per organization and local date finds the cards that may have changed, has them scored in parts beside each
other, and ends with what stands on the scores: roll-ups, early warnings, and the steps that apps have registered.
"""

import datetime
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from kpiapp import registry
from kpiapp.bulk import ids_of_runs, runs_of
from kpiapp.choices import JobState, PeriodState
from kpiapp.models import Job, Member, Organization, Period
from kpiapp.services import jobs
from kpiapp.services.refusals import Refused
from kpiapp.tenancy import organization_scope
from scorecards import recompute
from scorecards.choices import LineState
from scorecards.models import LineScore, Scorecard, ScorecardLine, StaleCard
from scorecards.services.quality import refresh_findings
from scorecards.services.rollups import refresh_rollups
from scorecards.services.warnings import refresh_strategy_warnings, refresh_warnings

NIGHT, CARDS, FINISH = "night", "night.cards", "night.finish"
STARTS_AT = datetime.time(2)
CARDS_PER_PART = 10_000
# Locked periods are compared for as long as their pay may still be looked at.
COMPARED_FOR = datetime.timedelta(days=62)
DIFFERENCES_SHOWN = 100


def start_nights(*, now: datetime.datetime) -> int:
    """Start the night of every organization whose own clock has passed 02:00, once per local date; how many began."""
    return sum(_start_one(organization, now) for organization in Organization.objects.filter(is_active=True))


def _start_one(organization: Organization, now: datetime.datetime) -> bool:
    local = now.astimezone(ZoneInfo(organization.time_zone))
    if local.time() < STARTS_AT:
        return False
    key = f"night:{local.date()}"
    with organization_scope(organization):
        if Job.objects.filter(key=key).exists():
            return False
        jobs.enqueue(task=NIGHT, key=key, arguments={"on": local.date().isoformat()})
    return True


def run_now(
    *,
    on: datetime.date,
    now: datetime.datetime,
    by: Member | None,
    period: Period | None = None,
    full: bool = True,
    refresh: bool = False,
) -> Job:
    """A night at once, for the open periods or for one. Raises Refused while another is at work.

    `full` looks at every card and not only at those that may have changed; `refresh` adds their entries up anew.
    """
    live = Job.objects.filter(task=NIGHT, parent=None).exclude(state__in=[JobState.DONE, JobState.FAILED])
    if live.exists():
        raise Refused(_("A night is at work already. Wait until it has ended."))
    if period and not period.is_open:
        raise Refused(_("%(period)s is locked: its scores stay as they are.") % {"period": period.label})
    arguments = {"on": on.isoformat(), "full": full, "refresh": refresh} | ({"period": period.pk} if period else {})
    return jobs.enqueue(task=NIGHT, key=f"night:{now.isoformat(timespec='milliseconds')}", arguments=arguments, by=by)


# --- the parts of a night -------------------------------------------------------------------------------


@registry.job_task(NIGHT)
def plan(job: Job) -> dict:
    """Find the cards to look at and hand them out in parts; formulas that rest on other cards are settled before."""
    on = _day(job)
    recompute.roll_up_for_night()
    recompute.follow_formulas(period_ids=list(_open_periods(job).values_list("pk", flat=True)), on=on, job=job)
    size = job.arguments.get("part_size", CARDS_PER_PART)
    day = {"on": on.isoformat()}
    how = {**day, "refresh": bool(job.arguments.get("refresh"))}
    parts = [({**how, "cards": runs_of(ids)}, len(ids)) for ids in _slices(_cards_to_score(job, on), size)]
    locked = _slices(_cards_to_compare(job, on), size)
    parts += [({**day, "cards": runs_of(ids), "compare": True}, len(ids)) for ids in locked]
    jobs.split(job, task=CARDS, parts=parts, then=FINISH)
    return {"parts": len(parts)}


def _cards_to_score(job: Job, on: datetime.date) -> QuerySet[Scorecard]:
    """Cards in open periods: all in a full night, else those something has touched or time has passed over."""
    cards = Scorecard.objects.filter(period__in=_open_periods(job))
    if job.arguments.get("full"):
        return cards
    last = _last_night(job)
    newly_over = Q(period__ends_on__lte=on) & (Q(period__ends_on__gt=last) if last else Q())
    waiting = LineScore.objects.filter(scorecard=OuterRef("pk"), state=LineState.NOT_DUE)
    return cards.filter(
        Exists(StaleCard.objects.filter(pk=OuterRef("pk")))
        | Q(score=None)
        | Q(score__percent__isnull=True, score__night_percent__isnull=False)
        | Q(score__percent__isnull=False, score__night_percent__isnull=True)
        | ~Q(score__percent=F("score__night_percent"))
        | newly_over & Exists(waiting)
    )


def _open_periods(job: Job) -> QuerySet[Period]:
    periods = Period.objects.filter(state=PeriodState.OPEN, starts_on__lte=_day(job))
    return periods.filter(pk=job.arguments["period"]) if "period" in job.arguments else periods


def _last_night(job: Job) -> datetime.date | None:
    """The date of the last night that came to its end."""
    nights = Job.objects.filter(task=NIGHT, parent=None, state=JobState.DONE, pk__lt=job.pk).exclude(
        arguments__has_key="period"
    )
    last = nights.order_by("-pk").first()
    return _day(last) if last else None


def _cards_to_compare(job: Job, on: datetime.date) -> QuerySet[Scorecard]:
    if "period" in job.arguments:
        return Scorecard.objects.none()
    locked = Period.objects.filter(state=PeriodState.LOCKED, ends_on__gt=on - COMPARED_FOR)
    # As a list: where no period is locked, no card is read.
    return Scorecard.objects.filter(period__in=list(locked))


def _slices(cards: QuerySet[Scorecard], size: int) -> Iterator[Sequence[int]]:
    """Their ids in portions, rising; as one array, since a hundred thousand rows take longer to fetch than to find."""
    found = cards.aggregate(ids=ArrayAgg("pk", order_by="pk"))["ids"] or []
    for start in range(0, len(found), size):
        yield found[start : start + size]


@registry.job_task(CARDS)
def score_cards(job: Job) -> dict:
    """Score the cards of one part for its night; cards of locked periods are compared instead."""
    on, cards = _day(job), ids_of_runs(job.arguments["cards"])
    if job.arguments.get("compare"):
        found = recompute.compare_cards(card_ids=cards, on=on)
        differing = [
            {"card": key, "stored": _text(stored), "computed": _text(computed)}
            for key, (stored, computed) in sorted(found.differing.items())
        ]
        return {"compared": found.cards, "differing": len(differing), "differences": differing[:DIFFERENCES_SHOWN]}
    # Before reading: what is touched from here on marks its card again.
    recompute.forget_stale(card_ids=cards)
    if job.arguments.get("refresh"):
        lines = ScorecardLine.objects.filter(scorecard__in=cards).values_list("pk", flat=True)
        recompute.refresh_actuals(line_ids=lines)
    done = recompute.rescore_cards(card_ids=cards, on=on, job=job.parent)
    return {
        "cards": done.cards,
        "lines": done.lines,
        "cards_changed": done.cards_written,
        "lines_changed": done.lines_written,
    }


def _text(percent) -> str | None:
    return None if percent is None else str(percent)


@registry.job_task(FINISH)
def finish(job: Job) -> dict:
    """What stands on scores, once all parts are scored; the result sums the parts up."""
    on = _day(job)
    # Entries that were added up anew, or came in meanwhile, below what was scored already.
    recompute.roll_up_all(on=on, job=job)
    counts = {"rollups_changed": 0, "warnings_opened": 0, "warnings_closed": 0}
    for period in _open_periods(job):
        counts["rollups_changed"] += refresh_rollups(period=period, on=on, job=job)
        refresh_findings(period=period, on=on)
        changed = refresh_warnings(period=period, on=on)
        counts["warnings_opened"] += changed.opened
        counts["warnings_closed"] += changed.closed
    changed = refresh_strategy_warnings(on=on)
    counts["warnings_opened"] += changed.opened
    counts["warnings_closed"] += changed.closed
    for _order, step in sorted(registry.NIGHT_STEPS, key=lambda entry: entry[0]):
        step(job.organization, job, on)
    differences: list[dict] = []
    for result in Job.objects.filter(parent=job).order_by("pk").values_list("result", flat=True):
        differences += result.pop("differences", [])
        for name, value in result.items():
            counts[name] = counts.get(name, 0) + value
    return {**counts, "differences": differences[:DIFFERENCES_SHOWN]}


def _day(job: Job) -> datetime.date:
    return datetime.date.fromisoformat(job.arguments["on"])
