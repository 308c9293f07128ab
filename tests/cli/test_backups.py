"""Backups: one file that proves itself, made while people work, and brought back whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from assurance.accounts.sessions import seated
from assurance.commands.acting import note_progress
from assurance.config import HOME, settings_from
from assurance.copies.archive import MANIFEST, Manifest, read_manifest, summed, write_archive
from assurance.copies.backup import back_up
from assurance.copies.contents import Content, cabinet_in
from assurance.copies.copying import CannotCopy, copying
from assurance.copies.workshop import workshop
from assurance.migrate import MIGRATIONS, shapes
from assurance.office import Office
from engine.clock import FrozenClock, SystemClock
from engine.store import open_store
from tests.assurance.full_world import OF_INDIVIDUAL
from tests.cli.conftest import Run, execute, one_line
from tests.cli.houses import AT, EVERY_BYTE, SESSION, House, changed, furnished, stored_in
from tests.world import house_shelf

WRITERS = 4
LONG = 60.0
# What a restore changes by itself, in the same transaction.
ENDED = {"signed_in_session", "account_ticket", "api_token", "restoration"}
DIES_BACKING_UP = """
import os, signal, sys
from pathlib import Path
from assurance.copies.backup import back_up
from assurance.copies.contents import Content, cabinet_in
from engine.clock import SystemClock
from engine.store import open_store

def die(step):
    if step == "The backup is being read back ...":
        os.kill(os.getpid(), signal.SIGKILL)

back_up(open_store(sys.argv[1]), cabinet_in(Path(sys.argv[2])), Path(sys.argv[3]), at=SystemClock().now(),
        on_step=die, on_rows=lambda *_: None)
"""
DIES_RESTORING = """
import os, signal, sys
from pathlib import Path
from assurance.copies.contents import Content, cabinet_in
from assurance.copies.restore import restore
from engine.clock import SystemClock
from engine.store import open_store

steps = []
def die(table, rows):
    if steps[-1] == "Every row is being copied and read again ..." and table == "recommendation_finding":
        os.kill(os.getpid(), signal.SIGKILL)

target = Path(sys.argv[2])
restore(Path(sys.argv[1]), open_store(target), cabinet_in(target.parent / "files"), at=SystemClock().now(),
        work_in=target.parent, on_step=steps.append, on_rows=die)
"""


def nothing(*_said: object) -> None:
    """Say nothing."""


@pytest.fixture(scope="session")
def shown_house(full_template: Path, tmp_path_factory: pytest.TempPathFactory) -> House:
    """An installation on SQLite with files, in which something of every kind stands; nobody writes to it."""
    folder = tmp_path_factory.mktemp("house")
    return furnished(shutil.copyfile(full_template, folder / "auditloop.sqlite"), folder / "files")


@pytest.fixture
def house(shown_house: House, tmp_path: Path) -> House:
    """Such an installation of one's own."""
    shutil.copytree(shown_house.files, tmp_path / "files")
    return House(
        str(shutil.copyfile(shown_house.database, tmp_path / "auditloop.sqlite")), tmp_path / "files"
    )


@pytest.fixture(scope="session")
def backup(shown_house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of that installation; nobody writes to it."""
    file = tmp_path_factory.mktemp("backup") / "backup.zip"
    with closing(open_store(shown_house.database)) as store:
        cabinet = cabinet_in(shown_house.files)
        back_up(store, cabinet, file, at=SystemClock().now(), on_step=nothing, on_rows=nothing)
    return file


def test_a_backup_comes_back_as_it_was_with_its_files(
    run: Run, house: House, backup: Path, tmp_path: Path
) -> None:
    target = tmp_path / "back" / "auditloop.sqlite"
    answer = run("restore", str(backup), str(target))
    assert answer.exit_code == 0, answer.output
    said = one_line(answer.stdout)
    assert "are the same in both" in said
    assert "All mail is held until you say `auditloop release`: " in said
    assert "Ended: 1 session, 1 link to set up or recover an account, 1 token of programs." in said
    before, after = stored_in(house.database), stored_in(str(target))
    assert {name for name in before if before[name] != after[name]} == ENDED
    assert (target.parent / "files" / f"{1:064x}").read_bytes() == EVERY_BYTE
    assert run("verify", database=target).exit_code == 0


@pytest.mark.postgres
def test_a_backup_of_a_server_is_the_same_file_and_comes_back_on_either(
    run: Run, house: House, backup: Path, tmp_path: Path, postgres_database: str
) -> None:
    files = str(house.files)
    assert run("copy", house.database, postgres_database, "--files-to", files).exit_code == 0
    made = run("backup", str(tmp_path / "server.zip"), "--files-from", files, database=postgres_database)
    assert made.exit_code == 0, made.output
    manifests = [read_manifest(file) for file in (tmp_path / "server.zip", backup)]
    assert manifests[0].tables == manifests[1].tables
    assert manifests[0].heads == manifests[1].heads
    assert [one.kept_on for one in manifests] == ["postgresql", "sqlite"]
    assert run("restore", str(tmp_path / "server.zip"), str(tmp_path / "back" / "b.sqlite")).exit_code == 0
    assert stored_in(str(tmp_path / "back" / "b.sqlite"))["event"] == stored_in(house.database)["event"]


@pytest.mark.postgres
def test_a_backup_of_a_file_database_comes_back_on_a_server(
    run: Run, house: House, backup: Path, tmp_path: Path, postgres_database: str
) -> None:
    answer = run("restore", str(backup), postgres_database, VAR=str(tmp_path / "server"))
    assert answer.exit_code == 0, answer.output
    before, after = stored_in(house.database), stored_in(postgres_database)
    assert {name for name in before if before[name] != after[name]} == ENDED
    assert (tmp_path / "server" / "files" / f"{0:064x}").read_bytes() == b"Audit tool"
    assert not list((tmp_path / "server").glob("*.part"))


def test_only_its_owner_reads_a_backup_and_it_is_never_written_over(
    run: Run, house: House, backup: Path
) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    before = backup.read_bytes()
    answer = run("backup", str(backup), database=house.database)
    assert answer.exit_code == 2
    assert f"{backup} is there already, and a backup never writes over another" in one_line(answer.stderr)
    assert backup.read_bytes() == before


def test_a_folder_keeps_the_newest_of_each_installation(run: Run, house: House, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    mark = hashlib.sha256(house.database.encode()).hexdigest()[:8]
    for day in range(1, 4):
        (folder / f"auditloop-{mark}-2020010{day}T020000Z.zip").write_bytes(b"")
    another = folder / "auditloop-00000000-20190101T020000Z.zip"
    another.write_bytes(b"")
    answer = run("backup", str(folder), "--keep", "2", "--json", database=house.database)
    assert answer.exit_code == 0, answer.output
    made = Path(json.loads(answer.stdout)["file"])
    kept = folder / f"auditloop-{mark}-20200103T020000Z.zip"
    assert sorted(folder.iterdir()) == sorted([another, kept, made])


def test_only_a_folder_can_keep_several(run: Run, house: House, tmp_path: Path) -> None:
    answer = run("backup", str(tmp_path / "one.zip"), "--keep", "3", database=house.database)
    assert answer.exit_code == 2
    assert "--keep goes with a folder" in answer.stderr


def said_by(manifest: Manifest, _written: tuple[Content, ...]) -> Manifest:
    """Give a manifest, whatever was written."""
    return manifest


def damages(backup: Path) -> Iterator[tuple[str, int, int | None]]:
    """Name places of a backup at which one byte is turned, or at which it is cut off."""
    with zipfile.ZipFile(backup) as archive:
        for entry in archive.infolist():
            name = entry.filename
            yield f"the header of {name}", entry.header_offset + 10, 1
            yield (
                f"the content of {name}",
                entry.header_offset + 30 + len(name) + 20 + entry.compress_size // 2,
                128,
            )
        yield "the table of contents", archive.start_dir + 6, 4
    size = backup.stat().st_size
    yield "the seal", size - 1, 1
    yield "cut off in the seal", size - 10, None
    yield "cut off in the middle", size // 2, None
    yield "nothing left", 0, None


def test_a_backup_that_is_damaged_anywhere_is_refused_before_anything_is_written(
    run: Run, backup: Path, tmp_path: Path
) -> None:
    target = tmp_path / "back" / "auditloop.sqlite"
    seen = []
    for what, place, byte in damages(backup):
        with changed(backup, place, byte) as damaged:
            answer = run("restore", str(damaged), str(target))
        assert answer.exit_code == 2, what
        assert "is damaged or no backup" in one_line(answer.stderr), what
        seen.append(what)
    assert len(seen) >= 9
    assert not target.parent.joinpath("files").exists()
    assert run("restore", str(backup), str(target), "--quiet").exit_code == 0


def test_a_backup_whose_seal_fits_but_not_its_parts_is_refused_too(
    backup: Path, run: Run, tmp_path: Path
) -> None:
    # As if somebody had put another database, other files or other counts into it, and sealed it anew.
    with zipfile.ZipFile(backup) as archive:
        archive.extractall(tmp_path / "parts")
    manifest, database = read_manifest(backup), tmp_path / "parts" / "auditloop.sqlite"
    whole = {
        content: (tmp_path / "parts" / "files" / content.place).read_bytes() for content in manifest.files
    }
    first = manifest.files[0]
    tables = dict(manifest.tables)
    tables["person"] = replace(tables["person"], rows=tables["person"].rows + 1)
    wrong = {
        "The database in": replace(manifest, database=replace(manifest.database, sha256="0" * 64)),
        "A file in": replace(manifest, files=(replace(first, sha256="0" * 64),)),
        "person is not as the manifest says": replace(manifest, tables=tables),
        "The newest seals are not those of the manifest": replace(manifest, heads="0" * 64),
        "this version knows": replace(manifest, shape="9999_of_tomorrow"),
    }
    for number, (said, one) in enumerate(wrong.items()):
        sealed = tmp_path / f"wrong-{number}.zip"
        contents = ((content, whole[content]) for content in manifest.files)
        write_archive(sealed, database, contents, partial(said_by, one))
        answer = run("restore", str(sealed), str(tmp_path / "back" / "auditloop.sqlite"))
        assert answer.exit_code in (1, 2), said
        assert said in one_line(answer.stderr)
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr(MANIFEST, '{"format": 2}')
        archive.comment = b"0" * 64
    whole_file = other.read_bytes()[:-64]
    other.write_bytes(whole_file + hashlib.sha256(whole_file).hexdigest().encode())
    answer = run("restore", str(other), str(tmp_path / "x.sqlite"))
    assert answer.exit_code == 2
    assert "is no backup of auditloop that this version can read" in one_line(answer.stderr)


def test_a_target_that_holds_anything_is_refused(run: Run, house: House, backup: Path) -> None:
    answer = run("restore", str(backup), house.database)
    assert answer.exit_code == 2
    assert "The target is not empty" in answer.stderr


def test_a_backup_of_an_older_shape_is_brought_to_the_newest_on_the_way(
    run: Run, backup: Path, tmp_path: Path
) -> None:
    before = shapes()[-2]
    with zipfile.ZipFile(backup) as archive:
        archive.extractall(tmp_path / "parts")
    database = tmp_path / "parts" / "auditloop.sqlite"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with closing(open_store(database)) as store, store.db.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.downgrade(config, before)
    manifest = read_manifest(backup)
    with database.open("rb") as stored:
        older = replace(manifest, shape=before, database=summed(stored))
    file = tmp_path / "older.zip"
    folder = tmp_path / "parts" / "files"
    contents = ((content, (folder / content.place).read_bytes()) for content in manifest.files)
    write_archive(file, database, contents, partial(said_by, older))
    target = tmp_path / "back" / "auditloop.sqlite"
    assert run("restore", str(file), str(target)).exit_code == 0
    assert run("verify", database=target).exit_code == 0


def test_nobody_and_no_program_is_let_in_by_what_was_good_when_the_backup_was_made(
    run: Run, house: House, backup: Path, tmp_path: Path
) -> None:
    target = tmp_path / "back" / "auditloop.sqlite"
    with world_of(house.database) as office:
        assert seated(replaced_clock(office, AT), SESSION) is not None
    run("restore", str(backup), str(target))
    with world_of(str(target)) as office:
        assert seated(replaced_clock(office, AT), SESSION) is None
    there = stored_in(str(target))
    assert all(one["ended_at"] for one in there["signed_in_session"])
    assert all(one["used_at"] for one in there["account_ticket"])
    assert all(one["revoked_at"] for one in there["api_token"])


def test_what_is_missing_is_told_and_the_backup_is_made_all_the_same(
    run: Run, house: House, tmp_path: Path
) -> None:
    (house.files / f"{0:064x}").unlink()
    execute(Path(house.database), "UPDATE action SET state = 'verified' WHERE id = 1")
    file = tmp_path / "backup.zip"
    made = run("backup", str(file), database=house.database)
    assert made.exit_code == 1
    assert f"and so it is not in the backup: {0:064x}" in one_line(made.stderr)
    assert "with 1 fault in the history of" in one_line(made.stderr)
    back = run("restore", str(file), str(tmp_path / "back" / "auditloop.sqlite"))
    assert back.exit_code == 1
    assert f"A file was missing or damaged in the backup already: {0:064x}" in one_line(back.stderr)
    assert "action/1 line 4: its state is 'verified'" in one_line(back.stderr)


def test_a_file_that_was_taken_back_meanwhile_is_no_fault(house: House, tmp_path: Path) -> None:
    def take_back(step: str) -> None:
        if step.startswith("The files"):
            execute(
                Path(house.database),
                f"UPDATE stored_file SET taken_back_at = '{AT:%Y}' WHERE place LIKE '%1'",
            )
            (house.files / f"{1:064x}").unlink()

    with closing(open_store(house.database)) as store:
        made = back_up(
            store,
            cabinet_in(house.files),
            tmp_path / "b.zip",
            at=AT,
            on_step=take_back,
            on_rows=nothing,
        )
    assert made.manifest.missing == ()
    assert [content.place for content in made.manifest.files] == [f"{0:064x}"]


def test_a_backup_that_is_killed_leaves_no_file_and_the_next_one_clears_up(
    run: Run, house: House, tmp_path: Path
) -> None:
    file = tmp_path / "backups" / "backup.zip"
    words = [house.database, str(house.files), str(file)]
    killed = subprocess.run([sys.executable, "-c", DIES_BACKING_UP, *words], cwd=HOME, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [one.name for one in file.parent.iterdir()] == ["backup.zip.part"]
    assert run("backup", str(file), database=house.database).exit_code == 0
    assert [one.name for one in file.parent.iterdir()] == ["backup.zip"]


def test_two_who_make_the_same_backup_do_not_disturb_each_other(
    run: Run, house: House, tmp_path: Path
) -> None:
    file = tmp_path / "backups" / "backup.zip"
    with workshop(file.parent, file.name) as shop:
        (shop / "half done").write_bytes(b"")
        answer = run("backup", str(file), database=house.database)
        assert (shop / "half done").exists()
    assert answer.exit_code == 2
    assert "Somebody else is at work in" in answer.stderr
    assert list(file.parent.iterdir()) == []


def test_a_backup_that_came_to_be_there_meanwhile_is_not_written_over(house: House, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"

    def come_first(step: str) -> None:
        if step.startswith("The backup"):
            file.write_bytes(b"another")

    with closing(open_store(house.database)) as store, pytest.raises(CannotCopy, match="meanwhile"):
        back_up(store, cabinet_in(house.files), file, at=AT, on_step=come_first, on_rows=nothing)
    assert file.read_bytes() == b"another"


def test_a_restore_that_is_killed_leaves_an_empty_database_and_can_be_made_again(
    run: Run, house: House, backup: Path, tmp_path: Path
) -> None:
    target = tmp_path / "back" / "auditloop.sqlite"
    target.parent.mkdir()
    words = [str(backup), str(target)]
    killed = subprocess.run([sys.executable, "-c", DIES_RESTORING, *words], cwd=HOME, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (target.parent / "files" / f"{1:064x}").is_file()
    assert run("list", "audits", database=target).exit_code == 5
    again = run("restore", *words)
    assert again.exit_code == 0, again.output
    assert stored_in(str(target))["event"] == stored_in(house.database)["event"]
    assert not list(target.parent.glob("*.part"))


def test_whatever_else_fails_is_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    with (
        pytest.raises(CannotCopy, match="There is no room left in"),
        workshop(tmp_path, "full"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(PermissionError), workshop(tmp_path, "closed"):
        raise PermissionError(errno.EACCES, "Permission denied")
    assert list(tmp_path.glob("*.part")) == []


def test_a_full_disk_leaves_nothing_behind(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    script = f'ulimit -f 200; exec {sys.executable} -c "from cli.main import main; main()" backup {folder / "b.zip"}'
    own = {name: value for name, value in os.environ.items() if not name.startswith("AUDITLOOP_")}
    ended = subprocess.run(
        ["sh", "-c", script],
        cwd=HOME,
        env=own | {"AUDITLOOP_DATABASE": house.database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert f"There is no room left in {folder}" in one_line(ended.stderr)
    assert list(folder.iterdir()) == []


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_made_while_four_people_work_is_one_moment_of_their_work(
    run: Run, house: House, tmp_path: Path, postgres_database: str, kind: str
) -> None:
    where = house.database
    if kind == "postgresql":
        where = postgres_database
        with (
            closing(open_store(house.database)) as source,
            closing(open_store(where)) as other,
            copying(source, other, on_rows=nothing),
        ):
            pass
    with at_work(where) as noted:
        noted.wait_for(WRITERS * 2)
        before = noted.now()
        file = tmp_path / f"{kind}.zip"
        made = run("backup", str(file), "--files-from", str(house.files), database=where)
        after = noted.now()
        noted.wait_for(len(after) + WRITERS)
    assert made.exit_code == 0, made.output
    target = tmp_path / "back" / f"{kind}.sqlite"
    assert run("restore", str(file), str(target), "--quiet").exit_code == 0
    assert run("verify", database=target).exit_code == 0
    there = {note["text"] for note in stored_in(str(target))["progress_note"]}
    assert before <= there
    # Whoever was just at it may be in it too, and nobody who came later: each writer has one command under way.
    assert len(there - after) <= WRITERS + 1


class Noted:
    """What people have been told is written down, while others write on."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.is_over = False
        self._more = threading.Condition()

    def add(self, text: str) -> None:
        """Note that a command was acknowledged."""
        with self._more:
            self.texts.add(text)
            self._more.notify_all()

    def now(self) -> set[str]:
        """Give what has been acknowledged until now."""
        with self._more:
            return set(self.texts)

    def wait_for(self, number: int) -> None:
        """Wait until so many commands were acknowledged."""
        with self._more:
            assert self._more.wait_for(lambda: len(self.texts) >= number, LONG)


@contextmanager
def at_work(where: str) -> Iterator[Noted]:
    """Let four people write progress notes, one after the other each, for as long as the block lasts."""
    noted = Noted()
    with world_of(where) as office:
        people = [
            threading.Thread(target=_writes, args=(office, noted, number), daemon=True)
            for number in range(WRITERS)
        ]
        for one in people:
            one.start()
        try:
            yield noted
        finally:
            noted.is_over = True
            for one in people:
                one.join(LONG)


def _writes(office: Office, noted: Noted, writer: int) -> None:
    actor, number = office.actor("nell"), 0
    while not noted.is_over:
        text = f"Note {number} of writer {writer}."
        with office.begin(actor) as tx:
            note_progress(tx, OF_INDIVIDUAL, "on track", text)
        noted.add(text)
        number += 1


def replaced_clock(office: Office, at: datetime) -> Office:
    """Let an office stand still at an instant."""
    office.clock = FrozenClock(at)
    return office


@contextmanager
def world_of(where: str) -> Iterator[Office]:
    """Open the office of an installation that is there."""
    settings = settings_from({}, database=where)
    with closing(Office(settings, open_store(where), house_shelf(), clock=SystemClock())) as office:
        yield office
