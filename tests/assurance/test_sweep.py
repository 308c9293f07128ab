"""The night watch: each thing is said once, to each person in one mail, and one bad subject stops nobody."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from assurance.commands import acting
from assurance.records import Agency
from assurance.sweep import SweepTally, sweep, sweep_all
from engine import timers
from engine.fences import EVERY
from engine.ledger import Event
from engine.moved import Ref
from engine.timers import Timer
from tests.assurance.conftest import At
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday


def break_history(world: World, ref: Ref) -> None:
    """Put a line into a subject's history that nobody can read, as a damaged disk would."""
    with world.office.store.begin(group=EVERY) as session:
        unreadable = {"kind": "fired", "at": "", "actor": "clock", "once": None, "data": "{", "seal": ""}
        place = {"subject_kind": ref.kind, "subject_id": ref.id, "seq": 999, "group_id": world.group_id}
        session.execute(sa.insert(Event).values(**place, **unreadable))


def mend_history(world: World, ref: Ref) -> None:
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text("DROP TRIGGER event_refuses_delete"))
        session.execute(sa.delete(Event).where(Event.seq == 999, Event.subject_id == ref.id))


def timer_of(world: World, ref: Ref) -> Timer | None:
    with world.office.store.reading(group=EVERY) as session:
        return session.get(Timer, (ref.kind, ref.id))


# -- once --------------------------------------------------------------------------------------------------


def test_an_action_is_spoken_of_before_its_day_and_after_it(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    with world.does("nell") as tx:
        acting.note_progress(tx, action, "on track", "Begun.")
    spoken: dict[str, date] = {}
    while world.today < date(2015, 5, 15):
        world.night(world.today + timedelta(days=1))
        for firing in world.fired(action)[len(spoken) :]:
            spoken[firing] = world.today
    assert spoken == {
        "action-due-in-a-month 0": DUE - timedelta(days=30),
        "action-silent 0": date(2015, 1, 29),
        "action-silent 1": date(2015, 2, 12),
        "action-due-in-a-week 0": DUE - timedelta(days=7),
        "action-due-tomorrow 0": DUE - timedelta(days=1),
        "action-silent 2": DUE - timedelta(days=1),
        "action-overdue 0": DUE + timedelta(days=1),
        "action-overdue 1": DUE + timedelta(days=8),
        "action-overdue-chair 0": world.working_days_from(DUE, 10),
        # Thirty days later is a Sunday; the notice of three working days ends on the Monday.
        "action-overdue-agenda 0": DUE + timedelta(days=31),
        "action-overdue-board 0": DUE + timedelta(days=60),
    }


def test_a_second_look_on_the_same_day_says_nothing(world_at: At) -> None:
    world = world_at("actions")
    first = world.night(DUE + timedelta(days=1))
    assert first.fired > 0
    world.news()
    assert sweep(world.office) == SweepTally()
    assert sweep_all(world.office).fired == 0
    assert world.news() == []


def test_what_is_not_due_is_not_looked_at(world_at: At) -> None:
    world = world_at("actions")
    sweep(world.office)
    assert sweep(world.office).looked == 0


def test_a_date_that_was_moved_is_a_new_occasion(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    world.nights(DUE + timedelta(days=1))
    later = DUE + timedelta(days=14)
    world.is_granted("nell", action, "extend", new_due_on=later, reason="Sickness")
    world.nights(later + timedelta(days=1))
    keys = [line.once for line in world.history(action) if line.data.get("rule") == "action-overdue"]
    assert keys == [
        "rule:action-overdue:action/1:2015-02-27:0",
        "rule:action-overdue:action/1:2015-03-13:0",
    ]


def test_after_three_weeks_of_standstill_each_person_hears_each_rule_once(world_at: At) -> None:
    world = world_at("actions")
    world.nights(DUE + timedelta(days=1))
    world.news()
    world.night(DUE + timedelta(days=22))
    letters = Counter((mail.to, mail.said) for mail in world.news())
    assert set(letters.values()) == {1}
    # Before the chair is told the owner is heard, however late it is.
    assert world.fired(world.action("trust"))[-1] == "action-overdue 3"
    world.nights(world.working_days_from(world.today, 3))
    assert world.fired(world.action("trust"))[-1] == "action-overdue-chair 0"


def test_repeats_that_were_missed_are_skipped_and_the_present_one_is_said(world_at: At) -> None:
    world = world_at("findings")
    with world.does("fay") as tx:
        ref = acting.raise_concern(tx, world.number(Agency, "council"), "A child may be alone")
    world.night(world.working_days_from(world.today, 1))
    world.night(world.working_days_from(world.today, 3))
    assert world.fired(ref) == ["concern-not-taken-up 0", "concern-not-taken-up 3"]
    world.nights(world.today + timedelta(days=40))
    assert world.fired(ref)[-1] == "concern-not-taken-up 4"


def test_the_history_says_why_a_rule_spoke(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    world.night(DUE + timedelta(days=1))
    line = next(one for one in world.history(action) if one.data.get("rule") == "action-overdue")
    assert (line.actor, line.kind) == ("clock", "fired")
    assert line.data["occasion"] == "2015-02-27"
    assert line.data["severity"] == "reminder"
    assert "chased_from_on < today: true (2015-02-27; 2015-02-28)" in line.data["reasons"]
    assert world.proof().faults == ()


# -- who is told -------------------------------------------------------------------------------------------


def test_the_owner_and_the_lead_are_reminded_and_the_chair_has_it_later(world_at: At) -> None:
    world = world_at("actions")
    world.night(DUE + timedelta(days=1))
    overdue = [one for one in world.reminded() if one.rule == "action-overdue"]
    assert sorted({one.to for one in overdue}) == ["bo", "gil", "nell"]
    assert {(one.to, one.told_as) for one in overdue if one.ref == world.action("trust")} == {
        ("nell", "owner"),
        ("bo", "agency_lead"),
    }
    world.nights(world.working_days_from(DUE, 7))
    heard = [mail for mail in world.news() if "ten working days overdue" in mail.said]
    assert sorted((mail.to, mail.template) for mail in heard) == [("gil", "notice"), ("nell", "notice")]
    world.nights(world.working_days_from(DUE, 10))
    loud = [mail for mail in world.news() if "ten working days overdue" in mail.said]
    assert sorted(mail.to for mail in loud) == ["ada", "bo", "gil", "nell"]
    assert {(mail.template, mail.severity) for mail in loud} == {("escalation", "escalation")}


def test_one_mail_for_each_person_rule_and_audit(world_at: At) -> None:
    world = world_at("agency_audits")
    world.nights(date(2014, 12, 3))
    world.news()
    world.night(date(2014, 12, 4))
    said = "A return is five working days late"
    late = [mail for mail in world.news() if mail.said.startswith(said)]
    assert Counter(mail.to for mail in late) == Counter(["ada", "bo", "dev", "esme", "fay", "gil", "sam"])
    by_person = {mail.to: mail for mail in late}
    assert by_person["bo"].said == f"{said} (2 of them)."
    assert [item["ref"] for item in by_person["bo"].items] == ["2 agency returns"]
    assert by_person["bo"].link.endswith("/audit/1")
    # The lead of the council hears of its own record set and, as the agency's lead, of the schools' too.
    assert by_person["dev"].said == f"{said} (4 of them)."


def test_a_waiting_decision_is_chased_with_whoever_may_take_it(world_at: At) -> None:
    world = world_at("proposed")
    world.asks("sam", world.audit, "agree_theme")
    world.news()
    world.nights(world.working_days_from(world.today, 5))
    assert [(one.to, one.told_as) for one in world.reminded()] == [("ada", "approver"), ("sam", "requester")]
    world.nights(world.working_days_from(date(2014, 9, 1), 10))
    assert sorted((mail.to, mail.template) for mail in world.news()) == [
        ("ada", "escalation"),
        ("dan", "escalation"),
        ("sam", "escalation"),
    ]


def test_who_has_left_is_not_written_to_and_the_successor_is(world_at: At) -> None:
    world = world_at("actions")
    world.leaves("health_visiting", successor="viv")
    world.leaves("named_gp")
    world.night(DUE + timedelta(days=1))
    told = {one.to for one in world.reminded() if one.rule == "action-overdue"}
    assert told == {"bo", "viv", "sam"}


# -- one bad subject ---------------------------------------------------------------------------------------


def test_a_broken_subject_is_parked_alone_and_the_others_go_on(world_at: At) -> None:
    world = world_at("actions")
    broken = world.action("trust")
    break_history(world, broken)
    tally = world.night(DUE + timedelta(days=1))
    assert (tally.parked, tally.parked_refs) == (1, [str(broken)])
    assert "action-overdue 0" in world.fired(world.action("ccg"))
    timer = timer_of(world, broken)
    assert timer is not None
    assert timer.due_at == world.clock.now() + timedelta(hours=1)


def test_a_broken_subject_is_tried_again_and_catches_up_once_it_is_mended(world_at: At) -> None:
    world = world_at("actions")
    broken = world.action("trust")
    break_history(world, broken)
    world.night(DUE + timedelta(days=1))
    world.clock.advance(timedelta(hours=1))
    again = sweep(world.office)
    assert (again.looked, again.parked) == (1, 1)
    mend_history(world, broken)
    world.clock.advance(timedelta(hours=1))
    assert sweep(world.office).parked == 0
    assert "action-overdue 0" in world.fired(broken)


def test_a_timer_of_nothing_is_taken_away(world_at: At) -> None:
    world = world_at("actions")
    with world.office.store.begin(group=EVERY) as session:
        timers.arm(session, [Ref("action", 99)], group_id=world.group_id, due_at=world.clock.now())
    sweep(world.office)
    assert timer_of(world, Ref("action", 99)) is None


def test_however_many_are_due_all_are_looked_at(world_at: At) -> None:
    world = world_at("actions")
    with world.office.store.begin(group=EVERY) as session:
        timers.arm(
            session,
            [Ref("action", number) for number in range(1000, 1450)],
            group_id=world.group_id,
            due_at=world.clock.now(),
        )
    assert sweep(world.office).looked > 450
    assert len(world.ask(sa.select(Timer.subject_id).where(Timer.subject_id >= 1000))) == 0


# -- the daily truth ---------------------------------------------------------------------------------------


def test_a_lost_timer_is_repaired_once_a_day(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    sweep(world.office)
    with world.office.store.begin(group=EVERY) as session:
        timers.cancel(session, action)
    assert world.night(DUE + timedelta(days=1)).parked == 0
    assert "action-overdue 0" not in world.fired(action)
    tally = sweep_all(world.office)
    assert tally.repaired == 1
    assert "action-overdue 0" in world.fired(action)
    assert timer_of(world, action) is not None
    assert sweep_all(world.office).repaired == 0


def test_each_group_is_looked_at_under_its_own_name(world_at: At) -> None:
    world = world_at("actions")
    other = world.found("other")
    with world.does("fay", group="other") as tx:
        ref = acting.raise_concern(tx, 6, "A child may be alone")
    world.night(world.working_days_from(world.today, 1))
    assert world.fired(ref) == ["concern-not-taken-up 0"]
    assert world.known_in(other, ref).standing.group_id == other


def test_what_counts_a_subject_is_looked_at_again_when_the_subject_moves(world_at: At) -> None:
    world = world_at("actions")
    sweep(world.office)
    recommendation = Ref("recommendation", 1)
    before = timer_of(world, recommendation)
    world.moves("nell", world.action("trust"), "begin")
    after = timer_of(world, recommendation)
    assert after is not None
    assert before is None or after.due_at < before.due_at


@pytest.mark.parametrize("day", [date(2014, 12, 24), date(2014, 12, 29), date(2015, 4, 2)])
def test_working_days_leave_out_holidays_and_the_groups_own_closed_days(world_at: At, day: date) -> None:
    world = world_at("actions")
    calendar = world.office.playbook.calendar(world.group_id)
    after = world.working_days_from(day, 1)
    assert calendar.is_working(after)
    assert not any(calendar.is_working(day + timedelta(days=n)) for n in range(1, (after - day).days))


def test_the_tally_adds_up() -> None:
    tally = SweepTally(1, 2, 3, 4, 5, ["action/1"])
    tally.add(SweepTally(10, 20, 30, 40, 50, ["action/2"]))
    assert tally == SweepTally(11, 22, 33, 44, 55, ["action/1", "action/2"])


def test_an_audit_is_due_again_a_year_after_its_sign_off(world_at: At) -> None:
    world = world_at("actions")
    world.is_granted("bo", world.action("trust"), "close", reason="A new law came.")
    world.is_granted("gil", world.action("ccg"), "close", by="dan", reason="A new law came.")
    world.is_granted("sam", Ref("recommendation", 1), "supersede", reason="A new law came.")
    with world.office.store.begin(group=EVERY) as session:
        session.execute(
            sa.text(
                'INSERT INTO dissemination (audit_id, agency_id, "on", how, reached, group_id) '
                "SELECT 1, id, '2015-01-01', 'Briefing', 9, 1 FROM agency"
            )
        )
    world.is_granted("sam", world.audit, "sign_off")
    world.news()
    world.night(date(2015, 12, 15))
    assert world.fired(world.audit) == ["re-audit-due 0"]
    assert sorted(one.to for one in world.reminded() if one.rule == "re-audit-due") == ["ada", "sam"]
