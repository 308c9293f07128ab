"""Where returned mail arrives: a maildir of this machine, or a folder of an IMAP account.

A mail is unread until it is filed away, and it is filed away once its effect is committed: whoever dies in between
reads it again.
"""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from notifications.bounces import LONGEST
from notifications.imap_settings import ImapSettings

_PATIENCE = 60.0  # seconds for each answer of an IMAP server
_FLAGS = ":2,"
_SEEN = "S"


class BoxTrouble(Exception):
    """Says why the mailbox cannot be read, or a mail in it not be filed away."""


class Unread(NamedTuple):
    """A mail, as far as it is looked at (`bounces.LONGEST` bytes), under a key by which it is filed away."""

    key: str
    content: bytes


class Box(Protocol):
    """A mailbox that nobody else reads."""

    def unread(self) -> Iterator[Unread]:
        """Give every mail that was not filed away, the oldest first; raises BoxTrouble."""
        ...

    def file_away(self, key: str) -> None:
        """Mark a mail as read, which keeps it; raises BoxTrouble."""
        ...


@contextmanager
def open_box(where: str) -> Iterator[Box]:
    """Open a mailbox: the path of a maildir, or imaps://user:password@host/FOLDER.

    Raises ValueError for an address that cannot be one, and BoxTrouble where nothing can be read.
    """
    if "://" not in where:
        yield MaildirBox(Path(where))
        return
    box = ImapBox(ImapSettings.from_url(where))
    try:
        yield box
    finally:
        box.close()


class MaildirBox:
    """A maildir: what lies in `new`, or in `cur` without the flag S, is unread."""

    def __init__(self, folder: Path) -> None:
        self._new, self._cur = folder / "new", folder / "cur"
        if not (self._new.is_dir() and self._cur.is_dir()):
            raise BoxTrouble(f"{folder} is not a maildir: it has no folders new and cur")

    def unread(self) -> Iterator[Unread]:
        """Give every mail without the flag, the oldest first; raises BoxTrouble."""
        try:
            files = [file for folder in (self._new, self._cur) for file in folder.iterdir()]
        except OSError as error:
            raise _trouble(error) from error
        # The name begins with the instant at which the mail arrived.
        for file in sorted(files, key=lambda file: file.name):
            if not file.name.startswith(".") and _SEEN not in _flags(file.name) and file.is_file():
                head = _head(file)
                if head is not None:
                    yield Unread(f"{file.parent.name}/{file.name}", head)

    def file_away(self, key: str) -> None:
        """Move a mail to `cur` with the flag S; raises BoxTrouble."""
        file = self._new.parent / key
        name, _, _ = file.name.partition(_FLAGS)
        flags = "".join(sorted({*_flags(file.name), _SEEN}))
        try:
            file.rename(self._cur / f"{name}{_FLAGS}{flags}")
        except FileNotFoundError:
            return
        except OSError as error:
            raise _trouble(error) from error


class ImapBox:
    """A folder of an IMAP account: what has no flag Seen is unread. The connection is encrypted and checked.

    Raises BoxTrouble where the server, the account or the folder cannot be had.
    """

    def __init__(self, settings: ImapSettings) -> None:
        try:
            context = ssl.create_default_context()
            if settings.ca:
                context.load_verify_locations(cafile=settings.ca)
            self._server = imaplib.IMAP4_SSL(
                settings.host, settings.port, ssl_context=context, timeout=_PATIENCE
            )
        except (OSError, imaplib.IMAP4.error) as error:
            raise _trouble(error) from error
        try:
            with _speaking():
                # The library puts quotes around a password, and around nothing else.
                self._server.login(_quoted(settings.user), settings.password)
                _answer(self._server.select(_quoted(settings.folder)))
        except BoxTrouble:
            self.close()
            raise

    def unread(self) -> Iterator[Unread]:
        """Give every mail that was not seen, the oldest first; raises BoxTrouble."""
        with _speaking():
            found = _answer(self._server.uid("SEARCH", "UNSEEN", "UNDELETED"))
            numbers = found[0].decode().split() if found and isinstance(found[0], bytes) else []
        for number in numbers:
            with _speaking():
                fetched = _answer(self._server.uid("FETCH", number, f"(BODY.PEEK[]<0.{LONGEST}>)"))
            # Whoever else looks after the folder may have deleted it meanwhile.
            for part in fetched:
                if isinstance(part, tuple):
                    yield Unread(number, part[1])
                    break

    def file_away(self, key: str) -> None:
        """Give a mail the flag Seen; raises BoxTrouble."""
        with _speaking():
            _answer(self._server.uid("STORE", key, "+FLAGS.SILENT", r"(\Seen)"))

    def close(self) -> None:
        """Say goodbye if the server still listens."""
        with suppress(OSError, imaplib.IMAP4.error):
            self._server.logout()
        # The library leaves the connection open when the other side is gone already.
        with suppress(OSError):
            self._server.shutdown()


@contextmanager
def _speaking() -> Iterator[None]:
    try:
        yield
    except (OSError, imaplib.IMAP4.error) as error:
        raise _trouble(error) from error


def _answer(answer: tuple[str, Sequence[object]]) -> list[object]:
    """Give what an IMAP server has answered; raises BoxTrouble for a no."""
    kind, told = answer
    if kind != "OK":
        raise BoxTrouble(_words(told[0] if told else kind))
    return list(told)


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _trouble(error: Exception) -> BoxTrouble:
    if isinstance(error, OSError) and error.filename is not None:
        return BoxTrouble(f"{error.filename}: {error.strerror}")
    return BoxTrouble(_words(error.args[-1] if error.args else "") or "no answer in time")


def _words(said: object) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _head(file: Path) -> bytes | None:
    """Give the beginning of a mail; None for one that somebody else has taken meanwhile."""
    try:
        with file.open("rb") as mail:
            return mail.read(LONGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _trouble(error) from error


def _flags(name: str) -> str:
    return name.partition(_FLAGS)[2]
