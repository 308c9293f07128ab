"""A group that changes: agencies and posts that are called otherwise, or closed; each written down."""

from __future__ import annotations

import sqlalchemy as sa

from assurance.accounts.chronicle import note_deed
from assurance.closings import against_closing_agency, against_closing_post
from assurance.commands.administering import require_keeper
from assurance.commands.checks import own, said
from assurance.office import Tx
from assurance.records import Agency, Post, RecordSet
from engine.errors import Reason, Refused


def rename_agency(tx: Tx, number: int, name: str) -> None:
    """Call an agency otherwise from now on, in what was before too.

    Raises Refused for a closed one, and for a name that another agency here has.
    """
    require_keeper(tx)
    row, called = own(tx, Agency, number, "agency"), said(name, "the name of the agency")
    same = (Agency.group_id == row.group_id, Agency.id != row.id, Agency.name == called)
    if tx.session.scalar(sa.select(sa.exists().where(*same))):
        raise Refused(Reason("there_already", f"{called} is here already."))
    if called != row.name:
        before, row.name = row.name, called
        tx.session.flush()
        note_deed(tx, "agency_renamed", None, f"{before}, now {called}")


def rename_post(tx: Tx, number: int, title: str) -> None:
    """Call a post otherwise from now on; what it may do stays as it is.

    Raises Refused for a closed one, and for a title that another post of the same agency has.
    """
    require_keeper(tx)
    row, called = own(tx, Post, number, "post"), said(title, "the title of the post")
    same = (Post.group_id == row.group_id, Post.id != row.id, Post.title == called)
    if tx.session.scalar(
        sa.select(sa.exists().where(*same, Post.agency_id.is_not_distinct_from(row.agency_id)))
    ):
        raise Refused(Reason("there_already", f"There is a post {called} already."))
    if called != row.title:
        before, row.title = row.title, called
        tx.session.flush()
        note_deed(tx, "post_renamed", None, f"{before}, now {called}")


def close_agency(tx: Tx, number: int) -> None:
    """Close an agency with its posts and its records: nothing new begins there, and what was stays.

    Raises Refused, with every reason, while somebody holds a post there or something is open.
    """
    require_keeper(tx)
    row = own(tx, Agency, number, "agency")
    reasons = against_closing_agency(tx, row)
    if reasons:
        raise Refused(*reasons)
    row.closed_on = tx.today
    for table in (Post, RecordSet):
        still = (table.agency_id == row.id, table.closed_on.is_(None))
        tx.session.execute(sa.update(table).where(*still).values(closed_on=tx.today))
    tx.session.flush()
    note_deed(tx, "agency_closed", None, row.name)


def close_post(tx: Tx, number: int) -> None:
    """Close a post: nobody is given it any more.

    Raises Refused, with every reason, while somebody holds it or answers by it, and for one that each group has.
    """
    require_keeper(tx)
    row = own(tx, Post, number, "post")
    reasons = against_closing_post(tx, row)
    if reasons:
        raise Refused(*reasons)
    row.closed_on = tx.today
    tx.session.flush()
    note_deed(tx, "post_closed", None, row.title)
