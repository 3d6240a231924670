"""What a warning offers to do about it, to whom."""

import datetime

from scorecards.models import Actual, EarlyWarning
from scorecards.recompute import rescore_cards
from scorecards.services.warnings import refresh_warnings
from scorecards.warnings.lists import of_card
from tests.scorecards.recompute.conftest import CardMaker


def test_entries_that_wait_are_approved_by_the_manager_and_looked_at_by_whoever_entered_them(scope):
    maker = CardMaker(scope)
    card = maker.card(scope.lan)
    line = maker.line(card, None, "100")
    day = Actual.objects.get(line=line).entered_at.date() + datetime.timedelta(days=5)
    rescore_cards(card_ids=[card.pk], on=day)
    refresh_warnings(period=scope.period, on=day)
    assert EarlyWarning.objects.filter(scorecard=card, kind="unapproved", owner=scope.manager).exists()

    def offered(member) -> list[str]:
        return [item.mend_url for item in of_card(card, scope.acting(member), day) if item.warning.kind == "unapproved"]

    assert offered(scope.manager) == ["/an-phat/scorecards/approvals/"]
    assert offered(scope.lan) == [f"/an-phat/scorecards/cards/{card.pk}/"]
