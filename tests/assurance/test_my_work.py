"""My work: each finds what waits for them and for nobody else, the most urgent first, with the one step to take."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from assurance.commands import acting, reading, waiting
from assurance.commands.accepting import acknowledge
from assurance.commands.replying import reply
from assurance.queries.duties import Urgency
from assurance.queries.my_work import MyWork, in_words, my_work
from assurance.records import Action, Agency, AgencyReturn, Case
from engine.fences import EVERY
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.counting import said_to
from tests.assurance.desk import BO, Desk, chase
from tests.assurance.full_world import CONCERN, OF_INDIVIDUAL, full_world
from tests.assurance.looking import looks
from tests.assurance.papers import asked
from tests.world import World


class Asked(NamedTuple):
    """What is asked of somebody: which step of what, and how soon."""

    ref: Ref
    step: str | None
    urgency: Urgency


def work(world: World, who: str) -> MyWork:
    """My work, as somebody of the cast sees it."""
    with looks(world, who) as (tx, viewer):
        return my_work(tx, viewer)


def asked_of(world: World, who: str, kind: str | None = None) -> list[Asked]:
    """What is asked of somebody, of one kind of subject where that is named, in the order of the page."""
    return [
        Asked(row.ref, None if row.step is None else row.step.trigger, row.urgency)
        for row in work(world, who).waiting.rows
        if kind in (None, row.ref.kind)
    ]


def sent(world: World, who: str) -> list[tuple[Ref, str]]:
    """What somebody has sent, and with whom it waits."""
    return [(one.ref, one.with_whom) for one in work(world, who).sent]


# -- decisions ---------------------------------------------------------------------------------------------


def test_a_decision_waits_for_the_chair_and_stands_with_the_chair_for_whoever_asked(world_at: At) -> None:
    world = world_at("proposed")
    approval = world.asks("sam", world.audit, "agree_theme")
    assert asked_of(world, "ada") == [Asked(approval, "approve", Urgency.WAITS)]
    assert sent(world, "sam") == [(approval, "Ada Ashdown")]
    assert asked_of(world, "sam") == []
    assert asked_of(world, "dan") == asked_of(world, "cleo") == []
    (row,) = work(world, "ada").waiting.rows
    assert (row.what, row.why) == ("Agree the theme: audit 1", "Sam Sedley asks for your decision.")
    assert (row.audit, row.when) == ("2014-15/1", "since 1 September 2014")
    world.decides("ada", approval)
    assert asked_of(world, "ada") == []
    assert sent(world, "sam") == []


def test_a_decision_about_the_chairs_own_agency_waits_for_the_deputy(world_at: At) -> None:
    world = world_at("actions")
    approval = world.asks("gil", world.action("ccg"), "close", reason="Another board does it.")
    assert asked_of(world, "ada", "approval") == []
    assert asked_of(world, "dan", "approval") == [Asked(approval, "approve", Urgency.WAITS)]
    assert sent(world, "gil") == [(approval, "Dan Dole")]


def test_a_decision_that_has_waited_longer_than_usual_is_late(world_at: At) -> None:
    world = world_at("proposed")
    approval = world.asks("sam", world.audit, "agree_theme")
    world.on(world.working_days_from(world.today, 5))
    assert asked_of(world, "ada") == [Asked(approval, "approve", Urgency.WAITS)]
    world.on(world.working_days_from(world.today, 1))
    assert asked_of(world, "ada") == [Asked(approval, "approve", Urgency.OVERDUE)]
    assert work(world, "ada").late == 1


def test_of_several_who_are_asked_each_finds_it_until_they_have_answered(papers: World) -> None:
    _, approval = asked(papers, "theme")
    papers.decides("ada", approval)
    assert asked_of(papers, "ada", "approval") == []
    assert [one.ref for one in asked_of(papers, "bo", "approval")] == [approval]
    ((_, so_far),) = sent(papers, "sam")
    assert "have agreed" in so_far or "has agreed" in so_far


def test_what_stands_in_yaml_only_waits_for_whoever_may_take_it_on(papers: World) -> None:
    leaflet, approval = asked(papers, "leaflet")
    found = asked_of(papers, "sam", "leaflet")
    assert {one.ref for one in found} <= {leaflet}
    assert sent(papers, "sam")[0][0] == approval


# -- returns -----------------------------------------------------------------------------------------------


def test_a_return_waits_for_whoever_leads_those_records_and_once_late_for_the_agencys_lead_too(
    world_at: At,
) -> None:
    world = world_at("agency_audits")
    schools = {one.ref for one in asked_of(world, "esme")}
    assert schools == set(world.returns("school"))
    assert {one.ref for one in asked_of(world, "dev")} == set(world.returns("social_care"))
    assert {one.step for one in asked_of(world, "dev")} == {"start"}
    assert {one.urgency for one in asked_of(world, "dev")} == {Urgency.LATER}
    world.on(date(2014, 11, 28))
    late = asked_of(world, "dev")
    assert {one.ref for one in late} == set(world.returns("school", "social_care"))
    assert {one.urgency for one in late} == {Urgency.OVERDUE}
    assert work(world, "dev").waiting.rows[0].when == "1 day overdue, due on 27 November 2014"


def test_a_return_is_begun_submitted_and_then_stands_with_the_coordinator(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.returns("police")[0]
    world.moves("fay", ref, "start")
    assert Asked(ref, "answer", Urgency.LATER) in asked_of(world, "fay")
    with world.does("fay") as tx:
        row = tx.session.get_one(AgencyReturn, ref.id)
        case = tx.session.get_one(Case, row.case_id).case_ref
    world.on(date(2014, 11, 24))
    assert Asked(ref, "answer", Urgency.SOON) in asked_of(world, "fay")
    aims = world.aims()
    with world.does("fay") as tx:
        reading.answer_aims(tx, ref, dict.fromkeys(aims, ("yes", "")))
    assert Asked(ref, "submit", Urgency.SOON) in asked_of(world, "fay")
    world.moves("fay", ref, "submit")
    assert ref not in [one.ref for one in asked_of(world, "fay")]
    assert sent(world, "fay") == [(ref, "Sam Sedley")]
    assert asked_of(world, "sam", "agency_return") == [Asked(ref, "accept", Urgency.WAITS)]
    assert work(world, "fay").sent[0].what == f"Return for case {case} from Police"
    new_day = date(2014, 12, 3)
    world.moves("sam", ref, "request_changes", reason="Which school?", new_due_on=new_day)
    back = next(row for row in work(world, "fay").waiting.rows if row.ref == ref)
    assert (back.why, back.due_on) == ("It was sent back to you: something is missing or unclear.", new_day)


# -- actions -----------------------------------------------------------------------------------------------


def test_an_action_goes_from_its_owner_to_the_lead_to_the_chair(any_world_at: At) -> None:
    world = any_world_at("actions")
    ref = world.action("trust")
    assert asked_of(world, "nell") == [Asked(ref, "begin", Urgency.LATER)]
    assert asked_of(world, "bo", "action") == []
    world.moves("nell", ref, "begin")
    assert asked_of(world, "nell") == [Asked(ref, "add_evidence", Urgency.LATER)]
    with world.does("nell") as tx:
        acting.add_evidence(tx, ref, "Attendance list", "All teams were briefed.")
    assert asked_of(world, "nell") == [Asked(ref, "note_progress", Urgency.LATER)]
    assert asked_of(world, "bo", "action") == [Asked(ref, "confirm", Urgency.LATER)]
    world.moves("bo", ref, "confirm")
    assert asked_of(world, "nell") == []
    assert asked_of(world, "ada", "action") == [Asked(ref, "verify", Urgency.WAITS)]
    assert asked_of(world, "dan", "action") == []
    assert sent(world, "bo") == sent(world, "nell") == [(ref, "Ada Ashdown")]


def test_what_the_chairs_own_agency_has_confirmed_is_verified_by_the_deputy(world_at: At) -> None:
    world = world_at("actions")
    ref = world.action("ccg")
    with world.does("gil") as tx:
        acting.add_evidence(tx, ref, "Attendance list", "All practices were briefed.")
    world.moves("gil", ref, "confirm")
    assert asked_of(world, "ada", "action") == []
    assert asked_of(world, "dan", "action") == [Asked(ref, "verify", Urgency.WAITS)]
    assert sent(world, "gil") == [(ref, "Dan Dole")]


def test_while_the_chair_is_away_the_deputy_verifies(world_at: At) -> None:
    world = world_at("actions")
    ref = world.action("trust")
    with world.does("bo") as tx:
        acting.add_evidence(tx, ref, "Attendance list", "All teams were briefed.")
    world.moves("bo", ref, "confirm")
    world.is_away("ada", until=world.today + timedelta(days=5))
    assert asked_of(world, "dan", "action") == [Asked(ref, "verify", Urgency.WAITS)]


def test_an_action_that_waits_for_another_agency_is_that_agencys_to_answer(world_at: At) -> None:
    world = world_at("actions")
    ref, council = world.action("trust"), world.number(Agency, "council")
    with world.does("nell") as tx:
        waiting.wait_for(tx, ref, council, "Their list of schools is needed.")
    assert asked_of(world, "nell") == []
    assert sent(world, "nell") == [(ref, "County Council")]
    assert asked_of(world, "dev", "action") == [Asked(ref, "stop_waiting", Urgency.WAITS)]
    assert asked_of(world, "fay", "action") == []


def test_an_overdue_action_is_the_leads_too(world_at: At) -> None:
    world = world_at("actions")
    world.on(date(2015, 3, 2))
    ref = world.action("trust")
    assert Asked(ref, "begin", Urgency.OVERDUE) in asked_of(world, "nell")
    assert Asked(ref, "complete_plan", Urgency.OVERDUE) in asked_of(world, "bo")


def test_of_what_a_decision_waits_already_that_is_said(world_at: At) -> None:
    world = world_at("actions")
    (row,) = work(world, "nell").waiting.rows
    assert row.reasons == ()
    world.asks("nell", world.action("trust"), "extend", new_due_on=date(2015, 5, 1), reason="Illness.")
    (row,) = work(world, "nell").waiting.rows
    assert row.reasons == ("A decision about it waits already.",)
    assert row.step is not None


# -- what cannot wait, and what rules have said ------------------------------------------------------------


def test_an_immediate_concern_stands_above_everything(world_at: At) -> None:
    world = full_world(world_at)
    world.on(date(2015, 3, 2))
    assert asked_of(world, "dev")[0] == Asked(CONCERN, "take_up", Urgency.NOW)
    assert asked_of(world, "ada")[0] == Asked(CONCERN, None, Urgency.NOW)
    assert CONCERN not in [one.ref for who in ("bo", "gil", "cleo", "nell") for one in asked_of(world, who)]
    world.moves("dev", CONCERN, "take_up", remark="A social worker goes there now.")
    assert CONCERN not in [one.ref for one in asked_of(world, "dev")]
    assert Asked(CONCERN, "close", Urgency.WAITS) in asked_of(world, "ada")


def test_a_notice_waits_for_a_reply_and_the_reply_for_the_coordinator(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.night(date(2015, 3, 10))
    world.on(date(2015, 3, 10))
    ref = world.action("trust")
    notice = Asked(ref, "reply", Urgency.SOON)
    assert notice in asked_of(world, "nell")
    row = next(one for one in work(world, "nell").waiting.rows if one.rule)
    assert (row.rule, row.due_on) == ("action-overdue-chair", date(2015, 3, 13))
    with world.does("nell") as tx:
        hold = reply(tx, ref, "action-overdue-chair", "The list of who came follows this week.")
    assert notice not in asked_of(world, "nell")
    assert (hold, "Sam Sedley") in sent(world, "nell")
    assert Asked(hold, "let_speak", Urgency.SOON) in asked_of(world, "sam")
    world.moves("sam", hold, "let_speak", reason="The list has not come.")
    assert hold not in [one.ref for who in ("sam", "nell") for one in asked_of(world, who)]


def test_an_escalation_waits_for_the_chair_or_for_the_deputy_where_it_is_the_chairs_own_agency(
    world_at: At,
) -> None:
    world = world_at("actions")
    for day in (date(2015, 3, 10), date(2015, 3, 13)):
        world.night(day)
    world.on(date(2015, 3, 13))
    trust, ccg = world.action("trust"), world.action("ccg")
    assert asked_of(world, "ada", "action") == [Asked(trust, "acknowledge", Urgency.WAITS)]
    assert asked_of(world, "dan", "action") == [Asked(ccg, "acknowledge", Urgency.WAITS)]
    with world.does("ada") as tx:
        acknowledge(tx, trust, until_on=date(2015, 4, 10), reason="The trust merges two teams.")
    assert asked_of(world, "ada", "action") == []
    world.on(date(2015, 4, 9))
    assert [one.step for one in asked_of(world, "ada", "hold")] == ["renew"]


# -- whoever looks after everything ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "step"),
    [
        ("proposed", "agree_theme"),
        ("theme_agreed", "draw_case"),
        ("cases_selected", "set_meeting"),
        ("findings", "hold_moderation"),
        ("recommendations", "make_recommendation"),
    ],
)
def test_the_coordinator_finds_the_next_step_of_each_audit(world_at: At, stage: str, step: str) -> None:
    world = world_at(stage)
    assert [one.step for one in asked_of(world, "sam", "audit")] == [step]
    assert asked_of(world, "ada", "audit") == asked_of(world, "bo", "audit") == []


def test_an_audit_whose_agencies_are_reading_waits_for_them_and_not_for_the_coordinator(world_at: At) -> None:
    assert asked_of(world_at("agency_audits"), "sam", "audit") == []


def test_a_closed_gate_is_told_with_its_reasons(world_at: At) -> None:
    world = world_at("theme_agreed")
    (row,) = work(world, "sam").waiting.rows
    assert row.why == (
        "Before “Agree the selection of cases”: Draw all the cases that the audit is to look at."
    )


def test_agencies_that_took_part_are_asked_to_spread_the_learning(world_at: At) -> None:
    world = world_at("actions")
    spread = Asked(world.audit, "record_dissemination", Urgency.WAITS)
    assert [spread] == asked_of(world, "bo", "audit") == asked_of(world, "fay", "audit")
    assert asked_of(world, "hal", "audit") == []
    assert asked_of(world, "esme", "audit") == []


def test_meetings_wait_for_their_agenda_and_for_the_record_that_they_took_place(world_at: At) -> None:
    world = world_at("agency_audits")
    meeting = Ref("meeting", 1)
    assert asked_of(world, "sam", "meeting") == []
    world.on(date(2014, 12, 1))
    assert asked_of(world, "sam", "meeting") == [Asked(meeting, None, Urgency.LATER)]
    world.on(date(2014, 12, 12))
    assert asked_of(world, "sam", "meeting") == [Asked(meeting, "hold", Urgency.OVERDUE)]


def test_a_dead_address_waits_for_the_coordinator_and_for_whoever_keeps_the_accounts(desk: Desk) -> None:
    chase(desk)
    desk.deliver()
    desk.comes_back("postfix", BO)
    desk.reads()
    address = Ref("dead_address", 1)
    found = Asked(address, "mend", Urgency.WAITS)
    assert found in asked_of(desk.world, "sam")
    assert asked_of(desk.world, "ida") == [found]
    assert address not in [one.ref for one in asked_of(desk.world, "bo")]


@pytest.mark.parametrize("who", ["cleo", "una", "ida", "thea", "viv"])
def test_nothing_waits_for_those_who_only_look(world_at: At, who: str) -> None:
    world = full_world(world_at)
    found = work(world, who)
    assert (found.waiting.rows, found.sent, found.late) == ((), (), 0)
    assert (found.next_meeting is None) == (who == "viv")


def test_nobody_is_told_of_what_another_agency_does_for_itself(world_at: At) -> None:
    world = full_world(world_at)
    world.on(date(2015, 4, 1))
    for who in ("dev", "esme", "fay", "gil", "hal", "cleo", "thea", "ida"):
        assert OF_INDIVIDUAL not in [row.ref for row in work(world, who).waiting.rows], who


# -- words and figures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due_on", "words"),
    [
        (None, "since 1 March 2015, 9 days"),
        (date(2015, 3, 9), "1 day overdue, due on 9 March 2015"),
        (date(2014, 3, 10), "365 days overdue, due on 10 March 2014"),
        (date(2015, 3, 10), "due today"),
        (date(2015, 3, 11), "due tomorrow"),
        (date(2015, 3, 15), "due in 5 days, on 15 March 2015"),
    ],
)
def test_how_late_it_is_stands_there_in_words(due_on: date | None, words: str) -> None:
    assert in_words(date(2015, 3, 1), due_on, today=date(2015, 3, 10)) == words


def test_a_thousand_actions_take_no_more_statements_than_ten(world_at: At) -> None:
    world = world_at("actions")
    copy_actions(world, times=3)
    few = statements(world)
    copy_actions(world, times=7)
    assert work(world, "nell").waiting.place.number == 1024
    assert len(work(world, "nell").waiting.rows) == 50
    assert statements(world) == few


def copy_actions(world: World, *, times: int) -> None:
    """Double the trust's actions so many times; rows of this kind share one history, which the page does not read."""
    columns = [column for column in Action.__table__.columns if column.name not in ("id", "number")]
    names = [column.name for column in columns]
    trust = world.number(Agency, "trust")
    with world.office.store.begin(group=EVERY) as session:
        for _ in range(times):
            highest = session.scalar(sa.select(sa.func.max(Action.number))) or 0
            number = (Action.id + highest).label("number")
            rows = sa.select(*columns, number).where(Action.agency_id == trust)
            session.execute(sa.insert(Action).from_select([*names, "number"], rows))


def statements(world: World) -> dict[str, int]:
    """Count what is asked of the database for each of the cast."""
    found = {}
    for who in ("nell", "bo", "ada", "sam", "cleo"):
        with looks(world, who) as (tx, viewer), said_to(tx) as said:
            my_work(tx, viewer)
        found[who] = len(said)
    return found
