"""A noun for tests of the engine, which knows none of its own: a leaf that buds, opens and falls."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from engine import bookmarks, timers
from engine.definitions import Definition
from engine.ledger import Line, Written, append
from engine.moved import Moved, Ref, Standing
from engine.store import Base, Store, UtcDateTime
from engine.workflow_file import content_hash
from engine.yamlfile import parse_yaml

# Importing a module is what registers its tables.
MODULES = (bookmarks, timers)
LEAF_TEXT = "workflow: leaf"
LEAF_HASH = content_hash(parse_yaml(LEAF_TEXT, file="leaf.yaml"))
SPRING = datetime(2015, 4, 7, 9, 30, tzinfo=UTC)


class LeafBase(DeclarativeBase):
    """A metadata of its own, so that no test table is ever taken for one of the house."""

    type_annotation_map = {datetime: UtcDateTime, str: sa.Text()}


class Leaf(Moved, LeafBase):
    """Something that moves and has a history."""

    __tablename__ = "leaf"
    noun = "leaf"

    colour: Mapped[str | None]
    falls_on: Mapped[date | None] = mapped_column()


sa.Table("tenant", LeafBase.metadata, sa.Column("id", sa.Integer, primary_key=True))
for name in ("definition", "event", "event_text", "timer", "bookmark"):
    Base.metadata.tables[name].to_metadata(LeafBase.metadata)


def plant(store: Store) -> None:
    """Make the tables afresh, and the group and the definition to which every leaf belongs."""
    LeafBase.metadata.drop_all(store.db)
    LeafBase.metadata.create_all(store.db)
    with store.begin() as session:
        session.execute(sa.text("INSERT INTO tenant (id) VALUES (1)"))
        session.add(Definition(kind="leaf", hash=LEAF_HASH, text=LEAF_TEXT, published_at=SPRING))


def bud(session: Session, **columns: Any) -> Ref:
    """Write a new leaf and the first line of its history."""
    leaf = Leaf(
        state="bud",
        state_since_on=SPRING.date(),
        version=0,
        material_version=0,
        head="",
        group_id=1,
        definition_id=1,
        **columns,
    )
    session.add(leaf)
    session.flush()
    ref = Ref("leaf", leaf.id)
    append(session, Leaf, standing(session, ref), Line("opened", SPRING, "person/1", data={"to": "bud"}))
    session.refresh(leaf)
    return ref


def standing(session: Session, ref: Ref) -> Standing:
    """Give where a leaf stands."""
    leaf = session.get_one(Leaf, ref.id, populate_existing=True)
    return Standing(ref, leaf.group_id, leaf.state, leaf.version, leaf.material_version, leaf.head, 1)


def write(session: Session, ref: Ref, line: Line) -> Written:
    """Write the next line of a leaf."""
    return append(session, Leaf, standing(session, ref), line)


def opened(**more: Any) -> Line:
    """A line with which a leaf opens and is green."""
    return Line(
        "moved",
        SPRING,
        "person/2",
        data={"from": "bud", "to": "open", "set": {"colour": "green"}},
        changes={"state": "open", "colour": "green"},
        **more,
    )
