"""What a story has left behind, counted from the database itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.digest import TEMPLATE as DIGEST
from assurance.records import (
    Action,
    AgencyReturn,
    Aim,
    Approval,
    Audit,
    Case,
    Finding,
    ImmediateConcern,
    Matter,
    ProgressNote,
    Recommendation,
)
from engine.fences import EVERY
from engine.ledger import Event
from engine.store import Store
from notifications.outbox import OWED, Message, State

_STANDS = Message.state != State.WITHDRAWN


@dataclass(frozen=True, slots=True)
class Summary:
    """How many there are of each; `by_state` says for each noun how many stand in which state.

    `mails` are those that were sent or are owed, and `digests` those among them; withdrawn ones are no mails.
    """

    audits: int
    cases: int
    aims: int
    findings: int
    recommendations: int
    returns: int
    actions: int
    approvals: int
    concerns: int
    progress_notes: int
    matters: int
    mails: int
    mails_owed: int
    mails_withdrawn: int
    digests: int
    escalations: int
    reminders: int
    events: int
    by_state: dict[str, dict[str, int]]

    def plain(self) -> dict[str, Any]:
        """Give the counts as plain data."""
        return asdict(self)


def summary(store: Store) -> Summary:
    """Count what there is in a database."""
    with store.reading(group=EVERY) as session:
        fired = _fired(session)
        return Summary(
            audits=_count(session, Audit),
            cases=_count(session, Case),
            aims=_count(session, Aim),
            findings=_count(session, Finding),
            recommendations=_count(session, Recommendation),
            returns=_count(session, AgencyReturn),
            actions=_count(session, Action),
            approvals=_count(session, Approval),
            concerns=_count(session, ImmediateConcern),
            progress_notes=_count(session, ProgressNote),
            matters=_count(session, Matter),
            mails=_count(session, Message, _STANDS),
            mails_owed=_count(session, Message, Message.state.in_(OWED)),
            mails_withdrawn=_count(session, Message, sa.not_(_STANDS)),
            digests=_count(session, Message, _STANDS, Message.template == DIGEST),
            escalations=fired.get("escalation", 0) + fired.get("urgent", 0),
            reminders=fired.get("reminder", 0),
            events=_count(session, Event),
            by_state={
                table.noun: _by_state(session, table)
                for table in (Audit, AgencyReturn, Recommendation, Action, Approval, ImmediateConcern)
            }
            | _matters_by_state(session),
        )


def _count(session: Session, table: Any, *where: Any) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0


def _by_state(session: Session, table: Any) -> dict[str, int]:
    query = sa.select(table.state, sa.func.count()).group_by(table.state).order_by(table.state)
    return dict(session.execute(query).all())


def _matters_by_state(session: Session) -> dict[str, dict[str, int]]:
    query = sa.select(Matter.kind, Matter.state, sa.func.count()).group_by(Matter.kind, Matter.state)
    found: dict[str, dict[str, int]] = {}
    for kind, state, number in session.execute(query.order_by(Matter.kind, Matter.state)):
        found.setdefault(kind, {})[state] = number
    return found


def _fired(session: Session) -> dict[str, int]:
    found: dict[str, int] = {}
    for data in session.scalars(sa.select(Event.data).where(Event.kind == "fired")):
        severity = json.loads(data)["severity"]
        found[severity] = found.get(severity, 0) + 1
    return found
