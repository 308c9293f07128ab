"""What is entered beside the audits themselves: absences, and subjects of kinds that stand in YAML only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import sqlalchemy as sa

from assurance.commands.checks import own, said
from assurance.commands.hearing import load, require_role
from assurance.commands.moving import start
from assurance.matters import plain
from assurance.office import Tx
from assurance.records import Absence, Agency, AgencyReturn, Matter, Person, Post
from engine.conditions import Kind, Value
from engine.errors import Reason, Refused
from engine.ledger import canonical
from engine.moved import Ref


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

    Raises Refused for a kind that brings no fields, a field that is missing, or a parent that is not there.
    """
    workflow = tx.playbook.workflows.get(kind)
    own_words = None if workflow is None else workflow.own
    if own_words is None:
        raise Refused(
            Reason("not_a_matter", f"No workflow file describes a {kind.replace('_', ' ')} with fields.")
        )
    missing = [
        field.title or name
        for name, field in own_words.fields.items()
        if not field.optional and field.kind is not Kind.YES_NO and fields.get(name) is None
    ]
    if missing:
        raise Refused(Reason("missing", f"Fill in: {', '.join(missing)}."))
    if parent is not None:
        load(tx, parent)
    row = Matter(
        kind=kind,
        title=said(title, "a title"),
        parent_kind=None if parent is None else parent.kind,
        parent_id=None if parent is None else parent.id,
        agency_id=None if agency_id is None else own(tx, Agency, agency_id, "agency").id,
        owner_post_id=None if owner_post_id is None else own(tx, Post, owner_post_id, "post").id,
        fields=canonical({name: plain(value) for name, value in fields.items() if value is not None}),
    )
    return start(tx, row, kind, parents=() if parent is None else (parent,), key=key)


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
