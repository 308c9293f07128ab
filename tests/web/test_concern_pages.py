"""Immediate concerns: raised by anybody with a post, read by the agency that must act and by those who see everything."""

from __future__ import annotations

import pytest

from assurance.records import Agency, ImmediateConcern
from engine.moved import Ref
from tests.assurance.full_world import CONCERN
from tests.web.site import Site

CANARY = "The home is not safe"
NEW = "/immediate_concerns/new"


@pytest.fixture
def site(full_site: Site) -> Site:
    """The pages of a world in which a concern about the council's work stands."""
    return full_site


def test_every_page_leads_to_raising_a_concern(site: Site) -> None:
    for path in ("/actions", "/action/2", "/immediate_concerns"):
        assert NEW in site.get(path, as_="cleo").page.links


def test_the_form_says_first_what_makes_a_child_safe_now(site: Site) -> None:
    answer = site.get(NEW, as_="cleo")
    assert "This page does not make a child safe now." in answer.text
    assert answer.text.index("call the police on 999") < answer.text.index("Agency that must act")


@pytest.mark.parametrize("who", ["ada", "dan", "sam", "una", "dev", "esme"])
def test_the_agency_that_must_act_and_those_who_see_everything_read_it(site: Site, who: str) -> None:
    assert CANARY in site.get(f"/{CONCERN}", as_=who).text
    assert f"/{CONCERN}" in site.get("/immediate_concerns", as_=who).page.links


@pytest.mark.parametrize("who", ["bo", "gil", "fay", "cleo", "ida", "thea"])
def test_nobody_else_learns_of_it(site: Site, who: str) -> None:
    assert site.get(f"/{CONCERN}", as_=who).status == 404
    answer = site.get("/immediate_concerns", as_=who)
    assert "There is none that is for you." in answer.text
    assert CANARY not in answer.html


def test_a_lay_member_raises_one_and_is_told_who_knows_now(site: Site) -> None:
    site.world.news()
    police = str(site.world.number(Agency, "police"))
    answer = site.post(NEW, {"agency": police, "text": "A child may be alone"}, as_="cleo")
    assert answer.path == "/immediate_concerns"
    assert "Shire Constabulary, the chair, the deputy chair and the coordinator are told now." in answer.text
    assert "A child may be alone" not in answer.html
    assert site.world.told("concern") == ["ada", "dan", "fay", "sam"]
    assert "A child may be alone" in site.get("/immediate_concern/2", as_="fay").text


def test_whoever_may_read_on_comes_to_its_page(site: Site) -> None:
    case = str(site.world.cases()[0])
    trust = str(site.world.number(Agency, "trust"))
    answer = site.post(NEW, {"agency": trust, "text": "No visit for weeks", "case": case}, as_="bo")
    assert answer.path == "/immediate_concern/2"
    row = site.world.row(ImmediateConcern, Ref("immediate_concern", 2))
    assert (row.case_id, row.audit_id) == (int(case), 1)


def test_the_lay_member_is_offered_no_cases(site: Site) -> None:
    assert "Case in whose file it was seen" not in site.get(NEW, as_="cleo").text
    assert "Case in whose file it was seen" in site.get(NEW, as_="bo").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"agency": "", "text": "A child may be alone"}, "Choose the agency that must act."),
        ({"agency": "99", "text": "A child may be alone"}, "Choose the agency that must act."),
        ({"agency": "3", "text": " "}, "Write down what the concern is."),
        ({"agency": "3", "text": "Sarah may be alone"}, "looks like somebody's name"),
    ],
)
def test_a_concern_that_is_refused_keeps_what_was_typed(
    site: Site, fields: dict[str, str], said: str
) -> None:
    answer = site.post(NEW, fields, as_="bo")
    assert answer.status == 422
    assert said in answer.text
    assert fields["text"] in answer.html
    assert site.get("/immediate_concern/2", as_="ada").status == 404


def test_the_same_form_sent_twice_raises_one_concern(site: Site) -> None:
    key = site.get(NEW, as_="bo").page.hidden["key"]
    fields = {"agency": str(site.world.number(Agency, "police")), "text": "A child may be alone"}
    site.post(NEW, fields, as_="bo", unseen={"key": key})
    answer = site.post(NEW, fields, as_="bo", unseen={"key": key})
    assert "nothing was entered twice" in answer.text
    assert site.get("/immediate_concern/3", as_="ada").status == 404


def test_the_agency_says_that_it_acts_and_the_chair_closes_it(site: Site) -> None:
    answer = site.post(f"/{CONCERN}/steps/take_up", {"remark": "A visit today"}, as_="dev")
    assert "It is now: Taken up." in answer.text
    closed = site.post(f"/{CONCERN}/steps/close", {"reason": "The child is safe"}, as_="ada")
    assert "It is now: Closed." in closed.text


def test_without_a_post_nobody_raises_one_here(site: Site) -> None:
    assert site.get(NEW, as_="viv").status == 404
