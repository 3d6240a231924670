"""Counts what a person does on the way: clicks, keys, seconds."""

import time

from playwright.sync_api import Locator, Page


class Counted:
    """A page driven step by step; `print` the result to see what the journey costs."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.keys, self.began = page, 0, 0, time.monotonic()

    def click(self, target: Locator) -> None:
        """One click."""
        target.click()
        self.clicks += 1

    def press(self, key: str) -> None:
        """One key, or one combination."""
        self.page.keyboard.press(key)
        self.keys += 1

    def type(self, text: str) -> None:
        """As many keys as characters."""
        self.page.keyboard.type(text)
        self.keys += len(text)

    def __str__(self) -> str:
        return f"{self.clicks} clicks, {self.keys} keys, {time.monotonic() - self.began:.1f} s"
