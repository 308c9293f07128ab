"""A file joins its return or its evidence: one transaction, a sealed line, and nobody else reads it."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.access import viewer_of
from assurance.clearing import clear_away
from assurance.commands import acting, concluding, reading
from assurance.commands.attaching import take_back
from assurance.files.cabinet import Cabinet, Kept, cabinet_of
from assurance.office import Office, clock_of
from assurance.queries.files import Content, FileRow, content_of, files_of
from assurance.queries.history import history_of
from assurance.records import StoredFile
from assurance.roster import roster
from assurance.sweep import sweep_all
from engine.errors import Refused
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.files import uploads
from tests.world import World

WHOEVER = ("ada", "bo", "cleo", "dan", "dev", "gil", "ida", "sam", "una", "viv")


def cabinet(world: World, folder: Path) -> Cabinet:
    opened = cabinet_of(world.settings)
    return Cabinet(folder / "files", opened.largest, opened.mark)


def kept(world: World, folder: Path, name: str = "tool.pdf", content: bytes = uploads.PDF) -> Kept:
    return cabinet(world, folder).keep(name, io.BytesIO(content), at=world.clock.now())


def begun(world: World) -> Ref:
    """A return of the trust that somebody is filling in."""
    ref = world.agency_return("health_visiting")
    world.moves("bo", ref, "start")
    return ref


def files(world: World, who: str, ref: Ref) -> tuple[FileRow, ...]:
    with world.office.reading(world.actor(who)) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        return files_of(tx, viewer_of(people, tx.actor), ref)


def content(world: World, who: str, folder: Path, number: int) -> Content:
    with world.office.reading(world.actor(who)) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        return content_of(tx, viewer_of(people, tx.actor), cabinet(world, folder), number)


def who_reads(world: World, folder: Path, number: int) -> list[str]:
    found: list[str] = []
    codes: dict[str, list[str]] = {}
    for who in WHOEVER:
        try:
            content(world, who, folder, number)
            found.append(who)
        except Refused as refusal:
            codes[who] = [reason.code for reason in refusal.reasons]
    assert set(map(tuple, codes.values())) <= {("unknown_subject",)}
    return found


def test_the_agencys_own_tool_joins_its_return_with_its_hash_in_the_history(
    any_world_at: At, tmp_path: Path
) -> None:
    world = any_world_at("agency_audits")
    ref, file = begun(world), kept(world, tmp_path)
    with world.does("bo") as tx:
        done = reading.answer_aims(tx, ref, {}, file=file)
    [row] = files(world, "bo", ref)
    assert (row.name, row.media_type, row.size) == ("tool.pdf", "application/pdf", len(uploads.PDF))
    assert (row.handed_in_by, row.is_scanned, row.evidence_id) == ("Bo Birchall", False, None)
    line = world.history(ref)[-1]
    assert (line.seq, line.data["file"], line.data["sha256"]) == (done.seq, row.number, file.sha256)
    assert content(world, "bo", tmp_path, row.number) == Content("tool.pdf", "application/pdf", uploads.PDF)
    assert world.proof().faults == ()


def test_a_file_is_read_by_whoever_may_read_the_texts_of_its_subject(
    any_world_at: At, tmp_path: Path
) -> None:
    world = any_world_at("actions")
    action = world.action("trust")
    strategic = Ref("recommendation", 1)
    world.moves("bo", action, "begin")
    with world.does("bo") as tx:
        acting.add_evidence(tx, action, "List", "All came.", file=kept(world, tmp_path))
    world.completes("bo", action)
    other = world.action("ccg")
    world.moves("gil", other, "begin")
    with world.does("gil") as tx:
        acting.add_evidence(tx, other, "List", "All came.")
    world.moves("gil", other, "confirm")
    world.moves("dan", other, "verify")
    world.moves("sam", strategic, "begin")
    world.is_granted("sam", strategic, "implement")
    with world.does("sam") as tx:
        concluding.record_evidence(tx, strategic, "Survey", "It holds.", file=kept(world, tmp_path))
    own, shared = world.ask(sa.select(StoredFile).order_by(StoredFile.id))
    assert (own.subject_kind, own.evidence_id is None) == ("action", False)
    assert who_reads(world, tmp_path, own.id) == ["ada", "bo", "dan", "sam", "una"]
    assert who_reads(world, tmp_path, shared.id) == [who for who in WHOEVER if who != "viv"]
    assert who_reads(world, tmp_path, 99) == []
    assert files(world, "gil", action) == ()


def test_only_whoever_may_answer_the_return_attaches_a_tool(world_at: At, tmp_path: Path) -> None:
    world = world_at("agency_audits")
    ref = begun(world)
    with pytest.raises(Refused, match="There is no agency_return"), world.does("dev") as tx:
        reading.answer_aims(tx, ref, {}, file=kept(world, tmp_path))
    with pytest.raises(Refused, match="is a step for"), world.does("sam") as tx:
        reading.answer_aims(tx, ref, {}, file=kept(world, tmp_path))
    with pytest.raises(Refused, match="There is no agency_return called action/1"), world.does("bo") as tx:
        reading.answer_aims(tx, Ref("action", 1), {}, file=kept(world, tmp_path))
    assert world.ask(sa.select(StoredFile)) == []


def test_a_submitted_return_is_locked_for_files_too(world_at: At, tmp_path: Path) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("health_visiting")
    world.fills("bo", ref)
    world.moves("bo", ref, "submit")
    with pytest.raises(Refused), world.does("bo") as tx:
        reading.answer_aims(tx, ref, {}, file=kept(world, tmp_path))
    assert world.ask(sa.select(StoredFile)) == []


def test_the_clock_hands_nothing_in(world_at: At, tmp_path: Path) -> None:
    world = world_at("agency_audits")
    ref, clock = begun(world), clock_of(world.group_id)
    with pytest.raises(Refused, match="Only a person can hand a file in"), world.office.begin(clock) as tx:
        reading.answer_aims(tx, ref, {}, file=kept(world, tmp_path))


def test_the_history_names_the_file_to_whoever_may_read_it(world_at: At, tmp_path: Path) -> None:
    world = world_at("agency_audits")
    ref = begun(world)
    with world.does("bo") as tx:
        reading.answer_aims(tx, ref, {}, file=kept(world, tmp_path))
    with world.office.reading(world.actor("bo")) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        lines = history_of(tx, viewer_of(people, tx.actor), ref)
    assert "file: tool.pdf" in str(lines[-1])


def test_a_night_sweeps_away_what_no_row_points_at(world_at: At, tmp_path: Path) -> None:
    world = world_at("agency_audits")
    ref, orphan, file = begun(world), kept(world, tmp_path), kept(world, tmp_path)
    with world.does("bo") as tx:
        reading.answer_aims(tx, ref, {}, file=file)
    settings = replace(world.settings, var=tmp_path)
    office = Office(settings, world.office.store, world.shelf, clock=world.clock)
    assert cabinet_of(settings).mark == cabinet(world, tmp_path).mark
    world.clock.move_to(world.clock.now() + timedelta(hours=25))
    sweep_all(office)
    assert [path.name for path in (tmp_path / "files").iterdir()] == [file.place]
    assert orphan.place != file.place


# -- taking back -------------------------------------------------------------------------------------------


def attached(world: World, folder: Path) -> tuple[Ref, int]:
    """A tool that is attached to a return of the trust."""
    ref = begun(world)
    with world.does("bo") as tx:
        reading.answer_aims(tx, ref, {}, file=kept(world, folder, "Sarah's file.pdf"))
    return ref, files(world, "bo", ref)[0].number


def test_a_file_is_taken_back_and_its_name_and_content_are_gone(any_world_at: At, tmp_path: Path) -> None:
    world = any_world_at("agency_audits")
    ref, number = attached(world, tmp_path)
    with world.does("bo") as tx:
        cabinet(world, tmp_path).remove(take_back(tx, number))
    assert files(world, "bo", ref) == ()
    assert who_reads(world, tmp_path, number) == []
    assert list((tmp_path / "files").iterdir()) == []
    [row] = world.ask(sa.select(StoredFile))
    assert (row.name, row.taken_back_at) == ("(taken back)", world.clock.now())
    line = world.history(ref)[-1]
    assert (line.data["file_taken_back"], line.data["sha256"]) == (number, row.sha256)
    assert world.proof().faults == ()
    with pytest.raises(Refused, match=f"There is no file/{number}"), world.does("bo") as tx:
        take_back(tx, number)


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("dev", "There is no agency_return"),
        ("cleo", "There is no"),
        ("sam", "is a step for"),
        ("ada", "is a step for"),
    ],
)
def test_only_whoever_may_hand_in_may_take_back(
    world_at: At, tmp_path: Path, who: str, sentence: str
) -> None:
    world = world_at("agency_audits")
    _, number = attached(world, tmp_path)
    with pytest.raises(Refused, match=sentence), world.does(who) as tx:
        take_back(tx, number)
    with pytest.raises(Refused, match="There is no file/99"), world.does("bo") as tx:
        take_back(tx, 99)
    assert world.ask(sa.select(StoredFile.taken_back_at)) == [None]


def test_the_broom_deletes_what_was_taken_back_where_nobody_else_has(world_at: At, tmp_path: Path) -> None:
    world = world_at("agency_audits")
    _, number = attached(world, tmp_path)
    with world.does("bo") as tx:
        take_back(tx, number)
    world.clock.move_to(world.clock.now() + timedelta(hours=25))
    settings = replace(world.settings, var=tmp_path)
    assert clear_away(Office(settings, world.office.store, world.shelf, clock=world.clock)) == 1
