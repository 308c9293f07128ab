"""Whom a rule's words mean for one subject today: each person once, by the word that names them first."""

from __future__ import annotations

from collections.abc import Iterable

from assurance.access import may_be_told
from assurance.commands.hearing import approval_row
from assurance.deciders import still_asked
from assurance.facts import Known
from assurance.mail import Told
from assurance.office import Tx
from assurance.reach import within_reach
from assurance.records import Approval, DeadAddress
from assurance.roster import Roster, Seat
from assurance.standing import addressees


def recipients(tx: Tx, people: Roster, known: Known, words: Iterable[str]) -> tuple[Told, ...]:
    """Give whom the words mean for a subject and who may be told of it, each person once."""
    found: dict[int, Told] = {}
    for word in words:
        for seat in meant(tx, people, known, word):
            if seat.person_id not in found and may_be_told(tx.session, people, known, seat):
                found[seat.person_id] = Told(seat, word)
    return tuple(found.values())


def meant(tx: Tx, people: Roster, known: Known, word: str) -> tuple[Seat, ...]:
    """Give who is meant by one word; for a decision also who may take it and who asked for it.

    That an address is dead is told to whoever can be reached.
    """
    if known.ref.kind == DeadAddress.noun:
        seats = addressees(word, people, known.belongs)
        return within_reach(tx.session, people, known.standing.group_id, seats)
    if known.ref.kind != Approval.noun:
        return addressees(word, people, known.belongs)
    row = approval_row(tx, known.ref)
    able = still_asked(tx, known) if word == "approver" else ()
    return addressees(word, people, known.belongs, approval=able, requester=row.requested_by_id)
