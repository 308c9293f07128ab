"""Gives meetings a state, an end, a place and a history of their own, and keeps who is invited to them.

Meetings that are there already get the first line of their history here, in the same transaction: those whose day
has passed were held, the others are planned. They are pinned to the workflow as it was when this step was written.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from engine.clock import SystemClock
from engine.ledger import SEALED_COLUMNS, canonical, seal_of
from engine.store import UtcDateTime, instant_text

revision = "0010_meetings"
down_revision = "0009_two_clocks"
branch_labels = None
depends_on = None

# How long a meeting was that nobody said the end of.
USUAL_LENGTH = timedelta(hours=2)
WORKFLOW = """\
workflow: meeting
title: Meeting
about: A meeting of the group, and the day on which what was asked for before must be there.

states:
  planned:
    title: Planned
    about: The day stands, and the members are invited.
    starts: true
  held:
    title: Held
    about: The group has met.
    final: true
  cancelled:
    title: Cancelled
    about: The group did not meet; whoever was invited was told.
    final: true

moves:
  - trigger: move_meeting
    title: Move the meeting
    about: Returns whose day was reckoned from the meeting move with it; a day that somebody named stays.
    from: planned
    to: same
    by: [coordinator, chair, deputy_chair]
    needs:
      - new_on >= today: A meeting is moved to today or to a later day.
    ask:
      new_on: date
      starts: optional text
      ends: optional text
      place: optional text
      reason: optional text
    set: {on: new_on}
  - trigger: hold
    title: Record that the group has met
    from: planned
    to: held
    by: [coordinator, chair, deputy_chair]
    needs:
      - on <= today: The meeting is still to come.
  - trigger: cancel
    title: Cancel the meeting
    from: planned
    to: cancelled
    by: [coordinator, chair, deputy_chair]
    ask: {reason: text}
"""
WORKFLOW_HASH = "7c3564148d9cdce663f6467291fae320b849b55ec1d938c04d13b424bc27fe33"

_TENANTS = sa.table("tenant", sa.column("id"), sa.column("zone"))
_BEFORE = sa.table(
    "meeting",
    sa.column("id", sa.Integer()),
    sa.column("group_id", sa.Integer()),
    sa.column("key", sa.Text()),
    sa.column("title", sa.Text()),
    sa.column("at", UtcDateTime()),
    sa.column("on", sa.Date()),
)
_NEW: tuple[sa.Column[Any], ...] = (
    sa.Column("ends_at", UtcDateTime(), nullable=True),
    sa.Column("place", sa.Text(), nullable=True),
    sa.Column("uid", sa.Text(), nullable=True),
    sa.Column("sequence", sa.Integer(), nullable=True),
    sa.Column("state", sa.Text(), nullable=True),
    sa.Column("state_since_on", sa.Date(), nullable=True),
    sa.Column("version", sa.Integer(), nullable=True),
    sa.Column("material_version", sa.Integer(), nullable=True),
    sa.Column("head", sa.String(length=64), nullable=True),
    sa.Column("definition_id", sa.Integer(), nullable=True),
)
_AFTER = sa.table(
    "meeting",
    *(sa.column(name) for name in ("id", "group_id", "key", "title")),
    sa.column("starts_at", UtcDateTime()),
    sa.column("on", sa.Date()),
    *(sa.column(column.name, column.type) for column in _NEW),
)
_DEFINITIONS = sa.table(
    "definition",
    *(sa.column(name) for name in ("id", "kind", "hash", "text")),
    sa.column("published_at", UtcDateTime()),
)
_EVENTS = sa.table("event", *(sa.column(name) for name in (*SEALED_COLUMNS, "seal")))


def upgrade() -> None:
    """Take the step."""
    before = op.get_bind().execute(
        sa.select(_BEFORE, _TENANTS.c.zone)
        .join(_TENANTS, _TENANTS.c.id == _BEFORE.c.group_id)
        .order_by(_BEFORE.c.id)
    )
    rows = _with_histories(before.mappings().all())
    if op.get_bind().dialect.name == "sqlite":
        _make_anew(rows)
    else:
        _change(rows)
    op.create_table(
        "invitation",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("is_invited", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_invitation_group_id"),
        sa.ForeignKeyConstraint(["meeting_id"], ["meeting.id"], name="fk_invitation_meeting_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_invitation_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("meeting_id", "person_id", name="uq_invitation_meeting_id_person_id"),
    )
    op.create_index("ix_invitation_group_id", "invitation", ["group_id"], unique=False)
    op.add_column("audit", sa.Column("returns_due_before", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take the step back; the histories stay, since no history is ever deleted."""
    op.drop_column("audit", "returns_due_before")
    op.drop_index("ix_invitation_group_id", table_name="invitation")
    op.drop_table("invitation")
    if op.get_bind().dialect.name == "sqlite":
        _make_as_before()
        return
    op.drop_constraint("fk_meeting_definition_id", "meeting", type_="foreignkey")
    for column in _NEW:
        op.drop_column("meeting", column.name)
    op.alter_column("meeting", "starts_at", new_column_name="at")


def _with_histories(before: Any) -> list[dict[str, Any]]:
    """Give the rows as they are from now on, and write the first line of each one's history."""
    if not before:
        return []
    now = SystemClock().now()
    definition_id = _published(now)
    rows = []
    for old in before:
        today = now.astimezone(ZoneInfo(old["zone"])).date()
        row = {name: old[name] for name in ("id", "group_id", "key", "title", "on")}
        row |= {"starts_at": old["at"], "ends_at": old["at"] + USUAL_LENGTH, "place": "", "uid": str(uuid4())}
        row |= {"state": "held" if old["on"] < today else "planned", "state_since_on": today}
        row |= {"sequence": 0, "version": 1, "material_version": 1, "definition_id": definition_id}
        rows.append(row | {"head": _first_line(row, now)})
    return rows


def _published(now: datetime) -> int:
    """Keep the workflow to which these meetings are pinned, as it stood when they got their histories."""
    values = {"kind": "meeting", "hash": WORKFLOW_HASH, "text": WORKFLOW, "published_at": now}
    op.get_bind().execute(sa.insert(_DEFINITIONS).values(values))
    find = sa.select(_DEFINITIONS.c.id).where(_DEFINITIONS.c.hash == WORKFLOW_HASH)
    return int(op.get_bind().execute(find).scalar_one())


def _first_line(row: dict[str, Any], now: datetime) -> str:
    """Write the line that opens a meeting's history, and give its seal."""
    kept = ("key", "uid", "starts_at", "ends_at", "on", "sequence", "state_since_on", "definition_id")
    data = {
        "to": row["state"],
        "definition": WORKFLOW_HASH,
        "row": {name: _plain(row[name]) for name in kept},
        "set": {"on": row["on"].isoformat()},
        "taken_over": True,
    }
    line = (
        row["group_id"],
        "meeting",
        row["id"],
        1,
        "opened",
        instant_text(now),
        "clock",
        None,
        canonical(data),
    )
    seal = seal_of("", line)
    op.get_bind().execute(
        sa.insert(_EVENTS).values({**dict(zip(SEALED_COLUMNS, line, strict=True)), "seal": seal})
    )
    return seal


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _make_anew(rows: list[dict[str, Any]]) -> None:
    """Make the table again, since SQLite adds no column that must be filled to one that is there.

    What points at a meeting is asked at the end of the transaction, when they are all back.
    """
    op.execute("PRAGMA defer_foreign_keys=ON")
    op.execute("DELETE FROM meeting")
    op.drop_index("ix_meeting_group_id", table_name="meeting")
    op.drop_table("meeting")
    op.create_table(
        "meeting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        *(sa.Column(column.name, column.type, nullable=False) for column in _NEW),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name="fk_meeting_definition_id"),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_meeting_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_meeting"),
        sa.UniqueConstraint("group_id", "key", name="uq_meeting_group_id_key"),
    )
    op.create_index("ix_meeting_group_id", "meeting", ["group_id"], unique=False)
    if rows:
        op.bulk_insert(_AFTER, rows)


def _change(rows: list[dict[str, Any]]) -> None:
    op.alter_column("meeting", "at", new_column_name="starts_at")
    for column in _NEW:
        op.add_column("meeting", sa.Column(column.name, column.type, nullable=True))
    for row in rows:
        filled = {column.name: row[column.name] for column in _NEW}
        op.execute(sa.update(_AFTER).where(_AFTER.c.id == row["id"]).values(filled))
    for column in _NEW:
        op.alter_column("meeting", column.name, nullable=False)
    op.create_foreign_key("fk_meeting_definition_id", "meeting", "definition", ["definition_id"], ["id"])


def _make_as_before() -> None:
    kept = op.get_bind().execute(sa.select(_AFTER).order_by(_AFTER.c.id)).mappings().all()
    op.execute("PRAGMA defer_foreign_keys=ON")
    op.execute("DELETE FROM meeting")
    op.drop_index("ix_meeting_group_id", table_name="meeting")
    op.drop_table("meeting")
    op.create_table(
        "meeting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["tenant.id"], name="fk_meeting_group_id"),
        sa.PrimaryKeyConstraint("id", name="pk_meeting"),
        sa.UniqueConstraint("group_id", "key", name="uq_meeting_group_id_key"),
    )
    op.create_index("ix_meeting_group_id", "meeting", ["group_id"], unique=False)
    if kept:
        names = ("id", "group_id", "key", "title", "on")
        op.bulk_insert(
            _BEFORE, [{name: row[name] for name in names} | {"at": row["starts_at"]} for row in kept]
        )
