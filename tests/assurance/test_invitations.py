"""Invitations on their way: planned, moved, cancelled; who joins, who leaves, and what a later word overtakes."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from assurance.attendance import keep_invitations
from assurance.commands import meetings
from assurance.commands.convening import Sitting
from assurance.erasing import erase_past
from assurance.invitations import OVERTAKEN
from assurance.office import clock_of
from assurance.post import deliver, maildir
from assurance.records import Invitation, Meeting
from assurance.retention import Retention
from assurance.sweep import sweep_all
from engine.fences import EVERY
from engine.moved import Ref
from engine.spans import Span, Unit
from notifications.leases import claim
from notifications.letters import Outcome, Result
from notifications.mailer import MemoryMailer
from notifications.outbox import Message
from tests.assurance.conftest import At
from tests.notifications.examples import SETTINGS
from tests.notifications.test_invitation import event_of, lines_of
from tests.world import World

MAY = Sitting(date(2015, 5, 12), time(14), time(16), "Town hall")
DECEMBER, MARCH = Ref("meeting", 1), Ref("meeting", 2)
EVERYBODY = ["ada", "bo", "cleo", "dan", "dev", "esme", "fay", "gil", "sam"]


class Post:
    """The post room with a maildir of its own."""

    def __init__(self, folder: Path) -> None:
        self._mailer = maildir(folder)
        self._seen = 0

    def brings(self, world: World, ref: Ref | None = None) -> dict[str, bytes]:
        """Deliver what is owed, and give what went about one meeting (or any) since the last time, by addressee.

        As it was sent: a maildir keeps the lines of a letter as the machine ends them.
        """
        deliver(world.office, self._mailer)
        query = sa.select(Message.id, Message.to_address, Message.rendered, Message.thread)
        sent = world.pairs(query.where(Message.state == "sent", Message.id > self._seen).order_by(Message.id))
        if ref is None:
            self._seen = max((number for number, *_ in sent), default=self._seen)
        return {
            address.partition("@")[0]: rendered
            for _, address, rendered, thread in sent
            if thread.startswith("meeting/") and (ref is None or thread == str(ref))
        }


@pytest.fixture
def post(tmp_path: Path) -> Post:
    return Post(tmp_path / "mail")


def _read(letter: bytes) -> EmailMessage:
    message = email.message_from_bytes(letter, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(letter: bytes) -> str:
    part = _read(letter).get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def planned(world: World) -> Ref:
    with world.does("sam") as tx:
        return meetings.plan_meeting(tx, "May meeting", MAY)


def told_of(letter: bytes) -> tuple[Any, ...]:
    """Give what a calendar reads of a letter: method, number, beginning, and status."""
    event = event_of(letter)
    (method,) = [line for line in lines_of(letter) if line.startswith("METHOD")]
    return method, int(event["SEQUENCE"]), event["DTSTART"].dt, str(event.get("STATUS", ""))


def at(month: int, day: int, hour: int) -> datetime:
    return datetime(2015, month, day, hour, tzinfo=UTC)


def states(world: World, ref: Ref, who: str) -> list[tuple[str, str | None]]:
    """Give what became of each word to one person about a meeting."""
    person = world.actor(who).signature
    query = sa.select(Message.state, Message.last_text).where(
        Message.thread == str(ref), Message.person_ref == person
    )
    return [(state, text) for state, text in world.pairs(query.order_by(Message.id))]


def test_a_meeting_is_planned_moved_and_cancelled_in_everybodys_calendar(
    any_world_at: At, post: Post
) -> None:
    world = any_world_at("proposed")
    post.brings(world)
    ref = planned(world)
    first = post.brings(world)
    assert sorted(first) == EVERYBODY
    # In May London's clocks are an hour ahead.
    assert {told_of(letter) for letter in first.values()} == {
        ("METHOD:REQUEST", 0, at(5, 12, 13), "CONFIRMED")
    }
    world.on(world.today + timedelta(days=1))
    world.moves("sam", ref, "move_meeting", new_on=date(2015, 5, 19), starts="10:00", place="Library")
    second = post.brings(world)
    assert {told_of(letter) for letter in second.values()} == {
        ("METHOD:REQUEST", 1, at(5, 19, 9), "CONFIRMED")
    }
    world.on(world.today + timedelta(days=1))
    world.moves("ada", ref, "cancel", reason="The chair is away")
    third = post.brings(world)
    assert {told_of(letter) for letter in third.values()} == {("METHOD:CANCEL", 2, at(5, 19, 9), "CANCELLED")}
    for who in EVERYBODY:
        events = [event_of(letters[who]) for letters in (first, second, third)]
        assert len({event["UID"] for event in events}) == 1
        assert sorted({event["DTSTAMP"].dt for event in events}) == [event["DTSTAMP"].dt for event in events]
        assert [event["LOCATION"] for event in events] == ["Town hall", "Library", "Library"]
        heads = [_read(letters[who]) for letters in (first, second, third)]
        assert len({head["Subject"] for head in heads}) == len({head["References"] for head in heads}) == 1
    assert world.proof().faults == ()


def test_the_letters_say_it_all_without_a_calendar_too(world: World, post: Post) -> None:
    post.brings(world)
    ref = planned(world)
    said = text_of(post.brings(world)["bo"])
    assert "You are invited to the meeting on Tuesday 12 May 2015, 14:00 to 16:00." in said
    assert "* May meeting (Town hall)\n  When: Tuesday 12 May 2015, 14:00 to 16:00" in said
    assert f"https://audits.example/{ref}" in said
    world.moves("sam", ref, "move_meeting", new_on=date(2015, 5, 19))
    said = text_of(post.brings(world)["bo"])
    assert (
        "The meeting on Tuesday 12 May 2015, 14:00 to 16:00 is now on Tuesday 19 May 2015, 14:00 to 16:00."
        in " ".join(said.split())
    )
    assert "Sam Sedley moved it on 1 September 2014." in said
    world.moves("sam", ref, "move_meeting", new_on=date(2015, 5, 19), place="Library")
    said = text_of(post.brings(world)["bo"])
    assert "The meeting on Tuesday 19 May 2015, 14:00 to 16:00 has a new place." in said
    assert "* May meeting (Library)" in said
    world.moves("ada", ref, "cancel", reason="SECRET")
    said = text_of(post.brings(world)["bo"])
    assert "The meeting on Tuesday 19 May 2015, 14:00 to 16:00 will not take place." in said
    assert "Ada Ashdown cancelled it on 1 September 2014." in said
    assert "SECRET" not in said


def test_a_meeting_can_be_moved_and_cancelled_after_its_letters_were_erased(world: World, post: Post) -> None:
    post.brings(world)
    ref = planned(world)
    post.brings(world)
    world.office.shelf = replace(world.office.shelf, retention=Retention(letters=Span(1, Unit.WEEKS)))
    world.office.read_playbook()
    for step, given, told in (
        (("sam", "move_meeting"), {"new_on": date(2015, 5, 19)}, "is now on Tuesday 19 May"),
        (("ada", "cancel"), {"reason": "No room"}, "on Tuesday 19 May 2015, 14:00 to 16:00 will not take"),
    ):
        world.on(world.today + timedelta(days=15))
        erase_past(world.office, clock_of(world.group_id))
        world.moves(step[0], ref, step[1], **given)
        assert f"The meeting {told}" in " ".join(text_of(post.brings(world, ref)["bo"]).split())


def test_nobody_is_told_who_else_is_invited(world: World, post: Post) -> None:
    post.brings(world)
    planned(world)
    for who, letter in post.brings(world).items():
        others = [f"{other}@qa.example".encode() for other in EVERYBODY if other != who]
        assert [address for address in others if address in letter] == []
        assert b"ATTENDEE" in letter


def test_of_words_that_were_not_sent_only_the_newest_goes(any_world_at: At, post: Post) -> None:
    world = any_world_at("proposed")
    post.brings(world)
    ref = planned(world)
    for day in (19, 20, 21):
        world.moves("sam", ref, "move_meeting", new_on=date(2015, 5, day))
    letters = post.brings(world)
    # Nobody has heard of any other day: to them it is a plain invitation.
    assert {told_of(letter) for letter in letters.values()} == {
        ("METHOD:REQUEST", 3, at(5, 21, 13), "CONFIRMED")
    }
    assert "You are invited to the meeting on Thursday 21 May 2015" in text_of(letters["bo"])
    assert states(world, ref, "bo") == [*[("withdrawn", OVERTAKEN)] * 3, ("sent", "put into the maildir")]


def test_to_whom_the_server_took_nothing_a_later_word_is_a_plain_invitation(world: World, post: Post) -> None:
    post.brings(world)
    ref = planned(world)
    world.post = MemoryMailer(lambda _letter: Outcome(Result.LATER, 451, "busy"))
    world.delivers()
    world.moves("sam", ref, "move_meeting", new_on=date(2015, 5, 19))
    world.post = MemoryMailer()
    world.delivers()
    [letter] = [one.content for one in world.post.sent if one.to_address == "bo@qa.example"]
    assert "You are invited to the meeting on Tuesday 19 May 2015" in text_of(letter)


def test_what_was_on_its_way_and_came_back_does_not_go_after_a_later_word(world: World, post: Post) -> None:
    post.brings(world)
    ref = planned(world)
    with world.office.store.begin(group=EVERY) as session:
        claim(session, at=world.clock.now(), lease=SETTINGS.lease, limit=99, token="away")
    world.moves("sam", ref, "move_meeting", new_on=date(2015, 5, 19))
    world.clock.advance(SETTINGS.lease)
    assert {told_of(letter)[1] for letter in post.brings(world, ref).values()} == {1}
    assert states(world, ref, "bo") == [("withdrawn", OVERTAKEN), ("sent", "put into the maildir")]


def test_of_a_meeting_of_which_nobody_has_heard_nobody_hears_that_it_was_cancelled(
    world: World, post: Post
) -> None:
    post.brings(world)
    ref = planned(world)
    world.moves("sam", ref, "cancel", reason="Twice in the list")
    assert post.brings(world) == {}
    assert states(world, ref, "bo") == [("withdrawn", OVERTAKEN)]


def test_a_cancellation_speaks_of_the_day_that_somebody_has_heard_of(world: World, post: Post) -> None:
    post.brings(world)
    ref = planned(world)
    post.brings(world)
    world.moves("sam", ref, "move_meeting", new_on=date(2015, 5, 19))
    world.moves("sam", ref, "cancel", reason="No room")
    letters = post.brings(world)
    assert {told_of(letter)[:2] for letter in letters.values()} == {("METHOD:CANCEL", 2)}
    assert "The meeting on Tuesday 12 May 2015, 14:00 to 16:00 will not take place." in text_of(letters["bo"])


def test_of_a_meeting_that_is_over_nobody_is_told_anything(world: World, post: Post) -> None:
    post.brings(world)
    world.on(date(2014, 12, 12))
    world.moves("sam", DECEMBER, "cancel", reason="Nobody came")
    assert [mail for mail in world.news() if mail.template == "invitation_cancelled"] == []


def test_whoever_joins_is_invited_and_whoever_leaves_is_told(any_world_at: At, post: Post) -> None:
    world = any_world_at("proposed")
    post.brings(world)
    world.moves("sam", MARCH, "move_meeting", new_on=date(2015, 3, 19))
    post.brings(world)
    world.leaves("nursing", successor="viv")
    sweep_all(world.office)
    assert post.brings(world) == {}
    world.on(world.today + timedelta(days=1))
    sweep_all(world.office)
    letters = post.brings(world, MARCH)
    # The newest number of the meeting for who joins; a higher one for who leaves, and no state: the meeting stands.
    assert {who: told_of(letter) for who, letter in letters.items()} == {
        "viv": ("METHOD:REQUEST", 1, at(3, 19, 14), "CONFIRMED"),
        "bo": ("METHOD:CANCEL", 2, at(3, 19, 14), ""),
    }
    assert told_of(post.brings(world, DECEMBER)["bo"])[:2] == ("METHOD:CANCEL", 1)
    assert "You are no longer expected at the meeting on Thursday 19 March 2015" in text_of(letters["bo"])
    last = world.history(MARCH)[-1]
    assert (last.kind, last.actor, last.data["minor"]) == ("invited", "clock", True)
    assert world.proof().faults == ()
    assert sorted(post.brings(world)) == ["bo", "viv"]
    for _ in range(3):
        sweep_all(world.office)
    assert post.brings(world) == {}


def test_whoever_comes_back_gets_a_number_that_their_calendar_has_not_seen(world: World, post: Post) -> None:
    post.brings(world)
    world.leaves("nursing")
    world.on(world.today + timedelta(days=1))
    keep_invitations(world.office)
    post.brings(world)
    with world.office.store.begin(group=EVERY) as session:
        session.execute(
            sa.text("UPDATE post_holding SET until_on = NULL WHERE until_on IS NOT NULL AND person_id = 2")
        )
    world.on(world.today + timedelta(days=1))
    keep_invitations(world.office)
    assert told_of(post.brings(world, DECEMBER)["bo"])[:2] == ("METHOD:REQUEST", 2)
    post.brings(world)
    world.moves("sam", DECEMBER, "move_meeting", new_on=date(2014, 12, 18))
    numbers = {who: told_of(letter)[1] for who, letter in post.brings(world).items()}
    assert (world.row(Meeting, DECEMBER).sequence, numbers["bo"], numbers["ada"]) == (1, 3, 1)


def test_whoever_leaves_before_the_invitation_was_sent_hears_nothing(world: World, post: Post) -> None:
    post.brings(world)
    ref = planned(world)
    world.leaves("nursing")
    world.on(world.today + timedelta(days=1))
    keep_invitations(world.office)
    assert states(world, ref, "bo") == [("withdrawn", OVERTAKEN)]


def test_only_meetings_to_come_are_kept_right(world: World, post: Post) -> None:
    post.brings(world)
    world.on(date(2015, 3, 12), time(15))
    world.moves("sam", Ref("meeting", 3), "cancel", reason="Two are enough")
    world.leaves("nursing")
    world.on(date(2015, 3, 13))
    world.news()
    keep_invitations(world.office)
    assert world.news() == []
    kept = world.ask(sa.select(sa.func.count()).select_from(Invitation).where(Invitation.is_invited))
    assert kept == [18]


def test_to_a_meeting_that_was_held_before_the_mail_could_go_nobody_is_invited(
    world: World, post: Post
) -> None:
    world.on(date(2014, 12, 11), time(17))
    world.moves("sam", DECEMBER, "hold")
    assert sorted(post.brings(world, MARCH)) == EVERYBODY
    assert post.brings(world, DECEMBER) == {}
    ((state, why),) = states(world, DECEMBER, "bo")
    assert (state, why) == (
        "withdrawn",
        "Meeting of December 2014 no longer waits: it stands at “Held”.",
    )
