"""Lists, and what people write when they mean a subject, each as somebody of the cast sees it."""

from __future__ import annotations

from datetime import date

import pytest

from assurance.queries import around, lists, meetings
from assurance.queries.overview import overview
from assurance.queries.references import audit_id_of, reference_of
from assurance.queries.rows import Wanted
from engine.errors import Refused
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.full_world import (
    CONCERN,
    FROM_A_CASE,
    OF_INDIVIDUAL,
    STRATEGIC,
    case_ref,
    full_world,
)
from tests.assurance.looking import (
    EVERYTHING,
    looks,
)
from tests.world import World


@pytest.fixture
def world(world_at: At) -> World:
    """A world in which something of every kind stands."""
    return full_world(world_at)


def test_an_audit_is_listed_with_what_it_still_waits_for(world: World) -> None:
    with looks(world, "cleo") as (tx, viewer):
        (row,) = lists.audits(tx, viewer, EVERYTHING).rows
    assert (row.reference, row.theme, row.stage) == ("2014-15/1", "Neglect", "Actions")
    assert (row.cases, row.aims, row.returns, row.returns_outstanding) == (2, 2, 10, 0)
    assert (row.recommendations, row.recommendations_unfinished) == (2, 2)
    assert row.meeting_on == date(2014, 12, 11)


def test_an_agency_lists_its_own_returns_and_is_told_how_many_are_for_others(world: World) -> None:
    with looks(world, "bo") as (tx, viewer):
        listed = lists.returns(tx, viewer, EVERYTHING)
    assert {row.records for row in listed.rows} == {"Health visiting"}
    assert (len(listed.rows), listed.hidden) == (2, 8)
    assert listed.rows[0].case == case_ref(world)
    assert (listed.rows[0].answers, listed.rows[0].answers_missing) == (2, 0)


def test_a_late_return_counts_its_days_from_the_first_due_day(world_at: At) -> None:
    world = world_at("agency_audits")
    world.settles("dev", world.agency_return("social_care"))
    world.moves("fay", world.agency_return("police"), "declare_not_known", remark="No record of them.")
    world.on(date(2014, 12, 2))
    world.is_granted("sam", world.agency_return("gp"), "waive", by="dan", reason="The practice has closed.")
    world.settles("bo", world.agency_return("health_visiting"))
    with looks(world, None) as (tx, viewer):
        late = lists.returns(tx, viewer, Wanted(only_late=True)).rows
        days = {(row.records, row.case): row.days_late for row in lists.returns(tx, viewer, EVERYTHING).rows}
    case = case_ref(world)
    assert days["Health visiting", case] == 5
    assert days["Schools", case] == 5
    assert days["Social care", case] == days["Police", case] == days["General practice", case] == 0
    assert len(late) == 6
    assert all(row.state == "requested" for row in late)


def test_individual_practice_recommendations_of_others_are_only_counted(world: World) -> None:
    with looks(world, "gil") as (tx, viewer):
        for_gil = lists.recommendations(tx, viewer, EVERYTHING)
    with looks(world, "bo") as (tx, viewer):
        for_bo = lists.recommendations(tx, viewer, EVERYTHING)
    assert ([row.type for row in for_gil.rows], for_gil.hidden) == (["strategic"], 1)
    assert ([row.agency for row in for_bo.rows], for_bo.hidden) == (["North Trust", None], 0)


def test_an_action_shows_what_was_promised_first_beside_what_is_promised_now(world: World) -> None:
    world.moves("nell", OF_INDIVIDUAL, "begin")
    world.is_granted(
        "nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 3, 31), reason="Two people are ill."
    )
    world.on(date(2015, 4, 7))
    with looks(world, "bo") as (tx, viewer):
        late = lists.actions(tx, viewer, Wanted(only_late=True)).rows
    row = next(row for row in late if row.ref == OF_INDIVIDUAL)
    assert (row.original_due_on, row.current_due_on) == (date(2015, 2, 27), date(2015, 3, 31))
    assert (row.times_moved, row.days_past_original, row.is_overdue) == (1, 39, True)
    assert (row.owner, row.rating, row.audit) == ("Health Visiting", "on track", "2014-15/1")


def test_days_past_end_with_the_confirmation_and_an_action_closed_undone_has_none(world: World) -> None:
    world.on(date(2015, 3, 9))
    world.completes("bo", OF_INDIVIDUAL)
    ccg = world.action("ccg")
    world.is_granted("gil", ccg, "close", by="dan", reason="Another board does it.")
    world.on(date(2015, 6, 1))
    with looks(world, None) as (tx, viewer):
        rows = {row.ref: row for row in lists.actions(tx, viewer, EVERYTHING).rows}
    assert (rows[OF_INDIVIDUAL].days_past_original, rows[OF_INDIVIDUAL].is_overdue) == (10, False)
    assert (rows[ccg].days_past_original, rows[ccg].is_overdue) == (0, False)


def test_a_list_is_narrowed_by_state_and_audit(world: World) -> None:
    with looks(world, None) as (tx, viewer):
        assert len(lists.actions(tx, viewer, Wanted(state="agreed")).rows) == 3
        assert lists.actions(tx, viewer, Wanted(state="verified")).rows == ()
        assert len(lists.audits(tx, viewer, Wanted(audit_id=1)).rows) == 1
        assert lists.returns(tx, viewer, Wanted(audit_id=2)).rows == ()
        assert len(around.cases(tx, viewer, Wanted(audit_id=1)).rows) == 2
        assert len(around.findings(tx, viewer, Wanted(audit_id=2)).rows) == 0
        assert len(around.mails(tx, viewer, Wanted(audit_id=1, state="queued")).rows) > 10


def test_a_state_that_nobody_knows_and_lateness_of_what_is_never_late_are_refused(world: World) -> None:
    with looks(world, None) as (tx, viewer):
        with pytest.raises(Refused, match="did you mean 'in_progress'"):
            lists.actions(tx, viewer, Wanted(state="inprogress"))
        with pytest.raises(Refused, match="did you mean 'queued'"):
            around.mails(tx, viewer, Wanted(state="queud"))
        with pytest.raises(Refused, match="Only returns and actions"):
            lists.recommendations(tx, viewer, Wanted(only_late=True))


def test_a_waiting_decision_names_who_can_take_it_today(world: World) -> None:
    for_ada = world.asks("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")
    for_dan = world.asks("gil", world.action("ccg"), "close", reason="Another board does it.")
    with looks(world, None) as (tx, viewer):
        rows = {row.ref: row for row in around.approvals(tx, viewer, Wanted(state="waiting")).rows}
    assert rows[for_ada].waits_for == ("Ada Ashdown",)
    assert rows[for_dan].waits_for == ("Dan Dole",)
    assert (rows[for_ada].step, rows[for_ada].asked_by) == ("Ask for a later date", "Nell Norris")
    assert rows[for_ada].decided_by is None


def test_a_finding_is_pooled_and_its_case_told_to_few(world: World) -> None:
    def of_a_case(who: str) -> str | None:
        with looks(world, who) as (tx, viewer):
            rows = around.findings(tx, viewer, EVERYTHING).rows
        return next(row.case for row in rows if row.text == FROM_A_CASE)

    assert of_a_case("ada") == case_ref(world)
    assert of_a_case("bo") is of_a_case("cleo") is None
    with looks(world, "gil") as (tx, viewer):
        leads = {row.text: row.leads_to for row in around.findings(tx, viewer, EVERYTHING).rows}
    assert leads[FROM_A_CASE] == (STRATEGIC,)
    assert leads["Schools heard late"] == ()  # it leads to what is for the trust alone


def test_cases_are_listed_with_the_returns_that_one_may_see(world: World) -> None:
    with looks(world, "esme") as (tx, viewer):
        rows = around.cases(tx, viewer, EVERYTHING).rows
    assert [(row.kind, row.returns, row.returns_outstanding) for row in rows] == [
        ("child", 2, 0),
        ("family", 2, 0),
    ]
    with looks(world, "cleo") as (tx, viewer):
        assert around.cases(tx, viewer, EVERYTHING).hidden == 2


def test_people_agencies_and_meetings_are_listed_for_everybody(world: World) -> None:
    world.is_away("bo", until=date(2014, 12, 19))
    with looks(world, "cleo") as (tx, viewer):
        people = {row.key: row for row in around.people(tx, viewer).rows}
        agencies = {row.key: row for row in around.agencies(tx, viewer).rows}
        found = {row.key: row for row in meetings.meetings(tx, viewer, EVERYTHING).rows}
    assert people["bo"].posts == ("Nursing, North Trust",)
    assert people["bo"].away_until == date(2014, 12, 19)
    assert (people["cleo"].posts, people["viv"].posts) == (("Lay",), ())
    assert agencies["council"].records == ("Social care", "Schools")
    assert agencies["council"].leads == ("Dev Dunmore",)
    assert found["2014-12"].audits == ("2014-15/1",)
    assert f"{found['2014-12'].at:%H:%M}" == "14:00"
    assert (found["2014-12"].place, found["2014-12"].state_title) == ("Council House", "Planned")


def test_mails_are_listed_newest_first_and_the_older_ones_counted(world: World) -> None:
    with looks(world, None) as (tx, viewer):
        newest = around.mails(tx, viewer, EVERYTHING, most=3)
        everything = around.mails(tx, viewer, EVERYTHING)
    assert newest.rows == everything.rows[:3]
    assert newest.hidden == len(everything.rows) - 3
    assert newest.rows[0].template == "concern"
    assert newest.rows[0].state == "queued"


def test_the_overview_counts_what_one_may_see_and_says_what_waits(world: World) -> None:
    world.asks("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")
    world.on(date(2015, 4, 7))
    with looks(world, "sam") as (tx, viewer):
        lines = {line.what: line for line in overview(tx, viewer)}
    assert (lines["returns"].number, lines["cases"].number, lines["findings"].number) == (10, 2, 3)
    assert lines["actions"].note == "3 overdue"
    assert lines["approvals"].note == "1 to be decided"
    assert lines["concerns"].note == "1 not taken up"
    assert lines["mails"].note.endswith("owed")
    assert ("accepted", 10) in lines["returns"].states
    with looks(world, "cleo") as (tx, viewer):
        for_cleo = {line.what: line.number for line in overview(tx, viewer)}
    assert "returns" not in for_cleo
    assert for_cleo["recommendations"] == 1


def test_the_overview_says_how_many_returns_are_late(world_at: At) -> None:
    world = world_at("agency_audits")
    world.on(date(2014, 11, 28))
    with looks(world, "sam") as (tx, viewer):
        lines = {line.what: line for line in overview(tx, viewer)}
    assert lines["returns"].note == "10 late"


# -- what is meant -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("action/1", OF_INDIVIDUAL),
        ("return/3", Ref("agency_return", 3)),
        ("concern/1", CONCERN),
        (" 2014-15/1 ", World.audit),
        ("audit/1", World.audit),
    ],
)
def test_people_write_what_they_mean_in_several_ways(world: World, written: str, meant: Ref) -> None:
    with looks(world, "sam") as (tx, viewer):
        assert reference_of(tx, viewer, written) == meant


def test_a_case_is_found_by_its_reference_for_those_who_may_know_it(world: World) -> None:
    reference = case_ref(world)
    with looks(world, "bo") as (tx, viewer):
        assert reference_of(tx, viewer, reference.lower()).kind == "case"
    with looks(world, "cleo") as (tx, viewer), pytest.raises(Refused, match="that Cleo Cartwright may see"):
        reference_of(tx, viewer, reference)


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("action", "is not a reference; write it as action/12"),
        ("acton/1", "did you mean 'action'"),
        ("action/99", "There is no action/99"),
        ("action/99999999999999999999", "There is no action/99999999999999999999"),
        ("2014-15/9", "There is no audit 2014-15/9"),
        ("C-XXXXXX", "There is no case C-XXXXXX"),
    ],
)
def test_what_cannot_be_meant_is_said(world: World, written: str, answer: str) -> None:
    with looks(world, None) as (tx, viewer), pytest.raises(Refused, match=answer):
        reference_of(tx, viewer, written)


def test_an_audit_is_asked_for_where_only_an_audit_can_be_meant(world: World) -> None:
    with looks(world, "sam") as (tx, viewer):
        assert audit_id_of(tx, viewer, "2014-15/1") == 1
        with pytest.raises(Refused, match="is not an audit"):
            audit_id_of(tx, viewer, "action/1")
