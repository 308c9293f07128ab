"""Whole years by seed: people do what they like, the office stands still and starts again, and clocks jump.

One seed alone: `python -m tests.faults.years --seed 7`.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from pathlib import Path

from assurance.config import HOME
from assurance.playbook import Shelf, read_shelf
from assurance.post import deliver, is_owed
from assurance.sweep import SweepTally, sweep, watch
from tests.faults.installation import Installation, drain
from tests.faults.invariants import breaches
from tests.faults.people import READERS, People
from tests.faults.postman import FINE, MOODS, Postman
from tests.world import Templates, World, house_shelf

DAYS = (25, 60)  # on so many days something happens; between them lie up to two quiet weeks
DOWNTIMES = (timedelta(hours=1), timedelta(days=3), timedelta(days=21), timedelta(days=370))
# Both edges of summer time, and 29 February: the minutes before, in and after the hour that is missing or comes twice.
EDGES = tuple(
    datetime.combine(day, at, UTC)
    for day in (
        date(2014, 10, 26),
        date(2015, 3, 29),
        date(2015, 10, 25),
        date(2016, 2, 29),
        date(2016, 3, 27),
    )
    for at in (time(0, 30), time(1, 0), time(1, 30), time(7, 50))
)
HERE = ("agency_audits", "findings", "recommendations", "actions")  # stages at which there is much to do


class Life:
    """One seed's life of one office: a day follows the other, each with what chance has in store for it."""

    def __init__(self, world: World, seed: int) -> None:
        random.seed(seed)  # the waits of delivery are drawn from Python's own chance
        self.chance = random.Random(seed)
        self.world = world
        self.people, self.postman = People(self.chance), Postman(seed)
        self.tally: Counter[str] = Counter()

    def live(self) -> World:
        """Live all days, now and then with a trouble, and recover; give the world as it stands."""
        for _ in range(self.chance.randint(*DAYS)):
            self._pass_a_day()
            if self.chance.random() < 0.15:
                self.chance.choice(TROUBLES)(self)
        return self.recover()

    def recover(self) -> World:
        """Let the faults stop and the installation recover; give the world as it stands."""
        self.postman.mood = FINE
        drain(self.world.office, self.world.clock, self._deliver)
        return self.world

    def breaches(self) -> list[str]:
        """Give the invariants that do not hold."""
        return breaches(
            Installation(self.world.office, self.postman.arrived, self.people.acknowledged, readers=READERS)
        )

    def _pass_a_day(self) -> None:
        now = self.world.clock.now()
        until = now + timedelta(days=self.chance.choice((1, 1, 1, 2, 4, 9, 15)))
        for edge in EDGES:
            if now < edge <= until:
                self._work_at(edge)
        calendar = self.world.office.playbook.calendar(self.world.group_id)
        day = calendar.today(until)
        for at in (time(6, 30), time(7, 50)):
            self._work_at(calendar.instant(day, at))
        hour = calendar.instant(day, time(9, 0))
        for _ in range(self.chance.randint(1, 6)):
            hour += timedelta(minutes=self.chance.randint(1, 80))
            self.world.clock.move_to(hour)
            self.people.do_something(self.world)
        self._work_at(hour + timedelta(minutes=1))

    def _work_at(self, instant: datetime) -> None:
        """Let the rules look and the mail go at an instant, in whatever mood the mail server is then."""
        self.world.clock.move_to(instant)
        tally: SweepTally = (watch if self.chance.random() < 0.1 else sweep)(self.world.office)
        assert tally.parked == 0, f"the sweep of {instant} could not look at {tally.parked} subjects"
        self.tally["fired"] += tally.fired
        self.postman.mood = FINE if self.chance.random() < 0.7 else self.chance.choice(sorted(MOODS))
        if is_owed(self.world.office):
            self._deliver()

    def _deliver(self) -> None:
        delivered = deliver(self.world.office, self.postman)
        self.tally["sent"] += delivered.sent

    def suffer_everything(self) -> World:
        """Let each trouble come once, a day between one and the next, and work at every edge that a clock has."""
        troubles = [*range(len(TROUBLES))]
        self.chance.shuffle(troubles)
        for number in troubles:
            self._pass_a_day()
            TROUBLES[number](self)
        for edge in EDGES:
            if edge > self.world.clock.now():
                self._work_at(edge)
        return self.recover()

    def stand_still(self, span: timedelta) -> None:
        """Let nothing run for a while."""
        self.world.clock.advance(span)
        self.tally["standstills"] += 1

    def be_late(self, span: timedelta) -> None:
        """Put the clock back, and work by it."""
        self._work_at(self.world.clock.now() - span)
        self.tally["jumps"] += 1

    def be_ahead(self, span: timedelta) -> None:
        """Work by a clock that is ahead, until somebody puts it right."""
        now = self.world.clock.now()
        self._work_at(now + span)
        self.world.clock.move_to(now)
        self.tally["jumps"] += 1

    def start_again(self) -> None:
        """Open the office anew."""
        self._open(self.world.shelf)

    def change_rules(self) -> None:
        """Open the office anew under other rules than now."""
        self._open(house_shelf() if self.world.shelf is _changed_shelf() else _changed_shelf())

    def _open(self, shelf: Shelf) -> None:
        world = self.world
        world.close()
        self.world = World(world.settings.database, at=world.clock.now(), shelf=shelf)
        self.tally["starts"] += 1


TROUBLES: Sequence[Callable[[Life], None]] = (
    *(partial(Life.stand_still, span=span) for span in DOWNTIMES),
    partial(Life.be_late, span=timedelta(hours=1)),
    partial(Life.be_ahead, span=timedelta(days=21)),
    Life.start_again,
    Life.change_rules,
)


def life_in_a_file(templates: Templates, file: Path, seed: int) -> Life:
    """Begin a life in an SQLite file, at the stage that its seed says."""
    return Life(templates.world(file, random.Random(seed).choice(HERE)), seed)


def life_in(database: str, seed: int) -> Life:
    """Begin a life in an empty database of any kind."""
    world = World(database)
    world.audit_at(random.Random(seed).choice(HERE))
    return Life(world, seed)


@cache
def _changed_shelf() -> Shelf:
    """Give the house's rules with other spans in the ladder of actions."""
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder) / "rules"
        shutil.copytree(HOME / "rules", rules)
        file = rules / "action.yaml"
        text = file.read_text(encoding="utf-8")
        changed = text.replace("10 working days", "8 working days").replace("at_most: 4", "at_most: 3")
        assert changed != text
        file.write_text(changed, encoding="utf-8")
        return read_shelf((HOME / "workflows",), (rules,))


def main(seed: int, *, say: Callable[[str], object] = sys.stdout.write) -> int:
    """Live one seed's years in a folder of their own, and say what does not hold; give how many sentences that are."""
    with tempfile.TemporaryDirectory() as folder:
        life = life_in_a_file(Templates(Path(folder)), Path(folder) / "life.sqlite", seed)
        world = life.live()
        found = life.breaches()
        say(f"seed {seed}: until {world.clock.now():%d %B %Y}, {dict(life.people.tally + life.tally)}\n")
        for sentence in found:
            say(f"{sentence}\n")
        world.close()
    return len(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Live one seed's years, and say what does not hold.")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    sys.exit(min(main(parser.parse_args().seed), 1))
