"""Whatever becomes of a workflow, generation after generation: the plan foretells it, and every history still follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from assurance.carryover import carry_over
from assurance.commands.founding import open_matter
from assurance.facts import common_words, vocabularies
from assurance.playbook import Shelf
from assurance.records import Matter
from assurance.transfers import Wish
from engine.definition_changes import Renamed
from engine.errors import Refused
from engine.moved import Ref
from engine.workflow import load_workflows
from tests.assurance.changed_workflows import planned, restarted
from tests.world import World, house_shelf

KIND = "thing"


@dataclass(frozen=True)
class Generation:
    """What happens next: steps are taken, states kept, renamed or dropped, and the gone ones mapped (by number)."""

    opened: int
    steps: Sequence[tuple[int, int]]
    fates: Sequence[str]
    mapped: Sequence[int | None]
    finished: bool
    at_most: int | None


generations = st.builds(
    Generation,
    opened=st.integers(0, 2),
    steps=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=4),
    fates=st.lists(st.sampled_from(("kept", "kept", "renamed", "dropped", "ends")), min_size=6, max_size=6),
    mapped=st.lists(st.none() | st.integers(0, 9), min_size=6, max_size=6),
    finished=st.booleans(),
    at_most=st.none() | st.integers(1, 2),
)


@dataclass
class Model:
    """What should be: the states on the shelf (with whether they end), and each subject's own and its definition."""

    states: dict[str, bool]
    number: int = 0
    before: list[dict[str, bool]] = field(default_factory=list)
    stands: dict[Ref, str] = field(default_factory=dict)
    goes_by: dict[Ref, dict[str, bool]] = field(default_factory=dict)

    def next_states(self, generation: Generation) -> dict[str, bool]:
        """Say what the next file is to hold; the first state begins, and `over` always ends."""
        self.number += 1
        self.before.append(self.states)
        found: dict[str, bool] = {
            f"begun_{self.number}" if generation.fates[5] == "renamed" else "begun": False
        }
        for (name, ends), fate in zip(list(self.states.items())[1:-1], generation.fates, strict=False):
            if fate != "dropped":
                found[f"{name}_{self.number}" if fate == "renamed" else name] = ends or fate == "ends"
        found.setdefault(f"middle_{self.number}", False)
        return {**found, "over": True}

    def goes_to(self, ref: Ref, mapped: Mapping[str, str]) -> str | None:
        """Say where a subject goes; None where there is nowhere to go."""
        stands, states = self.stands[ref], self.goes_by[ref]
        if self.keeps(states, stands):
            return stands
        target = mapped.get(stands, stands)
        return target if self.states.get(target) == states[stands] else None

    def keeps(self, states: Mapping[str, bool], state: str) -> bool:
        """Say whether a state of another file can be kept."""
        return self.states.get(state) == states[state]

    def concerned(self, *, finished: bool) -> list[Ref]:
        """Give who goes by something else than what is on the shelf."""
        return [
            ref
            for ref, states in self.goes_by.items()
            if states != self.states and (finished or not states[self.stands[ref]])
        ]


def write(folder: Path, states: Mapping[str, bool]) -> Shelf:
    """Write the file of a generation: from everywhere that does not end, a step leads everywhere else."""
    folder.mkdir(exist_ok=True)
    lines = ["workflow: thing", "title: Thing", "fields: {note: optional text}", "states:"]
    running = [name for name, ends in states.items() if not ends]
    for number, (name, ends) in enumerate(states.items()):
        more = (", starts: true" if number == 0 else "") + (", final: true" if ends else "")
        lines.append(f"  {name}: {{title: State {name}{more}}}")
    lines.append("moves:")
    for name in states:
        sources = [other for other in running if other != name]
        if sources:
            lines.append(
                f"  - {{trigger: to_{name}, title: To {name}, from: {sources}, to: {name}, by: coordinator}}"
            )
    (folder / "thing.yaml").write_text("\n".join(lines), encoding="utf-8")
    house = house_shelf()
    own = load_workflows(folder, vocabularies(), common=common_words())
    return Shelf({**house.workflows, **own}, house.book)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the worlds of all examples."""
    return tmp_path_factory.mktemp("anything")


@given(st.lists(generations, min_size=2, max_size=5))
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.generate],  # an example takes a second, and a smaller one is hardly easier to read
    suppress_health_check=[HealthCheck.too_slow],
)
def test_what_is_planned_is_what_happens_and_every_history_follows(
    folder: Path, story: Sequence[Generation]
) -> None:
    world = World("sqlite://")
    model = Model({"begun": False, "middle": False, "aside": False, "done": True, "over": True})
    restarted(world, write(folder, model.states))
    for generation in story:
        _live(world, model, generation)
        model.states = model.next_states(generation)
        restarted(world, write(folder, model.states))
        _change(world, model, generation)
        assert world.proof().faults == ()
    world.close()


def _live(world: World, model: Model, generation: Generation) -> None:
    for _ in range(generation.opened):
        with world.does("sam") as tx:
            ref = open_matter(tx, KIND, "A thing", {})
        model.stands[ref], model.goes_by[ref] = next(iter(model.states)), model.states
    for who, where in generation.steps:
        if model.stands:
            ref = list(model.stands)[who % len(model.stands)]
            states = model.goes_by[ref]
            target = list(states)[where % len(states)]
            if not states[model.stands[ref]] and target != model.stands[ref]:
                world.moves("sam", ref, f"to_{target}")
                model.stands[ref] = target


def _change(world: World, model: Model, generation: Generation) -> None:
    others = [states for states in model.before if states != model.states]
    known = dict.fromkeys(state for states in others for state in states)
    # A state that everything can keep needs no other word, and may have none.
    gone = [
        state
        for state in known
        if not all(model.keeps(states, state) for states in others if state in states)
    ]
    mapped = {
        state: list(model.states)[target % len(model.states)]
        for state, target in zip(gone, generation.mapped, strict=False)
        if target is not None
    }
    wish = Wish(renamed={KIND: Renamed(states=mapped)}, finished=generation.finished)
    concerned = model.concerned(finished=generation.finished)
    goes = {ref: model.goes_to(ref, mapped) for ref in concerned}
    stuck = {ref for ref, target in goes.items() if target is None}
    assert {one.ref for one in planned(world, wish).stuck} == stuck
    versions = {ref: world.row(Matter, ref).version for ref in model.stands}
    if stuck:
        with pytest.raises(Refused, match="Nothing was moved"):
            carry_over(world.office, world.actor("sam"), wish)
    else:
        done = carry_over(world.office, world.actor("sam"), wish, at_most=generation.at_most)
        assert done.migrated == min(len(concerned), generation.at_most or len(concerned))
        assert done.left == len(concerned) - done.migrated
        for ref in sorted(concerned)[: done.migrated]:
            model.stands[ref], model.goes_by[ref] = str(goes[ref]), model.states
            versions[ref] += 1
    for ref, version in versions.items():
        row = world.row(Matter, ref)
        assert (row.version, row.state) == (version, model.stands[ref])
