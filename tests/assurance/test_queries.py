"""Lists, one subject in full, its history in sentences and its doors, each as somebody of the cast sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from assurance.access import Viewer, viewer_of
from assurance.commands import acting, concluding, programme
from assurance.office import Tx, clock_of
from assurance.queries import around, lists
from assurance.queries.card import Card, Shown
from assurance.queries.doors import Door, doors_of
from assurance.queries.history import Told, history_of
from assurance.queries.one import card_of
from assurance.queries.overview import overview
from assurance.queries.references import audit_id_of, reference_of
from assurance.queries.rows import Wanted
from assurance.records import Audit, ImmediateConcern
from assurance.roster import roster
from engine.errors import Refused
from engine.ledger import EventText
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.full_world import (
    CONCERN,
    FROM_A_CASE,
    INDIVIDUAL,
    OF_INDIVIDUAL,
    STRATEGIC,
    case_ref,
    full_world,
)
from tests.world import World

EVERYTHING = Wanted()


@pytest.fixture
def world(world_at: At) -> World:
    """A world in which something of every kind stands."""
    return full_world(world_at)


@contextmanager
def looks(world: World, who: str | None) -> Iterator[tuple[Tx, Viewer]]:
    """Let somebody of the cast look; None is whoever runs the installation."""
    actor = clock_of(world.group_id) if who is None else world.actor(who)
    with world.office.reading(actor) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        yield tx, viewer_of(people, actor)


def card(world: World, who: str | None, ref: Ref) -> Card:
    """One subject as somebody sees it."""
    with looks(world, who) as (tx, viewer):
        return card_of(tx, viewer, ref)


def value(found: Card, name: str) -> Shown:
    """One value of a card."""
    return next(line.value for line in found.lines if line.name == name)


def grid(found: Card, name: str) -> list[dict[str, Shown]]:
    """One table of a card, by the names of its columns."""
    one = next((one for one in found.grids if one.name == name), None)
    if one is None:
        return []
    names = [column for column, _ in one.columns]
    return [dict(zip(names, row, strict=True)) for row in one.rows]


def told(world: World, who: str | None, ref: Ref) -> tuple[Told, ...]:
    """The history of a subject as somebody reads it."""
    with looks(world, who) as (tx, viewer):
        return history_of(tx, viewer, ref)


def doors(world: World, who: str, ref: Ref) -> dict[str, Door]:
    """The doors of a subject for somebody."""
    with looks(world, who) as (tx, _):
        return {door.trigger: door for door in doors_of(tx, ref).doors}


# -- lists -------------------------------------------------------------------------------------------------


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
        meetings = {row.key: row for row in around.meetings(tx, viewer).rows}
    assert people["bo"].posts == ("Nursing, North Trust",)
    assert people["bo"].away_until == date(2014, 12, 19)
    assert (people["cleo"].posts, people["viv"].posts) == (("Lay",), ())
    assert agencies["council"].records == ("Social care", "Schools")
    assert agencies["council"].leads == ("Dev Dunmore",)
    assert meetings["2014-12"].audits == ("2014-15/1",)
    assert f"{meetings['2014-12'].at:%H:%M}" == "14:00"


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


# -- one subject in full -----------------------------------------------------------------------------------


def test_an_audit_in_full_holds_no_case_for_the_lay_member(world: World) -> None:
    found = card(world, "cleo", world.audit)
    assert value(found, "theme") == "Neglect"
    assert value(found, "meeting") == "Meeting of December 2014"
    assert [row["text"] for row in grid(found, "aims")] == [
        "Was information shared in time?",
        "Were men part of the assessment?",
    ]
    assert grid(found, "cases") == []
    assert {row["case"] for row in grid(found, "findings")} == {None}
    assert [row["ref"] for row in grid(found, "recommendations")] == [STRATEGIC]
    notes = [one.note for one in found.grids if one.note]
    assert notes == [
        "2 more are not yours to read.",
        "1 more, for individual practice, stay with their own agency.",
    ]
    assert case_ref(world) not in str(found)


def test_an_audit_in_full_tells_the_coordinator_everything(world: World) -> None:
    with world.does("bo") as tx:
        concluding.record_dissemination(tx, world.audit, 1, "A briefing of seven minutes", 40)
    found = card(world, "sam", world.audit)
    assert grid(found, "cases")[0]["case"] == case_ref(world)
    assert case_ref(world) in {row["case"] for row in grid(found, "findings")}
    assert [row["asked"] for row in grid(found, "returns")] == [2] * 5
    assert grid(found, "moderations")[0]["note"] == "All ten returns"
    assert grid(found, "dissemination")[0]["reached"] == 40
    assert len(grid(found, "decisions")) == 6


def test_an_aim_says_which_earlier_one_it_asks_again(world: World) -> None:
    with world.does("sam") as tx:
        audit = programme_again(world, tx)
    rows = grid(card(world, "sam", audit), "aims")
    assert rows[0]["asks_again"] == "2014-15/1, aim 1"


def test_a_return_in_full_shows_each_aim_answered_or_not(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("health_visiting")
    world.moves("bo", ref, "start")
    answers = grid(card(world, "bo", ref), "answers")
    assert [row["answer"] for row in answers] == ["not yet answered"] * 2
    world.on(date(2014, 12, 1))
    assert value(card(world, "bo", ref), "days_late") == 4


def test_a_case_in_full_shows_only_ones_own_returns(world: World) -> None:
    with looks(world, "bo") as (tx, viewer):
        ref = reference_of(tx, viewer, case_ref(world))
    found = card(world, "bo", ref)
    assert (value(found, "kind"), found.state, found.version) == ("child", "", None)
    assert [row["records"] for row in grid(found, "returns")] == ["Health visiting"]
    assert [one.note for one in found.grids] == ["4 more are of other agencies."]


def test_a_recommendation_in_full_tells_where_it_comes_from_and_who_does_what(world: World) -> None:
    found = card(world, "cleo", STRATEGIC)
    assert value(found, "type") == "multi-agency strategic"
    assert [row["number"] for row in grid(found, "aims")] == [1]
    assert [row["text"] for row in grid(found, "findings")] == [FROM_A_CASE]
    assert [row["answer"] for row in grid(found, "agencies")] == ["accepted", "accepted"]
    assert [row["agency"] for row in grid(found, "actions")] == [
        "North Trust",
        "Clinical Commissioning Group",
    ]


def test_why_an_agency_does_not_accept_is_for_itself_and_few(world_at: At) -> None:
    world = world_at("recommendations")
    with world.does("sam") as tx:
        wanted = concluding.Wanted("strategic", "Tell schools", [world.aims()[0]], [1], [1, 2])
        made = concluding.make_recommendation(tx, world.audit, wanted)
    with world.does("bo") as tx:
        concluding.answer_for_agency(tx, made, 1, "not_accepted", reason="We do so already.")
    reasons = {who: grid(card(world, who, made), "agencies")[0]["reason"] for who in ("bo", "gil", "ada")}
    assert reasons == {"bo": "We do so already.", "gil": "(for its own agency)", "ada": "We do so already."}


def test_a_re_audit_and_later_evidence_stand_with_their_recommendation(world: World) -> None:
    for agency, who in (("trust", "bo"), ("ccg", "gil")):
        action = next(ref for ref in world_actions(world, STRATEGIC) if agency_of(world, ref) == agency)
        world.completes(who, action, by="dan" if agency == "ccg" else "ada")
    world.moves("sam", STRATEGIC, "begin")
    world.is_granted("sam", STRATEGIC, "implement")
    world.on(world.today + timedelta(days=30))
    with world.does("sam") as tx:
        again = programme_again(world, tx)
        # A second audit on its long way would only delay the question.
        tx.session.get_one(Audit, again.id).held_on = tx.today
        later = aims_of(tx, again)[0]
        concluding.record_re_audit(tx, STRATEGIC, world.aims()[0], later)
        concluding.record_evidence(tx, STRATEGIC, "Sample of ten files", "Nine told the school in time.")
    found = card(world, "cleo", STRATEGIC)
    (measured,) = grid(found, "re_audits")
    assert (measured["earlier"], measured["later"]) == ("2014-15/1, aim 1", "2014-15/2, aim 1")
    assert (measured["before"], measured["outcome"]) == ("0 of 10", "not better")
    assert grid(found, "evidence")[0]["title"] == "Sample of ten files"
    details = {detail for line in told(world, "cleo", STRATEGIC) for detail in line.details}
    assert details >= {"0 of 10 said yes before, 0 of 0 now", "evidence: Sample of ten files"}


def test_an_action_in_full_keeps_its_notes_for_its_own_agency(world: World) -> None:
    strategic = world_actions(world, STRATEGIC)[0]
    with world.does("nell") as tx:
        acting.note_progress(tx, strategic, "at risk", "One family asked us not to.")
        acting.add_evidence(tx, strategic, "Minutes", "Of the team meeting")
    for_nell, for_cleo = card(world, "nell", strategic), card(world, "cleo", strategic)
    assert grid(for_nell, "notes")[0]["text"] == "One family asked us not to."
    assert grid(for_cleo, "notes")[0] == {
        "on": world.today,
        "by": "Nell Norris",
        "rating": "at risk",
        "text": "(for its own agency)",
    }
    assert grid(for_cleo, "evidence")[0]["title"] == "(for its own agency)"
    assert value(for_nell, "owner") == "Health Visiting (Nell Norris)"
    assert value(for_nell, "recommendation") == STRATEGIC


def test_an_action_without_an_owner_and_one_whose_post_is_vacant(world: World) -> None:
    with world.does("bo") as tx:
        ref = acting.plan_action(tx, STRATEGIC, acting.Plan(1, "Ask the teams"))
    assert value(card(world, "bo", ref), "owner") is None
    world.leaves("health_visiting")
    world.on(world.today + timedelta(days=1))
    assert value(card(world, "bo", OF_INDIVIDUAL), "owner") == "Health Visiting (vacant)"


def test_a_decision_in_full_says_what_was_asked_and_what_was_answered(world: World) -> None:
    asked = world.asks("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")
    waiting = card(world, "nell", asked)
    assert value(waiting, "waits_for") == ("Ada Ashdown",)
    assert value(waiting, "new_due_on") == "2015-05-01"
    assert value(waiting, "reason_1") == "Illness."
    world.decides("ada", asked, "reject", reason="Once is enough.")
    answered = card(world, "nell", asked)
    assert (value(answered, "decided_by"), value(answered, "waits_for")) == ("Ada Ashdown", None)
    assert value(answered, "reason_2") == "Once is enough."
    assert value(answered, "decided_by_post") == "chair or, in conflict or away, the deputy chair"


def test_a_concern_in_full_tells_its_case_to_the_agency_that_must_act(world: World) -> None:
    for_dev, for_ada = card(world, "dev", CONCERN), card(world, "ada", CONCERN)
    assert value(for_dev, "concern") == value(for_ada, "concern") == "The home is not safe"
    assert value(for_dev, "case") == case_ref(world)
    with pytest.raises(Refused, match="There is no immediate_concern/1"):
        card(world, "cleo", CONCERN)


def test_a_concern_may_stand_outside_every_audit(world: World) -> None:
    with world.does("cleo") as tx:
        ref = acting.raise_concern(tx, 1, "Somebody told me of a child")
    found = card(world, "bo", ref)
    assert (value(found, "audit"), value(found, "case")) == (None, None)
    with looks(world, "bo") as (tx, viewer):
        (row,) = lists.concerns(tx, viewer, EVERYTHING).rows
    assert row.audit is None
    assert world.row(ImmediateConcern, ref).agency_id == 1


# -- history -----------------------------------------------------------------------------------------------


def test_a_history_says_who_did_what_and_why(world: World) -> None:
    lines = told(world, "sam", world.audit)
    sentences = [line.sentence for line in lines]
    assert sentences[0] == "Sam Sedley opened it: Proposed."
    assert "Sam Sedley took the step ‘Write down an aim’." in sentences
    assert "Sam Sedley asked for ‘Agree the theme’ (approval/1)." in sentences
    assert (
        "Ada Ashdown decided the step ‘Agree the theme’, which Sam Sedley had asked for (approval/1): "
        "from Proposed to Theme agreed."
    ) in sentences
    assert all(line.is_sealed for line in lines)
    assert "aim 1: Was information shared in time?" in lines[1].details
    drawn = next(line for line in lines if "Draw a case" in line.sentence)
    assert drawn.details == (f"case {case_ref(world)}: Drawn at random",)


def test_the_history_of_an_audit_names_no_case_to_the_lay_member(world: World) -> None:
    lines = told(world, "cleo", world.audit)
    assert case_ref(world) not in str(lines)
    assert ("a case",) in [line.details for line in lines]
    assert ("an individual practice recommendation, for its own agency",) in [line.details for line in lines]
    assert ("All ten returns",) in [line.details for line in lines]


def test_a_history_tells_each_thing_that_was_entered(world: World) -> None:
    with world.does("bo") as tx:
        concluding.record_dissemination(tx, world.audit, 1, "A briefing", 40)
    details = {detail for line in told(world, "sam", world.audit) for detail in line.details}
    assert details >= {
        "meeting: Meeting of December 2014",
        "returns due: 27 November 2014",
        "10 returns",
        "recommendation/2",
        "agency: North Trust",
        "40 people reached",
        "finding 2, area for development: Schools heard late",
    }
    of_return = told(world, "bo", world.agency_return("health_visiting"))
    assert "2 aims answered" in {detail for line in of_return for detail in line.details}
    of_strategic = told(world, "cleo", STRATEGIC)
    assert "action/2" in {detail for line in of_strategic for detail in line.details}


def test_notes_and_evidence_are_told_to_their_own_agency(world: World) -> None:
    action = world_actions(world, STRATEGIC)[0]
    with world.does("nell") as tx:
        acting.note_progress(tx, action, "at risk", "One family asked us not to.")
        acting.add_evidence(tx, action, "Minutes", "Of the team meeting")
    world.asks("nell", action, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")

    def details(who: str) -> set[str]:
        return {detail for line in told(world, who, action) for detail in line.details}

    assert details("nell") >= {"says it is at risk: One family asked us not to.", "evidence: Minutes"}
    assert "says it is at risk" in details("cleo")
    assert "evidence: Minutes" not in details("cleo")


def test_what_was_written_is_told_to_its_own_agency_and_its_erasure_too(world: World) -> None:
    action = world_actions(world, STRATEGIC)[0]
    world.is_granted("bo", action, "close", reason="Another team does it.")
    assert told(world, "bo", action)[-1].words == {"reason": "Another team does it."}
    assert told(world, "cleo", action)[-1].words == {}
    erase(world, action, says_when=True)
    last = told(world, "bo", action)[-1]
    assert (last.words, last.is_sealed) == ({"reason": None}, True)


def test_a_text_that_was_emptied_without_an_erasure_breaks_its_seal(world: World) -> None:
    action = world_actions(world, STRATEGIC)[0]
    world.is_granted("bo", action, "close", reason="Another team does it.")
    erase(world, action, says_when=False)
    assert [line.is_sealed for line in told(world, "bo", action)][-1] is False
    with world.office.store.begin() as session:
        session.execute(sa.delete(EventText).where(EventText.subject_kind == "action"))
    assert [line.is_sealed for line in told(world, "bo", action)][-1] is False


def test_a_line_that_was_changed_is_marked(world: World) -> None:
    with world.office.store.begin() as session:
        session.execute(sa.text("DROP TRIGGER event_refuses_update"))
        session.execute(
            sa.text("UPDATE event SET actor = 'person/2' WHERE subject_kind = 'audit' AND seq = 2")
        )
    assert [line.number for line in told(world, "sam", world.audit) if not line.is_sealed] == [2]


def test_a_line_that_cannot_be_read_any_more_does_not_hide_the_others(world: World) -> None:
    with world.office.store.begin() as session:
        session.execute(sa.text("DROP TRIGGER event_refuses_update"))
        session.execute(sa.text("UPDATE event SET data = '{' WHERE subject_kind = 'audit' AND seq = 2"))
    lines = told(world, "sam", world.audit)
    assert lines[1].sentence == "This line can no longer be read."
    assert lines[2].sentence == "Sam Sedley took the step ‘Write down an aim’."
    assert [line.number for line in lines if not line.is_sealed] == [2]


def test_a_decision_tells_its_own_history(world: World) -> None:
    asked = world.asks("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")
    world.decides("ada", asked, "reject", reason="Once is enough.")
    first, last = told(world, "nell", asked)
    assert first.sentence == "Nell Norris asked for ‘Ask for a later date’ on action/1: Waiting."
    assert last.sentence == "Ada Ashdown took the step ‘Reject’: from Waiting to Rejected."
    of_action = told(world, "nell", OF_INDIVIDUAL)
    assert of_action[-1].sentence == f"Ada Ashdown answered {asked}: reject."
    assert of_action[-1].details == ()


def test_a_granted_date_is_told_once_in_words(world: World) -> None:
    world.is_granted("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")
    details = told(world, "nell", OF_INDIVIDUAL)[-1].details
    assert details == ("the date now agreed: 1 May 2015", "times that the date was moved: 1")


def test_a_rule_that_spoke_is_told_with_its_reasons_and_whom_it_told(world: World) -> None:
    world.nights(date(2015, 3, 13))
    spoken = [line for line in told(world, "nell", OF_INDIVIDUAL) if line.kind == "fired"]
    overdue = next(line for line in spoken if "‘action-overdue’" in line.sentence)
    assert overdue.sentence == "The rule ‘action-overdue’ spoke: An action is overdue."
    assert "current_due_on < today (27 February 2015, 28 February 2015)" in overdue.because
    assert "not current_due_on is empty (27 February 2015)" in overdue.because
    assert "Nell Norris" in overdue.told
    again = next(line for line in spoken if "‘action-overdue’ spoke, repeat 1" in line.sentence)
    assert again.sentence == "The rule ‘action-overdue’ spoke, repeat 1: An action is overdue."
    assert any(", an escalation:" in line.sentence for line in spoken)
    assert overdue.by == "The clock"


def test_a_rule_that_set_something_says_what(world: World) -> None:
    asked = world.asks("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")
    world.nights(world.working_days_from(world.today, 10))
    spoken = [line for line in told(world, "nell", asked) if "‘approval-to-deputy’" in line.sentence]
    assert spoken[0].details == ("the deputy was called in: yes",)
    assert value(card(world, "nell", asked), "deputy_called") is True


def test_a_request_that_lapsed_says_because_of_what(world: World) -> None:
    asked = world.asks("nell", OF_INDIVIDUAL, "extend", new_due_on=date(2015, 5, 1), reason="Illness.")
    world.moves("nell", OF_INDIVIDUAL, "begin")
    assert told(world, "nell", asked)[-1].details == ("because action/1 has changed",)


def test_a_history_is_for_whoever_may_see_its_subject(world: World) -> None:
    with pytest.raises(Refused, match="that Gil Gadsby may see"):
        told(world, "gil", INDIVIDUAL)


# -- doors -------------------------------------------------------------------------------------------------


def test_doors_are_open_or_closed_with_every_reason(world: World) -> None:
    for_nell = doors(world, "nell", OF_INDIVIDUAL)
    assert for_nell["begin"].is_open
    assert for_nell["extend"].is_open
    assert for_nell["extend"].needs_decision_of == "chair"
    assert [ask.name for ask in for_nell["extend"].asks] == ["new_due_on", "reason"]
    assert for_nell["note_progress"].needs_form
    assert not for_nell["confirm"].is_open
    assert "a step for the agency lead" in for_nell["confirm"].reasons[0]
    assert doors(world, "bo", OF_INDIVIDUAL)["confirm"].is_open


def test_a_conflict_of_interest_closes_the_doors_of_whoever_decides_not_of_whoever_asks(world: World) -> None:
    world.moves("gil", world.action("ccg"), "begin")
    with world.does("gil") as tx:
        acting.add_evidence(tx, world.action("ccg"), "List", "All signed.")
    world.moves("gil", world.action("ccg"), "confirm")
    assert not doors(world, "ada", world.action("ccg"))["verify"].is_open
    assert "You hold a post in the agency" in doors(world, "ada", world.action("ccg"))["verify"].reasons[0]
    assert doors(world, "dan", world.action("ccg"))["verify"].is_open
    assert doors(world, "bo", OF_INDIVIDUAL)["close"].is_open  # the chair decides on it


def test_there_are_no_doors_where_there_is_nothing_to_see(world: World) -> None:
    with pytest.raises(Refused, match="There is no action/1"):
        doors(world, "cleo", OF_INDIVIDUAL)
    assert not any(door.is_open for door in doors(world, "cleo", STRATEGIC).values())


def world_actions(world: World, recommendation: Ref) -> list[Ref]:
    """Give the actions of a recommendation."""
    with looks(world, None) as (tx, viewer):
        rows = lists.actions(tx, viewer, EVERYTHING).rows
    return [row.ref for row in rows if row.recommendation == recommendation]


def agency_of(world: World, action: Ref) -> str:
    """Give the key of the agency whose action it is."""
    names = {"North Trust": "trust", "Clinical Commissioning Group": "ccg"}
    return names[str(value(card(world, None, action), "agency"))]


def aims_of(tx: Tx, audit: Ref) -> list[int]:
    """Give the aims of an audit within a transaction."""
    return list(
        tx.session.scalars(sa.text("SELECT id FROM aim WHERE audit_id = :audit"), {"audit": audit.id})
    )


def erase(world: World, ref: Ref, *, says_when: bool) -> None:
    """Empty what was written about a subject."""
    with world.office.store.begin() as session:
        session.execute(
            sa.update(EventText)
            .where(EventText.subject_kind == ref.kind, EventText.subject_id == ref.id)
            .values(text=None, erased_at=world.clock.now() if says_when else None)
        )


def programme_again(world: World, tx: Tx) -> Ref:
    """Open a second audit that asks the first aim of the first one again."""
    theme = programme.Theme("2014-15", "Neglect again", "data", "Our own figures", "Open now", 12, 1)
    audit = programme.open_audit(tx, theme)
    programme.add_aim(tx, audit, "Is information shared in time now?", asks_again=world.aims()[0])
    return audit
