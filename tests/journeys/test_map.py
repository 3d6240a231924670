"""The strategy office draws a map: drag, link, undo, redo, by mouse and by keyboard; what is refused or unanswered."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.counting import Counted

COMPANY = "brightwater"


@pytest.fixture
def drawing(visits):
    """The editor on a fresh draft of the published map, thrown away afterwards."""
    with visits.open("strategy", company=COMPANY) as page:
        page.goto(visits.url("strategy/map/", company=COMPANY))
        page.get_by_role("button", name="Edit map").click()
        expect(page).to_have_url(re.compile(r"/edit/$"))
        yield page
        page.goto(visits.url("strategy/map/", company=COMPANY))
        page.get_by_role("button", name="Edit map").click()
        page.locator("summary[aria-label=More]").click()
        page.get_by_role("button", name="Throw the draft away").click()
        expect(page.get_by_text("The draft is thrown away")).to_be_visible()


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


def test_a_map_is_presented_and_printed_on_one_page(visits):
    with visits.open("employee", company=COMPANY) as page:
        page.goto(visits.url("strategy/map/", company=COMPANY))
        pages = page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
        assert pages == 1
        page.get_by_role("button", name="Present").click()
        first = page.locator("[data-stage-name]").inner_text()
        assert first
        page.keyboard.press("ArrowRight")
        expect(page.locator("[data-stage-name]")).not_to_have_text(first)
        expect(page.locator("[data-stage-facts]")).to_contain_text("KPI")
        page.keyboard.press("Escape")
        expect(page.locator(".is-presenting")).to_have_count(0)
