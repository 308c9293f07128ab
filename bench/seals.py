"""Checkpoints over a long history: what taking one costs, and what `verify` takes with and without comparing with them."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import sqlalchemy as sa

from assurance.checkpointing import take_checkpoint
from assurance.config import settings_from
from assurance.office import open_office
from assurance.queries.checkpoints import attest_all
from assurance.tables import MOVED
from bench._many import write_many
from engine.fences import EVERY
from engine.ledger import Event
from engine.proof import verify
from engine.signing import SigningKey

Result = TypeVar("Result")
LINES_OF_AN_ACTION = 11  # of the example's, on average


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print seconds, and answer 0 where every seal and every checkpoint holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000, help="about so many lines of history")
    parser.add_argument("--year", type=Path, help="a played example to copy, else one is played")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_many(
            place / "many.sqlite", audits=3, actions=asked.lines // LINES_OF_AN_ACTION, year=asked.year
        )
        (place / "signing.pem").write_bytes(SigningKey.draw().pem)
        settings = replace(
            settings_from({}, database=str(place / "many.sqlite")),
            var=place,
            signing_key=place / "signing.pem",
        )
        with closing(open_office(settings)) as office:
            [group] = office.groups()
            with office.store.reading(group=EVERY) as session:
                lines = session.scalar(sa.select(sa.func.count()).select_from(Event))
            print(f"{lines:,} lines of history; SQLite")
            _timed("a first checkpoint, over everything", lambda: take_checkpoint(office, group))
            _timed("the next one, where nothing has changed", lambda: take_checkpoint(office, group))
            with office.store.reading(group=EVERY) as session:
                proof = _timed("every seal, text and state", lambda: verify(session, MOVED))
                attested = _timed(
                    "every checkpoint, against the history", lambda: attest_all(session, settings)
                )
    return 1 if proof.faults or any(one.faults for one in attested) else 0


def _timed(what: str, work: Callable[[], Result]) -> Result:
    began = perf_counter()
    done = work()
    print(f"  {what}: {perf_counter() - began:.2f} s")
    return done


if __name__ == "__main__":
    sys.exit(main())
