"""Letters per second of django-post-office, in the ways in which bench.mail measures ours and aiosmtplib alone."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from bench._peers import Place, Program, raced
from bench._sink import open_sink
from bench.mail import DATABASES, WAYS

POST_OFFICE = Program("django-post-office", "bench.peers.post_office")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; give 1 where it could not be run."""
    asked = _asked(arguments)
    return raced("mail_race", asked.databases, lambda there: _measured(there, asked), as_json=asked.json)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.mail_race", description=__doc__)
    parser.add_argument("--letters", type=int, default=2_000, help="letters of a run (2,000)")
    parser.add_argument("--databases", nargs="+", default=DATABASES, choices=DATABASES, help="which (both)")
    parser.add_argument("--quick", action="store_true", help="200 letters, to try it out")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    asked = parser.parse_args(arguments)
    if asked.quick:
        asked.letters = 200
    return asked


def _measured(there: Place, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    print(f"\n{there.kind}, {POST_OFFICE.name}", flush=True)
    for number, way in enumerate(WAYS):
        letters = min(asked.letters, way.most)
        with open_sink(way.delay) as port:
            told = POST_OFFICE.run(
                *("--database", there.database(f"post-{number}"), *there.arguments),
                *("--port", str(port), "--number", str(letters), "--connections", str(way.connections)),
            )
        print(f"  {way.words:<36} {told['letters_per_second']:>7,.0f}/s", flush=True)
        yield {
            "kind": there.kind,
            "way": way.words,
            "program": POST_OFFICE.name,
            "rate": told["letters_per_second"],
        }


if __name__ == "__main__":
    sys.exit(main())
