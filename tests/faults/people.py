"""People who do what comes into their heads: mostly through doors that are open to them, now and then against closed ones."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import time, timedelta
from functools import partial

import sqlalchemy as sa

from assurance.commands.accepting import acknowledge
from assurance.commands.acting import raise_concern
from assurance.commands.convening import Sitting
from assurance.commands.founding import record_absence
from assurance.commands.meetings import open_meeting
from assurance.commands.moving import move, request_key
from assurance.commands.replying import reply
from assurance.commands.silencing import silence
from assurance.office import Actor, Tx
from assurance.queries.doors import Door, doors_of
from assurance.records import Agency
from engine.conditions import Value
from engine.errors import Refused, Stale
from engine.fences import EVERY
from engine.ledger import Event, answered
from engine.moved import Ref
from engine.vocabulary import Field, Kind
from tests.faults.forms import FORMS, any_of, words_of
from tests.faults.installation import Acknowledged
from tests.web.canaries import EVERYBODY, OF_AGENCY, SEES_EVERYTHING, canary
from tests.world import World

READERS = {
    canary(agency): frozenset(f"{who}@qa.example" for who in people | SEES_EVERYTHING)
    for agency, people in OF_AGENCY.items()
}
# Whoever has more to do is at it oftener.
BUSY = (*EVERYBODY, *("sam", "ada", "bo", "dev", "gil", "fay", "nell", "dan") * 2, "sam", "ada", "sam")
HOURS = {"starts": "10:00", "ends": "12:30"}


class People:
    """Everybody of the cast; what they were told that they have done is kept in `acknowledged`."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.acknowledged: list[Acknowledged] = []
        self.tally: Counter[str] = Counter()
        self._actors: dict[str, Actor] = {}

    def do_something(self, world: World) -> None:
        """Let somebody do one thing, twice where they press the button again."""
        who = self._chance.choice(BUSY)
        beside = [self._raise_concern, self._go_away, self._silence, self._accept, self._reply, self._convene]
        if self._chance.random() < 0.15:
            self._try(world, who, self._chance.choice(beside))
            return
        for who in self._chance.sample(BUSY, 4):
            found = self._door(world, who)
            if found is not None:
                self._try(world, who, partial(self._go, *found), is_open=found[1].is_open)
                return

    def _try(
        self, world: World, who: str, deed: Callable[[Tx, str], object], *, is_open: bool = True
    ) -> None:
        key = f"{who} {sum(self.tally.values())}"
        told = []
        for _ in range(1 if self._chance.random() < 0.9 else 2):
            try:
                with world.office.begin(self._actor(world, who)) as tx:
                    deed(tx, key)
                    once = request_key(tx, key)
                    assert once is not None
                    written = answered(tx.session, once)
            except (Refused, Stale) as refusal:
                self.tally[type(refusal).__name__.lower()] += 1
                continue
            assert is_open, f"{who} went through a door that was closed to them"
            self.tally["done"] += 1
            if written is not None:
                told.append(Acknowledged(written.ref, written.seq, once))
        assert len(set(told)) <= 1, f"one request was answered in two ways: {told}"
        self.acknowledged += told[:1]

    def _door(self, world: World, who: str) -> tuple[Ref, Door] | None:
        """Find a door for somebody: one that is open, or now and then any."""
        refs = self._subjects(world)
        for ref in self._chance.sample(refs, min(3, len(refs))):
            with world.office.reading(self._actor(world, who)) as tx:
                try:
                    doors = doors_of(tx, ref).doors
                except Refused:
                    continue
            wanted = [door for door in doors if door.is_open]
            if self._chance.random() < 0.1:
                wanted = [door for door in doors if not door.is_open]
            if wanted:
                return ref, self._chance.choice(wanted)
        return None

    def _actor(self, world: World, who: str) -> Actor:
        if who not in self._actors:
            self._actors[who] = world.actor(who)
        return self._actors[who]

    def _subjects(self, world: World) -> list[Ref]:
        with world.office.store.reading(group=EVERY) as session:
            rows = session.execute(sa.select(Event.subject_kind, Event.subject_id).distinct())
            return sorted(Ref(kind, number) for kind, number in rows)

    def _go(self, ref: Ref, door: Door, tx: Tx, key: str) -> object:
        """Take a step with whatever it asks for."""
        form = FORMS.get(door.trigger)
        if form is not None and door.is_open:
            return form(self._chance, tx, ref, key)
        given = {field.name: self._value(tx, field) for field in door.asks if self._gives(field)}
        return move(tx, ref, door.trigger, given=given, key=key)

    def _gives(self, field: Field) -> bool:
        return not field.optional or self._chance.random() < 0.5

    def _value(self, tx: Tx, field: Field) -> Value:
        if field.name in HOURS:
            return HOURS[field.name]
        match field.kind:
            case Kind.DATE:
                return tx.today + timedelta(days=self._chance.randint(-1, 60))
            case Kind.CHOICE:
                return self._chance.choice(field.choices)
            case Kind.WHOLE:
                return self._chance.randint(0, 5)
            case Kind.YES_NO:
                return self._chance.random() < 0.5
            case _:
                return words_of(tx)

    def _raise_concern(self, tx: Tx, key: str) -> object:
        return raise_concern(tx, any_of(self._chance, tx, Agency), words_of(tx), key=key)

    def _go_away(self, tx: Tx, _key: str) -> object:
        until = tx.today + timedelta(days=self._chance.randint(0, 21))
        return record_absence(tx, tx.actor.person_id or 0, tx.today, until, "On leave")

    def _silence(self, tx: Tx, key: str) -> object:
        rule = self._chance.choice(tx.playbook.book.rules)
        until = tx.today + timedelta(days=self._chance.randint(1, 30))
        ref = Ref(rule.about, 1) if self._chance.random() < 0.7 else None
        return silence(tx, until_on=until, reason="It is known.", rule_id=rule.id, ref=ref, key=key)

    def _accept(self, tx: Tx, key: str) -> object:
        until = tx.today + timedelta(days=self._chance.randint(1, 30))
        return acknowledge(tx, self._spoken_of(tx, "fired"), until_on=until, reason="I see to it.", key=key)

    def _reply(self, tx: Tx, key: str) -> object:
        ref = self._spoken_of(tx, "noticed")
        rules = [rule.id for rule in tx.playbook.book.about(ref.kind) if rule.notice is not None]
        return reply(tx, ref, self._chance.choice(rules or ["none"]), words_of(tx), key=key)

    def _convene(self, tx: Tx, key: str) -> object:
        on = tx.today + timedelta(days=self._chance.randint(5, 60))
        sitting = Sitting(on, time(14), time(16), "Council House")
        return open_meeting(tx, f"Meeting {key}", sitting, name=None, key=key)

    def _spoken_of(self, tx: Tx, kind: str) -> Ref:
        rows = tx.session.execute(
            sa.select(Event.subject_kind, Event.subject_id).where(Event.kind == kind).distinct()
        )
        return self._chance.choice(sorted(Ref(*row) for row in rows) or [Ref("audit", 1)])
