"""Whoever rewrites a history with fresh seals, cuts it, or takes a subject out, is found by what was signed before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.checkpointing import take_checkpoint, take_daily, write_out
from assurance.commands.administering import add_person, change_person
from assurance.queries.checkpoints import attest_all, newest_checkpoint
from assurance.records import Approval
from assurance.sweep import sweep_all
from assurance.tables import MOVED
from engine.checkpoints import Checkpoint, Kept, heads_of, newest, read_kept, read_statement, spaced
from engine.errors import Refused, Stale
from engine.fences import EVERY
from engine.ledger import SEALED_COLUMNS, Event, seal_of
from engine.moved import Ref
from engine.proof import verify
from engine.signing import SigningKey
from engine.witness import Attested
from tests.assurance.conftest import At
from tests.postgres import Server
from tests.world import Templates, World

KEY, ANOTHER = SigningKey.draw(), SigningKey.draw()


def with_key(world: World, folder: Path, key: SigningKey = KEY) -> World:
    """Give a world a key that signs."""
    file = folder / "signing.pem"
    file.write_bytes(key.pem)
    world.office.settings = replace(world.settings, signing_key=file)
    return world


@pytest.fixture(scope="module")
def postgres_signed(postgres_server: Server) -> Iterator[str]:
    """A PostgreSQL database for the whole file."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="module")
def kept() -> list[Kept]:
    """What was kept elsewhere of the world's checkpoints, as their files say."""
    return []


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def world(
    request: pytest.FixtureRequest,
    templates: Templates,
    tmp_path_factory: pytest.TempPathFactory,
    kept: list[Kept],
) -> Iterator[World]:
    """A world with three checkpoints and some work between and after them; nothing that is done to it stands."""
    folder = tmp_path_factory.mktemp("signed")
    if request.param == "sqlite":
        opened = templates.world(folder / "world.sqlite", "actions")
    else:
        opened = World(request.getfixturevalue("postgres_signed"))
        opened.audit_at("actions")
    with_key(opened, folder)
    kept.clear()
    for day in (30, 29, 28):
        taken = take_checkpoint(opened.office, opened.group_id)
        assert taken.contradictions == ()
        kept.append(read_kept(write_out(taken.kept, folder).read_text(encoding="utf-8")))
        later = date(2015, 4, day)
        asked = opened.asks(
            "nell", opened.action("trust"), "extend", new_due_on=later, reason="No money yet."
        )
        opened.decides("ada", asked, "reject", reason="Not again.")
    yield opened
    opened.close()


class _Undone(Exception):
    """Ends a transaction whose changes are not to stand."""


@contextmanager
def tampering(world: World) -> Iterator[Session]:
    """Let somebody change whatever they like in the database; all of it is undone."""
    with suppress(_Undone), world.office.store.begin(group=EVERY) as session:
        if session.info["dialect"].name == "sqlite":
            session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
            for table in ("event", "checkpoint"):
                for what in ("update", "delete"):
                    session.execute(sa.text(f"DROP TRIGGER {table}_refuses_{what}"))
        else:
            session.execute(sa.text("SET LOCAL session_replication_role = replica"))
        yield session
        raise _Undone


def found(session: Session, world: World, kept: Sequence[Kept] = ()) -> list[str]:
    """Give every fault that the checkpoints name."""
    [attested] = attest_all(session, world.office.settings, kept=kept)
    return [str(fault) for fault in attested.faults]


def seals_hold(session: Session) -> bool:
    """Say whether the chain alone finds nothing."""
    return verify(session, MOVED).faults == ()


def write_anew(session: Session, ref: Ref, seq: int, actor: str) -> None:
    """Change who wrote a line, and give it and all after it fresh seals, and the row its new head."""
    rows = session.scalars(
        sa.select(Event).where(Event.subject_kind == ref.kind, Event.subject_id == ref.id).order_by(Event.seq)
    ).all()
    previous = ""
    for row in rows:
        if row.seq == seq:
            row.actor = actor
        row.seal = previous = seal_of(previous, [getattr(row, name) for name in SEALED_COLUMNS])
    session.execute(sa.text(f"UPDATE {ref.kind} SET head = '{previous}' WHERE id = {ref.id}"))
    session.flush()


def cut(session: Session, ref: Ref, after: int) -> None:
    """Cut lines off the end of a history, with what stands beside them, and set the row back."""
    place = f"subject_kind = '{ref.kind}' AND subject_id = {ref.id}"
    session.execute(sa.text(f"DELETE FROM event WHERE {place} AND seq > {after}"))
    session.execute(sa.text(f"DELETE FROM event_text WHERE {place} AND seq > {after}"))
    seal = session.scalar(sa.text(f"SELECT seal FROM event WHERE {place} AND seq = {after}"))
    minor = "data NOT LIKE '%\"minor\"\\:true%'"
    material = session.scalar(sa.text(f"SELECT MAX(seq) FROM event WHERE {place} AND {minor}"))
    row = f"version = {after}, material_version = {material}, head = '{seal}'"
    session.execute(sa.text(f"UPDATE {ref.kind} SET {row} WHERE id = {ref.id}"))


def seal_line(session: Session, ref: Ref) -> int:
    """Give the line at which the last checkpoint has a subject."""
    rows = session.scalars(sa.select(Checkpoint.heads).order_by(Checkpoint.number)).all()
    lines = [line.split() for text in rows for line in text.splitlines()]
    return [int(seq) for subject, seq, _ in lines if subject == str(ref)][-1]


def test_a_history_that_has_grown_since_is_in_order(world: World, kept: list[Kept]) -> None:
    with world.office.store.reading(group=EVERY) as session:
        assert found(session, world, kept) == []
        [attested] = attest_all(session, world.office.settings)
        last = newest(session, group_id=world.group_id)
    assert (attested.checkpoints, attested.notices) == (3, ())
    assert last is not None
    assert attested.newest == read_statement(last.statement)


def test_a_history_that_was_written_anew_with_fresh_seals_is_found(world: World, kept: list[Kept]) -> None:
    ref = world.action("trust")
    with tampering(world) as session:
        write_anew(session, ref, 2, "person/9")
        assert seals_hold(session)
        first = [fault for fault in found(session, world) if fault.startswith(str(ref))]
        assert len(first) == 1
        assert "checkpoint 1, taken on 20" in first[0]
        assert first[0].endswith("has this line with another seal: its history was written anew")
        session.execute(sa.text("DELETE FROM checkpoint"))
        assert found(session, world) == []
        assert first[0] in found(session, world, kept)


def test_a_history_that_was_cut_together_with_its_row_is_found(world: World) -> None:
    ref = world.action("trust")
    with tampering(world) as session:
        line = seal_line(session, ref)
        cut(session, ref, line - 1)
        assert seals_hold(session)
        faults = [fault for fault in found(session, world) if fault.startswith(str(ref))]
        assert len(faults) == 1
        assert faults[0].startswith(f"{ref} line {line}: checkpoint 3, taken on ")
        assert faults[0].endswith("has this line; it is not there any more")


def test_what_came_after_the_last_checkpoint_only_the_next_one_can_find(world: World) -> None:
    ref = world.action("trust")
    with tampering(world) as session:
        cut(session, ref, seal_line(session, ref))
        assert seals_hold(session)
        assert found(session, world) == []


def test_a_subject_that_was_taken_out_whole_is_missed(world: World, kept: list[Kept]) -> None:
    with tampering(world) as session:
        number = session.scalar(sa.select(sa.func.min(Approval.id)))
        for table in ("event", "event_text", "timer"):
            about = f"subject_kind = 'approval' AND subject_id = {number}"
            session.execute(sa.text(f"DELETE FROM {table} WHERE {about}"))
        session.execute(sa.text(f"DELETE FROM approval WHERE id = {number}"))
        assert seals_hold(session)
        for faults in (found(session, world), found(session, world, kept)):
            assert [fault.split(" line ")[0] for fault in faults] == [f"approval/{number}"]


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "UPDATE checkpoint SET statement = replace(statement, 'lines: ', 'lines: 1') WHERE number = 2",
            "checkpoint 2 of qa: its signature is not one over what it says",
        ),
        (
            "UPDATE checkpoint SET statement = replace(statement, 'lines: ', 'rows: ') WHERE number = 2",
            "checkpoint 2 of qa: it was changed after it was signed: its lines is missing or wrong",
        ),
        (
            "UPDATE checkpoint SET heads = replace(heads, '/', '/1') WHERE number = 3",
            "checkpoint 3 of qa: its list of heads is not the one that was signed",
        ),
        (
            "UPDATE checkpoint SET heads = 'Dear all' WHERE number = 3",
            "checkpoint 3 of qa: it was changed after it was signed: the line 'Dear all' names no subject",
        ),
        ("DELETE FROM checkpoint WHERE number = 2", "checkpoint 3 of qa: before it, checkpoint 2 is missing"),
        (
            "DELETE FROM checkpoint WHERE number < 3",
            "checkpoint 3 of qa: before it, checkpoint 1 to 2 is missing",
        ),
        (
            "UPDATE checkpoint SET fingerprint = 'x' WHERE number = 1",
            "checkpoint 1 of qa: what stands beside it is not what was signed",
        ),
    ],
)
def test_a_checkpoint_that_was_changed_or_taken_out_is_named(
    world: World, statement: str, sentence: str
) -> None:
    with tampering(world) as session:
        session.execute(sa.text(statement))
        assert any(fault.startswith(sentence) for fault in found(session, world))


def test_newest_checkpoints_that_were_taken_out_are_missed_by_whoever_has_kept_them(
    world: World, kept: list[Kept]
) -> None:
    with tampering(world) as session:
        session.execute(sa.text("DELETE FROM checkpoint WHERE number = 3"))
        assert found(session, world) == []
        assert found(session, world, kept) == [
            "checkpoint 3 of qa: it was kept elsewhere, and is not there any more"
        ]


def test_whoever_signs_all_checkpoints_anew_has_another_key(world: World, kept: list[Kept]) -> None:
    with tampering(world) as session:
        write_anew(session, world.action("trust"), 2, "person/9")
        before, signed = "none", []
        for row in session.scalars(sa.select(Checkpoint).order_by(Checkpoint.number)).all():
            said = replace(read_statement(row.statement), before=before, key=ANOTHER.public)
            row.statement, row.fingerprint = said.text, said.fingerprint
            row.signature, before = ANOTHER.sign(said.text), said.fingerprint
            signed.append(said)
        session.flush()
        stranger = f"checkpoint 3 of qa: the key {ANOTHER.public}, which signed it, is none of ours: somebody else may have written it"
        assert stranger in found(session, world)
        replaced = f"checkpoint 2 of qa: it was replaced: the one that was kept has the fingerprint {kept[1].statement.fingerprint}"
        assert replaced in found(session, world, kept)


def test_whoever_hands_over_to_our_key_is_not_us(world: World) -> None:
    with tampering(world) as session:
        write_anew(session, world.action("trust"), 2, "person/9")
        rows = session.scalars(sa.select(Checkpoint).order_by(Checkpoint.number)).all()
        for row in rows[1:]:
            session.delete(row)
        heads = heads_of(session, MOVED, group_id=world.group_id)
        said = replace(
            read_statement(rows[0].statement), root=heads.root, key=ANOTHER.public, next_key=KEY.public
        )
        rows[0].statement, rows[0].fingerprint = said.text, said.fingerprint
        rows[0].signature, rows[0].heads = ANOTHER.sign(said.text), "".join(f"{head}\n" for head in heads)
        session.flush()
        forged = Kept(said, rows[0].signature, tuple(heads))
        [newest_one, kept_one] = found(session, world, [forged])
        assert f"the key {ANOTHER.public}, which signed it, is none of ours" in newest_one
        assert "hands over to a key of ours proves nothing" in newest_one
        assert f"it bears the key {ANOTHER.public}, which is none of ours" in kept_one


def test_a_kept_checkpoint_that_somebody_else_has_signed_proves_nothing(
    world: World, kept: list[Kept]
) -> None:
    said = replace(kept[0].statement, key=ANOTHER.public)
    forged = Kept(said, ANOTHER.sign(said.text), kept[0].heads)
    unsigned = replace(kept[0], signature=ANOTHER.sign(kept[0].statement.text))
    shortened = replace(kept[0], heads=kept[0].heads[1:])
    with world.office.store.reading(group=EVERY) as session:
        assert f"bears the key {ANOTHER.public}, which is none of ours" in found(session, world, [forged])[0]
        assert "its signature is not one over what it says" in found(session, world, [unsigned])[0]
        assert "its list of heads is not the one that was signed" in found(session, world, [shortened])[0]


def test_a_history_that_went_back_is_said_when_the_next_checkpoint_is_taken(
    templates: Templates, tmp_path: Path
) -> None:
    world = with_key(templates.world(tmp_path / "world.sqlite", "actions"), tmp_path)
    ref, other = world.action("trust"), world.action("ccg")
    take_checkpoint(world.office, world.group_id)
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text("DROP TRIGGER event_refuses_delete"))
        session.execute(sa.text("DROP TRIGGER event_refuses_update"))
        line = seal_line(session, ref)
        cut(session, ref, line - 1)
        write_anew(session, other, 1, "person/9")
    world.asks("nell", ref, "extend", new_due_on=date(2015, 4, 30), reason="No money this year.")
    world.asks("gil", other, "extend", new_due_on=date(2015, 4, 30), reason="No money this year.")
    taken = take_checkpoint(world.office, world.group_id)
    assert sorted(sentence.split(" ")[0] for sentence in taken.contradictions) == sorted(
        [str(other), str(ref)]
    )
    with world.office.store.reading(group=EVERY) as session:
        named = {fault.split(" line ")[0] for fault in found(session, world)}
    assert named == {str(ref), str(other)}
    world.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE account_event SET detail = 'Nobody' WHERE what = 'person_added'",
        "UPDATE account_event SET at = '2014-09-01T09:30:00.000000Z' WHERE what = 'person_added'",
        "DELETE FROM account_event WHERE what = 'person_added'",
    ],
)
def test_what_was_done_to_posts_and_accounts_is_signed_too(
    templates: Templates, tmp_path: Path, statement: str
) -> None:
    world = with_key(templates.world(tmp_path / "world.sqlite"), tmp_path)
    number = 0
    for name in ("Ned Nolan", "Olga Orr"):
        with world.does("ida") as tx:
            number = add_person(tx, name, f"{name[:3].lower()}@trust.example")
        world.clock.advance(timedelta(minutes=11))
    take_checkpoint(world.office, world.group_id)
    with world.does("ida") as tx:
        change_person(tx, number, name="Olga Orme", email="olg@trust.example")
    world.clock.advance(timedelta(minutes=11))
    assert take_checkpoint(world.office, world.group_id).contradictions == ()
    assert _asked(world).faults == ()
    with world.office.store.begin(group=EVERY) as session:
        for what in ("update", "delete"):
            session.execute(sa.text(f"DROP TRIGGER account_event_refuses_{what}"))
        session.execute(sa.text(f"{statement} AND detail LIKE 'Olga%'".replace(":", "\\:")))
        session.execute(
            sa.text(
                "INSERT INTO account_event (group_id, at, what, detail) SELECT group_id, at, what, 'x' FROM account_event LIMIT 1"
            )
        )
    [fault] = _asked(world).faults
    assert str(fault).startswith("deeds/1 line ")
    world.clock.advance(timedelta(minutes=11))
    taken = take_checkpoint(world.office, world.group_id)
    assert taken.contradictions == (
        "What was done to accounts and posts is not what the checkpoint before has signed.",
    )
    world.close()


def test_a_key_hands_over_to_the_next_and_old_checkpoints_stay_good(
    templates: Templates, tmp_path: Path
) -> None:
    world = with_key(templates.world(tmp_path / "world.sqlite"), tmp_path)
    first = take_checkpoint(world.office, world.group_id).kept
    take_checkpoint(world.office, world.group_id, next_key=ANOTHER.public)
    with pytest.raises(Refused, match=re.escape(f"is to be signed with the key {ANOTHER.public}")):
        take_checkpoint(world.office, world.group_id)
    with_key(world, tmp_path, ANOTHER)
    take_checkpoint(world.office, world.group_id)
    with world.office.store.reading(group=EVERY) as session:
        [attested] = attest_all(session, world.office.settings, kept=[first])
        [by_the_old_key] = attest_all(session, with_key(world, tmp_path).office.settings)
    assert (attested.checkpoints, attested.faults, attested.notices) == (3, (), ())
    assert by_the_old_key.faults == ()
    world.close()


def test_a_lost_key_is_said_and_a_new_chain_begins(templates: Templates, tmp_path: Path) -> None:
    world = with_key(templates.world(tmp_path / "world.sqlite"), tmp_path)
    take_checkpoint(world.office, world.group_id)
    with_key(world, tmp_path, ANOTHER)
    with pytest.raises(Refused, match="--new-chain REASON"):
        take_checkpoint(world.office, world.group_id)
    take_checkpoint(world.office, world.group_id, new_chain="The disk\nwas destroyed.")
    attested = _asked(world)
    assert attested.faults == ()
    [notice] = attested.notices
    assert "Checkpoint 2 of qa" in notice
    assert "The disk was destroyed." in notice
    world.close()


def test_without_a_key_none_is_taken_and_with_one_a_day_has_one(
    templates: Templates, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = templates.world(tmp_path / "world.sqlite")
    with pytest.raises(Refused, match="AUDITLOOP_SIGNING_KEY is not set"):
        take_checkpoint(world.office, world.group_id)
    sweep_all(world.office)
    assert _asked(world).newest is None
    with_key(world, tmp_path)
    outside = tmp_path / "outside"
    outside.mkdir()
    world.office.settings = replace(world.office.settings, checkpoints=outside)
    for _ in range(2):
        sweep_all(world.office)
    assert [file.name for file in outside.iterdir()] == ["auditloop-qa-1.checkpoint.txt"]
    world.clock.advance(timedelta(days=1))
    take_daily(world.office, world.group_id)
    attested = _asked(world)
    assert attested.checkpoints == 2
    assert attested.newest is not None
    with world.office.reading(world.office.actor("ada")) as tx:
        printed = newest_checkpoint(tx)
    assert printed is not None
    assert (printed.number, printed.fingerprint) == (2, spaced(attested.newest.fingerprint))
    (tmp_path / "signing.pem").write_text("Dear all")
    world.clock.advance(timedelta(days=1))
    take_daily(world.office, world.group_id)
    assert "no checkpoint was taken: AUDITLOOP_SIGNING_KEY cannot be used" in caplog.text
    world.close()


def test_of_several_who_take_one_at_once_each_number_is_taken_once(any_world_at: At, tmp_path: Path) -> None:
    world = with_key(any_world_at("proposed"), tmp_path)

    def takes(_: int) -> int:
        try:
            return take_checkpoint(world.office, world.group_id).said.number
        except Stale:
            return 0

    with ThreadPoolExecutor(6) as pool:
        numbers = [number for number in pool.map(takes, range(12)) if number]
    attested = _asked(world)
    assert attested.faults == ()
    assert sorted(numbers) == list(range(1, attested.checkpoints + 1))


def test_nothing_follows_a_checkpoint_that_was_changed(
    templates: Templates, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = with_key(templates.world(tmp_path / "world.sqlite"), tmp_path)
    take_checkpoint(world.office, world.group_id)
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text("DROP TRIGGER checkpoint_refuses_update"))
        session.execute(sa.text("UPDATE checkpoint SET heads = 'Dear all'"))
    with pytest.raises(Refused, match="Run `auditloop verify`, which names it"):
        take_checkpoint(world.office, world.group_id)
    world.clock.advance(timedelta(days=1))
    sweep_all(world.office)
    assert "no checkpoint was taken: A checkpoint in the database was changed" in caplog.text
    world.close()


def test_a_folder_that_is_full_or_gone_costs_no_checkpoint(
    templates: Templates, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = with_key(templates.world(tmp_path / "world.sqlite"), tmp_path)
    world.office.settings = replace(world.office.settings, checkpoints=tmp_path / "gone")
    take_daily(world.office, world.group_id)
    assert "checkpoint 1 stands in the database only" in caplog.text
    (tmp_path / "auditloop-qa-2.checkpoint.txt").write_text("What was signed before the database went back")
    world.office.settings = replace(world.office.settings, checkpoints=tmp_path)
    world.clock.advance(timedelta(days=1))
    take_daily(world.office, world.group_id)
    assert (
        "is another one of this number, so that this database was brought back to an earlier" in caplog.text
    )
    assert _asked(world).checkpoints == 2
    world.close()


def test_a_file_that_stands_there_is_never_written_over(templates: Templates, tmp_path: Path) -> None:
    world = with_key(templates.world(tmp_path / "world.sqlite"), tmp_path)
    taken = take_checkpoint(world.office, world.group_id).kept
    file = write_out(taken, tmp_path)
    assert write_out(taken, tmp_path) == file
    file.write_text("Dear all")
    with pytest.raises(FileExistsError):
        write_out(taken, tmp_path)
    world.close()


def _asked(world: World) -> Attested:
    with world.office.store.reading(group=EVERY) as session:
        [attested] = attest_all(session, world.office.settings)
    return attested
