"""Who is told what: turns a move or a fired rule into messages that hold names, counts and links, never case text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from assurance.facts import Known
from assurance.playbook import Playbook
from assurance.roster import Seat
from engine.conditions import Value
from engine.moved import Ref
from notifications.outbox import Notice, Severity

DUE_FIELDS = ("current_due_on", "due_on", "returns_due_on", "embedded_check_on", "re_audit_due_on")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a mail: which subject, where it stands, and until when."""

    ref: Ref
    what: str
    due_on: date | None

    def shown(self) -> dict[str, str]:
        """Give the item as plain words for a template."""
        due = "" if self.due_on is None else day_in_words(self.due_on)
        return {"ref": name_of(self.ref), "what": self.what, "due": due, "note": ""}


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell: in which template, in which words, why, and about what."""

    template: str
    said: str
    why: str
    about: Ref
    key: str
    cause: str
    items: Sequence[Item] = ()
    severity: str = Severity.NEWS


def notices(playbook: Playbook, known: Known, news: News, seats: Iterable[Seat]) -> list[Notice]:
    """Address one piece of news to each person once, in the one thread of its audit."""
    standing, belongs = known.standing, known.belongs
    group = playbook.groups[standing.group_id]
    thread = str(standing.ref) if belongs.audit_id is None else f"audit/{belongs.audit_id}"
    subject = f"{group.name}: {belongs.audit_reference or name_of(standing.ref)}"
    people = {seat.person_id: seat for seat in seats}
    return [
        Notice(
            key=f"{news.key}:{seat.person_id}",
            group_id=standing.group_id,
            to_address=seat.email,
            to_name=seat.person,
            person_ref=f"person/{seat.person_id}",
            template=news.template,
            context={
                "name": seat.person,
                "group": group.name,
                "audit": belongs.audit_reference or "",
                "said": news.said,
                "why": news.why,
                "items": [item.shown() for item in news.items],
                "link": f"{playbook.base_url}/{news.about}",
            },
            thread=thread,
            subject=f"Audit {belongs.audit_reference}" if belongs.audit_reference else subject,
            cause=news.cause,
            severity=news.severity,
        )
        for seat in people.values()
    ]


def item_of(playbook: Playbook, known: Known, *, state: str | None = None) -> Item:
    """Describe a subject in one line: its state in words and the day on which it is due."""
    workflow = playbook.definition(known.standing.definition_id)
    title = workflow.states[state or known.standing.state].title
    return Item(known.ref, title, due_of(known.facts))


def due_of(facts: Mapping[str, Value]) -> date | None:
    """Give the day that matters next, of the dated facts of a subject."""
    for name in DUE_FIELDS:
        value = facts.get(name)
        if isinstance(value, date):
            return value
    return None


def name_of(ref: Ref) -> str:
    """Name a subject as people do: `Agency return 12`."""
    return f"{ref.kind.replace('_', ' ').capitalize()} {ref.id}"


def day_in_words(day: date) -> str:
    """Write a day as `3 September 2014`."""
    return f"{day.day} {day:%B %Y}"
