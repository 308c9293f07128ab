"""The reports on their pages: as at any day, on screen and as files, and nothing in them that tells of a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO

import docx
import pytest

from tests.assurance.full_world import FROM_A_CASE, case_ref, full_world
from tests.web.site import Site

SiteAt = Callable[[str | None], Site]
YEAR_ENDS = date(2015, 3, 31)


@pytest.fixture
def full_site(site_at: SiteAt) -> Site:
    """Pages of a world with an individual practice recommendation, a case finding, and an immediate concern."""
    return Site(full_world(lambda stage: site_at(stage).world))


def test_reports_are_offered_as_at_today_while_the_year_runs(site: Site) -> None:
    answer = site.get("/reports", as_="cleo")
    assert "2014–15, as at the end of 15 December 2014" in answer.text
    assert "/reports/annual?year=2014-15&on=2014-12-15" in answer.page.links
    assert "Shares of fewer than five answers are left out" in answer.text


def test_reports_are_offered_as_at_a_day_that_somebody_chooses(site: Site) -> None:
    answer = site.get("/reports?year=2014-15&on-day=30&on-month=11&on-year=2014", as_="una")
    assert "as at the end of 30 November 2014" in answer.text
    assert "/reports/standing?year=2014-15&on=2014-11-30" in answer.page.links


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("year=2014-15&on-day=31&on-month=2&on-year=2015", "there is no such day"),
        ("year=2014-15&on-day=16&on-month=12&on-year=2014", "16 December 2014 is still to come"),
        ("year=2014-15&on-day=1&on-month=3&on-year=2014", "The year 2014-15 begins on 1 April 2014"),
        ("year=2015-16", "Choose one of the years."),
    ],
)
def test_a_day_or_year_that_cannot_be_reported_is_refused_and_stays_in_the_form(
    site: Site, query: str, said: str
) -> None:
    answer = site.get(f"/reports?{query}", as_="ada")
    assert answer.status == 422
    assert said in answer.text
    assert "There is a problem" in answer.text
    assert "Annual report" not in answer.text
    typed = [part.split("=") for part in query.split("&") if part.startswith("on-")]
    assert all(f'name="{name}" type="text" value="{value}"' in answer.html for name, value in typed)


def test_the_annual_report_stands_in_the_frame_with_its_headings_in_order(site: Site) -> None:
    answer = site.get("/reports/annual?year=2014-15&on=2014-12-15", as_="thea")
    assert answer.page.heading == "Quality Assurance sub group: annual report 2014–15"
    assert "As at the end of 15 December 2014." in answer.text
    assert "This report holds counts only." in answer.text
    levels = [int(piece[0]) for piece in answer.html.split("<h")[1:] if piece[0] in "123456"]
    assert all(
        later <= earlier + 1
        for earlier, later in zip(levels[levels.index(1) :], levels[levels.index(1) + 1 :], strict=False)
    )


def test_an_address_without_a_year_gives_the_newest_that_has_begun(site: Site) -> None:
    for path in ("/reports/annual", "/reports/standing"):
        answer = site.get(path, as_="gil")
        assert answer.status == 200
        assert "2014–15" in answer.page.heading


def test_a_report_says_what_was_true_on_its_day(site: Site) -> None:
    world = site.world
    world.on(date(2015, 3, 2))
    world.completes("bo", world.action("trust"))
    before = site.get("/reports/standing?year=2014-15&on=2015-03-01", as_="una").text
    after = site.get("/reports/standing?year=2014-15&on=2015-03-02", as_="una").text
    assert "North Trust Agreed, overdue 27 Feb 2015 27 Feb 2015 0 2" in before
    assert "North Trust Completed 27 Feb 2015 27 Feb 2015 0 3" in after


def test_the_report_is_taken_away_as_word_and_as_markdown(site: Site) -> None:
    address = "year=2014-15&on=2014-12-15"
    word = site.browser("ada").get(f"/reports/annual/word?{address}")
    name = 'attachment; filename="annual-report-2014-15-as-at-2014-12-15'
    assert word.headers["content-disposition"] == f'{name}.docx"'
    assert "annual report 2014–15" in docx.Document(BytesIO(word.content)).paragraphs[0].text
    plain = site.browser("ada").get(f"/reports/annual/markdown?{address}")
    assert plain.headers["content-disposition"] == f'{name}.md"'
    assert plain.text.startswith("# Quality Assurance sub group: annual report 2014–15")


def test_whoever_has_not_lately_shown_that_it_is_them_does_so_before_a_file_is_handed_over(
    site: Site,
) -> None:
    path = "/reports/annual/word?year=2014-15&on=2014-12-15"
    assert site.browser("ada").get(path).status_code == 200
    site.world.clock.move_to(site.world.clock.now() + timedelta(minutes=20))
    answer = site.browser("ada").get(path, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/confirm")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/reports/annual/pdf?year=2014-15", 404),
        ("/reports/annual?year=2014-15&on=yesterday", 404),
        ("/reports/annual?year=2013-14", 422),
        ("/reports/standing?year=2014-15&on=2016-01-01", 422),
        ("/reports/tracker?on=2016-01-01", 422),
        ("/reports/tracker?on-day=1&on-month=13&on-year=2014", 422),
        ("/reports/tracker?audit=one", 404),
    ],
)
def test_what_cannot_be_reported_is_said(site: Site, path: str, status: int) -> None:
    assert site.get(path, as_="ada").status == status


def test_the_tracker_of_a_past_day_shows_the_dates_of_that_day(site: Site) -> None:
    world = site.world
    world.on(date(2015, 2, 20))
    world.is_granted(
        "bo", world.action("trust"), "extend", new_due_on=date(2015, 4, 30), reason="Two teams are missing"
    )
    before = site.get("/reports/tracker?on=2015-02-19", as_="una").text
    after = site.get("/reports/tracker?on-day=20&on-month=2&on-year=2015&agency=1", as_="una").text
    assert "The tracker at the end of 19 February 2015" in before
    assert "Agreed 27 February 2015 27 February 2015 0 0" in before
    assert "Agreed 27 February 2015 30 April 2015 1 0" in after
    assert "1 action." in after


@pytest.mark.parametrize("who", ["cleo", "gil", "ida", "thea", "bo"])
def test_reports_tell_no_case_and_no_individual_practice(full_site: Site, who: str) -> None:
    world = full_site.world
    world.on(YEAR_ENDS)
    secrets = [
        FROM_A_CASE,
        case_ref(world),
        "Keep a chronology",
        "The home is not safe",
        "Chronology of one file",
    ]
    for path in ("/reports/annual?year=2014-15", "/reports/standing?year=2014-15"):
        html = full_site.get(path, as_=who).html
        assert not [secret for secret in secrets if secret in html]
    tracker = full_site.get("/reports/tracker", as_=who)
    assert tracker.text.count("Brief every team") == (3 if who == "bo" else 2)
