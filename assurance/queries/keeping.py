"""What whoever keeps the installation should look at, and how the installation is in every detail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.in_force import RuleInForce, standing_of
from assurance.office import Office, Tx
from assurance.queries.around import HELD
from assurance.queries.checkpoints import Printed, attest_all, newest_checkpoint
from assurance.queries.definitions import definitions
from assurance.queries.health import (
    Seen,
    due_timers,
    guards,
    mails_by_state,
    of_checkpoints,
    of_database,
    of_days,
    of_running,
    of_settings,
)
from assurance.queries.mail_queue import MailQueue, mail_queue
from assurance.queries.vital_signs import VitalSigns, vital_signs
from assurance.records import ClosedDay, DeadAddress
from assurance.records.rules import DailySweep
from assurance.tables import MOVED
from engine.proof import Proof, verify
from notifications.outbox import OWED, Message


@dataclass(frozen=True, slots=True)
class Attention:
    """What is counted for the first page of the administration."""

    mails: MailQueue
    dead_addresses: int
    rules_waiting: tuple[RuleInForce, ...]
    next_closed: tuple[date, str] | None
    signs: VitalSigns

    @property
    def owed(self) -> int:
        """How many mails still wait to go."""
        return self.mails.counts["queued"] + self.mails.counts[HELD] + self.mails.counts["sending"]


@dataclass(frozen=True, slots=True)
class Pulse:
    """When what should happen to one group happened last: the daily look at everything, and the last mail that was handed over.

    `due` counts the group's subjects at which rules still have to look, `owed` its mails that still have to go.
    """

    looked_at: datetime | None
    sent_at: datetime | None
    due: int
    owed: int


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that a doctor would ask of the installation, with its vital signs and its pulse."""

    signs: VitalSigns
    pulse: Pulse
    settings: tuple[Seen, ...]
    database: tuple[Seen, ...]
    contents: tuple[Seen, ...]

    @property
    def advice(self) -> tuple[Seen, ...]:
        """What somebody has to do something about."""
        return tuple(
            one for some in (self.settings, self.database, self.contents) for one in some if one.advice
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking the whole history, with the newest checkpoint, to be held beside one on paper."""

    proof: Proof
    checkpoint: Printed | None


def attention(office: Office, tx: Tx, viewer: Viewer) -> Attention:
    """Count what waits for whoever keeps the installation."""
    dead = sa.select(sa.func.count()).select_from(DeadAddress)
    closed = sa.select(ClosedDay.day, ClosedDay.name).where(
        ClosedDay.group_id == tx.actor.group_id, ClosedDay.day >= tx.today
    )
    row = tx.session.execute(closed.order_by(ClosedDay.day).limit(1)).first()
    return Attention(
        mails=mail_queue(tx, viewer),
        dead_addresses=tx.session.scalar(
            dead.where(visible(viewer, DeadAddress), DeadAddress.mended_on.is_(None))
        )
        or 0,
        rules_waiting=tuple(one for one in standing_of(tx) if not one.is_in_force),
        next_closed=None if row is None else (row[0], row[1]),
        signs=vital_signs(office),
    )


def examine(office: Office, tx: Tx) -> Examination:
    """Examine the installation without changing anything; what a setting keeps secret is not told."""
    store = office.store
    looked_at = tx.session.scalar(
        sa.select(DailySweep.done_at).where(DailySweep.group_id == tx.actor.group_id)
    )
    sent_at = tx.session.scalar(
        sa.select(sa.func.max(Message.sent_at)).where(Message.group_id == tx.actor.group_id)
    )
    due, _ = due_timers(tx.session, tx.now, group=tx.actor.group_id)
    mails = mails_by_state(tx.session, group=tx.actor.group_id)
    return Examination(
        signs=vital_signs(office),
        pulse=Pulse(looked_at, sent_at, due, sum(mails.get(state, 0) for state in OWED)),
        settings=tuple(of_settings(office.settings)),
        database=tuple(of_database(store, store.path)),
        contents=(
            guards(tx.session, store.db.dialect.name),
            *of_checkpoints(tx.session, tx.now, group=tx.actor.group_id),
            *of_days(tx.session, tx.now, group=tx.actor.group_id),
            of_running(definitions(tx.session, tx.playbook, group_id=tx.actor.group_id)),
        ),
    )


def check_history(office: Office, tx: Tx) -> Checked:
    """Check every seal and checkpoint of the group, as `auditloop verify` does; a second for some thousand lines."""
    group = tx.actor.group_id
    proof = verify(tx.session, MOVED, group=group)
    attested = attest_all(tx.session, office.settings, group=group)
    faults = (*proof.faults, *(fault for one in attested for fault in one.faults))
    return Checked(replace(proof, faults=faults), newest_checkpoint(tx))
