"""A year's target month by month: from the target's field by one click, two months of a quarter pinned, by keyboard."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.counting import Counted

MOST_TABS = 40


def tab_to(journey: Counted, page: Page, name: str, key: str = "Tab") -> None:
    """Tab on, or back, until an element has the focus."""
    for _step in range(MOST_TABS):
        if page.evaluate("document.activeElement.id") == name:
            return
        journey.press(key)
    raise AssertionError(f"{name} is not reached by {key}")


def retype(journey: Counted, text: str) -> None:
    """Type over what stands in the field."""
    journey.press("Control+A")
    journey.type(text)


def month(page: Page, place: int) -> str:
    """What stands in a month."""
    return page.locator(f"#plan-month-{place}").input_value()


def test_two_months_of_a_quarter_pinned_by_keyboard(visits, capsys):
    with visits.open("strategy", expected=(422,)) as page:
        page.goto(visits.url("strategy/library/kpis/?q=COM-01"))
        page.locator("a.row-title, td a").first.click()
        expect(page).to_have_url(re.compile(r"/library/kpis/\d+/$"))
        page.goto(f"{page.url}edit/")
        page.locator("[name=target]").focus()
        journey = Counted(page)
        journey.click(page.locator("#plan").get_by_role("button", name="Month by month"))
        expect(page.locator("#plan-total")).to_be_visible()
        tab_to(journey, page, "plan-total")
        retype(journey, "6000")
        tab_to(journey, page, "plan-month-0")
        expect(page.locator("#plan-month-11")).to_have_value("500")
        for place in (0, 2):
            tab_to(journey, page, f"plan-month-{place}")
            retype(journey, "600")
            tab_to(journey, page, f"plan-pin-{place}")
            journey.press("Space")
        tab_to(journey, page, "plan-quarter-0")
        retype(journey, "1500")
        journey.press("Tab")
        expect(page.locator("#plan-month-1")).to_have_value("300")
        assert (month(page, 0), month(page, 2)) == ("600", "600")
        expect(page.locator("#plan")).to_contain_text("Total 6,000 of 6,000")

        tab_to(journey, page, "plan-month-1", "Shift+Tab")
        retype(journey, "500")
        journey.press("Tab")
        refusal = page.locator("#plan [role=alert]")
        expect(refusal).to_contain_text("1,700 instead of 1,500")
        journey.press("Shift+Tab")
        journey.press("Enter")
        expect(page.locator("#plan [role=alert]")).to_contain_text("1,700 instead of 1,500")
        assert [month(page, place) for place in range(3)] == ["600", "500", "600"]
        assert page.locator("#plan-hold-0").is_checked()

        tab_to(journey, page, "plan-month-1")
        retype(journey, "300")
        journey.press("Tab")
        expect(refusal).to_have_count(0)
        tab_to(journey, page, "plan-total", "Shift+Tab")
        shape = page.get_by_role("button", name="last year's shape")
        for _step in range(5):
            if shape.evaluate("one => one === document.activeElement"):
                break
            journey.press("Tab")
        journey.press("Enter")
        expect(shape).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#plan-month-1")).to_have_value("300")
        expect(page.locator("#plan")).to_contain_text("Total 6,000 of 6,000")
        tab_to(journey, page, "plan-month-0")
        journey.press("Enter")
        expect(page).to_have_url(re.compile(r"/library/kpis/\d+/$"))
    with capsys.disabled():
        print(f"\na year month by month, two months of a quarter pinned: {journey}")
