"""The cascade: a target shared out and negotiated, a KPI proposed and approved, and the tree that shows it all."""

import re

from playwright.sync_api import expect

from tests.journeys.counting import Counted

# How many rows of the tree stand above the focused one, with itself.
DEPTH = """() => {
  let depth = 0;
  for (let row = document.activeElement; row; row = row.parentElement.closest("[role=treeitem]")) depth += 1;
  return depth;
}"""


def test_a_target_goes_down_and_comes_back_agreed(visits, capsys):
    with visits.open("manager") as manager, visits.open("employee") as employee:
        offered, answered = Counted(manager), Counted(employee)

        share(manager, visits, offered)
        answer(employee, visits, answered)
        decide(manager, visits, offered)
        own = propose(employee, visits, answered)
        approve(manager, visits, offered, own)
    with capsys.disabled():
        print(f"\na target shared out and agreed: manager {offered}; employee {answered}")


def share(page, visits, journey):
    """The manager's own revenue of next month is on no card yet: this month's is shared out to see how it adds up."""
    page.goto(visits.url("scorecards/mine/"))
    page.locator("main tbody a.row-title").first.click()
    page.locator("dialog a[href*='/tree/']").click()
    expect(page).to_have_url(re.compile(r"/scorecards/tree/\d+/"))
    expect(page.locator("[data-tree] [role=treeitem]").first).to_be_visible()
    journey.click(page.get_by_role("link", name="Share out the target"))
    journey.click(page.get_by_role("button", name="Share out", exact=True))
    cells = page.locator("input[name^=target-]")
    shares = [int(cells.nth(number).input_value().replace(",", "")) for number in range(cells.count())]
    total = int(page.locator("input[name=total]").input_value().replace(",", ""))
    assert sum(shares) == total


def answer(page, visits, journey):
    """What was offered waits on top of the employee's home; they answer with another number."""
    page.goto(visits.url())
    journey.click(page.get_by_role("link", name="Propose another number").first)
    target = page.locator("#counter input[name=target]")
    target.fill("500000000")
    page.locator("#counter textarea[name=reason]").fill("Two customers moved away")
    journey.keys += len("500000000") + len("Two customers moved away")
    journey.click(page.get_by_role("button", name="Propose this instead"))
    expect(page.locator(".timeline")).to_contain_text("Two customers moved away")
    expect(page.get_by_role("button", name="Accept", exact=True)).to_have_count(0)


def decide(page, visits, journey):
    """The manager accepts from home in one click."""
    page.goto(visits.url())
    row = page.locator("main li", has_text="500,000,000")
    journey.click(row.get_by_role("button", name=re.compile("^Accept")))
    expect(page.locator("main li", has_text="500,000,000")).to_have_count(0)


def propose(page, visits, journey) -> str:
    """The employee proposes a KPI of their own for next month."""
    page.goto(visits.url("scorecards/proposals/new/"))
    kpi = page.locator("select[name=kpi] option").nth(5)
    value, name = kpi.get_attribute("value"), kpi.text_content()
    page.locator("select[name=kpi]").evaluate("(one, value) => { one.value = value }", value)
    periods = page.locator("select[name=period]")
    periods.select_option(index=periods.locator("option").count() - 1)
    page.locator("input[name=target]").fill("42")
    journey.keys += 2
    journey.click(page.get_by_role("button", name="Propose", exact=True))
    expect(page.locator(".timeline")).to_contain_text("42")
    return name.strip()


def approve(page, visits, journey, name):
    """The manager approves it, and it stands on the card."""
    page.goto(visits.url("scorecards/proposals/"))
    row = page.locator("main li", has_text=name).filter(has=page.get_by_role("button", name=re.compile("^Accept")))
    journey.click(row.first.get_by_role("button", name=re.compile("^Accept")))
    expect(page.locator("h1")).to_have_text(name)
    expect(page.locator(".topbar-badge")).to_contain_text("Agreed")


def test_the_tree_by_keyboard(visits, capsys):
    with visits.open("strategy") as page:
        page.goto(visits.url("scorecards/tree/"))
        journey = Counted(page)
        page.locator("[role=treeitem][tabindex='0']").focus()
        journey.press("ArrowRight")
        for _level in range(3):
            journey.press("ArrowRight")
            expect(page.locator(":focus > ul > [role=treeitem]").first).to_be_visible()
            journey.press("ArrowRight")
        depth = page.evaluate(DEPTH)
        assert depth >= 4, "company, department, head, lead"
        journey.press("Enter")
        expect(page).to_have_url(re.compile(r"/scorecards/tree/\d+/"))
    with capsys.disabled():
        print(f"\nfrom the objective to a lead by keyboard: {journey}")
