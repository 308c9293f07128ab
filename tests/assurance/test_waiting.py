"""Waiting for another agency: the owner's clock stands still, the other agency's runs, and both can be seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from assurance.commands import acting, concluding
from assurance.commands.replying import reply
from assurance.commands.waiting import stop_waiting, wait_for
from assurance.queries.lists import actions
from assurance.records import Action, Agency
from assurance.sweep import sweep
from engine.errors import Refused
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.looking import EVERYTHING, card, looks, told, value
from tests.assurance.ruled import under
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday
SINCE = date(2015, 2, 20)  # a week before, on a Friday
PUT_OFF = """
  - id: put-off
    about: action
    title: An action is late, and its day is put off to today
    when: state in (agreed, in_progress) and current_due_on is not empty and current_due_on < today
    once_per: state_since_on
    set: {current_due_on: today}

  - id: chased
    about: action
    title: The owner of an action is chased
    when: state in (agreed, in_progress) and chased_from_on is not empty and chased_from_on - 1 days < today
    once_per: chased_from_on
    tell: [owner]
"""
NEEDED, CAME = "The list of contacts is theirs.", "The list was sent on Monday."


def waits(world: World, who: str = "nell", agency: str = "police", reason: str = NEEDED) -> Ref:
    action = world.action("trust")
    number = world.number(Agency, agency)
    with world.does(who) as tx:
        wait_for(tx, action, number, reason)
    return action


def goes_on(world: World, who: str, text: str = CAME) -> None:
    with world.does(who) as tx:
        stop_waiting(tx, world.action("trust"), text)


def row(world: World) -> Action:
    found: Action = world.row(Action, world.action("trust"))
    return found


def about(world: World, ref: Ref, *words: str) -> list[str]:
    """Give what rules have said of an action that begin with one of these words."""
    return [firing for firing in world.fired(ref) if firing.startswith(words)]


# -- two clocks --------------------------------------------------------------------------------------------


def test_while_an_action_waits_its_owner_is_left_alone_and_the_other_agency_is_chased(
    any_world_at: At,
) -> None:
    world = any_world_at("actions")
    world.on(SINCE)
    world.news()
    action = waits(world)
    (mail,) = world.news()
    assert (mail.to, mail.template, mail.said) == ("fay", "awaited", "Action 1 waits for Shire Constabulary.")
    assert NEEDED not in mail.everything
    ten, twenty = world.working_days_from(SINCE, 10), world.working_days_from(SINCE, 20)
    world.nights(ten)
    assert [reminder.to for reminder in world.reminded() if reminder.rule == "action-awaited"] == ["fay"]
    world.nights(twenty - timedelta(days=1))
    heard = [mail for mail in world.news() if mail.template == "notice"]
    assert [mail.to for mail in heard if "twenty working days" in mail.said] == ["fay"]
    world.night(twenty)
    named = [
        mail
        for mail in world.news()
        if mail.said == "An action has waited twenty working days for another agency."
    ]
    assert sorted(mail.to for mail in named) == ["ada", "bo", "fay", "nell"]
    assert about(world, action, "action-overdue", "action-due", "action-silent") == []
    assert world.proof().faults == ()


def test_the_working_days_waited_are_added_to_the_owners_day_and_no_date_is_changed(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.on(SINCE)
    action = waits(world)
    until = world.working_days_from(SINCE, 12)
    world.on(until)
    goes_on(world, "fay")
    chased = world.working_days_from(DUE, 12)
    found = row(world)
    assert (found.original_due_on, found.current_due_on, found.chased_from_on) == (DUE, DUE, chased)
    assert (found.waiting_on_agency_id, found.waiting_since_on, found.times_moved) == (None, None, 0)
    world.nights(chased)
    assert about(world, action, "action-overdue") == []
    world.night(chased + timedelta(days=1))
    assert about(world, action, "action-overdue") == ["action-overdue 0"]
    (line,) = [line for line in told(world, "bo", action) if "what came of waiting" in line.sentence]
    assert "the owner is chased from 17 March 2015" in line.details
    assert line.words == {"what_came": CAME}
    assert world.proof().faults == ()


def test_where_a_rule_sets_the_day_the_owners_day_follows_as_after_a_move(
    any_world_at: At, tmp_path: Path
) -> None:
    world = under(any_world_at("actions"), tmp_path / "rules", PUT_OFF)
    action = world.action("trust")
    sweep(world.office)
    world.night(date(2015, 3, 2))
    row = world.row(Action, action)
    assert (row.current_due_on, row.chased_from_on) == (date(2015, 3, 2), date(2015, 3, 2))
    (line,) = [one for one in world.history(action) if "set" in one.data and one.kind == "fired"]
    assert (line.data["set"], line.data["row"]) == (
        {"current_due_on": "2015-03-02"},
        {"chased_from_on": "2015-03-02"},
    )
    assert world.fired(action)[-1] == "chased 0"
    assert [one.data["occasion"] for one in world.history(action) if one.kind == "fired"][-1] == "2015-03-02"
    assert world.proof().faults == ()


def test_a_second_time_of_waiting_comes_on_top(world_at: At) -> None:
    world = world_at("actions")
    world.on(SINCE)
    waits(world)
    world.on(world.working_days_from(SINCE, 3))
    goes_on(world, "nell")
    waits(world, agency="council")
    world.on(world.working_days_from(SINCE, 5))
    goes_on(world, "dev")
    assert row(world).chased_from_on == world.working_days_from(DUE, 5)


def test_a_date_that_is_moved_afterwards_counts_alone(world_at: At) -> None:
    world = world_at("actions")
    world.on(SINCE)
    action = waits(world)
    world.on(world.working_days_from(SINCE, 5))
    goes_on(world, "nell")
    later = date(2015, 4, 30)
    world.is_granted("nell", action, "extend", new_due_on=later, reason="Illness.")
    assert (row(world).current_due_on, row(world).chased_from_on) == (later, later)
    assert world.proof().faults == ()


def test_an_action_without_a_date_can_wait_too(world_at: At) -> None:
    world = world_at("recommendations")
    world.audit_at("actions")
    recommendation = Ref("recommendation", 1)
    with world.does("bo") as tx:
        plan = acting.Plan(world.number(Agency, "trust"), "Ask the families", None, "They were asked", None)
        action = acting.plan_action(tx, recommendation, plan)
    with world.does("bo") as tx:
        acting.complete_plan(tx, action, owner_post_id=5)
    world.moves("bo", action, "agree")
    with world.does("bo") as tx:
        wait_for(tx, action, world.number(Agency, "police"), NEEDED)
    with world.does("bo") as tx:
        stop_waiting(tx, action, CAME)
    assert world.row(Action, action).chased_from_on is None


def test_whoever_is_told_is_told_that_it_waits_or_has_waited(world_at: At) -> None:
    world = world_at("actions")
    world.on(SINCE)
    waits(world)
    (mail,) = [mail for mail in world.news() if mail.template == "awaited"]
    assert [item["note"] for item in mail.items] == [
        "It has waited for another agency since 20 February 2015."
    ]
    world.on(world.working_days_from(SINCE, 4))
    goes_on(world, "nell")
    world.night(date(2015, 3, 16))
    world.night(date(2015, 3, 19))
    named = [mail for mail in world.news() if mail.to == "ada" and mail.template == "escalation"]
    notes = {item["note"] for mail in named for item in mail.items}
    assert "It waited for another agency; its owner is chased from 5 March 2015." in notes


def test_both_clocks_can_be_seen(world_at: At) -> None:
    world = world_at("actions")
    world.on(SINCE)
    action = waits(world)
    world.on(world.working_days_from(SINCE, 4))
    shown = card(world, "cleo", action)
    assert value(shown, "waiting_on") == "Shire Constabulary"
    assert value(shown, "waiting_since_on") == SINCE
    assert value(shown, "working_days_waited") == 4
    with looks(world, "cleo") as (tx, viewer):
        (first, _) = actions(tx, viewer, EVERYTHING).rows
    assert (first.waiting_on, first.working_days_waited, first.current_due_on) == (
        "Shire Constabulary",
        4,
        DUE,
    )
    goes_on(world, "nell")
    assert value(card(world, "cleo", action), "chased_from_on") == world.working_days_from(DUE, 4)


# -- who sees it and who answers ---------------------------------------------------------------------------


def test_whoever_is_waited_for_reads_what_for_and_nothing_else(world_at: At) -> None:
    world = world_at("actions")
    world.on(SINCE)
    action = waits(world)
    assert value(card(world, "fay", action), "awaited") == NEEDED
    assert value(card(world, "nell", action), "awaited") == NEEDED
    assert value(card(world, "cleo", action), "awaited") == "(for its own agency)"
    assert all(line.words == {} for line in told(world, "fay", action))


def test_an_action_for_individual_practice_is_seen_by_whoever_it_waits_for_as_long_as_it_does(
    world_at: At,
) -> None:
    world = world_at("recommendations")
    aims = world.aims()
    with world.does("sam") as tx:
        trust = world.number(Agency, "trust")
        made = concluding.make_recommendation(
            tx,
            world.audit,
            concluding.Wanted("individual_practice", "Keep a chronology", [aims[0]], [1], [], trust),
        )
    world.is_granted("sam", made, "agree")
    own = world.plans("bo", "trust", recommendation=made, owner="health_visiting")
    with pytest.raises(Refused, match="There is no action/1"):
        card(world, "fay", own)
    waits(world, "bo")
    assert value(card(world, "fay", own), "recommendation_text") == "(for its own agency)"
    assert value(card(world, "bo", own), "recommendation_text") == "Keep a chronology"
    with pytest.raises(Refused, match="There is no action/1"):
        card(world, "dev", own)
    goes_on(world, "fay")
    with pytest.raises(Refused, match="There is no action/1"):
        card(world, "fay", own)


def test_the_lead_of_the_awaited_agency_is_heard_before_the_chair_is_told(world_at: At) -> None:
    world = world_at("actions")
    world.on(SINCE)
    action = waits(world)
    twenty = world.working_days_from(SINCE, 20)
    world.nights(twenty - timedelta(days=1))
    with pytest.raises(Refused, match="is for Fay Finch; only they can reply"), world.does("nell") as tx:
        reply(tx, action, "action-awaited-chair", "We still wait.")
    with world.does("fay") as tx:
        reply(tx, action, "action-awaited-chair", "The list is being printed.")
    world.night(twenty)
    assert about(world, action, "action-awaited-chair") == []


# -- what is refused ---------------------------------------------------------------------------------------


def _nothing(_world: World) -> None:
    return


def _waits(world: World) -> None:
    waits(world)


@pytest.mark.parametrize(
    ("before", "who", "agency", "reason", "sentence"),
    [
        (
            _nothing,
            "nell",
            "trust",
            NEEDED,
            "The action is that of North Trust itself; one waits for another agency.",
        ),
        (
            _nothing,
            "fay",
            "council",
            NEEDED,
            "‘Wait for another agency’ is a step for the owner or the agency lead",
        ),
        (
            _nothing,
            "sam",
            "council",
            NEEDED,
            "‘Wait for another agency’ is a step for the owner or the agency lead",
        ),
        (_nothing, "nell", "police", "", "Write down what is awaited; it is empty."),
        (
            _waits,
            "nell",
            "council",
            NEEDED,
            "It waits for another agency already; say first what came of that.",
        ),
    ],
)
def test_waiting_that_cannot_be_is_refused(
    world_at: At, before: Callable[[World], None], who: str, agency: str, reason: str, sentence: str
) -> None:
    world = world_at("actions")
    world.on(SINCE)
    before(world)
    with pytest.raises(Refused) as refusal:
        waits(world, who, agency, reason)
    assert refusal.value.reasons[0].sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("before", "who", "text", "sentence"),
    [
        (_nothing, "nell", CAME, "It waits for no other agency."),
        (_waits, "dev", CAME, "‘Say what came of waiting for another agency’ is a step for the owner"),
        (_waits, "ada", CAME, "‘Say what came of waiting for another agency’ is a step for the owner"),
        (_waits, "nell", " ", "Write down what came of it; it is empty."),
    ],
)
def test_an_end_of_waiting_that_cannot_be_is_refused(
    world_at: At, before: Callable[[World], None], who: str, text: str, sentence: str
) -> None:
    world = world_at("actions")
    world.on(SINCE)
    before(world)
    with pytest.raises(Refused) as refusal:
        goes_on(world, who, text)
    assert refusal.value.reasons[0].sentence.startswith(sentence)


def test_what_waits_is_neither_confirmed_nor_closed_nor_put_off(world_at: At) -> None:
    world = world_at("actions")
    world.on(SINCE)
    action = waits(world)
    for who, trigger, given in (
        ("bo", "confirm", {}),
        ("bo", "close", {"reason": "A new law came."}),
        ("nell", "extend", {"new_due_on": date(2015, 4, 30), "reason": "Illness."}),
    ):
        with pytest.raises(
            Refused, match=r"while it waits for another agency|still waits for another agency"
        ):
            world.moves(who, action, trigger, **given)


def test_a_request_for_a_later_date_lapses_once_the_action_waits(world_at: At) -> None:
    world = world_at("actions")
    world.on(SINCE)
    asked = world.asks(
        "nell", world.action("trust"), "extend", new_due_on=date(2015, 4, 30), reason="Illness."
    )
    waits(world)
    assert world.state(asked) == "lapsed"
