"""What keeps rules quiet: as a list, each in full, beside its subject, and as sentences of a history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from assurance.access import Viewer, may_see, reads_texts_of, visible
from assurance.commands.hearing import held_subject
from assurance.commands.holds import ACKNOWLEDGED, HOLD, LIFTED, REPLIED, REPLY_SEEN, SILENCED
from assurance.office import Tx
from assurance.past import IN_FORCE
from assurance.queries.card import Grid, Line
from assurance.queries.lists import names, rows_of, state_title
from assurance.queries.rows import Listed, Wanted
from assurance.reasons import day_in_words
from assurance.records import Person, RuleHold
from engine.ledger import history, texts
from engine.moved import Ref
from engine.rules import HoldKind

ENDED = "Ended"


@dataclass(frozen=True, slots=True)
class HoldRow:
    """One reply, acknowledgement or silence; without `about` it is about everything, without `rule` about every rule.

    `is_in_force` says whether it still keeps anything quiet: its state does not change when its last day is over.
    """

    ref: Ref
    what: str
    about: Ref | None
    rule: str | None
    placed_by: str
    placed_on: date
    until_on: date
    looked_at_on: date | None
    state: str
    state_title: str
    is_in_force: bool


def holds(tx: Tx, viewer: Viewer, wanted: Wanted) -> Listed[HoldRow]:
    """List what keeps rules quiet, or kept them so, in the order in which it was placed."""
    found = rows_of(tx, viewer, RuleHold, wanted)
    people = names(tx, Person, Person.name)
    return Listed(tuple(_row(tx, row, people) for row in found.rows), found.hidden)


def hold_lines(tx: Tx, viewer: Viewer, row: RuleHold) -> Iterable[Line]:
    """Tell of one hold what it keeps quiet, until when, who placed it, and in which words."""
    people = names(tx, Person, Person.name)
    yield Line("what", "What", row.kind)
    yield Line("about", "About", held_subject(row) or "everything of which the rule speaks")
    yield Line("rule", "Rule", row.rule or _every_rule(row))
    yield Line("placed_by", "Placed by", people[row.placed_by_id])
    yield Line("placed_on", "On", row.placed_on)
    yield Line("until_on", "Until", row.until_on)
    yield Line("is_in_force", "Keeps the rule quiet", _is_in_force(tx, row))
    yield Line("looked_at_on", "Looked at", row.looked_at_on)
    if reads_texts_of(viewer, row.agency_id) or row.placed_by_id == viewer.person_id:
        yield Line("words", "In these words", _words(tx, row))


def hold_grid(tx: Tx, viewer: Viewer, ref: Ref) -> Grid:
    """Give what keeps rules quiet about one subject, or kept them so."""
    people = names(tx, Person, Person.name)
    about = (RuleHold.subject_kind == ref.kind, RuleHold.subject_id == ref.id)
    found = tx.session.scalars(
        sa.select(RuleHold).where(*about, visible(viewer, RuleHold)).order_by(RuleHold.id)
    )
    rows = [
        (row.ref, row.what, row.rule, row.placed_by, row.placed_on, row.until_on, row.state_title)
        for row in (_row(tx, one, people) for one in found)
    ]
    columns = (
        ("ref", "Ref"),
        ("what", "What"),
        ("rule", "Rule"),
        ("placed_by", "Placed by"),
        ("placed_on", "On"),
        ("until_on", "Until"),
        ("state", "State"),
    )
    return Grid("holds", "What keeps rules quiet about it", columns, rows)


def held_by(tx: Tx, viewer: Viewer, number: int) -> Ref | None:
    """Give what a hold is about; None where it is about everything, or about what is for others."""
    row = tx.session.scalar(sa.select(RuleHold).where(RuleHold.id == number, visible(viewer, RuleHold)))
    subject = None if row is None else held_subject(row)
    return subject if subject is not None and may_see(tx.session, viewer, subject) else None


def told_of_hold(kind: str, by: str, data: Mapping[str, Any]) -> str:
    """Tell one line of a subject's history about what keeps rules quiet; a line of another kind by its kind only."""
    say = _SENTENCES.get(kind)
    return f"{by}: {kind.replace('_', ' ')}." if say is None else f"{by} {say(data)} (hold/{data['hold']})."


def replied_before(data: Mapping[str, Any]) -> str:
    """Say of a line in which a rule has spoken that a reply was made before, and whether anybody has looked at it."""
    notice = data.get("notice", {})
    if not notice.get("replied"):
        return ""
    looked_at_on = notice.get("looked_at_on")
    if looked_at_on is None:
        return f" A reply was made (hold/{notice['hold']}), and nobody has looked at it."
    on = day_in_words(date.fromisoformat(looked_at_on))
    return f" A reply was made (hold/{notice['hold']}) and looked at on {on}."


def _row(tx: Tx, row: RuleHold, people: Mapping[int, str]) -> HoldRow:
    is_over = row.state == IN_FORCE and row.until_on < tx.today
    return HoldRow(
        ref=Ref(RuleHold.noun, row.id),
        what=row.kind,
        about=held_subject(row),
        rule=row.rule,
        placed_by=people[row.placed_by_id],
        placed_on=row.placed_on,
        until_on=row.until_on,
        looked_at_on=row.looked_at_on,
        state=row.state,
        state_title=ENDED if is_over else state_title(tx, row),
        is_in_force=_is_in_force(tx, row),
    )


def _is_in_force(tx: Tx, row: RuleHold) -> bool:
    return row.state == IN_FORCE and row.until_on >= tx.today


def _every_rule(row: RuleHold) -> str:
    is_accepted = row.kind == HoldKind.ACKNOWLEDGEMENT
    return "every rule that can be accepted, on the same occasion" if is_accepted else "every rule about it"


def _words(tx: Tx, row: RuleHold) -> str | None:
    """Give what was written when a hold was placed; it stands in the history of its subject, if it has one."""
    subject = held_subject(row)
    if subject is None:
        return texts(tx.session, Ref(RuleHold.noun, row.id)).get((1, "reason"))
    first = next((line for line in history(tx.session, subject) if line.data.get("hold") == row.id), None)
    written = texts(tx.session, subject)
    return None if first is None else written.get((first.seq, "reply")) or written.get((first.seq, "reason"))


def _day(data: Mapping[str, Any]) -> str:
    return day_in_words(date.fromisoformat(data["until"]))


def _seen(data: Mapping[str, Any]) -> str:
    looked = f"looked at the reply to the rule ‘{data['rule']}’"
    return (
        f"{looked} and held it until {_day(data)}" if data["answer"] == HOLD else f"{looked} and let it speak"
    )


def _silenced(data: Mapping[str, Any]) -> str:
    what = "every rule about it" if data["rule"] is None else f"the rule ‘{data['rule']}’"
    return f"silenced {what} until {_day(data)}"


_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    REPLIED: lambda data: (
        f"replied to the notice of the rule ‘{data['rule']}’, which waits until {_day(data)}"
    ),
    REPLY_SEEN: _seen,
    ACKNOWLEDGED: lambda data: f"accepted the escalation until {_day(data)}",
    SILENCED: _silenced,
    LIFTED: lambda data: f"took the {data['what']} back",
}
