"""The dashboard's figures, beside what one can count by hand, for everybody who may look."""

from __future__ import annotations

from datetime import date, time

import pytest

from assurance.access import viewer_of
from assurance.commands import acting, programme
from assurance.queries.dashboard import dashboard
from assurance.queries.figures import Band, Dashboard, InTime, Progress, ReturnsOf, Scope
from assurance.records import Agency
from assurance.roster import roster
from engine.errors import Refused
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.counting import statements_of
from tests.assurance.full_world import INDIVIDUAL, full_world
from tests.world import World

STATES = ("Proposed", "Agreed", "In progress", "Confirmed", "Verified", "Closed")
ALL_OF_IT = Scope()


def seen_by(world: World, who: str, scope: Scope = ALL_OF_IT) -> Dashboard:
    """What somebody sees on the dashboard."""
    actor = world.actor(who)
    with world.office.reading(actor) as tx:
        viewer = viewer_of(roster(tx.session, group_id=tx.actor.group_id, today=tx.today), actor)
        return dashboard(tx, viewer, scope)


def bands(found: Dashboard) -> list[int]:
    """How many actions are overdue, by age."""
    return [band.number for band in found.overdue.bands]


def test_actions_are_counted_by_audit_and_by_agency(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.moves("gil", world.action("ccg"), "begin")
    found = seen_by(world, "ada")
    assert found.states == STATES
    assert found.by_audit == (Progress("2014-15/1 Neglect", (0, 1, 1, 0, 0, 0)),)
    assert found.by_agency == (
        Progress("North Trust", (0, 1, 0, 0, 0, 0)),
        Progress("Clinical Commissioning Group", (0, 0, 1, 0, 0, 0)),
    )


def test_the_time_in_each_stage_is_counted_in_days(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.on(date(2014, 12, 19))
    (audit,) = seen_by(world, "cleo").stages
    assert audit.ref == world.audit
    assert not audit.is_over
    assert [(stage.title, stage.days, stage.working_days) for stage in audit.stages] == [
        ("Proposed", 1, 1),  # 1 to 2 September
        ("Theme agreed", 6, 4),  # to 8 September
        ("Cases selected", 7, 5),  # to 15 September
        ("Agency audits", 70, 50),  # to 24 November
        ("Findings", 17, 13),  # to 11 December
        ("Recommendations", 4, 2),  # to 15 December
        ("Actions", 4, 4),  # to today
    ]
    assert {stage.expected for stage in audit.stages} == {None}


def test_going_back_adds_to_the_stage_to_which_one_goes_back(world_at: At) -> None:
    world = world_at("cases_selected")
    world.on(date(2014, 9, 10))
    world.is_granted("sam", world.audit, "go_back", reason="One case was read last year")
    world.on(date(2014, 9, 12))
    (audit,) = seen_by(world, "ada").stages
    days = {stage.title: stage.days for stage in audit.stages}
    assert days == {"Proposed": 1, "Theme agreed": 6 + 2, "Cases selected": 2}


@pytest.mark.parametrize(
    ("today", "counts"),
    [
        (date(2015, 2, 27), [0, 0, 0, 0]),  # the very day
        (date(2015, 2, 28), [2, 0, 0, 0]),  # a Saturday: no working day has passed, and yet it is late
        (date(2015, 3, 13), [2, 0, 0, 0]),  # ten working days
        (date(2015, 3, 14), [2, 0, 0, 0]),
        (date(2015, 3, 16), [0, 2, 0, 0]),
        (date(2015, 4, 14), [0, 2, 0, 0]),  # thirty, Easter's two left out
        (date(2015, 4, 15), [0, 0, 2, 0]),
        (date(2015, 6, 1), [0, 0, 0, 2]),  # sixty-one, two bank holidays in May left out as well
    ],
)
def test_overdue_actions_are_counted_by_their_age_in_working_days(
    world_at: At, today: date, counts: list[int]
) -> None:
    world = world_at("actions")
    world.on(today)
    assert bands(seen_by(world, "ada")) == counts


def test_what_is_confirmed_or_given_up_is_not_overdue(world_at: At) -> None:
    world = world_at("actions")
    world.on(date(2015, 3, 2))
    with world.does("bo") as tx:
        acting.add_evidence(tx, world.action("trust"), "Attendance list", "All teams were briefed.")
    world.moves("bo", world.action("trust"), "confirm")
    world.is_granted("gil", world.action("ccg"), "close", by="dan", reason="The practice has closed")
    found = seen_by(world, "ada").overdue
    assert (found.total, found.open) == (0, 0)


def test_the_age_counts_from_the_date_agreed_now_and_says_how_many_were_moved(world_at: At) -> None:
    world = world_at("actions")
    world.on(date(2015, 2, 20))
    world.is_granted(
        "bo", world.action("trust"), "extend", new_due_on=date(2015, 3, 31), reason="Two teams are missing"
    )
    world.on(date(2015, 3, 2))
    found = seen_by(world, "ada").overdue
    assert found.bands == (Band(0, 10, 1), Band(11, 30, 0), Band(31, 60, 0), Band(61, None, 0))
    assert (found.open, found.undated, found.moved) == (2, 0, 1)


def test_an_action_without_a_date_is_counted_as_that(world_at: At) -> None:
    world = world_at("actions")
    strategic = Ref("recommendation", 1)
    world.plans("bo", "trust", recommendation=strategic, owner="health_visiting", due_on=None)
    world.on(date(2015, 3, 2))
    found = seen_by(world, "ada").overdue
    assert (found.total, found.open, found.undated) == (2, 3, 1)


def test_the_share_in_time_is_counted_by_the_quarter_of_the_first_date(any_world_at: At) -> None:
    world = any_world_at("actions")
    first, last = date(2015, 1, 1), date(2015, 3, 31)
    assert seen_by(world, "ada").closed == ()
    world.on(date(2015, 2, 27))
    world.completes("bo", world.action("trust"))
    world.is_granted(
        "gil",
        world.action("ccg"),
        "extend",
        by="dan",
        new_due_on=date(2015, 6, 30),
        reason="The locum has left",
    )
    world.on(date(2015, 3, 2))
    assert seen_by(world, "ada").closed == (InTime(first, last, in_time=1, later=0, open=1),)
    world.completes("gil", world.action("ccg"), by="dan")
    # In time by the new date, and still not by the one first agreed.
    assert seen_by(world, "ada").closed == (InTime(first, last, in_time=1, later=1, open=0),)


def test_returns_are_counted_by_the_day_on_which_they_first_came(any_world_at: At) -> None:
    world = any_world_at("agency_audits")  # due on 27 November
    world.on(date(2014, 11, 27))
    early = world.agency_return("police")
    world.fills("fay", early)
    world.moves("fay", early, "submit")
    world.is_granted("sam", world.agency_return("gp"), "waive", by="dan", reason="The practice has closed")
    world.on(date(2014, 12, 1))
    world.moves(
        "sam", early, "request_changes", reason="The second aim is unclear", new_due_on=date(2014, 12, 5)
    )
    world.moves("fay", early, "submit")
    late = world.agency_return("social_care")
    world.fills("dev", late)
    world.moves("dev", late, "submit")
    assert seen_by(world, "cleo").returns == (
        ReturnsOf("North Trust", in_time=0, late=0, overdue=2, not_due=0, waived=0),
        ReturnsOf("County Council", in_time=0, late=1, overdue=3, not_due=0, waived=0),
        ReturnsOf("Shire Constabulary", in_time=1, late=0, overdue=1, not_due=0, waived=0),
        ReturnsOf("Clinical Commissioning Group", in_time=0, late=0, overdue=1, not_due=0, waived=1),
    )


def test_whoever_holds_no_post_sees_nothing_counted(world_at: At) -> None:
    found = seen_by(full_world(world_at), "viv")
    assert (found.by_audit, found.by_agency, found.stages, found.closed) == ((), (), (), ())
    assert (found.returns, found.repeated, found.choices.audits) == ((), (), ())
    assert (found.overdue.open, found.overdue.total) == (0, 0)


def test_individual_practice_is_counted_for_its_own_agency_and_those_who_see_everything(world_at: At) -> None:
    world = full_world(world_at)
    for who in ("ada", "dan", "sam", "una", "bo", "nell"):
        assert sum(one.total for one in seen_by(world, who).by_agency) == 3
    for who in ("dev", "esme", "fay", "gil", "cleo", "ida", "thea"):
        found = seen_by(world, who)
        assert sum(one.total for one in found.by_agency) == 2
        assert sum(one.total for one in found.by_audit) == 2


@pytest.mark.parametrize("who", ["dev", "fay", "gil", "cleo", "ida", "thea"])
def test_an_individual_practice_action_of_another_agency_changes_no_figure(world_at: At, who: str) -> None:
    world = full_world(world_at)
    own = world.plans("bo", "trust", recommendation=INDIVIDUAL, owner="health_visiting", due_on=None)
    world.on(date(2015, 6, 1))
    with world.does("bo") as tx:
        acting.add_evidence(tx, own, "One file", "It was read again.")
    before = {scope: seen_by(world, who, scope) for scope in scopes(world)}
    told = seen_by(world, "bo")
    world.moves("bo", own, "confirm")
    assert seen_by(world, "bo") != told
    assert {scope: seen_by(world, who, scope) for scope in scopes(world)} == before


def scopes(world: World) -> tuple[Scope, ...]:
    """Every part of the work by which figures can be narrowed here."""
    trust = world.number(Agency, "trust")
    return (
        ALL_OF_IT,
        Scope(year="2014-15"),
        Scope(audit_id=1),
        Scope(agency_id=trust),
        Scope("2014-15", 1, trust),
    )


def test_figures_are_narrowed_to_a_year_an_audit_and_an_agency(world_at: At) -> None:
    world = full_world(world_at)
    council = world.number(Agency, "council")
    found = seen_by(world, "ada", Scope(agency_id=council))
    assert found.by_agency == ()
    assert [one.agency for one in found.returns] == ["County Council"]
    trust = seen_by(world, "ada", Scope("2014-15", 1, world.number(Agency, "trust")))
    assert [(one.title, one.total) for one in trust.by_agency] == [("North Trust", 2)]
    assert [one.agency for one in trust.returns] == ["North Trust"]
    assert trust.choices == found.choices


@pytest.mark.parametrize(
    ("scope", "sentence"),
    [
        (Scope(year="2014"), "'2014' is not a year with audits"),
        (Scope(audit_id=99), "There is no audit/99"),
        (Scope(agency_id=99), "There is no agency/99"),
    ],
)
def test_a_year_an_audit_or_an_agency_that_there_is_not_is_refused(
    world_at: At, scope: Scope, sentence: str
) -> None:
    world = world_at("proposed")
    with pytest.raises(Refused, match=sentence):
        seen_by(world, "ada", scope)


def test_whoever_may_see_nothing_is_not_told_which_audits_there_are(world_at: At) -> None:
    with pytest.raises(Refused, match="There is no audit/1 that Viv Vane may see"):
        seen_by(world_at("proposed"), "viv", Scope(audit_id=1))


def test_an_aim_that_was_asked_again_shows_the_pooled_answers_of_each_audit(world_at: At) -> None:
    world = world_at("actions")
    assert seen_by(world, "cleo").repeated == ()
    ask_the_first_aim_again(world)
    (aim,) = seen_by(world, "cleo").repeated
    assert aim.text == "Was information shared in time?"
    shares = [(asked.reference, asked.share.yes, asked.share.asked) for asked in aim.asked_in]
    assert shares == [("2014-15/1", 0, 10), ("2014-15/2", 0, 0)]
    assert seen_by(world, "cleo", Scope(audit_id=2)).repeated == (aim,)


def test_a_dashboard_takes_the_same_statements_however_much_there_is(world_at: At) -> None:
    world = world_at("actions")
    few = statements_of(world, lambda: seen_by(world, "bo"))
    ask_the_first_aim_again(world)
    for _ in range(3):
        world.plans("bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting")
    assert statements_of(world, lambda: seen_by(world, "bo")) == few < 25


def ask_the_first_aim_again(world: World) -> None:
    """Propose a second audit that asks the first aim of the first one again."""
    world.on(date(2014, 12, 19), time(9, 0))
    first = world.aims()[0]
    theme = programme.Theme("2014-15", "Neglect, again", "review", "Family L", "Open cases", 12, 2)
    with world.does("sam") as tx:
        audit = programme.open_audit(tx, theme)
        programme.add_aim(tx, audit, "Is information shared in time now?", asks_again=first)
