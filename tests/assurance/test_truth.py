"""At the moment of sending: what is still so goes, what is not is withdrawn with its reason, and nobody is forgotten."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa

from assurance.commands import acting
from assurance.sweep import sweep
from notifications.outbox import Message
from tests.assurance.conftest import At, Reopen
from tests.assurance.post_office import (
    EVENING,
    LOOK,
    OPEN,
    RULES,
    came,
    hands_over,
    quiet,
    states,
)
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday
CHAIRS_DAY = date(2015, 3, 13)  # ten working days later, a Friday
BOARDS_DAY = date(2015, 4, 28)
LOUD = "An action is ten working days overdue"


@pytest.fixture
def owed(world_at: At, reopen: Reopen) -> World:
    """The morning on which the chair is owed a word about two actions; no mail goes yet."""
    return owed_in(world_at, reopen)


@pytest.fixture
def owed_anywhere(any_world_at: At, reopen: Reopen) -> World:
    """The same, once on SQLite and once on PostgreSQL."""
    return owed_in(any_world_at, reopen)


def owed_in(at: At, reopen: Reopen) -> World:
    """Bring the actions to the morning on which the chair is owed a word."""
    world = quiet(reopen(at("actions"), RULES))
    world.on(CHAIRS_DAY, LOOK)
    sweep(world.office)
    assert {who: state for who, (state, _) in states(world, "escalation").items()} == {
        "ada": "queued",
        "sam": "queued",
    }
    return world


def at_seven(world: World) -> None:
    """Let it be seven: before mail goes, and after the rules have looked."""
    world.on(world.today, time(7))


def goes_out(world: World) -> list[tuple[str, str]]:
    """Let the quiet hours end, and give what came to whom."""
    world.on(world.today, OPEN)
    world.delivers()
    return came(world)


# -- what was said, and is no longer so --------------------------------------------------------------------


def test_what_is_still_so_goes_when_the_quiet_hours_end(owed: World) -> None:
    assert goes_out(owed) == [("ada", f"{LOUD} (2 of them)."), ("sam", f"{LOUD} (2 of them).")]


def test_what_is_done_by_then_is_withdrawn_with_the_reason(owed: World) -> None:
    at_seven(owed)
    owed.completes("bo", owed.action("trust"))
    owed.completes("gil", owed.action("ccg"), by="dan")
    assert [mail for mail in goes_out(owed) if mail[1].startswith(LOUD)] == []
    state, why = states(owed, "escalation")["ada"]
    assert state == "withdrawn"
    assert why == f"Action 1 has changed: “{LOUD}” is no longer so. The same goes for 1 more."


def test_of_several_only_those_go_that_are_still_so(owed_anywhere: World) -> None:
    owed = owed_anywhere
    at_seven(owed)
    owed.completes("bo", owed.action("trust"))
    assert ("ada", f"{LOUD}.") in goes_out(owed)
    [message] = owed.ask(
        sa.select(Message).where(Message.key.contains("late-chair"), Message.to_name == "Ada Ashdown")
    )
    assert "Action 2" in message.context
    assert "Action 1" not in message.context


def test_a_date_that_was_moved_takes_back_what_was_owed(owed: World) -> None:
    at_seven(owed)
    for who, agency in (("nell", "trust"), ("gil", "ccg")):
        by = "dan" if agency == "ccg" else "ada"
        later = DUE + timedelta(days=60)
        owed.is_granted(who, owed.action(agency), "extend", new_due_on=later, reason="Sickness", by=by)
    assert [mail for mail in goes_out(owed) if mail[1].startswith(LOUD)] == []
    assert states(owed, "escalation")["sam"][0] == "withdrawn"


def test_only_the_present_level_of_a_ladder_goes(owed: World) -> None:
    owed.on(BOARDS_DAY, LOOK)
    sweep(owed.office)
    said = "An action is sixty days overdue (2 of them)."
    assert goes_out(owed) == [("ada", said), ("thea", said)]
    why = "Action 1: the rule “late-board” speaks of it now instead. The same goes for 1 more."
    assert states(owed, "escalation")["sam"] == ("withdrawn", why)


def test_a_louder_rule_that_has_not_been_looked_for_yet_counts_too(owed: World) -> None:
    owed.on(BOARDS_DAY, OPEN)
    owed.delivers()
    assert came(owed) == []
    assert {state for state, _ in states(owed, "escalation").values()} == {"withdrawn"}


def test_a_rule_that_is_taken_out_says_nothing_more(owed: World, reopen: Reopen) -> None:
    without = RULES.replace("  - id: late-chair\n", "  - id: late-chair-renamed\n").replace(
        "quiets: [late-chair]", "quiets: [late-chair-renamed]"
    )
    world = reopen(owed, without)
    world.on(world.today, OPEN)
    world.delivers()
    state, why = states(world, "escalation")["ada"]
    assert state == "withdrawn"
    assert why == "“late-chair” is no longer a rule of the group. The same goes for 1 more."


# -- who is told -------------------------------------------------------------------------------------------


def test_whoever_took_a_post_over_hears_instead_of_who_left_it(owed_anywhere: World) -> None:
    owed = owed_anywhere
    hands_over(owed, "ada", "viv", post="chair")
    assert goes_out(owed) == [("sam", f"{LOUD} (2 of them)."), ("viv", f"{LOUD} (2 of them).")]
    assert states(owed, "escalation")["ada"] == (
        "withdrawn",
        "Ada Ashdown is no longer told of Action 1 as chair. The same goes for 1 more.",
    )


def test_a_post_that_is_vacant_is_made_good_by_the_coordinator(owed: World) -> None:
    hands_over(owed, "ada", None, post="chair")
    # The coordinator was owed the same already, and is not told twice.
    assert goes_out(owed) == [("sam", f"{LOUD} (2 of them).")]
    owed.delivers()
    assert came(owed) == []


def test_news_of_a_move_stays_true_but_is_not_for_who_has_left(world_at: At, reopen: Reopen) -> None:
    world = quiet(reopen(world_at("actions"), RULES))
    world.on(world.today, EVENING)
    action = world.action("trust")
    world.moves("nell", action, "begin")
    with world.does("nell") as tx:
        acting.add_evidence(tx, action, "Attendance list", "All teams were briefed.")
    world.moves("bo", action, "confirm")
    told = {who for who, (state, _) in states(world, "action_told").items() if state == "queued"}
    assert told
    hands_over(world, "ada", None, post="chair")
    world.on(world.today + timedelta(days=1), OPEN)
    world.delivers()
    assert states(world, "action_told")["ada"][0] == "withdrawn"
    assert "ada" not in {who for who, _ in came(world)}


def test_a_decision_that_was_taken_asks_nobody_any_more(world_at: At, reopen: Reopen) -> None:
    world = quiet(reopen(world_at("proposed"), RULES))
    world.on(world.today, EVENING)
    asked = world.asks("sam", world.audit, "agree_theme")
    world.decides("ada", asked)
    world.on(world.today + timedelta(days=1), OPEN)
    world.delivers()
    assert states(world, "approval_waiting")["ada"] == (
        "withdrawn",
        "Approval 1 no longer waits: it stands at “Approved”.",
    )


def test_whoever_decides_in_anothers_place_is_asked_by_mail(world_at: At, reopen: Reopen) -> None:
    world = quiet(reopen(world_at("proposed"), RULES))
    world.on(world.today, EVENING)
    world.asks("sam", world.audit, "agree_theme")
    hands_over(world, "ada", None, post="chair")
    world.on(world.today + timedelta(days=1), OPEN)
    world.delivers()
    assert [who for who, _ in came(world)] == ["dan"]


def test_returns_are_asked_of_whoever_leads_the_records_when_the_mail_goes(
    world_at: At, reopen: Reopen
) -> None:
    world = quiet(reopen(world_at("cases_selected"), RULES))
    world.on(world.today, EVENING)
    world.audit_at("agency_audits")
    world.on(date(2014, 9, 15), EVENING)
    hands_over(world, "fay", "viv", post="policing")
    world.on(date(2014, 9, 16), OPEN)
    world.delivers()
    asked = {who for who, said in came(world) if said.startswith("The group asks you for")}
    assert "viv" in asked
    assert "fay" not in asked
