"""The group's workflows as people read them: states, steps in words, the picture, and which versions are running."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from assurance.office import Tx
from assurance.queries.definitions import DefinitionRow, definitions
from engine.approval_words import who_decides
from engine.diagram import svg
from engine.errors import Reason, Refused
from engine.refusals import all_of, one_of, title_of
from engine.words import unknown
from engine.workflow import Workflow
from engine.workflow_parts import Way


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One workflow of the list: how many subjects run, how many go by an earlier version."""

    kind: str
    title: str
    about: str
    states: int
    steps: int
    running: int
    by_earlier: int


@dataclass(frozen=True, slots=True)
class StateShown:
    """One state: what it means, of whom the next step is expected, and within how many working days."""

    name: str
    title: str
    about: str
    place: str
    waits_for: tuple[str, ...]
    expected: int | None


@dataclass(frozen=True, slots=True)
class StepShown:
    """One step in words: from where to where, who takes it, who decides, what must be true, what it asks, who is told."""

    title: str
    about: str
    sources: tuple[str, ...]
    target: str | None
    by: str
    decided_by: str | None
    needs: tuple[str, ...]
    asks: tuple[str, ...]
    tells: str
    apart: str


@dataclass(frozen=True, slots=True)
class FlowPage:
    """One workflow in full, as it stands on the shelf, with every version that was ever in force."""

    kind: str
    title: str
    about: str
    states: tuple[StateShown, ...]
    steps: tuple[StepShown, ...]
    versions: tuple[DefinitionRow, ...]
    text: str


def workflows_of(tx: Tx) -> tuple[FlowRow, ...]:
    """Give every workflow of the group, in the order of the names."""
    running: Counter[str] = Counter()
    earlier: Counter[str] = Counter()
    for row in definitions(tx.session, tx.playbook, group_id=tx.actor.group_id):
        running[row.kind] += row.running
        earlier[row.kind] += 0 if row.on_shelf else row.running
    return tuple(
        FlowRow(
            kind,
            workflow.title,
            workflow.about,
            len(workflow.states),
            len(workflow.moves),
            running[kind],
            earlier[kind],
        )
        for kind, workflow in sorted(tx.playbook.workflows.items())
    )


def one_workflow(tx: Tx, kind: str) -> FlowPage:
    """Give one workflow; raises Refused for a kind without one."""
    workflow = _called(tx, kind)
    versions = definitions(tx.session, tx.playbook, kind=kind, group_id=tx.actor.group_id)
    return FlowPage(
        kind,
        workflow.title,
        workflow.about,
        tuple(_states(workflow)),
        tuple(_step(workflow, way) for way in workflow.moves),
        tuple(versions),
        workflow.text,
    )


def picture_of(tx: Tx, kind: str) -> str:
    """Draw one workflow as SVG that stands alone; raises Refused for a kind without one."""
    return svg(_called(tx, kind))


def _called(tx: Tx, kind: str) -> Workflow:
    if kind not in tx.playbook.workflows:
        known = list(tx.playbook.workflows)
        raise Refused(Reason("unknown_kind", unknown(kind, "a workflow here", known) + "."))
    return tx.playbook.workflows[kind]


def _states(workflow: Workflow) -> Sequence[StateShown]:
    return [
        StateShown(
            state.name,
            state.title,
            state.about,
            "begins here" if state.starts else "ends here" if state.final else "",
            tuple(word.replace("_", " ") for word in state.waits_for),
            state.expected,
        )
        for state in workflow.states.values()
    ]


def _step(workflow: Workflow, way: Way) -> StepShown:
    return StepShown(
        title=way.title,
        about=way.about,
        sources=tuple(workflow.states[source].title for source in way.sources),
        target=None if way.target is None else workflow.states[way.target].title,
        by=one_of(_named(word) for word in way.by),
        decided_by=None if way.approval is None else who_decides(way.approval),
        needs=tuple(need.sentence for need in way.needs),
        asks=tuple(f"{title_of(ask)}{' (optional)' if ask.optional else ''}" for ask in way.asks),
        tells=all_of(_named(word) for word in way.tell),
        apart=all_of(_apart(workflow, word) for word in way.apart),
    )


def _named(word: str) -> str:
    return f"the {word.replace('_', ' ')}"


def _apart(workflow: Workflow, word: str) -> str:
    """Say who is kept out: by a conflict, or since they took another step."""
    title = next((way.title for way in workflow.moves if way.trigger == word), None)
    if title is not None:
        return f"whoever has taken the step ‘{title}’"
    return {
        "own_agency": "whoever works for the agency whose work it is",
        "requester": "whoever has asked for it",
    }.get(word, word.replace("_", " "))
