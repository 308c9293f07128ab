"""Nothing is sent to a dead address, nothing owed to it is lost, and the coordinator hears of it until it is mended."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from assurance.commands.addresses import mend, resend
from assurance.records import Person
from assurance.returned import Became
from engine.errors import Refused
from engine.fences import EVERY
from engine.moved import Ref
from notifications.delivery import Delivered
from notifications.mailer import MemoryMailer
from notifications.outbox import Message, counts
from tests.assurance.desk import ADA, ADDRESS, BO, FAY, SAM, Desk, chase
from tests.notifications.examples import text_of

# -- nothing more is sent, and nothing is lost -----------------------------------------------------------------


def test_mail_to_a_dead_address_fails_unsent_and_says_so(any_desk: Desk) -> None:
    any_desk.comes_back("postfix", BO)
    any_desk.reads()
    chase(any_desk)
    mailer = MemoryMailer()
    tally = any_desk.deliver(mailer)
    assert tally.failed == 1
    assert BO not in {letter.to_address for letter in mailer.tried}
    failed = any_desk.sent_to(BO)
    assert (failed.state, failed.last_text) == ("failed", "not sent: mail to this address has come back")
    facts = any_desk.world.known(ADDRESS).facts
    assert (facts["mails_undelivered"], facts["people"]) == (2, 1)
    with any_desk.office.store.reading(group=EVERY) as session:
        states = counts(session, group_id=any_desk.world.group_id)
    assert (states["failed"], states["bounced"], states["queued"]) == (1, 1, 0)


def test_a_mended_address_gets_what_has_not_arrived(any_desk: Desk) -> None:
    any_desk.comes_back("postfix", BO)
    any_desk.reads()
    chase(any_desk)
    any_desk.deliver()
    bounced, failed = any_desk.world.ask(
        sa.select(Message.id)
        .where(Message.to_address == BO, Message.state.in_(["failed", "bounced"]))
        .order_by(Message.id)
    )
    with any_desk.world.does("sam") as tx:
        mended = mend(tx, ADDRESS, " Bo.Birchall@new.example ")
    assert (mended.people, mended.mails) == (("Bo Birchall",), (bounced, failed))
    assert any_desk.world.ask(sa.select(Person.email).where(Person.key == "bo")) == [
        "Bo.Birchall@new.example"
    ]
    assert any_desk.deliver().sent == 0
    with any_desk.world.does("sam") as tx:
        assert [resend(tx, number) for number in mended.mails] == ["Bo Birchall", "Bo Birchall"]
    mailer = MemoryMailer()
    assert any_desk.deliver(mailer) == Delivered(sent=2)
    assert {letter.to_address for letter in mailer.sent} == {"Bo.Birchall@new.example"}
    assert b"Bo.Birchall@new.example" in mailer.sent[0].content
    assert any_desk.world.proof().faults == ()


def test_the_history_says_who_mended_an_address_and_sent_a_mail_again(desk: Desk) -> None:
    desk.comes_back("postfix", BO)
    desk.reads()
    number = desk.sent_to(BO).id
    with desk.world.does("ida") as tx:
        mend(tx, ADDRESS, "bo@new.example")
        resend(tx, number)
    person = desk.world.number(Person, "bo")
    ida = f"person/{desk.world.number(Person, 'ida')}"
    line = desk.world.history(ADDRESS)[-1]
    assert (line.kind, line.actor, line.data["trigger"], line.data["people"]) == (
        "moved",
        ida,
        "mend",
        [person],
    )
    assert desk.world.texts(ADDRESS)[line.seq, "new_address"] == "bo@new.example"
    again = desk.world.history(desk.world.audit)[-1]
    assert (again.kind, again.actor, again.data["mail"]) == ("resent", ida, number)


def test_an_address_can_be_dead_again_after_it_was_mended(desk: Desk) -> None:
    for number in (1, 2):
        desk.comes_back("postfix", BO)
        assert desk.reads().became == Counter({Became.DEAD: 1})
        with desk.world.does("sam") as tx:
            mend(tx, Ref("dead_address", number), BO)
        if number == 1:
            chase(desk)
        desk.deliver()
    assert desk.dead == []
    assert [desk.world.state(Ref("dead_address", number)) for number in (1, 2)] == ["mended", "mended"]


def test_a_new_address_that_is_dead_too_is_mended_in_its_turn(desk: Desk) -> None:
    desk.comes_back("postfix", BO)
    desk.reads()
    number = desk.sent_to(BO).id
    for dead, right in ((1, "bo@new.example"), (2, "bo@last.example")):
        with desk.world.does("sam") as tx:
            mend(tx, Ref("dead_address", dead), right)
            resend(tx, number)
        desk.deliver()
        desk.comes_back("exchange_online", right)
        desk.reads()
    assert desk.dead == ["bo@last.example"]
    assert desk.world.ask(sa.select(Person.email).where(Person.key == "bo")) == ["bo@last.example"]
    facts = desk.world.known(Ref("dead_address", 3)).facts
    assert (facts["people"], facts["mails_undelivered"]) == (1, 1)


def test_a_shared_mailbox_is_mended_for_everybody_who_has_it(desk: Desk) -> None:
    with desk.office.store.begin(group=EVERY) as session:
        session.execute(sa.update(Person).where(Person.key == "nell").values(email="Bo@QA.example"))
    desk.comes_back("postfix", BO)
    desk.reads()
    with desk.world.does("sam") as tx:
        assert mend(tx, ADDRESS, "team@new.example").people == ("Bo Birchall", "Nell Norris")


@pytest.mark.parametrize(
    ("who", "to", "sentence"),
    [
        ("bo", "bo@new.example", "is a step for the coordinator or the administrator"),
        ("sam", "nobody", "'nobody' is not an e-mail address that can be written to."),
        ("sam", "  ", "Write down the address that is right; it is empty."),
        ("sam", FAY, f"Mail to {FAY} comes back too, since"),
    ],
)
def test_an_address_is_not_mended_by_everybody_or_to_anything(
    desk: Desk, who: str, to: str, sentence: str
) -> None:
    for address in (BO, FAY):
        desk.comes_back("postfix", address)
    desk.reads()
    with pytest.raises(Refused, match=sentence), desk.world.does(who) as tx:
        mend(tx, ADDRESS, to)
    assert desk.dead == [BO, FAY]


def test_only_a_mail_that_has_not_arrived_is_sent_again(desk: Desk) -> None:
    arrived = desk.sent_to(BO)
    with (
        pytest.raises(Refused, match=f"mail/{arrived.id} is sent; only a mail"),
        desk.world.does("sam") as tx,
    ):
        resend(tx, arrived.id)
    desk.comes_back("postfix", BO)
    desk.reads()
    sentence = f"Mail to {BO} comes back since .*mend address/1 first"
    with pytest.raises(Refused, match=sentence), desk.world.does("sam") as tx:
        resend(tx, arrived.id)
    with pytest.raises(Refused, match="Only the coordinator or administrator"), desk.world.does("ada") as tx:
        resend(tx, arrived.id)
    with pytest.raises(Refused, match="There is no mail/999"), desk.world.does("sam") as tx:
        resend(tx, 999)


# -- who is told -------------------------------------------------------------------------------------------


def _told_of_dead(desk: Desk) -> list[str]:
    """Let the next day come, and give who was told on it that an address is dead."""
    desk.world.night(desk.world.today + timedelta(days=1))
    desk.world.on(desk.world.today)
    mailer = MemoryMailer()
    desk.deliver(mailer)
    return [
        letter.to_address
        for letter in mailer.sent
        if "Mail to an address comes back" in " ".join(text_of(letter.content).split())
    ]


def test_the_coordinator_is_told_each_week_four_times_at_most(desk: Desk) -> None:
    desk.comes_back("postfix", BO)
    desk.reads()
    told = [who for _ in range(50) for who in _told_of_dead(desk)]
    assert told == [SAM] * 4
    assert desk.world.fired(ADDRESS) == [f"address-dead {number}" for number in range(4)]


def test_the_chair_is_told_when_the_coordinators_own_address_is_dead(desk: Desk) -> None:
    desk.comes_back("postfix", SAM)
    desk.reads()
    assert _told_of_dead(desk) == [ADA]


def test_the_deputy_is_told_when_the_chairs_address_is_dead_too(desk: Desk) -> None:
    for address in (SAM, ADA):
        desk.comes_back("postfix", address)
    desk.reads()
    assert set(_told_of_dead(desk)) == {"dan@qa.example"}


def test_a_mended_address_is_spoken_of_no_more(desk: Desk) -> None:
    desk.comes_back("postfix", BO)
    desk.reads()
    with desk.world.does("sam") as tx:
        mend(tx, ADDRESS, "bo@new.example")
    assert [who for _ in range(9) for who in _told_of_dead(desk)] == []
