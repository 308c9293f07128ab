"""The verbs of what follows from the returns: findings, recommendations, actions, concerns."""

from __future__ import annotations

from typing import Any

from assurance.commands import acting, concluding, founding
from assurance.commands.concluding import ACCEPTANCES, FINDING_KINDS, RECOMMENDATION_TYPES
from assurance.office import Tx
from assurance.story.names import Names, count, day, name_of, names_of, one_of, text
from assurance.story.verb import Book, Verb, list_of
from engine.yamlfile import Node

_AUDIT = {"audit": name_of("audit")}
_ACTION = {"action": name_of("action")}
_RECOMMENDATION = {"recommendation": name_of("recommendation")}


def _hold_moderation(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    meeting = book.of("meeting", given["meeting"])
    concluding.hold_moderation(tx, book.ref("audit", given["audit"]), given["note"], meeting_id=meeting)


def _finding(node: Node, names: Names) -> dict[str, Any]:
    parts = node.fields(required=["name", "aim", "kind", "text"], optional=["case", "none_needed"])
    return {
        "name": names.add(parts["name"], "finding"),
        "aim": names.find(parts["aim"], "aim"),
        "kind": parts["kind"].one_of(FINDING_KINDS, "a kind of finding"),
        "text": parts["text"].text(),
        "case": names.find(parts["case"], "case") if "case" in parts else None,
        "none_needed": parts["none_needed"].text() if "none_needed" in parts else None,
    }


def _record_findings(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    for one in given["findings"]:
        case = book.maybe("case", one["case"])
        seen = concluding.Seen(book.of("aim", one["aim"]), one["kind"], one["text"], case, one["none_needed"])
        book.add(
            "finding", one["name"], concluding.record_finding(tx, book.ref("audit", given["audit"]), seen)
        )


def _recommendation(node: Node, names: Names) -> dict[str, Any]:
    parts = node.fields(
        required=["name", "type", "text", "aims"], optional=["findings", "agencies", "agency"]
    )
    return {
        "name": names.add(parts["name"], "recommendation"),
        "type": parts["type"].one_of(RECOMMENDATION_TYPES, "a kind of recommendation"),
        "text": parts["text"].text(),
        "aims": names_of("aim")(parts["aims"], names),
        "findings": names_of("finding")(parts["findings"], names) if "findings" in parts else (),
        "agencies": names_of("agency")(parts["agencies"], names) if "agencies" in parts else (),
        "agency": names.find(parts["agency"], "agency") if "agency" in parts else None,
    }


def _make_recommendations(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    for one in given["recommendations"]:
        wanted = concluding.Wanted(
            one["type"],
            one["text"],
            book.every("aim", one["aims"]),
            book.every("finding", one["findings"]),
            book.every("agency", one["agencies"]),
            book.maybe("agency", one["agency"]),
        )
        ref = concluding.make_recommendation(tx, book.ref("audit", given["audit"]), wanted)
        book.add("recommendation", one["name"], ref.id)


def _answer_for_agency(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    concluding.answer_for_agency(
        tx,
        book.ref("recommendation", given["recommendation"]),
        book.of("agency", given["agency"]),
        given["answer"],
        reason=given.get("reason"),
    )


def _record_re_audit(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    earlier, later = book.of("aim", given["earlier_aim"]), book.of("aim", given["later_aim"])
    concluding.record_re_audit(tx, book.ref("recommendation", given["recommendation"]), earlier, later)


def _record_evidence(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    ref = book.ref("recommendation", given["recommendation"])
    concluding.record_evidence(tx, ref, given["title"], given["text"])


def _record_dissemination(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    audit, agency = book.ref("audit", given["audit"]), book.of("agency", given["agency"])
    concluding.record_dissemination(tx, audit, agency, given["how"], given["reached"])


def _plan_action(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    plan = acting.Plan(
        book.of("agency", given["agency"]),
        given["text"],
        book.maybe("post", given.get("owner")),
        given.get("measure"),
        given.get("due_on"),
    )
    ref = acting.plan_action(tx, book.ref("recommendation", given["recommendation"]), plan)
    book.add("action", given["name"], ref.id)


def _complete_plan(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    acting.complete_plan(
        tx,
        book.ref("action", given["action"]),
        owner_post_id=book.maybe("post", given.get("owner")),
        measure=given.get("measure"),
        due_on=given.get("due_on"),
    )


def _note_progress(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    acting.note_progress(tx, book.ref("action", given["action"]), given["rating"], given["text"])


def _add_evidence(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    acting.add_evidence(tx, book.ref("action", given["subject"]), given["title"], given["text"])


def _raise_concern(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    audit = book.ref("audit", given["audit"]) if "audit" in given else None
    case = book.maybe("case", given.get("case"))
    ref = acting.raise_concern(
        tx, book.of("agency", given["agency"]), given["text"], audit=audit, case_id=case
    )
    book.add("immediate_concern", given["name"], ref.id)


def _record_absence(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    person = book.of("person", given["person"])
    founding.record_absence(tx, person, given["from"], given["until"], given["reason"])


OUTCOME_VERBS: tuple[Verb, ...] = (
    Verb("hold_moderation", {**_AUDIT, "meeting": name_of("meeting"), "note": text}, do=_hold_moderation),
    Verb("record_findings", {**_AUDIT, "findings": list_of(_finding)}, do=_record_findings),
    Verb(
        "make_recommendations",
        {**_AUDIT, "recommendations": list_of(_recommendation)},
        do=_make_recommendations,
    ),
    Verb(
        "answer_for_agency",
        {**_RECOMMENDATION, "agency": name_of("agency"), "answer": one_of(*ACCEPTANCES)},
        {"reason": text},
        do=_answer_for_agency,
    ),
    Verb(
        "plan_action",
        {"name": text, **_RECOMMENDATION, "agency": name_of("agency"), "text": text},
        {"owner": name_of("post"), "measure": text, "due_on": day},
        introduces="action",
        do=_plan_action,
    ),
    Verb(
        "complete_plan",
        dict(_ACTION),
        {"owner": name_of("post"), "measure": text, "due_on": day},
        do=_complete_plan,
    ),
    Verb("note_progress", {**_ACTION, "rating": one_of(*acting.RATINGS), "text": text}, do=_note_progress),
    Verb("add_evidence", {"subject": name_of("action"), "title": text, "text": text}, do=_add_evidence),
    Verb("record_evidence", {**_RECOMMENDATION, "title": text, "text": text}, do=_record_evidence),
    Verb(
        "record_re_audit",
        {**_RECOMMENDATION, "earlier_aim": name_of("aim"), "later_aim": name_of("aim")},
        do=_record_re_audit,
    ),
    Verb(
        "record_dissemination",
        {**_AUDIT, "agency": name_of("agency"), "how": text, "reached": count},
        do=_record_dissemination,
    ),
    Verb(
        "raise_concern",
        {"name": text, "agency": name_of("agency"), "text": text},
        {"audit": name_of("audit"), "case": name_of("case")},
        introduces="immediate_concern",
        do=_raise_concern,
    ),
    Verb(
        "record_absence",
        {"person": name_of("person"), "from": day, "until": day, "reason": text},
        do=_record_absence,
    ),
)
