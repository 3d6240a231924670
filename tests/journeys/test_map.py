"""The strategy office draws a map: drag, link, undo, redo, by mouse, keyboard and finger; what is refused."""

import re
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.counting import Counted

COMPANY = "brightwater"


@contextmanager
def fresh_draft(visits, **window):
    """The editor on a fresh draft of the published map, thrown away afterwards."""
    with visits.open("strategy", company=COMPANY, **window) as page:
        page.goto(visits.url("strategy/map/", company=COMPANY))
        page.get_by_role("button", name="Edit map").click()
        expect(page).to_have_url(re.compile(r"/edit/$"))
        yield page
        page.goto(visits.url("strategy/map/", company=COMPANY))
        page.get_by_role("button", name="Edit map").click()
        page.locator("summary[aria-label=More]").click()
        page.get_by_role("button", name="Throw the draft away").click()
        expect(page.get_by_text("The draft is thrown away")).to_be_visible()


@pytest.fixture
def drawing(visits):
    with fresh_draft(visits) as page:
        yield page


@pytest.fixture
def touched(visits):
    """The editor on a phone."""
    with fresh_draft(visits, width=360, touch=True) as page:
        yield page


def cards(page: Page):
    return page.locator(".map-card")


def order(page: Page, lane: str) -> list[str]:
    """Names of a lane from left to right, as the server says."""
    found = page.locator(f'.map-card[data-in="{lane}"]').evaluate_all(
        "cards => cards.map((card) => [Number(card.dataset.place), card.dataset.name])"
    )
    return [name for _place, name in sorted(found)]


def ends(page: Page) -> set[tuple[str, str]]:
    """Source and target of every link."""
    found = page.locator(".map-link").evaluate_all(
        "links => links.map((one) => [one.dataset.source, one.dataset.target])"
    )
    return {(source, target) for source, target in found}


def drag(journey: Counted, start: tuple[float, float], end: tuple[float, float]) -> None:
    """One drag, which counts as a click."""
    mouse = journey.page.mouse
    mouse.move(*start)
    mouse.down()
    mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    mouse.move(*end, steps=4)
    mouse.up()
    journey.clicks += 1


def saved(page: Page) -> None:
    expect(page.locator('[data-map-state="saved"]')).to_be_visible()


def middle(box: dict) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def unlinked(page: Page) -> tuple[str, str]:
    """A card of the lowest lane and one of the topmost that nothing links yet."""
    rows = page.locator("[data-lane]").evaluate_all("lanes => lanes.map((lane) => lane.dataset.lane)")
    of = {
        lane: page.locator(f'.map-card[data-in="{lane}"]').evaluate_all("all => all.map((one) => one.dataset.card)")
        for lane in (rows[0], rows[-1])
    }
    taken = ends(page)
    return next((low, high) for low in of[rows[-1]] for high in of[rows[0]] if (low, high) not in taken)


def test_drawing_with_the_mouse(drawing, capsys):
    page = drawing
    journey = Counted(page)
    lane = page.locator("[data-lane]").first.get_attribute("data-lane")
    before = order(page, lane)
    first = page.locator(f'.map-card[data-in="{lane}"][data-place="0"]')
    last = page.locator(f'.map-card[data-in="{lane}"][data-place="{len(before) - 1}"]')
    box, far = first.bounding_box(), last.bounding_box()
    drag(journey, middle(box), (far["x"] + far["width"] + 10, middle(far)[1]))
    expect(page.locator(f'.map-card[data-name="{before[0]}"]')).to_have_attribute("data-place", str(len(before) - 1))
    moved = order(page, lane)
    assert moved == [*before[1:], before[0]]

    low, high = unlinked(page)
    page.locator(f"#objective-{low}").hover()
    port = page.locator(f'#objective-{low} [data-port="effect"]').bounding_box()
    drag(journey, middle(port), middle(page.locator(f"#objective-{high}").bounding_box()))
    link = page.locator(f'.map-link[data-source="{low}"][data-target="{high}"]')
    expect(link).to_have_count(1)
    popover = page.locator("#map-cause")
    expect(popover).to_be_visible()
    popover.locator("select").select_option("strong")
    popover.locator("input").fill("6")
    journey.click(popover.get_by_role("button", name="Save"))
    expect(link).to_have_attribute("data-lag", "6")
    expect(link).to_have_attribute("data-strength", "strong")

    for _step in range(3):
        journey.click(page.get_by_role("button", name="Undo"))
        saved(page)
    expect(link).to_have_count(0)
    assert order(page, lane) == before
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    for _step in range(3):
        journey.click(page.get_by_role("button", name="Redo"))
        saved(page)
    expect(link).to_have_attribute("data-lag", "6")
    assert order(page, lane) == moved

    page.reload()
    assert order(page, lane) == moved
    expect(page.locator(f'.map-link[data-source="{low}"][data-target="{high}"]')).to_have_attribute("data-lag", "6")
    with capsys.disabled():
        print(f"\na map by mouse: {journey}")


def test_drawing_by_keyboard(drawing, capsys):
    page = drawing
    journey = Counted(page)
    lane = page.locator("[data-lane]").first.get_attribute("data-lane")
    before = order(page, lane)
    page.locator(f'.map-card[data-in="{lane}"][data-place="0"]').focus()
    journey.press("Shift+ArrowRight")
    expect(page.locator(f'.map-card[data-name="{before[0]}"]')).to_have_attribute("data-place", "1")
    expect(page.locator("#announcer")).to_contain_text(f"“{before[0]}” is number 2")
    expect(page.locator(f'.map-card[data-name="{before[0]}"]')).to_be_focused()

    journey.press("n")
    journey.type("Earn trust")
    journey.press("Enter")
    expect(page.locator('.map-card[data-name="Earn trust"]')).to_be_focused()
    journey.press("Enter")
    journey.type("Win trust")
    journey.press("Enter")
    expect(page.locator('.map-card[data-name="Win trust"]')).to_be_focused()
    made = page.locator('.map-card[data-name="Win trust"]').get_attribute("data-card")

    journey.press("ArrowDown")
    source = page.evaluate("document.activeElement.dataset.card")
    journey.press("l")
    journey.press("ArrowUp")
    target = page.evaluate("document.activeElement.dataset.card")
    journey.press("Enter")
    expect(page.locator(f'.map-link[data-source="{source}"][data-target="{target}"]')).to_have_count(1)
    refused = page.locator("[data-map-refusal]")
    if refused.is_hidden():
        page.keyboard.press("Escape")

    page.locator(f"#objective-{made}").focus()
    journey.press("Delete")
    expect(page.locator(f"#objective-{made}")).to_have_count(0)
    journey.press("Control+z")
    expect(page.locator(f"#objective-{made}")).to_have_count(1)
    journey.press("Control+Shift+z")
    expect(page.locator(f"#objective-{made}")).to_have_count(0)
    journey.press("Control+z")
    expect(page.locator(f"#objective-{made}")).to_have_count(1)
    page.reload()
    expect(page.locator('.map-card[data-name="Win trust"]')).to_have_count(1)
    assert journey.clicks == 0
    with capsys.disabled():
        print(f"\na map by keyboard: {journey}")


def test_links_by_keyboard(drawing, capsys):
    page = drawing
    journey = Counted(page)
    source, target = sorted(ends(page))[0]
    page.locator(f"#objective-{source}").focus()
    link, way = page.locator(f'.map-link[data-source="{source}"][data-target="{target}"]'), f"link-{source}-{target}"
    lag = int(link.get_attribute("data-lag"))
    for _stop in range(page.locator('.map-way[tabindex="0"]').count()):
        journey.press("Tab")
        if page.evaluate("document.activeElement.id") == way:
            break
    focused = page.locator(f"#{way}")
    expect(focused).to_be_focused()
    names = [page.locator(f"#objective-{pk}").get_attribute("data-name") for pk in (source, target)]
    assert focused.get_attribute("aria-label").startswith(f"{names[0]} drives {names[1]}: ")
    journey.press("3")
    expect(link).to_have_attribute("data-strength", "strong")
    expect(focused).to_be_focused()
    journey.press("+")
    expect(link).to_have_attribute("data-lag", str(lag + 1))
    expect(page.locator("#announcer")).to_contain_text("strong")
    journey.press("Enter")
    expect(page.locator("#map-cause")).to_be_visible()
    journey.press("Escape")
    expect(focused).to_be_focused()
    journey.press("ArrowUp")
    expect(page.locator(f"#objective-{target}")).to_be_focused()
    journey.press("Shift+Tab")
    focused.focus()
    journey.press("Delete")
    expect(link).to_have_count(0)
    expect(page.locator(f"#objective-{source}")).to_be_focused()
    for _step in range(3):
        journey.press("Control+z")
        saved(page)
    expect(link).to_have_attribute("data-lag", str(lag))
    assert journey.clicks == 0
    with capsys.disabled():
        print(f"\na link found, changed, removed and back by keyboard: {journey}")


def lane_names(page: Page) -> list[str]:
    return page.locator(".map-lane").evaluate_all("lanes => lanes.map((lane) => lane.dataset.name)")


def test_perspectives_in_place(drawing, capsys):
    page = drawing
    journey = Counted(page)
    before = lane_names(page)
    popover = page.locator("#map-lane")
    journey.click(page.get_by_role("button", name=f"Perspective {before[1]}"))
    expect(popover).to_contain_text("everybody sees a change at once")
    journey.type("Guests")
    journey.press("Enter")
    expect(page.locator(".map-lane").nth(1)).to_have_attribute("data-name", "Guests")
    expect(page.locator(".map-lane").nth(1)).to_be_focused()
    journey.click(page.locator('[data-map-do="add-lane"]'))
    journey.type("Society")
    journey.press("Enter")
    expect(page.locator(".map-lane").last).to_have_attribute("data-name", "Society")
    expect(page.locator(".map-lane").last).to_be_focused()
    journey.press("Shift+ArrowUp")
    expect(page.locator(".map-lane").nth(len(before) - 1)).to_have_attribute("data-name", "Society")
    journey.press("n")
    expect(page.locator("#map-objective select")).to_have_value(
        page.locator(".map-lane[data-name=Society]").get_attribute("data-lane-name")
    )
    journey.type("Plant trees")
    journey.press("Enter")
    expect(page.locator('.map-card[data-name="Plant trees"]')).to_be_focused()
    page.locator(".map-lane[data-name=Society]").focus()
    journey.press("Delete")
    expect(page.locator("[data-map-refusal]")).to_contain_text("1 objective stands in “Society”")
    for _step in range(4):
        journey.press("Control+z")
        saved(page)
    assert lane_names(page) == before
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    with capsys.disabled():
        print(f"\nperspectives in place: {journey}")


def test_what_is_weak_is_told_anew_after_every_step(drawing):
    page = drawing
    panel = page.locator("[hx-trigger*='map:saved']")
    expect(panel).not_to_be_empty()
    expect(panel).not_to_contain_text("Answer the phone")
    page.locator(".map-card").first.focus()
    page.keyboard.press("n")
    page.keyboard.type("Answer the phone")
    page.keyboard.press("Enter")
    expect(panel).to_contain_text("Answer the phone")
    page.keyboard.press("Control+z")
    expect(panel).not_to_contain_text("Answer the phone")


def fingers(page: Page):
    """Sends what a finger does: dispatch("touchStart", x, y), and so on."""
    session = page.context.new_cdp_session(page)

    def dispatch(kind: str, *at: float) -> None:
        session.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": at[0], "y": at[1]}] if at else []}
        )

    return dispatch


def swipe(finger, page: Page, start: tuple[float, float], by: tuple[float, float], *, hold: int = 0) -> None:
    """A finger goes down, waits and wanders."""
    finger("touchStart", *start)
    page.wait_for_timeout(hold)
    for step in range(1, 9):
        finger("touchMove", start[0] + by[0] * step / 8, start[1] + by[1] * step / 8)
        page.wait_for_timeout(16)


def test_a_finger_scrolls_and_drags_what_it_has_held(touched):
    page = touched
    room = page.locator("[data-map-canvas]").locator("xpath=..")
    first = page.locator(".map-card").first
    first.scroll_into_view_if_needed()
    lane = first.get_attribute("data-in")
    before = order(page, lane)
    assert len(before) > 1
    room.evaluate("room => room.scrollLeft = 0")
    start = middle(first.bounding_box())
    finger = fingers(page)
    swipe(finger, page, start, (-90, 0))
    finger("touchEnd")
    page.wait_for_function("document.querySelector('[data-map-canvas]').parentElement.scrollLeft > 40")
    assert order(page, lane) == before
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()

    page.wait_for_timeout(1000)  # what was thrown rolls on
    room.evaluate("room => room.scrollLeft = 0")
    page.wait_for_timeout(200)
    name = page.locator(f'.map-card[data-in="{lane}"][data-place="0"]').get_attribute("data-name")
    held = page.locator(f'.map-card[data-name="{name}"]')
    start = middle(held.bounding_box())
    second = page.locator(f'.map-card[data-in="{lane}"][data-place="1"]').bounding_box()
    swipe(finger, page, start, (middle(second)[0] + 12 - start[0], 0), hold=600)
    assert room.evaluate("room => room.scrollLeft") == 0
    finger("touchEnd")
    expect(held).to_have_attribute("data-place", "1")
    expect(page.locator("#map-objective")).to_be_hidden()

    page.touchscreen.tap(*middle(held.bounding_box()))
    expect(page.locator("#map-objective")).to_be_visible()
    page.locator("#map-objective").get_by_role("button", name="Draw a link").tap()
    expect(page.locator("[data-map-linking]")).to_be_visible()


def test_a_circle_is_refused_with_its_sentence_and_nothing_is_lost(drawing):
    page = drawing
    source, target = next(iter(ends(page)))
    names = [page.locator(f"#objective-{pk}").get_attribute("data-name") for pk in (source, target)]
    before = ends(page)
    page.locator(f"#objective-{target}").hover()
    port = page.locator(f'#objective-{target} [data-port="effect"]').bounding_box()
    drag(Counted(page), middle(port), middle(page.locator(f"#objective-{source}").bounding_box()))
    refusal = page.locator("[data-map-refusal]")
    expect(refusal).to_be_visible()
    for name in names:
        expect(refusal).to_contain_text(name)
    assert ends(page) == before


def test_a_step_without_an_answer_waits_and_is_tried_again(visits, drawing):
    page = drawing
    page.route("**/steps/", lambda route: route.fulfill(status=204))
    card = cards(page).first
    name = card.get_attribute("data-name")
    card.focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Renamed offline")
    page.keyboard.press("Enter")
    expect(page.locator('[data-map-state="failed"]')).to_be_visible()
    expect(page.locator(f'.map-card[data-name="{name}"]')).to_have_count(1)
    page.unroute("**/steps/")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator('.map-card[data-name="Renamed offline"]')).to_have_count(1)
    saved(page)
    page.keyboard.press("Control+z")
    expect(page.locator(f'.map-card[data-name="{name}"]')).to_have_count(1)


def test_a_map_is_presented(visits):
    with visits.open("employee", company=COMPANY) as page:
        page.goto(visits.url("strategy/map/", company=COMPANY))
        page.get_by_role("button", name="Present").click()
        first = page.locator("[data-stage-name]").inner_text()
        assert first
        page.keyboard.press("ArrowRight")
        expect(page.locator("[data-stage-name]")).not_to_have_text(first)
        expect(page.locator("[data-stage-facts]")).to_contain_text("KPI")
        page.keyboard.press("Escape")
        expect(page.locator(".is-presenting")).to_have_count(0)


MILLIMETRE = 96 / 25.4
# Width and height in points, as a PDF has them, and the smallest letters of 60 objectives in points.
PAPERS = {"A4": (842, 595, 4.2), "A3": (1191, 842, 6)}


def steps(page: Page, editor: str):
    """Sends steps to a draft's editor and gives back the ids of what they made."""
    token = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "csrftoken")

    def send(**step) -> str:
        answer = page.request.post(editor.replace("/edit/", "/steps/"), form=step, headers={"X-CSRFToken": token})
        assert answer.ok, answer.text()
        return re.search(r' data-focus="\D+(\d+)', answer.text())[1]

    return send


@pytest.mark.parametrize("language", ["en", "vi"])
def test_maps_of_every_size_are_printed_on_one_readable_page(visits, language):
    names = {"en": "Quote in one day, every day", "vi": "Rút ngắn thời gian báo giá xuống một ngày"}
    with visits.open("strategy", company=COMPANY, language=language) as page:
        page.goto(visits.url("strategy/map/new/", company=COMPANY))
        page.locator("input[name=name]").fill("Print")
        page.locator("input[name=name]").press("Enter")
        expect(page).to_have_url(re.compile(r"/edit/$"))
        editor = page.url
        lanes = page.locator(".map-lane").evaluate_all("lanes => lanes.map((lane) => lane.dataset.laneName)")[:4]
        send = steps(page, editor)
        rows: list[list[str]] = [[], [], [], []]
        for count in (12, 30, 60):
            for number in range(sum(map(len, rows)), count):
                row, above = rows[number % 4], rows[number % 4 - 1] if number % 4 else []
                row.append(send(do="add", lane=lanes[number % 4], name=f"{names[language]} {number}"))
                if above:
                    target = above[len(row) * 7 % len(above)]
                    send(do="link", objective=row[-1], target=target, lag_months=number % 4)
            for paper, size in PAPERS.items():
                assert_printed(page, editor, paper, *size, is_full=count == 60)
        page.goto(editor)
        page.locator("summary[aria-label]").first.click()
        page.locator("form[action$='/discard/'] button").click()


def assert_printed(page: Page, editor: str, paper: str, width: int, height: int, smallest: float, *, is_full: bool):
    """One sheet of the paper, across, with letters one can read."""
    page.goto(re.sub(r"map/(\d+)/edit/", r"map/?map=\1", editor))
    page.locator("summary[aria-label]").first.click()
    page.locator("a.menu-item[href*=paper]").click()
    page.locator(".segmented").get_by_role("link", name=paper).click()
    expect(page.locator(f".map-sheet[data-paper={paper.lower()}]")).to_be_visible()
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.count(b"/Type /Page\n") == 1
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert [round(float(side)) for side in box.groups()] == [width, height]
    page.emulate_media(media="print")
    page.set_viewport_size(
        {"width": int(width / 0.75 - 16 * MILLIMETRE), "height": int(height / 0.75 - 16 * MILLIMETRE)}
    )
    scale = page.locator(".map-picture").evaluate(
        "svg => Math.min(svg.clientWidth / svg.viewBox.baseVal.width, svg.clientHeight / svg.viewBox.baseVal.height)"
    )
    page.emulate_media(media="null")
    page.set_viewport_size({"width": 1280, "height": 800})
    assert 12 * 0.75 * scale >= (smallest if is_full else 6)
