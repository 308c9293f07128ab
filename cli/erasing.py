"""`auditloop retention` and `auditloop erase`: what is past its time, and what should never have been written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from assurance.commands.erasing import erase_line, erase_words
from assurance.erasing import PastTime, erase_past, past_time
from cli.opening import (
    BadInput,
    DatabaseOption,
    GroupOption,
    JsonOption,
    PersonOption,
    actor_for,
    answering,
    opened,
)
from cli.shown import Column, several, show_json, show_table
from engine.moved import ref_of

PAST: Sequence[Column[PastTime]] = (
    Column("What", lambda row: row.kind),
    Column("Of", lambda row: row.what, is_wide=True),
    Column("Settled on", lambda row: row.since_on),
    Column("Kept until", lambda row: row.until_on),
    Column("How many", lambda row: row.number, is_number=True),
)
BACKUPS = "Copies and backups that were made before still hold it; let them run out."


def plan(as_json: JsonOption = False, group: GroupOption = None, database: DatabaseOption = None) -> None:
    """Say what is past its time by rules/retention.yaml: of which audit, since when, and how much. Nothing is changed.

    An audit with one open action, recommendation, return, concern or decision is not settled, and keeps everything.

    Example: auditloop retention plan
    """
    with answering(as_json=as_json), opened(database) as office:
        with office.reading(actor_for(office, None, group)) as tx:
            found = past_time(tx)
        if as_json:
            show_json(found)
        elif found:
            show_table(PAST, found)
        else:
            typer.echo("Nothing is past its time.")


def apply(as_json: JsonOption = False, group: GroupOption = None, database: DatabaseOption = None) -> None:
    """Erase what `auditloop retention plan` shows; the lines of the history stay, and say what was erased and why.

    One audit to a transaction: stopped and called again, it goes on with what is left. What was erased cannot be brought
    back; copies and backups that were made before still hold it.

    Example: auditloop retention apply
    """
    with answering(as_json=as_json):
        with opened(database) as office:
            done = erase_past(office, actor_for(office, None, group))
        if as_json:
            show_json(done)
        elif done:
            show_table(PAST, done)
            typer.echo(f"Erased. {BACKUPS}")
        else:
            typer.echo("Nothing is past its time.")


def erase_(
    ref: Annotated[
        str, typer.Argument(metavar="REF", help="About which subject: action/12.", show_default=False)
    ],
    by: PersonOption,
    agreed_by: Annotated[
        str,
        typer.Option(
            "--agreed-by",
            metavar="PERSON",
            help="Who agrees: the chair, the deputy chair or the coordinator, somebody else.",
            show_default=False,
        ),
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it is erased.", show_default=False)],
    line: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="What is written in this line of its history.", show_default=False, min=1
        ),
    ] = None,
    containing: Annotated[
        str | None,
        typer.Option(
            metavar="WORDS", help="Every text about it in which these words stand.", show_default=False
        ),
    ] = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Erase a text that should never have been written, such as one that tells who somebody is.

    The line stays, with who wrote it and when, and every seal holds. Nobody erases alone or in silence: two people are
    named for ever, and whoever wrote it, the chair, the coordinator and the administrator get a mail.

    Examples: auditloop erase action/12 --line 5 --reason "It names the child" --as sam --agreed-by ada; auditloop erase agency_return/3 --containing "Mrs Smith" --reason "A name" --as sam --agreed-by ada
    """
    with answering(as_json=as_json):
        if (line is None) == (containing is None):
            raise BadInput("Say what to erase: either --line N, or --containing WORDS.")
        with opened(database) as office:
            actor = office.actor(by)
            other = office.actor(agreed_by)
            with office.begin(actor) as tx:
                agreed = other.person_id or 0
                if line is not None:
                    done = erase_line(tx, ref_of(ref), line, reason=reason, agreed_by=agreed)
                else:
                    done = erase_words(tx, ref_of(ref), containing or "", reason=reason, agreed_by=agreed)
        if as_json:
            show_json({"ref": ref, "texts": done.texts, "rows": done.rows})
        else:
            typer.echo(f"Erased {several(done.number, 'text')} of {ref}. {BACKUPS}")


RETENTION = {"plan": plan, "apply": apply}
