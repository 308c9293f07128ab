"""Actions out of a file, on pages: a preview that writes nothing, and then all of it or nothing."""

from __future__ import annotations

import pytest

from engine.moved import Ref
from tests.web.site import Answer, Site

STRATEGIC = Ref("recommendation", 2)
HEAD = "Audit,Recommendation,Agency,What the agency will do,Owner,First due\n"
GOOD = "2014-15/1,1,North Trust,Write a leaflet,Health Visiting,27/03/2015\n"
BAD = "2014-15/1,1,Nowhere,Hold a briefing,,soon\n"
NEW, ROWS = "/actions/import", "/actions/import/rows"


@pytest.fixture
def site(full_site: Site) -> Site:
    """The pages of a world in which something of every kind stands."""
    return full_site


def sends(site: Site, text: str, *, name: str = "actions.csv") -> Answer:
    """Let the coordinator choose a file."""
    return site.post(NEW, {}, as_="sam", files={"file": (name, text.encode(), "text/csv")})


def takes(site: Site, shown: Answer, **unseen: str) -> Answer:
    """Let the coordinator take in what a preview shows."""
    hidden = shown.page.hidden | unseen
    return Answer(site.browser("sam").post(ROWS, data=hidden))


def test_only_the_coordinator_takes_actions_in(site: Site) -> None:
    assert NEW in site.get("/actions", as_="sam").page.links
    for who in ("ada", "bo", "cleo", "ida", "una"):
        assert site.get(NEW, as_=who).status == 404
        assert NEW not in site.get("/actions", as_=who).page.links
        csrf = site.get("/actions", as_=who).page.hidden["csrf"]
        assert site.browser(who).post(ROWS, data={"csrf": csrf, "rows": "[]"}).status_code == 404


def test_the_preview_says_what_each_row_would_do_and_writes_nothing(site: Site) -> None:
    there = "2014-15/1,1,North Trust,Brief every team on sharing information,,\n"
    answer = sends(site, HEAD + GOOD + there)
    assert answer.status == 200
    assert "1 action would be planned. Nothing is written yet." in answer.text
    assert "2 Plan an action due on 27 March 2015" in answer.text
    assert "3 Nothing It is there already: action 2" in answer.text
    assert site.world.known(STRATEGIC).facts["actions"] == 2


def test_what_was_previewed_is_planned_once(site: Site) -> None:
    shown = sends(site, HEAD + GOOD)
    answer = takes(site, shown)
    assert answer.path == "/actions?state=proposed"
    assert "1 action planned." in answer.text
    assert "Write a leaflet" in answer.text
    again = takes(site, shown)
    assert "Every row is there already" in again.text
    assert site.world.known(STRATEGIC).facts["actions"] == 3


def test_a_row_with_a_fault_keeps_all_out_and_says_where(site: Site) -> None:
    answer = sends(site, HEAD + GOOD + BAD)
    assert "1 row must be mended first; nothing is taken in." in answer.text
    assert "Agency: 'Nowhere' is not an agency" in answer.text
    assert "First due: ‘soon’ is no day" in answer.text
    assert "rows" not in answer.page.hidden


def test_what_has_changed_since_the_preview_is_found(site: Site) -> None:
    shown = sends(site, HEAD + GOOD)
    rows = shown.page.hidden["rows"].replace("North Trust", "Nowhere")
    answer = takes(site, shown, rows=rows)
    assert answer.status == 422
    assert "Row 2, Agency: 'Nowhere' is not an agency" in answer.text


@pytest.mark.parametrize(
    "rows", ["", "[]", "{}", "[[2]]", '[[2,["x"]]]', "[1]", "null", '[["x",[]]]', "[[1e400,[]]]"]
)
def test_rows_that_no_preview_has_written_are_refused(site: Site, rows: str) -> None:
    answer = takes(site, sends(site, HEAD + GOOD), rows=rows)
    assert answer.status == 422
    assert "These rows were not read here" in answer.text


def test_no_file_or_one_of_another_kind_is_refused_in_words(site: Site) -> None:
    nothing = site.post(NEW, {}, as_="sam")
    assert nothing.status == 422
    assert "Choose the file." in nothing.text
    assert "Send a CSV file" in sends(site, HEAD, name="actions.txt").text
    assert "no rows" in sends(site, HEAD).text


def test_what_may_tell_who_somebody_is_is_pointed_out_before_it_is_taken_in(site: Site) -> None:
    answer = sends(site, HEAD + GOOD.replace("Write a leaflet", "Tell Sarah"))
    assert "Something in these rows may tell who a child or a family is." in answer.text
