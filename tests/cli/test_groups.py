"""The groups of an installation at the command line: who is here, who joins, who leaves, and as whom the program runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli.conftest import Run

NORTH = ("north", "North sub group", "--administrator", "Ida Innes", "--email", "ida@north.example")


@pytest.fixture
def house(database: Path, tmp_path: Path) -> Path:
    """A copy of a database with one group that has worked for months."""
    return Path(shutil.copyfile(database, tmp_path / "house.sqlite"))


def keys(run: Run, house: Path) -> list[str]:
    """Give the groups of an installation."""
    return [row["key"] for row in json.loads(run("group", "list", "--json", database=house).stdout)]


def test_a_group_joins_and_its_administrator_is_invited_next(run: Run, house: Path) -> None:
    answer = run("group", "add", *NORTH, database=house)
    assert answer.exit_code == 0
    assert "Next: auditloop account invite ida_innes --group north" in answer.stdout
    invited = run("account", "invite", "ida_innes", "--group", "north", database=house)
    assert invited.exit_code == 0, invited.stderr
    assert "ida@north.example" in invited.stdout
    assert keys(run, house) == ["north", "qa"]
    assert "North sub group" in run("group", "list", database=house).stdout
    assert run("group", "add", *NORTH, database=house).exit_code == 3
    assert run("group", "add", *NORTH, "--zone", "Nowhere", database=house).exit_code == 2


def test_what_one_group_has_is_nothing_for_whoever_asks_for_another(run: Run, house: Path) -> None:
    run("group", "add", *NORTH, database=house)
    for kind in ("audits", "actions", "recommendations", "meetings", "mails", "approvals"):
        listed = run("list", kind, "--json", "--group", "north", database=house)
        assert json.loads(listed.stdout) == [], kind
        assert json.loads(run("list", kind, "--json", "--group", "qa", database=house).stdout), kind
    for words in (
        ("show", "action/1"),
        ("history", "action/1"),
        ("offers", "action/1", "--as", "ida_innes"),
        ("why", "mail/1"),
        ("explain", "action-overdue", "action/1"),
    ):
        asked = run(*words, "--group", "north", database=house)
        assert asked.exit_code in (2, 3, 5), words
        assert "There is no" in asked.stderr, words


def test_a_group_leaves_with_all_that_is_its_own(run: Run, house: Path, tmp_path: Path) -> None:
    run("group", "add", *NORTH, database=house)
    file = tmp_path / "qa.zip"
    exported = run("group", "export", "qa", str(file), database=house)
    assert exported.exit_code == 0
    assert f"of qa are in {file}." in exported.stdout
    remove = ("group", "remove", "qa", "--export", str(file))
    unsure = run(*remove, "--yes", "qq", database=house)
    assert unsure.exit_code == 2
    assert "Type the key of the group again" in unsure.stderr
    assert keys(run, house) == ["north", "qa"]
    removed = run(*remove, "--yes", "qa", "--by", "Olive Orchard", database=house)
    assert removed.exit_code == 0, removed.stderr
    assert "The group qa is removed." in removed.stdout
    assert keys(run, house) == ["north"]
    assert run("verify", database=house).exit_code == 0
    assert run(*remove, "--yes", "qa", database=house).exit_code == 3


@pytest.mark.postgres
def test_the_owner_lets_a_role_run_the_program_and_the_doctor_says_as_whom_it_runs(
    run: Run, postgres_database: str, database: Path
) -> None:
    role = "auditloop_at_work"
    made = run("migrate", "--runtime-role", role, database=postgres_database)
    assert made.exit_code == 0, made.stderr
    assert f"{role} may run the program on it, and no more." in made.stdout
    assert run("migrate", "--runtime-role", role, database=postgres_database).exit_code == 0
    at_work = as_role(postgres_database, role)
    assert run("group", "add", *NORTH, database=at_work).exit_code == 0
    assert f"PostgreSQL keeps groups apart for {role}" in fences(run, at_work)
    assert "it owns the tables and could take them down" in fences(run, postgres_database)
    assert "do not hold auditloop" in fences(run, as_role(postgres_database, "auditloop"))
    refused = run("migrate", "--runtime-role", "auditloop", database=postgres_database)
    assert refused.exit_code == 2
    assert "is a superuser or has BYPASSRLS" in refused.stderr
    assert run("migrate", "--runtime-role", role, database=database).exit_code == 2


def as_role(url: str, role: str) -> str:
    """Give the address of a database for another role."""
    return sa.make_url(url).set(username=role).render_as_string(hide_password=False)


def fences(run: Run, database: str) -> str:
    """Give what the doctor says of the fences between groups."""
    seen = json.loads(run("doctor", "--json", database=database).stdout)
    return next(str(one["value"]) for one in seen if one["name"] == "Fences")
