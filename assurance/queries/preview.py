"""Who would be told what, and when, in the days to come, if nothing else happened: the rules judged ahead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from assurance.access import Sight, Viewer, visible
from assurance.adopted import not_in_force
from assurance.backlog import settled
from assurance.matters import MatterNoun
from assurance.office import Tx
from assurance.queries.foretelling import Foreteller, Foretold, Way
from assurance.queries.owed import owed_to
from assurance.reach import dead_addresses
from assurance.records import Matter
from assurance.roster import roster
from engine.moved import Ref

AT_ONCE = 1000
LONGEST_IN_DAYS = 366


class OneMail(NamedTuple):
    """One mail that somebody would get, with everything that stands in it."""

    goes_at: datetime
    way: Way
    person: str
    tellings: tuple[Foretold, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What goes from one day to another, both included, and of how many subjects the rules were asked.

    `withheld` are rules that are not in force and say nothing, `unreachable` people to whose address mail comes back.
    """

    from_on: date
    until_on: date
    subjects: int
    foretold: tuple[Foretold, ...]
    withheld: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()

    def mails(self) -> tuple[OneMail, ...]:
        """Give the mails: one digest for each person and day, else one for each rule, audit and person."""
        together: dict[tuple[object, ...], list[Foretold]] = defaultdict(list)
        for one in self.foretold:
            apart = () if one.way is Way.DIGEST else (one.rule, one.audit)
            together[one.goes_at, one.way, one.person_id, *apart].append(one)
        mails = (
            OneMail(some[0].goes_at, some[0].way, some[0].person, tuple(some)) for some in together.values()
        )
        return tuple(sorted(mails, key=lambda mail: (mail.goes_at, mail.person, mail.way)))


def preview(tx: Tx, viewer: Viewer, *, days: int) -> Preview:
    """Judge the rules for every subject that the viewer may see, from today on for that many days.

    What was said already and waits to be told is among it. Whoever does not see everything sees only what they would
    be told themselves.
    """
    sees_all = viewer.sight is Sight.EVERYTHING
    until_on = tx.today + timedelta(days=days)
    withheld = waiting_rules(tx)
    owed = owed_to(tx, None if sees_all else [viewer.person_id or 0])
    foreteller = Foreteller(tx, until_on, withheld=frozenset(withheld), owed=owed)
    subjects, found = 0, list[Foretold]()
    for kind in tx.playbook.nouns:
        if tx.playbook.book.about(kind):
            for some in _in_portions(_refs(tx, viewer, kind)):
                subjects += len(some)
                found += foreteller.foretell(kind, some)
    if not sees_all:
        found = [one for one in found if one.person_id == viewer.person_id]
    found.sort(key=lambda one: (one.goes_at, one.person, one.rule, one.ref))
    return Preview(tx.today, until_on, subjects, tuple(found), withheld, _unreachable(tx, found))


def how_many(tx: Tx, viewer: Viewer) -> int:
    """Count the subjects of which the rules would be asked: each takes about a thousandth of a second."""
    counts = [
        tx.session.scalar(sa.select(sa.func.count()).select_from(_seen(tx, viewer, kind).subquery())) or 0
        for kind in tx.playbook.nouns
        if tx.playbook.book.about(kind)
    ]
    return sum(counts)


def waiting_rules(tx: Tx) -> tuple[str, ...]:
    """Name the rules that wait for somebody's word; any other that is new comes into force by itself."""
    waiting = not_in_force(tx.session, tx.playbook.book.rules, group_id=tx.actor.group_id)
    if not waiting:
        return ()
    _, too_many = settled(tx, waiting)
    return tuple(rule.id for rule in too_many)


def _unreachable(tx: Tx, found: Sequence[Foretold]) -> tuple[str, ...]:
    """Name those who would be told and cannot be reached."""
    group_id = tx.actor.group_id
    dead = dead_addresses(tx.session)
    if not dead:
        return ()
    told = {one.person_id for one in found}
    seats = roster(tx.session, group_id=group_id, today=tx.today).seats
    names = (
        seat.person for seat in seats if seat.person_id in told and (group_id, seat.email.lower()) in dead
    )
    return tuple(dict.fromkeys(names))


def _refs(tx: Tx, viewer: Viewer, kind: str) -> list[Ref]:
    query = _seen(tx, viewer, kind)
    return [Ref(kind, number) for number in tx.session.scalars(query.order_by(query.selected_columns[0]))]


def _seen(tx: Tx, viewer: Viewer, kind: str) -> sa.Select[int]:
    noun = tx.playbook.noun(kind)
    query = sa.select(noun.table.id).where(visible(viewer, noun.table))
    return query.where(Matter.kind == kind) if isinstance(noun, MatterNoun) else query


def _in_portions(refs: Sequence[Ref]) -> Iterator[Sequence[Ref]]:
    for start in range(0, len(refs), AT_ONCE):
        yield refs[start : start + AT_ONCE]
