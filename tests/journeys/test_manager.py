"""The manager: a KPI from the library for everyone in a position, then the cards are agreed."""

import re

from playwright.sync_api import expect

from tests.journeys.counting import Counted


def test_a_kpi_from_the_library_for_a_whole_position(visits, capsys):
    with visits.open("manager") as page:
        journey = Counted(page)
        page.goto(visits.url("strategy/library/?template=TRN"))
        journey.click(page.locator("form[action$='/use/'] button", has_text="Use this KPI").first)
        expect(page).to_have_url(re.compile(r"/scorecards/assign/\?kpi="))
        used = journey.clicks
        kpi = page.locator("#assign-form .row-title").inner_text()
        position = page.get_by_role("combobox", name="Everyone who holds the position")
        position.fill("nhan vien kinh doanh")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=re.compile(r"Assign to \d+ cards"))).to_be_visible()
        journey.keys += len("nhan vien kinh doanh") + 1
        assert page.locator("#assign-form .row-title").inner_text() == kpi
        journey.click(page.get_by_role("button", name="Assign to"))
        expect(page.locator(".toast, [role=status], [role=alert]").first).to_be_visible()
    with capsys.disabled():
        print(f"\na KPI from the library to a whole position: {journey} (in use after {used})")
