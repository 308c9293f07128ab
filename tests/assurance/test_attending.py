"""Who was at a meeting: recorded post by post by whoever convenes it, once the day has come, with deputies by name."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from assurance.commands.attending import PRESENCES, Present, expected_at, record_attendance
from assurance.commands.noting import note
from assurance.queries.meeting_page import Attended, attendance_of, meeting_page
from assurance.records import Attendance, Meeting, Person, Post
from engine.errors import Refused, Stale
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.looking import card, grid, looks
from tests.cast import MEETINGS
from tests.world import World

DECEMBER = Ref("meeting", 1)


def seat(world: World, post: str, person: str, presence: str, deputy: str = "") -> Present:
    """One post at a meeting, by the keys of the cast."""
    return Present(world.number(Post, post), world.number(Person, person), presence, deputy)


def records(
    world: World,
    who: str,
    *people: Present,
    meeting: Ref = DECEMBER,
    version: int | None = None,
    key: str | None = None,
) -> None:
    with world.does(who) as tx:
        record_attendance(tx, meeting, people, version=version, key=key)


def there(world: World, who: str = "cleo", meeting: Ref = DECEMBER) -> dict[str, Attended]:
    """Who was at a meeting, by the first name of whoever holds the post."""
    with looks(world, who) as (tx, viewer):
        return {one.person.split()[0].lower(): one for one in attendance_of(tx, viewer, meeting.id)}


@pytest.fixture
def met(world: World) -> World:
    """The evening of the group's first meeting."""
    world.on(MEETINGS["2014-12"])
    return world


def test_who_was_there_is_recorded_with_deputies_and_everybody_reads_it(met: World) -> None:
    people = (
        seat(met, "chair", "ada", "there"),
        seat(met, "nursing", "bo", "deputy", "Asha Ali"),
        seat(met, "policing", "fay", "apologies"),
        seat(met, "lay", "cleo", "absent"),
    )
    records(met, "sam", *people)
    found = there(met)
    assert {who: one.presence for who, one in found.items() if one.presence} == {
        "ada": "there",
        "bo": "deputy",
        "fay": "apologies",
        "cleo": "absent",
    }
    assert (found["bo"].deputy, found["bo"].agency) == ("Asha Ali", "North Trust")
    line = met.history(DECEMBER)[-1]
    assert line.data["trigger"] == "record_attendance"
    assert set(line.data["attendance"]) == set(PRESENCES)
    assert "Asha" not in str(line.data)
    assert met.proof().faults == ()


def test_whoever_asks_for_the_meeting_at_the_command_line_reads_who_was_there_too(met: World) -> None:
    records(met, "sam", seat(met, "chair", "ada", "there"), seat(met, "nursing", "bo", "deputy", "Asha Ali"))
    assert grid(card(met, "cleo", DECEMBER), "attendance") == [
        {"name": "Ada Ashdown", "post": "Chair", "presence": "there", "deputy": None},
        {"name": "Bo Birchall", "post": "Nursing", "presence": "deputy", "deputy": "Asha Ali"},
    ]


def test_what_is_recorded_anew_replaces_what_was_recorded_before(met: World) -> None:
    records(met, "sam", seat(met, "chair", "ada", "there"), seat(met, "lay", "cleo", "there"))
    records(met, "ada", seat(met, "chair", "ada", "apologies"))
    assert {one.presence for one in there(met).values()} == {"", "apologies"}
    assert len(met.ask(sa.select(Attendance.id))) == 1


def test_it_can_be_recorded_after_the_meeting_was_held_too(met: World) -> None:
    met.moves("sam", DECEMBER, "hold")
    records(met, "sam", seat(met, "chair", "ada", "there"))
    assert there(met)["ada"].presence == "there"


def test_a_note_of_who_was_there_makes_nobodys_decision_stale(met: World) -> None:
    version = met.version(DECEMBER)
    records(met, "sam", seat(met, "chair", "ada", "there"))
    met.moves("sam", DECEMBER, "hold", version=version)
    assert met.state(DECEMBER) == "held"


def test_of_two_who_record_it_at_once_the_second_reads_who_was_faster(met: World) -> None:
    seen = met.version(DECEMBER)
    records(met, "sam", seat(met, "chair", "ada", "there"), version=seen)
    with pytest.raises(
        Stale, match="Sam Sedley changed Meeting 1 on 11 Dec 2014 at 10:00, after you had looked"
    ):
        records(met, "dan", seat(met, "chair", "ada", "absent"), version=seen)
    assert there(met)["ada"].presence == "there"
    records(met, "dan", seat(met, "chair", "ada", "absent"), version=met.version(DECEMBER))
    assert there(met)["ada"].presence == "absent"


def test_what_else_is_noted_of_a_meeting_stops_nobody_who_records_who_was_there(met: World) -> None:
    seen = met.version(DECEMBER)
    known = met.known(DECEMBER)
    with met.does("sam") as tx:
        note(tx, known, "invited", {"joined": [], "left": []})
    records(met, "sam", seat(met, "chair", "ada", "there"), version=seen)
    assert there(met)["ada"].presence == "there"


def test_the_same_request_again_records_it_once(met: World) -> None:
    seen = met.version(DECEMBER)
    for _ in range(2):
        records(met, "sam", seat(met, "chair", "ada", "there"), version=seen, key="once")
    assert met.version(DECEMBER) == seen + 1


def test_those_who_belonged_there_on_the_day_are_asked_for_and_not_those_of_today(met: World) -> None:
    met.leaves("policing", successor="viv")
    met.on(met.today + timedelta(days=7))
    with looks(met, "sam") as (tx, _):
        names = {one.person for one in expected_at(tx, tx.session.get_one(Meeting, DECEMBER.id))}
    assert "Fay Finch" in names
    assert "Viv Vane" not in names
    assert {"Ida Innes", "Una Underhill", "Nell Norris"} & names == set()


@pytest.mark.parametrize(
    ("presence", "deputy", "answer"),
    [
        ("late", "", "did you mean|a word for whether somebody was there"),
        ("deputy", " ", "the name of the deputy"),
    ],
)
def test_a_word_that_nobody_knows_and_a_deputy_without_a_name_are_refused(
    met: World, presence: str, deputy: str, answer: str
) -> None:
    with pytest.raises(Refused, match=answer):
        records(met, "sam", seat(met, "chair", "ada", presence, deputy))


def test_nobody_at_all_somebody_who_did_not_belong_and_somebody_twice_are_refused(met: World) -> None:
    with pytest.raises(Refused, match="at least of one post"):
        records(met, "sam")
    for people in (
        [seat(met, "accounts", "ida", "there")],
        [seat(met, "chair", "bo", "there")],
        [seat(met, "chair", "ada", "there"), seat(met, "chair", "ada", "absent")],
    ):
        with pytest.raises(Refused, match="did not belong to the group on the day"):
            records(met, "sam", *people)
    assert met.ask(sa.select(Attendance.id)) == []


def test_only_whoever_convenes_records_it_and_only_once_the_day_has_come(world: World) -> None:
    with pytest.raises(Refused, match="still to come"):
        records(world, "sam", seat(world, "chair", "ada", "there"))
    world.on(MEETINGS["2014-12"])
    with pytest.raises(Refused, match="coordinator"):
        records(world, "bo", seat(world, "nursing", "bo", "there"))


def test_of_a_meeting_that_was_cancelled_nobody_records_who_was_there(met: World) -> None:
    met.moves("sam", DECEMBER, "cancel", reason="Snow.")
    with pytest.raises(Refused, match="Cancelled"):
        records(met, "sam", seat(met, "chair", "ada", "there"))


def test_the_page_of_a_meeting_tells_who_is_invited_and_the_mails_fate_to_few(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    world.delivers()
    with looks(world, "cleo") as (tx, viewer):
        for_cleo = meeting_page(tx, viewer, DECEMBER.id)
    with looks(world, "sam") as (tx, viewer):
        for_sam = meeting_page(tx, viewer, DECEMBER.id)
    assert {one.name for one in for_cleo.invited} == {one.name for one in for_sam.invited}
    assert len(for_cleo.invited) == 9
    assert {one.mail for one in for_sam.invited} == {"sent"}
    assert {one.mail for one in for_cleo.invited if one.name != "Cleo Cartwright"} == {""}
    assert for_sam.on == date(2014, 12, 11)
    (audit,) = for_cleo.audits
    assert (audit.reference, audit.returns_in, audit.returns, audit.has_looked) == ("2014-15/1", 0, 10, False)
