"""A preview over many open actions and a rehearsal of the example year, each beside what it cannot do without.

The floor of a preview is reading the same subjects with their facts and their past; that of a rehearsal is living
the year again without any rule. Both in one run, in turns, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

import sqlalchemy as sa

from assurance.access import viewer_of
from assurance.config import HOME, settings_from
from assurance.in_force import ACCEPTED, Entry, put_in_force
from assurance.migrate import migrate
from assurance.office import Actor, Office, Tx, clock_of
from assurance.past import pasts
from assurance.past_world import PastWorld
from assurance.playbook import read_shelf
from assurance.queries.preview import preview
from assurance.queries.rehearse import rehearse
from assurance.records import Action
from assurance.roster import roster
from assurance.story import play, read_story
from bench._town import TODAY, found_town
from engine.clock import FrozenClock
from engine.fences import EVERY
from engine.moved import Ref
from engine.store import open_store

ROOT = Path(__file__).resolve().parent.parent
YEAR = HOME / "examples" / "year-2014-15"
DAYS = 30
SPREAD_IN_DAYS = 400
AT_ONCE = 1000
EARLIER, LATER = "10 working days <= today", "5 working days <= today"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; give 1 where a preview or a rehearsal finds nothing at all."""
    asked = _asked(arguments)
    with _folder(asked.folder) as folder:
        found = [_preview(folder, asked.actions, asked.rounds)]
        if not asked.without_rehearsal:
            found.append(_rehearsal(folder, asked.rounds))
    if not all(found):
        print("nothing was foretold, or nothing differed: the bench measures nothing", file=sys.stderr)
        return 1
    return 0


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.foretelling", description=__doc__)
    parser.add_argument("--actions", type=int, default=10_000, help="open actions of the preview (10,000)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of floor and ours (5)")
    parser.add_argument("--without-rehearsal", action="store_true", help="leave out the example year")
    parser.add_argument("--folder", type=Path, help="where to put the databases")
    return parser.parse_args(arguments)


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """Give a fresh folder that is removed afterwards, under var unless another place is wanted."""
    parent = wanted or ROOT / "var" / "bench"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="foretelling-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _preview(folder: Path, actions: int, rounds: int) -> int:
    town = found_town(folder / "town.sqlite")
    planned = town.plan(actions)
    with town.office.store.begin(group=EVERY) as session:
        # Straight into the rows: what is measured reads them, and nobody verifies this town.
        for number, action in enumerate(planned):
            due_on = TODAY + timedelta(days=number % SPREAD_IN_DAYS - 60)
            days = dict.fromkeys(("original_due_on", "current_due_on", "chased_from_on"), due_on)
            session.execute(sa.update(Action).where(Action.id == action).values(state="in_progress", **days))
    actor = clock_of(town.actors["chair"].group_id)
    with town.office.begin(actor) as tx:
        put_in_force(tx, [Entry(rule, ACCEPTED, 0) for rule in tx.playbook.book.rules])
    floors, ours, found = list[_Took](), list[_Took](), [0]
    with town.office.reading(actor) as tx:
        viewer = viewer_of(roster(tx.session, group_id=actor.group_id, today=tx.today), actor)
        for _ in range(rounds):
            floors.append(_took(lambda: _read(tx, planned)))
            ours.append(_took(lambda: found.append(len(preview(tx, viewer, days=DAYS).foretold))))
    town.office.close()
    _print(f"preview of {DAYS} days over {actions:,} open actions ({found[-1]:,} tellings)", floors, ours)
    return found[-1]


def _read(tx: Tx, planned: Sequence[int]) -> None:
    noun = tx.playbook.noun("action")
    for start in range(0, len(planned), AT_ONCE):
        some = planned[start : start + AT_ONCE]
        noun.load_many(tx.session, some)
        refs = [Ref("action", number) for number in some]
        pasts(tx.session, refs, group_id=tx.actor.group_id, today=tx.today)


def _rehearsal(folder: Path, rounds: int) -> int:
    changed = folder / "rules"
    shutil.copytree(HOME / "rules", changed)
    text = (changed / "action.yaml").read_text(encoding="utf-8")
    (changed / "action.yaml").write_text(text.replace(EARLIER, LATER), encoding="utf-8")
    story = read_story(YEAR, workflows=(HOME / "workflows",), rules=(HOME / "rules",))
    settings = replace(settings_from({}, database=str(folder / "year.sqlite")), var=folder)
    clock = FrozenClock(datetime.combine(story.begins, time(6), tzinfo=story.cast.zone))
    store = open_store(folder / "year.sqlite", survives_power_cut=False)
    migrate(store)
    floors, ours, found = list[_Took](), list[_Took](), [0]
    with closing(Office(settings, store, story.shelf, clock=clock)) as office:
        play(office, story, clock=clock)
        book = read_shelf(story.workflow_folders, (changed,)).book
        actor = Actor(office.groups()[0], None, "the clock")
        with office.reading(actor) as tx:
            for _ in range(rounds):
                floors.append(_took(lambda: _live(tx)))
                ours.append(_took(lambda: found.append(len(rehearse(tx, book).differences()))))
    _print(f"rehearsal of the example year under changed rules ({found[-1]} differences)", floors, ours)
    return found[-1]


def _live(tx: Tx) -> None:
    with (
        closing(PastWorld.of(tx.session, tx.actor.group_id)) as world,
        world.store.begin(group=EVERY) as session,
    ):
        world.live_until(session, tx.now + timedelta(days=1))


class _Took(NamedTuple):
    """How long something took, by the clock on the wall and by that of the processor."""

    seconds: float
    processor: float


def _took(work: Callable[[], object]) -> _Took:
    gc.collect()
    began, worked = perf_counter(), process_time()
    work()
    return _Took(perf_counter() - began, process_time() - worked)


def _print(what: str, floors: Sequence[_Took], ours: Sequence[_Took]) -> None:
    floor, own = (median(one.seconds for one in some) for some in (floors, ours))
    processor = median(one.processor for one in ours)
    print(what)
    print(
        f"  floor {floor:.2f} s, ours {own:.2f} s, of which {processor:.2f} s of the processor: "
        f"{own / floor:.1f} times the floor"
    )


if __name__ == "__main__":
    sys.exit(main())
