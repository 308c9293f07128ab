"""What is taken and what is not: every wrong file is refused in a sentence, and leaves nothing behind."""

from __future__ import annotations

import hashlib
import io
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assurance.config import settings_from
from assurance.files.cabinet import Cabinet, cabinet_of
from assurance.files.kinds import media_type_of
from assurance.files.names import LONGEST_NAME, plain_name
from assurance.files.scanner import Scanner
from engine.errors import Refused
from tests.assurance.files import uploads

NOW = datetime(2014, 11, 24, 10, tzinfo=UTC)
LIMIT = 100_000
OPEN_XML = "application/vnd.openxmlformats-officedocument"
GOOD = [
    ("tool.pdf", uploads.PDF, "application/pdf"),
    ("TOOL.PDF", uploads.PDF, "application/pdf"),
    ("tool, second reading (final).docx", uploads.word(), f"{OPEN_XML}.wordprocessingml.document"),
    ("tool.xlsx", uploads.excel(), f"{OPEN_XML}.spreadsheetml.sheet"),
    ("page.png", uploads.PNG, "image/png"),
    ("page.jpg", uploads.JPEG, "image/jpeg"),
    ("page.jpeg", uploads.JPEG, "image/jpeg"),
    ("notes.txt", b"Seen on 3 March; 5 < 6.", "text/plain"),
    ("notes.txt", "Zoë’s notes – naïve".encode(), "text/plain"),
    ("notes.txt", "Zo\xeb".encode("cp1252"), "text/plain"),
    ("mail.txt", b"From: the school\nSubject: what we found\n\nText\n", "text/plain"),
    ("answers.csv", b"\xef\xbb\xbfaim,answer\r\n1,yes\r\n", "text/csv"),
    ("Größe.pdf", uploads.PDF, "application/pdf"),
]
WRONG = [
    ("nothing in it", "tool.pdf", b"", "The file is empty"),
    ("too large", "tool.pdf", uploads.PDF + b"\x00" * LIMIT, "larger than 100000 bytes"),
    ("a program", "tool.exe", uploads.EXE, "‘.exe’ are not taken here; send PDF, Word"),
    ("a program called PDF", "tool.pdf", uploads.EXE, "called .pdf, but what is in it is not a PDF"),
    ("a program called Word", "tool.docx", uploads.EXE, "not a Word document"),
    ("a program called picture", "page.png", uploads.EXE, "not a PNG picture"),
    ("a program called text", "notes.txt", uploads.EXE, "called a text, but what is in it is something else"),
    ("a program after a PDF's name", "tool.pdf.exe", uploads.PDF, "‘.exe’ are not taken"),
    ("a drawing with scripts", "page.svg", b"<svg onload='x()'/>", "‘.svg’ are not taken"),
    (
        "a drawing called picture",
        "page.png",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "not a PNG picture",
    ),
    ("a drawing called text", "page.txt", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "something else"),
    ("a web page", "page.html", b"<!DOCTYPE html><html>", "‘.html’ are not taken"),
    ("a web page called text", "page.txt", b"<!DOCTYPE html><html><script>x()</script>", "something else"),
    ("a web page called CSV", "page.csv", b"  \n<html><body onload='x()'>", "something else"),
    ("a web page called PDF", "page.pdf", b"<html>%PDF-1.7 %%EOF", "not a PDF"),
    ("a web page before a PDF", "page.pdf", b"<script>x()</script>" + uploads.PDF, "not a PDF"),
    ("a script", "run.sh", b"#!/bin/sh\nrm -rf /", "‘.sh’ are not taken"),
    ("a script called text", "run.txt", b"#!/bin/sh\nrm -rf /", "something else"),
    ("rich text called text", "notes.txt", b"{\\rtf1 text}", "something else"),
    ("a PDF called text", "notes.txt", uploads.PDF, "something else"),
    ("a text with NUL", "notes.txt", b"seen\x00on 3 March", "which nobody can read"),
    ("a text with an escape", "notes.txt", b"seen \x1b[2J", "which nobody can read"),
    ("a text in UTF-16", "notes.txt", "seen".encode("utf-16"), "holds|something else"),
    ("half a PDF", "tool.pdf", uploads.PDF[:-8], "not a PDF, or not a whole one"),
    ("half a Word document", "tool.docx", uploads.word()[:-400], "not a whole one"),
    ("half a picture", "page.png", uploads.PNG[:-14], "not a whole one"),
    ("a picture's first letters", "page.jpg", b"\xff\xd8\xff", "not a JPEG picture"),
    ("a picture called another", "page.png", uploads.JPEG, "not a PNG picture"),
    ("Excel called Word", "tool.docx", uploads.excel(), "not a Word document"),
    ("Word called Excel", "tool.xlsx", uploads.word(), "not an Excel workbook"),
    ("an archive called Word", "tool.docx", uploads.archive({"a.txt": b"x"}), "not a Word document"),
    ("an archive", "all.zip", uploads.archive({"a.txt": b"x"}), "‘.zip’ are not taken"),
    ("old Word", "tool.doc", uploads.OLE, "‘.doc’ are not taken"),
    ("old Word called new", "tool.docx", uploads.OLE, "not a Word document"),
    ("Word with macros", "tool.docm", uploads.word(), "‘.docm’ are not taken"),
    ("macros under another name", "tool.docx", uploads.word(**{"vbaProject.bin": "x"}), "brings macros"),
    (
        "other files inside",
        "tool.docx",
        uploads.word(**{"embeddings/1.bin": "x"}),
        "brings macros or other files",
    ),
    ("a document that explodes", "tool.docx", uploads.bomb(), "grow beyond measure"),
    ("a document of thousands", "tool.docx", uploads.crowd(), "larger than|grow beyond measure"),
    ("a locked document", "tool.docx", uploads.locked(), "not a whole one"),
    ("no ending", "tool", uploads.PDF, "without an ending"),
    ("a way out", "../../etc/passwd.pdf", uploads.PDF, "no slash"),
    ("a Windows way", "C:\\temp\\tool.pdf", uploads.PDF, "no slash"),
    ("a slash of another script", "..\u2215tool.pdf", uploads.PDF, "no slash"),
    ("a stream of Windows", "tool.pdf:run.exe", uploads.PDF, "no slash, colon"),
    ("a quotation mark", 'tool".pdf', uploads.PDF, "quotation mark"),
    ("a new line", "tool\r\nSet-Cookie: a=b.pdf", uploads.PDF, "no slash|nobody can read"),
    ("NUL in the name", "tool.exe\x00.pdf", uploads.PDF, "which nobody can read"),
    ("half a letter", "tool\ud800.pdf", uploads.PDF, "which nobody can read"),
    ("a turned name", "tool\u202efdp.exe", uploads.PDF, "a mark that cannot be seen"),
    ("an unseen mark", "to\u200bol.pdf", uploads.PDF, "a mark that cannot be seen"),
    ("a wide dot", "tool\uff0epdf", uploads.PDF, "without an ending"),
    ("a letter that looks like another", "tool.p\u0501f", uploads.PDF, "are not taken"),
    ("a hidden file", ".pdf", uploads.PDF, "begins or ends with a dot"),
    ("a dot at the end", "tool.pdf.", uploads.PDF, "begins or ends with a dot"),
    ("a space at the end", "tool.pdf ", uploads.PDF, "begins or ends with a dot or a space"),
    ("no name", "", uploads.PDF, "The file has no name"),
    ("only dots", "...", uploads.PDF, "The file has no name"),
    ("a name without end", "a" * 147 + ".pdf", uploads.PDF, "has 151 letters; 150 are the most"),
]


@pytest.fixture
def cabinet(tmp_path: Path) -> Cabinet:
    """A cabinet with a small limit, in which nothing lies yet."""
    return Cabinet(tmp_path / "files", LIMIT, "0123abcd")


def contents(cabinet: Cabinet) -> list[str]:
    return [path.name for path in cabinet.folder.iterdir()] if cabinet.folder.is_dir() else []


@pytest.mark.parametrize(("name", "content", "media_type"), GOOD)
def test_what_people_work_with_is_taken(cabinet: Cabinet, name: str, content: bytes, media_type: str) -> None:
    kept = cabinet.keep(name, io.BytesIO(content), at=NOW)
    assert (kept.name, kept.media_type, kept.size) == (name, media_type, len(content))
    assert kept.sha256 == hashlib.sha256(content).hexdigest()
    assert cabinet.content(kept.place, kept.sha256) == content


@pytest.mark.parametrize(
    ("name", "content", "sentence"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_a_wrong_file_is_refused_and_leaves_nothing(
    cabinet: Cabinet, name: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence) as refused:
        cabinet.keep(name, io.BytesIO(content), at=NOW)
    assert str(refused.value).endswith(".")
    assert contents(cabinet) == []


def test_no_more_is_read_than_one_letter_beyond_the_limit(cabinet: Cabinet) -> None:
    endless = io.BytesIO(b"x" * (5 * LIMIT))
    with pytest.raises(Refused, match="larger than"):
        cabinet.keep("notes.txt", endless, at=NOW)
    assert endless.tell() == LIMIT + 1


def test_the_longest_name_is_taken() -> None:
    name = "a" * (LONGEST_NAME - 4) + ".pdf"
    assert plain_name(name) == name


def test_a_part_named_twice_is_read_by_nobody() -> None:
    document = uploads.archive({uploads.TYPES: b"<Types/>", "word/document.xml": b"<w/>"})
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = uploads.word(**{"document.xml": "another"})
    assert media_type_of("tool.docx", document) == f"{OPEN_XML}.wordprocessingml.document"
    with pytest.raises(Refused, match="not a whole one"):
        media_type_of("tool.docx", twice)


def test_names_are_random_and_say_nothing(cabinet: Cabinet) -> None:
    places = {cabinet.keep("tool.pdf", io.BytesIO(uploads.PDF), at=NOW).place for _ in range(3)}
    assert len(places) == 3
    assert all(len(place) == 64 and place.startswith("0123abcd") for place in places)
    assert sorted(places) == sorted(contents(cabinet))
    [one, *_] = cabinet.folder.iterdir()
    assert one.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("place", ["../audits.sqlite", "", "0" * 63, "/etc/passwd"])
def test_nothing_but_a_place_of_the_cabinet_is_read(cabinet: Cabinet, place: str) -> None:
    with pytest.raises(ValueError, match="is no place in the cabinet"):
        cabinet.content(place, "")


def test_what_was_changed_or_lost_where_it_lies_is_not_handed_out(cabinet: Cabinet) -> None:
    kept = cabinet.keep("tool.pdf", io.BytesIO(uploads.PDF), at=NOW)
    (cabinet.folder / kept.place).write_bytes(uploads.PDF + b" ")
    with pytest.raises(Refused, match="damaged or missing"):
        cabinet.content(kept.place, kept.sha256)
    (cabinet.folder / kept.place).unlink()
    with pytest.raises(Refused, match="damaged or missing"):
        cabinet.content(kept.place, kept.sha256)


# -- the scanner -------------------------------------------------------------------------------------------


def scanned(cabinet: Cabinet, code: str, *, patience: float = 20.0) -> Cabinet:
    scanner = Scanner((sys.executable, "-c", code), patience)
    return Cabinet(cabinet.folder, cabinet.largest, cabinet.mark, scanner)


def test_the_scanner_sees_the_content_before_it_is_stored(cabinet: Cabinet) -> None:
    code = "import sys; sys.exit(0 if open(sys.argv[1], 'rb').read(4) == b'%PDF' else 1)"
    assert scanned(cabinet, code).keep("tool.pdf", io.BytesIO(uploads.PDF), at=NOW).is_scanned
    assert not cabinet.keep("tool.pdf", io.BytesIO(uploads.PDF), at=NOW).is_scanned


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import sys; sys.exit(1)", "found something harmful"),
        ("import sys; sys.exit(2)", "does not answer, so the file was not stored"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "does not answer"),
        ("import signal; signal.pause()", "does not answer"),
    ],
    ids=["harmful", "broken", "killed", "silent"],
)
def test_no_good_answer_of_the_scanner_is_a_no(cabinet: Cabinet, code: str, sentence: str) -> None:
    patience = 0.2 if "pause" in code else 20.0
    with pytest.raises(Refused, match=sentence):
        scanned(cabinet, code, patience=patience).keep("tool.pdf", io.BytesIO(uploads.PDF), at=NOW)
    assert contents(cabinet) == []


def test_a_scanner_that_is_not_there_is_a_no(cabinet: Cabinet) -> None:
    lost = Cabinet(cabinet.folder, LIMIT, cabinet.mark, Scanner(("/nowhere/scanner",)))
    with pytest.raises(Refused, match="does not answer"):
        lost.keep("tool.pdf", io.BytesIO(uploads.PDF), at=NOW)
    assert contents(cabinet) == []


# -- what nothing points at --------------------------------------------------------------------------------


def test_a_content_is_gone_again_where_its_step_fails(cabinet: Cabinet) -> None:
    failing = cabinet.keeping("tool.pdf", io.BytesIO(uploads.PDF), at=NOW)
    with pytest.raises(Refused, match="No"), failing:
        raise Refused.because("no", "No.")
    assert contents(cabinet) == []


def test_what_nothing_points_at_is_swept_after_a_day(cabinet: Cabinet) -> None:
    old, known = (cabinet.keep("tool.pdf", io.BytesIO(uploads.PDF), at=NOW).place for _ in range(2))
    later = NOW + timedelta(hours=25)
    fresh = cabinet.keep("tool.pdf", io.BytesIO(uploads.PDF), at=later).place
    half = cabinet.folder / f"{cabinet.mark}{'0' * 56}.part"
    others = [cabinet.folder / "README", cabinet.folder / ("f" * 64)]
    for path in (half, *others):
        path.write_bytes(b"x")
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    assert cabinet.clear_away({known}, at=NOW + timedelta(hours=23)) == 0
    assert cabinet.clear_away({known}, at=later) == 2
    assert sorted(contents(cabinet)) == sorted([known, fresh, *(path.name for path in others)])
    assert not (cabinet.folder / old).exists()


def test_there_is_nothing_to_sweep_where_nothing_was_ever_kept(cabinet: Cabinet) -> None:
    assert cabinet.clear_away(set(), at=NOW) == 0


def test_the_cabinet_of_an_installation_follows_its_settings(tmp_path: Path) -> None:
    environment = {
        "AUDITLOOP_VAR": str(tmp_path),
        "AUDITLOOP_FILE_LIMIT": "3",
        "AUDITLOOP_SCANNER": "true -x",
    }
    cabinet = cabinet_of(settings_from(environment))
    assert (cabinet.folder, cabinet.largest) == (tmp_path / "files", 3 * 1024 * 1024)
    assert cabinet.scanner == Scanner(("true", "-x"))
    other = cabinet_of(settings_from({**environment, "AUDITLOOP_DATABASE": "other.sqlite"}))
    assert other.mark != cabinet.mark
    with pytest.raises(Refused, match="larger than 3 MB"):
        cabinet.keep("notes.txt", io.BytesIO(b"x" * (3 * 1024 * 1024 + 1)), at=NOW)
