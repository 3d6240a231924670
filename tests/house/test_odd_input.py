"""What nobody types by hand: digits that are no numbers, ids beyond any row, NUL. No row, and no error of ours."""

import pytest

from strategy.models import Objective, Perspective, StrategyMap

ODD = ("²", "9" * 30, "9" * 5000, "-1")
NUL = "%00"
PAGES = [
    "audit/?before={odd}",
    "audit/?who={odd}",
    "settings/calendar/?year={odd}",
    "people/?q={odd}",
    "people/?department={odd}",
    "scorecards/?department={odd}",
    "scorecards/?q={odd}",
    "scorecards/assign/?kpi={odd}",
    "scorecards/assign/?member={odd}&from=own-{odd}",
    "scorecards/okr/?department={odd}&objective=",
    "scorecards/tree/?q={odd}",
    "scorecards/warnings/?owner={odd}&card={odd}",
    "search/?q={odd}",
    "strategy/library/kpis/?perspective={odd}&department={odd}",
    "strategy/library/kpis/?q={odd}",
    "strategy/initiatives/new/?objective={odd}",
]


@pytest.mark.parametrize("page", PAGES)
def test_an_odd_address_is_no_error_of_ours(an_phat, page):
    clients = [an_phat.client(member) for member in (an_phat.strategy, an_phat.owner)]
    for odd in ODD:
        seen = {client.get(an_phat.url(page.format(odd=odd))).status_code for client in clients}
        assert seen & {200, 422}, odd[:9]
        assert seen <= {200, 403, 422}, odd[:9]
    assert {client.get(an_phat.url(page.format(odd=NUL))).status_code for client in clients} == {400}


def test_odd_ids_in_a_form_choose_nothing(an_phat):
    client = an_phat.client(an_phat.manager)
    assert client.post(an_phat.url("scorecards/approvals/"), {"entry": [*ODD, chr(0)]}).status_code == 302
    assert client.post(an_phat.url("scorecards/entries/withdraw/?ids=²,9")).status_code == 404


def test_a_lane_that_is_none_moves_nothing(scope):
    lane = Perspective.objects.create(kind="financial", position=1)
    draft = StrategyMap.objects.create(name="Plan")
    aim = Objective.objects.create(map=draft, perspective=lane, code="F1", name="Profit")
    address = scope.url(f"strategy/objectives/{aim.pk}/move/")
    assert scope.client(scope.strategy).post(address, {"lane": "left"}).status_code == 404
