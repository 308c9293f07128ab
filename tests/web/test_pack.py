"""The papers of a meeting: what lies before everybody, and nothing that only some of them may read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from engine.moved import Ref
from tests.assurance.counting import counted
from tests.assurance.full_world import FROM_A_CASE, full_world
from tests.web.site import Site

SiteAt = Callable[[str | None], Site]
PACK = "/meeting/1/pack"  # the meeting of December, which looks at the audit's returns


@pytest.fixture
def full_site(site_at: SiteAt) -> Site:
    """Pages of a world with an individual practice action and an immediate concern."""
    return Site(full_world(lambda stage: site_at(stage).world))


def test_the_papers_count_the_returns_by_records(site_at: SiteAt) -> None:
    site = site_at("agency_audits")
    world = site.world
    world.on(date(2014, 12, 1))
    world.settles("fay", world.agency_return("police"))
    world.fills("fay", world.agency_return("police", case=1))
    world.moves("fay", world.agency_return("police", case=1), "submit")
    answer = site.get(PACK, as_="cleo")
    assert answer.page.heading == "Papers: Meeting of December 2014"
    assert "2014-15/1 Police Shire Constabulary 27 November 2014 2 1 1 0" in answer.text
    assert "2014-15/1 Schools County Council 27 November 2014 2 0 0 2 (2 late)" in answer.text
    assert "As it stands on 1 December 2014." in answer.text


def test_the_papers_tell_which_decisions_wait_and_what_is_late(site: Site) -> None:
    world = site.world
    world.on(date(2015, 3, 2))
    world.asks(
        "bo", world.action("trust"), "extend", new_due_on=date(2015, 4, 30), reason="Two teams are missing"
    )
    answer = site.get("/meeting/2/pack", as_="thea")
    assert (
        "Ask for a later date Action 1, audit 2014-15/1 Bo Birchall 2 March 2015 Ada Ashdown" in answer.text
    )
    assert "Actions that are late or have no date 2 actions." in answer.text
    assert "No audit whose returns were asked for names this meeting." in answer.text


@pytest.mark.parametrize("who", ["ada", "sam", "una", "bo", "nell", "gil", "cleo", "ida"])
def test_paper_holds_what_is_pooled_whoever_prints_it(full_site: Site, who: str) -> None:
    world = full_site.world
    world.on(date(2015, 6, 1))
    world.asks("bo", world.action("trust"), "close", reason="It is for one practitioner")
    answer = full_site.get("/meeting/3/pack", as_=who)
    assert answer.status == 200
    assert "2 actions." in answer.text
    assert "No decision waits." in answer.text
    for secret in ("Keep a chronology", FROM_A_CASE, "The home is not safe", "concern for"):
        assert secret not in answer.html


def test_a_meeting_that_is_over_has_no_agenda_any_more_and_shows_what_it_decided(site: Site) -> None:
    world = site.world
    world.on(date(2015, 3, 12))
    action = world.action("trust")
    for later in (date(2015, 3, 31), date(2015, 4, 30)):
        world.is_granted("bo", action, "extend", new_due_on=later, reason="Two teams are missing")
    asked = world.asks("bo", action, "extend_by_group", new_due_on=date(2015, 6, 30), reason="One is still")
    assert "Decisions that only the group can take (1)" in site.get("/meeting/2/pack", as_="cleo").text
    world.decides("ada", asked, meeting="2015-03")
    world.on(date(2015, 3, 13))
    world.moves("sam", Ref("meeting", 2), "hold")
    answer = site.get("/meeting/2/pack", as_="gil")
    assert "an agenda is drawn up for meetings that are still to come" in answer.text
    assert "Decided at this meeting" in answer.text


def test_a_meeting_leads_to_its_papers_and_back(site: Site) -> None:
    assert PACK in site.get("/meeting/1", as_="sam").page.links
    assert "/meeting/1" in site.get(PACK, as_="sam").page.links


@pytest.mark.parametrize(("path", "who"), [("/meeting/99/pack", "ada"), (PACK, "viv")])
def test_papers_of_what_is_not_there_are_not_there(site: Site, path: str, who: str) -> None:
    assert site.get(path, as_=who).status == 404


def test_the_papers_take_the_same_statements_however_long_they_are(full_site: Site) -> None:
    world = full_site.world
    with counted(world) as few:
        full_site.get("/meeting/3/pack", as_="sam")
    world.on(date(2014, 12, 20))
    world.asks("bo", world.action("trust"), "extend", new_due_on=date(2015, 4, 30), reason="Two teams")
    world.asks("gil", world.action("ccg"), "extend", new_due_on=date(2015, 4, 30), reason="One practice")
    world.on(date(2015, 6, 1))
    with counted(world) as many:
        full_site.get("/meeting/3/pack", as_="nell")
    assert len(many) <= len(few) + 8
