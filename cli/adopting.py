"""The command that puts rules in force which wait for somebody's word: `adopt`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from assurance.adopting import accept_backlog, only_from
from assurance.in_force import ACCEPTED, Entry, RuleInForce, standing_of
from cli.opening import (
    BadInput,
    DatabaseOption,
    GroupOption,
    JsonOption,
    QuietOption,
    answering,
    looking,
    opened,
)
from cli.shown import Column, in_words, say, several, show_json, show_table, waiting


def adopt(
    rules: Annotated[
        list[str] | None, typer.Argument(metavar="[RULE]...", help="The rules that are to count.")
    ] = None,
    person: Annotated[
        str | None,
        typer.Option("--as", metavar="PERSON", help="Who decides: key, e-mail or name.", show_default=False),
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept-backlog", help="Let the next sweep say all that they owe by now.")
    ] = False,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--only-from",
            metavar="DATE",
            formats=["%Y-%m-%d"],
            help="Let them say only what comes true from this day on; the rest is never said.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Put rules in force that are new or changed and wait for somebody's word; or list which are in force.

    A rule that is new or has changed, and would owe more mails at its first look than the cap in rules/clock.yaml,
    waits until the coordinator, the chair or the deputy chair has said what becomes of its backlog. A decision that
    is interrupted goes on with the same command. The next sweep speaks.

    Examples: auditloop adopt; auditloop adopt action-overdue --as sam --accept-backlog; auditloop adopt action-overdue return-late --as sam --only-from 2026-11-01
    """
    with answering(as_json=as_json), opened(database) as office:
        if not rules:
            if person is not None or accept or since is not None:
                raise BadInput("Name the rules that are to count; without any, this only lists them.")
            with looking(office, None, group) as (tx, _):
                found = standing_of(tx)
            if as_json:
                show_json(found)
            else:
                _list(found)
            return
        if person is None:
            raise BadInput(
                "Say who decides, with --as PERSON: the coordinator, the chair or the deputy chair."
            )
        if accept == (since is not None):
            raise BadInput(
                "Say what becomes of what they owe by now: either --accept-backlog or --only-from DATE."
            )
        actor = office.actor(person, group=group)
        with waiting("The rules are being put in force ...", quiet=quiet or as_json):
            if since is None:
                entries = accept_backlog(office, actor, rules)
            else:
                entries = only_from(office, actor, rules, since.date())
        if as_json:
            show_json([_plain(entry) for entry in entries])
        elif not quiet:
            for entry in entries:
                say(_said(entry))


def _said(entry: Entry) -> str:
    owes = several(entry.owed, "mail")
    if entry.only_from_on is None:
        return f"‘{entry.rule.id}’ is in force; the next sweep says what it owes ({owes})."
    return (
        f"‘{entry.rule.id}’ is in force for what comes true from {in_words(entry.only_from_on)} on; "
        f"{several(entry.passed_over, 'occasion')} before that will never be said."
    )


def _plain(entry: Entry) -> dict[str, object]:
    kept = entry._asdict()
    return {**kept, "rule": entry.rule.id}


def _list(rules: Sequence[RuleInForce]) -> None:
    columns: list[Column[RuleInForce]] = [
        Column("Rule", lambda one: one.rule),
        Column("In force since", lambda one: one.adopted_at.date() if one.adopted_at else "waits"),
        Column("By", lambda one: one.adopted_by or ""),
        Column("Backlog", _backlog, is_wide=True),
    ]
    show_table(columns, rules)
    if any(not one.is_in_force for one in rules):
        say(
            "\nA rule that waits is put in force with: auditloop adopt RULE --as PERSON (--accept-backlog | --only-from DATE)"
        )


def _backlog(one: RuleInForce) -> str:
    if not one.is_in_force:
        return f"would owe {'more than ' if one.owes_more else ''}{several(one.owed, 'mail')}"
    if one.only_from_on is not None:
        return f"only from {in_words(one.only_from_on)}: {several(one.passed_over, 'occasion')} passed over"
    owed = f"{several(one.owed, 'mail')} at its first look" if one.owed else ""
    return f"accepted: {owed}" if one.backlog == ACCEPTED else owed
