"""Moving a subject: by a word of its workflow file, directly or through somebody's approval."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from assurance.facts import Known
from assurance.mail import Item, News, item_of, name_of, notices
from assurance.matters import MatterNoun, plain
from assurance.office import Tx
from assurance.records import Approval, Person
from assurance.roster import Roster, roster
from assurance.standing import (
    addressees,
    approvers,
    asked_of,
    conflicts_of,
    roles_of,
    why_not_approver,
)
from engine import timers
from engine.conditions import Value
from engine.errors import Reason, Refused, Stale
from engine.ledger import Line, Written, answered, append, canonical, history
from engine.moved import Ref, Standing
from engine.workflow import Circumstances, Move, Way, Workflow
from notifications import outbox


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command: the line written, the state after it, and the approval that now waits."""

    ref: Ref
    seq: int
    state: str
    approval: Ref | None = None
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Entered:
    """Data that a command enters together with a move: rows that it has written, named in the history."""

    data: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Case:
    """A command in hand: the subject, everybody in post, its workflow, and what the actor gives."""

    known: Known
    roster: Roster
    workflow: Workflow
    given: Mapping[str, Value]
    key: str | None


def move(
    tx: Tx,
    ref: Ref,
    trigger: str,
    *,
    version: int | None = None,
    given: Mapping[str, Value] | None = None,
    key: str | None = None,
) -> Done:
    """Take a subject through one move, or ask for the approval that the move needs.

    `version` is the one on which the actor decided; `key` makes a repetition of the same request harmless.
    Raises Refused with every reason at once, Stale where the subject has changed since that version.
    """
    repeated = _repeated(tx, key)
    if repeated is not None:
        return repeated
    case = _open(tx, ref, version=version, given=given, key=key)
    way = _way(case.workflow, case.known.standing.state, trigger)
    if way is not None and way.enters:
        raise Refused(Reason("has_own_form", f"‘{way.title}’ needs more than a word; it has a form of its own."))
    step = _decide(tx, case, trigger)
    if step.approval is not None:
        return _ask(tx, case, step)
    return _perform(tx, case, step, Entered())


def enter(
    tx: Tx, ref: Ref, trigger: str, entered: Entered, *, given: Mapping[str, Value] | None = None, key: str | None = None
) -> Done:
    """Record data that a command has just written, through the move that allows it.

    Raises Refused, so that the transaction with the data is rolled back, where the move is not open.
    """
    case = _open(tx, ref, version=None, given=given, key=key)
    return _perform(tx, case, _decide(tx, case, trigger), entered)


def start(
    tx: Tx,
    row: Any,
    kind: str,
    *,
    entered: Entered | None = None,
    key: str | None = None,
) -> Ref:
    """Write a new subject's row and the first line of its history, pinned to the current definition."""
    workflow = tx.playbook.workflows[kind]
    row.group_id = tx.actor.group_id
    row.definition_id = tx.playbook.current[kind]
    row.state, row.state_since_on = workflow.start, tx.today
    row.version, row.material_version, row.head = 0, 0, ""
    tx.session.add(row)
    tx.session.flush()
    ref = Ref(kind, row.id)
    standing = Standing(ref, row.group_id, workflow.start, 0, 0, "", row.definition_id)
    what = entered or Entered()
    line = Line(
        "opened",
        tx.now,
        tx.actor.signature,
        data={"to": workflow.start, "definition": workflow.hash[:12], **what.data},
        texts=what.texts,
        once=request_key(key),
    )
    append(tx.session, type(row), standing, line)
    tx.session.expire(row)
    timers.arm(tx.session, ref, group_id=standing.group_id, due_at=tx.now)
    return ref


def decide(
    tx: Tx,
    approval: Ref,
    answer: str,
    *,
    reason: str = "",
    meeting_id: int | None = None,
    version: int | None = None,
    key: str | None = None,
) -> Done:
    """Answer a waiting approval: `approve`, `request_change` or `reject`; an approval performs the move at once.

    Raises Refused where the actor may not decide it or the move is no longer possible, Stale for a loser.
    """
    repeated = _repeated(tx, key)
    if repeated is not None:
        return repeated
    case = _open(tx, approval, version=version, given={"reason": reason or None}, key=key)
    row = _approval_row(tx, approval)
    if answer == "approve" and json.loads(row.policy).get("at_meeting"):
        _refuse_without_meeting(meeting_id)
    step = _decide(tx, case, answer)
    done = _perform(tx, case, step, Entered({"meeting": meeting_id} if meeting_id else {}))
    tx.session.refresh(row)
    row.decided_by_id, row.meeting_id = tx.actor.person_id, meeting_id
    subject = Ref(row.subject_kind, row.subject_id)
    given = _read_given(row)
    subject_case = _open(tx, subject, version=None, given=given, key=None)
    if answer == "approve":
        approved = subject_case.workflow.decide(
            subject_case.known.standing.state, row.trigger, _circumstances(tx, subject_case, ()), approved=True
        )
        asked_by = f"person/{row.requested_by_id}"
        _perform(tx, subject_case, approved, Entered({"approval": approval.id, "asked_by": asked_by}), approval=approval)
    else:
        _note(tx, subject_case.known, "answered", {"approval": approval.id, "answer": answer})
    return done


def note(tx: Tx, known: Known, kind: str, data: Mapping[str, Any], *, once: str | None = None) -> Written:
    """Write a line that changes nothing on which people decide."""
    return _note(tx, known, kind, data, once=once)


def load(tx: Tx, ref: Ref) -> Known:
    """Read one subject of the actor's group; raises Refused where there is none."""
    known = tx.playbook.noun(ref.kind).load(tx.session, ref.id)
    if known is None or known.standing.group_id != tx.actor.group_id:
        raise Refused(Reason("unknown_subject", f"There is no {ref}."))
    return known


def circumstances_of(tx: Tx, known: Known, people: Roster) -> Circumstances:
    """Give everything on which the workflow judges the actor's doors, every conflict included."""
    workflow = tx.playbook.definition(known.standing.definition_id)
    words = {word for way in workflow.moves for word in way.apart}
    return _circumstances(tx, _Case(known, people, workflow, {}, None), words)


def request_key(key: str | None) -> str | None:
    """Give the ledger's key of a request, under which its repetition is recognised."""
    return None if key is None else f"request:{key}"


def _repeated(tx: Tx, key: str | None) -> Done | None:
    once = request_key(key)
    written = None if once is None else answered(tx.session, once)
    if written is None:
        return None
    known = load(tx, written.ref)
    return Done(written.ref, written.seq, known.standing.state, is_repeat=True)


def _open(
    tx: Tx, ref: Ref, *, version: int | None, given: Mapping[str, Value] | None, key: str | None
) -> _Case:
    known = load(tx, ref)
    standing = known.standing
    if version is not None and not standing.material_version <= version <= standing.version:
        raise Stale(_who_was_faster(tx, ref, version))
    people = roster(tx.session, group_id=standing.group_id, today=tx.today)
    workflow = tx.playbook.definition(standing.definition_id)
    return _Case(known, people, workflow, given or {}, key)


def _decide(tx: Tx, case: _Case, trigger: str) -> Move:
    way = _way(case.workflow, case.known.standing.state, trigger)
    words = () if way is None else way.apart
    return case.workflow.decide(case.known.standing.state, trigger, _circumstances(tx, case, words))


def _way(workflow: Workflow, state: str, trigger: str) -> Way | None:
    return next((way for way in workflow.moves if way.trigger == trigger and state in way.sources), None)


def _circumstances(tx: Tx, case: _Case, words: Any) -> Circumstances:
    known, person = case.known, tx.actor.person_id
    roles = roles_of(case.roster, person, known.belongs)
    conflicts = conflicts_of(tx.session, case.roster, person, known.ref, known.belongs, words=words)
    if known.ref.kind == Approval.noun and person is not None:
        roles, conflicts = _towards_approval(tx, case, roles, person)
    return Circumstances(
        facts=known.facts,
        roles=roles,
        today=tx.today,
        calendar=tx.calendar,
        conflicts=conflicts,
        given={name: value for name, value in case.given.items() if value is not None},
    )


def _towards_approval(
    tx: Tx, case: _Case, roles: frozenset[str], person: int
) -> tuple[frozenset[str], dict[str, str]]:
    row = _approval_row(tx, case.known.ref)
    asked = asked_of(row, _apart_of(tx, row))
    if any(seat.person_id == person for seat in approvers(tx.session, case.roster, case.known.belongs, asked)):
        roles |= {"approver"}
    if person == row.requested_by_id:
        roles |= {"requester"}
    conflicts = {}
    if roles & {asked.policy.by, asked.policy.otherwise}:
        conflicts = why_not_approver(tx.session, case.roster, person, case.known.belongs, asked)
    return roles, conflicts


def _apart_of(tx: Tx, row: Approval) -> tuple[str, ...]:
    subject = load(tx, Ref(row.subject_kind, row.subject_id))
    workflow = tx.playbook.definition(subject.standing.definition_id)
    way = _way(workflow, subject.standing.state, row.trigger)
    return () if way is None else way.apart


def _perform(tx: Tx, case: _Case, step: Move, entered: Entered, *, approval: Ref | None = None) -> Done:
    """Write one decided move: row, line, timer, messages; a waiting approval on the old version lapses."""
    known, standing = case.known, case.known.standing
    changed: dict[str, Value] = {**step.sets}
    for name in step.counts:
        changed[name] = _whole(known.facts[name]) + 1
    noun = tx.playbook.noun(known.ref.kind)
    columns = noun.changed_columns(known, changed) if isinstance(noun, MatterNoun) and changed else dict(changed)
    has_moved = step.target != step.source
    if has_moved:
        columns |= {"state": step.target, "state_since_on": tx.today}
    told = {name: value for name, value in step.given.items() if not isinstance(value, str)}
    line = Line(
        "moved" if has_moved else "entered",
        tx.now,
        tx.actor.signature,
        data={
            "trigger": step.trigger,
            **({"from": step.source, "to": step.target} if has_moved else {}),
            **({"set": {name: plain(value) for name, value in columns_told(columns).items()}} if columns else {}),
            **({"given": {name: plain(value) for name, value in told.items()}} if told else {}),
            **entered.data,
        },
        texts={**{name: value for name, value in step.given.items() if isinstance(value, str)}, **entered.texts},
        changes=columns,
        once=request_key(case.key),
        material=not step.minor,
    )
    written = append(tx.session, noun.table, standing, line)
    timers.arm(tx.session, known.ref, group_id=standing.group_id, due_at=tx.now)
    if not step.minor and _whole(known.facts.get("approvals_waiting", 0)):
        _lapse_others(tx, known, spared=approval)
    _tell(tx, case, step, written)
    return Done(known.ref, written.seq, step.target)


def columns_told(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Give the changed columns that the history may tell: everything but what people wrote."""
    hidden = ("state", "state_since_on", "fields")
    return {name: value for name, value in columns.items() if name not in hidden and not isinstance(value, str)}


def _tell(tx: Tx, case: _Case, step: Move, written: Written) -> None:
    if not step.tell:
        return
    known = case.known
    requester = None
    if known.ref.kind == Approval.noun:
        requester = _approval_row(tx, known.ref).requested_by_id
    told: dict[int, Any] = {}
    for word in step.tell:
        for seat in addressees(word, case.roster, known.belongs, requester=requester):
            # Whoever did it knows it, but at a stage every member is told alike.
            if word == "members" or seat.person_id != tx.actor.person_id:
                told[seat.person_id] = seat
    news = News(
        template=step.template or "action_told",
        said=f"{step.title}: {name_of(known.ref)} is now {case.workflow.states[step.target].title.lower()}.",
        why=f"{tx.actor.name} took this step on {tx.today.day} {tx.today:%B %Y}.",
        about=known.ref,
        key=f"{known.ref}:{written.seq}",
        cause=f"{known.ref} line {written.seq}",
        items=[item_of(tx.playbook, known, state=step.target)],
        severity=outbox.Severity.NEWS,
    )
    outbox.put(tx.session, notices(tx.playbook, known, news, told.values()), at=tx.now)


def _ask(tx: Tx, case: _Case, step: Move) -> Done:
    """Open the approval that a move needs, and tell whoever may decide it."""
    known, policy = case.known, step.approval
    if policy is None or tx.actor.person_id is None:
        raise Refused(Reason("nobody_asks", "Only a person can ask for an approval."))
    if _whole(known.facts.get("approvals_waiting", 0)):
        raise Refused(Reason("already_asked", f"A decision on {name_of(known.ref)} is already waiting; withdraw it first."))
    row = Approval(
        subject_kind=known.ref.kind,
        subject_id=known.ref.id,
        subject_version=known.standing.version,
        audit_id=known.belongs.audit_id,
        agency_id=known.belongs.agency_id,
        trigger=step.trigger,
        given=canonical({name: plain(value) for name, value in step.given.items()}),
        policy=canonical({"by": policy.by, "otherwise": policy.otherwise, "at_meeting": policy.at_meeting}),
        requested_by_id=tx.actor.person_id,
        asked_on=tx.today,
        deputy_called=False,
    )
    texts = {name: value for name, value in step.given.items() if isinstance(value, str)}
    ref = start(tx, row, Approval.noun, entered=Entered({"about": str(known.ref), "for": step.trigger}, texts))
    written = _note(tx, known, "asked", {"asked": step.trigger, "approval": ref.id}, once=request_key(case.key))
    asked = asked_of(row, _way_apart(case, step))
    seats = approvers(tx.session, case.roster, known.belongs, asked)
    news = News(
        template="approval_waiting",
        said=f"{tx.actor.name} asks for your decision: {step.title.lower()}.",
        why=f"{_title(policy.by)} decides this step; it was asked on {tx.today.day} {tx.today:%B %Y}.",
        about=ref,
        key=f"{ref}:1",
        cause=f"{known.ref} line {written.seq}",
        items=[Item(known.ref, case.workflow.states[step.source].title, None)],
        severity=outbox.Severity.DECISION,
    )
    people = addressees("approver", case.roster, known.belongs, approval=seats)
    outbox.put(tx.session, notices(tx.playbook, known, news, people), at=tx.now)
    return Done(known.ref, written.seq, step.source, approval=ref)


def _way_apart(case: _Case, step: Move) -> tuple[str, ...]:
    way = _way(case.workflow, step.source, step.trigger)
    return () if way is None else way.apart


def _lapse_others(tx: Tx, known: Known, *, spared: Ref | None) -> None:
    """Let approvals lapse that were asked for what has now changed: they count for one version only."""
    for ref in _waiting_on(tx, known.ref):
        if ref != spared:
            case = _open(tx, ref, version=None, given={}, key=None)
            step = case.workflow.decide(
                case.known.standing.state, "lapse", _circumstances(tx, case, ()), approved=True
            )
            _perform(tx, case, step, Entered({"because": f"{known.ref} has changed"}))


def _waiting_on(tx: Tx, ref: Ref) -> tuple[Ref, ...]:
    rows = tx.session.query(Approval.id).filter_by(subject_kind=ref.kind, subject_id=ref.id, state="waiting").all()
    return tuple(Ref(Approval.noun, row[0]) for row in rows)


def _note(tx: Tx, known: Known, kind: str, data: Mapping[str, Any], *, once: str | None = None) -> Written:
    table = tx.playbook.noun(known.ref.kind).table
    line = Line(kind, tx.now, tx.actor.signature, data=data, once=once, material=False)
    return append(tx.session, table, known.standing, line)


def _approval_row(tx: Tx, ref: Ref) -> Approval:
    row = tx.session.get(Approval, ref.id)
    if row is None:
        raise Refused(Reason("unknown_subject", f"There is no {ref}."))
    return row


def _read_given(row: Approval) -> dict[str, Value]:
    kept: dict[str, Any] = json.loads(row.given)
    return {name: date.fromisoformat(value) if name.endswith("_on") else value for name, value in kept.items()}


def _refuse_without_meeting(meeting_id: int | None) -> None:
    if meeting_id is None:
        sentence = "Only the group in a meeting can decide this; name the meeting at which it did."
        raise Refused(Reason("needs_meeting", sentence))


def _who_was_faster(tx: Tx, ref: Ref, version: int) -> Reason:
    later = [entry for entry in history(tx.session, ref) if entry.seq > version]
    last = later[-1] if later else None
    if last is None:
        return Reason("stale", f"{name_of(ref)} has no version {version}; look again.")
    who = "The clock"
    if last.actor.startswith("person/"):
        person = tx.session.get(Person, int(last.actor.removeprefix("person/")))
        who = person.name if person is not None else last.actor
    return Reason(
        "stale", f"{who} changed {name_of(ref)} on {last.at:%d.%m.%Y at %H:%M} UTC, after you had looked; look again."
    )


def _whole(value: Value) -> int:
    if not isinstance(value, int):
        raise TypeError(f"a whole number was expected, not {value!r}")
    return value


def _title(role: str) -> str:
    return f"The {role.replace('_', ' ')}"
