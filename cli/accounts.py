"""`auditloop account`: people who can sign in, kept from where the installation runs; the first administrator begins here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from assurance.accounts.letters import link_of
from assurance.accounts.tickets import Purpose
from assurance.commands.administering import (
    add_person,
    disable_account,
    enable_account,
    give_post,
    invite_to_account,
    reset_account,
)
from assurance.groups import found_group
from assurance.office import Tx
from assurance.queries.directory import PersonEntry, people
from assurance.records import Person, Post
from cli.opening import (
    DatabaseOption,
    GroupOption,
    JsonOption,
    actor_for,
    answering,
    looking,
    opened,
)
from cli.shown import Column, show_json, show_table
from engine.errors import Reason, Refused
from engine.words import unknown

WhoArgument = Annotated[
    str, typer.Argument(metavar="PERSON", help="Whose account: key, e-mail or name.", show_default=False)
]
ByOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="PERSON",
        help="The administrator who does it; without it, whoever runs the installation.",
        show_default=False,
    ),
]
ACCOUNTS: Sequence[Column[PersonEntry]] = (
    Column("Key", lambda row: row.key),
    Column("Name", lambda row: row.name),
    Column("E-mail", lambda row: row.email),
    Column("Posts", lambda row: ", ".join(held.post for held in row.now), is_wide=True),
    Column("Account", lambda row: row.account.said, is_wide=True),
)


def list_(as_json: JsonOption = False, group: GroupOption = None, database: DatabaseOption = None) -> None:
    """List everybody with their posts and how their account stands.

    Example: auditloop account list
    """
    with answering(as_json=as_json), opened(database) as office, looking(office, None, group) as (tx, viewer):
        found = people(tx, viewer)
        if as_json:
            show_json([_as_json(one) for one in found])
        else:
            show_table(ACCOUNTS, found)


def found(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="Who takes part: a file like an example's group.yaml.", show_default=False
        ),
    ],
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Found a group as a file describes it: agencies, people, posts, records, programmes and meetings.

    The examples' group.yaml shows how it is written. Nobody has an account by that; invite the administrator next.

    Example: auditloop account found group.yaml
    """
    with answering(as_json=as_json), opened(database) as office:
        founded = found_group(office, file)
    keepers = " ".join(f"Next: auditloop account invite {key}" for key in founded.administrators[:1])
    said = f"{founded.name} is founded, with the key {founded.key}. {keepers}".rstrip()
    _answer(said, {"group": founded.key}, as_json=as_json)


def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="How they are called.", show_default=False)],
    email: Annotated[
        str, typer.Argument(metavar="E-MAIL", help="Where they are written to.", show_default=False)
    ],
    by: ByOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Add somebody to the group's people, without a post and without an account yet.

    Example: auditloop account add "Ned Nolan" ned@police.example
    """
    with _doing(database, by, group, as_json=as_json) as tx:
        number = add_person(tx, name, email)
        key = tx.session.get_one(Person, number).key
    _answer(f"{name} is added, with the key {key}.", {"person": key}, as_json=as_json)


def invite(
    who: WhoArgument,
    by: ByOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Send somebody the link with which they set up their account, and print it.

    The link is good once and for seven days; whoever has it becomes that person, so give it to nobody else.

    Example: auditloop account invite ida
    """
    _with_link(invite_to_account, who, by, group, database, as_json=as_json)


def reset(
    who: WhoArgument,
    by: ByOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Take back everything that proves somebody, sign them out, and send and print a new link.

    For whoever has lost both their app and their recovery codes: see to it that it is they who ask.

    Example: auditloop account reset bo
    """
    _with_link(reset_account, who, by, group, database, as_json=as_json)


def disable(
    who: WhoArgument,
    by: ByOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Keep somebody out from now on; they are signed out everywhere, and their posts stay.

    Example: auditloop account disable bo
    """
    with _doing(database, by, group, as_json=as_json) as tx:
        person = _person(tx, who)
        disable_account(tx, person.id)
    _answer(f"The account of {person.name} is disabled.", {"person": person.key}, as_json=as_json)


def enable(
    who: WhoArgument,
    by: ByOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Let somebody in again, with the password and the app that they had.

    Example: auditloop account enable bo
    """
    with _doing(database, by, group, as_json=as_json) as tx:
        person = _person(tx, who)
        enable_account(tx, person.id)
    _answer(f"The account of {person.name} is enabled.", {"person": person.key}, as_json=as_json)


def give(
    who: WhoArgument,
    post: Annotated[str, typer.Argument(metavar="POST", help="The post: key or title.", show_default=False)],
    begins: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            metavar="DATE",
            formats=["%Y-%m-%d"],
            help="The first day; else today.",
            show_default=False,
        ),
    ] = None,
    ends: Annotated[
        datetime | None,
        typer.Option(
            "--until",
            metavar="DATE",
            formats=["%Y-%m-%d"],
            help="The last day, if known.",
            show_default=False,
        ),
    ] = None,
    by: ByOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Let somebody hold a post from a day on; whoever holds it now keeps it too.

    Examples: auditloop account give ida accounts; auditloop account give bo nursing --from 2026-12-01
    """
    with _doing(database, by, group, as_json=as_json) as tx:
        person, found = _person(tx, who), _post(tx, post)
        first: date = tx.today if begins is None else begins.date()
        last = None if ends is None else ends.date()
        give_post(tx, found.id, person.id, from_on=first, until_on=last)
    said = f"{person.name} holds the post {found.title} from {first.isoformat()} on."
    _answer(said, {"person": person.key, "post": found.key}, as_json=as_json)


ACCOUNT = {
    "list": list_,
    "found": found,
    "add": add,
    "invite": invite,
    "give": give,
    "disable": disable,
    "enable": enable,
    "reset": reset,
}


def _with_link(
    deed: Callable[[Tx, int], str],
    who: str,
    by: str | None,
    group: str | None,
    database: str | None,
    *,
    as_json: bool,
) -> None:
    with _doing(database, by, group, as_json=as_json) as tx:
        person = _person(tx, who)
        link = link_of(tx, Purpose.INVITATION, deed(tx, person.id))
    said = f"{person.name} sets up the account here, within seven days:\n{link}\nThe same link is in the mail to {person.email}."
    _answer(said, {"person": person.key, "link": link}, as_json=as_json)


@contextmanager
def _doing(database: str | None, by: str | None, group: str | None, *, as_json: bool) -> Iterator[Tx]:
    with (
        answering(as_json=as_json),
        opened(database) as office,
        office.begin(actor_for(office, by, group)) as tx,
    ):
        yield tx


def _answer(said: str, values: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        show_json(values)
    else:
        typer.echo(said)


def _as_json(one: PersonEntry) -> dict[str, object]:
    return {
        "key": one.key,
        "name": one.name,
        "email": one.email,
        "posts": [held.post for held in one.now],
        "account": one.account.word,
    }


def _person(tx: Tx, key: str) -> Person:
    rows = tx.session.scalars(sa.select(Person).where(Person.group_id == tx.actor.group_id)).all()
    found = [row for row in rows if key in (row.key, row.email, row.name)]
    if len(found) == 1:
        return found[0]
    if found:
        sentence = f"{key!r} is the name of {len(found)} people; give the e-mail."
        raise Refused(Reason("several_people", sentence))
    raise Refused(Reason("unknown_person", unknown(key, "a person here", [row.key for row in rows]) + "."))


def _post(tx: Tx, key: str) -> Post:
    rows = tx.session.scalars(sa.select(Post).where(Post.group_id == tx.actor.group_id)).all()
    found = next((row for row in rows if key in (row.key, row.title)), None)
    if found is None:
        raise Refused(Reason("unknown_word", unknown(key, "a post here", [row.key for row in rows]) + "."))
    return found
