"""Visits to the running product: signed in as somebody, in a language, on a screen; nothing may go wrong unseen."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.browser.product import Product

PASSWORD = "demo"
COMPANY = "an-phat"


def chromium_path() -> str | None:
    """Where the browser of this machine lies."""
    named = os.environ.get("CHROMIUM")
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return named or next((path for path in found if path), None)


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium, without a window."""
    return playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])


class Visits:
    """Opens browser windows on the product; whoever signed in once stays signed in."""

    def __init__(self, product: Product, browser: Browser, states: dict[str, dict]) -> None:
        self.product, self.browser, self.states = product, browser, states

    def url(self, path: str = "", company: str = COMPANY) -> str:
        """An address inside a company."""
        return f"{self.product.address}/{company}/{path}"

    @contextmanager
    def open(
        self,
        role: str | None,
        *,
        company: str = COMPANY,
        language: str = "en",
        width: int = 1280,
        dark: bool = False,
        scale: float = 1,
        touch: bool = False,
        expected: tuple[int, ...] = (),
    ) -> Iterator[Page]:
        """A page of a fresh window in which <role>@<company>.example is signed in; fails on anything untoward.

        `expected` are refusals that the visit is about.
        """
        context = self.browser.new_context(
            viewport={"width": width, "height": 800},
            device_scale_factor=scale,
            has_touch=touch,
            is_mobile=touch,
            locale=language,
            permissions=["clipboard-read", "clipboard-write"],
            reduced_motion="reduce",
            storage_state=self.state(f"{role}@{company}.example") if role else None,
        )
        context.set_default_timeout(10_000)
        context.add_cookies([{"name": "theme", "value": "dark" if dark else "light", "url": self.product.address}])
        try:
            if role:
                self.speak(context, language)
            page = context.new_page()
            complaints = listen(page, expected)
            yield page
            assert not complaints, "\n".join([*complaints, self.product.last_words()])
        finally:
            context.close()

    def state(self, email: str) -> dict:
        """Cookies of a user, who signs in through the form the first time."""
        if email not in self.states:
            context = self.browser.new_context()
            page = context.new_page()
            self.sign_in(page, email)
            self.states[email] = context.storage_state()
            context.close()
        return self.states[email]

    def sign_in(self, page: Page, email: str, password: str = PASSWORD) -> None:
        """Through the form, as a person does."""
        page.goto(f"{self.product.address}/accounts/login/")
        page.locator("input[name=login]").fill(email)
        page.locator("input[name=password]").fill(password)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url(lambda url: "/accounts/" not in url)

    def speak(self, context: BrowserContext, language: str) -> None:
        """Choose the language, which belongs to the user and not to the window."""
        token = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "csrftoken")
        answer = context.request.post(
            f"{self.product.address}/accounts/language/",
            form={"language": language, "next": "/healthz/"},
            headers={"X-CSRFToken": token},
        )
        assert answer.ok, answer.status


def listen(page: Page, expected: tuple[int, ...] = ()) -> list[str]:
    """Collects whatever a page complains about: the console, the policy, failed and refused requests."""
    complaints: list[str] = []
    allowed = {422, *expected}  # 422 is a form that came back

    def on_console(message) -> None:
        # In the browser's words, and in htmx's.
        said = ("the server responded with a status of", "Response Status Error Code")
        known = any(f"{words} {status}" in message.text for words in said for status in allowed)
        # A request that a newer one took the place of; what really failed is told as htmx:sendError, and below.
        known = known or message.text.startswith(("htmx:sendAbort", "htmx:afterRequest"))
        if not known and (message.type == "error" or "Content Security Policy" in message.text):
            complaints.append(f"{page.url}: {message.text}")

    def on_failure(request) -> None:
        if request.failure != "net::ERR_ABORTED":  # a download, or a page that was left
            complaints.append(f"{request.url}: {request.failure}")

    def on_response(response) -> None:
        if response.status >= 400 and response.status not in allowed:
            complaints.append(f"{response.request.method} {response.url}: {response.status}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on("requestfailed", on_failure)
    page.on("response", on_response)
    return complaints
