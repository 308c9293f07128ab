"""My work as a page: what is asked of each, whither each button leads, and what those read for whom nothing waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from engine.moved import Ref
from tests.web.site import Site

SiteAt = Callable[[str | None], Site]
EVERYBODY = (
    "ada",
    "bo",
    "cleo",
    "dan",
    "dev",
    "esme",
    "fay",
    "gil",
    "hal",
    "ida",
    "nell",
    "sam",
    "thea",
    "una",
)


def buttons(site: Site, who: str) -> list[str]:
    """Give where the buttons of somebody's work lead: each thing is named by a link first."""
    links = site.get("/", as_=who).page.links
    return [link for link in links if "/steps/" in link or link.endswith(("/reply", "/accept"))]


def test_the_owner_reads_what_is_to_be_begun_and_begins_it_by_one_button(site: Site) -> None:
    page = site.get("/", as_="nell")
    assert page.page.heading == "My work"
    assert "1 thing waits for you." in page.text
    assert "It is yours; evidence shows that it is done." in page.text
    (button,) = buttons(site, "nell")
    assert button == "/action/1/steps/begin"
    site.post(button, as_="nell")
    assert buttons(site, "nell") == ["/action/1/steps/add_evidence"]


def test_what_is_late_is_counted_and_stands_first(site: Site) -> None:
    site.world.on(date(2015, 3, 2))
    page = site.get("/", as_="nell")
    assert "1 thing waits for you, it is late ." in page.text
    assert "3 days overdue, due on 27 February 2015 · audit 2014-15/1" in page.text


def test_a_decision_is_not_called_approve_before_it_was_read(site_at: SiteAt) -> None:
    site = site_at("proposed")
    approval = site.world.asks("sam", site.world.audit, "agree_theme")
    page = site.get("/", as_="ada")
    assert "Decide : Agree the theme: audit 1" in page.text
    assert f"/{approval}" in page.page.links
    sent = site.get("/", as_="sam")
    assert "What you have sent" in sent.text
    assert "Ada Ashdown" in sent.text


def test_a_notice_leads_to_the_reply_and_an_escalation_to_its_acceptance(site: Site) -> None:
    world = site.world
    for day in (date(2015, 3, 10), date(2015, 3, 13)):
        world.night(day)
        world.on(day)
        if day == date(2015, 3, 10):
            assert "/action/1/reply" in buttons(site, "nell")
    assert "/action/1/accept" in buttons(site, "ada")
    assert "/action/2/accept" in buttons(site, "dan")


@pytest.mark.parametrize("who", ["cleo", "una", "ida", "thea"])
def test_an_empty_list_says_so_and_where_one_can_look_meanwhile(site: Site, who: str) -> None:
    page = site.get("/", as_=who)
    assert "Nothing waits for you today." in page.text
    assert {"/audits", "/actions", "/programme"} <= set(page.page.links)
    assert "The group meets next on 12 March 2015" in page.text


@pytest.mark.parametrize("stage", ["agency_audits", "actions"])
def test_every_link_of_my_work_leads_somewhere(site_at: SiteAt, stage: str) -> None:
    site = site_at(stage)
    site.world.on(site.world.working_days_from(site.world.today, 20))
    for who in EVERYBODY:
        for link in site.get("/", as_=who).page.links:
            if link.startswith("/") and not link.startswith(("/account", "/static")):
                assert site.get(link, as_=who).status == 200, (who, link)


def test_a_page_that_there_is_not_is_the_last_and_no_number_is_not_there(site: Site) -> None:
    assert site.get("/?page=99", as_="nell").text == site.get("/?page=1", as_="nell").text
    assert site.get("/?page=-1", as_="nell").status == 200
    assert site.get("/?page=two", as_="nell").status == 404


def test_whoever_holds_no_post_has_no_work(site: Site) -> None:
    assert site.get("/", as_="viv").status == 404


def test_more_than_fifty_things_have_a_second_page(site: Site) -> None:
    for _ in range(51):
        site.world.plans("bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting")
    page = site.get("/", as_="nell")
    assert "52 things wait for you." in page.text
    assert "/?page=2" in page.page.links
    second = site.get("/?page=2", as_="nell")
    assert "Page 2 of 2" in second.text
    assert len([link for link in second.page.links if "/steps/" in link]) == 2
