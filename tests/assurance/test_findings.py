"""The page of findings: gaps as words, answers pooled where they are enough, and nobody else's detail."""

from __future__ import annotations

from datetime import date

import pytest

from assurance.access import viewer_of
from assurance.queries.findings import FindingsPage, findings_page
from assurance.queries.gap_map import Cover
from assurance.roster import roster
from engine.errors import Refused
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.counting import said_to
from tests.world import WHO_READS, World


def page(world: World, who: str, ref: Ref = World.audit) -> FindingsPage:
    with world.office.reading(world.actor(who)) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        return findings_page(tx, viewer_of(people, tx.actor), ref)


def covers(world: World, who: str, *, aim: int = 0) -> dict[str, Cover]:
    gaps = page(world, who).gaps
    return {agency: cell.cover for agency, cell in zip(gaps.agencies, gaps.aims[aim].cells, strict=True)}


# -- the map -----------------------------------------------------------------------------------------------


def test_the_map_shows_who_has_answered_who_has_not_and_who_is_late(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    for ref in world.returns("health_visiting"):
        world.settles("bo", ref, "no")
    for ref in world.returns("police"):
        world.moves("fay", ref, "declare_not_known", remark="Nothing on file")
    for ref in world.returns("gp"):
        world.settles("gil", ref, "no evidence on file")
    assert covers(world, "sam") == {
        "Clinical Commissioning Group": Cover.NO_EVIDENCE,
        "County Council": Cover.MISSING,
        "North Trust": Cover.ANSWERED,
        "Shire Constabulary": Cover.NOT_KNOWN,
    }
    world.on(date(2014, 11, 28))
    assert covers(world, "sam")["County Council"] is Cover.LATE


def test_what_is_begun_and_not_handed_in_says_nothing(world_at: At) -> None:
    world = world_at("agency_audits")
    for ref in world.returns("health_visiting"):
        world.fills("bo", ref, "no")
    assert covers(world, "sam")["North Trust"] is Cover.MISSING
    assert page(world, "sam").gaps.aims[0].accepted == 0
    assert page(world, "sam").readings == {}


def test_that_an_agency_found_no_evidence_is_its_own_answer(world_at: At) -> None:
    world = world_at("agency_audits")
    for ref in world.returns("gp"):
        world.settles("gil", ref, "no evidence on file")
    for who in ("sam", "gil", "ada", "una"):
        assert covers(world, who)["Clinical Commissioning Group"] is Cover.NO_EVIDENCE
    for who in ("bo", "cleo", "ida"):
        assert covers(world, who)["Clinical Commissioning Group"] is Cover.ANSWERED


def test_a_waived_return_is_named_so(world_at: At) -> None:
    world = world_at("agency_audits")
    for ref in world.returns("police"):
        world.is_granted("sam", ref, "waive", reason="Files are at the court")
    assert covers(world, "sam")["Shire Constabulary"] is Cover.WAIVED


# -- pooled answers ----------------------------------------------------------------------------------------


def test_all_accepted_answers_to_an_aim_are_counted_together(world_at: At) -> None:
    world = world_at("findings")
    first, second = page(world, "cleo").gaps.aims
    assert dict(first.counts)["no"] == first.accepted == 10
    assert dict(second.counts)["yes"] == second.yes == second.applicable == 10


def test_too_few_answers_are_shown_to_those_only_who_see_everything(world_at: At) -> None:
    world = world_at("agency_audits")
    refs = [*world.returns("health_visiting"), *world.returns("police")]
    for who, ref in zip(("bo", "bo", "fay", "fay"), refs, strict=True):
        world.settles(who, ref, "no")
    for who in ("bo", "cleo", "ida", "thea"):
        assert page(world, who).gaps.aims[0].counts == ()
        assert page(world, who).gaps.aims[0].accepted == 4
    assert dict(page(world, "sam").gaps.aims[0].counts)["no"] == 4
    world.settles("gil", world.returns("gp")[0], "yes")
    assert dict(page(world, "bo").gaps.aims[0].counts)["no"] == 4


# -- gaps that could be findings ---------------------------------------------------------------------------


def test_gaps_are_proposed_in_sentences_that_name_nobody(world_at: At) -> None:
    world = world_at("agency_audits")
    for records, who in WHO_READS.items():
        for ref in world.returns(records):
            if records in ("police", "gp"):
                world.moves(who, ref, "declare_not_known", remark="Nothing on file")
            else:
                world.settles(who, ref, "no evidence on file")
    proposed = [(gap.number, gap.sentence) for gap in page(world, "sam").gaps.gaps]
    assert proposed == [
        (1, "In 4 of 10 readings an agency had no record of the case at all."),
        (1, "In 6 of 6 returns the records show nothing about this, neither for nor against."),
    ]


def test_returns_that_came_late_are_a_gap_too(world_at: At) -> None:
    world = world_at("agency_audits")
    world.on(date(2014, 12, 1))
    for ref in world.returns("social_care"):
        world.settles("dev", ref, "no")
    assert [gap.sentence for gap in page(world, "sam").gaps.gaps] == [
        "2 of 10 returns came after the day on which they were first due.",
        "8 of 10 returns do not answer this.",
        "8 of 10 returns do not answer this.",
    ]


# -- detail ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "agencies"),
    [
        ("sam", {"North Trust", "County Council", "Shire Constabulary", "Clinical Commissioning Group"}),
        ("bo", {"North Trust"}),
        ("esme", {"County Council"}),
        ("hal", set()),
        ("cleo", set()),
        ("ida", set()),
        ("thea", set()),
    ],
)
def test_what_readers_wrote_is_for_whoever_may_see_the_return(
    world_at: At, who: str, agencies: set[str]
) -> None:
    shown = page(world_at("findings"), who)
    assert {one.agency for some in shown.readings.values() for one in some} == agencies
    assert shown.sees_all is (who == "sam")


def test_joint_looks_and_findings_stand_on_the_page(world_at: At) -> None:
    world = world_at("recommendations")
    shown = page(world, "cleo")
    [look] = shown.looks
    assert (look.held_on, look.note, look.meeting_title) == (
        date(2014, 12, 11),
        "All ten returns",
        "Meeting of December 2014",
    )
    assert [one.text for one in shown.of_kind("area for development")] == ["Schools heard late"]
    assert [one.text for one in shown.of_kind("strength")] == ["Fathers were asked"]
    assert shown.of_kind("learning point") == ()
    assert shown.aims_without_finding == ()
    assert page(world_at("findings"), "sam").aims_without_finding == (1, 2)


def test_there_is_no_page_for_whoever_is_not_in_post(world_at: At) -> None:
    with pytest.raises(Refused, match="There is no audit/1"):
        page(world_at("findings"), "viv")


def test_the_page_asks_as_often_whatever_the_number_of_returns(world_at: At) -> None:
    counts = []
    for stage in ("cases_selected", "findings"):
        world = world_at(stage)
        with world.office.reading(world.actor("sam")) as tx:
            people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
            with said_to(tx) as said:
                findings_page(tx, viewer_of(people, tx.actor), world.audit)
        counts.append(len(said))
    assert counts[0] == counts[1] <= 20
