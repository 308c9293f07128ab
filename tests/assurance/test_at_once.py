"""Many at once, on both databases: one decision, one answer, one firing, and nobody is turned away by the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count
from threading import Barrier
from threading import Event as Bell

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from assurance.commands import acting, concluding, programme
from assurance.commands.administering import add_person
from assurance.commands.closing import close_day
from assurance.commands.enlarging import add_agency, add_post, add_records
from assurance.commands.moving import Done, move
from assurance.commands.replying import reply
from assurance.commands.silencing import silence
from assurance.firing import look
from assurance.office import Tx, clock_of
from assurance.records import Agency, ClosedDay
from assurance.sweep import SweepTally, sweep
from engine import timers
from engine.errors import Refused, Stale
from engine.fences import EVERY
from engine.ledger import Event
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.world import World


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Let everybody do their deed at the same moment; whoever is refused gives the refusal in place of an answer."""
    ready = Barrier(len(deeds))

    def does(deed: Callable[[], object]) -> object:
        ready.wait()
        try:
            return deed()
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as crowd:
        return list(crowd.map(does, deeds))


def kinds(outcomes: Sequence[object]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


def test_of_forty_who_decide_exactly_one_does_and_the_others_hear_who_was_faster(any_world_at: At) -> None:
    world = any_world_at("proposed")
    approval = world.asks("sam", world.audit, "agree_theme")
    seen = world.version(approval)
    deeds = [partial(world.decides, "ada", approval, version=seen) for _ in range(20)]
    deeds += [partial(world.decides, "ada", approval, "reject", reason="No", version=seen) for _ in range(20)]
    outcomes = at_once(*deeds)
    assert kinds(outcomes) == {"Done": 1, "Stale": 39}
    assert {str(one)[:12] for one in outcomes if isinstance(one, Stale)} == {"Ada Ashdown "}
    decided = [line for line in world.history(approval) if "to" in line.data]
    assert len(decided) == 2
    is_approved = decided[-1].data["to"] == "approved"
    assert world.state(world.audit) == ("theme_agreed" if is_approved else "proposed")
    assert len([mail for mail in world.news() if mail.template == "approval_decided"]) == 1
    assert world.proof().faults == ()


def test_of_forty_who_decide_blindly_exactly_one_does(any_world_at: At) -> None:
    world = any_world_at("proposed")
    approval = world.asks("sam", world.audit, "agree_theme")
    outcomes = at_once(*[partial(world.decides, "ada", approval) for _ in range(40)])
    assert kinds(outcomes)["Done"] == 1
    assert kinds(outcomes)["Refused"] + kinds(outcomes)["Stale"] == 39
    assert world.state(world.audit) == "theme_agreed"


def test_the_same_request_sent_many_times_at_once_has_one_answer(any_world_at: At) -> None:
    world = any_world_at("actions")
    action = world.action("trust")
    seen = world.version(action)
    outcomes = at_once(*[partial(_begins, world, action, seen) for _ in range(20)])
    assert kinds(outcomes) == {"Done": 20}
    answers = {(one.seq, one.state) for one in outcomes if isinstance(one, Done)}
    assert answers == {(seen + 1, "in_progress")}
    assert world.version(action) == seen + 1


def test_many_who_ask_at_once_have_one_request(any_world_at: At) -> None:
    world = any_world_at("proposed")
    outcomes = at_once(*[partial(world.asks, who, world.audit, "agree_theme") for who in ("sam", "dan") * 8])
    assert kinds(outcomes) == {"Ref": 1, "Refused": 15}


def test_many_who_write_down_an_aim_at_once_get_a_number_each(any_world_at: At) -> None:
    world = any_world_at("proposed")
    outcomes = at_once(*[partial(_adds_aim, world, f"Was aim {number} met?") for number in range(12)])
    assert kinds(outcomes) == {"int": 12}
    assert world.known(world.audit).facts["aims"] == 14
    assert world.proof().faults == ()


def test_a_decision_and_a_change_of_its_subject_do_not_stop_each_other(any_world_at: At) -> None:
    world = any_world_at("actions")
    action = world.action("trust")
    for round_ in range(8):
        approval = world.asks(
            "nell", action, "extend", new_due_on=date(2015, 4, 1 + round_), reason="Sickness"
        )
        decided, changed = at_once(
            partial(world.decides, "ada", approval, "reject", reason="No"),
            partial(_adds_evidence, world, action),
        )
        assert not isinstance(changed, Refused)
        assert world.state(approval) == ("lapsed" if isinstance(decided, Refused) else "rejected")
    assert world.proof().faults == ()


def test_two_who_look_at_once_say_each_thing_once(any_world_at: At) -> None:
    world = any_world_at("actions")
    _more_actions(world, 12)
    world.news()
    world.nights(date(2015, 2, 27))
    for day in (date(2015, 2, 28), date(2015, 3, 7), date(2015, 3, 13), date(2015, 3, 29)):
        world.clock.move_to(
            world.office.playbook.calendar(1).instant(day, world.office.playbook.book.clock.look_at)
        )
        for tally in at_once(*[partial(sweep, world.office) for _ in range(4)]):
            assert isinstance(tally, SweepTally)
            assert tally.parked == 0
    with world.office.store.reading(group=EVERY) as session:
        query = sa.select(Event.once, sa.func.count()).where(Event.kind == "fired").group_by(Event.once)
        firings = dict(session.execute(query).all())
    assert set(firings.values()) == {1}
    for ref in (Ref("action", number) for number in range(1, 15)):
        assert [one for one in world.fired(ref) if "overdue" in one] == [
            "action-overdue 0",
            "action-overdue 1",
            "action-overdue-chair 0",
        ]
        noticed = [line.once for line in world.history(ref) if line.kind == "noticed"]
        assert noticed == [
            f"notice:{rule}:{ref}:2015-02-27" for rule in ("action-overdue-chair", "action-overdue-agenda")
        ]
    assert world.proof().faults == ()


def test_people_go_on_working_while_the_clock_looks(any_world_at: At) -> None:
    world = any_world_at("actions")
    _more_actions(world, 6)
    actions = [Ref("action", number) for number in range(1, 9)]
    world.on(date(2015, 2, 28))
    deeds: list[Callable[[], object]] = [partial(_works_on, world, ref) for ref in actions]
    deeds += [partial(_answers_often, world), partial(_sweeps_often, world), partial(_sweeps_often, world)]
    outcomes = at_once(*deeds)
    assert [one for one in outcomes if isinstance(one, BaseException)] == []
    assert all(world.state(ref) == "in_progress" for ref in actions)
    assert world.proof().faults == ()
    # Whoever moved after the clock had looked is looked at again.
    sweep(world.office)
    world.night(date(2015, 3, 1))
    for ref in actions:
        assert "action-overdue 0" in world.fired(ref)


def _begins(world: World, action: Ref, seen: int) -> object:
    return world.moves("nell", action, "begin", version=seen, key="form-1")


def _adds_aim(world: World, text: str) -> object:
    with world.does("sam") as tx:
        return programme.add_aim(tx, world.audit, text)


def _adds_evidence(world: World, action: Ref) -> object:
    with world.does("bo") as tx:
        return acting.add_evidence(tx, action, "Attendance list", "All teams were briefed.")


def _more_actions(world: World, number: int) -> None:
    for _ in range(number):
        world.plans("bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting")


def _works_on(world: World, action: Ref) -> None:
    who = "gil" if action == world.action("ccg") else "bo"
    for number in range(6):
        with world.does(who) as tx:
            acting.note_progress(tx, action, "late", f"Note {number}")
    with world.does(who) as tx:
        move(tx, action, "begin")


def _answers_often(world: World) -> None:
    for _ in range(8):
        with world.does("sam") as tx:
            concluding.answer_for_agency(tx, Ref("recommendation", 1), 1, "accepted")


def _sweeps_often(world: World) -> int:
    total = 0
    for _ in range(8):
        tally = sweep(world.office)
        assert tally.parked == 0, tally.parked_refs
        total += tally.looked
    return total


def test_of_many_who_reply_at_once_one_is_heard(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.night(date(2015, 3, 10))
    action = world.action("trust")
    outcomes = at_once(*[partial(_replies, world, who, action) for who in ("nell", "bo") * 6])
    assert kinds(outcomes) == {"Ref": 1, "Refused": 11}
    assert len([line for line in world.history(action) if line.kind == "replied"]) == 1
    assert world.proof().faults == ()


def test_a_reply_is_answered_while_rules_look_and_one_answer_counts(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.night(date(2015, 3, 10))
    hold = _replies(world, "nell", world.action("trust"))
    outcomes = at_once(
        *[partial(world.moves, who, hold, "let_speak") for who in ("sam", "dan") * 3],
        *[partial(sweep, world.office)] * 3,
    )
    assert kinds(outcomes)["Done"] == 1
    assert world.state(hold) == "lifted"
    assert len([line for line in world.history(world.action("trust")) if line.kind == "reply_seen"]) == 1
    assert world.proof().faults == ()


def test_a_silence_about_everything_is_lifted_while_rules_look(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.on(date(2015, 2, 26))
    with world.does("sam") as tx:
        hold = silence(tx, rule_id="action-overdue", until_on=date(2015, 3, 20), reason="They are moving.")
    world.nights(date(2015, 3, 3))
    world.on(date(2015, 3, 3))
    # No clock shows two commands the same instant, and by their instants timers are told apart.
    world.office.clock = _Ticking(world.clock.now())
    at_once(
        partial(world.moves, "sam", hold, "lift", reason="They have moved."),
        *[partial(sweep, world.office)] * 3,
        partial(_adds_evidence, world, world.action("trust")),
    )
    sweep(world.office)
    assert all("action-overdue 0" in world.fired(world.action(agency)) for agency in ("trust", "ccg"))
    assert world.proof().faults == ()


@pytest.mark.postgres
def test_a_silence_is_lifted_while_somebody_looks_who_still_knows_of_it(empty_postgres_house: str) -> None:
    world = World(empty_postgres_house)
    world.audit_at("actions")
    action = world.action("trust")
    world.on(date(2015, 2, 26))
    with world.does("sam") as tx:
        hold = silence(tx, rule_id="action-overdue", until_on=date(2015, 3, 20), reason="They are moving.")
    world.nights(date(2015, 3, 3))
    world.on(date(2015, 3, 3))
    _adds_evidence(world, action)
    world.clock.advance(timedelta(seconds=1))
    with ThreadPoolExecutor(1) as other:
        with world.office.begin(clock_of(1)) as tx:
            due = [one for one in timers.due(tx.session, at=tx.now, most=100) if one.ref == action]
            assert look(tx, due, withheld=frozenset()).fired == 0
            lifting = other.submit(world.moves, "sam", hold, "lift", reason="They have moved.")
            _wait_for(lambda: lifting.done() or _somebody_waits(world))
        lifting.result()
    sweep(world.office)
    assert "action-overdue 0" in world.fired(action)
    world.close()


class _Ticking:
    """A clock that is a little later whenever somebody looks."""

    def __init__(self, at: datetime) -> None:
        self._at, self._ticks = at, count(1)

    def now(self) -> datetime:
        return self._at + timedelta(microseconds=next(self._ticks))


def _somebody_waits(world: World) -> bool:
    with world.office.store.reading(group=EVERY) as session:
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        return bool(session.scalar(sa.text(waits)))


def _wait_for(has_come: Callable[[], bool]) -> None:
    tick = Bell()
    for _ in range(2_000):
        if has_come():
            return
        tick.wait(0.01)
    raise TimeoutError("what was waited for has not come")


def _replies(world: World, who: str, action: Ref) -> Ref:
    with world.does(who) as tx:
        return reply(tx, action, "action-overdue-chair", "It was held on Monday.")


def test_of_two_administrators_who_add_the_same_at_once_one_does_and_the_other_reads_why(
    any_world_at: At,
) -> None:
    world = any_world_at("proposed")
    trust = world.number(Agency, "trust")
    twice: list[tuple[Callable[[Tx], object], str]] = [
        (
            lambda tx: add_person(tx, "Ned Nolan", "ned@qa.example"),
            "ned@qa.example is the address of Ned Nolan",
        ),
        (lambda tx: add_agency(tx, "Ambulance"), "Ambulance is here already."),
        (
            lambda tx: add_post(tx, "Matron", "post_holder", trust, is_member=False),
            "There is a post Matron already.",
        ),
        (lambda tx: add_records(tx, "Midwifery", trust, None), "Trust answers for Midwifery already."),
    ]
    for act, sentence in twice:
        outcomes = at_once(*[partial(_keeps, world, act)] * 2)
        assert kinds(outcomes) == {"int": 1, "Refused": 1}
        assert sentence.lower() in str(next(one for one in outcomes if isinstance(one, Refused))).lower()


def test_whoever_enters_the_same_day_an_instant_later_reads_that_somebody_was_faster(
    any_world_at: At,
) -> None:
    world = any_world_at("proposed")
    day = date(2014, 11, 12)
    outcomes = at_once(*[partial(_closes, world, day)] * 8)
    assert kinds(outcomes)["int"] == 1
    assert {type(one) for one in outcomes} <= {int, Refused, Stale}


@pytest.mark.postgres
def test_a_number_that_the_database_draws_twice_is_nobody_elses_entry(empty_postgres_house: str) -> None:
    world = World(empty_postgres_house)
    _closes(world, date(2014, 11, 12))
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text("SELECT setval(pg_get_serial_sequence('closed_day', 'id'), 1, false)"))
    with pytest.raises(IntegrityError, match="pk_closed_day"):
        _closes(world, date(2014, 11, 13))
    world.close()


@pytest.mark.postgres
def test_the_clock_is_told_the_fault_itself(empty_postgres_house: str) -> None:
    world = World(empty_postgres_house)
    day = date(2014, 11, 12)
    _closes(world, day)
    with pytest.raises(IntegrityError, match="uq_closed_day"), world.office.begin(clock_of(1)) as tx:
        tx.session.add(ClosedDay(group_id=1, day=day, name="The same"))
    world.close()


def _keeps(world: World, act: Callable[[Tx], object]) -> object:
    with world.does("ida") as tx:
        return act(tx)


def _closes(world: World, day: date) -> object:
    with world.does("ida") as tx:
        return close_day(tx, day, "A day for the records")
