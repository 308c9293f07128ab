"""What an administrator does for others, what they never do for themselves, and that each deed is written down."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from assurance.accounts.bearers import make_token
from assurance.accounts.enrolling import invited_by
from assurance.accounts.guessing import GUESSES
from assurance.accounts.sessions import seated
from assurance.commands.administering import (
    add_person,
    change_person,
    disable_account,
    enable_account,
    end_post,
    give_post,
    invite_to_account,
    note_absence,
    reset_account,
)
from assurance.commands.feeds import make_feed
from assurance.office import Tx, clock_of
from assurance.queries import directory
from assurance.records import ApiToken, CalendarFeed, Person, Post, PostHolding
from engine.errors import Refused
from notifications.outbox import Message
from tests.assurance.accounts.holder import PASSWORD, Somebody, link_in_last_mail, set_up
from tests.assurance.conftest import At
from tests.assurance.counting import statements_of
from tests.assurance.looking import looks
from tests.world import World

TODAY = date(2014, 9, 1)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def bo(world: World) -> Somebody:
    """An agency lead with an account."""
    return set_up(world, "bo")


def entry(world: World, who: str, *, as_: str = "ida") -> directory.PersonEntry:
    with looks(world, as_) as (tx, viewer):
        return next(one for one in directory.people(tx, viewer) if one.key == who)


def newest_deeds(world: World, number: int = 1) -> list[tuple[str, str, str, str]]:
    with looks(world, "ida") as (tx, viewer):
        found, _ = directory.latest_deeds(tx, viewer)
    return [(one.by, one.said, one.whom, one.detail) for one in found[:number]]


def holding_of(world: World, post: str) -> int:
    query = sa.select(PostHolding.id).where(PostHolding.post_id == world.number(Post, post))
    return int(world.ask(query.order_by(PostHolding.id.desc()))[0])


# -- people and accounts -----------------------------------------------------------------------------------


def test_a_new_person_is_added_invited_and_can_sign_in(world: World) -> None:
    with world.does("ida") as tx:
        number = add_person(tx, " Ned Nolan ", "ned@police.example")
    with world.does("ida") as tx:
        invite_to_account(tx, number)
    assert invited_by(world.office, link_in_last_mail(world)).email == "ned@police.example"
    assert entry(world, "ned_nolan").account.said == "Invited; the link is good until 8 September 2014"
    assert newest_deeds(world, 2) == [
        ("Ida Innes", "invited to set up an account", "Ned Nolan", ""),
        ("Ida Innes", "added the person", "Ned Nolan", "Ned Nolan"),
    ]


def test_two_people_of_one_name_get_keys_of_their_own(world: World) -> None:
    with world.does("ida") as tx:
        add_person(tx, "Ned Nolan", "ned@police.example")
        add_person(tx, "Ned Nolan", "other@police.example")
    assert world.ask(sa.select(Person.key).where(Person.name == "Ned Nolan").order_by(Person.id)) == [
        "ned_nolan",
        "ned_nolan_2",
    ]


@pytest.mark.parametrize(
    ("name", "email", "words"),
    [
        (" ", "ned@police.example", "Write down the name"),
        ("Ned", "", "Write down the e-mail address"),
        ("Ned", "ned at police", "ned at police"),
        ("Ned", "ADA@qa.example", "ADA@qa.example is the address of Ada Ashdown"),
    ],
)
def test_a_person_needs_a_name_and_an_address_of_their_own(
    world: World, name: str, email: str, words: str
) -> None:
    with pytest.raises(Refused, match=words), world.does("ida") as tx:
        add_person(tx, name, email)


def test_whoever_gets_another_address_is_told_at_the_one_before(bo: Somebody) -> None:
    world = bo.world
    number = world.number(Person, "bo")
    with world.does("ida") as tx:
        change_person(tx, number, name="Bo Birchall", email="bo@trust.example")
    (mail,) = world.ask(sa.select(Message).where(Message.template == "account_changed"))
    assert mail.to_address == "bo@qa.example"
    assert newest_deeds(world) == [
        ("Ida Innes", "changed the name or the e-mail", "Bo Birchall", "bo@qa.example, now bo@trust.example")
    ]
    with world.does("ida") as tx:
        change_person(tx, number, name="Bo Birchall", email="bo@trust.example")
    assert len(newest_deeds(world, 9)) == 3


def test_an_invitation_that_went_to_a_wrong_address_lets_nobody_in(world: World) -> None:
    with world.does("ida") as tx:
        number = add_person(tx, "Ned Nolan", "ned@elsewhere.example")
        token = invite_to_account(tx, number)
    with world.does("ida") as tx:
        change_person(tx, number, name="Ned N. Nolan", email="ned@elsewhere.example")
    assert invited_by(world.office, token).name == "Ned N. Nolan"
    with world.does("ida") as tx:
        change_person(tx, number, name="Ned N. Nolan", email="ned@police.example")
    with pytest.raises(Refused, match="Ask your administrator for another"):
        invited_by(world.office, token)


def test_a_disabled_account_is_out_at_once_and_in_again_when_enabled(bo: Somebody) -> None:
    number = bo.world.number(Person, "bo")
    for _ in range(2):
        with bo.world.does("ida") as tx:
            disable_account(tx, number)
    assert seated(bo.world.office, bo.token) is None
    assert entry(bo.world, "bo").account.said == "Disabled since 1 September 2014"
    with pytest.raises(Refused, match="do not belong together"):
        bo.signs_in()
    for deed in (invite_to_account, reset_account):
        with pytest.raises(Refused, match="is disabled; enable it first"), bo.world.does("ida") as tx:
            deed(tx, number)
    for _ in range(2):
        with bo.world.does("ida") as tx:
            enable_account(tx, number)
    assert seated(bo.world.office, bo.token) is None
    bo.signs_in()
    assert entry(bo.world, "bo").account.said == "Can sign in"
    said = [said for _, said, _, _ in newest_deeds(bo.world, 9)]
    assert (said.count("disabled the account"), said.count("enabled the account again")) == (1, 1)


def test_whoever_has_lost_everything_is_set_up_anew(bo: Somebody) -> None:
    with bo.world.does("ida") as tx:
        reset_account(tx, bo.world.number(Person, "bo"))
    assert seated(bo.world.office, bo.token) is None
    with pytest.raises(Refused):
        bo.signs_in()
    with pytest.raises(Refused):
        bo.first_step(PASSWORD)
    assert invited_by(bo.world.office, link_in_last_mail(bo.world)).name == "Bo Birchall"


def test_whoever_can_sign_in_is_not_sent_a_link_that_alone_would_let_in(bo: Somebody) -> None:
    number = bo.world.number(Person, "bo")
    with pytest.raises(Refused, match="can sign in already"), bo.world.does("ida") as tx:
        invite_to_account(tx, number)


def told_who_answer(world: World) -> list[tuple[str, str]]:
    query = sa.select(Message.to_name, Message.context).where(Message.template == "account_kept")
    return [(name, json.loads(context)["said"]) for name, context in world.pairs(query.order_by(Message.id))]


def test_those_who_answer_for_the_group_hear_who_is_let_in_as_whom(bo: Somebody) -> None:
    world, number = bo.world, bo.world.number(Person, "bo")
    with world.does("ida") as tx:
        reset_account(tx, number)
    said = "The account of Bo Birchall is to be set up anew."
    assert told_who_answer(world) == [(name, said) for name in ("Ada Ashdown", "Dan Dole", "Sam Sedley")]
    with world.does("ida") as tx:
        change_person(tx, world.number(Person, "ada"), name="Ada Ashdown", email="ada@ccg.example")
    assert told_who_answer(world)[3:] == [
        (name, "The account of Ada Ashdown has another e-mail address.")
        for name in ("Dan Dole", "Sam Sedley")
    ]
    with world.does("ida") as tx:
        give_post(tx, world.number(Post, "lay"), world.number(Person, "viv"), from_on=TODAY)
        give_post(tx, world.number(Post, "deputy"), world.number(Person, "viv"), from_on=TODAY)
    assert [said for _, said in told_who_answer(world)[5:]] == [
        "Viv Vane holds the post Deputy from 1 September 2014 on."
    ] * 3
    world.delivers()
    withdrawn = world.ask(sa.select(Message.template).where(Message.state == "withdrawn"))
    assert withdrawn == ["account_invitation"]  # the first one, which bo has used


def test_what_programs_and_calendars_carry_is_taken_back_too(bo: Somebody) -> None:
    world = bo.world
    with world.does("bo") as tx:
        make_token(tx, "Tracker", ["read"])
        make_feed(tx)
    with world.does("ida") as tx:
        disable_account(tx, world.number(Person, "bo"))
    assert world.ask(sa.select(CalendarFeed.revoked_at)) == [world.clock.now()]
    assert world.ask(sa.select(ApiToken.revoked_at)) == [None]
    with world.does("ida") as tx:
        enable_account(tx, world.number(Person, "bo"))
    with world.does("ida") as tx:
        reset_account(tx, world.number(Person, "bo"))
    assert world.ask(sa.select(ApiToken.revoked_at)) == [world.clock.now()]


def test_how_an_account_stands_is_said_in_words(bo: Somebody) -> None:
    for _ in range(GUESSES):
        with pytest.raises(Refused):
            bo.first_step("not this one at all")
    assert entry(bo.world, "bo").account.said == (
        "Closed until Monday 1 September 2014 at 10:15, after wrong guesses"
    )
    assert entry(bo.world, "ada").account.said == "No account"
    with bo.world.does("ida") as tx:
        invite_to_account(tx, bo.world.number(Person, "ada"))
    bo.world.clock.advance(timedelta(days=7))
    assert entry(bo.world, "ada").account.said == "Not set up; the link is over"


def test_an_account_that_is_not_there_is_neither_disabled_nor_reset(world: World) -> None:
    for deed in (disable_account, enable_account, reset_account):
        with pytest.raises(Refused, match="has no account; invite them first"), world.does("ida") as tx:
            deed(tx, world.number(Person, "bo"))


# -- posts -------------------------------------------------------------------------------------------------


def test_a_post_acts_from_its_first_day_and_ends_at_once_with_yesterday(world: World) -> None:
    viv, lead = world.number(Person, "viv"), world.number(Post, "policing")
    with world.does("ida") as tx:
        give_post(tx, lead, viv, from_on=TODAY)
    assert [one.post for one in entry(world, "viv").now] == ["Policing"]
    assert newest_deeds(world)[0][1:] == ("gave a post", "Viv Vane", "Policing, from 1 September 2014")
    with world.does("ida") as tx:
        end_post(tx, holding_of(world, "policing"), YESTERDAY)
    assert entry(world, "viv").held == ()
    assert newest_deeds(world)[0][1:3] == ("ended a post", "Viv Vane")


def test_a_post_can_begin_and_end_later(world: World) -> None:
    viv, lead = world.number(Person, "viv"), world.number(Post, "policing")
    with world.does("ida") as tx:
        give_post(tx, lead, viv, from_on=date(2014, 10, 1), until_on=date(2014, 10, 31))
    (held,) = entry(world, "viv").held
    assert (held.is_now, held.is_over) == (False, False)
    world.on(date(2014, 10, 31))
    assert entry(world, "viv").now
    world.on(date(2014, 11, 1))
    assert entry(world, "viv").held == ()


def test_an_administrator_gives_no_post_to_themselves(world: World) -> None:
    ida = world.number(Person, "ida")
    for post in ("chair", "deputy", "nursing", "inspector", "coordinator"):
        with pytest.raises(Refused, match="you give no post to yourself"), world.does("ida") as tx:
            give_post(tx, world.number(Post, post), ida, from_on=TODAY)


def test_whoever_runs_the_installation_gives_posts_to_anybody(world: World) -> None:
    with world.office.begin(clock_of(world.group_id)) as tx:
        give_post(tx, world.number(Post, "chair"), world.number(Person, "ida"), from_on=TODAY)
    assert newest_deeds(world)[0][:2] == ("", "gave a post")


def test_every_reason_against_a_post_is_given_at_once(world: World) -> None:
    with pytest.raises(Refused) as refused, world.does("ida") as tx:
        give_post(
            tx,
            world.number(Post, "chair"),
            world.number(Person, "ida"),
            from_on=YESTERDAY,
            until_on=YESTERDAY - timedelta(days=1),
        )
    codes = [reason.code for reason in refused.value.reasons]
    assert codes == ["own_post", "day_is_over", "ends_before_it_begins"]
    with pytest.raises(Refused, match="Ada Ashdown holds the post Chair"), world.does("ida") as tx:
        give_post(tx, world.number(Post, "chair"), world.number(Person, "ada"), from_on=TODAY)


def test_whoever_ends_a_post_cannot_make_it_longer(world: World) -> None:
    # Else an administrator could go on in a post of their own, which nobody else had given them.
    with world.office.begin(clock_of(world.group_id)) as tx:
        chair, ida = world.number(Post, "chair"), world.number(Person, "ida")
        number = give_post(tx, chair, ida, from_on=TODAY, until_on=date(2014, 9, 30))
    with pytest.raises(Refused, match="The last day is 30 September 2014 already"), world.does("ida") as tx:
        end_post(tx, number, date(2014, 10, 1))
    with world.does("ida") as tx:
        end_post(tx, number, date(2014, 9, 30))
    with world.does("ida") as tx:
        end_post(tx, number, date(2014, 9, 15))
    assert world.ask(sa.select(PostHolding.until_on).where(PostHolding.id == number)) == [date(2014, 9, 15)]


def test_what_was_done_in_a_post_stays_done_in_it(world: World) -> None:
    number = holding_of(world, "policing")
    with pytest.raises(Refused, match="31 August 2014 at the earliest"), world.does("ida") as tx:
        end_post(tx, number, YESTERDAY - timedelta(days=1))
    with world.does("ida") as tx:
        end_post(tx, number, YESTERDAY)
    with pytest.raises(Refused, match="ended on 31 August 2014 already"), world.does("ida") as tx:
        end_post(tx, number, TODAY)


# -- who may, and what is seen -----------------------------------------------------------------------------


def add(tx: Tx) -> None:
    add_person(tx, "Ned Nolan", "ned@police.example")


def change(tx: Tx) -> None:
    change_person(tx, 2, name="X", email="x@police.example")


def invite(tx: Tx) -> None:
    invite_to_account(tx, 2)


def disable(tx: Tx) -> None:
    disable_account(tx, 2)


def enable(tx: Tx) -> None:
    enable_account(tx, 2)


def reset(tx: Tx) -> None:
    reset_account(tx, 2)


def give(tx: Tx) -> None:
    give_post(tx, 1, 2, from_on=TODAY)


def end(tx: Tx) -> None:
    end_post(tx, 1, TODAY)


@pytest.mark.parametrize("deed", [add, change, invite, disable, enable, reset, give, end])
@pytest.mark.parametrize("who", ["ada", "sam", "bo", "cleo", "una", "viv"])
def test_only_the_administrator_keeps_accounts_and_posts(world: World, who: str, deed: object) -> None:
    assert callable(deed)
    with pytest.raises(Refused, match="Only the administrator can do this"), world.does(who) as tx:
        deed(tx)


def test_an_administrator_neither_disables_nor_resets_themselves(world: World) -> None:
    ida = set_up(world, "ida")
    for deed in (disable_account, enable_account, reset_account):
        with pytest.raises(Refused, match="your own account; another"), world.does("ida") as tx:
            deed(tx, world.number(Person, "ida"))
    assert seated(world.office, ida.token)


def test_people_of_another_group_are_nobodys_here(world: World) -> None:
    world.found("other")
    number = world.actor("ada", group="other").person_id
    assert number is not None
    for deed in (invite_to_account, disable_account, reset_account):
        with pytest.raises(Refused, match="no such person in this group"), world.does("ida") as tx:
            deed(tx, number)
    with looks(world, "ida") as (tx, viewer):
        assert {one.email.partition("@")[2] for one in directory.people(tx, viewer)} == {"qa.example"}
        with pytest.raises(Refused, match=f"There is no person/{number}"):
            directory.person(tx, viewer, number)


@pytest.mark.parametrize("who", ["bo", "cleo", "thea", "viv", "nell"])
def test_who_keeps_nothing_here_sees_no_accounts(world: World, who: str) -> None:
    with looks(world, who) as (tx, viewer):
        for asked in (directory.people, directory.posts, directory.agencies, directory.latest_deeds):
            with pytest.raises(Refused, match="nothing here that you may see"):
                asked(tx, viewer)


def test_an_absence_is_recorded_with_whoever_did_so(world: World) -> None:
    with world.does("ida") as tx:
        note_absence(tx, world.number(Person, "ada"), TODAY, date(2014, 9, 5), "On leave")
    (away,) = entry(world, "ada").away
    assert (away.is_now, away.reason) == (True, "On leave")
    assert newest_deeds(world)[0] == (
        "Ida Innes",
        "recorded an absence",
        "Ada Ashdown",
        "1 September 2014 to 5 September 2014",
    )


def test_posts_and_agencies_are_listed_with_their_people_and_records(world: World) -> None:
    with looks(world, "sam") as (tx, viewer):
        posts = directory.posts(tx, viewer)
        agencies = directory.agencies(tx, viewer)
    assert [(one.title, [held.person for held in one.holders]) for one in posts[:2]] == [
        ("Chair", ["Ada Ashdown"]),
        ("Deputy", ["Dan Dole"]),
    ]
    council = next(one for one in agencies if one.name == "County Council")
    assert council.records == (("Social care", "the agency's lead"), ("Schools", "Education"))
    assert council.posts == ("Deputy", "Social Care", "Education")


def test_how_all_stand_is_asked_alike_of_both_databases(any_world_at: At) -> None:
    world = any_world_at("proposed")
    bo = set_up(world, "bo")
    with world.does("ida") as tx:
        invite_to_account(tx, world.number(Person, "ada"))
    assert entry(world, "bo").account.word == "ready"
    assert entry(world, "ada").account.word == "invited"
    with looks(world, "sam") as (tx, viewer):
        found = directory.person(tx, viewer, world.number(Person, "bo"))
    assert [one.said for one in found.deeds] == ["set up the account", "invited to set up an account"]
    assert bo.codes


def test_a_hundred_people_take_as_many_statements_as_one(world: World) -> None:
    def asked() -> int:
        def read() -> None:
            with looks(world, "ida") as (tx, viewer):
                directory.people(tx, viewer)

        return statements_of(world, read)

    before = asked()
    with world.does("ida") as tx:
        for number in range(100):
            person = add_person(tx, f"Person {number}", f"person{number}@police.example")
            invite_to_account(tx, person)
            give_post(tx, world.number(Post, "policing"), person, from_on=TODAY)
    assert asked() == before
