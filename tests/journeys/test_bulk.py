"""Targets for many people: one grid, a block pasted from a spreadsheet, what cannot be read mended, put on cards."""

import re
import time

from playwright.sync_api import Page, expect

from tests.journeys.counting import Counted

PEOPLE, KPIS, MONTHS = 10, 2, 12


def next_year(visits) -> None:
    """HR opens the months of the next year, once."""
    with visits.open("hr") as page:
        page.goto(visits.url("periods/"))
        page.get_by_role("button", name="Add the next year").click()
        page.wait_for_load_state()


def block(rows: int, wrong: dict[tuple[int, int], str]) -> str:
    """Rows × months as a spreadsheet copies them."""
    return "\n".join(
        "\t".join(wrong.get((row, month), f"{1000 + 10 * row + month:,}") for month in range(MONTHS))
        for row in range(rows)
    )


def paste(page: Page, text: str) -> float:
    """Paste into the cell one stands in; seconds until the server's answer is drawn."""
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    began = time.monotonic()
    page.keyboard.press("Control+V")
    page.wait_for_function("() => !document.querySelector('.sheet').hasAttribute('aria-busy')")
    return time.monotonic() - began


def choose(page: Page, people: int, kpis: int) -> str:
    """KPIs and people by pasted lists, the whole next year; the address of the grid."""
    names = page.locator("#pick-kpi option:not([value=''])").evaluate_all("all => all.map((one) => one.textContent)")
    page.get_by_text("Paste a list of KPIs").click()
    page.locator("textarea[name=kpi_list]").fill("\n".join(names[:kpis]))
    page.get_by_text("Paste a list of people").click()
    page.locator("textarea[name=people_list]").fill("\n".join(f"NV{n:04}" for n in range(1, people + 1)))
    page.get_by_text("Next year").click()
    expect(page.get_by_role("button", name="Adjust in a grid")).to_be_visible()
    for weight in page.locator("input[name$=-weight]").all():
        weight.fill("50" if kpis == KPIS else "5")


def test_a_year_of_targets_for_ten_people(visits, capsys):
    next_year(visits)
    with visits.open("strategy") as page:
        page.goto(visits.url("scorecards/assign/"))
        choose(page, PEOPLE, KPIS)
        page.get_by_role("button", name="Adjust in a grid").click()
        expect(page.locator("[data-sheet-body] td[data-row]").first).to_be_visible()
        journey = Counted(page)
        first = page.locator("td[data-row='0'][data-column='2']")
        journey.click(first)
        pasted = paste(page, block(PEOPLE * KPIS, {(3, 4): "1O40", (7, 0): "1.2.3"}))
        journey.keys += 1
        note, message = page.locator("[data-sheet-note]"), page.locator("[data-sheet-message]")
        expect(note).to_contain_text("2 cells to mend")
        expect(first).to_have_text("1,000")
        wrong = page.locator("td[aria-invalid=true]")
        expect(wrong).to_have_text(["1O40", "1.2.3"])
        for value in ("1040", "1070"):
            journey.click(wrong.first)
            expect(message).to_contain_text("Type digits only" if value == "1040" else "can be read in two ways")
            journey.type(value)
            journey.press("Enter")
            expect(page.locator("[data-sheet]")).not_to_have_attribute("aria-busy", "true")
        expect(note).to_contain_text("Every cell can be read")
        # The tab is closed by mistake: nothing is lost.
        page.reload()
        expect(page.locator("td[data-row='3'][data-column='6']")).to_have_text("1,040")
        journey.click(page.get_by_role("button", name=re.compile("Put on .* cards")))
        expect(page).to_have_url(re.compile(r"/scorecards/assign/\d+/"))
        expect(page.locator(".stats")).to_contain_text("240")
    with capsys.disabled():
        print(f"\n20 × 12 targets pasted, two mended, on cards: {journey} (paste {pasted:.2f} s)")


def test_200_rows_by_12_months_are_pasted_at_once_and_taken_back(visits, capsys):
    with visits.open("strategy") as page:
        page.goto(visits.url("scorecards/assign/"))
        choose(page, 20, 10)
        page.get_by_role("button", name="Adjust in a grid").click()
        expect(page.locator(".topbar .badge").first).to_have_text("200 rows")
        first = page.locator("td[data-row='0'][data-column='2']")
        before = first.inner_text()
        first.click()
        pasted = paste(page, block(200, {}))
        expect(first).to_have_text("1,000")
        assert pasted <= 2
        page.keyboard.press("Control+End")
        expect(page.locator("td[data-row='199'][data-column='13']")).to_have_text("3,001")
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+Home")
        expect(first).to_have_text(before)
        page.get_by_role("button", name="Throw away").click()
        expect(page).to_have_url(re.compile(r"/scorecards/assign/$"))
    with capsys.disabled():
        print(f"\n200 × 12 targets pasted in {pasted:.2f} s")


def test_the_keyboard_does_what_a_spreadsheet_does(visits):
    with visits.open("strategy") as page:
        page.goto(visits.url("scorecards/assign/"))
        choose(page, 3, 2)
        page.get_by_role("button", name="Adjust in a grid").click()

        def cell(row, column):
            return page.locator(f"td[data-row='{row}'][data-column='{column}']")

        cell(0, 2).click()
        page.keyboard.type("100")
        page.keyboard.press("ArrowRight")
        page.keyboard.type("250")
        page.keyboard.press("Tab")
        expect(cell(0, 4)).to_be_focused()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("Shift+ArrowDown")
        page.keyboard.press("Shift+ArrowDown")
        page.keyboard.press("Control+d")
        expect(cell(2, 3)).to_have_text("250")
        page.keyboard.press("Control+z")
        expect(cell(2, 3)).not_to_have_text("250")
        page.locator("[data-sheet-column='2']").click()
        page.locator("[data-sheet-how]").select_option("percent")
        page.locator("[data-sheet-amount]").fill("10")
        page.keyboard.press("Enter")
        expect(cell(0, 2)).to_have_text("110")
        cell(0, 14).click()
        page.keyboard.type("1201")
        page.keyboard.press("Enter")
        expect(cell(0, 14)).to_have_text("1,201")
        page.keyboard.press("Escape")
        cell(1, 2).click()
        page.keyboard.type("7")
        page.keyboard.press("Escape")
        expect(cell(1, 2)).not_to_have_text("7")
        page.get_by_role("button", name="Throw away").click()


def test_on_a_phone_a_finger_opens_cells_and_a_block_is_pasted_into_a_text(visits):
    with visits.open("strategy", width=360, touch=True) as page:
        page.goto(visits.url("scorecards/assign/"))
        choose(page, 3, 2)
        page.get_by_role("button", name="Adjust in a grid").tap()

        def cell(row, column):
            return page.locator(f"td[data-row='{row}'][data-column='{column}']")

        # What is typed is written when the next cell is opened, and that one stays open when the answer arrives.
        cell(0, 0).tap()
        page.locator("td input").fill("30")
        cell(1, 0).tap()
        expect(cell(0, 0)).to_have_text("30")
        page.locator("td input").fill("30")
        page.keyboard.press("Enter")
        expect(cell(1, 0)).to_have_text("30")
        expect(cell(2, 0).locator("input")).to_be_focused()
        expect(page.locator("[data-sheet-note]")).to_contain_text("cards not at 100")
        cell(0, 0).tap()
        page.get_by_role("button", name="Balance to 100").tap()
        expect(cell(0, 0)).to_have_text("50")
        page.get_by_role("button", name="Undo").tap()
        expect(cell(0, 0)).to_have_text("30")
        cell(0, 2).tap()
        page.get_by_role("button", name="Paste a block").tap()
        page.locator("#sheet-block").fill("11\t12\n21\t2x")
        page.get_by_role("dialog").get_by_role("button", name="Paste").tap()
        expect(cell(1, 2)).to_have_text("21")
        expect(page.locator("td[aria-invalid=true]")).to_have_text("2x")
        # The names stay where they are when the months are pushed aside, and the page itself does not move.
        page.locator("[data-sheet-scroll]").evaluate("area => { area.scrollLeft = 400; }")
        # Rows are drawn anew while one scrolls, so the question is asked until one stands there.
        page.wait_for_function("document.querySelector('tbody .sheet-head')?.getBoundingClientRect().x < 30")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.get_by_role("button", name="Throw away").tap()


def test_thirty_kpis_for_seventy_people_in_one_screen(visits, capsys):
    began = time.monotonic()
    with visits.open("strategy") as page:
        page.goto(visits.url("scorecards/assign/"))
        choose(page, 70, 30)
        asked = time.monotonic()
        page.get_by_role("button", name="Adjust in a grid").click()
        expect(page.locator(".topbar .badge").first).to_have_text("2100 rows", timeout=20_000)
        expect(page.locator("[data-sheet-body] td[data-row]").first).to_be_visible()
        opened = time.monotonic() - asked
        page.locator("td[data-row='0'][data-column='0']").click()
        page.keyboard.type("4")
        page.keyboard.press("Enter")
        same = page.locator("td[data-row='30'][data-column='0']")
        page.locator("td[data-row='0'][data-column='0']").click()
        page.get_by_role("button", name="Same for all").click()
        page.locator("[data-sheet-scroll]").evaluate("area => { area.scrollTop = 30 * 44; }")
        expect(same).to_have_text("4")
        page.get_by_role("button", name="Throw away").click()
        assert opened <= 10
    with capsys.disabled():
        print(f"\n2,100 rows in one grid: open after {opened:.1f} s, whole journey {time.monotonic() - began:.1f} s")
