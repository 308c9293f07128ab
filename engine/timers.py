"""When must somebody look again: one row for each subject that is still waiting for time to pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from engine.moved import Ref
from engine.store import Base, Prepared


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


_CANCEL = Prepared(
    sa.delete(Timer).where(Timer.subject_kind == sa.bindparam("kind"), Timer.subject_id == sa.bindparam("id"))
)
_WAITING = Prepared(
    sa.select(Timer.subject_id)
    .where(
        Timer.subject_kind == sa.bindparam("kind"),
        Timer.group_id == sa.bindparam("the_group"),
        Timer.due_at > sa.bindparam("after", type_=Timer.due_at.type),
        Timer.due_at <= sa.bindparam("until", type_=Timer.due_at.type),
    )
    .order_by(Timer.subject_id)
)
_DUE = Prepared(
    sa.select(Timer.subject_kind, Timer.subject_id, Timer.group_id, Timer.due_at)
    .where(Timer.due_at <= sa.bindparam("at", type_=Timer.due_at.type))
    .order_by(Timer.due_at, Timer.subject_kind, Timer.subject_id)
    .limit(sa.bindparam("most"))
)


def arm(session: Session, refs: Sequence[Ref], *, group_id: int, due_at: datetime) -> None:
    """Have subjects of one group looked at when the instant has come; earlier appointments are replaced.

    One statement for all; no subject may be named twice. Always in one order, since those who move a subject
    re-arm what counts it too: two who took the same timers in different orders would wait for each other.
    """
    values: dict[str, object] = {"group_id": group_id, "due_at": due_at}
    for number, ref in enumerate(sorted(refs)):
        values |= {f"kind_{number}": ref.kind, f"id_{number}": ref.id}
    _arming(session.info["dialect"].name, len(refs)).run(session, values)


def appoint(session: Session, looks: Mapping[Ref, datetime | None], *, group_id: int) -> None:
    """Have each subject of one group looked at when its own instant has come, or no more; in the order of `arm`."""
    armed, cancelled = [], []
    for (kind, number), due_at in sorted(looks.items()):
        if due_at is None:
            cancelled.append({"kind": kind, "id": number})
        else:
            armed.append({"kind": kind, "id": number, "group_id": group_id, "due_at": due_at})
    _arming_one(session.info["dialect"].name).run_all(session, armed)
    _CANCEL.run_all(session, cancelled)


def cancel(session: Session, ref: Ref) -> None:
    """Have the subject looked at no more."""
    _CANCEL.run(session, {"kind": ref.kind, "id": ref.id})


def due(session: Session, *, at: datetime, most: int) -> tuple[Due, ...]:
    """Give the subjects whose instant has come, the longest waiting first."""
    return tuple(
        Due(Ref(kind, subject), group, due_at)
        for kind, subject, group, due_at in _DUE.rows(session, {"at": at, "most": most})
    )


def waiting(
    session: Session, kind: str, *, group_id: int, after: datetime, until: datetime
) -> tuple[Ref, ...]:
    """Give a group's subjects of one kind that are to be looked at later than one instant and not later than another."""
    bounds = {"kind": kind, "the_group": group_id, "after": after, "until": until}
    return tuple(Ref(kind, subject) for (subject,) in _WAITING.rows(session, bounds))


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
def _arming_one(dialect: str) -> Prepared:
    insert = sqlite_insert(Timer) if dialect == "sqlite" else postgresql_insert(Timer)
    due_at = sa.bindparam("due_at", type_=Timer.due_at.type)
    row = {
        "subject_kind": sa.bindparam("kind"),
        "subject_id": sa.bindparam("id"),
        "group_id": sa.bindparam("group_id"),
        "due_at": due_at,
    }
    key = ["subject_kind", "subject_id"]
    return Prepared(insert.values(row).on_conflict_do_update(index_elements=key, set_={"due_at": due_at}))
