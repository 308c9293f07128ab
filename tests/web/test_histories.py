"""The pages that look back: the history of anything with its seal, and why somebody was told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa

from assurance.commands import acting
from assurance.queries.history import history_of
from engine.fences import EVERY
from engine.ledger import EventText
from engine.moved import Ref
from notifications.outbox import Message
from tests.assurance.counting import said_to
from tests.assurance.full_world import CONCERN, OF_INDIVIDUAL, full_world
from tests.assurance.looking import looks
from tests.web.site import Site

LATER = date(2015, 4, 30)


@pytest.fixture
def moved(site: Site) -> Site:
    """A site in which the trust's action has got a later date today."""
    world = site.world
    world.is_granted("nell", world.action("trust"), "extend", new_due_on=LATER, reason="Two trainers are ill")
    return site


def test_a_history_tells_the_newest_line_first_with_what_was_written(moved: Site) -> None:
    answer = moved.get("/action/1/history", as_="bo")
    assert answer.page.heading == "History"
    first, last = answer.text.index("decided the step ‘Ask for a later date’"), answer.text.index("opened it")
    assert first < last
    assert "the date now agreed: 30 April 2015" in answer.text
    assert "/approval/" in " ".join(answer.page.links)
    approval = moved.get(f"/approval/{_last_approval(moved)}/history", as_="bo")
    assert "Two trainers are ill" in approval.text


def test_the_lay_member_reads_what_happened_and_not_what_was_written(moved: Site) -> None:
    for path in ("/action/1/history", f"/approval/{_last_approval(moved)}/history"):
        answer = moved.get(path, as_="cleo")
        assert answer.status == 200
        assert "Two trainers" not in answer.html


def test_a_past_day_shows_what_was_agreed_by_then(moved: Site) -> None:
    answer = moved.get("/action/1/history?on=2014-12-14", as_="bo")
    assert "On 14 December 2014 it did not exist yet." in answer.text
    moved.world.on(date(2015, 1, 15))
    later = Site(moved.world)
    later.world.moves("nell", Ref("action", 1), "begin")
    then = later.get("/action/1/history?on=2015-01-14", as_="bo").text
    assert "At the end of 14 January 2015 it stood at ‘Agreed’" in then
    assert "The date now agreed 30 April 2015" in then
    assert "Begin work" not in then
    asked = "/action/1/history?on-day=15&on-month=1&on-year=2015"
    assert "it stood at ‘In progress’" in later.get(asked, as_="bo").text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("on-day=31&on-month=2&on-year=2015", "there is no such day"),
        ("on-day=1&on-month=1&on-year=2099", "That day has not come yet"),
        ("on=2099-01-01", "That day has not come yet"),
    ],
)
def test_a_day_that_cannot_be_shown_is_said_so(moved: Site, query: str, said: str) -> None:
    answer = moved.get(f"/action/1/history?{query}", as_="bo")
    assert answer.status == 422
    assert said in answer.text


def test_what_is_no_day_is_not_there(moved: Site) -> None:
    assert moved.get("/action/1/history?on=yesterday", as_="bo").status == 404


def test_the_seal_is_checked_when_somebody_asks(moved: Site) -> None:
    assert "Complete and unchanged" not in moved.get("/action/1/history", as_="cleo").text
    whole = moved.get("/action/1/history?check=yes", as_="cleo").text
    lines = moved.world.version(Ref("action", 1))
    assert f"Complete and unchanged: {lines} lines, seal " in whole
    approval = _last_approval(moved)
    with moved.world.office.store.begin(group=EVERY) as session:
        session.execute(
            sa.update(EventText)
            .where(EventText.subject_kind == "approval", EventText.subject_id == approval)
            .values(text="Something else")
        )
    answer = moved.get(f"/approval/{approval}/history?check=yes", as_="ada").text
    assert "the text 'reason' was changed after it was sealed" in answer
    assert answer.count("Not as it was sealed") == 2


def test_a_history_is_paged_by_fifty(site: Site) -> None:
    for number in range(60):
        with site.world.does("nell") as tx:
            acting.note_progress(tx, Ref("action", 1), "on track", f"Team {number} was briefed")
    first, second = (site.get(f"/action/1/history?page={page}", as_="bo") for page in (1, 99))
    assert "Page 1 of 2" in first.text
    assert "Team 59 was briefed" in first.text
    assert "Team 1 was briefed" in second.text
    assert first.html.count('id="line-') == 50


def test_a_history_takes_as_many_statements_for_many_lines_as_for_few(site: Site) -> None:
    world, audit = site.world, site.world.audit
    counted = []
    for ref in (Ref("recommendation", 1), audit):
        with looks(world, "sam") as (tx, viewer), said_to(tx) as said:
            lines = history_of(tx, viewer, ref)
        counted.append((len(lines), len(said)))
    (few, at_first), (many, later) = counted
    assert many > few
    assert later <= at_first + 8  # the tables of which an audit's lines speak, each once


def test_anothers_history_is_not_there(site_at: Callable[[str | None], Site]) -> None:
    site = site_at("findings")
    full_world(lambda _stage: site.world)
    for who in ("fay", "cleo", "hal"):
        for ref in (OF_INDIVIDUAL, Ref("recommendation", 1), Ref("agency_return", 1)):
            assert site.get(f"/{ref}/history?check=yes", as_=who).status == 404
        assert "The home is not safe" not in site.get(f"/{CONCERN}/history", as_=who).html
    assert site.get("/case/1/history", as_="ada").status == 404


# -- why was I told ----------------------------------------------------------------------------------------


def mail_to(site: Site, who: str, template: str) -> int:
    person = f"person/{site.world.actor(who).person_id}"
    query = sa.select(Message.id).where(Message.person_ref == person, Message.template == template)
    return int(site.world.ask(query.order_by(Message.id.desc()))[0])


def test_a_mail_says_why_it_was_sent_and_who_decided_that(moved: Site) -> None:
    answer = moved.get(f"/why/{mail_to(moved, 'ada', 'approval_waiting')}", as_="ada")
    assert answer.page.heading == "Why was I told?"
    assert "Nell Norris asked for ‘Ask for a later date’" in answer.text
    assert "The group's workflow says who decides on the step" in answer.text
    assert "/action/1/history" in answer.page.links


def test_an_escalation_shows_its_rule_in_the_words_that_it_had(site: Site) -> None:
    site.world.nights(date(2015, 3, 13))
    site.world.on(date(2015, 3, 13))
    later = Site(site.world)
    answer = later.get(f"/why/{mail_to(later, 'ada', 'escalation')}", as_="ada")
    assert "Ada Ashdown is told as chair." in answer.text
    assert "chased_from_on + 10 working days <= today" in answer.text
    assert "in force since 1 September 2014" in answer.text


def test_somebody_elses_mail_is_nobodys_business(moved: Site) -> None:
    number = mail_to(moved, "ada", "approval_waiting")
    for who in ("bo", "cleo", "thea", "viv"):
        assert moved.get(f"/why/{number}", as_=who).status == 404
    assert moved.get(f"/why/{number}", as_="sam").page.heading == "Why was Ada Ashdown told?"
    assert moved.get("/why/99999999999999999999", as_="ada").status == 404


def test_mails_to_me_are_mine_alone_the_newest_first(moved: Site) -> None:
    moved.world.delivers()
    answer = moved.get("/my-mails", as_="ada")
    mine = f"person/{moved.world.actor('ada').person_id}"
    numbers = moved.world.ask(sa.select(Message.id).where(Message.person_ref == mine).order_by(-Message.id))
    assert [link for link in answer.page.links if link.startswith("/why/")] == [
        f"/why/{number}" for number in numbers
    ]
    assert "Nell Norris asks for your decision: ask for a later date." in answer.text
    assert "Sent" in answer.text
    assert "No mail has been written to you yet." in moved.get("/my-mails", as_="viv").text


def _last_approval(site: Site) -> int:
    query = sa.select(sa.func.max(EventText.subject_id)).where(EventText.subject_kind == "approval")
    return int(site.world.ask(query)[0])
