"""The verbs by which people are heard by the rules: reply, acknowledge, silence, and wait for another agency."""

from __future__ import annotations

from typing import Any

from assurance.commands import accepting, replying, silencing, waiting
from assurance.office import Tx
from assurance.records import RuleHold
from assurance.story.move_verbs import ref_of_subject, subject
from assurance.story.names import Names, day, name_of, text
from assurance.story.verb import Book, Verb
from engine.yamlfile import Node

_ACTION = {"action": name_of("action")}


def _reply(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    ref = ref_of_subject(tx, book, given["subject"])
    book.add(RuleHold.noun, given.get("name"), replying.reply(tx, ref, given["rule"], given["text"]).id)


def _acknowledge(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    ref = ref_of_subject(tx, book, given["subject"])
    hold = accepting.acknowledge(tx, ref, until_on=given["until"], reason=given["reason"])
    book.add(RuleHold.noun, given.get("name"), hold.id)


def _check_silence(parts: dict[str, Node], _given: dict[str, Any], _names: Names) -> None:
    if "subject" not in parts and "rule" not in parts:
        raise parts["until"].bad("say what is silent: add the key 'rule', or 'subject', or both")


def _silence(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    ref = ref_of_subject(tx, book, given["subject"]) if "subject" in given else None
    hold = silencing.silence(
        tx, rule_id=given.get("rule"), ref=ref, until_on=given["until"], reason=given["reason"]
    )
    book.add(RuleHold.noun, given.get("name"), hold.id)


def _wait_for(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    agency = book.of("agency", given["agency"])
    waiting.wait_for(tx, book.ref("action", given["action"]), agency, given["reason"])


def _stop_waiting(tx: Tx, book: Book, given: dict[str, Any]) -> None:
    waiting.stop_waiting(tx, book.ref("action", given["action"]), given["text"])


HEARING_VERBS: tuple[Verb, ...] = (
    Verb(
        "reply",
        {"subject": subject, "rule": name_of("rule"), "text": text},
        {"name": text},
        introduces=RuleHold.noun,
        do=_reply,
    ),
    Verb(
        "acknowledge",
        {"subject": subject, "until": day, "reason": text},
        {"name": text},
        introduces=RuleHold.noun,
        do=_acknowledge,
    ),
    Verb(
        "silence",
        {"until": day, "reason": text},
        {"subject": subject, "rule": name_of("rule"), "name": text},
        introduces=RuleHold.noun,
        check=_check_silence,
        do=_silence,
    ),
    Verb("wait_for", {**_ACTION, "agency": name_of("agency"), "reason": text}, do=_wait_for),
    Verb("stop_waiting", {**_ACTION, "text": text}, do=_stop_waiting),
)
