"""The pages of decisions: what the chair reads, answers and loses nothing of, and what others see of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from assurance.records import Meeting
from engine.moved import Ref
from tests.assurance.full_world import OF_INDIVIDUAL, full_world
from tests.assurance.papers import asked, papers_shelf, with_an_information_lead
from tests.web.site import Site
from tests.world import World

LATER = date(2015, 4, 30)


def later_date(site: Site, *, agency: str = "trust", who: str = "nell") -> Ref:
    world = site.world
    return world.asks(
        who, world.action(agency), "extend", new_due_on=LATER, reason="Two trainers are off sick"
    )


def test_the_chair_sees_first_what_waits_for_them_and_then_what_waits_for_others(site: Site) -> None:
    theirs, others = later_date(site), later_date(site, agency="ccg", who="gil")
    text = site.get("/approvals", as_="ada").text
    waiting, rest = text.split("Waiting for others")
    assert "Ask for a later date" in waiting
    assert "Brief every team on sharing information Nell Norris" in waiting
    assert f"/{theirs}" in site.get("/approvals", as_="ada").page.links
    assert "Dan Dole" in rest.split("Decided")[0]
    assert site.get("/approvals", as_="ada").page.links.count(f"/{others}") == 1
    assert "No decision waits for you." in site.get("/approvals", as_="nell").text


def test_the_new_date_stands_beside_the_present_and_the_first_one(site: Site) -> None:
    answer = site.get(f"/{later_date(site)}", as_="ada")
    assert answer.page.heading == "Ask for a later date"
    assert "Two trainers are off sick" in answer.text
    row = "The date now agreed 27 February 2015 27 February 2015 30 April 2015"
    assert row in answer.text
    assert "these are told: owner (Nell Norris)" in answer.text
    assert {"answer", "reason"} <= set(answer.page.names)


def test_the_chair_approves_and_it_is_done(site: Site) -> None:
    approval = later_date(site)
    answer = site.post(f"/{approval}/answer", {"answer": "approve"}, as_="ada", form_at=f"/{approval}")
    assert answer.status == 200
    assert answer.path == f"/{approval}"
    assert "You have approved this: Ask for a later date." in answer.text
    assert "Ada Ashdown decided this on" in answer.text
    assert site.world.state(approval) == "approved"
    assert "answer" not in answer.page.names


def test_whoever_has_not_lately_shown_who_they_are_does_so_first_and_types_nothing_twice(site: Site) -> None:
    approval = later_date(site)
    fields = {"answer": "reject", "reason": "It can be done in time"}
    hidden = site.get(f"/{approval}", as_="ada").page.hidden
    site.world.clock.advance(timedelta(minutes=16))
    asked = site.post(f"/{approval}/answer", fields, as_="ada", form_at=f"/{approval}", unseen=hidden)
    assert site.world.state(approval) == "waiting"
    assert "It can be done in time" in asked.html


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": "Not yet"}, "Choose whether you approve, ask for a change, or reject."),
        ({"answer": "perhaps", "reason": "Not yet"}, "Choose whether you approve"),
        ({"answer": "reject"}, "Say why it is rejected"),
        ({"answer": "request_change", "reason": "  "}, "Say what has to be changed"),
        ({"answer": "approve", "meeting": "99", "reason": "Not yet"}, "Choose one of the meetings."),
    ],
)
def test_an_answer_that_is_refused_keeps_what_was_typed(
    site: Site, fields: dict[str, str], said: str
) -> None:
    approval = later_date(site)
    answer = site.post(f"/{approval}/answer", fields, as_="ada", form_at=f"/{approval}")
    assert answer.status == 422
    assert said in answer.text
    assert fields.get("reason", "").strip() in answer.text
    if fields.get("answer") in ("reject", "request_change"):
        assert f'value="{fields["answer"]}" aria-describedby' in answer.html
        assert answer.html.count(" checked>") == 1
    assert site.world.state(approval) == "waiting"


def test_whoever_is_too_late_is_told_who_decided_and_keeps_their_words(site: Site) -> None:
    approval = later_date(site)
    site.world.is_away("ada", until=site.world.today)
    version = site.get(f"/{approval}", as_="dan").page.hidden["version"]
    fields = {"answer": "reject", "reason": "The team can be briefed by others"}
    site.world.decides("ada", approval)
    answer = site.post(
        f"/{approval}/answer", fields, as_="dan", form_at=f"/{approval}", unseen={"version": version}
    )
    assert answer.status == 409
    assert "Ada Ashdown decided this on 15 December 2014 at 10:00: approved." in answer.text
    assert "The team can be briefed by others" in answer.text
    assert site.world.state(approval) == "approved"


def test_a_conflict_of_interest_is_explained_and_there_is_no_form(site: Site) -> None:
    approval = later_date(site, agency="ccg", who="gil")
    answer = site.get(f"/{approval}", as_="ada")
    assert "You cannot answer this now. You hold a post in the agency whose work this is" in answer.text
    assert "answer" not in answer.page.names
    refused = site.post(
        f"/{approval}/answer", {"answer": "approve"}, as_="ada", form_at="/action/1/steps/begin"
    )
    assert refused.status == 422
    assert site.world.state(approval) == "waiting"


def test_only_the_group_in_a_meeting_grants_a_third_later_date(site: Site) -> None:
    world, action = site.world, site.world.action("trust")
    for month in (3, 4):
        world.is_granted("nell", action, "extend", new_due_on=date(2015, month, 27), reason="Illness")
    approval = world.asks("nell", action, "extend_by_group", new_due_on=LATER, reason="Illness")
    assert "no meeting has taken place since" in site.get(f"/{approval}", as_="ada").text
    world.on(date(2015, 3, 12))
    site = Site(world)  # a day later everybody signs in anew
    form = f"/{approval}"
    refused = site.post(f"{form}/answer", {"answer": "approve"}, as_="ada", form_at=form)
    assert "choose the meeting at which it did" in refused.text
    meeting = str(world.number(Meeting, "2015-03"))
    answer = site.post(f"{form}/answer", {"answer": "approve", "meeting": meeting}, as_="ada", form_at=form)
    assert "Decided at: Meeting of March 2015, 12 March 2015." in answer.text


def test_the_requester_can_take_the_request_back(site: Site) -> None:
    approval = later_date(site)
    assert f"/{approval}/steps/withdraw" in site.get(f"/{approval}", as_="nell").page.links
    assert f"/{approval}/steps/withdraw" not in site.get(f"/{approval}", as_="ada").page.links
    site.post(f"/{approval}/steps/withdraw", as_="nell")
    assert site.world.state(approval) == "withdrawn"


def test_a_step_of_a_decision_leads_to_its_page(site: Site) -> None:
    approval = later_date(site)
    for step in ("approve", "request_change", "reject", "count"):
        assert site.get(f"/{approval}/steps/{step}", as_="ada").path == f"/{approval}"


def test_a_decision_about_one_agencys_own_work_is_there_for_no_other(
    site_at: Callable[[str | None], Site],
) -> None:
    site = site_at("findings")
    full_world(lambda _stage: site.world)
    approval = site.world.asks(
        "nell", OF_INDIVIDUAL, "extend", new_due_on=LATER, reason="CANARY of one nurse"
    )
    for who in ("fay", "cleo", "hal"):
        assert site.get(f"/{approval}", as_=who).status == 404
        assert f"/{approval}" not in site.get("/approvals", as_=who).page.links
        sent = site.post(
            f"/{approval}/answer", {"answer": "approve"}, as_=who, form_at="/audit/1/steps/add_aim"
        )
        assert sent.status == 404
        assert "CANARY" not in sent.html + site.get("/approvals", as_=who).html
    assert "CANARY of one nurse" in site.get(f"/{approval}", as_="bo").text


@pytest.mark.parametrize("number", ["0", "999", "99999999999999999999"])
def test_a_decision_that_there_is_not_is_not_there(site: Site, number: str) -> None:
    for path in (f"/approval/{number}", f"/approval/{number}/history", f"/hold/{number}", f"/why/{number}"):
        assert site.get(path, as_="ada").status == 404


def test_the_lay_member_sees_that_a_date_moves_and_not_why(site: Site) -> None:
    answer = site.get(f"/{later_date(site)}", as_="cleo")
    assert answer.status == 200
    assert "30 April 2015" in answer.text
    assert "Two trainers" not in answer.html


@pytest.fixture
def papers(tmp_path: Path) -> Iterator[Site]:
    """The pages of a group that decides on papers, some of them by the voices of several."""
    world = with_an_information_lead(World(tmp_path / "papers.sqlite", shelf=papers_shelf()))
    yield Site(world)
    world.close()


def test_of_several_each_answer_is_counted_until_enough_agree(papers: Site) -> None:
    paper, approval = asked(papers.world, "theme")
    page = papers.get(f"/{approval}", as_="bo")
    assert "3 of the members have to agree" in page.text
    assert "Your voice for it is counted; it is done once enough have agreed." in page.text
    for who in ("bo", "dev"):
        said = papers.post(f"/{approval}/answer", {"answer": "approve"}, as_=who, form_at=f"/{approval}").text
        assert "It waits for the others." in said
    again = papers.get(f"/{approval}", as_="bo").text
    assert "You have answered already: approve." in again
    assert "2 of 3 members have agreed" in again
    papers.post(f"/{approval}/answer", {"answer": "approve"}, as_="fay", form_at=f"/{approval}")
    assert papers.world.state(approval) == "approved"
    for path in ("history?check=yes", "escalation"):
        assert papers.get(f"/{paper}/{path}", as_="sam").status == 200


def test_late_answers_are_passed_over_and_somebody_counts(papers: Site) -> None:
    world = papers.world
    _, approval = asked(world, "threshold_document")
    for who in ("bo", "dev"):
        world.decides(who, approval)
    page = papers.get(f"/{approval}", as_="sam").text
    assert "Answers are late from" in page
    assert "then 2 who agree are enough" in page
    assert "Count the answers" not in page
    world.on(world.working_days_from(world.today, 6))
    later = Site(world)
    assert "the answers only have to be counted" in later.get(f"/{approval}", as_="sam").text
    world.clock.advance(timedelta(minutes=16))
    asked_first = later.post(f"/{approval}/count", as_="sam", form_at=f"/{approval}")
    assert asked_first.page.heading == "Show that it is you"
    assert world.state(approval) == "waiting"
    later.post("/confirm", asked_first.page.hidden, as_="sam")
    done = later.post(f"/{approval}/count", as_="sam", form_at=f"/{approval}")
    assert "The answers are counted." in done.text
    assert world.state(approval) == "approved"
