"""My tokens: made in a form, shown once, withdrawn with a button; and nobody else's."""

from __future__ import annotations

import re
from datetime import timedelta

import sqlalchemy as sa

from assurance.records import ApiToken
from tests.web.site import Site

CHOSEN = {"name": "Board spreadsheet", "scopes": ["read", "enter"], "days": "30"}


def shows_that_it_is_them(site: Site, who: str) -> None:
    site.post("/confirm", as_=who)


def makes(site: Site, who: str) -> str:
    shows_that_it_is_them(site, who)
    answer = site.post("/account/tokens", CHOSEN, as_=who)
    assert answer.status == 200
    found = re.search(r"auditloop_[\w-]{43}", answer.html)
    assert found is not None
    return found[0]


def test_a_token_is_made_shown_once_and_listed_by_its_first_letters(site: Site) -> None:
    token = makes(site, "bo")
    listed = site.get("/account/tokens", as_="bo")
    assert listed.status == 200
    assert token not in listed.html
    assert f"{token[:16]}…" in listed.text
    assert "Board spreadsheet" in listed.text
    assert "read, enter" in listed.text
    answer = site.browser(None).get("/api/v1/actions", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200


def test_a_token_is_made_only_by_whoever_has_just_shown_that_it_is_them(site: Site) -> None:
    site.get("/account/tokens", as_="bo")
    site.world.clock.move_to(site.world.clock.now() + timedelta(minutes=16))
    answer = site.post("/account/tokens", CHOSEN, as_="bo")
    assert answer.status == 403
    assert "Show that it is you" in answer.text
    assert site.world.ask(sa.select(ApiToken.id)) == []


def test_a_withdrawn_token_is_of_no_use_any_more(site: Site) -> None:
    token = makes(site, "bo")
    answer = site.post("/account/tokens/1/withdraw", as_="bo", form_at="/account/tokens")
    assert "The token is withdrawn." in answer.text
    sent = {"authorization": f"Bearer {token}"}
    assert site.browser(None).get("/api/v1/actions", headers=sent).status_code == 401


def test_nobody_sees_or_withdraws_the_tokens_of_others(site: Site) -> None:
    token = makes(site, "bo")
    assert token[:16] not in site.get("/account/tokens", as_="ada").html
    answer = site.post("/account/tokens/1/withdraw", as_="ada", form_at="/account/tokens")
    assert answer.status == 422
    assert "You have no such token." in answer.text
    sent = {"authorization": f"Bearer {token}"}
    assert site.browser(None).get("/api/v1/actions", headers=sent).status_code == 200


def test_a_form_without_a_name_or_a_scope_says_so_and_keeps_the_rest(site: Site) -> None:
    shows_that_it_is_them(site, "bo")
    answer = site.post("/account/tokens", {"name": "", "days": "365"}, as_="bo")
    assert answer.status == 422
    assert "Say what it is for" in answer.text
    assert "Choose at least one thing" in answer.text
    assert re.search(r'value="365"[^>]*checked', answer.html)


def test_that_a_token_was_made_stands_among_what_was_done_to_the_account(site: Site) -> None:
    makes(site, "bo")
    assert "made a token for programs" in site.get("/account", as_="bo").text


def test_whoever_holds_no_post_has_no_tokens(site: Site) -> None:
    assert site.get("/account/tokens", as_="viv").status == 404
