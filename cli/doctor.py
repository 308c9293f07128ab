"""`auditloop doctor`: how an installation is, and what to do about what is not well."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from sqlalchemy.exc import DBAPIError

from assurance.config import BadSettings, Settings
from assurance.migrate import NotOurs, is_behind, shape_of
from assurance.playbook import Shelf, read_shelf
from assurance.queries.health import Seen, of_contents, of_database, of_definitions, of_settings
from cli.opening import FOUND, DatabaseOption, JsonOption, answering, file_of, settings_for, shown
from cli.shown import say, several, show_json, show_pairs
from cli.words import as_sentence
from engine.clock import SystemClock
from engine.errors import BadDefinition
from engine.fences import EVERY
from engine.store import open_store

PARTS = ("SQLAlchemy", "alembic", "transitions", "PyYAML", "APScheduler", "aiosmtplib", "holidays")


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
    yield from of_settings(settings)


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
            yield from of_database(store, file)
            shape = shape_of(store)
            advice = "Run `auditloop migrate`." if is_behind(shape) else ""
            yield Seen("Shape", shape or "no tables yet", advice)
            if not advice:
                with store.reading(group=EVERY) as session:
                    yield from of_contents(session, store.db.dialect.name, SystemClock().now())
                    if not isinstance(shelf, BadDefinition):
                        yield of_definitions(session, shelf)
        except NotOurs as error:
            yield Seen("Shape", "not one of ours", f"The database {where} {error}.")
        except DBAPIError as error:
            yield Seen("Database", "does not answer", f"{where}: {as_sentence(str(error.orig))}")
