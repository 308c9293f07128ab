"""Signing in through the pages: two steps, the same words for everybody, sessions that rotate and end."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa

from assurance.accounts.sessions import seated
from assurance.accounts.signing_in import WRONG_PAIR
from assurance.office import Office
from assurance.records import SignedInSession
from tests.assurance.accounts.holder import PASSWORD, Somebody, invited, link_in_last_mail, set_up
from tests.web.site import Answer, Site
from web.devices import device
from web.onward import onward

Open = Callable[[str | None], Site]
COOKIE, FORMS, STEP = "__Host-auditloop", "__Host-auditloop-forms", "__Host-auditloop-step"
NEW = "kestrel orchard dune marble"
LATER = timedelta(minutes=16)


@pytest.fixture
def empty(site_at: Open) -> Site:
    """The pages of a world without an audit."""
    return site_at(None)


@pytest.fixture
def ada(empty: Site) -> Somebody:
    """The chair, with an account."""
    return set_up(empty.world, "ada")


def cookie(site: Site, name: str = COOKIE) -> str | None:
    return site.browser(None).cookies.get(name)


def first_step(site: Site, email: str, password: str, *, after: str = "") -> Answer:
    fields = {"email": email, "password": password, "next": after}
    return site.post("/sign-in", fields)


def signs_in(site: Site, ada: Somebody, *, after: str = "") -> Answer:
    first_step(site, ada.email, ada.password, after=after)
    return site.post("/sign-in/code", {"code": ada.next_code, "next": after})


# -- two steps ---------------------------------------------------------------------------------------------


def test_the_chair_signs_in_and_lands_where_she_wanted_to_go(empty: Site, ada: Somebody) -> None:
    asked = empty.get("/audits?page=1")
    assert (asked.path, asked.page.heading) == ("/sign-in?next=/audits%3Fpage%3D1", "Sign in")
    assert asked.page.hidden["next"] == "/audits?page=1"
    step = first_step(empty, ada.email, ada.password, after="/audits?page=1")
    assert step.page.heading == "Show that it is you"
    assert cookie(empty) is None
    done = empty.post("/sign-in/code", {"code": ada.next_code, "next": "/audits?page=1"}, form_at=step.path)
    assert (done.status, done.path) == (200, "/audits?page=1")


def test_the_cookies_are_bound_to_the_host_and_no_script_reads_them(empty: Site, ada: Somebody) -> None:
    first_step(empty, ada.email, ada.password)
    client = empty.browser(None)
    page = client.get("/sign-in/code").text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf is not None
    data = {"csrf": csrf[1], "code": ada.next_code, "next": "/account"}
    answer = client.post("/sign-in/code", data=data, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    set_cookies = answer.headers.get_list("set-cookie")
    (session,) = [line for line in set_cookies if line.startswith(f"{COOKIE}=")]
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(session.split("; "))
    assert "Domain" not in session
    assert [line.split("=")[0] for line in set_cookies if "Max-Age=0" in line] == [STEP, FORMS]


def test_signing_in_begins_a_session_with_a_new_token_and_ends_the_one_before(
    empty: Site, ada: Somebody
) -> None:
    assert signs_in(empty, ada).status == 200
    first = cookie(empty)
    assert first
    signs_in_again(empty, ada)
    second = cookie(empty)
    assert second
    assert second != first
    assert seated(empty.world.office, first) is None


def signs_in_again(site: Site, ada: Somebody) -> Answer:
    """Take both steps in a browser that is signed in already, by the addresses of the steps."""
    fields = {"email": ada.email, "password": ada.password}
    site.post("/sign-in", fields, form_at="/account")
    return site.post("/sign-in/code", {"code": ada.next_code})


def test_whoever_is_signed_in_is_not_asked_again(empty: Site, ada: Somebody) -> None:
    signs_in(empty, ada)
    assert empty.get("/sign-in?next=/account").path == "/account"


def test_what_is_wrong_is_said_and_the_address_is_kept_but_never_the_password(
    empty: Site, ada: Somebody
) -> None:
    answer = first_step(empty, ada.email, "wrong and typed by mistake")
    assert answer.status == 422
    assert WRONG_PAIR in answer.text
    assert f'value="{ada.email}"' in answer.html
    assert "typed by mistake" not in answer.html
    empty_fields = first_step(empty, "", "")
    assert empty_fields.status == 422
    assert "Give your e-mail address." in empty_fields.text
    assert 'href="#email"' in empty_fields.html


def test_a_stranger_and_a_wrong_password_see_the_very_same_page(empty: Site, ada: Somebody) -> None:
    def seen(email: str) -> tuple[int, str]:
        answer = first_step(empty, email, "wrong and typed by mistake")
        return answer.status, answer.text.replace(email, "")

    invited(empty.world, "bo")
    assert seen(ada.email) == seen("nobody@qa.example") == seen("bo@qa.example")


def test_a_wrong_code_is_said_beside_its_form_and_an_old_step_leads_to_the_first(
    empty: Site, ada: Somebody
) -> None:
    first_step(empty, ada.email, ada.password)
    wrong = empty.post("/sign-in/code", {"code": "000000"})
    assert (wrong.status, wrong.page.heading) == (422, "Show that it is you")
    assert "That code is not right" in wrong.text
    empty.world.clock.advance(timedelta(minutes=11))
    late = empty.post("/sign-in/code", {"code": ada.code})
    assert (late.status, late.page.heading) == (422, "Sign in")
    assert "Begin again with your password" in late.text


def test_without_the_first_step_there_is_no_second(empty: Site) -> None:
    assert empty.get("/sign-in/code").path == "/sign-in"
    answer = empty.post("/sign-in/code", {"code": "123456"}, form_at="/sign-in")
    assert (answer.status, answer.page.heading) == (422, "Sign in")


def test_a_recovery_code_signs_in_and_says_how_many_are_left(empty: Site, ada: Somebody) -> None:
    first_step(empty, ada.email, ada.password)
    answer = empty.post("/sign-in/code", {"code": ada.codes[0], "next": "/account"})
    assert "You have signed in with a recovery code. 9 recovery codes are left" in answer.text


@pytest.mark.parametrize(
    "asked",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        "/a b",
        "/\nx",
        "/" + "x" * 600,
    ],
)
def test_signing_in_leads_to_pages_of_ours_only(asked: str) -> None:
    assert onward(asked) == "/"
    assert onward("/action/12?x=1#y") == "/action/12?x=1#y"


def test_signing_out_ends_the_session_and_takes_a_form(empty: Site, ada: Somebody) -> None:
    signs_in(empty, ada)
    token = cookie(empty)
    assert token
    assert empty.get("/sign-out").status == 405
    assert seated(empty.world.office, token)
    answer = empty.post("/sign-out", form_at="/account")
    assert (answer.path, answer.page.heading) == ("/sign-in", "Sign in")
    assert "You have signed out." in answer.text
    assert seated(empty.world.office, token) is None
    assert empty.get("/account").path == "/sign-in?next=/account"


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-in/code", "/sign-out", "/forgotten", "/account/codes", "/confirm"]
)
def test_a_form_without_its_token_does_nothing(empty: Site, ada: Somebody, path: str) -> None:
    signs_in(empty, ada)
    token = cookie(empty)
    assert token
    answer = empty.browser(None).post(path, data={"email": ada.email, "password": ada.password})
    assert answer.status_code == 403
    assert seated(empty.world.office, token)


def test_reading_writes_nothing(empty: Site, ada: Somebody) -> None:
    signs_in(empty, ada)

    def written() -> list[tuple[object, ...]]:
        return empty.world.pairs(sa.select(SignedInSession.seen_at, SignedInSession.token_hash))

    before = written()
    for path in ("/account", "/sign-in", "/forgotten", "/account/password", "/confirm"):
        empty.get(path)
    assert written() == before


# -- a demonstration ---------------------------------------------------------------------------------------


def test_an_example_offers_every_post_by_a_button(empty: Site) -> None:
    demo = Site(empty.world, is_demo=True)
    page = demo.get("/sign-in?next=/account")
    assert "Sign in as the chair – Ada Ashdown" in page.text
    assert "Sign in as the administrator – Ida Innes" in page.text
    assert "Viv Vane" not in page.text
    answer = demo.post("/sign-in/as", {"person": "cleo", "next": "/account"}, form_at="/sign-in")
    assert (answer.path, answer.page.heading) == ("/account", "My account")
    assert "Cleo Cartwright" in answer.text


def test_outside_of_an_example_there_are_no_such_buttons(empty: Site) -> None:
    assert "Sign in as" not in empty.get("/sign-in").text
    assert empty.post("/sign-in/as", {"person": "ada"}, form_at="/sign-in").status == 404
    assert empty.world.ask(sa.select(SignedInSession)) == []


# -- setting up, and a forgotten password ------------------------------------------------------------------


def test_an_invitation_is_used_on_one_page_and_ends_signed_in(empty: Site) -> None:
    link = invited(empty.world, "bo")
    page = empty.get(f"/invitation/{link}")
    assert "Welcome, Bo Birchall. You will sign in with your e-mail address, bo@qa.example" in page.text
    assert "<svg" in page.html
    secret = re.search(r'class="own-key">([^<]+)<', page.html)
    assert secret is not None
    carried = {"sealed": page.page.hidden["sealed"]}
    bad = empty.post(f"/invitation/{link}", carried | {"password": "short", "again": "other", "code": ""})
    assert bad.status == 422
    assert "The two passwords are not the same" in bad.text
    assert "Type the six figures" in bad.text
    assert secret[1] in bad.text
    code = pyotp.TOTP(secret[1].replace(" ", "")).at(empty.world.clock.now())
    fields = carried | {"password": PASSWORD, "again": PASSWORD}
    weak = empty.post(f"/invitation/{link}", fields | {"password": "short", "again": "short", "code": "1"})
    assert "take 12 or more" in weak.text
    assert "not the code that the app shows" in weak.text
    done = empty.post(f"/invitation/{link}", fields | {"code": code})
    assert (done.status, done.page.heading) == (200, "Your recovery codes")
    assert len(re.findall(r"<li>[a-z0-9]{4}(?:-[a-z0-9]{4}){3}</li>", done.html)) == 10
    assert done.response.headers["cache-control"] == "no-store"
    assert empty.get("/account").page.heading == "My account"
    over = empty.get(f"/invitation/{link}")
    assert (over.status, over.page.heading) == (410, "This link is no longer good")


def test_without_a_secret_of_the_installation_nobody_sets_up_an_account(empty: Site) -> None:
    world, link = empty.world, invited(empty.world, "bo")
    unset = replace(world.office.settings, secret="")
    world.office = Office(unset, world.office.store, world.shelf, clock=world.clock)
    answer = Site(world).get(f"/invitation/{link}")
    assert (answer.status, answer.page.heading) == (422, "No accounts can be set up yet")
    assert "AUDITLOOP_SECRET is not set" in answer.text


def test_a_forgotten_password_says_the_same_to_everybody(empty: Site, ada: Somebody) -> None:
    def said(email: str) -> str:
        return empty.post("/forgotten", {"email": email}).text.replace(email, "")

    assert said(ada.email) == said("nobody@qa.example")
    assert empty.post("/forgotten", {"email": ""}).status == 422


def test_link_and_code_lead_to_a_new_password(empty: Site, ada: Somebody) -> None:
    empty.post("/forgotten", {"email": ada.email})
    link = link_in_last_mail(empty.world)
    fields = {"password": NEW, "again": NEW, "code": "000000"}
    wrong = empty.post(f"/recovery/{link}", fields)
    assert wrong.status == 422
    assert NEW not in wrong.html
    done = empty.post(f"/recovery/{link}", fields | {"code": ada.next_code})
    assert done.path == "/"
    assert empty.get(f"/recovery/{link}").status == 410
    ada.password = NEW
    assert cookie(empty)


# -- one's own account -------------------------------------------------------------------------------------


def test_whoever_was_confirmed_long_ago_is_asked_on_the_way_and_led_back(empty: Site, ada: Somebody) -> None:
    signs_in(empty, ada)
    before = cookie(empty)
    empty.world.clock.advance(LATER)
    asked = empty.get("/account/app")
    assert (asked.path, asked.page.heading) == ("/confirm?next=/account/app", "Show that it is you")
    wrong = empty.post("/confirm", {"proof": "not this one at all", "next": "/account/app"})
    assert wrong.status == 422
    assert "neither your password nor the code" in wrong.text
    answer = empty.post("/confirm", {"proof": ada.password, "next": "/account/app"})
    assert answer.page.heading == "Set up another app"
    assert cookie(empty) != before
    assert before is not None
    assert seated(empty.world.office, before) is None


def test_what_was_typed_is_kept_while_somebody_shows_that_it_is_them(empty: Site) -> None:
    ida = set_up(empty.world, "ida")
    signs_in(empty, ida)
    form = empty.get("/admin/people/new").page.hidden
    empty.world.clock.advance(LATER)
    client = empty.browser(None)
    typed = {"name": "Ned <Nolan>", "email": "ned@police.example", "csrf": form["csrf"], "key": form["key"]}
    asked = Answer(client.post("/admin/people/new", data=typed))
    assert (asked.status, asked.page.heading) == (403, "Show that it is you")
    assert asked.page.hidden["kept.name"] == "Ned <Nolan>"
    carried = dict(asked.page.hidden)
    wrong = Answer(client.post("/confirm", data=carried | {"proof": "no"}))
    assert wrong.page.hidden["kept.name"] == "Ned <Nolan>"
    thanks = Answer(client.post("/confirm", data=carried | {"proof": ida.next_code}))
    assert thanks.page.heading == "Thank you"
    done = Answer(client.post("/admin/people/new", data=thanks.page.hidden))
    assert done.page.heading == "Ned <Nolan>"


def test_what_was_typed_outlives_the_session_in_which_it_was_typed(empty: Site) -> None:
    ida = set_up(empty.world, "ida")
    signs_in(empty, ida)
    form = empty.get("/admin/people/new").page.hidden
    empty.world.clock.advance(timedelta(hours=2))
    client = empty.browser(None)
    typed = {"name": "Ned <Nolan>", "email": "ned@police.example", "csrf": form["csrf"], "key": form["key"]}
    asked = Answer(client.post("/admin/people/new", data=typed))
    assert (asked.status, asked.page.heading) == (403, "Sign in again")
    assert "What you have typed is kept" in asked.text
    wrong = Answer(client.post("/sign-in", data=asked.page.hidden | {"email": ida.email, "password": "no"}))
    assert wrong.page.hidden["kept.name"] == "Ned <Nolan>"
    step = Answer(
        client.post("/sign-in", data=wrong.page.hidden | {"email": ida.email, "password": PASSWORD})
    )
    assert step.page.heading == "Show that it is you"
    wrong = Answer(client.post("/sign-in/code", data=step.page.hidden | {"code": "000000"}))
    assert wrong.page.hidden["kept.name"] == "Ned <Nolan>"
    thanks = Answer(client.post("/sign-in/code", data=wrong.page.hidden | {"code": ida.next_code}))
    assert thanks.page.heading == "Thank you"
    assert 'action="/admin/people/new"' in thanks.html
    done = Answer(client.post("/admin/people/new", data=thanks.page.hidden))
    assert done.page.heading == "Ned <Nolan>"


def test_what_somebody_else_had_typed_is_not_theirs_to_send(empty: Site, ada: Somebody) -> None:
    ida = set_up(empty.world, "ida")
    signs_in(empty, ida)
    form = empty.get("/admin/people/new").page.hidden
    empty.world.clock.advance(timedelta(hours=2))
    client = empty.browser(None)
    typed = {"name": "Ned Nolan", "email": "ned@police.example", "csrf": form["csrf"]}
    asked = Answer(client.post("/admin/people/new", data=typed))
    step = Answer(
        client.post("/sign-in", data=asked.page.hidden | {"email": ada.email, "password": PASSWORD})
    )
    done = Answer(
        client.post("/sign-in/code", data=step.page.hidden | {"code": ada.next_code, "next": "/account"})
    )
    assert done.page.heading == "My account"
    assert "Ned Nolan" not in done.html


@pytest.mark.parametrize("how", ["token", "origin", "nothing typed"])
def test_what_came_from_elsewhere_is_not_kept(empty: Site, ada: Somebody, how: str) -> None:
    signs_in(empty, ada)
    form = empty.get("/account/password").page.hidden
    empty.world.clock.advance(timedelta(hours=2))
    typed = {"old": "x", "csrf": "made up" if how == "token" else form["csrf"]}
    if how == "nothing typed":
        del typed["old"]
    headers = {"origin": "https://evil.example"} if how == "origin" else {}
    answer = empty.browser(None).post("/account/password", data=typed, headers=headers)
    assert Answer(answer).page.heading == "Sign in"
    assert "kept" not in answer.text


def test_in_an_example_the_button_is_enough(empty: Site) -> None:
    demo = Site(empty.world, is_demo=True)
    demo.post("/sign-in/as", {"person": "ada"}, form_at="/sign-in")
    empty.world.clock.advance(LATER)
    assert "the button is enough" in demo.get("/account/app").text
    answer = demo.post("/confirm", {"next": "/account/app"})
    assert answer.page.heading == "Set up another app"


def test_another_password_is_taken_by_whoever_knows_the_present_one(empty: Site, ada: Somebody) -> None:
    signs_in(empty, ada)
    fields = {"old": "not this one at all", "password": NEW, "again": NEW}
    assert "present password is not right" in empty.post("/account/password", fields).text
    answer = empty.post("/account/password", fields | {"old": ada.password})
    assert answer.path == "/account"
    assert "You are signed out everywhere else" in answer.text


def test_another_app_is_set_up_with_its_own_code(empty: Site, ada: Somebody) -> None:
    signs_in(empty, ada)
    page = empty.get("/account/app")
    key = re.search(r'class="own-key">([^<]+)<', page.html)
    assert key is not None
    carried = {"sealed": page.page.hidden["sealed"]}
    assert "not the code that the app shows" in empty.post("/account/app", carried | {"code": "1"}).text
    ada.secret = key[1].replace(" ", "")
    answer = empty.post("/account/app", carried | {"code": ada.code})
    assert "Your new app is set up" in answer.text


def test_sessions_are_shown_by_their_browser_and_ended_one_by_one_or_all(empty: Site, ada: Somebody) -> None:
    elsewhere = ada.token
    number = ada.seat.session_id
    signs_in(empty, ada)
    page = empty.get("/account")
    assert "This browser" in page.text
    assert "A browser" in page.text
    bo = set_up(empty.world, "bo")
    assert empty.post(f"/account/sessions/{bo.seat.session_id}/end", form_at="/account").status == 404
    assert seated(empty.world.office, bo.token)
    assert empty.post(f"/account/sessions/{number}/end", form_at="/account").path == "/account"
    assert seated(empty.world.office, elsewhere) is None
    ada.signs_in()
    said = empty.post("/account/sessions/end", form_at="/account").text
    assert "You are signed out everywhere else (1)" in said


def test_new_recovery_codes_are_shown_once(empty: Site, ada: Somebody) -> None:
    signs_in(empty, ada)
    codes = empty.post("/account/codes", form_at="/account")
    shown = re.findall(r"<li>([a-z0-9]{4}(?:-[a-z0-9]{4}){3})</li>", codes.html)
    assert len(shown) == 10
    assert shown[0] not in empty.get("/account").html
    assert ada.signs_in(shown[0]).codes_left == 9


@pytest.mark.parametrize(
    ("called", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Windows",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1",
            "Safari on an iPhone",
        ),
        ("Mozilla/5.0", "A browser"),
        ("", "A browser that gives no name"),
        ("Demonstration", "Demonstration"),
    ],
)
def test_browsers_are_called_by_names_that_people_know(called: str, words: str) -> None:
    assert device(called) == words
