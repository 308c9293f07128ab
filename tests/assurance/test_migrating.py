"""Workflows change under running audits: what runs goes over, one by one, or is named with what is in its way."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.carryover import CarriedOver, carry_over
from assurance.commands import acting
from assurance.office import Actor
from assurance.queries.definitions import definitions
from assurance.records import Action
from assurance.sweep import sweep
from assurance.transfers import Wish
from engine.definition_changes import How, Renamed
from engine.definitions import Definition
from engine.errors import Refused
from engine.fences import EVERY
from engine.moved import Ref
from engine.timers import Timer
from notifications.outbox import Message
from tests.assurance.changed_workflows import (
    RENAMED_ACTION,
    UNDER_WAY,
    planned,
    reasons,
    restarted,
    shelf_of,
)
from tests.assurance.conftest import At
from tests.assurance.looking import card, told
from tests.assurance.looking import value as value_of
from tests.world import World

EVERYTHING = Wish()
RETITLED = {"title: Agreed\n": "title: Agreed upon\n"}


def applies(
    world: World,
    who: str = "sam",
    wish: Wish = EVERYTHING,
    *,
    reason: str = "",
    at_most: int | None = None,
) -> CarriedOver:
    """Let somebody carry the change out."""
    return carry_over(world.office, world.actor(who), wish, reason=reason, at_most=at_most)


def both_actions(world: World) -> list[Ref]:
    return [world.action("trust"), world.action("ccg")]


def begun(world: World) -> World:
    world.moves("nell", world.action("trust"), "begin")
    return world


@pytest.fixture
def at_work(world_at: At) -> World:
    """Two agreed actions; the trust's is in progress."""
    return begun(world_at("actions"))


@pytest.fixture
def at_work_anywhere(any_world_at: At) -> World:
    """The same, in SQLite and in PostgreSQL."""
    return begun(any_world_at("actions"))


# -- a new title -------------------------------------------------------------------------------------------


def test_where_only_a_title_is_new_everything_goes_over_as_it_is(at_work: World, tmp_path: Path) -> None:
    restarted(at_work, shelf_of(tmp_path, {"action": RETITLED}))
    (kind,) = planned(at_work, EVERYTHING).kinds
    (source,) = kind.sources
    assert (kind.kind, source.as_they_are, source.renamed, source.nowhere) == ("action", 2, (), 0)
    assert [(change.word, change.how) for change in source.changes] == [("agreed", How.RETITLED)]
    done = applies(at_work)
    assert (done.migrated, done.by_kind, done.left, done.stuck) == (2, {"action": 2}, 0, ())
    assert value_of(card(at_work, "sam", at_work.action("ccg")), "agency") == "Clinical Commissioning Group"
    assert card(at_work, "sam", at_work.action("ccg")).state_title == "Agreed upon"
    assert at_work.proof().faults == ()


def test_each_history_says_who_did_it_why_and_that_nobody_was_told(
    at_work_anywhere: World, tmp_path: Path
) -> None:
    mails = len(at_work_anywhere.ask(sa.select(Message.id)))
    before = at_work_anywhere.office.playbook.current["action"]
    restarted(at_work_anywhere, shelf_of(tmp_path, {"action": RENAMED_ACTION}))
    applies(at_work_anywhere, "ida", UNDER_WAY, reason=" The group says under way. ")
    trust, ccg = both_actions(at_work_anywhere)
    line = at_work_anywhere.history(trust)[-1]
    playbook = at_work_anywhere.office.playbook
    assert (line.kind, line.actor, line.at) == (
        "migrated",
        at_work_anywhere.actor("ida").signature,
        at_work_anywhere.clock.now(),
    )
    assert line.data["from_definition"] == playbook.pinned[before].hash
    assert line.data["definition"] == playbook.workflows["action"].hash
    assert (line.data["from"], line.data["to"]) == ("in_progress", "under_way")
    assert line.data["row"] == {"definition_id": playbook.current["action"]}
    assert at_work_anywhere.texts(trust)[line.seq, "reason"] == "The group says under way."
    assert "to" not in at_work_anywhere.history(ccg)[-1].data
    assert len(at_work_anywhere.ask(sa.select(Message.id))) == mails
    sentences = [one.sentence for one in told(at_work_anywhere, "sam", trust)]
    assert sentences[-1] == (
        "Ida Innes moved it to the workflow ‘Action’ of 15 December 2014: from In progress to Under way. "
        "Nobody was told."
    )
    assert "Nell Norris took the step ‘Begin work’: from Agreed to In progress." in sentences
    assert told(at_work_anywhere, "sam", trust)[-1].words == {"reason": "The group says under way."}
    assert told(at_work_anywhere, "sam", ccg)[-1].sentence.endswith(
        "; its state stays as it was. Nobody was told."
    )


# -- a new word for a state --------------------------------------------------------------------------------


def test_what_has_nowhere_to_go_is_listed_and_nothing_is_moved(at_work: World, tmp_path: Path) -> None:
    trust = at_work.action("trust")
    stands = [at_work.version(ref) for ref in both_actions(at_work)]
    kept = len(at_work.ask(sa.select(Definition.id)))
    restarted(at_work, shelf_of(tmp_path, {"action": RENAMED_ACTION}), publishes=False)
    (stuck,) = planned(at_work, EVERYTHING).stuck
    assert (stuck.ref, stuck.state, stuck.state_title, stuck.codes) == (
        trust,
        "in_progress",
        "In progress",
        ("state_is_gone",),
    )
    with pytest.raises(Refused) as refusal:
        applies(at_work)
    assert [reason.code for reason in refusal.value.reasons] == ["nowhere_to_go", "nowhere_to_go"]
    assert f"{trust} (‘In progress’): ‘In progress’ (in_progress) is not in the new definition" in str(
        refusal.value
    )
    assert [at_work.version(ref) for ref in both_actions(at_work)] == stands
    assert len(at_work.ask(sa.select(Definition.id))) == kept


def test_with_a_mapping_it_goes_over_and_its_clock_goes_on(at_work_anywhere: World, tmp_path: Path) -> None:
    trust = at_work_anywhere.action("trust")
    since = at_work_anywhere.row(Action, trust).state_since_on
    at_work_anywhere.on(at_work_anywhere.today + timedelta(days=7))
    restarted(at_work_anywhere, shelf_of(tmp_path, {"action": RENAMED_ACTION}))
    (kind,) = planned(at_work_anywhere, UNDER_WAY).kinds
    assert [(one.old, one.new, one.subjects) for one in kind.sources[0].renamed] == [
        ("in_progress", "under_way", 1)
    ]
    assert applies(at_work_anywhere, wish=UNDER_WAY).migrated == 2
    row = at_work_anywhere.row(Action, trust)
    assert (row.state, row.state_since_on) == ("under_way", since)
    assert row.definition_id == at_work_anywhere.office.playbook.current["action"]
    assert at_work_anywhere.proof().faults == ()
    with at_work_anywhere.does("bo") as tx:
        acting.add_evidence(tx, trust, "Attendance list", "All teams were briefed.")
    at_work_anywhere.moves("bo", trust, "confirm")
    at_work_anywhere.moves("ada", trust, "verify")
    assert at_work_anywhere.state(trust) == "verified"
    assert at_work_anywhere.proof().faults == ()


def test_rules_look_at_once_and_say_nothing_twice(at_work: World, tmp_path: Path) -> None:
    trust = at_work.action("trust")
    due_on = at_work.row(Action, trust).current_due_on
    at_work.night(due_on + timedelta(days=1))
    said = at_work.fired(trust)
    assert "action-overdue 0" in said
    restarted(at_work, shelf_of(tmp_path, {"action": RENAMED_ACTION}))
    applies(at_work, wish=UNDER_WAY)
    armed = at_work.ask(sa.select(Timer.due_at).where(Timer.subject_kind == "action"))
    assert set(armed) == {at_work.clock.now()}
    sweep(at_work.office)
    assert at_work.fired(trust) == said
    at_work.night(due_on + timedelta(days=8))
    assert "action-overdue 1" in at_work.fired(trust)


def test_doing_it_again_does_nothing(at_work: World, tmp_path: Path) -> None:
    restarted(at_work, shelf_of(tmp_path, {"action": RENAMED_ACTION}))
    applies(at_work, wish=UNDER_WAY)
    stands = [at_work.version(ref) for ref in both_actions(at_work)]
    assert planned(at_work, UNDER_WAY).kinds == ()
    again = applies(at_work, wish=UNDER_WAY)
    assert (again.migrated, again.left) == (0, 0)
    assert [at_work.version(ref) for ref in both_actions(at_work)] == stands


def test_a_file_that_is_put_back_takes_everything_back(at_work: World, tmp_path: Path) -> None:
    shelf = at_work.shelf
    restarted(at_work, shelf_of(tmp_path, {"action": RENAMED_ACTION}))
    applies(at_work, wish=UNDER_WAY)
    restarted(at_work, shelf)
    back = Wish(renamed={"action": Renamed(states={"under_way": "in_progress"})})
    assert list(reasons(at_work, EVERYTHING)) == [str(at_work.action("trust"))]
    applies(at_work, wish=back)
    assert at_work.state(at_work.action("trust")) == "in_progress"
    assert at_work.proof().faults == ()


def test_it_stops_after_so_many_and_goes_on_with_the_same_words(at_work: World, tmp_path: Path) -> None:
    restarted(at_work, shelf_of(tmp_path, {"action": RENAMED_ACTION}))
    steps: list[tuple[int, int]] = []
    done = carry_over(
        at_work.office,
        at_work.actor("sam"),
        UNDER_WAY,
        at_most=1,
        progress=lambda done, of: steps.append((done, of)),
    )
    assert (done.migrated, done.left, steps) == (1, 1, [(1, 1)])
    assert at_work.proof().faults == ()
    assert applies(at_work, wish=UNDER_WAY).migrated == 1
    assert planned(at_work, UNDER_WAY).moving == 0


# -- who may ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["ada", "bo", "cleo", "una", "viv"])
def test_nobody_else_carries_it_out(world_at: At, tmp_path: Path, who: str) -> None:
    world = world_at("actions")
    restarted(world, shelf_of(tmp_path, {"action": RETITLED}))
    with pytest.raises(Refused, match="Only the coordinator or administrator can do this"):
        applies(world, who)
    assert planned(world, EVERYTHING).moving == 2


def test_a_reason_that_nobody_can_read_is_refused(world_at: At, tmp_path: Path) -> None:
    world = world_at("actions")
    restarted(world, shelf_of(tmp_path, {"action": RETITLED}))
    with pytest.raises(Refused, match="nobody can read"):
        applies(world, reason="\x1b[31m")


# -- words that cannot be used -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (Wish("actions"), "There is nothing called 'actions' here"),
        (Wish(renamed={"actions": Renamed()}), "There is nothing called 'actions' here"),
        (Wish("audit", {"action": Renamed()}), "Words of action are given, and only audit is asked for"),
        (
            Wish(renamed={"action": Renamed(states={"inprogress": "under_way"})}),
            "did you mean 'in_progress'",
        ),
        (Wish(renamed={"action": Renamed(states={"in_progress": "underway"})}), "did you mean 'under_way'"),
        (Wish(renamed={"action": Renamed(states={"agreed": "confirmed"})}), "only a step leads out of it"),
    ],
)
def test_words_that_cannot_be_used_are_refused(
    world_at: At, tmp_path: Path, wish: Wish, sentence: str
) -> None:
    world = world_at("actions")
    restarted(world, shelf_of(tmp_path, {"action": RENAMED_ACTION}))
    with pytest.raises(Refused, match=sentence):
        applies(world, wish=wish)


# -- what is finished --------------------------------------------------------------------------------------


def test_what_is_finished_stays_where_it_ended_unless_somebody_asks(at_work: World, tmp_path: Path) -> None:
    trust = at_work.action("trust")
    at_work.completes("bo", trust)
    restarted(at_work, shelf_of(tmp_path, {"action": RETITLED}))
    (kind,) = planned(at_work, EVERYTHING).kinds
    assert (kind.moving, kind.sources[0].finished) == (1, 1)
    stood = at_work.version(trust)
    applies(at_work)
    assert at_work.version(trust) == stood
    assert planned(at_work, EVERYTHING).kinds == ()
    finished = Wish(finished=True)
    assert planned(at_work, finished).moving == 1
    applies(at_work, wish=finished)
    assert at_work.version(trust) == stood + 1
    assert at_work.state(trust) == "verified"
    assert at_work.proof().faults == ()


def test_what_runs_is_not_finished_by_a_word_and_nothing_finished_wakes_up(
    world_at: At, tmp_path: Path
) -> None:
    world = world_at("agency_audits")
    waived = world.returns("school")[0]
    world.is_granted("sam", waived, "waive", reason="The school has closed.")
    nothing_is_waived = {r"  waived:\n(    .*\n)+": "", r"  - trigger: waive\n(    .*\n)+": ""}
    asked = {r"\brequested\b": "asked_for"}
    restarted(world, shelf_of(tmp_path, {"agency_return": asked | nothing_is_waived}))
    states = {"requested": "not_known", "waived": "submitted"}
    found = reasons(world, Wish(renamed={"agency_return": Renamed(states=states)}, finished=True))
    assert found.pop(str(waived)) == (
        "It is finished, and ‘Submitted’ (submitted) is not final; only a step opens it again."
    )
    assert len(found) == 9
    assert set(found.values()) == {
        "It is still running, and ‘Not known to us’ (not_known) is final; only a step finishes it."
    }


# -- decisions that wait -----------------------------------------------------------------------------------


def asks_for_more_time(world: World) -> Ref:
    return world.asks(
        "nell", world.action("trust"), "extend", new_due_on=date(2015, 6, 30), reason="The new form is late."
    )


def test_a_decision_about_the_same_step_is_taken_after_it(at_work_anywhere: World, tmp_path: Path) -> None:
    approval = asks_for_more_time(at_work_anywhere)
    retitled = {"title: Ask for a later date": "title: Ask for more time"}
    restarted(at_work_anywhere, shelf_of(tmp_path, {"action": RENAMED_ACTION | retitled}))
    assert reasons(at_work_anywhere, UNDER_WAY) == {}
    applies(at_work_anywhere, wish=UNDER_WAY)
    at_work_anywhere.decides("ada", approval)
    row = at_work_anywhere.row(Action, at_work_anywhere.action("trust"))
    assert (row.state, row.current_due_on) == ("under_way", date(2015, 6, 30))
    assert at_work_anywhere.proof().faults == ()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({r"(trigger|apart): extend\b": r"\1: prolong"}, "which does not lead out of ‘In progress’"),
        (
            {
                r"(trigger: extend\n.*\n    from: )\[agreed, in_progress\]": r"\1[agreed]",
            },
            "which does not lead out of ‘In progress’ in the new definition; have it decided or withdrawn first",
        ),
        (
            {r"ask: \{new_due_on: date, reason: text\}": "ask: {new_due_on: date, reason: text, cost: text}"},
            "which does something else in the new definition; have it decided or withdrawn first",
        ),
        (
            {r"(set: \{current_due_on: new_due_on\}\n)    count: \[times_moved\]\n": r"\1"},
            "does something else",
        ),
    ],
)
def test_a_decision_about_another_step_is_to_be_taken_before(
    world_at: At, tmp_path: Path, changes: dict[str, str], sentence: str
) -> None:
    world = world_at("actions")
    world.moves("nell", world.action("trust"), "begin")
    approval = asks_for_more_time(world)
    restarted(world, shelf_of(tmp_path, {"action": changes}))
    ((ref, reason),) = reasons(world, EVERYTHING).items()
    assert ref == str(world.action("trust"))
    assert reason.startswith(f"{approval} waits for ‘Ask for a later date’ (extend), ")
    assert sentence in reason
    world.moves("nell", approval, "withdraw")
    assert reasons(world, EVERYTHING) == {}


def test_a_decision_that_keeps_apart_who_took_a_renamed_step_is_taken_before(
    at_work: World, tmp_path: Path
) -> None:
    trust = at_work.action("trust")
    at_work.decides("ada", asks_for_more_time(at_work))
    approval = at_work.asks("bo", trust, "close", reason="Another team does it.")
    kept_apart = {r"(trigger: close\n(?:.*\n)*?    apart: )\[own_agency\]": r"\1[own_agency, begin]"}
    restarted(at_work, shelf_of(tmp_path / "first", {"action": kept_apart}))
    at_work.moves("bo", approval, "withdraw")
    applies(at_work)
    approval = at_work.asks("bo", trust, "close", reason="Another team does it.")
    renamed = {r"\bbegin\b": "start_work"}
    restarted(at_work, shelf_of(tmp_path / "second", {"action": kept_apart | renamed}))
    wish = Wish(renamed={"action": Renamed(steps={"begin": "start_work"})})
    assert reasons(at_work, wish) == {
        str(trust): f"{approval} keeps apart who took a step that is called otherwise; have it decided first."
    }


def test_what_is_asked_meanwhile_is_seen_when_its_turn_comes(at_work: World, tmp_path: Path) -> None:
    changes = {r"trigger: extend\b": "trigger: prolong"}
    restarted(at_work, shelf_of(tmp_path, {"action": changes}))
    first, second = sorted(both_actions(at_work))
    asked: list[Ref] = []

    def meanwhile(_done: int, _of: int) -> None:
        who = "gil" if second == at_work.action("ccg") else "nell"
        asked.append(at_work.asks(who, second, "extend", new_due_on=date(2015, 6, 30), reason="Late."))

    done = carry_over(at_work.office, at_work.actor("sam"), EVERYTHING, progress=meanwhile)
    assert done.by_kind == {"action": 1}
    assert [(one.ref, one.reasons[0].code) for one in done.stuck] == [(second, "decision_waits")]
    assert at_work.row(Action, first).definition_id == at_work.office.playbook.current["action"]
    assert at_work.state(asked[0]) == "waiting"


def test_decisions_go_over_too(at_work: World, tmp_path: Path) -> None:
    approval = asks_for_more_time(at_work)
    restarted(at_work, shelf_of(tmp_path, {"approval": {"title: Waiting\n": "title: To be decided\n"}}))
    assert applies(at_work).by_kind == {"approval": 1}
    assert told(at_work, "sam", approval)[-1].sentence.startswith("Sam Sedley moved it to the workflow")
    at_work.decides("ada", approval)
    assert at_work.row(Action, at_work.action("trust")).current_due_on == date(2015, 6, 30)
    assert at_work.proof().faults == ()


# -- people ------------------------------------------------------------------------------------------------


def test_nothing_comes_to_where_nobody_can_lead_it_out(world_at: At, tmp_path: Path) -> None:
    world = world_at("actions")
    owners = {r"by: \[agency_lead, coordinator\]\n    needs:": "by: [board_chair]\n    needs:"}
    restarted(world, shelf_of(tmp_path, {"action": owners}))
    assert reasons(world, EVERYTHING) == {}
    away = {r"by: \[(owner, )?agency_lead(, owner)?(, coordinator)?\]": "by: [board_chair]"}
    world.leaves("board_chair")
    world.on(world.today + timedelta(days=1))
    restarted(world, shelf_of(tmp_path / "again", {"action": away}))
    assert set(reasons(world, EVERYTHING).values()) == {
        "Nobody holds the post of board chair, so that nobody could lead it out of ‘Agreed’."
    }


def test_whoever_is_kept_from_a_step_by_an_earlier_one_stays_kept_from_it(
    any_world_at: At, tmp_path: Path
) -> None:
    world = any_world_at("agency_audits")
    ours = world.agency_return("health_visiting")
    world.leaves("nursing", successor="sam")
    world.on(world.today + timedelta(days=1))
    world.fills("sam", ours)
    world.moves("sam", ours, "submit")
    with pytest.raises(Refused, match="You did the earlier step"):
        world.moves("sam", ours, "accept")
    sends = {r"\bsubmit\b": "send"}
    restarted(world, shelf_of(tmp_path, {"agency_return": sends}))
    assert reasons(world, EVERYTHING) == {
        str(ours): (
            "Whoever took ‘submit’ is kept from ‘Accept the return’, and the new definition has no such step; "
            "say which one takes its place, or that none does."
        )
    }
    applies(world, "ida", Wish(renamed={"agency_return": Renamed(steps={"submit": "send"})}))
    with pytest.raises(Refused, match="You did the earlier step"):
        world.moves("sam", ours, "accept")
    assert world.proof().faults == ()


def test_a_step_that_is_given_up_keeps_nobody_apart(world_at: At, tmp_path: Path) -> None:
    world = world_at("agency_audits")
    ours = world.agency_return("health_visiting")
    world.leaves("nursing", successor="sam")
    world.on(world.today + timedelta(days=1))
    world.fills("sam", ours)
    world.moves("sam", ours, "submit")
    restarted(world, shelf_of(tmp_path, {"agency_return": {r"\bsubmit\b": "send"}}))
    applies(world, wish=Wish(renamed={"agency_return": Renamed(steps={"submit": ""})}))
    world.moves("sam", ours, "accept")
    assert world.state(ours) == "accepted"


# -- what else there is -------------------------------------------------------------------------------------


def test_every_definition_is_listed_with_who_goes_by_it(at_work_anywhere: World, tmp_path: Path) -> None:
    at_work_anywhere.completes("gil", at_work_anywhere.action("ccg"), by="dan")
    restarted(at_work_anywhere, shelf_of(tmp_path, {"action": RETITLED}), publishes=False)

    def rows(group_id: int | None = None) -> list[tuple[bool, int, int, bool]]:
        with at_work_anywhere.office.store.reading(group=EVERY) as session:
            found = definitions(session, at_work_anywhere.office.playbook, kind="action", group_id=group_id)
        return [(row.published_at is not None, row.running, row.finished, row.on_shelf) for row in found]

    assert rows() == rows(at_work_anywhere.group_id) == [(True, 1, 1, False), (False, 0, 0, True)]
    applies(at_work_anywhere)
    assert rows() == [(True, 0, 1, False), (True, 1, 0, True)]
    with (
        at_work_anywhere.office.store.reading(group=EVERY) as session,
        pytest.raises(Refused, match="nothing called 'actoin'"),
    ):
        definitions(session, at_work_anywhere.office.playbook, kind="actoin")


def test_another_group_decides_for_itself(world_at: At, tmp_path: Path) -> None:
    world = world_at("actions")
    other = world.found("second")
    restarted(world, shelf_of(tmp_path, {"action": RETITLED}))
    actor: Actor = world.actor("sam", group="second")
    assert actor.group_id == other
    assert carry_over(world.office, actor, EVERYTHING).migrated == 0
    assert planned(world, EVERYTHING).moving == 2


def test_only_the_kind_that_is_asked_for_goes_over(at_work: World, tmp_path: Path) -> None:
    changes = {"action": RETITLED, "audit": {"title: Actions\n": "title: At work\n"}}
    restarted(at_work, shelf_of(tmp_path, changes))
    assert planned(at_work, EVERYTHING).moving == 3
    assert applies(at_work, wish=Wish("audit")).by_kind == {"audit": 1}
    assert planned(at_work, EVERYTHING).moving == 2
