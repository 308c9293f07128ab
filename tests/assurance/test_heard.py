"""Nobody is named before they were heard: where a notice leaves late, what it gives notice of waits for the time to reply."""

from __future__ import annotations

from datetime import date, time

import pytest
import sqlalchemy as sa

from assurance.commands.replying import reply
from assurance.sweep import sweep
from engine.errors import Refused
from engine.fences import EVERY
from engine.moved import Ref
from notifications.outbox import Message
from tests.assurance.conftest import At, Reopen
from tests.assurance.post_office import FAIR_RULES, LOOK, OPEN, came, letters_to, quiet, states
from tests.world import World

NOTICED_ON = date(2015, 3, 10)  # a Tuesday, three working days before the chair is told
FIRED_ON = date(2015, 3, 13)
BACK_ON = date(2015, 3, 16)  # the Monday on which mail goes again
TOLD_ON = date(2015, 3, 19)  # three working days after that
LOUD = "An action is ten working days overdue"


@pytest.fixture
def cut_off(any_world_at: At, reopen: Reopen) -> World:
    """Two owners are given notice, the mail is down for days, and meanwhile the rule has spoken."""
    world = quiet(reopen(any_world_at("actions"), FAIR_RULES))
    world.on(NOTICED_ON, LOOK)
    sweep(world.office)
    world.on(FIRED_ON, LOOK)
    sweep(world.office)
    assert "late-chair 0" in world.fired(world.action("trust"))
    world.on(BACK_ON, OPEN)
    return world


def test_a_notice_that_left_late_gives_its_full_time(cut_off: World) -> None:
    cut_off.delivers()
    [notice] = [text for text in letters_to(cut_off, "nell") if "will be told" in text]
    assert f"On 19 March 2015 Ada Ashdown will be told: “{LOUD}”, unless it has changed by then." in notice
    assert "This should have reached you on Tuesday 10 March 2015, 6 days ago" in notice
    assert [mail for mail in came(cut_off) if mail[1].startswith(LOUD)] == []
    [held] = cut_off.ask(
        sa.select(Message).where(Message.template == "escalation", Message.to_name == "Ada Ashdown")
    )
    why = "Action 1: the notice left late; nobody else is told before 19 March 2015."
    assert (held.state, held.not_before.date(), held.last_text) == ("queued", TOLD_ON, why)
    cut_off.on(TOLD_ON, OPEN)
    cut_off.delivers()
    assert [who for who, said in came(cut_off) if said.startswith(LOUD)] == ["ada", "sam"]


def test_who_hears_late_can_still_reply(cut_off: World) -> None:
    cut_off.delivers()
    action = cut_off.action("trust")
    cut_off.on(BACK_ON, time(11))
    with cut_off.does("nell") as tx:
        hold = reply(tx, action, "late-chair", "Half of it is done.")
    cut_off.on(TOLD_ON, OPEN)
    cut_off.delivers()
    # The other action was not replied to, and goes without it.
    assert ("ada", f"{LOUD}.") in came(cut_off)
    with cut_off.does("gil") as tx, pytest.raises(Refused, match="has spoken already"):
        reply(tx, cut_off.action("ccg"), "late-chair", "So is mine.")
    cut_off.on(TOLD_ON, time(11))
    cut_off.moves("sam", hold, "let_speak")
    sweep(cut_off.office)
    cut_off.delivers()
    told = [said for who, said in came(cut_off) if who == "ada"]
    assert [said.startswith(f"{LOUD}. Nell Norris has replied to the notice") for said in told] == [True]


def test_once_the_chair_was_told_a_notice_that_never_left_is_withdrawn(cut_off: World) -> None:
    with cut_off.office.store.begin(group=EVERY) as session:
        session.execute(
            sa.update(Message)
            .where(Message.template == "escalation", Message.to_name == "Ada Ashdown")
            .values(state="sent", sent_at=cut_off.clock.now())
        )
    cut_off.delivers()
    assert states(cut_off, "notice")["nell"] == (
        "withdrawn",
        "Action 1: what this gave notice of has happened.",
    )


def test_a_notice_that_can_reach_nobody_is_waited_for_no_longer(cut_off: World) -> None:
    with cut_off.office.store.begin(group=EVERY) as session:
        session.execute(sa.update(Message).where(Message.template == "notice").values(state="failed"))
    cut_off.delivers()
    assert [who for who, said in came(cut_off) if said.startswith(LOUD)] == ["ada", "sam"]


def test_a_notice_of_a_saturday_counts_from_monday(world_at: At, reopen: Reopen) -> None:
    sooner = FAIR_RULES.replace("before: 3 working days", "before: 6 days")
    world = quiet(reopen(world_at("actions"), sooner))
    saturday, friday = date(2015, 3, 7), FIRED_ON
    world.on(saturday, LOOK)
    sweep(world.office)
    world.on(date(2015, 3, 9), OPEN)
    world.delivers()
    assert any("On 15 March 2015 Ada Ashdown will be told" in text for text in letters_to(world, "nell"))
    came(world)
    world.on(friday, LOOK)
    sweep(world.office)
    assert "late-chair 0" in world.fired(Ref("action", 1))
    for day in (friday, date(2015, 3, 15)):
        world.on(day, OPEN)
        world.delivers()
        assert came(world) == []
    world.on(date(2015, 3, 16), OPEN)
    world.delivers()
    assert [who for who, said in came(world) if said.startswith(LOUD)] == ["ada", "sam"]
