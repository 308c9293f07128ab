"""How an installation is: each thing that can be wrong comes with the command that helps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assurance.config import HOME
from tests.cli.conftest import SECRET, Run, execute


@pytest.fixture
def well(run: Run, database: Path) -> Path:
    """A database that has been swept and whose mail was delivered."""
    run("sweep", database=database)
    run("deliver", database=database)
    return database


def examined(run: Run, database: Path, **settings: str) -> dict[str, tuple[str, str]]:
    """What was seen and what was advised, by name."""
    answer = run("doctor", "--json", database=database, **settings)
    seen = {one["name"]: (one["value"], one["advice"]) for one in json.loads(answer.stdout)}
    assert answer.exit_code == (1 if any(advice for _, advice in seen.values()) else 0)
    return seen


def test_all_is_well(run: Run, well: Path) -> None:
    answer = run("doctor", database=well)
    assert answer.exit_code == 0
    assert "All is well." in answer.stdout
    seen = examined(run, well)
    assert seen["auditloop"] == ("0.1.0", "")
    assert "SQLite" in seen["Database"][0]
    assert seen["Journal"][0].startswith(("TRUNCATE, since SQLite before", "WAL, safe with several"))
    assert seen["Synchronous"][0].startswith("FULL")
    assert seen["Guards"][0] == "the database refuses to change or delete a line of the history"
    assert "queued" not in seen["Mails"][0]
    assert seen["Rules"] == ("nothing waits to be looked at", "")
    assert seen["Group"][0].startswith("qa: Quality Assurance sub group; there it is")
    assert seen["Settings"][0] == "the usual ones, none is set"
    workflows = len(list((HOME / "workflows").glob("*.yaml")))
    assert seen["Definitions"][0].startswith(f"{workflows} workflows, ")


def test_how_old_the_newest_checkpoint_is(run: Run, well: Path, tmp_path: Path) -> None:
    seen = examined(run, well)
    assert seen["Checkpoints"] == ("are not taken, since AUDITLOOP_SIGNING_KEY is not set", "")
    assert seen["Checkpoint"] == ("none was ever taken of qa", "")
    key = tmp_path / "signing.pem"
    assert run("keys", "make", str(key)).exit_code == 0
    taken = run("checkpoint", database=well, signing_key=str(key))
    assert taken.exit_code == 0
    seen = examined(run, well)
    assert seen["Checkpoint"][0].startswith("1 of qa, taken ")
    assert seen["Checkpoint"][0].endswith(taken.stdout.splitlines()[-1])
    assert seen["Checkpoint"][1] == ""


def test_old_secrets_that_are_still_listed_are_named(run: Run, well: Path) -> None:
    answer = run("doctor", "--json", database=well, secret="x9" + SECRET, old_secrets=SECRET)
    seen = {one["name"]: one["value"] for one in json.loads(answer.stdout)}
    assert seen["Secret"] == "1 old one still read; `auditloop keys rotate` says until when"


def test_a_key_that_cannot_sign_is_told(run: Run, well: Path) -> None:
    Path("letter.pem").write_text("Dear all")
    answer = run("doctor", "--json", database=well, signing_key="letter.pem")
    assert answer.exit_code == 1
    [seen] = [one for one in json.loads(answer.stdout) if one["name"] == "Checkpoints"]
    assert "letter.pem holds no key that can be read" in seen["advice"]


def test_a_checkpoint_that_is_old_is_missed(run: Run, well: Path) -> None:
    row = "1, 1, '2015-01-01T00:00:00.000000Z', 'ab', 'said', 'signed', ''"
    execute(well, f"INSERT INTO checkpoint VALUES ({row})")
    assert "run `auditloop checkpoint`" in examined(run, well)["Checkpoint"][1]


def test_mail_that_nobody_delivers_and_rules_at_which_nobody_looks(run: Run, database: Path) -> None:
    seen = examined(run, database)
    assert "run `auditloop deliver`" in seen["Oldest owed mail"][1]
    assert "run `auditloop sweep`" in seen["Rules"][1]
    answer = run("doctor", database=database)
    assert answer.exit_code == 1
    assert "Oldest owed mail: Nobody delivers" in answer.stdout


def test_mail_that_did_not_go_out(run: Run, well: Path) -> None:
    execute(well, "UPDATE message SET state = 'failed', sent_at = NULL WHERE id = 1")
    assert (
        "1 mail did not arrive; see `auditloop list mails --state failed`" in examined(run, well)["Mails"][1]
    )


def test_mail_that_has_just_been_written_worries_nobody(run: Run, well: Path) -> None:
    run("move", "action/1", "close", "--as", "bo", "--given", "reason=Done elsewhere", database=well)
    assert examined(run, well)["Oldest owed mail"][1] == ""


def test_guards_that_were_taken_out(run: Run, well: Path) -> None:
    execute(well, "DROP TRIGGER event_refuses_update")
    value, advice = examined(run, well)["Guards"]
    assert value == "event_refuses_update missing"
    assert "Run `auditloop verify`." in advice


def test_a_history_that_lies_in_the_future(run: Run, well: Path) -> None:
    execute(well, "DROP TRIGGER event_refuses_update", "UPDATE event SET at = replace(at, '2014', '2999')")
    assert "is this machine's clock right?" in examined(run, well)["Newest line"][1]


def test_a_missing_database_an_empty_one_and_one_of_another_shape(
    run: Run, tmp_path: Path, empty: Path
) -> None:
    value, advice = examined(run, tmp_path / "missing.sqlite")["Database"]
    assert value.endswith("missing.sqlite is not there")
    assert "auditloop demo" in advice
    assert not (tmp_path / "missing.sqlite").exists()
    assert examined(run, empty)["History"] == ("0 lines of 0 subjects", "")
    assert examined(run, empty)["Mails"][0] == "none yet"
    execute(empty, "UPDATE alembic_version SET version_num = '0001_people_and_posts'")
    assert examined(run, empty)["Shape"] == ("0001_people_and_posts", "Run `auditloop migrate`.")


def test_a_file_that_is_no_database(run: Run, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear all, " * 100)
    assert "file is not a database" in examined(run, tmp_path / "letter.txt")["Database"][1]


def test_settings_that_cannot_be_used(run: Run, well: Path) -> None:
    assert "AUDITLOOP_SMTP is not a setting" in examined(run, well, SMTP="x")["Settings"][1]
    assert "AUDITLOOP_SMTP_URL" in examined(run, well, SMTP_URL="http://x")["Mail"][1]


def test_a_mail_server_is_named_without_its_password(run: Run, well: Path) -> None:
    seen = examined(run, well, SMTP_URL="smtps://ada:secret@mail.example.org")
    assert seen["Mail"] == ("goes to mail.example.org, from auditloop@localhost", "")
    assert "from AUDITLOOP_SMTP_URL" in seen["Settings"][0]


def test_definitions_with_a_mistake(run: Run, well: Path, tmp_path: Path) -> None:
    (tmp_path / "action.yaml").write_text("workflow: action\n")
    value, advice = examined(run, well, WORKFLOWS=str(tmp_path))["Definitions"]
    assert "mistake" in value
    assert advice == "Run `auditloop check`."


def test_looking_changes_nothing(run: Run, well: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    examined(run, well, VAR=str(tmp_path / "kept" / "further"))
    run("doctor", database=tmp_path / "no" / "where.sqlite")
    assert sorted(tmp_path.rglob("*")) == before


def test_mail_for_which_there_is_no_room(run: Run, well: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "mail").write_text("Dear all")
    assert "is not a folder" in examined(run, well, VAR=str(tmp_path / "kept"))["Mail"][1]
    url = f"smtps://mail.example.org?ca={tmp_path}/ca.pem"
    assert (
        f"the certificates in {tmp_path}/ca.pem cannot be used"
        in examined(run, well, SMTP_URL=url)["Mail"][1]
    )
