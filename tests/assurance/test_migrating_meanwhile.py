"""While some go by an old workflow and some by a new one: what is read stays right, and many at once do no harm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from assurance.carryover import CarriedOver, carry_over
from assurance.office import Actor, Office, Tx
from assurance.queries import lists
from assurance.queries.annual import year_as_at
from assurance.queries.overview import overview
from assurance.queries.rehearse import Rehearsal, rehearse
from assurance.queries.rows import Wanted
from assurance.queries.year import YearThen
from assurance.renamings import called_later
from assurance.transfers import Wish
from engine.definition_changes import Renamed
from engine.errors import Refused, Stale
from engine.ledger import Entry
from engine.moved import Ref
from tests.assurance.changed_workflows import RENAMED_ACTION, UNDER_WAY, restarted, shelf_of
from tests.assurance.conftest import At
from tests.assurance.looking import doors, looks
from tests.assurance.test_at_once import at_once
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit
START = datetime(2015, 3, 2, 9, tzinfo=UTC)
ASKED_FOR = Wish(renamed={"agency_return": Renamed(states={"requested": "asked_for"})})


def applies(world: World, wish: Wish) -> CarriedOver:
    return carry_over(world.office, world.actor("sam"), wish)


def year(world: World) -> YearThen:
    with world.office.reading(world.actor("sam")) as tx:
        return year_as_at(tx, "2014-15", world.today)


# -- what is read ------------------------------------------------------------------------------------------


def test_lists_name_the_states_of_old_and_new_alike(world_at: At, tmp_path: Path) -> None:
    world = world_at("actions")
    trust = world.action("trust")
    world.moves("nell", trust, "begin")
    restarted(world, shelf_of(tmp_path, {"action": RENAMED_ACTION}))
    with looks(world, "sam") as (tx, viewer):
        assert [row.ref for row in lists.actions(tx, viewer, Wanted(state="in_progress")).rows] == [trust]
        assert lists.actions(tx, viewer, Wanted(state="under_way")).rows == ()
        (line,) = [line for line in overview(tx, viewer) if line.what == "actions"]
        assert sorted(line.states) == [("agreed", 1), ("in progress", 1)]
    applies(world, UNDER_WAY)
    with looks(world, "sam") as (tx, viewer):
        assert [row.state_title for row in lists.actions(tx, viewer, Wanted(state="under_way")).rows] == [
            "Under way"
        ]
        with pytest.raises(Refused, match="did you mean 'under_way'"):
            lists.actions(tx, viewer, Wanted(state="underway"))
    assert doors(world, "bo", trust)["confirm"].target == "Confirmed"


def test_the_annual_report_tells_states_as_they_were_called_on_its_day(world_at: At, tmp_path: Path) -> None:
    world = world_at("actions")
    world.moves("nell", world.action("trust"), "begin")
    begun_on = world.today
    before = year(world)
    world.on(begun_on + timedelta(days=30))
    renamed = {
        "recommendation": {r"\bagreed\b(?!_)": "stood_behind", "title: Agreed\n": "title: Stood behind\n"}
    }
    restarted(world, shelf_of(tmp_path, {"action": RENAMED_ACTION, **renamed}))
    states = {**UNDER_WAY.renamed, "recommendation": Renamed(states={"agreed": "stood_behind"})}
    applies(world, Wish(renamed=states))
    after = year(world)

    (old,), (new,) = before.audits[0].strategic, after.audits[0].strategic
    assert (old.state, new.state) == ("agreed", "stood_behind")
    assert (new.came_by, new.came_on, new.reason) == (old.came_by, old.came_on, old.reason)
    assert (new.came_by, new.came_on) == ("agree", begun_on)
    assert [action.called for action in old.actions] == ["In progress", "Agreed"]
    assert [action.called for action in new.actions] == ["Under way", "Agreed"]
    world.on(begun_on)
    assert year(world) == before


def test_a_rehearsal_reads_the_past_in_the_words_of_today(world_at: At, tmp_path: Path) -> None:
    world = world_at("actions")
    world.moves("nell", world.action("trust"), "begin")
    while world.today < DUE + timedelta(days=21):
        world.night(world.today + timedelta(days=1))
    before = rehearsed(world)
    restarted(world, shelf_of(tmp_path, {"action": RENAMED_ACTION}))
    applies(world, UNDER_WAY)
    after = rehearsed(world)
    assert (after.really, after.agreed) == (before.really, before.agreed)
    assert after.agreed > 10
    assert after.before == before.before


def rehearsed(world: World) -> Rehearsal:
    with world.office.reading(world.actor("ada")) as tx:
        return rehearse(tx, tx.playbook.book)


def test_a_state_that_was_renamed_twice_and_back_is_called_as_it_is_called_now() -> None:
    def went(old: str, new: str, kind: str = "action") -> Entry:
        data = {"from": old, "to": new, "definition": new.ljust(64, "0")}
        return Entry(Ref(kind, 1), 2, "migrated", START, "person/1", None, data)

    def called(*lines: Entry) -> dict[tuple[str, str], str]:
        return {key: one.state for key, one in called_later(lines).items()}

    assert called(went("a", "b"), went("b", "c")) == {("action", "a"): "c", ("action", "b"): "c"}
    assert called(went("a", "b"), went("b", "a")) == {("action", "b"): "a"}
    assert called(went("a", "b"), went("b", "x", "audit")) == {("action", "a"): "b", ("audit", "b"): "x"}


# -- many at once ------------------------------------------------------------------------------------------


def test_two_who_carry_it_out_at_once_share_the_work(any_world_at: At, tmp_path: Path) -> None:
    world = any_world_at("agency_audits")
    restarted(world, shelf_of(tmp_path, {"agency_return": {r"\brequested\b": "asked_for"}}))
    done = at_once(*[partial(applies, world, ASKED_FOR) for _ in range(4)])
    assert sum(one.migrated for one in done if isinstance(one, CarriedOver)) == 10
    for ref in world.returns():
        assert [line.kind for line in world.history(ref)] == ["opened", "migrated"]
        assert world.state(ref) == "asked_for"
    assert world.proof().faults == ()


class Contested(Office):
    """An office in which somebody else is faster for so many times."""

    losses = 0

    @contextmanager
    def begin(self, actor: Actor) -> Iterator[Tx]:
        """Lose the race, or open the transaction."""
        if self.losses:
            self.losses -= 1
            raise Stale.because("stale", "Somebody else has changed this in the meantime; look again.")
        with super().begin(actor) as tx:
            yield tx


@pytest.mark.parametrize(("losses", "goes_over"), [(4, True), (5, False)])
def test_whoever_loses_a_race_looks_anew_and_gives_up_in_the_end(
    world_at: At, tmp_path: Path, losses: int, goes_over: bool
) -> None:
    world = world_at("proposed")
    shelf = shelf_of(tmp_path, {"audit": {"title: Proposed\n": "title: Put forward\n"}})
    office = Contested(world.settings, world.office.store, shelf, clock=world.clock)
    office.losses = losses
    world.office = office
    if goes_over:
        assert applies(world, Wish()).migrated == 1
    else:
        with pytest.raises(Stale):
            applies(world, Wish())
    assert [line.kind for line in world.history(world.audit)].count("migrated") == goes_over


def test_people_who_work_meanwhile_are_not_stopped_and_lose_nothing(any_world_at: At, tmp_path: Path) -> None:
    world = any_world_at("agency_audits")
    restarted(world, shelf_of(tmp_path, {"agency_return": {r"\brequested\b": "asked_for"}}))
    school = world.returns("school")
    social_care = world.returns("social_care")
    deeds = [partial(world.moves, "esme", ref, "start") for ref in school]
    deeds += [partial(world.moves, "dev", ref, "start") for ref in social_care]
    outcomes = at_once(partial(applies, world, ASKED_FOR), partial(applies, world, ASKED_FOR), *deeds)
    assert [one for one in outcomes if isinstance(one, Refused)] == []
    current = world.office.playbook.current["agency_return"]
    for ref in world.returns():
        known = world.known(ref)
        assert known.standing.definition_id == current
        assert known.standing.state == ("in_progress" if ref in {*school, *social_care} else "asked_for")
        assert sorted(line.kind for line in world.history(ref)).count("migrated") == 1
    assert world.proof().faults == ()


def test_whoever_decided_on_the_old_workflow_is_told_to_look_again(world_at: At, tmp_path: Path) -> None:
    world = world_at("actions")
    trust = world.action("trust")
    seen = world.version(trust)
    restarted(world, shelf_of(tmp_path, {"action": RENAMED_ACTION}))
    applies(world, UNDER_WAY)
    with pytest.raises(
        Refused, match=r"Sam Sedley changed Action \d+ on 15 Dec 2014 at \d\d:\d\d, after you"
    ):
        world.moves("nell", trust, "begin", version=seen)
    world.moves("nell", trust, "begin", version=world.version(trust))
    assert world.state(trust) == "under_way"
