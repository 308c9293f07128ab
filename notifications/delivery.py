"""Delivery: lease, send, settle. The network is never inside a transaction; the one asynchronous part of the house.

A feeder takes batches out of the outbox, makes letters of them and stores their bytes, ahead of those on the wire; workers
hand the letters over, each on its own connection; a settler writes down in batches what became of them.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import NamedTuple, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine.clock import Clock
from engine.fences import EVERY
from engine.store import Store
from notifications.compose import Sender
from notifications.headers import envelope_address
from notifications.holders import new_token
from notifications.leases import Claimed, Settlement, heal, settle
from notifications.letters import Outcome, Result
from notifications.mailer import Carrier, Mailer
from notifications.outbox import State
from notifications.readying import DeadAddresses, Judged, Ready, Readying, SecretOf, nobody_knows
from notifications.refusals import Refusal
from notifications.retries import follow_up
from notifications.review import Review, as_they_are
from notifications.verp import ReturnAddress

log = logging.getLogger(__name__)
_T = TypeVar("_T")
_AT_A_TIME = 5
_UNTRIED = Outcome(Result.UNTRIED, None, "not tried: the database was away or busy")
_REFUSALS = frozenset({Result.GONE, Result.REFUSED, Result.DENIED, Result.REJECTED})


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """How mail goes out.

    `lease` must be longer than `longest_send`, so that nobody else takes a letter that is still on the wire;
    what was not begun early enough goes back untried. `settle_within` (seconds) bounds how many letters are
    sent twice when the process is killed; `per_minute` limits the rate, None means as fast as it goes.
    Refusals of so many addresses before anybody was accepted, or later so many in a row, are held for refusals of
    ourselves. `returns` makes the sender on each envelope; without it that is the sender's own address.
    Behind `explained_at` (a full URL) and a message's number stands why it was sent; each letter ends with that link.
    `secret_of` gives what belongs in place of a blank (see `notifications/blanks.py`).
    Raises ValueError for a sender's address that cannot be written to, or for times that do not fit.
    """

    sender: Sender
    workers: int = 4
    batch: int = 200
    at_most: int = 5_000
    lease: timedelta = timedelta(minutes=20)
    longest_send: timedelta = timedelta(minutes=17)
    settle_within: float = 0.1
    per_minute: int | None = None
    refusals_that_mean_us: int = 3
    refusals_in_a_row: int = 10
    returns: ReturnAddress | None = None
    explained_at: str = ""
    secret_of: SecretOf = nobody_knows

    def __post_init__(self) -> None:
        envelope_address(self.sender.address)
        if self.lease <= self.longest_send:
            raise ValueError(
                "the lease of a message must be longer than the longest time that sending it may take"
            )
        if min(self.workers, self.batch, self.at_most, self.per_minute or 1) < 1:
            raise ValueError("workers, batch, at_most and per_minute are whole numbers from 1")


@dataclass(slots=True)
class Delivered:
    """What one run did; `trouble` says why it stopped early, in the mail server's words where there are any."""

    sent: int = 0
    later: int = 0
    failed: int = 0
    uncertain: int = 0
    withdrawn: int = 0
    held: int = 0
    put_back: int = 0
    healed: int = 0
    trouble: str = ""

    def add(self, outcome: Outcome, settlement: Settlement) -> None:
        """Count one settled message."""
        if outcome.result is Result.UNCERTAIN:
            self.uncertain += 1
        elif settlement.state is State.SENT:
            self.sent += 1
        elif settlement.state is State.FAILED:
            self.failed += 1
        elif settlement.state is State.WITHDRAWN:
            self.withdrawn += 1
        elif outcome.result is Result.HELD:
            self.held += 1
        elif outcome.result in (Result.LATER, Result.BUSY, Result.DENIED):
            self.later += 1
        else:
            self.put_back += 1


def none_dead(_session: Session) -> frozenset[tuple[int, str]]:
    """Hold every address for alive."""
    return frozenset()


def never() -> bool:
    """Ask nobody to stop."""
    return False


async def deliver_due(
    store: Store,
    mailer: Mailer,
    clock: Clock,
    *,
    settings: DeliverySettings,
    review: Review = as_they_are,
    dead: DeadAddresses = none_dead,
    stopping: Callable[[], bool] = never,
    chance: Callable[[], float] = random.random,
) -> Delivered:
    """Send what is due, at most `settings.at_most` messages, and tell what became of it.

    `review` is asked in a transaction just before messages are sent: what it holds back waits, what it finds
    overtaken is withdrawn. What is for an address that is `dead` fails unsent.
    Once `stopping` says so, letters on the wire are finished and the others put back. One broken message is
    parked as failed and hinders nobody. Raises SQLAlchemy's errors when the database is away; what was leased
    then goes back at once, or when the lease has run out where even that cannot be written.
    """
    run = _Run(store, mailer, clock, settings, review, dead, stopping, chance)
    return await run.deliver()


class _Noted(NamedTuple):
    message: Claimed
    outcome: Outcome


@dataclass(slots=True)
class _Run:
    store: Store
    mailer: Mailer
    clock: Clock
    settings: DeliverySettings
    review: Review
    dead: DeadAddresses
    stopping: Callable[[], bool]
    chance: Callable[[], float]
    token: str = field(default_factory=new_token)
    tally: Delivered = field(default_factory=Delivered)
    readying: Readying = field(init=False)
    noted: list[_Noted] = field(default_factory=list)
    refusals: list[_Noted] = field(default_factory=list)
    something_noted: asyncio.Event = field(default_factory=asyncio.Event)
    settle_now: asyncio.Event = field(default_factory=asyncio.Event)
    workers_left: int = 0
    has_sent: bool = False
    is_over: bool = False
    is_halted: bool = False
    next_turn: float = 0.0

    def __post_init__(self) -> None:
        self.readying = Readying(
            self.store,
            self.settings.sender,
            self.review,
            self.token,
            self.dead,
            self.settings.returns,
            self.settings.explained_at,
            self.settings.secret_of,
        )

    async def deliver(self) -> Delivered:
        self.tally.healed = await self._in_transaction(partial(heal, at=self.clock.now()))
        letters: asyncio.Queue[Ready | None] = asyncio.Queue(self.settings.batch)
        settler = asyncio.create_task(self._settle_as_they_come())
        self.workers_left = self.settings.workers
        try:
            parts = [self._work(letters) for _ in range(self.settings.workers)]
            ends = await asyncio.gather(self._feed(letters), *parts, return_exceptions=True)
        finally:
            self._finish()
            await settler
        for end in ends:
            if end is not None:
                raise end
        return self.tally

    # -- taking out of the outbox

    async def _feed(self, letters: asyncio.Queue[Ready | None]) -> None:
        left = self.settings.at_most
        try:
            while left > 0 and self._goes_on():
                limit = min(left, self.settings.batch)
                at, lease = self.clock.now(), self.settings.lease
                judged = await asyncio.to_thread(self.readying.take, at=at, lease=lease, limit=limit)
                if not judged:
                    break
                left -= len(judged)
                for ready in await self._made(judged):
                    await letters.put(ready)
        finally:
            for _ in range(self.settings.workers):
                await letters.put(None)

    async def _made(self, judged: Sequence[Judged]) -> list[Ready]:
        """Make letters ahead of those that are being sent, a few at a time, so that no conversation waits for long."""
        at, readies = self.clock.now(), list[Ready]()
        for one in judged:
            readies.append(self.readying.made(one, at=at))
            if len(readies) % _AT_A_TIME == 0:
                await asyncio.sleep(0)
        try:
            await self._in_transaction(partial(self.readying.store_bytes, readies=readies))
        except SQLAlchemyError:
            # Nobody else heals what is held by a process that lives: they would wait until the lease has run out.
            self._release([_Noted(one.message, _UNTRIED) for one in judged])
            raise
        return [self.readying.filled_in(ready) for ready in readies]

    # -- handing over

    async def _work(self, letters: asyncio.Queue[Ready | None]) -> None:
        carrier = self.mailer.carrier()
        try:
            while (ready := await letters.get()) is not None:
                outcome = await self._outcome(carrier, ready)
                self._note(_Noted(ready.message, outcome))
                if outcome.result is Result.UNREACHABLE and self._retires(outcome):
                    break
        finally:
            await carrier.close()

    async def _outcome(self, carrier: Carrier, ready: Ready) -> Outcome:
        if ready.letter is None:
            return ready.outcome
        await self._wait_for_turn()
        too_late = self.clock.now() + self.settings.longest_send > ready.message.lease_until
        if too_late or not self._goes_on():
            return Outcome(Result.UNTRIED, None, "not tried: delivery stopped before its turn")
        try:
            return await carrier.send(ready.letter)
        except Exception as error:
            log.exception("message %s cannot be sent and is parked", ready.message.key)
            return Outcome.of(Result.BROKEN, None, f"{type(error).__name__}: {error}")

    async def _wait_for_turn(self) -> None:
        if self.settings.per_minute is not None:
            now = asyncio.get_running_loop().time()
            self.next_turn = max(self.next_turn, now) + 60 / self.settings.per_minute
            await asyncio.sleep(self.next_turn - 60 / self.settings.per_minute - now)

    def _retires(self, outcome: Outcome) -> bool:
        """Let a worker go that gets no connection while others have one; the last one stops the run instead."""
        if self.workers_left > 1 and self._goes_on():
            self.workers_left -= 1
            return True
        self._halt(f"the mail server cannot be reached: {outcome.text}")
        return False

    # -- writing down

    def _note(self, noted: _Noted) -> None:
        result = noted.outcome.result
        if result is Result.SENDER_WRONG:
            self._halt(f"the mail server does not take mail from us: {noted.outcome.text}")
        if result is Result.SENT:
            self.has_sent = True
            self._release_refusals()
        if result in _REFUSALS:
            self._hold(noted)
        else:
            self._release([noted])

    def _hold(self, noted: _Noted) -> None:
        """Believe a refusal only when somebody else is accepted: else it may be about us.

        A server may also lose its directory in the middle of a run, and from then on know nobody.
        """
        self.refusals.append(noted)
        settings = self.settings
        limit = settings.refusals_in_a_row if self.has_sent else settings.refusals_that_mean_us
        if len({refusal.message.to_address for refusal in self.refusals}) >= limit:
            self._halt(f"the mail server refuses everybody: {noted.outcome.text}")
            code_and_text = noted.outcome.code, noted.outcome.text
            alike = Outcome(Result.ALL_REFUSED, *code_and_text)
            self.refusals = [_Noted(refusal.message, alike) for refusal in self.refusals]
            self._release_refusals()

    def _release_refusals(self) -> None:
        refusals, self.refusals = self.refusals, []
        self._release(refusals)

    def _release(self, noted: list[_Noted]) -> None:
        self.noted.extend(noted)
        self.something_noted.set()
        if len(self.noted) >= self.settings.batch:
            self.settle_now.set()

    async def _settle_as_they_come(self) -> None:
        try:
            while self.noted or not self.is_over:
                await self.something_noted.wait()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.settings.settle_within):
                        await self.settle_now.wait()
                await self._settle_noted()
        finally:
            self.is_halted = True  # what is not written down any more must not be sent either

    async def _settle_noted(self) -> None:
        noted, self.noted = self.noted, []
        if not self.is_over:
            self.something_noted.clear()
            self.settle_now.clear()
        at = self.clock.now()
        pairs = [
            (outcome, follow_up(message, outcome, at=at, chance=self.chance)) for message, outcome in noted
        ]
        settlements = [settlement for _, settlement in pairs]
        await self._in_transaction(partial(settle, settlements=settlements, at=at, token=self.token))
        for outcome, settlement in pairs:
            self.tally.add(outcome, settlement)

    def _finish(self) -> None:
        self.is_over = True
        if not self.has_sent:
            self.refusals = [self._alone(refusal) for refusal in self.refusals]
        self._release_refusals()
        self.settle_now.set()

    def _alone(self, noted: _Noted) -> _Noted:
        """Judge a refusal in a run in which nobody was accepted: only a status speaks for itself, words may be ours."""
        result, code, text = noted.outcome.result, noted.outcome.code, noted.outcome.text
        if result is Result.DENIED:
            self._halt(f"the mail server does not take mail from us: {text}")
        has_said_nothing = result is Result.GONE and not Refusal.of(code, text).status
        if result is Result.REFUSED or has_said_nothing:
            return _Noted(noted.message, Outcome(Result.LATER, code, text))
        return noted

    # -- the run as a whole

    def _goes_on(self) -> bool:
        return not self.is_halted and not self.stopping()

    def _halt(self, trouble: str) -> None:
        if not self.is_halted:
            self.is_halted = True
            self.tally.trouble = trouble  # said by whoever asked for the run, once

    async def _in_transaction(self, work: Callable[[Session], _T]) -> _T:
        """Run work in a thread and a transaction of its own: waiting for the database must not stall the mail."""
        return await asyncio.to_thread(self._begin, work)

    def _begin(self, work: Callable[[Session], _T]) -> _T:
        with self.store.begin(group=EVERY) as session:
            return work(session)
