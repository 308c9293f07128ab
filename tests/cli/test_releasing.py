"""After a restore nothing is sent, at any door, until somebody has looked at what would go and released it."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from assurance.access import viewer_of
from assurance.config import settings_from
from assurance.copies.backup import back_up
from assurance.copies.contents import cabinet_in
from assurance.copies.restore import restore
from assurance.office import Office
from assurance.queries.mail_queue import mail_queue
from assurance.queries.vital_signs import vital_signs
from assurance.roster import roster
from engine.clock import SystemClock
from engine.store import open_store
from tests.cli.conftest import Run, execute, one_line
from tests.notifications.sink import Postbox, open_aiosmtpd
from tests.world import house_shelf

OWED = "state = 'queued'"


def rows(database: Path, question: str) -> list[tuple[object, ...]]:
    """Ask a database."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(question).fetchall()


def number(database: Path, where: str) -> int:
    """Count mails."""
    counted = rows(database, f"SELECT count(*) FROM message WHERE {where}")[0][0]
    assert isinstance(counted, int)
    return counted


def delivered_from(run: Run, database: Path) -> list[tuple[str, str]]:
    """Deliver to a real mail server; give what that has taken: to whom, and the Message-ID."""
    postbox = Postbox()

    async def deliver() -> None:
        async with open_aiosmtpd(postbox) as port:
            url = f"smtp://127.0.0.1:{port}"
            await asyncio.to_thread(lambda: run("deliver", database=database, SMTP_URL=url))

    asyncio.run(deliver())
    return [(letter["X-RcptTo"], letter["Message-ID"]) for letter in postbox.kept]


@pytest.fixture(scope="session")
def brought_back(full_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that was brought back out of a backup which was made in the middle of a delivery."""
    folder = tmp_path_factory.mktemp("brought-back")
    original = shutil.copyfile(full_template, folder / "original.sqlite")
    long_ago = "lease_until = '2014-01-01T00:00:00.000000Z'"
    last = "id = (SELECT max(id) FROM message)"
    execute(original, f"UPDATE message SET state = 'sending', {long_ago} WHERE {last}")
    files, file, target = cabinet_in(folder / "files"), folder / "backup.zip", folder / "back.sqlite"
    said: dict[str, Any] = {"at": SystemClock().now(), "on_rows": nothing, "on_step": nothing}
    with closing(open_store(original)) as store, closing(open_store(target)) as back:
        back_up(store, files, file, **said)
        restore(file, back, files, work_in=folder, **said)
    return target


def nothing(*_said: object) -> None:
    """Say nothing."""


@pytest.fixture
def restored(brought_back: Path, tmp_path: Path) -> Path:
    """Such an installation of one's own."""
    return shutil.copyfile(brought_back, tmp_path / "restored.sqlite")


def test_nothing_is_sent_until_the_release_and_then_nothing_that_was_owed_before(
    run: Run, restored: Path
) -> None:
    owed = "state IN ('queued', 'sending')"
    last = number(restored, "id > 0")
    assert number(restored, owed) > 10
    assert delivered_from(run, restored) == []
    run("sweep", database=restored)  # what rules owe when they wake up years later
    before, new = (number(restored, f"{owed} AND id {side} {last}") for side in ("<=", ">"))
    assert before > 10
    assert new > 0
    assert delivered_from(run, restored) == []
    shown = run("release", database=restored)
    assert shown.exit_code == 1
    said = one_line(shown.stdout)
    assert f"possibly sent since (withdrawn, or --send-owed): {before} mails, the oldest of " in said
    assert f"Come to be owed since the restore (sent, or --withdraw-all): {new} mail" in said
    assert "Nothing was changed." in said
    told = json.loads(run("release", "--json", database=restored).stdout)
    assert (sum(told["owed"]["kinds"].values()), sum(told["new"]["people"].values())) == (before, new)
    assert delivered_from(run, restored) == []
    done = run("release", "--yes", database=restored)
    assert done.exit_code == 0
    assert f"Taken back for good: {before} mails" in one_line(done.stdout)
    old = {row[0] for row in rows(restored, "SELECT to_address FROM message WHERE withdrawn_by = 'release'")}
    assert old
    gone = delivered_from(run, restored)
    assert 0 < len(gone) <= new
    ids = [row[0] for row in rows(restored, "SELECT message_id FROM message WHERE state = 'sent'")]
    assert sorted(str(one) for one in ids) == sorted(one for _, one in gone)
    assert run("release", database=restored).exit_code == 0
    run("sweep", "--all", database=restored)
    assert number(restored, f"withdrawn_by = 'release' AND {OWED}") == 0


def test_what_was_owed_goes_only_if_somebody_says_so(run: Run, restored: Path) -> None:
    assert run("release", "--yes", "--send-owed", database=restored).exit_code == 0
    assert number(restored, "withdrawn_by = 'release'") == 0
    assert len(delivered_from(run, restored)) > 10


def test_nothing_at_all_goes_if_somebody_says_so(run: Run, restored: Path) -> None:
    run("sweep", database=restored)
    assert run("release", "--yes", "--withdraw-all", database=restored).exit_code == 0
    assert number(restored, "state IN ('queued', 'sending')") == 0
    assert delivered_from(run, restored) == []


def test_reminders_that_waited_for_a_digest_are_not_told_after_all(run: Run, restored: Path) -> None:
    waits = "told_in IS NULL AND dropped_because IS NULL"
    waiting = [row[0] for row in rows(restored, f"SELECT id FROM digest_item WHERE {waits}")]
    assert run("release", "--yes", database=restored).exit_code == 0
    run("sweep", "--all", database=restored)
    still = [row[0] for row in rows(restored, f"SELECT id FROM digest_item WHERE {waits}")]
    assert not {*waiting} & {*still}


def test_every_door_says_that_mail_is_held(run: Run, restored: Path) -> None:
    said = "ll mail is held: this installation was brought back on"
    deliver = run("deliver", database=restored)
    assert deliver.exit_code == 1
    assert said in one_line(deliver.stdout)
    doctor = run("doctor", "--json", database=restored)
    assert doctor.exit_code == 1
    assert any(said in one["advice"] for one in json.loads(doctor.stdout))


def test_pages_and_monitors_say_that_mail_is_held(restored: Path) -> None:
    settings = settings_from({}, database=str(restored))
    office = Office(settings, open_store(restored), house_shelf(), clock=SystemClock())
    with closing(office), office.reading(office.actor("sam")) as tx:
        (mail,) = [sign for sign in vital_signs(office).signs if sign.name == "mail"]
        queue = mail_queue(tx, viewer_of(roster(tx.session, group_id=1, today=tx.today), tx.actor))
    assert not mail.is_well
    assert mail.says.startswith("All mail is held: this installation was brought back on ")
    assert queue.held == mail.says


def test_an_installation_that_was_never_restored_holds_nothing(run: Run, database: Path) -> None:
    answer = run("release", database=database)
    assert (answer.exit_code, answer.stdout) == (
        0,
        "No mail is held here: there was no restore that waits for its release.\n",
    )
    assert json.loads(run("release", "--json", database=database).stdout) is None
    refused = run("release", "--yes", database=database)
    assert refused.exit_code == 3
    assert "No mail is held here" in refused.stderr


def test_to_send_and_to_withdraw_is_a_contradiction(run: Run, database: Path) -> None:
    answer = run("release", "--yes", "--send-owed", "--withdraw-all", database=database)
    assert answer.exit_code == 2
    assert "Say either --send-owed or --withdraw-all" in answer.stderr
