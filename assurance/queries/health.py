"""How an installation is: what was looked at, what is wrong with it, and what helps. Looking changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.config import Settings
from assurance.playbook import Shelf, open_playbook
from assurance.post import mailer_of
from assurance.queries.definitions import DefinitionRow, definitions
from assurance.reasons import moment_in_words
from assurance.records import Group, RemovedGroup
from assurance.releasing import why_no_mail_goes
from assurance.tables import MOVED
from engine.checkpoints import newest, spaced
from engine.errors import BadDefinition
from engine.fences import EVERY, role_of, unfenced
from engine.ledger import Event
from engine.signing import public_key_in
from engine.store import FIRST_SQLITE_WITH_SAFE_WAL, Store, sqlite_journal
from engine.timers import Timer
from notifications.outbox import OWED, TROUBLED, Message

TRIGGERS = {
    "sqlite": (
        "event_refuses_delete",
        "event_refuses_update",
        "account_event_refuses_delete",
        "account_event_refuses_update",
        "checkpoint_refuses_delete",
        "checkpoint_refuses_update",
        "removed_group_refuses_delete",
        "removed_group_refuses_update",
    ),
    "postgresql": (
        "event_refuses_change",
        "event_refuses_truncate",
        "account_event_refuses_change",
        "account_event_refuses_truncate",
        "checkpoint_refuses_change",
        "checkpoint_refuses_truncate",
        "removed_group_refuses_change",
        "removed_group_refuses_truncate",
    ),
}
PATIENCE = timedelta(hours=1)
OLD_CHECKPOINT = timedelta(days=2)
AHEAD = timedelta(minutes=5)  # by so much may two machines' clocks differ


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was looked at; `advice` is empty where all is well."""

    name: str
    value: str
    advice: str = ""


def of_settings(settings: Settings) -> Iterator[Seen]:
    """Say where mail goes, where it comes back, and whether files are scanned; no secret is written out."""
    yield _mail_way(settings)
    yield _returned(settings)
    yield _scanner(settings)
    yield _signing(settings)
    if settings.old_secrets:
        told = f"{_several(len(settings.old_secrets), 'old one')} still read; `auditloop keys rotate` says until when"
        yield Seen("Secret", told)


def of_database(store: Store, file: Path | None) -> Iterator[Seen]:
    """Say which database this is and whether what it acknowledges survives; `file` is that of an embedded one."""
    with store.reading(group=EVERY) as session:
        if file is None or store.db.dialect.name != "sqlite":
            answer = str(session.scalar(sa.text("SHOW server_version")))
            where = store.db.url.render_as_string(hide_password=True)
            yield Seen("Database", f"PostgreSQL {answer}, {where}")
            yield _fences(session)
            return
        size = file.stat().st_size / 1e6
        yield Seen("Database", f"SQLite {sqlite3.sqlite_version}, {file} ({size:.1f} MB)")
        first = ".".join(str(part) for part in FIRST_SQLITE_WITH_SAFE_WAL)
        journal = str(session.scalar(sa.text("PRAGMA journal_mode"))).upper()
        why = (
            f"safe with several connections from SQLite {first} on"
            if journal == "WAL"
            else f"since SQLite before {first} can damage a write-ahead log"
        )
        wrong = "" if journal == sqlite_journal() else f"It should be {sqlite_journal()}; open it again."
        yield Seen("Journal", f"{journal}, {why}", wrong)
        level = session.scalar(sa.text("PRAGMA synchronous"))
        safe = "FULL: an acknowledged change survives a power cut"
        yield Seen(
            "Synchronous", safe if level == 2 else str(level), "" if level == 2 else "It must be FULL."
        )


def _fences(session: Session) -> Seen:
    """Say whether the database itself keeps groups apart, as whom the program works, and what that role could undo."""
    role, open_ones = role_of(session), unfenced(session)
    if role.passes:
        advice = (
            f"{role.name} is a superuser or has BYPASSRLS, so that PostgreSQL keeps no groups apart for it. Run the "
            "program as another role: `auditloop migrate --database OWNER --runtime-role ROLE` lets one in."
        )
        return Seen("Fences", f"do not hold {role.name}", advice)
    if open_ones:
        return Seen(
            "Fences", f"missing around {', '.join(open_ones)}", "Run `auditloop migrate` as their owner."
        )
    owns = " (it owns the tables and could take them down; `migrate --runtime-role` lets in one that cannot)"
    return Seen("Fences", f"PostgreSQL keeps groups apart for {role.name}{owns if role.owns else ''}")


def of_contents(session: Session, dialect: str, now: datetime) -> Iterator[Seen]:
    """Say how the guards, the groups, the history, the mail and the timers are, of all groups."""
    yield guards(session, dialect)
    removed = set(session.scalars(sa.select(RemovedGroup.group_id)))
    for group in session.scalars(sa.select(Group).order_by(Group.id)):
        local = moment_in_words(now.astimezone(ZoneInfo(group.zone)))
        advice = "It stands in the log of removed groups, so that the database would let go of its history. Who wrote that?"
        told = f"{group.key}: {group.name}; there it is {local} ({group.zone})"
        yield Seen("Group", told, advice if group.id in removed else "")
    yield of_history(session)
    yield from of_checkpoints(session, now)
    yield from of_days(session, now)


def of_history(session: Session, *, group: int | None = None) -> Seen:
    """Count all lines and all subjects; a long history takes its time.

    `group` leaves those of one group, here and below: what others have is nothing for its administrators.
    """
    lines = _number(session, Event, group)
    subjects = sum(_number(session, table, group) for table in MOVED)
    return Seen("History", f"{_several(lines, 'line')} of {_several(subjects, 'subject')}")


def of_checkpoints(session: Session, now: datetime, *, group: int | None = None) -> Iterator[Seen]:
    """Say how old the newest checkpoint of each group is, and its fingerprint."""
    query = sa.select(Group).order_by(Group.id)
    for row in session.scalars(query if group is None else query.where(Group.id == group)):
        last = newest(session, group_id=row.id)
        if last is None:
            yield Seen("Checkpoint", f"none was ever taken of {row.key}")
            continue
        told = f"{last.number} of {row.key}, taken {_minute(last.taken_at)}: {spaced(last.fingerprint)}"
        advice = "Nobody takes one any more: run `auditloop checkpoint`, or see why the daily look does not."
        yield Seen("Checkpoint", told, advice if now - last.taken_at > OLD_CHECKPOINT else "")


def of_days(session: Session, now: datetime, *, group: int | None = None) -> Iterator[Seen]:
    """Say what changes from day to day, in a few cheap questions: the newest line, the mail, the timers."""
    newest = newest_line_at(session, group=group)
    if newest is not None and newest > now + AHEAD:
        advice = "It lies in the future: is this machine's clock right? (A demo may run ahead.)"
        yield Seen("Newest line", f"{newest:%Y-%m-%d %H:%M} UTC", advice)
    yield from _mail(session, now, group)
    yield _timers(session, now, group)


def of_definitions(session: Session, shelf: Shelf) -> Seen:
    """Say whether what runs goes by the files as they are; that it does not is nothing wrong."""
    try:
        rows = definitions(session, open_playbook(session, shelf, base_url=""))
    except BadDefinition as bad:
        return Seen("Running", "cannot be told", f"{_ended(str(bad))} Run `auditloop verify`.")
    return of_running(rows)


def of_running(rows: Sequence[DefinitionRow]) -> Seen:
    """Say by which definitions what runs goes, as these rows count it."""
    earlier = sum(row.running for row in rows if not row.on_shelf)
    told = "goes by the workflows of the files"
    if earlier:
        others = "goes by an earlier one" if earlier == 1 else "go by earlier ones"
        told = f"{_several(earlier, 'subject')} {others}; `auditloop definitions plan` tells more"
    return Seen("Running", told)


def missing_guards(session: Session, dialect: str) -> list[str]:
    """Name the triggers that keep the history, also that of accounts, from being changed, and are not there."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if dialect == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    there = {str(name) for name in session.scalars(sa.text(query))}
    return [name for name in TRIGGERS[dialect] if name not in there]


def newest_line_at(session: Session, *, group: int | None = None) -> datetime | None:
    """Give the instant of the newest line of the history, of all groups or one; None where there is no history yet."""
    newest = session.scalar(sa.select(sa.func.max(Event.at)).where(*_own(Event, group)))
    return None if newest is None else datetime.fromisoformat(newest)


def oldest_owed_at(session: Session, *, group: int | None = None) -> datetime | None:
    """Give the first instant from which an unsent mail may go, of all groups or one; None where none is owed."""
    # What is owed was never sent; said here too, so that the index of what is unsent serves.
    owed = sa.and_(Message.state.in_(OWED), Message.sent_at.is_(None))
    return session.scalar(sa.select(sa.func.min(Message.not_before)).where(owed, *_own(Message, group)))


def mails_by_state(session: Session, *, group: int | None = None) -> dict[str, int]:
    """Count the mails of all groups, or of one, by state."""
    query = sa.select(Message.state, sa.func.count()).where(*_own(Message, group))
    return dict(session.execute(query.group_by(Message.state).order_by(Message.state)).all())


def due_timers(session: Session, now: datetime, *, group: int | None = None) -> tuple[int, datetime | None]:
    """Count the subjects at which rules have to look, and say since when the first of them waits."""
    is_due = (Timer.due_at <= now, *_own(Timer, group))
    due = session.scalar(sa.select(sa.func.count()).select_from(Timer).where(*is_due)) or 0
    return due, session.scalar(sa.select(sa.func.min(Timer.due_at)).where(*is_due)) if due else None


def _mail_way(settings: Settings) -> Seen:
    if settings.smtp_url is None:
        # Not opened: that would make the folder, and whoever looks changes nothing.
        if settings.maildir.exists() and not settings.maildir.is_dir():
            return Seen("Mail", "cannot be kept", f"{settings.maildir} is not a folder; set AUDITLOOP_VAR.")
        return Seen("Mail", f"goes into the folder {settings.maildir}, since AUDITLOOP_SMTP_URL is not set")
    try:
        mailer_of(settings)
    except ValueError as error:
        return Seen("Mail", "cannot be sent", f"AUDITLOOP_SMTP_URL: {_ended(str(error))}")
    return Seen("Mail", f"goes to {settings.smtp_url.rpartition('@')[2]}, from {settings.mail_from}")


def _returned(settings: Settings) -> Seen:
    name = "Returned mail"
    if settings.bounces is None:
        return Seen(name, f"comes back to {settings.mail_from}; nothing here reads it")
    where = settings.bounce_box
    if where is None:
        return Seen(
            name, f"comes back to {settings.bounces}", "Set AUDITLOOP_BOUNCE_BOX, so that it is read."
        )
    if "://" in where:
        return Seen(name, f"comes back to {settings.bounces}, read from {where.rpartition('@')[2]}")
    missing = [part for part in ("new", "cur") if not (Path(where) / part).is_dir()]
    advice = f"{where} is not a maildir: it has no folder {' or '.join(missing)}." if missing else ""
    return Seen(name, f"comes back to {settings.bounces}, read from {where}", advice)


def _scanner(settings: Settings) -> Seen:
    if not settings.scanner:
        return Seen("Files", "are taken in without a scan for viruses, since AUDITLOOP_SCANNER is not set")
    return Seen("Files", f"are scanned with {settings.scanner[0]} before they are taken in")


def _signing(settings: Settings) -> Seen:
    if settings.signing_key is None:
        return Seen("Checkpoints", "are not taken, since AUDITLOOP_SIGNING_KEY is not set")
    try:
        public = public_key_in(settings.signing_key.read_bytes())
    except (OSError, ValueError):
        advice = (
            f"{settings.signing_key} holds no key that can be read; `auditloop keys make FILE` makes one."
        )
        return Seen("Checkpoints", "cannot be signed", advice)
    where = (
        "the database only" if settings.checkpoints is None else f"the database and {settings.checkpoints}"
    )
    return Seen("Checkpoints", f"are signed with the key {public}, and go into {where}")


def guards(session: Session, dialect: str) -> Seen:
    """Say whether the database refuses to change the history."""
    missing = missing_guards(session, dialect)
    if missing:
        advice = f"The database would let the history be changed: {', '.join(missing)} is missing. Who took it out?"
        return Seen("Guards", f"{', '.join(missing)} missing", f"{advice} Run `auditloop verify`.")
    return Seen("Guards", "the database refuses to change or delete a line of the history")


def _mail(session: Session, now: datetime, group: int | None) -> Iterator[Seen]:
    states = mails_by_state(session, group=group)
    told = ", ".join(f"{number:,} {state}" for state, number in states.items()) or "none yet"
    troubled = sum(states.get(state, 0) for state in TROUBLED)
    lists = " and ".join(f"`auditloop list mails --state {state}`" for state in TROUBLED if states.get(state))
    advice = f"{_several(troubled, 'mail')} did not arrive; see {lists}, and `auditloop resend`."
    yield Seen("Mails", told, advice if troubled else "")
    held = why_no_mail_goes(session)
    if held:
        yield Seen("Held mail", "no mail goes since a restore", held)
    oldest = oldest_owed_at(session, group=group)
    if oldest is not None and not held:
        advice = "Nobody delivers: run `auditloop deliver`, or keep `auditloop serve` running."
        yield Seen("Oldest owed mail", _minute(oldest), advice if now - oldest > PATIENCE else "")


def _timers(session: Session, now: datetime, group: int | None) -> Seen:
    due, oldest = due_timers(session, now, group=group)
    if oldest is None:
        return Seen("Rules", "nothing waits to be looked at")
    advice = "Nobody looks: run `auditloop sweep`, or keep `auditloop serve` running."
    value = f"{_several(due, 'subject')} to be looked at, the first since {_minute(oldest)}"
    return Seen("Rules", value, advice if now - oldest > PATIENCE else "")


def _own(table: type[Any], group: int | None) -> tuple[sa.ColumnElement[bool], ...]:
    return () if group is None else (table.group_id == group,)


def _number(session: Session, table: type[Any], group: int | None) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(table).where(*_own(table, group))) or 0


def _several(number: int, what: str) -> str:
    return f"{number:,} {what if number == 1 else f'{what}s'}"


def _ended(text: str) -> str:
    line = " ".join(text.split())
    return line if line.endswith((".", "?", "!")) else f"{line}."


def _minute(at: datetime) -> str:
    return f"{at.day} {at:%b %Y, %H:%M} UTC"
