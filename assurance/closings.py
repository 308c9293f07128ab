"""Whether an agency or a post can be closed: every reason why not, in words, for whoever asks and for whoever closes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import sqlalchemy as sa

from assurance.office import Tx
from assurance.records import (
    Action,
    Agency,
    AgencyAnswer,
    AgencyReturn,
    Audit,
    ImmediateConcern,
    Matter,
    Person,
    Post,
    PostHolding,
    Recommendation,
    RecordSet,
)
from engine.errors import Reason
from engine.moved import Moved
from engine.refusals import all_of

# The group cannot do without these posts: whoever leaves one has a successor.
KEPT_OPEN = frozenset({"chair", "deputy_chair", "board_chair", "administrator"})
# A table, which of its rows, what one is called, and how these are told apart.
_Open: TypeAlias = tuple[type[Moved], sa.ColumnElement[bool], str, str]


def against_closing_agency(tx: Tx, row: Agency) -> tuple[Reason, ...]:
    """Give every reason why an agency cannot be closed today."""
    return tuple(_against_agency(tx, row))


def against_closing_post(tx: Tx, row: Post) -> tuple[Reason, ...]:
    """Give every reason why a post cannot be closed today."""
    return tuple(_against_post(tx, row))


def _against_agency(tx: Tx, row: Agency) -> Iterator[Reason]:
    posts = sa.select(Post).where(Post.agency_id == row.id, Post.closed_on.is_(None))
    for post in tx.session.scalars(posts.order_by(Post.title)):
        names = _holders(tx, post)
        if post.role in KEPT_OPEN:
            yield Reason("needed", f"The group cannot do without the post {post.title}, which is its.")
        elif names:
            yield Reason("held", f"{all_of(names)} must leave the post {post.title} first.")
    asked = sa.exists().where(
        AgencyAnswer.recommendation_id == Recommendation.id, AgencyAnswer.agency_id == row.id
    )
    looked_at = sa.exists().where(AgencyReturn.audit_id == Audit.id, AgencyReturn.agency_id == row.id)
    open_there: tuple[_Open, ...] = (
        (Audit, looked_at, "audit", "that asked for its returns"),
        (Recommendation, sa.or_(Recommendation.agency_id == row.id, asked), "recommendation", "to it"),
        (Action, Action.agency_id == row.id, "action", "of it"),
        (Action, Action.waiting_on_agency_id == row.id, "action", "that waits for it"),
        (ImmediateConcern, ImmediateConcern.agency_id == row.id, "immediate concern", "about it"),
        (Matter, Matter.agency_id == row.id, "other matter", "of it"),
    )
    for table, which, thing, words in open_there:
        number = _unfinished(tx, table, which)
        if number:
            yield Reason("open_there", f"{_several(number, thing, words)} must be finished first.")


def _against_post(tx: Tx, row: Post) -> Iterator[Reason]:
    if row.role in KEPT_OPEN:
        yield Reason("needed", "The group cannot do without this post; give it to somebody else instead.")
    names = _holders(tx, row)
    if names:
        yield Reason("held", f"{all_of(names)} must leave it first.")
    led = sa.select(RecordSet.name).where(RecordSet.lead_post_id == row.id, RecordSet.closed_on.is_(None))
    records = tx.session.scalars(led.order_by(RecordSet.name)).all()
    if records:
        yield Reason("leads", f"It answers for {all_of(records)}; that ends with the agency only.")
    owned: tuple[_Open, ...] = (
        (Action, Action.owner_post_id == row.id, "action", "that it owns"),
        (Matter, Matter.owner_post_id == row.id, "other matter", "that it owns"),
    )
    for table, which, thing, words in owned:
        number = _unfinished(tx, table, which)
        if number:
            yield Reason("owns", f"{_several(number, thing, words)} must be finished or handed over first.")


def _holders(tx: Tx, row: Post) -> Sequence[str]:
    """Give who holds a post today or will hold it."""
    not_over = sa.or_(PostHolding.until_on.is_(None), PostHolding.until_on >= tx.today)
    held = sa.select(Person.name).join(PostHolding, PostHolding.person_id == Person.id)
    return tx.session.scalars(
        held.where(PostHolding.post_id == row.id, not_over).distinct().order_by(Person.name)
    ).all()


def _unfinished(tx: Tx, table: type[Moved], which: sa.ColumnElement[bool]) -> int:
    """Count what has not come to an end by its own workflow."""
    query = (
        sa.select(table.definition_id, table.state, sa.func.count())
        .where(table.group_id == tx.actor.group_id, which)
        .group_by(table.definition_id, table.state)
    )
    return sum(
        number
        for definition_id, state, number in tx.session.execute(query)
        if not tx.playbook.definition(definition_id).states[state].final
    )


def _several(number: int, thing: str, which: str) -> str:
    return f"1 {thing} {which}" if number == 1 else f"{number} {thing}s {which}"
