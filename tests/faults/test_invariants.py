"""The invariants themselves: an installation that is sound has no breach, and each breach that is made is found."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

import pytest

from engine.moved import Ref
from tests.faults.forms import words_of
from tests.faults.installation import Acknowledged, Arrived, Installation, as_arrived, drain
from tests.faults.invariants import breaches
from tests.faults.people import READERS
from tests.web.canaries import canary
from tests.world import Templates, World

SQL = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'event'"


@dataclass(frozen=True, slots=True)
class Spring:
    """A file in which much was said, told, asked and decided, with the letters that arrived."""

    file: Path
    at: datetime
    arrived: Sequence[Arrived] = field(repr=False)


@pytest.fixture(scope="module")
def spring(memory: Path, templates: Templates) -> Spring:
    """A spring in which an action was verified, a date moved, and another action is overdue for weeks."""
    file = memory / "spring.sqlite"
    world = templates.world(file, "actions")
    world.completes("bo", world.action("trust"))
    with world.does("gil") as tx:
        assert canary("ccg") in words_of(tx)
    world.is_granted(
        "gil", world.action("ccg"), "extend", by="dan", new_due_on=date(2015, 3, 6), reason="Ill"
    )
    world.nights(date(2015, 5, 15))
    world.delivers()
    drain(world.office, world.clock, world.delivers)
    made = Spring(file, world.clock.now(), tuple(as_arrived(letter.content) for letter in world.post.sent))
    world.close()
    return made


def found(
    spring: Spring, folder: Path, *statements: str, known: Callable[[Installation], Installation] = replace
) -> list[str]:
    """Give the breaches that are found after somebody has changed a copy of the file."""
    file = shutil.copyfile(spring.file, folder / "breached.sqlite")
    with closing(sqlite3.connect(file)) as connection, connection:
        for (guard,) in connection.execute(SQL).fetchall():
            connection.execute(f"DROP TRIGGER {guard}")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, f"changes nothing: {statement}"
    with _opened(file, spring.at) as world:
        plain = Installation(world.office, spring.arrived, readers=READERS)
        return breaches(known(plain))


@contextmanager
def _opened(file: Path, at: datetime) -> Iterator[World]:
    world = World(file, at=at)
    try:
        yield world
    finally:
        world.close()


def test_of_a_sound_installation_nothing_is_said(spring: Spring, folder: Path) -> None:
    stands = [Acknowledged(Ref("audit", 1), 1)]
    assert found(spring, folder, known=lambda plain: replace(plain, acknowledged=stands)) == []


COPY = (
    "INSERT INTO event SELECT subject_kind, subject_id, 900, group_id, kind, at, actor, {once}, {data}, seal"
    " FROM event WHERE {where} LIMIT 1"
)
FIRING = "kind = 'fired' AND subject_kind = 'action'"
VERIFIED = "subject_kind = 'action' AND data LIKE '%\"trigger\":\"verify\"%'"
ENDED = "subject_kind = 'approval' AND data LIKE '%\"to\":\"approved\"%'"
BREACHES = {
    "a line that is gone": (
        "DELETE FROM event WHERE subject_kind = 'audit' AND seq = 2",
        "audit/1 line 2: this line is missing",
    ),
    "a state that nobody brought about": (
        "UPDATE action SET state = 'closed' WHERE id = 1",
        "its state is 'closed', its history says 'verified'",
    ),
    "a rule that has fired twice": (
        COPY.format(once="once || '-again'", data="data", where=FIRING),
        "has fired 2 times on",
    ),
    "a rule that has not spoken": (
        "DELETE FROM event WHERE kind = 'fired' AND data LIKE '%\"rule\":\"action-overdue-board\"%'",
        "the rule action-overdue-board fires on",
    ),
    "a decision that was taken twice": (
        COPY.format(once="NULL", data="data", where=ENDED),
        "was decided 2 times",
    ),
    "a step without its decision": (
        f"UPDATE event SET data = replace(data, 'approved', 'rejected') WHERE {ENDED}",
        "is not granted, and its step was taken 1 times",
    ),
    "a step by the agency itself": (
        f"UPDATE event SET actor = (SELECT 'person/' || id FROM person WHERE key = 'nell') WHERE {VERIFIED}",
        "has decided on the work of their own agency",
    ),
    "a step by whoever did the earlier one": (
        (
            "UPDATE event SET actor = (SELECT 'person/' || id FROM person WHERE key = 'ada')"
            " WHERE subject_kind = 'action' AND data LIKE '%\"trigger\":\"confirm\"%'"
        ),
        "has taken the step confirm before",
    ),
    "a decision on one's own request": (
        (
            f"UPDATE event SET actor = (SELECT 'person/' || requested_by_id FROM approval"
            f" WHERE id = event.subject_id) WHERE {ENDED}"
        ),
        "has decided what they asked for themselves",
    ),
    "a letter without its event": (
        (
            "UPDATE message SET cause = 'action/1 line 99' WHERE id = (SELECT max(id) FROM message"
            " WHERE cause LIKE 'action/%')"
        ),
        "was called for by action/1 line 99, which does not stand",
    ),
    "an escalation of which nobody is told": (
        "DELETE FROM message WHERE rests_on LIKE '%action-overdue-board%'",
        "the rule action-overdue-board has fired, and nobody is owed a word of it",
    ),
    "a step of which the coordinator is not told": (
        "DELETE FROM message WHERE template = 'action_told' AND cause LIKE 'action/1 line %'",
        "is owed no letter",
    ),
    "a reminder without its firing": (
        "UPDATE digest_item SET seq = 1 WHERE id = 1",
        "is for a firing that does not stand",
    ),
    "a digest that tells nothing": (
        "UPDATE digest_item SET told_in = NULL WHERE told_in IS NOT NULL",
        "was sent, and tells nothing",
    ),
    "a letter that nobody holds any more": (
        (
            "UPDATE message SET state = 'sending', lease_token = 'nobody', sent_at = NULL"
            " WHERE id = (SELECT max(id) FROM message)"
        ),
        "is sending still, and its instant has come",
    ),
    "a look that nobody takes": (
        "UPDATE timer SET due_at = '2015-01-01T00:00:00.000000Z'",
        "has a timer for 2015-01-01",
    ),
}


@pytest.mark.parametrize(("breach", "sentence"), BREACHES.values(), ids=BREACHES)
def test_each_breach_in_the_database_is_found(
    spring: Spring, folder: Path, breach: str, sentence: str
) -> None:
    assert [one for one in found(spring, folder, breach) if sentence in one], sentence


def test_each_breach_towards_people_is_found(spring: Spring, folder: Path) -> None:
    first, *others = spring.arrived
    astray = Arrived("<no@where>", "bo@qa.example", "")
    leaked = first._replace(to_address="bo@qa.example", text=canary("police"))
    forgotten = [Acknowledged(Ref("action", 1), 99), Acknowledged(Ref("audit", 1), 1, "of-sam")]
    known: dict[str, Callable[[Installation], Installation]] = {
        "action/1 line 99 was acknowledged, and is not stored": partial(replace, acknowledged=forgotten),
        "audit/1 line 1 was acknowledged to the request of-sam": partial(replace, acknowledged=forgotten),
        "is held for sent, and never arrived": partial(replace, arrived=others),
        "has arrived 2 times, with 0 doubts about it": partial(replace, arrived=[first, *spring.arrived]),
        "a letter <no@where> has arrived that nobody owes": partial(
            replace, arrived=[astray, *spring.arrived]
        ),
        f"to bo@qa.example holds '{canary('police')}'": partial(replace, arrived=[leaked, *others]),
    }
    for sentence, change in known.items():
        assert [one for one in found(spring, folder, known=change) if sentence in one], sentence


def test_a_second_copy_is_no_breach_where_somebody_was_killed(spring: Spring, folder: Path) -> None:
    twice = (*spring.arrived, spring.arrived[0])
    assert found(spring, folder, known=lambda plain: replace(plain, arrived=twice, ambiguities=1)) == []
