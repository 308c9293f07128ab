"""A desk for whoever has opened a link from a mail: reads and acts in the name of the person who got it, and only by it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields

from assurance.access import Viewer, viewer_of
from assurance.links import Link, by_link, good_link
from assurance.office import Tx
from assurance.roster import roster
from web.desk import Desk

OPENED = "opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDesk(Desk):
    """One request by a link; `what` is what its use is noted as."""

    token: str
    link: Link
    what: str

    @contextmanager
    def reading(self) -> Iterator[tuple[Tx, Viewer]]:
        """Open a transaction that only reads, with how far the link's person sees."""
        with self.office.reading(self.link.actor) as tx:
            people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
            yield tx, viewer_of(people, tx.actor)

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """Open the transaction of one command; the link is checked again in it, and its use noted."""
        with by_link(self.office, self.token, self.what) as (tx, _):
            yield tx


def desk_by_link(desk: Desk, token: str, *, what: str) -> LinkDesk:
    """Give the desk of whoever has opened a link, or presses a button on its page.

    That it was opened is noted here, what a button does where it is done. Raises Refused, and says whom to ask, for a
    link that is of no use.
    """
    if what == OPENED:
        with by_link(desk.office, token, what) as (_, link):
            pass
    else:
        link = good_link(desk.office, token)
    at_hand = {one.name: getattr(desk, one.name) for one in fields(Desk)}
    return LinkDesk(**at_hand, token=token, link=link, what=what)
