"""The frame of all pages: who gets in, what goes with every answer, and what a step's form does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import Unanswered
from engine.moved import Ref
from tests.web.site import Site

ACTION = Ref("action", 1)


def test_whoever_is_not_signed_in_is_sent_to_sign_in_and_comes_back(site: Site) -> None:
    answer = site.browser(None).get("/action/1", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/action/1"


def test_every_answer_forbids_framing_sniffing_keeping_and_foreign_code(site: Site) -> None:
    for path in ("/action/1", "/action/999", "/static/auditloop.css"):
        headers = site.browser("bo").get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["strict-transport-security"].startswith("max-age=")
    assert site.browser("bo").get("/action/1").headers["cache-control"] == "no-store"


def test_scripts_are_ours_by_a_word_that_is_new_each_time(site: Site) -> None:
    first, second = (site.browser("bo").get("/action/1").headers["content-security-policy"] for _ in range(2))
    assert first != second


def test_somebody_without_a_post_sees_that_there_is_nothing(site: Site) -> None:
    assert site.get("/action/1", as_="viv").status == 404


@pytest.mark.parametrize(
    "path", ["/action/999", "/action/99999999999999999999", "/nothing/1", "/action/one", "/%00"]
)
def test_what_is_not_there_is_told_in_words(site: Site, path: str) -> None:
    answer = site.get(path, as_="bo")
    assert answer.status == 404
    assert "nothing at this address" in answer.text


def test_a_subject_shows_open_doors_and_why_others_are_closed(site: Site) -> None:
    answer = site.get("/action/1", as_="bo")
    assert answer.status == 200
    assert "/action/1/steps/begin" in answer.page.links
    assert "Add at least one piece of evidence." in answer.text


def test_the_lead_begins_an_action_and_is_told_so(site: Site) -> None:
    answer = site.post("/action/1/steps/begin", as_="bo")
    assert answer.status == 200
    assert answer.path == "/action/1"
    assert "Done: Begin work. It is now: In progress." in answer.text
    assert site.world.state(ACTION) == "in_progress"


def test_a_later_date_is_asked_of_the_chair(site: Site) -> None:
    fields = {
        "new_due_on-day": "30",
        "new_due_on-month": "6",
        "new_due_on-year": "2015",
        "reason": "The form is late",
    }
    answer = site.post("/action/1/steps/extend", fields, as_="bo")
    assert answer.path.startswith("/approval/")
    assert "waits for the decision of" in answer.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": "Late"}, "New day by which it is due: please fill this in."),
        (
            {"new_due_on-day": "31", "new_due_on-month": "2", "new_due_on-year": "2015"},
            "there is no such day",
        ),
        ({"new_due_on-day": "3", "new_due_on-month": "3", "new_due_on-year": "15"}, "four figures"),
        ({"new_due_on-day": "3"}, "give the month and the year too"),
        (
            {"new_due_on-day": "3", "new_due_on-month": "3", "new_due_on-year": "2014", "reason": "Late"},
            "The new date is later than the present one.",
        ),
    ],
)
def test_a_form_that_is_refused_keeps_what_was_typed(site: Site, fields: dict[str, str], said: str) -> None:
    answer = site.post("/action/1/steps/extend", fields, as_="bo")
    assert answer.status == 422
    assert said in answer.text
    assert "There is a problem" in answer.text
    assert all(f'value="{typed}"' in answer.html or typed in answer.text for typed in fields.values())


def test_the_loser_of_a_race_is_told_who_was_faster(site: Site) -> None:
    version = site.get("/action/1/steps/begin", as_="bo").page.hidden["version"]
    site.post("/action/1/steps/begin", as_="bo")
    answer = site.post("/action/1/steps/confirm", as_="bo", unseen={"version": version})
    assert answer.status == 409
    assert "Bo Birchall" in answer.text


def test_sending_a_form_twice_does_nothing_twice(site: Site) -> None:
    key = site.get("/action/1/steps/begin", as_="bo").page.hidden["key"]
    site.post("/action/1/steps/begin", as_="bo", unseen={"key": key})
    again = site.post("/action/1/steps/begin", as_="bo", unseen={"key": key})
    assert "was done already" in again.text


def test_a_form_without_its_token_or_from_elsewhere_changes_nothing(site: Site) -> None:
    client = site.browser("bo")
    hidden = site.get("/action/1/steps/begin", as_="bo").page.hidden
    for data, headers in (
        ({}, {}),
        ({"csrf": "guessed"}, {}),
        (hidden, {"origin": "https://elsewhere.example"}),
        (hidden, {"origin": "null", "sec-fetch-site": "cross-site"}),
        (hidden, {"sec-fetch-site": "cross-site"}),
        (hidden, {"sec-fetch-site": "same-site"}),
    ):
        answer = client.post("/action/1/steps/begin", data=data, headers=headers)
        assert answer.status_code == 403, (data, headers)
        assert "no longer valid" in answer.text
    assert site.world.state(ACTION) == "agreed"


def test_another_persons_token_is_no_token(site: Site) -> None:
    theirs = site.get("/action/1/steps/begin", as_="gil").page.hidden["csrf"]
    assert site.post("/action/1/steps/begin", as_="bo", unseen={"csrf": theirs}).status == 403


def test_another_host_is_not_ours(site: Site) -> None:
    assert site.browser("bo").get("/action/1", headers={"host": "elsewhere.example"}).status_code == 400


def test_a_body_that_is_too_large_is_not_read(site: Site) -> None:
    client = site.browser("bo")
    answer = client.post("/action/1/steps/begin", files={"file": b"x" * 26_000_000})
    assert answer.status_code == 413


def test_a_step_that_there_is_not_is_not_there(site: Site) -> None:
    assert site.get("/action/1/steps/fly", as_="bo").status == 404


def test_a_closed_door_says_why_instead_of_a_form(site_at: Callable[[str | None], Site]) -> None:
    answer = site_at("agency_audits").get("/audit/1/steps/open_findings", as_="sam")
    assert "This is not possible now." in answer.text
    assert "csrf" not in answer.page.hidden or answer.html.count("<form") == 1


def test_cookies_are_bound_to_the_host_and_out_of_reach_of_scripts(site: Site) -> None:
    client = site.browser("bo")
    hidden = site.get("/action/1/steps/begin", as_="bo").page.hidden
    answer = client.post("/action/1/steps/begin", data=hidden, follow_redirects=False)
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-")
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"))


def test_a_fault_of_ours_is_told_with_a_number_and_the_log_has_no_secret(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(token: str) -> None:
        raise RuntimeError(f"broken for {len(token)}")

    site.app.add_api_route("/broken/{token}", fails)
    answer = site.get("/broken/very-secret", as_="bo")
    assert answer.status == 500
    assert "Something went wrong" in answer.text
    assert answer.response.headers["x-frame-options"] == "DENY"
    (first,) = [record for record in caplog.records if record.name == "auditloop.web"]
    number = first.getMessage().partition(":")[0]
    assert number in answer.text
    assert "very-secret" not in first.getMessage()
    assert first.getMessage().endswith("GET /broken/{token} failed")


def test_where_nobody_knows_whether_it_was_saved_nobody_says_so(site: Site) -> None:
    def fails() -> None:
        raise RuntimeError("the connection was lost") from Unanswered()

    site.app.add_api_route("/broken", fails)
    answer = site.get("/broken", as_="bo")
    assert answer.status == 500
    assert "nobody can say whether it was. Look first" in answer.text
    assert "nothing was changed" not in answer.text


def test_without_a_database_it_says_so_and_nothing_else(site: Site) -> None:
    client = site.browser("bo")
    site.world.close()
    with site.world.office.store.db.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE signed_in_session RENAME TO elsewhere")
    answer = client.get("/action/1")
    assert answer.status_code == 503
    assert "Something went wrong." in answer.text
    assert "signed_in_session" not in answer.text
