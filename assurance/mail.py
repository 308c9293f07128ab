"""Who is told what: turns a move or a fired rule into messages that hold names, counts and links, never case text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa

from assurance.facts import Known
from assurance.office import Tx
from assurance.playbook import Playbook
from assurance.reasons import day_in_words
from assurance.roster import Seat
from engine.conditions import Value
from engine.moved import Ref
from notifications.outbox import Message, Notice, Severity, put

DUE_FIELDS = ("current_due_on", "due_on", "returns_due_on", "embedded_check_on", "re_audit_due_on", "on")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a mail: where something stands, what it is called, until when, and why it does not go on."""

    ref: Ref
    what: str
    due_on: date | None
    name: str
    note: str = ""

    def shown(self) -> dict[str, str]:
        """Give the item as plain words for a template."""
        due = "" if self.due_on is None else day_in_words(self.due_on)
        return {"ref": self.name, "what": self.what, "due": due, "note": self.note}


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell: in which template, in which words, why, about what, and on what its truth rests.

    `meant_at` is the instant at which it should have been told, where that is not now; `link` is where it leads to,
    where that is not the page of what it is about.
    """

    template: str
    said: str
    why: str
    about: Ref
    key: str
    cause: str
    items: Sequence[Item] = ()
    severity: str = Severity.NEWS
    rests_on: Sequence[Mapping[str, object]] = ()
    meant_at: datetime | None = None
    link: str | None = None


class Told(NamedTuple):
    """Somebody who is told, and the word of the YAML that means them; empty where no word does."""

    seat: Seat
    word: str = ""


def tell(tx: Tx, known: Known, news: News, people: Iterable[Told]) -> None:
    """Owe one piece of news to each person once, in the one thread of its audit, from the end of the quiet hours."""
    standing, belongs = known.standing, known.belongs
    group = tx.playbook.groups[standing.group_id]
    is_urgent = news.severity == Severity.URGENT
    not_before = tx.now if is_urgent else tx.playbook.book.clock.released_at(tx.now, group.calendar)
    thread = str(standing.ref) if belongs.audit_id is None else f"audit/{belongs.audit_id}"
    subject = f"{group.name}: {belongs.audit_reference or called(known)}"
    by_person: dict[int, Told] = {}
    for told in people:
        by_person.setdefault(told.seat.person_id, told)
    owed = [
        Notice(
            key=f"{news.key}:{news.template}:{seat.person_id}",
            group_id=standing.group_id,
            to_address=seat.email,
            to_name=seat.person,
            person_ref=f"person/{seat.person_id}",
            template=news.template,
            context=context_of(tx, known, news, name=seat.person),
            thread=thread,
            subject=f"Audit {belongs.audit_reference}" if belongs.audit_reference else subject,
            cause=news.cause,
            severity=news.severity,
            not_before=not_before,
            told_as=word,
            rests_on=news.rests_on,
        )
        for seat, word in by_person.values()
    ]
    put(tx.session, owed, at=tx.now)


def context_of(tx: Tx, known: Known, news: News, *, name: str) -> dict[str, object]:
    """Give what a letter says to one person, for its template."""
    return {
        "name": name,
        "group": tx.playbook.groups[known.standing.group_id].name,
        "audit": known.belongs.audit_reference or "",
        "said": news.said,
        "why": news.why,
        "items": [item.shown() for item in news.items],
        "link": news.link or f"{tx.playbook.base_url}/{news.about}",
        **({} if news.meant_at is None else {"meant_at": news.meant_at.isoformat()}),
    }


def forward(tx: Tx, key: str, people: Iterable[Told]) -> None:
    """Owe to others what a message was to tell somebody in whose place they are now; nobody is told twice."""
    message = tx.session.scalars(sa.select(Message).where(Message.key == key)).one()
    news = key.rpartition(":")[0]
    owed = [
        Notice(
            key=f"{news}:{seat.person_id}",
            group_id=message.group_id,
            to_address=seat.email,
            to_name=seat.person,
            person_ref=f"person/{seat.person_id}",
            template=message.template,
            context={**json.loads(message.context), "name": seat.person},
            thread=message.thread,
            subject=message.subject,
            cause=message.cause,
            severity=message.severity,
            not_before=message.not_before,
            told_as=word,
            rests_on=json.loads(message.rests_on),
        )
        for seat, word in people
    ]
    put(tx.session, owed, at=tx.now)


def item_of(playbook: Playbook, known: Known, *, state: str | None = None) -> Item:
    """Describe a subject in one line: its state in words and the day on which it is due."""
    workflow = playbook.definition(known.standing.definition_id)
    stands_at = workflow.states[state or known.standing.state]
    due_on = None if stands_at.final else due_of(known.facts)
    note = "" if stands_at.final else _waiting(known.facts)
    return Item(known.ref, stands_at.title, due_on, called(known), note)


def together(items: Sequence[Item]) -> list[Item]:
    """Make one line of all items of one kind that stand alike and are due on the same day."""
    alike: dict[tuple[str, str, date | None, str], list[Item]] = {}
    for item in items:
        alike.setdefault((item.ref.kind, item.what, item.due_on, item.note), []).append(item)
    lines = []
    for (kind, what, due_on, note), some in alike.items():
        name = some[0].name if len(some) == 1 else f"{len(some)} {kind.replace('_', ' ')}s"
        lines.append(Item(some[0].ref, what, due_on, name, note))
    return lines


def called(known: Known) -> str:
    """Call a subject what people call it: an audit by its reference, a meeting by its title, else by its number."""
    if known.ref.kind == "audit" and known.belongs.audit_reference:
        return f"Audit {known.belongs.audit_reference}"
    title = known.facts.get("title") if known.ref.kind == "meeting" else None
    return title if isinstance(title, str) else name_of(known.ref)


def due_of(facts: Mapping[str, Value]) -> date | None:
    """Give the day that matters next, of the dated facts of a subject."""
    for name in DUE_FIELDS:
        value = facts.get(name)
        if isinstance(value, date):
            return value
    return None


def _waiting(facts: Mapping[str, Value]) -> str:
    """Say that another agency is waited for, or was: the day that is due does not tell whose slowness it is."""
    since_on, chased_from_on = facts.get("waiting_since_on"), facts.get("chased_from_on")
    if isinstance(since_on, date):
        return f"It has waited for another agency since {day_in_words(since_on)}."
    if isinstance(chased_from_on, date) and chased_from_on != facts.get("current_due_on"):
        return f"It waited for another agency; its owner is chased from {day_in_words(chased_from_on)}."
    return ""


def name_of(ref: Ref) -> str:
    """Name a subject as people do: `Agency return 12`."""
    return f"{ref.kind.replace('_', ' ').capitalize()} {ref.id}"
