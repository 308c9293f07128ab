"""The frame in a real browser: nothing keeps people out, on any screen, by mouse or by keyboard."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OPEN
from tests.browser.live import NARROW, WIDE, faults_of


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_an_action_and_its_form_keep_nobody_out(live_at: OPEN, size: dict[str, int]) -> None:
    site = live_at("actions")
    for path in ("/action/1", "/action/1/steps/extend", "/action/999"):
        page = site.at("bo", path, size=size)
        assert faults_of(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_lead_begins_an_action_by_keyboard_alone(live_at: OPEN) -> None:
    site = live_at("actions")
    page = site.at("bo", "/action/1")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Begin work":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/steps/begin")
    page.get_by_role("button", name="Begin work").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/action/1")
    assert "Done: Begin work." in page.inner_text("main")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_letter_leads_to_what_it_is_about(live_at: OPEN, scripts: bool) -> None:
    site = live_at("actions", scripts=scripts)
    lead = site.at("bo", "/action/1/steps/extend")
    for part, value in (("day", "30"), ("month", "6"), ("year", "2015")):
        lead.locator(f"#new_due_on-{part}").fill(value)
    lead.get_by_label("Why").fill("The new form is late")
    lead.get_by_role("button", name="Ask for it").click()
    lead.wait_for_url("**/approval/*")
    site.post()
    chair = site.at("ada", site.box.link_for("ada@qa.example", "/approval/"))
    assert chair.url == lead.url
    assert "The new form is late" in chair.inner_text("main")
