"""The page of findings and its forms: what each person sees, what warns, and what is refused without losing a word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa

from assurance.commands import concluding, reading
from assurance.commands.concluding import Wanted
from assurance.records import (
    Agency,
    AgencyAnswer,
    Finding,
    Meeting,
    Moderation,
    Recommendation,
    RecommendationAim,
    RecommendationFinding,
)
from tests.web.site import Answer as Page
from tests.web.site import Site

At = Callable[[str | None], Site]
PAGE = "/audit/1/findings"
STEPS = "/audit/1/steps"
CANARY = "Zebrafish at the window"
GOOD = "The Trust tells schools within two working days in nine of ten cases."


def agency(site: Site, key: str) -> str:
    return str(site.world.number(Agency, key))


# -- the page ----------------------------------------------------------------------------------------------


def test_the_group_sees_the_map_the_answers_and_the_findings(site_at: At) -> None:
    site = site_at("recommendations")
    for who in ("sam", "ada", "bo", "cleo", "una", "thea"):
        text = site.get(PAGE, as_=who).text
        for words in (
            "Who has answered what",
            "North Trust",
            "Answered 2 of 2 returns",
            "10 of 10",
            "Areas for development Schools heard late Finding 1, aim 1",
            "Strengths Fathers were asked",
            "All ten returns",
        ):
            assert words in text, (who, words)
    assert site.get(PAGE, as_="viv").status == 404


def test_what_readers_wrote_stays_with_their_agency(site_at: At) -> None:
    site = site_at("agency_audits")
    world = site.world
    ref = world.agency_return("police")
    world.moves("fay", ref, "start")
    with world.does("fay") as tx:
        reading.answer_aims(tx, ref, dict.fromkeys(world.aims(), ("no", CANARY)))
    world.moves("fay", ref, "submit")
    for who, sees in (
        ("sam", True),
        ("fay", True),
        ("bo", False),
        ("cleo", False),
        ("ida", False),
        ("thea", False),
    ):
        answer = site.get(PAGE, as_=who)
        assert (CANARY in answer.html) is sees, who
        assert ("case C-" in answer.text) is sees, who
    assert "Fewer than 5 returns are accepted" not in site.get(PAGE, as_="cleo").text
    world.moves("sam", ref, "accept")
    assert "Fewer than 5 returns are accepted" in site.get(PAGE, as_="cleo").text


def test_from_which_case_a_finding_came_is_told_to_few(site_at: At) -> None:
    site = site_at("findings")
    case = site.world.cases()[0]
    with site.world.does("sam") as tx:
        concluding.record_finding(
            tx, site.world.audit, concluding.Seen(site.world.aims()[0], "strength", "Well", case)
        )
    assert ", case C-" in site.get(PAGE, as_="sam").text
    for who in ("cleo", "ida", "hal"):
        assert "case C-" not in site.get(PAGE, as_=who).text


def test_what_follows_for_one_agency_only_is_not_named_to_others(site_at: At) -> None:
    site = site_at("recommendations")
    trust = int(agency(site, "trust"))
    with site.world.does("sam") as tx:
        wanted = Wanted("individual_practice", "Supervise", site.world.aims()[:1], [1], [], trust)
        concluding.make_recommendation(tx, site.world.audit, wanted)
    assert "Leads to recommendation 1" in site.get(PAGE, as_="bo").text
    assert "What follows from it stays with its own agency" in site.get(PAGE, as_="cleo").text
    assert "/recommendation/1" not in site.get(PAGE, as_="cleo").html


@pytest.mark.parametrize("stage", ["proposed", "cases_selected", "agency_audits", "actions"])
def test_the_page_is_there_at_every_stage(site_at: At, stage: str) -> None:
    site = site_at(stage)
    for who in ("sam", "bo", "cleo"):
        assert site.get(PAGE, as_=who).status == 200


def test_only_those_who_may_are_offered_to_write(site_at: At) -> None:
    site = site_at("findings")
    assert {f"{STEPS}/hold_moderation", f"{STEPS}/record_finding"} <= set(
        site.get(PAGE, as_="sam").page.links
    )
    for who in ("bo", "cleo", "una"):
        assert not [link for link in site.get(PAGE, as_=who).page.links if "/steps/" in link]


# -- the joint look ----------------------------------------------------------------------------------------


def test_the_joint_look_is_recorded_on_a_day_or_at_a_meeting(site_at: At) -> None:
    site = site_at("findings")
    fields = {
        "meeting": "none",
        "held_on-day": "20",
        "held_on-month": "11",
        "held_on-year": "2014",
        "note": "All returns were read aloud",
    }
    answer = site.post(f"{STEPS}/hold_moderation", fields, as_="sam")
    assert answer.path == PAGE
    assert "20 November 2014 All returns were read aloud" in answer.text
    site.world.on(date(2014, 12, 12))
    later = Site(site.world)
    meeting = str(site.world.number(Meeting, "2014-12"))
    later.post(f"{STEPS}/hold_moderation", {"meeting": meeting, "note": "Once more"}, as_="sam")
    days = site.world.ask(sa.select(Moderation.held_on).order_by(Moderation.id))
    assert days == [date(2014, 11, 20), date(2014, 12, 11)]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"note": "All"}, "Choose the meeting."),
        ({"meeting": "none", "note": "All"}, "Name the day on which the group looked at the returns."),
        ({"meeting": "99", "note": "All"}, "Choose the meeting."),
        (
            {
                "meeting": "none",
                "held_on-day": "1",
                "held_on-month": "1",
                "held_on-year": "2016",
                "note": "All",
            },
            "which is still to come",
        ),
        (
            {"meeting": "none", "held_on-day": "20", "held_on-month": "11", "held_on-year": "2014"},
            "Write down what the group looked at.",
        ),
        ({"meeting": "none", "note": "Sarah was named"}, "‘Sarah’ looks like somebody's name"),
    ],
)
def test_a_joint_look_that_is_refused_keeps_what_was_typed(
    site_at: At, fields: dict[str, str], said: str
) -> None:
    site = site_at("findings")
    answer = site.post(f"{STEPS}/hold_moderation", fields, as_="sam")
    assert answer.status == 422
    assert said in answer.text
    assert fields.get("note", "") in answer.text
    assert site.world.ask(sa.select(Moderation)) == []


# -- a finding ---------------------------------------------------------------------------------------------


def test_a_finding_is_recorded_under_its_aim(site_at: At) -> None:
    site = site_at("findings")
    aim, case = site.world.aims()[1], site.world.cases()[0]
    fields = {
        "aim": str(aim),
        "kind": "learning point",
        "text": "Say who was told",
        "case": str(case),
        "none_needed": "It is put right",
    }
    answer = site.post(f"{STEPS}/record_finding", fields, as_="sam")
    assert answer.path == PAGE
    assert "Learning points Say who was told Finding 1, aim 2, case C-" in answer.text
    assert "Nothing needs to follow: It is put right." in answer.text
    assert "No finding yet under aim 1." in answer.text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"aim": ""}, "Choose the aim."),
        ({"aim": "99"}, "Choose the aim."),
        ({"kind": "weakness"}, "Choose whether it is a strength"),
        ({"text": " "}, "Write down what was seen."),
        ({"text": "NHS 943 476 5919 was lost"}, "looks like an NHS number"),
        ({"none_needed": "Mrs Okonkwo has put it right"}, "‘Mrs Okonkwo’ looks like somebody's name"),
        ({"case": "99"}, "There is no such case in this group."),
    ],
)
def test_a_finding_that_is_refused_keeps_what_was_typed(
    site_at: At, changed: dict[str, str], said: str
) -> None:
    site = site_at("findings")
    fields = {"aim": str(site.world.aims()[0]), "kind": "strength", "text": "Told in time"} | changed
    answer = site.post(f"{STEPS}/record_finding", fields, as_="sam")
    assert answer.status == 422
    assert said in answer.text
    assert fields["text"].strip() in answer.text
    assert site.world.ask(sa.select(Finding)) == []


def test_a_gap_of_the_map_begins_a_finding(site_at: At) -> None:
    site = site_at("agency_audits")
    world = site.world
    for records, who in (
        ("health_visiting", "bo"),
        ("social_care", "dev"),
        ("school", "dev"),
        ("police", "fay"),
    ):
        for ref in world.returns(records):
            world.settles(who, ref, "no evidence on file")
    for ref in world.returns("gp"):
        world.moves("gil", ref, "declare_not_known", remark="Nothing on file")
    world.is_granted("sam", world.audit, "open_findings")
    answer = site.get(PAGE, as_="sam")
    assert "In 8 of 8 returns the records show nothing about this" in answer.text
    [link] = [link for link in answer.page.links if "record_finding?" in link]
    form = site.get(link, as_="sam")
    assert "In 8 of 8 returns the records show nothing about this, neither for nor against." in form.text
    assert 'value="area for development" checked' in form.html
    assert "Gaps that could be findings" not in site.get(PAGE, as_="bo").text


@pytest.mark.parametrize("who", ["bo", "cleo", "una", "ida"])
def test_who_may_not_conclude_is_told_so_and_writes_nothing(site_at: At, who: str) -> None:
    site = site_at("findings")
    fields = {"aim": str(site.world.aims()[0]), "kind": "strength", "text": "Told in time"}
    assert "This is not possible now." in site.get(f"{STEPS}/record_finding", as_=who).text
    answer = site.post(f"{STEPS}/record_finding", fields, as_=who, form_at=PAGE, unseen=_token(site, who))
    assert answer.status == 422
    assert site.world.ask(sa.select(Finding)) == []


def _token(site: Site, who: str) -> dict[str, str]:
    return {"csrf": site.get(PAGE, as_=who).page.hidden["csrf"], "key": "some-key"}


def test_what_was_written_while_the_audit_moved_on_is_shown_again(site_at: At) -> None:
    site = site_at("findings")
    fields = {"aim": str(site.world.aims()[0]), "kind": "strength", "text": "Two hours of thought"}
    opened = site.get(f"{STEPS}/record_finding", as_="sam").page.hidden
    site.world.is_granted("sam", site.world.audit, "go_back", reason="One more case")
    data = {**fields, **{name: opened[name] for name in ("csrf", "key")}}
    answer = Page(site.browser("sam").post(f"{STEPS}/record_finding", data=data))
    assert answer.status == 422
    assert "‘Record a finding’ is not possible: it is now Agency audits." in answer.text
    assert "Two hours of thought" in answer.text
    assert site.world.ask(sa.select(Finding)) == []


# -- a recommendation --------------------------------------------------------------------------------------


def making(site: Site, **changed: str | list[str]) -> dict[str, str | list[str]]:
    trust = agency(site, "trust")
    return {
        "text": GOOD,
        "findings": ["1"],
        "type": "strategic",
        "asked_agencies": [trust],
        "then": "make",
        **changed,
    }


def test_a_good_recommendation_is_made_at_once(site_at: At) -> None:
    site = site_at("recommendations")
    answer = site.post(f"{STEPS}/make_recommendation", making(site), as_="sam")
    assert answer.path == "/recommendation/1"
    assert "The recommendation is made." in answer.text
    [made] = site.world.ask(sa.select(Recommendation))
    assert (made.type, made.text, made.state) == ("strategic", GOOD, "proposed")
    assert site.world.ask(sa.select(RecommendationFinding.finding_id)) == [1]
    assert site.world.ask(sa.select(RecommendationAim.aim_id)) == [site.world.aims()[0]]
    assert site.world.ask(sa.select(AgencyAnswer.answer)) == ["asked"]


def test_a_weak_wording_is_shown_once_and_can_be_made_as_it_is(site_at: At) -> None:
    site = site_at("recommendations")
    fields = making(site, text="Give greater consideration to fathers")
    answer = site.post(f"{STEPS}/make_recommendation", fields, as_="sam")
    assert answer.status == 200
    assert "It is not made yet. Both looks below only advise; you decide." in answer.text
    assert "‘consideration’ asks for something that nobody can see." in answer.text
    assert "It does not say by when." in answer.text
    assert "Give greater consideration to fathers" in answer.text
    assert site.world.ask(sa.select(Recommendation)) == []
    looked_at = {name: answer.page.hidden[name] for name in ("csrf", "key", "looked_at")}
    site.post(f"{STEPS}/make_recommendation", {**fields, **looked_at}, as_="sam")
    assert len(site.world.ask(sa.select(Recommendation))) == 1


def test_other_words_than_those_looked_at_are_looked_at_again(site_at: At) -> None:
    site = site_at("recommendations")
    answer = site.post(f"{STEPS}/make_recommendation", making(site, text="Consider fathers"), as_="sam")
    seen = {"looked_at": answer.page.hidden["looked_at"]}
    again = site.post(
        f"{STEPS}/make_recommendation", {**making(site, text="Consider mothers"), **seen}, as_="sam"
    )
    assert "It is not made yet." in again.text
    assert site.world.ask(sa.select(Recommendation)) == []


def test_checking_makes_nothing(site_at: At) -> None:
    site = site_at("recommendations")
    answer = site.post(f"{STEPS}/make_recommendation", making(site, then="check"), as_="sam")
    assert "Nothing to remark on" in answer.text
    assert "Nothing that you may see is like it." in answer.text
    assert site.world.ask(sa.select(Recommendation)) == []


def test_what_was_recommended_before_is_shown_with_what_became_of_it(site_at: At) -> None:
    site = site_at("recommendations")
    site.post(f"{STEPS}/make_recommendation", making(site), as_="sam")
    again = site.post(
        f"{STEPS}/make_recommendation", making(site, text=GOOD.replace("two", "three")), as_="sam"
    )
    assert "Recommended before Recommendation 1 of audit 2014-15/1 Proposed" in again.text
    assert "It is not done yet; a second one beside it may not help." in again.text
    assert "% alike)" in again.text


def test_individual_practice_names_its_one_agency(site_at: At) -> None:
    site = site_at("recommendations")
    fields = making(site, type="individual_practice", asked_agencies=[], agency=agency(site, "police"))
    assert site.post(f"{STEPS}/make_recommendation", fields, as_="sam").path == "/recommendation/1"
    assert site.get("/recommendation/1", as_="fay").status == 200
    assert site.get("/recommendation/1", as_="bo").status == 404


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"text": ""}, "Write down what should change."),
        ({"text": "Tell Sarah by May in all cases, says the Trust"}, "‘Sarah’ looks like somebody's name"),
        ({"type": ""}, "Choose whom it concerns."),
        ({"findings": []}, "Choose at least one finding or one aim from which it comes."),
        ({"asked_agencies": []}, "Choose at least one agency that is asked."),
        ({"type": "individual_practice"}, "Choose the agency whose practice it is about."),
    ],
)
def test_a_recommendation_that_is_refused_keeps_what_was_typed(
    site_at: At, changed: dict[str, str | list[str]], said: str
) -> None:
    site = site_at("recommendations")
    fields = making(site, **changed)
    answer = site.post(f"{STEPS}/make_recommendation", fields, as_="sam")
    assert answer.status == 422
    assert said in answer.text
    assert str(fields["text"]) in answer.text
    assert site.world.ask(sa.select(Recommendation)) == []


def test_a_finding_can_be_chosen_by_the_link_that_leads_here(site_at: At) -> None:
    site = site_at("recommendations")
    [link] = [link for link in site.get(PAGE, as_="sam").page.links if "make_recommendation?" in link]
    assert 'name="findings" type="checkbox" value="1" checked' in site.get(link, as_="sam").html


def test_a_recommendation_that_is_sent_twice_is_made_once(site_at: At) -> None:
    site = site_at("recommendations")
    key = site.get(f"{STEPS}/make_recommendation", as_="sam").page.hidden["key"]
    site.post(f"{STEPS}/make_recommendation", making(site), as_="sam", unseen={"key": key})
    answer = site.post(f"{STEPS}/make_recommendation", making(site), as_="sam", unseen={"key": key})
    assert answer.path == PAGE
    assert "nothing was entered twice" in answer.text
    assert len(site.world.ask(sa.select(Recommendation))) == 1
