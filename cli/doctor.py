"""`auditloop doctor`: how an installation is, and what to do about what is not well."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
import typer
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from assurance.config import BadSettings, Settings
from assurance.migrate import NotOurs, newest_shape, shape_of
from assurance.playbook import Shelf, open_playbook, read_shelf
from assurance.post import mailer_of
from assurance.queries.definitions import definitions
from assurance.records import Group
from assurance.tables import MOVED
from cli.opening import FOUND, DatabaseOption, JsonOption, answering, file_of, settings_for, shown
from cli.shown import in_words, say, several, show_json, show_pairs
from cli.words import as_sentence
from engine.clock import SystemClock
from engine.errors import BadDefinition
from engine.ledger import Event
from engine.proof import checkpoint
from engine.store import FIRST_SQLITE_WITH_SAFE_WAL, Store, open_store, sqlite_journal
from engine.timers import Timer
from notifications.outbox import OWED, TROUBLED, Message

PARTS = ("SQLAlchemy", "alembic", "transitions", "PyYAML", "APScheduler", "aiosmtplib", "holidays")
TRIGGERS = {
    "sqlite": ("event_refuses_delete", "event_refuses_update"),
    "postgresql": ("event_refuses_change",),
}
PATIENCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that was looked at; `advice` is empty where all is well."""

    name: str
    value: str
    advice: str = ""


def doctor(as_json: JsonOption = False, database: DatabaseOption = None) -> None:
    """Say how this installation is: versions, settings, definitions, database, history, mail, clock.

    It changes nothing. Whatever needs somebody is marked and comes with the command that helps.

    Ends with 1 when something needs somebody.

    Examples: auditloop doctor; auditloop doctor --json --database var/auditloop.sqlite
    """
    with answering(as_json=as_json):
        seen = list(_examine(database))
    unwell = [one for one in seen if one.advice]
    if as_json:
        show_json(seen)
    else:
        show_pairs([(one.name, one.value) for one in seen])
        for one in unwell:
            say(f"\n{one.name}: {one.advice}", style="bold")
        if not unwell:
            say("\nAll is well.")
    if unwell:
        raise typer.Exit(FOUND)


def _examine(database: str | None) -> Iterator[Seen]:
    yield Seen("auditloop", version_of("auditloop"))
    yield Seen("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield Seen("Parts", ", ".join(f"{part} {version_of(part)}" for part in PARTS))
    yield _zones()
    yield Seen("Clock", f"{SystemClock().now():%Y-%m-%d %H:%M:%S} UTC")
    try:
        settings = settings_for(database)
    except BadSettings as bad:
        yield Seen("Settings", "cannot be used", " ".join(bad.problems))
        return
    yield from _settings(settings)
    shelf = _shelf(settings)
    yield _definitions(settings, shelf)
    yield from _database(settings, shelf)


def _zones() -> Seen:
    try:
        ZoneInfo("Europe/London")
    except ZoneInfoNotFoundError:
        return Seen("Time zones", "none", "Install the package tzdata: the group's days cannot be told.")
    try:
        return Seen("Time zones", f"tzdata {version_of('tzdata')}")
    except PackageNotFoundError:
        return Seen("Time zones", "those of the system")


def _settings(settings: Settings) -> Iterator[Seen]:
    given = sorted(name for name in os.environ if name.startswith("AUDITLOOP_"))
    yield Seen("Settings", f"from {', '.join(given)}" if given else "the usual ones, none is set")
    yield _mail_way(settings)
    yield _returned(settings)


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


def _mail_way(settings: Settings) -> Seen:
    if settings.smtp_url is None:
        # Not opened: that would make the folder, and whoever looks changes nothing.
        if settings.maildir.exists() and not settings.maildir.is_dir():
            return Seen("Mail", "cannot be kept", f"{settings.maildir} is not a folder; set AUDITLOOP_VAR.")
        return Seen("Mail", f"goes into the folder {settings.maildir}, since AUDITLOOP_SMTP_URL is not set")
    try:
        mailer_of(settings)
    except ValueError as error:
        return Seen("Mail", "cannot be sent", f"AUDITLOOP_SMTP_URL: {as_sentence(str(error))}")
    return Seen("Mail", f"goes to {settings.smtp_url.rpartition('@')[2]}, from {settings.mail_from}")


def _shelf(settings: Settings) -> Shelf | BadDefinition:
    """Read the files, or give what is wrong with them."""
    try:
        return read_shelf(settings.workflows, settings.rules)
    except BadDefinition as bad:
        return bad


def _definitions(settings: Settings, shelf: Shelf | BadDefinition) -> Seen:
    folders = ", ".join(str(folder) for folder in (*settings.workflows, *settings.rules))
    if isinstance(shelf, BadDefinition):
        found = several(len(shelf.problems), "mistake")
        return Seen("Definitions", f"{found} in {folders}", "Run `auditloop check`.")
    read = f"{several(len(shelf.workflows), 'workflow')}, {several(len(shelf.book.rules), 'rule')}"
    clock = f"looking at {shelf.book.clock.look_at:%H:%M} by the calendar {shelf.book.clock.calendar}"
    return Seen("Definitions", f"{read}, {clock}; from {folders}")


def _database(settings: Settings, shelf: Shelf | BadDefinition) -> Iterator[Seen]:
    file, where = file_of(settings), shown(settings.database)
    if file is not None and not file.is_file():
        advice = "Run `auditloop demo` for the example year, or `auditloop migrate` for an empty database."
        yield Seen("Database", f"{file} is not there", advice)
        return
    with closing(open_store(settings.database)) as store:
        try:
            yield from _kind_of(store, file)
            shape, newest = shape_of(store), newest_shape()
            yield Seen(
                "Shape", shape or "no tables yet", "" if shape == newest else "Run `auditloop migrate`."
            )
            if shape == newest:
                with store.reading() as session:
                    yield from _contents(store, session)
                    yield from _followed(session, shelf)
        except NotOurs as error:
            yield Seen("Shape", "not one of ours", f"The database {where} {error}.")
        except DBAPIError as error:
            yield Seen("Database", "does not answer", f"{where}: {as_sentence(str(error.orig))}")


def _kind_of(store: Store, file: Path | None) -> Iterator[Seen]:
    with store.reading() as session:
        if file is None or store.db.dialect.name != "sqlite":
            answer = str(session.scalar(sa.text("SHOW server_version")))
            yield Seen(
                "Database", f"PostgreSQL {answer}, {store.db.url.render_as_string(hide_password=True)}"
            )
            return
        yield Seen(
            "Database", f"SQLite {sqlite3.sqlite_version}, {file} ({file.stat().st_size / 1e6:.1f} MB)"
        )
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


def _contents(store: Store, session: Session) -> Iterator[Seen]:
    now = SystemClock().now()
    yield _triggers(store, session)
    for group in session.scalars(sa.select(Group).order_by(Group.id)):
        local = now.astimezone(ZoneInfo(group.zone))
        yield Seen("Group", f"{group.key}: {group.name}; there it is {in_words(local)} ({group.zone})")
    yield from _history(session, now)
    yield from _mail(session, now)
    yield _timers(session, now)


def _followed(session: Session, shelf: Shelf | BadDefinition) -> Iterator[Seen]:
    """Say whether what runs goes by the files as they are; that it does not is nothing wrong."""
    if isinstance(shelf, BadDefinition):
        return
    try:
        rows = definitions(session, open_playbook(session, shelf, base_url=""))
    except BadDefinition as bad:
        yield Seen("Running", "cannot be told", f"{as_sentence(str(bad))} Run `auditloop verify`.")
        return
    earlier = sum(row.running for row in rows if not row.on_shelf)
    told = "goes by the workflows of the files"
    if earlier:
        others = "goes by an earlier one" if earlier == 1 else "go by earlier ones"
        told = f"{several(earlier, 'subject')} {others}; `auditloop definitions plan` tells more"
    yield Seen("Running", told)


def _triggers(store: Store, session: Session) -> Seen:
    dialect = store.db.dialect.name
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if dialect == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    there = {str(name) for name in session.scalars(sa.text(query))}
    missing = [name for name in TRIGGERS[dialect] if name not in there]
    if missing:
        advice = f"The database would let the history be changed: {', '.join(missing)} is missing. Who took it out?"
        return Seen("Guards", f"{', '.join(missing)} missing", f"{advice} Run `auditloop verify`.")
    return Seen("Guards", "the database refuses to change or delete a line of the history")


def _history(session: Session, now: datetime) -> Iterator[Seen]:
    lines = session.scalar(sa.select(sa.func.count()).select_from(Event)) or 0
    subjects = sum(session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in MOVED)
    yield Seen("History", f"{several(lines, 'line')} of {several(subjects, 'subject')}")
    yield Seen("Checkpoint", f"{checkpoint(session, MOVED)[:32]} over the newest seals of all subjects")
    newest = session.scalar(sa.select(sa.func.max(Event.at)))
    if newest is not None and datetime.fromisoformat(newest) > now + timedelta(minutes=5):
        yield Seen(
            "Newest line",
            str(newest),
            "It lies in the future: is this machine's clock right? (A demo may run ahead.)",
        )


def _mail(session: Session, now: datetime) -> Iterator[Seen]:
    query = sa.select(Message.state, sa.func.count()).group_by(Message.state).order_by(Message.state)
    states = dict(session.execute(query).all())
    told = ", ".join(f"{number:,} {state}" for state, number in states.items()) or "none yet"
    troubled = sum(states.get(state, 0) for state in TROUBLED)
    lists = " and ".join(f"`auditloop list mails --state {state}`" for state in TROUBLED if states.get(state))
    advice = f"{several(troubled, 'mail')} did not arrive; see {lists}, and `auditloop resend`."
    yield Seen("Mails", told, advice if troubled else "")
    oldest = session.scalar(sa.select(sa.func.min(Message.not_before)).where(Message.state.in_(OWED)))
    if oldest is not None:
        waits = now - oldest > PATIENCE
        advice = "Nobody delivers: run `auditloop deliver`, or keep `auditloop serve` running."
        yield Seen("Oldest owed mail", in_words(oldest), advice if waits else "")


def _timers(session: Session, now: datetime) -> Seen:
    due = session.scalar(sa.select(sa.func.count()).select_from(Timer).where(Timer.due_at <= now)) or 0
    oldest = session.scalar(sa.select(sa.func.min(Timer.due_at)))
    if not due or oldest is None:
        return Seen("Rules", "nothing waits to be looked at")
    advice = "Nobody looks: run `auditloop sweep`, or keep `auditloop serve` running."
    value = f"{several(due, 'subject')} to be looked at, the first since {in_words(oldest)}"
    return Seen("Rules", value, advice if now - oldest > PATIENCE else "")
