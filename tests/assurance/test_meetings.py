"""Meetings move: planned, moved, held or cancelled, and what hangs on them comes along in the same transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import sqlalchemy as sa

from assurance.commands import concluding, meetings
from assurance.commands.convening import Sitting, hour_of, usual_end
from assurance.playbook import Shelf
from assurance.queries import meetings as listed
from assurance.queries.one import card_of
from assurance.queries.rows import Wanted
from assurance.records import AgencyReturn, Audit, DigestItem, Meeting
from engine.errors import Refused
from engine.moved import Ref
from engine.timers import Timer
from tests.assurance.conftest import At
from tests.assurance.looking import looks
from tests.world import World, house_shelf

MAY = Sitting(date(2015, 5, 12), time(14), time(16, 30), "Town hall")
DECEMBER, MARCH, JUNE = (Ref("meeting", number) for number in (1, 2, 3))


def planned(world: World, sitting: Sitting = MAY, *, who: str = "sam", name: str | None = None) -> Ref:
    with world.does(who) as tx:
        return meetings.plan_meeting(tx, "May meeting", sitting, name=name)


def named(world: World, meeting: Ref, *, returns_due_on: date | None = None) -> None:
    """Name the meeting of the audit anew; without a day the returns are due ten working days before it."""
    with world.does("sam") as tx:
        meetings.set_meeting(tx, world.audit, meeting.id, returns_due_on)


def due_days(world: World, *records: str) -> set[date]:
    return {world.row(AgencyReturn, ref).due_on for ref in world.returns(*records)}


# Planning


def test_a_meeting_is_planned_and_everybody_who_belongs_to_the_group_is_invited(any_world_at: At) -> None:
    world = any_world_at("proposed")
    world.news()
    ref = planned(world)
    row = world.row(Meeting, ref)
    assert (row.key, row.on, row.place, row.sequence) == ("2015-05", date(2015, 5, 12), "Town hall", 0)
    # In May London's clocks are an hour ahead.
    assert (row.starts_at, row.ends_at) == (
        datetime(2015, 5, 12, 13, tzinfo=UTC),
        datetime(2015, 5, 12, 15, 30, tzinfo=UTC),
    )
    assert world.state(ref) == "planned"
    (line,) = world.history(ref)
    assert (line.kind, line.actor) == ("opened", world.actor("sam").signature)
    assert line.data["set"] == {"on": "2015-05-12"}
    assert world.told() == ["ada", "bo", "cleo", "dan", "dev", "esme", "fay", "gil", "sam"]
    assert world.proof().faults == ()


def test_a_meeting_without_a_name_is_called_by_its_month(world: World) -> None:
    refs = [planned(world), planned(world, replace(MAY, on=date(2015, 5, 26)))]
    assert [world.row(Meeting, ref).key for ref in refs] == ["2015-05", "2015-05-2"]


@pytest.mark.parametrize(
    ("sitting", "name", "sentence"),
    [
        (replace(MAY, on=date(2014, 8, 31)), None, "31 August 2014 has passed; plan a day that is to come."),
        (replace(MAY, ends=time(14)), None, "The meeting would end at 14:00, but begins at 14:00."),
        (MAY, "2014-12", "A meeting is called '2014-12' already; choose another name."),
        (MAY, " ", "Write down a name; it is empty."),
    ],
)
def test_a_meeting_that_cannot_be_is_refused(
    world: World, sitting: Sitting, name: str | None, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        planned(world, sitting, name=name)
    assert world.ask(sa.select(sa.func.count()).select_from(Meeting)) == [3]


@pytest.mark.parametrize("who", ["bo", "cleo", "una", "viv"])
def test_only_the_coordinator_and_the_chairs_plan_meetings(world: World, who: str) -> None:
    with pytest.raises(Refused, match="Only the coordinator or chair or deputy chair can do this"):
        planned(world, who=who)


def test_without_a_workflow_for_meetings_none_is_planned(world: World) -> None:
    shelf = house_shelf()
    without = {kind: workflow for kind, workflow in shelf.workflows.items() if kind != "meeting"}
    world.office.shelf = Shelf(without, shelf.book)
    world.office.read_playbook()
    with pytest.raises(Refused, match=r"put meeting\.yaml beside the others"):
        planned(world)


def test_a_meeting_of_which_only_the_beginning_is_known_lasts_two_hours_and_ends_that_day() -> None:
    assert (usual_end(time(14)), usual_end(time(22, 30))) == (time(16), time(23, 59))


@pytest.mark.parametrize("text", ["9:00", "24:00", "14", "14:00:30", "two", "14:00+01:00", "1400"])
def test_what_is_no_hour_of_the_day_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is not an hour of the day; write it as 14:00"):
        hour_of(text)


# Moving, holding, cancelling


def test_a_meeting_moves_with_its_hours_and_its_place(any_world_at: At) -> None:
    world = any_world_at("proposed")
    done = world.moves("sam", MARCH, "move_meeting", new_on=date(2015, 4, 9), reason="Easter week")
    row = world.row(Meeting, MARCH)
    assert (row.on, row.place, row.sequence, row.key) == (date(2015, 4, 9), "Council House", 1, "2015-03")
    # The hour of the group's own clock stays, also over the change of clocks.
    assert row.starts_at == datetime(2015, 4, 9, 13, tzinfo=UTC)
    assert row.ends_at == datetime(2015, 4, 9, 15, tzinfo=UTC)
    line = world.history(MARCH)[-1]
    assert line.data["set"] == {"on": "2015-04-09"}
    assert line.data["row"]["starts_at"] == "2015-04-09T13:00:00+00:00"
    assert line.data["row"]["sequence"] == 1
    assert world.texts(MARCH)[done.seq, "reason"] == "Easter week"
    assert world.proof().faults == ()


def test_a_meeting_of_which_only_the_beginning_moves_stays_as_long_as_it_was(world: World) -> None:
    world.moves("ada", MARCH, "move_meeting", new_on=date(2015, 3, 12), starts="09:15")
    row = world.row(Meeting, MARCH)
    assert (f"{row.starts_at:%H:%M}", f"{row.ends_at:%H:%M}") == ("09:15", "11:15")
    world.moves("dan", MARCH, "move_meeting", new_on=date(2015, 3, 12), starts="22:30", place=" Library ")
    row = world.row(Meeting, MARCH)
    assert (f"{row.starts_at:%H:%M}", f"{row.ends_at:%H:%M}", row.place) == ("22:30", "23:59", "Library")


@pytest.mark.parametrize(
    ("who", "given", "sentence"),
    [
        ("sam", {"new_on": date(2014, 8, 31)}, "A meeting is moved to today or to a later day."),
        (
            "sam",
            {"new_on": date(2015, 3, 12)},
            "Nothing would change: the meeting is on 12 March 2015 already",
        ),
        ("sam", {"new_on": date(2015, 3, 13), "starts": "9"}, "'9' is not an hour of the day"),
        ("sam", {"new_on": date(2015, 3, 13), "starts": "14:00", "ends": "13:00"}, "would end at 13:00"),
        ("sam", {"new_on": date(2015, 3, 13), "starts": "14:\x0700"}, "which nobody can read"),
        ("sam", {}, "Fill in ‘New on’ with a date."),
        ("bo", {"new_on": date(2015, 3, 13)}, "is a step for the coordinator, the chair or the deputy chair"),
    ],
)
def test_a_move_of_a_meeting_that_cannot_be_is_refused_and_changes_nothing(
    world: World, who: str, given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        world.moves(who, MARCH, "move_meeting", **given)
    assert world.version(MARCH) == 1
    assert world.news() == []


def test_a_meeting_is_held_on_its_day_and_not_before(world: World) -> None:
    with pytest.raises(Refused, match="The meeting is still to come"):
        world.moves("sam", DECEMBER, "hold")
    world.on(date(2014, 12, 11), time(17))
    assert world.moves("sam", DECEMBER, "hold").state == "held"
    with pytest.raises(Refused, match="it is Held"):
        world.moves("sam", DECEMBER, "move_meeting", new_on=date(2014, 12, 18))


def test_the_same_request_moves_a_meeting_once(world: World) -> None:
    world.news()
    first = world.moves("sam", MARCH, "move_meeting", new_on=date(2015, 3, 19), key="K")
    again = world.moves("sam", MARCH, "move_meeting", new_on=date(2015, 3, 19), key="K")
    assert (again.seq, again.is_repeat, world.row(Meeting, MARCH).sequence) == (first.seq, True, 1)


# What hangs on a meeting


def test_returns_are_due_ten_working_days_before_the_meeting_unless_somebody_names_a_day(
    world_at: At,
) -> None:
    world = world_at("cases_selected")
    named(world, DECEMBER)
    row = world.row(Audit, world.audit)
    assert (row.returns_due_on, row.returns_due_before) == (date(2014, 11, 27), 10)
    named(world, DECEMBER, returns_due_on=date(2014, 11, 27))
    assert world.row(Audit, world.audit).returns_due_before is None
    assert world.proof().faults == ()


def test_a_meeting_that_is_too_near_leaves_no_ten_working_days(world_at: At) -> None:
    world = world_at("cases_selected")
    world.on(date(2014, 12, 1))
    with pytest.raises(Refused, match="was 27 November 2014, which has passed; name the day"):
        named(world, DECEMBER)
    named(world, DECEMBER, returns_due_on=date(2014, 12, 9))
    assert world.row(Audit, world.audit).returns_due_on == date(2014, 12, 9)


def test_when_the_meeting_moves_its_returns_move_along_and_say_why(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    named(world, DECEMBER)
    world.settles("bo", world.returns("health_visiting")[0])
    handed_in, own_day = world.returns("police")[0], world.returns("gp")[0]
    world.fills("fay", handed_in)
    world.moves("fay", handed_in, "submit")
    world.fills("gil", own_day)
    world.moves("gil", own_day, "submit")
    world.moves("sam", own_day, "request_changes", reason="Aim 2", new_due_on=date(2014, 12, 2))
    before = {ref: world.version(ref) for ref in world.returns()}
    done = world.moves("sam", DECEMBER, "move_meeting", new_on=date(2014, 12, 18))
    assert done.brought == (
        (
            "The returns of audit 2014-15/1 are due on 4 December 2014 instead of 27 November 2014: "
            "7 moved along, 1 with a day of its own did not."
        ),
    )
    assert world.row(Audit, world.audit).returns_due_on == date(2014, 12, 4)
    assert due_days(world, "social_care", "school") == {date(2014, 12, 4)}
    moved = [ref for ref in world.returns() if world.version(ref) > before[ref]]
    assert len(moved) == 7
    assert {world.row(AgencyReturn, ref).due_on for ref in (handed_in, own_day)} == {
        date(2014, 11, 27),
        date(2014, 12, 2),
    }
    because = "the meeting was moved from 11 December 2014 to 18 December 2014"
    for ref in (world.audit, *moved):
        line = world.history(ref)[-1]
        assert (line.kind, line.data["trigger"], line.data["because"]) == ("entered", "move_meeting", because)
    assert {world.row(AgencyReturn, ref).original_due_on for ref in moved} == {date(2014, 11, 27)}
    assert world.proof().faults == ()


def test_a_day_that_somebody_named_stays_and_is_named_in_the_answer(world_at: At) -> None:
    world = world_at("agency_audits")
    versions = [world.version(ref) for ref in (world.audit, *world.returns())]
    done = world.moves("sam", DECEMBER, "move_meeting", new_on=date(2014, 12, 18))
    assert done.brought == (
        "The returns of audit 2014-15/1 stay due on 27 November 2014, the day that somebody named.",
    )
    done = world.moves("sam", DECEMBER, "move_meeting", new_on=date(2014, 11, 20))
    assert done.brought[0].endswith("That is after the meeting: name another day.")
    assert [world.version(ref) for ref in (world.audit, *world.returns())] == versions


def test_nobody_is_late_because_a_meeting_has_moved(world_at: At) -> None:
    world = world_at("agency_audits")
    named(world, DECEMBER)
    world.on(date(2014, 11, 18))
    world.moves("sam", DECEMBER, "move_meeting", new_on=date(2014, 11, 25))
    assert due_days(world) == {date(2014, 11, 18)}


def test_an_audit_that_was_looked_at_does_not_move(world_at: At) -> None:
    world = world_at("recommendations")
    assert world.moves("sam", DECEMBER, "move_meeting", new_on=date(2014, 12, 18)).brought == ()


def test_what_hangs_on_a_meeting_is_looked_at_again(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    named(world, DECEMBER)
    world.night(date(2014, 10, 1))
    world.on(date(2014, 10, 1))
    world.moves("sam", DECEMBER, "move_meeting", new_on=date(2014, 12, 18))
    due = {
        f"{kind}/{number}"
        for kind, number in world.pairs(
            sa.select(Timer.subject_kind, Timer.subject_id).where(Timer.due_at <= world.clock.now())
        )
    }
    assert {str(ref) for ref in (DECEMBER, world.audit, *world.returns())} <= due


def waiting(world: World) -> list[str]:
    """Give the days of which reminders speak that are owed and not sent, of returns and of meetings."""
    items = world.pairs(
        sa.select(DigestItem.occasion, DigestItem.subject_kind).where(
            DigestItem.told_in.is_(None), DigestItem.dropped_because.is_(None)
        )
    )
    return sorted({day for day, kind in items if kind in ("agency_return", "meeting")})


def test_the_reminders_of_the_old_day_are_not_sent_and_those_of_the_new_one_are(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    named(world, DECEMBER)
    first = world.returns("police")[0]
    world.night(date(2014, 11, 13))
    assert world.fired(first) == ["return-due-soon 0"]
    world.night(date(2014, 11, 27))
    assert waiting(world) == ["2014-11-27", "2014-12-11"]
    world.on(date(2014, 11, 27), time(7))
    world.moves("sam", DECEMBER, "move_meeting", new_on=date(2014, 12, 18))
    # At once, in the same transaction: no sweep has looked since.
    assert waiting(world) == []
    dropped = world.ask(sa.select(DigestItem.dropped_because).where(DigestItem.occasion == "2014-11-27"))
    assert len(dropped) > 5
    assert all(dropped)
    world.night(date(2014, 12, 1))
    assert waiting(world) == ["2014-12-04", "2014-12-18"]
    assert world.fired(first).count("return-due-very-soon 0") == 2


def test_a_cancelled_meeting_names_its_audits_and_looks_at_nothing_any_more(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    assert world.known(world.audit).facts["meeting_on"] == date(2014, 12, 11)
    done = world.moves("dan", DECEMBER, "cancel", reason="Snow")
    assert (done.state, done.brought) == (
        "cancelled",
        ("Audit 2014-15/1 was to be looked at there; name another meeting.",),
    )
    for ref in (world.audit, world.returns()[0]):
        assert world.known(ref).facts["meeting_on"] is None
    assert world.known(world.audit).facts["next_meeting_on"] == date(2015, 3, 12)
    world.night(date(2014, 9, 16))
    assert world.fired(world.audit) == ["audit-without-meeting 0"]
    named(world, MARCH)
    assert world.known(world.audit).facts["meeting_on"] == date(2015, 3, 12)
    assert world.proof().faults == ()


def test_nothing_is_looked_at_or_decided_in_a_cancelled_meeting(world_at: At) -> None:
    world = world_at("findings")
    world.on(date(2014, 12, 11), time(16))
    approval = world.asks("sam", world.audit, "go_back", reason="Too early")
    world.moves("sam", DECEMBER, "cancel", reason="Snow")
    refused = "The meeting on 11 December 2014 was cancelled; name one that took place."
    with pytest.raises(Refused, match=refused), world.does("sam") as tx:
        concluding.hold_moderation(tx, world.audit, "All", meeting_id=DECEMBER.id)
    with pytest.raises(Refused, match=refused):
        world.decides("ada", approval, meeting="2014-12")


def test_returns_wait_for_no_meeting_that_is_over(world_at: At) -> None:
    world = world_at("agency_audits")
    world.moves("sam", MARCH, "cancel", reason="Two are enough")
    with pytest.raises(Refused, match="The meeting on 12 March 2015 is cancelled; name one"):
        named(world, MARCH)


# The meeting clock


def test_the_next_meeting_is_the_first_that_is_neither_held_nor_cancelled(any_world_at: At) -> None:
    world = any_world_at("actions")
    action = world.action("trust")

    def next_on() -> object:
        return {world.known(ref).facts["next_meeting_on"] for ref in (action, world.audit)}.pop()

    assert next_on() == date(2014, 12, 11)
    world.moves("sam", DECEMBER, "hold")
    assert next_on() == date(2015, 3, 12)
    world.moves("sam", JUNE, "move_meeting", new_on=date(2015, 2, 3))
    assert next_on() == date(2015, 2, 3)
    world.moves("sam", JUNE, "cancel", reason="Not needed")
    world.moves("sam", MARCH, "cancel", reason="Not needed")
    assert next_on() is None


def test_a_meeting_that_nobody_recorded_is_forgotten_once_a_later_one_was_held(any_world_at: At) -> None:
    world = any_world_at("actions")
    action = world.action("trust")
    world.on(date(2015, 3, 13))
    assert world.known(action).facts["next_meeting_on"] == date(2014, 12, 11)
    world.moves("sam", MARCH, "hold")
    assert world.known(action).facts["next_meeting_on"] == date(2015, 6, 11)
    world.night(date(2015, 5, 28))
    assert "action-for-the-agenda 0" in world.fired(action)


def test_an_overdue_action_is_put_on_the_agenda_of_each_meeting_ten_working_days_before(world_at: At) -> None:
    world = world_at("actions")
    world.moves("sam", DECEMBER, "hold")
    action = world.action("trust")
    world.moves("sam", MARCH, "move_meeting", new_on=date(2015, 4, 23))
    # It was due on 27 February; Easter lies between.
    world.nights(date(2015, 4, 8))
    spoken = [one for one in world.fired(action) if one.startswith("action-for")]
    assert spoken == []
    world.night(date(2015, 4, 9))
    assert "action-for-the-agenda 0" in world.fired(action)
    world.on(date(2015, 4, 9))
    world.moves("sam", MARCH, "move_meeting", new_on=date(2015, 5, 14))
    world.nights(date(2015, 4, 28))
    assert world.fired(action).count("action-for-the-agenda 0") == 1
    world.night(date(2015, 4, 29))
    assert world.fired(action).count("action-for-the-agenda 0") == 2


def test_the_papers_of_a_moved_meeting_go_out_before_its_new_day(world: World) -> None:
    world.on(date(2014, 11, 3))
    world.moves("sam", DECEMBER, "move_meeting", new_on=date(2015, 1, 15))
    world.nights(date(2014, 12, 18))
    assert world.fired(DECEMBER) == []
    world.nights(date(2015, 1, 15))
    # The office is closed on 29 December.
    lines = [line for line in world.history(DECEMBER) if line.kind == "fired"]
    assert [(line.data["rule"], line.data["on"]) for line in lines] == [
        ("meeting-agenda", "2014-12-19"),
        ("meeting-papers", "2014-12-31"),
    ]


def test_whoever_keeps_the_record_is_asked_whether_a_meeting_was_held(world: World) -> None:
    world.nights(date(2014, 12, 13))
    assert world.fired(DECEMBER)[-1] == "meeting-not-recorded 0"
    world.on(date(2014, 12, 13))
    world.moves("sam", DECEMBER, "hold")
    world.nights(date(2014, 12, 31))
    assert world.fired(DECEMBER)[-1] == "meeting-not-recorded 0"


# Who sees


@pytest.mark.parametrize("who", ["cleo", "bo", "una", "ida", None])
def test_everybody_with_a_post_sees_the_meetings(world_at: At, who: str | None) -> None:
    world = world_at("agency_audits")
    with looks(world, who) as (tx, viewer):
        rows = listed.meetings(tx, viewer, Wanted()).rows
        card = card_of(tx, viewer, DECEMBER)
    assert [(row.ref, row.key, row.state) for row in rows] == [
        (DECEMBER, "2014-12", "planned"),
        (MARCH, "2015-03", "planned"),
        (JUNE, "2015-06", "planned"),
    ]
    assert rows[0].audits == ("2014-15/1",)
    assert card.name == "Meeting of December 2014, 11 December 2014"
    invited = next(grid for grid in card.grids if grid.name == "invited")
    assert len(invited.rows) == 9


def test_nobody_without_a_post_sees_a_meeting(world: World) -> None:
    with looks(world, "viv") as (tx, viewer):
        assert listed.meetings(tx, viewer, Wanted()).rows == ()
        with pytest.raises(Refused, match="There is no meeting/1 that Viv Vane may see"):
            card_of(tx, viewer, DECEMBER)


def test_meetings_are_listed_by_state_and_by_audit(world_at: At) -> None:
    world = world_at("agency_audits")
    world.moves("sam", JUNE, "cancel", reason="Not needed")
    with looks(world, "sam") as (tx, viewer):
        cancelled = listed.meetings(tx, viewer, Wanted(state="cancelled")).rows
        of_audit = listed.meetings(tx, viewer, Wanted(audit_id=1)).rows
        with pytest.raises(Refused, match="'off' is not a state of meeting"):
            listed.meetings(tx, viewer, Wanted(state="off"))
    assert ([row.ref for row in cancelled], [row.ref for row in of_audit]) == ([JUNE], [DECEMBER])
