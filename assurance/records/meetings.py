"""The group's meetings, and who is invited to them."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from assurance.records.rows import OfGroup
from engine.moved import Moved
from engine.store import Base


class Meeting(Moved, Base):
    """A meeting of the group: the clock by which it works.

    Calendars know it by its `uid`; `sequence` counts how often what they were told of it has changed.
    """

    __tablename__ = "meeting"
    __table_args__ = (sa.UniqueConstraint("group_id", "key"),)
    noun = "meeting"
    sealed_words = ("key", "uid")

    key: Mapped[str]
    title: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    on: Mapped[date]  # the civil day of `starts_at` in the group's zone
    place: Mapped[str]  # empty where none was said
    uid: Mapped[str]
    sequence: Mapped[int]


class Invitation(OfGroup, Base):
    """One person's invitation to one meeting: the newest number that they were told, and whether it still holds.

    The number never falls behind the meeting's own, and grows with every mail.
    """

    __tablename__ = "invitation"
    __table_args__ = (sa.UniqueConstraint("meeting_id", "person_id"),)

    meeting_id: Mapped[int] = mapped_column(sa.ForeignKey("meeting.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    sequence: Mapped[int]
    is_invited: Mapped[bool]


class Attendance(OfGroup, Base):
    """Who was at one meeting for one post: its holder, or somebody in their place, or nobody."""

    __tablename__ = "attendance"
    __table_args__ = (sa.UniqueConstraint("meeting_id", "post_id", "person_id"),)

    meeting_id: Mapped[int] = mapped_column(sa.ForeignKey("meeting.id"))
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))  # who holds the post
    presence: Mapped[str]  # there, deputy, apologies, absent
    deputy: Mapped[str]  # who came in their place, by name; empty where nobody did
