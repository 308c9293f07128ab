"""Mail that comes back, at the command line: read, mended, sent again."""

from __future__ import annotations

import json
import mailbox
import signal
from pathlib import Path

import pytest

from notifications.verp import ReturnAddress
from tests.cli.conftest import Run, one_line
from tests.cli.test_running import Serving
from tests.notifications.conftest import made_certificate
from tests.notifications.imap_sink import ImapSink, open_imap
from tests.notifications.returned_mail import returned

BOUNCES, SECRET = "bounces@audit.example", "the long secret of an installation in a test"
BO = "bo@qa.example"


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    """An empty maildir for returned mail."""
    mailbox.Maildir(tmp_path / "bounces", create=True)
    return tmp_path / "bounces"


@pytest.fixture
def settings(maildir: Path) -> dict[str, str]:
    """Settings with which mail comes back into the maildir."""
    return {"BOUNCES": BOUNCES, "SECRET": SECRET, "BOUNCE_BOX": str(maildir)}


@pytest.fixture
def delivered(run: Run, database: Path, settings: dict[str, str]) -> Path:
    """A database whose mail was delivered."""
    assert run("deliver", database=database, **settings).exit_code == 0
    return database


def number_to(run: Run, database: Path, address: str) -> int:
    """Give the number of the newest mail to an address."""
    mails = json.loads(run("list", "mails", "--json", database=database).stdout)
    return next(int(mail["ref"].removeprefix("mail/")) for mail in mails if mail["address"] == address)


def report(run: Run, database: Path, form: str) -> bytes:
    """Write a report of the newest mail to Bo."""
    back = ReturnAddress(BOUNCES, SECRET).of(number_to(run, database, BO), BO)
    return returned(form, back=back, to=BO)


def come_back(run: Run, database: Path, maildir: Path, form: str = "postfix") -> None:
    """Let the newest mail to Bo come back."""
    mailbox.Maildir(maildir).add(report(run, database, form))


def test_a_dead_address_is_read_mended_and_written_to(
    run: Run, delivered: Path, maildir: Path, settings: dict[str, str]
) -> None:
    number = number_to(run, delivered, BO)
    come_back(run, delivered, maildir)
    come_back(run, delivered, maildir, "out_of_office")
    answer = run("bounces", database=delivered, **settings)
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout.startswith("Returned mails: 1 of a dead address, 1 of machines.\n")
    assert f"mail/{number}" in answer.stdout
    assert "address/1" in answer.stdout
    assert run("bounces", database=delivered, **settings).stdout == "No mail came back.\n"

    listed = one_line(run("list", "addresses", database=delivered).stdout)
    assert "address/1 bo@qa.example Bo Birchall Dead" in listed
    shown = one_line(run("show", "address/1", database=delivered).stdout)
    assert "550 5.1.1 <bo@qa.example>: Recipient address rejected" in shown
    assert f"mail/{number}" in shown
    assert "1 to be mended" in run("list", database=delivered).stdout
    bounced = one_line(run("list", "mails", "--state", "bounced", database=delivered).stdout)
    assert f"mail/{number}" in bounced
    assert "User unknown in virtual mailbox table" in bounced

    mended = run("mend", "Bo@QA.example", "--to", "bo@new.example", "--as", "sam", database=delivered)
    assert mended.stdout == (
        "address/1 is mended: bo@new.example is the address of Bo Birchall now.\n"
        f"1 mail has not arrived; send what still matters: auditloop resend mail/{number} --as sam\n"
    )
    again = run("resend", f"mail/{number}", "--as", "sam", database=delivered)
    assert again.stdout == f"mail/{number} to Bo Birchall goes out with the next delivery.\n"
    assert "1 sent" in run("deliver", database=delivered, **settings).stdout
    told = one_line(run("history", "address/1", database=delivered).stdout)
    assert "Sam Sedley took the step ‘Name the address that is right’: from Dead to Mended." in told
    assert "new address: bo@new.example" in told
    assert run("verify", database=delivered).exit_code == 0


def test_programs_read_what_came_back(
    run: Run, delivered: Path, maildir: Path, settings: dict[str, str]
) -> None:
    number = number_to(run, delivered, BO)
    come_back(run, delivered, maildir)
    told = json.loads(run("bounces", "--json", database=delivered, **settings).stdout)
    assert (told["read"], told["became"], told["trouble"]) == (1, {"dead": 1}, "")
    assert told["lines"][0]["mail"] == f"mail/{number}"
    assert told["lines"][0]["address"] == "dead_address/1"
    mended = json.loads(
        run("mend", "address/1", "--to", BO, "--as", "ida", "--json", database=delivered).stdout
    )
    assert mended == {"ref": "dead_address/1", "people": ["Bo Birchall"], "mails": [number]}
    again = json.loads(run("resend", str(number), "--as", "ida", "--json", database=delivered).stdout)
    assert again == [{"mail": f"mail/{number}", "to": "Bo Birchall"}]


def test_an_imap_folder_is_read_too(
    run: Run, delivered: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    sink = ImapSink()
    sink.put(report(run, delivered, "exchange_online"), report(run, delivered, "delayed"))
    with open_imap(sink, made_certificate(tmp_path)):
        answer = run("bounces", database=delivered, **settings | {"BOUNCE_BOX": sink.url()})
        assert answer.stdout.startswith("Returned mails: 1 of a dead address, 1 delayed.\n")
        assert sink.unread == []
        wrong = run("bounces", database=delivered, **settings | {"BOUNCE_BOX": sink.url(password="no")})
    assert wrong.exit_code == 1
    assert wrong.stdout == "No mail came back. The mailbox cannot be read: that cannot be.\n"
    assert "no@" not in wrong.output


def test_a_mailbox_that_cannot_be_read_is_said_even_quietly(
    run: Run, delivered: Path, maildir: Path, settings: dict[str, str]
) -> None:
    (maildir / "new").rmdir()
    answer = run("bounces", "--quiet", database=delivered, **settings)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "is not a maildir: it has no folders new and cur." in answer.stderr


def test_without_a_mailbox_there_is_nothing_to_read(run: Run, database: Path) -> None:
    answer = run("bounces", database=database)
    assert answer.exit_code == 2
    assert "AUDITLOOP_BOUNCE_BOX is not set" in answer.stderr


@pytest.mark.parametrize(
    ("words", "number", "sentence"),
    [
        (("mend", BO, "--to", "bo@new.example", "--as", "sam"), 5, f"No mail to {BO} comes back"),
        (("mend", "address/9", "--to", "bo@new.example", "--as", "sam"), 5, "There is no dead_address/9"),
        (("mend", "action/1", "--to", "bo@new.example", "--as", "sam"), 5, "There is no dead_address called"),
        (("resend", "mail/99999", "--as", "sam"), 5, "There is no mail/99999"),
        (("resend", "mail/99999999999999999999", "--as", "sam"), 5, "There is no mail/"),
        (("resend", "action/1", "--as", "sam"), 2, "'action/1' is not a mail"),
        (("resend", "1", "--as", "sam"), 3, "mail/1 is sent; only a mail that has not arrived is sent again"),
        (("resend", "1", "--as", "ada"), 3, "Only the coordinator or administrator can do this"),
    ],
)
def test_what_cannot_be_mended_or_sent_again_is_refused(
    run: Run, delivered: Path, words: tuple[str, ...], number: int, sentence: str
) -> None:
    answer = run(*words, database=delivered)
    assert answer.exit_code == number
    assert sentence in answer.stderr


def test_the_doctor_says_where_returned_mail_is_read(
    run: Run, database: Path, maildir: Path, settings: dict[str, str]
) -> None:
    def said(**changes: str) -> tuple[str, str]:
        seen = json.loads(run("doctor", "--json", database=database, **changes).stdout)
        (one,) = [each for each in seen if each["name"] == "Returned mail"]
        return one["value"], one["advice"]

    assert said() == ("comes back to auditloop@localhost; nothing here reads it", "")
    assert said(**settings) == (f"comes back to {BOUNCES}, read from {maildir}", "")
    unread = {name: value for name, value in settings.items() if name != "BOUNCE_BOX"}
    assert said(**unread)[1] == "Set AUDITLOOP_BOUNCE_BOX, so that it is read."
    imap = settings | {"BOUNCE_BOX": "imaps://me:secret@mail.example/INBOX"}
    assert said(**imap) == (f"comes back to {BOUNCES}, read from mail.example/INBOX", "")
    (maildir / "cur").rmdir()
    assert said(**settings)[1] == f"{maildir} is not a maildir: it has no folder cur."


def test_the_program_that_keeps_running_reads_what_comes_back(
    run: Run, delivered: Path, maildir: Path, settings: dict[str, str]
) -> None:
    come_back(run, delivered, maildir)
    serving = Serving("--database", str(delivered), **settings)
    serving.until(lambda line: "Returned mails: 1 of a dead address." in line)
    assert serving.stop(signal.SIGTERM) == 0
    assert "Traceback" not in "".join(serving.said)
    assert json.loads(run("list", "addresses", "--json", database=delivered).stdout)[0]["address"] == BO


def test_the_lay_member_sees_no_address_and_the_administrator_all(
    run: Run, delivered: Path, maildir: Path, settings: dict[str, str]
) -> None:
    come_back(run, delivered, maildir)
    run("bounces", database=delivered, **settings)
    for who, number in (("cleo", 0), ("fay", 0), ("bo", 1), ("ida", 1), ("sam", 1), ("ada", 1)):
        rows = json.loads(run("list", "addresses", "--as", who, "--json", database=delivered).stdout)
        assert len(rows) == number, who
