"""One decision in full: who is asked, what everybody has answered so far, and how far that is from being settled."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from assurance.access import Viewer, reads_texts_of
from assurance.deciders import WAITING, Given, answers_of, request_of
from assurance.office import Tx
from assurance.queries.card import Grid, Line
from assurance.queries.lists import names
from assurance.records import Approval, Meeting, Person
from engine.approval_words import who_decides
from engine.approvals import ENDS_AS, ApprovalPolicy, Rejection, policy_of
from engine.ledger import texts
from engine.moved import Ref
from engine.refusals import spoken

OF_A_NO = {
    Rejection.VETO: "the first one ends it",
    Rejection.COUNTED: "ends nothing while enough others can still agree",
    Rejection.COLLECTED: "is counted once everybody is heard",
}


def approval_lines(tx: Tx, viewer: Viewer, row: Approval) -> Iterable[Line]:
    """Give what a decision is about, on which terms it was asked, and what has come of it."""
    policy, people = policy_of(json.loads(row.policy)), names(tx, Person, Person.name)
    meeting = None if row.meeting_id is None else tx.session.get_one(Meeting, row.meeting_id).title
    yield Line("about", "About", Ref(row.subject_kind, row.subject_id))
    yield Line("step", "Step", row.title)
    yield Line("asked_by", "Asked for by", people[row.requested_by_id])
    yield Line("asked_on", "On", row.asked_on)
    yield Line("asked_on_version", "On the version", row.subject_version)
    for name, value in json.loads(row.given).items():
        yield Line(name, spoken(name).capitalize(), value)
    given = answers_of(tx, [row.id]).get(row.id, ())
    # What was written with an answer stands beside that answer.
    answered = {one.line for one in given}
    for (line, name), text in words_of(tx, viewer, row).items():
        if line not in answered:
            title = "With the words" if line == 1 else "Answered with the words"
            yield Line(f"{name}_{line}", title, text)
    yield from _terms(policy, row)
    request = request_of(tx, row) if row.state == WAITING else None
    yield Line("so_far", "So far", None if request is None else request.so_far())
    waits_for = None if request is None else request.names_to_answer() or ("nobody in post",)
    yield Line("waits_for", "Waits for", waits_for)
    yield Line("decided_by", "Decided by", decided_by(row, given, people))
    yield Line("decided_on", "Decided on", row.decided_on)
    yield Line("meeting", "At", meeting)


def approval_grids(tx: Tx, viewer: Viewer, row: Approval) -> Iterable[Grid]:
    """Give every answer, also those that their givers have replaced, with the words of whoever may read them."""
    people, words = names(tx, Person, Person.name), words_of(tx, viewer, row)
    given = answers_of(tx, [row.id]).get(row.id, ())
    newest = {one.person: one.line for one in given}
    columns = (
        ("who", "Who"),
        ("as", "As"),
        ("on", "On"),
        ("answer", "Answer"),
        ("words", "With the words"),
        ("replaced", "Replaced"),
    )
    rows = [
        (
            people[one.person],
            f"{'in place of the ' if one.voice.is_deputy else ''}{spoken(one.voice.role)}",
            one.on,
            spoken(one.word),
            words.get((one.line, "reason")),
            None if newest[one.person] == one.line else True,
        )
        for one in given
    ]
    yield Grid("answers", "Answers", columns, rows)


def decided_by(row: Approval, given: Iterable[Given], people: Mapping[int, str]) -> str | None:
    """Name whose answers have settled a decision; where several were asked, all who said what it has come to."""
    if row.state == WAITING:
        return None
    newest = {one.person: one for one in given}
    alike = [one.person for one in newest.values() if ENDS_AS[one.word] == row.state]
    if alike:
        return ", ".join(people[person] for person in alike)
    return None if row.decided_by_id is None else people[row.decided_by_id]


def words_of(tx: Tx, viewer: Viewer, row: Approval) -> dict[tuple[int, str], str]:
    """Give what was written with a request and with its answers, by line and name; nothing to whoever may not read it."""
    if not reads_texts_of(viewer, row.agency_id) and row.requested_by_id != viewer.person_id:
        return {}
    written = texts(tx.session, Ref(Approval.noun, row.id))
    return {place: text or "(erased)" for place, text in written.items()}


def _terms(policy: ApprovalPolicy, row: Approval) -> Iterable[Line]:
    by = who_decides(policy)
    if len(policy.asked) == 1 and not policy.asked[0].is_group:
        deputy = policy.deputies.get(policy.asked[0].role)
        alone = by.removeprefix("the ")
        told = alone if deputy is None else f"{alone} or, in conflict or away, the {spoken(deputy)}"
        yield Line("decided_by_post", "Decided by the", told)
    else:
        yield Line("decided_by_post", "Asked of", by)
        deputies = tuple(
            f"the {spoken(deputy)} for the {spoken(role)}" for role, deputy in policy.deputies.items()
        )
        yield Line("deputies", "Deputies", deputies)
        yield Line("of_a_no", "A no", OF_A_NO[policy.rejection])
    yield Line("at_meeting", "Only at a meeting", True if policy.at_meeting else None)
    if row.late_on is not None and policy.late is not None:
        enough = policy.late.enough
        then = "the deputies may answer too" if enough is None else f"{enough} who agree are enough"
        yield Line("late_on", "Answers are late from", row.late_on)
        yield Line("late_then", "And then", then)
    yield Line("deputy_called", "The deputy may decide too", True if row.deputy_called else None)
