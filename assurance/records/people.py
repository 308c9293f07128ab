"""Who takes part: the group, its agencies and their records, people, and the posts that they hold."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from assurance.records.rows import OfGroup
from engine.store import Base


class Group(Base):
    """One sub group of one partnership. Every other row belongs to exactly one group."""

    __tablename__ = "tenant"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    board: Mapped[str]
    purpose: Mapped[str]
    functions: Mapped[str]  # one function a line
    frequency: Mapped[str]
    zone: Mapped[str]  # IANA name: what `today` means to the group
    note: Mapped[str]  # what whoever reads its reports must know, such as which parts are illustrative


class Agency(OfGroup, Base):
    """A partner agency."""

    __tablename__ = "agency"
    __table_args__ = (sa.UniqueConstraint("group_id", "key"),)

    key: Mapped[str]
    name: Mapped[str]
    closed_on: Mapped[date | None]  # from then on nothing new begins there


class Person(OfGroup, Base):
    """Somebody who takes part; what they may do follows from the posts that they hold."""

    __tablename__ = "person"
    __table_args__ = (sa.UniqueConstraint("group_id", "key"),)

    key: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]


class Post(OfGroup, Base):
    """A post in the group, in an agency or for the board; held by people between dates."""

    __tablename__ = "post"
    __table_args__ = (sa.UniqueConstraint("group_id", "key"),)

    key: Mapped[str]
    title: Mapped[str]
    role: Mapped[str]
    agency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agency.id"))
    is_member: Mapped[bool]  # sits in the group and is told at each stage
    closed_on: Mapped[date | None]


class PostHolding(OfGroup, Base):
    """A person holds a post from a day, until a day (the last day is included)."""

    __tablename__ = "post_holding"

    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    from_on: Mapped[date]
    until_on: Mapped[date | None]


class Absence(OfGroup, Base):
    """A person is away: what waits for them goes to the deputy meanwhile."""

    __tablename__ = "absence"

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    from_on: Mapped[date]
    until_on: Mapped[date]
    reason: Mapped[str]


class RecordSet(OfGroup, Base):
    """One collection of records that an agency answers for, such as its health visiting records."""

    __tablename__ = "record_set"
    __table_args__ = (sa.UniqueConstraint("group_id", "key"),)

    key: Mapped[str]
    name: Mapped[str]
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agency.id"), index=True)
    lead_post_id: Mapped[int | None] = mapped_column(sa.ForeignKey("post.id"))  # else the agency's lead
    # Whoever leads them has no account: with each request goes a link to the one return.
    answers_by_link: Mapped[bool] = mapped_column(server_default=sa.false())
    closed_on: Mapped[date | None]  # with their agency: no audit asks for returns from then on


class ClosedDay(OfGroup, Base):
    """A day on which the group does not work, on top of weekends and bank holidays."""

    __tablename__ = "closed_day"
    __table_args__ = (sa.UniqueConstraint("group_id", "day"),)

    day: Mapped[date]
    name: Mapped[str]
