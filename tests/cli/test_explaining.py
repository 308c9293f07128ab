"""Why a mail was sent, what a rule makes of a subject, what will be said, and what would have been: as people see it."""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.config import HOME
from notifications.outbox import Message
from tests.assurance.post_office import morning
from tests.cli.conftest import Run, one_line
from tests.world import Templates


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
        shown = one_line(told.stdout)
        assert shown.startswith(f"{name} to {mail['to']}")
        assert max(map(len, told.stdout.splitlines())) <= 100
        found = json.loads(run("why", name, "--json", database=database).stdout)
        assert found["to"] == mail["to"]
        assert found["causes"]
        assert all(cause["decided"] in shown and cause["sentence"] in shown for cause in found["causes"])


def test_what_several_histories_say_alike_is_said_once(
    run: Run, templates: Templates, tmp_path: Path
) -> None:
    world = templates.world(tmp_path / "late.sqlite", "agency_audits")
    morning(world, date(2014, 11, 13))
    [digest] = world.ask(
        sa.select(Message.id).where(Message.template == "digest", Message.to_name == "Bo Birchall")
    )
    world.close()
    told = one_line(run("why", f"mail/{digest}", database=tmp_path / "late.sqlite").stdout)
    assert "2 histories, 13 Nov 2014, 06:30 return/1, return/6 The rule ‘return-due-soon’ spoke" in told
    assert told.count("The rule ‘return-due-soon’, in the words that it had title") == 1
    assert "tell owner which is in force since 1 September 2014 written at rules/agency_return.yaml:" in told


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


def test_a_preview_shows_each_hour_and_person_once_and_what_waits_already(
    run: Run, templates: Templates, tmp_path: Path
) -> None:
    database = tmp_path / "saturday.sqlite"
    world = templates.world(database, "actions")
    morning(world, date(2015, 2, 27))
    morning(world, date(2015, 2, 28))
    world.close()
    told = run("preview", "--on", "2015-02-28", "--days", "12", database=database)
    assert told.exit_code == 0
    lines = told.stdout.splitlines()
    assert re.match(r"28 Feb 2015 to 12 Mar 2015: \d+ mails, if nothing else happens. 24 subjects", lines[0])
    start = lines.index("Monday 2 Mar 2015")
    assert [line.split()[:3] for line in lines[start + 2 : start + 5] if line.startswith("07:45")] == [
        ["07:45", "Bo", "Birchall"],
        ["07:45", "Gil", "Gadsby"],
        ["07:45", "Nell", "Norris"],
    ]
    assert "(said on 28 Feb 2015, and waits)" not in told.stdout, "it was said on this very day"
    later = run("preview", "--on", "2015-03-01", "--days", "1", database=database)
    assert "An action is overdue: action/1 (said on 28 Feb 2015, and waits)" in one_line(later.stdout)
    nothing = run("preview", "--on", "2015-03-01", "--days", "0", database=database)
    assert one_line(nothing.stdout).startswith(
        "1 Mar 2015 to 1 Mar 2015: nothing goes, if nothing else happens."
    )


def test_a_preview_names_the_rules_that_are_silent(run: Run, database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "clock.yaml").write_text("calendar: england-and-wales\nlook_at: '06:30'\ncap: 1\n")
    (folder / "audit.yaml").write_text(
        "rules:\n  - id: audit-is-there\n    about: audit\n    title: There is an audit\n"
        "    when: state != embedded\n    once_per: state\n    tell: [coordinator, chair, deputy_chair]\n"
    )
    told = one_line(run("preview", database=database, rules=str(folder)).stdout)
    assert "nothing goes" in told
    assert told.endswith(
        "Not in force, and silent until somebody decides: ‘audit-is-there’. `auditloop adopt` says what they owe."
    )


def test_changed_rules_are_rehearsed_as_table_and_chart(
    run: Run, database: Path, drafts: Path, tmp_path: Path
) -> None:
    before = database.read_bytes()
    picture = tmp_path / "chart.svg"
    words = ("rehearse", "--rules", str(drafts), "--to", "2015-06-30")
    told = run(*words, "--chart", str(picture), database=database)
    assert told.exit_code == 0
    shown = one_line(told.stdout)
    assert shown.startswith("1 Sep 2014 to 30 Jun 2015: 10 in addition, 10 not at all; ")
    assert "return-soon" in told.stdout
    assert (
        "The other 5 rules would have said the same." in shown or "rules would have said the same." in shown
    )
    assert "in addition" in told.stdout
    assert "not at all" in told.stdout
    drawn = picture.read_text(encoding="utf-8")
    assert drawn.startswith("<svg")
    assert re.findall(r"https?://[^\s\"']+", drawn) == [
        "http://www.w3.org/2000/svg",
        "https://www.textualize.io",
    ]
    found = json.loads(run(*words, "--json", database=database).stdout)
    assert set(found) == {
        *("from_on", "until_on", "before", "after", "really", "agreed", "by_rule", "by_month", "differences")
    }
    rules = {row["rule"]: row for row in found["by_rule"]}
    assert rules["return-soon"]["after"] == rules["return-due-soon"]["before"] > 0
    assert database.read_bytes() == before


def test_the_same_rules_change_nothing(run: Run, database: Path) -> None:
    told = one_line(run("rehearse", "--rules", str(HOME / "rules"), database=database).stdout)
    assert "nothing would have been different; all" in told
    assert "in force" in told
    assert "Month" not in told


def test_of_several_folders_that_one_is_changed_which_has_the_same_rules(
    run: Run, database: Path, drafts: Path
) -> None:
    clinical = HOME / "examples" / "clinical-audit"
    both = {
        "workflows": os.pathsep.join([str(HOME / "workflows"), str(clinical / "workflows")]),
        "rules": os.pathsep.join([str(HOME / "rules"), str(clinical / "rules")]),
    }
    told = run("rehearse", "--rules", str(clinical / "rules"), database=database, **both)
    assert (told.exit_code, "nothing would have been different" in told.stdout) == (0, True)
    told = run("rehearse", "--rules", str(drafts), database=database, **both)
    assert (told.exit_code, "10 in addition, 10 not at all" in told.stdout) == (0, True)


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
