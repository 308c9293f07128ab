"""Whom a rule's words mean for one subject today: each person once, by the word that names them first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from assurance.access import Viewer, is_told_by_post, may_be_told, seen, viewer_of
from assurance.commands.hearing import approval_row
from assurance.deciders import still_asked
from assurance.facts import Known
from assurance.mail import Told
from assurance.office import Actor, Tx
from assurance.reach import within_reach
from assurance.records import Approval, DeadAddress, RuleHold
from assurance.roster import Roster, Seat
from assurance.standing import addressees, who_looks
from engine.moved import Ref
from engine.rules import HoldKind


def recipients(tx: Tx, people: Roster, known: Known, words: Iterable[str]) -> tuple[Told, ...]:
    """Give whom the words mean for a subject and who may be told of it, each person once."""
    found: dict[int, Told] = {}
    for word in words:
        for seat in meant(tx, people, known, word):
            if seat.person_id not in found and may_be_told(tx.session, people, known, seat):
                found[seat.person_id] = Told(seat, word)
    return tuple(found.values())


class Audience:
    """Whom words mean for each of many subjects, as `recipients` says: what is alike for several is asked once."""

    def __init__(self, tx: Tx, people: Roster, subjects: Iterable[Known]) -> None:
        """Know about whom it will be asked, so that sight is asked for all of them together."""
        self._tx, self._people = tx, people
        self._ids: dict[str, list[int]] = {}
        for known in subjects:
            self._ids.setdefault(known.ref.kind, []).append(known.ref.id)
        self._meant: dict[tuple[object, ...], list[_Meant]] = {}
        self._seen: dict[tuple[int, str], set[int]] = {}

    def of(self, known: Known, words: Sequence[str]) -> tuple[Told, ...]:
        """Give whom the words mean for a subject and who may be told of it, each person once."""
        if known.ref.kind in ASKED_ALONE:
            return recipients(self._tx, self._people, known, words)
        belongs = known.belongs
        whose = (belongs.agency_id, belongs.owner_post_id, belongs.requester_id, belongs.awaited_agency_id)
        key = (known.ref.kind, words, *whose)
        meant_here = self._meant.get(key)
        if meant_here is None:
            meant_here = self._meant[key] = list(self._all_meant(known, words))
        found: dict[int, Told] = {}
        for told, viewer in meant_here:
            person_id = told.seat.person_id
            if person_id not in found and (viewer is None or self._sees(viewer, known.ref)):
                found[person_id] = told
        return tuple(found.values())

    def _all_meant(self, known: Known, words: Sequence[str]) -> Iterator[_Meant]:
        group_id = known.standing.group_id
        for word in words:
            for seat in meant(self._tx, self._people, known, word):
                viewer = viewer_of(self._people, Actor(group_id, seat.person_id, seat.person))
                yield _Meant(Told(seat, word), None if is_told_by_post(viewer, known) else viewer)

    def _sees(self, viewer: Viewer, ref: Ref) -> bool:
        key = viewer.person_id or 0, ref.kind
        if key not in self._seen:
            self._seen[key] = seen(self._tx.session, viewer, ref.kind, self._ids[ref.kind])
        return ref.id in self._seen[key]


class _Meant(NamedTuple):
    """Somebody who is meant; where sight depends on the subject itself, as whom they look."""

    told: Told
    viewer: Viewer | None


# Who is meant here follows from the row itself, and not from posts alone.
ASKED_ALONE = (Approval.noun, DeadAddress.noun, RuleHold.noun)


def meant(tx: Tx, people: Roster, known: Known, word: str) -> tuple[Seat, ...]:
    """Give who is meant by one word; for a decision also who may take it and who asked for it.

    That an address is dead is told to whoever can be reached, and that a reply waits to whoever may look at it in the
    coordinator's stead.
    """
    if known.ref.kind == RuleHold.noun and word == "coordinator" and known.facts["kind"] == HoldKind.REPLY:
        belongs = known.belongs
        return who_looks(people, agency_id=belongs.agency_id, written_by=belongs.requester_id)
    if known.ref.kind == DeadAddress.noun:
        seats = addressees(word, people, known.belongs)
        return within_reach(tx.session, people, known.standing.group_id, seats)
    if known.ref.kind != Approval.noun:
        return addressees(word, people, known.belongs)
    row = approval_row(tx, known.ref)
    able = still_asked(tx, known) if word == "approver" else ()
    return addressees(word, people, known.belongs, approval=able, requester=row.requested_by_id)
