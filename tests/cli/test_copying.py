"""Moving house: an installation goes from one database to another, whole and equal, or not at all."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.config import HOME
from assurance.copies.copying import Unequal, copying, take_stock
from assurance.migrate import migrate, newest_shape
from assurance.queries.health import missing_guards
from assurance.records import Action, Person
from engine.fences import EVERY, admit, unfenced
from engine.ledger import Event
from engine.store import open_store
from tests.cli.conftest import Run, execute, one_line
from tests.cli.houses import EVERY_BYTE, House, fill_every_table, furnished, stored_in

# Dies by the hardest blow when every row is written and none is committed.
DIES = """
import os, signal, sys
from assurance.copies.copying import copying
from engine.store import open_store
with copying(open_store(sys.argv[1]), open_store(sys.argv[2]), on_rows=lambda *_: None):
    os.kill(os.getpid(), signal.SIGKILL)
"""
RUNTIME = "auditloop_runtime"


def quiet(_table: str, _rows: int) -> None:
    """Say nothing."""


@pytest.fixture
def house(database: Path, tmp_path: Path) -> House:
    """An installation on SQLite with files, in which something of every kind stands."""
    return furnished(database, tmp_path / "files")


@pytest.fixture
def everything(database: Path) -> Path:
    """A database in which every table holds a row, some of them with awkward values."""
    with closing(open_store(database)) as store:
        fill_every_table(store)
    return database


@pytest.mark.postgres
def test_every_table_goes_to_postgresql_and_back_and_is_the_same(
    everything: Path, tmp_path: Path, postgres_database: str
) -> None:
    back = tmp_path / "back.sqlite"
    sums = []
    for original, target in ((str(everything), postgres_database), (postgres_database, str(back))):
        with (
            closing(open_store(original)) as source,
            closing(open_store(target)) as other,
            copying(source, other, on_rows=quiet) as (_, copied),
        ):
            sums.append({one.table: one.copy for one in copied.tables})
    assert sums[0] == sums[1]
    assert all(one.rows for one in sums[0].values())
    told = stored_in(str(everything))
    assert stored_in(postgres_database) == told
    assert stored_in(str(back)) == told


@pytest.mark.postgres
def test_an_installation_moves_to_a_server_with_its_files_and_works_there(
    run: Run, house: House, tmp_path: Path, postgres_database: str
) -> None:
    ways = ("--files-from", str(house.files), "--files-to", str(tmp_path / "server" / "files"))
    answer = run("copy", house.database, postgres_database, *ways)
    assert answer.exit_code == 0, answer.output
    said = one_line(answer.stdout)
    assert "are the same in both" in said
    assert "2 files (0.0 MB), each with its SHA-256, in " in said
    assert "every seal holds" in said
    assert (tmp_path / "server" / "files" / f"{1:064x}").read_bytes() == EVERY_BYTE
    assert run("verify", database=postgres_database).exit_code == 0
    with closing(open_store(postgres_database)) as store, store.begin(group=EVERY) as session:
        assert missing_guards(session, "postgresql") == []
        assert unfenced(session) == ()
        with pytest.raises(sa.exc.DBAPIError, match="the history is never changed"), session.begin_nested():
            session.execute(sa.update(Event).values(actor="person/9"))
        with pytest.raises(sa.exc.DBAPIError, match="violates foreign key"), session.begin_nested():
            session.execute(sa.update(Action).values(definition_id=999))
        highest = session.scalar(sa.select(sa.func.max(Person.id))) or 0
        group_id = session.scalar(sa.select(Person.group_id))
        session.add(new := Person(group_id=group_id, key="new", name="New", email="new@trust.example"))
        session.flush()
        assert new.id == highest + 1


@pytest.mark.postgres
def test_only_whoever_owns_the_tables_fills_them(
    run: Run, house: House, tmp_path: Path, postgres_database: str
) -> None:
    with closing(open_store(postgres_database)) as store:
        migrate(store)
        with store.db.connect() as connection, connection.begin():
            admit(connection, RUNTIME)
    as_runtime = postgres_database.replace("//keeper@", f"//{RUNTIME}@")
    answer = run("copy", house.database, as_runtime, VAR=str(tmp_path))
    assert answer.exit_code == 2
    assert f"The role {RUNTIME} does not own the tables of the target" in one_line(answer.stderr)


def test_a_copy_of_a_file_database_is_equal_and_told_as_json_too(
    run: Run, house: House, tmp_path: Path
) -> None:
    target = tmp_path / "new" / "auditloop.sqlite"
    answer = run("copy", house.database, str(target), "--json")
    assert answer.exit_code == 0
    told = json.loads(answer.stdout)
    assert told["files"]["number"] == 2
    assert told["proof"]["faults"] == []
    assert stored_in(str(target)) == stored_in(house.database)
    assert (target.parent / "files" / f"{0:064x}").read_bytes() == b"Audit tool"


def test_a_target_that_holds_anything_is_refused_and_stays_as_it_is(
    run: Run, house: House, tmp_path: Path
) -> None:
    target = tmp_path / "other.sqlite"
    run("copy", house.database, str(target), "--quiet")
    before = stored_in(str(target))
    answer = run("copy", house.database, str(target))
    assert answer.exit_code == 2
    assert "The target is not empty: there are rows in " in answer.stderr
    assert stored_in(str(target)) == before


def test_an_empty_target_of_another_shape_is_refused(run: Run, house: House, empty: Path) -> None:
    execute(empty, "UPDATE alembic_version SET version_num = '0001_people_and_posts'")
    answer = run("copy", house.database, str(empty))
    assert answer.exit_code == 2
    assert f"has an older shape (0001_people_and_posts instead of {newest_shape()})" in answer.stderr


def test_a_database_of_another_program_and_one_that_is_not_there_are_refused(
    run: Run, house: House, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs.sqlite"
    execute(theirs, "CREATE TABLE invoice (id INTEGER)")
    answer = run("copy", house.database, str(theirs))
    assert answer.exit_code == 5
    assert "belongs to another program: it holds invoice" in answer.stderr
    missing = run("copy", str(tmp_path / "nowhere.sqlite"), str(tmp_path / "x.sqlite"))
    assert missing.exit_code == 5
    assert "There is no database at" in missing.stderr


def test_a_value_that_no_other_database_could_keep_is_named_with_its_row(
    run: Run, house: House, tmp_path: Path
) -> None:
    execute(Path(house.database), "UPDATE action SET current_due_on = x'00ff' WHERE id = 1")
    target = tmp_path / "new.sqlite"
    answer = run("copy", house.database, str(target))
    assert answer.exit_code == 2
    assert "the row of action with id 1 holds current_due_on as bytes, not as str" in one_line(answer.stderr)
    assert not any(stored_in(str(target))["action"])


def test_a_row_that_points_at_nothing_is_not_copied(run: Run, house: House, tmp_path: Path) -> None:
    execute(Path(house.database), "UPDATE timer SET group_id = 77")
    target = tmp_path / "new.sqlite"
    answer = run("copy", house.database, str(target))
    assert answer.exit_code == 5
    assert "a row of the table timer points at a row of tenant that is not there" in one_line(answer.stderr)
    assert not any(rows for name, rows in stored_in(str(target)).items() if name != "oldest_shape")


@pytest.mark.postgres
def test_neither_does_postgresql_take_such_a_row(
    run: Run, house: House, postgres_database: str, tmp_path: Path
) -> None:
    execute(Path(house.database), "UPDATE timer SET group_id = 77")
    answer = run("copy", house.database, postgres_database, VAR=str(tmp_path))
    assert answer.exit_code == 5
    assert "fk_timer_group_id" in answer.stderr
    assert not any(rows for name, rows in stored_in(postgres_database).items() if name != "oldest_shape")


def test_a_copy_that_does_not_say_the_same_is_taken_back(house: House, tmp_path: Path) -> None:
    # Whatever the cause, here a trigger that somebody has left in the target: what was read is not what stands there.
    target = tmp_path / "odd.sqlite"
    with closing(open_store(target)) as other:
        migrate(other)
    execute(
        target,
        "CREATE TRIGGER odd AFTER INSERT ON person BEGIN UPDATE person SET name = 'X' WHERE id = new.id; END",
    )
    with (
        closing(open_store(house.database)) as source,
        closing(open_store(target)) as other,
        pytest.raises(Unequal, match="person has as many rows in the copy, but they do not say the same"),
        copying(source, other, on_rows=quiet),
    ):
        pytest.fail("an unequal copy must not be given out")
    assert stored_in(str(target))["person"] == []


def test_damage_in_the_original_is_copied_named_and_ends_with_1(
    run: Run, house: House, tmp_path: Path
) -> None:
    execute(Path(house.database), "UPDATE action SET state = 'verified' WHERE id = 1")
    (house.files / f"{1:064x}").write_bytes(b"something else")
    answer = run("copy", house.database, str(tmp_path / "new" / "new.sqlite"))
    assert answer.exit_code == 1
    said = one_line(answer.stderr)
    assert f"A file was missing or damaged in {house.database} already: {1:064x}" in said
    assert "action/1 line 4: its state is 'verified', its history says 'agreed'" in said


def test_where_no_file_lies_the_folder_was_the_wrong_one(run: Run, house: House, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    answer = run("copy", house.database, str(tmp_path / "new.sqlite"), "--files-from", str(elsewhere))
    assert answer.exit_code == 2
    assert f"None of the 2 files of {house.database} lies in {elsewhere}" in one_line(answer.stderr)
    assert stored_in(str(tmp_path / "new.sqlite"))["person"] == []


def test_other_contents_under_the_same_name_are_never_written_over(
    run: Run, house: House, tmp_path: Path
) -> None:
    in_the_way = tmp_path / "shared"
    in_the_way.mkdir()
    (in_the_way / f"{0:064x}").write_bytes(b"somebody else's")
    answer = run("copy", house.database, str(tmp_path / "new.sqlite"), "--files-to", str(in_the_way))
    assert answer.exit_code == 3
    assert "Another file lies under the same name" in answer.stderr
    assert (in_the_way / f"{0:064x}").read_bytes() == b"somebody else's"
    assert stored_in(str(tmp_path / "new.sqlite"))["person"] == []


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_copy_that_is_killed_leaves_an_empty_database_into_which_it_can_go_again(
    house: House, tmp_path: Path, postgres_database: str, kind: str
) -> None:
    target = postgres_database if kind == "postgresql" else str(tmp_path / "target.sqlite")
    killed = subprocess.run([sys.executable, "-c", DIES, house.database, target], cwd=HOME, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not any(rows for name, rows in stored_in(target).items() if name != "oldest_shape")
    with (
        closing(open_store(house.database)) as source,
        closing(open_store(target)) as other,
        copying(source, other, on_rows=quiet) as (_, copied),
    ):
        assert copied.rows > 100
    assert stored_in(target) == stored_in(house.database)


def test_a_full_disk_leaves_the_target_empty(house: House, tmp_path: Path) -> None:
    target = tmp_path / "small.sqlite"
    with closing(open_store(target)) as other:
        migrate(other)
    limited = f"ulimit -f {target.stat().st_size // 512 + 100}; exec {sys.executable} -m cli copy {house.database} {target}"
    own = {name: value for name, value in os.environ.items() if not name.startswith("AUDITLOOP_")}
    ended = subprocess.run(
        ["sh", "-c", limited.replace("-m cli", '-c "from cli.main import main; main()"')],
        cwd=HOME,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 5, ended.stderr
    assert f"The database {target} does not answer as it should" in one_line(ended.stderr)
    assert stored_in(str(target))["person"] == []


def test_what_is_counted_does_not_depend_on_the_order_of_rows(everything: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned.sqlite"
    turned.write_bytes(everything.read_bytes())
    with closing(sqlite3.connect(turned)) as connection:
        rows = connection.execute("SELECT * FROM answer ORDER BY id DESC").fetchall()
        connection.execute("DELETE FROM answer")
        connection.executemany(f"INSERT INTO answer VALUES ({', '.join('?' * len(rows[0]))})", rows)
        connection.commit()
    with closing(open_store(everything)) as one, closing(open_store(turned)) as other:
        before, after = take_stock(one, on_rows=quiet), take_stock(other, on_rows=quiet)
    assert before.tables == after.tables
    execute(
        turned, "UPDATE answer SET answer = 'no' WHERE id = (SELECT min(id) FROM answer WHERE answer <> 'no')"
    )
    with closing(open_store(turned)) as other:
        assert take_stock(other, on_rows=quiet).tables["answer"] != before.tables["answer"]
