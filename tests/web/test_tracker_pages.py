"""The tracker, its files, and the list of recommendations: narrowed by their address, and never wider than somebody's sight."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from openpyxl import load_workbook

from engine.moved import Ref
from tests.assurance.counting import statements_of
from tests.assurance.full_world import OF_INDIVIDUAL
from tests.assurance.many_actions import with_many_actions
from tests.web.site import Site
from web.forms.filters import plain_words

OF_TRUST = Ref("action", 2)
CANARY = "Keep a chronology"  # what is recommended to the trust alone
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LISTS = ("/actions", "/actions/paper", "/recommendations")


@pytest.fixture
def site(full_site: Site) -> Site:
    """The pages of a world in which something of every kind stands, an individual practice recommendation too."""
    return full_site


def rows_of(site: Site, path: str, who: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    content = site.browser(who).get(path).content
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_tracker_shows_honest_dates_beside_what_the_owner_says(site: Site) -> None:
    world = site.world
    world.moves("nell", OF_INDIVIDUAL, "begin")
    world.is_granted("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 3, 31), reason="Two are ill.")
    world.on(date(2015, 4, 7))
    answer = site.get("/actions", as_="bo")
    assert answer.page.heading == "Actions"
    assert "3 actions" in answer.text
    assert "27 February 2015 31 March 2015 Overdue Slipped moved 1 time 39 days past first due" in answer.text
    assert "On track" in answer.text


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(("who", "is_seen"), [("ada", True), ("sam", True), ("nell", True), ("una", True)])
def test_whoever_may_see_what_is_for_one_agency_finds_it_in_lists(
    site: Site, path: str, who: str, is_seen: bool
) -> None:
    assert (CANARY in site.get(path, as_=who).text) == (is_seen and path == "/recommendations")
    assert ("/action/1" in site.get("/actions", as_=who).page.links) == is_seen


@pytest.mark.parametrize("who", ["gil", "fay", "cleo", "thea", "ida"])
def test_nobody_else_finds_a_word_of_it_or_a_number(site: Site, who: str) -> None:
    for path in (*LISTS, "/actions?q=chronology", "/actions?kind=individual_practice", "/actions?agency=1"):
        answer = site.get(path, as_=who)
        assert answer.status == 200
        assert CANARY not in answer.html
        assert "/action/1" not in answer.page.links
    assert "2 actions" in site.get("/actions", as_=who).text
    assert "No action is like that" in site.get("/actions?kind=individual_practice", as_=who).text
    assert CANARY not in site.browser(who).get("/actions.csv").text
    assert len(rows_of(site, "/actions.csv", who)) == 2


def test_without_a_post_there_is_no_tracker(site: Site) -> None:
    for path in (*LISTS, "/actions.csv", "/actions.xlsx"):
        assert site.get(path, as_="viv").status == 404


def test_the_address_says_to_what_the_tracker_is_narrowed(site: Site) -> None:
    site.world.on(date(2015, 3, 2))
    answer = site.get("/actions?show=overdue&show=undated&agency=1&state=open&q=schools&sort=past", as_="ada")
    assert "1 action" in answer.text
    assert '<option value="1" selected>North Trust</option>' in answer.html
    assert 'value="schools"' in answer.html
    export = "/actions.csv?q=schools&show=overdue&show=undated&agency=1&state=open&sort=past"
    assert export in answer.page.links
    assert [row["Action"] for row in rows_of(site, export, "ada")] == ["action/2"]


@pytest.mark.parametrize(
    "query",
    [
        "agency=99999999999999999999",
        "agency=x&audit=-1&state=flown&kind=all&show=nothing&sort=luck",
        "q=%25&page=1",
        "page=99999999999999999999",
        "page=-3",
        "q=%00",
    ],
)
def test_what_is_not_offered_is_let_go(site: Site, query: str) -> None:
    for path in (*LISTS, "/actions.csv"):
        assert site.get(f"{path}?{query}", as_="ada").status == 200


def test_letters_that_no_database_can_look_for_are_left_out_of_a_search() -> None:
    assert plain_words("  chron\x00ology \n of\ud800 ") == "chronology of"
    assert len(plain_words("word " * 100)) == 200


def test_a_page_that_is_no_number_is_not_there(site: Site) -> None:
    assert site.get("/actions?page=two", as_="ada").status == 404


def test_fifty_actions_stand_on_a_page_and_the_filter_goes_along(site: Site) -> None:
    with_many_actions(site.world, 120, like=OF_TRUST)
    answer = site.get("/actions?q=team&page=2", as_="ada")
    assert "51 to 100 of 123 actions" in answer.text
    assert {"/actions?q=team&page=1", "/actions?q=team&page=3"} <= set(answer.page.links)


def test_a_page_costs_the_same_statements_however_many_actions_there_are(site: Site) -> None:
    def read() -> None:
        assert site.get("/actions?q=team", as_="bo").status == 200

    read()
    few = statements_of(site.world, read)
    with_many_actions(site.world, 300)
    assert statements_of(site.world, read) == few


def test_the_excel_file_has_exactly_what_is_shown_and_says_so(site: Site) -> None:
    response = site.browser("gil").get("/actions.xlsx?q=brief&state=agreed")
    assert response.headers["content-type"] == XLSX
    assert response.headers["content-disposition"] == 'attachment; filename="actions-2014-12-15.xlsx"'
    book = load_workbook(io.BytesIO(response.content))
    rows = list(book["Actions"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == ["action/2", "action/3"]
    about = [row[0] for row in book["About this list"].iter_rows(values_only=True)]
    assert about == [
        "Actions on 15 December 2014, as Gil Gadsby may see them",
        "Words: brief",
        "State: Agreed",
    ]


def test_the_paper_has_all_rows_and_tells_what_they_are(site: Site) -> None:
    with_many_actions(site.world, 60, like=OF_TRUST)
    answer = site.get("/actions/paper?agency=1", as_="cleo")
    assert "61 actions of" in answer.text
    assert "Agency: North Trust." in answer.text
    assert "as Cleo Cartwright may see them" in answer.text


def test_recommendations_are_listed_with_what_they_need(site: Site) -> None:
    answer = site.get("/recommendations", as_="cleo")
    assert "1 recommendation" in answer.text
    assert (
        "Recommendation 1 of audit 2014-15/1 Tell schools on the day Agreed 2 of 2 answered 0 of 2 done"
        in (answer.text)
    )
    nothing = site.get("/recommendations?show=check", as_="cleo")
    assert "No recommendation is like that" in nothing.text
