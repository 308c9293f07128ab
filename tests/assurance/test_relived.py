"""The past that is lived again is the one that was: the rules in force say what the history holds, all of it and no more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.commands import acting, concluding
from assurance.commands.accepting import acknowledge
from assurance.commands.addresses import mend
from assurance.commands.founding import open_matter
from assurance.commands.replying import reply
from assurance.commands.silencing import silence
from assurance.commands.waiting import stop_waiting, wait_for
from assurance.config import HOME
from assurance.playbook import read_shelf
from assurance.queries.rehearse import Rehearsal, rehearse
from assurance.records import Agency, Meeting, Post
from assurance.sweep import sweep, sweep_all
from engine.conditions import Value
from engine.fences import EVERY
from engine.ledger import Event, canonical
from engine.moved import Ref
from engine.store import instant_text
from tests.assurance.conftest import At
from tests.assurance.desk import Desk, chase
from tests.assurance.papers import asked
from tests.assurance.ruled import under
from tests.assurance.test_matters import FAMILY
from tests.assurance.test_tampering import take_the_guard_away
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday
CHAIR = "action-overdue-chair"
Happens = Mapping[date, Callable[[World], object]]


def lives(world: World, until: date, happens: Happens) -> None:
    """Let the days pass: each morning the rules look, later something happens, and they look again in the evening."""
    while world.today < until:
        world.night(world.today + timedelta(days=1))
        if world.today in happens:
            world.on(world.today)
            happens[world.today](world)
            sweep(world.office)


def lived_again(world: World, from_on: date) -> Rehearsal:
    with world.office.reading(world.actor("ada")) as tx:
        found = rehearse(tx, tx.playbook.book, from_on=from_on)
    assert found.differences() == ()
    assert found.really == found.agreed == len(found.before)
    return found


def rules_in(found: Rehearsal) -> set[str]:
    return {saying.rule for saying in found.before}


# -- what people do about rules ----------------------------------------------------------------------------


def is_moved(world: World) -> None:
    new = DUE + timedelta(days=21)
    world.is_granted("nell", world.action("trust"), "extend", new_due_on=new, reason="Sickness")


def is_noted(world: World) -> None:
    with world.does("nell") as tx:
        acting.note_progress(tx, world.action("trust"), "on track", "Begun.")


def is_silenced(world: World) -> None:
    with world.does("sam") as tx:
        until = world.today + timedelta(days=9)
        silence(tx, ref=world.action("ccg"), until_on=until, reason="The list is being counted.")


def is_silenced_everywhere(world: World) -> None:
    with world.does("sam") as tx:
        until = world.today + timedelta(days=6)
        silence(tx, rule_id="action-overdue", until_on=until, reason="We count again.")


def is_lifted(world: World) -> None:
    world.moves("sam", Ref("hold", 1), "lift", reason="Counted.")


def is_accepted(world: World) -> None:
    with world.does("dan") as tx:
        until = world.today + timedelta(days=10)
        acknowledge(tx, world.action("trust"), until_on=until, reason="The lead is off sick.")


def is_replied(world: World) -> None:
    with world.does("nell") as tx:
        reply(tx, world.action("trust"), CHAIR, "It was done on Monday.")


def is_heard(world: World) -> None:
    world.moves("sam", Ref("hold", 1), "let_speak")


def waits(world: World) -> None:
    with world.does("nell") as tx:
        wait_for(tx, world.action("trust"), world.number(Agency, "police"), "The list is theirs.")


def goes_on(world: World) -> None:
    with world.does("nell") as tx:
        stop_waiting(tx, world.action("trust"), "The list has come.")


def day(number: int) -> date:
    return DUE + timedelta(days=number)


@pytest.mark.parametrize(
    ("happens", "rule"),
    [
        ({}, "action-overdue-board"),
        ({day(-20): is_noted, day(4): is_moved}, "action-overdue"),
        ({day(2): is_silenced, day(20): is_noted}, CHAIR),
        ({day(2): is_silenced, day(5): is_lifted}, CHAIR),
        ({day(1): is_silenced_everywhere}, "action-overdue"),
        ({day(-2): is_silenced_everywhere, day(3): is_lifted}, "action-overdue"),
        ({day(18): is_accepted}, CHAIR),
        ({day(12): is_replied, day(17): is_heard}, CHAIR),
        ({day(12): is_replied}, CHAIR),
        ({day(-7): waits, day(20): goes_on}, "action-awaited-chair"),
    ],
)  # fmt: skip
def test_an_action_is_lived_again_with_all_that_people_do(happens: Happens, rule: str, world_at: At) -> None:
    world = world_at("actions")
    lives(world, day(70), happens)
    assert rule in rules_in(lived_again(world, date(2014, 12, 16)))


def test_it_is_lived_again_out_of_postgresql_too(any_world_at: At) -> None:
    world = any_world_at("actions")
    lives(world, day(40), {day(2): is_silenced, day(4): is_moved, day(8): is_silenced_everywhere})
    assert CHAIR in rules_in(lived_again(world, date(2014, 12, 16)))


# -- returns, meetings and decisions -----------------------------------------------------------------------


def meeting_moves(world: World) -> None:
    meeting = Ref(Meeting.noun, world.number(Meeting, "2014-12"))
    world.moves("sam", meeting, "move_meeting", new_on=date(2014, 12, 18), reason="The hall is taken.")


def meeting_is_cancelled(world: World) -> None:
    meeting = Ref(Meeting.noun, world.number(Meeting, "2014-12"))
    world.moves("sam", meeting, "cancel", reason="Snow.")


def returns_come(world: World) -> None:
    world.settles("fay", world.returns("police")[0], "no")
    world.settles("bo", world.returns("health_visiting")[0], "yes")


@pytest.mark.parametrize(
    ("happens", "rule"),
    [
        ({date(2014, 11, 20): returns_come}, "return-late-chair"),
        ({date(2014, 11, 18): meeting_moves}, "meeting-papers"),
        ({date(2014, 11, 25): meeting_moves, date(2014, 12, 1): returns_come}, "meeting-returns-missing"),
        ({date(2014, 12, 4): meeting_is_cancelled}, "audit-without-meeting"),
    ],
)
def test_returns_are_lived_again_with_their_meeting(happens: Happens, rule: str, world_at: At) -> None:
    world = world_at("agency_audits")
    begin = world.today
    lives(world, date(2015, 1, 9), happens)
    assert rule in rules_in(lived_again(world, begin + timedelta(days=1)))


def test_the_actions_of_a_meeting_are_lived_again_when_it_moves(world_at: At) -> None:
    world = world_at("actions")
    held = Ref(Meeting.noun, world.number(Meeting, "2014-12"))
    june = Ref(Meeting.noun, world.number(Meeting, "2015-06"))
    march = Ref(Meeting.noun, world.number(Meeting, "2015-03"))
    happens: Happens = {
        date(2014, 12, 17): lambda world: world.moves("sam", held, "hold"),
        date(2015, 3, 13): lambda world: world.moves("sam", march, "hold"),
        day(45): lambda world: world.moves(
            "sam", june, "move_meeting", new_on=date(2015, 5, 6), reason="Hall"
        ),
    }
    lives(world, day(60), happens)
    assert "action-for-the-agenda" in rules_in(lived_again(world, date(2014, 12, 18)))


def test_a_decision_is_lived_again_with_the_deputy_who_was_called_in(world_at: At) -> None:
    world = world_at("proposed")
    begin = world.today
    happens: Happens = {
        date(2014, 9, 3): lambda world: world.asks("sam", world.audit, "agree_theme"),
        date(2014, 9, 24): lambda world: world.decides("dan", Ref("approval", 1)),
    }
    lives(world, date(2014, 10, 10), happens)
    found = lived_again(world, begin)
    told = {saying.rule: said.told for saying, said in found.before.items()}
    assert told["approval-to-deputy"] == ("Ada Ashdown", "Dan Dole", "Sam Sedley")


def test_without_the_rule_that_calls_the_deputy_in_nobody_is_called(world_at: At, tmp_path: Path) -> None:
    world = world_at("proposed")
    begin = world.today
    lives(
        world,
        date(2014, 10, 10),
        {date(2014, 9, 3): lambda world: world.asks("sam", world.audit, "agree_theme")},
    )
    text = (HOME / "rules" / "approval.yaml").read_text(encoding="utf-8")
    (tmp_path / "clock.yaml").write_text((HOME / "rules" / "clock.yaml").read_text(encoding="utf-8"))
    (tmp_path / "approval.yaml").write_text(
        text.replace("    set: {deputy_called: true}\n", "").replace(
            "quiets: [approval-waiting]", "quiets: []"
        )
    )
    changed = read_shelf((HOME / "workflows",), (tmp_path,)).book
    with world.office.reading(world.actor("ada")) as tx:
        found = rehearse(tx, changed, from_on=begin)
    told = {saying.rule: said.told for saying, said in found.after.items()}
    assert told["approval-to-deputy"] == ("Ada Ashdown", "Sam Sedley"), (
        "in the past she was called in by a rule"
    )


def test_papers_of_several_are_lived_again_with_the_answers_that_were_given(papers: World) -> None:
    world = papers
    begin = world.today
    _, theme = asked(world, "theme")
    asked(world, "data_request")
    happens: Happens = {begin + timedelta(days=2): lambda world: world.decides("bo", theme)}
    lives(world, begin + timedelta(days=40), happens)
    found = lived_again(world, begin)
    told = [said.told for saying, said in found.before.items() if saying.ref == theme]
    assert told
    assert all("Bo Birchall" not in names for names in told), "she has answered"


FAR_RULES = """
  - id: has-an-action
    about: recommendation
    title: A recommendation has an action
    when: actions >= 1
    once_per: actions
    tell: [coordinator]

  - id: all-agreed-below
    about: audit
    title: Every recommendation of an audit is agreed
    when: recommendations >= 1 and recommendations_proposed = 0
    once_per: recommendations
    tell: [coordinator]

  - id: given-up-above
    about: action
    title: The recommendation of an action was given up
    when: state = closed and not recommendation_is_agreed
    once_per: recommendation_is_agreed
    tell: [coordinator]
"""


def test_what_stands_in_another_row_is_seen_on_the_day_on_which_that_moves(
    world_at: At, tmp_path: Path
) -> None:
    world = under(world_at("recommendations"), tmp_path / "rules", FAR_RULES)
    begin = world.today
    recommendation = Ref("recommendation", 1)

    def is_made(world: World) -> None:
        asks = [world.number(Agency, "trust")]
        wanted = concluding.Wanted("strategic", "Tell schools on the day", [world.aims()[0]], [1], asks)
        with world.does("sam") as tx:
            assert concluding.make_recommendation(tx, world.audit, wanted) == recommendation

    def is_planned(world: World) -> None:
        plan = acting.Plan(
            world.number(Agency, "trust"), "Brief every team", world.number(Post, "nursing"), "All", DUE
        )
        with world.does("bo") as tx:
            acting.plan_action(tx, recommendation, plan)

    def is_given_up(world: World) -> None:
        world.is_granted("sam", recommendation, "supersede", reason="A law says it now.")
        sweep_all(world.office)  # what nobody was told of is found once a day

    happens: Happens = {
        begin + timedelta(days=2): is_made,
        begin + timedelta(days=3): lambda world: world.is_granted("sam", recommendation, "agree"),
        begin + timedelta(days=4): is_planned,
        begin + timedelta(days=5): lambda world: world.is_granted(
            "sam", Ref("action", 1), "close", reason="A law says it now."
        ),
        begin + timedelta(days=6): is_given_up,
    }
    lives(world, begin + timedelta(days=9), happens)
    found = lived_again(world, begin)
    assert {(saying.rule, said.on) for saying, said in found.before.items()} == {
        ("all-agreed-below", begin + timedelta(days=3)),
        ("has-an-action", begin + timedelta(days=4)),
        ("given-up-above", begin + timedelta(days=6)),
    }


# -- addresses, families, and days without a clock ---------------------------------------------------------


def test_a_dead_address_is_lived_again_until_it_is_mended(desk: Desk) -> None:
    world = desk.world
    begin = world.today
    chase(desk)
    desk.deliver()
    desk.comes_back("postfix", "bo@qa.example")
    desk.reads()
    sweep(world.office)

    def is_mended(world: World) -> None:
        with world.does("sam") as tx:
            mend(tx, Ref("dead_address", 1), "bo.birchall@qa.example")

    lives(world, begin + timedelta(days=30), {begin + timedelta(days=10): is_mended})
    assert "address-dead" in rules_in(lived_again(world, begin))


@pytest.fixture
def family(tmp_path: Path) -> Iterator[World]:
    """An office that also knows dip samples, a family that stands in YAML alone."""
    shelf = read_shelf((HOME / "workflows", FAMILY / "workflows"), (HOME / "rules", FAMILY / "rules"))
    world = World(tmp_path / "family.sqlite", shelf=shelf)
    yield world
    world.close()


def test_a_family_of_yaml_is_lived_again_with_its_fields(family: World) -> None:
    world = family
    begin = world.today
    with world.does("bo") as tx:
        fields: Mapping[str, Value] = {
            "files": 5,
            "question": "Was the father asked?",
            "due_on": date(2014, 9, 5),
        }
        open_matter(tx, "dip_sample", "Fathers", fields, agency_id=world.number(Agency, "trust"))
    lives(world, begin + timedelta(days=60), {})
    assert rules_in(lived_again(world, begin)) & {rule.id for rule in world.shelf.book.about("dip_sample")}


def test_the_past_of_an_older_database_is_lived_again_without_what_its_lines_do_not_say(world_at: At) -> None:
    world = world_at("actions")
    held = Ref(Meeting.noun, world.number(Meeting, "2014-12"))
    world.moves("sam", held, "hold")
    lives(world, day(30), {day(-20): is_noted, day(4): is_moved})
    now = instant_text(world.clock.now())
    with world.office.store.begin(group=EVERY) as session:
        take_the_guard_away(session)
        for line in session.scalars(sa.select(Event).where(Event.subject_kind.in_(("meeting", "action")))):
            data = json.loads(line.data)
            data.get("row", {}).pop("chased_from_on", None)  # of one clock only did they know
            if line.subject_kind == "meeting" and line.seq == 1:
                # Meetings had no history; each got its first line when the database was migrated.
                to = "held" if line.subject_id == held.id else "planned"
                data |= {"taken_over": True, "to": to}
                line.at = now
            line.data = canonical(data)
        session.execute(
            sa.delete(Event).where(
                Event.subject_kind == "meeting", Event.subject_id == held.id, Event.seq > 1
            )
        )
    found = lived_again(world, date(2014, 12, 16))
    assert {"action-overdue", "action-due-tomorrow"} <= rules_in(found)
    assert "audit-without-meeting" not in rules_in(found)
