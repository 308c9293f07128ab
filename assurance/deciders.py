"""Whom a decision waits for: who may answer today, who has answered, who is kept out of it, and all that in words."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa

from assurance.access import Sight, Viewer, may_see, seen, viewer_of
from assurance.facts import Belonging, Known
from assurance.office import Actor, Tx
from assurance.records import Approval
from assurance.roster import RELATIONS, Roster, Seat, roster
from assurance.standing import conflicts_of, conflicts_with, in_role, steps_of
from engine.approval_words import who_decides
from engine.approvals import Answer, ApprovalPolicy, Ballot, Count, Voice, Word, policy_of
from engine.errors import Reason, Refused
from engine.ledger import Event, entry_of
from engine.moved import Ref
from engine.refusals import all_of, one_of, spoken

WAITING = "waiting"
ANSWERED = "answered"
UNSEEN = "unseen"


class Given(NamedTuple):
    """One answer, as its line in the history keeps it."""

    line: int
    person: int
    voice: Voice
    word: Word
    on: date


@dataclass(frozen=True, slots=True)
class Request:
    """A decision that waits, as it stands today.

    `kept_out` holds why people in a post that is asked have no say, by the word for it: a conflict, or `unseen`.
    `vacant` names the roles that nobody holds.
    """

    ballot: Ballot
    seats: Mapping[int, Seat]
    kept_out: Mapping[int, Mapping[str, str]]
    vacant: tuple[str, ...]

    @property
    def policy(self) -> ApprovalPolicy:
        """The policy, as it was when the decision was asked for."""
        return self.ballot.policy

    def seats_to_answer(self) -> tuple[Seat, ...]:
        """Give everybody who may answer today and has not, each once."""
        people = dict.fromkeys(voice.person for voice in self.ballot.to_answer())
        return tuple(self.seats[person] for person in people)

    def names_to_answer(self) -> tuple[str, ...]:
        """Name everybody who may answer today and has not."""
        return tuple(seat.person for seat in self.seats_to_answer())

    def so_far(self) -> str:
        """Say how far it is where several answers can be needed; nothing where the first one settles it."""
        return "" if self.policy.is_settled_by_one else self.in_words()

    def in_words(self) -> str:
        """Say how far it is: `2 of 3 members have agreed; Cleo Cartwright and Dan Dole are still to answer`."""
        count = self.ballot.count()
        if count.outcome is not None:
            waits = "the answers only have to be counted."
        elif count.to_spare < 0:
            waits = self.why_not()
        else:
            waits = _still_to_answer(self.policy, self.names_to_answer())
        said = "; ".join(part for part in (_so_far(self.policy, count), waits) if part)
        return f"{said[:1].upper()}{said[1:]}"

    def why_not(self) -> str:
        """Say why too few are left who could agree, and who is kept out of it."""
        count = self.ballot.count()
        can = count.agreed + count.to_come
        because = [
            f"{self.seats[person].person} {_because(word)}"
            for person, words in self.kept_out.items()
            for word in words
        ]
        because += [f"nobody is {spoken(role)} today" for role in self.vacant]
        who = f"only {can}" if can else "nobody"
        return f"{who} can agree: {'; '.join(because)}." if because else f"{who} can agree today."


def request_of(tx: Tx, row: Approval, *, deputy_called: bool | None = None) -> Request:
    """Give a request as it stands today, also one that is only about to be asked.

    `deputy_called` is what the row says once it is locked; what was read before may be older.
    """
    told = json.loads(row.policy)
    policy = policy_of(told)
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    belongs = _belongs(tx, row, policy)
    subject = Ref(row.subject_kind, row.subject_id)

    def conflicts(person: int) -> dict[str, str]:
        return conflicts_of(tx.session, people, person, subject, belongs, words=told["apart"])

    given = () if policy.is_settled_by_one or row.id is None else answers_of(tx, [row.id]).get(row.id, ())
    is_late = row.deputy_called if deputy_called is None else deputy_called
    sees = _Sees(tx, people, belongs, lambda viewer: may_see(tx.session, viewer, subject))
    return _request(tx, row, policy, belongs, given, is_late=is_late, conflicts=conflicts, sees=sees)


def requests_of(tx: Tx, rows: Sequence[Approval]) -> dict[int, Request]:
    """Give many requests as they stand today, by their numbers; however many, in the same number of statements."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    told = {row.id: json.loads(row.policy) for row in rows}
    policies = {number: policy_of(one) for number, one in told.items()}
    belongs = _belongs_of_many(tx, rows, policies)
    subjects = {row.id: Ref(row.subject_kind, row.subject_id) for row in rows}
    done = steps_of(
        tx.session,
        [subjects[number] for number, one in told.items() if set(one["apart"]) - {"own_agency", "requester"}],
        [seat.person_id for seat in people.seats],
    )
    given = answers_of(tx, [number for number, one in policies.items() if not one.is_settled_by_one])
    visible: dict[tuple[int | None, str], set[int]] = {}

    def sees(viewer: Viewer, subject: Ref) -> bool:
        key = viewer.person_id, subject.kind
        if key not in visible:
            ids = [one.id for one in subjects.values() if one.kind == subject.kind]
            visible[key] = seen(tx.session, viewer, subject.kind, ids)
        return subject.id in visible[key]

    def one(row: Approval) -> Request:
        subject, whose, apart = subjects[row.id], belongs[row.id], told[row.id]["apart"]
        return _request(
            tx,
            row,
            policies[row.id],
            whose,
            given.get(row.id, ()),
            is_late=row.deputy_called,
            conflicts=lambda person: conflicts_with(
                people, person, whose, words=apart, done=done.get((subject, person), set())
            ),
            sees=_Sees(tx, people, whose, lambda viewer: sees(viewer, subject)),
        )

    return {row.id: one(row) for row in rows}


def request_about(tx: Tx, known: Known) -> Request | None:
    """Give the request behind a subject that is an approval and still waits; None for anything else."""
    if known.ref.kind != Approval.noun or known.standing.state != WAITING:
        return None
    row = tx.session.get_one(Approval, known.ref.id)
    return request_of(tx, row, deputy_called=bool(known.facts["deputy_called"]))


def still_asked(tx: Tx, known: Known) -> tuple[Seat, ...]:
    """Give whom `approver` means: who may answer and has not; the coordinator too, where no answers can be enough."""
    request = request_about(tx, known)
    if request is None:
        return ()
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    is_stuck = request.ballot.count().to_spare < 0
    return (*request.seats_to_answer(), *(people.holding("coordinator") if is_stuck else ()))


def require_enough(request: Request) -> None:
    """Raise Refused for a request that needs more voices than can be heard today.

    Where one voice is enough it may wait: its post can be filled tomorrow, and the coordinator is told.
    """
    if request.policy.number != 1 and request.ballot.count().to_spare < 0:
        who = who_decides(request.policy)
        sentence = f"{who[:1].upper()}{who[1:]} have to agree, but {request.why_not()}"
        raise Refused(Reason("cannot_be_decided", sentence))


def kept_out_because(words: Mapping[str, str], *, is_you: bool) -> str:
    """Say why somebody has no say in a decision: to themselves as it was said to them, to others about them."""
    if is_you:
        return " ".join(words.values())
    because = all_of(_because(word) for word in words)
    return f"{because[:1].upper()}{because[1:]}; somebody else must decide."


def answers_of(tx: Tx, requests: Sequence[int]) -> dict[int, tuple[Given, ...]]:
    """Give all answers to some requests, oldest first: also those that their givers have replaced."""
    found: dict[int, list[Given]] = {}
    query = sa.select(Event).where(
        Event.subject_kind == Approval.noun,
        Event.subject_id.in_(requests),
        Event.kind.in_((ANSWERED, "moved")),
        Event.data.contains('"voice":'),
    )
    for row in tx.session.scalars(query.order_by(Event.subject_id, Event.seq)):
        entry = entry_of(row)
        person, voice = int(entry.actor.removeprefix("person/")), entry.data["voice"]
        spoken_with = Voice(person, voice["role"], voice["post"], voice["deputy"])
        on, word = tx.calendar.today(entry.at), Word(entry.data["answer"])
        found.setdefault(entry.ref.id, []).append(Given(entry.seq, person, spoken_with, word, on))
    return {request: tuple(answers) for request, answers in found.items()}


def _request(
    tx: Tx,
    row: Approval,
    policy: ApprovalPolicy,
    belongs: Belonging,
    given: Sequence[Given],
    *,
    is_late: bool,
    conflicts: Callable[[int], dict[str, str]],
    sees: _Sees,
) -> Request:
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    seats: dict[int, Seat] = {}
    for role in policy.roles:
        for seat in in_role(people, role, belongs):
            seats.setdefault(seat.person_id, seat)
    kept_out = _kept_out(row, seats, conflicts=conflicts, sees=sees)
    voices = tuple(voice for voice in _voices(people, policy, belongs) if voice.person not in kept_out)
    is_late = is_late or (row.late_on is not None and row.late_on <= tx.today)
    # The newest of each person counts, in the order in which people answered first.
    answers = {one.person: Answer(one.voice, one.word) for one in given}
    vacant = tuple(role for role in policy.single_roles if not in_role(people, role, belongs))
    return Request(Ballot(policy, voices, tuple(answers.values()), is_late), seats, kept_out, vacant)


def _belongs(tx: Tx, row: Approval, policy: ApprovalPolicy) -> Belonging:
    """Say to whom the subject belongs; only who is nearest to it is asked of the subject itself."""
    if RELATIONS.isdisjoint(policy.roles):
        return Belonging(row.audit_id, None, row.agency_id, None)
    (subject,) = tx.playbook.noun(row.subject_kind).load_many(tx.session, [row.subject_id])
    return subject.belongs


def _belongs_of_many(
    tx: Tx, rows: Sequence[Approval], policies: Mapping[int, ApprovalPolicy]
) -> dict[int, Belonging]:
    """Say the same of many, asking once for each kind of subject."""
    nearest: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if not RELATIONS.isdisjoint(policies[row.id].roles):
            nearest[row.subject_kind].append(row.subject_id)
    known = {
        subject.ref: subject.belongs
        for kind, ids in nearest.items()
        for subject in tx.playbook.noun(kind).load_many(tx.session, ids)
    }
    return {
        row.id: known.get(
            Ref(row.subject_kind, row.subject_id), Belonging(row.audit_id, None, row.agency_id, None)
        )
        for row in rows
    }


def _voices(people: Roster, policy: ApprovalPolicy, belongs: Belonging) -> Iterator[Voice]:
    for party in policy.asked:
        for seat in in_role(people, party.role, belongs):
            yield Voice(seat.person_id, party.role, seat.post_id, is_away=seat.is_away)
    for role, deputy in policy.deputies.items():
        for seat in in_role(people, deputy, belongs):
            yield Voice(seat.person_id, role, seat.post_id, is_deputy=True, is_away=seat.is_away)


def _kept_out(
    row: Approval,
    seats: Mapping[int, Seat],
    *,
    conflicts: Callable[[int], dict[str, str]],
    sees: _Sees,
) -> dict[int, Mapping[str, str]]:
    """Judge each person alone: who asked, is in conflict, or may not see what it is about, has no say."""
    found: dict[int, Mapping[str, str]] = {}
    for person, seat in seats.items():
        why = conflicts(person)
        if person == row.requested_by_id:
            why["requester"] = "You asked for this yourself; somebody else must decide."
        if not why and not sees.by(seat):
            why[UNSEEN] = "You may not see what this is about."
        if why:
            found[person] = why
    return found


class _Sees:
    """Who sees the subject of one request: what is of no agency looks the same from all, and is asked once."""

    def __init__(self, tx: Tx, people: Roster, belongs: Belonging, ask: Callable[[Viewer], bool]) -> None:
        self._tx, self._people, self._belongs, self._ask = tx, people, belongs, ask
        self._known: dict[tuple[Sight, frozenset[int]], bool] = {}

    def by(self, seat: Seat) -> bool:
        viewer = viewer_of(self._people, Actor(self._tx.actor.group_id, seat.person_id, seat.person))
        agency_id = self._belongs.agency_id
        reach = viewer.sight, frozenset() if agency_id is None else viewer.agencies
        if reach not in self._known:
            is_own = viewer.sight is Sight.EVERYTHING or agency_id in viewer.agencies
            self._known[reach] = is_own or self._ask(viewer)
        return self._known[reach]


_KEPT_OUT = {
    "requester": "asked for it",
    "own_agency": "holds a post in the agency whose work this is",
    UNSEEN: "may not see what it is about",
}


def _because(word: str) -> str:
    return _KEPT_OUT.get(word, f"did the earlier step ({spoken(word)})")


def _so_far(policy: ApprovalPolicy, count: Count) -> str:
    """Say what was answered so far: `2 of 3 members have agreed, 1 has not`."""
    if not count.agreed and not count.refused:
        return "" if policy.number == 1 else f"{who_decides(policy)} have to agree"
    groups = [party.role for party in policy.asked if party.is_group]
    of = f"{count.wanted} {spoken(groups[0])}s" if groups and len(policy.asked) == 1 else str(count.wanted)
    if not count.agreed:
        return f"nobody has agreed yet, and {count.refused} {_has(count.refused)} said no"
    said = f"{count.agreed} of {of} {_has(count.agreed)} agreed"
    if count.agreed > count.wanted:
        said = f"{count.agreed} have agreed, where {count.wanted} are enough"
    return f"{said}, {count.refused} {_has(count.refused)} not" if count.refused else said


def _still_to_answer(policy: ApprovalPolicy, names: Sequence[str]) -> str:
    one_is_enough = policy.number == 1
    who = one_of(names) if one_is_enough else all_of(names)
    return f"{who} {'is' if one_is_enough or len(names) == 1 else 'are'} still to answer."


def _has(number: int) -> str:
    return "has" if number == 1 else "have"
