"""Eight threads that write into one file without end, and say on standard output what they were told is stored."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from engine.bookmarks import remember
from engine.store import open_store


def main() -> None:
    """Write until somebody ends it."""
    store = open_store(sys.argv[1])

    def write(writer: int) -> None:
        number = 0
        while True:
            with store.begin() as session:
                remember(session, "killed", f"{writer} {number}", "written")
            sys.stdout.write(f"{writer} {number}\n")
            sys.stdout.flush()
            number += 1

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(write, range(8)))


if __name__ == "__main__":
    main()
