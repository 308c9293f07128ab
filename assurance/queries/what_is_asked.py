"""What exactly a decision is about: which step, from which state to which, what it changes, and who is told of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from assurance.access import Viewer, may_see
from assurance.deciders import WAITING
from assurance.facts import Known
from assurance.office import Tx
from assurance.queries.card import Line, Shown
from assurance.queries.one import title_of, values_of
from assurance.queries.one_approval import words_of
from assurance.reasons import day_in_words
from assurance.recipients import recipients
from assurance.records import Aim, Approval, Audit
from assurance.roster import roster
from engine.assignments import Assignment
from engine.conditions import Kind, Value
from engine.ledger import Entry, history
from engine.moved import Ref
from engine.refusals import spoken, unmet
from engine.workflow import Way, Workflow

WORDS = {"reason": "Reason", "remark": "Remark"}
# What is missing is told by the gates, and how often a date was moved beside the date.
_NOT_COUNTED = frozenset({"approvals_waiting", "times_moved", "cases_to_draw"})
_OF_GAPS = ("_missing", "_without_")
_ANY_DAY_LATER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Change:
    """One value that the step changes: what it is now, what it becomes, and what was agreed first, where that is kept."""

    title: str
    before: Shown
    after: Shown
    first: Shown


@dataclass(frozen=True, slots=True)
class Asked:
    """A step that somebody asked for, as far as the viewer may see it.

    `subject` is empty where the viewer sees the request and not what it is about. `notes_since` counts the lines of the
    subject's history since then, none of which changes what is decided. `missing` says why the step could not be taken
    today if it were approved. `given` is what was given with the request and is none of the changes. `told` are words
    with the names that they mean.
    """

    ref: Ref
    subject: str
    about: str
    from_title: str
    to_title: str
    version: int
    notes_since: int
    changes: tuple[Change, ...]
    given: tuple[tuple[str, Shown], ...]
    words: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    values: tuple[Line, ...]
    counts: tuple[Line, ...]
    aims: tuple[tuple[int, str], ...]
    told: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def stays(self) -> bool:
        """Say whether the step leaves its subject in the state in which it is."""
        return self.from_title == self.to_title


def what_is_asked(tx: Tx, viewer: Viewer, row: Approval) -> Asked:
    """Say what a request asks for: as it would be done today while it waits, as it was done or meant afterwards."""
    ref = Ref(row.subject_kind, row.subject_id)
    sees = may_see(tx.session, viewer, ref)
    known = tx.playbook.noun(ref.kind).load_many(tx.session, [ref.id])[0]
    past = _Past.of(tx, known, row)
    step = past.way(row)
    is_waiting = row.state == WAITING
    given = _given(row, step)
    changes = () if step is None or not sees else tuple(_changes(tx, known, past, step, given, row))
    written = [(name, text) for (line, name), text in words_of(tx, viewer, row).items() if line == 1]
    return Asked(
        ref=ref,
        subject=title_of(tx, viewer, ref) if sees else "",
        about="" if step is None else step.about,
        from_title=past.title(past.state),
        to_title=past.title(past.state if step is None else step.leads_to(past.state)),
        version=row.subject_version,
        notes_since=past.notes_since if is_waiting else 0,
        changes=changes,
        given=() if step is None else tuple(_beside(step, given, changes)),
        words=tuple(_word(step, name, text) for name, text in written),
        missing=tuple(_missing(tx, known, step, given)) if is_waiting and step is not None and sees else (),
        values=values_of(tx, viewer, ref) if sees else (),
        counts=tuple(_counts(past.workflow, known)) if is_waiting and sees else (),
        aims=_aims(tx, ref) if sees else (),
        told=_told(tx, known, () if step is None or not is_waiting else step.tell),
    )


@dataclass(frozen=True, slots=True)
class _Past:
    """The subject as it stood on the version on which the decision was asked."""

    workflow: Workflow
    state: str
    kept: Mapping[str, Any]
    set_by_approval: Mapping[str, Any] | None
    notes_since: int

    @classmethod
    def of(cls, tx: Tx, known: Known, row: Approval) -> _Past:
        lines = history(tx.session, known.ref)
        before = [line for line in lines if line.seq <= row.subject_version]
        by_hash = {one.hash: one for one in tx.playbook.pinned.values()}
        own = tx.playbook.definition(known.standing.definition_id)
        done = next((line for line in lines if line.data.get("approval") == row.id and _is_step(line)), None)
        return cls(
            workflow=by_hash.get(str(_last(before, "definition")), own),
            state=str(_last(before, "to") or known.standing.state),
            kept={name: value for line in before for name, value in _values(line).items()},
            set_by_approval=None if done is None else done.data.get("set", {}),
            notes_since=sum(line.seq > row.subject_version and line.kind != "asked" for line in lines),
        )

    def way(self, row: Approval) -> Way | None:
        """Find the step in the words that it had then; None where no definition knows it any more."""
        ways = [one for one in self.workflow.moves if one.trigger == row.trigger]
        here = [one for one in ways if self.state in one.sources] or ways
        return next((one for one in here if one.title == row.title), here[0] if here else None)

    def title(self, state: str) -> str:
        """Call a state as the workflow of that day does."""
        found = self.workflow.states.get(state)
        return spoken(state) if found is None else found.title


def _is_step(line: Entry) -> bool:
    return line.kind in ("moved", "entered")


def _last(lines: Sequence[Entry], name: str) -> Any:
    return next((line.data[name] for line in reversed(lines) if name in line.data), None)


def _values(line: Entry) -> dict[str, Any]:
    return {**line.data.get("row", {}), **line.data.get("set", {})}


def _given(row: Approval, step: Way | None) -> dict[str, Value]:
    """Read back the fields with which it was asked; what people wrote stands elsewhere."""
    kept: dict[str, Value] = json.loads(row.given)
    asks = () if step is None else step.asks
    return {ask.name: _typed(kept.get(ask.name), ask.kind) for ask in asks}


def _typed(value: Any, kind: Kind) -> Value:
    typed: Value = date.fromisoformat(value) if kind is Kind.DATE and isinstance(value, str) else value
    return typed


def _beside(step: Way, given: Mapping[str, Value], changes: Sequence[Change]) -> Iterator[tuple[str, Shown]]:
    """Give what was given with a request and is told by no change."""
    told = {change.after for change in changes}
    for ask in step.asks:
        value = given[ask.name]
        if value is not None and ask.kind is not Kind.TEXT and value not in told:
            yield (ask.title or spoken(ask.name)).capitalize(), value


def _word(step: Way | None, name: str, text: str) -> tuple[str, str]:
    """Give what was written under a name; what was chosen among words is no text, and is said as people say it."""
    ask = next((one for one in (() if step is None else step.asks) if one.name == name), None)
    title = WORDS.get(name) or ((ask and ask.title) or spoken(name)).capitalize()
    return title, spoken(text) if ask is not None and ask.kind is Kind.CHOICE else text


def _changes(
    tx: Tx, known: Known, past: _Past, step: Way, given: Mapping[str, Value], row: Approval
) -> Iterator[Change]:
    fields = past.workflow.vocabulary.fields

    def before(name: str) -> Value:
        """Give a value as it is while the request waits, and as it was then once it is decided."""
        if row.state == WAITING:
            return known.facts.get(name)
        return _typed(past.kept.get(name), fields[name].kind) if name in fields else None

    after: dict[str, Shown] = {one.target: _after(tx, row, one, given) for one in step.sets}
    after |= {name: _whole(before(name)) + 1 for name in step.counts}
    if past.set_by_approval is not None:
        after = {name: _typed(past.set_by_approval.get(name), fields[name].kind) for name in after}
    for name, value in after.items():
        if fields[name].kind is not Kind.TEXT:
            title = (fields[name].title or spoken(name)).capitalize()
            yield Change(title, before(name), value, before(f"original_{name.removeprefix('current_')}"))


def _after(tx: Tx, row: Approval, one: Assignment, given: Mapping[str, Value]) -> Shown:
    """Give what a value becomes; of a request that waits, what is counted from the day of the decision says so."""
    on = row.decided_on or tx.today
    value = one.value(given, today=on, calendar=tx.calendar)
    later = one.value(given, today=on + _ANY_DAY_LATER, calendar=tx.calendar)
    if row.state == WAITING and isinstance(value, date) and later != value:
        return f"{day_in_words(value)}, if it is approved today"
    return value


def _whole(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _missing(tx: Tx, known: Known, step: Way, given: Mapping[str, Value]) -> Iterator[str]:
    """Say what is not so today of what the step needs."""
    there = {name: value for name, value in given.items() if value is not None}
    facts: Mapping[str, Value] = {**known.facts, **there}
    for need in step.needs:
        is_judged = need.asked <= there.keys()
        if is_judged and not need.condition.holds(facts, today=tx.today, calendar=tx.calendar):
            yield unmet(need.sentence, {name: facts[name] for name in need.quotes}).sentence


def _counts(workflow: Workflow, known: Known) -> Iterator[Line]:
    """Give what is counted of a subject, and is not nought."""
    for name, field in workflow.vocabulary.fields.items():
        value = known.facts.get(name)
        if field.kind is not Kind.WHOLE or name in _NOT_COUNTED or any(gap in name for gap in _OF_GAPS):
            continue
        if isinstance(value, int) and value > 0:
            yield Line(name, (field.title or spoken(name)).capitalize(), value)


def _aims(tx: Tx, ref: Ref) -> tuple[tuple[int, str], ...]:
    if ref.kind != Audit.noun:
        return ()
    query = sa.select(Aim.number, Aim.text).where(Aim.audit_id == ref.id).order_by(Aim.number)
    return tuple((number, text) for number, text in tx.session.execute(query))


def _told(tx: Tx, known: Known, words: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    by_word: dict[str, list[str]] = {}
    for told in recipients(tx, people, known, words):
        by_word.setdefault(spoken(told.word), []).append(told.seat.person)
    return tuple((word, tuple(names)) for word, names in by_word.items())
