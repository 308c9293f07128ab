"""Letting time pass: what the rules say, mail into a folder and to a server, and the clock that keeps running."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from assurance.post import StillOwed
from assurance.sweep import SweepTally
from cli import serve
from cli.rounds import Watch
from cli.shown import said_of_delivery, said_of_sweep, said_of_waiting
from engine.clock import SystemClock
from notifications.delivery import Delivered
from tests.assurance.ruled import CLOCK, OVERDUE, shelf_of
from tests.cli.conftest import AT_STAGE, PROGRAM, Run, as_program, at_any_hour, execute
from tests.notifications.sink import Postbox, open_aiosmtpd
from tests.world import World

LONG = 60.0


def number_of(database: Path, question: str) -> int:
    """Ask a database for a number."""
    connection = sqlite3.connect(database)
    number: int = connection.execute(question).fetchone()[0]
    connection.close()
    return number


def owed(database: Path) -> int:
    """How many mails are owed."""
    return number_of(database, "SELECT count(*) FROM message WHERE state = 'queued'")


def decided(database: Path) -> int:
    """How many mails ask for something that has been done since: a decision, or returns."""
    asking = "('approval_waiting', 'returns_requested')"
    return number_of(database, f"SELECT count(*) FROM message WHERE template IN {asking}")


# -- sweep -------------------------------------------------------------------------------------------------


def test_rules_speak_once_however_often_they_look(run: Run, database: Path) -> None:
    first = run("sweep", database=database)
    assert first.exit_code == 0
    assert first.stdout.startswith("Looked at ")
    assert ": 0 rules fired" not in first.stdout
    assert run("sweep", database=database).stdout == "Nothing was due.\n"
    assert run("sweep", "--all", "--quiet", database=database).stdout == ""
    whole = json.loads(run("sweep", "--all", "--json", database=database).stdout)
    assert (whole["looked"], whole["fired"], whole["repaired"]) == (0, 0, 0)


def test_a_lost_timer_is_set_again_by_the_whole_sweep(run: Run, database: Path) -> None:
    run("sweep", database=database)
    execute(database, "DELETE FROM timer")
    assert run("sweep", database=database).stdout == "Nothing was due.\n"
    answer = run("sweep", "--all", database=database)
    assert re.search(r"\b[1-9]\d* subjects? had been lost sight of", answer.stdout)
    assert "lost sight of" not in run("sweep", "--all", database=database).stdout


def test_a_subject_that_cannot_be_looked_at_is_named_and_stops_nobody(
    run: Run, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run("sweep", database=database)
    execute(database, "DROP TRIGGER event_refuses_update")
    execute(
        database,
        "UPDATE event SET data = '{' WHERE subject_kind = 'action' AND subject_id = 1 AND kind = 'fired'",
    )
    execute(database, "INSERT OR REPLACE INTO timer VALUES ('action', 1, 1, '2015-03-01T06:30:00.000000Z')")
    answer = run("sweep", "--all", database=database)
    assert answer.exit_code == 1
    assert "Could not look at action/1; tried again in an hour." in answer.stdout
    assert "action/1" in caplog.text


# -- deliver -----------------------------------------------------------------------------------------------


def test_without_a_server_mail_goes_into_a_folder_beside_the_database(run: Run, database: Path) -> None:
    number = owed(database)
    answer = run("deliver", database=database)
    assert answer.exit_code == 0
    told = re.match(r"Mails: (\d+) sent, (\d+) withdrawn, since no longer true\.\n", answer.stdout)
    assert told is not None
    sent, withdrawn = int(told[1]), int(told[2])
    assert (sent + withdrawn, withdrawn) == (number, decided(database))
    assert answer.stdout.endswith(f"\nBy way of the folder {database.parent / 'mail'}.\n")
    assert len(list((database.parent / "mail" / "new").iterdir())) == sent
    assert run("deliver", database=database).stdout.startswith("No mail is owed.\n")
    assert run("deliver", "--quiet", database=database).stdout == ""


def test_a_folder_for_everything_that_is_kept_can_be_named(run: Run, database: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert run("deliver", database=database, VAR=str(kept)).exit_code == 0
    assert (kept / "mail" / "new").is_dir()


def test_every_owed_mail_is_handed_to_the_server_exactly_once(database: Path) -> None:
    number, postbox = owed(database) - decided(database), Postbox()

    async def deliver_twice() -> list[subprocess.CompletedProcess[str]]:
        async with open_aiosmtpd(postbox) as port:
            url = f"smtp://127.0.0.1:{port}"
            return [
                await asyncio.to_thread(
                    lambda: as_program("deliver", "--json", database=database, SMTP_URL=url)
                )
                for _ in range(2)
            ]

    first, second = asyncio.run(deliver_twice())
    assert (first.returncode, second.returncode) == (0, 0)
    assert (json.loads(first.stdout)["sent"], json.loads(second.stdout)["sent"]) == (number, 0)
    assert len(postbox.kept) == number
    assert len({letter["Message-ID"] for letter in postbox.kept}) == number


def test_a_server_that_is_not_there_leaves_every_mail_owed(run: Run, database: Path) -> None:
    number = owed(database) - decided(database)
    answer = run("deliver", database=database, SMTP_URL="smtp://127.0.0.1:1")
    assert answer.exit_code == 1
    assert "Delivery stopped: the mail server cannot be reached" in answer.stdout
    assert "By way of the mail server smtp://127.0.0.1:1." in answer.stdout
    assert owed(database) == number
    quiet = run("deliver", "--quiet", database=database, SMTP_URL="smtp://127.0.0.1:1")
    assert (quiet.exit_code, quiet.stdout) == (1, "")
    assert "the mail server cannot be reached" in quiet.stderr


def test_a_server_that_cannot_be_used_is_bad_input_and_no_password_is_told(run: Run, database: Path) -> None:
    answer = run("deliver", database=database, SMTP_URL="smtp://ada:secret@mail.example.org")
    assert answer.exit_code == 2
    assert "AUDITLOOP_SMTP_URL" in answer.stderr
    assert "secret" not in answer.output
    at_a_server = run("deliver", database=database, SMTP_URL="smtps://ada:secret@127.0.0.1:1")
    assert "By way of the mail server 127.0.0.1:1." in at_a_server.stdout
    assert "secret" not in at_a_server.output


@pytest.mark.parametrize("command", ["deliver", "serve"])
def test_certificates_that_are_not_there_are_named(run: Run, database: Path, command: str) -> None:
    wanted = database.parent / "ca.pem"
    url = f"smtps://mail.example.org?ca={wanted}"
    missing = run(command, database=database, SMTP_URL=url)
    assert missing.exit_code == 2
    assert missing.stderr == (
        f"AUDITLOOP_SMTP_URL: the certificates in {wanted} cannot be used: No such file or directory.\n"
    )
    wanted.write_text("Dear all")
    broken = run(command, database=database, SMTP_URL=url)
    assert broken.exit_code == 2
    assert f"the certificates in {wanted} cannot be used: " in broken.stderr


def test_what_waits_for_a_later_time_is_said_and_is_no_fault(run: Run, database: Path) -> None:
    later = "2999-07-01T08:00:00.000000Z"
    execute(database, f"UPDATE message SET not_before = '{later}' WHERE id = (SELECT max(id) FROM message)")
    number = owed(database) - 1
    answer = run("deliver", database=database)
    assert answer.exit_code == 0
    sent = number - decided(database)
    assert answer.stdout.startswith(f"Mails: {sent} sent, ")
    assert "1 held until Monday 1 Jul 2999, 09:00.\n" in answer.stdout
    assert run("deliver", database=database).stdout.startswith("No mail is due. 1 held until Monday 1 Jul ")
    told = json.loads(run("deliver", "--json", database=database).stdout)
    assert (told["still_owed"], told["next_at"]) == (1, "2999-07-01T08:00:00Z")
    assert (told["still_held"], told["held_until"]) == (1, "2999-07-01T08:00:00Z")
    listed = run("list", "mails", "--state", "held", database=database).stdout
    assert "held until" in listed
    assert "Mon 1 Jul 2999, 09:00" in listed


def test_trouble_is_said_once(database: Path) -> None:
    answer = as_program("deliver", database=database, SMTP_URL="smtp://127.0.0.1:1")
    assert answer.returncode == 1
    assert answer.stdout.count("the mail server cannot be reached") == 1
    assert answer.stderr == ""


# -- serve -------------------------------------------------------------------------------------------------


class Serving:
    """`auditloop serve` as a program, followed line by line."""

    def __init__(self, *words: str, **settings: str) -> None:
        own = {name: value for name, value in os.environ.items() if not name.startswith("AUDITLOOP_")}
        own |= {f"AUDITLOOP_{name}": value for name, value in (at_any_hour("serve") | settings).items()}
        self.process = subprocess.Popen(
            [PROGRAM, "serve", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=own | {"PYTHONUNBUFFERED": "1"},
        )
        self.said: list[str] = []

    def until(self, enough: Callable[[str], bool]) -> None:
        """Read until a line is enough; the program is ended when it stays silent for too long."""
        watchdog = threading.Timer(LONG, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stdout or ():
                self.said.append(line)
                if enough(line):
                    return
        finally:
            watchdog.cancel()
        raise AssertionError(f"it never said so: {self.said}")

    def stop(self, number: signal.Signals) -> int:
        """Ask it to stop and give what it ended with."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=LONG)
        self.said += rest.splitlines(keepends=True)
        return self.process.returncode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_clock_and_the_post_run_at_once_and_stop_cleanly(database: Path, number: signal.Signals) -> None:
    mails = owed(database)
    serving = Serving("--port", "0", "--database", str(database))
    serving.until(lambda line: "Mails: " in line)
    assert serving.stop(number) == 0
    said = "".join(serving.said)
    assert f"The clock and the post are running on {database}." in said
    assert f"Mail goes to the folder {database.parent / 'mail'}." in said
    assert re.search(r"The pages are at http://127\.0\.0\.1:\d+\n", said)
    assert "rules fired" in said
    assert "Stopped; nothing was left half done." in said
    assert "Traceback" not in said
    assert len(list((database.parent / "mail" / "new").iterdir())) >= mails
    assert as_program("verify", database=database).returncode == 0


def test_a_missing_database_is_made_by_the_clock(tmp_path: Path) -> None:
    missing = tmp_path / "new" / "auditloop.sqlite"
    serving = Serving("--port", "0", "--database", str(missing))
    serving.until(lambda line: "Stop with Ctrl-C" in line)
    assert serving.stop(signal.SIGTERM) == 0
    assert f"Made an empty database at {missing}.\n" in serving.said
    assert as_program("verify", database=missing).returncode == 0


@pytest.mark.parametrize("secret", ["", "short", "changeme" * 8])
def test_no_pages_are_served_without_a_secret_that_nobody_guesses(
    run: Run, tmp_path: Path, secret: str
) -> None:
    answer = run("serve", "--port", "0", database=tmp_path / "new.sqlite", SECRET=secret)
    assert answer.exit_code == 2
    assert "AUDITLOOP_SECRET is needed for serving pages: at least 32 characters" in answer.stderr
    assert not (tmp_path / "new.sqlite").exists()


def test_the_clock_does_not_start_on_a_database_of_another_shape(run: Run, empty: Path) -> None:
    execute(empty, "UPDATE alembic_version SET version_num = '0001_people_and_posts'")
    answer = run("serve", database=empty)
    assert answer.exit_code == 5
    assert "run `auditloop migrate`" in answer.stderr


def test_what_fails_in_the_clock_is_said_in_a_line(caplog: pytest.LogCaptureFixture) -> None:
    event = SimpleNamespace(job_id="the sweep", exception=RuntimeError("the disk\nis full"))
    with caplog.at_level(logging.ERROR, logger="auditloop.serve"):
        serve.log_failure(event)
    assert caplog.messages == [
        "the sweep failed and is tried again at its next turn: RuntimeError: the disk is full"
    ]


def test_the_clock_names_a_rule_that_waits_once_and_goes_on(
    database_at: AT_STAGE, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = shelf_of(tmp_path / "rules", OVERDUE, clock=CLOCK + "cap: 1\n")
    world = World(database_at("actions"), at=datetime(2015, 3, 2, 6, 30, tzinfo=UTC), shelf=shelf)
    clock = Watch(world.office)
    with caplog.at_level(logging.INFO, logger="auditloop.rounds"):
        for _ in range(3):
            clock.look()
            world.clock.advance(timedelta(minutes=1))
    waits = [line for line in caplog.messages if "is not in force" in line]
    assert len(waits) == 1
    assert waits[0].startswith("The rule ‘late’ is not in force: it would owe 3 mails at its first look")
    world.close()


# -- what is said ------------------------------------------------------------------------------------------


def test_a_tally_is_said_in_words() -> None:
    nothing = SweepTally()
    something = SweepTally(looked=1, fired=1, escalations=1, repaired=1, noticed=2, moved=1000)
    assert said_of_sweep(nothing) == "Nothing was due."
    assert said_of_sweep(something) == (
        "Looked at 1 subject: 1 rule fired, of these 1 escalation. 2 notices given. Rules or calendar have changed: "
        "1,000 timers moved. 1 subject had been lost sight of."
    )
    delivered = Delivered(
        sent=1200, later=2, failed=1, uncertain=1, withdrawn=1, put_back=3, trouble="it is closed"
    )
    assert said_of_delivery(delivered) == (
        "Mails: 1,200 sent, 2 to be tried again later, 1 failed for good, 1 of unknown fate, "
        "1 withdrawn, since no longer true, 3 put back untried. Delivery stopped: it is closed."
    )
    now = SystemClock().now().replace(hour=1)
    soon = now.replace(hour=23, minute=59)
    monday = datetime(2999, 7, 1, 8, tzinfo=UTC)
    assert said_of_waiting(StillOwed(0, None, UTC), now) == ""
    assert said_of_waiting(StillOwed(2, now, UTC), now) == ""
    assert said_of_waiting(StillOwed(2, soon, UTC), now) == "2 more wait, the first until 23:59."
    assert (
        said_of_waiting(StillOwed(3, soon, UTC, 2, monday, monday), now)
        == "2 held until Monday 1 Jul 2999, 08:00. 1 more waits until 23:59."
    )
    assert said_of_waiting(StillOwed(2, soon, UTC, 2, soon, monday), now) == "2 held, the first until 23:59."
