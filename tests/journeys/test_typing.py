"""Nothing that is typed while an answer is on its way is lost: however late it comes, and when it fails."""

import re
from contextlib import contextmanager

from playwright.sync_api import Page, expect

from tests.browser.held import held

MONTHS = "**/library/kpis/months/"
# Before any timer can run, as on a machine that has much to do.
LEAVE_AT_ONCE = """document.addEventListener("htmx:afterSwap", () => {
  queueMicrotask(() => document.activeElement.blur());
}, {once: true})"""


@contextmanager
def year(visits, code: str = "CSV-08", expected: tuple[int, ...] = ()):
    """The year of a KPI in its form, 6,000 in equal months."""
    with visits.open("strategy", expected=expected) as page:
        page.goto(visits.url(f"strategy/library/kpis/?q={code}"))
        page.locator("a.row-title, td a").first.click()
        expect(page).to_have_url(re.compile(r"/library/kpis/\d+/$"))
        page.goto(f"{page.url}edit/")
        page.locator("#plan").get_by_role("button", name="Month by month").click()
        expect(page.locator("#plan-total")).to_be_focused()
        page.locator("#plan-hold-0").uncheck()
        page.locator("#plan-total").fill("6000")
        with page.expect_response(lambda answer: "plan-use=equal" in (answer.request.post_data or "")):
            page.get_by_role("button", name="equal", exact=True).click()
        expect(page.locator("#plan-month-11")).to_have_value("500")
        yield page


def retype(page: Page, name: str, text: str) -> None:
    """Type over what stands in a field, and go on to the next."""
    page.locator(f"#{name}").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.keyboard.press("Tab")


def months(page: Page, *places: int) -> list[str]:
    """What stands in months."""
    return [page.locator(f"#plan-month-{place}").input_value() for place in places]


def test_a_field_works_the_moment_it_is_swapped_in(visits):
    with year(visits) as page, held(page, MONTHS) as answers:
        retype(page, "plan-month-0", "610")
        page.locator("#plan-quarter-0").focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("1500")
        page.evaluate(LEAVE_AT_ONCE)
        answers.next().continue_()
        answers.next().continue_()
        expect(page.locator("#plan")).to_contain_text("Total 6,000 of 6,000")
        expect(page.locator("#plan-hold-0")).to_be_checked()
        expect(page.locator("#plan-quarter-0")).to_have_value("1500")


def test_what_was_chosen_to_be_typed_over_stays_chosen(visits):
    with year(visits) as page, held(page, MONTHS) as answers:
        retype(page, "plan-month-0", "610")
        page.keyboard.press("Tab")
        expect(page.locator("#plan-month-1")).to_be_focused()
        answers.next().continue_()
        expect(page.locator("#plan-month-11")).to_have_value("490")
        page.keyboard.type("7")
        expect(page.locator("#plan-month-1")).to_have_value("7")


def test_changes_are_answered_one_after_the_other(visits):
    with year(visits) as page:
        retype(page, "plan-quarter-0", "1800")
        expect(page.locator("#plan-month-0")).to_have_value("600")
        retype(page, "plan-month-4", "700")
        expect(page.locator("#plan-month-3")).not_to_have_value("467")
        patient = months(page, *range(12))
    with year(visits) as page, held(page, MONTHS) as answers:
        retype(page, "plan-quarter-0", "1800")
        retype(page, "plan-month-4", "700")
        page.locator("#plan-month-6").focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("8")
        for _change in range(2):
            answers.next().continue_()
        expect(page.locator("#plan-month-3")).to_have_value(patient[3])
        assert page.locator("#plan-quarter-0").input_value() == "1800"
        assert (months(page, 4), months(page, 6)) == (["700"], ["8"])
        others = [place for place in range(12) if place != 6]
        assert months(page, *others) == [patient[place] for place in others]


def test_what_is_typed_last_is_saved_with_what_it_moves(visits):
    with year(visits, "BRM-01") as page:
        with held(page, MONTHS) as answers:
            page.locator("#plan-quarter-0").focus()
            page.keyboard.press("Control+A")
            page.keyboard.type("1800")
            page.keyboard.press("Enter")
            answers.next().continue_()
            expect(page).to_have_url(re.compile(r"/library/kpis/\d+/$"))
        page.goto(f"{page.url}edit/")
        page.locator("#plan").get_by_role("button", name="Month by month").click()
        expect(page.locator("#plan-quarter-0")).to_have_value("1,800")
        expect(page.locator("#plan-hold-0")).to_be_checked()
        assert months(page, 0, 1, 2) == ["600", "600", "600"]


def test_a_change_whose_answer_failed_is_asked_about_again(visits):
    with year(visits, expected=(503,)) as page, held(page, MONTHS) as answers:
        retype(page, "plan-quarter-0", "1800")
        answers.next().fulfill(status=503)
        expect(page.locator("#toasts")).to_contain_text("Not saved")
        expect(page.locator("#plan-quarter-0")).to_have_value("1800")
        retype(page, "plan-month-4", "700")
        answers.next().continue_()
        answers.next().continue_()
        expect(page.locator("#plan-hold-0")).to_be_checked()
        expect(page.locator("#plan-month-11")).not_to_have_value("467")
        assert (page.locator("#plan-quarter-0").input_value(), months(page, 0, 4)) == ("1800", ["600", "700"])


@contextmanager
def ratio(visits, expected: tuple[int, ...] = ()):
    """The two cells of the first ratio on the employee's card."""
    with visits.open("employee", expected=expected) as page:
        page.goto(visits.url("scorecards/mine/"))
        yield page, page.locator("[data-col=numerator]").first, page.locator("[data-col=denominator]").first


def type_both(page: Page, above, below, typed: tuple[str, str]) -> None:
    """One after the other, as fast as one types."""
    above.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(typed[0])
    page.keyboard.press("Tab")
    expect(below).to_be_focused()
    page.keyboard.type(typed[1])
    page.keyboard.press("Tab")


def test_both_numbers_of_a_ratio_stand_however_late_the_answers(visits):
    with ratio(visits) as (page, above, below):
        with held(page, "**/record/") as answers:
            type_both(page, above, below, ("611", "650"))
            for number in (above, below):
                answers.next().continue_()
                expect(number.locator("xpath=..")).to_have_attribute("data-state", "saved")
                expect(below).to_have_value("650")
        page.reload()
        assert (above.input_value(), below.input_value()) == ("611", "650")


def test_a_number_whose_answer_failed_stands_and_says_so(visits):
    with ratio(visits, expected=(503,)) as (page, above, below), held(page, "**/record/") as answers:
        type_both(page, above, below, ("612", "651"))
        answers.next().continue_()
        expect(above.locator("xpath=..")).to_have_attribute("data-state", "saved")
        answers.next().fulfill(status=503)
        expect(below.locator("xpath=..")).to_have_attribute("data-state", "error")
        expect(page.locator("#toasts")).to_contain_text("Not saved")
        assert (above.input_value(), below.input_value()) == ("612", "651")


def test_who_leaves_at_once_has_both_numbers_saved(visits):
    with ratio(visits) as (page, above, below):
        with held(page, "**/record/") as answers:
            type_both(page, above, below, ("613", "652"))
            answers.wait_for()
            answers.next()  # never answered: the page is gone
            page.goto(visits.url(""))
        for _look in range(20):
            page.goto(visits.url("scorecards/mine/"))
            if below.input_value() == "652":
                break
        expect(below).to_have_value("652")


def test_days_that_are_clicked_and_named_in_a_row_are_all_kept(visits):
    days, typed = ("2026-06-09", "2026-06-10"), ("Ngày hội", "Nghỉ bù")
    with visits.open("hr") as page:
        page.goto(visits.url("settings/calendar/?year=2026"))
        with held(page, "**/calendar/day/") as answers:
            for day in days:
                page.locator(f"#day-{day}").click()
            for _click in days:
                answers.next().continue_()
            for day, name in zip(days, typed, strict=True):
                page.locator(f"#name-{day}").fill(name)
                page.keyboard.press("Tab")
            answers.next().continue_()
            answers.wait_for()
            expect(page.locator(f"#name-{days[1]}")).to_have_value(typed[1])
            answers.next().continue_()
            expect(page.locator(f"#day-{days[1]}")).to_have_attribute("title", re.compile(typed[1]))
        page.reload()
        for day, name in zip(days, typed, strict=True):
            expect(page.locator(f"#name-{day}")).to_have_value(name)


def test_a_step_is_typed_while_one_more_row_is_fetched(visits):
    with visits.open("strategy") as page:
        page.goto(visits.url("strategy/library/kpis/?q=CSV-08"))
        page.locator("a.row-title, td a").first.click()
        expect(page).to_have_url(re.compile(r"/library/kpis/\d+/$"))
        page.goto(f"{page.url}edit/")
        page.locator("summary", has_text="How it scores").click()
        page.locator("#id_method").select_option("milestone")
        cells = page.locator("#scoring table input")
        expect(cells.first).to_be_visible()
        before = cells.count()
        with held(page, "**/kpis/scoring/") as answers:
            page.get_by_role("button", name="One more row").click()
            cells.nth(1).focus()
            page.keyboard.type("88")
            answers.next().continue_()
            expect(cells).to_have_count(before + 2)
        expect(cells.nth(1)).to_have_value("88")
        expect(cells.nth(1)).to_be_focused()
