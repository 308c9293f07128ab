"""Answers that are repeated, stale, against each other at the same moment, or changed afterwards; on both databases."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import partial

import pytest
import sqlalchemy as sa

from assurance.records import Approval
from engine.errors import Refused, Stale
from engine.fences import EVERY
from engine.ledger import Event
from engine.moved import Ref
from tests.assurance.papers import MEMBERS, asked, counts
from tests.assurance.test_at_once import at_once, kinds
from tests.assurance.test_tampering import found, tampering
from tests.world import World


@pytest.fixture
def world(papers: World) -> World:
    """An office that knows papers which several have to agree to."""
    return papers


# -- repeated, stale, at once, sealed ----------------------------------------------------------------------


def test_the_same_request_twice_is_one_answer_whether_it_settles_or_not(world: World) -> None:
    _, approval = asked(world, "threshold_document")
    first = world.decides("ada", approval, key="form-1")
    again = world.decides("ada", approval, key="form-1")
    assert (again.seq, again.state, again.is_repeat) == (first.seq, "waiting", True)
    with pytest.raises(Refused, match="The key 'form-1' was used for another request"):
        world.decides("ada", approval, "reject", reason="No.", key="form-1")
    for who in MEMBERS[1:-1]:
        world.decides(who, approval)
    last = world.decides("gil", approval, "reject", reason="Too long.", key="form-2")
    repeat = world.decides("gil", approval, "reject", reason="Too long.", key="form-2")
    assert (last.state, repeat.state, repeat.seq, repeat.is_repeat) == (
        "approved",
        "approved",
        last.seq,
        True,
    )


def test_another_answer_makes_nobody_stale_and_the_settling_one_does(world: World) -> None:
    _, approval = asked(world, "theme")
    seen = world.version(approval)
    for who in ("ada", "dan", "bo"):
        world.decides(who, approval, version=seen)
    with pytest.raises(Stale, match="Bo Birchall changed Approval 1 on 1 Sep 2014"):
        world.decides("dev", approval, version=seen)
    with pytest.raises(Stale):
        counts(world, "sam", approval, version=seen)


def test_of_sixty_who_agree_at_once_three_do_and_the_move_is_made_once(any_papers: World) -> None:
    world = any_papers
    paper, approval = asked(world, "theme")
    world.delivers()
    seen = world.version(approval)
    deeds = [partial(world.decides, who, approval, version=seen) for who in MEMBERS[:6] for _ in range(10)]
    outcomes = at_once(*deeds)
    assert kinds(outcomes)["Done"] == 3
    assert sum(kinds(outcomes).values()) == 60
    assert world.state(paper) == "adopted"
    assert Counter(line.kind for line in world.history(paper)) == {"opened": 1, "asked": 1, "moved": 1}
    assert len(world.history(paper)[-1].data["agreed_by"]) == 3
    assert len([mail for mail in world.news() if mail.template == "approval_decided"]) == 1 + 4
    assert world.proof().faults == ()


def test_agreeing_against_rejecting_at_once_comes_to_one_of_them(any_papers: World) -> None:
    world = any_papers
    for _ in range(6):
        paper, approval = asked(world, "press_statement")
        outcomes = at_once(
            partial(world.decides, "ada", approval),
            partial(world.decides, "bo", approval),
            partial(world.decides, "fay", approval, "reject", reason="No."),
        )
        state = world.state(approval)
        assert (state, world.state(paper)) in (("approved", "released"), ("rejected", "draft"))
        assert kinds(outcomes)["Done"] >= 1
        settled = [line for line in world.history(approval) if line.kind == "moved"]
        assert [line.data["to"] for line in settled] == [state]
    assert world.proof().faults == ()


def test_two_answers_that_would_settle_it_at_once_make_one_move(any_papers: World) -> None:
    world = any_papers
    for _ in range(6):
        paper, approval = asked(world, "theme")
        for who in ("ada", "dan"):
            world.decides(who, approval)
        outcomes = at_once(*[partial(world.decides, who, approval) for who in ("bo", "dev", "esme")])
        assert kinds(outcomes)["Done"] == 1
        assert [line.kind for line in world.history(paper)] == ["opened", "asked", "moved"]
    assert world.proof().faults == ()


def test_an_answer_and_a_change_of_its_paper_do_not_stop_each_other(any_papers: World) -> None:
    world = any_papers
    for _ in range(4):
        paper, approval = asked(world, "theme")
        _, changed = at_once(
            partial(world.decides, "ada", approval), partial(world.moves, "sam", paper, "drop", reason="No.")
        )
        assert not isinstance(changed, Refused)
        assert world.state(approval) == "lapsed"


def test_a_changed_answer_is_found_by_the_proof(any_papers: World) -> None:
    world = any_papers
    _, approval = asked(world, "theme")
    world.decides("ada", approval)
    world.decides("bo", approval, "reject", reason="No.")
    line = (Event.subject_kind == "approval", Event.subject_id == approval.id, Event.seq == 3)
    with world.office.store.reading(group=EVERY) as session:
        assert found(session) == ()
        data = session.execute(sa.select(Event.data).where(*line)).scalar_one()
    with tampering(world) as session:
        session.execute(sa.update(Event).where(*line).values(data=data.replace('"reject"', '"approve"')))
        assert [(fault.subject, fault.line) for fault in found(session)] == [(str(approval), 3)]
    with tampering(world) as session:
        session.execute(sa.update(Approval).values(late_on=date(2014, 9, 2)))
        assert [fault.subject for fault in found(session)] == [str(approval)]


def test_what_is_no_answer_is_refused(world: World) -> None:
    _, approval = asked(world, "theme")
    with pytest.raises(Refused, match=r"'count' is not an answer\. Known: approve, request_change, reject"):
        world.decides("sam", approval, "count")
    with pytest.raises(Refused, match="has a form of its own"):
        world.moves("sam", approval, "count", outcome="approved")
    with pytest.raises(Refused, match=r"There is no approval/9\."):
        counts(world, "sam", Ref("approval", 9))
