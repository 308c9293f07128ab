"""Is it still so, and is it still for them? Asked of everything that waits to be told, at the moment it is told."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from assurance.access import may_be_told
from assurance.adopted import not_in_force
from assurance.facts import Known
from assurance.heard import Hearings, was_told
from assurance.mail import called, name_of
from assurance.office import Tx
from assurance.past import pasts
from assurance.reasons import day_in_words
from assurance.recipients import meant
from assurance.roster import Roster, Seat, roster
from engine.moved import Ref, ref_of
from engine.rule import HoldKind, Past, Rule
from engine.rule_truth import Lapse, Lapsed, Said, lapse_of

APPROVER, AWAITED = "approver", "awaited_lead"
_HELD_BY = {
    HoldKind.REPLY: "a reply is being looked at",
    HoldKind.ACKNOWLEDGEMENT: "it was accepted that this takes longer",
    HoldKind.SILENCE: "somebody has silenced it",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """One thing on which a mail rests: what a rule said of a subject, or the state in which a subject waits.

    Without a rule and without a state it is news that stays true; then only whose it is can change.
    """

    ref: Ref
    said: Said | None = None
    state: str | None = None

    @property
    def is_news(self) -> bool:
        """Say whether it only tells what has happened."""
        return self.said is None and self.state is None


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is to be told, and as whom: the word of the YAML, empty where no word means them."""

    person_id: int
    name: str
    told_as: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why something is not to be told to somebody: the whole sentence.

    `until_on` is the day from which it may be told after all; `for_others` says that it is still so, and that somebody
    else is now the one to hear it.
    """

    sentence: str
    until_on: date | None = None
    for_others: bool = False


def grounds_of(rests_on: str, *, cause: str) -> tuple[Ground, ...]:
    """Read on what a message rests; news rests on nothing, and is about the subject that caused it, if any."""
    kept: list[dict[str, Any]] = json.loads(rests_on)
    if not kept:
        ref = _ref_of(cause.partition(" line ")[0])
        return () if ref is None else (Ground(ref),)
    return tuple(_ground(one) for one in kept)


class Outlook:
    """Some subjects as they stand now, with what the rules have said of them, and everybody in post today."""

    def __init__(self, tx: Tx, refs: Iterable[Ref]) -> None:
        """Read all subjects at once; one that is not there any more is known to be gone."""
        self._tx = tx
        self.people: Roster = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        by_kind: dict[str, list[int]] = defaultdict(list)
        for ref in dict.fromkeys(refs):
            if ref.kind in tx.playbook.nouns:
                by_kind[ref.kind].append(ref.id)
        self._knowns: dict[Ref, Known] = {
            known.ref: known
            for kind, ids in by_kind.items()
            for known in tx.playbook.noun(kind).load_many(tx.session, ids)
        }
        self._hearings = Hearings(tx)
        group_id = tx.actor.group_id
        # A rule that waits for somebody's word has said nothing yet, and so quiets nobody.
        waiting = not_in_force(tx.session, tx.playbook.book.rules, group_id=group_id)
        self._pasts: Mapping[Ref, Past] = pasts(
            tx.session,
            list(self._knowns),
            group_id=group_id,
            today=tx.today,
            withheld=frozenset(rule.id for rule in waiting),
        )

    def known(self, ref: Ref) -> Known:
        """Give a subject that is there."""
        return self._knowns[ref]

    def rule(self, rule_id: str) -> Rule:
        """Give a rule that is among the rules."""
        return next(rule for rule in self._tx.playbook.book.rules if rule.id == rule_id)

    def doubt(self, ground: Ground, listener: Listener) -> Doubt | None:
        """Say why something is not to be told to somebody now; None where it is."""
        known = self._knowns.get(ground.ref)
        if known is None:
            return Doubt(f"There is no {name_of(ground.ref).lower()} any more.")
        wrong = self._untrue(ground, known)
        if wrong is not None and wrong.until_on is None:
            return wrong
        return self._not_for(listener, ground, known) or wrong

    def unheard(self, grounds: Sequence[Ground]) -> list[str]:
        """Say of which subjects somebody is named although notice of it has reached nobody."""
        said = []
        for ground in grounds:
            spoken = ground.said
            if spoken is None or spoken.is_notice or self.rule(spoken.rule).notice is None:
                continue
            if self._hearings.reached_nobody(ground.ref, spoken.rule, spoken.occasion):
                about = f"{called(self._knowns[ground.ref])}: the" if len(grounds) > 1 else "The"
                said.append(f"{about} notice that was given before has reached nobody.")
        return said

    def other_word(self, ground: Ground, listener: Listener) -> str | None:
        """Give the word of the rule by which somebody still hears something, where theirs means others by now."""
        known = self._knowns[ground.ref]
        if not listener.told_as or self._is_meant(listener, known, listener.told_as):
            return None
        return next((word for word in self._words(ground) if self._is_meant(listener, known, word)), None)

    def doubt_of_post(self, listener: Listener) -> Doubt | None:
        """Say that somebody holds no post any more; None where they hold one."""
        if any(self.people.of(listener.person_id)):
            return None
        return Doubt(f"{listener.name} holds no post in the group any more.")

    def successors(self, ground: Ground, listener: Listener) -> tuple[Seat, ...]:
        """Give who is meant now by the word by which somebody was told, and may be told."""
        known = self._knowns[ground.ref]
        return tuple(
            seat
            for seat in meant(self._tx, self.people, known, listener.told_as)
            if may_be_told(self._tx.session, self.people, known, seat)
        )

    def _untrue(self, ground: Ground, known: Known) -> Doubt | None:
        if ground.state is not None and ground.state != known.standing.state:
            states = self._tx.playbook.definition(known.standing.definition_id).states
            now = states[known.standing.state].title
            return Doubt(f"{called(known)} no longer waits: it stands at “{now}”.")
        if ground.said is None:
            return None
        lapse = self._lapse(ground.said, known)
        return self._unheard(ground.said, known) if lapse is None else self._lapsed(lapse, ground.said, known)

    def _lapse(self, said: Said, known: Known) -> Lapse | None:
        tx, past = self._tx, self._pasts[known.ref]
        spoken = (said.rule, said.occasion)
        if said.is_notice and spoken in past.fired and not was_told(tx, known.ref, *spoken):
            # It left late; while nobody was told of what it gives notice of, that still lies ahead.
            past = replace(past, fired={key: one for key, one in past.fired.items() if key != spoken})
        rules = tx.playbook.book.about(known.ref.kind)
        return lapse_of(said, rules, known.facts, today=tx.today, calendar=tx.calendar, past=past)

    def _unheard(self, said: Said, known: Known) -> Doubt | None:
        """Say that somebody is to be heard first whose notice left late."""
        if said.is_notice or said.number:
            return None
        over_on = self._hearings.over_on(known.ref, self.rule(said.rule), said.occasion)
        if over_on is None:
            return None
        day = day_in_words(over_on)
        return Doubt(
            f"{called(known)}: the notice left late; nobody else is told before {day}.", until_on=over_on
        )

    def _lapsed(self, lapse: Lapse, said: Said, known: Known) -> Doubt:
        name = called(known)
        match lapse.what:
            case Lapsed.GONE:
                gives_notice = " that gives notice" if said.is_notice else ""
                return Doubt(f"“{said.rule}” is no longer a rule of the group{gives_notice}.")
            case Lapsed.FOLLOWED if said.is_notice:
                return Doubt(f"{name}: what this gave notice of has happened.")
            case Lapsed.FOLLOWED:
                return Doubt(f"{name}: the rule “{said.rule}” has spoken again since.")
            case Lapsed.QUIETED:
                return Doubt(f"{name}: the rule “{lapse.quieted_by}” speaks of it now instead.")
            case Lapsed.HELD if lapse.hold is not None:
                until, why = day_in_words(lapse.hold.until_on), _HELD_BY[lapse.hold.kind]
                return Doubt(f"{name}: {why}, until {until}.", until_on=lapse.until_on)
        return Doubt(f"{name} has changed: “{self.rule(said.rule).title}” is no longer so.")

    def _not_for(self, listener: Listener, ground: Ground, known: Known) -> Doubt | None:
        """Say why something that is still so is not for somebody: no post, another one in their place, or not to see."""
        if ground.is_news and listener.told_as == AWAITED:
            # Nobody waits for them any more, and so they do not see it: that this is over is told to them all the same.
            return self.doubt_of_post(listener)
        # Once a decision was taken nobody is asked for it any more; the news of it is for whoever was.
        is_asked = listener.told_as and (listener.told_as != APPROVER or not ground.is_news)
        words = (listener.told_as, *self._words(ground))
        if is_asked and not any(self._is_meant(listener, known, word) for word in words):
            word = listener.told_as.replace("_", " ")
            sentence = f"{listener.name} is no longer told of {called(known)} as {word}."
            return Doubt(sentence, for_others=True)
        gone = self.doubt_of_post(listener)
        if gone is None and not self._may_hear(listener, known):
            return Doubt(f"{listener.name} may not see {called(known)} any more.")
        return gone

    def _is_meant(self, listener: Listener, known: Known, word: str) -> bool:
        seats = meant(self._tx, self.people, known, word)
        return any(seat.person_id == listener.person_id for seat in seats)

    def _words(self, ground: Ground) -> tuple[str, ...]:
        """Give all words by which people are told of what a rule has said."""
        if ground.said is None:
            return ()
        rule = self.rule(ground.said.rule)
        if ground.said.is_notice:
            return () if rule.notice is None else (rule.notice.to,)
        return (*rule.tell, *rule.copy)

    def _may_hear(self, listener: Listener, known: Known) -> bool:
        seats = self.people.of(listener.person_id)
        return any(may_be_told(self._tx.session, self.people, known, seat) for seat in seats)


def _ground(kept: Mapping[str, Any]) -> Ground:
    ref = ref_of(kept["ref"])
    if "rule" not in kept:
        return Ground(ref, state=kept.get("state"))
    said = Said(kept["rule"], kept["occasion"], kept.get("number"), bool(kept.get("notice")))
    return Ground(ref, said)


def _ref_of(written: str) -> Ref | None:
    kind, _, number = written.partition("/")
    return Ref(kind, int(number)) if kind and number.isdecimal() else None
