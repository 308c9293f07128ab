"""What waits to be told stays with those whom it is for: other rules, other posts and other words take it from nobody."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa

from assurance.commands.acting import complete_plan
from assurance.commands.addresses import mend, note_return
from assurance.commands.silencing import silence
from assurance.commands.waiting import stop_waiting, wait_for
from assurance.office import Office, clock_of
from assurance.post import deliver
from assurance.records import Agency, DigestItem, Person, Post
from assurance.sweep import sweep
from assurance.truth import reviewer
from engine.fences import EVERY
from notifications.leases import claim
from notifications.letters import Outcome, Result
from notifications.mailer import MemoryMailer
from notifications.outbox import Message, put
from notifications.refusals import Refusal
from notifications.review import HeldBack
from tests.assurance.conftest import At, Reopen
from tests.assurance.post_office import (
    CLOCK_FILE,
    DIGEST,
    EVENING,
    FAIR_RULES,
    LOOK,
    OPEN,
    RULES,
    came,
    hands_over,
    quiet,
    reminders,
    states,
)
from tests.assurance.test_digest import reminded_in
from tests.assurance.test_told_after_all import MONDAY, ONE
from tests.assurance.test_truth import CHAIRS_DAY, LOUD, at_seven, goes_out, owed_in
from tests.notifications.examples import SETTINGS, notice
from tests.world import World

ONCE = RULES.replace("    repeat: {every: 1 weeks, at_most: 4}\n", "")


@pytest.fixture
def owed(world_at: At, reopen: Reopen) -> World:
    """The morning on which the chair is owed a word about two actions; no mail goes yet."""
    return owed_in(world_at, reopen)


def test_a_rule_that_waits_for_somebodys_word_quiets_nobody(owed: World, reopen: Reopen) -> None:
    world = reopen(owed, RULES.replace("+ 60 days", "+ 14 days"), clock=CLOCK_FILE + "cap: 1\n")
    at_seven(world)
    assert [one.rule for one in sweep(world.office).withheld] == ["late-board"]
    assert goes_out(world) == [("ada", f"{LOUD} (2 of them)."), ("sam", f"{LOUD} (2 of them).")]


def test_a_post_that_was_open_before_sends_the_mail_of_a_group_that_was_founded_since(world: World) -> None:
    post = Office(world.settings, world.office.store, world.shelf, clock=world.clock)
    number = world.found("second")
    [chair] = world.ask(sa.select(Person).where(Person.key == "ada", Person.group_id == number))
    owed = notice(
        group_id=number, person_ref=f"person/{chair.id}", to_address=chair.email, cause="the first of all"
    )
    with world.office.store.begin(group=EVERY) as session:
        put(session, [owed], at=world.clock.now())
        waiting = claim(session, at=world.clock.now(), lease=SETTINGS.lease, limit=99, token="early")
        answers = reviewer(post)(session, waiting, world.clock.now())
        put_back = sa.update(Message).where(Message.id.in_(answers))
        session.execute(put_back.values(state="queued", lease_token=None, lease_until=None))
    assert {type(answer) for answer in answers.values()} == {HeldBack}
    assert answers
    assert deliver(post, MemoryMailer()).sent == len(answers)


def test_whoever_is_told_by_two_words_is_told_by_the_one_that_is_left(world_at: At, reopen: Reopen) -> None:
    world = quiet(reopen(world_at("actions"), RULES.replace("tell: [chair]", "tell: [chair, owner]")))
    hands_over(world, "nell", "ada", post="health_visiting")
    world.on(CHAIRS_DAY, LOOK)
    sweep(world.office)
    hands_over(world, "ada", "viv", post="chair")
    told = [(who, said) for who, said in goes_out(world) if who in ("ada", "viv")]
    assert told == [("ada", f"{LOUD}."), ("viv", f"{LOUD} (2 of them).")]


def test_a_reminder_by_two_words_stays_and_is_passed_on(world_at: At, reopen: Reopen) -> None:
    world = quiet(reopen(world_at("actions"), RULES))
    # The commissioning group's lead owns its action too, and is told of it as its owner.
    world.on(MONDAY, LOOK)
    sweep(world.office)
    assert [one.told_as for one in reminders(world, of="gil")] == ["owner"]
    with world.does("gil") as tx:
        complete_plan(tx, world.action("ccg"), owner_post_id=world.number(Post, "chair"))
    world.on(MONDAY, DIGEST)
    world.delivers()
    assert ("gil", ONE) in came(world)
    assert [one.told_as for one in reminders(world, of="gil")] == ["agency_lead"]
    assert [one.dropped_because for one in reminders(world, of="ada")] == [None]


def test_whoever_leaves_with_their_mailbox_takes_no_mail_along(owed: World) -> None:
    hands_over(owed, "ada", "viv", post="chair")
    mailbox_is_gone(owed, "ada")
    assert [who for who, said in goes_out(owed) if said.startswith(LOUD)] == ["sam", "viv"]
    assert states(owed, "escalation")["ada"][0] == "withdrawn"


def test_reminders_of_a_leaver_whose_mailbox_is_gone_are_passed_on(world_at: At, reopen: Reopen) -> None:
    world = reminded_in(world_at, reopen)
    hands_over(world, "nell", "viv", post="health_visiting")
    mailbox_is_gone(world, "nell")
    for day in (MONDAY, MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)):
        world.on(day, DIGEST)
        world.delivers()
    assert ("viv", ONE) in came(world)
    assert [state for who, (state, _) in states(world, "digest").items() if who == "nell"] == ["withdrawn"]


def test_a_digest_to_a_dead_address_tells_nothing_and_its_reminders_wait(
    world_at: At, reopen: Reopen
) -> None:
    world = reminded_in(world_at, reopen)
    mailbox_is_gone(world, "nell")
    world.on(MONDAY, DIGEST)
    world.delivers()
    assert states(world, "digest")["nell"][0] == "failed"
    assert [(one.told_in, one.dropped_because) for one in reminders(world, of="nell")] == [(None, None)]


def mailbox_is_gone(world: World, who: str) -> None:
    """Let it be known that mail to somebody comes back."""
    with world.office.begin(clock_of(world.group_id)) as tx:
        number = tx.session.scalars(
            sa.select(Message.id).where(Message.to_address == f"{who}@qa.example").limit(1)
        ).one()
        note_return(tx, number, Refusal.of(550, "5.1.1 No such user"), is_dead=True, key=f"gone-{who}")


def test_whoever_was_given_notice_has_not_been_told_yet(world_at: At, reopen: Reopen) -> None:
    world = quiet(reopen(world_at("actions"), FAIR_RULES))
    for day in (date(2015, 3, 10), CHAIRS_DAY):
        world.on(day, LOOK)
        sweep(world.office)
        if day < CHAIRS_DAY:
            world.on(day, DIGEST)
            world.delivers()
    assert "notice" in world.ask(sa.select(Message.template).where(Message.state == "sent"))
    came(world)
    hands_over(world, "ada", "nell", post="chair")
    assert [who for who, said in goes_out(world) if said.startswith(LOUD)] == ["nell", "sam"]


def test_whoever_has_heard_it_once_hears_the_repeat_too(world_at: At, reopen: Reopen) -> None:
    again = RULES.replace(
        "tell: [chair]\n    copy: [coordinator]", "repeat: {every: 1 weeks, at_most: 3}\n    tell: [chair]"
    )
    world = quiet(reopen(world_at("actions"), again))
    heard = []
    for week, old, new in ((0, "ada", "viv"), (1, "viv", "dan"), (2, "dan", "viv")):
        world.on(CHAIRS_DAY + timedelta(weeks=week), LOOK)
        sweep(world.office)
        hands_over(world, old, new, post="chair")
        heard.append([who for who, said in goes_out(world) if said.startswith(LOUD)])
        world.delivers()
        heard[-1] += [who for who, said in came(world) if said.startswith(LOUD)]
    assert heard == [["viv"], ["dan"], ["viv"]]


def test_reminders_of_a_digest_that_the_server_refuses_come_the_next_day(
    any_world_at: At, reopen: Reopen
) -> None:
    world = reminded_in(any_world_at, reopen)
    world.post, taking = MemoryMailer(lambda _letter: Outcome(Result.REJECTED, 554, "spam")), world.post
    world.on(MONDAY, DIGEST)
    world.delivers()
    world.post = taking
    world.delivers()
    assert came(world) == [], "one mail on a working day"
    world.on(MONDAY + timedelta(days=1), DIGEST)
    world.delivers()
    assert [who for who, _ in came(world)] == ["bo", "gil", "nell"]


def test_reminders_of_a_digest_that_came_back_wait_until_the_address_is_mended(
    world_at: At, reopen: Reopen
) -> None:
    world = reminded_in(world_at, reopen)
    world.on(MONDAY, DIGEST)
    world.delivers()
    with world.office.begin(clock_of(world.group_id)) as tx:
        query = sa.select(Message.id).where(Message.template == "digest", Message.to_name == "Nell Norris")
        number = tx.session.scalars(query).one()
        refusal = Refusal.of(550, "5.1.1 No such user")
        noted = note_return(tx, number, refusal, is_dead=True, key="back")
    came(world)
    assert [one.told_in for one in reminders(world, of="nell")] == [None]
    with world.does("sam") as tx:
        assert noted.address is not None
        mend(tx, noted.address, "nell@qa.example")
    world.on(MONDAY + timedelta(days=1), DIGEST)
    world.delivers()
    assert ("nell", ONE) in came(world)


def test_what_a_silence_held_as_mail_went_goes_once_it_is_taken_back(
    any_world_at: At, reopen: Reopen
) -> None:
    world = quiet(reopen(any_world_at("actions"), ONCE))
    world.on(CHAIRS_DAY, LOOK)
    sweep(world.office)
    at_seven(world)
    with world.does("sam") as tx:
        hold = silence(
            tx, until_on=CHAIRS_DAY + timedelta(days=9), reason="It is known", rule_id="late-chair"
        )
    assert goes_out(world) == []
    world.on(CHAIRS_DAY, time(11))
    world.moves("sam", hold, "lift", reason="They have moved.")
    sweep(world.office)
    world.delivers()
    assert [who for who, said in came(world) if said.startswith(LOUD)] == ["ada", "sam"]


def test_reminders_that_a_silence_held_go_once_it_is_taken_back(world_at: At, reopen: Reopen) -> None:
    world = quiet(reopen(world_at("actions"), ONCE))
    world.on(MONDAY, LOOK)
    sweep(world.office)
    with world.does("sam") as tx:
        hold = silence(tx, until_on=MONDAY + timedelta(days=9), reason="It is known", rule_id="late")
    world.on(MONDAY, DIGEST)
    world.delivers()
    assert came(world) == []
    world.on(MONDAY, time(11))
    world.moves("sam", hold, "lift", reason="They have moved.")
    sweep(world.office)
    world.on(MONDAY + timedelta(days=1), DIGEST)
    world.delivers()
    assert [who for who, _ in came(world)] == ["bo", "gil", "nell"]


def test_that_nobody_waits_any_more_is_told_to_the_agency_that_was_waited_for(
    world_at: At, reopen: Reopen
) -> None:
    world = quiet(reopen(world_at("actions"), RULES))
    action = world.action("trust")
    with world.does("nell") as tx:
        wait_for(tx, action, world.number(Agency, "police"), "Their list.")
    world.delivers()
    came(world)
    world.on(world.today, EVENING)
    with world.does("nell") as tx:
        stop_waiting(tx, action, "The list came.")
    world.on(world.today + timedelta(days=1), OPEN)
    world.delivers()
    assert [who for who, _ in came(world)] == ["bo", "fay"]


def test_what_is_held_gets_a_letter_of_its_own_only_when_the_rest_goes(owed: World) -> None:
    at_seven(owed)
    trust, until = owed.action("trust"), CHAIRS_DAY + timedelta(days=9)
    with owed.does("sam") as tx:
        hold = silence(tx, until_on=until, reason="It is known", rule_id="late-chair", ref=trust)
    sweep(owed.office)
    apart = sa.select(Message.to_name).where(Message.key.contains(":held:")).order_by(Message.to_name)
    assert owed.ask(apart) == []
    owed.moves("sam", hold, "lift", reason="They have moved.")
    sweep(owed.office)
    assert goes_out(owed) == [("ada", f"{LOUD} (2 of them)."), ("sam", f"{LOUD} (2 of them).")]
    owed.delivers()
    assert came(owed) == []
    assert owed.ask(apart) == []


def test_reminders_that_a_killed_sweep_left_behind_have_their_digest_within_the_minute(
    world_at: At, reopen: Reopen
) -> None:
    world = quiet(reopen(world_at("actions"), RULES))
    world.on(MONDAY, LOOK)
    sweep(world.office)
    with world.office.store.begin(group=EVERY) as session:
        # It wrote its reminders, and was killed before it owed the digest.
        there = session.get_one(DigestItem, reminders(world, of="bo")[0].id)
        columns = [column.name for column in DigestItem.__table__.columns if column.name != "id"]
        left = {name: getattr(there, name) for name in columns}
        viv = world.number(Person, "viv")
        session.add(DigestItem(**left | {"key": f"{there.key}:left", "person_id": viv}))
    sweep(world.office)
    assert "viv" in states(world, "digest")


def test_who_is_told_of_somebody_whom_the_notice_did_not_reach_is_told_that_too(
    world_at: At, reopen: Reopen
) -> None:
    world = quiet(reopen(world_at("actions"), FAIR_RULES))
    world.on(date(2015, 3, 10), LOOK)
    sweep(world.office)
    with world.office.store.begin(group=EVERY) as session:
        # Mail to the owner of one action is refused for good.
        to_nell = (Message.template == "notice", Message.to_name == "Nell Norris")
        session.execute(sa.update(Message).where(*to_nell).values(state="failed"))
    world.on(world.today, OPEN)
    world.delivers()
    came(world)
    world.on(CHAIRS_DAY, LOOK)
    sweep(world.office)
    in_vain = "Action 1: the notice that was given before has reached nobody."
    assert goes_out(world) == [(who, f"{LOUD} (2 of them). {in_vain}") for who in ("ada", "sam")]
