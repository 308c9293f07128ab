"""Mail that comes back is read once, believed where it is genuine, and says of an address only what it means."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from assurance.commands.addresses import mend, resend
from assurance.records import DeadAddress
from assurance.returned import Became, ReadTally, note_refusals, read_returned_mail
from engine.fences import EVERY
from engine.moved import Ref
from notifications.delivery import Delivered
from notifications.outbox import Message
from tests.assurance.desk import ADA, ADDRESS, BO, FAY, SAM, Desk, chase
from tests.notifications.sink import Sink
from tests.world import World

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
    with desk.office.store.begin(group=EVERY) as session:
        session.execute(
            sa.text(
                "CREATE TRIGGER no_bo BEFORE INSERT ON dead_address WHEN new.address LIKE 'bo@%' "
                "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
            )
        )
    assert desk.reads().became == Counter({Became.LEFT: 1, Became.DEAD: 1})
    assert (desk.dead, desk.unread, desk.sent_to(BO).state) == ([FAY], 1, "sent")
    with desk.office.store.begin(group=EVERY) as session:
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


def test_an_address_that_is_refused_at_the_door_is_dead(any_desk: Desk) -> None:
    chase(any_desk)
    tally = any_desk.deliver_to(Sink(addresses={BO: "550 5.1.1 no such person here"}))
    assert (tally.failed, tally.trouble) == (1, "")
    assert any_desk.dead == [BO]
    assert not any_desk.sent_to(BO).address_refused
    assert note_refusals(any_desk.office) == 0


def test_whoever_dies_before_taking_note_of_a_refusal_does_so_later(desk: Desk) -> None:
    with desk.office.store.begin(group=EVERY) as session:
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
    chase(desk)
    desk.deliver_to(Sink(always={"RCPT": answer}))
    assert desk.dead == []


# -- whose it is --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "became"), [(29, Became.DEAD), (31, Became.FORGED)])
def test_mail_under_an_old_secret_is_known_for_thirty_days(desk: Desk, days: int, became: Became) -> None:
    desk.comes_back("postfix", BO)
    before = desk.office.settings
    desk.office.settings = replace(before, secret="x9 " + before.secret, old_secrets=(before.secret,))
    desk.world.clock.advance(timedelta(days=days))
    assert desk.reads().became == Counter({became: 1})


def test_every_mail_leaves_under_a_return_address_of_its_own(desk: Desk) -> None:
    chase(desk)
    sink = Sink()
    assert desk.deliver_to(sink).sent == len(sink.taken) > 5
    returns = desk.office.settings.returns
    assert returns is not None
    for letter in sink.taken:
        (to_address,) = letter.recipients
        claim = returns.find(letter.sender)
        assert claim is not None
        assert returns.is_genuine(claim, to_address)
        assert (b"From: " in letter.content, b"bounces" in letter.content) == (True, False)
    assert len({letter.sender for letter in sink.taken}) == len(sink.taken)
