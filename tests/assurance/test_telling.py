"""Who is told, and how: reminders wait for each person's digest, escalations and notices go as mails of their own."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.commands.replying import reply
from assurance.records import AdoptedRule, DigestItem, Person
from assurance.sweep import sweep
from engine.moved import Ref
from notifications.outbox import Message
from tests.assurance.conftest import At
from tests.assurance.ruled import LATE_CHAIR, OVERDUE, WITH_DIGEST, WITH_NOTICE, under
from tests.cast import LONDON
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday
DAY_AFTER = date(2015, 2, 28)
LOOK = time(6, 30)


@pytest.fixture
def with_digest(any_world_at: At, tmp_path: Path) -> World:
    """The actions of the audit, under a clock with a digest."""
    return under(any_world_at("actions"), tmp_path / "rules", OVERDUE, LATE_CHAIR, clock=WITH_DIGEST)


def items(world: World) -> list[DigestItem]:
    return world.ask(sa.select(DigestItem).order_by(DigestItem.key))


def told(world: World) -> list[tuple[str, str]]:
    """Give who waits for which firing."""
    keys = dict(
        zip(
            *(world.ask(sa.select(column).order_by(Person.id)) for column in (Person.id, Person.key)),
            strict=True,
        )
    )
    return sorted(
        (keys[item.person_id], f"{item.rule} {item.subject_kind}/{item.subject_id}") for item in items(world)
    )


def at_look(day: date) -> datetime:
    return datetime.combine(day, LOOK, LONDON)


# -- reminders ---------------------------------------------------------------------------------------------


def test_a_reminder_waits_for_the_digest_of_each_person(with_digest: World) -> None:
    world = with_digest
    world.on(DAY_AFTER, LOOK)
    assert sweep(world.office).fired == 2
    assert (
        world.ask(sa.select(Message.template).where(Message.template.in_(("reminder", "escalation")))) == []
    )
    assert told(world) == [
        ("bo", "late action/1"),
        ("gil", "late action/2"),
        ("nell", "late action/1"),
    ]
    lead, owner = sorted(
        (item for item in items(world) if item.subject_id == 1), key=lambda item: item.told_as
    )
    assert (lead.told_as, owner.told_as) == ("agency_lead", "owner")
    assert lead.key == f"rule:late:action/1:2015-02-27:0:{lead.person_id}"
    assert (lead.occasion, lead.number, lead.audit_id) == ("2015-02-27", 0, 1)
    assert world.history(Ref("action", 1))[lead.seq - 1].data["rule"] == "late"


def test_a_reminder_is_for_the_digest_after_the_hour_at_which_its_timer_was_due(with_digest: World) -> None:
    world = with_digest
    sweep(world.office)
    world.on(date(2015, 3, 2), time(11, 0))  # the machine was off over the weekend
    sweep(world.office)
    assert {item.due_at for item in items(world)} == {datetime(2015, 2, 28, 7, 45, tzinfo=LONDON)}


def test_what_a_step_has_made_true_waits_for_the_next_digest(with_digest: World) -> None:
    world = with_digest
    sweep(world.office)
    world.on(date(2015, 3, 2), time(11, 0))
    sweep(world.office)
    world.plans("bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting", due_on=DUE)
    sweep(world.office)
    last = items(world)[-1]
    assert (last.subject_id, last.due_at) == (3, datetime(2015, 3, 3, 7, 45, tzinfo=LONDON))


def test_a_second_look_keeps_nothing_twice(with_digest: World) -> None:
    world = with_digest
    world.on(DAY_AFTER, LOOK)
    sweep(world.office)
    before = [item.id for item in items(world)]
    world.on(DAY_AFTER, time(12))
    sweep(world.office)
    assert [item.id for item in items(world)] == before


def test_an_escalation_waits_for_no_digest(with_digest: World) -> None:
    world = with_digest
    world.on(world.working_days_from(DUE, 10), LOOK)
    sweep(world.office)
    assert items(world) == []
    loud = [mail for mail in world.news() if mail.template == "escalation"]
    assert sorted(mail.to for mail in loud) == ["ada", "gil", "nell"]


def test_without_a_digest_a_reminder_is_a_mail_of_its_own(any_world_at: At, tmp_path: Path) -> None:
    world = under(any_world_at("actions"), tmp_path / "rules", OVERDUE)
    world.news()
    world.on(DAY_AFTER, LOOK)
    sweep(world.office)
    assert sorted(mail.to for mail in world.news()) == ["bo", "gil", "nell"]
    assert items(world) == []


# -- why a mail was sent -----------------------------------------------------------------------------------


def test_a_mail_keeps_as_whom_somebody_is_told_and_on_what_it_rests(with_digest: World) -> None:
    world = with_digest
    world.on(world.working_days_from(DUE, 10), LOOK)
    sweep(world.office)
    messages = world.ask(sa.select(Message).where(Message.template == "escalation"))
    assert sorted(message.told_as for message in messages) == ["chair", "owner", "owner"]
    chair = next(message for message in messages if message.told_as == "chair")
    assert [(one["ref"], one["rule"], one["occasion"]) for one in json.loads(chair.rests_on)] == [
        ("action/1", "late-chair", "2015-02-27"),
        ("action/2", "late-chair", "2015-02-27"),
    ]


def test_a_firing_names_the_very_text_of_its_rule(with_digest: World) -> None:
    world = with_digest
    world.on(DAY_AFTER, LOOK)
    sweep(world.office)
    line = world.history(Ref("action", 1))[-1]
    (text,) = world.ask(
        sa.select(AdoptedRule.text).where(AdoptedRule.hash.startswith(line.data["rule_hash"]))
    )
    assert json.loads(text)["title"] == "An action is late"
    assert world.proof().faults == ()


# -- notice ------------------------------------------------------------------------------------------------


@pytest.fixture
def with_notice(any_world_at: At, tmp_path: Path) -> World:
    """The actions of the audit, under a rule that hears the owner before the chair is told."""
    return under(any_world_at("actions"), tmp_path / "rules", WITH_NOTICE)


def test_the_owner_is_told_beforehand_who_will_hear_what_and_when(with_notice: World) -> None:
    world = with_notice
    sweep(world.office)
    world.news()
    fires_on = world.working_days_from(DUE, 10)
    noticed_on = fires_on - timedelta(days=3)
    world.on(noticed_on, LOOK)
    assert sweep(world.office).noticed == 2
    mails = [mail for mail in world.news() if mail.template == "notice"]
    assert sorted((mail.to, mail.template) for mail in mails) == [("gil", "notice"), ("nell", "notice")]
    assert {mail.said for mail in mails} == {
        "On 13 March 2015 Ada Ashdown will be told: “An action is ten working days late”, unless it has changed by then."
    }
    line = world.history(world.action("trust"))[-1]
    assert (line.kind, line.once) == ("noticed", "notice:late-chair:action/1:2015-02-27")
    told = {name: line.data[name] for name in ("rule", "occasion", "on", "heard")}
    assert told == {
        "rule": "late-chair",
        "occasion": "2015-02-27",
        "on": noticed_on.isoformat(),
        "heard": "owner",
    }
    (message, _) = world.ask(sa.select(Message).where(Message.template == "notice").order_by(Message.id))
    assert message.told_as == "owner"
    (ground,) = json.loads(message.rests_on)
    assert (ground["ref"], ground["rule"], ground["notice"]) == ("action/1", "late-chair", True)


def test_a_firing_after_a_notice_says_when_it_was_given_and_whether_anybody_replied(
    with_notice: World,
) -> None:
    world = with_notice
    fires_on = world.working_days_from(DUE, 10)
    world.on(fires_on - timedelta(days=3), LOOK)
    sweep(world.office)
    with world.does("nell") as tx:
        hold = reply(tx, Ref("action", 1), "late-chair", "The briefing was held on Monday.")
    world.moves("sam", hold, "let_speak")
    world.on(fires_on, LOOK)
    assert sweep(world.office).escalations == 2
    notices = [world.history(Ref("action", number))[-1].data["notice"] for number in (1, 2)]
    on = {"on": "2015-03-10"}
    replied = {"replied": True, "hold": 1, "replied_on": "2015-03-10", "looked_at_on": "2015-03-10"}
    assert notices == [{**on, **replied}, {**on, "replied": False}]
    assert world.proof().faults == ()


def test_notice_is_given_once_for_each_occasion(with_notice: World) -> None:
    world = with_notice
    world.on(world.working_days_from(DUE, 9), LOOK)
    assert sweep(world.office).noticed == 2
    world.on(world.working_days_from(DUE, 9), time(12))
    assert sweep(world.office).noticed == 0
