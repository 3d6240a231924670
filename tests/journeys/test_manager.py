"""KPIs of the library: given to everyone in a position, proposed by a manager, taken by the strategy office."""

import re

from playwright.sync_api import expect

from tests.journeys.counting import Counted


def choose_position(page, journey):
    """Found without accents, and taken by keyboard."""
    field = page.get_by_role("combobox", name="Everyone who holds the position")
    page.locator("input").and_(field).fill("nhan vien kinh doanh")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile(r"Assign to \d+ cards"))).to_be_visible()
    journey.keys += len("nhan vien kinh doanh") + 1


def give_next_year(page, journey):
    """The cards of this month are agreed: one click more chooses another time, the last one gives it."""
    journey.click(page.get_by_text("Next year", exact=True))
    expect(page.locator("input[name=when][value=next]")).to_be_checked()
    give = page.get_by_role("button", name=re.compile(r"Assign to \d+ cards"))
    expect(give).to_be_visible()
    journey.click(give)
    expect(page.locator(".alert[data-kind=success]")).to_be_visible()


def test_a_kpi_of_the_library_that_is_in_use_for_a_whole_position(visits, capsys):
    with visits.open("manager") as page:
        journey = Counted(page)
        page.goto(visits.url("strategy/library/?template=STL"))
        journey.click(page.locator("form[action$='/use/'] button").first)
        expect(page).to_have_url(re.compile(r"/scorecards/assign/\?kpi="))
        used = journey.clicks
        kpi = page.locator("#assign-form .row-title").inner_text()
        choose_position(page, journey)
        assert page.locator("#assign-form .row-title").inner_text() == kpi
        give_next_year(page, journey)
    with capsys.disabled():
        print(f"\na KPI from the library to a whole position: {journey} (in use after {used})")


def test_a_new_kpi_of_the_library_for_a_whole_position(visits, capsys):
    with visits.open("manager") as page:
        journey = Counted(page)
        page.goto(visits.url("strategy/library/?template=TRN"))
        journey.click(page.locator("form[action$='/use/'] button", has_text="Use this KPI").first)
        expect(page).to_have_url(re.compile(r"/scorecards/assign/\?kpi="))
        used = journey.clicks
        choose_position(page, journey)
        give_next_year(page, journey)
    with capsys.disabled():
        print(f"\na new KPI of the library to a whole position: {journey} (in use after {used})")


def test_a_kpi_of_the_library_is_two_clicks(visits, capsys):
    with visits.open("strategy") as page:
        journey = Counted(page)
        page.goto(visits.url("strategy/library/?template=ADM"))
        journey.click(page.locator("form[action$='/use/'] button", has_text="Use this KPI").first)
        expect(page).to_have_url(re.compile(r"/scorecards/assign/\?kpi="))
        # The card of this month is agreed, so the next one is offered by itself.
        journey.click(page.get_by_role("button", name="Assign to 1 card"))
        expect(page.locator(".alert[data-kind=success]")).to_be_visible()
        expect(page).to_have_url(re.compile(r"/scorecards/cards/\d+/$"))
        assert journey.clicks == 2
    with capsys.disabled():
        print(f"\na KPI of the library, given: {journey}")
