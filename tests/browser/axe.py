"""Accessibility of a page, judged by axe."""

from functools import cache

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


@cache
def _axe() -> Axe:
    return Axe()


def violations(page: Page, *rules: str) -> list[tuple[str, list[str]]]:
    """Broken rules, each with the elements that break it; all rules unless some are named."""
    options: dict = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found = _axe().run(page, options=options).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]][:4]) for one in found]
