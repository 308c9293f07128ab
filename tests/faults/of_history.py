"""What must hold of every history: it is whole and sealed, each thing is decided once, and nobody decides their own work."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.past import FIRED, NOTICED
from assurance.playbook import Playbook
from assurance.records import Approval, Post, PostHolding
from assurance.tables import MOVED
from engine.definitions import MIGRATED, published
from engine.ledger import Event
from engine.moved import Ref
from engine.proof import verify
from engine.workflow import Workflow
from tests.faults.installation import Acknowledged

WAITING = "waiting"


class Told(NamedTuple):
    """One line of a history, as it is stored."""

    ref: Ref
    seq: int
    group_id: int
    kind: str
    at: datetime
    actor: str
    once: str | None
    data: Mapping[str, Any]

    def __str__(self) -> str:
        """Name the line as messages do."""
        return f"{self.ref} line {self.seq}"


def breaches_of_history(
    session: Session, playbook: Playbook, acknowledged: Iterable[Acknowledged]
) -> Iterator[str]:
    """Give what is wrong with the histories of an installation."""
    told = lines(session)
    yield from (str(fault) for fault in verify(session, MOVED).faults)
    yield from _forgotten({(line.ref, line.seq): line for line in told}, acknowledged)
    yield from _said_twice(told)
    yield from _decided_twice(told)
    yield from _decided_their_own(session, playbook, told)


def lines(session: Session) -> list[Told]:
    """Read all histories, each from its first line to its last."""
    rows = session.scalars(sa.select(Event).order_by(Event.subject_kind, Event.subject_id, Event.seq))
    return [
        Told(
            Ref(row.subject_kind, row.subject_id),
            row.seq,
            row.group_id,
            row.kind,
            datetime.fromisoformat(row.at),
            row.actor,
            row.once,
            json.loads(row.data),
        )
        for row in rows
    ]


def _forgotten(stored: Mapping[tuple[Ref, int], Told], acknowledged: Iterable[Acknowledged]) -> Iterator[str]:
    for one in acknowledged:
        line = stored.get((one.ref, one.seq))
        if line is None:
            yield f"{one.ref} line {one.seq} was acknowledged, and is not stored"
        elif one.once is not None and line.once != one.once:
            yield f"{line} was acknowledged to the request {one.once}, and stands under {line.once}"


def _said_twice(told: Sequence[Told]) -> Iterator[str]:
    """A rule fires once for each subject, occasion and repeat, and gives notice once for each occasion."""
    spoken = Counter(
        (line.data["rule"], line.kind, line.ref, line.data["occasion"], line.data.get("number"))
        for line in told
        if line.kind in (FIRED, NOTICED)
    )
    for (rule, kind, ref, occasion, number), times in spoken.items():
        if times > 1:
            yield f"{ref}: the rule {rule} has {kind} {times} times on {occasion}, repeat {number}"


def _decided_twice(told: Sequence[Told]) -> Iterator[str]:
    """Of each approval there is one end, and of each that was granted one step of its subject."""
    ends: Counter[Ref] = Counter()
    taken: Counter[int] = Counter()
    granted = set()
    for line in told:
        if line.ref.kind == Approval.noun and line.data.get("to", WAITING) != WAITING:
            ends[line.ref] += 1
            if line.data["to"] == "approved":
                granted.add(line.ref.id)
        if "approval" in line.data and "trigger" in line.data:
            taken[line.data["approval"]] += 1
    yield from (f"{ref} was decided {times} times" for ref, times in ends.items() if times > 1)
    for number in sorted(granted | set(taken)):
        if taken[number] != 1 or number not in granted:
            what = "granted" if number in granted else "not granted"
            yield f"approval/{number} is {what}, and its step was taken {taken[number]} times"


class Holding(NamedTuple):
    """Somebody in a post, from a day until a day."""

    person: str
    role: str
    agency_id: int | None
    group_id: int
    from_on: date
    until_on: date | None

    def is_on(self, day: date) -> bool:
        """Say whether they held it on a day."""
        return self.from_on <= day and (self.until_on is None or day <= self.until_on)


def holdings(session: Session) -> list[Holding]:
    """Read who has ever held which post."""
    query = sa.select(PostHolding, Post).join(Post, Post.id == PostHolding.post_id)
    return [
        Holding(
            f"person/{held.person_id}", post.role, post.agency_id, post.group_id, held.from_on, held.until_on
        )
        for held, post in session.execute(query)
    ]


class Deed(NamedTuple):
    """A step that somebody has taken or decided, and what keeps people from it."""

    line: Told
    about: Ref
    apart: frozenset[str]
    requester: str | None


def _decided_their_own(session: Session, playbook: Playbook, told: Sequence[Told]) -> Iterator[str]:
    """Read the whole history again: whoever took a step from which they are kept apart should not have been let."""
    held = [one for one in holdings(session) if one.agency_id is not None]
    agencies = _agencies(session, playbook, told)
    by_ref: dict[Ref, list[Told]] = defaultdict(list)
    for line in told:
        by_ref[line.ref].append(line)
    for line, about, apart, requester in (*_answers(session, told), *_steps(session, playbook, by_ref)):
        day = playbook.calendar(line.group_id).today(line.at)
        if line.actor == requester:
            yield f"{line}: {line.actor} has decided what they asked for themselves"
        own = {one.agency_id for one in held if one.person == line.actor and one.is_on(day)}
        if "own_agency" in apart and agencies.get(about) in own:
            yield f"{line}: {line.actor} has decided on the work of their own agency"
        before = [one for one in by_ref[about] if one.actor == line.actor and _is_before(one, line)]
        done = {one.data.get(word) for one in before for word in ("trigger", "asked")}
        for step in sorted(apart & done):
            yield f"{line}: {line.actor} has taken the step {step} before, from which this one is apart"


def _is_before(one: Told, line: Told) -> bool:
    return one.seq < line.seq if one.ref == line.ref else one.at <= line.at


def _answers(session: Session, told: Sequence[Told]) -> Iterator[Deed]:
    """Give each answer to a request: those are kept apart from it whom the policy named when it was asked."""
    requests = {row.id: row for row in session.scalars(sa.select(Approval))}
    for line in told:
        if line.ref.kind == Approval.noun and "answer" in line.data:
            row = requests[line.ref.id]
            apart = frozenset(json.loads(row.policy)["apart"]) | {"own_agency"}
            about = Ref(row.subject_kind, row.subject_id)
            yield Deed(line, about, apart, f"person/{row.requested_by_id}")


def _steps(session: Session, playbook: Playbook, by_ref: Mapping[Ref, Sequence[Told]]) -> Iterator[Deed]:
    """Give each step that a person took by their own word, judged by the definition of its day."""
    workflows = {row.hash: playbook.definition(row.id) for row in published(session)}
    for ref, history in by_ref.items():
        workflow, state = workflows[history[0].data["definition"]], ""
        for line in history:
            if "definition" in line.data:
                workflow = workflows[line.data["definition"]]
            is_own_word = "trigger" in line.data and not {"answer", "approval"} & line.data.keys()
            if is_own_word and line.actor != "clock" and line.kind != MIGRATED:
                yield Deed(line, ref, _apart(workflow, state, line), None)
            state = line.data.get("to", state)


def _apart(workflow: Workflow, state: str, line: Told) -> frozenset[str]:
    """Give what keeps people from a step; of several ways those words that stand in all of them."""
    target = line.data.get("to", state)
    ways = [
        frozenset(way.apart)
        for way in workflow.moves
        if way.trigger == line.data["trigger"] and state in way.sources and way.leads_to(state) == target
    ]
    return frozenset.intersection(*ways) if ways else frozenset()


def _agencies(session: Session, playbook: Playbook, told: Sequence[Told]) -> Mapping[Ref, int | None]:
    ids: dict[str, set[int]] = defaultdict(set)
    for line in told:
        ids[line.ref.kind].add(line.ref.id)
    return {
        known.ref: known.belongs.agency_id
        for kind, numbers in ids.items()
        for known in playbook.noun(kind).load_many(session, sorted(numbers))
    }
