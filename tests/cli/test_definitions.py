"""`auditloop definitions`: a state is called otherwise under running audits, as an operator does it."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from assurance.config import HOME
from tests.assurance.changed_workflows import FAMILY, replace
from tests.cli.conftest import AT_STAGE, Run, execute, one_line

RENAMED = ("--map", "action:agreed=settled")


class Files:
    """A copy of the house's workflows and rules, and the settings that point to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for what in ("workflows", "rules"):
            shutil.copytree(HOME / what, folder / what)
        self.settings = {"workflows": str(folder / "workflows"), "rules": str(folder / "rules")}

    def replace(self, kind: str, pattern: str, new: str) -> None:
        """Replace words wherever the files speak of a kind."""
        replace(self.folder, kind, pattern, new)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Files in which the state `agreed` of an action is called `settled`."""
    files = Files(tmp_path / "own")
    files.replace("action", r"\bagreed\b(?!_)", "settled")
    files.replace("action", "title: Agreed\n", "title: Settled\n")
    return files


def definitions_in(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT count(*) FROM definition").fetchone()[0])


def test_a_state_that_is_called_otherwise_is_planned_refused_mapped_and_proven(
    run: Run, database_at: AT_STAGE, files: Files
) -> None:
    database = database_at("actions")
    kept = definitions_in(database)
    refused = run("definitions", "plan", database=database, **files.settings)
    assert refused.exit_code == 3
    assert "the state ‘Agreed’ (agreed) is gone" in refused.stdout
    assert "the state ‘Settled’ (settled) is new" in refused.stdout
    assert "2 subjects: nowhere to go" in refused.stdout
    assert (
        "action/1 (‘Agreed’): ‘Agreed’ (agreed) is not in the new definition; say which state takes its place."
    ) in refused.stdout
    assert "Nowhere to go: 2 subjects; so nothing can be moved." in refused.stderr
    assert "--map action:agreed=STATE. States of the new definition: proposed, settled" in refused.stderr

    stopped = run("definitions", "apply", "--as", "sam", database=database, **files.settings)
    assert stopped.exit_code == 3
    assert stopped.stderr.count("‘Agreed’ (agreed) is not in the new definition") == 2
    assert "Nothing was moved" in stopped.stderr

    mapped = run("definitions", "plan", *RENAMED, database=database, **files.settings)
    assert mapped.exit_code == 0
    assert "the state ‘Agreed’ (agreed) becomes ‘Settled’ (settled)" in mapped.stdout
    assert "2 subjects: from agreed to settled" in mapped.stdout
    assert "2 subjects can go over" in mapped.stdout
    assert definitions_in(database) == kept

    words = ("definitions", "apply", *RENAMED, "--as", "sam", "--reason", "The group says settled")
    done = run(*words, database=database, **files.settings)
    assert (done.exit_code, done.stdout) == (
        0,
        "2 subjects went over (2 action). Every history says so, and nobody was mailed.\n",
    )
    again = run(*words, database=database, **files.settings)
    assert (again.exit_code, again.stdout) == (0, "Nothing went over.\n")
    assert definitions_in(database) == kept + 1

    proof = run("verify", database=database)
    assert proof.exit_code == 0
    assert proof.stdout.startswith("Sound: ")
    told = one_line(run("history", "action/1", database=database, **files.settings).stdout)
    assert "Sam Sedley moved it to the workflow ‘Action’ of " in told
    assert "from Agreed to Settled. Nobody was told. reason: The group says settled" in told
    listed = run("list", "actions", "--state", "settled", database=database, **files.settings)
    assert listed.stdout.count("Settled") == 2


def test_it_stops_after_so_many_and_the_same_words_go_on(
    run: Run, database_at: AT_STAGE, files: Files
) -> None:
    database = database_at("actions")
    words = ("definitions", "apply", "action", *RENAMED, "--as", "ida")
    first = run(*words, "--at-most", "1", database=database, **files.settings)
    assert first.stdout == (
        "1 subject went over (1 action). Every history says so, and nobody was mailed. "
        "1 more are left; the same command goes on.\n"
    )
    assert run(*words, "--quiet", database=database, **files.settings).stdout == ""
    plan = run("definitions", "plan", *RENAMED, database=database, **files.settings)
    assert plan.stdout == "Everything that runs goes by the definitions on the shelf.\n"


def test_the_doctor_says_what_goes_by_an_earlier_file(run: Run, database_at: AT_STAGE, files: Files) -> None:
    database = database_at("actions")
    told = one_line(run("doctor", database=database, **files.settings).stdout)
    assert "Running 2 subjects go by earlier ones; `auditloop definitions plan` tells more" in told
    run("definitions", "apply", *RENAMED, "--as", "sam", database=database, **files.settings)
    told = one_line(run("doctor", database=database, **files.settings).stdout)
    assert "Running goes by the workflows of the files" in told
    execute(database, "UPDATE definition SET text = replace(text, 'Agreed', 'Settled') WHERE id = 1")
    told = one_line(run("doctor", database=database, **files.settings).stdout)
    assert "its text in the database is not the one that was published. Run `auditloop verify`." in told


def test_every_definition_is_listed(run: Run, database_at: AT_STAGE, files: Files) -> None:
    database = database_at("actions")
    listed = run("definitions", "list", "action", database=database, **files.settings)
    heading, old, new = listed.stdout.splitlines()
    assert heading.split() == ["Kind", "Definition", "Published", "Running", "Finished"]
    assert re.fullmatch(r"action  [0-9a-f]{12}  1 Sep 2014 +2 +0", old)
    assert re.fullmatch(r"action  [0-9a-f]{12} +0 +0  on the shelf, not in force yet", new)
    run("definitions", "apply", *RENAMED, "--as", "sam", database=database, **files.settings)
    *_, old, new = run(
        "definitions", "list", "action", database=database, **files.settings
    ).stdout.splitlines()
    assert old.split()[-2:] == ["0", "0"]
    assert new.endswith("2         0  on the shelf")


def test_programs_read_json(run: Run, database_at: AT_STAGE, files: Files) -> None:
    database = database_at("actions")

    def read(*words: str) -> Any:
        return json.loads(run(*words, "--json", database=database, **files.settings).stdout)

    (kind,) = read("definitions", "plan")["kinds"]
    assert [(one["ref"], one["state"], one["codes"]) for one in kind["stuck"]] == [
        ("action/1", "agreed", ["state_is_gone"]),
        ("action/2", "agreed", ["state_is_gone"]),
    ]
    (kind,) = read("definitions", "plan", *RENAMED)["kinds"]
    assert kind["sources"][0]["renamed"] == [{"old": "agreed", "new": "settled", "subjects": 2}]
    rows = read("definitions", "list")
    assert {row["kind"]: row["running"] for row in rows if row["on_shelf"]}["audit"] == 1
    done = read("definitions", "apply", *RENAMED, "--as", "sam")
    assert done == {"migrated": 2, "by_kind": {"action": 2}, "left": 0, "stuck": []}


@pytest.mark.parametrize(
    ("words", "number", "sentence"),
    [
        (("--map", "in_progress=under_way"), 2, "is not KIND:OLD=NEW; write it as --map action:in_progress="),
        (("--map", "action:agreed="), 2, "--map action:agreed= names no new state"),
        ((*RENAMED, "--map", "action:agreed=closed"), 2, "--map says twice what becomes of action:agreed"),
        (("--map", "action:agred=settled"), 2, "did you mean 'agreed'"),
        (("--map", "actoin:agreed=settled"), 2, "There is nothing called 'actoin' here"),
        (("--step", "action:agre="), 2, "'agre' is not a step of action in an older definition"),
        (("--field", "action:colour="), 2, "'colour' is not a field of action in an older definition"),
        (("report",), 2, "There is nothing called 'report' here"),
    ],
)
def test_words_that_cannot_be_used_are_answered_with_those_that_can(
    run: Run, database_at: AT_STAGE, files: Files, words: tuple[str, ...], number: int, sentence: str
) -> None:
    answer = run("definitions", "plan", *words, database=database_at("actions"), **files.settings)
    assert answer.exit_code == number
    assert sentence in answer.stderr


def test_only_the_coordinator_and_the_administrator_carry_it_out(
    run: Run, database_at: AT_STAGE, files: Files
) -> None:
    database = database_at("actions")
    refused = run("definitions", "apply", *RENAMED, "--as", "ada", database=database, **files.settings)
    assert refused.exit_code == 3
    assert "Only the coordinator or administrator can do this; Ada Ashdown is not." in refused.stderr
    assert run("definitions", "apply", *RENAMED, database=database, **files.settings).exit_code == 2


def test_a_state_that_the_program_names_itself_cannot_be_taken_away(
    run: Run, database_at: AT_STAGE, files: Files
) -> None:
    files.replace("action", r"\bverified\b", "checked")
    answer = run("definitions", "plan", database=database_at("actions"), **files.settings)
    assert answer.exit_code == 2
    assert (
        "action needs the state 'verified', because a recommendation is implemented once its actions have come "
        "to it; keep the word, and give it the title that you like"
    ) in answer.stderr


def test_a_kind_whose_file_is_gone_is_said_to_stay(run: Run, tmp_path: Path) -> None:
    database = tmp_path / "sampled.sqlite"
    run("demo", str(FAMILY), "--no-serve", "--no-deliver", database=database)
    execute(database, "UPDATE matter SET state = 'planned' WHERE kind = 'dip_sample'")
    answer = run("definitions", "plan", database=database)
    assert answer.exit_code == 0
    assert answer.stdout.startswith("dip_sample: no file of it is there any more; 1 running subject stays.\n")
