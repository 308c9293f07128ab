"""Silences: noise is stopped until a day, by somebody who has no part in it, and everybody can see that it is."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from assurance.commands import acting
from assurance.commands.silencing import silence
from assurance.past import holds_on
from assurance.queries.holds import holds
from assurance.records import Agency, RuleHold
from assurance.sweep import sweep
from engine.errors import Refused
from engine.fences import EVERY
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.full_world import OF_INDIVIDUAL, full_world
from tests.assurance.looking import EVERYTHING, card, grid, looks, told, value
from tests.world import World

DUE = date(2015, 2, 27)
TODAY, UNTIL = date(2015, 2, 26), date(2015, 3, 20)
REASON = "The team is moving house."
HOLD = Ref("hold", 1)
OVERDUE = "action-overdue"


def silences(
    world: World,
    who: str = "sam",
    *,
    rule: str | None = None,
    ref: Ref | None = None,
    until: date = UNTIL,
    reason: str = REASON,
) -> Ref:
    with world.does(who) as tx:
        return silence(tx, rule_id=rule, ref=ref, until_on=until, reason=reason)


def overdue(world: World, agency: str) -> list[str]:
    return [firing for firing in world.fired(world.action(agency)) if firing.startswith("action-overdue ")]


# -- what comes of it --------------------------------------------------------------------------------------


def test_one_rule_about_one_action_is_silent_until_the_day(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.on(TODAY)
    action = world.action("trust")
    silences(world, rule=OVERDUE, ref=action)
    world.nights(date(2015, 3, 2))
    assert (overdue(world, "trust"), overdue(world, "ccg")) == ([], ["action-overdue 0"])
    assert world.fired(action) == ["action-due-tomorrow 0", "action-silent 0"], "any other rule goes on"
    world.night(UNTIL)
    assert overdue(world, "trust") == []
    world.night(UNTIL + timedelta(days=1))
    assert overdue(world, "trust") == ["action-overdue 0"]
    assert world.proof().faults == ()


def test_every_rule_about_one_action_is_silent(world_at: At) -> None:
    world = world_at("actions")
    world.on(date(2015, 1, 5))
    action = world.action("trust")
    silences(world, ref=action, until=date(2015, 3, 2))
    world.nights(date(2015, 3, 2))
    assert world.fired(action) == []
    assert world.fired(world.action("ccg")) != []


def test_a_rule_about_everything_is_silent_and_speaks_of_everything_once_it_is_lifted(
    any_world_at: At,
) -> None:
    world = any_world_at("actions")
    world.on(TODAY)
    silences(world, rule=OVERDUE)
    world.nights(date(2015, 3, 3))
    assert (overdue(world, "trust"), overdue(world, "ccg")) == ([], [])
    world.on(date(2015, 3, 3))
    world.moves("sam", HOLD, "lift", reason="They have moved.")
    world.night(date(2015, 3, 4))
    assert (overdue(world, "trust"), overdue(world, "ccg")) == (["action-overdue 0"], ["action-overdue 0"])
    assert world.proof().faults == ()


def test_what_is_lifted_speaks_within_the_minute(world_at: At) -> None:
    world = world_at("actions")
    world.on(TODAY)
    silences(world, rule=OVERDUE)
    world.nights(date(2015, 3, 3))
    world.on(date(2015, 3, 3))
    world.moves("ada", HOLD, "lift", reason="They have moved.")
    sweep(world.office)
    assert (overdue(world, "trust"), overdue(world, "ccg")) == (["action-overdue 0"], ["action-overdue 0"])


def test_a_rule_about_everything_speaks_again_by_itself(world_at: At) -> None:
    world = world_at("actions")
    world.on(TODAY)
    silences(world, rule=OVERDUE, until=date(2015, 3, 3))
    world.nights(date(2015, 3, 3))
    assert overdue(world, "ccg") == []
    world.night(date(2015, 3, 4))
    assert overdue(world, "ccg") == ["action-overdue 0"]


def test_everybody_can_see_what_is_silent_and_who_said_so(world_at: At) -> None:
    world = world_at("actions")
    world.on(TODAY)
    action = world.action("trust")
    silences(world, rule=OVERDUE, ref=action)
    silences(world, rule="return-due-soon")
    with looks(world, "ada") as (tx, viewer):
        rows = holds(tx, viewer, EVERYTHING).rows
    assert [
        (row.what, row.about, row.rule, row.placed_by, row.until_on, row.is_in_force) for row in rows
    ] == [
        ("silence", action, OVERDUE, "Sam Sedley", UNTIL, True),
        ("silence", None, "return-due-soon", "Sam Sedley", UNTIL, True),
    ]
    assert value(card(world, "ada", HOLD), "words") == REASON
    assert value(card(world, "ada", Ref("hold", 2)), "words") == REASON
    assert [row["rule"] for row in grid(card(world, "bo", action), "holds")] == [OVERDUE]
    (line,) = [line for line in told(world, "bo", action) if line.kind == "silenced"]
    assert line.sentence == "Sam Sedley silenced the rule ‘action-overdue’ until 20 March 2015 (hold/1)."
    assert line.words == {"reason": REASON}
    world.on(UNTIL + timedelta(days=1))
    with looks(world, "ada") as (tx, viewer):
        (first, _) = holds(tx, viewer, EVERYTHING).rows
    assert (first.state_title, first.is_in_force) == ("Ended", False)


def test_what_was_silent_on_a_past_day_is_known(world_at: At) -> None:
    world = world_at("actions")
    world.on(TODAY)
    action = world.action("trust")
    silences(world, rule=OVERDUE, ref=action)
    world.on(date(2015, 3, 3))
    world.moves("sam", HOLD, "lift", reason="They have moved.")
    world.on(date(2015, 3, 10))
    with world.office.store.reading(group=EVERY) as session:
        silent = [
            day
            for day in (TODAY - timedelta(days=1), TODAY, date(2015, 3, 2), date(2015, 3, 3), world.today)
            if holds_on(session, [action], group_id=world.group_id, today=day).get(action)
        ]
    assert silent == [TODAY, date(2015, 3, 2)]


# -- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("nell", "Only the coordinator or chair or deputy chair can do this; Nell Norris is not."),
        ("bo", "Only the coordinator or chair or deputy chair can do this; Bo Birchall is not."),
    ],
)
def test_only_whoever_looks_after_all_of_it_silences(world_at: At, who: str, sentence: str) -> None:
    world = world_at("actions")
    with pytest.raises(Refused) as refusal:
        silences(world, who, ref=world.action("trust"))
    assert refusal.value.reasons[0].sentence == sentence


def test_nobody_silences_what_is_said_of_their_own_agency(world_at: At) -> None:
    world = world_at("actions")
    world.on(TODAY)
    with pytest.raises(Refused, match="You hold a post in the agency whose work this is"):
        silences(world, "ada", ref=world.action("ccg"))
    with pytest.raises(
        Refused, match="speaks of the work of Clinical Commissioning Group too, where you hold"
    ):
        silences(world, "ada", rule=OVERDUE)
    assert silences(world, "ada", ref=world.action("trust")) == HOLD


def test_nobody_silences_what_chases_them(world_at: At) -> None:
    world = world_at("actions")
    world.on(TODAY)
    with pytest.raises(Refused, match="speaks to nobody but you"):
        silences(world, "sam", rule="return-waits-for-acceptance")
    approval = world.asks("nell", world.action("trust"), "extend", new_due_on=UNTIL, reason="Illness.")
    with pytest.raises(Refused, match="This is about what you are to do yourself"):
        silences(world, "ada", ref=approval)
    assert silences(world, "ada", rule="re-audit-due") == HOLD, "a rule about what is of no agency"


def test_what_is_urgent_is_silenced_by_nobody(any_world_at: At) -> None:
    world = any_world_at("findings")
    with world.does("fay") as tx:
        concern = acting.raise_concern(tx, world.number(Agency, "council"), "A child may be alone")
    for rule, ref in (("concern-not-taken-up", None), (None, concern), ("concern-not-taken-up", concern)):
        with pytest.raises(Refused, match="What is urgent is silenced by nobody"):
            silences(world, rule=rule, ref=ref, until=world.today)


@pytest.mark.parametrize(
    ("rule", "until", "reason", "sentence"),
    [
        (None, UNTIL, REASON, "Name the rule, or the subject, or both."),
        ("action-overdu", UNTIL, REASON, "did you mean 'action-overdue'?"),
        (OVERDUE, TODAY - timedelta(days=1), REASON, "25 February 2015 is over; name today or a later day."),
        (
            OVERDUE,
            TODAY + timedelta(days=91),
            REASON,
            "Rules are silenced for 90 days at most, until 27 May 2015",
        ),
        (OVERDUE, UNTIL, "", "Write down the reason; it is empty."),
    ],
)
def test_a_silence_without_end_reason_or_subject_is_refused(
    world_at: At, rule: str | None, until: date, reason: str, sentence: str
) -> None:
    world = world_at("actions")
    world.on(TODAY)
    with pytest.raises(Refused) as refusal:
        silences(world, rule=rule, until=until, reason=reason)
    assert sentence in refusal.value.reasons[0].sentence
    assert world.ask(sa.select(RuleHold)) == []


def test_a_silence_is_neither_answered_nor_renewed(world_at: At) -> None:
    world = world_at("actions")
    world.on(TODAY)
    silences(world, ref=world.action("trust"))
    with pytest.raises(Refused, match="This is no reply; it is lifted, or it ends by itself"):
        world.moves("sam", HOLD, "let_speak")
    with pytest.raises(Refused, match="Only an acknowledgement is renewed"):
        world.moves("sam", HOLD, "renew", until=UNTIL + timedelta(days=5), reason="It takes longer.")
    with pytest.raises(Refused, match="is a step for the"):
        world.moves("bo", HOLD, "lift", reason="We have moved.")
    assert world.row(RuleHold, HOLD).state == "in_force"


def test_what_is_silent_about_anothers_own_work_is_seen_by_few(world_at: At) -> None:
    world = full_world(world_at)
    silences(world, ref=OF_INDIVIDUAL, until=world.today)
    silences(world, rule="re-audit-due", until=world.today)
    for who, seen, hidden in (("ada", 2, 0), ("bo", 2, 0), ("fay", 1, 1), ("cleo", 1, 1), ("viv", 0, 2)):
        with looks(world, who) as (tx, viewer):
            found = holds(tx, viewer, EVERYTHING)
        assert (len(found.rows), found.hidden) == (seen, hidden), who
    with pytest.raises(Refused, match="There is no hold/1 that Fay Finch may see"):
        card(world, "fay", HOLD)
