"""Files as people hand them in, right ones and wrong ones, each made here byte by byte."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from docx import Document
from openpyxl import Workbook

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa7\x9a\xa0\xa0\x00\x00\x00\x00IEND\xaeB`\x82"
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"\x00" * 40 + b"\xff\xd9"
EXE = b"MZ\x90\x00\x03" + b"\x00" * 200
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
TYPES = "[Content_Types].xml"


def word(**parts: str) -> bytes:
    """Make a Word document, with further parts where they are named."""
    made = io.BytesIO()
    Document().save(made)
    with zipfile.ZipFile(made, "a") as archive:
        for name, text in parts.items():
            archive.writestr(f"word/{name}", text)
    return made.getvalue()


def excel() -> bytes:
    """Make an Excel workbook."""
    made = io.BytesIO()
    Workbook().save(made)
    return made.getvalue()


def archive(parts: Mapping[str, bytes]) -> bytes:
    """Make an archive of parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as one:
        for name, content in parts.items():
            one.writestr(name, content)
    return made.getvalue()


def bomb() -> bytes:
    """Make a document of a few kilobytes that grows to ten megabytes."""
    return archive({TYPES: b"<Types/>", "word/document.xml": b"\x00" * 10_000_000})


def crowd() -> bytes:
    """Make a document of thousands of empty parts."""
    parts = {f"word/{number}.xml": b"x" for number in range(5_001)}
    return archive({TYPES: b"<Types/>", "word/document.xml": b"<w/>", **parts})


def locked() -> bytes:
    """Make a document whose table of contents says that its parts are encrypted."""
    plain = bytearray(archive({TYPES: b"<Types/>", "word/document.xml": b"<w/>"}))
    entry = plain.index(b"PK\x01\x02")
    plain[entry + 8] |= 0x1
    return bytes(plain)
