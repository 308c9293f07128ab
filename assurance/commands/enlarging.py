"""A group that grows: another agency, another post, further records for which an agency answers; each written down."""

from __future__ import annotations

import sqlalchemy as sa

from assurance.accounts.chronicle import note_deed
from assurance.commands.administering import require_keeper
from assurance.commands.checks import free_key, one_of, own, said
from assurance.office import Tx
from assurance.records import Agency, Post, RecordSet
from engine.errors import Reason, Refused

OF_AN_AGENCY = ("agency_lead", "member", "post_holder")
OF_THE_GROUP = ("coordinator", "lay_member", "inspector")
ADDED_ROLES = (*OF_AN_AGENCY, *OF_THE_GROUP)


def add_agency(tx: Tx, name: str) -> int:
    """Add a partner agency, without posts and records yet, and give its number.

    Raises Refused for a name that an agency here has already.
    """
    require_keeper(tx)
    called = said(name, "the name of the agency")
    _refuse_twice(tx, Agency, Agency.name == called, f"{called} is here already.")
    row = Agency(group_id=tx.actor.group_id, key=free_key(tx, Agency, called), name=called)
    tx.session.add(row)
    tx.session.flush()
    note_deed(tx, "agency_added", None, called)
    return row.id


def add_post(tx: Tx, title: str, role: str, agency_id: int | None, *, is_member: bool) -> int:
    """Add a post, which nobody holds yet, and give its number; `is_member` sits in the group and is told at each stage.

    There is one chair, one deputy and one chair of the Board from the founding on; none of these is added.
    Raises Refused for another role, for a post of an agency without one, and for a title that is there already.
    """
    require_keeper(tx)
    called = said(title, "the title of the post")
    one_of(role, ADDED_ROLES, "a role of a post that is added")
    if role in OF_AN_AGENCY and agency_id is None:
        raise Refused(Reason("needs_agency", "Name the agency for which the post acts."))
    if role in OF_THE_GROUP and agency_id is not None:
        raise Refused(Reason("needs_no_agency", "This post acts for the whole group; name no agency."))
    agency = None if agency_id is None else own(tx, Agency, agency_id, "agency")
    same = sa.and_(
        Post.title == called, Post.agency_id.is_(None) if agency is None else Post.agency_id == agency.id
    )
    _refuse_twice(tx, Post, same, f"There is a post {called} already.")
    row = Post(
        group_id=tx.actor.group_id,
        key=free_key(tx, Post, called),
        title=called,
        role=role,
        agency_id=None if agency is None else agency.id,
        is_member=is_member,
    )
    tx.session.add(row)
    tx.session.flush()
    note_deed(tx, "post_added", None, called if agency is None else f"{called}, {agency.name}")
    return row.id


def add_records(tx: Tx, name: str, agency_id: int, lead_post_id: int | None) -> int:
    """Add a collection of records for which an agency answers, and give its number.

    Audits that are still to close their returns ask for these too. Without a post the agency's lead answers.
    Raises Refused for a post of another agency, and for a name that the agency has already.
    """
    require_keeper(tx)
    called = said(name, "what the records are called")
    agency = own(tx, Agency, agency_id, "agency")
    if lead_post_id is not None and own(tx, Post, lead_post_id, "post").agency_id != agency.id:
        raise Refused(Reason("of_another_agency", f"Choose a post of {agency.name}, or none."))
    same = sa.and_(RecordSet.name == called, RecordSet.agency_id == agency.id)
    _refuse_twice(tx, RecordSet, same, f"{agency.name} answers for {called} already.")
    row = RecordSet(
        group_id=tx.actor.group_id,
        key=free_key(tx, RecordSet, called),
        name=called,
        agency_id=agency.id,
        lead_post_id=lead_post_id,
    )
    tx.session.add(row)
    tx.session.flush()
    note_deed(tx, "records_added", None, f"{called}, {agency.name}")
    return row.id


def _refuse_twice(
    tx: Tx, table: type[Agency] | type[Post] | type[RecordSet], same: sa.ColumnElement[bool], sentence: str
) -> None:
    there = sa.select(sa.exists().where(table.group_id == tx.actor.group_id, same))
    if tx.session.scalar(there):
        raise Refused(Reason("there_already", sentence))
