"""Mail that comes back: its message is bounced, a dead address gets no more mail, and the coordinator hears of it."""

from __future__ import annotations

import asyncio
import mailbox
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.commands.addresses import mend, resend
from assurance.office import Office
from assurance.post import deliver
from assurance.records import DeadAddress, Person
from assurance.returned import Became, ReadTally, note_refusals, read_returned_mail
from engine.errors import Refused
from engine.moved import Ref
from notifications.delivery import Delivered
from notifications.letters import Letter
from notifications.mailer import MemoryMailer
from notifications.outbox import Message, counts
from notifications.smtp import SmtpMailer
from notifications.smtp_settings import SmtpSettings
from tests.assurance.conftest import At
from tests.notifications.returned_mail import returned
from tests.notifications.sink import Sink, open_sink
from tests.world import World

BOUNCES = "bounces@audit.example"
SECRET = "the long secret of an installation in a test"
BO, FAY, SAM, ADA = (f"{who}@qa.example" for who in ("bo", "fay", "sam", "ada"))


@dataclass
class Desk:
    """A world whose mail comes back into a maildir."""

    world: World
    office: Office
    maildir: Path

    def deliver(self, mailer: MemoryMailer | None = None) -> Delivered:
        return deliver(self.office, mailer or MemoryMailer())

    def deliver_to(self, sink: Sink) -> Delivered:
        """Deliver through a real conversation."""

        async def delivering() -> Delivered:
            async with open_sink(sink):
                mailer = SmtpMailer(SmtpSettings.from_url(sink.url))
                return await asyncio.to_thread(deliver, self.office, mailer)

        return asyncio.run(delivering())

    def sent_to(self, address: str) -> Message:
        """Give the newest mail that was written to an address."""
        query = sa.select(Message).where(Message.to_address == address).order_by(Message.id.desc()).limit(1)
        (message,) = self.world.ask(query)
        assert isinstance(message, Message)
        return message

    def comes_back(self, form: str, address: str, **changes: str) -> None:
        """Let the newest mail to an address come back."""
        returns = self.office.settings.returns
        assert returns is not None
        back = changes.pop("back", returns.of(self.sent_to(address).id, address))
        mailbox.Maildir(self.maildir).add(returned(form, back=back, to=changes.pop("to", address)))

    def reads(self) -> ReadTally:
        return read_returned_mail(self.office)

    @property
    def dead(self) -> list[str]:
        """The addresses that are dead now."""
        return self.world.ask(
            sa.select(DeadAddress.address).where(DeadAddress.mended_on.is_(None)).order_by(DeadAddress.id)
        )

    @property
    def unread(self) -> int:
        """The mails in the mailbox that nobody has filed away."""
        return sum("S" not in mail.get_flags() for mail in mailbox.Maildir(self.maildir))


DESK = Callable[[At], Desk]


@pytest.fixture
def desk_at(tmp_path: Path) -> DESK:
    """A desk for returned mail in a world whose first mails were delivered."""

    def at(world_at: At) -> Desk:
        world = world_at("agency_audits")
        mailbox.Maildir(tmp_path / "bounces", create=True)
        settings = replace(
            world.settings, bounces=BOUNCES, bounce_box=str(tmp_path / "bounces"), secret=SECRET
        )
        desk = Desk(
            world,
            Office(settings, world.office.store, world.shelf, clock=world.clock),
            tmp_path / "bounces",
        )
        desk.deliver()
        return desk

    return at


@pytest.fixture
def desk(desk_at: DESK, world_at: At) -> Desk:
    """The same, in an SQLite file."""
    return desk_at(world_at)


@pytest.fixture
def any_desk(desk_at: DESK, any_world_at: At) -> Desk:
    """The same, once in an SQLite file and once in PostgreSQL."""
    return desk_at(any_world_at)


ADDRESS = Ref("dead_address", 1)


# -- what is read ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["postfix", "exchange_online", "exchange_edge", "exim", "qmail"])
def test_a_report_that_an_address_is_dead_is_believed(desk: Desk, form: str) -> None:
    desk.comes_back(form, BO)
    tally = desk.reads()
    assert (tally.became, tally.trouble) == (Counter({Became.DEAD: 1}), "")
    (line,) = tally.lines
    assert (line.to, line.address) == (BO, ADDRESS)
    message = desk.sent_to(BO)
    assert (message.state, message.sent_at is None) == ("bounced", False)
    assert message.last_text == line.said
    assert desk.dead == [BO]
    assert desk.unread == 0
    assert desk.world.proof().faults == ()


def test_the_history_says_what_the_mail_server_said(any_desk: Desk) -> None:
    any_desk.comes_back("postfix", BO)
    any_desk.reads()
    (line,) = any_desk.world.history(ADDRESS)
    assert (line.kind, line.actor, line.data["code"]) == ("opened", "clock", 550)
    assert line.data["mail"] == any_desk.sent_to(BO).id
    assert (line.data["row"]["since_on"], line.data["row"]["status"]) == ("2014-09-15", "5.1.1")
    assert BO not in str(line.data)
    words = any_desk.world.texts(ADDRESS)
    assert words[1, "address"] == BO
    assert "User unknown" in str(words[1, "said"])


@pytest.mark.parametrize(
    "form", ["mailbox_full", "policy", "expired", "member_of_a_list", "several_recipients"]
)
def test_what_failed_for_another_reason_is_trouble_and_kills_no_address(desk: Desk, form: str) -> None:
    desk.comes_back(form, BO)
    assert desk.reads().became == Counter({Became.BOUNCED: 1})
    assert desk.sent_to(BO).state == "bounced"
    assert desk.dead == []


@pytest.mark.parametrize(
    ("form", "became"),
    [
        ("delayed", Became.DELAYED),
        ("relayed", Became.ARRIVED),
        ("out_of_office", Became.ANSWER),
        ("vacation", Became.ANSWER),
        ("read_receipt", Became.ANSWER),
        ("letter", Became.OTHER),
        ("report_that_is_quoted", Became.OTHER),
    ],
)
def test_what_is_no_failure_is_counted_and_changes_nothing(desk: Desk, form: str, became: Became) -> None:
    desk.comes_back(form, BO)
    tally = desk.reads()
    assert (tally.became, tally.lines) == (Counter({became: 1}), [])
    assert (desk.sent_to(BO).state, desk.dead, desk.unread) == ("sent", [], 0)


def test_a_forged_report_changes_nothing(desk: Desk) -> None:
    returns = desk.office.settings.returns
    assert returns is not None
    number = desk.sent_to(BO).id
    for back in (
        f"bounces+{number}-{'a' * 16}@audit.example",  # a guess
        returns.of(number + 1, BO),  # made for another message
        returns.of(number, FAY),  # made for somebody else
        returns.of(2_000_000_000, BO),  # of no message at all
    ):
        desk.comes_back("postfix", BO, back=back)
    assert desk.reads().became == Counter({Became.FORGED: 4})
    assert (desk.sent_to(BO).state, desk.dead, desk.unread) == ("sent", [], 0)


def test_mail_for_somebody_else_and_garbage_are_put_aside(desk: Desk) -> None:
    desk.comes_back("postfix", BO, back="office@audit.example")
    (desk.maildir / "new" / "1.garbage").write_bytes(bytes(range(256)) * 50)
    assert desk.reads().became == Counter({Became.OTHER: 2})
    assert (desk.dead, desk.unread) == ([], 0)


# -- once --------------------------------------------------------------------------------------------------


def test_a_report_that_comes_twice_counts_once(any_desk: Desk) -> None:
    any_desk.comes_back("postfix", BO)
    any_desk.comes_back("postfix", BO)
    any_desk.comes_back("exim", BO)
    assert any_desk.reads().became == Counter({Became.DEAD: 2, Became.REPEATED: 1})
    assert any_desk.dead == [BO]
    assert [line.kind for line in any_desk.world.history(ADDRESS)] == ["opened", "entered"]


def test_whoever_dies_before_filing_a_report_away_reads_it_again_to_no_effect(desk: Desk) -> None:
    for form in ("postfix", "mailbox_full", "delayed"):
        desk.comes_back(form, BO if form == "postfix" else FAY if form == "mailbox_full" else ADA)
    kept = {file.name: file.read_bytes() for file in (desk.maildir / "new").iterdir()}
    desk.reads()
    before = desk.world.history(ADDRESS)
    for file in (desk.maildir / "cur").iterdir():
        file.unlink()
    for name, content in kept.items():
        (desk.maildir / "new" / name).write_bytes(content)
    assert desk.reads().became == Counter({Became.REPEATED: 2, Became.DELAYED: 1})
    assert desk.world.history(ADDRESS) == before
    assert desk.unread == 0


def test_two_who_read_at_once_take_note_once(any_desk: Desk) -> None:
    for address in (BO, FAY, SAM, ADA):
        any_desk.comes_back("postfix", address)
        any_desk.comes_back("exim", address)
    with ThreadPoolExecutor(3) as readers:
        tallies = list(readers.map(lambda _: any_desk.reads(), range(3)))
    while any_desk.unread:
        tallies.append(any_desk.reads())
    assert sorted(any_desk.dead) == sorted([BO, FAY, SAM, ADA])
    assert {tally.trouble for tally in tallies} == {""}
    for number in any_desk.world.ask(sa.select(DeadAddress.id)):
        lines = any_desk.world.history(Ref("dead_address", number))
        assert [line.kind for line in lines] == ["opened", "entered"]
    assert any_desk.world.proof().faults == ()


def test_an_old_report_does_not_kill_the_mended_address(desk: Desk) -> None:
    desk.comes_back("postfix", BO)
    stale = (next((desk.maildir / "new").iterdir())).read_bytes()
    desk.reads()
    number = desk.sent_to(BO).id
    with desk.world.does("sam") as tx:
        mend(tx, ADDRESS, "bo@new.example")
        resend(tx, number)
    assert desk.deliver() == Delivered(sent=1)
    (desk.maildir / "new" / "2.again").write_bytes(stale)
    assert desk.reads().became == Counter({Became.REPEATED: 1})
    assert desk.dead == []
    assert desk.sent_to("bo@new.example").state == "sent"


def test_one_mail_that_cannot_be_dealt_with_keeps_no_other_from_being_read(desk: Desk) -> None:
    desk.comes_back("postfix", BO)
    desk.comes_back("postfix", FAY)
    with desk.office.store.begin() as session:
        session.execute(
            sa.text(
                "CREATE TRIGGER no_bo BEFORE INSERT ON dead_address WHEN new.address LIKE 'bo@%' "
                "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
            )
        )
    assert desk.reads().became == Counter({Became.LEFT: 1, Became.DEAD: 1})
    assert (desk.dead, desk.unread, desk.sent_to(BO).state) == ([FAY], 1, "sent")
    with desk.office.store.begin() as session:
        session.execute(sa.text("DROP TRIGGER no_bo"))
    assert desk.reads().became == Counter({Became.DEAD: 1})
    assert desk.unread == 0


def test_a_mailbox_that_cannot_be_read_is_trouble_and_no_more(desk: Desk) -> None:
    (desk.maildir / "new").rmdir()
    tally = desk.reads()
    assert (tally.read, "is not a maildir" in tally.trouble) == (0, True)


def test_without_a_mailbox_there_is_nothing_to_read(world: World) -> None:
    assert read_returned_mail(world.office) == ReadTally()


# -- what is refused at the door -----------------------------------------------------------------------------


def _chase(desk: Desk) -> None:
    """Let something be told to everybody in the group."""
    desk.world.is_granted("sam", desk.world.audit, "go_back", reason="One more case.")


def test_an_address_that_is_refused_at_the_door_is_dead(any_desk: Desk) -> None:
    _chase(any_desk)
    tally = any_desk.deliver_to(Sink(addresses={BO: "550 5.1.1 no such person here"}))
    assert (tally.failed, tally.trouble) == (1, "")
    assert any_desk.dead == [BO]
    assert not any_desk.sent_to(BO).address_refused
    assert note_refusals(any_desk.office) == 0


def test_whoever_dies_before_taking_note_of_a_refusal_does_so_later(desk: Desk) -> None:
    with desk.office.store.begin() as session:
        message = desk.sent_to(BO)
        session.execute(
            sa.update(Message)
            .where(Message.id == message.id)
            .values(state="failed", sent_at=None, address_refused=True, last_code=550, last_text="5.1.1 no")
        )
    assert desk.reads().refused == 1
    assert (desk.dead, desk.reads().refused) == ([BO], 0)


@pytest.mark.parametrize("answer", ["550 5.7.1 relaying denied", "530 5.7.0 sign in first", "550 no"])
def test_a_refusal_that_is_not_about_the_mailbox_kills_nobody(desk: Desk, answer: str) -> None:
    _chase(desk)
    desk.deliver_to(Sink(always={"RCPT": answer}))
    assert desk.dead == []


# -- nothing more is sent, and nothing is lost -----------------------------------------------------------------


def test_mail_to_a_dead_address_fails_unsent_and_says_so(any_desk: Desk) -> None:
    any_desk.comes_back("postfix", BO)
    any_desk.reads()
    _chase(any_desk)
    mailer = MemoryMailer()
    tally = any_desk.deliver(mailer)
    assert tally.failed == 1
    assert BO not in {letter.to_address for letter in mailer.tried}
    failed = any_desk.sent_to(BO)
    assert (failed.state, failed.last_text) == ("failed", "not sent: mail to this address has come back")
    facts = any_desk.world.known(ADDRESS).facts
    assert (facts["mails_undelivered"], facts["people"]) == (2, 1)
    with any_desk.office.store.reading() as session:
        states = counts(session, group_id=any_desk.world.group_id)
    assert (states["failed"], states["bounced"], states["queued"]) == (1, 1, 0)


def test_a_mended_address_gets_what_has_not_arrived(any_desk: Desk) -> None:
    any_desk.comes_back("postfix", BO)
    any_desk.reads()
    _chase(any_desk)
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
            _chase(desk)
        desk.deliver()
    assert desk.dead == []
    assert [desk.world.state(Ref("dead_address", number)) for number in (1, 2)] == ["mended", "mended"]


def test_a_shared_mailbox_is_mended_for_everybody_who_has_it(desk: Desk) -> None:
    with desk.office.store.begin() as session:
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
    """Give who was told since that an address is dead, by the digests and mails that are owed now."""
    desk.world.night(desk.world.today + timedelta(days=1))
    told = [mail.to for mail in desk.world.news() if "Mail to an address comes back" in mail.everything]
    desk.deliver()
    return told


def test_the_coordinator_is_told_each_week_four_times_at_most(desk: Desk) -> None:
    desk.world.news()
    desk.comes_back("postfix", BO)
    desk.reads()
    told = [who for _ in range(50) for who in _told_of_dead(desk)]
    assert told == ["sam"] * 4
    assert desk.world.fired(ADDRESS) == [f"address-dead {number}" for number in range(4)]


def test_the_chair_is_told_when_the_coordinators_own_address_is_dead(desk: Desk) -> None:
    desk.world.news()
    desk.comes_back("postfix", SAM)
    desk.reads()
    assert _told_of_dead(desk) == ["ada"]


def test_the_deputy_is_told_when_the_chairs_address_is_dead_too(desk: Desk) -> None:
    desk.world.news()
    for address in (SAM, ADA):
        desk.comes_back("postfix", address)
    desk.reads()
    assert set(_told_of_dead(desk)) == {"dan"}


def test_a_mended_address_is_spoken_of_no_more(desk: Desk) -> None:
    desk.comes_back("postfix", BO)
    desk.reads()
    with desk.world.does("sam") as tx:
        mend(tx, ADDRESS, "bo@new.example")
    desk.world.news()
    assert [who for _ in range(9) for who in _told_of_dead(desk)] == []


# -- who sees it -------------------------------------------------------------------------------------------


def _letters_differ(letters: list[Letter]) -> bool:
    return len({letter.from_address for letter in letters}) == len(letters)


def test_every_mail_leaves_under_a_return_address_of_its_own(desk: Desk) -> None:
    _chase(desk)
    mailer = MemoryMailer()
    assert desk.deliver(mailer).sent == len(mailer.sent) > 5
    assert _letters_differ(mailer.sent)
    assert all(letter.from_address.startswith("bounces+") for letter in mailer.sent)
