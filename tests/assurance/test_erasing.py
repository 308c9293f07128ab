"""What is past its time is erased, says that it was, and leaves every seal as it is; what is open is never touched."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.access import viewer_of
from assurance.accounts.sessions import open_demo_session
from assurance.checkpointing import take_checkpoint
from assurance.commands import acting
from assurance.commands.erasing import erase_line, erase_words
from assurance.erasing import PastTime, erase_past, past_time
from assurance.files.cabinet import cabinet_of
from assurance.office import clock_of
from assurance.queries.checkpoints import attest_all
from assurance.queries.history import Told, history_of
from assurance.records import (
    AccountEvent,
    Case,
    Person,
    ProgressNote,
    SignedInSession,
    StoredFile,
)
from assurance.retention import FOR_EVER, Retention, retention_in
from assurance.roster import roster
from engine.errors import BadDefinition, Refused
from engine.fences import EVERY
from engine.ledger import EventText
from engine.moved import Ref
from engine.signing import SigningKey
from engine.spans import Span, Unit
from engine.yamlfile import parse_yaml
from notifications.outbox import Message, State
from tests.assurance.conftest import At
from tests.world import WHO_READS, World

EIGHT = Span(8, Unit.YEARS)
RULE = Retention(words=EIGHT, files=EIGHT, letters=Span(2, Unit.YEARS), sessions=Span(1, Unit.YEARS))


def under(world: World, rule: Retention) -> World:
    """Put a rule of retention in force."""
    world.office.shelf = replace(world.office.shelf, retention=rule)
    world.office.read_playbook()
    return world


def planned(world: World) -> list[PastTime]:
    with world.office.reading(clock_of(world.group_id)) as tx:
        return list(past_time(tx))


def kinds(found: Sequence[PastTime]) -> list[tuple[str, str]]:
    return [(one.kind, one.what) for one in found if one.kind in ("words", "files")]


def told(world: World, ref: Ref, who: str = "sam") -> tuple[Told, ...]:
    """Give a history as somebody reads it."""
    actor = world.actor(who)
    with world.office.reading(actor) as tx:
        viewer = viewer_of(roster(tx.session, group_id=tx.actor.group_id, today=tx.today), actor)
        return history_of(tx, viewer, ref)


def person(world: World, key: str) -> int:
    return world.number(Person, key)


def given_up(world: World) -> World:
    """Let the audit be cancelled, with every return in."""
    for records, who in WHO_READS.items():
        for ref in world.returns(records):
            world.settles(who, ref, "no")
    world.is_granted("sam", world.audit, "cancel", reason="Another board does it.")
    return world


def test_what_is_past_its_time_is_planned_erased_and_told(any_world_at: At, tmp_path: Path) -> None:
    world = under(given_up(any_world_at("agency_audits")), RULE)
    key = tmp_path / "signing.pem"
    key.write_bytes(SigningKey.draw().pem)
    world.office.settings = replace(world.office.settings, signing_key=key)
    take_checkpoint(world.office, world.group_id)
    settled_on = world.today
    assert kinds(planned(world)) == []
    world.on(date(settled_on.year + 8, settled_on.month, settled_on.day))
    assert kinds(planned(world)) == []
    world.on(world.today + timedelta(days=1))
    found = planned(world)
    assert ("words", "audit/1") in kinds(found)
    done = erase_past(world.office, clock_of(world.group_id))
    assert list(done) == found
    assert planned(world) == []
    assert erase_past(world.office, clock_of(world.group_id)) == ()
    assert set(world.ask(sa.select(EventText.text))) == {None}
    assert set(world.ask(sa.select(EventText.salt))) == {""}
    day = f"{world.today.day} {world.today:%B %Y}"
    sentence = f"Erased on {day} under the group's retention rule."
    assert set(world.ask(sa.select(Case.criterion))) == {sentence}
    assert world.proof().faults == ()
    with world.office.store.reading(group=EVERY) as session:
        assert [one.faults for one in attest_all(session, world.office.settings)] == [()]
    *before, last = told(world, world.audit)
    assert last.sentence.startswith("The clock erased ")
    assert last.sentence.endswith(" under the group's retention rule, which keeps them for 8 years.")
    cancelled = next(line for line in before if "Another board" in str(line.words) or line.erased)
    assert cancelled.words == {"reason": None}
    assert cancelled.erased == {"reason": f"erased on {day} under the group's retention rule"}
    assert all(line.is_sealed for line in (*before, last))


def test_nothing_of_an_audit_is_erased_while_anything_of_it_is_open(world_at: At) -> None:
    world = under(world_at("actions"), RULE)
    world.on(date(2040, 1, 3))
    assert ("words", "audit/1") not in kinds(planned(world))
    with world.does("bo") as tx:
        acting.raise_concern(tx, world.number(Person, "bo") and 1, "The home is not safe", audit=world.audit)
    assert all(what != "immediate_concern/1" for _, what in kinds(planned(world)))


def test_without_a_rule_everything_is_kept_for_ever(world_at: At) -> None:
    world = under(given_up(world_at("agency_audits")), FOR_EVER)
    world.on(date(2140, 1, 3))
    assert planned(world) == []


def test_old_letters_are_emptied_and_their_fate_stays(any_world_at: At) -> None:
    world = under(any_world_at("agency_audits"), replace(RULE, words=None))
    world.delivers()
    sent = world.pairs(sa.select(Message.to_name, Message.sent_at).where(Message.state == State.SENT))
    assert sent
    with world.office.store.begin(group=EVERY) as session:
        first = session.scalars(sa.select(Message).order_by(Message.id)).first()
        assert first is not None
        first.state = State.FAILED
    world.on(world.today + timedelta(days=3 * 366))
    erase_past(world.office, clock_of(world.group_id))
    assert set(world.ask(sa.select(Message.rendered))) == {None}
    [said] = {json.loads(context)["said"] for context in world.ask(sa.select(Message.context))}
    assert said == "Erased under the group's retention rule."
    again = world.pairs(sa.select(Message.to_name, Message.sent_at).where(Message.state == State.SENT))
    assert len(again) in (len(sent), len(sent) - 1)
    assert "clock" in world.ask(sa.select(Message.withdrawn_by).where(Message.state == State.WITHDRAWN))
    deeds = world.pairs(sa.select(AccountEvent.what, AccountEvent.detail))
    assert ("letters_erased", f"{len(world.ask(sa.select(Message.id)))} from before") in [
        (what, detail[: detail.index("before") + 6]) for what, detail in deeds if what == "letters_erased"
    ]


def test_old_sessions_go_and_new_ones_stay(any_world_at: At) -> None:
    world = under(any_world_at("proposed"), replace(RULE, words=None, letters=None))
    open_demo_session(world.office, "ada")
    world.on(world.today + timedelta(days=400))
    open_demo_session(world.office, "bo")
    erase_past(world.office, clock_of(world.group_id))
    assert len(world.ask(sa.select(SignedInSession.id))) == 1


def test_an_erasure_that_no_line_tells_of_is_found(world_at: At) -> None:
    world = given_up(world_at("agency_audits"))
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.update(EventText).values(text=None, erased_at=world.clock.now()))
    faults = [str(fault) for fault in world.proof().faults]
    assert faults
    assert all("was erased, and no line says by whom and why" in fault for fault in faults)


def test_what_was_erased_and_stands_there_again_is_found(world_at: At) -> None:
    world = world_at("actions")
    ref = asked(world)
    with world.does("sam") as tx:
        erase_line(tx, ref, 1, reason="It names a child", agreed_by=person(world, "ada"))
    with world.office.store.begin(group=EVERY) as session:
        put_back = sa.update(EventText).where(EventText.subject_kind == ref.kind, EventText.seq == 1)
        session.execute(put_back.values(text="No money yet.", erased_at=None))
    assert any("stands there again" in str(fault) for fault in world.proof().faults)


# -- on request --------------------------------------------------------------------------------------------


def asked(world: World) -> Ref:
    """Let somebody ask for a later date, with a reason that should not have been written."""
    later = date(2015, 4, 30)
    return world.asks("nell", world.action("trust"), "extend", new_due_on=later, reason="Jane Smith was ill.")


def test_one_asks_another_agrees_and_whoever_wrote_it_is_told(any_world_at: At) -> None:
    world = any_world_at("actions")
    ref = asked(world)
    world.news()
    with world.does("sam") as tx:
        done = erase_line(tx, ref, 1, reason="It names somebody", agreed_by=person(world, "ada"))
    assert (done.texts, done.rows) == ([(1, "reason")], 0)
    assert world.texts(ref)[1, "reason"] is None
    assert world.proof().faults == ()
    last = told(world, ref)[-1]
    assert last.sentence == "Sam Sedley erased 1 text on request; Ada Ashdown agreed."
    assert last.words == {"reason": "It names somebody"}
    mails = [mail for mail in world.news() if mail.template == "text_erased"]
    assert sorted(mail.to for mail in mails) == ["ada", "dan", "ida", "nell"]
    assert all("Jane" not in mail.everything for mail in mails)
    assert "and Ada Ashdown agreed" in mails[0].said


def test_what_waits_for_a_decision_can_be_decided_after_its_reason_was_erased(world_at: At) -> None:
    world = world_at("actions")
    ref = asked(world)
    with world.does("sam") as tx:
        erase_line(tx, ref, 1, reason="It names somebody", agreed_by=person(world, "ada"))
    world.decides("ada", ref)
    assert "(erased)" in [line.words.get("reason") for line in told(world, world.action("trust"))]
    assert world.proof().faults == ()


def test_words_are_found_wherever_they_stand_about_a_subject(any_world_at: At) -> None:
    world = any_world_at("actions")
    ref = world.action("trust")
    world.moves("nell", ref, "begin")
    with world.does("nell") as tx:
        acting.note_progress(tx, ref, "on track", "JANE SMITH saw the files.")
        acting.note_progress(tx, ref, "on track", "Ten files are done.")
        acting.add_evidence(tx, ref, "Letter", "From jane smith.")
    with world.does("sam") as tx:
        done = erase_words(tx, ref, "Jane Smith", reason="It is a name", agreed_by=person(world, "ada"))
    assert done.number == 2
    assert done.authors == {f"person/{person(world, 'nell')}"}
    left = world.ask(sa.select(ProgressNote.text).order_by(ProgressNote.id))
    assert left[0].startswith("Erased on ")
    assert left[1] == "Ten files are done."
    assert world.proof().faults == ()
    with world.does("sam") as tx, pytest.raises(Refused, match="stand in no text about action/1"):
        erase_words(tx, ref, "Jane Smith", reason="It is a name", agreed_by=person(world, "ada"))


def test_a_note_is_erased_by_the_line_that_tells_of_it(world_at: At) -> None:
    world = world_at("actions")
    ref = world.action("trust")
    world.moves("nell", ref, "begin")
    with world.does("nell") as tx:
        acting.note_progress(tx, ref, "on track", "Jane saw the files.")
    line = told(world, ref)[-1].number
    with world.does("sam") as tx:
        assert erase_line(tx, ref, line, reason="A name", agreed_by=person(world, "ada")).rows == 1
    assert "on request" in told(world, ref)[line - 1].details[0]


@pytest.mark.parametrize(
    ("who", "agrees", "refusal"),
    [
        ("nell", "ada", "Only the coordinator or administrator or chair or deputy chair can do this"),
        ("sam", "sam", "Nobody erases alone"),
        ("sam", "nell", "Only the chair, the deputy chair or the coordinator can agree"),
        ("sam", "viv", "Only the chair, the deputy chair or the coordinator can agree"),
    ],
)
def test_nobody_erases_alone_or_without_a_post_for_it(
    world_at: At, who: str, agrees: str, refusal: str
) -> None:
    world = world_at("actions")
    ref = asked(world)
    with world.does(who) as tx, pytest.raises(Refused, match=refusal):
        erase_line(tx, ref, 1, reason="It names somebody", agreed_by=person(world, agrees))


def test_what_cannot_be_erased_is_refused(world_at: At) -> None:
    world = world_at("actions")
    ref, ada = asked(world), person(world, "ada")
    with world.does("sam") as tx:
        with pytest.raises(Refused, match="Nothing is written in line 7"):
            erase_line(tx, ref, 7, reason="A name", agreed_by=ada)
        with pytest.raises(Refused, match="Write down why it is erased"):
            erase_line(tx, ref, 1, reason=" ", agreed_by=ada)
        with pytest.raises(Refused, match="at least 4 letters"):
            erase_words(tx, ref, "ill", reason="A name", agreed_by=ada)
        with pytest.raises(Refused, match="repeats what is to be erased"):
            erase_words(tx, ref, "Jane", reason="It names Jane", agreed_by=ada)
        with pytest.raises(Refused):
            erase_line(tx, Ref("action", 99), 1, reason="A name", agreed_by=ada)


# -- the group's file --------------------------------------------------------------------------------------


def test_the_rule_of_the_house_is_read(world_at: At) -> None:
    assert world_at("proposed").office.playbook.retention == RULE


@pytest.mark.parametrize(
    ("text", "told_at"),
    [
        ("letters: 2 years\nwords: for ever", "2:8: expected a span of time such as"),
        ("files: 0 years", "1:8: '0' does not do here"),
        ("sessions: 3 working days", "1:11: working days do not do here"),
        ("minutes: 8 years", "1:1: "),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_its_place(text: str, told_at: str) -> None:
    with pytest.raises(BadDefinition) as refusal:
        retention_in(parse_yaml(text, file="retention.yaml"))
    assert str(refusal.value).startswith(f"retention.yaml:{told_at}")


def test_files_lose_name_and_content(world_at: At, tmp_path: Path) -> None:
    world = under(given_up(world_at("agency_audits")), RULE)
    world.office.settings = replace(world.office.settings, var=tmp_path)
    # Of another mark than this database's, as a copy or a restore has brought it.
    cabinet, place = cabinet_of(world.office.settings), "a" * 64
    cabinet.bring(place, b"Dear all", at=world.clock.now())
    with world.office.store.begin(group=EVERY) as session:
        session.add(
            StoredFile(
                group_id=world.group_id,
                subject_kind="agency_return",
                subject_id=1,
                agency_id=None,
                evidence_id=None,
                person_id=person(world, "bo"),
                stored_at=world.clock.now(),
                place=place,
                name="Jane Smith.pdf",
                media_type="application/pdf",
                size=1,
                sha256="0" * 64,
                is_scanned=False,
                taken_back_at=None,
            )
        )
    world.on(date(2040, 1, 3))
    done = erase_past(world.office, clock_of(world.group_id))
    assert ("files", "audit/1") in kinds(done)
    assert world.ask(sa.select(StoredFile.name)) == ["(erased)"]
    assert list(cabinet.folder.iterdir()) == []
    cabinet.bring(place, b"Dear all", at=world.clock.now())  # as if it had been killed just before
    erase_past(world.office, clock_of(world.group_id))
    assert list(cabinet.folder.iterdir()) == []
    assert "1 file under the group's retention rule" in told(world, Ref("agency_return", 1))[-1].sentence
    assert world.proof().faults == ()
