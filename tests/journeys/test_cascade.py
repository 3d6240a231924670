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
    # Cells are counted at once, and the page that had none yet may still be there.
    with page.expect_event("load"):
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


def propose(page, visits, journey, place=5) -> str:
    """The employee proposes a KPI of their own for next month."""
    page.goto(visits.url("scorecards/proposals/new/"))
    kpi = page.locator("select[name=kpi] option").nth(place)
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


PUSHED, CARRIED = "Lợi nhuận sau thuế", "Doanh thu thuần"
ACCEPTS, NEGOTIATES, WAITS = "Phòng Hành chính - Nhân sự", "Phòng Tài chính - Kế toán", "Phòng Marketing"


def test_a_kpi_goes_to_three_departments_and_numbers_come_up(visits, capsys):
    with (
        visits.open("strategy") as office,
        visits.open("hr") as head,
        visits.open("payroll.approver") as other_head,
        visits.open("manager") as manager,
        visits.open("employee") as employee,
    ):
        counted = {
            "strategy office": Counted(office),
            "head who accepts": Counted(head),
            "head who negotiates": Counted(other_head),
            "manager": Counted(manager),
            "employee": Counted(employee),
        }
        push(office, visits, counted["strategy office"])
        accept(head, visits, counted["head who accepts"])
        negotiate(other_head, visits, counted["head who negotiates"])
        agree(office, visits, counted["strategy office"])
        both_carry_it(office, visits)
        adjusted(manager, employee, visits, counted["manager"], counted["employee"])
        roll_up(office, employee, visits, counted["employee"])
    with capsys.disabled():
        print("\na KPI to three departments:", *(f"{who} {journey};" for who, journey in counted.items()))


def waiting(page, visits, name):
    """The row of the first proposal of a KPI that waits for an answer."""
    page.goto(visits.url("scorecards/proposals/"))
    row = page.locator("main li", has_text=name).filter(has=page.get_by_role("button", name=re.compile("^Accept")))
    return row.first


def push(page, visits, journey):
    """To three departments, for this month and the rest of the quarter; cards that are agreed say so and stay."""
    page.goto(visits.url(f"scorecards/tree/?q={PUSHED}"))
    journey.click(page.locator("#tree a.row-title").first)
    journey.click(page.get_by_role("link", name="Share out the target"))
    journey.click(page.locator("[data-check-all]"))
    for name in (ACCEPTS, NEGOTIATES, WAITS):
        journey.click(page.get_by_role("checkbox", name=name))
    journey.click(page.get_by_label(re.compile("to the end of the quarter")))
    with page.expect_event("load"):
        journey.click(page.get_by_role("button", name="Share out", exact=True))
    total = int(page.locator("input[name=total]").input_value().replace(",", ""))
    cells = page.locator("input[name^=target-]")
    typed = [cells.nth(number).input_value().replace(",", "") for number in range(cells.count())]
    shares = [int(text) for text in typed if text]
    assert (len(shares), sum(shares)) == (3, total)
    expect(page.get_by_role("heading", name="Later periods")).to_be_visible()
    journey.click(page.get_by_role("button", name="Offer the targets"))
    expect(page.locator("body")).to_contain_text("targets offered")


def accept(page, visits, journey):
    row = waiting(page, visits, PUSHED)
    journey.click(row.get_by_role("button", name=re.compile("^Accept")))
    expect(page.locator(".topbar-badge")).to_contain_text("Agreed")


def negotiate(page, visits, journey):
    row = waiting(page, visits, PUSHED)
    journey.click(row.get_by_role("link", name=re.compile("^Propose another number")))
    page.locator("#counter input[name=target]").fill("150000000")
    page.locator("#counter textarea[name=reason]").fill("The audit moved to January")
    journey.keys += len("150000000") + len("The audit moved to January")
    journey.click(page.get_by_role("button", name="Propose this instead"))
    expect(page.locator(".timeline")).to_contain_text("The audit moved to January")


def agree(page, visits, journey):
    """The strategy office takes the other number."""
    row = waiting(page, visits, PUSHED)
    expect(row).to_contain_text("150,000,000")
    journey.click(row.get_by_role("button", name=re.compile("^Accept")))
    expect(page.locator(".topbar-badge")).to_contain_text("Agreed")


def both_carry_it(page, visits):
    """Next month both departments carry it; the third has not answered."""
    page.goto(visits.url("scorecards/tree/"))
    later = page.locator("details.menu a", has_text="December 2026").first.get_attribute("href")
    page.goto(visits.url(f"scorecards/tree/?{later.rpartition('?')[2]}&q={PUSHED}"))
    rows = page.locator("#tree [role=treeitem]")
    for name in (ACCEPTS, NEGOTIATES):
        expect(rows.filter(has_text=name)).to_have_count(1)
    expect(rows.filter(has_text=WAITS)).to_have_count(0)


def adjusted(manager, employee, visits, managing, answering):
    """Proposed from below, adjusted from above, answered, approved."""
    name = propose(employee, visits, answering, place=7)
    counter(manager, visits, managing, name, "50", "The team is larger now")
    counter(employee, visits, answering, name, "47", "Two of us start in the middle of the month")
    row = waiting(manager, visits, name)
    expect(row).to_contain_text("47")
    managing.click(row.get_by_role("button", name=re.compile("^Accept")))
    expect(manager.locator(".topbar-badge")).to_contain_text("Agreed")


def counter(page, visits, journey, name, target, reason):
    row = waiting(page, visits, name)
    journey.click(row.get_by_role("link", name=re.compile("^Propose another number")))
    page.locator("#counter input[name=target]").fill(target)
    page.locator("#counter textarea[name=reason]").fill(reason)
    journey.keys += len(target) + len(reason)
    journey.click(page.get_by_role("button", name="Propose this instead"))
    expect(page.locator(".timeline")).to_contain_text(reason)


def roll_up(office, employee, visits, journey):
    """What the employee logs stands in the company's figure at once."""
    office.goto(visits.url(f"scorecards/tree/?q={CARRIED}"))
    office.locator("#tree a.row-title").first.click()
    before = actual(office)
    employee.goto(visits.url("scorecards/mine/"))
    cell = employee.locator("tr", has_text=CARRIED).locator("[data-cell]").first
    value = int(cell.input_value().replace(",", "") or 0)
    cell.fill(str(value + 1_000_000))
    journey.keys += len(str(value + 1_000_000)) + 1
    cell.press("Enter")
    expect(employee.locator('.cell[data-state="saved"]')).to_have_count(1)
    office.reload()
    assert actual(office) == before + 1_000_000


def actual(page) -> int:
    return int(re.sub(r"[^0-9]", "", page.locator(".stat dd").nth(2).inner_text()))


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
