"""Agencies and posts on pages of their own: called otherwise, and closed once nothing is open there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assurance.commands.enlarging import add_agency, add_post, add_records
from assurance.records import Agency, Post
from tests.web.site import Site

SiteAt = Callable[[str | None], Site]


def place(site: Site, table: type[Agency] | type[Post], key: str) -> str:
    number = site.world.number(table, key)
    return f"/admin/{'agencies' if table is Agency else 'posts'}/{number}"


@pytest.fixture
def fire(site: Site) -> tuple[str, str]:
    """An agency that has just joined, with a post that nobody holds and records."""
    with site.world.does("ida") as tx:
        agency = add_agency(tx, "Fire and Rescue")
        post = add_post(tx, "Safety lead", "agency_lead", agency, is_member=True)
        add_records(tx, "Home visits", agency, post)
    return f"/admin/agencies/{agency}", f"/admin/posts/{post}"


def test_a_renamed_agency_and_a_renamed_post_are_called_so_everywhere(site: Site) -> None:
    trust, nursing = place(site, Agency, "trust"), place(site, Post, "nursing")
    assert trust in site.get("/admin/agencies", as_="ida").page.links
    done = site.post(trust, {"name": "South Trust"}, as_="ida")
    assert (done.path, done.page.heading) == (trust, "South Trust")
    assert "South Trust" in site.get(f"/{site.world.action('trust')}", as_="bo").text
    assert site.post(nursing, {"name": "Chief nurse"}, as_="ida").page.heading == "Chief nurse"
    assert "Chief nurse" in site.get("/admin/posts", as_="sam").text
    deeds = site.get("/admin/deeds", as_="ida").text
    assert "North Trust, now South Trust" in deeds
    assert "renamed a post" in deeds


def test_a_name_that_another_has_is_refused_and_stays_on_the_form(site: Site) -> None:
    other = site.get("/admin/agencies/2", as_="ida").page.heading
    answer = site.post("/admin/agencies/1", {"name": other}, as_="ida")
    assert (answer.status, f"{other} is here already." in answer.text) == (422, True)
    assert site.post("/admin/agencies/1", {"name": " "}, as_="ida").status == 422


def test_an_agency_with_something_open_is_not_closed_and_its_page_says_what(site: Site) -> None:
    trust = place(site, Agency, "trust")
    page = site.get(trust, as_="ida").text
    assert "Bo Birchall must leave the post" in page
    assert "1 audit that asked for its returns must be finished first." in page
    assert "1 action of it must be finished first." in page
    assert "Close it for good" not in page
    chairs = site.get(place(site, Agency, "ccg"), as_="ida").text
    assert "The group cannot do without the post Chair, which is its." in chairs
    refused = site.post(f"{trust}/close", as_="ida", form_at=trust)
    assert (refused.status, "1 action of it must be finished first." in refused.text) == (422, True)


def test_a_post_that_somebody_holds_or_that_each_group_has_is_not_closed(site: Site) -> None:
    lay = place(site, Post, "lay")
    assert "Cleo Cartwright must leave it first." in site.get(lay, as_="ida").text
    chair = site.get(place(site, Post, "chair"), as_="ida").text
    assert "The group cannot do without this post" in chair


def test_a_closed_agency_is_offered_nowhere_and_answers_for_nothing_any_more(
    site_at: SiteAt,
) -> None:
    site = site_at("cases_selected")
    with site.world.does("ida") as tx:
        agency = add_agency(tx, "Fire and Rescue")
        add_records(tx, "Home visits", agency, None)
    done = site.post(f"/admin/agencies/{agency}/close", as_="ida", form_at=f"/admin/agencies/{agency}")
    assert "The agency is closed." in done.text
    assert "Closed since" in done.text
    assert "Fire and Rescue" not in site.get("/admin/posts/new", as_="ida").text
    again = site.post(
        "/admin/posts/new", {"title": "Lead", "role": "member", "agency": str(agency)}, as_="ida"
    )
    assert again.status == 422
    assert "is closed since" in site.get(f"/admin/agencies/{agency}", as_="ida").text
    site.world.audit_at("agency_audits")
    facts = site.world.known(site.world.audit).facts
    assert (facts["returns"], facts["returns_missing"]) == (5 * len(site.world.cases()), 0)


def test_a_closed_post_is_given_to_nobody(site: Site, fire: tuple[str, str]) -> None:
    agency, post = fire
    assert "It answers for Home visits" in site.get(post, as_="ida").text
    site.post(f"{agency}/close", as_="ida", form_at=agency)
    assert "Closed since" in site.get("/admin/posts", as_="ida").text
    number = post.rpartition("/")[2]
    viv = "/admin/people/1/posts/new"
    assert "Safety lead" not in site.get(viv, as_="ida").text
    days = {"from_on-day": "1", "from_on-month": "3", "from_on-year": "2015"}
    assert site.post(viv, {"post": number, **days}, as_="ida").status == 422


def test_only_an_administrator_gets_to_these_pages(site: Site) -> None:
    for path in ("/admin/agencies/1", "/admin/posts/1"):
        assert site.get(path, as_="ida").status == 200
        assert [site.get(path, as_=who).status for who in ("sam", "ada", "bo")] == [404, 404, 404]
    assert site.get("/admin/agencies/99", as_="ida").status == 404
    assert "/admin/agencies/1" not in site.get("/admin/agencies", as_="sam").page.links
