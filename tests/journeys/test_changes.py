"""A target that changes in the middle of a month: asked for with its effect shown, approved by another, explained."""

import re

from playwright.sync_api import expect

from tests.journeys.counting import Counted

MID_MONTH = "-16"
# The tier before and after, beside the score.
TIER = re.compile(r"Tier \S+ → \S+")


def ask(page, journey, line: str, visits) -> bool:
    """Type a much higher target from the 16th on; whether the page says what that does to the tier."""
    page.goto(visits.url(f"scorecards/lines/{line}/change/"))
    page.locator("[name=target]").fill("987654")
    day = page.locator("[name=effective_on]")
    day.fill(re.sub(r"-\d\d$", MID_MONTH, day.input_value()))
    effect = page.locator("#effect [data-effect]")
    expect(effect).to_be_visible()
    if not TIER.search(effect.inner_text()):
        return False
    page.locator("[name=reason]").fill("A second district came on")
    journey.click(page.get_by_role("button", name="Ask for the change"))
    expect(page).to_have_url(visits.url("scorecards/changes/"))
    return True


def test_a_target_is_raised_from_a_day_on_and_every_segment_explained(visits, capsys):
    with visits.open("employee", expected=(422,)) as page:
        journey = Counted(page)
        page.goto(visits.url("scorecards/mine/"))
        addresses = page.locator("a[href*='/scorecards/lines/']").evaluate_all("links => links.map(a => a.href)")
        lines = list(dict.fromkeys(found.group(1) for a in addresses if (found := re.search(r"/lines/(\d+)/", a))))
        line = next(line for line in lines if ask(page, journey, line, visits))
        # Who asked does not decide.
        assert page.locator("button[name=approve]").count() == 0
    with visits.open("strategy") as page:
        page.goto(visits.url("scorecards/changes/"))
        waiting = page.locator("li", has_text="A second district came on").first
        # Who decides sees what the one who asked has seen.
        expect(waiting.locator("[data-effect]")).to_contain_text(TIER)
        journey.click(waiting.locator("button[name=approve]"))
        expect(page.locator("body")).to_contain_text("Approved and rescored")
        page.goto(visits.url(f"scorecards/lines/{line}/why/"))
        expect(page.locator("main")).to_contain_text("Mean of the segments by working days")
        expect(page.locator("main")).to_contain_text("working days of the period")
    with visits.open("employee") as page:
        page.goto(visits.url("scorecards/mine/"))
        row = page.locator(f"#line-{line}")
        expect(row).to_contain_text(re.compile(r"1–15 \w+: "))
        journey.click(row.get_by_role("link", name="Why?"))
        expect(page).to_have_url(visits.url(f"scorecards/lines/{line}/why/"))
    with capsys.disabled():
        print(f"\na target raised from a day on, approved by another: {journey}")


def test_a_tier_table_tells_who_moves_and_by_how_much_of_pay_before_it_is_proposed(visits, capsys):
    with visits.open("payroll.maker") as page:
        journey = Counted(page)
        page.goto(visits.url("pay/rules/tiers/"))
        coefficients = page.locator("[name=coefficient]")
        coefficients.nth(2).click()
        page.keyboard.press("Control+A")
        journey.type("1.05")
        effect = page.locator("#tier-effect")
        expect(effect).to_contain_text("KPI pay of all agreed cards")
        row = effect.locator("table[data-stack] tbody tr").first
        expect(row).to_contain_text(re.compile(r"× 1 → \S+ × 1\.05"))
        expect(row.locator("[data-label='KPI pay']")).to_contain_text("→")
    with capsys.disabled():
        print(f"\nwhat a tier table changes, told before it is proposed: {journey}")
