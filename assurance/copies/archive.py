"""One backup in one file: a ZIP with the database, the files and a manifest, and a seal over every byte before it.

The seal is the comment at the end of the ZIP, the SHA-256 of all that stands before it: any program that opens ZIPs
can read a backup, and no byte of it can change unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from assurance.copies.contents import Content
from assurance.copies.copying import CannotCopy
from engine.store import instant_text
from engine.transport import Sum

FORMAT = 1
MANIFEST, DATABASE, FILES = "manifest.json", "auditloop.sqlite", "files/"
_SEAL = 64  # hexadecimal digits
_PIECE = 1024 * 1024
_EARLY = (1980, 1, 1, 0, 0, 0)  # ZIP knows no time zone; the instant stands in the manifest


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds, and of which instant: every command that was done before `made_at` is in it.

    `missing` names the places of contents that were missing or damaged when it was made, `faults` counts what was
    wrong with the history already then.
    """

    program: str
    shape: str
    made_at: datetime
    kept_on: str
    database: Content
    tables: Mapping[str, Sum]
    files: tuple[Content, ...]
    missing: tuple[str, ...]
    heads: str
    lines: int
    subjects: int
    faults: int


def write_archive(
    file: Path,
    database: Path,
    contents: Iterable[tuple[Content, bytes]],
    manifest_of: Callable[[tuple[Content, ...]], Manifest],
) -> None:
    """Write a backup into a new file, seal it, and let it survive a power cut.

    Its manifest is asked for last, with the contents that were written.
    """
    written = []
    with zipfile.ZipFile(file, "x", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        with database.open("rb") as stored, _entry(archive, DATABASE, zipfile.ZIP_DEFLATED) as entry:
            for piece in _pieces(stored):
                entry.write(piece)
        for content, whole in contents:
            with _entry(archive, FILES + content.place, zipfile.ZIP_STORED) as entry:
                entry.write(whole)
            written.append(content)
        with _entry(archive, MANIFEST, zipfile.ZIP_DEFLATED) as entry:
            entry.write(_as_json(manifest_of(tuple(written))))
        archive.comment = b"0" * _SEAL
    with file.open("r+b") as sealed:
        seal = _sum_of(sealed, file.stat().st_size - _SEAL)
        sealed.write(seal.encode("ascii"))
        sealed.flush()
        os.fsync(sealed.fileno())


def read_manifest(file: Path) -> Manifest:
    """Check every byte of a backup against its seal, and read what it says that it holds.

    Raises CannotCopy for a file that is no backup, is damaged, or was made by a newer version.
    """
    with file.open("rb") as stored:
        size = file.stat().st_size
        seal = _sum_of(stored, max(size - _SEAL, 0))
        if stored.read(_SEAL) != seal.encode("ascii"):
            raise CannotCopy(
                f"{file} is damaged or no backup: its last 64 bytes are not the SHA-256 of what stands before them. "
                "Take another backup, or another copy of this one."
            )
    try:
        with zipfile.ZipFile(file) as archive:
            return _read(json.loads(archive.read(MANIFEST)))
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise CannotCopy(f"{file} is no backup of auditloop that this version can read.") from error


def take_database(file: Path, manifest: Manifest, into: Path) -> None:
    """Unpack the database of a backup into a new file; raises CannotCopy where it is not what the manifest says."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(file) as archive, archive.open(DATABASE) as packed, into.open("xb") as unpacked:
        for piece in _pieces(packed):
            digest.update(piece)
            unpacked.write(piece)
    if digest.hexdigest() != manifest.database.sha256:
        raise CannotCopy(f"The database in {file} is not the one of its manifest. Take another backup.")


def files_in(file: Path, manifest: Manifest) -> Iterator[tuple[Content, bytes]]:
    """Give the files of a backup one by one; raises CannotCopy for one that is not what the manifest says."""
    with zipfile.ZipFile(file) as archive:
        for content in manifest.files:
            whole = archive.read(FILES + content.place)
            if hashlib.sha256(whole).hexdigest() != content.sha256:
                raise CannotCopy(f"A file in {file} is not what its manifest says. Take another backup.")
            yield content, whole


def prove(file: Path) -> Manifest:
    """Read a whole backup back, as a restore would, and give what it holds; raises CannotCopy as that would."""
    manifest = read_manifest(file)
    with zipfile.ZipFile(file) as archive, archive.open(DATABASE) as packed:
        if summed(packed).sha256 != manifest.database.sha256:
            raise CannotCopy(f"The database in {file} is not the one of its manifest.")
    for _ in files_in(file, manifest):
        pass
    return manifest


def summed(stored: Any) -> Content:
    """Give the size and the SHA-256 of everything that is still to be read."""
    digest, size = hashlib.sha256(), 0
    for piece in _pieces(stored):
        digest.update(piece)
        size += len(piece)
    return Content(DATABASE, digest.hexdigest(), size)


@contextmanager
def _entry(archive: zipfile.ZipFile, name: str, how: int) -> Iterator[Any]:
    about = zipfile.ZipInfo(name, _EARLY)
    about.compress_type, about.external_attr = how, 0o600 << 16
    with archive.open(about, "w", force_zip64=True) as entry:
        yield entry


def _as_json(manifest: Manifest) -> bytes:
    plain = asdict(manifest) | {"format": FORMAT, "made_at": instant_text(manifest.made_at)}
    return json.dumps(plain, indent=1, sort_keys=True).encode()


def _read(plain: dict[str, Any]) -> Manifest:
    if plain.pop("format") != FORMAT:
        raise ValueError("a format of another version")
    return Manifest(
        **plain
        | {
            "made_at": datetime.fromisoformat(plain["made_at"]),
            "database": Content(**plain["database"]),
            "tables": {name: Sum(**one) for name, one in plain["tables"].items()},
            "files": tuple(Content(**one) for one in plain["files"]),
            "missing": tuple(plain["missing"]),
        }
    )


def _sum_of(stored: BinaryIO, size: int) -> str:
    """Give the SHA-256 of so many bytes; what follows them is read next."""
    digest = hashlib.sha256()
    while size > 0:
        piece = stored.read(min(size, _PIECE))
        if not piece:
            break
        digest.update(piece)
        size -= len(piece)
    return digest.hexdigest()


def _pieces(stored: Any) -> Iterator[bytes]:
    while piece := stored.read(_PIECE):
        yield piece
