"""Returns and findings in a real browser: nothing keeps people out, and a pause saves what was typed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from assurance.records import Answer
from tests.browser.conftest import OPEN
from tests.browser.live import NARROW, WIDE, Live, faults_of

PAUSE_MS = 21_000


def kept(site: Live) -> list[tuple[str, str]]:
    return [(one.answer, one.text) for one in site.world.ask(sa.select(Answer).order_by(Answer.id))]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_return_keeps_nobody_out(live_at: OPEN, size: dict[str, int]) -> None:
    site = live_at("agency_audits")
    for who, path in (("bo", "/agency_returns"), ("bo", "/agency_return/1"), ("sam", "/agency_return/1")):
        page = site.at(who, path, size=size)
        assert faults_of(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page = site.at("bo", "/agency_return/1", size=size)
    page.get_by_label("Aim 1: what in the records shows this").fill("Sarah was asked")
    page.get_by_role("button", name="Submit the return").click()
    page.get_by_text("There is a problem").wait_for()
    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_findings_and_their_forms_keep_nobody_out(live_at: OPEN, size: dict[str, int]) -> None:
    site = live_at("recommendations")
    for who in ("sam", "bo", "cleo"):
        page = site.at(who, "/audit/1/findings", size=size)
        assert faults_of(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page = site.at("sam", "/audit/1/steps/make_recommendation", size=size)
    page.get_by_label("What should change").fill("Consider schools")
    page.get_by_role("button", name="Check the wording").click()
    page.get_by_text("There is a problem").wait_for()
    assert "‘Consider’ asks for something that nobody can see." in page.inner_text("main")
    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("step", ["hold_moderation", "record_finding"])
def test_the_forms_of_what_was_seen_keep_nobody_out(live_at: OPEN, step: str) -> None:
    page = live_at("findings").at("sam", f"/audit/1/steps/{step}", size=NARROW)
    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_pause_saves_what_was_typed(live_at: OPEN) -> None:
    site = live_at("agency_audits")
    page = site.at("bo", "/agency_return/1")
    page.clock.install()
    page.get_by_role("group", name="1. Was information shared in time?").get_by_label("Partly").check()
    page.get_by_label("Aim 1: what in the records shows this").fill("Told on two days of three")
    page.clock.fast_forward(PAUSE_MS)
    page.get_by_text("Saved by itself at").wait_for()
    assert kept(site) == [("partly", "Told on two days of three")]
    assert page.inner_text("#progress-says") == "1 of 2 aims answered"
    page.get_by_label("Aim 1: what in the records shows this").fill("Told on all days")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.clock.fast_forward(PAUSE_MS)
    page.get_by_role("button", name="Save and come back later").click()
    page.get_by_text("all is as you had saved it").wait_for()
    assert kept(site) == [("partly", "Told on all days")]


def test_a_pause_never_puts_back_what_another_has_answered_meanwhile(live_at: OPEN) -> None:
    site = live_at("agency_audits")
    theirs = site.at("bo", "/agency_return/1")
    first = theirs.get_by_role("group", name="1. Was information shared in time?")
    first.get_by_label("Partly").check()
    theirs.get_by_role("button", name="Save and come back later").click()
    theirs.get_by_text("Saved. 1 of 2 aims answered.").wait_for()
    mine = site.at("bo", "/agency_return/1")
    mine.clock.install()
    first.get_by_label("No", exact=True).check()
    theirs.get_by_role("button", name="Save and come back later").click()
    theirs.get_by_text("Saved. 1 of 2 aims answered.").wait_for()
    mine.get_by_role("group", name="2. Were men part of the assessment?").get_by_label("Yes").check()
    mine.clock.fast_forward(PAUSE_MS)
    mine.get_by_text("Saved by itself at").wait_for()
    mine.get_by_role("button", name="Save and come back later").click()
    mine.get_by_text("all is as you had saved it").wait_for()
    assert kept(site) == [("no", ""), ("yes", "")]


def test_what_a_pause_could_not_save_says_so_and_the_button_says_why(live_at: OPEN) -> None:
    site = live_at("agency_audits")
    page = site.at("bo", "/agency_return/1")
    page.clock.install()
    page.get_by_label("Aim 1: what in the records shows this").fill("Words alone")
    page.clock.fast_forward(PAUSE_MS)
    page.get_by_text("Some of it is not saved yet.").wait_for()
    page.get_by_role("button", name="Save and come back later").click()
    page.get_by_role("link", name="Aim 1: choose one of the five answers").click()
    assert page.evaluate("document.activeElement.name").startswith("answer-")
    assert kept(site) == []


def test_without_scripts_the_button_saves(live_at: OPEN) -> None:
    site = live_at("agency_audits", scripts=False)
    page = site.at("bo", "/agency_return/1")
    page.get_by_role("group", name="2. Were men part of the assessment?").get_by_label(
        "No evidence on file"
    ).check()
    page.get_by_role("button", name="Save and come back later").click()
    assert "Saved. 1 of 2 aims answered. 1 aim to go." in page.inner_text("main")
    assert kept(site) == [("no evidence on file", "")]
