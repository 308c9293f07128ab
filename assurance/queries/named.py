"""What programs and files name by a word or a number of the trade: an agency's key, an aim of an audit, a case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.commands.attending import expected_at
from assurance.office import Tx
from assurance.records import Agency, AgencyReturn, Aim, Case, Finding, Meeting, Post
from assurance.roster import Seat, roster
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.words import unknown


@dataclass(frozen=True, slots=True)
class PostRow:
    """One post by its key, with whoever holds it today."""

    key: str
    title: str
    role: str
    agency: str | None
    is_member: bool
    holders: tuple[str, ...]


def posts(tx: Tx, viewer: Viewer) -> tuple[PostRow, ...]:
    """List the posts of the group and of its agencies; `agency` is the agency's key."""
    held = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    rows = tx.session.execute(
        sa.select(Post, Agency.key)
        .outerjoin(Agency, Agency.id == Post.agency_id)
        .where(visible(viewer, Post))
        .order_by(Post.id)
    )
    return tuple(
        PostRow(
            row.key,
            row.title,
            row.role,
            agency,
            row.is_member,
            tuple(seat.person for seat in held.in_post(row.id)),
        )
        for row, agency in rows
    )


def agencies_named(tx: Tx, keys: Iterable[str]) -> list[int]:
    """Find agencies by their keys; raises Refused, with the nearest known key, for one that there is not."""
    return _by_key(tx, Agency, keys, "an agency")


def agency_named(tx: Tx, key: str) -> int:
    """Find one agency by its key; raises Refused as `agencies_named` does."""
    return agencies_named(tx, [key])[0]


def post_named(tx: Tx, key: str) -> int:
    """Find a post by its key; raises Refused, with the nearest known key, where there is none."""
    return _by_key(tx, Post, [key], "a post")[0]


def meeting_named(tx: Tx, key: str) -> int:
    """Find a meeting by its key, such as 2015-03; raises Refused, with the nearest known key, where there is none."""
    return _by_key(tx, Meeting, [key], "a meeting")[0]


def case_named(tx: Tx, viewer: Viewer, case_ref: str) -> int:
    """Find a case by its reference; raises Refused where there is none for this viewer."""
    found = tx.session.scalar(
        sa.select(Case.id).where(Case.case_ref == case_ref.strip().upper(), visible(viewer, Case))
    )
    if found is None:
        raise Refused(Reason("unknown_row", f"There is no case {case_ref} that {viewer.name} may see."))
    return found


def aims_numbered(tx: Tx, audit: Ref, numbers: Iterable[int]) -> list[int]:
    """Find aims of an audit by their numbers; raises Refused, with those that there are, for any other."""
    known = _numbered(tx, sa.select(Aim.number, Aim.id).where(Aim.audit_id == audit.id))
    return _picked(known, numbers, "an aim of this audit")


def findings_numbered(tx: Tx, audit: Ref, numbers: Iterable[int]) -> list[int]:
    """Find findings of an audit by their numbers; raises Refused, with those that there are, for any other."""
    known = _numbered(tx, sa.select(Finding.number, Finding.id).where(Finding.audit_id == audit.id))
    return _picked(known, numbers, "a finding of this audit")


def number_of_finding(tx: Tx, finding_id: int) -> int:
    """Give the number within its audit of a finding that was just recorded."""
    return tx.session.scalars(sa.select(Finding.number).filter_by(id=finding_id)).one()


def number_of_aim(tx: Tx, aim_id: int) -> int:
    """Give the number within its audit of an aim that was just written down."""
    return tx.session.scalars(sa.select(Aim.number).filter_by(id=aim_id)).one()


def seats_at(tx: Tx, meeting: Ref, keys: Sequence[str]) -> list[Seat]:
    """Find the seats of those who belonged at a meeting by the keys of their posts; raises Refused for any other."""
    expected = {seat.post_id: seat for seat in expected_at(tx, tx.session.get_one(Meeting, meeting.id))}
    known = tx.session.execute(sa.select(Post.key, Post.id).where(Post.id.in_(list(expected))))
    return [expected[post_id] for post_id in _picked(dict(known.all()), keys, "a post that belongs there")]


def audit_of_return(tx: Tx, ref: Ref) -> Ref:
    """Give the audit for which a return is."""
    return Ref("audit", tx.session.scalars(sa.select(AgencyReturn.audit_id).filter_by(id=ref.id)).one())


def _by_key(tx: Tx, table: type[Any], keys: Iterable[str], what: str) -> list[int]:
    rows = tx.session.execute(sa.select(table.key, table.id).where(table.group_id == tx.actor.group_id))
    return _picked(dict(rows.all()), keys, what)


def _numbered(tx: Tx, query: sa.Select[int, int]) -> dict[int, int]:
    return dict(tx.session.execute(query).all())


def _picked(known: dict[Any, int], wanted: Iterable[Any], what: str) -> list[int]:
    words = list(wanted)
    reasons = [
        Reason("unknown_word", unknown(str(word), what, [str(one) for one in sorted(known)]) + ".")
        for word in words
        if word not in known
    ]
    if reasons:
        raise Refused(*reasons)
    return [known[word] for word in words]
