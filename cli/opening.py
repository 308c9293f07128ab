"""What every command shares: its options, the opening of the database, and a sentence and a number for each way to fail."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import sqlalchemy as sa
import typer
from sqlalchemy.exc import DBAPIError

from assurance.access import Viewer, viewer_of
from assurance.calling import calling_at_the_end
from assurance.config import BadSettings, Settings, settings_from
from assurance.migrate import NotOurs, is_behind, newest_shape, shape_of
from assurance.office import Actor, Office, Tx, clock_of, open_office
from assurance.records import Group
from assurance.roster import roster
from cli.words import as_sentence, say_fault
from engine.errors import BadDefinition, Reason, Refused, Stale
from engine.fences import EVERY
from engine.store import Store, database_url, open_store
from engine.words import unknown, visible

DONE, FOUND, BAD_INPUT, REFUSED, TOO_LATE, NOTHING_THERE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
# Of the reasons that a refusal can give, those that lie in a word of the command line and not in the workflow.
ABOUT_A_WORD = frozenset(
    {
        "not_a_reference",
        "unknown_kind",
        "unknown_person",
        "several_people",
        "unknown_word",
        "unknown_trigger",
        "unknown_rule",
        "other_kind",
        "wrong_days",
        "unknown_year",
        "before_the_year",
        "still_to_come",
        "never_late",
        "wrong_word",
        "unreadable",
    }
)
ABOUT_WHAT_IS_MISSING = frozenset({"unknown_subject", "unknown_row"})

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="PATH|URL",
        help="The database: a file, or postgresql://user@host/name. Else AUDITLOOP_DATABASE, "
        "else var/auditloop.sqlite.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON for a program to read.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but what went wrong.")]
GroupOption = Annotated[
    str | None,
    typer.Option(
        "--group",
        metavar="KEY",
        help="The group, where the database holds more than one.",
        show_default=False,
    ),
]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="PERSON",
        help="Look as this person does: key, e-mail or name. Without it you see everything.",
        show_default=False,
    ),
]
OnOption = Annotated[
    datetime | None,
    typer.Option(
        "--on",
        metavar="DATE",
        formats=["%Y-%m-%d"],
        help="As if this were today; everything else as it stands now.",
        show_default=False,
    ),
]
PersonOption = Annotated[
    str,
    typer.Option("--as", metavar="PERSON", help="Who does it: key, e-mail or name.", show_default=False),
]


class BadInput(Exception):
    """Says which word of the command line cannot be used, and what could."""


class NothingThere(Exception):
    """Says what is missing, and which command makes it."""


class DatabaseFault(Exception):
    """Says which database does not answer as it should, and what it says itself."""


class _Answer(NamedTuple):
    """What a program ends with: the number of the kind, the kind's name, and every sentence."""

    number: int
    kind: str
    reasons: Sequence[Reason]


_EXPECTED = (Refused, BadDefinition, BadSettings, BadInput, NothingThere, DatabaseFault, OSError)


@contextmanager
def answering(*, as_json: bool = False) -> Iterator[None]:
    """Answer every expected fault with its sentences on standard error and the number of its kind."""
    try:
        yield
    except _EXPECTED as error:
        answer = _answer_to(error)
        if answer is None:
            raise
        say_fault(answer.kind, answer.reasons, as_json=as_json)
        raise typer.Exit(answer.number) from None
    except KeyboardInterrupt:
        typer.echo("Stopped; what was under way was rolled back.", err=True)
        raise typer.Exit(INTERRUPTED) from None


def _answer_to(error: Exception) -> _Answer | None:
    """Give the answer to an expected fault; None for one that is a mistake of ours."""
    match error:
        case Stale():
            answer = _Answer(TOO_LATE, "stale", error.reasons)
        case Refused():
            answer = _Answer(_number_of(error), "refused", error.reasons)
        case BadDefinition() | BadSettings():
            answer = _Answer(
                BAD_INPUT, "bad_definition", [Reason("fault", str(one)) for one in error.problems]
            )
        case NothingThere():
            answer = _Answer(NOTHING_THERE, "nothing_there", [Reason("nothing_there", str(error))])
        case DatabaseFault():
            answer = _Answer(NOTHING_THERE, "database", [Reason("database", str(error))])
        case OSError() if error.filename is None:
            return None
        case OSError():
            sentence = f"{visible(str(error.filename))} cannot be used: {error.strerror}."
            answer = _Answer(BAD_INPUT, "bad_input", [Reason("file", sentence)])
        case _:
            answer = _Answer(BAD_INPUT, "bad_input", [Reason("bad_input", str(error))])
    return answer


def settings_for(database: str | None) -> Settings:
    """Read the settings from the environment; the command line wins.

    While AUDITLOOP_VAR is not set, what is kept beside a database file lies in the file's own folder.
    Raises BadSettings with every problem at once, and BadInput for a folder or for a database in memory only.
    """
    settings = settings_from(os.environ, database=database)
    file = file_of(settings)
    if database_url(settings.database).get_backend_name() == "sqlite" and file is None:
        raise BadInput(
            "A database in memory is gone when the command ends; name a file, such as var/auditloop.sqlite."
        )
    if file is not None and file.is_dir():
        raise BadInput(f"{file} is a folder; name the file in it, such as {file / 'auditloop.sqlite'}.")
    if file is None or "AUDITLOOP_VAR" in os.environ:
        return settings
    return replace(settings, var=file.parent)


@contextmanager
def named(where: str) -> Iterator[None]:
    """Name the database in whatever it does not answer as it should.

    Raises DatabaseFault, and NothingThere for a database that is not ours.
    """
    try:
        yield
    except NotOurs as error:
        raise NothingThere(f"The database {shown(where)} {error}.") from error
    except (DBAPIError, sqlite3.Error) as error:
        cause = as_sentence(str(error.orig if isinstance(error, DBAPIError) else error))
        raise DatabaseFault(f"The database {shown(where)} does not answer as it should: {cause}") from error


def shown(where: str) -> str:
    """Write a path or a database URL as it may be shown: without a password."""
    if "://" not in where:
        return where
    return database_url(where).render_as_string(hide_password=True).replace("+psycopg", "", 1)


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    """Open a database that is there and has the newest shape, and close it again.

    Raises NothingThere, naming the command that helps, for one that is missing, empty or of another shape.
    """
    file = file_of(settings)
    if file is not None and not file.is_file():
        raise NothingThere(
            f"There is no database at {file}. `auditloop demo` plays the example year into one of its own; "
            "`auditloop migrate` makes an empty one here."
        )
    with named(settings.database), closing(open_store(settings.database)) as store:
        _check_shape(store, settings.database)
        yield store


@contextmanager
def opened(database: str | None, *, publishes: bool = True) -> Iterator[Office]:
    """Open the installation: settings, definitions and a database of the newest shape.

    Without `publishes` a definition that is new is not put in force: for whoever only asks what it would do.
    """
    settings = settings_for(database)
    with (
        opened_store(settings),
        closing(open_office(settings, publishes=publishes)) as office,
        calling_at_the_end(office),
    ):
        yield office


@contextmanager
def looking(office: Office, person: str | None, group: str | None) -> Iterator[tuple[Tx, Viewer]]:
    """Open a transaction that only reads, for a person or for whoever runs the installation."""
    actor = actor_for(office, person, group)
    with office.reading(actor) as tx:
        held = roster(tx.session, group_id=actor.group_id, today=tx.today)
        yield tx, viewer_of(held, actor)


def actor_for(office: Office, person: str | None, group: str | None) -> Actor:
    """Find who acts or looks; without a person it is the operator of the one group that is there."""
    if person is not None:
        return office.actor(person, group=group)
    with office.store.reading(group=EVERY) as session:
        rows = session.execute(sa.select(Group.key, Group.id).order_by(Group.id))
        groups = dict(rows.all())
    if not groups:
        raise NothingThere(
            "There is no group in this database yet; `auditloop account found FILE` makes one, and `auditloop demo` "
            "shows how it is described."
        )
    if group is not None and group not in groups:
        raise BadInput(unknown(group, "a group here", groups) + ".")
    if group is None and len(groups) > 1:
        raise BadInput(
            f"This database holds several groups; say which one with --group: {', '.join(groups)}."
        )
    return clock_of(groups[group] if group is not None else next(iter(groups.values())))


def file_of(settings: Settings) -> Path | None:
    """Give the file of an embedded database; a server's database has none."""
    url = database_url(settings.database)
    in_memory = url.database in (None, "", ":memory:") or url.query.get("mode") == "memory"
    if url.get_backend_name() != "sqlite" or in_memory:
        return None
    return Path(str(url.database))


def _check_shape(store: Store, where: str) -> None:
    shape, newest = shape_of(store), newest_shape()
    if shape is None:
        raise NothingThere(
            f"The database {shown(where)} has no tables yet; run `auditloop migrate` to make them."
        )
    if is_behind(shape):
        raise NothingThere(
            f"The database {shown(where)} has an older shape ({shape} instead of {newest}); run `auditloop migrate`."
        )


def _number_of(refusal: Refused) -> int:
    codes = {reason.code for reason in refusal.reasons}
    if codes <= ABOUT_A_WORD:
        return BAD_INPUT
    return NOTHING_THERE if codes <= ABOUT_WHAT_IS_MISSING else REFUSED
