"""The employee: log progress by keyboard, see the score move, take back, paste, follow a number to its source."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.counting import Counted

COMPANY = "brightwater"


def cells(page):
    return page.locator("[data-cell]")


def score(page):
    return page.locator(".stat").first.locator("dd").first.inner_text()


def test_ten_kpis_by_keyboard_then_undo_then_paste(visits, capsys):
    with visits.open("ten", company=COMPANY) as page:
        page.goto(visits.url(company=COMPANY))
        expect(cells(page)).to_have_count(10)
        before = score(page)
        journey = Counted(page)
        journey.click(page.get_by_role("link", name="Log progress"))
        expect(cells(page).first).to_be_focused()
        for number in range(10):
            journey.type(str(70 + 5 * number))
            journey.press("Enter")
        expect(page.locator('.cell[data-state="saved"]')).to_have_count(10)
        logged = str(journey)
        assert journey.clicks == 1
        expect(page.locator(".stat").first.locator("dd").first).not_to_have_text(before)
        full = score(page)
        page.reload()
        assert score(page) == full, "the page shows what the server would"
        cells(page).nth(0).fill("1")
        cells(page).nth(0).press("Enter")
        expect(page.locator('.cell[data-state="saved"]')).to_have_count(1)
        expect(page.locator(".stat").first.locator("dd").first).not_to_have_text(full)
        page.locator("main").focus()
        page.keyboard.press("Control+z")
        expect(cells(page).nth(0)).to_have_value("70")
        expect(page.locator(".stat").first.locator("dd").first).to_have_text(full)
        cells(page).nth(3).focus()
        page.evaluate("navigator.clipboard.writeText('101\\n102\\n103\\n')")
        page.keyboard.press("Control+v")
        expect(cells(page).nth(5)).to_have_value("103")
        assert [cells(page).nth(number).input_value() for number in (2, 3, 4, 5, 6)] == [
            "80",
            "101",
            "102",
            "103",
            "100",
        ]
    with capsys.disabled():
        print(f"\nten KPIs by keyboard: {logged}")


def test_tab_keeps_what_was_typed_and_goes_to_the_next_cell(visits):
    """Past the links in between; Shift-Tab reaches those."""
    with visits.open("ten", company=COMPANY) as page:
        page.goto(visits.url("scorecards/mine/", company=COMPANY))
        cells(page).first.focus()
        for number in range(3):
            expect(cells(page).nth(number)).to_be_focused()
            page.keyboard.press("Control+a")
            page.keyboard.type(str(61 + number))
            page.keyboard.press("Tab")
        expect(cells(page).nth(3)).to_be_focused()
        expect(page.locator('.cell[data-state="saved"]')).to_have_count(3)
        page.keyboard.press("Shift+Tab")
        expect(page.locator("[data-cell]:focus")).to_have_count(0)
        page.reload()
        assert [cells(page).nth(number).input_value() for number in range(3)] == ["61", "62", "63"]


def test_a_value_that_is_no_number_stays_with_its_reason(visits):
    with visits.open("ten", company=COMPANY) as page:
        page.goto(visits.url(company=COMPANY))
        cells(page).nth(9).fill("many")
        cells(page).nth(9).press("Enter")
        expect(page.locator('.cell[data-state="error"]')).to_have_count(1)
        expect(page.locator(".cell-message")).to_be_visible()
        expect(cells(page).nth(9)).to_have_value("many")


@pytest.mark.parametrize(("language", "typed"), [("vi", "nhập"), ("en", "entered by")])
def test_from_a_payslip_down_to_what_was_typed(visits, language, typed):
    with visits.open("employee", language=language) as page:
        page.goto(visits.url("pay/payslips/"))
        page.locator("main a.row-title").first.click()
        steps = page.locator(".timeline")
        expect(steps).to_contain_text("P3")
        steps.locator("a[href*='/scorecards/cards/']").first.click()
        expect(page).to_have_url(re.compile(r"/scorecards/cards/\d+/why/"))
        completion = (
            steps.locator("li", has=page.locator("a[href*='/lines/']")).first.locator("div > span").inner_text()
        )
        steps.locator("a[href*='/lines/']").first.click()
        expect(page).to_have_url(re.compile(r"/scorecards/lines/\d+/why/"))
        expect(steps).to_contain_text(completion)
        expect(steps).to_contain_text(typed)
        entry = steps.locator("a[href*='#entry-']").first
        amount = entry.inner_text().split()[0]
        entry.click()
        expect(page.locator("[id^=entry-]").first).to_be_visible()
        expect(page.locator("main")).to_contain_text(amount)
