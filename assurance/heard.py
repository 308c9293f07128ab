"""Have those been heard who are to be heard first? Their time to reply runs from the day on which the notice left."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, datetime

import sqlalchemy as sa

from assurance.office import Tx
from engine.moved import Ref
from engine.rule import Rule
from notifications.outbox import OWED, Message, State

TEMPLATE = "notice"
_IN_VAIN = (State.FAILED, State.BOUNCED, State.WITHDRAWN)


class Hearings:
    """When the notices of one group left, as it is known at one instant; read when somebody first asks."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._read: dict[tuple[str, str, str], list[tuple[str, datetime | None]]] | None = None

    def over_on(self, ref: Ref, rule: Rule, occasion: str) -> date | None:
        """Give the day from which a rule may name somebody, where the time to reply is not over; else None.

        A notice that still waits, for the quiet hours or for a mail server, is taken to leave today. One that never
        left, because it was withdrawn or nobody can be reached, is waited for no longer.
        """
        if rule.notice is None:
            return None
        letters = self._letters().get((str(ref), rule.id, occasion), [])
        left_on = [self._tx.calendar.today(sent_at) for _, sent_at in letters if sent_at is not None]
        if not left_on and any(state in OWED for state, _ in letters):
            left_on = [self._tx.today]
        if not left_on:
            return None
        over_on = rule.notice.before.after(min(left_on), self._tx.calendar)
        return over_on if over_on > self._tx.today else None

    def reached_nobody(self, ref: Ref, rule_id: str, occasion: str) -> bool:
        """Say whether notice was given and has arrived nowhere, and nobody waits any longer for it to."""
        letters = self._letters().get((str(ref), rule_id, occasion), [])
        return bool(letters) and all(state in _IN_VAIN for state, _ in letters)

    def _letters(self) -> dict[tuple[str, str, str], list[tuple[str, datetime | None]]]:
        if self._read is None:
            self._read = defaultdict(list)
            query = sa.select(Message.rests_on, Message.state, Message.sent_at)
            where = (Message.group_id == self._tx.actor.group_id, Message.template == TEMPLATE)
            for rests_on, state, sent_at in self._tx.session.execute(query.where(*where)):
                for ground in json.loads(rests_on):
                    self._read[ground["ref"], ground["rule"], ground["occasion"]].append((state, sent_at))
        return self._read


def was_told(tx: Tx, ref: Ref, rule_id: str, occasion: str) -> bool:
    """Say whether anybody was told of what a rule gave notice of."""
    firing = f'"ref":"{ref}","rule":"{rule_id}","occasion":"{occasion}","number"'
    where = (
        Message.group_id == tx.actor.group_id,
        Message.state == State.SENT,
        Message.rests_on.contains(firing, autoescape=True),
    )
    return tx.session.scalar(sa.select(sa.exists().where(*where))) or False
