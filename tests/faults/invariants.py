"""What must hold of a whole installation after any fault, on either database; what does not hold is said in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from assurance.judging import judged
from assurance.office import Tx, clock_of
from assurance.reckoning import make_ready
from engine.fences import EVERY
from engine.ledger import Event
from engine.moved import Ref
from tests.faults.installation import Installation
from tests.faults.of_history import breaches_of_history
from tests.faults.of_mail import breaches_of_mail, undelivered


def breaches(installation: Installation) -> list[str]:
    """Give every invariant that does not hold, each as a sentence that names what is wrong.

    The installation has drained: what could go has gone, and whatever rules had to say is said.
    """
    office = installation.office
    with office.store.reading(group=EVERY) as session:
        found = [
            *breaches_of_history(session, office.playbook, installation.acknowledged),
            *breaches_of_mail(session, office.playbook, installation),
        ]
    for group_id in office.groups():
        withheld = make_ready(office, group_id).withheld
        with office.reading(clock_of(group_id)) as tx:
            found += undelivered(tx.session, at=tx.now, group_id=group_id)
            found += _unsaid(tx, withheld)
    return found


def _subjects(tx: Tx) -> Iterator[Ref]:
    query = sa.select(Event.subject_kind, Event.subject_id).where(Event.group_id == tx.actor.group_id)
    return (Ref(kind, number) for kind, number in tx.session.execute(query.distinct()))


def _unsaid(tx: Tx, withheld: frozenset[str]) -> Iterator[str]:
    """Ask every rule of every subject: after a sweep none has anything to say."""
    for one in judged(tx, list(_subjects(tx)), withheld=withheld):
        for verdict, _ in one.verdicts:
            yield f"{one.known.ref}: the rule {verdict.rule.id} fires on {verdict.occasion}, and has not spoken"
