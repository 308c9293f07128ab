"""Subjects that stand in YAML only are listed, shown and told like all others: the year of one hospital."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path

import pytest

from assurance.access import Viewer, viewer_of
from assurance.config import HOME, Settings
from assurance.migrate import migrate
from assurance.office import Office, Tx, clock_of
from assurance.queries import lists
from assurance.queries.doors import doors_of
from assurance.queries.history import Told, history_of
from assurance.queries.one import card_of
from assurance.queries.overview import overview
from assurance.queries.references import reference_of
from assurance.queries.rows import Wanted
from assurance.roster import roster
from assurance.story import play, read_story
from engine.clock import FrozenClock
from engine.errors import Refused
from engine.moved import Ref
from engine.store import open_store

FIRST = Ref("clinical_audit", 1)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The office of the hospital after its year."""
    settings = Settings(
        database=str(tmp_path_factory.mktemp("hospital") / "year.sqlite"),
        var=HOME / "var",
        workflows=(HOME / "workflows",),
        rules=(HOME / "rules",),
        smtp_url=None,
        mail_from="audits@hospital.example",
        base_url="https://audits.example",
    )
    story = read_story(
        HOME / "examples" / "clinical-audit", workflows=settings.workflows, rules=settings.rules
    )
    settings = replace(settings, workflows=story.workflow_folders, rules=story.rule_folders)
    clock = FrozenClock(datetime.combine(story.begins, time(6), tzinfo=story.cast.zone))
    store = open_store(Path(settings.database))
    migrate(store)
    office = Office(settings, store, story.shelf, clock=clock)
    play(office, story, clock=clock)
    yield office
    office.close()


@contextmanager
def looks(office: Office, who: str | None) -> Iterator[tuple[Tx, Viewer]]:
    """Let somebody look; None is whoever runs the installation."""
    actor = clock_of(office.groups()[0]) if who is None else office.actor(who)
    with office.reading(actor) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        yield tx, viewer_of(people, actor)


def test_a_kind_of_ones_own_is_listed(office: Office) -> None:
    with looks(office, "bram") as (tx, viewer):
        audits = lists.matters(tx, viewer, "clinical_audit", Wanted())
        improvements = lists.matters(tx, viewer, "improvement", Wanted(state="checked"))
    assert {row.state_title for row in audits.rows} == {"Closed"}
    assert {row.agency for row in audits.rows} == {"Hollin Green Hospital"}
    assert audits.rows[0].parent is None
    assert {row.parent for row in improvements.rows if row.parent} <= {row.ref for row in audits.rows}
    assert audits.hidden == 0


def test_a_state_of_another_kind_is_refused(office: Office) -> None:
    with looks(office, None) as (tx, viewer), pytest.raises(Refused, match="is not a state of improvement"):
        lists.matters(tx, viewer, "improvement", Wanted(state="re_auditing"))


def test_the_overview_counts_kinds_of_ones_own(office: Office) -> None:
    with looks(office, None) as (tx, viewer):
        lines = {line.what: line for line in overview(tx, viewer)}
    assert lines["clinical_audit"].states == (("closed", 3),)
    assert lines["improvement"].number == 6
    assert "audits" not in lines


def test_one_of_a_kind_of_ones_own_is_shown_with_its_fields_and_children(office: Office) -> None:
    with looks(office, "bram") as (tx, viewer):
        found = card_of(tx, viewer, reference_of(tx, viewer, "clinical_audit/1"))
    assert found.name.startswith("Clinical audit 1: A pain score")
    values = {line.title: line.value for line in found.lines}
    assert values["Per cent of records that should meet the standard"] == 95
    assert values["Agency"] == "Hollin Green Hospital"
    children = next(grid for grid in found.grids if grid.name == "children")
    assert len(children.rows) == 3
    with looks(office, "bram") as (tx, viewer):
        child = card_of(tx, viewer, Ref("improvement", 3))
    assert {line.name: line.value for line in child.lines}["parent"] == FIRST


def test_the_history_of_a_kind_of_ones_own_speaks_its_own_words(office: Office) -> None:
    with looks(office, "cora") as (tx, viewer):
        lines = history_of(tx, viewer, FIRST)
    assert lines[0].sentence.endswith("opened it: Registered.")
    assert any("decided the step ‘Agree the standard’" in line.sentence for line in lines)
    assert any(line.kind == "fired" for line in history_of_all(office))
    assert all(line.is_sealed for line in lines)


def test_doors_of_a_kind_of_ones_own(office: Office) -> None:
    with looks(office, "alba") as (tx, _):
        found = doors_of(tx, FIRST)
    assert (found.state_title, found.doors) == ("Closed", ())


def history_of_all(office: Office) -> list[Told]:
    """Every line of every clinical audit."""
    with looks(office, None) as (tx, viewer):
        rows = lists.matters(tx, viewer, "clinical_audit", Wanted()).rows
        return [line for row in rows for line in history_of(tx, viewer, row.ref)]
