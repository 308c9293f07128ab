"""The verbs that move any subject, decide approvals, and open subjects of kinds that stand in YAML only."""

from __future__ import annotations

from typing import Any

from assurance.commands import approving, founding, moving
from assurance.commands.hearing import ANSWERS
from assurance.office import Tx
from assurance.records import AgencyReturn
from assurance.story.audit_verbs import return_of
from assurance.story.names import SUBJECTS, Names, name_of, one_of, text
from assurance.story.verb import Book, Verb
from engine.conditions import Field, Kind, Value
from engine.moved import Ref
from engine.yamlfile import Node


def subject(node: Node, names: Names) -> tuple[str, str]:
    """Read a label, or CASE/RECORD_SET for a return."""
    case, slash, records = node.text().partition("/")
    if slash:
        names.refuse_quietly_if_doubted(case)
        if case not in names.known.get("case", {}) or records not in names.known.get("record_set", {}):
            raise node.bad(f"{node.text()!r} names no return; write it as CASE/RECORD_SET")
        return "agency_return", node.text()
    kind = names.kind_of(node.text())
    if kind is None:
        subjects = [name for what in (*names.matters(), *SUBJECTS) for name in names.known.get(what, {})]
        names.known["subject"] = dict.fromkeys(subjects)
        names.find(node, "subject")
        raise node.bad(f"{node.text()!r} names no subject that moves")
    return kind, node.text()


def ref_of_subject(tx: Tx, book: Book, named: tuple[str, str]) -> Ref:
    """Give the subject that was read under a label, or as CASE/RECORD_SET."""
    kind, name = named
    return return_of(tx, book, *name.split("/")) if kind == AgencyReturn.noun else book.ref(kind, name)


def _check_move(parts: dict[str, Node], given: dict[str, Any], names: Names) -> None:
    kind, _ = given["subject"]
    workflow = names.workflows[kind]
    triggers = tuple(dict.fromkeys(way.trigger for way in workflow.moves))
    trigger = parts["trigger"].one_of(triggers, f"a move of {kind}")
    ways = [way for way in workflow.moves if way.trigger == trigger]
    asks = {ask.name: ask for way in ways for ask in way.asks}
    given["given"] = {}
    if "given" in parts:
        for key, value in parts["given"].pairs():
            name = key.one_of(asks, f"a field that the move {trigger!r} asks for")
            given["given"][name] = _value(value, asks[name])
    needed = set.intersection(*({ask.name for ask in way.asks if not ask.optional} for way in ways))
    if missing := sorted(needed - given["given"].keys()):
        where = parts["given"] if "given" in parts else parts["trigger"]
        raise where.bad(f"the move {trigger!r} asks for {missing[0]!r} too; say it under 'given'")
    if "name" in parts and not any(way.approval for way in ways):
        raise parts["name"].bad(
            f"the move {trigger!r} asks for no approval, so that there is nothing to name"
        )


def _value(node: Node, asked: Field) -> Value:
    if asked.kind is Kind.DATE:
        return node.day()
    if asked.kind is Kind.WHOLE:
        return node.whole()
    if asked.kind is Kind.CHOICE:
        return node.one_of(asked.choices, f"a word for {asked.name}")
    return node.yes_no() if asked.kind is Kind.YES_NO else node.text()


def _move(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    ref = ref_of_subject(tx, book, given["subject"])
    done = moving.move(tx, ref, given["trigger"], given=given["given"])
    if done.approval is not None:
        book.add("approval", given.get("name"), done.approval.id)


def _check_decide(parts: dict[str, Node], given: dict[str, Any], _names: Names) -> None:
    if given["answer"] == approving.COUNT:
        for name in ("reason", "meeting"):
            if name in parts:
                raise parts[name].bad(f"whoever counts the answers gives none; take {name!r} out")


def _decide(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    meeting = book.maybe("meeting", given.get("meeting"))
    approval = book.ref("approval", given["approval"])
    if given["answer"] == approving.COUNT:
        approving.count_answers(tx, approval)
        return
    approving.decide(
        tx,
        approval,
        given["answer"],
        reason=given.get("reason", ""),
        meeting_id=meeting,
    )


def _check_matter(parts: dict[str, Node], given: dict[str, Any], names: Names) -> None:
    kind = parts["kind"].one_of(names.matters(), "a kind that a workflow of this folder describes")
    own = names.workflows[kind].own
    fields = {} if own is None else own.fields
    given["fields"] = {}
    if "fields" in parts:
        for key, value in parts["fields"].pairs():
            name = key.one_of(fields, f"a field of {kind}")
            given["fields"][name] = _value(value, fields[name])
    needed = [field.name for field in fields.values() if not field.optional and field.kind is not Kind.YES_NO]
    if missing := [name for name in needed if name not in given["fields"]]:
        where = parts["fields"] if "fields" in parts else parts["kind"]
        raise where.bad(f"a {kind} needs {missing[0]!r} too; say it under 'fields'")
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


MOVE_VERBS: tuple[Verb, ...] = (
    Verb(
        "move",
        {"subject": subject, "trigger": text},
        {"given": lambda node, _names: node, "name": text},
        introduces="approval",
        check=_check_move,
        do=_move,
    ),
    Verb(
        "decide",
        {"approval": name_of("approval"), "answer": one_of(*ANSWERS, approving.COUNT)},
        {"reason": text, "meeting": name_of("meeting")},
        check=_check_decide,
        do=_decide,
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
