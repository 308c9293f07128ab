"""Plays a story on a virtual clock: every step a command of its own, every day a sweep and the post.

What was played is remembered with each command, in its transaction: killed at any instant and played
again, the story goes on where it stood.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from time import perf_counter

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from assurance.attendance import keep_invitations
from assurance.office import Actor, Office
from assurance.records import Agency, Group, Meeting, Person, Post, RecordSet
from assurance.story.cast import bring_on, instant
from assurance.story.script import Step, Story
from assurance.story.verb import Book
from assurance.sweep import SweepTally, sweep
from engine.bookmarks import is_remembered, remember, remembered, works
from engine.clock import FrozenClock
from engine.errors import Reason, Refused, Stale
from engine.fences import EVERY

Progress = Callable[[date, int, int], None]
Deliver = Callable[[Office], None]
WORK = "story:"


@dataclass(slots=True)
class Played:
    """What was played, and how many seconds each part took."""

    steps: int = 0
    days: int = 0
    swept: SweepTally = field(default_factory=SweepTally)
    seconds: dict[str, float] = field(
        default_factory=lambda: {"cast": 0.0, "commands": 0.0, "sweeps": 0.0, "delivery": 0.0}
    )


class StoryRefused(Refused):
    """A step of the story was refused by the workflow; the story stands before it."""


def play(
    office: Office,
    story: Story,
    *,
    clock: FrozenClock,
    deliver: Deliver | None = None,
    progress: Progress | None = None,
) -> Played:
    """Play a story to its end, from where it stands.

    `deliver` hands over the mail that may go, once each morning and once after the day's last step; without it every
    mail stays owed in the outbox.
    Raises StoryRefused, with file and line, where the workflow refuses a step, and Stale where somebody else plays
    into the same database: each step is played by one of the two, and only one goes on.
    """
    stage = _Stage(office, story, clock)
    played = Played()
    with _timed(played, "cast"):
        stage.set_up()
    todo = len(stage.open_of(story.steps))
    for day, steps in stage.days():
        _look(office, story, clock, day, played)
        for hour, due in _halves(office, story, day, steps):
            with _timed(played, "commands"):
                for step in stage.open_of(due):
                    stage.do(step)
                    played.steps += 1
            if deliver is not None:
                clock.move_to(hour)
                with _timed(played, "delivery"):
                    deliver(office)
        played.days += 1
        if progress is not None:
            progress(day, played.steps, todo)
    stage.finish()
    return played


def _look(office: Office, story: Story, clock: FrozenClock, day: date, played: Played) -> None:
    """Let the clock strike the hour of the day at which rules look."""
    clock.move_to(instant(day, office.playbook.book.clock.look_at, story.cast.zone))
    with _timed(played, "sweeps"):
        played.swept.add(keep_invitations(office))
        played.swept.add(sweep(office))


def _halves(
    office: Office, story: Story, day: date, steps: Sequence[Step]
) -> list[tuple[datetime, list[Step]]]:
    """Part a day at the hour at which all held mail may go: each half has its steps and ends with the post.

    The second one ends with the last step of the day, whether or not that was played already: so a story that was
    interrupted posts its letters at the same hours as one that was not.
    """
    morning = instant(day, _post_hour(office), story.cast.zone)
    early = [step for step in steps if step.at <= morning]
    late = list(steps[len(early) :])
    return [(morning, early), (late[-1].at, late)] if late else [(morning, early)]


def _post_hour(office: Office) -> time:
    """Give the hour from which on everything goes that rested in the night, the digests too."""
    clock = office.playbook.book.clock
    hours = [clock.look_at, clock.digest_at, clock.quiet_hours.ends if clock.quiet_hours else None]
    return max(hour for hour in hours if hour is not None)


def is_finished(office: Office, story: Story) -> bool:
    """Say whether this story was played to its end in this database."""
    with office.store.reading(group=EVERY) as session:
        return "finished" in remembered(session, WORK + story.key)


def stories(office: Office) -> tuple[str, ...]:
    """Give the keys of the stories that were played in this database."""
    with office.store.reading(group=EVERY) as session:
        return tuple(work.removeprefix(WORK) for work in works(session) if work.startswith(WORK))


class _Stage:
    """The cast, the names and the office together."""

    def __init__(self, office: Office, story: Story, clock: FrozenClock) -> None:
        self._office, self._story, self._clock = office, story, clock
        self._work = WORK + story.key
        self._book = Book({})
        self._group_id = 0
        self._done: set[str] = set()

    def set_up(self) -> None:
        """Write the cast, unless it stands, and find what every name of it stands for."""
        with self._office.store.begin(group=EVERY) as session:
            places = remembered(session, self._work)
            if "cast" not in places:
                if works(session) or session.scalar(sa.select(Group.id).limit(1)) is not None:
                    sentence = "A group lives in this database already; play the story in a fresh one."
                    raise Refused(Reason("other_story", sentence))
                try:
                    number = bring_on(session, self._story.cast, self._office.playbook, at=self._clock.now())
                    remember(session, self._work, "cast", str(number))
                except IntegrityError:
                    raise _other_player() from None
                places["cast"] = str(number)
            self._group_id = int(places["cast"])
            numbers: dict[str, int] = {}
            for what, table in (
                ("agency", Agency),
                ("person", Person),
                ("post", Post),
                ("record_set", RecordSet),
                ("meeting", Meeting),
            ):
                rows = session.execute(sa.select(table.key, table.id).where(table.group_id == self._group_id))
                numbers |= {f"{what} {key}": number for key, number in rows}
        for place, value in places.items():
            if place.startswith("step "):
                self._done.add(place)
                numbers |= json.loads(value)
        self._book = Book(numbers)
        self._office.read_playbook()

    def open_of(self, steps: Iterable[Step]) -> list[Step]:
        """Give those steps that were not played yet."""
        return [step for step in steps if step.place not in self._done]

    def days(self) -> Iterator[tuple[date, list[Step]]]:
        """Give every day from that on which to go on to the story's end, with all its steps.

        One goes on with the day of the last step played, since its later sweeps and posts may be missing.
        """
        story = self._story
        steps: dict[date, list[Step]] = defaultdict(list)
        for step in story.steps:
            steps[_day_of(step.at, story)].append(step)
        played = [day for day, some in steps.items() if any(step.place in self._done for step in some)]
        day = max(played, default=story.begins)
        while day <= story.ends:
            yield day, steps.get(day, [])
            day += timedelta(days=1)

    def do(self, step: Step) -> None:
        """Play one step: its command and the memory of it stand or fall together."""
        self._clock.move_to(step.at)
        person_id = self._book.of("person", step.person)
        actor = Actor(self._group_id, person_id, self._story.cast.people[step.person][0])
        if step.verb.do is None:
            raise TypeError(f"{step.verb.name} was not expanded")
        self._book.fresh.clear()
        try:
            with self._office.begin(actor) as tx:
                if is_remembered(tx.session, self._work, step.place):
                    raise _other_player()
                step.verb.do(tx, self._book, step.arguments)
                remember(tx.session, self._work, step.place, json.dumps(self._book.fresh, sort_keys=True))
        except (Refused, DBAPIError) as refusal:
            if isinstance(refusal, Stale) or self._was_played_by_another(step):
                raise _other_player() from refusal
            if isinstance(refusal, DBAPIError):
                raise
            where = f"{step.where}: {step.verb.name} by {actor.name} was refused."
            raise StoryRefused(Reason("story", where), *refusal.reasons) from refusal

    def _was_played_by_another(self, step: Step) -> bool:
        with self._office.store.reading(group=EVERY) as session:
            return is_remembered(session, self._work, step.place)

    def finish(self) -> None:
        """Remember that the story was played to its end."""
        with self._office.store.begin(group=EVERY) as session:
            if "finished" not in remembered(session, self._work):
                remember(session, self._work, "finished", self._story.ends.isoformat())


def _other_player() -> Stale:
    return Stale(
        Reason(
            "other_player", "Another demo is playing into this database; it goes on, and this one stops here."
        )
    )


def _day_of(at: datetime, story: Story) -> date:
    return at.astimezone(story.cast.zone).date()


@contextmanager
def _timed(played: Played, part: str) -> Iterator[None]:
    """Add the seconds that a block takes to one part of what was played."""
    started = perf_counter()
    try:
        yield
    finally:
        played.seconds[part] += perf_counter() - started
