"""Which files are taken: a short list, recognised by their content, which has to agree with their name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import puremagic

from assurance.files.containers import is_document
from assurance.files.names import ending_of
from engine.errors import Reason, Refused
from engine.words import unreadable

SURE = 0.5  # puremagic's own measure: below it, a few letters at the start of a text look like something
TEXT_ENDINGS = {"txt": "text/plain", "csv": "text/csv"}
NO_PLAIN_TEXT = ("<", "#!", "{\\rtf", "%!PS", "%PDF")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file that is taken; `mimes` are puremagic's words for it."""

    title: str
    media_type: str
    endings: tuple[str, ...]
    mimes: tuple[str, ...]
    is_whole: Callable[[bytes], bool]


_OPEN_XML = "application/vnd.openxmlformats-officedocument"
WORD = Kind(
    "a Word document (.docx)",
    f"{_OPEN_XML}.wordprocessingml.document",
    ("docx",),
    (f"{_OPEN_XML}.wordprocessingml.document",),
    lambda content: is_document(content, "word/document.xml"),
)
EXCEL = Kind(
    "an Excel workbook (.xlsx)",
    f"{_OPEN_XML}.spreadsheetml.sheet",
    ("xlsx",),
    (f"{_OPEN_XML}.spreadsheetml.sheet",),
    lambda content: is_document(content, "xl/workbook.xml"),
)
PDF = Kind(
    "a PDF",
    "application/pdf",
    ("pdf",),
    ("application/pdf",),
    lambda content: content.startswith(b"%PDF-") and b"%%EOF" in content[-1024:],
)
PNG = Kind(
    "a PNG picture",
    "image/png",
    ("png",),
    ("image/png",),
    lambda content: content.startswith(b"\x89PNG\r\n\x1a\n") and b"IEND" in content[-12:],
)
JPEG = Kind(
    "a JPEG picture",
    "image/jpeg",
    ("jpg", "jpeg"),
    ("image/jpeg",),
    lambda content: content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in content[-64:],
)
KINDS = (PDF, WORD, EXCEL, PNG, JPEG)
TAKEN = "PDF, Word (.docx), Excel (.xlsx), PNG, JPEG, plain text (.txt) or CSV"


def media_type_of(name: str, content: bytes) -> str:
    """Give the type of a file from its content; raises Refused unless it is on the list and agrees with the name."""
    if not content:
        raise Refused(Reason("file_empty", "The file is empty; choose the one that you meant."))
    ending = ending_of(name)
    if ending in TEXT_ENDINGS:
        _require_plain_text(content)
        return TEXT_ENDINGS[ending]
    named = next((kind for kind in KINDS if ending in kind.endings), None)
    if named is None:
        told = f"‘.{ending}’" if ending else "without an ending"
        sentence = f"Files {told} are not taken here; send {TAKEN}."
        raise Refused(Reason("file_type", sentence))
    if named.media_type not in _sniffed(content) or not named.is_whole(content):
        sentence = (
            f"The file is called .{ending}, but what is in it is not {named.title}, or not a whole one; "
            f"open it, save it again and send that."
        )
        raise Refused(Reason("file_mismatch", sentence))
    return named.media_type


def _sniffed(content: bytes) -> dict[str, float]:
    """Give what a content may be, each with how sure that is."""
    try:
        found = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError):
        return {}
    sure: dict[str, float] = {}
    for one in found:
        sure[one.mime_type] = max(sure.get(one.mime_type, 0.0), one.confidence)
    return sure


def _require_plain_text(content: bytes) -> None:
    """Raise Refused for what is called a text and is none: something else, or with letters that nobody can read."""
    looks_like = [mime for mime, sure in _sniffed(content).items() if sure >= SURE]
    others = [mime for mime in looks_like if mime not in ("text/plain", "message/rfc822")]
    text = _decoded(content)
    if others or text is None or text.lstrip("\ufeff \r\n\t").startswith(NO_PLAIN_TEXT):
        sentence = (
            "The file is called a text, but what is in it is something else; send it under its own name."
        )
        raise Refused(Reason("file_mismatch", sentence))
    letter = unreadable(text.replace("\f", " "))
    if letter is not None:
        sentence = f"The text holds {letter}, which nobody can read; save it again as plain text (UTF-8)."
        raise Refused(Reason("file_mismatch", sentence))


def _decoded(content: bytes) -> str | None:
    """Read a text as editors write it today, or as Windows has written it for long."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None
