"""What a digest says: counts, states and days, grouped by audit, the most urgent first; never what stands in a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from assurance.facts import Known
from assurance.lateness import late_words
from assurance.linked_letters import OwnLinks
from assurance.mail import called, due_of
from assurance.office import Tx
from assurance.outlook import Outlook
from assurance.reasons import day_in_words
from assurance.records import DigestItem
from engine.moved import Ref

_Line = dict[str, str]
Context = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One subject with all that the rules say of it to this person."""

    known: Known
    titles: tuple[str, ...]
    state: str
    due_on: date | None
    since_on: date
    own_link: str | None = None

    @property
    def urgency(self) -> tuple[bool, date, Ref]:
        """Sort what is overdue longest first, then what is due soonest, then what has waited longest."""
        return self.due_on is None, self.due_on or self.since_on, self.known.ref

    @property
    def likeness(self) -> tuple[object, ...]:
        """Tell apart what cannot stand in one line."""
        same = self.known.ref.kind, self.titles, self.state, self.due_on or self.since_on, self.due_on is None
        return *same, self.own_link


def words_of(tx: Tx, outlook: Outlook, items: Sequence[DigestItem], *, name: str, own: OwnLinks) -> Context:
    """Give what one person's digest says, for its template: `lists` holds the lines of each audit.

    A subject for which its reader has a link of their `own` has a line of its own, and leads there.
    """
    by_audit: dict[int | None, list[_Entry]] = defaultdict(list)
    for entry in sorted(_entries(tx, outlook, items, own), key=lambda entry: entry.urgency):
        by_audit[entry.known.belongs.audit_id].append(entry)
    entries = [entry for some in by_audit.values() for entry in some]
    overdue = sum(entry.due_on is not None and entry.due_on < tx.today for entry in entries)
    lists = [{"title": _title(audit, some), "lines": _lines(tx, some)} for audit, some in by_audit.items()]
    own_link = next((entry.own_link for entry in entries if entry.own_link), None)
    return {
        "name": name,
        "group": tx.playbook.groups[tx.actor.group_id].name,
        "audit": "",
        "said": _counted(len(entries), overdue),
        "late": late_words(tx, min(item.due_at for item in items)),
        "why": _why(tx, items),
        "lists": lists,
        "link": own_link or _link(tx, tuple(by_audit)),
    }


def _entries(tx: Tx, outlook: Outlook, items: Sequence[DigestItem], own: OwnLinks) -> Iterable[_Entry]:
    titles: dict[Ref, dict[str, None]] = defaultdict(dict)
    for item in items:
        titles[Ref(item.subject_kind, item.subject_id)][outlook.rule(item.rule).title] = None
    for ref, said in titles.items():
        known = outlook.known(ref)
        state = tx.playbook.definition(known.standing.definition_id).states[known.standing.state].title
        since_on = known.facts["state_since_on"]
        since = since_on if isinstance(since_on, date) else tx.today
        own_link = own.get((items[0].person_id, f"{tx.playbook.base_url}/{ref}"))
        yield _Entry(known, tuple(said), state, due_of(known.facts), since, own_link)


def _lines(tx: Tx, entries: Sequence[_Entry]) -> list[_Line]:
    """Make one line of all that are alike, in the order of the first of them."""
    alike: dict[tuple[object, ...], list[_Entry]] = defaultdict(list)
    for entry in entries:
        alike[entry.likeness].append(entry)
    return [_line(tx, some) for some in alike.values()]


def _line(tx: Tx, alike: Sequence[_Entry]) -> _Line:
    first = alike[0]
    ref, name = first.known.ref, called(first.known)
    if len(alike) > 1:
        name = f"{len(alike)} {ref.kind.replace('_', ' ')}s"
        ref = ref if first.known.belongs.audit_id is None else Ref("audit", first.known.belongs.audit_id)
    return {
        "ref": f"{name} – {first.state}",
        "what": "; ".join(first.titles),
        "due": _when(tx.today, first),
        "link": first.own_link or f"{tx.playbook.base_url}/{ref}",
    }


def _when(today: date, entry: _Entry) -> str:
    if entry.due_on is None:
        return f"Waiting since {day_in_words(entry.since_on)}"
    due, days = f"Due {day_in_words(entry.due_on)}", (entry.due_on - today).days
    if days < 0:
        return f"{due}, {_days(-days)} late"
    return f"{due}, {('today', 'tomorrow')[days] if days < 2 else f'in {_days(days)}'}"


def _counted(number: int, overdue: int) -> str:
    said = "1 thing is waiting for you" if number == 1 else f"{number} things are waiting for you"
    if not overdue:
        return f"{said}."
    if overdue == number:
        return f"{said}, past {'its' if number == 1 else 'their'} day."
    return f"{said}; {overdue} of them {'is past its' if overdue == 1 else 'are past their'} day."


def _why(tx: Tx, items: Sequence[DigestItem]) -> str:
    words = sorted({item.told_as.replace("_", " ") for item in items})
    as_whom = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    at = tx.playbook.book.clock.digest_at
    when = "" if at is None else f" at {at:%H:%M}"
    return f"The group's rules remind you as {as_whom}; all that is due on a working day comes in one mail{when}."


def _title(audit: int | None, entries: Sequence[_Entry]) -> str:
    if audit is None:
        return "Outside the audits"
    return f"Audit {entries[0].known.belongs.audit_reference}"


def _link(tx: Tx, audits: tuple[int | None, ...]) -> str:
    base = tx.playbook.base_url
    return f"{base}/audit/{audits[0]}" if len(audits) == 1 and audits[0] is not None else f"{base}/"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
