"""Rules, workflows, preview and rehearsal as pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.config import HOME
from assurance.playbook import read_shelf
from assurance.records import Meeting
from engine.fences import EVERY
from engine.ledger import Event
from tests.assurance.post_office import CLOCK_FILE
from tests.web.site import Site
from tests.world import World

EVERYBODY = ("ada", "bo", "cleo", "dan", "gil", "ida", "nell", "sam", "thea", "una")
CLOCK = 'calendar: england-and-wales\nlook_at: "06:30"\ncap: 1\n'
LATE = """\
rules:
  - id: return-late
    about: agency_return
    title: A return is late
    when: state = requested and due_on < today
    once_per: due_on
    tell: [agency_lead]
"""
SiteAt = Callable[[str | None], Site]


def under(site: Site, folder: Path, rules: str, *, clock: str = CLOCK) -> Site:
    """Open the pages of a world again under rules of the test's own."""
    folder.mkdir()
    (folder / "clock.yaml").write_text(clock, encoding="utf-8")
    (folder / "own.yaml").write_text(rules, encoding="utf-8")
    world = World(
        site.world.settings.database,
        at=site.world.clock.now(),
        shelf=read_shelf((HOME / "workflows",), (folder,)),
    )
    world.office.settings = replace(world.office.settings, rules=(folder,))
    return Site(world)


@pytest.fixture
def waiting(site_at: SiteAt, tmp_path: Path) -> Site:
    """Pages of a world in which a rule waits, since it would owe more mails than the cap."""
    site = site_at("agency_audits")
    site.world.on(date(2014, 12, 2))
    return under(site, tmp_path / "rules", LATE)


# -- rules -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", EVERYBODY)
def test_everybody_in_post_reads_the_rules_and_the_workflows(site: Site, who: str) -> None:
    rules = site.get("/rules", as_=who)
    assert rules.status == 200
    for rule in site.world.office.playbook.book.rules:
        assert f"/rules/{rule.id}" in rules.page.links
    assert "Reminders go at 07:45" in rules.text
    assert site.get("/workflows/action", as_=who).status == 200


def test_whoever_holds_no_post_reads_none(site: Site) -> None:
    for path in (
        "/rules",
        "/rules/action-overdue",
        "/workflows",
        "/workflows/action",
        "/preview",
        "/calendar",
    ):
        assert site.get(path, as_="viv").status == 404


def test_a_rule_stands_in_words_beside_its_yaml(site: Site) -> None:
    page = site.get("/rules/action-overdue-chair", as_="cleo")
    assert page.page.heading == "An action is ten working days overdue"
    assert "at least 10 working days have passed since the day from which its owner is chased" in page.text
    assert "Its owner gets notice 3 working days before, and can reply." in page.text
    assert "once_per: chased_from_on" in page.text
    assert "put in force by the clock" in page.text


@pytest.mark.parametrize(
    "path", ["/rules/action-overdu", "/workflows/actoin", "/workflows/actoin/picture.svg"]
)
def test_what_is_not_there_is_told_in_words(site: Site, path: str) -> None:
    assert site.get(path, as_="sam").status == 404


def test_what_a_rule_has_said_is_shown_to_whoever_may_see_what_it_was_about(site_at: SiteAt) -> None:
    site = site_at("agency_audits")
    site.world.nights(date(2014, 12, 3))
    own = {f"/{ref}" for ref in site.world.returns("health_visiting")}
    others = {f"/{ref}" for ref in site.world.returns()} - own
    seen = set(site.get("/rules/return-late", as_="bo").page.links)
    assert own <= seen
    assert not others & seen
    assert others <= set(site.get("/rules/return-late", as_="sam").page.links)
    lay = site.get("/rules/return-late", as_="cleo")
    assert "Nothing yet about anything that you may see." in lay.text


def test_a_rule_that_waits_is_put_in_force_by_whoever_may(waiting: Site) -> None:
    first = waiting.get("/admin", as_="sam")
    assert "A rule waits for somebody’s word:" in first.text
    page = waiting.get("/rules/return-late", as_="sam")
    assert f"it would owe {len(waiting.world.returns())} mails" in page.text
    nothing = waiting.post("/rules/return-late/adopt", as_="sam", form_at="/rules/return-late")
    assert (nothing.status, "Choose what becomes of what it owes by now." in nothing.text) == (422, True)
    no_day = waiting.post(
        "/rules/return-late/adopt", {"backlog": "only_from"}, as_="sam", form_at="/rules/return-late"
    )
    assert (no_day.status, "Give the day from which on things count." in no_day.text) == (422, True)
    done = waiting.post(
        "/rules/return-late/adopt", {"backlog": "accept"}, as_="ada", form_at="/rules/return-late"
    )
    assert done.path == "/rules/return-late"
    assert "put in force by Ada Ashdown" in done.text
    again = waiting.post("/rules/return-late/adopt", {"backlog": "accept"}, as_="sam", form_at="/rules")
    assert (again.status, "has been in force since" in again.text) == (422, True)


def test_a_rule_comes_into_force_from_a_day_on_and_a_far_day_is_refused(waiting: Site) -> None:
    far = {"backlog": "only_from", "from_on-day": "1", "from_on-month": "3", "from_on-year": "2016"}
    refused = waiting.post("/rules/return-late/adopt", far, as_="sam", form_at="/rules/return-late")
    assert refused.status == 422
    assert "1 March 2016 is too far ahead" in refused.text
    assert 'value="2016"' in refused.html
    today = {"backlog": "only_from", "from_on-day": "2", "from_on-month": "12", "from_on-year": "2014"}
    done = waiting.post("/rules/return-late/adopt", today, as_="sam", form_at="/rules/return-late")
    assert f"{len(waiting.world.returns())} occasions are passed over" in done.text
    assert "Passed over" in done.text


@pytest.mark.parametrize("who", ["ida", "bo", "una"])
def test_others_are_offered_no_form_and_are_not_heard(waiting: Site, who: str) -> None:
    assert "Put the rule in force" not in waiting.get("/rules/return-late", as_=who).text
    answer = waiting.post("/rules/return-late/adopt", {"backlog": "accept"}, as_=who, form_at="/action/1")
    assert answer.status == 404


# -- workflows ---------------------------------------------------------------------------------------------


def test_a_workflow_is_said_in_words_drawn_and_shown_as_its_file(site: Site) -> None:
    page = site.get("/workflows/action", as_="cleo")
    assert "Taken by the chair or the deputy chair." in page.text
    assert "whoever works for the agency whose work it is" in page.text
    assert 'src="/workflows/action/picture.svg"' in page.html
    assert "workflow: action" in page.text


def test_the_picture_is_an_image_of_its_own_that_runs_nothing(site: Site) -> None:
    answer = site.browser("cleo").get("/workflows/action/picture.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'unsafe-inline'"
    )
    assert "<script" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


# -- preview -----------------------------------------------------------------------------------------------


def test_the_preview_shows_the_days_to_come_by_person_and_day(site_at: SiteAt) -> None:
    site = site_at("agency_audits")
    site.world.on(date(2014, 11, 10))
    page = site.get("/preview?days=30", as_="sam")
    assert "By person" in page.text
    assert "A return is due in ten working days" in page.text
    one = site.get("/preview?days=30&person=Bo+Birchall", as_="sam")
    assert "By person" not in one.text
    assert not {f"/{ref}" for ref in site.world.returns("gp")} & set(one.page.links)


def test_whoever_does_not_see_everything_previews_their_own_mails_only(site_at: SiteAt) -> None:
    site = site_at("agency_audits")
    site.world.on(date(2014, 11, 10))
    page = site.get("/preview?days=30", as_="bo")
    assert "What you would be told" in page.text
    assert not {f"/{ref}" for ref in site.world.returns("gp")} & set(page.page.links)
    assert "Gil Gadsby" not in page.text
    assert "Nothing goes in these days." in site.get("/preview", as_="ida").text


def test_a_number_of_days_that_is_not_offered_is_the_usual_one(site: Site) -> None:
    for days in ("0", "100000", "-5"):
        assert "30 days" in site.get(f"/preview?days={days}", as_="bo").text


# -- rehearsal ---------------------------------------------------------------------------------------------


def changed() -> str:
    text = (HOME / "rules" / "agency_return.yaml").read_text(encoding="utf-8")
    return text.replace("due_on + 5 working days <= today", "due_on + 2 working days <= today")


@pytest.fixture
def past(site_at: SiteAt) -> Site:
    """Pages of a world with some late returns behind it."""
    site = site_at("agency_audits")
    site.world.nights(date(2014, 12, 10))
    return site


@pytest.mark.parametrize("who", ["bo", "cleo", "nell", "thea"])
def test_a_rehearsal_is_not_for_everybody(site: Site, who: str) -> None:
    assert site.get("/rehearse", as_=who).status == 404
    assert site.post("/rehearse", {"file": ""}, as_=who, form_at="/action/1").status == 404


def test_a_changed_rule_is_tried_on_the_past_and_nothing_is_written(past: Site) -> None:
    lines = past.world.ask(sa.select(sa.func.count()).select_from(Event))
    form = past.get("/rehearse?file=agency_return.yaml", as_="sam")
    assert "due_on + 5 working days" in form.text
    fields = {"file": "agency_return.yaml", "text": changed().replace("\n", "\r\n")}
    answer = past.post("/rehearse", fields, as_="sam")
    assert answer.status == 200
    assert "What would have been different" in answer.text
    assert "return-late-chair" in answer.text
    assert "instead of" in answer.text
    assert "due_on + 2 working days" in answer.text
    assert past.world.ask(sa.select(sa.func.count()).select_from(Event)) == lines


def test_the_administrator_is_told_counts_and_no_subjects(past: Site) -> None:
    fields = {"file": "agency_return.yaml", "text": changed()}
    answer = past.post("/rehearse", fields, as_="ida")
    assert "return-late-chair" in answer.text
    assert not [link for link in answer.page.links if link.startswith("/agency_return/")]
    assert "Bo Birchall" not in answer.text


def test_an_uploaded_file_goes_before_what_is_typed(past: Site) -> None:
    answer = past.post(
        "/rehearse",
        {"file": "agency_return.yaml", "text": "nothing that can be read: ["},
        as_="sam",
        files={"upload": ("agency_return.yaml", changed().encode(), "text/yaml")},
    )
    assert answer.status == 200
    assert "return-late-chair" in answer.text


def test_a_fault_names_the_line_and_nothing_that_was_typed_is_lost(past: Site) -> None:
    text = changed().replace("tell: [chair]", "tell: [chairman]")
    answer = past.post("/rehearse", {"file": "agency_return.yaml", "text": text}, as_="sam")
    assert answer.status == 422
    assert "agency_return.yaml, line" in answer.text
    assert "did you mean 'chair'" in answer.text
    assert "tell: [chairman]" in answer.text


def test_the_shelf_as_it_stands_is_compared_with_what_was_read_at_the_start(
    site_at: SiteAt, tmp_path: Path
) -> None:
    site = site_at("agency_audits")
    site.world.on(date(2014, 12, 2))
    own = under(site, tmp_path / "rules", LATE, clock=CLOCK_FILE)
    own.world.nights(date(2014, 12, 4))
    same = own.post("/rehearse", {"file": ""}, as_="sam")
    assert "nothing would have been different" in same.text
    (tmp_path / "rules" / "own.yaml").write_text(LATE.replace("due_on < today", "due_on + 1 days < today"))
    assert "return-late" in own.post("/rehearse", {"file": ""}, as_="sam").text
    assert own.post("/rehearse", {"file": "../own.yaml", "text": "x"}, as_="sam").status == 422


def test_days_the_wrong_way_round_are_refused_with_what_was_typed(past: Site) -> None:
    days = {"from_on-day": "1", "from_on-month": "1", "from_on-year": "2020"}
    answer = past.post("/rehearse", {"file": "agency_return.yaml", "text": changed(), **days}, as_="sam")
    assert answer.status == 422
    assert "There is nothing between" in answer.text
    assert 'value="2020"' in answer.html


def test_nobody_rehearses_without_end(past: Site) -> None:
    answers = [past.post("/rehearse", {"file": "", "text": ""}, as_="una").status for _ in range(21)]
    assert answers[-1] == 422
    assert set(answers[:-1]) == {200}


def test_where_there_is_much_to_look_at_somebody_asks_first(site: Site) -> None:
    with site.world.office.store.begin(group=EVERY) as session:
        kept = [column for column in Meeting.__table__.c if column.name not in ("id", "key", "uid")]
        one = session.execute(sa.select(*kept).limit(1)).one()._asdict()
        copies = [one | {"key": f"copy-{number}", "uid": f"copy-{number}"} for number in range(2001)]
        session.execute(sa.insert(Meeting), copies)
    page = site.get("/preview", as_="cleo")
    assert "Choose how far to look ahead." in page.text
    assert "By day" not in page.text
    closing = "/admin/closed_days/new?on-day=10&on-month=2&on-year=2015&name=Staff+day"
    told = site.get(closing, as_="sam")
    assert "is not reckoned here: there is too much to look at" in told.text
    assert "Close 10 February 2015" in told.text
