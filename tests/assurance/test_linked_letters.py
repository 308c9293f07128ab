"""Letters with links: the link stands in none that is kept, and one that is good no more goes to nobody."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from assurance.access import viewer_of
from assurance.accounts.enrolling import invited_by
from assurance.commands.addresses import mend, note_return, resend
from assurance.commands.administering import change_person
from assurance.linked_letters import LINK_OVER
from assurance.links import by_link, good_link, send_return_link, withdraw_link
from assurance.office import Office
from assurance.post import deliver
from assurance.queries.links import links_about
from assurance.queries.mail_queue import QueuedMail, one_mail
from assurance.records import DeadAddress, Person
from assurance.roster import roster
from assurance.tables import METADATA
from engine.errors import Refused
from engine.fences import EVERY
from engine.moved import Ref
from notifications.letters import Outcome, Result
from notifications.mailer import MemoryMailer
from notifications.outbox import Message
from notifications.refusals import Refusal
from tests.assurance.accounts.holder import invited, set_up
from tests.assurance.conftest import At
from tests.notifications.examples import text_of
from tests.world import World

ESME = "esme@qa.example"
NEARLY_DUE = date(2014, 11, 13)  # ten working days before the returns are due


def sends(world: World, ref: Ref) -> None:
    with world.does("sam") as tx:
        send_return_link(tx, ref)


def went(world: World) -> str:
    """Give the token in the newest letter that went with one."""
    return tokens_sent(world)[-1]


def tokens_sent(world: World) -> list[str]:
    """Give the tokens in all letters that went, the newest last."""
    letters = "\n".join(text_of(letter.content) for letter in world.post.sent)
    return re.findall(r"https://audits\.example/\w+/([\w-]{43})\s", letters)


def newest(world: World, template: str = "return_link") -> int:
    number: int = world.ask(sa.select(sa.func.max(Message.id)).where(Message.template == template))[0]
    return number


def queued(world: World, number: int) -> QueuedMail:
    with world.office.reading(world.actor("ida")) as tx:
        viewer = viewer_of(roster(tx.session, group_id=world.group_id, today=tx.today), tx.actor)
        return one_mail(tx, viewer, number)


def states(world: World, ref: Ref) -> list[str]:
    with world.office.reading(world.actor("sam")) as tx:
        viewer = viewer_of(roster(tx.session, group_id=world.group_id, today=tx.today), tx.actor)
        return [link.state for link in links_about(tx, viewer, ref)]


def everything_kept(world: World) -> str:
    """Give whatever stands in any row of any table."""
    with world.office.store.reading(group=EVERY) as session:
        rows = [row for table in METADATA.sorted_tables for row in session.execute(sa.select(table))]
    return "\n".join(str(tuple(row)) for row in rows)


def refuses(world: World, token: str) -> str:
    with pytest.raises(Refused) as refusal, by_link(world.office, token, "opened"):
        pass
    return refusal.value.reasons[0].sentence


@pytest.fixture
def world(world_at: At) -> World:
    """A world whose agencies were asked for returns, with nothing left to send."""
    world = world_at("agency_audits")
    world.delivers()
    return world


@pytest.fixture
def school(world: World) -> Ref:
    return world.agency_return("school")


def test_no_link_stands_in_the_database_before_it_was_sent_or_afterwards(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    school = world.agency_return("school")
    world.delivers()
    sends(world, school)
    invitation = invited(world, "bo")
    before = everything_kept(world)
    assert world.delivers().sent == 2
    assert invitation in tokens_sent(world)
    (token,) = set(tokens_sent(world)) - {invitation}
    with by_link(world.office, token, "opened") as (_, link):
        assert link.ref == school
    assert invited_by(world.office, invitation).name == "Bo Birchall"
    for kept in (before, everything_kept(world)):
        assert "left-blank-when-kept-" in kept
        assert token not in kept
        assert invitation not in kept


def test_what_stands_in_place_of_a_link_opens_nothing(world: World, school: Ref) -> None:
    sends(world, school)
    (context,) = world.ask(sa.select(Message.context).where(Message.id == newest(world)))
    blank = re.search(r"left-blank-when-kept-[\w-]+", context)
    assert blank is not None
    assert "is not known here" in refuses(world, blank[0])


def test_the_mail_queue_says_that_the_link_is_kept_nowhere(world: World, school: Ref) -> None:
    sends(world, school)
    world.delivers()
    mail = queued(world, newest(world))
    assert mail.what == "Link to a return"
    assert mail.fate.endswith("at 10:00. The link in it is kept nowhere.")
    assert world.proof().faults == ()


def test_a_letter_whose_link_was_withdrawn_meanwhile_goes_to_nobody(world: World, school: Ref) -> None:
    sends(world, school)
    with world.does("sam") as tx:
        withdraw_link(tx, 1)
    assert (world.delivers().withdrawn, world.post.sent[-1].to_address == ESME) == (1, False)
    assert queued(world, newest(world)).answer == LINK_OVER


def test_a_second_link_takes_the_letter_of_the_first_with_it(world: World, school: Ref) -> None:
    sends(world, school)
    sends(world, school)
    tally = world.delivers()
    assert (tally.sent, tally.withdrawn) == (1, 1)
    assert good_link(world.office, went(world)).ref == school


@pytest.mark.parametrize(
    ("secret", "state", "sentence"),
    [
        ("another secret of the same installation", "withdrawn", LINK_OVER),
        ("", "held", "which is not set where mail"),
    ],
)
def test_no_link_goes_that_was_made_with_another_secret(
    world: World, school: Ref, secret: str, state: str, sentence: str
) -> None:
    sends(world, school)
    settings = replace(world.settings, secret=secret)
    office = Office(settings, world.office.store, world.shelf, clock=world.clock)
    assert deliver(office, world.post).sent == 0
    mail = queued(world, newest(world))
    assert mail.state == state
    assert sentence in mail.answer


def test_a_link_that_was_worded_under_an_old_secret_still_goes(world: World, school: Ref) -> None:
    sends(world, school)
    old = world.settings.secret
    settings = replace(world.settings, secret="another secret of the same installation", old_secrets=(old,))
    office = Office(settings, world.office.store, world.shelf, clock=world.clock)
    assert deliver(office, world.post).sent == 1
    assert good_link(office, went(world)).ref == school


def test_a_letter_waits_until_delivery_knows_the_secret_too(world: World, school: Ref) -> None:
    sends(world, school)
    unknowing = replace(world.settings, secret="")
    deliver(Office(unknowing, world.office.store, world.shelf, clock=world.clock), world.post)
    world.clock.advance(timedelta(minutes=15))
    assert world.delivers().sent == 1
    assert good_link(world.office, went(world)).ref == school


def test_a_letter_that_failed_is_sent_again_with_the_same_link(world: World, school: Ref) -> None:
    sends(world, school)
    rejecting = MemoryMailer(lambda _: Outcome(Result.REJECTED, 554, "5.6.0 not like this"))
    assert deliver(world.office, rejecting).failed == 1
    with world.does("sam") as tx:
        assert resend(tx, newest(world)) == "Esme Eastlake"
    assert world.delivers().sent == 1
    assert world.post.sent[-1].content == rejecting.tried[-1].content
    assert good_link(world.office, went(world)).ref == school


# -- when the address changes ------------------------------------------------------------------------------


def test_a_link_ends_when_its_person_gets_another_address(world: World, school: Ref) -> None:
    sends(world, school)
    world.delivers()
    token = went(world)
    assert states(world, school) == ["good"]
    with world.does("ida") as tx:
        change_person(tx, world.number(Person, "esme"), name="Esme Eastlake", email="esme@school.example")
    assert refuses(world, token) == (
        "Esme Eastlake has another address than the one to which this link was sent. Ask Sam Sedley."
    )
    assert states(world, school) == ["not_theirs"]


def test_a_link_ends_when_its_person_leaves_the_post(world: World, school: Ref) -> None:
    sends(world, school)
    world.leaves("education")
    world.on(world.today + timedelta(days=1))
    assert states(world, school) == ["not_theirs"]


def test_a_letter_to_the_address_before_is_not_sent_any_more(world: World, school: Ref) -> None:
    sends(world, school)
    with world.does("ida") as tx:
        change_person(tx, world.number(Person, "esme"), name="Esme Eastlake", email="esme@school.example")
    world.delivers()
    assert queued(world, newest(world)).answer == LINK_OVER


def comes_back(world: World, number: int) -> Ref:
    """Let a mail come back from a mailbox that is not there, and give the dead address."""
    with world.does("sam") as tx:
        note_return(tx, number, Refusal.of(550, "5.1.1 No such user"), is_dead=True, key="back")
    return Ref(DeadAddress.noun, 1)


def test_once_an_address_is_mended_a_new_link_goes_in_place_of_the_one_that_came_back(
    world: World, school: Ref
) -> None:
    sends(world, school)
    world.delivers()
    first, number = went(world), newest(world)
    address = comes_back(world, number)
    with world.does("sam") as tx:
        mended = mend(tx, address, "esme@school.example")
        assert mended.mails == (number,)
    with world.does("sam") as tx:
        assert resend(tx, number) == "Esme Eastlake"
    world.delivers()
    assert world.post.sent[-1].to_address == "esme@school.example"
    assert "has another address" in refuses(world, first) or "was withdrawn" in refuses(world, first)
    assert good_link(world.office, went(world)).ref == school
    assert queued(world, number).answer == "A letter with a new link was sent in its place."
    assert world.proof().faults == ()


def test_where_the_mailbox_is_back_the_same_link_is_sent_once_more(world: World, school: Ref) -> None:
    sends(world, school)
    world.delivers()
    first, number = went(world), newest(world)
    address = comes_back(world, number)
    with world.does("sam") as tx:
        mend(tx, address, ESME)
        resend(tx, number)
    assert world.delivers().sent == 1
    assert went(world) == first
    assert good_link(world.office, first).ref == school


def test_an_invitation_to_a_mended_address_is_good_no_more_and_sent_anew(world: World) -> None:
    first = invited(world, "esme")
    world.delivers()
    number = newest(world, "account_invitation")
    address = comes_back(world, number)
    with world.does("sam") as tx:
        mend(tx, address, "esme@school.example")
    with pytest.raises(Refused, match="was used already"):
        invited_by(world.office, first)
    with pytest.raises(Refused, match="Only the administrator"), world.does("sam") as tx:
        resend(tx, number)
    with world.does("ida") as tx:
        assert resend(tx, number) == "Esme Eastlake"
    world.delivers()
    assert invited_by(world.office, went(world)).email == "esme@school.example"


# -- mails to whoever has no account -----------------------------------------------------------------------


def told_esme(world: World) -> str:
    """Give the newest letter to the school."""
    return [text_of(letter.content) for letter in world.post.sent if letter.to_address == ESME][-1]


def is_reminded(world: World) -> str:
    """Let the returns be nearly due, and give the digest of the school."""
    world.night(NEARLY_DUE)
    world.on(NEARLY_DUE)
    world.delivers()
    return told_esme(world)


def test_reminders_to_a_school_without_an_account_lead_to_its_link(world: World, school: Ref) -> None:
    with world.does("sam") as tx:
        send_return_link(tx, school, days=90)
    world.delivers()
    token = went(world)
    digest = is_reminded(world)
    assert (
        digest.count(f"https://audits.example/link/{token}\n") == 2
    )  # on its line, and as what there is to open
    assert f"https://audits.example/{school}\n" not in digest
    assert "https://audits.example/why/" not in digest
    assert token not in everything_kept(world)


def test_whoever_has_an_account_is_led_to_the_page_itself(world: World, school: Ref) -> None:
    with world.does("sam") as tx:
        send_return_link(tx, school, days=90)
    set_up(world, "esme")
    digest = is_reminded(world)
    assert "https://audits.example/link/" not in digest
    assert "https://audits.example/audit/1\n" in digest


def test_a_return_that_was_sent_back_is_opened_by_the_same_link(world: World, school: Ref) -> None:
    sends(world, school)
    world.delivers()
    token = went(world)
    world.fills("esme", school)
    world.moves("esme", school, "submit")
    world.moves("sam", school, "request_changes", reason="Which day was it?", new_due_on=NEARLY_DUE)
    world.delivers()
    letter = told_esme(world)
    assert "Before it can be used" in letter
    assert f"https://audits.example/link/{token}\n" in letter


def test_where_no_link_can_be_made_any_more_the_page_is_named(world: World, school: Ref) -> None:
    with world.does("sam") as tx:
        send_return_link(tx, school, days=90)
    world.delivers()
    settings = replace(world.settings, secret="another secret of the same installation")
    world.office = Office(settings, world.office.store, world.shelf, clock=world.clock)
    assert "https://audits.example/link/" not in is_reminded(world)
