"""A process that sweeps: at each instant that it reads, under the rules of a folder; it answers with what it did."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from assurance.config import HOME, settings_from
from assurance.office import Office
from assurance.playbook import read_shelf
from assurance.sweep import sweep
from engine.clock import FrozenClock
from engine.store import open_store


def main(database: str, rules: str, base_url: str) -> None:
    """Sweep whenever an instant comes in."""
    settings = replace(settings_from({}, database=database), rules=(Path(rules),), base_url=base_url)
    shelf = read_shelf((HOME / "workflows",), settings.rules)
    office: Office | None = None
    clock = None
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        at = datetime.fromisoformat(line.strip())
        if office is None or clock is None:
            clock = FrozenClock(at)
            office = Office(settings, open_store(database), shelf, clock=clock)
        clock.move_to(at)
        sys.stdout.write(f"{json.dumps(asdict(sweep(office)))}\n")
        sys.stdout.flush()
    if office is not None:
        office.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
