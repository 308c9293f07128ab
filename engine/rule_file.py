"""Reads a folder of rule files whole or refuses it whole, with every fault that can be found."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.condition_tree import Constant, Today
from engine.conditions import Expression, Kind, Vocabulary, parse, parse_value
from engine.errors import BadDefinition, Problem
from engine.faults import Faults
from engine.rule import Repeat, RightOfReply, Rule, RuleBook, Severity, Unless
from engine.rule_clock import CLOCK_FILE, RuleClock, read_clock
from engine.spans import span_of
from engine.words import unknown
from engine.workflow_words import place_of
from engine.yamlfile import Json, Node, read_yaml

MAX_REPEATS = 100

_REQUIRED = ("id", "about", "title", "when", "once_per")
RETENTION_FILE = "retention.yaml"  # lies beside the rules and is none
_NO_CLOCK = RuleClock("", time.min)
_OPTIONAL = ("repeat", "notice", "unless", "tell", "copy", "severity", "quiets", "set")


class HasVocabulary(Protocol):
    """What the rules need of a workflow: the words of its kind."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The facts and addressees of the kind, its state among them."""
        ...


def load_rules(folder: Path, workflows: Mapping[str, HasVocabulary]) -> RuleBook:
    """Read `clock.yaml` and every other YAML file of a folder; raises BadDefinition with all faults at once."""
    reader = _Reader({kind: workflow.vocabulary for kind, workflow in workflows.items()})
    contents: dict[str, Json] = {}
    clock = _NO_CLOCK
    for path in _files(folder):
        node = reader.faults.reading(read_yaml, path)
        if node is None:
            continue
        contents[path.name] = node.plain()
        if path.name == CLOCK_FILE:
            clock = reader.faults.reading(read_clock, node) or clock
        else:
            reader.read_file(node)
    rules = reader.rules()
    reader.faults.settle()
    content_hash = _hash(_canonical(contents))
    by_kind = {kind: tuple(rule for rule in rules if rule.about == kind) for kind in workflows}
    return RuleBook(rules, clock, content_hash, tuple(reader.warnings), by_kind)


def _files(folder: Path) -> list[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        message = f"the folder of rules cannot be read: {error.strerror}"
        raise BadDefinition([Problem(str(folder), 1, 1, message)]) from None
    problems = [
        Problem(str(path), 1, 1, f"name this file '{path.stem}.yaml'; other endings are not read")
        for path in paths
        if path.suffix.lower() in (".yml", ".yaml") and path.suffix != ".yaml"
    ]
    if folder / CLOCK_FILE not in paths:
        message = (
            "this file is missing; it says whose working days count (calendar) and when to look (look_at)"
        )
        problems.append(Problem(str(folder / CLOCK_FILE), 1, 1, message))
    if problems:
        raise BadDefinition(problems)
    return [path for path in paths if path.suffix == ".yaml" and path.name != RETENTION_FILE]


def _canonical(content: Json) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _entries(node: Node) -> tuple[Node, ...]:
    return node.fields(required=("rules",))["rules"].items()


class _Draft(NamedTuple):
    # A rule whose `quiets` cannot be judged before all files are read.
    rule: Rule
    quiets: tuple[Node, ...]


class _Reader:
    # Collects the rules and the faults of all files of a folder.

    def __init__(self, vocabularies: Mapping[str, Vocabulary]) -> None:
        self._vocabularies = vocabularies
        self._ids: dict[str, Node] = {}
        self._drafts: list[_Draft] = []
        self.faults = Faults()
        self.warnings: list[Problem] = []

    def read_file(self, node: Node) -> None:
        for entry in self.faults.reading(_entries, node) or ():
            faults = len(self.faults.problems)
            draft = self.faults.reading(self._draft, entry)
            if draft and len(self.faults.problems) == faults:
                self._drafts.append(draft)

    def rules(self) -> tuple[Rule, ...]:
        quiets = {draft.rule.id: self._known_quiets(draft) for draft in self._drafts}
        for draft in self._drafts:
            if draft.rule.id in _reached(draft.rule.id, quiets):
                message = f"'{draft.rule.id}' quiets itself, directly or by way of the rules that it quiets"
                self.faults.add(draft.quiets[0].problem(message))
        return tuple(
            replace(draft.rule, quiets=frozenset(_reached(draft.rule.id, quiets))) for draft in self._drafts
        )

    def _draft(self, node: Node) -> _Draft | None:
        keys = node.fields(required=_REQUIRED, optional=_OPTIONAL)
        name = self.faults.reading(self._id, keys["id"]) or ""
        title = self.faults.reading(keys["title"].text) or ""
        repeat = self.faults.reading(_repeat, keys.get("repeat"))
        severity = self.faults.reading(_severity, keys.get("severity")) or Severity.REMINDER
        unless = self.faults.reading(_unless, keys.get("unless"))
        quiets = (self.faults.reading(keys["quiets"].words) or ()) if "quiets" in keys else ()
        if not keys.keys() & {"tell", "set"}:
            message = "this rule tells nobody and sets nothing; give it the key 'tell' (or 'set')"
            self.faults.add(node.problem(message))
        about = keys["about"].one_of(self._vocabularies, "a kind of subject")
        vocabulary = self._vocabularies[about]
        once_per = self.faults.reading(_once_per, keys["once_per"], vocabulary) or ""
        tell = self.faults.reading(_addressees, keys.get("tell"), vocabulary) or ()
        copy = self.faults.reading(_addressees, keys.get("copy"), vocabulary, already=tell) or ()
        notice = self.faults.reading(_notice, keys.get("notice"), vocabulary)
        if notice and "tell" not in keys:
            message = "there is a notice here, but nobody is told afterwards; give the rule the key 'tell'"
            self.faults.add(keys["notice"].problem(message))
        sets = self.faults.reading(_sets, keys.get("set"), vocabulary) or {}
        when = parse(keys["when"], vocabulary)
        self.warnings += [keys["when"].problem(sentence) for sentence in when.warnings()]
        if once_per and vocabulary.fields[once_per].optional and when.can_hold_without(once_per):
            message = (
                f"'{once_per}' can be empty while the condition holds, and all that time is one occasion"
            )
            self.warnings.append(keys["once_per"].problem(message))
        rule = Rule(
            id=name,
            about=about,
            title=title,
            when=when,
            once_per=once_per,
            repeat=repeat,
            notice=notice,
            unless=unless,
            tell=tell,
            copy=copy,
            severity=severity,
            quiets=frozenset(),
            sets=sets,
            text=(text := _canonical(node.plain())),
            hash=_hash(text),
            place=place_of(node),
        )
        return _Draft(rule, quiets)

    def _id(self, node: Node) -> str:
        name = node.text()
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,59}", name):
            raise node.bad(
                f"'{name}' does not do as an id; write at most 60 small letters, digits and hyphens, "
                "such as 'action-overdue'"
            )
        if name in self._ids:
            first = self._ids[name]
            raise node.bad(
                f"the id '{name}' stands here twice; the first one is at {first.file}:{first.line}"
            )
        self._ids[name] = node
        return name

    def _known_quiets(self, draft: _Draft) -> tuple[str, ...]:
        kinds = {other.rule.id: other.rule.about for other in self._drafts}
        for node in draft.quiets:
            name = node.text()
            # A rule that is refused for a fault of its own is known all the same.
            if name not in self._ids:
                self.faults.add(node.problem(unknown(name, "the id of a rule", self._ids)))
            elif kinds.get(name, draft.rule.about) != draft.rule.about:
                message = f"'{name}' is about {kinds[name]}; a rule quiets only rules about its own kind"
                self.faults.add(node.problem(message))
        return tuple(node.text() for node in draft.quiets)


def _reached(start: str, quiets: Mapping[str, tuple[str, ...]]) -> set[str]:
    # What a quieted rule quiets is quiet as well: else the lowest level would speak up as soon as the highest does.
    reached: set[str] = set()
    ahead = list(quiets[start])
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += quiets.get(name, ())
    return reached


def _once_per(node: Node, vocabulary: Vocabulary) -> str:
    name = node.one_of(vocabulary.fields, f"a fact of {vocabulary.about}")
    if vocabulary.fields[name].kind is Kind.TEXT:
        raise node.bad(f"'{name}' is a text; a rule fires once per date, number, choice or yes and no")
    return name


def _repeat(node: Node | None) -> Repeat | None:
    if node is None:
        return None
    keys = node.fields(required=("every", "at_most"))
    every, at_most = span_of(keys["every"]), keys["at_most"].whole()
    if not 2 <= at_most <= MAX_REPEATS:
        raise keys["at_most"].bad(
            f"expected a whole number from 2 to {MAX_REPEATS}, but found {at_most}; "
            "it counts the first time too, and a rule that fires once needs no repeat"
        )
    return Repeat(every, at_most)


def _severity(node: Node | None) -> Severity:
    return Severity(node.one_of(Severity, "a severity")) if node else Severity.REMINDER


def _unless(node: Node | None) -> Unless | None:
    return Unless(node.one_of(Unless, "something that holds a rule")) if node else None


def _notice(node: Node | None, vocabulary: Vocabulary) -> RightOfReply | None:
    if node is None:
        return None
    keys = node.fields(required=("to", "before"))
    to = keys["to"].one_of(vocabulary.addressees, f"somebody who can be told about {vocabulary.about}")
    return RightOfReply(to, span_of(keys["before"]))


def _addressees(
    node: Node | None, vocabulary: Vocabulary, *, already: tuple[str, ...] = ()
) -> tuple[str, ...]:
    problems: list[Problem] = []
    told: list[str] = []
    for word in node.words() if node else ():
        name = word.text()
        if name not in vocabulary.addressees:
            what = f"somebody who can be told about {vocabulary.about}"
            problems.append(word.problem(unknown(name, what, vocabulary.addressees)))
        elif name in told or name in already:
            problems.append(word.problem(f"'{name}' is told already; once is enough"))
        told.append(name)
    if problems:
        raise BadDefinition(problems)
    return tuple(told)


def _sets(node: Node | None, vocabulary: Vocabulary) -> dict[str, Expression]:
    sets = {}
    for key, value in node.pairs() if node else ():
        name = key.one_of(vocabulary.fields, f"a fact of {vocabulary.about}")
        kind = vocabulary.fields[name].kind
        if kind not in (Kind.DATE, Kind.YES_NO):
            raise key.bad(
                f"a rule cannot set '{name}', which is {kind.spoken}; "
                "it sets a date to today, or a yes or no to true or false"
            )
        expression = parse_value(value, vocabulary)
        is_flag = isinstance(expression.term, Constant) and expression.kind is Kind.YES_NO
        if not (is_flag or isinstance(expression.term, Today)):
            raise value.bad(f"a rule sets a fact to true, false or today, and not to '{expression.text}'")
        if expression.kind is not kind:
            raise value.bad(f"'{name}' is {kind.spoken}; it cannot be set to '{expression.text}'")
        sets[name] = expression
    return sets
