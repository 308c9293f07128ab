"""The composition root: settings in, an office out, in which every command gets one actor, one instant, one transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assurance.calendar import WorkingCalendar
from assurance.config import Settings
from assurance.edition import edition_of
from assurance.playbook import Playbook, Shelf, has_new, open_playbook, publish_new, read_shelf
from assurance.records import Group, Person
from assurance.telemetry import TRACER
from engine.clock import Clock, SystemClock
from engine.errors import BadDefinition, Reason, Refused, Stale
from engine.fences import EVERY
from engine.store import Base, Store, open_store
from engine.words import unknown
from notifications.outbox import is_owed_now

log = logging.getLogger("auditloop.office")
_THERE_ALREADY = "23505"  # SQLSTATE: unique_violation


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it: a person of one group, or the clock on behalf of one group.

    `link_id` is the link from a mail by which a person acts without having signed in; the history says so.
    """

    group_id: int
    person_id: int | None
    name: str
    link_id: int | None = None

    @property
    def signature(self) -> str:
        """Write the actor as the history keeps it: `person/3` or `clock`."""
        return "clock" if self.person_id is None else f"person/{self.person_id}"


def clock_of(group_id: int) -> Actor:
    """Give the actor that stands for time itself in one group."""
    return Actor(group_id, None, "the clock")


@dataclass(frozen=True, slots=True)
class Tx:
    """One command's five values: its session, its instant, the group's civil day, its actor, and the playbook."""

    session: Session
    now: datetime
    today: date
    actor: Actor
    playbook: Playbook

    @property
    def calendar(self) -> WorkingCalendar:
        """Give the working calendar of the actor's group."""
        return self.playbook.calendar(self.actor.group_id)


def _nobody_waits() -> None:
    """Call nobody: who delivers comes by themselves."""


class Office:
    """An open installation. Its one method that writes is `begin`; one that `publishes` nothing only looks.

    `on_owed` is called after the commit of whatever owes mail that may go at once.
    """

    def __init__(
        self, settings: Settings, store: Store, shelf: Shelf, *, clock: Clock, publishes: bool = True
    ) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self.shelf = shelf
        self.publishes = publishes
        self.on_owed: Callable[[], None] = _nobody_waits
        self._edition: tuple[int | None, ...] = ()
        self.playbook = self.read_playbook()

    def read_playbook(self) -> Playbook:
        """Read groups and definitions afresh; only a definition that is new is written."""
        with self.store.reading(group=EVERY) as session:
            is_new = has_new(session, self.shelf)
        if is_new and self.publishes:
            with self.store.begin(group=EVERY) as session:
                publish_new(session, self.shelf, at=self.clock.now())
        with self.store.reading(group=EVERY) as session:
            # The edition first: what comes in between is then read once more, and not missed.
            edition = edition_of(session)
            self.playbook = open_playbook(
                session,
                self.shelf,
                base_url=self.settings.base_url,
                secret=self.settings.secret,
                old_secrets=self.settings.old_secrets,
            )
        # Only now: what could not be read is read at the next look.
        self._edition = edition
        return self.playbook

    def catch_up(self) -> None:
        """Read groups and definitions afresh where somebody else, in another process, has changed them since.

        What only a newer version can read is left to it; everything else goes on as it was known.
        """
        with self.store.reading(group=EVERY) as session:
            edition = edition_of(session)
        if edition == self._edition:
            return
        try:
            self.read_playbook()
        except BadDefinition as error:
            self._edition = edition
            log.warning("a newer version has put in force what this one cannot read: %s", error)

    def publish(self) -> Playbook:
        """Put what is new on the shelf in force from now on, where the office was opened without that."""
        self.publishes = True
        return self.read_playbook()

    @contextmanager
    def begin(self, actor: Actor) -> Iterator[Tx]:
        """Open one command's transaction: commits at the end, rolls back on any exception.

        Raises Stale where somebody else has at the same instant entered what a person enters, and there can be once only.
        """
        with (
            TRACER.start_as_current_span("command"),
            _faster_than(actor),
            self.store.begin(group=actor.group_id) as session,
        ):
            # Asked once the turn has come: a command that waited does not write an instant before others'.
            now = self.clock.now()
            yield Tx(session, now, self._today(actor, now), actor, self.playbook)
        # Never before: whoever is called must find it.
        if is_owed_now(session):
            self.on_owed()

    @contextmanager
    def reading(self, actor: Actor) -> Iterator[Tx]:
        """Open a transaction that only reads."""
        now = self.clock.now()
        with self.store.reading(group=actor.group_id) as session:
            yield Tx(session, now, self._today(actor, now), actor, self.playbook)

    def actor(self, key: str, *, group: str | None = None) -> Actor:
        """Find a person by key, e-mail or name.

        Raises Refused, with the nearest known key, where there is nobody or more than one.
        """
        with self.store.reading(group=EVERY) as session:
            query = sa.select(Person).join(Group, Group.id == Person.group_id)
            people = session.scalars(query if group is None else query.where(Group.key == group)).all()
        matching = [person for person in people if key in (person.key, person.email, person.name)]
        if len(matching) == 1:
            return Actor(matching[0].group_id, matching[0].id, matching[0].name)
        if matching:
            raise Refused(
                Reason("several_people", f"{key!r} is the name of {len(matching)} people; give the e-mail.")
            )
        raise Refused(
            Reason("unknown_person", unknown(key, "a person here", [person.key for person in people]) + ".")
        )

    @property
    def is_shared(self) -> bool:
        """Say whether other processes may work on the same database, as on PostgreSQL they may."""
        return self.store.db.dialect.name == "postgresql"

    def groups(self) -> tuple[int, ...]:
        """Give the groups of this installation."""
        return tuple(self.playbook.groups)

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    def _today(self, actor: Actor, now: datetime) -> date:
        return self.playbook.calendar(actor.group_id).today(now)


@contextmanager
def _faster_than(actor: Actor) -> Iterator[None]:
    """Say in a sentence that a row was there already which was not when its command looked.

    Only PostgreSQL lets two write at once; on SQLite the second sees what the first has written. The clock is told the
    fault itself: it enters nothing that somebody else could.
    """
    try:
        yield
    except IntegrityError as error:
        if actor.person_id is None or not _was_entered(error):
            raise
        log.warning("of two who entered the same at once, %s was the second", actor.signature, exc_info=True)
        sentence = "Somebody else has just entered the same; nothing of yours was saved. Look again, then enter what is missing."
        raise Stale.because("entered_at_once", sentence) from error


def _was_entered(error: IntegrityError) -> bool:
    """Tell what somebody has entered from a number that the database has drawn twice, as after a lost sequence."""
    if getattr(error.orig, "sqlstate", None) != _THERE_ALREADY:
        return False
    told = getattr(error.orig, "diag", None)
    table = Base.metadata.tables.get(getattr(told, "table_name", None) or "")
    is_drawn = table is not None and table.primary_key.columns.keys() == ["id"]
    return not (
        is_drawn and getattr(told, "constraint_name", None) == f"pk_{getattr(told, 'table_name', None)}"
    )


def open_office(settings: Settings, *, clock: Clock | None = None, publishes: bool = True) -> Office:
    """Read the YAML, open the database, and put both together.

    Without `publishes`, definitions that are new are not kept: for whoever asks what they would change.
    Raises BadDefinition for a fault in a workflow or rule file, before the database is touched.
    """
    shelf = read_shelf(settings.workflows, settings.rules)
    store = open_store(settings.database)
    return Office(settings, store, shelf, clock=clock or SystemClock(), publishes=publishes)
