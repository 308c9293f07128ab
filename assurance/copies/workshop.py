"""A folder for what is half done, which nobody takes for done: it goes when the work ends, or when the next one begins."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from assurance.copies.copying import CannotCopy

PART = ".part"
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


@contextmanager
def workshop(folder: Path, name: str) -> Iterator[Path]:
    """Make `<name>.part` in a folder, readable by its owner only, and take it away again with all that is in it.

    What a killed process has left under such a name, which nobody holds any more, is cleared away first.
    Raises CannotCopy where somebody else is just at work under the same name, and where there is no room for the work.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clear_left_behind(folder, f"{name}{PART}")
    own = folder / f"{name}{PART}"
    try:
        own.mkdir(mode=0o700)
    except FileExistsError as error:
        raise CannotCopy(f"Somebody else is at work in {own}; wait until they are done.") from error
    held = os.open(own, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield own
    except (OSError, DBAPIError) as error:
        if not _wants_room(error):
            raise
        raise CannotCopy(
            f"There is no room left in {folder}, or no more can be written there; what was half done was taken away. "
            "Make room, or name another place."
        ) from error
    finally:
        shutil.rmtree(own, ignore_errors=True)
        os.close(held)


def clear_left_behind(folder: Path, pattern: str) -> None:
    """Take away the workshops of processes that were killed; those that somebody holds stay."""
    for left in folder.glob(pattern):
        if left.is_dir():
            held = os.open(left, os.O_RDONLY)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            except BlockingIOError:
                continue
            finally:
                os.close(held)


def _wants_room(error: OSError | DBAPIError) -> bool:
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    said = getattr(error.orig, "sqlite_errorname", "")
    return said == "SQLITE_FULL" or said.startswith("SQLITE_IOERR")
