"""Every way to decide, on both databases: agreed, refused, by deputies, late, against each other at once, and sealed."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.commands.approving import count_answers
from assurance.commands.founding import open_matter
from assurance.commands.moving import Done
from assurance.config import HOME
from assurance.playbook import Shelf, read_shelf
from assurance.queries.around import approvals
from assurance.queries.doors import doors_of
from assurance.queries.rows import Wanted
from assurance.records import Approval, DigestItem, Person, Post, PostHolding
from engine.errors import Refused, Stale
from engine.ledger import Event
from engine.moved import Ref
from tests.assurance.looking import card, looks, told, value
from tests.assurance.test_at_once import at_once, kinds
from tests.assurance.test_tampering import found, tampering
from tests.cast import FIRST_DAY
from tests.world import World

PAPERS = HOME / "examples" / "approval-policies" / "workflows"
MEMBERS = ("ada", "dan", "bo", "dev", "esme", "fay", "gil")  # the lay member sees no papers


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    """The house's own workflows and rules, and the papers of the example."""
    return read_shelf((HOME / "workflows", PAPERS), (HOME / "rules",))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, shelf: Shelf) -> Path:
    """An SQLite file with the whole cast, made once and copied for each test."""
    file = tmp_path_factory.mktemp("papers") / "made.sqlite"
    _with_an_information_lead(World(file, shelf=shelf)).close()
    return file


@pytest.fixture
def world(made: Path, tmp_path: Path, shelf: Shelf) -> Iterator[World]:
    """An office that knows the papers, in an SQLite file."""
    world = World(shutil.copyfile(made, tmp_path / "world.sqlite"), shelf=shelf)
    yield world
    world.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_world(request: pytest.FixtureRequest, shelf: Shelf) -> Iterator[World]:
    """The same, once in an SQLite file and once in PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("world")
        return
    world = _with_an_information_lead(World(request.getfixturevalue("empty_postgres_house"), shelf=shelf))
    yield world
    world.close()


def _with_an_information_lead(world: World) -> World:
    with world.office.store.begin() as session:
        of = {"group_id": world.group_id}
        post = Post(
            **of, key="information", title="Information lead", role="information_lead", is_member=False
        )
        session.add(post)
        session.flush()
        held = {"post_id": post.id, "person_id": world.number(Person, "hal"), "from_on": FIRST_DAY}
        session.add(PostHolding(**of, **held))
    return world


TRIGGERS = {
    "leaflet": "publish",
    "briefing": "circulate",
    "sharing_agreement": "sign",
    "theme": "adopt",
    "press_statement": "release",
    "threshold_document": "adopt",
    "data_request": "answer",
}


def asked(world: World, kind: str, *, who: str = "sam") -> tuple[Ref, Ref]:
    """Write a paper and ask for its decision."""
    with world.does("sam") as tx:
        paper = open_matter(tx, kind, "A paper", {})
    return paper, world.asks(who, paper, TRIGGERS[kind])


def counts(
    world: World, who: str, approval: Ref, *, version: int | None = None, key: str | None = None
) -> Done:
    with world.does(who) as tx:
        return count_answers(tx, approval, version=version, key=key)


def so_far(world: World, approval: Ref) -> str:
    """Say how far it is, as the list of decisions does."""
    with looks(world, "sam") as (tx, viewer):
        rows = approvals(tx, viewer, Wanted()).rows
    return next(row.so_far for row in rows if row.ref == approval)


def reminded(world: World, approval: Ref) -> list[str]:
    """Give who is reminded of a decision in the next digest."""
    query = sa.select(Person.key).join(DigestItem, DigestItem.person_id == Person.id)
    return sorted(
        world.ask(query.where(DigestItem.subject_kind == "approval", DigestItem.subject_id == approval.id))
    )


def leaves(world: World, post: str, *, successor: str | None = None) -> None:
    """Let somebody leave a post, and the next day begin."""
    world.leaves(post, successor=successor)
    world.on(world.today + timedelta(days=1))


# -- any of, all of ----------------------------------------------------------------------------------------


def test_of_any_of_them_the_first_to_answer_decides_and_the_other_hears_that_it_is_settled(
    world: World,
) -> None:
    paper, approval = asked(world, "briefing")
    assert world.told("approval_waiting") == ["ada", "dan"]
    world.decides("dan", approval)
    assert (world.state(paper), world.state(approval)) == ("circulated", "approved")
    mails = {mail.to: mail.said for mail in world.news() if mail.template == "approval_decided"}
    assert mails == {
        "sam": "Your request to circulate the briefing: approved.",
        "ada": "The request to circulate the briefing waits for you no more: approved.",
    }
    with pytest.raises(Refused, match="it is already Approved"):
        world.decides("ada", approval)


def test_all_of_them_have_to_agree_and_the_move_is_made_with_the_last(any_world: World) -> None:
    world = any_world
    paper, approval = asked(world, "sharing_agreement")
    world.news()
    done = world.decides("hal", approval)
    assert (done.state, world.state(paper), world.told()) == ("waiting", "draft", [])
    assert so_far(world, approval) == "1 of 2 has agreed; Ada Ashdown is still to answer."
    world.decides("ada", approval, reason="At last.")
    assert (world.state(paper), world.state(approval)) == ("signed", "approved")
    line = world.history(paper)[-1]
    assert line.data["agreed_by"] == sorted(world.actor(who).signature for who in ("ada", "hal"))
    assert world.told("approval_decided") == ["sam"]
    assert world.proof().faults == ()


def test_of_all_of_them_the_first_no_ends_it_and_those_who_were_still_asked_hear_of_it(world: World) -> None:
    paper, approval = asked(world, "sharing_agreement")
    world.news()
    world.decides("hal", approval, "reject", reason="There is no lawful ground.")
    assert (world.state(paper), world.state(approval)) == ("draft", "rejected")
    assert world.told("approval_decided") == ["ada", "sam"]
    assert world.texts(approval) == {(2, "reason"): "There is no lawful ground."}
    assert world.history(paper)[-1].data == {"approval": approval.id, "answer": "reject", "minor": True}


def test_the_deputy_speaks_for_the_role_that_is_named_and_for_no_other(world: World) -> None:
    world.is_away("ada", until=date(2014, 9, 5))
    paper, approval = asked(world, "sharing_agreement")
    assert world.told("approval_waiting") == ["ada", "dan", "hal"]
    world.decides("dan", approval)
    with pytest.raises(Refused, match="Dan Dole has answered in your place; each voice is heard once"):
        world.decides("ada", approval)
    world.decides("hal", approval)
    assert world.state(paper) == "signed"
    assert world.history(approval)[1].data["voice"] == {
        "role": "chair",
        "post": world.number(Post, "deputy"),
        "deputy": True,
    }


def test_one_person_in_two_posts_answers_once_and_somebody_else_has_to_speak_for_the_other(
    world: World,
) -> None:
    leaves(world, "information", successor="ada")
    paper, approval = asked(world, "sharing_agreement")
    world.decides("ada", approval)
    assert world.state(paper) == "draft"
    with pytest.raises(Refused, match="You have answered already: approve"):
        world.decides("ada", approval)
    # She speaks as information lead, for whom nobody could stand in; the deputy is called in for the chair.
    assert so_far(world, approval) == "1 of 2 has agreed; Dan Dole is still to answer."
    world.decides("dan", approval)
    assert world.state(paper) == "signed"


# -- a number out of a group -------------------------------------------------------------------------------


def test_three_of_the_members_agree_against_one_and_only_the_outcome_is_told(world: World) -> None:
    paper, approval = asked(world, "theme")
    assert world.told("approval_waiting") == sorted(MEMBERS)
    world.decides("fay", approval, "reject", reason="We had it two years ago.")
    world.decides("esme", approval)
    world.decides("gil", approval)
    assert world.told() == []
    assert so_far(world, approval) == (
        "2 of 3 members have agreed, 1 has not; Ada Ashdown, Dan Dole, Bo Birchall and Dev Dunmore are still to answer."
    )
    world.decides("dev", approval)
    assert world.state(paper) == "adopted"
    assert world.told("approval_decided") == ["ada", "bo", "dan", "sam"]
    assert world.row(Approval, approval).decided_by_id == world.actor("dev").person_id


def test_it_is_over_as_soon_as_three_can_agree_no_more(world: World) -> None:
    paper, approval = asked(world, "theme")
    for who in ("ada", "dan", "bo", "dev"):
        world.decides(who, approval, "reject", reason="Not this year.")
        assert world.state(approval) == "waiting"
    world.decides("esme", approval, "request_change", reason="Only the first year of life.")
    assert (world.state(approval), world.state(paper)) == ("change_requested", "draft")
    again = world.asks("sam", paper, "adopt")
    for who in ("ada", "dan", "bo", "dev", "esme"):
        world.decides(who, again, "reject", reason="Not this year.")
    assert world.state(again) == "rejected"


def test_whoever_asks_and_whoever_has_no_voice_does_not_answer(world: World) -> None:
    _, approval = asked(world, "theme", who="ada")
    with pytest.raises(Refused, match="You asked for this yourself; somebody else must decide"):
        world.decides("ada", approval)
    with pytest.raises(Refused, match="is a step for the approver"):
        world.decides("sam", approval)
    with pytest.raises(Refused, match=r"There is no approval/1\."):
        world.decides("cleo", approval)  # the lay member sees no papers


def test_an_answer_is_replaced_until_it_is_settled_and_both_lines_stay(world: World) -> None:
    paper, approval = asked(world, "theme")
    world.decides("gil", approval)
    world.decides("esme", approval)
    world.decides("gil", approval, "reject", reason="I have seen the figures since.")
    assert so_far(world, approval).startswith("1 of 3 members has agreed, 1 has not; ")
    # The same answer with another reason is another answer; without one it is none.
    world.decides("gil", approval, "reject", reason="And the health board has it.")
    with pytest.raises(Refused, match="Fill in ‘Reason’"):
        world.decides("gil", approval, "reject")
    world.decides("bo", approval)
    world.decides("gil", approval)
    assert world.state(paper) == "adopted"
    given = card(world, "sam", approval).grids[0]
    assert [(row[0], row[3], row[5]) for row in given.rows] == [
        ("Gil Gadsby", "approve", True),
        ("Esme Eastlake", "approve", None),
        ("Gil Gadsby", "reject", True),
        ("Gil Gadsby", "reject", True),
        ("Bo Birchall", "approve", None),
        ("Gil Gadsby", "approve", None),
    ]
    assert value(card(world, "sam", approval), "decided_by") == "Gil Gadsby, Esme Eastlake, Bo Birchall"


def test_with_a_veto_the_first_no_ends_it_whoever_has_agreed_before(world: World) -> None:
    paper, approval = asked(world, "press_statement")
    world.decides("bo", approval)
    world.decides("fay", approval, "request_change", reason="It names the street.")
    assert (world.state(approval), world.state(paper)) == ("change_requested", "draft")
    again = world.asks("sam", paper, "release")
    world.decides("bo", again)
    world.decides("fay", again)
    assert world.state(paper) == "released"


def test_who_agreed_has_done_the_step_and_whoever_only_counted_has_not(world: World) -> None:
    paper, approval = asked(world, "threshold_document")
    for who in ("ada", "bo"):
        world.decides(who, approval)
    world.on(world.working_days_from(world.today, 5))
    counts(world, "sam", approval)
    assert world.state(paper) == "adopted"
    assert told(world, "sam", paper)[-1].sentence == (
        "Ada Ashdown and Bo Birchall agreed to the step ‘Adopt the document’, which Sam Sedley had asked for "
        f"(approval/{approval.id}): from Draft to Adopted."
    )


# -- everybody is heard ------------------------------------------------------------------------------------


def test_nothing_is_counted_before_everybody_is_heard(any_world: World) -> None:
    world = any_world
    paper, approval = asked(world, "threshold_document")
    for who in MEMBERS[:-1]:
        world.decides(who, approval)
        assert world.state(approval) == "waiting"
    assert so_far(world, approval) == "6 of 3 members have agreed; Gil Gadsby is still to answer."
    world.decides(MEMBERS[-1], approval, "reject", reason="The first page will not be understood.")
    assert (world.state(approval), world.state(paper)) == ("approved", "adopted")
    line = told(world, "sam", approval)[-1]
    assert line.sentence == (
        "Gil Gadsby answered as member: reject; that was counted with the others: from Waiting to Approved."
    )
    assert dict(line.words) == {"reason": "The first page will not be understood."}
    assert world.proof().faults == ()


def test_the_last_to_agree_can_be_outvoted_by_those_before(world: World) -> None:
    paper, approval = asked(world, "threshold_document")
    for who in MEMBERS[:5]:
        world.decides(who, approval, "reject", reason="Too long.")
    for who in MEMBERS[5:]:
        world.decides(who, approval)
    assert (world.state(approval), world.state(paper)) == ("rejected", "draft")
    assert world.history(paper)[-1].data["answer"] == "reject"
    assert value(card(world, "sam", approval), "decided_by") == (
        "Ada Ashdown, Dan Dole, Bo Birchall, Dev Dunmore, Esme Eastlake"
    )


def test_nobody_waits_for_a_member_who_is_away(world: World) -> None:
    world.is_away("gil", until=date(2014, 9, 5))
    paper, approval = asked(world, "threshold_document")
    for who in MEMBERS[:-1]:
        world.decides(who, approval)
    assert world.state(paper) == "adopted"


# -- late approvers ----------------------------------------------------------------------------------------


def test_exactly_those_who_have_not_answered_are_reminded(world: World) -> None:
    _, approval = asked(world, "theme")
    for who in ("ada", "bo"):
        world.decides(who, approval)
    world.nights(world.working_days_from(world.today, 5))
    assert world.fired(approval) == ["approval-waiting 0"]
    assert reminded(world, approval) == ["dan", "dev", "esme", "fay", "gil", "sam"]


def test_a_deputy_is_called_in_on_the_day_that_the_policy_says(world: World) -> None:
    paper, approval = asked(world, "data_request")
    assert world.row(Approval, approval).late_on == date(2014, 9, 4)
    with pytest.raises(Refused, match="is a step for the approver"):
        world.decides("dan", approval)
    world.news()
    world.nights(date(2014, 9, 4))
    assert world.fired(approval) == ["approval-late 0"]
    assert world.told("escalation") == ["dan", "hal", "sam"]
    world.on(date(2014, 9, 4))
    world.decides("dan", approval)
    assert world.state(paper) == "answered"
    assert world.told("approval_decided") == ["hal", "sam"]
    assert world.proof().faults == ()


def test_the_day_counts_and_not_whether_the_rules_have_looked(world: World) -> None:
    _, approval = asked(world, "data_request")
    world.on(date(2014, 9, 4))
    world.decides("dan", approval, "reject", reason="We hold no such figures.")
    assert world.state(approval) == "rejected"


def test_once_it_is_late_fewer_are_enough_and_the_coordinator_counts(any_world: World) -> None:
    world = any_world
    paper, approval = asked(world, "threshold_document")
    world.decides("ada", approval)
    world.decides("bo", approval)
    world.decides("fay", approval, "reject", reason="Ask a school first.")
    with pytest.raises(
        Refused,
        match=r"There is nothing to count yet\. 2 of 3 members have agreed, 1 has not; Dan Dole, Dev Dunmore, Esme",
    ):
        counts(world, "sam", approval)
    late_on = world.working_days_from(world.today, 5)
    world.news()
    world.nights(late_on)
    assert world.told("escalation") == ["dan", "dev", "esme", "gil", "sam"]
    world.on(late_on)
    assert (
        so_far(world, approval)
        == "2 of 2 members have agreed, 1 has not; the answers only have to be counted."
    )
    with pytest.raises(Refused, match="is a step for the requester or the coordinator"):
        counts(world, "ada", approval)
    done = counts(world, "sam", approval)
    assert (done.state, world.state(paper)) == ("approved", "adopted")
    assert world.row(Approval, approval).decided_by_id is None
    assert world.proof().faults == ()
    with pytest.raises(Refused, match="it is already Approved"):
        counts(world, "sam", approval)


def test_whoever_asked_may_count_and_a_silence_is_no_answer(world: World) -> None:
    paper, approval = asked(world, "threshold_document", who="ada")
    world.on(world.working_days_from(world.today, 5))
    with pytest.raises(Refused, match="There is nothing to count yet"):
        counts(world, "ada", approval)
    world.decides("bo", approval, "reject", reason="Too long.")
    assert (world.state(approval), world.state(paper)) == ("rejected", "draft")


def test_the_one_answer_that_counts_late_is_counted_at_once(world: World) -> None:
    paper, approval = asked(world, "threshold_document")
    world.decides("ada", approval)
    world.on(world.working_days_from(world.today, 5))
    world.decides("bo", approval)
    assert world.state(paper) == "adopted"


# -- who has left, and who is missing ----------------------------------------------------------------------


def test_who_left_has_answered_all_the_same_and_the_successor_is_not_asked(any_world: World) -> None:
    world = any_world
    _, approval = asked(world, "theme")
    world.decides("bo", approval)
    leaves(world, "nursing", successor="viv")
    with pytest.raises(Refused, match="Bo Birchall has answered in your place; each voice is heard once"):
        world.decides("viv", approval)
    with pytest.raises(Refused):
        world.decides("bo", approval, "reject", reason="I thought again.")
    assert so_far(world, approval).startswith(
        "1 of 3 members has agreed; Ada Ashdown, Dan Dole, Dev Dunmore,"
    )


def test_the_successor_answers_what_was_asked_of_the_post_before(world: World) -> None:
    paper, approval = asked(world, "theme")
    leaves(world, "nursing", successor="viv")
    for who in ("viv", "ada", "dan"):
        world.decides(who, approval)
    assert world.state(paper) == "adopted"


def test_a_request_that_too_few_can_answer_is_refused_when_it_is_asked_with_the_names(world: World) -> None:
    for post in ("information", "education", "policing", "named_gp", "social_care", "nursing"):
        world.leaves(post)
    world.on(world.today + timedelta(days=1))
    with pytest.raises(Refused) as refusal:
        asked(world, "theme", who="ada")
    assert str(refusal.value) == (
        "3 of the members have to agree, but only 1 can agree: Ada Ashdown asked for it; Cleo Cartwright may not see "
        "what it is about."
    )
    with pytest.raises(
        Refused, match="The chair and the information lead have to agree, but only 1 can agree"
    ):
        asked(world, "sharing_agreement")


def test_one_that_becomes_so_later_is_shown_and_the_coordinator_is_told(any_world: World) -> None:
    world = any_world
    _, approval = asked(world, "sharing_agreement")
    world.decides("ada", approval)
    leaves(world, "information")
    stuck = "1 of 2 has agreed; only 1 can agree: nobody is information lead today."
    assert so_far(world, approval) == stuck
    assert value(card(world, "sam", approval), "so_far") == stuck
    with world.office.reading(world.actor("sam")) as tx:
        doors = doors_of(tx, approval)
    assert doors.note == stuck
    (count,) = [door for door in doors.doors if door.trigger == "count"]
    assert (count.is_open, count.reasons) == (False, (f"There is nothing to count yet. {stuck}",))
    world.nights(world.working_days_from(date(2014, 9, 1), 5))
    assert reminded(world, approval) == ["sam"]
    # It is not dead: once the post is filled, its holder answers.
    with world.office.store.begin() as session:
        held = {"post_id": world.number(Post, "information"), "person_id": world.number(Person, "nell")}
        session.add(PostHolding(group_id=world.group_id, **held, from_on=world.today))
    world.on(world.today)
    world.decides("nell", approval)
    assert world.state(approval) == "approved"


def test_a_change_of_the_paper_lets_all_answers_lapse(world: World) -> None:
    paper, approval = asked(world, "theme")
    world.decides("ada", approval)
    world.news()
    world.moves("sam", paper, "drop", reason="Nobody wants it.")
    assert world.state(approval) == "lapsed"
    assert world.told("approval_decided") == ["bo", "dan", "dev", "esme", "fay", "gil"]


def test_what_was_withdrawn_is_told_to_those_who_were_still_asked(world: World) -> None:
    _, approval = asked(world, "theme")
    world.decides("ada", approval)
    world.news()
    world.moves("sam", approval, "withdraw", reason="Too early.")
    assert world.told() == ["bo", "dan", "dev", "esme", "fay", "gil"]


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


def test_of_sixty_who_agree_at_once_three_do_and_the_move_is_made_once(any_world: World) -> None:
    world = any_world
    paper, approval = asked(world, "theme")
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


def test_agreeing_against_rejecting_at_once_comes_to_one_of_them(any_world: World) -> None:
    world = any_world
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


def test_two_answers_that_would_settle_it_at_once_make_one_move(any_world: World) -> None:
    world = any_world
    for _ in range(6):
        paper, approval = asked(world, "theme")
        for who in ("ada", "dan"):
            world.decides(who, approval)
        outcomes = at_once(*[partial(world.decides, who, approval) for who in ("bo", "dev", "esme")])
        assert kinds(outcomes)["Done"] == 1
        assert [line.kind for line in world.history(paper)] == ["opened", "asked", "moved"]
    assert world.proof().faults == ()


def test_an_answer_and_a_change_of_its_paper_do_not_stop_each_other(any_world: World) -> None:
    world = any_world
    for _ in range(4):
        paper, approval = asked(world, "theme")
        _, changed = at_once(
            partial(world.decides, "ada", approval), partial(world.moves, "sam", paper, "drop", reason="No.")
        )
        assert not isinstance(changed, Refused)
        assert world.state(approval) == "lapsed"


def test_a_changed_answer_is_found_by_the_proof(any_world: World) -> None:
    world = any_world
    _, approval = asked(world, "theme")
    world.decides("ada", approval)
    world.decides("bo", approval, "reject", reason="No.")
    line = (Event.subject_kind == "approval", Event.subject_id == approval.id, Event.seq == 3)
    with world.office.store.reading() as session:
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
