"""The facts of addresses to which mail comes back."""

from __future__ import annotations

import sqlalchemy as sa

from assurance.facts.noun import Fact, count, date, whole
from assurance.records import DeadAddress, Person
from notifications.outbox import TROUBLED, Message


def address_facts() -> tuple[Fact, ...]:
    """Give the facts of an address to which mail comes back."""
    undelivered = (
        Message.group_id == DeadAddress.group_id,
        sa.func.lower(Message.to_address) == DeadAddress.address,
        Message.state.in_(TROUBLED),
    )
    people = (Person.group_id == DeadAddress.group_id, sa.func.lower(Person.email) == DeadAddress.address)
    return (
        date("since_on", "the day on which mail came back first", DeadAddress.since_on, optional=False),
        date("mended_on", "the day on which it was mended", DeadAddress.mended_on),
        whole("mails_undelivered", "mails to it that have not arrived", count(Message, *undelivered)),
        whole("people", "people who have this address", count(Person, *people)),
    )
