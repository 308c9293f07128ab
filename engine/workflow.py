"""Decides: one YAML file becomes a Workflow, which says what a trigger leads to here and now, or why it cannot be.

Pure: nothing is read from a clock or a database, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from engine import refusals
from engine.approvals import ApprovalPolicy
from engine.errors import Problem, Reason, Refused
from engine.faults import Faults
from engine.lint import lint
from engine.machine import Attempt, StateMachine
from engine.objections import against_actor, against_facts, filled_in
from engine.vocabulary import Field, Value, Vocabulary
from engine.words import unknown
from engine.workflow_file import read_definition
from engine.workflow_parts import (
    ChildCount,
    Circumstances,
    Definition,
    Need,
    OwnVocabulary,
    State,
    Way,
)
from engine.workflow_words import OWN_KEYS
from engine.yamlfile import parse_yaml, read_yaml

__all__ = [
    "ApprovalPolicy",
    "ChildCount",
    "Circumstances",
    "Definition",
    "Move",
    "Need",
    "Offer",
    "OwnVocabulary",
    "State",
    "Way",
    "Workflow",
    "load_workflows",
]


@dataclass(frozen=True, slots=True)
class Move:
    """A decision: what is to be written and who is to be told; with an `approval`, only once that has been given."""

    trigger: str
    title: str
    source: str
    target: str
    approval: ApprovalPolicy | None
    sets: Mapping[str, Value]
    counts: tuple[str, ...]
    tell: tuple[str, ...]
    given: Mapping[str, Value]
    template: str | None = None
    minor: bool = False
    urgent: bool = False
    apart: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A door out of the present state: open, or closed with every reason; `asks` is what to fill in on the way."""

    trigger: str
    title: str
    is_open: bool
    reasons: tuple[Reason, ...]
    asks: tuple[Field, ...]
    approval: ApprovalPolicy | None
    target: str
    about: str = ""
    enters: bool = False


class Workflow(Definition):
    """A definition that decides; it never changes and serves any number of subjects and threads."""

    @classmethod
    def from_text(cls, text: str, vocabulary: Vocabulary | None, *, file: str) -> Workflow:
        """Read a definition from its text, such as the older one to which a subject is pinned.

        A kind with words of its own may be given None, or the words that all such kinds share.
        Raises BadDefinition. What the linter holds against a text that was once accepted is not asked again.
        """
        definition = read_definition(parse_yaml(text, file=file), vocabulary, text)
        return cls(**vars(definition))

    def decide(
        self, state: str, trigger: str, circumstances: Circumstances, *, approved: bool = False
    ) -> Move:
        """Return what the trigger leads to, or raise Refused with every reason at once.

        With `approved`, the approval has been given: who asks was judged then; needs and asked fields are judged now.
        """
        if (state, trigger) not in self._ways:
            raise Refused(*self._why_not_here(state, trigger, circumstances, approved=approved))
        attempt = Attempt(state, circumstances, approved=approved)
        if not self._machine.fire(trigger, attempt) or attempt.opened is None:
            raise Refused(*_nearest(attempt.closed))
        way = attempt.opened
        values = filled_in(way, circumstances.given)[0] if way.asks else {}
        today, calendar = circumstances.today, circumstances.calendar
        return Move(
            trigger,
            way.title,
            source=state,
            target=attempt.state,
            approval=None if approved else way.approval,
            sets={line.target: line.value(values, today=today, calendar=calendar) for line in way.sets},
            counts=way.counts,
            tell=way.tell,
            given={name: value for name, value in values.items() if value is not None},
            template=way.template,
            minor=way.minor,
            urgent=way.urgent,
            apart=way.apart,
        )

    def offers(self, state: str, circumstances: Circumstances) -> tuple[Offer, ...]:
        """Return the moves out of a state in the order of the file; `given` is not looked at.

        What a move asks for does not close its door, nor does a need that speaks of what is asked.
        """
        return tuple(
            self._offer(state, ways, circumstances)
            for (source, _), ways in self._ways.items()
            if source == self._known(state)
        )

    def _offer(self, state: str, ways: tuple[Way, ...], circumstances: Circumstances) -> Offer:
        way, reasons = min(
            ((way, self._before_asking(way, state, circumstances)) for way in ways),
            key=lambda judged: _distance(judged[1]),
        )
        return Offer(
            way.trigger,
            way.title,
            is_open=not reasons,
            reasons=reasons,
            asks=way.asks,
            approval=way.approval,
            target=way.leads_to(state),
            about=way.about,
            enters=way.enters,
        )

    def _before_asking(self, way: Way, state: str, circumstances: Circumstances) -> tuple[Reason, ...]:
        return (
            *against_actor(self, way, circumstances),
            *against_facts(way, state, circumstances, {}),
        )

    def _objections(self, way: Way, attempt: Attempt) -> tuple[Reason, ...]:
        circumstances = attempt.circumstances
        reasons = [] if attempt.approved else against_actor(self, way, circumstances)
        if way.asks or circumstances.given:
            values, wrong = filled_in(way, circumstances.given)
            reasons += [*against_facts(way, attempt.state, circumstances, values), *wrong]
        elif way.needs:
            reasons += against_facts(way, attempt.state, circumstances, {})
        return tuple(reasons)

    def _why_not_here(
        self, state: str, trigger: str, circumstances: Circumstances, *, approved: bool
    ) -> tuple[Reason, ...]:
        self._known(state)
        ways = tuple(way for way in self.moves if way.trigger == trigger)
        if not ways:
            return (refusals.unknown_trigger(self, trigger),)
        reasons = [refusals.wrong_state(self, state, ways)]
        if not approved:
            # Waiting for the right state does not help whoever may not take the step at all.
            personal = min((against_actor(self, way, circumstances) for way in ways), key=len)
            reasons += personal
        return tuple(reasons)

    def _known(self, state: str) -> str:
        if state not in self.states:
            raise ValueError(f"'{state}' is not a state of {self.kind} in this definition ({self.hash[:12]})")
        return state

    @cached_property
    def _ways(self) -> Mapping[tuple[str, str], tuple[Way, ...]]:
        ways: dict[tuple[str, str], tuple[Way, ...]] = {}
        for way in self.moves:
            for source in way.sources:
                ways[source, way.trigger] = (*ways.get((source, way.trigger), ()), way)
        return ways

    @cached_property
    def _machine(self) -> StateMachine:
        return StateMachine(self.states, self.start, self.moves, self._objections)


def _nearest(closed: list[tuple[Way, tuple[Reason, ...]]]) -> tuple[Reason, ...]:
    return min((reasons for _, reasons in closed), key=_distance)


def _distance(reasons: tuple[Reason, ...]) -> tuple[int, int]:
    # Of two ways that exclude each other by their needs, the one whose needs hold is meant.
    return sum(reason.code == "need" for reason in reasons), len(reasons)


def load_workflows(
    folder: Path, vocabularies: Mapping[str, Vocabulary], *, common: Vocabulary | None = None
) -> Mapping[str, Workflow]:
    """Load every *.yaml of a folder and the folders in it: one file for one kind, all of them or none.

    `vocabularies` holds the words of the kinds that the program knows; any other kind has to bring its own, which are
    added to the `common` words. Raises BadDefinition with the faults of all files, those of the linter included.
    """
    faults = Faults()
    found: dict[str, Workflow] = {}
    for path in sorted(folder.rglob("*.y*ml")):
        workflow = faults.reading(_load, path, vocabularies, common)
        if workflow is not None and workflow.kind in found:
            other = found[workflow.kind].place.file
            faults.add(
                workflow.place.problem(f"the kind '{workflow.kind}' has a workflow already, in {other}")
            )
        elif workflow is not None:
            found[workflow.kind] = workflow
            for finding in lint(workflow):
                if finding.is_error:
                    faults.add(finding.problem)
    if not found and not faults.problems:
        faults.add(Problem(str(folder), 1, 1, "there is no workflow in this folder; its files end in .yaml"))
    faults.settle()
    # Only now, because a file that could not be read would make its kin look unknown.
    for workflow in found.values():
        _check_kin(workflow, found, vocabularies, faults)
    faults.settle()
    return MappingProxyType(found)


def _load(path: Path, vocabularies: Mapping[str, Vocabulary], common: Vocabulary | None) -> Workflow:
    root = read_yaml(path)
    if path.suffix != ".yaml":
        raise root.bad(f"this file would not be looked at; name it {path.stem}.yaml")
    parts = {key.text(): (key, value) for key, value in root.pairs()}
    if "workflow" not in parts:
        raise root.bad("the key 'workflow' is missing here; it names the kind, such as 'workflow: action'")
    kind_node = parts["workflow"][1]
    kind = kind_node.text()
    if kind != path.stem:
        raise kind_node.bad(
            f"the file {path.name} is for '{path.stem}', but this says '{kind}'; make them the same"
        )
    own = [key for word, (key, _) in parts.items() if word in OWN_KEYS]
    if kind in vocabularies and own:
        raise own[0].bad(
            f"the program knows the facts of '{kind}' already; take the key '{own[0].text()}' out"
        )
    if kind not in vocabularies and not own:
        what = "a kind that the program knows; either the name is wrong, or 'fields' and 'roles' are missing"
        raise kind_node.bad(unknown(kind, what, vocabularies))
    definition = read_definition(root, vocabularies.get(kind, common), path.read_text(encoding="utf-8"))
    return Workflow(**vars(definition))


def _check_kin(
    workflow: Workflow, found: Mapping[str, Workflow], vocabularies: Mapping[str, Vocabulary], faults: Faults
) -> None:
    own = workflow.own
    if own is None:
        return
    kinds = (*found, *vocabularies)
    if own.parent is not None and own.parent_place is not None and own.parent not in kinds:
        faults.add(own.parent_place.problem(unknown(own.parent, "a kind", kinds)))
    for count in own.children.values():
        child = found.get(count.of)
        if child is None:
            faults.add(count.place.problem(unknown(count.of, "a kind with a workflow", found)))
            continue
        if child.own is not None and child.own.parent != workflow.kind:
            message = (
                f"'{child.kind}' is no child of '{workflow.kind}'; its file needs 'parent: {workflow.kind}'"
            )
            faults.add(count.place.problem(message))
        for name, place in count.states:
            if name not in child.states:
                faults.add(place.problem(unknown(name, f"a state of {child.kind}", child.states)))
