"""Mailboxes of returned mail: what is unread is given again until it is filed away, and then never more."""

from __future__ import annotations

import mailbox
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from notifications.bounces import LONGEST
from notifications.boxes import BoxTrouble, open_box
from notifications.imap_settings import ImapSettings
from tests.notifications.conftest import Certificate
from tests.notifications.imap_sink import DROP, ImapSink, open_imap

MAILS = (b"Subject: one\n\n1\n", b"Subject: two\n\n2\n", b"Subject: three\n\n)\n* OK\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty maildir as the standard library makes it."""
    mailbox.Maildir(tmp_path / "bounces", create=True)
    return tmp_path / "bounces"


@pytest.fixture
def imap(certificate: Certificate) -> Iterator[ImapSink]:
    """An IMAP server with three mails."""
    sink = ImapSink()
    sink.put(*MAILS)
    with open_imap(sink, certificate) as opened:
        yield opened


def contents(where: str | Path) -> list[bytes]:
    with open_box(str(where)) as box:
        return [mail.content for mail in box.unread()]


def file_first_away(where: str | Path) -> None:
    with open_box(str(where)) as box:
        box.file_away(next(box.unread()).key)


# -- a maildir -------------------------------------------------------------------------------------------------


def test_a_maildir_gives_each_mail_until_it_is_filed_away(folder: Path) -> None:
    maildir = mailbox.Maildir(folder)
    for mail in MAILS:
        maildir.add(mail)
    assert sorted(contents(folder)) == sorted(MAILS)
    for left in (2, 1, 0):
        file_first_away(folder)
        assert len(contents(folder)) == left
    assert {(mail.get_subdir(), mail.get_flags()) for mail in maildir} == {("cur", "S")}
    assert sorted(mail.as_bytes() for mail in maildir) == sorted(MAILS)


def test_the_oldest_mail_of_a_maildir_comes_first(folder: Path) -> None:
    for place, name in (("new", "1425373922.c"), ("cur", "1425373921.b:2,F"), ("new", "1425373920.a")):
        (folder / place / name).write_bytes(name.encode())
    assert contents(folder) == [b"1425373920.a", b"1425373921.b:2,F", b"1425373922.c"]


def test_a_maildir_keeps_the_flags_that_a_mail_has(folder: Path) -> None:
    (folder / "cur" / "1425373921.b:2,FR").write_bytes(b"x")
    file_first_away(folder)
    assert [file.name for file in (folder / "cur").iterdir()] == ["1425373921.b:2,FRS"]


def test_what_is_no_mail_is_left_alone(folder: Path) -> None:
    (folder / "new" / ".hidden").write_bytes(b"x")
    (folder / "new" / "folder").mkdir()
    assert contents(folder) == []


def test_of_a_huge_mail_only_the_beginning_is_read(folder: Path) -> None:
    (folder / "new" / "1425373921.a").write_bytes(b"x" * (LONGEST + 1_000))
    assert [len(mail) for mail in contents(folder)] == [LONGEST]


def test_a_mail_that_somebody_else_took_meanwhile_is_filed_already(folder: Path) -> None:
    with open_box(str(folder)) as box:
        box.file_away("new/1425373921.gone")
    assert contents(folder) == []


def test_a_mail_that_somebody_else_takes_while_we_read_is_passed_over(folder: Path) -> None:
    for number in range(3):
        (folder / "new" / f"142537392{number}.a").write_bytes(b"x")
    with open_box(str(folder)) as box:
        mails = box.unread()
        next(mails)
        (folder / "new" / "1425373921.a").unlink()
        assert [mail.key for mail in mails] == ["new/1425373922.a"]


def test_a_folder_that_is_no_maildir_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(BoxTrouble, match="is not a maildir: it has no folders new and cur"):
        contents(tmp_path)


def test_a_maildir_that_cannot_be_written_to_says_so(folder: Path) -> None:
    (folder / "new" / "1425373921.a").write_bytes(b"x")
    with open_box(str(folder)) as box:
        mail = next(box.unread())
        (folder / "cur").rmdir()
        (folder / "cur").write_bytes(b"in the way")
        with pytest.raises(BoxTrouble, match="Not a directory"):
            box.file_away(mail.key)


# -- an IMAP folder ----------------------------------------------------------------------------------------------


def test_an_imap_folder_gives_each_mail_until_it_is_filed_away(imap: ImapSink) -> None:
    assert contents(imap.url()) == list(MAILS)
    assert imap.unread == [1, 2, 3]
    file_first_away(imap.url())
    assert contents(imap.url()) == list(MAILS[1:])
    assert imap.mails[1].flags == {r"\Seen"}


def test_of_a_huge_mail_only_the_beginning_is_fetched(imap: ImapSink) -> None:
    imap.put(b"x" * (LONGEST + 1_000))
    assert len(contents(imap.url())[-1]) == LONGEST


def test_a_mail_that_was_deleted_meanwhile_is_passed_over(imap: ImapSink) -> None:
    with open_box(imap.url()) as box:
        mails = box.unread()
        next(mails)
        del imap.mails[2]
        assert [mail.key for mail in mails] == ["3"]


def test_a_folder_may_have_a_name_of_several_words(certificate: Certificate) -> None:
    with open_imap(ImapSink(folder='Mail that "came" back'), certificate) as sink:
        sink.put(MAILS[0])
        assert contents(sink.url()) == [MAILS[0]]


@pytest.mark.parametrize("changes", [{"password": "wrong"}, {"folder": "Elsewhere"}, {"user": "nobody"}])
def test_a_mailbox_that_is_not_ours_is_not_read(imap: ImapSink, changes: dict[str, str]) -> None:
    with pytest.raises(BoxTrouble, match="that cannot be"):
        contents(imap.url(**changes))
    assert imap.unread == [1, 2, 3]


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(imap: ImapSink) -> None:
    with pytest.raises(BoxTrouble, match="certificate verify failed"):
        contents(imap.url(ca=""))
    assert imap.seen == []


def test_a_file_of_certificates_that_is_not_there_is_named(imap: ImapSink) -> None:
    with pytest.raises(BoxTrouble, match="No such file"):
        contents(imap.url(ca="/nowhere.pem"))


@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "SEARCH", "FETCH"])
@pytest.mark.parametrize("answer", [DROP, "NO not now", "BAD what"])
def test_a_server_that_fails_at_any_point_is_trouble_and_no_more(
    certificate: Certificate, command: str, answer: str
) -> None:
    sink = ImapSink(script={command: [answer]})
    sink.put(*MAILS)
    with open_imap(sink, certificate):
        with pytest.raises(BoxTrouble):
            contents(sink.url())
        assert contents(sink.url()) == list(MAILS)


@pytest.mark.parametrize("answer", [DROP, "NO the folder is read-only"])
def test_a_mail_that_cannot_be_filed_away_stays_unread(certificate: Certificate, answer: str) -> None:
    sink = ImapSink(script={"STORE": [answer]})
    sink.put(*MAILS)
    with open_imap(sink, certificate):
        with pytest.raises(BoxTrouble):
            file_first_away(sink.url())
        assert sink.unread == [1, 2, 3]


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(BoxTrouble, match="refused"):
            contents(f"imaps://u:p@127.0.0.1:{closed.getsockname()[1]}/INBOX")


# -- its address -------------------------------------------------------------------------------------------------


def test_an_address_says_all_there_is_to_know() -> None:
    url = "imaps://bounces%40audit.example:s%3Acret%40@mail.example.org/INBOX/Came%20back?ca=/etc/ca.pem"
    settings = ImapSettings.from_url(url)
    assert settings == ImapSettings(
        "mail.example.org", 993, "bounces@audit.example", "s:cret@", "INBOX/Came back", "/etc/ca.pem"
    )
    assert "s:cret@" not in repr(settings)
    assert ImapSettings.from_url("imaps://u:p@h:1993/INBOX").port == 1993


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("imap://u:p@h/INBOX", "read with TLS only"),
        ("imaps://u:p@/INBOX", "name is missing"),
        ("imaps://h/INBOX", "needs a user name and a password"),
        ("imaps://u@h/INBOX", "needs a user name and a password"),
        ("imaps://u:p@h", "the folder is missing"),
        ("imaps://u:p@h/B%C3%BCro", "plain letters"),
        ("imaps://u:p@h/A%0D%0AB", "plain letters"),
        ("imaps://b%C3%BCro:p@h/INBOX", "plain letters"),
        ("imaps://u:p%0A@h/INBOX", "plain letters"),
        ("imaps://u:p@h/INBOX?tls=no", r"nothing may stand behind the folder but \?ca="),
        ("imaps://u:secret@h:port/INBOX", "not the address of a mailbox"),
        ("imaps://u:secret@[h/INBOX", "not the address of a mailbox"),
        ("imap://h", "TLS only.*user name.*folder"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_whole(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refusal, open_box(url):
        pass
    assert "secret" not in str(refusal.value)
