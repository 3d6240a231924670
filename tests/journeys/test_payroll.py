"""A month of pay: run, approve by another, lock, export; the files say what the page says."""

import csv
import io
from decimal import Decimal

from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.journeys.counting import Counted

CODE, P3, GROSS = 1, 12, 13  # columns of the file
LONG = 60_000  # the worker calculates, in a process of its own


def number(text: str) -> Decimal:
    return Decimal(text.split()[0].replace(",", ""))


def test_a_clean_month_is_four_clicks(visits, capsys, tmp_path):
    with visits.open("payroll.maker") as maker, visits.open("payroll.approver") as approver:
        made, checked = Counted(maker), Counted(approver)
        maker.goto(visits.url("pay/runs/"))
        made.click(maker.locator(".topbar-actions > form button"))
        send = maker.get_by_role("button", name="Send for approval")
        expect(send).to_be_visible(timeout=LONG)
        made.click(send)
        expect(maker.locator("li[aria-current=step]")).to_be_visible()
        assert maker.get_by_role("button", name="Approve", exact=True).count() == 0, "nobody approves their own run"
        approver.goto(maker.url)
        checked.click(approver.get_by_role("button", name="Approve", exact=True))
        checked.click(approver.get_by_role("button", name="Lock and export"))
        downloads = approver.get_by_role("button", name="Download")
        expect(downloads).to_have_count(1, timeout=LONG)
        clicks = made.clicks + checked.clicks
        book = save(approver, downloads.first, tmp_path)
        approver.get_by_role("button", name="CSV", exact=True).click()
        expect(downloads).to_have_count(2, timeout=LONG)
        table = save(approver, downloads.first, tmp_path)
        maker.goto(visits.url("pay/runs/"))
        total = number(maker.locator("tbody tr").first.locator("td.font-semibold").inner_text())
        person = approver.locator("#lines tbody tr", has=approver.locator("span.badge")).first
        code, p3 = person.locator("td").nth(1).inner_text(), number(person.locator("td").nth(5).inner_text())
        person.locator("a.row-title").click()
        explained = approver.locator(".timeline").inner_text()
        assert f"{p3:,}" in explained
        rows = read_xlsx(book), read_csv(table)
        for found in rows:
            assert sum(row["gross"] for row in found.values()) == total
            assert found[code]["p3"] == p3
        assert rows[0] == rows[1]
        assert clicks == 4
    with capsys.disabled():
        print(f"\na clean month of pay: {clicks} clicks, 0 fields, {len(rows[0])} people")


def save(page, button, folder):
    with page.expect_download() as waiting:
        button.click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def read_xlsx(path) -> dict:
    return by_code(load_workbook(path).worksheets[0].iter_rows(values_only=True))


def read_csv(path) -> dict:
    text = path.read_text("utf-8-sig")
    return by_code(csv.reader(io.StringIO(text), delimiter=";" if ";" in text.splitlines()[0] else ","))


def by_code(table) -> dict:
    """P3 and gross by employee code; rows of people start with their number."""
    rows = [row for row in table if str(row[0]).isdigit()]
    return {row[CODE]: {"p3": Decimal(str(row[P3])), "gross": Decimal(str(row[GROSS]))} for row in rows}
