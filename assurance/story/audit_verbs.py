"""The verbs that set up an audit and bring in its returns."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from assurance.commands import founding, meetings, moving, programme, reading
from assurance.commands.convening import Sitting
from assurance.office import Tx
from assurance.story.cast import sitting_of
from assurance.story.names import Names, aims_of, count, day, name_of, one_of, text
from assurance.story.verb import At, Book, Part, Verb, list_of
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
_AUDIT = {"audit": name_of("audit")}


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


def _remember_cases(_parts: dict[str, Node], given: dict[str, Any], names: Names) -> None:
    names.known.setdefault("audit of case", {}).update(
        {case["name"]: given["audit"] for case in given["cases"]}
    )


def _case(node: Node, names: Names) -> dict[str, Any]:
    parts = node.fields(required=["name", "kind", "criterion"])
    kind = parts["kind"].one_of(programme.CASE_KINDS, "a kind of case")
    return {"name": names.add(parts["name"], "case"), "kind": kind, "criterion": parts["criterion"].text()}


def _draw_cases(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    for case in given["cases"]:
        number = programme.draw_case(tx, book.ref("audit", given["audit"]), case["kind"], case["criterion"])
        book.add("case", case["name"], number)


def _sitting(node: Node, _names: Names) -> Sitting:
    return sitting_of(node.fields(required=["on", "at"], optional=["ends", "place"]))


def _set_meeting(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    meeting = book.of("meeting", given["meeting"])
    meetings.set_meeting(tx, book.ref("audit", given["audit"]), meeting, given.get("returns_due_on"))


def _plan_meeting(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    ref = meetings.plan_meeting(tx, given["title"], given["meets"], name=given["name"])
    book.add("meeting", given["name"], ref.id)


def _request_returns(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    programme.request_returns(tx, book.ref("audit", given["audit"]))


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
    drawn_for = names.known.get("audit of case", {})
    for (case, letters), (name, written) in zip(
        parts["answers"].pairs(), given["answers"].items(), strict=True
    ):
        if drawn_for[name] != given["audit"]:
            raise case.bad(f"the case {name!r} was drawn for another audit, {drawn_for[name]!r}")
        if len(written) != len(aims):
            names.refuse_quietly_if_doubted(aims_of(given["audit"]))
            raise letters.bad(f"{len(written)} answers for {len(aims)} aims; give one letter for each aim")
    if ("accept_on" in given) != ("accept_as" in given):
        where = parts["accept_on"] if "accept_on" in given else parts["accept_as"]
        raise where.bad("an acceptance has a day and a person; give both, or neither")
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
    reading.answer_aims(tx, ref, answers, tool=given.get("tool"), grade=given.get("grade"))
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
        said = {name: given.get(name) for name in ("tool", "grade")}
        filled = {**one, **said, "letters": letters, "aims": given["aims"]}
        parts.append(Part(at + timedelta(seconds=number), person, _BEGIN, one))
        parts.append(Part(on("submit_on", given["submit_on"], HAND_IN) + later, person, _HAND_IN, filled))
        if "accept_on" in given:
            accepted_at = on("accept_on", given["accept_on"], ACCEPTANCE) + later
            parts.append(Part(accepted_at, given["accept_as"], _ACCEPT, one))
    return parts


AUDIT_VERBS: tuple[Verb, ...] = (
    Verb(
        "open_audit",
        {
            "name": text,
            "year": name_of("programme"),
            "theme": text,
            "source_kind": one_of(*programme.SOURCE_KINDS),
            "source": text,
            "scope": text,
            "look_back_months": count,
            "cases": count,
        },
        introduces="audit",
        do=_open_audit,
    ),
    Verb("add_aims", {**_AUDIT, "aims": list_of(_aim)}, check=_remember_aims, do=_add_aims),
    Verb("draw_cases", {**_AUDIT, "cases": list_of(_case)}, check=_remember_cases, do=_draw_cases),
    Verb(
        "plan_meeting",
        {"name": text, "title": text, "meets": _sitting},
        introduces="meeting",
        do=_plan_meeting,
    ),
    Verb("set_meeting", {**_AUDIT, "meeting": name_of("meeting")}, {"returns_due_on": day}, do=_set_meeting),
    Verb("request_returns", dict(_AUDIT), do=_request_returns),
    Verb(
        "fill_returns",
        {
            **_AUDIT,
            "record_set": name_of("record_set"),
            "submit_on": day,
            "answers": _letters,
        },
        {"accept_on": day, "accept_as": name_of("person"), "tool": text, "grade": one_of(*reading.GRADES)},
        check=_check_answers,
        expand=_fill_returns,
    ),
)
