"""What a company asks of its cards: said while weights are set, refused where the company says so."""

import pytest

from kpiapp.models import AuditEvent
from kpiapp.services.refusals import Refused
from scorecards.cards.weights import findings_of
from scorecards.models import card_rules
from scorecards.services import scorecards
from scorecards.services.rules import set_card_rules
from scorecards.services.scorecards import CardRefused
from strategy.choices import Group
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, make_card, make_kpi


def card_of(cast, *weights, groups="B"):
    groups = groups * len(weights) if len(groups) == 1 else groups
    given = enumerate(zip(weights, groups, strict=True))
    kpis = [(make_kpi(f"K{n}", group=Group(group)), weight, 100) for n, (weight, group) in given]
    return make_card(cast, cast.lan, *kpis)


def weights_of(card):
    return list(card.lines.order_by("position").values_list("weight", flat=True))


def texts(card):
    lines = list(card.lines.select_related("kpi").order_by("position"))
    return [(finding.text.split(":")[0], finding.refuses) for finding in findings_of(lines, card_rules())]


def test_five_kpis_within_the_limits_leave_nothing_to_say(scope):
    assert texts(card_of(scope, 30, 25, 20, 15, 10)) == []


def test_limits_are_a_hint_until_the_company_refuses(scope):
    card = card_of(scope, 50, 46, 4)
    assert [refuses for _text, refuses in texts(card)] == [False, False, False]
    set_card_rules(by=scope.acting(scope.owner), limits="refuse")
    assert [refuses for _text, refuses in texts(card)] == [True, True, True]
    with pytest.raises(CardRefused):
        scorecards.agree_card(card=card, by=scope.acting(scope.manager))


@pytest.mark.parametrize(("policy", "said"), [("strict", [True]), ("warn", [False]), ("normalise", [])])
def test_weights_that_do_not_make_100_are_refused_warned_about_or_shared(scope, policy, said):
    card = card_of(scope, 30, 25, 20, 15, 8)
    set_card_rules(by=scope.acting(scope.owner), weights=policy)
    assert [refuses for _text, refuses in texts(card)] == said
    agree = lambda: scorecards.agree_card(card=card, by=scope.acting(scope.manager))  # noqa: E731
    if policy == "strict":
        with pytest.raises(CardRefused):
            agree()
    else:
        assert agree().is_agreed


def test_weights_are_suggested_by_group(scope):
    card = card_of(scope, 1, 2, 3, 4, 5, groups="AABBC")
    scorecards.suggest_card_weights(card=card, by=scope.acting(scope.manager), today=STORY_DAY)
    assert weights_of(card) == [28, 27, 18, 18, 9]


def test_a_suggestion_keeps_the_limits_of_the_company(scope):
    set_card_rules(by=scope.acting(scope.owner), weight_most=D(30))
    card = card_of(scope, 1, 2, 3, 4, 5, groups="ACCCC")
    scorecards.suggest_card_weights(card=card, by=scope.acting(scope.manager), today=STORY_DAY)
    assert weights_of(card) == [30, 18, 18, 17, 17]


@pytest.mark.parametrize(
    "values",
    [
        {"weight_least": D(50)},
        {"kpis_least": 13},
        {"weight_least": D(30), "kpis_least": 4},
        {"weight_most": D(8)},
        {"weight_most": D(101)},
    ],
)
def test_rules_that_no_card_can_keep_are_refused(scope, values):
    with pytest.raises(Refused):
        set_card_rules(by=scope.acting(scope.owner), **values)
    assert not AuditEvent.objects.filter(action="card_rules.edit").exists()


def test_a_change_of_the_rules_is_recorded_with_before_and_after(scope):
    set_card_rules(by=scope.acting(scope.owner), kpis_most=10)
    event = AuditEvent.objects.get(action="card_rules.edit")
    assert (event.before, event.after) == ({"kpis_most": 12}, {"kpis_most": 10})
