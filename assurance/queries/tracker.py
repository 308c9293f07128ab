"""The tracker: one page of the actions that somebody looks for, with honest dates, filtered, sorted and counted in SQL.

What is overdue, slipped or undated is worked out from dates. What the owner says of it stands beside that, and
changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from assurance.access import Viewer, require_sight, visible
from assurance.facts import SETTLED_ACTIONS
from assurance.office import Tx
from assurance.queries.lists import action_days_past, action_is_overdue, days_waited, state_title
from assurance.queries.pages import PER_PAGE, Page, page_of
from assurance.records import Action, Agency, Audit, Post, ProgressNote, Recommendation
from engine.days_sql import days_between
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.store import among
from engine.words import unknown

OPEN = "open"
MOST_WORDS = 8
# Under other names than their own: who may see an action is asked of the recommendation under its own.
_MADE, _AWAITED = aliased(Recommendation), aliased(Agency)


class Sign(StrEnum):
    """What the dates of an action say of it, and whether it waits for somebody else."""

    OVERDUE = "overdue"  # the date now agreed has passed
    SLIPPED = "slipped"  # the date was moved
    UNDATED = "undated"  # nobody has set a date
    WAITING = "waiting"  # another agency has to do its part first


class Order(StrEnum):
    """In which order actions are listed."""

    URGENT = "urgent"  # open ones by the date now agreed, then those that are done, the latest first
    FIRST_DUE = "first_due"
    PAST = "past"  # most days past the date first agreed
    MOVED = "moved"  # most often moved
    AGENCY = "agency"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Search:
    """Which actions somebody looks for; nothing given is everything that they may see.

    `state` is a state or `open`; of several signs one is enough; every word of `words` must be found.
    """

    agency_id: int | None = None
    audit_id: int | None = None
    recommendation_id: int | None = None
    state: str | None = None
    signs: frozenset[Sign] = frozenset()
    type: str | None = None
    words: str = ""
    order: Order = Order.URGENT


@dataclass(frozen=True, slots=True)
class Tracked:
    """One action as the tracker tells it; its recommendation's words only to whoever may see that."""

    ref: Ref
    recommendation: Ref
    recommendation_number: int | None
    recommendation_text: str | None
    type: str | None
    audit: str
    agency: str
    text: str
    measure: str | None
    owner: str | None
    state: str
    state_title: str
    original_due_on: date | None
    current_due_on: date | None
    times_moved: int
    days_past_original: int
    confirmed_on: date | None
    signs: tuple[Sign, ...]
    rating: str | None
    waiting_on: str | None
    waiting_since_on: date | None
    working_days_waited: int


class Choice(NamedTuple):
    """One thing by which the tracker can be narrowed."""

    value: str
    title: str


@dataclass(frozen=True, slots=True)
class Choices:
    """By what the viewer can narrow the tracker."""

    agencies: tuple[Choice, ...]
    audits: tuple[Choice, ...]
    states: tuple[Choice, ...]


def tracked(tx: Tx, viewer: Viewer, search: Search, *, page: int = 1, limit: int = PER_PAGE) -> Page[Tracked]:
    """Give one page of the actions that somebody looks for; a page beyond the last is the last.

    Raises Refused for a state that actions do not have.
    """
    where = _where(tx, viewer, search)
    number = tx.session.scalar(_joined(sa.func.count()).where(*where)) or 0
    place = page_of(number, page, limit)
    rows = _rows(tx, viewer, search, where, offset=place.offset, limit=place.limit)
    return Page(_told(tx, rows), place)


def all_tracked(tx: Tx, viewer: Viewer, search: Search) -> tuple[Tracked, ...]:
    """Give every action that somebody looks for, in the order of the tracker: for exports and for paper.

    Raises Refused as `tracked` does.
    """
    return _told(tx, _rows(tx, viewer, search, _where(tx, viewer, search)))


def tracked_one(tx: Tx, viewer: Viewer, ref: Ref) -> Tracked:
    """Give one action as the tracker tells it; raises Refused where there is none for this viewer."""
    require_sight(tx.session, viewer, ref)
    return _told(tx, _rows(tx, viewer, Search(), [Action.id == ref.id]))[0]


def tracker_choices(tx: Tx, viewer: Viewer) -> Choices:
    """Give the agencies, audits and states by which the viewer can narrow the tracker."""
    agencies = sa.select(Agency.id, Agency.name).where(visible(viewer, Agency)).order_by(Agency.name)
    audits = (
        sa.select(Audit.id, Audit.reference, Audit.theme)
        .where(visible(viewer, Audit), sa.exists().where(Action.audit_id == Audit.id))
        .order_by(Audit.id.desc())
    )
    return Choices(
        tuple(Choice(str(number), name) for number, name in tx.session.execute(agencies)),
        tuple(Choice(str(number), f"{ref}: {theme}") for number, ref, theme in tx.session.execute(audits)),
        (
            Choice(OPEN, "Open (not verified, not closed)"),
            *(Choice(*state) for state in tx.playbook.state_titles(Action.noun).items()),
        ),
    )


def _joined(*columns: Any) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(Action)
        .join(_MADE, _MADE.id == Action.recommendation_id)
        .join(Audit, Audit.id == Action.audit_id)
        .join(Agency, Agency.id == Action.agency_id)
        .outerjoin(Post, Post.id == Action.owner_post_id)
    )


def _rows(
    tx: Tx,
    viewer: Viewer,
    search: Search,
    where: Sequence[sa.ColumnElement[bool]],
    *,
    offset: int = 0,
    limit: int | None = None,
) -> Sequence[Any]:
    sees_why = _sees_why(viewer)
    query = _joined(
        *Action.__table__.c,
        sa.case((sees_why, _MADE.number)).label("recommendation_number"),
        sa.case((sees_why, _MADE.text)).label("recommendation_text"),
        sa.case((sees_why, _MADE.type)).label("type"),
        Audit.reference.label("audit"),
        Agency.name.label("agency"),
        Post.title.label("owner"),
        _AWAITED.name.label("waiting_on"),
    ).outerjoin(_AWAITED, _AWAITED.id == Action.waiting_on_agency_id)
    # The number last, so that no two pages show the same action.
    ordered = query.where(*where).order_by(*_ORDERS[search.order](tx.today), Action.id)
    return tx.session.execute(ordered.offset(offset).limit(limit)).all()


def _told(tx: Tx, rows: Sequence[Any]) -> tuple[Tracked, ...]:
    ratings = _last_ratings(tx, [row.id for row in rows])
    return tuple(
        Tracked(
            ref=Ref(Action.noun, row.id),
            recommendation=Ref(Recommendation.noun, row.recommendation_id),
            recommendation_number=row.recommendation_number,
            recommendation_text=row.recommendation_text,
            type=row.type,
            audit=row.audit,
            agency=row.agency,
            text=row.text,
            measure=row.measure,
            owner=row.owner,
            state=row.state,
            state_title=state_title(tx, row),
            original_due_on=row.original_due_on,
            current_due_on=row.current_due_on,
            times_moved=row.times_moved,
            days_past_original=action_days_past(row, tx.today),
            confirmed_on=row.confirmed_on,
            signs=signs_of(row, tx.today),
            rating=ratings.get(row.id),
            waiting_on=row.waiting_on,
            waiting_since_on=row.waiting_since_on,
            working_days_waited=days_waited(tx, row),
        )
        for row in rows
    )


def signs_of(row: Any, today: date) -> tuple[Sign, ...]:
    """Say what the dates of an action's row show, in the order in which people read them."""
    is_open = row.state not in SETTLED_ACTIONS
    shown = {
        Sign.OVERDUE: action_is_overdue(row, today),
        Sign.SLIPPED: row.times_moved > 0,
        Sign.UNDATED: is_open and row.current_due_on is None,
        Sign.WAITING: is_open and row.waiting_on_agency_id is not None,
    }
    return tuple(sign for sign, is_shown in shown.items() if is_shown)


def _where(tx: Tx, viewer: Viewer, search: Search) -> list[sa.ColumnElement[bool]]:
    where = [visible(viewer, Action)]
    if search.agency_id is not None:
        where.append(Action.agency_id == search.agency_id)
    if search.audit_id is not None:
        where.append(Action.audit_id == search.audit_id)
    if search.recommendation_id is not None:
        where.append(Action.recommendation_id == search.recommendation_id)
    if search.state is not None:
        where.append(_in_state(tx, search.state))
    if search.signs:
        where.append(sa.or_(*(_SIGNS[sign](tx.today) for sign in sorted(search.signs))))
    if search.type is not None:
        where += [_sees_why(viewer), _MADE.type == search.type]
    return [*where, *(_says(viewer, word) for word in search.words.split()[:MOST_WORDS])]


def _in_state(tx: Tx, word: str) -> sa.ColumnElement[bool]:
    if word == OPEN:
        return _is_open()
    known = tx.playbook.state_titles(Action.noun)
    if word not in known:
        raise Refused(Reason("unknown_word", unknown(word, "a state of action", [OPEN, *known]) + "."))
    return Action.state == word


def _says(viewer: Viewer, word: str) -> sa.ColumnElement[bool]:
    """Find a word in what the viewer can read on the tracker, and nowhere else: a hit would tell of the rest."""
    read = (Action.text, Action.measure, Post.title, Agency.name, Audit.reference, Audit.theme)
    why = sa.and_(_sees_why(viewer), _MADE.text.icontains(word, autoescape=True))
    return sa.or_(*(column.icontains(word, autoescape=True) for column in read), why)


def _sees_why(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Say whether the viewer may see what an action's recommendation says."""
    return sa.exists().where(Recommendation.id == _MADE.id, visible(viewer, Recommendation))


def _is_open() -> sa.ColumnElement[bool]:
    return Action.state.not_in(SETTLED_ACTIONS)


def _is_overdue(today: date) -> sa.ColumnElement[bool]:
    return sa.and_(_is_open(), Action.confirmed_on.is_(None), Action.current_due_on < today)


def _days_past(today: date) -> sa.ColumnElement[int]:
    """Count as `action_days_past` does; one that was closed undone is past nothing."""
    was_left = sa.and_(Action.confirmed_on.is_(None), Action.state.in_(SETTLED_ACTIONS))
    until = sa.func.coalesce(Action.confirmed_on, sa.literal(today, sa.Date()))
    return sa.case((was_left, 0), else_=sa.func.coalesce(days_between(until, Action.original_due_on), 0))


def _last_ratings(tx: Tx, actions: Sequence[int]) -> Mapping[int, str]:
    """Give what each owner said last of their own action."""
    last = (
        sa.select(sa.func.max(ProgressNote.id))
        .where(among(ProgressNote.action_id, "actions"))
        .group_by(ProgressNote.action_id)
    )
    query = sa.select(ProgressNote.action_id, ProgressNote.rating).where(ProgressNote.id.in_(last))
    return dict(tx.session.execute(query, {"actions": list(actions)}).all())


_SIGNS: Mapping[Sign, Callable[[date], sa.ColumnElement[bool]]] = {
    Sign.OVERDUE: _is_overdue,
    Sign.SLIPPED: lambda _: Action.times_moved > 0,
    Sign.UNDATED: lambda _: sa.and_(_is_open(), Action.current_due_on.is_(None)),
    Sign.WAITING: lambda _: sa.and_(_is_open(), Action.waiting_on_agency_id.is_not(None)),
}
_BY_DATE = Action.current_due_on.asc().nulls_last()
_ORDERS: Mapping[Order, Callable[[date], tuple[Any, ...]]] = {
    Order.URGENT: lambda _: (
        sa.case((Action.state.in_(SETTLED_ACTIONS), 2), (Action.confirmed_on.is_not(None), 1), else_=0),
        sa.case((Action.state.not_in(SETTLED_ACTIONS), Action.current_due_on)).asc().nulls_last(),
        Action.confirmed_on.desc().nulls_last(),
    ),
    Order.FIRST_DUE: lambda _: (Action.original_due_on.asc().nulls_last(),),
    Order.PAST: lambda today: (_days_past(today).desc(),),
    Order.MOVED: lambda _: (Action.times_moved.desc(), _BY_DATE),
    Order.AGENCY: lambda _: (Agency.name, _BY_DATE),
    Order.AUDIT: lambda _: (Audit.id.desc(), _MADE.number, Action.number),
}
