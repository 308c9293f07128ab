"""Nouns that stand in YAML only go over with their fields, parents and children, or are named with what is in their way."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.carryover import carry_over
from assurance.commands.founding import open_matter
from assurance.playbook import Shelf
from assurance.records import Agency, Matter
from assurance.sweep import sweep
from assurance.transfers import Wish
from engine.conditions import Value
from engine.definition_changes import Renamed
from engine.moved import Ref
from tests.assurance.changed_workflows import planned, reasons, restarted, shelf_of
from tests.world import World

FIELDS: Mapping[str, Value] = {
    "files": 5,
    "question": "Was the father asked?",
    "due_on": date(2014, 9, 5),
    "size": "small",
}
EVERYTHING = Wish()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """The house's own workflows and rules, and those of a family."""
    return shelf_of(tmp_path_factory.mktemp("shelf"), {}, family=True)


@pytest.fixture
def world(tmp_path: Path, shelf: Shelf) -> Iterator[World]:
    """An office that also knows dip samples."""
    world = World(str(tmp_path / "world.sqlite"), shelf=shelf)
    yield world
    world.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def world_anywhere(request: pytest.FixtureRequest, tmp_path: Path, shelf: Shelf) -> Iterator[World]:
    """The same, in SQLite and in PostgreSQL."""
    where = str(tmp_path / "world.sqlite")
    if request.param != "sqlite":
        where = request.getfixturevalue("empty_postgres_house")
    world = World(where, shelf=shelf)
    yield world
    world.close()


def opens(world: World, kind: str = "dip_sample", parent: Ref | None = None) -> Ref:
    fields = FIELDS if kind == "dip_sample" else {}
    agency = world.number(Agency, "trust")
    with world.does("bo") as tx:
        return open_matter(tx, kind, "Fathers", fields, parent=parent, agency_id=agency)


def changes(world: World, folder: Path, **kinds: Mapping[str, str]) -> None:
    restarted(world, shelf_of(folder, kinds, family=True))


def applies(world: World, wish: Wish = EVERYTHING) -> int:
    done = carry_over(world.office, world.actor("sam"), wish)
    assert done.stuck == ()
    assert world.proof().faults == ()
    return done.migrated


def called(kind: str = "dip_sample", **words: Mapping[str, str]) -> Wish:
    return Wish(renamed={kind: Renamed(**words)})


def kept(world: World, ref: Ref) -> dict[str, Value]:
    found: dict[str, Value] = json.loads(world.row(Matter, ref).fields)
    return found


# -- fields ------------------------------------------------------------------------------------------------


def test_its_state_and_fields_are_called_otherwise_and_its_values_go_along(
    world_anywhere: World, tmp_path: Path
) -> None:
    ref = opens(world_anywhere)
    words = {r"\bplanned\b": "waiting_for_files", r"\bfiles\b(?!\.)": "records", r"\bsize\b": "extent"}
    changes(world_anywhere, tmp_path, dip_sample=words)
    assert reasons(world_anywhere, EVERYTHING)[str(ref)].startswith(
        "‘Planned’ (planned) is not in the new definition"
    )
    state = {"planned": "waiting_for_files"}
    assert reasons(world_anywhere, called(states=state)) == {
        str(ref): (
            "‘files to be looked at’ (files) holds something, and no field of the new definition takes it. "
            "‘how large it is’ (size) holds something, and no field of the new definition takes it. "
            "‘records to be looked at’ (records) may not be empty, and nothing stands there; make it optional."
        )
    }
    assert applies(world_anywhere, called(states=state, fields={"files": "records", "size": "extent"})) == 1
    facts = world_anywhere.known(ref).facts
    assert (facts["records"], facts["extent"], facts["due_on"]) == (5, "small", date(2014, 9, 5))
    assert "files" not in kept(world_anywhere, ref)
    line = world_anywhere.history(ref)[-1]
    assert line.data["set"] == {"files": None, "records": 5, "size": None, "extent": "small"}
    world_anywhere.moves("bo", ref, "look", extent="large")
    assert (world_anywhere.state(ref), world_anywhere.known(ref).facts["extent"]) == (
        "waiting_for_files",
        "large",
    )
    assert world_anywhere.proof().faults == ()


def test_a_field_that_is_given_up_is_emptied_and_the_history_says_so(world: World, tmp_path: Path) -> None:
    ref = opens(world)
    no_size = {
        r"  size: .*\n": "",
        "optional date, size: .small, large.": "optional date",
        "due_on: due_on, size: size": "due_on: due_on",
    }
    changes(world, tmp_path, dip_sample=no_size)
    assert "‘how large it is’ (size) holds something" in reasons(world, EVERYTHING)[str(ref)]
    assert applies(world, called(fields={"size": ""})) == 1
    assert "size" not in kept(world, ref)
    assert world.history(ref)[-1].data["set"] == {"size": None}


def test_what_people_wrote_goes_along_and_is_not_sealed(world: World, tmp_path: Path) -> None:
    ref = opens(world)
    changes(world, tmp_path, dip_sample={r"\bquestion\b": "looked_for"})
    assert applies(world, called(fields={"question": "looked_for"})) == 1
    assert kept(world, ref)["looked_for"] == "Was the father asked?"
    assert "set" not in world.history(ref)[-1].data
    assert "father" not in str([line.data for line in world.history(ref)])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            {r"files: \{kind: whole number": "files: {kind: text", "set: .files: more.": "count: [looks]"},
            (
                "‘files to be looked at’ (files) holds a whole number, and is to be a text. "
                "‘files to be looked at’ (files) was no text before; choose another word for the text."
            ),
        ),
        ({r"\bsmall\b": "tiny"}, "‘how large it is’ (size) is ‘small’, which is none of: tiny, large."),
        (
            {r"(\n  looks: .kind: whole number), optional: true": r"\1"},
            "‘looks that were taken’ (looks) may not be empty, and nothing stands there; make it optional.",
        ),
        ({"roles:": "parent: audit\nroles:"}, "It belongs to nothing, and in the new definition to audit."),
        (
            {r"by: \[agency_lead(, sampler|, chair)?\]": "by: [sampler]"},
            "Nobody holds the post of sampler, so that nobody could lead it out of ‘Planned’.",
        ),
    ],
)
def test_what_does_not_fit_is_named(
    world: World, tmp_path: Path, words: Mapping[str, str], sentence: str
) -> None:
    ref = opens(world)
    changes(world, tmp_path, dip_sample=words)
    assert reasons(world, EVERYTHING) == {str(ref): sentence}


def test_a_rule_of_the_new_file_speaks_of_a_field_that_is_not_there_yet(world: World, tmp_path: Path) -> None:
    ref = opens(world)
    field = {r"(fields:\n)": r"\1  is_ours: {kind: yes or no, title: it is ours}\n"}
    spoken = (
        "due_on < today and not is_ours\n    once_per: due_on\n    tell: [chair]\n    severity: escalation"
    )
    rule = {r"due_on < today\n    once_per: due_on\n    tell: \[chair\]": spoken}
    changes(world, tmp_path, dip_sample=field | rule)
    world.news()
    world.on(date(2014, 9, 6))
    tally = sweep(world.office)
    assert (tally.fired, tally.parked) == (2, 0)
    (mail,) = [mail for mail in world.news() if mail.to == "ada"]
    assert "is ours" in mail.why
    assert applies(world) == 1
    assert world.known(ref).facts["is_ours"] is False


# -- families ----------------------------------------------------------------------------------------------

# The steps of a sample are no longer `open` but `to_do`: the sample counts them by that word.
TO_DO = {r"\bopen\b(?!ed)": "to_do"}


def test_parent_and_child_go_over_together_and_the_count_stays_right(
    world_anywhere: World, tmp_path: Path
) -> None:
    ref = opens(world_anywhere)
    step = opens(world_anywhere, "sample_step", ref)
    changes(world_anywhere, tmp_path, sample_step=TO_DO, dip_sample={r"in: \[open\]": "in: [to_do]"})
    wish = called("sample_step", states={"open": "to_do"})
    assert reasons(world_anywhere, EVERYTHING)[str(step)].startswith(
        "‘Open’ (open) is not in the new definition"
    )
    assert reasons(world_anywhere, wish) == {}
    assert applies(world_anywhere, wish) == 2
    assert world_anywhere.known(ref).facts["steps_open"] == 1
    world_anywhere.moves("sam", step, "close")
    assert world_anywhere.known(ref).facts["steps_open"] == 0


@pytest.mark.parametrize(
    ("kind", "states"),
    [("dip_sample", {}), ("sample_step", {"sample_step": Renamed(states={"open": "to_do"})})],
)
def test_one_without_the_other_would_be_miscounted(
    world: World, tmp_path: Path, kind: str, states: Mapping[str, Renamed]
) -> None:
    ref = opens(world)
    step = opens(world, "sample_step", ref)
    changes(world, tmp_path, sample_step=TO_DO, dip_sample={r"in: \[open\]": "in: [to_do]"})
    other = {"dip_sample": "sample_step", "sample_step": "dip_sample"}[kind]
    mover = ref if kind == "dip_sample" else step
    assert reasons(world, Wish(kind, states)) == {
        str(mover): (
            f"‘steps_open’ of {ref} would count {step} by states that it does not have; "
            f"let {other} go over as well."
        )
    }


def test_a_finished_child_that_ended_by_another_word_has_to_come_along(world: World, tmp_path: Path) -> None:
    ref = opens(world)
    step = opens(world, "sample_step", ref)
    world.moves("sam", step, "close")
    counts = {r"in: \[open\]": "not_in: [done_with]"}
    changes(world, tmp_path, sample_step={r"\bclosed\b": "done_with"}, dip_sample=counts)
    assert reasons(world, EVERYTHING) == {
        str(ref): (
            f"‘steps_open’ of {ref} would count {step} by states that it does not have; "
            "let sample_step go over as well, finished ones too."
        )
    }
    states = {"sample_step": Renamed(states={"closed": "done_with"})}
    assert applies(world, Wish(renamed=states, finished=True)) == 2
    assert world.known(ref).facts["steps_open"] == 0


def test_a_finished_child_whose_end_is_still_called_so_may_stay(world: World, tmp_path: Path) -> None:
    ref = opens(world)
    world.moves("sam", opens(world, "sample_step", ref), "close")
    changes(world, tmp_path, sample_step=TO_DO, dip_sample={r"in: \[open\]": "in: [to_do]"})
    assert applies(world) == 1
    assert world.known(ref).facts["steps_open"] == 0


# -- kinds -------------------------------------------------------------------------------------------------


def test_a_kind_whose_file_is_gone_stays_where_it_is(world: World, tmp_path: Path) -> None:
    opens(world)
    restarted(world, shelf_of(tmp_path, {}))
    found = planned(world, EVERYTHING)
    assert (found.kinds, found.without_file) == ((), {"dip_sample": 1})
    with pytest.raises(Exception, match="No workflow of dip_sample is on the shelf"):
        planned(world, Wish("dip_sample"))


def test_a_kind_of_which_nothing_was_begun_has_nothing_to_move(tmp_path: Path, shelf: Shelf) -> None:
    world = World(str(tmp_path / "world.sqlite"))
    restarted(world, shelf, publishes=False)
    assert planned(world, EVERYTHING).kinds == ()
    assert world.ask(sa.select(Matter.id)) == []
    world.close()
