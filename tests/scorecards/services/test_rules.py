"""What a company asks of its cards: said while weights are set, refused where the company says so."""

import pytest

from kpiapp.models import AuditEvent
from kpiapp.services.organizations import edit_organization
from kpiapp.services.refusals import Refused
from scorecards import explain
from scorecards.cards.weights import findings_of
from scorecards.models import LineScore, StaleCard, card_rules
from scorecards.services import actuals, scorecards
from scorecards.services.rules import set_card_rules
from scorecards.services.scorecards import CardRefused
from strategy.choices import Group
from tests.cast import STORY_DAY
from tests.scorecards.kit import D, line_of, make_card, make_kpi, rescore


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


class TestTargetsOfZero:
    """What cannot be divided by is not scored, unless the company says that meeting it is full."""

    @pytest.fixture
    def card(self, scope):
        """A card with a target of zero, which came when the company took it, and one without."""
        kpi = make_kpi("LOSS", "Lỗ", method="mirror")
        set_zero_targets(scope, True)
        card = make_card(scope, scope.lan, (kpi, 100, 0))
        actuals.record_actual(
            line=line_of(card, kpi), on=STORY_DAY, today=STORY_DAY, by=scope.acting(scope.hr), value=D(0)
        )
        make_card(scope, scope.minh, (make_kpi("S"), 100, 90))
        StaleCard.objects.all().delete()
        return card

    def test_a_company_may_count_them_and_change_its_mind_also_for_rules_in_memory(self, scope, card):
        def scored():
            rescore(card)
            score = LineScore.objects.get(scorecard=card)
            return score.state, score.reason, score.completion

        assert scored() == ("scored", "", D(1))
        set_zero_targets(scope, False)
        assert scored() == ("not_scorable", "zero_target", None)
        set_zero_targets(scope, True)
        assert scored() == ("scored", "", D(1))
        told = explain.explain_line(card.lines.get(), on=STORY_DAY)
        assert any("0 where the target is 0: all or nothing" in step.text for step in told.steps)

    def test_the_next_night_scores_what_has_such_a_target_and_nothing_else(self, scope, card):
        set_zero_targets(scope, False)
        assert list(StaleCard.objects.values_list("pk", flat=True)) == [card.pk]
        event = AuditEvent.objects.filter(action="organization.edit").latest("pk")
        assert (event.before, event.after) == ({"zero_target_full_if_met": True}, {"zero_target_full_if_met": False})

    def test_other_settings_leave_cards_alone(self, scope, card):
        edit_organization(
            organization=scope.organization, on=STORY_DAY, by=scope.acting(scope.owner), long_periods="average"
        )
        assert not StaleCard.objects.exists()

    def test_such_a_target_is_refused_where_it_can_never_be_scored(self, scope):
        ratio, hit = make_kpi("R"), make_kpi("H", method="deviation")
        with pytest.raises(CardRefused):
            make_card(scope, scope.lan, (ratio, 100, 0))
        set_zero_targets(scope, True)
        make_card(scope, scope.lan, (ratio, 100, 0))
        with pytest.raises(CardRefused):
            make_card(scope, scope.minh, (hit, 100, 0))


def set_zero_targets(cast, are_full):
    edit_organization(
        organization=cast.organization,
        on=STORY_DAY,
        by=cast.acting(cast.owner),
        zero_target_full_if_met=are_full,
    )
