"""The administration of people through its pages, and who may use it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from assurance.records import Person, Post, PostHolding
from tests.assurance.accounts.holder import link_in_last_mail, set_up
from tests.web.site import Site

READING = ("/admin/people", "/admin/people/1", "/admin/posts", "/admin/agencies", "/admin/deeds")
KEEPING = (
    "/admin/people/new",
    "/admin/people/1/change",
    "/admin/people/1/reset",
    "/admin/people/1/posts/new",
    "/admin/people/1/absence",
    "/admin/holdings/1/end",
)
DEEDS = ("invite", "disable", "enable", "reset", "change", "posts/new", "absence")


@pytest.fixture
def site(site_at: Callable[[str | None], Site]) -> Site:
    """The pages of a world without an audit."""
    return site_at(None)


def number(site: Site, who: str) -> int:
    return site.world.number(Person, who)


@pytest.mark.parametrize("path", READING)
def test_those_who_answer_for_the_group_see_who_is_who_and_others_do_not(site: Site, path: str) -> None:
    for who in ("ida", "sam", "ada", "dan", "una"):
        assert site.get(path, as_=who).status == 200
    for who in ("bo", "cleo", "nell", "thea", "viv"):
        assert site.get(path, as_=who).status == 404


@pytest.mark.parametrize("path", KEEPING)
def test_only_the_administrator_has_the_forms(site: Site, path: str) -> None:
    assert site.get(path, as_="ida").status == 200
    for who in ("sam", "ada", "una", "bo", "viv"):
        assert site.get(path, as_=who).status == 404


@pytest.mark.parametrize("deed", DEEDS)
def test_only_the_administrator_does_anything(site: Site, deed: str) -> None:
    for who in ("sam", "ada", "bo", "viv"):
        answer = site.post(f"/admin/people/2/{deed}", form_at="/account", as_=who)
        assert answer.status == 404


def test_nobody_else_sees_a_button(site: Site) -> None:
    assert "Add a person" not in site.get("/admin/people", as_="ada").text
    page = site.get(f"/admin/people/{number(site, 'bo')}", as_="ada")
    assert "<form" not in page.html.partition("<main")[2].partition("</main")[0]


def test_a_person_is_added_invited_and_given_a_post(site: Site) -> None:
    added = site.post("/admin/people/new", {"name": "Ned Nolan", "email": "ned@police.example"}, as_="ida")
    assert added.page.heading == "Ned Nolan"
    path = added.path
    sent = site.post(f"{path}/invite", form_at=path, as_="ida")
    assert "on its way to ned@police.example" in sent.text
    link = link_in_last_mail(site.world)
    assert link not in sent.html
    assert "Ned Nolan" in site.get(f"/invitation/{link}").text
    post = {
        "post": str(site.world.number(Post, "policing")),
        "from_on-day": "1",
        "from_on-month": "9",
        "from_on-year": "2014",
    }
    given = site.post(f"{path}/posts/new", post, as_="ida")
    assert "The post is given" in given.text
    assert "Policing, Shire Constabulary" in given.text
    people = site.get("/admin/people", as_="sam").text
    assert "Ned Nolan ned@police.example Policing, Shire Constabulary Invited" in people
    deeds = site.get("/admin/deeds", as_="ada").text
    assert "gave a post (Policing, from 1 September 2014) Ned Nolan" in deeds


def test_what_was_typed_comes_back_with_what_is_wrong(site: Site) -> None:
    answer = site.post("/admin/people/new", {"name": "Ned", "email": "ned at police"}, as_="ida")
    assert answer.status == 422
    assert 'value="ned at police"' in answer.html
    day = {"from_on-day": "31", "from_on-month": "9", "from_on-year": "2014", "post": ""}
    path = f"/admin/people/{number(site, 'viv')}/posts/new"
    answer = site.post(path, day, as_="ida")
    assert answer.status == 422
    assert "there is no such day" in answer.text
    assert "Choose a post." in answer.text
    assert 'value="31"' in answer.html


def test_an_administrator_is_refused_a_post_with_the_reason(site: Site) -> None:
    path = f"/admin/people/{number(site, 'ida')}"
    page = site.get(path, as_="ida")
    assert "so you give no post to yourself" in page.text
    post = {
        "post": str(site.world.number(Post, "chair")),
        "from_on-day": "1",
        "from_on-month": "9",
        "from_on-year": "2014",
    }
    answer = site.post(f"{path}/posts/new", post, as_="ida")
    assert answer.status == 422
    assert "whoever decides who decides would decide alone" in answer.text


def test_a_change_of_posts_acts_at_once(site: Site) -> None:
    bo = number(site, "bo")
    query = sa.select(PostHolding.id).where(PostHolding.person_id == bo)
    (holding,) = site.world.ask(query)
    assert site.get("/audits", as_="bo").status == 200
    ended = site.post(f"/admin/holdings/{holding}/end", {"at_once": "y"}, as_="ida")
    assert "The post has ended" in ended.text
    assert site.get("/audits", as_="bo").status == 404
    post = {
        "post": str(site.world.number(Post, "lay")),
        "from_on-day": "1",
        "from_on-month": "9",
        "from_on-year": "2014",
    }
    site.post(f"/admin/people/{bo}/posts/new", post, as_="ida")
    assert site.get("/audits", as_="bo").status == 200


def test_a_last_day_is_written_down(site: Site) -> None:
    (holding,) = site.world.ask(sa.select(PostHolding.id).where(PostHolding.person_id == number(site, "bo")))
    day = {"last_on-day": "30", "last_on-month": "9", "last_on-year": "2014"}
    answer = site.post(f"/admin/holdings/{holding}/end", day, as_="ida")
    assert "30 September 2014" in answer.text
    earlier = site.post(f"/admin/holdings/{holding}/end", day | {"last_on-month": "8"}, as_="ida")
    assert earlier.status == 422
    assert site.get("/admin/holdings/99/end", as_="ida").status == 404


def test_an_account_is_disabled_enabled_and_reset(site: Site) -> None:
    bo = set_up(site.world, "bo")
    path = f"/admin/people/{number(site, 'bo')}"
    assert "Disabled since 1 September 2014" in site.post(f"{path}/disable", form_at=path, as_="ida").text
    assert "Can sign in" in site.post(f"{path}/enable", form_at=path, as_="ida").text
    assert "Speak to them first" in site.get(f"{path}/reset", as_="ida").text
    answer = site.post(f"{path}/reset", as_="ida")
    assert "A link to set up the account anew is on its way to bo@qa.example" in answer.text
    assert bo.codes[0] not in answer.html
    own = f"/admin/people/{number(site, 'ida')}"
    refused = site.post(f"{own}/disable", form_at=own, as_="ida")
    assert refused.status == 422
    assert "your own account" in refused.text


def test_name_address_and_absence_are_changed(site: Site) -> None:
    path = f"/admin/people/{number(site, 'bo')}"
    changed = site.post(f"{path}/change", {"name": "Bo Birch", "email": "bo@trust.example"}, as_="ida")
    assert changed.page.heading == "Bo Birch"
    days = {
        "from_on-day": "1",
        "from_on-month": "9",
        "from_on-year": "2014",
        "until_on-day": "5",
        "until_on-month": "9",
        "until_on-year": "2014",
        "reason": "On leave",
    }
    away = site.post(f"{path}/absence", days, as_="ida")
    assert "1 September 2014 to 5 September 2014: On leave" in away.text
    assert site.post(f"{path}/absence", days | {"until_on-month": "8"}, as_="ida").status == 422


def test_another_group_is_neither_seen_nor_touched(site: Site) -> None:
    site.get("/account", as_="ida")
    site.world.found("other")
    other = site.world.actor("bo", group="other").person_id
    assert other is not None
    assert "other.example" not in site.get("/admin/people", as_="ida").html
    for path in (f"/admin/people/{other}", f"/admin/people/{other}/change", f"/admin/people/{other}/reset"):
        assert site.get(path, as_="ida").status == 404
