"""The audits as pages: stages, gates, the grid of returns, and setting one up, each as somebody of the cast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.checkpointing import take_checkpoint
from assurance.records import Agency, AgencyReturn, Aim, Audit, Case, Dissemination
from engine.checkpoints import spaced
from engine.fences import EVERY
from engine.moved import Ref
from engine.signing import SigningKey
from tests.web.site import Site

SiteAt = Callable[[str | None], Site]
NEW: Mapping[str, str] = {
    "year": "2014-15",
    "theme": "Children who go missing",
    "source_kind": "inspection",
    "source": "Inspection of spring 2014",
    "scope": "Children missing twice or more",
    "look_back": "12",
    "cases": "4",
}


def in_words(html: str) -> str:
    """Give a page in one line."""
    return " ".join(html.split())


# -- one audit, as each sees it ----------------------------------------------------------------------------


def test_the_stages_stand_in_order_with_the_present_one_named_in_words(site_at: SiteAt) -> None:
    page = site_at("agency_audits").get("/audit/1", as_="cleo")
    assert page.page.heading == "Neglect"
    said = page.text
    places = [
        said.index(words)
        for words in ("Theme agreed 2 September 2014", "Agency audits here since", "Embedded to")
    ]
    assert places == sorted(places)
    assert "aria-current=step" in page.html


def test_an_open_gate_is_a_button_and_a_closed_one_says_why(site_at: SiteAt) -> None:
    site = site_at("theme_agreed")
    page = site.get("/audit/1", as_="sam")
    assert "/audit/1/steps/draw_case" in page.page.links
    assert "/audit/1/steps/select_cases" not in page.page.links
    assert "Draw all the cases that the audit is to look at." in page.text
    assert "/audit/1/steps/draw_case" not in site.get("/audit/1", as_="bo").page.links


def test_the_grid_shows_each_return_to_whoever_may_see_it_and_counts_to_all(site_at: SiteAt) -> None:
    site = site_at("agency_audits")
    trust = {f"/{ref}" for ref in site.world.returns("health_visiting")}
    everything = {f"/{ref}" for ref in site.world.returns()}
    assert links_to_returns(site, "sam") == links_to_returns(site, "una") == everything
    assert links_to_returns(site, "bo") == trust
    assert links_to_returns(site, "cleo") == links_to_returns(site, "hal") == set()
    case = site.world.ask(sa.select(Case.case_ref))[0]
    assert case in site.get("/audit/1", as_="bo").text
    lay = site.get("/audit/1", as_="cleo").text
    assert case not in lay
    assert "2 cases are read by the agencies whose records they stand in" in lay
    assert "Health visiting North Trust 0 of 2" in lay


def links_to_returns(site: Site, who: str) -> set[str]:
    """Give the returns to which the page of the audit links."""
    return {link for link in site.get("/audit/1", as_=who).page.links if link.startswith("/agency_return/")}


def test_lateness_stands_there_in_words(site_at: SiteAt) -> None:
    site = site_at("agency_audits")
    site.world.on(site.world.working_days_from(site.world.today, 60))
    assert "days late" in site.get("/audit/1", as_="bo").text


def test_a_decision_that_waits_names_whom_it_waits_for(site_at: SiteAt) -> None:
    site = site_at("proposed")
    approval = site.world.asks("sam", site.world.audit, "agree_theme")
    page = site.get("/audit/1", as_="bo")
    assert f"/{approval}" in page.page.links
    assert "Agree the theme Ada Ashdown 1 September 2014" in page.text


def test_what_has_come_of_an_audit_stands_on_its_page(site: Site) -> None:
    page = site.get("/audit/1", as_="cleo")
    assert {"/recommendation/1", "/audit/1/findings", "/audit/1/history", "/meeting/1"} <= set(
        page.page.links
    )
    assert "1 area for development" in page.text
    assert "1 strength" in page.text
    assert "North Trust not yet" in page.text


def test_an_audit_that_there_is_not_is_not_there(site: Site) -> None:
    assert site.get("/audit/99", as_="sam").status == 404
    assert site.get("/audit/1", as_="viv").status == 404


# -- the list ----------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_year_and_stage(site: Site) -> None:
    assert "/audit/1" in site.get("/audits", as_="cleo").page.links
    assert "/audit/1" in site.get("/audits?year=2014-15&stage=actions", as_="cleo").page.links
    for path in ("/audits?year=2015-16", "/audits?stage=proposed", "/audits?stage=nothing&year=x"):
        page = site.get(path, as_="cleo")
        assert "/audit/1" not in page.page.links
        assert "No audit of this year stands at this stage." in page.text
        assert "/audits" in page.page.links


def test_only_who_may_open_an_audit_is_offered_to(site: Site) -> None:
    offered = {who for who in ("sam", "ada", "dan", "bo", "cleo", "una", "ida") if offers_new(site, who)}
    assert offered == {"sam", "ada", "dan"}
    assert site.get("/audits/new", as_="bo").status == 404


def offers_new(site: Site, who: str) -> bool:
    """Say whether somebody is offered to open an audit."""
    return "/audits/new" in site.get("/audits", as_=who).page.links


def test_where_there_is_no_audit_yet_the_list_says_who_opens_one(site_at: SiteAt) -> None:
    assert "There is no audit yet." in site_at(None).get("/audits", as_="cleo").text


# -- setting one up ----------------------------------------------------------------------------------------


def test_the_coordinator_opens_an_audit(site_at: SiteAt) -> None:
    site = site_at(None)
    answer = site.post("/audits/new", NEW, as_="sam")
    assert answer.path == "/audit/1"
    assert "The audit is proposed. Write down its aims next." in answer.text
    assert site.world.ask(sa.select(Audit.reference)) == ["2014-15/1"]


def test_the_themes_of_the_forward_plan_are_shown_to_whoever_opens_an_audit(site_at: SiteAt) -> None:
    assert "Children missing education" in site_at(None).get("/audits/new", as_="ada").text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"theme": " "}, "Write down the theme."),
        ({"source_kind": "rumour"}, "Choose what has called for this audit."),
        ({"source": ""}, "Name the review, the inspection, the data or the report."),
        ({"scope": ""}, "Write down which cases it looks at."),
        ({"look_back": "a year"}, "How many months back are files read?: write a whole number"),
        ({"cases": "-4"}, "How many cases are drawn?: write a whole number"),
        ({"cases": "0"}, "An audit looks at one case at least."),
        ({"look_back": "0"}, "Files are read at least one month back."),
        ({"year": "1999-00"}, "Choose the year."),
        ({"theme": "x" * 201}, "Say it in 200 letters at most."),
    ],
)
def test_an_audit_that_is_refused_keeps_what_was_typed(
    site_at: SiteAt, changed: dict[str, str], said: str
) -> None:
    site = site_at(None)
    answer = site.post("/audits/new", {**NEW, **changed}, as_="sam")
    assert answer.status == 422
    assert said in answer.text
    kept = {**NEW, **changed}
    assert all(in_words(kept[name]) in answer.html for name in ("theme", "source", "scope"))
    assert site.world.ask(sa.select(Audit.id)) == []


def test_an_audit_sent_twice_is_opened_once(site_at: SiteAt) -> None:
    site = site_at(None)
    key = site.get("/audits/new", as_="sam").page.hidden["key"]
    site.post("/audits/new", NEW, as_="sam", unseen={"key": key})
    again = site.post("/audits/new", NEW, as_="sam", unseen={"key": key})
    assert "nothing was entered twice" in again.text
    assert len(site.world.ask(sa.select(Audit.id))) == 1


def test_an_aim_is_written_down_and_can_ask_an_earlier_one_again(site: Site) -> None:
    site.post("/audits/new", NEW, as_="sam")
    form = site.get("/audit/2/steps/add_aim", as_="sam")
    assert "2014-15/1, aim 1: Was information shared in time?" in form.text
    earlier = site.world.aims()[0]
    fields = {"text": "Is information shared in time now?", "asks_again": str(earlier)}
    answer = site.post("/audit/2/steps/add_aim", fields, as_="sam")
    assert "Asks again: 2014-15/1, aim 1" in answer.text
    assert site.world.pairs(sa.select(Aim.text, Aim.asks_again_id).where(Aim.audit_id == 2)) == [
        ("Is information shared in time now?", earlier)
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": ""}, "Write down the aim."),
        ({"text": "Were men seen?", "asks_again": "999"}, "Choose one of the aims, or say that it is new."),
    ],
)
def test_an_aim_that_is_refused_is_not_lost(site_at: SiteAt, fields: dict[str, str], said: str) -> None:
    site = site_at("proposed")
    answer = site.post("/audit/1/steps/add_aim", fields, as_="sam")
    assert answer.status == 422
    assert said in answer.text
    assert fields["text"] in answer.html
    assert len(site.world.aims()) == 2


def test_a_case_is_drawn_under_a_reference_of_its_own(site_at: SiteAt) -> None:
    site = site_at("theme_agreed")
    fields = {"kind": "adult", "criterion": "Drawn at random from adults with a plan"}
    answer = site.post("/audit/1/steps/draw_case", fields, as_="sam")
    assert "The case is drawn" in answer.text
    (case,) = site.world.ask(sa.select(Case))
    assert (case.kind, case.criterion) == ("adult", "Drawn at random from adults with a plan")
    assert case.case_ref in answer.text
    refused = site.post("/audit/1/steps/draw_case", {"kind": "cat", "criterion": "By chance"}, as_="sam")
    assert (refused.status, "By chance" in refused.html) == (422, True)
    assert "Choose whose file is read." in refused.text


def test_only_the_coordinator_draws_cases(site_at: SiteAt) -> None:
    site = site_at("theme_agreed")
    answer = site.get("/audit/1/steps/draw_case", as_="bo")
    assert "This is not possible now." in answer.text
    fields = {"kind": "child", "criterion": "By chance"}
    assert site.post("/audit/1/steps/draw_case", fields, as_="bo").status == 422
    assert site.world.ask(sa.select(Case.id)) == []


def test_the_meeting_is_named_and_the_returns_are_due_ten_working_days_before(site_at: SiteAt) -> None:
    site = site_at("cases_selected")
    answer = site.post("/audit/1/steps/set_meeting", {"meeting": "1"}, as_="sam")
    assert "Returns due 27 November 2014" in answer.text
    own_day = {
        f"returns_due_on-{part}": word
        for part, word in zip(("day", "month", "year"), ("12", "12", "2014"), strict=True)
    }
    late = site.post("/audit/1/steps/set_meeting", {"meeting": "1", **own_day}, as_="sam")
    assert late.status == 422
    assert "The returns must be in before the meeting on 11 December 2014." in late.text
    assert site.post("/audit/1/steps/set_meeting", {}, as_="sam").status == 422


def test_the_agencies_are_asked_once_and_the_form_says_before_how_many_returns_that_is(
    site_at: SiteAt,
) -> None:
    site = site_at("cases_selected")
    site.post("/audit/1/steps/set_meeting", {"meeting": "1"}, as_="sam")
    site.world.is_granted("sam", site.world.audit, "start_agency_audits")
    form = site.get("/audit/1/steps/request_returns", as_="sam")
    assert "10 returns will be asked for: 2 cases, each from 5 record sets of 4 agencies." in form.text
    answer = site.post("/audit/1/steps/request_returns", as_="sam")
    assert "The agencies are asked for their returns" in answer.text
    assert len(site.world.ask(sa.select(AgencyReturn.id))) == 10
    assert "already has its return" in site.get("/audit/1/steps/request_returns", as_="sam").text


def test_an_agency_records_how_it_spread_the_learning_for_itself_only(site: Site) -> None:
    form = site.get("/audit/1/steps/record_dissemination", as_="bo")
    assert "North Trust" in form.text
    assert "Shire Constabulary" not in form.text
    trust = str(site.world.number(Agency, "trust"))
    fields = {"agency": trust, "how": "Seven-minute briefings in May", "reached": "40"}
    answer = site.post("/audit/1/steps/record_dissemination", fields, as_="bo")
    assert "Seven-minute briefings in May" in answer.text
    assert site.world.pairs(sa.select(Dissemination.how, Dissemination.reached)) == [
        ("Seven-minute briefings in May", 40)
    ]
    assert "recorded already" in site.get("/audit/1/steps/record_dissemination", as_="bo").text
    police = str(site.world.number(Agency, "police"))
    assert (
        site.post("/audit/1/steps/record_dissemination", {**fields, "agency": police}, as_="fay").status
        == 200
    )
    council = str(site.world.number(Agency, "council"))
    refused = site.post("/audit/1/steps/record_dissemination", {**fields, "agency": council}, as_="gil")
    assert refused.status == 422


def test_a_step_of_an_audit_that_nobody_may_see_is_not_there(site: Site) -> None:
    for step in ("add_aim", "draw_case", "set_meeting", "request_returns", "record_dissemination"):
        assert site.get(f"/audit/99/steps/{step}", as_="sam").status == 404
        assert site.post(f"/audit/99/steps/{step}", as_="sam", form_at="/audits/new").status == 404


def test_a_stage_that_is_given_up_says_so(site_at: SiteAt) -> None:
    site = site_at("theme_agreed")
    site.world.is_granted("sam", site.world.audit, "cancel", reason="Another board does it.")
    page = site.get("/audit/1", as_="cleo")
    assert "Cancelled here since" in page.text
    assert site.world.state(Ref("audit", 1)) == "cancelled"


def test_what_is_signed_off_prints_its_seal_and_the_newest_checkpoint(
    site_at: SiteAt, tmp_path: Path
) -> None:
    site = site_at("actions")
    assert "with the seal" not in site.get("/audit/1", as_="cleo").text
    with site.world.office.store.begin(group=EVERY) as session:
        session.get_one(Audit, 1).signed_off_on = site.world.today
    page = site.get("/audit/1", as_="cleo")
    seal = site.world.row(Audit, site.world.audit).head
    assert f"with the seal {spaced(seal)}" in page.text
    assert "checkpoint" not in page.text
    key = tmp_path / "signing.pem"
    key.write_bytes(SigningKey.draw().pem)
    site.world.office.settings = replace(site.world.office.settings, signing_key=key)
    taken = take_checkpoint(site.world.office, site.world.group_id)
    page = site.get("/audit/1", as_="cleo")
    assert f"with the fingerprint {spaced(taken.said.fingerprint)}" in page.text


def test_what_may_tell_who_somebody_is_is_warned_of_before_it_is_saved(site_at: SiteAt) -> None:
    site = site_at("theme_agreed")
    fields = {"kind": "child", "criterion": "Born on 3 March 2009, drawn by chance"}
    warned = site.post("/audit/1/steps/draw_case", fields, as_="sam")
    assert warned.status == 422
    assert fields["criterion"] in warned.html
    assert site.world.ask(sa.select(Case.id)) == []
    site.post("/audit/1/steps/draw_case", {**fields, "no_identifiers": "y"}, as_="sam")
    assert len(site.world.ask(sa.select(Case.id))) == 1
