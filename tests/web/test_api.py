"""The interface for programs: who gets in, what each sees, and what becomes of steps, answers and entries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from assurance.accounts.bearers import revoke_token, tokens_of
from assurance.records import Action, AnsweredRequest, Approval, Evidence, Finding, ProgressNote
from engine.moved import Ref
from tests.web.api_client import Programs, codes
from tests.web.site import Site
from web.api.limits import Limits, TooOften
from web.api.table import API_ROUTES
from web.app import ROUTES

ACTION = Ref("action", 1)
SiteAt = Callable[[str | None], Site]


@pytest.fixture
def programs(site: Site) -> Programs:
    """Programs in a world whose audit is at its actions."""
    return Programs(site)


# -- who gets in -------------------------------------------------------------------------------------------


def test_every_route_for_programs_stands_in_the_one_table() -> None:
    assert [route for route in ROUTES if route.path.startswith("/api/")] == list(API_ROUTES)
    assert len(API_ROUTES) > 25


def test_without_a_token_a_program_is_asked_for_one(programs: Programs) -> None:
    answer = programs.client.get("/api/v1/actions")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="auditloop"'
    assert codes(answer) == ["no_token"]


@pytest.mark.parametrize("sent", ["Bearer guessed", "Bearer ", "Basic Ym86Ym8=", "Bearer \x7f"])
def test_what_is_no_token_of_ours_gets_nobody_in(programs: Programs, sent: str) -> None:
    answer = programs.client.get("/api/v1/actions", headers={"authorization": sent})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer realm=")


def test_a_cookie_is_no_token(site: Site) -> None:
    assert site.browser("bo").get("/api/v1/actions").status_code == 401


def test_a_token_opens_no_page(programs: Programs) -> None:
    headers = {"authorization": f"Bearer {programs.token('bo')}"}
    answer = programs.client.get("/action/1", headers=headers, follow_redirects=False)
    assert answer.headers["location"].startswith("/sign-in")


def test_a_withdrawn_token_and_one_that_is_over_get_nobody_in(programs: Programs) -> None:
    assert programs.get("/actions", "bo").status_code == 200
    with programs.world.does("bo") as tx:
        revoke_token(tx, tokens_of(tx)[0].number)
    answer = programs.get("/actions", "bo")
    assert (answer.status_code, codes(answer)) == (401, ["invalid_token"])
    programs.token("sam")
    programs.world.clock.move_to(programs.world.clock.now() + timedelta(days=90))
    assert programs.get("/actions", "sam").status_code == 401


@pytest.mark.parametrize(
    ("scope", "path", "body"),
    [
        ("move", "/action/1/steps/begin", {}),
        ("enter", "/action/1/notes", {"rating": "late", "text": "Ill"}),
        ("decide", "/approval/1/decision", {"answer": "approve"}),
        ("decide", "/action/1/silences", {"until_on": "2015-01-10", "reason": "Noise"}),
    ],
)
def test_a_token_does_only_what_its_scopes_name(
    programs: Programs, scope: str, path: str, body: object
) -> None:
    others = [one for one in ("read", "move", "enter", "decide") if one != scope]
    answer = programs.post(path, "bo", body, scopes=others)
    assert (answer.status_code, codes(answer)) == (403, ["insufficient_scope"])
    assert f'error="insufficient_scope", scope="{scope}"' in answer.headers["www-authenticate"]
    assert programs.get("/actions", "bo", scopes=[scope]).status_code == 403
    assert programs.world.state(ACTION) == "agreed"


def test_a_token_is_worth_what_the_posts_of_its_person_are_today(programs: Programs) -> None:
    programs.token("nell")
    programs.world.leaves("health_visiting")
    programs.world.on(programs.world.today + timedelta(days=1))
    answer = programs.get("/actions", "nell")
    assert (answer.status_code, codes(answer)) == (403, ["no_post"])


def test_whoever_asks_too_often_is_told_when_to_ask_again(programs: Programs) -> None:
    limits, now = Limits(per_minute=2, guesses=1), programs.world.clock.now()
    for _ in range(2):
        limits.count("token", "1", now)
    with pytest.raises(TooOften, match="ask again in 60 seconds"):
        limits.count("token", "1", now)
    limits.count("token", "2", now)
    limits.count("token", "1", now + timedelta(minutes=1))


def test_whoever_guesses_tokens_is_stopped_for_the_rest_of_the_minute(programs: Programs) -> None:
    sent = {"authorization": "Bearer guessed"}
    answers = [programs.client.get("/api/v1/actions", headers=sent) for _ in range(31)]
    assert [answer.status_code for answer in answers] == [401] * 30 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert codes(answers[-1]) == ["too_often"]
    assert programs.get("/actions", "bo").status_code == 429
    programs.world.clock.move_to(programs.world.clock.now() + timedelta(minutes=1))
    assert programs.get("/actions", "bo").status_code == 200


def test_the_description_is_for_anybody_and_holds_no_data(programs: Programs) -> None:
    answer = programs.client.get("/api/v1/openapi.json")
    described = answer.json()
    assert answer.status_code == 200
    assert described["servers"] == [{"url": "/api/v1"}]
    assert len(described["paths"]) >= 28
    assert all(
        operation["security"] == [{"token": []}]
        for path in described["paths"].values()
        for operation in path.values()
    )
    assert "Neglect" not in answer.text
    step = described["paths"]["/{kind}/{number}/steps/{trigger}"]["post"]
    assert {"200", "401", "403", "404", "409", "412", "422", "429"} <= set(step["responses"])
    assert set(step["responses"]["200"]["headers"]) == {"ETag", "Idempotency-Replayed"}


# -- looking -----------------------------------------------------------------------------------------------


def test_lists_come_a_page_at_a_time(programs: Programs) -> None:
    first = programs.get("/returns?per_page=4", "sam").json()
    last = programs.get("/returns?per_page=4&page=3", "sam").json()
    assert (first["page"], first["pages"], first["total"], len(first["items"])) == (1, 3, 10, 4)
    assert [row["ref"] for row in last["items"]] == ["agency_return/9", "agency_return/10"]
    assert programs.get("/returns?per_page=4&page=4", "sam").json()["items"] == []
    assert programs.get("/actions?page=2", "sam").json()["items"] == []


def test_lists_are_narrowed_by_what_is_asked(programs: Programs) -> None:
    agencies = {row["agency"] for row in programs.get("/actions?agency=trust", "sam").json()["items"]}
    assert agencies == {"North Trust"}
    assert programs.get("/actions?sign=overdue", "sam").json()["total"] == 0
    assert programs.get("/audits?state=actions", "sam").json()["total"] == 1
    assert programs.get("/findings?audit=2014-15/1", "sam").json()["total"] == 2
    assert programs.get("/findings?audit=2014-15/9", "sam").status_code == 404
    answer = programs.get("/audits?state=action", "sam")
    assert (answer.status_code, codes(answer)) == (422, ["unknown_word"])
    assert "did you mean 'actions'?" in answer.json()["detail"]


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=201", "late=perhaps"])
def test_a_parameter_that_cannot_be_is_named(programs: Programs, query: str) -> None:
    answer = programs.get(f"/returns?{query}", "sam")
    assert answer.status_code == 422
    assert answer.json()["reasons"][0]["where"] == f"query.{query.partition('=')[0]}"


def test_each_sees_what_their_posts_let_them_see(programs: Programs) -> None:
    totals = {who: programs.get("/returns", who).json() for who in ("sam", "bo", "cleo", "ida")}
    assert {who: (body["total"], body["hidden"]) for who, body in totals.items()} == {
        "sam": (10, 0),
        "bo": (2, 8),
        "cleo": (0, 10),
        "ida": (0, 10),
    }
    assert programs.get("/agency_return/3", "bo").status_code == 404


def test_nobody_can_tell_what_is_for_others_from_what_is_not_there(programs: Programs) -> None:
    hidden, missing = (programs.get(f"/agency_return/{number}", "bo") for number in (3, 999))
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text.replace("return/3", "return/999") == missing.text
    for path in ("/agency_return/3/history", "/nothing/1", "/action/99999999999"):
        assert codes(programs.get(path, "bo")) == ["unknown_subject"]
    for path, body in (
        ("/agency_return/3/steps/start", {}),
        ("/agency_return/3/replies", {"rule": "return-late", "text": "It came"}),
        ("/agency_return/3/answers", {"answers": [{"aim": 1, "answer": "yes"}]}),
        ("/agency_return/3/silences", {"until_on": "2015-01-10", "reason": "Noise"}),
    ):
        assert programs.post(path, "bo", body).status_code == 404


def test_another_agencys_words_stand_nowhere(site_at: SiteAt) -> None:
    site = site_at("agency_audits")
    world, programs, canary = site.world, Programs(site), "canary of the trust"
    ref = world.agency_return("health_visiting")
    world.moves("bo", ref, "start")
    answers = {"answers": [{"aim": 1, "answer": "no", "text": canary}], "tool": canary}
    assert programs.post(f"/{ref}/answers", "bo", answers).status_code == 200
    paths = [route.path for route in API_ROUTES if route.method == "GET"]
    for path in paths:
        full = path.replace("{kind}", ref.kind).replace("{number:int}", str(ref.id)).removeprefix("/api/v1")
        for who in ("fay", "cleo", "ida", "thea"):
            assert canary not in programs.get(full, who).text, (path, who)
    assert canary in programs.get(f"/{ref}", "bo").text


def test_a_subject_comes_with_its_doors_and_its_version(programs: Programs) -> None:
    answer = programs.get("/action/1", "bo")
    body = answer.json()
    assert answer.headers["etag"] == f'"{body["version"]}"' == f'"{programs.world.version(ACTION)}"'
    doors = {door["trigger"]: door for door in body["doors"]["doors"]}
    assert doors["begin"]["is_open"]
    assert doors["confirm"]["reasons"] == ["Add at least one piece of evidence."]
    assert [(ask["name"], ask["kind"]) for ask in doors["extend"]["asks"]] == [
        ("new_due_on", "date"),
        ("reason", "text"),
    ]
    lines = {line["name"]: line["value"] for line in body["lines"]}
    assert lines["current_due_on"] == "2015-02-27"


def test_a_history_is_told_line_by_line(programs: Programs) -> None:
    lines = programs.get("/action/1/history", "bo").json()["items"]
    assert [(line["number"], line["by"], line["is_sealed"]) for line in lines] == [
        (1, "Bo Birchall", True),
        (2, "Bo Birchall", True),
    ]


def test_why_a_mail_was_sent_is_told_to_whoever_got_it(programs: Programs) -> None:
    answer = programs.get("/mail/1/why", "ada")
    assert answer.json()["to"] == "Ada Ashdown"
    assert programs.get("/mail/1/why", "bo").status_code == 404


def test_what_goes_next_is_foretold(programs: Programs) -> None:
    body = programs.get("/preview?days=60", "sam").json()
    assert len(body["foretold"]) > 0
    assert programs.get("/preview?days=61", "sam").status_code == 422


# -- steps -------------------------------------------------------------------------------------------------


def test_a_step_is_taken_and_answered_with_the_new_version(programs: Programs) -> None:
    answer = programs.post("/action/1/steps/begin", "bo", if_match='"2"')
    assert answer.status_code == 200
    assert answer.json() == {
        "ref": "action/1",
        "line": 3,
        "state": "in_progress",
        "approval": None,
        "brought": [],
    }
    assert answer.headers["etag"] == '"3"'
    assert programs.world.state(ACTION) == "in_progress"


def test_the_loser_of_a_race_is_told_who_was_faster(programs: Programs) -> None:
    programs.post("/action/1/steps/begin", "bo")
    answer = programs.post("/action/1/steps/begin", "bo", if_match='"2"')
    assert (answer.status_code, codes(answer)) == (412, ["stale"])
    assert "Bo Birchall changed Action 1" in answer.json()["detail"]


@pytest.mark.parametrize("sent", ["2", 'W/"2"', '"x"', '"2", "3"'])
def test_a_version_that_is_none_is_named(programs: Programs, sent: str) -> None:
    answer = programs.post("/action/1/steps/begin", "bo", if_match=sent)
    assert answer.status_code == 422
    assert answer.json()["reasons"][0]["where"] == "header.If-Match"


def test_a_refusal_gives_every_reason_with_its_code(programs: Programs) -> None:
    answer = programs.post("/action/1/steps/verify", "bo")
    assert answer.status_code == 422
    assert codes(answer)
    assert programs.post("/action/1/steps/begin", "cleo").json()["reasons"][0]["code"] == "role"


def test_a_later_date_is_asked_of_the_chair_who_is_told_so_and_agrees(programs: Programs) -> None:
    given = {"new_due_on": "2015-06-30", "reason": "The form is late"}
    asked = programs.post("/action/1/steps/extend", "bo", {"given": given})
    approval = asked.json()["approval"]
    assert programs.get(f"/{approval}", "ada").json()["state"] == "waiting"
    answer = programs.post(f"/{approval}/decision", "ada", {"answer": "approve"}, if_match='"1"')
    assert (answer.status_code, answer.json()["state"]) == (200, "approved")
    assert str(programs.world.row(Action, ACTION).current_due_on) == "2015-06-30"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"new_due_on": "30.6.2015", "reason": "Late"}, "wrong_value"),
        ({"new_due_on": 20150630, "reason": "Late"}, "wrong_value"),
        ({"new_due_on": "2015-06-30", "reason": "Late", "state": "verified"}, "unknown_field"),
        ({"new_due_on": "2015-06-30", "reason": "Late", "times_moved": 0}, "unknown_field"),
    ],
)
def test_a_step_takes_only_what_it_asks_for(programs: Programs, given: object, code: str) -> None:
    answer = programs.post("/action/1/steps/extend", "bo", {"given": given})
    assert (answer.status_code, codes(answer)) == (422, [code])
    assert programs.world.ask(sa.select(Approval.id).where(Approval.state == "waiting")) == []


@pytest.mark.parametrize(
    "body",
    [
        {"given": {}, "version": 2},
        {"given": {"reason": {"a": 1}}},
        {"given": {"reason": "a\x00b"}},
        {"given": None},
        [],
        "x",
    ],
)
def test_a_body_with_anything_else_is_refused(programs: Programs, body: object) -> None:
    answer = programs.post("/action/1/steps/begin", "bo", body)
    assert answer.status_code == 422
    assert codes(answer)
    assert programs.world.state(ACTION) == "agreed"


def test_half_a_letter_is_no_text(programs: Programs) -> None:
    headers = {"authorization": f"Bearer {programs.token('bo')}", "content-type": "application/json"}
    for content in (
        b'{"rating": "late", "text": "\\ud800"}',
        b'{"rating": "late", "text": ' + b"[" * 100_000,
    ):
        answer = programs.client.post("/api/v1/action/1/notes", content=content, headers=headers)
        assert answer.status_code in (400, 422)
        assert codes(answer)


def test_a_step_with_a_form_of_its_own_says_so(programs: Programs) -> None:
    assert codes(programs.post("/action/1/steps/note_progress", "bo")) == ["has_own_form"]
    assert codes(programs.post("/action/1/steps/fly", "bo")) == ["unknown_trigger"]


def test_nobody_decides_on_their_own_work(programs: Programs) -> None:
    approval = programs.world.asks("gil", programs.world.action("ccg"), "close", reason="Superseded")
    answer = programs.post(f"/{approval}/decision", "ada", {"answer": "approve"})
    assert answer.status_code == 422
    assert "conflict" in codes(answer)


# -- nothing twice -----------------------------------------------------------------------------------------


def test_the_same_request_again_gets_the_same_answer_and_does_nothing_twice(programs: Programs) -> None:
    body = {"rating": "on track", "text": "Half of the teams are briefed"}
    first, again = (programs.post("/action/1/notes", "bo", body, idempotency_key="note-1") for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.headers["etag"] == again.headers["etag"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(programs.world.ask(sa.select(ProgressNote.id))) == 1


def test_a_step_sent_again_is_answered_as_the_first_time_although_its_door_is_gone(
    programs: Programs,
) -> None:
    answers = [
        programs.post("/action/1/steps/begin", "bo", if_match='"2"', idempotency_key="b") for _ in range(2)
    ]
    assert [answer.json()["line"] for answer in answers] == [3, 3]


def test_another_request_under_the_same_key_is_refused(programs: Programs) -> None:
    programs.post("/action/1/notes", "bo", {"rating": "late", "text": "Ill"}, idempotency_key="k")
    for path, body in (
        ("/action/1/notes", {"rating": "late", "text": "Well"}),
        ("/action/1/evidence", {"title": "List", "text": "All"}),
    ):
        answer = programs.post(path, "bo", body, idempotency_key="k")
        assert (answer.status_code, codes(answer)) == (422, ["other_request"])
    assert programs.world.ask(sa.select(Evidence.id)) == []


def test_two_people_may_choose_the_same_key(programs: Programs) -> None:
    body = {"rating": "late", "text": "Ill"}
    for who in ("bo", "nell"):
        assert programs.post("/action/1/notes", who, body, idempotency_key="k").status_code == 200
    assert len(programs.world.ask(sa.select(ProgressNote.id))) == 2


def test_a_request_that_was_refused_may_be_made_again_under_its_key(programs: Programs) -> None:
    assert programs.post("/action/1/steps/confirm", "bo", idempotency_key="c").status_code == 422
    programs.post("/action/1/evidence", "bo", {"title": "List", "text": "All"})
    assert programs.post("/action/1/steps/confirm", "bo", idempotency_key="c").status_code == 200


def test_answers_are_kept_for_thirty_days(programs: Programs) -> None:
    body = {"rating": "late", "text": "Ill"}
    programs.post("/action/1/notes", "bo", body, idempotency_key="old")
    programs.world.clock.move_to(programs.world.clock.now() + timedelta(days=31))
    programs.post("/action/1/notes", "bo", body, idempotency_key="new")
    assert programs.world.ask(sa.select(AnsweredRequest.key)) == ["new"]


@pytest.mark.parametrize("key", ["with space", "ä", "x" * 201])
def test_a_key_is_a_short_plain_word(programs: Programs, key: str) -> None:
    token = programs.token("bo")
    headers = {b"authorization": f"Bearer {token}".encode(), b"idempotency-key": key.encode()}
    answer = programs.client.post("/api/v1/action/1/steps/begin", json={}, headers=headers)
    assert answer.status_code == 422


# -- entering ----------------------------------------------------------------------------------------------


def test_a_return_is_answered_by_the_numbers_of_its_aims(site_at: SiteAt) -> None:
    programs = Programs(site_at("agency_audits"))
    ref = programs.world.agency_return("health_visiting")
    programs.post(f"/{ref}/steps/start", "bo")
    answers = [{"aim": number, "answer": "partly", "text": "Mostly"} for number in (1, 2)]
    answer = programs.post(f"/{ref}/answers", "bo", {"answers": answers, "tool": "Ours", "grade": "Good"})
    assert answer.status_code == 200
    grid = programs.get(f"/{ref}", "bo").json()["grids"][0]
    assert [(row["aim"], row["answer"], row["words"]) for row in grid["rows"]] == [
        (1, "partly", "Mostly"),
        (2, "partly", "Mostly"),
    ]
    wrong = programs.post(f"/{ref}/answers", "bo", {"answers": [{"aim": 9, "answer": "yes"}]})
    assert (wrong.status_code, codes(wrong)) == (422, ["unknown_word"])


def test_a_finding_and_a_recommendation_are_entered_by_numbers_and_keys(site_at: SiteAt) -> None:
    programs = Programs(site_at("recommendations"))
    found = Programs(site_at("findings"))
    body = {"aim": 1, "kind": "strength", "text": "Schools were told on the day"}
    answer = found.post("/audit/1/findings", "sam", body)
    assert (answer.status_code, answer.json()) == (201, {"ref": "audit/1", "number": 1})
    assert len(found.world.ask(sa.select(Finding.id))) == 1
    wanted = {"type": "strategic", "text": "Tell schools", "aims": [1], "findings": [1], "asked": ["trust"]}
    answer = programs.post("/audit/1/recommendations", "sam", wanted)
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/{answer.json()['ref']}"
    assert programs.get(f"/{answer.json()['ref']}", "sam").status_code == 200
    wrong = programs.post("/audit/1/recommendations", "sam", wanted | {"asked": ["trusst"]})
    assert "did you mean 'trust'?" in wrong.json()["detail"]


def test_an_action_is_planned_for_an_agency(programs: Programs) -> None:
    body = {"agency": "trust", "text": "Brief", "owner_post": "health_visiting", "due_on": "2015-05-01"}
    answer = programs.post("/recommendation/1/actions", "bo", body)
    assert answer.status_code == 201
    assert programs.get(f"/{answer.json()['ref']}", "bo").json()["state"] == "proposed"
    assert programs.post("/recommendation/1/actions", "fay", body).status_code == 422


def test_a_concern_is_raised_by_a_program_too(programs: Programs) -> None:
    body = {"agency": "police", "text": "A child may be alone", "audit": "2014-15/1"}
    answer = programs.post("/concerns", "cleo", body)
    assert (answer.status_code, answer.json()["ref"]) == (201, "immediate_concern/1")


def test_rules_are_silenced_and_escalations_accepted_or_it_is_said_why_not(programs: Programs) -> None:
    body = {"until_on": "2015-01-10", "reason": "Holidays"}
    answer = programs.post("/action/1/silences", "sam", body)
    assert (answer.status_code, answer.json()["ref"]) == (201, "hold/1")
    assert codes(programs.post("/action/1/acknowledgements", "ada", body)) == ["no_escalation"]
    assert programs.post("/action/1/replies", "bo", {"rule": "x", "text": "y"}).status_code == 422


def test_what_a_program_writes_is_safe_in_the_history(programs: Programs) -> None:
    programs.post("/action/1/steps/begin", "bo")
    programs.post("/action/1/evidence", "bo", {"title": "List", "text": "All"})
    assert programs.world.proof().faults == ()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_none_of_ours(programs: Programs, method: str) -> None:
    headers = {"authorization": f"Bearer {programs.token('bo')}"}
    answer = programs.client.request(method, "/api/v1/action/1", headers=headers)
    assert answer.status_code == 405
    assert codes(answer) == ["method_not_allowed"]
