"""Links in mails: one return or one action, in one person's name, for a while, and nothing else."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa

from assurance.access import viewer_of
from assurance.commands.moving import move
from assurance.commands.reading import answer_aims
from assurance.links import (
    MOST_USES,
    Link,
    answer_by_link,
    by_link,
    confirm_by_link,
    send_confirm_link,
    send_return_link,
    withdraw_link,
)
from assurance.office import Tx
from assurance.queries.history import BY_LINK, history_of
from assurance.queries.links import LinkRow, links_about
from assurance.records import Account, AgencyReturn, Evidence, LinkUse, MailLink, Person, RecordSet
from assurance.roster import roster
from engine.errors import Refused, Stale
from engine.fences import EVERY
from engine.moved import Ref
from notifications.outbox import Message
from tests.assurance.conftest import At
from tests.notifications.examples import text_of
from tests.world import World


def token_in_the_mail(world: World) -> str:
    """Give the secret part of the newest link that was mailed."""
    found = world.ask(sa.select(Message.context).where(Message.template.in_(("return_link", "confirm_link"))))
    link = world.as_it_goes(json.loads(found[-1])["link"])
    assert link.startswith("https://audits.example/link/")
    return link.rpartition("/")[2]


def gets_a_link(world: World, ref: Ref, *, by: str = "sam", days: int | None = None) -> str:
    with world.does(by) as tx:
        send_return_link(tx, ref, days=days)
    return token_in_the_mail(world)


def may_be_confirmed(world: World, *, days: int | None = None) -> str:
    world.moves("nell", world.action("trust"), "begin")
    with world.does("nell") as tx:
        send_confirm_link(tx, world.action("trust"), days=days)
    return token_in_the_mail(world)


def says_no(world: World, token: str) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal, by_link(world.office, token, "opened"):
        pass
    (reason,) = refusal.value.reasons
    return reason


@contextmanager
def opened(world: World, token: str, what: str = "opened") -> Iterator[tuple[Tx, Link]]:
    with by_link(world.office, token, what) as (tx, link):
        yield tx, link


def links(world: World, who: str, ref: Ref) -> tuple[LinkRow, ...]:
    with world.does(who) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        return links_about(tx, viewer_of(people, tx.actor), ref)


# -- a return ----------------------------------------------------------------------------------------------


def test_a_school_answers_its_return_by_link_and_the_history_says_so(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    ref = world.agency_return("school")
    token = gets_a_link(world, ref)
    with opened(world, token, "began") as (tx, link):
        assert (link.ref, link.actor.name, link.purpose) == (ref, "Esme Eastlake", "return")
        move(tx, ref, "start")
    with opened(world, token, "answered") as (tx, _):
        answer_aims(tx, ref, dict.fromkeys(world.aims(), ("yes", "")))
    with opened(world, token, "submitted") as (tx, _):
        move(tx, ref, "submit")
    assert world.state(ref) == "submitted"
    with world.does("sam") as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        told = history_of(tx, viewer_of(people, tx.actor), ref)
    assert [line.sentence for line in told if line.kind == "link_sent"] == [
        "Sam Sedley sent Esme Eastlake a link with which to answer, good until 15 October 2014."
    ]
    assert [(line.by, BY_LINK in line.details) for line in told[-3:]] == [("Esme Eastlake", True)] * 3
    assert [line.data.get("by_link") for line in world.history(ref)[-3:]] == [1, 1, 1]
    assert world.ask(sa.select(LinkUse.what).order_by(LinkUse.id)) == ["began", "answered", "submitted"]
    assert world.proof().faults == ()


def test_the_letter_holds_the_plain_link_and_no_word_about_the_case(world_at: At) -> None:
    world = world_at("agency_audits")
    world.delivers()
    world.news()
    token = gets_a_link(world, world.agency_return("school"))
    (mail,) = world.news()
    assert (mail.to, mail.template, world.as_it_goes(mail.link)) == (
        "esme",
        "return_link",
        f"https://audits.example/link/{token}",
    )
    assert "C-" not in mail.everything
    assert world.delivers().sent == 1
    assert f"https://audits.example/link/{token}\n" in text_of(world.post.sent[-1].content)


def test_only_a_fingerprint_of_the_link_is_kept_beside_the_letter(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("school")
    token = gets_a_link(world, ref)
    row = world.ask(sa.select(MailLink))[0]
    assert row.fingerprint == hashlib.sha256(token.encode()).hexdigest()
    assert all(token not in str(line) for line in world.history(ref))


def test_where_records_have_no_lead_of_their_own_the_agency_lead_gets_the_link(world_at: At) -> None:
    world = world_at("agency_audits")
    with world.does("sam") as tx:
        assert send_return_link(tx, world.agency_return("police")) == ("Fay Finch",)
    with world.does("dev") as tx:
        assert send_return_link(tx, world.agency_return("school")) == ("Esme Eastlake",)


@pytest.mark.parametrize("who", ["ada", "cleo", "esme", "ida"])
def test_only_the_coordinator_and_the_agency_lead_have_a_link_sent(world_at: At, who: str) -> None:
    world = world_at("agency_audits")
    with pytest.raises(Refused), world.does(who) as tx:
        send_return_link(tx, world.agency_return("school"))
    assert world.ask(sa.select(MailLink.id)) == []


def test_to_other_agencies_there_is_no_such_return(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("school")
    gets_a_link(world, ref)
    with pytest.raises(Refused, match="There is no agency_return/"), world.does("fay") as tx:
        send_return_link(tx, ref)
    with pytest.raises(Refused, match="There is no agency_return/"), world.does("fay") as tx:
        withdraw_link(tx, 1)
    with pytest.raises(Refused, match="There is no agency_return/"):
        links(world, "fay", ref)


def test_a_link_is_over_at_the_end_of_its_last_day(world_at: At) -> None:
    world = world_at("agency_audits")
    token = gets_a_link(world, world.agency_return("school"), days=2)
    (row,) = links(world, "sam", world.agency_return("school"))
    assert row.last_on == world.today + timedelta(days=2)
    world.on(row.last_on, time(23, 59, 59))
    with opened(world, token):
        pass
    world.on(row.last_on + timedelta(days=1), time(0, 0))
    code, sentence = says_no(world, token)
    assert code == "link_over"
    assert sentence.endswith("Ask Sam Sedley, who had it sent, for a new one.")
    assert f"until {row.last_on:%-d %B %Y}" in sentence


def test_a_withdrawn_link_says_so(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("school")
    token = gets_a_link(world, ref)
    with world.does("dev") as tx:
        assert withdraw_link(tx, 1) == ref
    assert says_no(world, token)[0] == "link_withdrawn"
    assert [line.kind for line in world.history(ref)][-1] == "link_withdrawn"
    assert not links(world, "sam", ref)[0].is_good


def test_a_new_link_takes_the_place_of_the_old_one(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("school")
    old, new = gets_a_link(world, ref), gets_a_link(world, ref)
    assert says_no(world, old)[0] == "link_withdrawn"
    with opened(world, new):
        pass
    assert [row.is_good for row in links(world, "sam", ref)] == [True, False]


def test_whoever_has_left_the_post_can_do_nothing_with_their_link(world_at: At) -> None:
    world = world_at("agency_audits")
    token = gets_a_link(world, world.agency_return("school"))
    world.leaves("education", successor="viv")
    world.on(world.today + timedelta(days=1))
    assert says_no(world, token) == (
        "link_not_theirs",
        "Esme Eastlake does not hold the post any more for which this link was sent. Ask Sam Sedley.",
    )


def test_whoever_is_kept_out_can_do_nothing_with_their_link_either(world_at: At) -> None:
    world = world_at("agency_audits")
    token = gets_a_link(world, world.agency_return("school"))
    with world.office.store.begin(group=EVERY) as session:
        at, number = world.clock.now(), world.number(Person, "esme")
        session.add(Account(group_id=world.group_id, person_id=number, made_at=at, disabled_at=at))
    assert says_no(world, token) == (
        "link_not_theirs",
        "The account of Esme Eastlake is closed, and so is this link. Ask Sam Sedley.",
    )


def test_a_letter_with_a_link_goes_to_nobody_else_when_the_post_changes_hands(world_at: At) -> None:
    world = world_at("agency_audits")
    world.delivers()
    before = len(world.post.sent)
    gets_a_link(world, world.agency_return("school"))
    world.leaves("education", successor="viv")
    world.on(world.today + timedelta(days=1))
    world.delivers()
    assert len(world.post.sent) == before


def test_a_return_that_is_settled_can_no_longer_be_opened(world_at: At) -> None:
    world = world_at("agency_audits")
    ref = world.agency_return("school")
    token = gets_a_link(world, ref)
    world.moves("esme", ref, "declare_not_known", remark="No such pupil")
    assert says_no(world, token)[0] == "link_settled"
    with pytest.raises(Refused, match="stands at “Not known to us”"):
        gets_a_link(world, ref)


def test_a_link_that_nobody_made_opens_nothing(world_at: At) -> None:
    world = world_at("agency_audits")
    assert says_no(world, "guessed")[0] == "link_unknown"
    assert world.ask(sa.select(LinkUse.id)) == []


def test_a_link_can_do_nothing_to_another_return(world_at: At) -> None:
    world = world_at("agency_audits")
    token = gets_a_link(world, world.agency_return("school"))
    with pytest.raises(Refused), opened(world, token) as (tx, _):
        move(tx, world.agency_return("police"), "start")


def test_a_link_that_is_used_too_often_rests_for_an_hour(world_at: At) -> None:
    world = world_at("agency_audits")
    token = gets_a_link(world, world.agency_return("school"))
    with world.office.store.begin(group=EVERY) as session:
        session.add_all(
            LinkUse(group_id=world.group_id, link_id=1, at=world.clock.now(), what="opened")
            for _ in range(MOST_USES)
        )
    assert says_no(world, token)[0] == "too_often"
    world.clock.move_to(world.clock.now() + timedelta(hours=1))
    with opened(world, token):
        pass


def test_a_link_is_good_for_a_hundred_and_twenty_days_at_most(world_at: At) -> None:
    world = world_at("agency_audits")
    with pytest.raises(Refused, match="1 to 120 days"):
        gets_a_link(world, world.agency_return("school"), days=121)


def test_where_nobody_holds_the_post_no_link_is_sent(world_at: At) -> None:
    world = world_at("agency_audits")
    world.leaves("policing")
    world.on(world.today + timedelta(days=1))
    with pytest.raises(Refused, match="Nobody holds the post"):
        gets_a_link(world, world.agency_return("police"))


# -- links that go with the requests ------------------------------------------------------------------------


def test_a_school_that_answers_by_links_gets_one_with_each_request(any_world_at: At) -> None:
    world = any_world_at("cases_selected")
    with world.does("sam") as tx:
        answer_by_link(tx, world.number(RecordSet, "school"), is_so=True)
    world.news()
    world.audit_at("agency_audits")
    asked = [mail for mail in world.news() if mail.template in ("returns_requested", "return_link")]
    esme = [mail for mail in asked if mail.to == "esme"]
    assert [mail.template for mail in esme] == ["return_link"] * len(world.cases())
    assert len({mail.link for mail in esme}) == len(world.cases())
    others = {mail.to: mail.template for mail in asked if mail.to != "esme"}
    assert others == dict.fromkeys(("bo", "dev", "fay", "gil"), "returns_requested")
    token = world.as_it_goes(esme[0].link).rpartition("/")[2]
    with opened(world, token) as (_, link):
        assert link.actor.name == "Esme Eastlake"
        assert link.last_on > world.row(AgencyReturn, link.ref).due_on
    assert world.proof().faults == ()


def test_where_nobody_leads_such_records_the_coordinator_is_asked_as_ever(world_at: At) -> None:
    world = world_at("cases_selected")
    with world.does("sam") as tx:
        answer_by_link(tx, world.number(RecordSet, "police"), is_so=True)
    world.leaves("policing")
    world.on(world.today + timedelta(days=1))
    world.audit_at("agency_audits")
    asked = [mail for mail in world.news() if mail.template in ("returns_requested", "return_link")]
    assert "sam" in {mail.to for mail in asked}
    assert {mail.template for mail in asked} == {"returns_requested"}


@pytest.mark.parametrize("who", ["ada", "dev", "esme", "cleo"])
def test_only_who_keeps_the_records_says_that_they_are_answered_by_links(world: World, who: str) -> None:
    with pytest.raises(Refused, match="Only the coordinator or administrator"), world.does(who) as tx:
        answer_by_link(tx, world.number(RecordSet, "school"), is_so=True)


# -- an action ---------------------------------------------------------------------------------------------


def test_a_lead_confirms_an_action_by_link_with_evidence(any_world_at: At) -> None:
    world = any_world_at("actions")
    action, token = world.action("trust"), may_be_confirmed(world)
    seen = world.version(action)
    with opened(world, token, "confirmed") as (tx, link):
        assert link.actor.name == "Bo Birchall"
        confirm_by_link(tx, link, "Attendance list", "All were there", version=seen)
    assert world.state(action) == "confirmed"
    assert world.ask(sa.select(Evidence.title)) == ["Attendance list"]
    assert [line.data.get("by_link") for line in world.history(action)[-2:]] == [1, 1]


def test_a_link_to_confirm_serves_once(world_at: At) -> None:
    world = world_at("actions")
    action, token = world.action("trust"), may_be_confirmed(world)
    seen = world.version(action)
    with opened(world, token) as (tx, link):
        confirm_by_link(tx, link, "List", "All", version=seen)
    world.moves("ada", action, "return", reason="Not all", new_due_on=date(2015, 4, 30))
    assert says_no(world, token)[0] == "link_spent"


def test_of_two_who_press_the_button_at_once_one_confirms(any_world_at: At) -> None:
    world = any_world_at("actions")
    action, token = world.action("trust"), may_be_confirmed(world)
    seen, both, came = world.version(action), threading.Barrier(2), list[str]()

    def presses() -> None:
        both.wait()
        try:
            with opened(world, token, "confirmed") as (tx, link):
                confirm_by_link(tx, link, "List", "All", version=seen)
            came.append("confirmed")
        except Refused as refused:
            came.extend(reason.code for reason in refused.reasons)

    browsers = [threading.Thread(target=presses) for _ in range(2)]
    for browser in browsers:
        browser.start()
    for browser in browsers:
        browser.join()
    assert sorted(came) == ["confirmed", "link_spent"]
    assert len(world.ask(sa.select(Evidence.id))) == 1


def test_a_link_has_not_served_where_the_step_was_refused(world_at: At) -> None:
    world = world_at("actions")
    action, token = world.action("trust"), may_be_confirmed(world)
    seen = world.version(action)
    with pytest.raises(Refused, match="it is empty"), opened(world, token) as (tx, link):
        confirm_by_link(tx, link, " ", "All", version=seen)
    with opened(world, token) as (tx, link):
        confirm_by_link(tx, link, "List", "All", version=seen)
    assert world.state(action) == "confirmed"


def test_whoever_saw_an_older_state_of_an_action_does_not_confirm_it(world_at: At) -> None:
    world = world_at("actions")
    action, token = world.action("trust"), may_be_confirmed(world)
    with pytest.raises(Stale), opened(world, token) as (tx, link):
        confirm_by_link(tx, link, "List", "All", version=1)
    assert world.state(action) == "in_progress"


@pytest.mark.parametrize("who", ["bo", "ada", "dev", "cleo"])
def test_only_the_owner_and_the_coordinator_have_a_link_to_confirm_sent(world_at: At, who: str) -> None:
    world = world_at("actions")
    with pytest.raises(Refused, match="Only the coordinator or the owner can do this"), world.does(who) as tx:
        send_confirm_link(tx, world.action("trust"))


def test_an_action_at_which_nobody_is_at_work_has_no_link(world_at: At) -> None:
    world = world_at("recommendations")
    with pytest.raises(Refused, match="There is no"), world.does("sam") as tx:
        send_confirm_link(tx, Ref("action", 1))
    with pytest.raises(Refused, match="There is no action called"), world.does("sam") as tx:
        send_confirm_link(tx, world.audit)


def test_a_link_to_an_action_that_was_closed_says_how_it_stands(world_at: At) -> None:
    world = world_at("actions")
    action, token = world.action("trust"), may_be_confirmed(world)
    world.decides("ada", world.asks("sam", action, "close", reason="Superseded"))
    assert says_no(world, token) == (
        "link_settled",
        f"Nothing is left to do here: Action {action.id} stands at “Closed”. Ask Nell Norris if that is wrong.",
    )
