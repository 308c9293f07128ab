"""The programme: a year as a drawing that a screen reader can leave out, since the tables beside it say the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from tests.web.site import Site

SiteAt = Callable[[str | None], Site]


def test_the_year_of_today_is_shown_with_what_ran_in_it(site: Site) -> None:
    for who in ("cleo", "sam", "bo"):
        page = site.get("/programme", as_=who)
        assert page.page.heading == "Programme 2014–15"
        assert {"/audit/1", "/meeting/1", "/meeting/2", "/programme?year=2015-16"} <= set(page.page.links)
        assert "/meeting/3" not in page.page.links
        assert "27 November 2014" in page.text
    page = site.get("/programme", as_="una")
    assert (
        'role="img" aria-label="Timeline: 1 audit and 2 meetings from 1 April 2014 to 31 March 2015.'
        in page.html
    )
    assert "2014-15/1 4 Agency audits 15 September 2014 24 November 2014" in page.text


def test_a_year_to_come_shows_its_themes(site: Site) -> None:
    page = site.get("/programme?year=2015-16", as_="cleo")
    assert "Children missing education" in page.text
    assert "/meeting/3" in page.page.links
    assert "No audit ran in this year." in page.text


def test_an_audit_runs_on_into_the_next_year(site: Site) -> None:
    site.world.on(date(2015, 4, 2))
    page = site.get("/programme", as_="cleo")
    assert page.page.heading == "Programme 2015–16"
    assert "/audit/1" in page.page.links


def test_a_year_that_there_is_not_is_not_there(site: Site) -> None:
    assert site.get("/programme?year=1999-00", as_="cleo").status == 404
    assert site.get("/programme", as_="viv").status == 404


def test_only_who_may_open_an_audit_is_offered_to(site: Site) -> None:
    assert "/audits/new" in site.get("/programme", as_="sam").page.links
    assert "/audits/new" not in site.get("/programme", as_="bo").page.links


def test_nothing_on_the_drawing_needs_a_style_of_its_own(site_at: SiteAt) -> None:
    page = site_at("agency_audits").get("/programme", as_="cleo")
    assert "style=" not in page.html
    assert "<rect" in page.html
