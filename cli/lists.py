"""`auditloop list`: one table for each noun, each as one person may see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from assurance.access import Sight, Viewer
from assurance.office import Tx
from assurance.queries import around, lists, meetings
from assurance.queries.addresses import dead_addresses
from assurance.queries.holds import holds
from assurance.queries.overview import overview
from assurance.queries.references import audit_id_of
from assurance.queries.rows import (
    Listed,
    Overview,
    Wanted,
)
from cli.columns import (
    ACTIONS,
    ADDRESSES,
    AGENCIES,
    APPROVALS,
    AUDITS,
    CASES,
    CONCERNS,
    FINDINGS,
    HOLDS,
    MAILS,
    MATTERS,
    MEETINGS,
    OVERVIEW,
    PEOPLE,
    RECOMMENDATIONS,
    RETURNS,
    TROUBLED_MAILS,
)
from cli.opening import (
    AsOption,
    BadInput,
    DatabaseOption,
    GroupOption,
    JsonOption,
    answering,
    looking,
    opened,
)
from cli.shown import Column, say, several, show_json, show_table
from engine.words import unknown
from notifications.outbox import TROUBLED, State

MOST_MAILS = 50
NOT_ARRIVED = (*TROUBLED, State.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class _List:
    """How one noun is listed: the question, the columns, and the words for what is left out."""

    ask: Callable[[Tx, Viewer, Wanted], Listed[Any]]
    columns: Sequence[Column[Any]]
    hidden: str = ""


LISTS: Mapping[str, _List] = {
    "audits": _List(lists.audits, AUDITS),
    "returns": _List(lists.returns, RETURNS, "of other agencies"),
    "recommendations": _List(
        lists.recommendations, RECOMMENDATIONS, "for individual practice, of other agencies"
    ),
    "actions": _List(lists.actions, ACTIONS, "on individual practice, of other agencies"),
    "approvals": _List(around.approvals, APPROVALS, "about what is for others"),
    "concerns": _List(lists.concerns, CONCERNS, "for other agencies"),
    "holds": _List(holds, HOLDS, "about what is for others"),
    "addresses": _List(dead_addresses, ADDRESSES, "of others"),
    "cases": _List(around.cases, CASES, "that are not yours to read"),
    "findings": _List(around.findings, FINDINGS),
    "meetings": _List(meetings.meetings, MEETINGS),
    "people": _List(lambda tx, viewer, _: around.people(tx, viewer), PEOPLE),
    "agencies": _List(lambda tx, viewer, _: around.agencies(tx, viewer), AGENCIES),
}


def list_(
    what: Annotated[
        str | None,
        typer.Argument(metavar="WHAT", help="What to list; nothing gives an overview.", show_default=False),
    ] = None,
    person: AsOption = None,
    state: Annotated[
        str | None,
        typer.Option(
            metavar="STATE", help="Only those in this state, such as in_progress.", show_default=False
        ),
    ] = None,
    audit: Annotated[
        str | None,
        typer.Option(
            metavar="REF", help="Only those of one audit: 2014-15/1 or audit/1.", show_default=False
        ),
    ] = None,
    late: Annotated[
        bool, typer.Option("--late", help="Only returns or actions whose day has passed.")
    ] = False,
    most: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="At most so many mails; 50 without --json.", show_default=False
        ),
    ] = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """List what there is: audits, returns, recommendations, actions, approvals, concerns, holds, cases, findings, meetings, people, agencies, dead addresses, mails.

    The first column is what the other commands take: show, history, offers, move. Kinds that stand in YAML only are
    listed by their own name. With --as you see what that person may see.

    Examples: auditloop list; auditloop list actions --late; auditloop list returns --audit 2014-15/1 --as bo; auditloop list people
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        looking(office, person, group) as (tx, viewer),
    ):
        if viewer.sight is Sight.NOTHING and not as_json:
            say(f"{viewer.name} holds no post in the group today and sees nothing.")
            return
        if what is None:
            _show_overview(overview(tx, viewer), as_json=as_json)
            return
        wanted = Wanted(state, None if audit is None else audit_id_of(tx, viewer, audit), only_late=late)
        if what == "mails":
            most = most or (None if as_json else MOST_MAILS)
            listed: Listed[Any] = around.mails(tx, viewer, wanted, most=most)
            columns: Sequence[Column[Any]] = TROUBLED_MAILS if state in NOT_ARRIVED else MAILS
            hidden = "older"
        else:
            one = _list_of(what, tx)
            listed, columns, hidden = one.ask(tx, viewer, wanted), one.columns, one.hidden
    if as_json:
        show_json(listed.rows)
    else:
        _show(listed, columns, what, hidden)


def _list_of(what: str, tx: Tx) -> _List:
    if what in LISTS:
        return LISTS[what]
    kinds = [kind for kind in tx.playbook.nouns if tx.playbook.newest(kind).own is not None]
    if what in kinds:
        return _List(
            lambda tx, viewer, wanted: lists.matters(tx, viewer, what, wanted), MATTERS, "for others"
        )
    raise BadInput(unknown(what, "something that can be listed", [*LISTS, "mails", *kinds]) + ".")


def _show(listed: Listed[Any], columns: Sequence[Column[Any]], what: str, hidden: str) -> None:
    if listed.rows:
        show_table(columns, listed.rows)
    else:
        say(f"No {what} to show.")
    if listed.hidden:
        say(f"\n{several(listed.hidden, 'more', 'more')} {hidden}, not shown.", style="dim")


def _show_overview(rows: Sequence[Overview], *, as_json: bool) -> None:
    if as_json:
        show_json(rows)
        return
    if not rows:
        say("There is nothing to see here yet.")
        return
    show_table(OVERVIEW, rows)
    say("\nLook further with `auditloop list WHAT`, such as `auditloop list audits`.", style="dim")
