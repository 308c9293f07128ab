"""What is foretold is what people get: the same mails to the same people at the same hours, with the same in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from assurance.commands.accepting import acknowledge
from assurance.commands.founding import open_matter, record_absence
from assurance.commands.replying import reply
from assurance.commands.silencing import silence
from assurance.commands.waiting import wait_for
from assurance.config import HOME
from assurance.playbook import read_shelf
from assurance.queries.foretelling import Way
from assurance.queries.preview import Preview, preview
from assurance.records import Agency, DigestItem, Person, Post, PostHolding
from assurance.sweep import sweep
from engine.conditions import Value
from engine.fences import EVERY
from notifications.outbox import Message
from tests.assurance.conftest import At
from tests.assurance.looking import looks
from tests.assurance.papers import asked
from tests.assurance.post_office import DIGEST, LOOK, OPEN, morning
from tests.assurance.ruled import WITH_DIGEST, under
from tests.assurance.test_matters import FAMILY
from tests.cast import LONDON
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday
SATURDAY = DUE + timedelta(days=1)


class Heard(NamedTuple):
    """One thing that somebody was told, and when: by which rule, and about what; in a digest also as whom."""

    at: datetime
    person: str
    way: Way
    rule: str
    ref: str
    number: int
    told_as: str


# -- what really happens -----------------------------------------------------------------------------------


def sent(world: World) -> list[Message]:
    return world.ask(sa.select(Message).where(Message.sent_at.is_not(None)).order_by(Message.id))


def heard_in(world: World, mails: Iterable[Message]) -> set[Heard]:
    """Give everything that rules have told anybody in some mails."""
    found: set[Heard] = set()
    for mail in mails:
        assert mail.sent_at is not None
        at = mail.sent_at.astimezone(LONDON)
        if mail.template == "digest":
            for item in world.ask(sa.select(DigestItem).where(DigestItem.told_in == mail.key)):
                ref = f"{item.subject_kind}/{item.subject_id}"
                found.add(Heard(at, mail.to_name, Way.DIGEST, item.rule, ref, item.number, item.told_as))
        found.update(heard_in_letter(mail, at))
    return found


def heard_in_letter(mail: Message, at: datetime) -> Iterator[Heard]:
    for rest in json.loads(mail.rests_on):
        if "rule" in rest:
            way = Way.NOTICE if rest.get("notice") else Way.AT_ONCE
            number = rest.get("number", 0)
            yield Heard(at, mail.to_name, way, rest["rule"], rest["ref"], number, "")


def foretold(found: Preview) -> set[Heard]:
    return {
        Heard(
            one.goes_at,
            one.person,
            one.way,
            one.rule,
            str(one.ref),
            one.number,
            one.told_as if one.way is Way.DIGEST else "",
        )
        for one in found.foretold
    }


def comes_true(world: World, *, days: int) -> set[Heard]:
    """Look ahead, let the days pass with every look and every delivery, and compare; give what was told."""
    with looks(world, None) as (tx, viewer):
        found = preview(tx, viewer, days=days)
    before = {mail.id for mail in sent(world)}
    sweep(world.office)
    world.delivers()
    if world.clock.now().astimezone(LONDON).time() < LOOK:
        passes(world, world.today)
    while world.today < found.until_on:
        passes(world, world.today + timedelta(days=1))
    happened = heard_in(world, (mail for mail in sent(world) if mail.id not in before))
    assert happened == foretold(found)
    return happened


def passes(world: World, day: date) -> None:
    """Let a morning pass as it does for a service that never sleeps: it looks and delivers again and again."""
    for at in (LOOK, OPEN, DIGEST, DIGEST):
        world.on(day, at)
        sweep(world.office)
        world.delivers()


def rules_in(heard: set[Heard]) -> set[str]:
    return {one.rule for one in heard}


def told(heard: set[Heard], rule: str) -> set[str]:
    return {one.person for one in heard if one.rule == rule}


# -- worlds ------------------------------------------------------------------------------------------------


def test_the_whole_ladder_of_an_overdue_action_comes_true(any_world_at: At) -> None:
    world = any_world_at("actions")
    morning(world, DUE - timedelta(days=32))
    heard = comes_true(world, days=130)
    assert rules_in(heard) >= {
        "action-due-in-a-month",
        "action-due-tomorrow",
        "action-overdue",
        "action-overdue-chair",
        "action-overdue-agenda",
        "action-overdue-board",
        "meeting-papers",
    }
    assert {one.way for one in heard} == set(Way)


def test_returns_and_their_meeting_come_true(world_at: At) -> None:
    world = world_at("agency_audits")
    morning(world, date(2014, 11, 7))
    heard = comes_true(world, days=60)
    assert rules_in(heard) >= {
        "return-due-soon",
        "return-late",
        "return-late-chair",
        "meeting-returns-missing",
    }


def looked_on_friday_evening(world: World) -> None:
    """Due on Friday: seen on Saturday, told on Monday."""
    morning(world, DUE)
    world.on(DUE, time(19, 0))


def looked_on_saturday(world: World) -> None:
    """The reminder waits for Monday's digest already."""
    morning(world, SATURDAY)
    world.on(SATURDAY)


def looked_before_the_rules_on_a_monday(world: World) -> None:
    """Last week's reminders have gone; today nobody has looked yet."""
    for day in range(4):
        morning(world, DUE + timedelta(days=day - 1))
    world.on(DUE + timedelta(days=3), time(6, 0))


def looked_after_a_morning_without_a_sweep(world: World) -> None:
    """What should have gone at the digest hour goes late today, and not tomorrow."""
    morning(world, DUE - timedelta(days=1))
    world.on(DUE + timedelta(days=3), time(10, 0))


def looked_after_three_weeks_of_silence(world: World) -> None:
    """Nothing has run for weeks: only the current level of each ladder speaks."""
    morning(world, DUE - timedelta(days=1))
    world.on(DUE + timedelta(days=40), time(10, 0))


def one_silence_of_everything(world: World) -> None:
    morning(world, DUE)
    with world.does("sam") as tx:
        silence(tx, rule_id="action-overdue", until_on=DUE + timedelta(days=12), reason="We count again.")


def one_silence_of_one_action_on_a_weekend(world: World) -> None:
    """The reminder waits for Monday, and is then held beyond it."""
    morning(world, SATURDAY)
    world.on(SATURDAY)
    with world.does("sam") as tx:
        silence(tx, ref=world.action("trust"), until_on=DUE + timedelta(days=5), reason="It is done.")


def one_acceptance_that_ends(world: World) -> None:
    for day in range(1, 19):
        morning(world, DUE + timedelta(days=day))
    world.on(world.today)
    with world.does("dan") as tx:
        until = DUE + timedelta(days=24)
        acknowledge(tx, world.action("trust"), until_on=until, reason="The lead is off sick.")


def one_reply_that_is_looked_at(world: World) -> None:
    """Nobody has looked at it yet: the rule speaks once its last day is over."""
    for number in range(1, 12):
        passes(world, DUE + timedelta(days=number))
    world.on(world.today)
    with world.does("nell") as tx:
        reply(tx, world.action("trust"), "action-overdue-chair", "It was done on Monday.")


def one_action_that_waits_for_another_agency(world: World) -> None:
    passes(world, DUE)
    world.on(DUE)
    with world.does("nell") as tx:
        wait_for(tx, world.action("trust"), world.number(Agency, "police"), "The list is theirs.")


def one_that_moves_after_the_digest_of_the_day(world: World) -> None:
    """What becomes due at ten in the morning waits for tomorrow's digest, whether today's has gone or not."""
    for number in (-1, 0):
        passes(world, DUE + timedelta(days=number))
    world.on(DUE)
    later = DUE + timedelta(days=6)
    world.is_granted("nell", world.action("trust"), "extend", new_due_on=later, reason="Sickness")
    world.is_granted("gil", world.action("ccg"), "extend", by="dan", new_due_on=later, reason="Sickness")


def one_leaver_with_a_successor(world: World) -> None:
    """The owner of the trust's action leaves on a Saturday on which it is overdue, and is told no more."""
    morning(world, DUE)
    with world.office.store.begin(group=EVERY) as session:
        post, until = world.number(Post, "health_visiting"), DUE + timedelta(days=8)
        session.execute(sa.update(PostHolding).where(PostHolding.post_id == post).values(until_on=until))
        successor = PostHolding(
            group_id=world.group_id,
            post_id=post,
            person_id=world.number(Person, "viv"),
            from_on=until + timedelta(days=1),
        )
        session.add(successor)


def one_leaver_without(world: World) -> None:
    """Nobody holds the post any more: the lead hears in the owner's place, once for all words."""
    morning(world, DUE)
    with world.office.store.begin(group=EVERY) as session:
        change = sa.update(PostHolding).values(until_on=DUE + timedelta(days=8))
        session.execute(change.where(PostHolding.post_id == world.number(Post, "health_visiting")))


@pytest.mark.parametrize(
    "happens",
    [
        looked_on_friday_evening,
        looked_on_saturday,
        looked_before_the_rules_on_a_monday,
        looked_after_a_morning_without_a_sweep,
        looked_after_three_weeks_of_silence,
        one_silence_of_everything,
        one_silence_of_one_action_on_a_weekend,
        one_acceptance_that_ends,
        one_reply_that_is_looked_at,
        one_action_that_waits_for_another_agency,
        one_that_moves_after_the_digest_of_the_day,
        one_leaver_with_a_successor,
        one_leaver_without,
    ],
)
def test_it_comes_true_also_after(happens: Callable[[World], None], world_at: At) -> None:
    world = world_at("actions")
    happens(world)
    assert any(one.rule.startswith("action-overdue") for one in comes_true(world, days=24))


def test_a_successor_hears_what_waited_for_the_one_before(world_at: At) -> None:
    world = world_at("actions")
    one_leaver_with_a_successor(world)
    heard = comes_true(world, days=30)
    assert told(heard, "action-overdue") >= {"Nell Norris", "Viv Vane"}


# -- decisions ---------------------------------------------------------------------------------------------


def test_a_decision_that_waits_comes_true_with_the_deputy_who_is_called_in(any_world_at: At) -> None:
    world = any_world_at("proposed")
    morning(world, date(2014, 9, 2))
    world.on(world.today)
    world.asks("sam", world.audit, "agree_theme")
    heard = comes_true(world, days=40)
    assert told(heard, "approval-waiting") == {"Ada Ashdown", "Sam Sedley"}
    assert told(heard, "approval-to-deputy") == {"Ada Ashdown", "Dan Dole", "Sam Sedley"}


def test_a_decision_comes_true_while_the_chair_is_away_for_some_days(world_at: At) -> None:
    world = world_at("proposed")
    morning(world, date(2014, 9, 2))
    world.on(world.today)
    world.asks("sam", world.audit, "agree_theme")
    with world.does("sam") as tx:
        from_on = world.today + timedelta(days=4)
        record_absence(tx, world.number(Person, "ada"), from_on, from_on + timedelta(days=6), "On leave")
    heard = comes_true(world, days=40)
    assert told(heard, "approval-waiting") == {"Ada Ashdown", "Dan Dole", "Sam Sedley"}


def test_papers_for_several_come_true_those_who_have_answered_left_out(papers: World) -> None:
    world = papers
    for kind in ("data_request", "threshold_document", "sharing_agreement", "briefing"):
        asked(world, kind)
    _, approval = asked(world, "theme")
    world.decides("bo", approval)
    heard = comes_true(world, days=45)
    assert rules_in(heard) >= {"approval-waiting", "approval-late"}
    assert "Bo Birchall" not in {one.person for one in heard if one.ref == str(approval)}


# -- rules that set something ------------------------------------------------------------------------------

SETS = """
  - id: waits-marked
    about: approval
    title: A decision that waits is marked
    when: state = waiting and asked_on + 3 working days <= today
    once_per: asked_on
    set: {deputy_called: true}

  - id: waits-told
    about: approval
    title: A decision waits, and the deputy may take it
    when: state = waiting and deputy_called
    once_per: asked_on
    tell: [approver]
"""


def test_what_a_rule_has_set_makes_another_one_speak_on_the_same_day(world_at: At, tmp_path: Path) -> None:
    world = under(world_at("proposed"), tmp_path / "rules", SETS, clock=WITH_DIGEST)
    world.on(date(2014, 9, 2))
    world.asks("sam", world.audit, "agree_theme")
    heard = comes_true(world, days=14)
    assert {(one.at.date(), one.person) for one in heard} == {
        (date(2014, 9, 5), "Ada Ashdown"),
        (date(2014, 9, 5), "Dan Dole"),
    }


# -- a family that stands in YAML alone --------------------------------------------------------------------


def test_a_family_of_yaml_comes_true(tmp_path: Path) -> None:
    shelf = read_shelf((HOME / "workflows", FAMILY / "workflows"), (HOME / "rules", FAMILY / "rules"))
    with closing(World(tmp_path / "family.sqlite", shelf=shelf)) as world:
        with world.does("bo") as tx:
            fields: Mapping[str, Value] = {
                "files": 5,
                "question": "Was he asked?",
                "due_on": date(2014, 9, 5),
            }
            open_matter(tx, "dip_sample", "Fathers", fields, agency_id=world.number(Agency, "trust"))
        heard = comes_true(world, days=30)
    assert any(one.ref == "dip_sample/1" for one in heard)
