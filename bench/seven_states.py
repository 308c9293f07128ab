"""Ours in the race against the peers: their job, done by the real `move` command with seal, timers and outbox.

An action with seven states stands in bench/workflows; all else is the house's: roster, guards, separation of duties,
calendars, letters. Writers are threads of one process on SQLite, as under `auditloop serve`, and processes elsewhere.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from assurance.commands.moving import move
from assurance.config import HOME
from assurance.records import Action
from bench._town import Town, found_town, open_town
from bench._years import write_years
from bench.peers.contract import Counted, Database, Mover, Peer, Turn, in_processes, in_threads, main
from engine.fences import EVERY
from engine.ledger import Event
from engine.moved import Ref
from engine.store import open_store

WORKFLOW = Path(__file__).parent / "workflows" / "action.yaml"
LIFE = (
    ("submit", "owner"),
    ("check", "lead"),
    ("agree", "lead"),
    ("begin", "owner"),
    ("confirm", "lead"),
    ("verify", "chair"),
)
LAST = "verified"


@dataclass(frozen=True, slots=True)
class Ours:
    """One writer at the house's own command."""

    town: Town
    first: int
    shared: bool = False

    def create(self, number: int) -> int:
        """Plan an action."""
        (action,) = self.town.plan(1, first=self.first + number)
        return action

    def advance(self, subject: int, step: int) -> None:
        """Take it through one move, in a transaction of its own."""
        trigger, who = LIFE[step]
        with self.town.office.begin(self.town.actors[who]) as tx:
            move(tx, Ref("action", subject), trigger, version=step + 1)

    def close(self) -> None:
        """Close the office, unless other threads are still in it."""
        if not self.shared:
            self.town.office.close()


def set_up(database: Database) -> None:
    """Found a town."""
    with _workflows() as folder:
        found_town(_where(database), workflows=folder).office.close()


def preload(database: Database, lines: int) -> None:
    """Write copies of an action that has come to its end."""
    pattern = _one_life(database)
    write_years(_where(database), lines, pattern, lines=1 + len(LIFE))


def counted(database: Database) -> Counted:
    """Count the actions that are verified, and the lines of all actions."""
    with closing(open_store(_where(database))) as store, store.reading(group=EVERY) as session:
        finished = session.scalar(sa.select(sa.func.count()).where(Action.state == LAST))
        lines = session.scalar(sa.select(sa.func.count()).where(Event.subject_kind == Action.noun))
        return Counted(finished or 0, lines or 0)


def measure(database: Database, subjects: int, writers: int) -> list[Turn]:
    """Have so many writers move so many actions."""
    with _workflows() as folder:
        town = open_town(_where(database), workflows=folder)
        with closing(town.office):
            first = town.first_free()
            if database.is_file:
                shared = Ours(town, first, shared=True)
                return in_threads(lambda _: shared)(database, subjects, writers)
        return in_processes(partial(_opened, folder, first))(database, subjects, writers)


@contextmanager
def one_writer(database: Database) -> Iterator[Ours]:
    """Open the office for one writer."""
    with _workflows() as folder:
        town = open_town(_where(database), workflows=folder)
        with closing(town.office):
            yield Ours(town, town.first_free(), shared=True)


def _one_life(database: Database) -> int:
    """Take one action through its whole life and give its id."""
    with one_writer(database) as ours:
        action = ours.create(0)
        for step in range(len(LIFE)):
            ours.advance(action, step)
        return action


def _opened(folder: Path, first: int, database: Database) -> Mover:
    return Ours(open_town(_where(database), workflows=folder), first)


def _where(database: Database) -> Path | str:
    return database.path if database.is_file else database.url


@contextmanager
def _workflows() -> Iterator[Path]:
    """Give a folder with the house's workflows, in which the action has seven states."""
    with tempfile.TemporaryDirectory(prefix="auditloop-workflows-") as made:
        folder = Path(made) / "workflows"
        shutil.copytree(HOME / "workflows", folder)
        shutil.copyfile(WORKFLOW, folder / WORKFLOW.name)
        yield folder


if __name__ == "__main__":
    sys.exit(main(Peer(set_up, preload, counted, measure)))
