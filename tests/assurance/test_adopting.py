"""A new or changed rule counts before it speaks: few mails and it is in force, many and it waits for somebody's word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.adopting import accept_backlog, only_from
from assurance.backlog import pass_over
from assurance.in_force import Entry, put_in_force, standing_of
from assurance.office import clock_of
from assurance.records import AdoptedRule
from assurance.sweep import sweep, sweep_all
from assurance.tally import Withheld
from engine.errors import Refused
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.ruled import CHAIR_ALONE, CLOCK, LATE_CHAIR, ONCE, OVERDUE, under
from tests.assurance.test_sweep import break_history
from tests.world import World, house_shelf

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday
FEW = CLOCK + "cap: 5\n"
ACTIONS = 6
Late = Callable[..., World]


@pytest.fixture
def late(any_world_at: At, tmp_path: Path) -> Late:
    """Six late actions of three days, in a group whose rules let five mails through without asking."""
    world = any_world_at("actions")
    recommendation = Ref("recommendation", 1)
    for days in (0, 0, 3, 3):
        due_on = DUE + timedelta(days=days)
        world.plans("bo", "trust", recommendation=recommendation, owner="health_visiting", due_on=due_on)
    world.on(DUE + timedelta(days=5), time(6, 30))

    def ruled(*rules: str, clock: str = FEW) -> World:
        return under(world, tmp_path / "rules", *rules, clock=clock)

    return ruled


def adopted(world: World) -> list[tuple[str, str, str, int, int]]:
    """Give what was put in force, in order: rule, by whom, what became of its backlog, owed, passed over."""
    rows = world.ask(
        sa.select(AdoptedRule).where(AdoptedRule.rule.in_(("late", "late-chair"))).order_by(AdoptedRule.id)
    )
    return [(row.rule, row.adopted_by, row.backlog, row.owed, row.passed_over) for row in rows]


def fired(world: World) -> list[list[str]]:
    return [world.fired(Ref("action", number)) for number in range(1, ACTIONS + 1)]


def passed(world: World) -> list[int]:
    """Give the actions in whose history something was passed over."""
    return [
        number
        for number in range(1, ACTIONS + 1)
        if any(line.kind == "passed_over" for line in world.history(Ref("action", number)))
    ]


# -- by itself ---------------------------------------------------------------------------------------------


def test_rules_of_a_new_group_are_in_force_from_the_first_look(any_world_at: At) -> None:
    world = any_world_at("proposed")
    rows = world.ask(sa.select(AdoptedRule))
    rules = house_shelf().book.rules
    assert {(row.rule, row.hash) for row in rows} == {(rule.id, rule.hash) for rule in rules}
    assert {(row.adopted_by, row.backlog, row.owed) for row in rows} == {("clock", "none", 0)}
    assert sweep(world.office).withheld == []


def test_a_rule_that_owes_few_mails_comes_into_force_by_itself(late: Late) -> None:
    world = late(OVERDUE, clock=CLOCK + "cap: 11\n")
    assert sweep(world.office).withheld == []
    assert adopted(world) == [("late", "clock", "none", 11, 0)]
    assert fired(world) == [["late 0"]] * ACTIONS


def test_a_rule_that_owes_many_waits_while_the_others_go_on(late: Late) -> None:
    world = late(OVERDUE, LATE_CHAIR)
    tally = sweep(world.office)
    assert tally.withheld == [Withheld("late", 11, is_more=False, cap=5)]
    assert adopted(world) == [("late-chair", "clock", "none", 0, 0)]
    assert fired(world) == [[]] * ACTIONS
    assert sweep(world.office).withheld == tally.withheld
    assert sweep_all(world.office).withheld == tally.withheld
    assert fired(world) == [[]] * ACTIONS


def test_counting_stops_where_nobody_needs_to_know_more(late: Late) -> None:
    world = late(OVERDUE, clock=CLOCK + "cap: 1\n")
    for _ in range(12):
        world.plans(
            "bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting", due_on=DUE
        )
    assert sweep(world.office).withheld == [Withheld("late", 20, is_more=True, cap=1)]


def test_a_rule_that_waits_quiets_nobody(late: Late) -> None:
    world = late(OVERDUE)
    world.on(DUE + timedelta(days=30), time(6, 30))
    world = late(OVERDUE, LATE_CHAIR)
    # Of the reminders none would be owed if the chair were told, but the chair waits too.
    assert [one.rule for one in sweep(world.office).withheld] == ["late-chair", "late"]


def test_on_a_day_with_fewer_mails_it_comes_into_force_by_itself(late: Late) -> None:
    world = late(OVERDUE)
    assert sweep(world.office).withheld
    for number in range(3, ACTIONS + 1):
        world.completes("bo", Ref("action", number))
    assert sweep(world.office).withheld, "it is counted once a day"
    world.on(DUE + timedelta(days=6), time(6, 30))
    assert sweep(world.office).withheld == []
    assert fired(world)[:2] == [["late 0"], ["late 0"]]


def test_one_subject_that_cannot_be_read_stops_no_count(late: Late) -> None:
    world = late(OVERDUE)
    break_history(world, Ref("action", 3))
    assert sweep(world.office).withheld == [Withheld("late", 9, is_more=False, cap=5)]


# -- by a person's word ------------------------------------------------------------------------------------


def test_who_accepts_the_backlog_has_all_of_it_said(late: Late) -> None:
    world = late(OVERDUE)
    sweep(world.office)
    (entry,) = accept_backlog(world.office, world.actor("sam"), ["late"])
    assert (entry.rule.id, entry.owed) == ("late", 11)
    assert fired(world) == [[]] * ACTIONS
    tally = sweep(world.office)
    assert (tally.withheld, tally.fired) == ([], ACTIONS)
    assert fired(world) == [["late 0"]] * ACTIONS
    assert adopted(world) == [("late", f"person/{world.actor('sam').person_id}", "accepted", 11, 0)]


def test_only_from_a_day_on_passes_over_what_was_true_before(late: Late) -> None:
    world = late(OVERDUE)
    (entry,) = only_from(world.office, world.actor("ada"), ["late"], DUE + timedelta(days=3))
    assert (entry.owed, entry.passed_over) == (11, 4)
    assert passed(world) == [1, 2, 3, 4]
    tally = sweep(world.office)
    assert (tally.withheld, tally.fired) == ([], 2)
    assert fired(world) == [[], [], [], [], ["late 0"], ["late 0"]]
    line = world.history(Ref("action", 1))[-1]
    assert (line.kind, line.once) == ("passed_over", "rule:late:action/1:2015-02-27:0")
    assert line.data["because"] == "the rule counts only for what has become true since 2 March 2015"
    assert world.proof().faults == ()


def test_what_was_passed_over_is_never_said_and_a_new_date_is(late: Late) -> None:
    world = late(OVERDUE)
    only_from(world.office, world.actor("dan"), ["late"], world.today)
    world.nights(DUE + timedelta(days=40))
    assert [one[:1] for one in fired(world)[:4]] == [[]] * 4
    later = world.today + timedelta(days=3)
    world.is_granted("nell", Ref("action", 1), "extend", new_due_on=later, reason="Sickness")
    world.nights(later + timedelta(days=1))
    assert fired(world)[0] == ["late 0"]
    assert sweep_all(world.office).repaired == 0


def test_who_was_interrupted_goes_on_with_the_same_command(late: Late) -> None:
    world = late(OVERDUE)
    (rule,) = world.shelf.book.rules
    actor, day = world.actor("sam"), DUE + timedelta(days=3)
    pass_over(world.office, actor, rule, only_from_on=day)
    assert sweep(world.office).withheld == [], "four mails are left, and these are few"
    assert adopted(world) == [("late", "clock", "none", 4, 0)]


def test_interrupted_in_the_middle_nothing_is_passed_over_twice(late: Late) -> None:
    world = late(OVERDUE, clock=CLOCK + "cap: 3\n")
    (rule,) = world.shelf.book.rules
    actor, day = world.actor("sam"), DUE + timedelta(days=3)
    for _ in range(2):
        pass_over(world.office, actor, rule, only_from_on=day)
    (entry,) = only_from(world.office, actor, ["late"], day)
    assert (entry.owed, entry.passed_over, passed(world)) == (4, 4, [1, 2, 3, 4])
    with pytest.raises(Refused, match="‘late’ has been in force since 4 March 2015"):
        only_from(world.office, actor, ["late"], day)


def test_several_rules_are_put_in_force_together(late: Late) -> None:
    world = late(OVERDUE, LATE_CHAIR)
    world.on(DUE + timedelta(days=30), time(6, 30))
    entries = accept_backlog(world.office, world.actor("sam"), ["late-chair", "late", "late"])
    assert [entry.rule.id for entry in entries] == ["late-chair", "late"]
    assert sweep(world.office).withheld == []
    assert fired(world) == [["late-chair 0"]] * ACTIONS


@pytest.mark.parametrize(
    ("who", "names", "sentence"),
    [
        ("bo", ["late"], "Only the coordinator or chair or deputy chair can do this; Bo Birchall is not."),
        ("sam", ["lte"], "'lte' is not a rule here; did you mean 'late'?"),
        ("sam", ["late-chair"], "‘late-chair’ has been in force since 4 March 2015."),
        (
            "sam",
            ["late"],
            "6 March 2015 is too far ahead: say from which day on things count, at the latest from",
        ),
    ],
)
def test_why_somebody_cannot_put_a_rule_in_force(
    late: Late, who: str, names: list[str], sentence: str
) -> None:
    world = late(OVERDUE, LATE_CHAIR)
    sweep(world.office)
    with pytest.raises(Refused) as refusal:
        only_from(world.office, world.actor(who), names, world.today + timedelta(days=2))
    assert sentence in str(refusal.value)
    assert adopted(world) == [("late-chair", "clock", "none", 0, 0)]


# -- changes -----------------------------------------------------------------------------------------------


def test_a_changed_rule_counts_only_what_it_has_not_said(late: Late) -> None:
    world = late(OVERDUE)
    accept_backlog(world.office, world.actor("sam"), ["late"])
    sweep(world.office)
    world = late(OVERDUE.replace("An action is late", "An action is overdue"))
    assert sweep(world.office).withheld == []
    assert adopted(world)[-1] == ("late", "clock", "none", 0, 0)
    assert fired(world) == [["late 0"]] * ACTIONS


def test_a_repeat_that_is_added_counts_too(late: Late) -> None:
    world = late(ONCE)
    accept_backlog(world.office, world.actor("sam"), ["late"])
    sweep(world.office)
    world.on(DUE + timedelta(days=20), time(6, 30))
    world = late(OVERDUE)
    assert sweep(world.office).withheld == [Withheld("late", 11, is_more=False, cap=5)]
    only_from(world.office, world.actor("sam"), ["late"], world.today)
    sweep(world.office)
    assert fired(world) == [["late 0"]] * ACTIONS


def test_an_earlier_version_that_comes_back_counts_again(late: Late) -> None:
    world = late(OVERDUE)
    only_from(world.office, world.actor("sam"), ["late"], world.today)
    sweep(world.office)
    world = late(OVERDUE.replace("is late", "is overdue"))
    sweep(world.office)
    world = late(OVERDUE)
    sweep(world.office)
    assert [row[2] for row in adopted(world)] == ["only_from", "none", "none"]


def test_a_rule_that_was_away_counts_again_when_it_comes_back(late: Late) -> None:
    world = late(OVERDUE)
    only_from(world.office, world.actor("sam"), ["late"], world.today)
    sweep(world.office)
    world = late(CHAIR_ALONE)
    sweep(world.office)
    for _ in range(3):
        world.plans(
            "bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting", due_on=DUE
        )
    world = late(OVERDUE)
    assert [one.rule for one in sweep(world.office).withheld] == ["late"]
    assert [row[2] for row in adopted(world) if row[0] == "late"] == ["only_from", "gone"]


def test_what_is_in_force_can_be_listed(late: Late) -> None:
    world = late(OVERDUE, LATE_CHAIR)
    sweep(world.office)
    with world.office.reading(clock_of(world.group_id)) as tx:
        waits, stands = standing_of(tx)
    assert (waits.rule, waits.is_in_force, waits.owed, waits.adopted_by) == ("late", False, 11, None)
    assert (stands.rule, stands.is_in_force, stands.adopted_by) == ("late-chair", True, "the clock")
    assert stands.adopted_at == world.clock.now()
    accept_backlog(world.office, world.actor("sam"), ["late"])
    with world.office.reading(clock_of(world.group_id)) as tx:
        assert standing_of(tx)[0].adopted_by == "Sam Sedley"


def test_once_all_rules_are_in_force_nobody_asks_any_more(any_world_at: At) -> None:
    world = any_world_at("actions")
    sweep(world.office)
    asked: list[str] = []

    @sa.event.listens_for(world.office.store.db, "before_cursor_execute")
    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    sweep(world.office)
    assert [statement for statement in asked if "adopted_rule" in statement] == []


def test_two_who_decide_one_after_the_other_put_a_rule_in_force_once(late: Late) -> None:
    world = late(OVERDUE)
    (rule,) = world.shelf.book.rules
    for who in ("sam", "ada"):
        with world.does(who) as tx:
            put_in_force(tx, [Entry(rule, "accepted", 11)])
    assert len(adopted(world)) == 1
