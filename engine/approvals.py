"""Settles approvals, and is pure: who is asked for a decision, who may still answer, and what the answers amount to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from engine.spans import Span, Unit


class Word(StrEnum):
    """What somebody who is asked can answer: the triggers of an approval."""

    APPROVE = "approve"
    REQUEST_CHANGE = "request_change"
    REJECT = "reject"


class Outcome(StrEnum):
    """What the answers can come to: the states of an approval."""

    APPROVED = "approved"
    CHANGE_REQUESTED = "change_requested"
    REJECTED = "rejected"


ENDS_AS = {
    Word.APPROVE: Outcome.APPROVED,
    Word.REQUEST_CHANGE: Outcome.CHANGE_REQUESTED,
    Word.REJECT: Outcome.REJECTED,
}


class Rejection(StrEnum):
    """What a no does."""

    VETO = "veto"  # the first one ends it
    COUNTED = "counted"  # it ends nothing while enough others can still agree
    COLLECTED = "collected"  # everybody is heard first, then it is counted


class Party(NamedTuple):
    """Who is asked: a role, which has one voice whoever holds it, or a group, in which each post of the role has one."""

    role: str
    is_group: bool = False


class Late(NamedTuple):
    """What happens to those who are late: so many who agree are `enough` then, or (None) the deputies may answer too."""

    after: Span
    enough: int | None = None


@dataclass(frozen=True, slots=True)
class ApprovalPolicy:
    """Who approves a move: how many of those asked have to agree (None: all of them), and who stands in for whom."""

    asked: tuple[Party, ...]
    number: int | None = 1
    deputies: Mapping[str, str] = field(default_factory=dict)
    at_meeting: bool = False
    rejection: Rejection = Rejection.VETO
    late: Late | None = None

    @property
    def is_settled_by_one(self) -> bool:
        """Whether the first answer settles it, whatever it is."""
        return self.number == 1 and self.rejection is Rejection.VETO

    @property
    def single_roles(self) -> tuple[str, ...]:
        """The roles that have one voice each."""
        return tuple(party.role for party in self.asked if not party.is_group)

    @property
    def roles(self) -> tuple[str, ...]:
        """Everybody who may have a say, the deputies last."""
        return tuple(dict.fromkeys((*(party.role for party in self.asked), *self.deputies.values())))

    def plain(self) -> dict[str, Any]:
        """Give the policy as plain data, in which a request keeps the terms on which it was asked."""
        told: dict[str, Any] = {
            "asked": [[party.role, party.is_group] for party in self.asked],
            "number": self.number,
            "otherwise": dict(self.deputies),
            "at_meeting": self.at_meeting,
            "rejection": str(self.rejection),
        }
        if self.late is not None:
            span = self.late.after
            told["late"] = {"after": [span.number, str(span.unit)], "enough": self.late.enough}
        return told


def policy_of(told: Mapping[str, Any]) -> ApprovalPolicy:
    """Read a kept policy back, also one of the time when a single role could be asked and nothing else."""
    if "by" in told:
        deputy = told.get("otherwise")
        deputies = {} if deputy is None else {told["by"]: deputy}
        return ApprovalPolicy((Party(told["by"]),), deputies=deputies, at_meeting=told["at_meeting"])
    late = None
    if "late" in told:
        number, unit = told["late"]["after"]
        late = Late(Span(number, Unit(unit)), told["late"]["enough"])
    return ApprovalPolicy(
        tuple(Party(role, is_group) for role, is_group in told["asked"]),
        told["number"],
        told["otherwise"],
        told["at_meeting"],
        Rejection(told["rejection"]),
        late,
    )


class Voice(NamedTuple):
    """Somebody who may have a say: for which role that is asked, in which post, and whether as its deputy."""

    person: int
    role: str
    post: int
    is_deputy: bool = False
    is_away: bool = False


class Answer(NamedTuple):
    """What somebody has answered, and with which voice. It stays good when they leave their post afterwards."""

    voice: Voice
    word: Word


@dataclass(frozen=True, slots=True)
class Count:
    """What the answers amount to: an outcome, or who may still answer.

    `wanted` have to agree; `to_come` is how many of those who have not answered still can.
    """

    outcome: Outcome | None
    agreed: int
    refused: int
    wanted: int
    to_come: int
    to_answer: tuple[Voice, ...]

    @property
    def to_spare(self) -> int:
        """How many more could agree than have to; below nought nobody's answer helps, and posts have to be filled."""
        return self.agreed + self.to_come - self.wanted


@dataclass(frozen=True, slots=True)
class Ballot:
    """A policy with everybody who could have a say today and with the answers so far: the newest of each person."""

    policy: ApprovalPolicy
    voices: Sequence[Voice]
    answers: Sequence[Answer] = ()
    is_late: bool = False

    def count(self) -> Count:
        """Say what the answers amount to."""
        to_answer = self.to_answer()
        agreed = sum(answer.word is Word.APPROVE for answer in self.answers)
        refused = len(self.answers) - agreed
        to_come = len(_paired(to_answer, self.policy))
        wanted = self._wanted(to_answer, to_come)
        return Count(
            self._outcome(agreed, to_come, wanted, is_heard=self._is_heard(to_answer)),
            agreed,
            refused,
            wanted,
            to_come,
            to_answer,
        )

    def to_answer(self) -> tuple[Voice, ...]:
        """Give who may answer and has not, deputies last.

        Each person answers once and each voice is heard once. A deputy is called in where the role's own holders are
        all away or cannot have a say, and also beside them once they are late.
        """
        people = {answer.voice.person for answer in self.answers}
        heard = {_key(answer.voice, self.policy) for answer in self.answers}
        free = [
            voice
            for voice in self.voices
            if voice.person not in people and _key(voice, self.policy) not in heard
        ]
        own = [voice for voice in free if not voice.is_deputy]
        served = _paired([voice for voice in own if not voice.is_away], self.policy)
        return (
            *own,
            *(
                voice
                for voice in free
                if voice.is_deputy and (self._calls_deputies or _key(voice, self.policy) not in served)
            ),
        )

    def voice_of(self, person: int) -> Voice | None:
        """Give the voice with which somebody can answer, also in place of an earlier answer; None if they have none.

        Whoever holds several posts speaks in the one that leaves the most to the others.
        """
        others = tuple(answer for answer in self.answers if answer.voice.person != person)
        mine = [voice for voice in self._with(others).to_answer() if voice.person == person]
        return max(mine, key=lambda voice: self.answered(voice, Word.APPROVE).count().to_spare, default=None)

    def heard_instead_of(self, person: int) -> Answer | None:
        """Give the answer with which somebody else has used the voice that this person would have."""
        keys = {_key(voice, self.policy) for voice in self.voices if voice.person == person}
        return next(
            (
                answer
                for answer in self.answers
                if answer.voice.person != person and _key(answer.voice, self.policy) in keys
            ),
            None,
        )

    def answered(self, voice: Voice, word: Word) -> Ballot:
        """Give the ballot as it is once somebody has answered; an earlier answer of theirs is replaced."""
        others = (answer for answer in self.answers if answer.voice.person != voice.person)
        return self._with((*others, Answer(voice, word)))

    def answer_of(self, person: int) -> Answer | None:
        """Give what somebody has answered so far."""
        return next((answer for answer in self.answers if answer.voice.person == person), None)

    @property
    def _calls_deputies(self) -> bool:
        late = self.policy.late
        return self.is_late and (late is None or late.enough is None)

    def _wanted(self, to_answer: Sequence[Voice], to_come: int) -> int:
        wanted = self.policy.number
        if wanted is None:
            # Every role that is asked, even where nobody is left to speak for it, and everybody of a group.
            keys = {*(_key(answer.voice, self.policy) for answer in self.answers)}
            keys |= _paired(to_answer, self.policy).keys()
            silent = sum((role, 0) not in keys for role in self.policy.single_roles)
            wanted = max(len(self.answers) + to_come + silent, 1)
        late = self.policy.late
        if self.is_late and late is not None and late.enough is not None:
            wanted = min(wanted, late.enough)
        return wanted

    def _is_heard(self, to_answer: Sequence[Voice]) -> bool:
        """Say whether everybody was heard who is waited for: not those who are away, and nobody once it is too late."""
        late = self.policy.late
        is_over = self.is_late and late is not None and late.enough is not None
        return is_over or all(voice.is_away for voice in to_answer)

    def _outcome(self, agreed: int, to_come: int, wanted: int, *, is_heard: bool) -> Outcome | None:
        noes = [answer.word for answer in self.answers if answer.word is not Word.APPROVE]
        rejection = self.policy.rejection
        if noes and rejection is Rejection.VETO:
            return ENDS_AS[noes[0]]
        if rejection is Rejection.COLLECTED and not is_heard:
            return None
        if agreed >= wanted:
            return Outcome.APPROVED
        # Where posts are vacant, it is not the noes that keep it from being met; filling them may still help.
        is_outvoted = agreed + to_come < wanted <= agreed + to_come + len(noes)
        if noes and (is_outvoted or rejection is Rejection.COLLECTED):
            # A change is asked for where it would do if those agreed who ask for one.
            hoped = 0 if rejection is Rejection.COLLECTED else to_come
            would_do = agreed + hoped + noes.count(Word.REQUEST_CHANGE) >= wanted
            return Outcome.CHANGE_REQUESTED if would_do else Outcome.REJECTED
        return None

    def _with(self, answers: Iterable[Answer]) -> Ballot:
        return Ballot(self.policy, self.voices, tuple(answers), self.is_late)


_Key: TypeAlias = tuple[str, int]


def _key(voice: Voice, policy: ApprovalPolicy) -> _Key:
    """Name what is heard once: a role that has one voice, or one post of a group."""
    return (voice.role, 0) if voice.role in policy.single_roles else ("", voice.post)


def _paired(voices: Iterable[Voice], policy: ApprovalPolicy) -> dict[_Key, int]:
    """Pair as many voices with people as can be, since each person counts once.

    Roles without a deputy come first: who holds two posts is then missed where somebody can stand in. This is the maximum matching of a bipartite graph, found by augmenting paths.
    """
    roles = sorted(policy.single_roles, key=lambda role: role in policy.deputies)
    people: dict[_Key, list[int]] = {(role, 0): [] for role in roles}
    for voice in voices:
        people.setdefault(_key(voice, policy), []).append(voice.person)
    speaks: dict[int, _Key] = {}
    for key in people:
        _find(key, people, speaks, set())
    return {key: person for person, key in speaks.items()}


def _find(key: _Key, people: Mapping[_Key, list[int]], speaks: dict[int, _Key], tried: set[int]) -> bool:
    for person in people[key]:
        if person not in tried:
            tried.add(person)
            if person not in speaks or _find(speaks[person], people, speaks, tried):
                speaks[person] = key
                return True
    return False
