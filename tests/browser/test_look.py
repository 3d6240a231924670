"""The frame and the scripts in a real browser: typing in cells, paste, undo, menus, dialogs, drawer, themes, access.

The pages are rendered here and handed to Chromium without a server, so that only the look is under test.
"""

import gzip
import json
import mimetypes
import re
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles import finders
from django.template import engines
from django.test import RequestFactory
from django.utils import translation
from playwright.sync_api import expect

# "localhost" counts as secure, which the clipboard asks for; nothing listens there, every request is answered below.
ADDRESS = "http://localhost/"

ROW = """<tr id="line-{{ id }}"{% if oob %} hx-swap-oob="true"{% endif %}><td><a href="#">KPI {{ id }}</a></td>
<td data-label="Actual"><span class="cell" data-state="{{ state }}"><input class="input" type="text" name="value"
 value="{{ value }}" aria-label="KPI {{ id }}: actual" data-cell data-row="{{ id }}" data-col="actual"
 {% if saved %}data-saved-value="{{ saved }}" aria-invalid="true"{% endif %}
 {% if state == "locked" %} readonly{% endif %}
 hx-post="/save/{{ id }}/" hx-trigger="change" hx-target="closest tr" hx-swap="outerHTML"></span>
{% if saved %}<span class="cell-message">Type a number.</span>{% endif %}</td></tr>"""

PAGE = """{% extends "base.html" %}{% load icons charts %}
{% block heading %}My scorecard of a rather long month{% endblock %}
{% block heading_badge %}<details class="menu"><summary class="badge">November 2026</summary>
<ul><li><a class="menu-item" href="#">October 2026</a></li></ul></details>{% endblock %}
{% block actions %}<button class="btn" data-variant="outline" data-size="sm">Export</button>
<button class="btn" data-size="sm" data-dialog-open="reason">{% icon "plus" %}Log progress</button>{% endblock %}
{% block content %}<section class="card" data-flush><div class="table-container"><table class="table"
 data-stack data-grid data-paste-url="/paste/" data-undo-url="/undo/">
<thead><tr><th>KPI</th><th>Actual</th></tr></thead>
<tbody>{{ rows }}</tbody></table></div></section>
<form class="card form" data-pad="lg"><div class="field"><label for="objective">Objective</label>
<select id="objective" name="objective" data-combobox><option value="">-</option>
<option value="1">Win the market</option>
<option value="2">Giữ chân khách hàng</option></select></div></form>{% endblock %}
{% block dialogs %}<dialog id="reason" class="dialog" aria-labelledby="reason-title"><div><header>
<h2 id="reason-title">Say why</h2></header>
<section><label for="why">Reason</label><textarea id="why"></textarea></section>
<footer><button class="btn" data-dialog-close type="button">Cancel</button></footer></div></dialog>{% endblock %}"""


def render(source: str, language: str = "en", **context) -> str:
    with translation.override(language):
        return engines["django"].from_string(source).render(context, RequestFactory().get("/"))


def render_row(number: int, value: str, state: str = "", **context) -> str:
    return render(ROW, id=number, value=value, state=state, **context)


def render_page(language: str = "en", theme: str = "light") -> str:
    def item(label, icon, current=False):
        return {"label": label, "url": "#", "icon": icon, "current": current, "pinned": True}

    rows = "".join(render_row(number, str(number * 100), "locked" if number == 4 else "") for number in range(1, 5))
    page = PAGE.replace("{{ rows }}", "{% autoescape off %}{{ rows }}{% endautoescape %}")
    return render(
        page,
        language,
        rows=rows,
        theme=theme,
        organization=SimpleNamespace(name="Công ty Cổ phần An Phát", slug="an-phat"),
        member=SimpleNamespace(name="Lê Thu Trang", position_title="Sales lead", initials="LT"),
        other_organizations=[SimpleNamespace(name="Blue Water", slug="blue-water")],
        navigation=[
            {"label": "Me", "items": [item("My scorecard", "target", True), item("My work", "list-checks")]},
            {"label": "Pay", "items": [item("Pay runs", "wallet"), item("Payslips", "file-text")]},
        ],
    )


class Site:
    """Answers the browser's requests, and remembers what was posted."""

    def __init__(self):
        self.language, self.theme, self.posts = "en", "light", []

    def answer(self, route):
        path = route.request.url.removeprefix(ADDRESS).split("?")[0]
        if path.startswith("static/"):
            found = finders.find(path.removeprefix("static/"))
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            return route.fulfill(path=found, content_type=kind) if found else route.fulfill(status=404)
        if route.request.method == "POST":
            return self.receive(route, path, parse_qsl(route.request.post_data or "", keep_blank_values=True))
        body = render_page(self.language, self.theme) if not path else ""
        policy = "default-src 'self'; img-src 'self' data:"
        return route.fulfill(body=body, content_type="text/html", headers={"Content-Security-Policy": policy})

    def receive(self, route, path, fields):
        self.posts.append((path, fields))
        if path == "undo/":
            return route.fulfill(status=204)
        if path == "paste/":
            cells = [value for name, value in fields if name == "cell"]
            values = [value for name, value in fields if name == "value"]
            rows = [
                render_row(int(cell.split(":")[0]), value, "saved", oob=True)
                for cell, value in zip(cells, values, strict=True)
            ]
            return route.fulfill(body="".join(rows), content_type="text/html")
        number, value = int(path.split("/")[1]), dict(fields)["value"]
        if not value.isdigit():
            row = render_row(number, value, "error", saved=str(number * 100))
            return route.fulfill(status=422, body=row, content_type="text/html")
        notice = json.dumps({"toast": {"text": "Saved", "undo_url": "/undo/"}})
        return route.fulfill(
            body=render_row(number, value, "saved"), content_type="text/html", headers={"HX-Trigger": notice}
        )


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def page(chromium, site):
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
    )
    context.route(ADDRESS + "**", site.answer)
    page = context.new_page()
    page.refusals = []
    page.on(
        "console",
        lambda message: page.refusals.append(message.text) if "Content Security Policy" in message.text else None,
    )
    page.on("pageerror", lambda error: page.refusals.append(str(error)))
    page.goto(ADDRESS)
    yield page
    assert page.refusals == []
    context.close()


def cell(page, number):
    return page.get_by_label(f"KPI {number}: actual")


def state(page, number):
    return page.locator(".cell", has=cell(page, number)).get_attribute("data-state")


def wait_for_state(page, number, wanted):
    page.wait_for_selector(f'.cell[data-state="{wanted}"] [data-row="{number}"]')


def focused_row(page):
    return page.evaluate("document.activeElement.dataset.row")


def test_enter_saves_and_moves_down_and_shift_enter_up(page, site):
    cell(page, 1).fill("111")
    page.keyboard.press("Enter")
    assert focused_row(page) == "2"
    wait_for_state(page, 1, "saved")
    assert site.posts == [("save/1/", [("value", "111")])]
    page.keyboard.press("Shift+Enter")
    assert focused_row(page) == "1"


def test_escape_brings_back_what_was_saved(page, site):
    cell(page, 2).fill("999")
    page.keyboard.press("Escape")
    assert cell(page, 2).input_value() == "200"
    cell(page, 3).click()
    assert site.posts == []


def test_what_is_typed_while_a_row_is_replaced_is_kept_and_saved_later(page, site):
    cell(page, 1).fill("111")
    cell(page, 2).focus()
    cell(page, 1).focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("1234")
    wait_for_state(page, 1, "saved")
    assert cell(page, 1).input_value() == "1234"
    assert focused_row(page) == "1"
    page.keyboard.press("Enter")
    expect(cell(page, 1)).to_have_attribute("value", "1234")
    assert site.posts[-1] == ("save/1/", [("value", "1234")])


def test_a_refused_value_stays_with_its_reason_and_escape_leaves_it(page):
    cell(page, 3).fill("many")
    page.keyboard.press("Enter")
    wait_for_state(page, 3, "error")
    assert cell(page, 3).input_value() == "many"
    expect(page.locator("#announcer")).to_have_text("Type a number.")
    cell(page, 3).focus()
    page.keyboard.press("Escape")
    assert cell(page, 3).input_value() == "300"


def test_a_block_from_a_spreadsheet_fills_the_cells_below_in_one_request(page, site):
    cell(page, 2).click()
    page.evaluate("navigator.clipboard.writeText('5\\n6\\n7\\n8\\n')")
    page.keyboard.press("Control+v")
    wait_for_state(page, 3, "saved")
    assert site.posts == [("paste/", [("cell", "2:actual"), ("cell", "3:actual"), ("value", "5"), ("value", "6")])]
    assert [cell(page, number).input_value() for number in (1, 2, 3, 4)] == ["100", "5", "6", "400"]
    assert "2 values did not fit" in page.locator(".toast").inner_text()


def test_ten_saves_show_one_notice_and_ctrl_z_takes_the_last_back(page, site):
    for number in (1, 2, 3):
        cell(page, number).fill("7")
        page.keyboard.press("Enter")
        wait_for_state(page, number, "saved")
    assert page.locator(".toast").count() == 1
    page.locator("main").focus()
    page.keyboard.press("Control+z")
    expect(page.locator(".toast")).to_have_count(0)
    assert site.posts[-1][0] == "undo/"


def test_a_combobox_finds_without_accents_and_sets_the_select(page):
    # A plain select has the same role until its script is there.
    field = page.locator("input").and_(page.get_by_role("combobox", name="Objective"))
    field.fill("giu chan")
    page.keyboard.press("Enter")
    assert field.input_value() == "Giữ chân khách hàng"
    assert page.locator("select#objective").evaluate("select => select.value") == "2"


def test_a_dialog_takes_the_focus_and_gives_it_back(page):
    opener = page.get_by_role("button", name="Log progress")
    opener.click()
    assert page.evaluate("document.activeElement.id") == "why"
    page.keyboard.press("Escape")
    assert opener.evaluate("button => button === document.activeElement")


def test_a_menu_closes_on_escape_and_the_theme_is_remembered(page):
    summary = page.locator(".sidebar-foot summary")
    summary.click()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("document.documentElement.classList.contains('dark')")
    assert "theme=dark" in page.evaluate("document.cookie")
    page.keyboard.press("Escape")
    assert page.locator("details.menu[open]").count() == 0
    assert summary.evaluate("summary => summary === document.activeElement")


def test_on_a_phone_the_drawer_opens_and_closes_by_keyboard(page):
    page.set_viewport_size({"width": 360, "height": 740})
    assert not page.locator("#sidebar").is_visible()
    page.locator(".bottombar button").focus()
    page.keyboard.press("Enter")
    assert page.locator("#sidebar").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#sidebar").is_visible()


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_frame_fits_and_axe_finds_nothing(page, site, language, theme, width):
    site.language, site.theme = language, theme
    page.set_viewport_size({"width": width, "height": 740})
    page.reload()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


def test_the_first_load_is_under_100_kb():
    html = render_page()
    names = re.findall(r'(?:src|href)="/static/([^"]+)"', html)
    names += [f"js/{name}" for name in re.findall(r'import "\./([\w.]+)"', open_static("js/app.js").decode())] + [
        "js/words.js"
    ]
    fonts = sum(len(open_static(name)) for name in set(names) if name.endswith(".woff2"))
    texts = [html.encode()] + [open_static(name) for name in set(names) if not name.endswith(".woff2")]
    assert len(names) > 12
    assert fonts + sum(len(gzip.compress(text)) for text in texts) < 100_000


def open_static(name: str) -> bytes:
    with open(finders.find(name), "rb") as file:
        return file.read()
