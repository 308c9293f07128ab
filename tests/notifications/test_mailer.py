"""Mailers that need no mail server."""

from __future__ import annotations

import asyncio
import mailbox
from pathlib import Path

from notifications.letters import Letter, Outcome, Result
from notifications.mailer import MaildirMailer, MemoryMailer

LETTER = Letter(
    "<1@board.example.org>", "audits@board.example.org", "bo@x.org", b"Subject: x\r\n\r\nHello\r\n"
)


def _send(mailer: MaildirMailer | MemoryMailer, *letters: Letter) -> list[Result]:
    async def sending() -> list[Result]:
        carrier = mailer.carrier()
        results = [(await carrier.send(letter)).result for letter in letters]
        await carrier.close()
        return results

    return asyncio.run(sending())


def test_a_maildir_keeps_each_letter_once(tmp_path: Path) -> None:
    mailer = MaildirMailer(tmp_path / "mail")
    other = Letter(
        "<2@board.example.org>", "audits@board.example.org", "ada@x.org", b"Subject: y\r\n\r\nHi\r\n"
    )
    assert _send(mailer, LETTER, LETTER, other) == [Result.SENT] * 3
    assert sorted(letter["Subject"] for letter in mailbox.Maildir(tmp_path / "mail")) == ["x", "y"]
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


def test_a_letter_that_was_read_does_not_come_back(tmp_path: Path) -> None:
    mailer = MaildirMailer(tmp_path / "mail")
    _send(mailer, LETTER)
    (unread,) = (tmp_path / "mail" / "new").iterdir()
    unread.rename(tmp_path / "mail" / "cur" / f"{unread.name}:2,S")
    assert _send(MaildirMailer(tmp_path / "mail"), LETTER) == [Result.SENT]
    assert len(mailbox.Maildir(tmp_path / "mail")) == 1


def test_a_maildir_that_was_made_by_halves_is_completed(tmp_path: Path) -> None:
    (tmp_path / "mail" / "tmp").mkdir(parents=True)
    assert _send(MaildirMailer(tmp_path / "mail"), LETTER) == [Result.SENT]
    assert len(mailbox.Maildir(tmp_path / "mail", create=False)) == 1


def test_a_maildir_holds_plain_lines(tmp_path: Path) -> None:
    _send(MaildirMailer(tmp_path / "mail"), LETTER)
    (file,) = (tmp_path / "mail" / "new").iterdir()
    assert file.read_bytes() == b"Subject: x\n\nHello\n"


def test_a_maildir_that_is_gone_is_a_place_that_cannot_be_reached(tmp_path: Path) -> None:
    mailer = MaildirMailer(tmp_path / "mail")
    (tmp_path / "mail" / "tmp").rmdir()
    assert _send(mailer, LETTER) == [Result.UNREACHABLE]


def test_a_memory_mailer_keeps_what_was_sent_and_what_was_tried() -> None:
    taken, refused = MemoryMailer(), MemoryMailer(lambda _letter: Outcome(Result.REFUSED))
    assert _send(taken, LETTER) == [Result.SENT]
    assert _send(refused, LETTER) == [Result.REFUSED]
    assert (taken.sent, refused.sent, refused.tried) == ([LETTER], [], [LETTER])


def test_the_words_of_a_server_become_one_short_plain_line() -> None:
    outcome = Outcome.of(Result.LATER, 450, "try\r\nlater\x00\ud800 " + "x" * 900)
    assert outcome.text.startswith("try later ? x")
    assert len(outcome.text) == 500
