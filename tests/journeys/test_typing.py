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
