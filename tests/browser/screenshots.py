"""Pictures of the main pages: `make screenshots` writes docs/screenshots/<page>-<screen>-<language>.png."""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from kpiapp import servers
from tests.browser.product import ROOT, Product, running_product
from tests.browser.visits import Visits, launch

FOLDER = ROOT / "docs/screenshots"
SCREENS = {"desktop": 1440, "phone": 360}
# Name of the picture: who looks, and at which address ({…}: a row of the demo company).
PAGES = {
    "login": (None, "/accounts/login/"),
    "scorecard": ("employee", "scorecards/mine/"),
    "team": ("manager", "scorecards/"),
    "approvals": ("manager", "scorecards/approvals/"),
    "assign": ("manager", "scorecards/assign/?kpi={kpi}"),
    "why": ("employee", "scorecards/lines/{line}/why/"),
    "map": ("strategy", "strategy/map/"),
    "kpi-new": ("manager", "strategy/library/kpis/new/"),
    "library": ("manager", "strategy/library/"),
    "pay-runs": ("payroll.maker", "pay/runs/"),
    "pay-run": ("payroll.maker", "pay/runs/{run}/"),
    "tiers": ("payroll.maker", "pay/rules/tiers/"),
    "payslip": ("employee", "pay/payslips/{payslip}/"),
    "people": ("hr", "people/"),
    "imports": ("hr", "imports/"),
    "night": ("hr", "jobs/"),
    "audit": ("hr", "audit/"),
}
IN_THE_DARK = {"scorecard", "map"}


def take(visits: Visits, name: str, screen: str, language: str, *, dark: bool = False) -> Path:
    """One picture: the whole page on a phone, the first screen at a desk."""
    role, path = PAGES[name]
    path = path.format(**visits.product.samples["an-phat"])
    target = FOLDER / f"{name}{'-dark' if dark else ''}-{screen}-{language}.png"
    with visits.open(role, language=language, width=SCREENS[screen], dark=dark) as page:
        page.set_viewport_size({"width": SCREENS[screen], "height": 900})
        page.goto(visits.product.address + path if path.startswith("/") else visits.url(path))
        page.evaluate("document.fonts.ready")
        page.screenshot(path=target, full_page=screen == "phone")
    return target


def take_all(product: Product, names: list[str]) -> None:
    """Every page named, or all, on both screens in both languages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        visits = Visits(product, browser, {})
        for name in names or PAGES:
            for language in ("vi", "en"):
                for screen in SCREENS:
                    print(take(visits, name, screen, language).relative_to(ROOT))
            if name in IN_THE_DARK:
                print(take(visits, name, "desktop", "en", dark=True).relative_to(ROOT))
        browser.close()


if __name__ == "__main__":
    with servers.throw_away() as pair, running_product(*pair) as product:
        take_all(product, sys.argv[1:])
