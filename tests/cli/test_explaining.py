"""Why a mail was sent, what a rule makes of a subject, what will be said, and what would have been: as people see it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from assurance.config import HOME
from tests.cli.conftest import Run, one_line


@pytest.fixture
def drafts(tmp_path: Path) -> Path:
    """A folder with the house's rules, of which one is called otherwise."""
    folder = tmp_path / "drafts"
    shutil.copytree(HOME / "rules", folder)
    shutil.rmtree(folder / "tests")
    text = (folder / "agency_return.yaml").read_text(encoding="utf-8")
    assert text.count("id: return-due-soon") == 1
    (folder / "agency_return.yaml").write_text(
        text.replace("id: return-due-soon", "id: return-soon").replace("[return-due-soon]", "[return-soon]"),
        encoding="utf-8",
    )
    return folder


def test_every_mail_that_is_listed_says_why(run: Run, database: Path) -> None:
    mails = json.loads(run("list", "mails", "--most", "500", "--json", database=database).stdout)
    assert len(mails) > 20
    for mail in (mails[0], mails[len(mails) // 2], mails[-1]):
        name = f"mail/{mail['ref'].rpartition('/')[2]}"
        told = run("why", name, database=database)
        assert told.exit_code == 0
        assert one_line(told.stdout).startswith(f"{name} to {mail['to']}")
        assert "Who decided whom it tells:" in told.stdout
        assert max(map(len, told.stdout.splitlines())) <= 100
        found = json.loads(run("why", name, "--json", database=database).stdout)
        assert found["to"] == mail["to"]
        assert found["causes"]


def test_a_mail_that_nobody_has_sent_is_named(run: Run, database: Path) -> None:
    told = run("why", "mail/99999", database=database)
    assert (told.exit_code, told.stderr.strip()) == (5, "There is no mail/99999.")


def test_a_rule_is_explained_with_its_comparisons(run: Run, database: Path) -> None:
    told = run("explain", "action-overdue", "action/1", database=database)
    assert told.exit_code == 0
    assert "state in (agreed, in_progress)" in told.stdout
    assert "The answer can change" in told.stdout
    found = json.loads(run("explain", "action-overdue", "action/1", "--json", database=database).stdout)
    assert found["rule"] == "action-overdue"
    assert {one["text"] for one in found["comparisons"]} >= {"state in (agreed, in_progress)"}


def test_a_rule_that_nobody_knows_is_answered_with_the_nearest(run: Run, database: Path) -> None:
    told = run("explain", "action-overdu", "action/1", database=database)
    assert "did you mean 'action-overdue'?" in told.stderr
    assert told.exit_code == 2


def test_a_preview_tells_by_person_and_by_day_and_writes_nothing(run: Run, database: Path) -> None:
    before = database.read_bytes()
    told = run("preview", "--days", "400", database=database)
    assert told.exit_code == 2
    told = run("preview", "--days", "90", database=database)
    assert told.exit_code == 0
    assert "if nothing else happens" in told.stdout
    assert "Person" in told.stdout
    assert max(map(len, told.stdout.splitlines())) <= 100
    found = json.loads(run("preview", "--days", "90", "--json", database=database).stdout)
    assert found["mails"]
    assert {"goes_at", "way", "person", "tellings"} <= set(found["mails"][0])
    assert database.read_bytes() == before


def test_changed_rules_are_rehearsed_as_table_and_chart(
    run: Run, database: Path, drafts: Path, tmp_path: Path
) -> None:
    before = database.read_bytes()
    picture = tmp_path / "chart.svg"
    words = ("rehearse", "--rules", str(drafts), "--to", "2015-06-30")
    told = run(*words, "--chart", str(picture), database=database)
    assert told.exit_code == 0
    assert "return-soon" in told.stdout
    assert "in addition" in told.stdout
    assert "not at all" in told.stdout
    assert "<svg" in picture.read_text(encoding="utf-8")
    found = json.loads(run(*words, "--json", database=database).stdout)
    rules = {row["rule"]: row for row in found["by_rule"]}
    assert rules["return-soon"]["after"] == rules["return-due-soon"]["before"] > 0
    assert database.read_bytes() == before


def test_a_folder_that_is_none_and_rules_that_are_wrong_are_refused(
    run: Run, database: Path, drafts: Path
) -> None:
    told = run("rehearse", "--rules", "nowhere", database=database)
    assert (told.exit_code, "nowhere is not a folder" in told.stderr) == (2, True)
    (drafts / "action.yaml").write_text("rules: [", encoding="utf-8")
    told = run("rehearse", "--rules", str(drafts), database=database)
    assert told.exit_code == 2
    assert "action.yaml:1:9" in told.stderr


def test_a_broken_trial_fails_the_check_with_file_and_line(run: Run, drafts: Path) -> None:
    folder = drafts / "tests"
    folder.mkdir()
    (folder / "late.yaml").write_text(
        "about: agency_return\ntrials:\n"
        "  - trial: A late return is chased the next day\n"
        "    given: {state: requested, state_since_on: 2026-01-05, due_on: 2026-02-02, original_due_on: 2026-02-02}\n"
        "    days:\n"
        "      - {on: 2026-02-03, expect: [return-late]}\n",
        encoding="utf-8",
    )
    sound = run("check", str(drafts))
    assert sound.exit_code == 0
    assert "1 trial of a rule" in sound.stdout
    text = (folder / "late.yaml").read_text(encoding="utf-8").replace("2026-02-03", "2026-02-02")
    (folder / "late.yaml").write_text(text, encoding="utf-8")
    broken = run("check", str(drafts))
    assert broken.exit_code == 2
    assert "late.yaml:6:34: on 2026-02-02 return-due-" in broken.stdout
    assert "on 2026-02-02 return-late was expected and did not speak" in broken.stdout
