"""Signing in with an account elsewhere, against a real issuer on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from assurance.accounts.sessions import seated
from assurance.office import Office
from assurance.records import Account, AccountEvent, AccountIdentity
from tests.assurance.accounts.holder import Somebody, invited, set_up
from tests.issuer import CLIENT, SECRET, Issuer, brought_back, issuing, key_that_both_know, other_key
from tests.web.site import Answer, Site

COOKIE = "__Host-auditloop"
LATER = timedelta(minutes=16)
FAILED = "Your work account did not sign you in"


@pytest.fixture
def site(site_at: Callable[[str | None], Site]) -> Site:
    """The pages of a world without an audit."""
    return site_at(None)


@pytest.fixture
def issuer(site: Site) -> Iterator[Issuer]:
    """An issuer that the site's installation trusts."""
    with issuing(site.world.clock) as issuer:
        settings = replace(
            site.world.office.settings,
            oidc_issuer=issuer.address,
            oidc_client_id=CLIENT,
            oidc_client_secret=SECRET,
        )
        world = site.world
        world.office = Office(settings, world.office.store, world.shelf, clock=world.clock)
        yield issuer


@pytest.fixture
def work(site: Site, issuer: Issuer) -> Site:
    """The pages of that installation."""
    assert issuer.address
    return Site(site.world)


def goes(site: Site, path: str) -> str:
    """Let somebody go to the issuer, and give the address to which they were sent."""
    answer = site.browser(None).get(path, follow_redirects=False)
    assert answer.status_code == 303
    return answer.headers["location"]


def goes_and_comes_back(site: Site, issuer: Issuer, path: str, subject: str, **others: str) -> Answer:
    given = issuer.lets_in(goes(site, path), subject)
    return site.get(brought_back(given | others))


def linked(site: Site, issuer: Issuer, who: str, subject: str) -> None:
    """Let somebody link their work account by an invitation, and sign out again."""
    link = invited(site.world, who)
    answer = goes_and_comes_back(site, issuer, f"/invitation/{link}/elsewhere", subject)
    assert answer.path == "/"
    site.post("/sign-out", form_at="/account")


def cookie(site: Site) -> str:
    return site.browser(None).cookies.get(COOKIE) or ""


# -- linking, signing in -----------------------------------------------------------------------------------


def test_an_invited_person_links_a_work_account_once_and_signs_in_with_it(work: Site, issuer: Issuer) -> None:
    link = invited(work.world, "bo")
    page = work.get(f"/invitation/{link}")
    assert f"/invitation/{link}/elsewhere" in page.page.links
    answer = goes_and_comes_back(work, issuer, f"/invitation/{link}/elsewhere", "bo-at-work")
    assert (answer.status, answer.path) == (200, "/")
    assert work.get(f"/invitation/{link}").status == 410
    (row,) = work.world.ask(sa.select(AccountIdentity))
    assert (row.issuer, row.subject) == (issuer.address, "bo-at-work")
    (account,) = work.world.ask(sa.select(Account))
    assert (account.password_hash, account.totp_secret) == (None, None)
    work.post("/sign-out", form_at="/account")
    assert "/sign-in/elsewhere?next=/account" in work.get("/sign-in?next=/account").page.links
    signed_in = goes_and_comes_back(work, issuer, "/sign-in/elsewhere?next=/account", "bo-at-work")
    assert (signed_in.path, signed_in.page.heading) == ("/account", "My account")
    assert "Bo Birchall" in signed_in.text
    assert work.world.ask(sa.select(AccountEvent.what).order_by(AccountEvent.id)) == [
        "invited",
        "linked",
        "signed_in",
        "signed_out",
        "signed_in",
    ]


def test_an_unknown_work_account_is_nobodys_whatever_e_mail_it_has(work: Site, issuer: Issuer) -> None:
    ada = set_up(work.world, "ada")
    issuer.says = {"email": ada.email, "email_verified": True}
    answer = goes_and_comes_back(work, issuer, "/sign-in/elsewhere", "a-stranger")
    assert (answer.status, answer.page.heading) == (422, FAILED)
    assert "not linked to anybody here yet" in answer.text
    assert cookie(work) == ""


def test_somebody_with_a_password_links_their_work_account_and_is_told(work: Site, issuer: Issuer) -> None:
    ada = signs_in(work, set_up(work.world, "ada"))
    assert "/account/elsewhere" in work.get("/account").page.links
    answer = goes_and_comes_back(work, issuer, "/account/elsewhere", "ada-at-work")
    assert "Your work account is linked" in answer.text
    assert "Signs in through" in answer.text
    assert ada.email
    work.post("/sign-out", form_at="/account")
    again = goes_and_comes_back(work, issuer, "/sign-in/elsewhere?next=/account", "ada-at-work")
    assert "Ada Ashdown" in again.text


def signs_in(site: Site, who: Somebody) -> Somebody:
    site.post("/sign-in", {"email": who.email, "password": who.password})
    site.post("/sign-in/code", {"code": who.next_code})
    assert cookie(site)
    return who


def test_a_work_account_is_one_persons_only(work: Site, issuer: Issuer) -> None:
    linked(work, issuer, "bo", "shared")
    link = invited(work.world, "ada")
    answer = goes_and_comes_back(work, issuer, f"/invitation/{link}/elsewhere", "shared")
    assert (answer.status, "is linked to an account here already" in answer.text) == (422, True)
    assert work.get(f"/invitation/{link}").status == 200


def test_linking_is_for_whoever_has_lately_shown_who_they_are(work: Site) -> None:
    signs_in(work, set_up(work.world, "ada"))
    work.world.clock.advance(LATER)
    assert goes(work, "/account/elsewhere") == "/confirm?next=/account/elsewhere"


def test_a_disabled_account_is_not_let_in_from_elsewhere_either(work: Site, issuer: Issuer) -> None:
    linked(work, issuer, "bo", "bo-at-work")
    with work.world.does("ida") as tx:
        tx.session.execute(sa.update(Account).values(disabled_at=tx.now))
    answer = goes_and_comes_back(work, issuer, "/sign-in/elsewhere", "bo-at-work")
    assert (answer.status, cookie(work)) == (422, "")


def test_a_work_account_shows_that_it_is_still_the_same_person(work: Site, issuer: Issuer) -> None:
    linked(work, issuer, "bo", "bo-at-work")
    goes_and_comes_back(work, issuer, "/sign-in/elsewhere", "bo-at-work")
    work.world.clock.advance(LATER)
    before = cookie(work)
    way = goes(work, "/confirm/elsewhere?next=/account")
    assert "prompt=login" in way
    assert "max_age=0" in way
    answer = work.get(brought_back(issuer.lets_in(way, "bo-at-work")))
    assert answer.path == "/account"
    assert seated(work.world.office, before) is None
    found = seated(work.world.office, cookie(work))
    assert found is not None
    assert found.confirmed_at == work.world.clock.now()


@pytest.mark.parametrize("says", [{"auth_time": None}, {"auth_time": 1_000_000_000}])
def test_an_issuer_that_did_not_ask_anew_shows_nothing(
    work: Site, issuer: Issuer, says: dict[str, Any]
) -> None:
    linked(work, issuer, "bo", "bo-at-work")
    goes_and_comes_back(work, issuer, "/sign-in/elsewhere", "bo-at-work")
    before = cookie(work)
    issuer.says = says
    assert goes_and_comes_back(work, issuer, "/confirm/elsewhere", "bo-at-work").status == 422
    assert cookie(work) == before


def test_somebody_elses_work_account_shows_nothing(work: Site, issuer: Issuer) -> None:
    linked(work, issuer, "bo", "bo-at-work")
    linked(work, issuer, "dev", "dev-at-work")
    goes_and_comes_back(work, issuer, "/sign-in/elsewhere", "bo-at-work")
    before = cookie(work)
    answer = goes_and_comes_back(work, issuer, "/confirm/elsewhere", "dev-at-work")
    assert "not the work account that is linked to yours" in answer.text
    assert cookie(work) == before


# -- what is not believed ----------------------------------------------------------------------------------


def test_whoever_comes_back_with_another_state_or_without_the_cookie_is_not_let_in(
    work: Site, issuer: Issuer
) -> None:
    linked(work, issuer, "bo", "bo-at-work")
    assert goes_and_comes_back(work, issuer, "/sign-in/elsewhere", "bo-at-work", state="other").status == 422
    given = issuer.lets_in(goes(work, "/sign-in/elsewhere"), "bo-at-work")
    work.browser(None).cookies.delete("__Host-auditloop-trip")
    assert work.get(brought_back(given)).status == 422
    assert work.get("/sign-in/back").status == 422
    assert cookie(work) == ""


def test_an_answer_is_good_once_for_ten_minutes_and_from_this_issuer_only(work: Site, issuer: Issuer) -> None:
    linked(work, issuer, "bo", "bo-at-work")
    answer = goes_and_comes_back(work, issuer, "/sign-in/elsewhere", "bo-at-work", iss="https://evil.example")
    assert answer.status == 422
    given = issuer.lets_in(goes(work, "/sign-in/elsewhere"), "bo-at-work")
    assert work.get(brought_back(given)).status == 200
    work.post("/sign-out", form_at="/account")
    assert work.get(brought_back(given)).status == 422
    late = issuer.lets_in(goes(work, "/sign-in/elsewhere"), "bo-at-work")
    work.world.clock.advance(timedelta(minutes=11))
    assert work.get(brought_back(late)).status == 422


@pytest.mark.parametrize(
    "says",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another client"},
        {"aud": [CLIENT, "another client"]},
        {"iss": "https://evil.example"},
        {"exp": 1_000_000_000},
        {"sub": None},
    ],
)
def test_a_token_that_states_anything_wrongly_is_not_believed(
    work: Site, issuer: Issuer, says: dict[str, Any]
) -> None:
    linked(work, issuer, "bo", "bo-at-work")
    issuer.says = says
    answer = goes_and_comes_back(work, issuer, "/sign-in/elsewhere", "bo-at-work")
    assert (answer.status, cookie(work)) == (422, "")


def test_a_token_that_the_issuer_has_not_signed_is_not_believed(work: Site, issuer: Issuer) -> None:
    linked(work, issuer, "bo", "bo-at-work")
    issuer.signs_with = other_key()
    assert goes_and_comes_back(work, issuer, "/sign-in/elsewhere", "bo-at-work").status == 422
    issuer.signs_with, issuer.header = key_that_both_know(), {"alg": "HS256"}
    assert goes_and_comes_back(work, issuer, "/sign-in/elsewhere", "bo-at-work").status == 422
    assert cookie(work) == ""


def test_an_issuer_that_is_down_or_calls_itself_otherwise_is_told_in_a_sentence(
    work: Site, issuer: Issuer
) -> None:
    issuer.calls_itself = "https://evil.example"
    answer = work.get("/sign-in/elsewhere")
    assert "Signing in with your work account did not work" in answer.text
    issuer.calls_itself, issuer.is_down = "", True
    assert work.get("/sign-in/elsewhere").status == 422


def test_without_an_issuer_there_is_no_such_way(site: Site) -> None:
    assert "work account" not in site.get("/sign-in").text
    for path in ("/sign-in/elsewhere", "/sign-in/back?state=x&code=y"):
        assert site.get(path).status == 404
