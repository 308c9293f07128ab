"""What must hold of the mail: nothing without its event, nothing owed forgotten, nothing twice, and nothing to the wrong eyes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.past import FIRED, NOTICED
from assurance.playbook import Playbook
from assurance.records import DigestItem
from engine.timers import Timer
from notifications.outbox import Message, State
from tests.faults.installation import Arrived, Installation
from tests.faults.of_history import Told, holdings, lines

DIGEST = "digest"
# Whom these words mean follows from the posts of the day alone.
HELD_BY_POST = frozenset({"chair", "deputy_chair", "coordinator", "board_chair"})


def breaches_of_mail(session: Session, playbook: Playbook, installation: Installation) -> Iterator[str]:
    """Give what is wrong with the mail of an installation."""
    told = lines(session)
    messages = list(session.scalars(sa.select(Message)))
    items = list(session.scalars(sa.select(DigestItem)))
    yield from _without_a_cause(told, messages, items)
    yield from _owed_to_nobody(told, messages, items)
    yield from _told_too_few(session, playbook, told, messages)
    yield from _at_the_sink(messages, installation)
    yield from _for_other_eyes(installation)


def undelivered(session: Session, *, at: datetime, group_id: int) -> Iterator[str]:
    """Say what waits although its instant has come: of an installation that has drained there is nothing."""
    waiting = sa.or_(
        Message.state == State.SENDING, sa.and_(Message.state == State.QUEUED, Message.not_before <= at)
    )
    for message in session.scalars(sa.select(Message).where(waiting, Message.group_id == group_id)):
        yield f"the message {message.key} is {message.state} still, and its instant has come: {message.last_text}"
    for timer in session.scalars(sa.select(Timer).where(Timer.due_at <= at, Timer.group_id == group_id)):
        yield f"{timer.subject_kind}/{timer.subject_id} has a timer for {timer.due_at}, and nobody looks"


def _without_a_cause(
    told: Sequence[Told], messages: Sequence[Message], items: Sequence[DigestItem]
) -> Iterator[str]:
    """Nothing is owed without the line that called for it, and no digest without what it tells."""
    stands = {str(line): line for line in told}
    told_in = {item.told_in for item in items}
    for message in messages:
        if message.template == DIGEST:
            if message.state == State.SENT and message.key not in told_in:
                yield f"the digest {message.key} was sent, and tells nothing"
        elif " line " in message.cause and message.cause not in stands:
            yield f"the message {message.key} was called for by {message.cause}, which does not stand"
    for item in items:
        line = stands.get(f"{item.subject_kind}/{item.subject_id} line {item.seq}")
        if line is None or line.kind != FIRED:
            yield f"the reminder {item.key} is for a firing that does not stand"


def _owed_to_nobody(
    told: Sequence[Told], messages: Sequence[Message], items: Sequence[DigestItem]
) -> Iterator[str]:
    """Whatever a rule has said is owed to somebody: as a reminder, as a letter, or as a line of one."""
    reminded = {(item.rule, f"{item.subject_kind}/{item.subject_id}", item.occasion) for item in items}
    written = "\n".join(f"{message.key} {message.rests_on}" for message in messages)
    for line in told:
        if line.kind not in (FIRED, NOTICED):
            continue
        rule, occasion = line.data["rule"], line.data["occasion"]
        is_in_a_letter = f'"ref":"{line.ref}","rule":"{rule}","occasion":"{occasion}"' in written
        if (rule, str(line.ref), occasion) not in reminded and not is_in_a_letter:
            yield f"{line}: the rule {rule} has {line.kind}, and nobody is owed a word of it"


def _told_too_few(
    session: Session, playbook: Playbook, told: Sequence[Told], messages: Sequence[Message]
) -> Iterator[str]:
    """Of each step that tells a post of the group, whoever held that post on that day is owed a letter."""
    held = [one for one in holdings(session) if one.role in HELD_BY_POST]
    owed: dict[str, set[str]] = defaultdict(set)
    for message in messages:
        owed[message.cause].add(message.person_ref)
    tells: dict[tuple[str, str], frozenset[str]] = {}
    for kind, workflow in playbook.workflows.items():
        for way in workflow.moves:
            # Of ways that share a trigger those words count that stand in all of them.
            known = tells.get((kind, way.trigger), HELD_BY_POST)
            tells[kind, way.trigger] = known & frozenset(way.tell)
    for line in told:
        words = tells.get((line.ref.kind, line.data.get("trigger", "")), frozenset())
        day = playbook.calendar(line.group_id).today(line.at)
        meant = {
            one.person
            for one in held
            if one.role in words and one.group_id == line.group_id and one.is_on(day)
        }
        for person in sorted(meant - {line.actor} - owed[str(line)]):
            yield f"{line} tells {' and '.join(sorted(words))}, and {person} is owed no letter"


def _at_the_sink(messages: Sequence[Message], installation: Installation) -> Iterator[str]:
    """What is held for sent has arrived; nothing arrives unowed, or oftener than somebody was in doubt about it."""
    copies = Counter(one.message_id for one in installation.arrived)
    by_id = {message.message_id: message for message in messages if message.message_id}
    for message in messages:
        if message.state == State.SENT and message.message_id not in copies:
            yield f"the message {message.key} is held for sent, and never arrived"
    for number, times in copies.items():
        owed = by_id.get(number)
        if owed is None:
            yield f"a letter {number} has arrived that nobody owes"
        elif times > 1 + owed.doubts + installation.ambiguities:
            yield f"the message {owed.key} has arrived {times} times, with {owed.doubts} doubts about it"


def _for_other_eyes(installation: Installation) -> Iterator[str]:
    """No letter holds a word that its reader may not read."""
    for one in installation.arrived:
        yield from (
            f"the letter {one.message_id} to {one.to_address} holds {word!r}"
            for word in _hidden(one, installation)
            if word in one.text
        )


def _hidden(one: Arrived, installation: Installation) -> Iterator[str]:
    return (word for word, readers in installation.readers.items() if one.to_address not in readers)
