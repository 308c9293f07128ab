"""The pages of escalations: how far a matter has come, what comes next, and how people are heard before it goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from assurance.commands.replying import reply
from assurance.queries.escalated import escalated
from engine.moved import Ref
from tests.assurance.counting import said_to
from tests.assurance.full_world import CONCERN, OF_INDIVIDUAL, full_world
from tests.assurance.looking import looks
from tests.web.site import Site

NOTICED_ON, NAMED_ON = date(2015, 3, 10), date(2015, 3, 13)  # three working days apart; due on 27 February
UNTIL = {"until_on-day": "30", "until_on-month": "4", "until_on-year": "2015"}


def on(site: Site, day: date) -> Site:
    """Let the nights pass until a day, and give everybody's browser of that day."""
    site.world.nights(day)
    site.world.on(day)
    return Site(site.world)


def test_nothing_is_escalated_while_everything_is_in_time(site: Site) -> None:
    assert "Nothing is escalated or held at present." in site.get("/escalations", as_="ada").text


def test_a_notice_is_shown_with_who_would_be_told_and_when(site: Site) -> None:
    site = on(site, NOTICED_ON)
    action = site.world.action("trust")
    listed = site.get("/escalations", as_="sam")
    assert "Notice given" in listed.text
    assert f"/{action}/escalation" in listed.page.links
    text = site.get(f"/{action}/escalation", as_="nell").text
    assert "The owner got notice on 10 March 2015 and can reply." in text
    assert "On 13 March 2015 the chair would be told." in text
    assert "If nothing changes, the next thing said is on 13 March 2015" in text
    assert "board chair (Thea Thorne)" in text


def test_whoever_got_notice_replies_and_the_rule_waits(site: Site) -> None:
    site = on(site, NOTICED_ON)
    action = site.world.action("trust")
    for path in (f"/{action}", f"/{action}/escalation"):
        assert f"/{action}/reply" in site.get(path, as_="nell").page.links
        assert f"/{action}/reply" not in site.get(path, as_="sam").page.links
    answer = site.post(f"/{action}/reply", {"text": "It was held on Monday"}, as_="nell")
    assert answer.path == f"/{action}/escalation"
    assert "Your reply is recorded." in answer.text
    assert "It waits because Nell Norris has replied, until 17 March 2015." in answer.text
    assert "Reply made" in site.get("/escalations", as_="sam").text
    hold = site.get("/hold/1", as_="sam")
    assert "It was held on Monday" in hold.text
    assert "/hold/1/steps/let_speak" in hold.page.links
    site.post("/hold/1/steps/let_speak", as_="sam")
    assert site.world.state(Ref("hold", 1)) == "lifted"


def test_a_reply_is_for_whoever_got_notice_and_says_something(site: Site) -> None:
    site = on(site, NOTICED_ON)
    action = site.world.action("trust")
    empty = site.post(f"/{action}/reply", {"text": " "}, as_="nell")
    assert (empty.status, "Write down what you have to say." in empty.text) == (422, True)
    assert "No notice about it is open to you." in site.get(f"/{action}/reply", as_="fay").text
    sent = site.post(f"/{action}/reply", {"text": "Not mine"}, as_="fay", form_at="/audit/1/steps/add_aim")
    assert sent.status == 422
    assert site.get("/hold/1", as_="sam").status == 404


def test_the_chair_accepts_an_escalation_until_a_day_and_takes_it_back(site: Site) -> None:
    site = on(site, NAMED_ON)
    action = site.world.action("trust")
    fields = {**UNTIL, "reason": "The team moves house"}
    answer = site.post(f"/{action}/accept", fields, as_="dan")
    assert "You have accepted it until 30 April 2015; then it speaks again." in answer.text
    assert "Dan Dole has accepted it until 30 April 2015." in site.get("/escalations", as_="ada").text
    again = site.get(f"/{action}/accept", as_="ada")
    assert "The escalation is accepted until 30 April 2015 already" in again.text
    site.post("/hold/1/steps/lift", {"reason": "They are back"}, as_="dan")
    assert "has accepted it" not in site.get("/escalations", as_="ada").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": "Busy"}, "Name the day until which you accept it."),
        (UNTIL, "Say why it may take longer."),
        ({**UNTIL, "until_on-year": "2016", "reason": "Busy"}, "for 60 days at most"),
        ({**UNTIL, "until_on-year": "2014", "reason": "Busy"}, "is over; name today or a later day"),
    ],
)
def test_an_acceptance_that_is_refused_keeps_what_was_typed(
    site: Site, fields: dict[str, str], said: str
) -> None:
    site = on(site, NAMED_ON)
    answer = site.post(f"/{site.world.action('trust')}/accept", fields, as_="dan")
    assert answer.status == 422
    assert said in answer.text
    assert all(f'value="{typed}"' in answer.html or typed in answer.text for typed in fields.values())


def test_nobody_accepts_what_is_said_of_their_own_agency(site: Site) -> None:
    site = on(site, NAMED_ON)
    answer = site.get(f"/{site.world.action('ccg')}/escalation", as_="ada")
    assert "You hold a post in the agency whose work this is" in answer.text
    assert f"/{site.world.action('ccg')}/accept" not in answer.page.links


def test_the_coordinator_silences_a_rule_about_one_matter_and_about_everything(site: Site) -> None:
    site = on(site, NAMED_ON)
    action = site.world.action("trust")
    fields = {**UNTIL, "rule": "action-silent", "reason": "It is counted elsewhere"}
    answer = site.post(f"/{action}/silence", fields, as_="sam")
    assert "Silenced until 30 April 2015; then it speaks again." in answer.text
    answer = site.post("/silence", {**fields, "rule": "return-due-soon"}, as_="sam")
    assert answer.path == "/escalations"
    assert "‘return-due-soon’" in answer.text.replace(" until", "")
    wrong = site.post("/silence", {**fields, "rule": "nothing"}, as_="sam")
    assert (wrong.status, "Choose the rule." in wrong.text) == (422, True)


@pytest.mark.parametrize(
    ("path", "who", "fields", "done"),
    [
        ("/{}/accept", "dan", {}, "You have accepted it until 30 April 2015"),
        ("/{}/silence", "sam", {"rule": "action-silent"}, "Silenced until 30 April 2015"),
        ("/silence", "sam", {"rule": "return-due-soon"}, "Silenced until 30 April 2015"),
    ],
)
def test_what_keeps_rules_quiet_is_for_whoever_has_lately_shown_who_they_are(
    site: Site, path: str, who: str, fields: dict[str, str], done: str
) -> None:
    site = on(site, NAMED_ON)
    path = path.format(site.world.action("trust"))
    site.get(path, as_=who)
    site.world.clock.advance(timedelta(minutes=16))
    asked = site.post(path, {**UNTIL, **fields, "reason": "The team moves house"}, as_=who)
    assert (asked.status, asked.page.heading) == (403, "Show that it is you")
    assert asked.page.hidden["kept.reason"] == "The team moves house"
    assert site.get("/hold/1", as_="sam").status == 404
    thanks = site.post("/confirm", asked.page.hidden, as_=who)
    assert done in site.post(path, thanks.page.hidden, as_=who).text


def test_silencing_is_for_three_posts_only(site: Site) -> None:
    for who in ("bo", "nell", "cleo", "una", "thea", "ida"):
        assert site.get("/silence", as_=who).status == 404
        assert "/silence" not in site.get("/escalations", as_=who).page.links
    page = site.get(f"/{site.world.action('trust')}/silence", as_="bo")
    assert "Only the coordinator or chair or deputy chair can do this" in page.text


def test_an_urgent_concern_stands_first_and_is_silenced_by_nobody(
    site_at: Callable[[str | None], Site],
) -> None:
    site = site_at("findings")
    full_world(lambda _stage: site.world)
    site = on(site, NAMED_ON)
    with looks(site.world, "sam") as (tx, viewer):
        rows = escalated(tx, viewer).rows
    assert rows[0].ref == CONCERN
    assert "What is urgent is silenced by nobody" in site.get(f"/{CONCERN}/silence", as_="sam").text


def test_another_agencys_own_matter_is_escalated_out_of_sight(
    site_at: Callable[[str | None], Site],
) -> None:
    site = site_at("findings")
    full_world(lambda _stage: site.world)
    site = on(site, NOTICED_ON)
    with site.world.does("nell") as tx:
        reply(tx, OF_INDIVIDUAL, "action-overdue-chair", "CANARY of one file")
    for who in ("fay", "cleo"):
        listed = site.get("/escalations", as_=who)
        assert f"/{OF_INDIVIDUAL}/escalation" not in listed.page.links
        for path in ("escalation", "reply", "accept", "silence", "history"):
            assert site.get(f"/{OF_INDIVIDUAL}/{path}", as_=who).status == 404
        assert site.get("/hold/1", as_=who).status == 404
        assert "CANARY" not in listed.html
    assert "CANARY of one file" in site.get("/hold/1", as_="bo").text


def test_the_list_takes_as_many_statements_for_many_as_for_few(site: Site) -> None:
    site.world.nights(NAMED_ON)
    with looks(site.world, "sam") as (tx, viewer), said_to(tx) as few:
        found = escalated(tx, viewer)
    before = len(found.rows)
    for who, agency in (("bo", "trust"), ("gil", "ccg")):
        post = {"trust": "health_visiting", "ccg": "named_gp"}[agency]
        ref = Ref("recommendation", 1)
        site.world.plans(who, agency, recommendation=ref, owner=post, due_on=date(2015, 2, 20))
    with looks(site.world, "sam") as (tx, viewer), said_to(tx) as more:
        found = escalated(tx, viewer)
    assert len(found.rows) == before + 2
    assert len(more) == len(few)
