"""Evidence for somebody who does not keep the database: keys, checkpoints, and the comparison with what was kept."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from engine.checkpoints import Kept, read_kept
from engine.signing import SigningKey
from tests.cli.conftest import Run, execute

SECRET = "what only this installation of the tests knows"
FILE = "auditloop-qa-1.checkpoint.txt"


@pytest.fixture
def key(run: Run, tmp_path: Path) -> Path:
    """A key that signs, made as an operator makes it."""
    file = tmp_path / "signing.pem"
    answer = run("keys", "make", str(file))
    assert answer.exit_code == 0
    assert f"AUDITLOOP_SIGNING_KEY={file}" in answer.stdout
    return file


def test_a_key_is_for_its_owner_only_and_never_written_over(run: Run, key: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    answer = run("keys", "make", str(key))
    assert answer.exit_code == 2
    assert "is there already; no key is ever written over another" in answer.stderr
    assert key.read_bytes() == before


def test_a_kept_checkpoint_finds_what_the_database_cannot_tell_any_more(
    run: Run, database: Path, key: Path, tmp_path: Path
) -> None:
    taken = run("checkpoint", "--to", str(tmp_path), database=database, signing_key=str(key))
    assert taken.exit_code == 0
    assert f"Wrote {tmp_path / FILE}." in taken.stdout
    words = ("verify", "--against", str(tmp_path / FILE), "--key", f"{key}.pub")
    whole = run(*words, database=database)
    assert whole.exit_code == 0
    assert whole.stdout.startswith("Sound: ")
    assert "Checkpoint 1 of qa holds; the newest was taken on " in whole.stdout
    assert taken.stdout.splitlines()[1] in whole.stdout
    execute(
        database,
        "DROP TRIGGER event_refuses_delete",
        "DROP TRIGGER checkpoint_refuses_delete",
        "DELETE FROM event WHERE subject_kind = 'meeting'",
        "DELETE FROM meeting",
        "DELETE FROM checkpoint",
    )
    alone = run("verify", database=database)
    assert "checkpoint" not in alone.stdout
    compared = run(*words, database=database)
    assert compared.exit_code == 1
    assert "checkpoint 1 of qa: it was kept elsewhere, and is not there any more" in compared.stdout
    assert "meeting/1 line 1: checkpoint 1, taken on " in compared.stdout
    assert "has this line; it is not there any more" in compared.stdout
    found = json.loads(run(*words, "--json", database=database).stdout)
    assert "meeting/1" in {fault["subject"] for fault in found["faults"]}
    assert found["checkpoints"][0]["newest"] is None


def test_without_a_key_of_ones_own_that_is_said(run: Run, database: Path, key: Path) -> None:
    run("checkpoint", database=database, signing_key=str(key))
    assert "give one that you know with --key" in run("verify", database=database).stdout
    known = run("verify", database=database, signing_key=str(key))
    assert "--key" not in known.stdout
    assert run("verify", "--quiet", database=database).stdout == ""
    key.write_text("what this user cannot read as a key")
    unread = run("verify", database=database, signing_key=str(key))
    assert "give one that you know with --key" in unread.stdout


def test_somebody_elses_key_is_told(run: Run, database: Path, key: Path, tmp_path: Path) -> None:
    run("checkpoint", database=database, signing_key=str(key))
    other = tmp_path / "other.pem"
    run("keys", "make", str(other))
    answer = run("verify", "--key", f"{other}.pub", database=database)
    assert answer.exit_code == 1
    assert "which signed it, is none of ours" in answer.stdout


def test_a_key_hands_over_and_a_lost_one_is_said(run: Run, database: Path, key: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    run("keys", "make", str(other))
    handed = run("checkpoint", "--hand-over-to", f"{other}.pub", database=database, signing_key=str(key))
    assert handed.exit_code == 0
    assert run("checkpoint", database=database, signing_key=str(key)).exit_code == 3
    assert run("checkpoint", database=database, signing_key=str(other)).exit_code == 0
    assert run("verify", database=database, signing_key=str(other)).exit_code == 0
    begun = run("checkpoint", "--new-chain", "The key was lost.", database=database, signing_key=str(key))
    assert begun.exit_code == 0
    sound = run("verify", database=database, signing_key=str(key))
    assert sound.exit_code == 0
    assert "begins with a key that no earlier one names: The key was lost." in sound.stdout


@pytest.mark.parametrize(
    ("words", "number", "told"),
    [
        (("checkpoint",), 3, "AUDITLOOP_SIGNING_KEY is not set. `auditloop keys make FILE`"),
        (("checkpoint", "--to", "nowhere"), 2, "nowhere is not a folder"),
        (("checkpoint", "--hand-over-to", "nowhere.pem"), 2, "nowhere.pem cannot be used"),
        (("checkpoint", "--new-chain", " "), 2, "--new-chain needs a reason"),
        (("checkpoint", "--group", "qb"), 2, "qb"),
        (("verify", "--against", "letter.txt"), 2, "letter.txt is no checkpoint as it was written"),
        (("verify", "--key", "letter.txt"), 2, "letter.txt cannot be used: it holds no key"),
    ],
)
def test_what_cannot_be_used_is_named(
    run: Run, database: Path, words: tuple[str, ...], number: int, told: str
) -> None:
    Path("letter.txt").write_text("Dear all")
    answer = run(*words, database=database)
    assert (answer.exit_code, told in answer.stderr) == (number, True), answer.stderr


def test_a_checkpoint_of_another_group_is_no_proof_of_ours(
    run: Run, database: Path, tmp_path: Path, key: Path
) -> None:
    run("checkpoint", "--to", str(tmp_path), database=database, signing_key=str(key))
    kept = read_kept((tmp_path / FILE).read_text(encoding="utf-8"))
    said = replace(kept.statement, group="others")
    signed = Kept(said, SigningKey.from_pem(key.read_bytes()).sign(said.text), kept.heads)
    (tmp_path / "others.txt").write_text(signed.text)
    answer = run("verify", "--against", str(tmp_path / "others.txt"), database=database)
    assert answer.exit_code == 1
    assert "checkpoint 1 of others: there is no such group in this database" in answer.stdout


def test_a_rotation_says_what_it_did(run: Run, database: Path) -> None:
    answer = run("keys", "rotate", database=database, secret=SECRET)
    assert answer.exit_code == 0
    assert answer.stdout.startswith("0 of 0 authenticator apps were encrypted anew")
    both = run("keys", "rotate", database=database, secret="x9" + SECRET, old_secrets=SECRET)
    assert "Keep the old secrets in AUDITLOOP_OLD_SECRETS until " in both.stdout
    told = json.loads(run("keys", "rotate", "--json", database=database, secret=SECRET).stdout)
    assert (told["apps"], told["renewed"], told["unreadable"]) == (0, 0, 0)
    without = run("keys", "rotate", database=database)
    assert without.exit_code == 3
    assert "AUDITLOOP_SECRET is not set" in without.stderr


def test_wrong_settings_are_refused_at_the_start(run: Run, database: Path) -> None:
    wrong = run(
        "verify", database=database, signing_key="nowhere.pem", checkpoints="nowhere", old_secrets="changeme"
    )
    assert wrong.exit_code == 2
    for setting in ("SIGNING_KEY is 'nowhere.pem'", "CHECKPOINTS is 'nowhere'", "OLD_SECRETS lists"):
        assert f"AUDITLOOP_{setting}" in wrong.stderr
