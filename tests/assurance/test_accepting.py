"""Accepting an escalation: it waits with whoever has taken it on, until a day, and then it is said again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from assurance.commands.accepting import acknowledge
from assurance.records import RuleHold
from engine.errors import Refused
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.looking import told
from tests.world import World

NOTICED_ON, NAMED_ON = date(2015, 3, 10), date(2015, 3, 13)
UNTIL = date(2015, 3, 20)
REASON = "The lead is off sick; the trust has told the Board."
HOLD = Ref("hold", 1)
CHAIR, AGENDA = "action-overdue-chair", "action-overdue-agenda"


def escalated(world: World) -> Ref:
    """Let the chair be told of the action of the trust, and give it."""
    world.night(NOTICED_ON)
    world.night(NAMED_ON)
    world.on(NAMED_ON)
    world.news()
    return world.action("trust")


def accepts(world: World, who: str, ref: Ref, until: date = UNTIL, reason: str = REASON) -> Ref:
    with world.does(who) as tx:
        return acknowledge(tx, ref, until_on=until, reason=reason)


def overdue(world: World, ref: Ref) -> list[str]:
    return [
        firing for firing in world.fired(ref) if firing.startswith((CHAIR, AGENDA, "action-overdue-board"))
    ]


# -- what comes of it --------------------------------------------------------------------------------------


def test_what_the_chair_accepts_waits_until_the_day_and_is_said_again(any_world_at: At) -> None:
    world = any_world_at("actions")
    action = escalated(world)
    assert accepts(world, "ada", action) == HOLD
    world.nights(UNTIL)
    assert overdue(world, action) == [f"{CHAIR} 0"]
    assert [reminder.to for reminder in world.reminded() if reminder.rule == "hold-ends-soon"] == ["ada"]
    world.night(UNTIL + timedelta(days=1))
    assert overdue(world, action) == [f"{CHAIR} 0", f"{CHAIR} 1"]
    again = [mail for mail in world.news() if mail.key.startswith(f"rule:{CHAIR}:{action}:2015-02-27:1:")]
    assert {mail.to for mail in again} == {"ada", "bo", "nell"}
    assert {mail.said for mail in again} == {"An action is ten working days overdue."}
    world.nights(UNTIL + timedelta(days=5))
    assert overdue(world, action) == [f"{CHAIR} 0", f"{CHAIR} 1"], "said again once"
    assert world.proof().faults == ()


def test_an_acceptance_holds_the_louder_levels_too(any_world_at: At) -> None:
    world = any_world_at("actions")
    action = escalated(world)
    until = date(2015, 4, 30)
    accepts(world, "ada", action, until)
    world.nights(date(2015, 4, 10))
    world.night(until)
    assert overdue(world, action) == [f"{CHAIR} 0"]
    world.night(until + timedelta(days=1))
    assert overdue(world, action) == [f"{CHAIR} 0", f"{CHAIR} 1"]
    notices = [line.data["rule"] for line in world.history(action) if line.kind == "noticed"]
    assert notices == [CHAIR, "action-overdue-board"], "only the level of that day gives notice"


def test_it_is_renewed_by_whoever_has_accepted_it(world_at: At) -> None:
    world = world_at("actions")
    action = escalated(world)
    accepts(world, "ada", action)
    world.on(UNTIL)
    longer = UNTIL + timedelta(days=30)
    world.moves("ada", HOLD, "renew", until=longer, reason="Still off sick.")
    assert world.row(RuleHold, HOLD).until_on == longer
    world.night(longer)
    assert overdue(world, action) == [f"{CHAIR} 0"]
    assert [line.sentence for line in told(world, "ada", action) if "hold/1" in line.sentence] == [
        "Ada Ashdown accepted the escalation until 20 March 2015 (hold/1).",
        "Ada Ashdown accepted the escalation until 19 April 2015 (hold/1).",
    ]


def test_what_is_taken_back_goes_on_as_if_nothing_had_been_accepted(world_at: At) -> None:
    world = world_at("actions")
    action = escalated(world)
    accepts(world, "ada", action, date(2015, 4, 30))
    world.moves("dan", HOLD, "lift", reason="The trust has not told the Board.")
    assert [mail.said for mail in world.news() if mail.to == "ada"] == [
        "Your acknowledgement was taken back by Dan Dole; the rules may speak again."
    ]
    world.nights(date(2015, 3, 30))
    assert overdue(world, action) == [f"{CHAIR} 0", f"{AGENDA} 0"]


def test_a_moved_date_is_not_accepted_beforehand(world_at: At) -> None:
    world = world_at("actions")
    action = escalated(world)
    accepts(world, "ada", action, date(2015, 5, 8))
    later = date(2015, 4, 3)
    world.is_granted("nell", action, "extend", new_due_on=later, reason="Illness.")
    world.night(world.working_days_from(later, 7))
    world.night(world.working_days_from(later, 10))
    assert overdue(world, action) == [f"{CHAIR} 0", f"{CHAIR} 0"]


def test_the_deputy_accepts_what_is_of_the_chairs_own_agency(world_at: At) -> None:
    world = world_at("actions")
    escalated(world)
    action = world.action("ccg")
    with pytest.raises(Refused, match="You hold a post in the agency whose work this is"):
        accepts(world, "ada", action)
    assert accepts(world, "dan", action) == HOLD


# -- what is refused ---------------------------------------------------------------------------------------


def _nothing(_world: World) -> None:
    return


def _accepted(world: World) -> None:
    accepts(world, "ada", world.action("trust"))


@pytest.mark.parametrize(
    ("before", "who", "until", "reason", "sentence"),
    [
        (_nothing, "sam", UNTIL, REASON, "The escalation about Action 1 has come to Ada Ashdown or Dan Dole"),
        (
            _nothing,
            "nell",
            UNTIL,
            REASON,
            "The escalation about Action 1 has come to Ada Ashdown or Dan Dole",
        ),
        (
            _nothing,
            "ada",
            NAMED_ON - timedelta(days=1),
            REASON,
            "12 March 2015 is over; name today or a later day.",
        ),
        (
            _nothing,
            "ada",
            NAMED_ON + timedelta(days=61),
            REASON,
            "An escalation is accepted for 60 days at most, until 12 May 2015; after that it can be accepted anew.",
        ),
        (_nothing, "ada", UNTIL, " ", "Write down the reason; it is empty."),
        (_accepted, "dan", UNTIL, REASON, "The escalation is accepted until 20 March 2015 already (hold/1)"),
    ],
)
def test_an_acceptance_that_cannot_be_is_refused(
    world_at: At, before: Callable[[World], None], who: str, until: date, reason: str, sentence: str
) -> None:
    world = world_at("actions")
    action = escalated(world)
    before(world)
    number = world.version(action)
    with pytest.raises(Refused) as refusal:
        accepts(world, who, action, until, reason)
    assert refusal.value.reasons[0].sentence.startswith(sentence)
    assert world.version(action) == number


def test_nobody_accepts_what_has_not_been_escalated(world_at: At) -> None:
    world = world_at("actions")
    world.night(NOTICED_ON)
    with pytest.raises(Refused, match="No escalation stands about Action 1 that somebody could accept"):
        accepts(world, "ada", world.action("trust"))


def test_nobody_accepts_what_is_done(world_at: At) -> None:
    world = world_at("actions")
    action = escalated(world)
    world.completes("bo", action)
    with pytest.raises(Refused, match="No escalation stands"):
        accepts(world, "ada", action)


@pytest.mark.parametrize(
    ("who", "until", "sentence"),
    [
        ("dan", UNTIL + timedelta(days=5), "is a step for the requester"),
        ("ada", UNTIL, "The new last day is later than the present one."),
        ("ada", NAMED_ON + timedelta(days=61), "An escalation is accepted for sixty days at most"),
    ],
)
def test_an_acceptance_is_not_renewed_by_others_nor_for_ever(
    world_at: At, who: str, until: date, sentence: str
) -> None:
    world = world_at("actions")
    accepts(world, "ada", escalated(world))
    with pytest.raises(Refused, match=sentence):
        world.moves(who, HOLD, "renew", until=until, reason="It takes longer.")


def test_an_acceptance_that_has_ended_is_made_anew(world_at: At) -> None:
    world = world_at("actions")
    action = escalated(world)
    accepts(world, "ada", action)
    world.on(UNTIL + timedelta(days=1))
    with pytest.raises(Refused, match="Its last day was 20 March 2015; accept the escalation anew"):
        world.moves("ada", HOLD, "renew", until=UNTIL + timedelta(days=9), reason="It takes longer.")
    with pytest.raises(Refused, match="it holds nothing any more"):
        world.moves("ada", HOLD, "lift", reason="It is done.")
    assert accepts(world, "ada", action, UNTIL + timedelta(days=9)) == Ref("hold", 2)
