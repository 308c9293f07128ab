"""One action, one recommendation and what is entered about them: who sees what, each refusal, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from assurance.commands import concluding
from assurance.commands.waiting import wait_for
from assurance.records import Action, Agency, Evidence, Post
from engine.fences import EVERY
from engine.moved import Ref
from tests.assurance.full_world import INDIVIDUAL, OF_INDIVIDUAL, STRATEGIC
from tests.assurance.test_concluding import held_later_audit, implemented
from tests.web.site import Site

OF_TRUST = Ref("action", 2)
SAID = "The first ten files are done."  # what the trust's owner wrote
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def site(full_site: Site) -> Site:
    """The pages of a world in which something of every kind stands, an individual practice recommendation too."""
    return full_site


# -- one action ----------------------------------------------------------------------------------------------


def test_an_action_shows_its_dates_its_plan_and_what_the_owner_says(site: Site) -> None:
    answer = site.get("/action/1", as_="nell")
    assert answer.page.heading == "Action 1"
    assert "First due 27 February 2015 Now due 27 February 2015 Times moved 0" in answer.text
    assert "Health Visiting (Nell Norris)" in answer.text
    assert f"On track : {SAID}" in answer.text
    assert "Chronology of one file" in answer.text
    assert "/action/1/steps/note_progress" in answer.page.links


@pytest.mark.parametrize("who", ["gil", "fay", "cleo", "thea", "viv"])
def test_what_is_for_one_agency_is_not_there_for_others(site: Site, who: str) -> None:
    for path in (
        "/action/1",
        "/recommendation/1",
        "/action/1/steps/note_progress",
        "/recommendation/1/steps/plan_action",
    ):
        answer = site.get(path, as_=who)
        assert answer.status == 404
        assert "chronology" not in answer.html.lower()


def test_an_agency_that_is_waited_for_sees_for_what_and_no_more(site: Site) -> None:
    with site.world.does("bo") as tx:
        wait_for(tx, OF_INDIVIDUAL, site.world.number(Agency, "council"), "Send us the form")
    answer = site.get("/action/1", as_="dev")
    assert "It waits for County Council since 15 December 2014" in answer.text
    assert "What is awaited: Send us the form" in answer.text
    assert "An individual practice recommendation, for its own agency" in answer.text
    assert SAID not in answer.html
    assert "Chronology" not in answer.html
    assert "/action/1/steps/stop_waiting" in answer.page.links


def test_the_chair_verifies_first_and_the_lead_confirms(site: Site) -> None:
    site.world.moves("bo", OF_INDIVIDUAL, "confirm")
    answer = site.get("/action/1", as_="ada")
    steps = [link for link in answer.page.links if "/steps/" in link]
    assert steps[:2] == ["/action/1/steps/verify", "/action/1/steps/return"]


# -- what is entered about an action -------------------------------------------------------------------------


def test_the_owner_adds_a_note_and_finds_it_on_top(site: Site) -> None:
    fields = {"rating": "at risk", "text": "Two of the team are ill."}
    answer = site.post("/action/1/steps/note_progress", fields, as_="nell")
    assert answer.path == "/action/1"
    assert "Your note is added." in answer.text
    assert answer.text.index("Two of the team are ill.") < answer.text.index(SAID)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": "All well."}, "Choose how it is going."),
        ({"text": "All well.", "rating": "splendid"}, "Choose how it is going."),
        ({"rating": "late", "text": "  "}, "Write down what has happened."),
        ({"rating": "late", "text": "Sarah was seen"}, "looks like somebody's name"),
    ],
)
def test_a_note_that_is_refused_keeps_what_was_typed(site: Site, fields: dict[str, str], said: str) -> None:
    answer = site.post("/action/1/steps/note_progress", fields, as_="nell")
    assert answer.status == 422
    assert said in answer.text
    assert fields["text"] in answer.html
    assert ('value="late" checked' in answer.html) == (fields.get("rating") == "late")
    assert len(site.world.history(OF_INDIVIDUAL)) == 4


def test_a_note_that_is_sent_twice_is_added_once(site: Site) -> None:
    fields = {"rating": "late", "text": "Nothing yet."}
    key = site.get("/action/1/steps/note_progress", as_="nell").page.hidden["key"]
    site.post("/action/1/steps/note_progress", fields, as_="nell", unseen={"key": key})
    answer = site.post("/action/1/steps/note_progress", fields, as_="nell", unseen={"key": key})
    assert "nothing was entered twice" in answer.text
    assert answer.text.count("Nothing yet.") == 1


def test_whoever_may_not_is_told_why_instead_of_a_form(site: Site) -> None:
    answer = site.get("/action/2/steps/note_progress", as_="gil")
    assert "is a step for the owner, the agency lead or the coordinator" in answer.text
    assert "How is it going?" not in answer.text
    refused = site.post("/action/2/steps/note_progress", {"rating": "late", "text": "Oh."}, as_="gil")
    assert refused.status == 422
    assert len(site.world.history(OF_TRUST)) == 2


def test_evidence_is_added_with_its_file(site: Site) -> None:
    fields = {"title": "Attendance list", "text": "All teams were briefed."}
    files = {"file": ("list.pdf", PDF, "application/pdf")}
    answer = site.post("/action/2/steps/add_evidence", fields, as_="bo", files=files)
    assert answer.path == "/action/2"
    assert "Attendance list" in answer.text
    assert "list.pdf" in answer.text
    assert "list.pdf" not in site.get("/action/2", as_="gil").html


def test_evidence_with_a_file_that_is_not_taken_is_refused_whole(site: Site) -> None:
    fields = {"title": "Attendance list", "text": "All teams were briefed."}
    files = {"file": ("list.exe", b"MZ\x90\x00", "application/octet-stream")}
    answer = site.post("/action/2/steps/add_evidence", fields, as_="bo", files=files)
    assert answer.status == 422
    assert "Attendance list" in answer.html
    with site.world.office.store.reading(group=EVERY) as session:
        assert session.query(Evidence).filter_by(subject_id=2, subject_kind="action").count() == 0


def test_an_action_waits_for_another_agency_and_goes_on(site: Site) -> None:
    council = str(site.world.number(Agency, "council"))
    form = site.get("/action/2/steps/wait_for", as_="bo")
    assert "North Trust</option>" not in form.html
    answer = site.post(
        "/action/2/steps/wait_for", {"agency": council, "reason": "Send us the form"}, as_="bo"
    )
    assert "It waits for County Council" in answer.text
    after = site.post("/action/2/steps/stop_waiting", {"what_came": "The form came."}, as_="dev")
    assert after.path == "/action/2"
    assert site.world.row(Action, OF_TRUST).waiting_on_agency_id is None


def test_one_cannot_wait_for_nobody_or_for_oneself(site: Site) -> None:
    own = str(site.world.number(Agency, "trust"))
    for agency in ("", own, "99", "x"):
        answer = site.post("/action/2/steps/wait_for", {"agency": agency, "reason": "Help"}, as_="bo")
        assert answer.status == 422
        assert "Choose the agency." in answer.text


def test_a_plan_is_completed_and_shows_what_stands(site: Site) -> None:
    nursing = site.world.number(Post, "nursing")
    form = site.get("/action/2/steps/complete_plan", as_="bo")
    assert "Nine in ten of the staff asked" in form.html
    assert "due_on-day" not in form.html
    answer = site.post(
        "/action/2/steps/complete_plan", {"owner": str(nursing), "measure": "All of them"}, as_="bo"
    )
    assert "Nursing (Bo Birchall)" in answer.text
    assert "All of them" in answer.text


def test_another_agencys_lead_completes_no_plan(site: Site) -> None:
    answer = site.get("/action/2/steps/complete_plan", as_="gil")
    assert "This is not possible now." in answer.text


# -- one recommendation --------------------------------------------------------------------------------------


def test_a_recommendation_shows_from_where_it_comes_and_who_does_what(site: Site) -> None:
    answer = site.get("/recommendation/2", as_="cleo")
    assert answer.page.heading == "Recommendation 1 of audit 2014-15/1"
    assert "Aim 1: Was information shared in time?" in answer.text
    assert "Finding 1, area for development: The file of one child holds no chronology" in answer.text
    assert "North Trust Accepted" in answer.text
    assert {"/action/2", "/action/3"} <= set(answer.page.links)
    assert "No later audit has asked its aims again yet." in answer.text


def test_an_action_is_planned_and_its_page_comes_next(site: Site) -> None:
    fields = {
        "agency": str(site.world.number(Agency, "trust")),
        "text": "Write a leaflet",
        "owner": str(site.world.number(Post, "health_visiting")),
        "measure": "Every team has it",
        "due_on-day": "27",
        "due_on-month": "3",
        "due_on-year": "2015",
    }
    answer = site.post("/recommendation/2/steps/plan_action", fields, as_="bo")
    assert answer.path == "/action/4"
    assert "Write a leaflet" in answer.text
    assert "First due 27 March 2015" in answer.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": ""}, "Write down what the agency will do."),
        ({"text": "Write a leaflet", "agency": "99"}, "Choose the agency whose action it is."),
        ({"text": "Write a leaflet", "due_on-day": "31", "due_on-month": "2"}, "give the year too"),
    ],
)
def test_a_plan_that_is_refused_keeps_what_was_typed(site: Site, fields: dict[str, str], said: str) -> None:
    given = {
        "agency": str(site.world.number(Agency, "trust")),
        "owner": "",
        "measure": "All have it",
    } | fields
    answer = site.post("/recommendation/2/steps/plan_action", given, as_="bo")
    assert answer.status == 422
    assert said in answer.text
    assert "All have it" in answer.html
    assert site.world.known(STRATEGIC).facts["actions"] == 2


def test_one_plans_for_ones_own_agency_and_the_coordinator_for_any(site: Site) -> None:
    assert "County Council</option>" not in site.get("/recommendation/2/steps/plan_action", as_="bo").html
    assert "County Council</option>" in site.get("/recommendation/2/steps/plan_action", as_="sam").html
    assert "County Council</option>" not in site.get("/recommendation/1/steps/plan_action", as_="sam").html


def test_an_agency_answers_for_itself_and_a_no_gives_its_reason(site: Site) -> None:
    path, trust = "/recommendation/2/steps/answer_for_agency", str(site.world.number(Agency, "trust"))
    without = site.post(path, {"agency": trust, "answer": "not_accepted"}, as_="bo")
    assert without.status == 422
    assert "Say why the agency does not accept it." in without.text
    answer = site.post(
        path, {"agency": trust, "answer": "not_accepted", "reason": "It is done already."}, as_="bo"
    )
    assert "North Trust Not accepted: It is done already." in answer.text
    assert "It is done already." not in site.get("/recommendation/2", as_="gil").html


def test_an_agency_that_was_not_asked_has_nothing_to_answer(site: Site) -> None:
    answer = site.get("/recommendation/2/steps/answer_for_agency", as_="fay")
    assert "No agency for which you answer was asked" in answer.text


def test_before_and_after_stand_side_by_side(site_at: Callable[[str | None], Site]) -> None:
    site = site_at("actions")
    ref = implemented(site.world)
    later = held_later_audit(site.world, "yes")
    pair = f"{site.world.aims()[0]}-{later}"
    unchosen = site.post(f"/{ref}/steps/record_re_audit", {}, as_="sam")
    assert "Choose the later aim." in unchosen.text
    answer = site.post(f"/{ref}/steps/record_re_audit", {"pair": pair}, as_="sam")
    assert "Before 0 of 10 said yes" in answer.text
    assert "After 5 of 5 said yes" in answer.text
    assert "Better" in answer.text


def test_where_no_aim_was_asked_again_the_form_says_what_to_do(
    site_at: Callable[[str | None], Site],
) -> None:
    site = site_at("actions")
    ref = implemented(site.world)
    answer = site.get(f"/{ref}/steps/record_re_audit", as_="sam")
    assert "No later audit that the group has looked at asks one of its aims again." in answer.text


def test_evidence_that_it_has_lasted_is_recorded(site_at: Callable[[str | None], Site]) -> None:
    site = site_at("actions")
    ref = implemented(site.world)
    site.world.on(date(2015, 7, 13))
    fields = {"title": "Dip sample", "text": "Nine of ten files"}
    answer = site.post(f"/{ref}/steps/record_evidence", fields, as_="bo")
    assert "Dip sample" in answer.text
    assert site.world.known(ref).facts["measurements"] == 1


def test_a_step_that_is_not_possible_in_this_state_says_so(site: Site) -> None:
    answer = site.get("/recommendation/2/steps/record_evidence", as_="sam")
    assert answer.status == 422
    assert "is not possible: it is now Agreed" in answer.text


def test_an_individual_practice_recommendation_is_the_agencys_own(site: Site) -> None:
    assert "Individual practice, for North Trust" in site.get(f"/{INDIVIDUAL}", as_="nell").text
    with site.world.does("bo") as tx:
        trust = site.world.number(Agency, "trust")
        concluding.answer_for_agency(tx, INDIVIDUAL, trust, "accepted")
    assert site.get(f"/{INDIVIDUAL}", as_="dev").status == 404
