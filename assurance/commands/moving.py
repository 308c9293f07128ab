"""Moving a subject: by a word of its workflow file, directly or through somebody's approval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from assurance.commands import holds
from assurance.commands.announcing import announce, ask_for_answers
from assurance.commands.convening import Brought, bring_along, rearranged
from assurance.commands.hearing import (
    ANSWERS,
    Hearing,
    decided,
    decided_with_approval,
    hear,
    heard,
    load,
)
from assurance.commands.noting import note
from assurance.deciders import request_of, require_enough
from assurance.facts import Known
from assurance.mail import name_of
from assurance.matters import plain
from assurance.office import Tx
from assurance.records import Approval, Meeting, RuleHold
from assurance.roster import roster_soon
from engine import timers
from engine.conditions import Kind, Value
from engine.errors import Reason, Refused
from engine.ledger import Line, answered, append, canonical, history
from engine.moved import Moved, Ref, Standing, sealed_row
from engine.workflow import Move

ARMED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command: the line written, the state after it, and the approval that now waits.

    `brought` are sentences for people about what came along with it.
    """

    ref: Ref
    seq: int
    state: str
    approval: Ref | None = None
    is_repeat: bool = False
    brought: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entered:
    """What a command enters together with a move: the rows that it wrote, named for the history, and texts.

    `changes` are columns of the subject's own row, which the history seals among the rows.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)


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
    roster_soon(tx.session, group_id=tx.actor.group_id, today=tx.today)
    known = load(tx, ref)
    # Asked once the row is locked: of the same request made twice at once, the second finds the first's answer.
    earlier = repeated(tx, key, ref, trigger)
    if earlier is not None:
        return earlier
    hearing = heard(tx, known, version=version, given=given, key=key)
    is_answer = ref.kind == Approval.noun and trigger in ANSWERS
    for way in hearing.ways(trigger):
        if way.enters or is_answer:
            _refuse_who_may_not(tx, hearing, trigger)
            sentence = f"‘{way.title}’ needs more than a word; it has a form of its own."
            raise Refused(Reason("has_own_form", sentence))
    step = decided(tx, hearing, trigger)
    if step.approval is not None:
        return _ask(tx, hearing, step)
    return perform(tx, hearing, step)


def enter(
    tx: Tx,
    ref: Ref,
    trigger: str,
    entered: Entered,
    *,
    given: Mapping[str, Value] | None = None,
    key: str | None = None,
) -> Done:
    """Record data that a command has just written, through the move that allows it.

    Raises Refused, so that the transaction with the data is rolled back, where the move is not open or the same
    request was carried out already.
    """
    hearing = hear(tx, ref, given=given, key=key)
    _refuse_repeated(tx, key)
    return perform(tx, hearing, decided(tx, hearing, trigger), entered)


def start(
    tx: Tx,
    row: Moved,
    kind: str,
    *,
    parents: Sequence[Ref] = (),
    entered: Entered | None = None,
    key: str | None = None,
) -> Ref:
    """Write a new subject's row and the first line of its history, pinned to the current definition.

    `parents` are subjects that count it and get no line of their own in this transaction.
    Raises Refused where the same request was carried out already.
    """
    _refuse_repeated(tx, key)
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
        data={"to": workflow.start, "definition": workflow.hash, "row": sealed_row(row), **what.data},
        texts=what.texts,
        once=request_key(tx, key),
    )
    append(tx.session, type(row), standing, line)
    tx.session.refresh(row)
    timers.arm(tx.session, [ref, *parents], group_id=standing.group_id, due_at=tx.now)
    return ref


def perform(
    tx: Tx, hearing: Hearing, step: Move, entered: Entered | None = None, *, approval: Ref | None = None
) -> Done:
    """Write one decided move: row, line, timer, messages. Waiting approvals of the old version lapse."""
    known, what = hearing.known, entered or Entered()
    noun = tx.playbook.noun(known.ref.kind)
    changed = _changed(known, step)
    is_meeting = known.ref.kind == Meeting.noun
    own_columns = {
        **(rearranged(tx, known, step) if is_meeting else {}),
        **noun.followers(changed),
        **what.changes,
    }
    columns = {**noun.changed_columns(known, changed), **own_columns}
    has_moved = step.target != step.source
    changes = {**columns, "state": step.target, "state_since_on": tx.today} if has_moved else columns
    line = Line(
        "moved" if has_moved else "entered",
        tx.now,
        tx.actor.signature,
        data=_with_row(
            _with_row(_told(hearing, step, changed, today=tx.today, link_id=tx.actor.link_id), what.data),
            _sealed(own_columns),
        ),
        texts={**{name: value for name, value in step.given.items() if isinstance(value, str)}, **what.texts},
        changes=changes,
        once=request_key(tx, hearing.key),
        material=not step.minor,
    )
    written = append(tx.session, noun.table, known.standing, line)
    if not step.minor and known.facts.get("approvals_waiting"):
        _lapse_others(tx, known, spared=approval)
    along = bring_along(tx, known, step, cause=f"{known.ref} line {written.seq}") if is_meeting else Brought()
    held = holds.follow(tx, known, step) if known.ref.kind == RuleHold.noun else ()
    # After every row: the sweep takes rows first and timers last too, and nobody waits in a circle.
    counting = [parent for parent in known.belongs.parents if tx.playbook.book.about(parent.kind)]
    look_again(tx, {known.ref, *counting, *along.refs, *held})
    announce(tx, hearing, step, written)
    return Done(known.ref, written.seq, step.target, brought=along.sentences)


def look_again(tx: Tx, refs: Iterable[Ref]) -> None:
    """Have the rules look at subjects of the actor's group now, in the one order in which everybody takes timers."""
    ordered = sorted(refs)
    for start in range(0, len(ordered), ARMED_AT_ONCE):
        some = ordered[start : start + ARMED_AT_ONCE]
        timers.arm(tx.session, some, group_id=tx.actor.group_id, due_at=tx.now)


def repeated(tx: Tx, key: str | None, ref: Ref, trigger: str) -> Done | None:
    """Give the first answer to the same request of the same person, if it was made before.

    Raises Refused where the key was used for another request: its answer would be taken for this one's.
    """
    once = request_key(tx, key)
    written = None if once is None else answered(tx.session, once)
    if written is None:
        return None
    so_far = [line.data for line in history(tx.session, written.ref) if line.seq <= written.seq]
    if written.ref != ref or trigger not in {so_far[-1].get(name) for name in ("trigger", "asked", "answer")}:
        raise Refused(
            Reason("other_request", f"The key {key!r} was used for another request; choose a new one.")
        )
    state = next(data["to"] for data in reversed(so_far) if "to" in data)
    approval = Ref(Approval.noun, so_far[-1]["approval"]) if "asked" in so_far[-1] else None
    return Done(written.ref, written.seq, state, approval, is_repeat=True)


def request_key(tx: Tx, key: str | None) -> str | None:
    """Give the ledger's key of a request of one person, under which its repetition is recognised."""
    return None if key is None else f"request:{tx.actor.group_id}:{tx.actor.signature}:{key}"


def _refuse_who_may_not(tx: Tx, hearing: Hearing, trigger: str) -> None:
    """Raise Refused for whoever may not take a step at all: of a form they need not hear."""
    try:
        decided(tx, hearing, trigger)
    except Refused as refusal:
        personal = [reason for reason in refusal.reasons if reason.code in ("role", "conflict")]
        if personal:
            raise Refused(*personal) from refusal


def _refuse_repeated(tx: Tx, key: str | None) -> None:
    once = request_key(tx, key)
    if once is not None and answered(tx.session, once) is not None:
        raise Refused(Reason("repeated", "This request was carried out already; nothing is entered twice."))


def _changed(known: Known, step: Move) -> dict[str, Value]:
    changed: dict[str, Value] = dict(step.sets)
    for name in step.counts:
        count = known.facts[name]
        changed[name] = (count if isinstance(count, int) else 0) + 1
    return changed


def _told(
    hearing: Hearing, step: Move, changed: Mapping[str, Value], *, today: date, link_id: int | None
) -> dict[str, Any]:
    """Say for the history what a move did. What people wrote stands beside it, under its own commitment."""
    told: dict[str, Any] = {"trigger": step.trigger}
    if link_id is not None:
        told["by_link"] = link_id
    if step.target != step.source:
        told |= {"from": step.source, "to": step.target, "row": {"state_since_on": today.isoformat()}}
    fields = hearing.workflow.vocabulary.fields
    sets = {name: plain(value) for name, value in changed.items() if fields[name].kind is not Kind.TEXT}
    given = {name: plain(value) for name, value in step.given.items() if not isinstance(value, str)}
    return told | ({"set": sets} if sets else {}) | ({"given": given} if given else {})


def _sealed(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the history seals of columns that a step has changed; what is a text stands among the texts."""
    row = {name: plain(value) for name, value in changes.items() if not isinstance(value, str)}
    return {"row": row} if row else {}


def _with_row(told: Mapping[str, Any], entered: Mapping[str, Any]) -> dict[str, Any]:
    """Put together what a move and a command say; of the row both may have something to say."""
    row = {**told.get("row", {}), **entered.get("row", {})}
    return {**told, **entered, **({"row": row} if row else {})}


def _ask(tx: Tx, hearing: Hearing, step: Move) -> Done:
    """Open the approval that a move needs, and tell whoever may decide it."""
    known, policy = hearing.known, step.approval
    if policy is None or tx.actor.person_id is None:
        raise Refused(Reason("nobody_asks", "Only a person can ask for an approval."))
    if known.facts.get("approvals_waiting"):
        sentence = f"A decision on {name_of(known.ref)} is already waiting; withdraw that request first."
        raise Refused(Reason("already_asked", sentence))
    # What people wrote stands beside the history only, where it can be erased; the row keeps the rest.
    texts = {name: value for name, value in step.given.items() if isinstance(value, str)}
    row = Approval(
        subject_kind=known.ref.kind,
        subject_id=known.ref.id,
        subject_version=known.standing.version,
        audit_id=known.belongs.audit_id,
        agency_id=known.belongs.agency_id,
        trigger=step.trigger,
        title=step.title,
        given=canonical({name: plain(value) for name, value in step.given.items() if name not in texts}),
        policy=canonical({**policy.plain(), "apart": step.apart}),
        requested_by_id=tx.actor.person_id,
        asked_on=tx.today,
        deputy_called=False,
        late_on=None if policy.late is None else policy.late.after.after(tx.today, tx.calendar),
    )
    request = request_of(tx, row)
    require_enough(request)
    ref = start(
        tx, row, Approval.noun, entered=Entered({"about": str(known.ref), "for": step.trigger}, texts)
    )
    asked_line = {"asked": step.trigger, "approval": ref.id}
    written = note(tx, known, "asked", asked_line, once=request_key(tx, hearing.key))
    ask_for_answers(tx, hearing, step, request, ref, written)
    return Done(known.ref, written.seq, step.source, approval=ref)


def _lapse_others(tx: Tx, known: Known, *, spared: Ref | None) -> None:
    """Let approvals lapse that were asked for what has now changed: each counts for one version only."""
    waiting = tx.session.scalars(
        sa.select(Approval.id).where(
            Approval.subject_kind == known.ref.kind,
            Approval.subject_id == known.ref.id,
            Approval.state == "waiting",
        )
    )
    for number in waiting.all():
        ref = Ref(Approval.noun, number)
        if ref != spared:
            hearing = hear(tx, ref)
            step = decided_with_approval(tx, hearing, "lapse")
            perform(tx, hearing, step, Entered({"because": f"{known.ref} has changed"}))
