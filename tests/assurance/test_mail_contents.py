"""What mails say and what they never say: names, counts and links, but nothing that was written about a case."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import sqlalchemy as sa

from assurance.commands import acting, concluding
from assurance.config import HOME
from assurance.playbook import read_shelf
from assurance.records import (
    Action,
    Agency,
    Aim,
    Answer,
    Audit,
    Case,
    Evidence,
    Finding,
    Moderation,
    ProgressNote,
    Recommendation,
)
from assurance.sweep import sweep_all
from engine.ledger import EventText
from notifications.outbox import Message
from tests.assurance.conftest import At
from tests.notifications.examples import text_of
from tests.world import AIMS, World

WRITTEN = (
    Audit.theme,
    Audit.source,
    Audit.scope,
    Aim.text,
    Case.case_ref,
    Case.criterion,
    Answer.text,
    Moderation.note,
    Finding.text,
    Recommendation.text,
    Action.text,
    Action.measure,
    Evidence.title,
    Evidence.text,
    ProgressNote.text,
    EventText.text,
)


def a_whole_life(world: World) -> None:
    """Let an audit go through every stage with everything that can be written on the way, and time pass by."""
    action = world.action("trust")
    world.moves("nell", action, "begin")
    with world.does("nell") as tx:
        acting.note_progress(tx, action, "late", "Two trainers of team Larch are ill")
    asked = world.asks("nell", action, "extend", new_due_on=date(2015, 4, 30), reason="Illness in team Larch")
    world.decides("ada", asked, "reject", reason="Team Oak can step in")
    world.nights(date(2015, 3, 20))
    with world.does("bo") as tx:
        acting.add_evidence(tx, action, "Attendance list of Larch", "All of Larch were there")
    world.moves("bo", action, "confirm", remark="Larch is done")
    world.moves("ada", action, "return", reason="Larch is not all of us", new_due_on=date(2015, 4, 30))
    with world.does("cleo") as tx:
        acting.raise_concern(
            tx, world.number(Agency, "council"), "The boy is alone", audit=world.audit, case_id=1
        )
    with world.does("bo") as tx:
        concluding.record_dissemination(tx, world.audit, world.number(Agency, "trust"), "Larch briefing", 9)
    sweep_all(world.office)


def test_no_mail_says_what_was_written_nor_which_case_it_was(world_at: At) -> None:
    world = world_at("actions")
    a_whole_life(world)
    written = {text for column in WRITTEN for text in world.ask(sa.select(column).where(column.is_not(None)))}
    written -= {""}
    assert len(written) > 20
    assert {*AIMS, "Team Oak can step in", "The boy is alone", "Larch is done"} <= written
    mails = world.news()
    assert len(mails) > 60
    for mail in mails:
        assert [text for text in written if text in mail.everything] == [], mail
    # What a digest says is chosen when it is sent.
    world.on(world.working_days_from(world.today, 1))
    world.delivers()
    letters = [text_of(letter.content) for letter in world.post.sent]
    assert sum("waiting for you" in letter for letter in letters) > 3
    for letter in letters:
        assert [text for text in written if text in letter] == [], letter


def test_the_subject_is_one_and_the_same_for_all_that_is_said_about_an_audit(world_at: At) -> None:
    world = world_at("actions")
    a_whole_life(world)
    subjects = defaultdict(set)
    for mail in world.news():
        subjects[mail.thread].add(mail.subject)
    assert subjects == {
        "audit/1": {"Audit 2014-15/1"},
        "meeting/1": {"Quality Assurance sub group: Meeting of December 2014"},
    }


def test_what_belongs_to_no_audit_has_a_thread_of_its_own(world: World) -> None:
    with world.does("fay") as tx:
        acting.raise_concern(tx, world.number(Agency, "police"), "A child may be alone")
        acting.raise_concern(tx, world.number(Agency, "police"), "Another child may be alone")
    threads = {(mail.thread, mail.subject) for mail in world.news()}
    assert threads == {
        (f"immediate_concern/{number}", f"Quality Assurance sub group: Immediate concern {number}")
        for number in (1, 2)
    }


def test_every_mail_names_its_reader_its_reason_and_its_link(world_at: At) -> None:
    world = world_at("actions")
    a_whole_life(world)
    mails = world.news()
    letters = sa.select(Message).where(Message.template != "digest").order_by(Message.id)
    messages = world.ask(letters)[-len(mails) :]
    for message, mail in zip(messages, mails, strict=True):
        assert message.to_address == f"{mail.to}@qa.example"
        assert mail.link.startswith("https://audits.example/")
        assert mail.said.endswith(".")
        assert mail.why.endswith(".")
        assert mail.cause.split(" line ")[0].count("/") == 1


def test_every_letter_leads_to_the_reason_for_which_it_was_sent(world_at: At) -> None:
    world = world_at("proposed")
    world.is_granted("sam", world.audit, "agree_theme")
    world.delivers()
    numbers = {letter.message_id: letter for letter in world.post.sent}
    sent = world.ask(sa.select(Message).where(Message.message_id.in_(numbers)))
    assert len(sent) == len(numbers) > 3
    for message in sent:
        letter = text_of(numbers[message.message_id].content)
        assert f"who decided that you are told: https://audits.example/why/{message.id}\n" in letter


def test_the_same_step_is_told_to_each_person_once(world_at: At) -> None:
    world = world_at("findings")
    told = [mail for mail in world.news() if mail.template == "stage" and mail.cause == "audit/1 line 14"]
    assert len(told) == len({mail.to for mail in told})
    keys = world.ask(sa.select(Message.key))
    assert len(keys) == len(set(keys))


def test_a_step_is_told_in_the_words_of_the_group(world_at: At) -> None:
    world = world_at("proposed")
    world.is_granted("sam", world.audit, "agree_theme")
    by_template = {mail.template: mail for mail in world.news()}
    waiting, decided, stage = (
        by_template[template] for template in ("approval_waiting", "approval_decided", "stage")
    )
    assert waiting.said == "Sam Sedley asks for your decision: agree the theme."
    assert waiting.why == "This step needs the decision of the chair; it was asked for on 1 September 2014."
    assert decided.said == "Your request to agree the theme: approved."
    assert stage.said == "Audit 2014-15/1 now stands at “Theme agreed”."
    assert stage.why == "Ada Ashdown took this step on 1 September 2014."
    assert [dict(item) for item in stage.items] == [
        {"ref": "Audit 2014-15/1", "what": "Theme agreed", "due": "", "note": ""}
    ]


def test_what_is_recommended_to_one_agency_alone_is_told_to_no_other(world_at: At) -> None:
    world = world_at("recommendations")
    with world.does("sam") as tx:
        wanted = concluding.Wanted(
            "individual_practice", "Read the file first", world.aims(), [], [], world.number(Agency, "police")
        )
        ref = concluding.make_recommendation(tx, world.audit, wanted)
    world.is_granted("sam", ref, "agree")
    world.news()
    approval = world.asks("sam", ref, "accept_risk", reason="A new system comes.")
    world.decides("ada", approval, meeting="2014-12")
    assert {mail.to for mail in world.news()} == {"ada", "dan", "fay", "sam"}


def test_what_is_recommended_to_all_is_told_to_every_lead(world_at: At) -> None:
    world = world_at("recommendations")
    with world.does("sam") as tx:
        wanted = concluding.Wanted("strategic", "Tell schools on the day", world.aims(), [], [])
        ref = concluding.make_recommendation(tx, world.audit, wanted)
    world.news()
    world.is_granted("sam", ref, "supersede", reason="A new law came.")
    assert {mail.to for mail in world.news() if mail.template == "action_told"} == {
        *("bo", "dev", "fay", "gil", "hal", "sam")
    }


def test_a_rule_that_looks_at_a_text_tells_only_whether_there_is_one(world_at: At, tmp_path: Path) -> None:
    (tmp_path / "clock.yaml").write_text('calendar: england-and-wales\nlook_at: "07:45"\n')
    (tmp_path / "action.yaml").write_text(
        "rules:\n"
        "  - id: measured\n"
        "    about: action\n"
        "    title: An action has its measure\n"
        "    when: measure is not empty and waiting_on is empty and times_moved = 0\n"
        "    once_per: agreed_on\n"
        "    tell: [owner]\n"
    )
    world = world_at("actions")
    action = world.action("trust")
    world.close()
    ruled = World(
        world.settings.database, at=world.clock.now(), shelf=read_shelf((HOME / "workflows",), (tmp_path,))
    )
    ruled.news()
    sweep_all(ruled.office)
    mail = next(mail for mail in ruled.news() if mail.to == "nell")
    assert mail.why == (
        "The group's rule “measured” spoke on 15 December 2014: the measure by which it will be known: there "
        "is one; the agency for which it waits: none; times that the date was moved: 0."
    )
    (line,) = [line for line in ruled.history(action) if line.kind == "fired"]
    assert line.data["reasons"] == [
        "measure is not empty: true (there is one)",
        "waiting_on is empty: true (empty)",
        "times_moved = 0: true (0; 0)",
    ]
    ruled.close()
