"""Keeping accounts at the command line: the first administrator, links that are printed, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assurance.config import HOME
from tests.cli.conftest import Run
from tests.world import Templates


@pytest.fixture
def database(templates: Templates, tmp_path: Path) -> Path:
    """The cast on a database without an audit."""
    file = tmp_path / "cast.sqlite"
    templates.world(file).close()
    return file


def test_the_first_administrator_is_invited_and_the_link_is_printed(run: Run, database: Path) -> None:
    answer = run("account", "invite", "ida", database=database)
    assert answer.exit_code == 0
    said, link, mail = answer.stdout.splitlines()
    assert said == "Ida Innes sets up the account here, within seven days:"
    assert link.startswith("http://127.0.0.1:8000/invitation/")
    assert len(link.rpartition("/")[2]) == 43
    assert mail == "The same link is in the mail to ida@qa.example."
    listed = json.loads(run("account", "list", "--json", database=database).stdout)
    assert {"key": "ida", "account": "invited"}.items() <= next(
        one for one in listed if one["key"] == "ida"
    ).items()


def test_somebody_is_added_given_a_post_and_listed(run: Run, database: Path) -> None:
    added = run("account", "add", "Ned Nolan", "ned@police.example", "--as", "ida", database=database)
    assert added.stdout == "Ned Nolan is added, with the key ned_nolan.\n"
    words = ("account", "give", "ned_nolan", "policing", "--from", "2030-01-01", "--until", "2030-12-31")
    assert run(*words, database=database).stdout == (
        "Ned Nolan holds the post Policing from 2030-01-01 on.\n"
    )
    assert "Ned Nolan" in run("account", "list", database=database).stdout


def test_an_account_is_disabled_enabled_and_reset(run: Run, database: Path) -> None:
    link = json.loads(run("account", "invite", "bo", "--json", database=database).stdout)["link"]
    assert run("account", "disable", "bo", database=database).stdout == (
        "The account of Bo Birchall is disabled.\n"
    )
    assert "enable it first" in run("account", "invite", "bo", database=database).stderr
    assert run("account", "enable", "bo@qa.example", database=database).exit_code == 0
    again = json.loads(run("account", "reset", "Bo Birchall", "--json", database=database).stdout)["link"]
    assert again != link


@pytest.mark.parametrize(
    ("words", "number", "sentence"),
    [
        (("invite", "idda"), 2, "'idda' is not a person here; did you mean 'ida'?"),
        (("give", "bo", "policyng"), 2, "'policyng' is not a post here; did you mean 'policing'?"),
        (("disable", "bo"), 3, "Bo Birchall has no account; invite them first."),
        (("invite", "bo", "--as", "ada"), 3, "Only the administrator can do this"),
        (("give", "ida", "chair", "--as", "ida"), 3, "you give no post to yourself"),
        (("add", "Ned", "nowhere"), 3, "nowhere"),
    ],
)
def test_what_cannot_be_done_is_said(
    run: Run, database: Path, words: tuple[str, ...], number: int, sentence: str
) -> None:
    answer = run("account", *words, database=database)
    assert (answer.exit_code, sentence in answer.stderr) == (number, True), answer.stderr


def test_a_new_installation_begins_with_a_file_and_an_invitation(run: Run, empty: Path) -> None:
    file = HOME / "examples" / "year-2014-15" / "group.yaml"
    answer = run("account", "found", str(file), database=empty)
    assert answer.stdout == (
        "Quality Assurance sub group is founded, with the key qa. Next: auditloop account invite uma\n"
    )
    assert run("account", "invite", "uma", database=empty).exit_code == 0
    again = run("account", "found", str(file), database=empty)
    assert (again.exit_code, again.stdout) == (3, "")
    assert "A group with the key 'qa' is in this database already" in again.stderr


def test_a_faulty_or_missing_file_founds_nothing(run: Run, empty: Path, tmp_path: Path) -> None:
    file = tmp_path / "group.yaml"
    file.write_text("group: {key: qa}\n", encoding="utf-8")
    faulty = run("account", "found", str(file), database=empty)
    assert faulty.exit_code == 2
    assert "group.yaml:1:1: the key 'agencies' is missing here" in faulty.stderr
    missing = run("account", "found", str(tmp_path / "other.yaml"), database=empty)
    assert missing.exit_code == 2
    assert "There is no group in this database yet" in run("account", "list", database=empty).stderr
