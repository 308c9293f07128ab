"""Links in mails with which somebody can do one thing without signing in, and each use that was made of them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from assurance.records.rows import OfGroup
from engine.store import Base


class MailLink(OfGroup, Base):
    """One link for one person and one subject: to answer a return, or to confirm an action once.

    Of the link itself only a fingerprint is kept, and the blank in place of which it is put into letters. Whoever opens
    it acts for this person, as long as they hold the post for which they got it, and have the address to which it went.
    """

    __tablename__ = "mail_link"
    __table_args__ = (sa.Index("ix_mail_link_subject", "subject_kind", "subject_id"),)

    purpose: Mapped[str]  # return, confirm
    subject_kind: Mapped[str]
    subject_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)  # SHA-256 of the whole link
    to_address: Mapped[str | None]
    blank: Mapped[str | None]
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]  # a link that serves once has served
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))


class LinkUse(OfGroup, Base):
    """One use of a link: when, and what was done with it."""

    __tablename__ = "link_use"

    link_id: Mapped[int] = mapped_column(sa.ForeignKey("mail_link.id"), index=True)
    at: Mapped[datetime]
    what: Mapped[str]  # opened, answered, submitted, confirmed, ...
