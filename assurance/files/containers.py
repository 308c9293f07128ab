"""Word and Excel files are archives: looked at from outside, by their own table of contents, and never unpacked."""

from __future__ import annotations

import io
import zipfile

from engine.errors import Reason, Refused

MOST_ENTRIES = 5_000
LARGEST_INSIDE = 200 * 1024 * 1024  # bytes, as the archive itself says
GROWS_AT_MOST = 150  # times; a real document grows some 20 times
_WITH_PROGRAMS = ("vbaproject.bin", "vbadata.xml", "macrosheets/", "activex/", "embeddings/")


def is_document(content: bytes, heart: str) -> bool:
    """Say whether an archive is an Office document with this part at its heart.

    Raises Refused for one that would grow beyond measure when it is opened, or that brings programs along.
    """
    if not content.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError):
        return False
    _refuse_bomb(entries, packed=len(content))
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names) or any(entry.flag_bits & 0x1 for entry in entries):
        return (
            False  # one name twice is read differently by different programs; what is locked nobody can check
        )
    if any(part in name.lower() for name in names for part in _WITH_PROGRAMS):
        sentence = "The document brings macros or other files along; save it without them and send that."
        raise Refused(Reason("file_macros", sentence))
    return "[Content_Types].xml" in names and heart in names


def _refuse_bomb(entries: list[zipfile.ZipInfo], *, packed: int) -> None:
    inside = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES or inside > LARGEST_INSIDE or inside > GROWS_AT_MOST * packed:
        sentence = "The document would grow beyond measure when it is opened; save it as a PDF and send that instead."
        raise Refused(Reason("file_bomb", sentence))
