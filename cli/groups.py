"""`auditloop group`: the groups of an installation, kept by whoever runs it: who is here, who joins, and who leaves."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from assurance.exporting import export_group
from assurance.groups import GroupRow, add_group, groups_of
from assurance.removing import remove_group
from cli.opening import BadInput, DatabaseOption, JsonOption, QuietOption, answering, opened
from cli.shown import Column, say, several, show_json, show_table, waiting

KeyArgument = Annotated[
    str, typer.Argument(metavar="KEY", help="The group, as `group list` names it.", show_default=False)
]
GROUPS: Sequence[Column[GroupRow]] = (
    Column("Key", lambda row: row.key),
    Column("Name", lambda row: row.name, is_wide=True),
    Column("Board", lambda row: row.board, is_wide=True),
    Column("People", lambda row: str(row.people)),
    Column("Lines", lambda row: f"{row.lines:,}"),
    Column("Newest line", lambda row: "" if row.newest_at is None else f"{row.newest_at:%Y-%m-%d %H:%M} UTC"),
)


def list_(as_json: JsonOption = False, database: DatabaseOption = None) -> None:
    """List the groups of this installation.

    Example: auditloop group list
    """
    with answering(as_json=as_json), opened(database) as office:
        found = groups_of(office)
        if as_json:
            show_json(found)
        else:
            show_table(GROUPS, found)


def add(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A short word for it.", show_default=False)],
    name: Annotated[str, typer.Argument(metavar="NAME", help="How it is called.", show_default=False)],
    administrator: Annotated[
        str,
        typer.Option(
            "--administrator",
            metavar="PERSON",
            help="The name of who keeps its accounts.",
            show_default=False,
        ),
    ],
    email: Annotated[
        str, typer.Option("--email", metavar="E-MAIL", help="Where they are written to.", show_default=False)
    ],
    zone: Annotated[str, typer.Option("--zone", help="Its time zone.")] = "Europe/London",
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Add a group with one person, its administrator, who then adds everybody and everything else.

    `account found` writes a whole group from a file instead.

    Example: auditloop group add north "North sub group" --administrator "Ida Innes" --email ida@north.example
    """
    with answering(as_json=as_json), opened(database) as office:
        founded = add_group(office, key, name, administrator=administrator, email=email, zone=_zone(zone))
    if as_json:
        show_json({"group": founded.key, "administrator": founded.administrators[0]})
    else:
        invite = f"Next: auditloop account invite {founded.administrators[0]} --group {founded.key}"
        typer.echo(f"{founded.name} is here, with the key {founded.key}. {invite}")


def export(
    key: KeyArgument,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A new file that ends in .zip.", show_default=False)
    ],
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    database: DatabaseOption = None,
) -> None:
    """Write everything of one group, as it stands at one instant, into one file that can be read without us.

    A ZIP with a file of JSON lines for each table, the files that people have handed in, and a manifest with counts,
    SHA-256 and the root over the newest seals. Only what proves people is left out: passwords, codes, tokens. Whoever
    has the file can read all of it; give it to nobody but the group.

    Ends with 1 where files were missing or damaged.

    Example: auditloop group export north north.zip
    """
    telling = waiting("The group is being written ...", quiet=quiet or as_json)
    with answering(as_json=as_json), opened(database) as office, telling:
        manifest = export_group(office, key, file)
    if as_json:
        show_json(manifest)
    elif not quiet:
        files = f" and {several(len(manifest.files), 'file')}" if manifest.files else ""
        typer.echo(f"{several(manifest.rows, 'row')}{files} of {key} are in {file}.")
    if manifest.missing:
        say(
            f"{several(len(manifest.missing), 'file')} were missing or damaged: {', '.join(manifest.missing)}."
        )
        raise typer.Exit(1)


def remove(
    key: KeyArgument,
    file: Annotated[
        Path,
        typer.Option(
            "--export", metavar="FILE", help="Its export, made by `group export`.", show_default=False
        ),
    ],
    yes: Annotated[
        str,
        typer.Option(
            "--yes",
            metavar="KEY",
            help="The key once more, since nothing brings it back.",
            show_default=False,
        ),
    ],
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            metavar="NAME",
            help="Who removes it; without it, who is signed in here.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    database: DatabaseOption = None,
) -> None:
    """Remove one group for good, with all its rows, its history and its files; nothing here brings it back.

    It has to be exported first, and to stand as the export says: where anything has changed since, nothing is removed.
    What stays is one line of the installation's own: who removed which group and when, how many rows, under which
    seals. On PostgreSQL it takes the tables' owner (`--database`): whoever runs the program may not touch what is sealed.

    Example: auditloop group remove north --export north.zip --yes north
    """
    with answering(as_json=as_json):
        if yes != key:
            raise BadInput(f"Type the key of the group again to remove it for good: --yes {key}.")
        with opened(database) as office, waiting("The group is being removed ...", quiet=quiet or as_json):
            line = remove_group(office, key, file, by=by or getpass.getuser())
    if as_json:
        show_json(
            {"group": key, "removed_at": line.removed_at, "removed_by": line.removed_by, "heads": line.heads}
        )
    elif not quiet:
        typer.echo(
            f"The group {key} is removed. What is left of it is {file}, and one line in the log of this installation."
        )


GROUP = {"list": list_, "add": add, "export": export, "remove": remove}


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInput(f"{name!r} is not a time zone; write it as Europe/London.") from None
