"""Reads the audits of one year as they stood on a day: returns, recommendations and actions, pooled over all cases."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.facts import SETTLED_RETURNS
from assurance.office import Tx
from assurance.queries.annual_recommendations import Recommended, recommended
from assurance.queries.as_at import PastDay, Stood, stood
from assurance.queries.meetings import meetings_by
from assurance.queries.year import (
    AskedIn,
    AuditThen,
    CaseCount,
    DateRequests,
    FindingCounts,
    RecordsRead,
    RepeatedAim,
    ReturnCounts,
    Share,
    Spread,
)
from assurance.records import (
    Agency,
    AgencyReturn,
    Aim,
    Audit,
    Case,
    Dissemination,
    Finding,
    Programme,
    RecordSet,
)
from assurance.records.rows import OfGroup
from engine.moved import Moved

Row = TypeVar("Row", bound=OfGroup | Moved)
OfAudit = TypeVar("OfAudit", Case, Finding, Dissemination)


@dataclass(frozen=True, slots=True)
class AuditsRead:
    """What was read of the audits of a year."""

    audits: tuple[AuditThen, ...]
    repeated_aims: tuple[RepeatedAim, ...]
    date_requests: DateRequests


def audits_then(tx: Tx, programme: Programme, past: PastDay) -> AuditsRead:
    """Give the audits of a year in the order in which they were held, and the aims that several audits asked."""
    reader = _Reader(tx, programme, past)
    mine = [audit for audit in reader.audits.values() if audit.programme_id == programme.id]
    made = recommended(tx, [audit.id for audit in mine], past)
    audits = sorted((reader.audit(audit, made) for audit in mine), key=_when)
    return AuditsRead(
        tuple(audits),
        tuple(reader.repeated_aims({audit.id for audit in mine})),
        made.date_requests,
    )


def _when(audit: AuditThen) -> tuple[str, str]:
    held = audit.held_on or audit.meeting_on
    return ("9999" if held is None else held.isoformat(), audit.reference)


@dataclass(frozen=True, slots=True)
class _Return:
    """One return, known here only as far as it can be pooled."""

    agency_id: int
    record_set_id: int
    tool: str | None
    state: str
    days_late: int
    has_come: bool
    answers: Mapping[int, str]
    escalated_on: date | None


class _Reader:
    """Everything about a year's audits, and about those that share an aim with them, that had happened by the day."""

    def __init__(self, tx: Tx, programme: Programme, past: PastDay) -> None:
        self._session, self._group, self._past = tx.session, tx.actor.group_id, past
        rows, aims = _own(self._session, Audit, self._group), _own(self._session, Aim, self._group)
        mine = {number for number, row in rows.items() if row.programme_id == programme.id}
        self._near = mine | _sharing_an_aim(aims, mine)
        theirs = sa.select(Audit.id).where(Audit.id.in_(self._near))
        self._stood = stood(self._session, Audit.noun, theirs, past=past)
        self.audits = {number: row for number, row in rows.items() if number in self._stood}
        self._aims = {
            number: aim
            for number, aim in aims.items()
            if number in self._told(aim.audit_id, "add_aim", "aim")
        }
        self._agencies = _own(self._session, Agency, self._group)
        self._record_sets = _own(self._session, RecordSet, self._group)
        self._returns = self._read_returns()
        self._drawn, self._seen = self._by_audit(Case), self._by_audit(Finding)
        self._disseminated = self._by_audit(Dissemination)
        self._meeting_days = {one.id: one.on for one in meetings_by(tx, past)}

    def audit(self, audit: Audit, made: Recommended) -> AuditThen:
        """Give one audit."""
        then = self._stood[audit.id]
        returns = self._returns[audit.id]
        return AuditThen(
            reference=audit.reference,
            theme=audit.theme,
            source_kind=audit.source_kind,
            source=audit.source,
            scope=audit.scope,
            look_back_months=audit.look_back_months,
            state=then.state,
            meeting_on=self._meeting_day(then),
            held_on=then.day("held_on", kept=None),
            case_target=audit.case_target,
            cases=self._cases(audit.id),
            aims=tuple(aim.text for aim in self._aims_of(audit.id)),
            returns=_counted(returns),
            records_read=tuple(self._records_read(returns)),
            findings=self._findings(audit.id),
            strategic=made.strategic[audit.id],
            individual_practice=made.individual_practice[audit.id],
            spread=self._spread(audit.id, returns),
            re_audit_due_on=then.day("re_audit_due_on", kept=None),
        )

    def repeated_aims(self, audit_ids: set[int]) -> Iterable[RepeatedAim]:
        """Give the aims that more than one audit asked, one of these audits among them."""
        chains: dict[int, list[Aim]] = defaultdict(list)
        for aim in self._aims.values():
            chains[_first_asked(aim, self._aims)].append(aim)
        for chain in chains.values():
            if len(chain) > 1 and any(aim.audit_id in audit_ids for aim in chain):
                yield RepeatedAim(chain[0].text, tuple(self._asked_in(aim) for aim in chain))

    def _asked_in(self, aim: Aim) -> AskedIn:
        audit = self.audits[aim.audit_id]
        return AskedIn(audit.reference, audit.theme, _share(self._returns[audit.id], aim.id))

    def _aims_of(self, audit_id: int) -> list[Aim]:
        return sorted(
            (aim for aim in self._aims.values() if aim.audit_id == audit_id), key=lambda aim: aim.number
        )

    def _told(self, audit_id: int, trigger: str, name: str) -> frozenset[int]:
        then = self._stood.get(audit_id)
        return frozenset() if then is None else frozenset(then.told(trigger, name))

    def _meeting_day(self, then: Stood) -> date | None:
        named = [row["meeting_id"] for row in then.told("set_meeting", "row") if row.get("meeting_id")]
        return self._meeting_days.get(named[-1]) if named else None

    def _cases(self, audit_id: int) -> tuple[CaseCount, ...]:
        drawn = self._told(audit_id, "draw_case", "case")
        kinds = Counter(case.kind for case in self._drawn[audit_id] if case.id in drawn)
        return tuple(CaseCount(kind, number) for kind, number in kinds.items())

    def _findings(self, audit_id: int) -> FindingCounts:
        recorded = self._told(audit_id, "record_finding", "finding")
        kinds = Counter(one.kind for one in self._seen[audit_id] if one.id in recorded)
        return FindingCounts(kinds["strength"], kinds["area for development"], kinds["learning point"])

    def _spread(self, audit_id: int, returns: Iterable[_Return]) -> Spread:
        rows = [row for row in self._disseminated[audit_id] if row.on <= self._past.on]
        took_part = {one.agency_id for one in returns}
        return Spread(len(rows), len(took_part), sum(row.reached for row in rows))

    def _by_audit(self, table: type[OfAudit]) -> Mapping[int, list[OfAudit]]:
        """Read what belongs to these audits, by audit, in the order in which it was written."""
        query = sa.select(table).where(table.audit_id.in_(self._near)).order_by(table.id)
        found: dict[int, list[OfAudit]] = defaultdict(list)
        for row in self._session.scalars(query):
            found[row.audit_id].append(row)
        return found

    def _read_returns(self) -> Mapping[int, list[_Return]]:
        wanted = AgencyReturn.audit_id.in_(self._near)
        query = sa.select(AgencyReturn).where(wanted).order_by(AgencyReturn.id)
        rows = {row.id: row for row in self._session.scalars(query)}
        theirs = sa.select(AgencyReturn.id).where(wanted)
        found: dict[int, list[_Return]] = defaultdict(list)
        for number, then in stood(self._session, AgencyReturn.noun, theirs, past=self._past).items():
            row = rows[number]
            given: dict[int, str] = {}
            for answers in then.told("answer", "answers"):
                given |= {int(aim_id): answer for aim_id, answer in answers.items()}
            found[row.audit_id].append(
                _Return(
                    agency_id=row.agency_id,
                    record_set_id=row.record_set_id,
                    tool=row.tool,
                    state=then.state,
                    days_late=self._days_late(row, then),
                    has_come=then.first_day("submitted_on") is not None,
                    answers=given,
                    escalated_on=then.escalated_on(),
                )
            )
        return found

    def _days_late(self, row: AgencyReturn, then: Stood) -> int:
        """Count the days between the first due day and the first arrival, or the day of the report."""
        due_on = then.day("original_due_on", kept=row.original_due_on) or row.original_due_on
        came_on = then.first_day("submitted_on")
        if came_on is None:
            if then.state in SETTLED_RETURNS:
                return 0
            came_on = self._past.on
        return max((came_on - due_on).days, 0)

    def _records_read(self, returns: list[_Return]) -> Iterable[RecordsRead]:
        by_records: dict[int, list[_Return]] = defaultdict(list)
        for one in returns:
            by_records[one.record_set_id].append(one)
        for number in sorted(by_records):
            some = by_records[number]
            late = [one.days_late for one in some if one.days_late]
            escalated = [day for one in some if (day := one.escalated_on) is not None]
            yield RecordsRead(
                agency=self._agencies[some[0].agency_id].name,
                records=self._record_sets[number].name,
                tools=tuple(sorted({one.tool for one in some if one.tool and one.answers})),
                asked=len(some),
                late=len(late),
                waived=sum(one.state == "waived" for one in some),
                longest_delay=max(late, default=0),
                escalated_on=min(escalated, default=None),
            )


def _sharing_an_aim(aims: Mapping[int, Aim], audits: set[int]) -> set[int]:
    """Give the audits that asked an aim which one of these audits has asked too, before or after."""
    first = {number: _first_asked(aim, aims) for number, aim in aims.items()}
    shared = {first[number] for number, aim in aims.items() if aim.audit_id in audits}
    return {aim.audit_id for number, aim in aims.items() if first[number] in shared}


def _first_asked(aim: Aim, aims: Mapping[int, Aim]) -> int:
    # An aim can only repeat one that was there before, so that the way back ends.
    while aim.asks_again_id is not None and aim.asks_again_id in aims:
        aim = aims[aim.asks_again_id]
    return aim.id


def _own(session: Session, table: type[Row], group_id: int) -> dict[int, Row]:
    rows = session.scalars(sa.select(table).where(table.group_id == group_id).order_by(table.id))
    return {row.id: row for row in rows}


def _counted(returns: Iterable[_Return]) -> ReturnCounts:
    some = list(returns)
    states = Counter(one.state for one in some)
    return ReturnCounts(
        asked=len(some),
        accepted=states["accepted"],
        not_known=states["not_known"],
        waived=states["waived"],
        outstanding=sum(number for state, number in states.items() if state not in SETTLED_RETURNS),
        late=sum(one.days_late > 0 and one.has_come for one in some),
        overdue=sum(one.days_late > 0 and not one.has_come for one in some),
    )


def _share(returns: Iterable[_Return], aim_id: int) -> Share:
    """Count the answers to one aim as `share_of_yes` does: accepted returns, where the aim was applicable."""
    answers = [one.answers[aim_id] for one in returns if one.state == "accepted" and aim_id in one.answers]
    counted = [answer for answer in answers if answer != "not applicable"]
    return Share(counted.count("yes"), len(counted))
