"""Who may share the work: on a database in a file nobody, on PostgreSQL whoever finds everything in its place."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from assurance.migrate import migrate
from cli.machines import LONGEST_NAME, name_of
from engine.store import database_url, open_store
from tests.cli.conftest import SECRET, Run


@pytest.mark.parametrize("command", ["web", "worker"])
def test_on_a_database_in_a_file_one_process_does_everything(run: Run, empty: Path, command: str) -> None:
    answer = run(command, database=empty, SECRET=SECRET)
    assert answer.exit_code == 2
    assert answer.stderr.startswith(
        f"`auditloop {command}` shares its work with others on PostgreSQL, and {empty} is a"
    )
    assert "`auditloop serve` does everything there" in answer.stderr


@pytest.mark.postgres
def test_no_pages_are_shared_without_a_secret_that_nobody_guesses(run: Run, postgres_database: str) -> None:
    answer = run("web", "--port", "0", database=postgres_database)
    assert answer.exit_code == 2
    assert "AUDITLOOP_SECRET is needed for serving pages" in answer.stderr


@pytest.mark.postgres
def test_a_database_that_is_not_migrated_is_named_with_the_command_that_helps(
    run: Run, postgres_database: str
) -> None:
    answer = run("worker", database=postgres_database)
    assert answer.exit_code == 5
    assert "has no tables yet; run `auditloop migrate`" in answer.stderr
    with closing(open_store(postgres_database)) as store:
        migrate(store)
    url = database_url(postgres_database).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        connection.execute("DROP SCHEMA procrastinate CASCADE")
    answer = run("worker", database=postgres_database)
    assert answer.exit_code == 5
    assert "lacks the tables by which workers are called; run `auditloop migrate`" in answer.stderr
    assert run("migrate", database=postgres_database).exit_code == 0


def test_a_program_names_itself_as_long_as_postgresql_keeps_it() -> None:
    assert name_of("worker").startswith("auditloop worker 0.1.0 on ")
    assert len(name_of("worker")) <= LONGEST_NAME
