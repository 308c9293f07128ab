"""Changed rules are tried on the past: it is lived again, and nothing of the group is touched."""

from __future__ import annotations

import shutil
from datetime import date, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.adopting import only_from
from assurance.commands import acting
from assurance.config import HOME
from assurance.playbook import read_shelf
from assurance.queries.rehearse import Change, Rehearsal, rehearse
from assurance.queries.reliving import Saying
from engine.errors import Refused
from engine.ledger import Event
from engine.moved import Ref
from engine.rules import RuleBook
from tests.assurance.conftest import At
from tests.assurance.ruled import CLOCK, OVERDUE, under
from tests.world import World

BEGIN = date(2014, 12, 16)  # from this day on rules look every morning
DUE = date(2015, 2, 27)  # the actions of the audit, a Friday


@pytest.fixture
def world(world_at: At) -> World:
    """A group whose actions were let lie for two months, but for one that was moved and one note."""
    world = world_at("actions")
    with world.does("nell") as tx:
        acting.note_progress(tx, world.action("trust"), "on track", "Begun.")
    while world.today < DUE + timedelta(days=5):
        world.night(world.today + timedelta(days=1))
    later = DUE + timedelta(days=21)
    world.is_granted("nell", world.action("trust"), "extend", new_due_on=later, reason="Sickness")
    while world.today < DUE + timedelta(days=60):
        world.night(world.today + timedelta(days=1))
    return world


def book(world: World, folder: Path | None = None) -> RuleBook:
    settings = world.office.settings
    rules = settings.rules if folder is None else (folder,)
    return read_shelf(settings.workflows, rules).book


def rehearsed(world: World, changed: RuleBook, **days: date) -> Rehearsal:
    with world.office.reading(world.actor("ada")) as tx:
        return rehearse(tx, changed, **{"from_on": BEGIN, **days})


@pytest.fixture
def drafts(tmp_path: Path) -> Path:
    """A folder with the house's rules, to be changed."""
    folder = tmp_path / "drafts"
    shutil.copytree(HOME / "rules", folder)
    return folder


def change(folder: Path, old: str, new: str, *, file: str = "action.yaml") -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


def test_the_same_rules_say_the_same_again_on_the_same_days(world: World) -> None:
    found = rehearsed(world, book(world))
    assert found.differences() == ()
    assert found.really == found.agreed == len(found.before) > 10


def test_a_rehearsal_writes_nothing(world: World) -> None:
    def state() -> list[object]:
        return [*world.ask(sa.select(sa.func.count()).select_from(Event)), world.proof().faults]

    before = state()
    rehearsed(world, book(world))
    assert state() == before


def test_an_earlier_escalation_comes_earlier_and_quiets_the_reminder(world: World, drafts: Path) -> None:
    old = "      and chased_from_on + 10 working days <= today\n    once_per: chased_from_on\n    notice"
    change(drafts, old, old.replace("10 working", "5 working"))
    found = rehearsed(world, book(world, drafts))
    changes = {(one.saying.rule, one.change) for one in found.differences()}
    assert ("action-overdue-chair", Change.EARLIER) in changes
    assert not {change for _, change in changes} & {Change.OTHERS, Change.LATER}


def test_a_rule_that_is_taken_out_speaks_not_at_all_and_a_new_one_in_addition(
    world: World, drafts: Path
) -> None:
    change(drafts, "  - id: action-silent\n", "  - id: action-quiet\n")
    found = rehearsed(world, book(world, drafts))
    by_rule = {row.rule: row for row in found.by_rule()}
    silent, quiet = by_rule["action-silent"], by_rule["action-quiet"]
    assert (silent.after, quiet.before) == (0, 0)
    assert silent.changes == {Change.DROPPED: silent.before}
    assert quiet.changes == {Change.ADDED: quiet.after}
    assert silent.before == quiet.after > 0


def test_somebody_else_who_is_told_is_a_difference(world: World, drafts: Path) -> None:
    old = "    repeat: {every: 2 weeks, at_most: 3}\n    tell: [owner]\n    copy: [agency_lead]\n"
    change(drafts, old, old.replace("[owner]", "[owner, coordinator]"))
    [change_, *_] = {one.change for one in rehearsed(world, book(world, drafts)).differences()}
    assert change_ is Change.OTHERS


def test_each_side_reckons_by_the_calendar_of_its_own_clock(world: World, drafts: Path) -> None:
    change(drafts, "calendar: england-and-wales", "calendar: weekdays", file="clock.yaml")
    found = rehearsed(world, book(world, drafts))
    changes = {(one.saying.rule, one.change) for one in found.differences()}
    assert ("action-overdue-chair", Change.EARLIER) in changes, "on weekdays people work over Easter too"
    assert Change.LATER not in {change for _, change in changes}


def test_what_somebody_chose_not_to_send_is_said_by_neither_side(world_at: At, tmp_path: Path) -> None:
    world = world_at("actions")
    for _ in range(2):
        world.plans("bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting")
    world.on(DUE + timedelta(days=3), time(6, 30))
    under(world, tmp_path / "rules", OVERDUE, clock=CLOCK + "cap: 5\n")
    only_from(world.office, world.actor("ada"), ["late"], world.today)
    world.plans(
        "bo",
        "trust",
        recommendation=Ref("recommendation", 1),
        owner="health_visiting",
        due_on=world.today + timedelta(days=2),
    )
    world.nights(world.today + timedelta(days=5))
    found = rehearsed(world, world.shelf.book, from_on=DUE + timedelta(days=4))
    assert (
        {str(saying.ref) for saying in found.before}
        == {str(saying.ref) for saying in found.after}
        == {"action/5"}
    )


def test_only_the_days_that_are_named_are_rehearsed(world: World) -> None:
    first, last = DUE, DUE + timedelta(days=7)
    found = rehearsed(world, book(world), from_on=first, until_on=last)
    assert found.differences() == ()
    assert found.before
    assert all(first <= said.on <= last for said in found.before.values())
    whole = rehearsed(world, book(world))
    within = {saying for saying, said in whole.before.items() if first <= said.on <= last}
    assert within == set(found.before), "what was said before is remembered"


def test_days_the_wrong_way_round_are_refused(world: World) -> None:
    with pytest.raises(Refused, match="give an earlier --from or a later --to"):
        rehearsed(world, book(world), from_on=DUE, until_on=DUE - timedelta(days=1))


def test_the_months_count_each_person_once_for_each_saying(world: World) -> None:
    found = rehearsed(world, book(world))
    assert sum(month.before for month in found.by_month()) == sum(
        len(said.told) for said in found.before.values()
    )
    assert all(isinstance(saying, Saying) for saying in found.before)
