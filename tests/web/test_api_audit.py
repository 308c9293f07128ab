"""An audit set up, read, concluded and spread by programs alone: each entry that a page takes, a program gives too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time

import pytest

from engine.moved import Ref
from tests.web.api_client import Programs, codes
from tests.web.site import Site

SiteAt = Callable[[str | None], Site]
THEME = {
    "year": "2014-15",
    "theme": "Neglect",
    "source_kind": "review",
    "source": "Review of Family L",
    "scope": "Open for two years",
    "look_back_months": 12,
    "cases": 1,
}


def granted(programs: Programs, trigger: str) -> None:
    """Let the coordinator's program ask for a step of the audit, and the chair's approve it."""
    asked = programs.post(f"/audit/1/steps/{trigger}", "sam").json()["approval"]
    answer = programs.post(f"/{asked}/decision", "ada", {"answer": "approve"})
    assert answer.status_code == 200, answer.text


def test_an_audit_is_set_up_until_its_returns_are_asked_for(site_at: SiteAt) -> None:
    programs = Programs(site_at(None))
    made = programs.post("/audits", "sam", THEME)
    assert (made.status_code, made.json()["ref"]) == (201, "audit/1")
    aim = programs.post("/audit/1/aims", "sam", {"text": "Was information shared in time?"})
    assert (aim.status_code, aim.json()) == (201, {"ref": "audit/1", "number": 1})
    granted(programs, "agree_theme")
    assert (
        programs.post("/audit/1/cases", "sam", {"kind": "child", "criterion": "At random"}).status_code == 201
    )
    granted(programs, "select_cases")
    meeting = {"meeting": "2014-12", "returns_due_on": "2014-11-27"}
    assert programs.post("/audit/1/meeting", "sam", meeting).status_code == 200
    granted(programs, "start_agency_audits")
    asked = programs.post("/audit/1/returns", "sam", {})
    assert (asked.status_code, asked.json()["number"]) == (201, 5)
    assert codes(programs.post("/audit/1/returns", "sam", {})) == ["nothing_to_ask"]


def test_an_aim_asks_an_earlier_one_again_by_its_audit_and_number(site_at: SiteAt) -> None:
    programs = Programs(site_at("actions"))
    assert programs.post("/audits", "sam", THEME).json()["ref"] == "audit/2"
    again = {"text": "Is it shared in time now?", "asks_again": {"audit": "2014-15/1", "aim": 1}}
    assert programs.post("/audit/2/aims", "sam", again).json()["number"] == 1
    again["asks_again"] = {"audit": "2014-15/1", "aim": 9}
    assert codes(programs.post("/audit/2/aims", "sam", again)) == ["unknown_word"]
    pair = {"earlier": {"audit": "2014-15/1", "aim": 1}, "later": {"audit": "2014-15/2", "aim": 1}}
    answer = programs.post("/recommendation/1/re_audits", "sam", pair)
    assert answer.status_code == 422  # nothing was measured yet, and the recommendation is not done


def test_the_joint_look_and_the_spreading_are_recorded(site_at: SiteAt) -> None:
    looking = Programs(site_at("findings"))
    looking.world.on(date(2014, 12, 12))
    look = looking.post("/audit/1/moderations", "sam", {"note": "All ten returns", "meeting": "2014-12"})
    assert (look.status_code, look.json()["state"]) == (200, "findings")
    spreading = Programs(site_at("actions"))
    body = {"agency": "trust", "how": "A seven-minute briefing", "reached": 40}
    assert spreading.post("/audit/1/disseminations", "bo", body).status_code == 200
    other = spreading.post("/audit/1/disseminations", "bo", body | {"agency": "police"})
    assert other.status_code == 422


def test_an_agency_answers_waits_and_goes_on(site_at: SiteAt) -> None:
    programs = Programs(site_at("actions"))
    body = {"agency": "trust", "answer": "accepted"}
    assert programs.post("/recommendation/1/answers", "bo", body).status_code == 200
    refused = programs.post("/recommendation/1/answers", "bo", {"agency": "trust", "answer": "not_accepted"})
    assert codes(refused) == ["needs_reason"]
    plan = {"agency": "trust", "text": "Brief every ward"}
    action = programs.post("/recommendation/1/actions", "bo", plan).json()["ref"]
    lacks = {"owner_post": "health_visiting", "measure": "Nine in ten can say it", "due_on": "2015-05-01"}
    assert programs.post(f"/{action}/plan", "bo", lacks).status_code == 200
    assert programs.post(f"/{action}/steps/agree", "bo").status_code == 200
    waits = programs.post(f"/{action}/wait", "bo", {"agency": "police", "reason": "Their list of names"})
    assert waits.status_code == 200
    assert programs.post(f"/{action}/resume", "bo", {"what_came": "The list is here"}).status_code == 200
    assert programs.world.proof().faults == ()


def test_a_meeting_is_planned_and_who_was_there_is_recorded(site_at: SiteAt) -> None:
    programs = Programs(site_at("actions"))
    body = {"title": "Extra meeting", "on": "2015-01-15", "starts": "14:00", "place": "Council House"}
    made = programs.post("/meetings", "sam", body)
    assert made.status_code == 201, made.text
    ref = Ref("meeting", int(made.json()["ref"].rpartition("/")[2]))
    wrong = programs.post("/meetings", "sam", body | {"starts": "half past two"})
    assert wrong.status_code == 422
    people = [
        {"post": "chair", "presence": "there"},
        {"post": "nursing", "presence": "deputy", "deputy": "Olu Osei"},
    ]
    early = programs.post(f"/{ref}/attendance", "sam", {"people": people})
    assert early.status_code == 422
    programs.world.on(date(2015, 1, 16), time(9))
    there = programs.post(f"/{ref}/attendance", "sam", {"people": people})
    assert there.status_code == 200, there.text
    stranger = {"people": [{"post": "accounts", "presence": "there"}]}
    assert codes(programs.post(f"/{ref}/attendance", "sam", stranger)) == ["unknown_word"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/audit/1/aims", {"text": "Mine"}),
        ("/audit/1/cases", {"kind": "child", "criterion": "Mine"}),
        ("/audit/1/meeting", {"meeting": "2015-03"}),
        ("/audit/1/returns", {}),
        ("/audit/1/moderations", {"note": "Mine"}),
        ("/audits", THEME),
        ("/meetings", {"title": "Mine", "on": "2015-05-05", "starts": "14:00"}),
    ],
)
def test_what_is_the_coordinators_to_enter_nobody_elses_program_enters(
    site_at: SiteAt, path: str, body: dict[str, object]
) -> None:
    programs = Programs(site_at("actions"))
    for who in ("bo", "cleo", "ida"):
        assert programs.post(path, who, body).status_code == 422, who


@pytest.mark.parametrize(
    "path",
    [
        "/work",
        "/escalations",
        "/embedded",
        "/dashboard?year=2014-15&audit=2014-15/1&agency=trust",
        "/programme?year=2014-15",
        "/audit/1/findings",
        "/meeting/2/agenda",
        "/action/1/escalation",
    ],
)
def test_programs_ask_how_the_whole_stands_as_pages_do(site_at: SiteAt, path: str) -> None:
    programs = Programs(site_at("actions"))
    for who in ("sam", "bo", "cleo"):
        answer = programs.get(path, who)
        assert answer.status_code == 200, (who, answer.text)
        assert answer.json() is not None
    assert programs.get(path, "viv").status_code == 403


def test_what_waits_for_somebody_is_the_same_for_their_program(site_at: SiteAt) -> None:
    programs = Programs(site_at("actions"))
    waiting = {row["ref"] for row in programs.get("/work", "bo").json()["waiting"]["rows"]}
    assert waiting == {"audit/1"}
    assert all(f"/{ref}" in " ".join(programs.site.get("/", as_="bo").page.links) for ref in waiting)


def test_a_year_that_there_is_not_is_not_there(site_at: SiteAt) -> None:
    assert Programs(site_at("actions")).get("/programme?year=1999-00", "sam").status_code in (404, 422)
