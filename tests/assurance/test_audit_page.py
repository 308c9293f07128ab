"""One audit for its page: what each may see of it, where it stood when, and as many statements for many returns as for few."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from assurance.commands import concluding, programme
from assurance.queries.audit_page import AuditPage, audit_page
from assurance.queries.programme_page import YearPage, year_page
from assurance.records import Agency, AgencyReturn, Approval, Case
from engine.errors import Refused
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.counting import said_to
from tests.assurance.full_world import CONCERN, INDIVIDUAL, STRATEGIC, full_world
from tests.assurance.looking import looks, programme_again
from tests.world import World


def page(world: World, who: str, number: int = 1) -> AuditPage:
    """The audit as somebody of the cast sees it."""
    with looks(world, who) as (tx, viewer):
        return audit_page(tx, viewer, number)


def year(world: World, who: str = "cleo", called: str = "") -> YearPage | None:
    """A year of the programme as somebody of the cast sees it."""
    with looks(world, who) as (tx, viewer):
        return year_page(tx, viewer, called)


def stages(found: AuditPage) -> list[tuple[str, bool, bool, date | None]]:
    """The stages: which are past, which is the present one, and when it came there."""
    return [(one.state, one.is_past, one.is_present, one.came_on) for one in found.stages]


def test_the_stages_of_an_audit_have_the_days_on_which_it_came_there(world_at: At) -> None:
    assert stages(page(world_at("cases_selected"), "cleo"))[:4] == [
        ("proposed", True, False, date(2014, 9, 1)),
        ("theme_agreed", True, False, date(2014, 9, 2)),
        ("cases_selected", False, True, date(2014, 9, 8)),
        ("agency_audits", False, False, None),
    ]


def test_a_stage_to_which_it_went_back_is_the_present_one(world_at: At) -> None:
    world = world_at("cases_selected")
    world.on(date(2014, 9, 10))
    world.is_granted("sam", world.audit, "go_back", reason="One more case.")
    assert stages(page(world, "cleo"))[:3] == [
        ("proposed", True, False, date(2014, 9, 1)),
        ("theme_agreed", False, True, date(2014, 9, 10)),
        ("cases_selected", False, False, None),
    ]


def test_of_an_audit_that_was_given_up_only_what_it_reached_is_past(world_at: At) -> None:
    world = world_at("theme_agreed")
    world.is_granted("sam", world.audit, "cancel", reason="Another board does it.")
    past = [state for state, is_past, _, _ in stages(page(world, "cleo")) if is_past]
    assert past == ["proposed", "theme_agreed"]
    assert stages(page(world, "cleo"))[-1][:3] == ("cancelled", False, True)


@pytest.mark.parametrize(
    ("who", "own"),
    [
        ("sam", {"Health visiting", "Social care", "Schools", "Police", "General practice"}),
        ("bo", {"Health visiting"}),
        ("esme", {"Social care", "Schools"}),
        ("hal", set()),
        ("cleo", set()),
        ("thea", set()),
    ],
)
def test_each_sees_the_returns_of_their_own_agency_and_counts_of_all(
    world_at: At, who: str, own: set[str]
) -> None:
    found = page(world_at("agency_audits"), who)
    assert {row.records for row in found.rows if row.is_own} == own
    assert all(row.cells == () for row in found.rows if not row.is_own)
    assert [(row.settled, row.asked) for row in found.rows] == [(0, 2)] * 5
    assert len(found.cases) == (2 if own else 0)
    assert found.hidden_cases == (0 if own else 2)


def test_what_is_for_few_stays_with_few(any_world_at: At) -> None:
    world = full_world(any_world_at)
    for who, concerns, made, hidden in (
        ("ada", (CONCERN,), {STRATEGIC, INDIVIDUAL}, 0),
        ("dev", (CONCERN,), {STRATEGIC}, 1),
        ("bo", (), {STRATEGIC, INDIVIDUAL}, 0),
        ("cleo", (), {STRATEGIC}, 1),
    ):
        found = page(world, who)
        assert found.concerns == concerns
        assert {row.ref for row in found.recommendations.rows} == made
        assert found.recommendations.hidden == hidden


def test_a_decision_about_what_one_may_not_see_is_not_listed(world_at: At) -> None:
    world = world_at("agency_audits")
    waiver = world.asks("fay", world.returns("police")[0], "waive", reason="The file is with the court.")
    assert [one.ref for one in page(world, "ada").decisions] == [waiver]
    assert [one.with_whom for one in page(world, "fay").decisions] == ["Ada Ashdown"]
    assert page(world, "bo").decisions == page(world, "cleo").decisions == ()


def test_an_aim_that_asks_again_names_the_earlier_one(world_at: At) -> None:
    world = world_at("actions")
    with world.does("sam") as tx:
        programme_again(world, tx)
    (aim,) = page(world, "cleo", 2).aims
    assert (aim.number, aim.asks_again, aim.earlier) == (1, "2014-15/1, aim 1", Ref("audit", 1))
    assert [aim.asks_again for aim in page(world, "cleo").aims] == ["", ""]


def test_who_has_spread_the_learning_stands_beside_who_has_not(world_at: At) -> None:
    world = world_at("actions")
    with world.does("bo") as tx:
        trust = world.number(Agency, "trust")
        concluding.record_dissemination(tx, world.audit, trust, "Briefings in May", 40)
    found = {one.agency: (one.on is not None, one.reached) for one in page(world, "cleo").spread}
    assert found == {
        "North Trust": (True, 40),
        "County Council": (False, 0),
        "Shire Constabulary": (False, 0),
        "Clinical Commissioning Group": (False, 0),
    }


def test_nobody_out_of_post_and_no_audit_that_is_not_there(world_at: At) -> None:
    world = world_at("actions")
    for who, number in (("viv", 1), ("sam", 2), ("sam", 2**40)):
        with pytest.raises(Refused, match="There is no audit/"):
            page(world, who, number)


@pytest.mark.parametrize("who", ["sam", "bo", "cleo"])
def test_many_returns_and_decisions_take_no_more_statements_than_few(world_at: At, who: str) -> None:
    world = world_at("agency_audits")
    world.asks("fay", world.returns("police")[0], "waive", reason="The file is with the court.")
    few = statements(world, who)
    with world.does("sam") as tx:
        copy = [column for column in AgencyReturn.__table__.columns if column.name not in ("id", "case_id")]
        for number in range(60):
            case = Case(
                group_id=world.group_id,
                audit_id=1,
                case_ref=f"C-{number:06}",
                kind="child",
                criterion="By chance",
            )
            tx.session.add(case)
            tx.session.flush()
            rows = sa.select(*copy, sa.literal(case.id)).where(AgencyReturn.case_id == world.cases()[0])
            names = [*(column.name for column in copy), "case_id"]
            tx.session.execute(sa.insert(AgencyReturn).from_select(names, rows))
        columns = [column for column in Approval.__table__.columns if column.name != "id"]
        waiting = sa.select(*columns).where(Approval.state == "waiting")
        for _ in range(4):
            tx.session.execute(sa.insert(Approval).from_select([one.name for one in columns], waiting))
    assert statements(world, who) == few
    assert sum(row.asked for row in page(world, who).rows) == 310


def statements(world: World, who: str) -> int:
    """Count what is asked of the database for the page."""
    with looks(world, who) as (tx, viewer), said_to(tx) as said:
        audit_page(tx, viewer, 1)
    return len(said)


# -- the programme -----------------------------------------------------------------------------------------


def test_a_year_holds_what_ran_in_it_when_it_met_and_what_is_planned(world_at: At) -> None:
    world = world_at("actions")
    found = year(world)
    assert found is not None
    assert (found.year, found.years) == ("2014-15", ("2014-15", "2015-16"))
    (audit,) = found.audits
    assert [stay.state for stay in audit.stays][:2] == ["proposed", "theme_agreed"]
    assert audit.stays[-1].until == world.today
    assert [meeting.on for meeting in found.meetings] == [date(2014, 12, 11), date(2015, 3, 12)]
    assert found.planned == ()
    later = year(world, called="2015-16")
    assert later is not None
    assert (later.audits, later.planned) == ((), ("Children missing education",))
    assert year(world, called="1999-00") is None


def test_a_theme_to_be_audited_again_stands_in_the_year_in_which_it_is_due(world_at: At) -> None:
    world = world_at("actions")
    with world.does("sam") as tx:
        tx.session.connection().exec_driver_sql(
            "UPDATE audit SET signed_off_on = '2015-02-01', re_audit_due_on = '2016-02-01'"
        )
    world.on(date(2015, 5, 1))
    found = year(world)
    assert found is not None
    assert (found.year, found.audits) == ("2015-16", ())
    assert [audit.reference for audit in found.due] == ["2014-15/1"]


def test_years_take_as_many_statements_for_many_audits_as_for_few(world_at: At) -> None:
    world = world_at("actions")
    with looks(world, "cleo") as (tx, viewer), said_to(tx) as few:
        year_page(tx, viewer)
    theme = programme.Theme("2014-15", "Neglect", "review", "Review of Family L", "Open for two years", 12, 2)
    for _ in range(10):
        with world.does("sam") as tx:
            programme.open_audit(tx, theme)
    with looks(world, "cleo") as (tx, viewer), said_to(tx) as many:
        found = year_page(tx, viewer)
    assert found is not None
    assert (len(found.audits), len(many)) == (11, len(few))
