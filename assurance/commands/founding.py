"""What is entered beside the audits themselves: absences, and subjects of kinds that stand in YAML only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import sqlalchemy as sa

from assurance.commands.checks import own, said
from assurance.commands.hearing import load, require_post, require_role
from assurance.commands.moving import Entered, start
from assurance.matters import plain
from assurance.office import Tx
from assurance.records import Absence, Agency, AgencyReturn, Matter, Person, Post
from engine.conditions import Kind, Value
from engine.errors import Reason, Refused
from engine.ledger import canonical
from engine.moved import Ref
from engine.objections import filled_in
from engine.workflow import OwnVocabulary, Way, Workflow


def record_absence(tx: Tx, person_id: int, from_on: date, until_on: date, reason: str) -> int:
    """Record that somebody is away, so that what waits for them goes to the deputy meanwhile.

    Raises Refused for anybody but the person, the coordinator and the administrator: whoever may decide in another's
    place does not send them away.
    """
    person = own(tx, Person, person_id, "person")
    if person.id != tx.actor.person_id:
        require_role(tx, "coordinator", "administrator")
    if until_on < from_on:
        raise Refused(Reason("ends_before_it_begins", "The absence ends before it begins."))
    row = Absence(
        group_id=tx.actor.group_id,
        person_id=person.id,
        from_on=from_on,
        until_on=until_on,
        reason=said(reason, "the reason"),
    )
    tx.session.add(row)
    tx.session.flush()
    return row.id


def open_matter(
    tx: Tx,
    kind: str,
    title: str,
    fields: Mapping[str, Value],
    *,
    parent: Ref | None = None,
    agency_id: int | None = None,
    owner_post_id: int | None = None,
    key: str | None = None,
) -> Ref:
    """Open a subject of a kind that a workflow file describes whole.

    Raises Refused for a kind that brings no fields, for fields that are missing, unknown or of another kind, for a
    parent that is none, and for somebody without a post.
    """
    require_post(tx)
    workflow = tx.playbook.workflows.get(kind)
    own_words = None if workflow is None else workflow.own
    if workflow is None or own_words is None:
        raise Refused(
            Reason("not_a_matter", f"No workflow file describes a {kind.replace('_', ' ')} with fields.")
        )
    if own_words.parent != (None if parent is None else parent.kind):
        wanted = "has no parent" if own_words.parent is None else f"belongs to a {own_words.parent}; name it"
        raise Refused(Reason("other_parent", f"A {kind.replace('_', ' ')} {wanted.replace('_', ' ')}."))
    if parent is not None:
        load(tx, parent)
    filled = _filled_in(workflow, own_words, fields)
    told = {
        name: plain(value)
        for name, value in filled.items()
        if value is not None and own_words.fields[name].kind is not Kind.TEXT
    }
    row = Matter(
        kind=kind,
        title=said(title, "a title"),
        parent_kind=None if parent is None else parent.kind,
        parent_id=None if parent is None else parent.id,
        agency_id=None if agency_id is None else own(tx, Agency, agency_id, "agency").id,
        owner_post_id=None if owner_post_id is None else own(tx, Post, owner_post_id, "post").id,
        fields=canonical({name: plain(value) for name, value in filled.items() if value is not None}),
    )
    entered = Entered({"set": told} if told else {})
    return start(tx, row, kind, parents=() if parent is None else (parent,), entered=entered, key=key)


def _filled_in(workflow: Workflow, own_words: OwnVocabulary, fields: Mapping[str, Value]) -> dict[str, Value]:
    """Judge the fields as those that a move asks for; what is yes or no is no until somebody says otherwise."""
    asks = tuple(own_words.fields.values())
    way = Way("open", f"Open a {workflow.title.lower()}", workflow.place, (), None, (), asks=asks)
    unsaid = {ask.name: False for ask in asks if ask.kind is Kind.YES_NO and not ask.optional}
    filled, reasons = filled_in(way, {**unsaid, **fields})
    if reasons:
        raise Refused(*reasons)
    return filled


def return_of(tx: Tx, case_id: int, record_set_id: int) -> Ref:
    """Find the return of one case from one record set; raises Refused where none was asked for."""
    number = tx.session.scalar(
        sa.select(AgencyReturn.id).where(
            AgencyReturn.group_id == tx.actor.group_id,
            AgencyReturn.case_id == case_id,
            AgencyReturn.record_set_id == record_set_id,
        )
    )
    if number is None:
        raise Refused(Reason("no_such_return", "No return was asked for this case and these records."))
    return Ref(AgencyReturn.noun, number)
