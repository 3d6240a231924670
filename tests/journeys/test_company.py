"""Around a company: switching, signing up, inviting, importing, the map, preferences, search."""

import re

import xlsxwriter
from playwright.sync_api import expect

OTHER = "brightwater"


def test_an_owner_of_two_companies_sees_one_at_a_time(visits):
    with visits.open("owner") as page:
        page.goto(f"{visits.product.address}/")
        expect(page.get_by_role("link", name="Brightwater")).to_be_visible()
        page.get_by_role("link", name="An Phát").click()
        page.goto(visits.url("people/"))
        expect(page.locator("main")).to_contain_text("NV00")
        page.locator(".sidebar-head summary").click()
        page.locator(".sidebar-head a.menu-item").click()
        expect(page).to_have_url(re.compile(f"/{OTHER}/"))
        page.goto(visits.url("people/", OTHER))
        expect(page.locator("main tbody tr").first).to_be_visible()
        assert "NV00" not in page.content()
        page.keyboard.press("Control+k")
        page.get_by_role("combobox", name="Search pages").fill("NV0001")
        expect(page.locator("#palette-results")).not_to_contain_text("NV0001")


def test_somebody_of_one_company_finds_nothing_of_another(visits):
    with visits.open("hr", expected=(404,)) as page:
        answer = page.goto(visits.url("people/", OTHER))
        assert answer.status == 404
        assert "Brightwater" not in page.content()


def test_sign_up_with_sample_data_look_at_a_map_and_invite(visits):
    with visits.open(None) as page:
        page.goto(f"{visits.product.address}/accounts/signup/")
        page.get_by_label("Company name").fill("Northwind Tools")
        page.get_by_label("Your name").fill("Ann Berg")
        page.locator("input[name=email]").fill("ann@northwind.example")
        page.locator("input[name=password1]").fill("a long walk by the sea")
        expect(page.get_by_label("Start with sample data")).to_be_checked()
        page.get_by_role("button", name="Create the company").click(timeout=60_000)
        expect(page.locator(".sidebar")).to_be_visible(timeout=60_000)
        company = page.url.removeprefix(visits.product.address).split("/")[1]
        page.get_by_role("link", name="Strategy map").first.click()
        expect(page.locator("h1")).to_have_text("Strategy map")
        # The worker fills the company: whoever looks again sees it.
        for _ in range(30):
            if page.locator("#map-name").count():
                break
            page.wait_for_load_state("networkidle")
            page.reload()
        expect(page.locator("#map-name")).to_be_visible()
        page.goto(visits.url("people/", company))
        expect(page.locator("main tbody tr").nth(5)).to_be_visible()


def test_an_invitation_by_mail_is_accepted(visits):
    person = visits.product.samples["an-phat"]["newcomer"]
    with visits.open("hr") as page:
        page.goto(visits.url(f"people/{person}/"))
        page.get_by_role("button", name=re.compile("Invite|Send again")).click()
        expect(page.locator("main")).to_contain_text("newcomer@x.example")
    mail = next(mail for mail in reversed(visits.product.mails()) if "newcomer@x.example" in mail)
    link = re.search(r"http://\S+/accounts/invitation/\S+", mail).group()
    with visits.open(None) as page:
        page.goto(link)
        page.locator("input[type=password]").first.fill("a long walk by the sea")
        page.locator("main form button").click()
        expect(page.locator(".sidebar")).to_be_visible()


def workbook(path, rows) -> str:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("Employee code", "Full name", "E-mail"), *rows]):
            sheet.write_row(number, 0, row)
    return str(path)


def upload(page, visits, path) -> None:
    """Choose the file and go to the preview."""
    page.goto(visits.url("imports/"))
    page.get_by_label("What does the file hold?").select_option("people")
    page.locator("input[type=file]").set_input_files(path)
    page.locator("main form button", has_text="Upload").click()
    page.get_by_role("button", name="Show the preview").click()
    expect(page.locator(".stat").first).to_be_visible(timeout=60_000)


def test_an_import_with_errors_is_mended_applied_and_taken_back(visits, tmp_path):
    good, bad = ("X901", "Hồ Bảo Vy", "vy@x.example"), ("X902", "", "minh@x.example")
    with visits.open("hr") as page:
        upload(page, visits, workbook(tmp_path / "people.xlsx", [good, bad]))
        expect(page.locator("tbody")).to_contain_text("Full name”: ")
        upload(page, visits, workbook(tmp_path / "mended.xlsx", [good, ("X902", "Tạ Minh", "minh@x.example")]))
        page.get_by_role("button", name="Apply").first.click()
        page.locator("#apply").get_by_role("button", name="Apply").click()
        take_back = page.get_by_role("button", name="Take back").first
        expect(take_back).to_be_visible(timeout=60_000)
        page.goto(visits.url("people/?q=ta+minh"))
        expect(page.locator("main tbody")).to_contain_text("Tạ Minh")
        page.go_back()
        take_back.click()
        page.locator("#undo").get_by_role("button", name="Take back").click()
        expect(page.locator("h1 + .topbar-badge")).to_contain_text("Undone", timeout=60_000)
        page.goto(visits.url("people/?q=ta+minh"))
        expect(page.locator("main")).not_to_contain_text("Tạ Minh")


def test_the_map_switches_months_takes_an_objective_and_refuses_a_downward_link(visits):
    draft = visits.product.samples["an-phat"]["draft_map"]
    with visits.open("strategy") as page:
        page.goto(visits.url("strategy/map/"))
        page.locator(".topbar-badge summary").click()
        page.locator(".topbar-badge a.menu-item").nth(1).click()
        expect(page).to_have_url(re.compile("period="))
        page.goto(visits.url(f"strategy/map/{draft}/edit/?as=list"))
        lanes = page.get_by_label(re.compile("New objective"))
        lanes.first.fill("Win the mid-market")
        lanes.first.press("Enter")
        expect(page.locator("main")).to_contain_text("Win the mid-market")
        page.get_by_role("link", name="Win the mid-market", exact=True).click()
        target = page.locator("#id_target")
        below = target.locator("option").filter(has_text="Một nguồn dữ liệu").first.get_attribute("value")
        page.evaluate(
            "value => { const field = document.querySelector('#id_target'); field.value = value;"
            " field.dispatchEvent(new Event('change', {bubbles: true})) }",
            below,
        )
        page.get_by_role("button", name="Add the link").click()
        expect(page.locator("[role=alert]")).to_contain_text("causes stand below their effects")


def test_preferences_keep_the_place(visits):
    with visits.open("hr") as page:
        page.goto(visits.url("people/?q=lan"))
        page.locator(".sidebar-foot summary").click()
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_class(re.compile("dark"))
        page.get_by_role("button", name="Tiếng Việt").click()
        expect(page.locator("html")).to_have_attribute("lang", "vi")
        expect(page).to_have_url(re.compile(r"/people/\?q=lan"))
        expect(page.locator("html")).to_have_class(re.compile("dark"))


def test_ctrl_k_finds_a_person_typed_without_accents(visits):
    with visits.open("hr") as page:
        page.goto(visits.url("people/"))
        name = page.locator("main tbody a.row-title").first.inner_text()
        page.keyboard.press("Control+k")
        plain = page.evaluate(
            "text => text.normalize('NFD').replace(/\\p{M}/gu, '').replace(/đ/g, 'd').replace(/Đ/g, 'D')", name
        )
        page.get_by_role("combobox", name="Search pages").fill(plain.lower())
        expect(page.locator("#palette-results")).to_contain_text(name)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text(name)
