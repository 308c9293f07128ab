"""Commands are killed at random instants: nothing is lost, and the same command finishes the job."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
from collections import Counter
from email.message import Message
from pathlib import Path

import pytest

from assurance.config import HOME
from tests.assurance.changed_workflows import shelf_of
from tests.faults.killing import LONGEST, Program, verified
from tests.faults.sizes import rounds
from tests.faults.standing import column, letters, retold, sent, states
from tests.notifications.sink import Postbox, open_aiosmtpd

pytestmark = pytest.mark.faults

AUTUMN = Path(__file__).parent / "autumn"
# The rules of the house under a clock of their own: the first folder's counts.
ALWAYS_OPEN = os.pathsep.join(
    str(folder) for folder in (Path(__file__).parent / "always_open", HOME / "rules")
)
OVER = {"sent", "withdrawn"}
KILLS = (1, 1, 1, 2)  # now and then who finishes the job is killed too


def test_a_killed_demo_goes_on_and_tells_the_same_story(folder: Path) -> None:
    undisturbed = folder / "undisturbed.sqlite"
    work = _demo(undisturbed).runs()
    story, post = retold(undisturbed), letters(undisturbed.with_suffix(".mail"))

    def one(chance: random.Random) -> None:
        database = _fresh(folder) / "killed.sqlite"
        for _ in range(chance.choice(KILLS)):
            _demo(database).is_killed(work.blow(chance))
            _assert_sound(database)
        _demo(database).runs()
        _assert_sound(database)
        assert retold(database) == story
        assert states(database) == {"sent"}
        assert letters(database.with_suffix(".mail")) == post == Counter(sent(database))

    rounds("a killed demo", one)


def test_what_a_killed_sweep_left_out_the_next_sweep_says_once(folder: Path, overdue: Path) -> None:
    undisturbed = Path(shutil.copy(overdue, folder / "undisturbed.sqlite"))
    work = _program("sweep", undisturbed).runs()
    said = _said(undisturbed)

    def one(chance: random.Random) -> None:
        database = Path(shutil.copy(overdue, _fresh(folder)))
        for _ in range(chance.choice(KILLS)):
            _program("sweep", database).is_killed(work.blow(chance))
            _assert_sound(database)
            assert not Counter(_said(database)) - Counter(said)
        _program("sweep", database).runs()
        _assert_sound(database)
        assert _said(database) == said

    rounds("a killed sweep", one)


def test_a_killed_delivery_into_a_maildir_leaves_each_mail_once(folder: Path, overdue: Path) -> None:
    undisturbed = Path(shutil.copy(overdue, _fresh(folder)))
    work = _program("deliver", undisturbed).runs()
    owed = _keys(undisturbed)

    def one(chance: random.Random) -> None:
        database = Path(shutil.copy(overdue, _fresh(folder)))
        for _ in range(chance.choice(KILLS)):
            _program("deliver", database).is_killed(work.blow(chance))
            _assert_sound(database)
            assert letters(database.parent / "mail").keys() >= set(sent(database))
        _program("deliver", database).runs()
        _assert_sound(database)
        assert states(database) == OVER
        assert _keys(database) == owed
        assert letters(database.parent / "mail") == Counter(sent(database))

    rounds("a killed delivery into a maildir", one)


def test_a_killed_delivery_tells_each_reminder_once_and_writes_nobody_two_digests(
    folder: Path, overdue: Path
) -> None:
    swept = Path(shutil.copy(overdue, _fresh(folder)))
    _program("sweep", swept).runs()
    _program("deliver", shut := Path(shutil.copy(swept, _fresh(folder)))).runs()
    told = _told(shut)
    assert len(told) > 500
    work = _program("deliver", Path(shutil.copy(swept, _fresh(folder)))).runs()

    def one(chance: random.Random) -> None:
        database = Path(shutil.copy(swept, _fresh(folder)))
        for _ in range(chance.choice(KILLS)):
            _program("deliver", database).is_killed(work.blow(chance))
            _assert_sound(database)
        _program("deliver", database).runs()
        assert _told(database) == told
        assert states(database) == OVER
        assert letters(database.parent / "mail") == Counter(sent(database))

    rounds("a killed delivery of digests", one)


def test_a_killed_delivery_by_smtp_loses_nothing_and_repeats_only_what_was_in_doubt(
    folder: Path, overdue: Path
) -> None:
    async def among_mail_servers(chance: random.Random, database: Path, kills: int) -> Counter[str]:
        postbox = _Ambush()
        async with open_aiosmtpd(postbox) as port:
            program = _program("deliver", database, f"smtp://127.0.0.1:{port}")
            for _ in range(kills):
                postbox.strikes_at = chance.randint(1, len(_keys(database)))
                await asyncio.to_thread(postbox.lie_in_wait, program)
                _assert_sound(database)
                assert postbox.taken().keys() >= set(sent(database))
            await asyncio.to_thread(program.runs)
        return postbox.taken()

    def one(chance: random.Random) -> None:
        database = Path(shutil.copy(overdue, _fresh(folder)))
        kills = chance.choice(KILLS)
        taken = asyncio.run(among_mail_servers(chance, database, kills))
        _assert_sound(database)
        assert states(database) == OVER
        assert taken.keys() == set(sent(database))
        assert max(taken.values()) <= 1 + kills

    rounds("a killed delivery by SMTP", one)


def test_killed_while_workflows_change_each_subject_goes_over_once(folder: Path, overdue: Path) -> None:
    files = _fresh(folder)
    shelf_of(files, {"action": {r"\bagreed\b(?!_)": "settled"}})
    undisturbed = Path(shutil.copy(overdue, _fresh(folder)))
    work = _change(undisturbed, files).runs()
    actions = column(undisturbed, "SELECT id FROM action")
    assert _gone_over(undisturbed) == sorted(actions)

    def one(chance: random.Random) -> None:
        database = Path(shutil.copy(overdue, _fresh(folder)))
        for _ in range(chance.choice(KILLS)):
            _change(database, files).is_killed(work.blow(chance))
            _assert_sound(database)
            gone_over = _gone_over(database)
            assert len(gone_over) == len(set(gone_over))
        _change(database, files).runs()
        _assert_sound(database)
        assert _gone_over(database) == sorted(actions)
        assert column(database, "SELECT DISTINCT state FROM action") == ["settled"]

    rounds("a killed change of workflows", one)


class _Ambush(Postbox):
    """Kills who delivers at the worst instant: a letter is taken, and the answer that says so is not given yet."""

    def __init__(self) -> None:
        super().__init__()
        self.strikes_at = 0
        self._victim: subprocess.Popen[str] | None = None

    def lie_in_wait(self, program: Program) -> None:
        with program.started() as process:
            self._victim = process
            process.communicate(timeout=LONGEST)
        self._victim = None

    def handle_message(self, message: Message) -> None:
        super().handle_message(message)
        if self._victim is not None and len(self.kept) >= self.strikes_at:
            self._victim.kill()

    def taken(self) -> Counter[str]:
        return Counter(letter["Message-ID"] for letter in self.kept)


def _demo(database: Path) -> Program:
    return Program(("demo", str(AUTUMN), "--no-serve", "--json", "--database", str(database)))


def _program(command: str, database: Path, smtp_url: str = "") -> Program:
    settings = {"AUDITLOOP_RULES": ALWAYS_OPEN}
    if smtp_url:
        settings["AUDITLOOP_SMTP_URL"] = smtp_url
    return Program((command, "--quiet", "--database", str(database)), settings)


def _change(database: Path, files: Path) -> Program:
    words = ("definitions", "apply", "--map", "action:agreed=settled", "--as", "sam", "--quiet")
    settings = {
        "AUDITLOOP_WORKFLOWS": str(files / "workflows-0"),
        "AUDITLOOP_RULES": str(files / "rules-0"),
    }
    return Program((*words, "--database", str(database)), settings)


def _gone_over(database: Path) -> list[int]:
    return sorted(column(database, "SELECT subject_id FROM event WHERE kind = 'migrated'"))


def _fresh(folder: Path) -> Path:
    """Give an empty folder."""
    made = folder / f"round-{sum(1 for _ in folder.iterdir())}"
    made.mkdir()
    return made


def _assert_sound(database: Path) -> None:
    """Hold the database to `auditloop verify`; where nothing was stored yet, there is nothing to verify."""
    if not database.exists() or not column(database, "SELECT name FROM sqlite_master"):
        return
    number, said = verified(str(database))
    assert number == 0, said


def _said(database: Path) -> list[tuple[str, str]]:
    """Give every rule that has spoken, and every mail that is owed for it."""
    fired = column(database, "SELECT once FROM event WHERE kind = 'fired'")
    return sorted([("fired", key) for key in fired] + [("mail", key) for key in _keys(database)])


def _told(database: Path) -> list[str]:
    """Give every reminder with the person whose digest has told it; there is one digest to a person."""
    digests = column(database, "SELECT person_ref FROM message WHERE template = 'digest' AND state = 'sent'")
    assert max(Counter(digests).values()) == 1
    query = "SELECT key || ' ' || coalesce(substr(told_in, 1, 16), dropped_because) FROM digest_item"
    return sorted(column(database, query))


def _keys(database: Path) -> list[str]:
    return sorted(column(database, "SELECT key FROM message"))
