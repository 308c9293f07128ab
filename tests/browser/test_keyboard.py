"""Whole errands by keyboard alone: every control is reached by Tab, in the order of reading, and shows where one is."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from engine.moved import Ref
from tests.browser.conftest import OPEN

MOST_TABS = 80
HERE = """() => {
    const one = document.activeElement
    const named = (one.labels && one.labels[0]) || one
    return (named.innerText || one.value || '').trim()
}"""
IS_SHOWN = """() => {
    const one = document.activeElement, style = getComputedStyle(one)
    const label = one.labels && one.labels[0] ? getComputedStyle(one.labels[0], '::before') : style
    return [style.outlineStyle, label.outlineStyle].some(kind => kind !== 'none') || style.boxShadow !== 'none' ||
        label.boxShadow !== 'none'
}"""


def tabs_to(page: Page, words: str) -> None:
    """Press Tab until the control with these words has the focus; every stop on the way shows that it has it."""
    passed = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        passed.append(page.evaluate(HERE))
        assert page.evaluate(IS_SHOWN), f"nobody sees that {passed[-1]!r} has the focus"
        if re.match(re.escape(words), passed[-1]):
            return
    raise AssertionError(f"{words!r} is not reached by Tab; these are: {passed}")


def test_the_chair_decides_by_keyboard_alone(live_at: OPEN) -> None:
    site = live_at("proposed")
    asked = site.world.asks("sam", site.world.audit, "agree_theme")
    page = site.at("ada", "/")
    tabs_to(page, "Approvals")
    page.keyboard.press("Enter")
    page.wait_for_url("**/approvals")
    tabs_to(page, "Agree the theme")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{asked}")
    tabs_to(page, "Approve")
    page.keyboard.press("Space")
    tabs_to(page, "Record my decision")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    page.get_by_text("You have approved this").wait_for()
    assert site.world.state(site.world.audit) == "theme_agreed"


def test_a_lead_answers_a_return_by_keyboard_alone(live_at: OPEN) -> None:
    site = live_at("agency_audits")
    ref = site.world.agency_return("health_visiting")
    page = site.at("bo", f"/{ref}")
    for _ in site.world.aims():
        tabs_to(page, "Yes")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.type("The chronology says so")
    tabs_to(page, "Submit the return")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    page.get_by_text("Submitted").first.wait_for()
    assert site.world.state(ref) == "submitted"


def test_a_form_that_was_refused_takes_the_keyboard_to_its_errors(live_at: OPEN) -> None:
    site = live_at("actions")
    page = site.at("bo", f"/{Ref('action', 1)}/steps/extend")
    tabs_to(page, "Ask for it")
    page.keyboard.press("Enter")
    page.get_by_text("There is a problem").wait_for()
    assert page.title().startswith("Error: ")
    tabs_to(page, "New day by which it is due")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "new_due_on-day"
