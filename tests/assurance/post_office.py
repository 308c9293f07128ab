"""A world under rules of the tests' own, whose mail rests at night, and what has come to whom."""

from __future__ import annotations

from datetime import date, time, timedelta

import sqlalchemy as sa

from assurance.records import DigestItem, Person, Post, PostHolding
from assurance.sweep import SweepTally, sweep
from engine.fences import EVERY
from notifications.outbox import Message
from tests.notifications.examples import text_of
from tests.world import World

LOOK, OPEN, DIGEST, EVENING = time(6, 30), time(7, 30), time(7, 45), time(19, 0)
CLOCK_FILE = """
calendar: england-and-wales
look_at: "06:30"
quiet_hours: {from: "18:00", to: "07:30", also: non-working days}
digest: {at: "07:45"}
"""
OVERDUE = "state in (agreed, in_progress) and current_due_on is not empty and current_due_on"
RULES = f"""
rules:
  - id: late
    about: action
    title: An action is overdue
    when: {OVERDUE} < today
    once_per: current_due_on
    repeat: {{every: 1 weeks, at_most: 4}}
    tell: [owner, agency_lead]

  - id: late-chair
    about: action
    title: An action is ten working days overdue
    when: {OVERDUE} + 10 working days <= today
    once_per: current_due_on
    tell: [chair]
    copy: [coordinator]
    severity: escalation
    quiets: [late]

  - id: late-board
    about: action
    title: An action is sixty days overdue
    when: {OVERDUE} + 60 days <= today
    once_per: current_due_on
    tell: [board_chair]
    copy: [chair]
    severity: escalation
    quiets: [late-chair]

  - id: late-return
    about: agency_return
    title: A return is late
    when: state in (requested, in_progress, changes_requested) and due_on < today
    once_per: due_on
    repeat: {{every: 5 working days, at_most: 4}}
    tell: [owner, agency_lead]

  - id: decision-waits
    about: approval
    title: A decision has waited two working days
    when: state = waiting and asked_on + 2 working days <= today
    once_per: asked_on
    tell: [approver]
"""
FAIR_RULES = RULES.replace(
    "    tell: [chair]\n    copy: [coordinator]\n",
    "    tell: [chair]\n    copy: [coordinator]\n    notice: {to: owner, before: 3 working days}\n",
)


def quiet(world: World) -> World:
    """Let everything that was owed until now go, and begin with empty hands."""
    world.on(world.today)
    sweep(world.office)
    world.delivers()
    world.news()
    world.post.sent.clear()
    return world


def morning(world: World, day: date) -> SweepTally:
    """Let rules look on a day, and the mail go at the end of the quiet hours and at the digest hour."""
    world.on(day, LOOK)
    tally = sweep(world.office)
    world.delivers()
    for at in (OPEN, DIGEST):
        world.on(day, at)
        world.delivers()
    return tally


def came(world: World) -> list[tuple[str, str]]:
    """Give whom letters have reached since somebody last asked, and what stands on top of each."""
    letters = [(one.to_address.partition("@")[0], said(text_of(one.content))) for one in world.post.sent]
    world.post.sent.clear()
    return sorted(letters)


def said(text: str) -> str:
    """Give what stands on top of a letter."""
    return text.split("\n\n")[1]


def letters_to(world: World, who: str) -> list[str]:
    """Give the texts of the letters that somebody got."""
    return [text_of(one.content) for one in world.post.sent if one.to_address == f"{who}@qa.example"]


def states(world: World, template: str) -> dict[str, tuple[str, str | None]]:
    """Give where the messages of a template are, by whom they are for, and what was last said of each."""
    rows = world.ask(sa.select(Message).where(Message.template == template).order_by(Message.id))
    return {row.to_address.partition("@")[0]: (row.state, row.last_text) for row in rows}


def reminders(world: World, *, of: str | None = None) -> list[DigestItem]:
    """Give the reminders kept for digests, of one person or of all."""
    query = sa.select(DigestItem).order_by(DigestItem.id)
    if of is not None:
        query = query.join(Person, Person.id == DigestItem.person_id).where(Person.key == of)
    return world.ask(query)


def hands_over(world: World, old: str, new: str | None, *, post: str) -> None:
    """Let a post change hands at once: the new holder has it today already."""
    with world.office.store.begin(group=EVERY) as session:
        post_id, old_id = world.number(Post, post), world.number(Person, old)
        where = (PostHolding.post_id == post_id, PostHolding.person_id == old_id)
        yesterday = world.today - timedelta(days=1)
        session.execute(sa.update(PostHolding).where(*where).values(until_on=yesterday))
        if new is not None:
            taken = PostHolding(
                group_id=world.group_id,
                post_id=post_id,
                person_id=world.number(Person, new),
                from_on=world.today,
            )
            session.add(taken)
