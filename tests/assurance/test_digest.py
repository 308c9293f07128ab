"""One mail to a person on a working day: what it says is chosen when it is written, and nothing is told twice or never."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa

from assurance.commands import acting
from assurance.commands.silencing import silence
from assurance.digest import Day, owe_all_digests
from assurance.records import DigestItem, Person
from assurance.sweep import sweep
from assurance.truth import reviewer
from engine import timers
from engine.fences import EVERY
from engine.moved import Ref
from notifications.leases import claim
from notifications.letters import Outcome, Result
from notifications.mailer import MemoryMailer
from notifications.outbox import Message
from tests.assurance.conftest import At, Reopen
from tests.assurance.post_office import (
    DIGEST,
    LOOK,
    OPEN,
    RULES,
    came,
    hands_over,
    letters_to,
    quiet,
    reminders,
    states,
)
from tests.notifications.examples import SETTINGS, read, text_of
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday
WAITS_FOR_A_LOCK = (
    sa.select(sa.func.count())
    .select_from(sa.table("pg_stat_activity", sa.column("datname"), sa.column("wait_event_type")))
    .where(sa.column("wait_event_type") == "Lock", sa.column("datname") == sa.func.current_database())
)
SATURDAY, MONDAY, TUESDAY = (DUE + timedelta(days=days) for days in (1, 3, 4))
ONE, TWO = "1 thing is waiting for you, past its day.", "2 things are waiting for you, past their day."


@pytest.fixture
def reminded(world_at: At, reopen: Reopen) -> World:
    """The Saturday on which two actions are overdue: owners and leads are owed a reminder each."""
    return reminded_in(world_at, reopen)


def reminded_in(at: At, reopen: Reopen) -> World:
    """Bring two actions over their day."""
    world = quiet(reopen(at("actions"), RULES))
    world.on(SATURDAY, LOOK)
    sweep(world.office)
    return world


def digests(world: World) -> list[str]:
    """Give the keys of all digests, in the order in which they were owed."""
    return world.ask(sa.select(Message.key).where(Message.template == "digest").order_by(Message.id))


def at_digest_hour(world: World, day: date) -> list[tuple[str, str]]:
    """Let it be the digest hour of a day, and give what came to whom."""
    world.on(day, DIGEST)
    world.delivers()
    return came(world)


# -- when it goes ------------------------------------------------------------------------------------------


def test_reminders_of_a_weekend_come_in_one_mail_on_monday(any_world_at: At, reopen: Reopen) -> None:
    world = reminded_in(any_world_at, reopen)
    # The trust's owner and lead, and the commissioning group's lead, who owns its action too.
    assert sorted(one.told_as for one in reminders(world)) == ["agency_lead", "owner", "owner"]
    assert {state for state, _ in states(world, "digest").values()} == {"queued"}
    for day in (SATURDAY, SATURDAY + timedelta(days=1)):
        assert at_digest_hour(world, day) == []
    world.on(MONDAY, OPEN)
    world.delivers()
    assert came(world) == []
    assert at_digest_hour(world, MONDAY) == [("bo", ONE), ("gil", ONE), ("nell", ONE)]
    assert {one.told_in for one in reminders(world, of="nell")} == {
        f"digest:person/{number(world, 'nell')}:2015-03-02"
    }
    assert at_digest_hour(world, TUESDAY) == []


def number(world: World, who: str) -> int:
    return world.number(Person, who)


def test_escalations_wait_for_no_digest(reminded: World) -> None:
    chairs_day = date(2015, 3, 13)
    reminded.on(chairs_day, LOOK)
    sweep(reminded.office)
    reminded.on(chairs_day, OPEN)
    reminded.delivers()
    assert {who for who, said in came(reminded) if "ten working days" in said} == {"ada", "sam"}


def test_a_digest_says_for_each_audit_what_is_most_urgent_first(world_at: At, reopen: Reopen) -> None:
    soon = (
        RULES
        + """
  - id: soon
    about: action
    title: An action is due in a month
    when: state in (agreed, in_progress) and current_due_on is not empty and current_due_on - 30 days <= today
      and today <= current_due_on
    once_per: current_due_on
    tell: [agency_lead]

  - id: silent
    about: action
    title: An action has had no progress note
    when: state in (agreed, in_progress) and last_note_on is not empty and last_note_on + 45 days <= today
    once_per: last_note_on
    tell: [agency_lead]
"""
    )
    world = quiet(reopen(world_at("actions"), soon))
    third = world.plans(
        "bo",
        "trust",
        recommendation=Ref("recommendation", 1),
        owner="health_visiting",
        due_on=date(2015, 3, 20),
    )
    world.on(MONDAY, LOOK)
    sweep(world.office)
    at_digest_hour_of(world, MONDAY)
    [text] = letters_to(world, "bo")
    assert text.splitlines()[2] == "2 things are waiting for you; 1 of them is past its day."
    assert text.index("(Action 1 – ") < text.index(f"(Action {third.id} – ")
    assert "* An action is overdue; An action has had no progress note (Action 1 – Agreed)\n" in text
    assert "  When: Due 27 February 2015, 3 days late\n  https://audits.example/action/1\n" in text
    assert "  When: Due 20 March 2015, in 18 days\n" in text
    assert "Audit 2014-15/1:\n" in text
    assert "Brief every team" not in text, "what people wrote is no matter for a mail"


def at_digest_hour_of(world: World, day: date) -> None:
    world.on(day, DIGEST)
    world.delivers()


def test_what_is_alike_stands_in_one_line(world_at: At, reopen: Reopen) -> None:
    world = quiet(reopen(world_at("agency_audits"), RULES))
    world.on(date(2014, 11, 28), LOOK)
    sweep(world.office)
    at_digest_hour_of(world, date(2014, 11, 28))
    [text] = letters_to(world, "bo")
    assert "2 things are waiting for you, past their day." in text
    assert (
        "* A return is late (2 agency returns – Requested)\n  When: Due 27 November 2014, 1 day late\n"
        in text
    )
    assert "https://audits.example/audit/1" in text
    # The lead of the council hears of its own record set and, as the agency's lead, of the schools' too.
    assert "4 things are waiting for you" in letters_to(world, "dev")[0]
    assert "The group's rules remind you as agency lead and owner" in letters_to(world, "dev")[0]


def test_what_waits_without_a_day_says_since_when(world_at: At, reopen: Reopen) -> None:
    world = quiet(reopen(world_at("proposed"), RULES))
    world.asks("sam", world.audit, "agree_theme")
    world.on(date(2014, 9, 3), LOOK)
    sweep(world.office)
    at_digest_hour_of(world, date(2014, 9, 3))
    *_, text = letters_to(world, "ada")
    assert "1 thing is waiting for you.\n" in text
    assert "* A decision has waited two working days (Approval 1 – Waiting)\n" in text
    assert "  When: Waiting since 1 September 2014\n" in text


def test_all_digests_of_a_person_are_one_thread_and_nobody_can_leave_it(reminded: World) -> None:
    at_digest_hour_of(reminded, MONDAY)
    reminded.on(SATURDAY + timedelta(days=7), LOOK)
    sweep(reminded.office)
    at_digest_hour_of(reminded, MONDAY + timedelta(days=7))
    mails = [read(one.content) for one in reminded.post.sent if one.to_address == "nell@qa.example"]
    assert len(mails) == 2
    assert {mail["Subject"] for mail in mails} == {"Quality Assurance sub group: what is waiting"}
    assert len({mail["References"] for mail in mails}) == 1
    assert all("List-Unsubscribe" not in mail for mail in mails), "it could not be honoured"


# -- what it says ------------------------------------------------------------------------------------------


def test_what_is_done_by_then_is_left_out_and_an_empty_digest_is_not_sent(reminded: World) -> None:
    reminded.on(MONDAY, time(7))
    with_evidence(reminded, "bo", reminded.action("trust"))
    assert [mail for mail in at_digest_hour(reminded, MONDAY) if "waiting" in mail[1]] == [("gil", ONE)]
    nothing = "Nothing of what this digest would have said is still so."
    assert states(reminded, "digest")["nell"] == ("withdrawn", nothing)
    [item] = reminders(reminded, of="nell")
    assert (item.told_in, item.dropped_because) == (
        None,
        "Action 1 has changed: “An action is overdue” is no longer so.",
    )


def with_evidence(world: World, who: str, action: Ref) -> None:
    """Let a lead prove an action and confirm it."""
    with world.does(who) as tx:
        acting.add_evidence(tx, action, "Attendance list", "All teams were briefed.")
    world.moves(who, action, "confirm")


def test_the_sweep_drops_at_once_what_is_no_longer_so(reminded: World) -> None:
    reminded.on(SATURDAY, time(12))
    with_evidence(reminded, "bo", reminded.action("trust"))
    sweep(reminded.office)
    assert [one.dropped_because is None for one in reminders(reminded, of="nell")] == [False]
    assert [one.dropped_because is None for one in reminders(reminded, of="gil")] == [True]


def test_a_new_owner_hears_instead_of_the_old_one(reminded: World) -> None:
    hands_over(reminded, "nell", "viv", post="health_visiting")
    assert at_digest_hour(reminded, MONDAY) == [("bo", ONE), ("gil", ONE)]
    [old], [new] = reminders(reminded, of="nell"), reminders(reminded, of="viv")
    assert old.dropped_because == "Nell Norris is no longer told of Action 1 as owner."
    assert (new.told_as, new.dropped_because) == ("owner", None)
    assert at_digest_hour(reminded, TUESDAY) == [("viv", ONE)]


def test_a_post_taken_over_before_the_rules_look_is_told_the_same_morning(reminded: World) -> None:
    hands_over(reminded, "nell", "viv", post="health_visiting")
    look_at(reminded, reminded.action("trust"))
    assert at_digest_hour(reminded, MONDAY) == [("bo", ONE), ("gil", ONE), ("viv", ONE)]


def look_at(world: World, ref: Ref) -> None:
    """Have the rules look at one subject early on Monday."""
    world.on(MONDAY, LOOK)
    with world.office.store.begin(group=EVERY) as session:
        timers.arm(session, [ref], group_id=world.group_id, due_at=world.clock.now())
    sweep(world.office)


def test_whoever_has_left_gets_no_digest(reminded: World) -> None:
    hands_over(reminded, "nell", None, post="health_visiting")
    assert ("nell", ONE) not in at_digest_hour(reminded, MONDAY)
    # A post that is vacant is made good by the agency's lead, who is told of it already.
    assert at_digest_hour(reminded, TUESDAY) == []


def test_what_is_silenced_waits_and_comes_after_the_last_day(any_world_at: At, reopen: Reopen) -> None:
    world = reminded_in(any_world_at, reopen)
    world.on(SATURDAY, time(12))
    with world.does("sam") as tx:
        silence(
            tx, until_on=date(2015, 3, 4), reason="It is known", rule_id="late", ref=world.action("trust")
        )
    assert at_digest_hour(world, MONDAY) == [("gil", ONE)]
    assert {one.dropped_because for one in reminders(world)} == {None}
    assert at_digest_hour(world, date(2015, 3, 4)) == []
    assert [mail for mail in at_digest_hour(world, date(2015, 3, 5)) if "waiting" in mail[1]] == [
        ("bo", ONE),
        ("nell", ONE),
    ]


def test_a_silence_that_is_lifted_lets_reminders_go_again(reminded: World) -> None:
    reminded.on(SATURDAY, time(12))
    with reminded.does("sam") as tx:
        until_on = date(2015, 3, 27)
        hold = silence(
            tx, until_on=until_on, reason="It is known", rule_id="late", ref=reminded.action("trust")
        )
    sweep(reminded.office)
    assert {one.due_at.date() for one in reminders(reminded, of="nell")} == {date(2015, 3, 30)}
    reminded.on(MONDAY, time(9))
    reminded.moves("sam", hold, "lift", reason="It is not known any more")
    sweep(reminded.office)
    came(reminded)
    assert [mail for mail in at_digest_hour(reminded, TUESDAY) if "waiting" in mail[1]][-1] == ("nell", ONE)


# -- once, and never not at all ----------------------------------------------------------------------------


def test_an_item_that_arrives_while_its_digest_goes_is_told_on_the_next_working_day(reminded: World) -> None:
    assert at_digest_hour(reminded, MONDAY) == [("bo", ONE), ("gil", ONE), ("nell", ONE)]
    with reminded.office.store.begin(group=EVERY) as session:
        # It was due at the same hour, and its transaction ended a moment too late.
        late = sa.update(DigestItem).where(DigestItem.person_id == number(reminded, "nell"))
        session.execute(late.values(told_in=None))
    reminded.on(MONDAY, time(9))
    owe_all_digests(reminded.office)
    reminded.delivers()
    assert came(reminded) == []
    assert digests(reminded)[-1].endswith(":2015-03-03")
    assert at_digest_hour(reminded, TUESDAY) == [("nell", ONE)]


def test_a_digest_that_was_worded_and_never_stored_is_worded_again(any_world_at: At, reopen: Reopen) -> None:
    world = reminded_in(any_world_at, reopen)
    world.on(MONDAY, DIGEST)
    with world.office.store.begin(group=EVERY) as session:
        taken = claim(session, at=world.clock.now(), lease=SETTINGS.lease, limit=9, token="dead")
    with world.office.store.begin(group=EVERY) as session:
        # It marks what it tells, and dies before the bytes are stored.
        reviewer(world.office)(session, taken, world.clock.now())
    assert all(one.told_in for one in reminders(world))
    with_evidence(world, "bo", world.action("trust"))
    world.on(MONDAY, time(9))
    world.delivers()
    assert [mail for mail in came(world) if "waiting" in mail[1]] == [("gil", ONE)]
    assert [one.told_in for one in reminders(world, of="nell")] == [None]


def test_two_deliveries_at_once_write_each_person_one_digest(any_world_at: At, reopen: Reopen) -> None:
    world = reminded_in(any_world_at, reopen)
    world.on(MONDAY, DIGEST)

    async def both() -> None:
        await asyncio.gather(asyncio.to_thread(world.delivers), asyncio.to_thread(world.delivers))

    asyncio.run(both())
    assert came(world) == [("bo", ONE), ("gil", ONE), ("nell", ONE)]
    assert len(digests(world)) == 3


@pytest.mark.parametrize("any_world_at", ["postgresql"], indirect=True)
def test_a_delivery_that_waits_for_one_reminder_holds_none_that_comes_after_it(
    any_world_at: At, reopen: Reopen
) -> None:
    world = reminded_in(any_world_at, reopen)
    world.on(MONDAY, DIGEST)
    first, *others = reminders(world)
    with world.office.store.begin(group=EVERY) as session:
        taken = claim(session, at=world.clock.now(), lease=SETTINGS.lease, limit=9, token="ours")
    in_turn = sorted(taken, key=lambda one: one.person_ref == f"person/{first.person_id}")
    asked = reviewer(world.office)

    def reviews() -> None:
        with world.office.store.begin(group=EVERY) as session:
            asked(session, in_turn, world.clock.now())

    with ThreadPoolExecutor(1) as delivery:
        with world.office.store.begin(group=EVERY) as session:
            session.execute(sa.select(DigestItem.id).where(DigestItem.id == first.id).with_for_update())
            reviewing = delivery.submit(reviews)
            while not world.ask(WAITS_FOR_A_LOCK)[0]:
                assert not reviewing.done()
            free = sa.select(DigestItem.id).order_by(DigestItem.id).with_for_update(skip_locked=True)
            assert list(session.scalars(free)) == [one.id for one in (first, *others)]
        reviewing.result()
    assert all(one.told_in for one in reminders(world))


def test_a_digest_that_the_server_did_not_take_goes_into_that_of_the_next_day(reminded: World) -> None:
    busy = MemoryMailer(lambda _letter: Outcome(Result.LATER, 451, "busy"))
    reminded.post, taking = busy, reminded.post
    reminded.on(MONDAY, DIGEST)
    reminded.delivers()
    assert {state for state, _ in states(reminded, "digest").values()} == {"queued"}
    reminded.post = taking
    assert [who for who, _ in at_digest_hour(reminded, TUESDAY)] == ["bo", "gil", "nell"]
    why = "It did not go on 2 March 2015; what is still so goes into a later digest."
    withdrawn = sa.select(Message.last_text).where(Message.state == "withdrawn", Message.template == "digest")
    assert reminded.ask(withdrawn) == [why] * 3
    late = (
        "This should have reached you on Monday 2 March 2015, 1 day ago; the service could not send it then."
    )
    assert late in reminded_text(reminded)


def reminded_text(world: World) -> str:
    [content] = world.ask(sa.select(Message.rendered).where(Message.key == digests(world)[-1]))
    return text_of(content)


def test_a_retry_on_the_same_day_is_the_same_mail(reminded: World) -> None:
    answers = [Outcome(Result.LATER, 451, "busy")] * 3
    reminded.post = MemoryMailer(lambda _letter: answers.pop() if answers else Outcome(Result.SENT))
    reminded.on(MONDAY, DIGEST)
    reminded.delivers()
    with_evidence(reminded, "gil", reminded.action("ccg"))
    reminded.on(MONDAY, time(8))
    reminded.delivers()
    tried = [one.content for one in reminded.post.tried if one.to_address == "nell@qa.example"]
    assert len(tried) == 2
    assert tried[0] == tried[1]
    assert states(reminded, "digest")["gil"][0] == "withdrawn"


def test_a_clock_that_was_ahead_once_keeps_nobody_from_the_digest_of_today(reminded: World) -> None:
    with reminded.office.store.begin(group=EVERY) as session:
        far = reminded.clock.now() + timedelta(days=900)
        moved = {"key": sa.func.replace(Message.key, "2015-03-02", "2017-08-19"), "not_before": far}
        session.execute(sa.update(Message).where(Message.template == "digest").values(moved))
    reminded.on(MONDAY, DIGEST)
    owe_all_digests(reminded.office)
    assert at_digest_hour(reminded, MONDAY) == [("bo", ONE), ("gil", ONE), ("nell", ONE)]


def test_while_nobody_delivers_one_digest_waits_for_each_person(reminded: World) -> None:
    reminded.nights(DUE + timedelta(days=9))
    assert len(digests(reminded)) == 3
    assert {Day.of(key).on for key in digests(reminded)} == {MONDAY}


def test_each_person_is_told_of_one_subject_once_however_often_a_rule_has_spoken(reminded: World) -> None:
    reminded.nights(DUE + timedelta(days=9))
    assert len(reminders(reminded, of="nell")) == 2
    assert ("nell", ONE) in at_digest_hour(reminded, DUE + timedelta(days=10))
    first, second = reminders(reminded, of="nell")
    assert first.dropped_because == "Action 1: the rule “late” has spoken again since."
    assert second.told_in is not None
