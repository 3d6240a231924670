"""The last night of a demo company: entries of the day before, what they moved, and what people were told of it."""

import datetime
from decimal import Decimal

from django.utils import timezone

from kpiapp.choices import JobState
from kpiapp.models import Job, Organization, Period
from kpiapp.services import notifications
from scorecards import notices, recipients
from scorecards.choices import ChangeState, OwnerKind
from scorecards.models import Actual, ChangeRequest, LineScore, ScorecardLine
from scorecards.recompute import refresh_actuals, rescore_cards
from scorecards.services import quality, reminders, warnings
from strategy.choices import Aggregation, ScoringMethod

CARDS_MOVED = 4
NIGHT_HOUR = datetime.time(2, 5)


def last_night(organization: Organization, month: Period, today: datetime.date) -> None:
    """Score a few cards in two nights with entries between them, audit, and tell people what waits for them."""
    lines = _lines_without_entry(month)
    ids = [line.scorecard_id for line in lines]
    yesterday = today - datetime.timedelta(days=1)
    quality.refresh_findings(period=month, on=today)
    if lines and yesterday >= month.starts_on:
        before = _night(yesterday)
        rescore_cards(card_ids=ids, on=yesterday, job=before)
        _log(lines, yesterday)
        night = _night(today)
        refresh_actuals(line_ids=[line.pk for line in lines])
        done = rescore_cards(card_ids=ids, on=today, job=night)
        changed = warnings.refresh_warnings(period=month, on=today)
        night.result = {
            "cards": done.cards,
            "cards_changed": done.cards_written,
            "lines_changed": done.lines_written,
            "warnings_opened": changed.opened,
            "warnings_closed": changed.closed,
        }
        night.save(update_fields=["result"])
    _tell_of_changes(today)
    reminders.remind_in_the_night(organization, None, today)


def _lines_without_entry(month: Period) -> list[ScorecardLine]:
    """One line of each of a few people for which nothing was logged so far."""
    empty = LineScore.objects.filter(entries=0).values("pk")
    lines = ScorecardLine.objects.filter(
        pk__in=empty,
        scorecard__period=month,
        scorecard__owner_kind=OwnerKind.MEMBER,
        scorecard__member__user=None,
        kpi__aggregation=Aggregation.SUM,
        kpi__method=ScoringMethod.RATIO,
        takes_children=False,
        target__gt=0,
    ).select_related("scorecard__member")
    return list({line.scorecard_id: line for line in lines.order_by("-pk")}.values())[:CARDS_MOVED]


def _log(lines: list[ScorecardLine], on: datetime.date) -> None:
    Actual.objects.bulk_create(
        Actual(
            line=line,
            on=on,
            value=(line.target * Decimal("0.6")).quantize(Decimal(1)) or Decimal(1),
            entered_by=line.scorecard.member,
            entered_at=_at(on, datetime.time(16, 20)),
        )
        for line in lines
    )


def _night(on: datetime.date) -> Job:
    at = min(_at(on, NIGHT_HOUR), timezone.now() - datetime.timedelta(minutes=1))
    ended = {"state": JobState.DONE, "started_at": at, "finished_at": at + datetime.timedelta(seconds=4)}
    return Job.objects.create(key=f"night:{on}", task="night", arguments={"on": on.isoformat()}, **ended)


def _at(on: datetime.date, time: datetime.time) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(on, time))


def _tell_of_changes(on: datetime.date) -> None:
    """Changes that were asked for before anybody could sign in."""
    waiting = ChangeRequest.objects.filter(state=ChangeState.REQUESTED)
    for request in waiting.select_related("line__scorecard__department", "requested_by"):
        deciders = recipients.decider_ids(request.line.scorecard, on)
        told = {"kind": notices.CHANGE_REQUESTED, "target": request, "by": request.requested_by}
        notifications.notify(to=deciders, **told)
