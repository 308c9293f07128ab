"""Links from mail, and tokens, in a real browser: nothing keeps people out, and a pause saves what was typed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from assurance.links import send_confirm_link, send_return_link, withdraw_link
from assurance.records import Answer
from tests.browser.conftest import OPEN
from tests.browser.live import NARROW, WIDE, Live, faults_of

PAUSE_MS = 21_000


def keeps_nobody_out(page: Page) -> None:
    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def follows(site: Live, address: str, size: dict[str, int]) -> Page:
    """Open the link of the newest letter in a browser in which nobody is signed in."""
    site.post()
    page = site.stranger().new_page()
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    page.goto(site.box.link_for(address, "/link/"))
    return page


def to_answer(site: Live, size: dict[str, int]) -> Page:
    with site.world.does("sam") as tx:
        send_return_link(tx, site.world.agency_return("school"))
    return follows(site, "esme@qa.example", size)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_what_a_link_to_a_return_opens_keeps_nobody_out(live_at: OPEN, size: dict[str, int]) -> None:
    site = live_at("agency_audits")
    page = to_answer(site, size)
    keeps_nobody_out(page)
    there = page.url
    page.get_by_role("link", name="answer “not known to us”").click()
    keeps_nobody_out(page)
    page.goto(there)
    page.get_by_role("button", name="Submit the return").click()
    page.get_by_text("There is a problem").wait_for()
    keeps_nobody_out(page)
    sending = site.at("sam", f"/{site.world.agency_return('school')}/links", size=size)
    keeps_nobody_out(sending)
    with site.world.does("sam") as tx:
        withdraw_link(tx, 1)
    page.goto(there)
    assert "This link was withdrawn." in page.inner_text("main")
    keeps_nobody_out(page)
    keeps_nobody_out(site.at("sam", "/admin/records", size=size))


def test_a_pause_saves_what_was_typed_by_a_link_too(live_at: OPEN) -> None:
    site = live_at("agency_audits")
    page = to_answer(site, WIDE)
    page.clock.install()
    page.get_by_role("group", name="1. Was information shared in time?").get_by_label("Partly").check()
    page.get_by_label("Aim 1: what in the records shows this").fill("Told on two days of three")
    page.clock.fast_forward(PAUSE_MS)
    page.get_by_text("Saved by itself at").wait_for()
    assert site.world.ask(sa.select(Answer.text)) == ["Told on two days of three"]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_what_a_link_to_an_action_opens_keeps_nobody_out(live_at: OPEN, size: dict[str, int]) -> None:
    site = live_at("actions")
    action = site.world.action("trust")
    site.world.moves("nell", action, "begin")
    with site.world.does("nell") as tx:
        send_confirm_link(tx, action)
    page = follows(site, "bo@qa.example", size)
    keeps_nobody_out(page)
    page.get_by_label("What the evidence is").fill("Attendance list")
    page.get_by_role("button", name="Confirm that it is complete").click()
    page.get_by_text("There is a problem").wait_for()
    keeps_nobody_out(page)
    page.get_by_label("What it shows").fill("All teams were there")
    page.get_by_role("button", name="Confirm that it is complete").click()
    page.get_by_text("You have confirmed that the action is complete.").wait_for()
    keeps_nobody_out(page)
    assert site.world.state(action) == "confirmed"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_making_a_token_keeps_nobody_out(live_at: OPEN, size: dict[str, int]) -> None:
    page = live_at("actions").at("bo", "/account/tokens", size=size)
    keeps_nobody_out(page)
    page.get_by_role("button", name="Make the token").click()
    page.get_by_text("There is a problem").wait_for()
    keeps_nobody_out(page)
    page.get_by_label("What it is for").fill("Board spreadsheet")
    page.get_by_label("Read what I can see").check()
    page.get_by_role("button", name="Make the token").click()
    page.get_by_role("heading", name="Your new token").wait_for()
    keeps_nobody_out(page)
    page.get_by_role("button", name="I have kept the token").click()
    page.get_by_role("heading", name="My tokens").wait_for()
    assert "Board spreadsheet" in page.inner_text("main")
    keeps_nobody_out(page)
