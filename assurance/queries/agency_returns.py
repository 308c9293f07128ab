"""Returns as the people who answer them, and those who wait for them, look at them: a list, and one return whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from assurance.access import Viewer, require_sight, visible
from assurance.facts import SETTLED_RETURNS
from assurance.office import Tx
from assurance.queries.files import FileRow, files_of
from assurance.queries.lists import return_days_late
from assurance.queries.pages import Page, page_of
from assurance.queries.tracker import Choice, Choices
from assurance.records import Agency, AgencyReturn, Aim, Answer, Audit, Case, Person, RecordSet
from engine.errors import Reason, Refused
from engine.ledger import history, texts
from engine.moved import Ref
from engine.words import unknown

TO_ANSWER = ("requested", "in_progress", "changes_requested")
TO_LOOK_AT = "submitted"
SENT_BACK = ("request_changes", "reopen")


@dataclass(frozen=True, slots=True)
class ReturnsWanted:
    """Which returns a list shows; nothing given is everything that the viewer may see."""

    state: str | None = None
    audit_id: int | None = None
    agency_id: int | None = None
    only_late: bool = False
    words: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """One return of a list; `is_mine` where it waits for the viewer."""

    ref: Ref
    audit: str
    theme: str
    case: str
    agency: str
    records: str
    state: str
    state_title: str
    due_on: date
    original_due_on: date
    days_late: int
    answered: int
    aims: int
    is_mine: bool


@dataclass(frozen=True, slots=True)
class AimAsked:
    """One aim as a return has answered it; `answer` is None where it has not, `asked_before` where an audit did."""

    aim_id: int
    number: int
    text: str
    answer: str | None
    words: str
    is_asked_again: bool


@dataclass(frozen=True, slots=True)
class SentBack:
    """Why a return came back: by whom, when in the group's own time, in which words (None where they were erased)."""

    by: str
    at: datetime
    reason: str | None
    is_reopened: bool


@dataclass(frozen=True, slots=True)
class OneReturn:
    """One return whole: what is asked, by when, of which case and records, and what was answered so far."""

    ref: Ref
    audit: Ref
    audit_reference: str
    theme: str
    scope: str
    look_back_months: int
    case: str
    case_kind: str
    agency: str
    records: str
    state: str
    state_title: str
    state_about: str
    due_on: date
    original_due_on: date
    submitted_on: date | None
    days_late: int
    working_days_left: int
    tool: str | None
    grade: str | None
    aims: tuple[AimAsked, ...]
    files: tuple[FileRow, ...]
    sent_back: tuple[SentBack, ...]

    @property
    def answered(self) -> int:
        """Count the aims that have an answer."""
        return sum(aim.answer is not None for aim in self.aims)


def list_returns(tx: Tx, viewer: Viewer, wanted: ReturnsWanted) -> Page[ReturnLine]:
    """List returns: those that wait for the viewer first, then what is open, then what is settled.

    Raises Refused for a state that returns do not have.
    """
    where = [visible(viewer, AgencyReturn), *_narrowed(tx, wanted)]
    if wanted.words:
        where.append(_names(wanted.words))
    count = tx.session.scalar(_joined(sa.func.count()).where(*where)) or 0
    place = page_of(count, wanted.page)
    mine = _waits_for(viewer)
    rows = tx.session.execute(
        _joined(
            AgencyReturn,
            Audit.reference,
            Audit.theme,
            Case.case_ref,
            Agency.name,
            RecordSet.name,
            _number_of(Answer, Answer.return_id == AgencyReturn.id),
            _number_of(Aim, Aim.audit_id == AgencyReturn.audit_id),
            mine,
        )
        .where(*where)
        .order_by(*_in_order(mine))
        .limit(place.limit)
        .offset(place.offset)
    )
    return Page(tuple(_line(tx, *row[:-1], is_mine=bool(row[-1])) for row in rows), place)


def choices_of_returns(tx: Tx, viewer: Viewer) -> Choices:
    """Give what the viewer's list of returns can be narrowed to."""
    mine = sa.select(AgencyReturn.audit_id, AgencyReturn.agency_id).where(visible(viewer, AgencyReturn))
    pairs = tx.session.execute(mine.distinct()).all()
    audits, agencies = {audit for audit, _ in pairs}, {agency for _, agency in pairs}
    named = tx.session.execute(
        sa.select(Audit.id, Audit.reference).where(visible(viewer, Audit)).order_by(Audit.id)
    )
    called = tx.session.execute(
        sa.select(Agency.id, Agency.name).where(visible(viewer, Agency)).order_by(Agency.name)
    )
    return Choices(
        agencies=tuple(Choice(str(number), name) for number, name in called if number in agencies),
        audits=tuple(Choice(str(number), reference) for number, reference in named if number in audits),
        states=tuple(Choice(*pair) for pair in tx.playbook.state_titles(AgencyReturn.noun).items()),
    )


def one_return(tx: Tx, viewer: Viewer, ref: Ref) -> OneReturn:
    """Give one return whole; raises Refused where there is none for this viewer."""
    require_sight(tx.session, viewer, ref)
    row, audit, case, agency, records = tx.session.execute(
        _joined(AgencyReturn, Audit, Case, Agency.name, RecordSet.name).where(AgencyReturn.id == ref.id)
    ).one()
    state = tx.playbook.definition(row.definition_id).states[row.state]
    return OneReturn(
        ref=ref,
        audit=Ref(Audit.noun, audit.id),
        audit_reference=audit.reference,
        theme=audit.theme,
        scope=audit.scope,
        look_back_months=audit.look_back_months,
        case=case.case_ref,
        case_kind=case.kind,
        agency=agency,
        records=records,
        state=row.state,
        state_title=state.title,
        state_about=state.about,
        due_on=row.due_on,
        original_due_on=row.original_due_on,
        submitted_on=row.submitted_on,
        days_late=return_days_late(row, tx.today),
        working_days_left=tx.calendar.working_days_between(tx.today, row.due_on),
        tool=row.tool,
        grade=row.grade,
        aims=tuple(_aims(tx, row)),
        files=files_of(tx, viewer, ref),
        sent_back=tuple(_sent_back(tx, ref)),
    )


def _aims(tx: Tx, row: AgencyReturn) -> Iterator[AimAsked]:
    found = tx.session.execute(
        sa.select(Aim, Answer.answer, Answer.text)
        .join_from(Aim, Answer, sa.and_(Answer.aim_id == Aim.id, Answer.return_id == row.id), isouter=True)
        .where(Aim.audit_id == row.audit_id)
        .order_by(Aim.number)
    )
    for aim, answer, words in found:
        yield AimAsked(aim.id, aim.number, aim.text, answer, words or "", aim.asks_again_id is not None)


def _sent_back(tx: Tx, ref: Ref) -> Iterator[SentBack]:
    """Tell how often and why a return came back, the last time first."""
    lines = [line for line in history(tx.session, ref) if line.data.get("trigger") in SENT_BACK]
    if not lines:
        return
    written = texts(tx.session, ref)
    people = dict(
        tx.session.execute(
            sa.select(Person.id, Person.name).where(Person.group_id == tx.actor.group_id)
        ).all()
    )
    for line in reversed(lines):
        number = line.actor.removeprefix("person/")
        by = people.get(int(number), "Somebody") if number.isdecimal() else "The clock"
        at = line.at.astimezone(tx.calendar.zone)
        yield SentBack(by, at, written.get((line.seq, "reason")), line.data["trigger"] == "reopen")


def _narrowed(tx: Tx, wanted: ReturnsWanted) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.state is not None:
        states = tx.playbook.state_titles(AgencyReturn.noun)
        if wanted.state not in states:
            raise Refused(Reason("unknown_word", unknown(wanted.state, "a state of returns", states) + "."))
        yield AgencyReturn.state == wanted.state
    if wanted.audit_id is not None:
        yield AgencyReturn.audit_id == wanted.audit_id
    if wanted.agency_id is not None:
        yield AgencyReturn.agency_id == wanted.agency_id
    if wanted.only_late:
        yield sa.and_(AgencyReturn.state.in_(TO_ANSWER), AgencyReturn.due_on < tx.today)


def _joined(*columns: Any) -> sa.Select[Any]:
    """Read returns with what they are about."""
    return (
        sa.select(*columns)
        .select_from(AgencyReturn)
        .join(Audit, Audit.id == AgencyReturn.audit_id)
        .join(Case, Case.id == AgencyReturn.case_id)
        .join(Agency, Agency.id == AgencyReturn.agency_id)
        .join(RecordSet, RecordSet.id == AgencyReturn.record_set_id)
    )


def _names(words: str) -> sa.ColumnElement[bool]:
    """Say of a return that its case, theme, agency or records are called so."""
    called = (Case.case_ref, Audit.reference, Audit.theme, Agency.name, RecordSet.name)
    return sa.or_(*(column.icontains(words, autoescape=True) for column in called))


def _waits_for(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Say of a return that it is the viewer's turn: to answer it, or to look at what was submitted."""
    to_answer = sa.and_(AgencyReturn.agency_id.in_(viewer.agencies), AgencyReturn.state.in_(TO_ANSWER))
    if "coordinator" in viewer.roles:
        return sa.or_(to_answer, AgencyReturn.state == TO_LOOK_AT)
    return to_answer


def _in_order(mine: sa.ColumnElement[bool]) -> tuple[Any, ...]:
    """Order returns: what waits for the viewer, what is open by the day on which it is due, what is settled, the newest first."""
    is_settled = AgencyReturn.state.in_(SETTLED_RETURNS)
    return (
        sa.case((mine, 0), else_=1),
        sa.case((is_settled, 1), else_=0),
        sa.case((is_settled, None), else_=AgencyReturn.due_on),
        AgencyReturn.due_on.desc(),
        AgencyReturn.id,
    )


def _number_of(table: type[Answer] | type[Aim], where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(table).where(where).scalar_subquery()


def _line(
    tx: Tx,
    row: AgencyReturn,
    audit: str,
    theme: str,
    case: str,
    agency: str,
    records: str,
    answered: int,
    aims: int,
    *,
    is_mine: bool,
) -> ReturnLine:
    return ReturnLine(
        ref=Ref(AgencyReturn.noun, row.id),
        audit=audit,
        theme=theme,
        case=case,
        agency=agency,
        records=records,
        state=row.state,
        state_title=tx.playbook.definition(row.definition_id).states[row.state].title,
        due_on=row.due_on,
        original_due_on=row.original_due_on,
        days_late=return_days_late(row, tx.today),
        answered=answered,
        aims=aims,
        is_mine=is_mine,
    )
