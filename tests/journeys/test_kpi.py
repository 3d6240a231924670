"""Defining a KPI: seven questions by keyboard alone, and four fields."""

import re

from playwright.sync_api import expect

from tests.journeys.counting import Counted
from tests.journeys.test_manager import give_next_year


def test_seven_questions_by_keyboard(visits, capsys):
    with visits.open("strategy") as page:
        journey = Counted(page)
        page.goto(visits.url("strategy/library/kpis/new/?guided=guided"))
        expect(page.locator("[data-step-number]")).to_have_text("1")
        journey.type("Customers renew without being asked")
        journey.press("Control+Enter")
        journey.type("Renewals pay for growth")
        journey.press("Control+Enter")
        expect(page.locator("[name=name]")).to_be_focused()
        journey.type("Contracts renewed")
        journey.press("Tab")
        journey.type("contracts")
        journey.press("Tab")
        journey.type("CRM")
        journey.press("Enter")
        expect(page.locator("[data-step-number]")).to_have_text("4")
        journey.type("Call every customer a month before the end")
        journey.press("Control+Enter")
        journey.type("Nguyễn")
        journey.press("Control+Shift+Enter")
        expect(page.locator("[data-step-number]")).to_have_text("4")
        journey.press("Control+Enter")
        page.locator("[name=owner]").fill("")
        journey.press("Control+Enter")
        journey.type("40")
        journey.press("Tab")
        journey.type("45")
        expect(page.locator("#kpi-curve polyline").first).to_be_visible()
        expect(page.locator("#smarter")).to_contain_text(re.compile("12|13"))
        journey.press("Enter")
        expect(page.locator("[data-step-number]")).to_have_text("7")
        journey.press("Control+Enter")
        expect(page).to_have_url(re.compile(r"/library/kpis/\d+/$"))
        expect(page.locator("h1")).to_have_text("Contracts renewed")
    with capsys.disabled():
        print(f"\na KPI by seven questions: {journey}")


def test_four_fields_and_it_is_on_a_card(visits, capsys):
    """What is measured, the objective, where one starts, the target: in use at once, and given with the next clicks."""
    with visits.open("manager") as page:
        journey = Counted(page)
        page.goto(visits.url("strategy/library/kpis/new/"))
        journey.click(page.locator("[name=name]"))
        journey.type("Hợp đồng mới")
        journey.press("Tab")
        journey.type("tang")
        journey.press("Enter")
        expect(page.locator("select[name=objective]")).not_to_have_value("")
        for name, number in (("baseline", "10"), ("target", "12")):
            page.locator(f"[name={name}]").focus()
            journey.type(number)
        journey.press("Enter")
        expect(page).to_have_url(re.compile(r"/library/kpis/\d+/$"))
        expect(page.locator("h1")).to_have_text("Hợp đồng mới")
        expect(page.locator(".alert[data-kind=success]")).to_be_visible()
        journey.click(page.locator("a[href*='/scorecards/assign/?kpi=']").first)
        give_next_year(page, journey)
        expect(page.locator(".alert[data-kind=success]")).to_be_visible()
    with capsys.disabled():
        print(f"\na KPI from nothing, on cards: {journey}")


def judged(page):
    """What is judged while one types has come back: a request that the next one replaces is a complaint."""
    return page.expect_response(lambda answer: "/judge/" in answer.url)


def test_a_wrong_formula_is_marked_where_it_is_wrong_and_reached_by_keyboard(visits):
    with visits.open("strategy") as page:
        page.goto(visits.url("strategy/library/kpis/new/"))
        with judged(page):
            page.locator("[name=aggregation]").select_option("formula")
        field = page.locator("#id_formula")
        with judged(page):
            field.fill("100 + [NOPE] * 2")
        field.focus()
        mark = page.locator(".formula-box mark")
        expect(mark).to_have_text("[NOPE]")
        expect(field).to_have_attribute("aria-invalid", "true")
        inside, over = field.bounding_box(), mark.bounding_box()
        assert inside["x"] < over["x"] < inside["x"] + inside["width"]
        assert inside["y"] < over["y"] < inside["y"] + inside["height"]
        page.keyboard.press("Tab")
        expect(page.locator("[data-formula-go]")).to_be_focused()
        page.keyboard.press("Enter")
        expect(field).to_be_focused()
        assert field.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)") == "[NOPE]"
        with judged(page):
            page.keyboard.type("5")
        expect(mark).to_have_count(0)
        expect(page.locator("#formula-check dl")).to_be_visible()
