"""What is done to scores before a period is locked, and before it is reopened."""

import datetime

from django.db.models import Exists, OuterRef, Q

from kpiapp.models import Period, PeriodReopening
from scorecards import recompute
from scorecards.models import LineScore, Scorecard, ScorecardLine, StaleCard
from scorecards.scoring import LineState


def score_as_over(period: Period, on: datetime.date) -> None:
    """Score what has no value yet as it stands at the end of a period: once it is locked, nothing comes any more.

    Whoever locks before that end, or before the night after it, would else freeze a missing value as “not due”, and
    pay by a score that leaves it out where the KPI says that no report is zero.
    """
    waits = Q(score=None) | Q(score__state=LineState.NOT_DUE)
    waiting = ScorecardLine.objects.filter(waits, scorecard=OuterRef("pk"))
    cards = Scorecard.objects.filter(Exists(waiting), period=period).values_list("pk", flat=True)
    recompute.rescore_cards(card_ids=cards, on=max(on, period.ends_on))


def look_again(reopening: PeriodReopening) -> None:
    """Have the next night look at what was late when a period was locked: before its end, it has time again."""
    late = LineScore.objects.filter(scorecard__period=reopening.period_id, state=LineState.LATE)
    cards = late.values_list("scorecard", flat=True).distinct()
    StaleCard.objects.bulk_create([StaleCard(scorecard_id=pk) for pk in cards], ignore_conflicts=True)
