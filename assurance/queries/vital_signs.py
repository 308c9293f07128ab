"""Whether an installation is well, as a monitor asks it every minute: a few cheap questions, and nothing personal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from assurance.migrate import NotOurs, is_behind, newest_shape, shape_of
from assurance.office import Office
from assurance.queries.health import (
    AHEAD,
    PATIENCE,
    due_timers,
    mails_by_state,
    missing_guards,
    newest_line_at,
    oldest_owed_at,
)
from assurance.releasing import why_no_mail_goes
from engine.fences import EVERY
from engine.ledger import Event
from engine.moved import Ref
from engine.proof import verify_one
from notifications.outbox import OWED, TROUBLED

WELL, UNWELL = "well", "unwell"


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that is asked: well or not, and a sentence that says what it is about."""

    name: str
    is_well: bool
    says: str


@dataclass(frozen=True, slots=True)
class VitalSigns:
    """All of them, at an instant; `owed` and `troubled` count mails, `due` subjects at which rules have to look."""

    at: datetime
    signs: tuple[Sign, ...]
    owed: int = 0
    troubled: int = 0
    due: int = 0

    @property
    def is_well(self) -> bool:
        """Say whether nothing is wrong."""
        return all(sign.is_well for sign in self.signs)

    def plain(self) -> dict[str, object]:
        """Give them as plain data for JSON."""
        told = {
            sign.name: {"state": WELL if sign.is_well else UNWELL, "says": sign.says} for sign in self.signs
        }
        counts = {"owed": self.owed, "not_arrived": self.troubled, "rules_due": self.due}
        state = WELL if self.is_well else UNWELL
        return {"state": state, "at": self.at.isoformat(timespec="seconds"), **told, "counts": counts}


def vital_signs(office: Office) -> VitalSigns:
    """Ask a database, a clock, the mail queue, the rules and the ledger how they are; a database that is gone is an answer."""
    now = office.clock.now()
    try:
        shape = _shape(office)
        return VitalSigns(now, (shape,)) if not shape.is_well else _asked(office, now, shape)
    except DBAPIError:
        return VitalSigns(now, (Sign("database", False, "The database does not answer."),))


def _shape(office: Office) -> Sign:
    try:
        shape = shape_of(office.store)
    except NotOurs:
        return Sign("database", False, "The database was written by another program, or by a newer version.")
    if is_behind(shape):
        return Sign(
            "database", False, "The database has an older shape than the program; it must be migrated."
        )
    if shape != newest_shape():
        return Sign("database", True, "The database answers; a newer version of the program has migrated it.")
    return Sign("database", True, "The database answers, and has the newest shape.")


def _asked(office: Office, now: datetime, shape: Sign) -> VitalSigns:
    dialect = office.store.db.dialect.name
    with office.store.reading(group=EVERY) as session:
        newest, oldest_mail = newest_line_at(session), oldest_owed_at(session)
        mails, (due, oldest_due) = mails_by_state(session), due_timers(session, now)
        ledger = _ledger(office, session, missing_guards(session, dialect))
        held = why_no_mail_goes(session)
    signs = (
        shape,
        _clock(newest, now),
        Sign("mail", False, held) if held else
        _waits("mail", oldest_mail, now, "Mail goes out in time.", "Mail has waited for an hour or more; nobody delivers it."),
        _waits("rules", oldest_due, now, "Rules look in time.", "Rules are an hour or more behind; nobody lets them look."),
        ledger,
    )  # fmt: skip
    return VitalSigns(
        now,
        signs,
        sum(mails.get(state, 0) for state in OWED),
        sum(mails.get(state, 0) for state in TROUBLED),
        due,
    )


def _clock(newest: datetime | None, now: datetime) -> Sign:
    is_right = newest is None or newest <= now + AHEAD
    says = "The clock is not behind the newest line of the history."
    return Sign("clock", is_right, says if is_right else "The newest line of the history lies in the future.")


def _waits(name: str, since: datetime | None, now: datetime, well: str, unwell: str) -> Sign:
    is_well = since is None or now - since <= PATIENCE
    return Sign(name, is_well, well if is_well else unwell)


def _ledger(office: Office, session: Session, missing: list[str]) -> Sign:
    """Ask whether the history is guarded, and whether the subject that was written of last is as it was sealed."""
    if missing:
        return Sign("ledger", False, "The database would let the history be changed: a guard is missing.")
    newest = sa.select(Event.subject_kind, Event.subject_id).order_by(Event.at.desc()).limit(1)
    row = session.execute(newest).first()
    if row is None:
        return Sign("ledger", True, "There is no history yet; the database guards it.")
    kind, number = row
    nouns = office.playbook.nouns
    if kind in nouns and verify_one(session, nouns[kind].table, Ref(kind, number)).faults:
        return Sign("ledger", False, "The newest part of the history is not as it was sealed.")
    return Sign("ledger", True, "The history is guarded, and its newest part is as it was sealed.")
