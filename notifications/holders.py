"""Who holds a lease: a running process of this machine, or one that is certainly gone.

A delivery that was killed leaves its leases behind. Where the next delivery can be certain that their holder
is dead, it need not wait for them to run out. It is certain only of processes of the same running kernel and
the same process namespace; of all others it knows nothing, and the lease decides.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

PROC = Path("/proc")


def new_token(proc: Path = PROC) -> str:
    """Make a token for the leases of this process; nobody else makes the same."""
    own = _here(proc)
    mark = secrets.token_hex(8)
    if own is None:
        return mark
    return f"{own}|{os.getpid()}|{_started(proc, os.getpid())}|{mark}"


def is_gone(token: str, proc: Path = PROC) -> bool:
    """Say whether the process that made this token is certainly dead."""
    parts = token.split("|")
    if len(parts) != 5 or f"{parts[0]}|{parts[1]}" != _here(proc) or not parts[2].isdecimal():
        return False
    # A number that was given to another process since has another start.
    return _started(proc, int(parts[2])) != parts[3]


def _here(proc: Path) -> str | None:
    """Name the running kernel and the process namespace; None where the system does not tell."""
    try:
        kernel = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = str((proc / "self/ns/pid").readlink())
    except OSError:
        return None
    return f"{kernel}|{namespace}"


def _started(proc: Path, pid: int) -> str:
    """Give when a process was started, in ticks since the kernel's start; empty for none such."""
    try:
        text = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The name in brackets may hold spaces and brackets of its own; what counts comes after the last one.
    after_name = text.rpartition(")")[2].split()
    state, started = after_name[0], after_name[19]
    return "" if state in ("Z", "X") else started
