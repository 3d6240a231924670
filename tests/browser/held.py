"""Answers that are kept back until a test lets them go: a slow network without a guess at how slow."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route

POLL_MS, MOST_POLLS = 10, 1000


class Held:
    """The requests to one address that wait, the oldest first."""

    def __init__(self, page: Page) -> None:
        self.page, self.routes = page, []

    def wait_for(self, number: int = 1) -> None:
        """Until so many are on their way."""
        for _poll in range(MOST_POLLS):
            if len(self.routes) >= number:
                return
            self.page.wait_for_timeout(POLL_MS)
        raise AssertionError(f"{number} requests never went out: {self.routes}")

    def next(self) -> Route:
        """The oldest, once it is there: to continue, or to fail."""
        self.wait_for()
        return self.routes.pop(0)


@contextmanager
def held(page: Page, pattern: str) -> Iterator[Held]:
    """Keep back what goes to addresses like `pattern`; what still waits at the end is let go."""
    waiting = Held(page)
    page.route(pattern, lambda route: waiting.routes.append(route))
    yield waiting
    page.unroute(pattern)
    for route in waiting.routes:
        route.continue_()
