"""Where contents lie: a folder that is not served, under random names, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from assurance.config import Settings
from assurance.files.kinds import media_type_of
from assurance.files.names import plain_name
from assurance.files.scanner import Scanner
from engine.errors import Reason, Refused

MEGABYTE = 1024 * 1024
SWEPT_AFTER = timedelta(days=1)
PLACE_LETTERS, MARK_LETTERS = 64, 8
_PLACE = re.compile(r"[0-9a-f]{64}(\.part)?")


@dataclass(frozen=True, slots=True)
class Kept:
    """A content that lies in the cabinet, and what is known of it; nothing points at it yet."""

    place: str
    name: str
    media_type: str
    size: int
    sha256: str
    is_scanned: bool


@dataclass(frozen=True, slots=True)
class Cabinet:
    """The folder of all contents, the largest that is taken (bytes), and who looks at each before it is stored.

    Names begin with the `mark` of the database that points at them, so that several may share a folder: the broom of
    one leaves alone what is another's.
    """

    folder: Path
    largest: int
    mark: str
    scanner: Scanner | None = None

    @contextmanager
    def keeping(self, name: str, content: BinaryIO, *, at: datetime) -> Iterator[Kept]:
        """Keep a content for as long as what is done with it succeeds; otherwise it is gone again.

        Raises Refused, before anything is stored, for what is too large or not on the list of what is taken, and
        for what the scanner does not let through.
        """
        kept = self.keep(name, content, at=at)
        try:
            yield kept
        except BaseException:
            self._file(kept.place).unlink(missing_ok=True)
            raise

    def keep(self, name: str, content: BinaryIO, *, at: datetime) -> Kept:
        """Store a content at an instant and give what is known of it; raises as `keeping` does."""
        called = plain_name(name)
        whole = self._within_limit(content)
        media_type = media_type_of(called, whole)
        place = self.mark + secrets.token_hex((PLACE_LETTERS - len(self.mark)) // 2)
        self._write(place, whole, at)
        return Kept(
            place, called, media_type, len(whole), hashlib.sha256(whole).hexdigest(), self.scanner is not None
        )

    def content(self, place: str, sha256: str) -> bytes:
        """Give a content back; raises Refused where it is missing, or is no longer what was handed in."""
        path = self._file(place)
        whole = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(whole).hexdigest() != sha256:
            sentence = (
                "The file is damaged or missing where it was stored; the administrator can bring it back."
            )
            raise Refused(Reason("file_damaged", sentence))
        return whole

    def bring(self, place: str, whole: bytes, *, at: datetime) -> None:
        """Store a content under the name that it has already, as a copy or a backup brings it; twice is no harm.

        Raises Refused where something else lies there.
        """
        path = self._file(place)
        if not path.is_file():
            self._file(f"{place}.part").unlink(missing_ok=True)  # of a copy that was killed
            self._write(place, whole, at)
        elif path.read_bytes() != whole:
            sentence = f"Another file lies under the same name in {self.folder}; name a folder of its own."
            raise Refused(Reason("file_in_the_way", sentence))

    def remove(self, place: str) -> None:
        """Delete a content for good."""
        self._file(place).unlink(missing_ok=True)

    def clear_away(self, known: Collection[str], *, at: datetime) -> int:
        """Remove what nothing has pointed at for a day, and give how many contents that were."""
        if not self.folder.is_dir():
            return 0
        old = [
            path
            for path in self.folder.iterdir()
            if _PLACE.fullmatch(path.name) and path.name.startswith(self.mark) and path.name not in known
            if path.stat().st_mtime < (at - SWEPT_AFTER).timestamp()
        ]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _within_limit(self, content: BinaryIO) -> bytes:
        whole = content.read(self.largest + 1)
        if len(whole) > self.largest:
            sentence = f"The file is larger than {_megabytes(self.largest)}, the most that is taken; send a smaller one."
            raise Refused(Reason("file_too_large", sentence))
        return whole

    def _write(self, place: str, whole: bytes, at: datetime) -> None:
        """Store a content so that a power cut leaves all of it or nothing, and only once the scanner has agreed."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._file(f"{place}.part")
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(whole)
                file.flush()
                os.utime(file.fileno(), (at.timestamp(), at.timestamp()))
                os.fsync(file.fileno())
            if self.scanner is not None:
                self.scanner.look(part)
            part.replace(self._file(place))
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _sync(self.folder)

    def _file(self, place: str) -> Path:
        if not _PLACE.fullmatch(place):
            raise ValueError(f"{place!r} is no place in the cabinet")
        return self.folder / place


def cabinet_of(settings: Settings) -> Cabinet:
    """Open the cabinet of an installation."""
    scanner = Scanner(settings.scanner) if settings.scanner else None
    mark = hashlib.sha256(settings.database.encode()).hexdigest()[:MARK_LETTERS]
    return Cabinet(settings.var / "files", settings.file_limit * MEGABYTE, mark, scanner)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _megabytes(size: int) -> str:
    return f"{size // MEGABYTE} MB" if size >= MEGABYTE else f"{size} bytes"
