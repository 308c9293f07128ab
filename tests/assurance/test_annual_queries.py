"""The reading part of the annual report: what stood on a day, from lines whose every instant is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.config import settings_from
from assurance.office import Tx, clock_of, open_office
from assurance.playbook import Playbook
from assurance.queries.annual import year_as_at
from assurance.queries.year import (
    AgencyAnswerThen,
    AskedIn,
    AuditThen,
    CaseCount,
    ChangeKind,
    DateRequests,
    FindingCounts,
    MeasuredThen,
    PostThen,
    RecommendationThen,
    ReturnCounts,
    Share,
    Spread,
    YearThen,
)
from assurance.records import Group, Recommendation
from assurance.tables import METADATA
from engine.clock import FrozenClock
from engine.errors import Refused
from engine.fences import EVERY
from engine.ledger import EventText
from engine.store import open_store
from tests.assurance.annual_world import (
    AFTER_MIDNIGHT,
    NIGHT,
    AnnualWorld,
    a_case,
    a_finding,
    a_group,
    a_meeting,
    a_recommendation,
    a_request,
    a_return,
    an_action,
    an_aim,
    an_audit,
    answered,
    asked,
    asked_again,
    at,
    later_evidence,
    on,
    planned,
    spread,
)

NOW = at("2016-01-29")


@pytest.fixture(scope="module")
def playbook(tmp_path_factory: pytest.TempPathFactory) -> Playbook:
    path: Path = tmp_path_factory.mktemp("annual") / "annual.sqlite"
    store = open_store(path)
    METADATA.create_all(store.db)
    store.close()
    office = open_office(settings_from({}, database=str(path)), clock=FrozenClock(NOW))
    office.close()
    return office.playbook


@pytest.fixture
def world() -> Iterator[AnnualWorld]:
    store = open_store(":memory:")
    METADATA.create_all(store.db)
    with store.begin(group=EVERY) as session:
        yield a_group(session)
    store.close()


class Reader:
    """Reads a year of the world's group, at a present instant."""

    def __init__(self, world: AnnualWorld, playbook: Playbook) -> None:
        self._world, self._playbook = world, playbook

    def year(self, as_at: str | None = None, *, year: str = "2014-15", now: datetime = NOW) -> YearThen:
        tx = Tx(self._world.session, now, now.date(), clock_of(self._world.group_id), self._playbook)
        return year_as_at(tx, year, None if as_at is None else on(as_at))

    def audit(self, as_at: str | None = None) -> AuditThen:
        return self.year(as_at).audits[0]

    def recommendation(self, as_at: str | None = None) -> RecommendationThen:
        return self.audit(as_at).strategic[0]


@pytest.fixture
def read(world: AnnualWorld, playbook: Playbook) -> Reader:
    return Reader(world, playbook)


# The year and its day


def test_an_unknown_year_is_refused_and_the_known_ones_are_named(read: Reader) -> None:
    with pytest.raises(Refused, match=r"did you mean '2014-15'\? Known: 2014-15, 2015-16\."):
        read.year(year="2014-15a")


def test_the_report_speaks_for_the_last_day_of_the_year(read: Reader) -> None:
    assert read.year().as_at == on("2015-03-31")


def test_while_the_year_runs_the_report_speaks_for_today(read: Reader) -> None:
    assert read.year(now=at("2014-11-03")).as_at == on("2014-11-03")


def test_a_year_that_has_not_begun_has_nothing_to_report(read: Reader) -> None:
    with pytest.raises(Refused, match="2015-16 begins on 1 April 2015; there is nothing to report of it yet"):
        read.year(year="2015-16", now=at("2014-11-03"))


def test_a_day_before_the_year_is_refused(read: Reader) -> None:
    with pytest.raises(Refused, match="begins on 1 April 2014; give a day from then on"):
        read.year("2014-03-31")


def test_a_day_still_to_come_is_refused(read: Reader) -> None:
    with pytest.raises(Refused, match=r"30 January 2016 is still to come; .* 29 January 2016 at the latest"):
        read.year("2016-01-30")


def test_the_report_is_generated_in_the_groups_own_time(read: Reader) -> None:
    assert read.year(now=at("2015-07-01")).read_at.isoformat() == "2015-07-01T13:00:00+01:00"


# The group


def test_the_group_speaks_for_itself_in_its_own_words(read: Reader) -> None:
    group = read.year().group
    assert (group.name, group.board) == ("Quality Assurance sub group", "Safeguarding Children Board")
    assert group.functions == ("Choose themes", "Spread the learning")


def test_members_are_posts_with_agency_and_records_and_never_people(read: Reader) -> None:
    then = read.year()
    assert then.chair == PostThen("Designated Nurse", "The CCG")
    assert then.members == (
        PostThen("Service Manager", "The Council", ("Social care records",)),
        PostThen("Named Nurse", "The Trust", ("Health visiting records",), is_vacant=True),
        PostThen("Lay Member", None),
    )
    assert "Ada" not in repr(then)


def test_membership_is_that_of_the_year_however_late_the_report_is_asked_for(read: Reader) -> None:
    assert read.year("2016-01-29").members == read.year().members


def test_a_record_set_may_have_a_lead_of_its_own(world: AnnualWorld, read: Reader) -> None:
    lay = world.posts["lay"]
    world.records["social"].lead_post_id = lay.id
    assert [post.records for post in read.year().members] == [
        (),
        ("Health visiting records",),
        ("Social care records",),
    ]


def test_changes_of_membership_follow_from_the_days_on_which_posts_were_held(read: Reader) -> None:
    assert [(change.on, change.kind, change.post.title) for change in read.year().changes] == [
        (on("2015-01-01"), ChangeKind.CHANGED_HANDS, "Designated Nurse"),
        (on("2015-01-12"), ChangeKind.JOINED, "Lay Member"),
        (on("2015-01-31"), ChangeKind.FELL_VACANT, "Named Nurse"),
    ]


def test_a_change_still_to_come_is_not_told(read: Reader) -> None:
    assert [change.kind for change in read.year("2015-01-05").changes] == [ChangeKind.CHANGED_HANDS]


def test_a_group_may_have_no_chair(world: AnnualWorld, read: Reader) -> None:
    world.posts["chair"].role = "member"
    assert read.year().chair is None


def test_meetings_are_those_of_the_year(world: AnnualWorld, read: Reader) -> None:
    for day in ("2014-03-31", "2014-09-16", "2014-06-17", "2015-04-01"):
        a_meeting(world, day)
    assert [meeting.on for meeting in read.year().meetings] == [on("2014-06-17"), on("2014-09-16")]


def test_meetings_stand_on_the_day_that_they_had_then(world: AnnualWorld, read: Reader) -> None:
    moved, cancelled = a_meeting(world, "2014-09-16"), a_meeting(world, "2014-12-09")
    a_meeting(world, "2015-02-24", planned_on="2014-10-01")
    world.line(moved, at("2014-09-01"), kind="entered", trigger="move_meeting", set={"on": "2014-09-23"})
    world.line(cancelled, at("2014-12-01"), trigger="cancel", to="cancelled")
    early, late = (read.year(day).meetings for day in ("2014-08-31", "2015-03-31"))
    assert [meeting.on for meeting in early] == [on("2014-09-16"), on("2014-12-09")]
    assert [meeting.on for meeting in late] == [on("2014-09-23"), on("2015-02-24")]


def test_a_meeting_that_was_there_before_meetings_had_histories_stood_before_too(
    world: AnnualWorld, read: Reader
) -> None:
    a_meeting(world, "2014-09-16", planned_on="2016-01-04")
    assert read.year().meetings == ()
    a_meeting(world, "2014-12-09", planned_on="2016-01-04", taken_over=True)
    assert [meeting.on for meeting in read.year().meetings] == [on("2014-12-09")]


def test_future_plans_are_the_themes_of_the_next_programme(world: AnnualWorld, read: Reader) -> None:
    planned(world, "2015-16", "Neglect")
    planned(world, "2014-15", "Long open cases")
    then = read.year()
    assert (then.next_year, then.next_themes) == ("2015-16", ("Neglect",))


def test_the_last_programme_has_no_next_one(read: Reader) -> None:
    then = read.year(year="2015-16")
    assert (then.next_year, then.next_themes) == (None, ())


# Audits


def test_an_audit_is_told_in_counts(world: AnnualWorld, read: Reader) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    aim = an_aim(world, audit, "Was information shared?", at("2014-05-07"))
    for kind in ("family", "family", "child"):
        a_case(world, audit, kind, at("2014-06-24"))
    meeting = a_meeting(world, "2014-09-16")
    world.line(audit, at("2014-07-02"), kind="entered", trigger="set_meeting", row={"meeting_id": meeting.id})
    for number, kind in enumerate(("strength", "strength", "area for development", "learning point")):
        a_finding(world, aim, number, kind, at("2014-09-16"))
    world.line(audit, at("2014-09-16"), trigger="hold_moderation", set={"held_on": "2014-09-16"})
    then = read.audit()
    assert (then.reference, then.theme, then.case_target) == ("2014-15/1", "Long open cases", 2)
    assert (then.meeting_on, then.held_on) == (on("2014-09-16"), on("2014-09-16"))
    assert then.aims == ("Was information shared?",)
    assert then.cases == (CaseCount("family", 2), CaseCount("child", 1))
    assert then.findings == FindingCounts(2, 1, 1)
    assert "SECRET" not in repr(then)
    assert "C-" not in repr(then)


def test_an_audit_stands_as_it_stood_on_the_day(world: AnnualWorld, read: Reader) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    an_aim(world, audit, "Was information shared?", at("2014-05-07"))
    a_case(world, audit, "family", at("2014-06-24"))
    world.line(audit, at("2014-09-16"), trigger="hold_moderation", set={"held_on": "2014-09-16"})
    world.line(
        audit, at("2015-06-01"), trigger="sign_off", to="embedded", set={"re_audit_due_on": "2016-06-01"}
    )
    assert read.year("2014-05-05").audits == ()
    early = read.audit("2014-05-06")
    assert (early.aims, early.cases, early.meeting_on, early.held_on) == ((), (), None, None)
    assert read.audit("2014-06-24").cases == (CaseCount("family", 1),)
    assert (read.audit().state, read.audit().re_audit_due_on) == ("proposed", None)
    late = read.audit("2015-06-01")
    assert (late.state, late.re_audit_due_on) == ("embedded", on("2016-06-01"))


def test_a_line_after_midnight_belongs_to_the_groups_next_day(world: AnnualWorld, read: Reader) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    world.line(audit, NIGHT, trigger="agree_theme", to="theme_agreed")
    world.line(audit, AFTER_MIDNIGHT, trigger="cancel", to="cancelled")
    assert read.audit("2015-03-31").state == "theme_agreed"
    assert read.audit("2015-04-01").state == "cancelled"


def test_audits_are_told_in_the_order_in_which_they_were_held(world: AnnualWorld, read: Reader) -> None:
    not_dated = an_audit(world, "2014-15/1", "Not dated", at("2014-05-06"))
    later = an_audit(world, "2014-15/2", "Later", at("2014-05-06"))
    meeting = a_meeting(world, "2014-12-09")
    world.line(later, at("2014-07-02"), kind="entered", trigger="set_meeting", row={"meeting_id": meeting.id})
    first = an_audit(world, "2014-15/3", "First", at("2014-05-06"))
    world.line(first, at("2014-09-16"), trigger="hold_moderation", set={"held_on": "2014-09-16"})
    an_audit(world, "2015-16/1", "Another year", at("2014-05-06"))
    assert [audit.theme for audit in read.year().audits] == ["First", "Later", not_dated.theme]


def test_another_groups_year_is_not_told(world: AnnualWorld, read: Reader) -> None:
    an_audit(world, "2014-15/1", "Ours", at("2014-05-06"))
    ours = world.group_id
    other = Group(
        key="other",
        name="Other",
        board="B",
        purpose="",
        functions="",
        frequency="",
        zone="Europe/London",
        note="",
    )
    world.session.add(other)
    world.session.flush()
    world.group_id = other.id
    with pytest.raises(Refused, match="none is known here"):
        read.year()
    world.group_id = ours
    assert len(read.year().audits) == 1


# Returns


def test_returns_are_counted_over_all_agencies_and_cases(world: AnnualWorld, read: Reader) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    aim = an_aim(world, audit, "Was information shared?", at("2014-05-07"))
    cases = [a_case(world, audit, "family", at("2014-06-24")) for _ in range(3)]
    in_time, late, owed = (a_return(world, case, "social", at("2014-07-28"), "2014-09-02") for case in cases)
    not_known, waived, begun = (
        a_return(world, case, "visiting", at("2014-07-28"), "2014-09-02") for case in cases
    )
    answered(world, in_time, {aim.id: "yes"}, "2014-09-02", tool="File audit form")
    answered(world, late, {aim.id: "no"}, "2014-09-12", tool="File audit form")
    world.line(owed, at("2014-09-03"), kind="fired", rule="return-late", severity="reminder")
    world.line(owed, at("2014-09-09"), kind="fired", rule="return-late-chair", severity="escalation")
    world.line(owed, at("2014-09-20"), kind="fired", rule="return-late-board", severity="escalation")
    world.line(
        not_known,
        at("2014-09-05"),
        trigger="declare_not_known",
        to="not_known",
        set={"submitted_on": "2014-09-05"},
    )
    world.line(waived, at("2014-09-12"), trigger="waive", to="waived", texts={"reason": "SECRET"})
    world.line(begun, at("2014-08-01"), trigger="start", to="in_progress")
    then = read.audit("2014-09-22")
    assert then.returns == ReturnCounts(
        asked=6, accepted=2, not_known=1, waived=1, outstanding=2, late=2, overdue=2
    )
    social, visiting = then.records_read
    assert (social.agency, social.records) == ("The Council", "Social care records")
    assert (social.tools, social.asked) == (("File audit form",), 3)
    assert (social.late, social.longest_delay, social.waived) == (2, 20, 0)
    assert social.escalated_on == on("2014-09-09")
    assert (visiting.tools, visiting.late, visiting.longest_delay) == ((), 2, 20)
    assert (visiting.waived, visiting.escalated_on) == (1, None)
    assert then.spread == Spread(0, 2, 0)


def test_a_return_sent_back_came_when_it_first_came(world: AnnualWorld, read: Reader) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    one = a_return(
        world, a_case(world, audit, "family", at("2014-06-24")), "social", at("2014-07-28"), "2014-09-02"
    )
    for day in ("2014-09-01", "2014-09-11"):
        world.line(one, at(day), trigger="submit", to="submitted", set={"submitted_on": day})
        world.line(one, at(day), trigger="request_changes", to="changes_requested")
    assert read.audit().records_read[0].late == 0


def test_a_return_that_is_not_due_yet_is_not_late(world: AnnualWorld, read: Reader) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    a_return(
        world, a_case(world, audit, "family", at("2014-06-24")), "social", at("2014-07-28"), "2014-09-02"
    )
    assert read.audit("2014-09-02").returns.overdue == 0
    assert read.audit("2014-09-03").returns.overdue == 1
    assert read.audit("2014-07-27").returns.asked == 0


def test_the_spread_of_learning_counts_up_to_the_day(world: AnnualWorld, read: Reader) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    a_return(
        world, a_case(world, audit, "family", at("2014-06-24")), "social", at("2014-07-28"), "2014-09-02"
    )
    spread(world, audit, "council", "2015-01-20", 40)
    spread(world, audit, "trust", "2015-05-20", 60)
    assert read.audit().spread == Spread(1, 1, 40)


# Aims that come back


def test_an_aim_asked_again_shows_its_shares_of_yes_side_by_side(world: AnnualWorld, read: Reader) -> None:
    earlier = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    first = an_aim(world, earlier, "Was information shared?", at("2014-05-07"))
    alone = an_aim(world, earlier, "Was there a plan?", at("2014-05-07"))
    later = an_audit(world, "2014-15/2", "Child in Need", at("2014-09-25"))
    second = an_aim(world, later, "Did agencies share?", at("2014-09-25"), asks_again=first)
    for audit, aim, answers in (
        (earlier, first, ("yes", "no", "partly", "not applicable", "no evidence on file")),
        (later, second, ("yes", "yes")),
    ):
        for answer in answers:
            one = a_return(
                world,
                a_case(world, audit, "family", at("2014-10-01")),
                "social",
                at("2014-10-01"),
                "2014-11-01",
            )
            answered(world, one, {aim.id: answer}, "2014-10-20")
    owed = a_return(
        world, a_case(world, later, "family", at("2014-10-01")), "social", at("2014-10-01"), "2014-11-01"
    )
    world.line(owed, at("2014-10-20"), kind="entered", trigger="answer", answers={str(second.id): "no"})
    (repeated,) = read.year().repeated_aims
    assert repeated.text == "Was information shared?"
    assert repeated.asked_in == (
        AskedIn("2014-15/1", "Long open cases", Share(1, 4)),
        AskedIn("2014-15/2", "Child in Need", Share(2, 2)),
    )
    assert alone.text not in repr(read.year().repeated_aims)


def test_answers_count_as_they_were_on_the_day(world: AnnualWorld, read: Reader) -> None:
    earlier = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    first = an_aim(world, earlier, "Was information shared?", at("2014-05-07"))
    later = an_audit(world, "2014-15/2", "Child in Need", at("2014-05-08"))
    an_aim(world, later, "Was information shared?", at("2014-05-08"), asks_again=first)
    one = a_return(
        world, a_case(world, earlier, "family", at("2014-06-24")), "social", at("2014-07-28"), "2014-09-02"
    )
    answered(world, one, {first.id: "no"}, "2014-08-20")
    answered(world, one, {first.id: "yes"}, "2014-10-20")
    assert read.year("2014-08-20").repeated_aims[0].asked_in[0].share == Share(0, 1)
    assert read.year().repeated_aims[0].asked_in[0].share == Share(1, 1)


def test_an_aim_of_an_earlier_year_is_set_beside_ours_and_others_are_left_out(
    world: AnnualWorld, read: Reader
) -> None:
    earlier = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    first = an_aim(world, earlier, "Was information shared?", at("2014-05-07"))
    later = an_audit(world, "2015-16/1", "Neglect", at("2015-05-06"))
    second = an_aim(world, later, "Was information shared?", at("2015-05-07"), asks_again=first)
    again = an_audit(world, "2015-16/2", "Conferences", at("2015-06-06"))
    an_aim(world, again, "Was information shared?", at("2015-06-07"), asks_again=second)
    third = an_aim(world, later, "Was there a plan?", at("2015-05-07"))
    an_aim(world, again, "Was there a plan?", at("2015-06-07"), asks_again=third)
    assert read.year().repeated_aims == ()
    (repeated,) = read.year("2016-01-29").repeated_aims
    assert [asked_in.reference for asked_in in repeated.asked_in] == ["2014-15/1", "2015-16/1", "2015-16/2"]


# Recommendations


def test_individual_practice_recommendations_are_counted_and_leave_no_gap(
    world: AnnualWorld, read: Reader
) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    a_recommendation(world, audit, 1, at("2014-09-16"))
    private = a_recommendation(world, audit, 2, at("2014-09-16"), agency="council")
    an_action(world, private, "council", at("2014-09-17"), "2014-12-01")
    a_recommendation(world, audit, 3, at("2014-09-16"))
    then = read.audit()
    assert [(one.number, one.text) for one in then.strategic] == [
        (1, "Recommendation text 1."),
        (2, "Recommendation text 3."),
    ]
    assert then.individual_practice == 1
    assert "SECRET" not in repr(read.year())


def test_a_recommendation_stands_as_it_stood_on_the_day(world: AnnualWorld, read: Reader) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    one = a_recommendation(world, audit, 1, at("2014-09-16"))
    world.line(one, at("2014-09-22"), trigger="agree", to="agreed", set={"agreed_on": "2014-09-22"})
    world.line(one, at("2014-10-22"), trigger="begin", to="in_progress")
    done = {"implemented_on": "2015-01-27", "embedded_check_on": "2015-07-27"}
    world.line(one, at("2015-01-27"), trigger="implement", to="implemented", set=done)
    world.line(
        one,
        at("2015-08-01"),
        trigger="judge_not_embedded",
        to="not_embedded",
        texts={"reason": "A file review found none."},
    )
    undone = {"implemented_on": None, "embedded_check_on": None}
    world.line(one, at("2015-08-15"), trigger="reopen", to="in_progress", set=undone)
    assert read.audit("2014-09-15").strategic == ()
    early = read.recommendation("2014-12-31")
    assert (early.state, early.came_on, early.came_by) == ("in_progress", on("2014-10-22"), "begin")
    assert (early.agreed_on, early.implemented_on, early.not_lasted_on) == (on("2014-09-22"), None, None)
    then = read.recommendation()
    assert (then.state, then.implemented_on, then.embedded_check_on) == (
        "implemented",
        on("2015-01-27"),
        on("2015-07-27"),
    )
    failed = read.recommendation("2015-08-01")
    assert (failed.not_lasted_on, failed.reason) == (on("2015-08-01"), "A file review found none.")
    reopened = read.recommendation("2015-08-15")
    assert (reopened.state, reopened.implemented_on) == ("in_progress", None)
    assert (reopened.not_lasted_on, reopened.reason) == (on("2015-08-01"), "")


def test_a_reason_that_was_erased_is_not_told(world: AnnualWorld, read: Reader) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    one = a_recommendation(world, audit, 1, at("2014-09-16"))
    world.line(
        one, at("2014-09-22"), trigger="decline", to="not_accepted", texts={"reason": "Not ours to do"}
    )
    assert read.recommendation().reason == "Not ours to do"
    world.session.execute(sa.update(EventText).values(text=None, erased_at=NOW))
    assert read.recommendation().reason == ""


def test_agencies_answers_are_those_of_the_day(world: AnnualWorld, read: Reader) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    one = a_recommendation(world, audit, 1, at("2014-09-16"))
    asked(world, one, "council", "trust", "ccg")
    world.line(
        one,
        at("2014-09-30"),
        kind="entered",
        trigger="answer_for_agency",
        agency=world.agencies["trust"].id,
        answer="not_accepted",
        texts={"reason": "We hold no such files"},
    )
    an_action(world, one, "council", at("2014-10-02"), "2014-12-19")
    assert [answer.answer for answer in read.recommendation("2014-09-16").answers] == ["asked"] * 3
    assert read.recommendation().answers == (
        AgencyAnswerThen("The Council", "accepted", ""),
        AgencyAnswerThen("The Trust", "not_accepted", "We hold no such files"),
        AgencyAnswerThen("The CCG", "asked", ""),
    )


def test_measurements_and_later_evidence_count_up_to_the_day(world: AnnualWorld, read: Reader) -> None:
    earlier = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    first = an_aim(world, earlier, "Was information shared?", at("2014-05-07"))
    later = an_audit(world, "2015-16/1", "Neglect", at("2014-11-06"))
    second = an_aim(world, later, "Was information shared?", at("2014-11-07"), asks_again=first)
    one = a_recommendation(world, earlier, 1, at("2014-09-16"))
    later_evidence(world, one, "2014-12-01")
    assert read.recommendation().later_evidence == 0
    world.line(
        one, at("2014-12-05"), trigger="implement", to="implemented", set={"implemented_on": "2014-12-05"}
    )
    later_evidence(world, one, "2014-12-05")
    later_evidence(world, one, "2015-02-05")
    later_evidence(world, one, "2015-05-05")
    asked_again(world, one, first, second, held="2015-02-24", recorded="2015-03-31")
    then = read.recommendation()
    assert then.later_evidence == 1
    assert then.measured == (
        MeasuredThen(on("2015-02-24"), "2015-16/1", "Neglect", Share(2, 8), Share(6, 8), is_better=True),
    )
    assert read.recommendation("2015-03-30").measured == ()


# Actions


def test_an_actions_dates_are_those_of_the_day_and_its_original_date_stays(
    world: AnnualWorld, read: Reader
) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    one = a_recommendation(world, audit, 1, at("2014-09-16"))
    action = an_action(world, one, "council", at("2014-10-02"), "2014-12-19")
    world.line(action, at("2014-10-03"), trigger="agree", to="agreed")
    moved = {"current_due_on": "2015-02-27", "times_moved": 1}
    world.line(action, at("2014-12-10"), kind="entered", trigger="extend", set=moved)
    world.line(action, at("2015-01-12"), kind="fired", rule="action-overdue-chair", severity="escalation")
    moved = {"current_due_on": "2015-06-19", "times_moved": 2}
    world.line(action, at("2015-05-10"), kind="entered", trigger="extend", set=moved)
    confirmed = {"confirmed_on": "2015-06-01"}
    world.line(action, at("2015-06-01"), trigger="confirm", to="confirmed", set=confirmed)
    assert read.recommendation("2014-10-01").actions == ()
    (early,) = read.recommendation("2014-10-31").actions
    assert (early.original_due_on, early.current_due_on, early.times_moved) == (
        on("2014-12-19"),
        on("2014-12-19"),
        0,
    )
    (then,) = read.recommendation().actions
    assert (then.agency, then.state) == ("The Council", "agreed")
    assert (then.original_due_on, then.current_due_on, then.times_moved) == (
        on("2014-12-19"),
        on("2015-02-27"),
        1,
    )
    assert (then.escalated_on, then.confirmed_on) == (on("2015-01-12"), None)
    (late,) = read.recommendation("2015-06-01").actions
    assert (late.current_due_on, late.times_moved, late.confirmed_on) == (
        on("2015-06-19"),
        2,
        on("2015-06-01"),
    )


def test_an_action_without_a_date_had_none_before_it_was_set(world: AnnualWorld, read: Reader) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    action = an_action(
        world, a_recommendation(world, audit, 1, at("2014-09-16")), "council", at("2014-10-02"), None
    )
    first = {"original_due_on": "2015-06-30", "current_due_on": "2015-06-30"}
    world.line(action, at("2015-04-02"), kind="entered", trigger="complete_plan", set=first)
    (before,) = read.recommendation().actions
    assert (before.original_due_on, before.current_due_on) == (None, None)
    (after,) = read.recommendation("2015-04-02").actions
    assert (after.original_due_on, after.current_due_on) == (on("2015-06-30"), on("2015-06-30"))


def test_requests_for_a_later_date_are_counted_by_their_answer(world: AnnualWorld, read: Reader) -> None:
    audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
    action = an_action(
        world, a_recommendation(world, audit, 1, at("2014-09-16")), "council", at("2014-10-02"), "2014-12-19"
    )
    a_request(world, action, "extend", at("2014-11-01"), "approved")
    a_request(world, action, "extend_by_group", at("2014-12-01"), "rejected")
    a_request(world, action, "extend", at("2015-01-01"), None)
    a_request(world, action, "extend", at("2015-04-01"), "approved")
    a_request(world, action, "close", at("2015-01-01"), "approved")
    private = a_recommendation(world, audit, 2, at("2014-09-16"), agency="trust")
    hidden = an_action(world, private, "trust", at("2014-10-02"), "2014-12-19")
    a_request(world, hidden, "extend", at("2014-11-01"), "approved")
    assert read.year().date_requests == DateRequests(granted=1, refused=1, waiting=1)
    assert world.session.get_one(Recommendation, private.id).type == "individual_practice"


# The other database


@pytest.mark.postgres
def test_a_year_is_read_alike_from_postgresql(postgres_database: str, playbook: Playbook) -> None:
    store = open_store(postgres_database)
    METADATA.create_all(store.db)
    with store.begin(group=EVERY) as session:
        world = a_group(session)
        audit = an_audit(world, "2014-15/1", "Long open cases", at("2014-05-06"))
        world.line(audit, NIGHT, trigger="agree_theme", to="theme_agreed")
        world.line(audit, AFTER_MIDNIGHT, trigger="cancel", to="cancelled")
        one = a_recommendation(world, audit, 1, at("2014-09-16"))
        asked(world, one, "council")
        an_action(world, one, "council", at("2014-10-02"), "2014-12-19")
        later_evidence(world, one, "2015-02-05")
        world.line(
            one, at("2015-01-27"), trigger="implement", to="implemented", set={"implemented_on": "2015-01-27"}
        )
        then = Reader(world, playbook).audit()
    store.close()
    assert then.state == "theme_agreed"
    assert then.strategic[0].later_evidence == 1
    assert then.strategic[0].actions[0].original_due_on == on("2014-12-19")
