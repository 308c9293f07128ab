"""Addresses to which mail comes back: as a list, and each in full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.access import Viewer
from assurance.facts import NOUNS
from assurance.office import Tx
from assurance.queries.card import Grid, Line
from assurance.queries.lists import rows_of, state_title, whole
from assurance.queries.rows import Listed, Wanted
from assurance.records import DeadAddress, Person
from engine.ledger import texts
from engine.moved import Ref
from notifications.outbox import TROUBLED, Message


@dataclass(frozen=True, slots=True)
class AddressRow:
    """One address to which mail comes back, and whose it is today; `said` is what the mail servers say."""

    ref: Ref
    address: str
    people: tuple[str, ...]
    state: str
    state_title: str
    since_on: date
    mended_on: date | None
    mails_undelivered: int
    status: str


def dead_addresses(tx: Tx, viewer: Viewer, wanted: Wanted) -> Listed[AddressRow]:
    """List addresses to which mail came back, in the order in which that was noticed."""
    found = rows_of(tx, viewer, DeadAddress, wanted)
    knowns = NOUNS[DeadAddress.noun].load_many(tx.session, [row.id for row in found.rows])
    facts = {known.ref.id: known.facts for known in knowns}
    people = _people(tx, found.rows)
    return Listed(
        tuple(
            AddressRow(
                ref=Ref(DeadAddress.noun, row.id),
                address=row.address,
                people=people.get(row.address, ()),
                state=row.state,
                state_title=state_title(tx, row),
                since_on=row.since_on,
                mended_on=row.mended_on,
                mails_undelivered=whole(facts[row.id]["mails_undelivered"]),
                status=row.status,
            )
            for row in found.rows
        ),
        found.hidden,
    )


def address_lines(tx: Tx, row: DeadAddress) -> Iterable[Line]:
    """Tell of one address whose it is, since when mail to it comes back, and in which words."""
    said = texts(tx.session, Ref(DeadAddress.noun, row.id))
    yield Line("address", "Address", row.address)
    yield Line("people", "Whose", _people(tx, [row]).get(row.address))
    yield Line("since_on", "Mail comes back since", row.since_on)
    yield Line("status", "Status", row.status or None)
    yield Line("said", "The mail server said", said.get((1, "said")))
    yield Line("mended_on", "Mended", row.mended_on)
    new = next((text for (_, name), text in said.items() if name == "new_address"), None)
    yield Line("new_address", "Right address", new)


def address_grids(tx: Tx, row: DeadAddress) -> Iterable[Grid]:
    """Give the mails to one address that have not arrived."""
    found = tx.session.execute(
        sa.select(Message.id, Message.created_at, Message.to_name, Message.template, Message.state)
        .where(
            Message.group_id == row.group_id,
            sa.func.lower(Message.to_address) == row.address,
            Message.state.in_(TROUBLED),
        )
        .order_by(Message.id)
    )
    rows = [
        (Ref("mail", number), at.astimezone(tx.calendar.zone).date(), name, template.replace("_", " "), state)
        for number, at, name, template, state in found
    ]
    columns = (("mail", "Mail"), ("written", "Written"), ("to", "To"), ("what", "What"), ("state", "State"))
    yield Grid("mails", "Mails that have not arrived", columns, rows)


def _people(tx: Tx, rows: Sequence[DeadAddress]) -> dict[str, tuple[str, ...]]:
    """Give for each address the names of those whose it is today."""
    if not rows:
        return {}
    address = sa.func.lower(Person.email)
    query = sa.select(address, Person.name).where(
        Person.group_id == rows[0].group_id, address.in_({row.address for row in rows})
    )
    found: dict[str, list[str]] = {}
    for one, name in tx.session.execute(query.order_by(Person.id)):
        found.setdefault(one, []).append(name)
    return {one: tuple(names) for one, names in found.items()}
