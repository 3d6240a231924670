"""A person is chosen by typing a part of the name: by keyboard, on a phone, and without a script by the code."""

import re

import pytest
from playwright.sync_api import expect

from kpiapp.text import search_key


@pytest.mark.parametrize("width", [1280, 360])
def test_a_manager_is_found_without_accents_and_chosen_by_keyboard(visits, width):
    with visits.open("hr", width=width) as page:
        page.goto(visits.url("people/new/"))
        field = page.get_by_role("combobox", name="Manager")
        field.focus()
        page.keyboard.type("tran")
        offered = page.get_by_role("option")
        expect(offered.first).to_be_visible()
        assert all("tran" in search_key(name) for name in offered.all_inner_texts())
        expect(field).to_have_attribute("aria-expanded", "true")
        expect(field).to_have_attribute("aria-activedescendant", re.compile("."))
        second = offered.nth(1).get_attribute("data-value")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(field).to_have_value(second)
        expect(offered.first).to_be_hidden()
        # Escape brings back what stood there.
        page.keyboard.type("xyz")
        expect(page.get_by_role("option", name="Nothing matches")).to_be_visible()
        page.keyboard.press("Escape")
        expect(field).to_have_value(second)
        page.evaluate("document.querySelector('form[data-unsaved]').reset()")


def test_without_a_script_a_code_is_enough(visits, chromium):
    context = chromium.new_context(java_script_enabled=False, storage_state=visits.state("hr@an-phat.example"))
    page = context.new_page()
    page.goto(visits.url("people/new/"))
    page.locator("[name=name]").fill("Phan Thu Trang")
    page.locator("[name=manager]").fill("NV0001")
    page.locator("form[data-unsaved] button").click()
    # Department and position are still open: what was typed comes back, and the manager was understood.
    expect(page.locator("[name=manager]")).to_have_value("NV0001")
    assert page.locator("#id_manager_error").count() == 0
    context.close()
