"""What a rule makes of a subject, in words: whether it speaks, what keeps it, whom it tells, and what it never shows."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from assurance.adopting import accept_backlog, only_from
from assurance.commands.accepting import acknowledge
from assurance.commands.replying import reply
from assurance.commands.silencing import silence
from assurance.queries.explaining import Explained, explain
from assurance.sweep import sweep
from engine.errors import Refused
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.full_world import CONCERN, OF_INDIVIDUAL, full_world
from tests.assurance.looking import looks
from tests.assurance.ruled import CLOCK, OVERDUE, under
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday
NOTICED_ON, NAMED_ON = date(2015, 3, 10), date(2015, 3, 13)
CHAIR, OWNER = "action-overdue-chair", "action-overdue"


def explained(world: World, rule: str, ref: Ref, *, who: str | None = "ada") -> Explained:
    with looks(world, who) as (tx, viewer):
        return explain(tx, viewer, rule, ref)


def verdict(world: World, rule: str = CHAIR) -> str:
    return explained(world, rule, world.action("trust")).verdict


def test_a_rule_is_explained_with_the_values_of_the_day_and_the_day_of_change(any_world_at: At) -> None:
    world = any_world_at("actions")
    action = world.action("trust")
    found = explained(world, OWNER, action)
    assert not found.holds
    assert found.verdict == "It says nothing: its condition is not true today."
    assert found.changes_on == DUE + timedelta(days=1)
    assert [(one.text, one.left, one.holds) for one in found.comparisons] == [
        ("state in (agreed, in_progress)", "agreed", True),
        ("waiting_on is empty", None, True),
        ("chased_from_on is not empty", DUE, True),
        ("chased_from_on < today", DUE, False),
    ]
    assert found.told == (("Nell Norris", "owner"), ("Bo Birchall", "agency_lead"))
    assert found.in_force_since == date(2014, 9, 1)
    assert found.source == "rules/action.yaml:37"


def test_each_thing_that_a_rule_can_do_has_a_sentence(world_at: At) -> None:
    world = world_at("actions")
    world.on(DUE + timedelta(days=1))
    assert verdict(world, OWNER) == "It speaks today, for the first time on this occasion."
    world.night(DUE + timedelta(days=1))
    assert verdict(world, OWNER) == "It has said all that it has to say on this occasion so far."
    world.on(DUE + timedelta(days=8))
    assert verdict(world, OWNER) == "It speaks today, again (repeat 1)."
    world.on(NOTICED_ON)
    assert verdict(world) == "It gives notice to the owner today; it names nobody yet."
    world.night(NOTICED_ON)
    assert verdict(world).startswith("Notice was given; it waits until its time is over")
    world.night(NAMED_ON)
    assert verdict(world) == "It has said all that it has to say on this occasion so far."
    world.on(DUE + timedelta(days=15))
    assert verdict(world, OWNER) == f"It keeps quiet, since ‘{CHAIR}’ speaks louder about the same."


def test_a_notice_that_was_given_late_gets_its_full_time(world_at: At) -> None:
    world = world_at("actions")
    world.night(date(2015, 3, 16))
    assert verdict(world) == "Notice was given; it waits for an answer until 19 March 2015, and speaks then."


def test_what_holds_a_rule_is_named_with_its_last_day(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    world.night(NOTICED_ON)
    world.on(NOTICED_ON)
    with world.does("nell") as tx:
        reply(tx, action, CHAIR, "It was done on Monday.")
    world.on(NAMED_ON)
    assert verdict(world).startswith("It is held by a reply that is being looked at; from ")
    world.moves("sam", Ref("hold", 1), "let_speak")
    world.night(NAMED_ON + timedelta(days=1))
    world.on(NAMED_ON + timedelta(days=1))
    with world.does("dan") as tx:
        acknowledge(tx, action, until_on=date(2015, 3, 20), reason="The lead is off sick.")
    world.on(date(2015, 3, 21))
    assert verdict(world) == "It speaks today, again (repeat 1)."
    world.night(date(2015, 3, 21))
    with world.does("sam") as tx:
        silence(tx, ref=world.action("ccg"), until_on=date(2015, 4, 10), reason="The list is counted.")
    world.on(date(2015, 3, 31))
    found = explained(world, "action-overdue-agenda", world.action("ccg"))
    assert found.verdict == "It is held by a silence; from 11 April 2015 on it may speak."
    assert found.looked_at_on is not None


def test_a_rule_that_waits_for_somebodys_word_says_so_until_it_is_given(world_at: At, tmp_path: Path) -> None:
    world = world_at("actions")
    for _ in range(2):
        world.plans("bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting")
    world.on(DUE + timedelta(days=3), time(6, 30))
    under(world, tmp_path / "rules", OVERDUE, clock=CLOCK + "cap: 5\n")
    found = explained(world, "late", world.action("trust"))
    assert found.verdict.startswith(
        "It is not in force: somebody has to say first what becomes of its backlog"
    )
    assert found.in_force_since is None
    accept_backlog(world.office, world.actor("sam"), ["late"])
    found = explained(world, "late", world.action("trust"))
    assert found.verdict == "It speaks today, for the first time on this occasion."
    assert found.in_force_since == world.today


def test_what_was_passed_over_is_named_as_such(world_at: At, tmp_path: Path) -> None:
    world = world_at("actions")
    for _ in range(2):
        world.plans("bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting")
    world.on(DUE + timedelta(days=3), time(6, 30))
    under(world, tmp_path / "rules", OVERDUE, clock=CLOCK + "cap: 5\n")
    only_from(world.office, world.actor("sam"), ["late"], world.today)
    sweep(world.office)
    sentence = "It says nothing: this occasion belongs to a backlog that was passed over."
    assert verdict(world, "late") == sentence


def test_of_a_decision_those_are_named_who_may_take_it_until_it_is_taken(world_at: At) -> None:
    world = world_at("proposed")
    world.on(date(2014, 9, 2))
    approval = world.asks("sam", world.audit, "agree_theme")
    found = explained(world, "approval-to-deputy", approval)
    assert found.told == (("Ada Ashdown", "approver"), ("Sam Sedley", "requester"))
    world.nights(date(2014, 9, 16))
    found = explained(world, "approval-to-deputy", approval)
    assert [name for name, _ in found.told] == ["Ada Ashdown", "Dan Dole", "Sam Sedley"]
    world.decides("dan", approval)
    assert explained(world, "approval-to-deputy", approval).told == ()


# -- what is not shown -------------------------------------------------------------------------------------

TEXT = """
  - id: has-a-measure
    about: action
    title: An action has a measure
    when: measure is not empty and state = agreed
    once_per: state_since_on
    tell: [owner]
"""


def test_of_a_text_it_is_shown_only_that_there_is_one(world_at: At, tmp_path: Path) -> None:
    world = under(world_at("actions"), tmp_path / "rules", TEXT)
    found = explained(world, "has-a-measure", world.action("trust"))
    assert [(one.text, one.left) for one in found.comparisons] == [
        ("measure is not empty", "there is one"),
        ("state = agreed", "agreed"),
    ]


@pytest.mark.parametrize("who", ["gil", "cleo", "thea", "ida", "viv"])
@pytest.mark.parametrize(
    ("rule", "ref"),
    [
        (OWNER, OF_INDIVIDUAL),
        ("return-late", Ref("agency_return", 1)),
        ("concern-not-taken-up", CONCERN),
    ],
)
def test_what_is_another_agencys_own_is_explained_to_nobody(
    rule: str, ref: Ref, who: str, world_at: At
) -> None:
    world = full_world(world_at)
    assert explained(world, rule, ref).rule == rule
    with pytest.raises(Refused) as refused:
        explained(world, rule, ref, who=who)
    assert str(refused.value) == f"There is no {ref} that {world.actor(who).name} may see."


@pytest.mark.parametrize(
    ("rule", "ref", "sentence"),
    [
        ("action-overdu", "action/1", "did you mean 'action-overdue'?"),
        ("return-late", "action/1", "The rule ‘return-late’ is about agency_return, and action/1 is none."),
        ("action-overdue", "action/99", "There is no action/99"),
    ],
)
def test_what_cannot_be_explained_is_refused_with_a_sentence(
    world_at: At, rule: str, ref: str, sentence: str
) -> None:
    world = world_at("actions")
    kind, _, number = ref.partition("/")
    with pytest.raises(Refused) as refused:
        explained(world, rule, Ref(kind, int(number)))
    assert sentence in str(refused.value)
