"""When must somebody look again: one row for each subject that is still waiting for time to pass."""

from __future__ import annotations

from datetime import datetime
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
    """A subject whose instant has come, and its group."""

    ref: Ref
    group_id: int


_KEY: dict[str, sa.BindParameter[object]] = {
    "subject_kind": sa.bindparam("kind"),
    "subject_id": sa.bindparam("id"),
}
_VALUES = {**_KEY, "group_id": sa.bindparam("group_id"), "due_at": sa.bindparam("due_at")}
_ARM = {
    "sqlite": Prepared(
        sqlite_insert(Timer)
        .values(_VALUES)
        .on_conflict_do_update(
            index_elements=list(_KEY), set_={"due_at": sa.bindparam("due_at", type_=Timer.due_at.type)}
        )
    ),
    "postgresql": Prepared(
        postgresql_insert(Timer)
        .values(_VALUES)
        .on_conflict_do_update(
            index_elements=list(_KEY), set_={"due_at": sa.bindparam("due_at", type_=Timer.due_at.type)}
        )
    ),
}
_CANCEL = Prepared(
    sa.delete(Timer).where(Timer.subject_kind == sa.bindparam("kind"), Timer.subject_id == sa.bindparam("id"))
)
_DUE = Prepared(
    sa.select(Timer.subject_kind, Timer.subject_id, Timer.group_id)
    .where(Timer.due_at <= sa.bindparam("at", type_=Timer.due_at.type))
    .order_by(Timer.due_at, Timer.subject_kind, Timer.subject_id)
    .limit(sa.bindparam("most"))
)


def arm(session: Session, ref: Ref, *, group_id: int, due_at: datetime) -> None:
    """Have the subject looked at when the instant has come; an earlier appointment is replaced."""
    statement = _ARM[session.info["dialect"].name]
    statement.run(session, {"kind": ref.kind, "id": ref.id, "group_id": group_id, "due_at": due_at})


def cancel(session: Session, ref: Ref) -> None:
    """Have the subject looked at no more."""
    _CANCEL.run(session, {"kind": ref.kind, "id": ref.id})


def due(session: Session, *, at: datetime, most: int) -> tuple[Due, ...]:
    """Give the subjects whose instant has come, the longest waiting first."""
    return tuple(
        Due(Ref(kind, subject), group)
        for kind, subject, group in _DUE.rows(session, {"at": at, "most": most})
    )
