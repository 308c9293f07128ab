"""What no browser of ours sends is answered in words too; and what somebody sends after going back is another request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from assurance.accounts.bearers import make_token
from engine.moved import Ref
from tests.web.site import Answer, Site
from tests.world import World
from web.api.route import ApiRoute
from web.app import ROUTES

ACTION = Ref("action", 1)
NOTE = "/action/1/steps/note_progress"
At = Callable[[str | None], Site]


def _parts(site: Site, path: str, *parts: tuple[str, str, str | None], charset: str = "") -> Answer:
    """Send a form of Bo's, part by part: name, content, and the name of a file where it is sent as one."""
    hidden = site.get(path, as_="bo").page.hidden
    lines: list[str] = []
    for name, content, file in (("csrf", hidden["csrf"], None), *parts):
        called = f'; filename="{file}"' if file else ""
        lines += ["--x", f'Content-Disposition: form-data; name="{name}"{called}', "", content]
    headers = {"content-type": f"multipart/form-data; boundary=x{charset}"}
    body = "\r\n".join([*lines, "--x--", ""]).encode()
    return Answer(site.browser("bo").post(path, content=body, headers=headers))


def test_a_file_where_words_were_asked_for_is_let_go(site: Site) -> None:
    answer = _parts(site, NOTE, ("rating", "on track", None), ("text", "All went well", "a.txt"))
    assert answer.status == 422
    assert "Write down what has happened." in answer.text
    days = _parts(site, "/action/1/steps/extend", ("new_due_on-day", "3", "a.txt"), ("reason", "Late", None))
    assert days.status == 422
    assert "New day by which it is due: please fill this in." in days.text


@pytest.mark.parametrize("charset", ["unicode_escape", "undefined", "punycode", "utf-16"])
def test_a_form_in_another_alphabet_than_browsers_use_is_refused_in_words(site: Site, charset: str) -> None:
    text = ("text", "half a letter: \\ud800", None)
    answer = _parts(site, NOTE, ("rating", "on track", None), text, charset=f"; charset={charset}")
    assert answer.status == 415
    assert "UTF-8" in answer.text
    assert len(site.world.history(ACTION)) == 2


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "https://evil.example", "evil", ""])
def test_an_origin_that_is_none_is_somebody_elses_form(site: Site, origin: str) -> None:
    csrf = site.get(NOTE, as_="bo").page.hidden["csrf"]
    sent = {"csrf": csrf, "rating": "on track", "text": "All went well"}
    assert site.browser("bo").post(NOTE, data=sent, headers={"origin": origin}).status_code == 403


def test_a_text_that_is_too_long_to_be_read_is_told_so(site: Site) -> None:
    answer = site.post(NOTE, {"rating": "on track", "text": "word " * 150_000}, as_="bo")
    assert answer.status == 400
    assert "longer than 200,000 letters" in answer.text


def test_a_text_is_as_long_as_programs_may_send_and_a_longer_one_is_kept_on_the_form(site: Site) -> None:
    long = "word\r\n" * 4_000  # 20,000 letters, with one for the end of each line
    longer = site.post(NOTE, {"rating": "on track", "text": f"{long}x"}, as_="bo")
    assert longer.status == 422
    assert "write 20,000 letters at most; this has 20,001. Attach a longer text as a file." in longer.text
    assert longer.html.count("word") >= 4_000
    assert 'href="#text"' in longer.html
    assert site.post(NOTE, {"rating": "on track", "text": long}, as_="bo").status == 200
    assert len(site.world.history(ACTION)) == 3


def test_whoever_asks_for_the_head_alone_is_answered_without_a_body(site: Site) -> None:
    browser = site.browser("bo")
    for path in ("/", "/action/1", "/actions", "/actions.csv"):
        read, head = browser.get(path), browser.head(path)
        assert (head.status_code, head.content) == (read.status_code, b"") == (200, b"")
        assert head.headers["content-type"] == read.headers["content-type"]
    assert browser.head("/sign-out").status_code == 405
    assert site.browser(None).head("/action/1").url.path == "/sign-in"


def test_programs_too_may_ask_for_the_head_alone(site: Site) -> None:
    with site.world.does("bo") as tx:
        token = make_token(tx, "a program", ["read"]).token
    headers = {"authorization": f"Bearer {token}"}
    browser = site.browser(None)
    read, head = (
        browser.get("/api/v1/action/1", headers=headers),
        browser.head("/api/v1/action/1", headers=headers),
    )
    assert (read.status_code, head.status_code, head.content) == (200, 200, b"")
    assert head.headers["etag"] == read.headers["etag"]


def test_whoever_goes_back_and_writes_something_else_has_made_another_request(site: Site) -> None:
    key = {"key": site.get(NOTE, as_="bo").page.hidden["key"]}
    for text in ("The first ten are done.", "Now the next ten are."):
        site.post(NOTE, {"rating": "on track", "text": text}, as_="bo", unseen=key)
    answer = site.post(NOTE, {"rating": "on track", "text": "Now the next ten are."}, as_="bo", unseen=key)
    assert "nothing was entered twice" in answer.text
    assert answer.text.count("The first ten are done.") == 1
    assert answer.text.count("Now the next ten are.") == 1


def test_a_return_that_is_saved_again_from_an_old_page_says_so_and_loses_nothing(site_at: At) -> None:
    site = site_at("agency_audits")
    path = f"/{site.world.agency_return('health_visiting')}"
    unseen = site.get(path, as_="bo").page.hidden
    aim = next(name.removeprefix("seen-") for name in unseen if name.startswith("seen-"))
    site.post(path, {f"answer-{aim}": "no", f"words-{aim}": "At first"}, as_="bo", unseen=unseen)
    again = site.post(path, {f"answer-{aim}": "yes", f"words-{aim}": "After all"}, as_="bo", unseen=unseen)
    assert again.status == 409
    assert "After all" in again.text
    assert "Save again to put yours in its place." in again.text


@pytest.mark.parametrize("figures", ["9" * 20, "²", "1e3", "-1", "٣٣"])
def test_a_day_that_no_calendar_has_is_told_so(site: Site, figures: str) -> None:
    day = {"new_due_on-day": figures, "new_due_on-month": "3", "new_due_on-year": "2015"}
    answer = site.post("/action/1/steps/extend", day | {"reason": "Late"}, as_="bo")
    assert answer.status == 422
    assert "there is no such day" in answer.text
    assert f'value="{figures}"' in answer.html


def test_marks_that_nobody_sees_are_no_words(site: Site) -> None:
    answer = site.post(NOTE, {"rating": "on track", "text": "\u200b \ufeff"}, as_="bo")
    assert answer.status == 422
    assert "Write down what has happened." in answer.text


def test_a_seal_that_is_none_is_no_worse_than_an_old_one(site: Site) -> None:
    answer = site.post("/account/app", {"sealed": "é", "code": "123456"}, as_="bo")
    assert answer.status == 422
    assert "The picture for your app has changed meanwhile." in answer.text


TYPED = "The first ten files are done;\nten are left."


def test_words_for_a_step_that_is_gone_meanwhile_are_given_back(site: Site) -> None:
    unseen = site.get("/action/1/steps/extend", as_="bo").page.hidden
    site.world.is_granted("bo", ACTION, "close", reason="It was done another way.")
    sent = {"csrf": unseen["csrf"], "key": unseen["key"], "text": TYPED}
    answer = Answer(site.browser("bo").post(NOTE, data=sent))
    assert "It was not saved. Copy what you still need." in answer.text
    assert "ten are left." in answer.text


def test_words_from_before_signing_in_anew_are_given_back_to_nobody_elses_page(site: Site) -> None:
    for where, is_given_back in (("same-origin", True), ("cross-site", False)):
        sent = {"csrf": "of an earlier session", "text": TYPED, "password": "four words of mine"}
        answer = Answer(site.browser("bo").post(NOTE, data=sent, headers={"sec-fetch-site": where}))
        assert answer.status == 403
        assert ("ten are left." in answer.text) is is_given_back
        assert "four words of mine" not in answer.html


def test_half_a_letter_is_shown_as_a_question_mark(site: Site) -> None:
    day = {"from_on-day": "1", "from_on-month": "9", "from_on-year": "2014"}
    until = {"until_on-day": "2", "until_on-month": "9", "until_on-year": "2014"}
    answer = site.post("/rehearse", {"file": "action.yaml", "text": '"\\ud800"'} | day | until, as_="sam")
    assert answer.status == 422
    assert "found '?'" in answer.text


def test_words_outlive_signing_out_on_another_page(site: Site) -> None:
    sent = {"csrf": site.get(NOTE, as_="bo").page.hidden["csrf"], "rating": "on track", "text": TYPED}
    site.post("/sign-out", as_="bo", form_at="/account")
    answer = Answer(site.browser("bo").post(NOTE, data=sent, headers={"sec-fetch-site": "same-origin"}))
    assert answer.page.heading == "You are not signed in"
    assert "ten are left." in answer.text
    elsewhere = site.browser("bo").post(NOTE, data=sent, headers={"sec-fetch-site": "cross-site"})
    assert "ten are left." not in elsewhere.text


def test_in_a_demonstration_too_words_outlive_a_session(site: Site) -> None:
    demo = Site(site.world, is_demo=True)
    note = demo.get(NOTE, as_="bo").page.hidden
    site.world.clock.move_to(site.world.clock.now() + timedelta(minutes=31))
    asked = demo.post(NOTE, {"rating": "on track", "text": TYPED}, as_="bo", form_at="/health", unseen=note)
    assert "What you have typed is kept" in asked.text
    sent = {**asked.page.hidden, "person": "bo"}
    offered = Answer(demo.browser("bo").post("/sign-in/as", data=sent))
    assert "Nothing was sent yet." in offered.text
    assert TYPED.splitlines()[0] in offered.html
    other = Answer(demo.browser(None).post("/sign-in/as", data=sent | {"person": "gil"}))
    assert "ten files are done" not in other.html


@pytest.mark.parametrize("number", [2**31, 10**20])
@pytest.mark.parametrize("on_a_server", [False, True], ids=["sqlite", "postgres"])
def test_under_a_number_that_no_database_holds_there_is_nothing(
    site: Site, request: pytest.FixtureRequest, number: int, *, on_a_server: bool
) -> None:
    if on_a_server:
        site = Site(World(request.getfixturevalue("postgres_database")))
    csrf = site.get("/account", as_="ida").page.hidden["csrf"]
    addresses = {
        (route.method, route.path.replace("{number:int}", str(number)).replace("{form}", "word"))
        for route in ROUTES
        if "{number:int}" in route.path and not isinstance(route, ApiRoute)
    }
    answers = {
        (method, path): site.browser("ida").request(
            method, path, data={"csrf": csrf} if method == "POST" else None
        )
        for method, path in sorted(addresses)
        if "{" not in path
    }
    assert len(answers) > 20
    assert {place: one.status_code for place, one in answers.items() if one.status_code != 404} == {}
    if on_a_server:
        site.world.close()
