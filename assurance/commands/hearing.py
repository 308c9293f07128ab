"""Hearing a command before anything is written: what it is about, who asks, and what the workflow says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from assurance.access import Sight, may_see, viewer_of
from assurance.deciders import Request, request_about
from assurance.erasing import ERASED_NAME
from assurance.facts import Known
from assurance.mail import name_of
from assurance.office import Tx
from assurance.records import Approval, Person, RuleHold
from assurance.roster import Roster, roster
from assurance.standing import conflicts_of, roles_of
from engine.approvals import Word
from engine.conditions import Kind, Value
from engine.errors import Reason, Refused, Stale
from engine.ledger import Entry, history, texts
from engine.moved import Ref
from engine.words import unreadable
from engine.workflow import Circumstances, Move, Way, Workflow

# What makes the move that was asked for, or says no to it; by their word alone they would only change the row.
ANSWERS: tuple[str, ...] = tuple(word.value for word in Word)


@dataclass(frozen=True, slots=True)
class Hearing:
    """A command in hand: the subject as it stands, everybody in post, its workflow, and what the actor gives.

    `request` is set where the subject is a decision that waits.
    """

    known: Known
    roster: Roster
    workflow: Workflow
    given: Mapping[str, Value] = field(default_factory=dict)
    key: str | None = None
    request: Request | None = None

    @property
    def ref(self) -> Ref:
        """Name the subject."""
        return self.known.ref

    def ways(self, trigger: str) -> tuple[Way, ...]:
        """Give every entry of a trigger out of the present state; their needs tell them apart."""
        state = self.known.standing.state
        return tuple(way for way in self.workflow.moves if way.trigger == trigger and state in way.sources)


def load(tx: Tx, ref: Ref) -> Known:
    """Read one subject of the actor's group and lock its row; raises Refused where there is none."""
    subject = _stands_beside(tx, ref)
    if subject is not None:
        # The subject before what stands beside it: whoever moves a subject takes the two rows in this order.
        load(tx, subject)
    known = tx.playbook.noun(ref.kind).load(tx.session, ref.id)
    if known is None or known.standing.group_id != tx.actor.group_id:
        raise Refused(Reason("unknown_subject", f"There is no {ref}."))
    return known


def hear(
    tx: Tx,
    ref: Ref,
    *,
    version: int | None = None,
    given: Mapping[str, Value] | None = None,
    key: str | None = None,
) -> Hearing:
    """Load what a command is about.

    Raises Refused where there is no such subject for this actor, and Stale, naming who was faster, where it has
    changed since the version that the actor saw.
    """
    return heard(tx, load(tx, ref), version=version, given=given, key=key)


def look(tx: Tx, ref: Ref, *, given: Mapping[str, Value] | None = None) -> Hearing:
    """Read what somebody only looks at: nothing is locked; raises as `hear` does."""
    found = tx.playbook.noun(ref.kind).load_many(tx.session, [ref.id])
    if not found or found[0].standing.group_id != tx.actor.group_id:
        raise Refused(Reason("unknown_subject", f"There is no {ref}."))
    return heard(tx, found[0], given=given)


def heard(
    tx: Tx,
    known: Known,
    *,
    version: int | None = None,
    given: Mapping[str, Value] | None = None,
    key: str | None = None,
) -> Hearing:
    """Go on from a subject that is loaded already; raises as `hear` does."""
    standing = known.standing
    for name, value in (given or {}).items():
        if isinstance(value, str):
            require_readable(value, f"‘{name.replace('_', ' ')}’")
    people = roster(tx.session, group_id=standing.group_id, today=tx.today)
    _require_sight(tx, known, people)
    if version is not None and not standing.material_version <= version <= standing.version:
        raise Stale(_who_was_faster(tx, known, version))
    workflow = tx.playbook.definition(standing.definition_id)
    return Hearing(known, people, workflow, given or {}, key, request_about(tx, known))


def decided(tx: Tx, hearing: Hearing, trigger: str) -> Move:
    """Ask the workflow; raises Refused with every reason at once.

    Where a move needs an approval, conflicts of interest are judged on whoever approves, not on who asks.
    """
    words = {word for way in hearing.ways(trigger) for word in way.apart}
    return hearing.workflow.decide(hearing.known.standing.state, trigger, circumstances(tx, hearing, words))


def decided_with_approval(tx: Tx, hearing: Hearing, trigger: str) -> Move:
    """Ask the workflow about a move whose approval has been given: needs and asked fields are judged again."""
    return hearing.workflow.decide(
        hearing.known.standing.state, trigger, circumstances(tx, hearing, ()), approved=True
    )


def circumstances(tx: Tx, hearing: Hearing, words: Iterable[str]) -> Circumstances:
    """Give everything on which the workflow judges: facts, the actor's roles and conflicts, the day."""
    known, person = hearing.known, tx.actor.person_id
    roles = roles_of(hearing.roster, person, known.belongs)
    if known.ref.kind == Approval.noun and person is not None:
        roles, conflicts = _towards_approval(tx, hearing, roles, person)
    else:
        conflicts = conflicts_of(tx.session, hearing.roster, person, known.ref, known.belongs, words=words)
    return Circumstances(
        facts=known.facts,
        roles=roles,
        today=tx.today,
        calendar=tx.calendar,
        conflicts=conflicts,
        given={name: value for name, value in hearing.given.items() if value is not None},
    )


def given_of(tx: Tx, row: Approval, subject: Hearing) -> dict[str, Value]:
    """Read back the fields with which an approval was asked."""
    kinds = {ask.name: ask.kind for way in subject.ways(row.trigger) for ask in way.asks}
    kept: dict[str, Value] = json.loads(row.given)
    written = texts(tx.session, Ref(Approval.noun, row.id))
    # A text that was erased meanwhile must not keep anybody from deciding.
    asked = {name: text for (line, name), text in written.items() if line == 1}
    kept |= {name: ERASED_NAME if text is None else text for name, text in asked.items()}
    return {
        name: date.fromisoformat(value) if kinds.get(name) is Kind.DATE and isinstance(value, str) else value
        for name, value in kept.items()
    }


def approval_row(tx: Tx, ref: Ref) -> Approval:
    """Give an approval of the actor's group; raises Refused where there is none."""
    row = tx.session.get(Approval, ref.id)
    if ref.kind != Approval.noun or row is None or row.group_id != tx.actor.group_id:
        raise Refused(Reason("unknown_subject", f"There is no {ref}."))
    return row


def hold_row(tx: Tx, ref: Ref) -> RuleHold:
    """Give a hold of the actor's group; raises Refused where there is none."""
    row = tx.session.get(RuleHold, ref.id)
    if ref.kind != RuleHold.noun or row is None or row.group_id != tx.actor.group_id:
        raise Refused(Reason("unknown_subject", f"There is no {ref}."))
    return row


def held_subject(row: RuleHold) -> Ref | None:
    """Give the subject about which rules are held; None where they are held about every one."""
    if row.subject_kind is None or row.subject_id is None:
        return None
    return Ref(row.subject_kind, row.subject_id)


def require_readable(text: str, what: str) -> None:
    """Raise Refused for a text with a letter that nobody can read, such as a control character."""
    letter = unreadable(text)
    if letter is not None:
        sentence = f"{what[:1].upper()}{what[1:]} holds {letter}, which nobody can read; write it without."
        raise Refused(Reason("unreadable", sentence))


def require_role(tx: Tx, *roles: str) -> None:
    """Raise Refused unless the actor holds one of these roles in the group."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    if not {seat.role for seat in people.of(tx.actor.person_id)} & set(roles):
        wanted = " or ".join(role.replace("_", " ") for role in roles)
        raise Refused(Reason("role", f"Only the {wanted} can do this; {tx.actor.name} is not."))


def require_post(tx: Tx) -> None:
    """Raise Refused unless the actor holds any post in the group today."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    if not any(people.of(tx.actor.person_id)):
        raise Refused(Reason("no_post", f"{tx.actor.name} holds no post in the group today."))


def require_for_agency(tx: Tx, agency_id: int) -> None:
    """Raise Refused unless the actor speaks for this agency, or is the coordinator."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    if agency_id in people.agencies_of(tx.actor.person_id):
        return
    if any(seat.role == "coordinator" for seat in people.of(tx.actor.person_id)):
        return
    raise Refused(Reason("other_agency", f"{tx.actor.name} does not speak for this agency."))


def _stands_beside(tx: Tx, ref: Ref) -> Ref | None:
    """Give the subject about which a decision or a hold is; None for what stands for itself."""
    if ref.kind == Approval.noun:
        row = approval_row(tx, ref)
        return Ref(row.subject_kind, row.subject_id)
    return held_subject(hold_row(tx, ref)) if ref.kind == RuleHold.noun else None


def _require_sight(tx: Tx, known: Known, people: Roster) -> None:
    """Say to whoever may not see a subject that there is none: a refusal must not tell how it stands."""
    viewer = viewer_of(people, tx.actor)
    if viewer.sight is Sight.EVERYTHING or known.belongs.agency_id in viewer.agencies:
        return
    if not may_see(tx.session, viewer, known.ref):
        raise Refused(Reason("unknown_subject", f"There is no {known.ref}."))


def _towards_approval(
    tx: Tx, hearing: Hearing, roles: frozenset[str], person: int
) -> tuple[frozenset[str], dict[str, str]]:
    if person == approval_row(tx, hearing.ref).requested_by_id:
        roles |= {"requester"}
    request = hearing.request
    if request is None:
        return roles, {}
    if request.ballot.voice_of(person) is not None:
        return roles | {"approver"}, {}
    # In the right post, but kept out: say why, and leave the role out of it.
    found = dict(request.kept_out.get(person, {}))
    heard = request.ballot.heard_instead_of(person)
    if heard is not None:
        other = tx.session.get_one(Person, heard.voice.person).name
        found["heard"] = f"{other} has answered in your place; each voice is heard once."
    # The workflow of approvals keeps people apart by two words, whatever else keeps somebody from a decision.
    sentences = {"requester": found.pop("requester", ""), "own_agency": " ".join(found.values())}
    conflicts = {word: sentence for word, sentence in sentences.items() if sentence}
    return (roles | {"approver"} if conflicts else roles), conflicts


def _who_was_faster(tx: Tx, known: Known, version: int) -> Reason:
    ref = known.ref
    if version > known.standing.version:
        return Reason("stale", f"{name_of(ref)} has no version {version}; look again.")
    # Not the newest line: that may be a reminder, which makes nobody stale.
    return who_was_faster(tx, history(tx.session, ref)[known.standing.material_version - 1])


def who_was_faster(tx: Tx, last: Entry) -> Reason:
    """Say who wrote a line after somebody had looked, and when."""
    who = "The clock"
    if last.actor.startswith("person/"):
        person = tx.session.get(Person, int(last.actor.removeprefix("person/")))
        who = person.name if person is not None else last.actor
    when = last.at.astimezone(tx.calendar.zone)
    return Reason(
        "stale",
        f"{who} changed {name_of(last.ref)} on {when.day} {when:%b %Y at %H:%M}, after you had looked; look again.",
    )
