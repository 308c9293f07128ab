"""Whole journeys through the office, on SQLite and on PostgreSQL: from the theme to what has lasted."""

from __future__ import annotations

from datetime import date

from assurance.commands import concluding
from assurance.records import Agency
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.world import STAGES, WHO_READS

RECOMMENDATION = Ref("recommendation", 1)


def test_an_audit_goes_from_its_theme_to_the_agencies_actions(any_world_at: At) -> None:
    world = any_world_at("actions")
    moves = [line.data["to"] for line in world.history(world.audit) if "to" in line.data]
    assert moves == list(STAGES)
    assert world.proof().faults == ()


def test_a_recommendation_goes_from_its_actions_to_what_has_lasted(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.on(date(2015, 1, 12))
    world.moves("sam", RECOMMENDATION, "begin")
    world.completes("bo", world.action("trust"))
    world.completes("gil", world.action("ccg"), by="dan")
    world.is_granted("sam", RECOMMENDATION, "implement")
    world.nights(date(2015, 7, 12))
    assert world.fired(RECOMMENDATION) == ["embedded-check-due 0"]
    world.on(date(2015, 7, 13))
    with world.does("bo") as tx:
        concluding.record_evidence(tx, RECOMMENDATION, "Dip sample", "Nine of ten")
    world.is_granted("sam", RECOMMENDATION, "judge_embedded")
    for agency, who in (("trust", "bo"), ("council", "dev"), ("police", "fay"), ("ccg", "gil")):
        with world.does(who) as tx:
            concluding.record_dissemination(tx, world.audit, world.number(Agency, agency), "Briefing", 40)
    world.is_granted("sam", world.audit, "sign_off")
    assert (world.state(RECOMMENDATION), world.state(world.audit)) == ("embedded", "embedded")
    world.nights(date(2015, 8, 31))
    world.night(date(2016, 7, 13))
    assert world.fired(world.audit) == ["re-audit-due 0"]
    assert world.proof().faults == ()


def test_a_slow_action_goes_up_to_the_board_and_comes_down_again_with_a_new_date(any_world_at: At) -> None:
    world = any_world_at("actions")
    action = world.action("trust")
    world.nights(date(2015, 4, 28))
    spoken = [firing for firing in world.fired(action) if "overdue" in firing]
    assert spoken == [
        "action-overdue 0",
        "action-overdue 1",
        "action-overdue-chair 0",
        "action-overdue-agenda 0",
        "action-overdue-board 0",
    ]
    told = {mail.to for mail in world.news() if mail.said.startswith("An action is sixty days overdue")}
    assert told == {"thea", "ada", "bo", "gil"}
    world.on(date(2015, 4, 29))
    asked = world.asks("bo", action, "extend", new_due_on=date(2015, 6, 30), reason="Two trainers were ill.")
    world.decides("ada", asked)
    world.nights(date(2015, 5, 29))
    assert [firing for firing in world.fired(action) if "overdue" in firing] == spoken
    world.nights(date(2015, 5, 31))
    assert world.fired(action)[-1] == "action-due-in-a-month 0"
    assert world.proof().faults == ()


def test_returns_are_chased_sent_back_waived_and_settled(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    world.nights(date(2014, 12, 4))
    (chair,) = [mail for mail in world.news() if mail.to == "ada" and mail.template == "escalation"]
    assert chair.said == "A return is five working days late (10 of them)."
    world.on(date(2014, 12, 5))
    back = world.agency_return("school")
    world.fills("esme", back)
    world.moves("esme", back, "submit")
    world.moves("sam", back, "request_changes", reason="Fathers", new_due_on=date(2014, 12, 9))
    world.moves("esme", back, "submit")
    world.moves("sam", back, "accept")
    world.moves("fay", world.agency_return("police"), "declare_not_known", remark="No trace.")
    waived = world.agency_return("gp")
    world.decides("dan", world.asks("sam", waived, "waive", reason="The practice has closed."))
    for who, records in (("bo", "health_visiting"), ("dev", "social_care")):
        world.settles(who, world.agency_return(records))
    for records, who in WHO_READS.items():
        world.settles(who, world.agency_return(records, case=1))
    world.is_granted("sam", world.audit, "open_findings")
    assert world.state(world.audit) == "findings"
    assert world.proof().faults == ()
