"""The mail queue tells that there is a mail and what became of it; somebody can take one back, and no rule owes it again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from assurance.access import Viewer, viewer_of
from assurance.commands.addresses import take_back
from assurance.queries.addresses import dead_addresses
from assurance.queries.history import history_of
from assurance.queries.mail_queue import AT_ONCE, MailQueue, mail_queue, one_mail
from assurance.queries.rows import Wanted
from assurance.roster import roster
from assurance.sweep import sweep
from engine.errors import Refused
from engine.fences import EVERY
from notifications.outbox import Message, State
from tests.assurance.conftest import At, Reopen
from tests.assurance.desk import BO, Desk
from tests.world import World

RULES = """\
rules:
  - id: return-late
    about: agency_return
    title: A return is late
    when: state = requested and due_on < today
    once_per: due_on
    tell: [agency_lead]
    severity: escalation
"""
LATE = date(2014, 11, 28)


def queue(world: World, who: str, state: str | None = None, to: str = "", page: int = 1) -> MailQueue:
    with world.office.reading(world.actor(who)) as tx:
        viewer = viewer_of(roster(tx.session, group_id=world.group_id, today=tx.today), tx.actor)
        return mail_queue(tx, viewer, state=state, to=to, page=page)


def viewer(world: World, who: str) -> Viewer:
    with world.office.reading(world.actor(who)) as tx:
        return viewer_of(roster(tx.session, group_id=world.group_id, today=tx.today), tx.actor)


@pytest.fixture
def late(world_at: At, reopen: Reopen) -> World:
    """A world in which returns have just become late, and their escalations wait for the morning."""
    world = reopen(world_at("agency_audits"), RULES)
    world.delivers()
    world.night(LATE)
    return world


def test_the_administrator_sees_every_mail_and_what_becomes_of_it(any_world_at: At) -> None:
    world = any_world_at("agency_audits")
    before = queue(world, "ida")
    assert before.counts["queued"] == before.number > 0
    assert {mail.fate for mail in before.mails} == {"Goes with the next delivery."}
    world.delivers()
    after = queue(world, "ida")
    assert after.counts["queued"] == 0
    assert after.counts["sent"] + after.counts["withdrawn"] == before.number
    newest = after.mails[0]
    assert newest.what == "Returns asked for"
    assert newest.fate == "Taken by the mail server on Monday 15 September 2014 at 10:00."
    assert (newest.about, newest.can_be_resent, newest.can_be_taken_back) == (world.audit, False, False)


def test_nothing_that_a_mail_says_stands_in_the_queue(late: World) -> None:
    told = "".join(map(repr, queue(late, "ida").mails))
    for context in late.ask(sa.select(Message.context)):
        assert context not in told


def test_whoever_keeps_no_mail_sees_their_own_only(late: World) -> None:
    assert {mail.address for mail in queue(late, "bo").mails} == {BO}
    assert queue(late, "bo").counts["sent"] < queue(late, "sam").counts["sent"]


def test_the_queue_is_asked_by_state_and_by_person(late: World) -> None:
    held = queue(late, "sam", "held")
    assert {mail.state for mail in held.mails} == {"held"}
    assert held.counts["held"] == held.number
    assert held.mails[0].fate.startswith("Held until Friday 28 November 2014 at 07:30.")
    birchall = queue(late, "sam", to="birch")
    assert {mail.to for mail in birchall.mails} == {"Bo Birchall"}
    assert queue(late, "sam", to="%").number == 0
    with pytest.raises(Refused, match="'lost' is not a state of mails"):
        queue(late, "sam", "lost")


def test_pages_hold_fifty_mails_each_and_every_mail_once(late: World) -> None:
    with late.office.store.begin(group=EVERY) as session:
        row = {c.name: c for c in Message.__table__.columns}
        for number in range(60):
            kept = {
                name: sa.literal(f"copy {number}") if name == "key" else row[name]
                for name in row
                if name != "id"
            }
            one = sa.select(*kept.values()).where(Message.id == 1)
            session.execute(sa.insert(Message).from_select(list(kept), one))
    pages = [queue(late, "sam", page=page) for page in (1, 2)]
    assert len(pages[0].mails) == AT_ONCE
    assert pages[0].pages >= 2
    assert not {mail.ref for mail in pages[0].mails} & {mail.ref for mail in pages[1].mails}
    assert queue(late, "sam", page=999).page == pages[0].pages


def test_one_mail_is_for_whoever_may_see_it(late: World) -> None:
    mine = queue(late, "bo").mails[0]
    with late.office.reading(late.actor("bo")) as tx:
        assert one_mail(tx, viewer(late, "bo"), mine.ref.id) == mine
    with (
        late.office.reading(late.actor("fay")) as tx,
        pytest.raises(Refused, match=f"There is no {mine.ref} that Fay Finch may see"),
    ):
        one_mail(tx, viewer(late, "fay"), mine.ref.id)


def test_a_mail_that_somebody_takes_back_is_never_owed_again(late: World) -> None:
    mail = next(one for one in queue(late, "sam", "held").mails if one.address == BO)
    with late.does("ida") as tx:
        assert take_back(tx, mail.ref.id, "Bo has told me the return is in the post") == "Bo Birchall"
    for day in range(1, 4):
        late.on(LATE + timedelta(days=day))
        sweep(late.office)
        late.delivers()
    (kept,) = [one for one in queue(late, "sam", "withdrawn").mails if one.ref == mail.ref]
    assert kept.fate == (
        "Not to be sent any more. Ida Innes took it back: Bo has told me the return is in the post."
    )
    assert late.ask(sa.select(Message.withdrawn_by).where(Message.id == mail.ref.id)) == [
        f"person/{late.actor('ida').person_id}"
    ]
    assert mail.about is not None
    with late.office.reading(late.actor("sam")) as tx:
        lines = history_of(tx, viewer(late, "sam"), mail.about)
    assert lines[-1].sentence == f"Ida Innes took {mail.ref} back before it had arrived."
    assert late.proof().faults == ()


def test_what_a_digest_would_have_told_waits_for_the_next_one(world_at: At) -> None:
    world = world_at("agency_audits")
    world.delivers()
    world.nights(date(2014, 11, 13))
    digest = next(
        mail
        for mail in queue(world, "sam").mails
        if mail.what == "Digest of reminders" and mail.can_be_taken_back
    )
    with world.does("sam") as tx:
        take_back(tx, digest.ref.id, "Everybody is at the conference")
    world.on(date(2014, 11, 13))
    world.delivers()
    assert queue(world, "sam", "sent", to="Fay").mails[0].what == "Digest of reminders"
    assert queue(world, "sam", "sent", to="Gil").mails[0].what != "Digest of reminders"
    world.night(date(2014, 11, 14))
    world.on(date(2014, 11, 14))
    world.delivers()
    later = queue(world, "sam", "sent", to=digest.address).mails[0]
    assert (later.what, later.cause) == ("Digest of reminders", "the digest of 14 November 2014")


@pytest.mark.parametrize(
    ("who", "reason", "sentence"),
    [
        ("bo", "Not mine", "Only the coordinator or administrator"),
        ("ada", "Not mine", "Only the coordinator or administrator"),
        ("sam", "  ", "Write down why it is not to be sent; it is empty."),
    ],
)
def test_a_mail_is_not_taken_back_by_everybody_or_without_a_reason(
    late: World, who: str, reason: str, sentence: str
) -> None:
    mail = queue(late, "sam", "held").mails[0]
    with pytest.raises(Refused, match=sentence), late.does(who) as tx:
        take_back(tx, mail.ref.id, reason)
    assert late.ask(sa.select(Message.state).where(Message.id == mail.ref.id)) == [State.QUEUED]


def test_a_mail_that_has_gone_is_not_taken_back(late: World) -> None:
    gone = queue(late, "sam", "sent").mails[0]
    with pytest.raises(Refused, match=f"{gone.ref} is sent; only a mail"), late.does("sam") as tx:
        take_back(tx, gone.ref.id, "Too late")


def test_a_mail_to_a_dead_address_leads_to_the_address(desk: Desk) -> None:
    desk.comes_back("postfix", BO)
    desk.reads()
    world = desk.world
    (mail,) = queue(world, "ida", "bounced").mails
    assert mail.fate.startswith("Taken by the mail server, and came back.")
    assert (str(mail.address_ref), mail.can_be_resent) == ("dead_address/1", False)
    assert queue(world, "ida").troubled == 1
    with world.office.reading(world.actor("ida")) as tx:
        (row,) = dead_addresses(tx, viewer(world, "ida"), Wanted()).rows
    assert row.people == ("Bo Birchall",)
