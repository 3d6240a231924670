"""A period with a value missing that has to be there cannot be locked, whoever looks at it when."""

import datetime

import pytest

from kpiapp.models import Period
from kpiapp.services.periods import PeriodBlocked, lock_period
from scorecards.models import CardScore
from scorecards.services import actuals, scorecards
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi, rescore

AFTER = datetime.date(2026, 12, 1)


@pytest.fixture
def blocked(scope):
    """Lan's card: turnover is entered; safety, which must be there, is not."""
    scope.safety, turnover = make_kpi("SAFE", "An toàn", missing_policy="block"), make_kpi("REV")
    scope.card = make_card(scope, scope.lan, (turnover, 60, 100), (scope.safety, 40, 10), agreed_by=scope.manager)
    enter(scope, turnover, 100)
    return scope


def enter(cast, kpi, value):
    line = line_of(cast.card, kpi)
    actuals.record_actual(line=line, value=D(value), on=STORY_DAY, today=STORY_DAY, by=cast.acting(cast.lan))


def lock(cast, on):
    lock_period(period=cast.period, on=on, by=cast.acting(cast.hr))
    assert not Period.objects.get(pk=cast.period.pk).is_open


def refused(cast, on):
    with pytest.raises(PeriodBlocked) as found:
        lock(cast, on)
    assert Period.objects.get(pk=cast.period.pk).is_open
    return found.value.blockers


def test_it_is_refused_once_the_value_is_late_until_it_is_entered(blocked):
    rescore(blocked.card, on=AFTER)
    score = CardScore.objects.get(pk=blocked.card.pk)
    assert (score.is_blocked, score.percent) == (True, None)
    [sentence] = refused(blocked, AFTER)
    assert sentence.startswith("1 ")
    enter(blocked, blocked.safety, 10)
    rescore(blocked.card, on=AFTER)
    assert CardScore.objects.get(pk=blocked.card.pk).percent == 100
    lock(blocked, AFTER)


def test_it_is_refused_before_a_night_has_found_the_value_late(blocked):
    assert not CardScore.objects.get(pk=blocked.card.pk).is_blocked
    assert len(refused(blocked, STORY_DAY)) == len(refused(blocked, AFTER)) == 1


def test_two_cards_are_counted_once_each(blocked):
    make_card(blocked, blocked.minh, (blocked.safety, 100, 10))
    rescore(blocked.card, on=AFTER)
    [sentence] = refused(blocked, AFTER)
    assert sentence.startswith("2 ")


def test_a_waived_kpi_keeps_nobody(blocked):
    scorecards.waive_line(
        line=line_of(blocked.card, blocked.safety), reason="Làm việc tại nhà", by=blocked.acting(blocked.manager),
        today=STORY_DAY,
    )  # fmt: skip
    lock(blocked, AFTER)


def test_what_may_be_missing_keeps_nobody(scope):
    make_card(scope, scope.lan, (make_kpi("REV", missing_policy="zero"), 100, 100))
    lock(scope, AFTER)
