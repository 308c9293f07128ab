"""What was entered with a line of a history, in a few words: which aim, which finding, how many returns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from assurance.access import Viewer, seen, visible
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import (
    Action,
    Agency,
    Aim,
    Case,
    Evidence,
    Finding,
    Meeting,
    Moderation,
    Person,
    Post,
    ProgressNote,
    Recommendation,
    StoredFile,
)
from engine.ledger import Entry
from engine.moved import Ref
from engine.store import among

# Of which table a line names a row, or several, under which word.
_TABLES: Mapping[str, type[Any]] = {
    "aim": Aim,
    "case": Case,
    "meeting_id": Meeting,
    "joined": Person,
    "left": Person,
    "owner_post_id": Post,
    "moderation": Moderation,
    "finding": Finding,
    "agency": Agency,
    "waiting_on_agency_id": Agency,
    "note": ProgressNote,
    "evidence": Evidence,
    "file": StoredFile,
}


class Spoken:
    """The rows of which some lines speak, as far as the viewer may see them: read once for all lines, table by table."""

    def __init__(self, tx: Tx, viewer: Viewer, entries: Iterable[Entry]) -> None:
        wanted: dict[type[Any], set[int]] = defaultdict(set)
        recommendations: set[int] = set()
        for entry in entries:
            data = _said(entry)
            for name in _TABLES.keys() & data.keys():
                wanted[_TABLES[name]] |= _numbers(data[name])
            recommendations |= _numbers(data.get("recommendation"))
        self._rows = {table: _read(tx, viewer, table, numbers) for table, numbers in wanted.items()}
        self.recommendations: Set[int] = frozenset()
        if recommendations:
            self.recommendations = seen(tx.session, viewer, Recommendation.noun, sorted(recommendations))

    def row(self, table: type[Any], number: int) -> Any:
        """Give one row; None where the viewer may not see it, or not any more."""
        return self._rows[table].get(number)


def _said(entry: Entry) -> dict[str, Any]:
    # The first line keeps the whole row; later ones keep what was written into it.
    written = {} if entry.kind == "opened" else entry.data.get("row", {})
    return {**entry.data, **written}


def _numbers(value: Any) -> set[int]:
    if isinstance(value, list):
        return {one for one in value if isinstance(one, int)}
    return {value} if isinstance(value, int) else set()


def _read(tx: Tx, viewer: Viewer, table: type[Any], numbers: Set[int]) -> dict[int, Any]:
    query = sa.select(table).where(among(table.id, "numbers"), visible(viewer, table))
    return {row.id: row for row in tx.session.scalars(query, {"numbers": sorted(numbers)})}


class _Asked(NamedTuple):
    """What a line says, and the rows of which it speaks."""

    spoken: Spoken
    data: Mapping[str, Any]
    reads: bool

    def row(self, table: type[Any], name: str) -> Any:
        """Give the row of a line's number, if the viewer may see it."""
        return self.spoken.row(table, self.data[name])


def details_of(spoken: Spoken, entry: Entry, *, reads: bool) -> Iterator[str]:
    """Say what was entered with a line; `reads` is whether the viewer may read the texts of its subject."""
    asked = _Asked(spoken, _said(entry), reads)
    for name, say in _DETAILS.items():
        if asked.data.get(name) is not None:
            said = say(asked)
            if said:
                yield said


def _aim(asked: _Asked) -> str:
    aim = asked.row(Aim, "aim")
    return "" if aim is None else f"aim {aim.number}: {aim.text}"


def _case(asked: _Asked) -> str:
    case = asked.row(Case, "case")
    return "a case" if case is None else f"case {case.case_ref}: {case.criterion}"


def _meeting(asked: _Asked) -> str:
    meeting = asked.row(Meeting, "meeting_id")
    return "" if meeting is None else f"meeting: {meeting.title}"


def _people(asked: _Asked, name: str, spoken: str) -> str:
    rows = [asked.spoken.row(Person, number) for number in asked.data[name]]
    found = sorted(row.name for row in rows if row is not None)
    return f"{spoken}: {', '.join(found)}" if found else ""


def _owner(asked: _Asked) -> str:
    post = asked.row(Post, "owner_post_id")
    return "" if post is None else f"owner: {post.title}"


def _moderation(asked: _Asked) -> str:
    row = asked.row(Moderation, "moderation")
    return row.note if row is not None and asked.reads else ""


def _finding(asked: _Asked) -> str:
    row = asked.row(Finding, "finding")
    return "" if row is None else f"finding {row.number}, {row.kind}: {row.text}"


def _recommendation(asked: _Asked) -> str:
    number = asked.data["recommendation"]
    if number in asked.spoken.recommendations:
        return str(Ref(Recommendation.noun, number))
    return "an individual practice recommendation, for its own agency"


def _action(asked: _Asked) -> str:
    return str(Ref(Action.noun, asked.data["action"]))


def _agency(asked: _Asked) -> str:
    agency = asked.row(Agency, "agency")
    return "" if agency is None else f"agency: {agency.name}"


def _answer(asked: _Asked) -> str:
    # The answer to a decision or to a reply is told in the sentence itself.
    is_told = not asked.data.keys().isdisjoint({"approval", "voice", "hold"})
    return "" if is_told else f"answer: {asked.data['answer'].replace('_', ' ')}"


def _awaited(asked: _Asked) -> str:
    agency = asked.row(Agency, "waiting_on_agency_id")
    return "" if agency is None else f"waits for: {agency.name}"


def _chased(asked: _Asked) -> str:
    # Where the date itself was moved, that is told already.
    if "current_due_on" in asked.data.get("set", {}):
        return ""
    return f"the owner is chased from {day_in_words(date.fromisoformat(asked.data['chased_from_on']))}"


def _answers(asked: _Asked) -> str:
    number = len(asked.data["answers"])
    return f"{number} {'aim' if number == 1 else 'aims'} answered"


def _note(asked: _Asked) -> str:
    row = asked.row(ProgressNote, "note")
    if row is None:
        return ""
    return f"says it is {row.rating}: {row.text}" if asked.reads else f"says it is {row.rating}"


def _evidence(asked: _Asked) -> str:
    row = asked.row(Evidence, "evidence")
    return f"evidence: {row.title}" if row is not None and asked.reads else ""


def _file(asked: _Asked) -> str:
    row = asked.row(StoredFile, "file")
    return f"file: {row.name}" if row is not None and asked.reads else ""


def _re_audit(asked: _Asked) -> str:
    (yes, of), (yes_now, of_now) = asked.data["before"], asked.data["after"]
    return f"{yes} of {of} said yes before, {yes_now} of {of_now} now"


_DETAILS: Mapping[str, Callable[[_Asked], str]] = {
    "aim": _aim,
    "case": _case,
    "meeting_id": _meeting,
    "joined": lambda asked: _people(asked, "joined", "invited"),
    "left": lambda asked: _people(asked, "left", "no longer expected"),
    "owner_post_id": _owner,
    "returns": lambda asked: f"{asked.data['returns']} returns",
    "moderation": _moderation,
    "finding": _finding,
    "recommendation": _recommendation,
    "action": _action,
    "agency": _agency,
    "answer": _answer,
    "answers": _answers,
    "waiting_on_agency_id": _awaited,
    "chased_from_on": _chased,
    "reached": lambda asked: f"{asked.data['reached']} people reached",
    "note": _note,
    "evidence": _evidence,
    "file": _file,
    "file_taken_back": lambda _asked: "a file was taken back",
    "re_audit": _re_audit,
    "because": lambda asked: f"because {asked.data['because']}",
}
