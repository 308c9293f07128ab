"""What the rules leave behind beside the history: what holds them, what waits for a digest, which are in force."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from assurance.records.rows import OfGroup
from engine.moved import Moved
from engine.store import Base


class RuleHold(Moved, Base):
    """What keeps rules quiet until its last day, and who said so: a reply, an acknowledgement or a silence.

    Without a subject it holds for every subject, without a rule for every rule. In force while its state says so
    and its last day is not over.
    """

    __tablename__ = "hold"
    __table_args__ = (sa.Index("ix_hold_subject", "subject_kind", "subject_id"),)
    noun = "hold"
    sealed_words = ("kind", "subject_kind", "rule", "occasion")

    kind: Mapped[str]  # reply, acknowledgement, silence
    subject_kind: Mapped[str | None]
    subject_id: Mapped[int | None]
    audit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("audit.id"), index=True)
    agency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agency.id"), index=True)
    rule: Mapped[str | None]
    occasion: Mapped[str | None]
    placed_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    placed_on: Mapped[date]
    until_on: Mapped[date]
    looked_at_on: Mapped[date | None]  # the day on which the coordinator looked at a reply


class DigestItem(OfGroup, Base):
    """One reminder for one person's daily digest; whether it is still true is asked when the digest is written.

    `due_at` is the digest hour for which it was meant. It waits until a digest has told it (`told_in`, the key of
    that message) or until it is no longer true (`dropped_because`).
    """

    __tablename__ = "digest_item"
    __table_args__ = (
        sa.Index(
            "ix_digest_item_waiting",
            "group_id",
            "person_id",
            sqlite_where=sa.text("told_in IS NULL AND dropped_because IS NULL"),
            postgresql_where=sa.text("told_in IS NULL AND dropped_because IS NULL"),
        ),
        sa.Index("ix_digest_item_subject", "subject_kind", "subject_id"),
    )

    key: Mapped[str] = mapped_column(unique=True)  # the firing's key and the person
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    told_as: Mapped[str]  # the word of the rule by which this person is told
    subject_kind: Mapped[str]
    subject_id: Mapped[int]
    audit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("audit.id"))
    rule: Mapped[str]
    occasion: Mapped[str]
    number: Mapped[int]
    seq: Mapped[int]  # the line of the subject's history that says why
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    told_in: Mapped[str | None] = mapped_column(index=True)
    dropped_because: Mapped[str | None]


class AdoptedRule(OfGroup, Base):
    """One version of a rule that a group has taken into force: since when, by whom, and what became of its backlog.

    Never changed: of several rows of one rule the newest counts, also where it brings an earlier version back.
    """

    __tablename__ = "adopted_rule"
    __table_args__ = (sa.Index("ix_adopted_rule_rule", "group_id", "rule"),)

    rule: Mapped[str]
    hash: Mapped[str] = mapped_column(sa.String(64))
    text: Mapped[str]  # the entry of the rule file, as canonical JSON
    adopted_at: Mapped[datetime]
    adopted_by: Mapped[str]  # clock, or person/3
    backlog: Mapped[str]  # none, accepted, only_from
    only_from_on: Mapped[date | None]
    owed: Mapped[int]  # mails that its first look would owe
    passed_over: Mapped[int]  # occasions that were passed over


class RuleStamp(Base):
    """From which rules, calendar and hour the timers of one kind of subject were last reckoned.

    `stamp` is a SHA-256 over all of these: another one means that every timer has to be reckoned anew.
    """

    __tablename__ = "rule_stamp"

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("tenant.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    stamp: Mapped[str] = mapped_column(sa.String(64))
    reckoned_at: Mapped[datetime]


class DailySweep(Base):
    """The last day on which every subject of a group was looked at, due or not."""

    __tablename__ = "daily_sweep"

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("tenant.id"), primary_key=True)
    done_on: Mapped[date]
    done_at: Mapped[datetime]
