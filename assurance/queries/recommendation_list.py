"""The recommendations that somebody looks for, page by page, with what each still waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.facts import SETTLED_ACTIONS, SETTLED_RECOMMENDATIONS
from assurance.facts.words import ASKED_AGENCY
from assurance.office import Tx
from assurance.queries.lists import state_title
from assurance.queries.pages import Page, page_of
from assurance.queries.tracker import MOST_WORDS, OPEN, Choice
from assurance.records import Action, Agency, AgencyAnswer, Audit, Recommendation
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.store import among
from engine.words import unknown

# In these it wants no action: it is not agreed yet, or is settled.
WITHOUT_ACTIONS = ("proposed", *SETTLED_RECOMMENDATIONS)


class Need(StrEnum):
    """What a recommendation still needs from somebody."""

    ANSWER = "answer"  # an agency that was asked has not answered
    ACTION = "action"  # it is agreed, and no action is planned
    CHECK = "check"  # the day has come on which to ask whether it has lasted


@dataclass(frozen=True, slots=True)
class SearchedFor:
    """Which recommendations somebody looks for; nothing given is everything that they may see.

    `agency_id` finds those about which an agency was asked; `state` is a state or `open`; of several needs one is enough.
    """

    audit_id: int | None = None
    agency_id: int | None = None
    state: str | None = None
    type: str | None = None
    needs: frozenset[Need] = frozenset()
    words: str = ""


@dataclass(frozen=True, slots=True)
class ListedRecommendation:
    """One recommendation; `agency` is set for an individual practice one."""

    ref: Ref
    audit: str
    number: int
    type: str
    agency: str | None
    text: str
    state: str
    state_title: str
    asked: int
    unanswered: int
    not_accepted: int
    actions: int
    actions_open: int
    actions_overdue: int
    implemented_on: date | None
    embedded_check_on: date | None
    embedded_on: date | None
    needs: tuple[Need, ...]


def recommendation_page(
    tx: Tx, viewer: Viewer, wanted: SearchedFor, *, page: int = 1
) -> Page[ListedRecommendation]:
    """Give one page of the recommendations that somebody looks for, the newest audit first.

    Raises Refused for a state that recommendations do not have.
    """
    where = _where(tx, viewer, wanted)
    count = sa.select(sa.func.count()).select_from(Recommendation)
    place = page_of(tx.session.scalar(count.join(Audit).where(*where)) or 0, page)
    query = (
        sa.select(*Recommendation.__table__.c, Audit.reference, Agency.name.label("agency"))
        .select_from(Recommendation)
        .join(Audit, Audit.id == Recommendation.audit_id)
        .outerjoin(Agency, Agency.id == Recommendation.agency_id)
        .where(*where)
        .order_by(Audit.id.desc(), Recommendation.type.desc(), Recommendation.number, Recommendation.id)
    )
    rows = tx.session.execute(query.offset(place.offset).limit(place.limit)).all()
    numbers = [row.id for row in rows]
    done, said = _done(tx, viewer, numbers), _said(tx, numbers)
    return Page(tuple(_listed(tx, row, done, said) for row in rows), place)


def recommendation_states(tx: Tx) -> tuple[Choice, ...]:
    """Give the states by which recommendations can be narrowed."""
    titles = tx.playbook.state_titles(Recommendation.noun)
    return (Choice(OPEN, "Open (not embedded, not closed)"), *(Choice(*state) for state in titles.items()))


class _Done(NamedTuple):
    """How far the actions of a recommendation are."""

    actions: int = 0
    still_open: int = 0
    overdue: int = 0


class _Said(NamedTuple):
    """What the agencies that were asked have answered."""

    asked: int = 0
    unanswered: int = 0
    not_accepted: int = 0


def _listed(tx: Tx, row: Any, done: Mapping[int, _Done], said: Mapping[int, _Said]) -> ListedRecommendation:
    actions, answers = done.get(row.id, _Done()), said.get(row.id, _Said())
    is_due = row.embedded_check_on is not None and row.embedded_check_on <= tx.today
    shown = {
        Need.ANSWER: answers.unanswered > 0 and row.state not in SETTLED_RECOMMENDATIONS,
        Need.ACTION: row.state not in WITHOUT_ACTIONS and not actions.actions,
        Need.CHECK: row.state == "implemented" and is_due,
    }
    return ListedRecommendation(
        ref=Ref(Recommendation.noun, row.id),
        audit=row.reference,
        number=row.number,
        type=row.type,
        agency=row.agency,
        text=row.text,
        state=row.state,
        state_title=state_title(tx, row),
        asked=answers.asked,
        unanswered=answers.unanswered,
        not_accepted=answers.not_accepted,
        actions=actions.actions,
        actions_open=actions.still_open,
        actions_overdue=actions.overdue,
        implemented_on=row.implemented_on,
        embedded_check_on=row.embedded_check_on,
        embedded_on=row.embedded_on,
        needs=tuple(need for need, is_shown in shown.items() if is_shown),
    )


def _where(tx: Tx, viewer: Viewer, wanted: SearchedFor) -> list[sa.ColumnElement[bool]]:
    where = [visible(viewer, Recommendation)]
    if wanted.audit_id is not None:
        where.append(Recommendation.audit_id == wanted.audit_id)
    if wanted.agency_id is not None:
        where.append(_asked(AgencyAnswer.agency_id == wanted.agency_id))
    if wanted.state is not None:
        where.append(_in_state(tx, wanted.state))
    if wanted.type is not None:
        where.append(Recommendation.type == wanted.type)
    if wanted.needs:
        where.append(sa.or_(*(_NEEDS[need](tx.today) for need in sorted(wanted.needs))))
    read = (Recommendation.text, Audit.reference, Audit.theme)
    return [
        *where,
        *(
            sa.or_(*(column.icontains(word, autoescape=True) for column in read))
            for word in wanted.words.split()[:MOST_WORDS]
        ),
    ]


def _in_state(tx: Tx, word: str) -> sa.ColumnElement[bool]:
    if word == OPEN:
        return _is_open()
    known = tx.playbook.state_titles(Recommendation.noun)
    if word not in known:
        sentence = unknown(word, "a state of recommendation", [OPEN, *known]) + "."
        raise Refused(Reason("unknown_word", sentence))
    return Recommendation.state == word


def _is_open() -> sa.ColumnElement[bool]:
    return Recommendation.state.not_in(SETTLED_RECOMMENDATIONS)


def _asked(*where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(AgencyAnswer.recommendation_id == Recommendation.id, *where)


def _done(tx: Tx, viewer: Viewer, numbers: Sequence[int]) -> Mapping[int, _Done]:
    """Count the actions of each recommendation, as far as the viewer may see them."""
    is_open = Action.state.not_in(SETTLED_ACTIONS)
    is_late = sa.and_(is_open, Action.confirmed_on.is_(None), Action.current_due_on < tx.today)
    rows = tx.session.execute(
        sa.select(Action.recommendation_id, sa.func.count(), _number_of(is_open), _number_of(is_late))
        .where(among(Action.recommendation_id, "numbers"), visible(viewer, Action))
        .group_by(Action.recommendation_id),
        {"numbers": list(numbers)},
    )
    return {number: _Done(*counts) for number, *counts in rows}


def _said(tx: Tx, numbers: Sequence[int]) -> Mapping[int, _Said]:
    """Count what agencies have answered to each recommendation."""
    rows = tx.session.execute(
        sa.select(
            AgencyAnswer.recommendation_id,
            sa.func.count(),
            _number_of(AgencyAnswer.answer == ASKED_AGENCY),
            _number_of(AgencyAnswer.answer == "not_accepted"),
        )
        .where(among(AgencyAnswer.recommendation_id, "numbers"))
        .group_by(AgencyAnswer.recommendation_id),
        {"numbers": list(numbers)},
    )
    return {number: _Said(*counts) for number, *counts in rows}


def _number_of(holds: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((holds, 1), else_=0)), 0)


_NEEDS: Mapping[Need, Callable[[date], sa.ColumnElement[bool]]] = {
    Need.ANSWER: lambda _: sa.and_(_is_open(), _asked(AgencyAnswer.answer == ASKED_AGENCY)),
    Need.ACTION: lambda _: sa.and_(
        Recommendation.state.not_in(WITHOUT_ACTIONS),
        ~sa.exists().where(Action.recommendation_id == Recommendation.id),
    ),
    Need.CHECK: lambda today: sa.and_(
        Recommendation.state == "implemented", Recommendation.embedded_check_on <= today
    ),
}
