"""What can happen in a story: each verb's keys, how they are read, and the command that it calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from assurance.commands import acting, approving, concluding, founding, moving, programme, reading
from assurance.commands.concluding import ACCEPTANCES, FINDING_KINDS, RECOMMENDATION_TYPES
from assurance.office import Tx
from assurance.story.names import Names, Reader, day, name_of, names_of, one_of, text, whole
from engine.conditions import Kind, Value
from engine.moved import Ref
from engine.yamlfile import Node

LETTERS = {
    "Y": "yes",
    "P": "partly",
    "N": "no",
    "A": "not applicable",
    "E": "no evidence on file",
}
HAND_IN, ACCEPTANCE = time(14, 0), time(16, 0)


class Book:
    """What every name of the story stands for in the database: `case lo_a` is number 3."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self.numbers = dict(numbers)
        self.fresh: dict[str, int] = {}

    def of(self, what: str, name: str) -> int:
        """Give the number of what a name stands for."""
        return self.numbers[f"{what} {name}"]

    def maybe(self, what: str, name: str | None) -> int | None:
        """Give the number of what a name stands for; None for no name."""
        return None if name is None else self.of(what, name)

    def every(self, what: str, names: tuple[str, ...]) -> list[int]:
        """Give the numbers of several names."""
        return [self.of(what, name) for name in names]

    def ref(self, kind: str, name: str) -> Ref:
        """Give the subject that a name stands for."""
        return Ref(kind, self.of(kind, name))

    def add(self, what: str, name: str | None, number: int) -> None:
        """Let a name stand for something."""
        if name is not None:
            self.numbers[f"{what} {name}"] = self.fresh[f"{what} {name}"] = number


@dataclass(frozen=True, slots=True)
class Part:
    """One of the commands into which a verb expands."""

    at: datetime
    person: str
    verb: Verb
    arguments: dict[str, Any]


At = Callable[[date, time], datetime]


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its keys with their readers, what it introduces, and what it does."""

    name: str
    required: dict[str, Reader]
    optional: dict[str, Reader] = field(default_factory=dict)
    introduces: str | None = None
    check: Callable[[dict[str, Node], dict[str, Any], Names], None] | None = None
    do: Callable[[Tx, Book, dict[str, Any]], None] | None = None
    expand: Callable[[datetime, str, dict[str, Any], At], list[Part]] | None = None

    def read(self, parts: dict[str, Node], names: Names) -> dict[str, Any]:
        """Read the verb's own keys; a name that it introduces is known from here on."""
        readers = {**self.required, **self.optional}
        found = {key: reader(parts[key], names) for key, reader in readers.items() if key in parts}
        if self.check is not None:
            self.check(parts, found, names)
        if self.introduces is not None and "name" in parts:
            names.add(parts["name"], self.introduces, found)
        return found


def _list_of(read: Callable[[Node, Names], Any]) -> Reader:
    return lambda node, names: tuple(read(item, names) for item in node.items())


# -- setting up an audit -----------------------------------------------------------------------------------


def _open_audit(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    theme = programme.Theme(
        given["year"],
        given["theme"],
        given["source_kind"],
        given["source"],
        given["scope"],
        given["look_back_months"],
        given["cases"],
    )
    book.add("audit", given["name"], programme.open_audit(tx, theme).id)


def _aim(node: Node, names: Names) -> dict[str, Any]:
    parts = node.fields(required=["name", "text"], optional=["asks_again"])
    again = names.find(parts["asks_again"], "aim") if "asks_again" in parts else None
    return {"name": names.add(parts["name"], "aim"), "text": parts["text"].text(), "asks_again": again}


def _add_aims(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    for aim in given["aims"]:
        again = book.maybe("aim", aim["asks_again"])
        book.add(
            "aim",
            aim["name"],
            programme.add_aim(tx, book.ref("audit", given["audit"]), aim["text"], asks_again=again),
        )


def _remember_aims(_parts: dict[str, Node], given: dict[str, Any], names: Names) -> None:
    aims = names.known.setdefault("aims of audit", {})
    aims[given["audit"]] = [*aims.get(given["audit"], []), *(aim["name"] for aim in given["aims"])]


def _case(node: Node, names: Names) -> dict[str, Any]:
    parts = node.fields(required=["name", "kind", "criterion"])
    kind = parts["kind"].one_of(programme.CASE_KINDS, "a kind of case")
    return {"name": names.add(parts["name"], "case"), "kind": kind, "criterion": parts["criterion"].text()}


def _draw_cases(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    for case in given["cases"]:
        number = programme.draw_case(tx, book.ref("audit", given["audit"]), case["kind"], case["criterion"])
        book.add("case", case["name"], number)


def _set_meeting(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    meeting = book.of("meeting", given["meeting"])
    programme.set_meeting(tx, book.ref("audit", given["audit"]), meeting, given["returns_due_on"])


def _request_returns(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    programme.request_returns(tx, book.ref("audit", given["audit"]))


# -- returns -----------------------------------------------------------------------------------------------


def return_of(tx: Tx, book: Book, case: str, records: str) -> Ref:
    """Give the return of one case from one record set."""
    return founding.return_of(tx, book.of("case", case), book.of("record_set", records))


def _letters(node: Node, names: Names) -> dict[str, str]:
    answers = {}
    for case, letters in node.pairs():
        written = letters.text()
        wrong = sorted(set(written) - set(LETTERS))
        if wrong:
            known = ", ".join(f"{letter} {word}" for letter, word in LETTERS.items())
            raise letters.bad(f"{wrong[0]!r} is not an answer; the letters are: {known}")
        answers[names.find(case, "case")] = written
    return answers


def _check_answers(parts: dict[str, Node], given: dict[str, Any], names: Names) -> None:
    aims = names.known.get("aims of audit", {}).get(given["audit"], [])
    for (_, letters), written in zip(parts["answers"].pairs(), given["answers"].values(), strict=True):
        if len(written) != len(aims):
            raise letters.bad(f"{len(written)} answers for {len(aims)} aims; give one letter for each aim")
    if ("accept_on" in given) != ("accept_as" in given):
        raise parts["answers"].bad("an acceptance has a day and a person; give both, or neither")
    if given.get("accept_on", given["submit_on"]) < given["submit_on"]:
        raise parts["accept_on"].bad("a return is accepted on the day on which it is submitted, or later")
    given["aims"] = list(aims)


def _begin(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    moving.move(tx, return_of(tx, book, given["case"], given["record_set"]), "start")


def _hand_in(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    ref = return_of(tx, book, given["case"], given["record_set"])
    answers = {
        book.of("aim", aim): (LETTERS[letter], "")
        for aim, letter in zip(given["aims"], given["letters"], strict=True)
    }
    reading.answer_aims(tx, ref, answers, tool=given.get("tool"))
    moving.move(tx, ref, "submit")


def _accept(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    moving.move(tx, return_of(tx, book, given["case"], given["record_set"]), "accept")


_BEGIN = Verb("begin_return", {}, do=_begin)
_HAND_IN = Verb("hand_in_return", {}, do=_hand_in)
_ACCEPT = Verb("accept_return", {}, do=_accept)


def _fill_returns(at: datetime, person: str, given: dict[str, Any], on: At) -> list[Part]:
    """Expand to three commands a case: begin on the step's own day, hand in, and be accepted where that is told."""
    parts = []
    for number, (case, letters) in enumerate(given["answers"].items()):
        one = {"case": case, "record_set": given["record_set"]}
        later = timedelta(minutes=number)
        filled = {**one, "letters": letters, "aims": given["aims"], "tool": given.get("tool")}
        parts.append(Part(at + timedelta(seconds=number), person, _BEGIN, one))
        parts.append(Part(on(given["submit_on"], HAND_IN) + later, person, _HAND_IN, filled))
        if "accept_on" in given:
            parts.append(Part(on(given["accept_on"], ACCEPTANCE) + later, given["accept_as"], _ACCEPT, one))
    return parts


# -- moves and decisions -----------------------------------------------------------------------------------


def _subject(node: Node, names: Names) -> tuple[str, str]:
    """Read a label, or CASE/RECORD_SET for a return."""
    case, slash, records = node.text().partition("/")
    if slash:
        if case not in names.known.get("case", {}) or records not in names.known.get("record_set", {}):
            raise node.bad(f"{node.text()!r} names no return; write it as CASE/RECORD_SET")
        return "agency_return", node.text()
    kind = names.kind_of(node.text())
    if kind is None:
        subjects = [
            name
            for what in (*names.matters(), "audit", "recommendation", "action", "immediate_concern")
            for name in names.known.get(what, {})
        ]
        names.known["subject"] = dict.fromkeys(subjects)
        names.find(node, "subject")
        raise node.bad(f"{node.text()!r} names no subject that moves")
    return kind, node.text()


def _check_move(parts: dict[str, Node], given: dict[str, Any], names: Names) -> None:
    kind, _ = given["subject"]
    workflow = names.workflows[kind]
    triggers = tuple(dict.fromkeys(way.trigger for way in workflow.moves))
    trigger = parts["trigger"].one_of(triggers, f"a move of {kind}")
    ways = [way for way in workflow.moves if way.trigger == trigger]
    asks = {ask.name: ask.kind for way in ways for ask in way.asks}
    given["given"] = {}
    if "given" in parts:
        for key, value in parts["given"].pairs():
            name = key.one_of(asks, f"a field that the move {trigger!r} asks for")
            given["given"][name] = _value(value, asks[name])
    if "name" in parts and not any(way.approval for way in ways):
        raise parts["name"].bad(
            f"the move {trigger!r} asks for no approval, so that there is nothing to name"
        )


def _value(node: Node, kind: Kind) -> Value:
    if kind is Kind.DATE:
        return node.day()
    if kind is Kind.WHOLE:
        return node.whole()
    return node.yes_no() if kind is Kind.YES_NO else node.text()


def _move(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    kind, name = given["subject"]
    ref = return_of(tx, book, *name.split("/")) if kind == "agency_return" else book.ref(kind, name)
    done = moving.move(tx, ref, given["trigger"], given=given["given"])
    if done.approval is not None:
        book.add("approval", given.get("name"), done.approval.id)


def _decide(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    meeting = book.maybe("meeting", given.get("meeting"))
    approving.decide(
        tx,
        book.ref("approval", given["approval"]),
        given["answer"],
        reason=given.get("reason", ""),
        meeting_id=meeting,
    )


# -- findings and recommendations --------------------------------------------------------------------------


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


# -- actions -----------------------------------------------------------------------------------------------


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


# -- families whose nouns stand in YAML only -----------------------------------------------------------------


def _check_matter(parts: dict[str, Node], given: dict[str, Any], names: Names) -> None:
    kind = parts["kind"].one_of(names.matters(), "a kind that a workflow of this folder describes")
    own = names.workflows[kind].own
    fields = {} if own is None else own.fields
    given["fields"] = {}
    if "fields" in parts:
        for key, value in parts["fields"].pairs():
            name = key.one_of(fields, f"a field of {kind}")
            given["fields"][name] = _value(value, fields[name].kind)
    parent = None if own is None else own.parent
    if ("parent" in parts) != (parent is not None):
        where = parts["parent"] if "parent" in parts else parts["kind"]
        raise where.bad(
            f"{kind} has no parent" if parent is None else f"name the {parent} to which it belongs"
        )
    given["parent"] = (parent, names.find(parts["parent"], parent)) if parent is not None else None
    names.add(parts["name"], kind, given)


def _open_matter(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    parent = None if given["parent"] is None else book.ref(*given["parent"])
    ref = founding.open_matter(
        tx,
        given["kind"],
        given["title"],
        given["fields"],
        parent=parent,
        agency_id=book.maybe("agency", given.get("agency")),
        owner_post_id=book.maybe("post", given.get("owner")),
    )
    book.add(given["kind"], given["name"], ref.id)


_AUDIT = {"audit": name_of("audit")}
_ACTION = {"action": name_of("action")}
_RECOMMENDATION = {"recommendation": name_of("recommendation")}

VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "open_audit",
            {
                "name": text,
                "year": name_of("programme"),
                "theme": text,
                "source_kind": one_of(*programme.SOURCE_KINDS),
                "source": text,
                "scope": text,
                "look_back_months": whole,
                "cases": whole,
            },
            introduces="audit",
            do=_open_audit,
        ),
        Verb("add_aims", {**_AUDIT, "aims": _list_of(_aim)}, check=_remember_aims, do=_add_aims),
        Verb("draw_cases", {**_AUDIT, "cases": _list_of(_case)}, do=_draw_cases),
        Verb(
            "set_meeting", {**_AUDIT, "meeting": name_of("meeting"), "returns_due_on": day}, do=_set_meeting
        ),
        Verb("request_returns", dict(_AUDIT), do=_request_returns),
        Verb(
            "fill_returns",
            {
                **_AUDIT,
                "record_set": name_of("record_set"),
                "submit_on": day,
                "answers": _letters,
            },
            {"accept_on": day, "accept_as": name_of("person"), "tool": text},
            check=_check_answers,
            expand=_fill_returns,
        ),
        Verb(
            "move",
            {"subject": _subject, "trigger": text},
            {"given": lambda node, _names: node, "name": text},
            introduces="approval",
            check=_check_move,
            do=_move,
        ),
        Verb(
            "decide",
            {"approval": name_of("approval"), "answer": one_of("approve", "request_change", "reject")},
            {"reason": text, "meeting": name_of("meeting")},
            do=_decide,
        ),
        Verb("hold_moderation", {**_AUDIT, "meeting": name_of("meeting"), "note": text}, do=_hold_moderation),
        Verb("record_findings", {**_AUDIT, "findings": _list_of(_finding)}, do=_record_findings),
        Verb(
            "make_recommendations",
            {**_AUDIT, "recommendations": _list_of(_recommendation)},
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
        Verb(
            "note_progress", {**_ACTION, "rating": one_of(*acting.RATINGS), "text": text}, do=_note_progress
        ),
        Verb("add_evidence", {"subject": name_of("action"), "title": text, "text": text}, do=_add_evidence),
        Verb("record_evidence", {**_RECOMMENDATION, "title": text, "text": text}, do=_record_evidence),
        Verb(
            "record_re_audit",
            {**_RECOMMENDATION, "earlier_aim": name_of("aim"), "later_aim": name_of("aim")},
            do=_record_re_audit,
        ),
        Verb(
            "record_dissemination",
            {**_AUDIT, "agency": name_of("agency"), "how": text, "reached": whole},
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
        Verb(
            "open",
            {"kind": text, "name": text, "title": text},
            {
                "parent": text,
                "agency": name_of("agency"),
                "owner": name_of("post"),
                "fields": lambda node, _names: node,
            },
            check=_check_matter,
            do=_open_matter,
        ),
    )
}
