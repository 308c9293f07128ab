"""When must somebody look again: one row for each subject that is still waiting for time to pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.moved import Ref
from engine.prepared import Prepared
from engine.store import Base, among


class Timer(Base):
    """The next instant at which the rules of one subject may say something new."""

    __tablename__ = "timer"
    __table_args__ = (sa.Index("ix_timer_due", "due_at", "subject_kind", "subject_id"),)

    subject_kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("tenant.id"))
    due_at: Mapped[datetime]


class Due(NamedTuple):
    """A subject whose instant has come, its group, and that instant."""

    ref: Ref
    group_id: int
    due_at: datetime


class Appointment(NamedTuple):
    """A subject, the instant for which its timer was seen to be set, and the one for which it is to be set.

    Without an instant there was no timer, or there is to be none.
    """

    ref: Ref
    seen_at: datetime | None
    due_at: datetime | None


_CANCEL = Prepared(
    sa.delete(Timer).where(Timer.subject_kind == sa.bindparam("kind"), Timer.subject_id == sa.bindparam("id"))
)
_CANCEL_SEEN = Prepared(
    sa.delete(Timer).where(
        Timer.subject_kind == sa.bindparam("kind"),
        Timer.subject_id == sa.bindparam("id"),
        Timer.due_at == sa.bindparam("seen_at", type_=Timer.due_at.type),
    )
)
_SET = Prepared(
    sa.select(Timer.subject_id, Timer.due_at).where(
        Timer.subject_kind == sa.bindparam("kind"), among(Timer.subject_id, "ids")
    )
)
_HOLD = Prepared(
    sa.select(Timer.subject_id)
    .where(Timer.subject_kind == sa.bindparam("kind"), among(Timer.subject_id, "ids"))
    .order_by(Timer.subject_id)
    .with_for_update()
)
_WAITING = Prepared(
    sa.select(Timer.subject_id)
    .where(
        Timer.subject_kind == sa.bindparam("kind"),
        Timer.group_id == sa.bindparam("the_group"),
        Timer.due_at <= sa.bindparam("until", type_=Timer.due_at.type),
    )
    .order_by(Timer.subject_id)
)
_LINE = (Timer.due_at, Timer.subject_kind, Timer.subject_id)
_IN_LINE = (
    sa.select(Timer.subject_kind, Timer.subject_id, Timer.group_id, Timer.due_at)
    .where(Timer.due_at <= sa.bindparam("at", type_=Timer.due_at.type))
    .order_by(*_LINE)
    .limit(sa.bindparam("most"))
)
_DUE = Prepared(_IN_LINE)
_DUE_AFTER = Prepared(
    _IN_LINE.where(
        sa.tuple_(*_LINE)
        > sa.tuple_(
            sa.bindparam("due_at", type_=Timer.due_at.type),
            sa.bindparam("kind", type_=Timer.subject_kind.type),
            sa.bindparam("id", type_=Timer.subject_id.type),
        )
    )
)


def arm(session: Session, refs: Sequence[Ref], *, group_id: int, due_at: datetime) -> None:
    """Have subjects of one group looked at when the instant has come; earlier appointments are replaced.

    One statement for all; no subject may be named twice. Always in one order, since those who move a subject
    re-arm what counts it too: two who took the same timers in different orders would wait for each other.
    """
    values: dict[str, object] = {"group_id": group_id, "due_at": due_at}
    for number, ref in enumerate(sorted(refs)):
        values |= {f"kind_{number}": ref.kind, f"id_{number}": ref.id}
    _arming(session.info["dialect"].name, len(refs)).tell(session, values)


def appoint(session: Session, appointments: Sequence[Appointment], *, group_id: int) -> None:
    """Have each subject of one group looked at when its own instant has come, or no more; in the order of `arm`.

    Whoever was armed anew meanwhile, by somebody who has changed what counts, stays so: that look is still owed.
    """
    armed, cancelled = [], []
    for (kind, number), seen_at, due_at in sorted(appointments):
        values = {"kind": kind, "id": number, "seen_at": seen_at}
        if due_at is None:
            cancelled.append(values)
        else:
            armed.append({**values, "group_id": group_id, "due_at": due_at})
    if armed and cancelled and session.info["locks_rows"]:
        # Two statements would take them in two turns, and whoever arms some of both could wait for us in a circle.
        _hold(session, [appointment.ref for appointment in appointments])
    _appointing(session.info["dialect"].name).run_all(session, armed)
    _CANCEL_SEEN.run_all(session, cancelled)


def cancel(session: Session, ref: Ref) -> None:
    """Have the subject looked at no more."""
    _CANCEL.run(session, {"kind": ref.kind, "id": ref.id})


def due(session: Session, *, at: datetime, most: int, after: Due | None = None) -> tuple[Due, ...]:
    """Give the subjects whose instant has come, the longest waiting first; those that stand in line after one of them."""
    values: dict[str, object] = {"at": at, "most": most}
    if after is None:
        rows = _DUE.rows(session, values)
    else:
        place = {"due_at": after.due_at, "kind": after.ref.kind, "id": after.ref.id}
        rows = _DUE_AFTER.rows(session, values | place)
    return tuple(Due(Ref(kind, subject), group, due_at) for kind, subject, group, due_at in rows)


def set_for(session: Session, kind: str, subjects: Sequence[int]) -> dict[int, datetime]:
    """Give for which instants the timers of subjects of one kind are set; one without a timer is left out."""
    return dict(_SET.rows(session, {"kind": kind, "ids": list(subjects)}))


def waiting(session: Session, kind: str, *, group_id: int, until: datetime) -> tuple[Ref, ...]:
    """Give a group's subjects of one kind that are to be looked at until an instant; those whose own has come are some."""
    bounds = {"kind": kind, "the_group": group_id, "until": until}
    return tuple(Ref(kind, subject) for (subject,) in _WAITING.rows(session, bounds))


def _hold(session: Session, refs: Sequence[Ref]) -> None:
    """Hold the timers that are set for some subjects, in the order of `arm`."""
    for kind in sorted({ref.kind for ref in refs}):
        _HOLD.tell(session, {"kind": kind, "ids": [ref.id for ref in refs if ref.kind == kind]})


@cache
def _arming(dialect: str, number: int) -> Prepared:
    insert = sqlite_insert(Timer) if dialect == "sqlite" else postgresql_insert(Timer)
    # Types are named, because only the first row of several takes them from the table.
    due_at = sa.bindparam("due_at", type_=Timer.due_at.type)
    rows = [
        {
            "subject_kind": sa.bindparam(f"kind_{row}", type_=Timer.subject_kind.type),
            "subject_id": sa.bindparam(f"id_{row}", type_=Timer.subject_id.type),
            "group_id": sa.bindparam("group_id", type_=Timer.group_id.type),
            "due_at": due_at,
        }
        for row in range(number)
    ]
    key = ["subject_kind", "subject_id"]
    return Prepared(insert.values(rows).on_conflict_do_update(index_elements=key, set_={"due_at": due_at}))


@cache
def _appointing(dialect: str) -> Prepared:
    insert = sqlite_insert(Timer) if dialect == "sqlite" else postgresql_insert(Timer)
    due_at = sa.bindparam("due_at", type_=Timer.due_at.type)
    row = {
        "subject_kind": sa.bindparam("kind"),
        "subject_id": sa.bindparam("id"),
        "group_id": sa.bindparam("group_id"),
        "due_at": due_at,
    }
    is_as_seen = Timer.due_at == sa.bindparam("seen_at", type_=Timer.due_at.type)
    key = ["subject_kind", "subject_id"]
    return Prepared(
        insert.values(row).on_conflict_do_update(
            index_elements=key, set_={"due_at": due_at}, where=is_as_seen
        )
    )
