"""The private address at which a person's own calendar reads meetings and due days: made, renewed, taken back."""

from __future__ import annotations

import sqlalchemy as sa

from assurance.accounts.chronicle import note_deed
from assurance.accounts.tokens import draw_token, fingerprint
from assurance.commands.hearing import require_post
from assurance.office import Tx
from assurance.records import CalendarFeed
from engine.errors import Reason, Refused


def make_feed(tx: Tx) -> str:
    """Make a new address for the actor and give its secret part, which is told this once; any earlier one ends.

    Raises Refused for whoever holds no post today.
    """
    require_post(tx)
    _end(tx)
    token = draw_token()
    row = CalendarFeed(
        group_id=tx.actor.group_id,
        person_id=tx.actor.person_id,
        token_hash=fingerprint(token),
        made_at=tx.now,
        revoked_at=None,
    )
    tx.session.add(row)
    tx.session.flush()
    note_deed(tx, "feed_made", tx.actor.person_id)
    return token


def revoke_feed(tx: Tx) -> None:
    """Take the actor's address back: whoever reads it from now on is told that there is nothing.

    Raises Refused where there is none.
    """
    if not _end(tx):
        raise Refused(Reason("no_feed", "There is no calendar address of yours that could be taken back."))
    note_deed(tx, "feed_revoked", tx.actor.person_id)


def _end(tx: Tx) -> bool:
    own = (CalendarFeed.person_id == tx.actor.person_id, CalendarFeed.revoked_at.is_(None))
    return bool(
        tx.session.connection()
        .execute(sa.update(CalendarFeed).where(*own).values(revoked_at=tx.now))
        .rowcount
    )
