"""Where letters are handed over: the protocol, and the mailers that need no mail server."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from notifications.letters import Letter, Outcome, Result


class Carrier(Protocol):
    """Takes one letter after another; used by one worker only."""

    async def send(self, letter: Letter) -> Outcome:
        """Hand over a letter and say what became of it; a fault of the way is an outcome, not an exception."""
        ...

    async def close(self) -> None:
        """Take leave of the other side; never fails."""
        ...


class Mailer(Protocol):
    """A way to send mail."""

    def carrier(self) -> Carrier:
        """Give a carrier for one worker."""
        ...


class MaildirMailer:
    """Puts letters into a maildir, each once: the file is named for the Message-ID.

    For an installation without a mail server, so that nothing is silently dropped.
    """

    def __init__(self, folder: Path) -> None:
        # Not by mailbox.Maildir: what it made by halves, because it was killed, it never completes.
        for part in (folder, *(folder / name for name in ("tmp", "new", "cur"))):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder

    def carrier(self) -> Carrier:
        """Give the mailer itself: files need no connection."""
        return self

    async def send(self, letter: Letter) -> Outcome:
        """Write the letter durably; one that lies there already, read or unread, stays the only one."""
        try:
            return await asyncio.to_thread(self._write, letter)
        except OSError as error:
            return Outcome.of(Result.UNREACHABLE, None, f"the maildir cannot be written: {error}")

    async def close(self) -> None:
        """Do nothing: every letter is already on the disk."""

    def _write(self, letter: Letter) -> Outcome:
        name = f"{hashlib.sha256(letter.message_id.encode()).hexdigest()[:40]}.auditloop"
        # Maildir programs move a letter to cur when it is read, and put flags behind its name.
        if any((self._folder / "cur").glob(f"{name}*")):
            return Outcome(Result.SENT, None, "already in the maildir")
        draft = self._folder / "tmp" / f"{name}.{os.getpid()}"
        with draft.open("wb") as file:
            file.write(letter.content.replace(b"\r\n", b"\n"))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, self._folder / "new" / name)
        except FileExistsError:
            return Outcome(Result.SENT, None, "already in the maildir")
        finally:
            draft.unlink()
        _sync_folder(self._folder / "new")
        return Outcome(Result.SENT, None, "put into the maildir")


class MemoryMailer:
    """Keeps letters in a list: for tests, stories and rehearsals. `answer` decides what becomes of a letter."""

    def __init__(self, answer: Callable[[Letter], Outcome] | None = None) -> None:
        self.sent: list[Letter] = []
        self.tried: list[Letter] = []
        self._answer = answer or _taken

    def carrier(self) -> Carrier:
        """Give the mailer itself: a list needs no connection."""
        return self

    async def send(self, letter: Letter) -> Outcome:
        """Remember the letter, and that it was sent if the answer says so."""
        self.tried.append(letter)
        outcome = self._answer(letter)
        if outcome.result is Result.SENT:
            self.sent.append(letter)
        return outcome

    async def close(self) -> None:
        """Do nothing."""


def _taken(_letter: Letter) -> Outcome:
    return Outcome(Result.SENT, None, "kept in memory")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
