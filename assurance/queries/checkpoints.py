"""The newest checkpoint, to be printed where paper outlives the database; and what all checkpoints say of the history."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.accounts.chronicle import seals_of_deeds
from assurance.checkpointing import DEEDS_OF_GROUP
from assurance.config import Settings
from assurance.office import Tx
from assurance.records import Group
from engine.checkpoints import Kept, newest, spaced
from engine.signing import public_key_in
from engine.witness import Attested, attest

# Records beside the histories of subjects that checkpoints sign too.
LOGS = {DEEDS_OF_GROUP: seals_of_deeds}


@dataclass(frozen=True, slots=True)
class Printed:
    """A checkpoint as it is printed; `taken_at` is in the group's own zone, the fingerprint in groups of eight."""

    number: int
    taken_at: datetime
    fingerprint: str


def newest_checkpoint(tx: Tx) -> Printed | None:
    """Give the newest checkpoint of the actor's group; None where none was ever taken."""
    row = newest(tx.session, group_id=tx.actor.group_id)
    if row is None:
        return None
    return Printed(row.number, row.taken_at.astimezone(tx.calendar.zone), spaced(row.fingerprint))


def attest_all(
    session: Session,
    settings: Settings,
    *,
    group: int | None = None,
    keys: Collection[str] = (),
    kept: Sequence[Kept] = (),
) -> tuple[Attested, ...]:
    """Check the checkpoints of every group, or of one, and those that were kept elsewhere, against the history.

    `keys` are public keys known from outside, besides that of the settings.
    """
    trusted = set(keys) | own_keys(settings)
    query = sa.select(Group.id, Group.key).order_by(Group.id)
    groups = session.execute(query if group is None else query.where(Group.id == group)).all()
    return tuple(
        attest(session, number, key, trusted=trusted, kept=kept, logs=LOGS) for number, key in groups
    )


def own_keys(settings: Settings) -> set[str]:
    """Give the public half of the installation's own key, where it has one that can be read."""
    if settings.signing_key is None:
        return set()
    try:
        return {public_key_in(settings.signing_key.read_bytes())}
    except (OSError, ValueError):
        return set()
