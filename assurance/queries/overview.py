"""What there is, and what of it somebody should look at: one line for each noun."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.facts import NOUNS
from assurance.office import Tx
from assurance.queries import lists
from assurance.queries.rows import Overview, Wanted
from assurance.records import (
    Action,
    AgencyReturn,
    Approval,
    Case,
    DeadAddress,
    Finding,
    ImmediateConcern,
    Matter,
)
from notifications.outbox import OWED, TROUBLED, Message

NAMES = {
    AgencyReturn.noun: "returns",
    ImmediateConcern.noun: "concerns",
    DeadAddress.noun: "addresses",
}


def overview(tx: Tx, viewer: Viewer) -> tuple[Overview, ...]:
    """Count what the viewer may see, by noun and state, and say what waits or is late; leave out what is not there."""
    lines = [*_moved(tx, viewer), *_matters(tx, viewer)]
    for what, table in (("cases", Case), ("findings", Finding)):
        number = tx.session.scalar(
            sa.select(sa.func.count()).select_from(table).where(visible(viewer, table))
        )
        lines.append(Overview(what, number or 0))
    states = _states(tx, Message, viewer)
    lines.append(Overview("mails", sum(states.values()), tuple(states.items()), _about_mails(states)))
    return tuple(line for line in lines if line.number)


def _moved(tx: Tx, viewer: Viewer) -> Iterator[Overview]:
    for kind, noun in NOUNS.items():
        states = _states(tx, noun.table, viewer)
        titles = tx.playbook.state_titles(kind)
        named = tuple((titles.get(state, state).lower(), number) for state, number in states.items())
        note = _note(tx, viewer, kind, states)
        yield Overview(NAMES.get(kind, f"{kind}s"), sum(states.values()), named, note)


def _matters(tx: Tx, viewer: Viewer) -> Iterator[Overview]:
    for kind in tx.playbook.nouns:
        workflow = tx.playbook.newest(kind)
        if workflow.own is not None:
            states = _states(tx, Matter, viewer, Matter.kind == kind)
            titles = tx.playbook.state_titles(kind)
            named = tuple((titles.get(state, state).lower(), number) for state, number in states.items())
            yield Overview(kind, sum(states.values()), named)


def _states(tx: Tx, table: type[Any], viewer: Viewer, *where: sa.ColumnElement[bool]) -> dict[str, int]:
    query = sa.select(table.state, sa.func.count()).where(visible(viewer, table), *where)
    rows = tx.session.execute(query.group_by(table.state).order_by(sa.func.count().desc(), table.state))
    return dict(rows.all())


def _note(tx: Tx, viewer: Viewer, kind: str, states: dict[str, int]) -> str:
    late = Wanted(only_late=True)
    if kind == AgencyReturn.noun:
        number = len(lists.returns(tx, viewer, late).rows)
        return f"{number} late" if number else ""
    if kind == Action.noun:
        number = len(lists.actions(tx, viewer, late).rows)
        return f"{number} overdue" if number else ""
    if kind == Approval.noun and states.get("waiting"):
        return f"{states['waiting']} to be decided"
    if kind == ImmediateConcern.noun and states.get("raised"):
        return f"{states['raised']} not taken up"
    if kind == DeadAddress.noun and states.get("dead"):
        return f"{states['dead']} to be mended"
    return ""


def _about_mails(states: dict[str, int]) -> str:
    owed, troubled = (sum(states.get(state, 0) for state in some) for some in (OWED, TROUBLED))
    told = [f"{number} {what}" for number, what in ((owed, "owed"), (troubled, "in trouble")) if number]
    return ", ".join(told)
