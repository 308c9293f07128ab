"""The pages on which an administrator adds agencies, posts and records."""

from __future__ import annotations

import pytest

from tests.web.site import Site


def test_an_agency_a_post_and_records_are_added_on_pages(site: Site) -> None:
    added = site.post("/admin/agencies/new", {"name": "Fire and Rescue"}, as_="ida")
    assert added.path == "/admin/agencies"
    assert "Fire and Rescue" in added.text
    fields = {"title": "Safeguarding lead", "role": "agency_lead", "agency": "6", "is_member": "y"}
    added = site.post("/admin/posts/new", fields, as_="ida")
    assert added.path == "/admin/posts"
    assert "Safeguarding lead" in added.text
    added = site.post("/admin/records/new", {"name": "Home visits", "agency": "6"}, as_="ida")
    assert "Home visits, led by the agency's lead" in added.text
    assert "added records that an agency answers for" in site.get("/admin/deeds", as_="ida").text


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("/admin/agencies/new", {}, "Give the name of the agency."),
        ("/admin/agencies/new", {"name": "North Trust"}, "North Trust is here already."),
        ("/admin/posts/new", {"title": "Lead", "role": "agency_lead"}, "Name the agency"),
        ("/admin/posts/new", {"title": "Lead", "role": "chair"}, "Choose what the post does here."),
        ("/admin/records/new", {"name": "Custody", "agency": "99"}, "Choose the agency."),
        ("/admin/records/new", {"name": "Custody", "agency": "1", "lead": "x"}, "Choose one of the posts"),
    ],
)
def test_what_does_not_fit_is_told_and_what_was_typed_stays(
    site: Site, path: str, fields: dict[str, str], said: str
) -> None:
    answer = site.post(path, fields, as_="ida")
    assert answer.status == 422
    assert said in answer.text
    assert all(typed in answer.html for name, typed in fields.items() if name in ("name", "title"))


def test_only_an_administrator_gets_to_these_forms(site: Site) -> None:
    for path in ("/admin/agencies/new", "/admin/posts/new", "/admin/records/new"):
        assert site.get(path, as_="ida").status == 200
        assert [site.get(path, as_=who).status for who in ("sam", "ada", "bo")] == [404, 404, 404]
    assert "/admin/agencies/new" not in site.get("/admin/agencies", as_="sam").page.links
