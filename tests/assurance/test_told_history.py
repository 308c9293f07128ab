"""A history in sentences and the doors out of a state, as somebody of the cast reads them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from assurance.commands import acting, concluding
from assurance.records import Post
from engine.errors import Refused
from engine.fences import EVERY
from engine.ledger import EventText
from tests.assurance.conftest import At
from tests.assurance.full_world import (
    INDIVIDUAL,
    OF_INDIVIDUAL,
    STRATEGIC,
    case_ref,
    full_world,
)
from tests.assurance.looking import (
    card,
    doors,
    erase,
    told,
    value,
    world_actions,
)
from tests.world import World


@pytest.fixture
def world(world_at: At) -> World:
    """A world in which something of every kind stands."""
    return full_world(world_at)


def test_a_history_says_who_did_what_and_why(world: World) -> None:
    lines = told(world, "sam", world.audit)
    sentences = [line.sentence for line in lines]
    assert sentences[0] == "Sam Sedley opened it: Proposed."
    assert "Sam Sedley took the step ‘Write down an aim’." in sentences
    assert "Sam Sedley asked for ‘Agree the theme’ (approval/1)." in sentences
    assert (
        "Ada Ashdown decided the step ‘Agree the theme’, which Sam Sedley had asked for (approval/1): "
        "from Proposed to Theme agreed."
    ) in sentences
    assert all(line.is_sealed for line in lines)
    assert "aim 1: Was information shared in time?" in lines[1].details
    drawn = next(line for line in lines if "Draw a case" in line.sentence)
    assert drawn.details == (f"case {case_ref(world)}: Drawn at random",)


def test_the_history_of_an_audit_names_no_case_to_the_lay_member(world: World) -> None:
    lines = told(world, "cleo", world.audit)
    assert case_ref(world) not in str(lines)
    assert ("a case",) in [line.details for line in lines]
    assert ("an individual practice recommendation, for its own agency",) in [line.details for line in lines]
    assert ("All ten returns",) in [line.details for line in lines]


def test_a_history_tells_each_thing_that_was_entered(world: World) -> None:
    with world.does("bo") as tx:
        concluding.record_dissemination(tx, world.audit, 1, "A briefing", 40)
    details = {detail for line in told(world, "sam", world.audit) for detail in line.details}
    assert details >= {
        "meeting: Meeting of December 2014",
        "the day on which returns are due: 27 November 2014",
        "10 returns",
        "recommendation/2",
        "agency: North Trust",
        "40 people reached",
        "finding 2, area for development: Schools heard late",
    }
    of_return = told(world, "bo", world.agency_return("health_visiting"))
    assert "2 aims answered" in {detail for line in of_return for detail in line.details}
    with world.does("bo") as tx:
        acting.complete_plan(tx, OF_INDIVIDUAL, owner_post_id=world.number(Post, "nursing"))
    assert told(world, "bo", OF_INDIVIDUAL)[-1].details == ("owner: Nursing",)
    of_strategic = told(world, "cleo", STRATEGIC)
    assert "action/2" in {detail for line in of_strategic for detail in line.details}


def test_notes_and_evidence_are_told_to_their_own_agency(world: World) -> None:
    action = world_actions(world, STRATEGIC)[0]
    with world.does("nell") as tx:
        acting.note_progress(tx, action, "at risk", "One family asked us not to.")
        acting.add_evidence(tx, action, "Minutes", "Of the team meeting")
    world.asks("nell", action, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")

    def details(who: str) -> set[str]:
        return {detail for line in told(world, who, action) for detail in line.details}

    assert details("nell") >= {"says it is at risk: One family asked us not to.", "evidence: Minutes"}
    assert "says it is at risk" in details("cleo")
    assert "evidence: Minutes" not in details("cleo")


def test_what_was_written_is_told_to_its_own_agency_and_its_erasure_too(world: World) -> None:
    action = world_actions(world, STRATEGIC)[0]
    world.is_granted("bo", action, "close", reason="Another team does it.")
    assert told(world, "bo", action)[-1].words == {"reason": "Another team does it."}
    assert told(world, "cleo", action)[-1].words == {}
    erase(world, action, says_when=True)
    last = told(world, "bo", action)[-1]
    assert (last.words, last.is_sealed) == ({"reason": None}, True)


def test_a_text_that_was_emptied_without_an_erasure_breaks_its_seal(world: World) -> None:
    action = world_actions(world, STRATEGIC)[0]
    world.is_granted("bo", action, "close", reason="Another team does it.")
    erase(world, action, says_when=False)
    assert [line.is_sealed for line in told(world, "bo", action)][-1] is False
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.delete(EventText).where(EventText.subject_kind == "action"))
    assert [line.is_sealed for line in told(world, "bo", action)][-1] is False


def test_a_line_that_was_changed_is_marked(world: World) -> None:
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text("DROP TRIGGER event_refuses_update"))
        session.execute(
            sa.text("UPDATE event SET actor = 'person/2' WHERE subject_kind = 'audit' AND seq = 2")
        )
    assert [line.number for line in told(world, "sam", world.audit) if not line.is_sealed] == [2]


def test_a_line_that_cannot_be_read_any_more_does_not_hide_the_others(world: World) -> None:
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text("DROP TRIGGER event_refuses_update"))
        session.execute(sa.text("UPDATE event SET data = '{' WHERE subject_kind = 'audit' AND seq = 2"))
    lines = told(world, "sam", world.audit)
    assert lines[1].sentence == "This line can no longer be read."
    assert lines[2].sentence == "Sam Sedley took the step ‘Write down an aim’."
    assert [line.number for line in lines if not line.is_sealed] == [2]


def test_a_decision_tells_its_own_history(world: World) -> None:
    asked = world.asks("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")
    world.decides("ada", asked, "reject", reason="Once is enough.")
    first, last = told(world, "nell", asked)
    assert first.sentence == "Nell Norris asked for ‘Ask for a later date’ on action/1: Waiting."
    assert last.sentence == "Ada Ashdown took the step ‘Reject’: from Waiting to Rejected."
    of_action = told(world, "nell", OF_INDIVIDUAL)
    assert of_action[-1].sentence == f"Ada Ashdown answered {asked}: reject."
    assert of_action[-1].details == ()


def test_a_granted_date_is_told_once_in_words(world: World) -> None:
    world.is_granted("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")
    details = told(world, "nell", OF_INDIVIDUAL)[-1].details
    assert details == ("the date now agreed: 1 May 2015", "times that the date was moved: 1")


def test_a_rule_that_spoke_is_told_with_its_reasons_and_whom_it_told(world: World) -> None:
    while world.today < date(2015, 3, 13):
        world.night(world.today + timedelta(days=1))
        world.on(world.today)
        world.delivers()
    spoken = [line for line in told(world, "nell", OF_INDIVIDUAL) if line.kind == "fired"]
    overdue = next(line for line in spoken if "‘action-overdue’" in line.sentence)
    assert overdue.sentence == "The rule ‘action-overdue’ spoke: An action is overdue."
    assert "chased_from_on < today (27 February 2015, 28 February 2015)" in overdue.because
    assert "chased_from_on is not empty (27 February 2015)" in overdue.because
    assert "Nell Norris" in overdue.told
    again = next(line for line in spoken if "‘action-overdue’ spoke, repeat 1" in line.sentence)
    assert again.sentence == "The rule ‘action-overdue’ spoke, repeat 1: An action is overdue."
    assert any(", an escalation:" in line.sentence for line in spoken)
    assert overdue.by == "The clock"


def test_a_rule_that_set_something_says_what(world: World) -> None:
    asked = world.asks("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")
    world.nights(world.working_days_from(world.today, 10))
    spoken = [line for line in told(world, "nell", asked) if "‘approval-to-deputy’" in line.sentence]
    assert spoken[0].details == ("the deputy was called in: yes",)
    assert value(card(world, "nell", asked), "deputy_called") is True


def test_a_request_that_lapsed_says_because_of_what(world: World) -> None:
    asked = world.asks("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")
    world.moves("nell", OF_INDIVIDUAL, "begin")
    assert told(world, "nell", asked)[-1].details == ("because action/1 has changed",)


def test_a_history_is_for_whoever_may_see_its_subject(world: World) -> None:
    with pytest.raises(Refused, match="that Gil Gadsby may see"):
        told(world, "gil", INDIVIDUAL)


# -- doors -------------------------------------------------------------------------------------------------


def test_doors_are_open_or_closed_with_every_reason(world: World) -> None:
    for_nell = doors(world, "nell", OF_INDIVIDUAL)
    assert for_nell["begin"].is_open
    assert for_nell["extend"].is_open
    assert for_nell["extend"].needs_decision_of == "the chair"
    assert [ask.name for ask in for_nell["extend"].asks] == ["new_due_on", "reason"]
    assert for_nell["note_progress"].needs_form
    assert not for_nell["confirm"].is_open
    assert "a step for the agency lead" in for_nell["confirm"].reasons[0]
    assert doors(world, "bo", OF_INDIVIDUAL)["confirm"].is_open


def test_a_conflict_of_interest_closes_the_doors_of_whoever_decides_not_of_whoever_asks(world: World) -> None:
    world.moves("gil", world.action("ccg"), "begin")
    with world.does("gil") as tx:
        acting.add_evidence(tx, world.action("ccg"), "List", "All signed.")
    world.moves("gil", world.action("ccg"), "confirm")
    assert not doors(world, "ada", world.action("ccg"))["verify"].is_open
    assert "You hold a post in the agency" in doors(world, "ada", world.action("ccg"))["verify"].reasons[0]
    assert doors(world, "dan", world.action("ccg"))["verify"].is_open
    assert doors(world, "bo", OF_INDIVIDUAL)["close"].is_open  # the chair decides on it


def test_there_are_no_doors_where_there_is_nothing_to_see(world: World) -> None:
    with pytest.raises(Refused, match="There is no action/1"):
        doors(world, "cleo", OF_INDIVIDUAL)
    assert not any(door.is_open for door in doors(world, "cleo", STRATEGIC).values())
