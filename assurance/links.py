"""Links in mails: whoever has one does one thing in one person's name, without signing in.

One link answers one return, another confirms one action. A link is kept as a fingerprint, and stands in letters only as
they go; it is over after a while, and good only while its person holds the post for which they got it and has the
address to which it went. Every use is noted, and every step that is taken by one says so in the history.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time, timedelta

import sqlalchemy as sa

from assurance.accounts.chronicle import note_deed
from assurance.accounts.tokens import draw_for_letter, fingerprint
from assurance.commands.acting import add_evidence
from assurance.commands.checks import own
from assurance.commands.hearing import hear, look, require_role
from assurance.commands.moving import Done, move
from assurance.commands.noting import note
from assurance.facts import Known
from assurance.mail import News, Told, called, item_of, name_of, tell
from assurance.office import Actor, Office, Tx
from assurance.reasons import day_in_words
from assurance.records import Account, Action, AgencyReturn, LinkUse, MailLink, Person, RecordSet
from assurance.roster import Roster, Seat, roster
from assurance.standing import in_role
from engine.errors import Reason, Refused
from engine.fences import EVERY
from engine.moved import Ref

RETURN, CONFIRM = "return", "confirm"
LONGEST_DAYS = 120
# A link that goes with a request outlives the day on which the return is due: it may be late, or come back.
DAYS_AFTER_DUE = 20
# So often may one link be used within an hour; a person with a return in front of them stays far below.
MOST_USES = 600
LINK_SENT, LINK_WITHDRAWN = "link_sent", "link_withdrawn"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Purpose:
    """What a link is for: of which noun, in which states, who may have it sent, and whose it then is."""

    noun: str
    states: tuple[str, ...]
    sent_by: tuple[str, ...]
    roles: tuple[str, ...]
    days: int
    said: str
    where_not: str


_PURPOSES: Mapping[str, _Purpose] = {
    RETURN: _Purpose(
        AgencyReturn.noun,
        ("requested", "in_progress", "changes_requested"),
        ("coordinator", "agency_lead"),
        ("owner", "agency_lead"),
        30,
        "The group asks you for a return.",
        "A link is sent while a return is still to come",
    ),
    CONFIRM: _Purpose(
        Action.noun,
        ("agreed", "in_progress"),
        ("coordinator", "owner"),
        ("agency_lead",),
        14,
        "An action of your agency can be confirmed.",
        "A link to confirm is sent while an action is being done",
    ),
}
# What a link can still be opened for, if only to see how things stand.
_SHOWN = {RETURN: (*_PURPOSES[RETURN].states, "submitted"), CONFIRM: _PURPOSES[CONFIRM].states}


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is good now: what it is about, in whose name it acts, and the last day on which it does."""

    id: int
    purpose: str
    ref: Ref
    actor: Actor
    last_on: date


def send_return_link(tx: Tx, ref: Ref, *, days: int | None = None) -> tuple[str, ...]:
    """Send whoever answers for the records of a return a link to it; gives their names. An earlier link is over then.

    Raises Refused for anybody but the coordinator and the agency's lead, for a return that is in already, where nobody
    holds the post, and for a time that is too long.
    """
    return _send(tx, RETURN, ref, days)


def send_with_request(tx: Tx, ref: Ref, due_on: date) -> tuple[str, ...]:
    """Send a link to a return that is asked for in this very transaction; gives the names of those who get it.

    Nobody where nobody holds the post.
    """
    length = min((due_on - tx.today).days + DAYS_AFTER_DUE, LONGEST_DAYS)
    known = hear(tx, ref).known
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    seats = _whose(people, known, _PURPOSES[RETURN])
    for seat in seats:
        _make(tx, known, RETURN, seat, tx.today + timedelta(days=length))
    return tuple(seat.person for seat in seats)


def send_confirm_link(tx: Tx, ref: Ref, *, days: int | None = None) -> tuple[str, ...]:
    """Send whoever may confirm an action a link that serves once; gives their names. An earlier link is over then.

    Raises Refused for anybody but the coordinator and the action's owner, for an action that nobody is at work on,
    where nobody leads the agency, and for a time that is too long.
    """
    return _send(tx, CONFIRM, ref, days)


def answer_by_link(tx: Tx, record_set_id: int, *, is_so: bool) -> None:
    """Say whether the returns of some records are answered by links, which then go with the requests to come.

    Raises Refused for anybody but the coordinator and the administrator.
    """
    require_role(tx, "coordinator", "administrator")
    records = own(tx, RecordSet, record_set_id, "collection of records")
    if records.answers_by_link != is_so:
        records.answers_by_link = is_so
        note_deed(tx, "records_changed", None, f"{records.name}: {'by links' if is_so else 'by signing in'}")


def send_in_place_of(tx: Tx, number: int) -> tuple[str, ...]:
    """Send a new link in place of one, to whoever answers now; gives their names. Raises Refused as sending the first did."""
    row = own(tx, MailLink, number, "link")
    return _send(tx, row.purpose, Ref(row.subject_kind, row.subject_id), None)


def withdraw_link(tx: Tx, number: int) -> Ref:
    """Withdraw a link for good, and give what it was about; one that was withdrawn already stays so.

    Raises Refused for whoever could not have had it sent.
    """
    row = tx.session.get(MailLink, number)
    if row is None or row.group_id != tx.actor.group_id:
        raise Refused(Reason("unknown_row", "There is no such link."))
    ref = Ref(row.subject_kind, row.subject_id)
    hearing = hear(tx, ref)
    _refuse_who_may_not(tx, hearing.roster, hearing.known, _PURPOSES[row.purpose])
    if row.withdrawn_at is None:
        row.withdrawn_at, row.withdrawn_by_id = tx.now, tx.actor.person_id
        note(tx, hearing.known, LINK_WITHDRAWN, {"link": row.id, "whose": f"person/{row.person_id}"})
    return ref


def whose_links(tx: Tx, ref: Ref) -> frozenset[int]:
    """Give the people who hold the post today for which a link about a subject is sent."""
    about = next(one for one in _PURPOSES.values() if one.noun == ref.kind)
    hearing = look(tx, ref)
    return frozenset(seat.person_id for seat in _whose(hearing.roster, hearing.known, about))


def require_sender(tx: Tx, ref: Ref) -> None:
    """Raise Refused unless the actor may have a link about a subject sent, whatever its state."""
    about = next((one for one in _PURPOSES.values() if one.noun == ref.kind), None)
    if about is None:
        raise Refused(Reason("unknown_subject", f"There is no link about {ref}."))
    hearing = look(tx, ref)
    _refuse_who_may_not(tx, hearing.roster, hearing.known, about)


@contextmanager
def by_link(office: Office, token: str, what: str) -> Iterator[tuple[Tx, Link]]:
    """Open one command's transaction in the name of whoever got a link, and note what it is used for.

    Raises Refused, and says whom to ask, for a link that is unknown, over, withdrawn, served, or about something that
    is settled by now; for one whose person has left the post; and for one that is used too often.
    """
    actor = _holder(office, token)
    with office.begin(actor) as tx:
        link = _checked(tx)
        tx.session.add(LinkUse(group_id=actor.group_id, link_id=link.id, at=tx.now, what=what))
        yield tx, link
    # By its number only: whoever reads the log must not be able to use the link.
    _log.info("link %d was used: %s", link.id, what)


def good_link(office: Office, token: str) -> Link:
    """Say what a link is for, without using it; raises Refused as `by_link` does."""
    with office.reading(_holder(office, token)) as tx:
        return _checked(tx)


def last_day(tx: Tx, row: MailLink) -> date:
    """Give the last day on which a link is good: it is over with the midnight that ends it."""
    return tx.calendar.today(row.expires_at - timedelta(seconds=1))


def confirm_by_link(tx: Tx, link: Link, title: str, text: str, *, version: int, remark: str = "") -> Done:
    """Give evidence for an action and confirm that it is complete; the link has served then.

    Raises Refused as the two steps do, and Stale where the action has changed since the version that was shown.
    """
    tx.session.execute(
        sa.update(MailLink).where(MailLink.id == link.id, MailLink.spent_at.is_(None)).values(spent_at=tx.now)
    )
    hear(tx, link.ref, version=version)
    add_evidence(tx, link.ref, title, text)
    return move(tx, link.ref, "confirm", given={"remark": remark.strip() or None})


def _send(tx: Tx, purpose: str, ref: Ref, days: int | None) -> tuple[str, ...]:
    about = _PURPOSES[purpose]
    if ref.kind != about.noun:
        raise Refused(Reason("unknown_subject", f"There is no {about.noun} called {ref}."))
    hearing = hear(tx, ref)
    known = hearing.known
    _refuse_who_may_not(tx, hearing.roster, known, about)
    length = about.days if days is None else days
    if not 1 <= length <= LONGEST_DAYS:
        raise Refused(Reason("too_long", f"A link is good for 1 to {LONGEST_DAYS} days."))
    if known.standing.state not in about.states:
        stands = hearing.workflow.states[known.standing.state].title
        sentence = f"{about.where_not}; {name_of(ref)} stands at “{stands}”."
        raise Refused(Reason("link_settled", sentence))
    seats = _whose(hearing.roster, known, about)
    if not seats:
        sentence = f"Nobody holds the post to which a link about {called(known)} could go; fill it first."
        raise Refused(Reason("nobody_there", sentence))
    last_on = tx.today + timedelta(days=length)
    for seat in seats:
        _make(tx, known, purpose, seat, last_on)
    return tuple(seat.person for seat in seats)


def _make(tx: Tx, known: Known, purpose: str, seat: Seat, last_on: date) -> None:
    about, drawn = _PURPOSES[purpose], draw_for_letter(tx.playbook.secret)
    earlier = (MailLink.purpose == purpose, MailLink.person_id == seat.person_id, *_about(known.ref))
    tx.session.execute(
        sa.update(MailLink)
        .where(*earlier, MailLink.withdrawn_at.is_(None), MailLink.spent_at.is_(None))
        .values(withdrawn_at=tx.now, withdrawn_by_id=tx.actor.person_id)
    )
    row = MailLink(
        group_id=tx.actor.group_id,
        purpose=purpose,
        subject_kind=known.ref.kind,
        subject_id=known.ref.id,
        person_id=seat.person_id,
        fingerprint=fingerprint(drawn.token),
        to_address=seat.email,
        blank=drawn.blank,
        made_by_id=tx.actor.person_id,
        made_at=tx.now,
        expires_at=tx.calendar.instant(last_on + timedelta(days=1), time.min),
    )
    tx.session.add(row)
    tx.session.flush()
    line = {
        "link": row.id,
        "purpose": purpose,
        "whose": f"person/{seat.person_id}",
        "until": last_on.isoformat(),
    }
    # Several links are several lines, and each line is about the version that the one before has made.
    now_known = hear(tx, known.ref).known
    written = note(tx, now_known, LINK_SENT, line)
    news = News(
        template=f"{purpose}_link",
        said=about.said,
        why=f"{tx.actor.name} had this link sent to you on {day_in_words(tx.today)}; "
        f"it is good until {day_in_words(last_on)}.",
        about=known.ref,
        key=f"link:{row.id}",
        cause=f"{known.ref} line {written.seq}",
        items=[item_of(tx.playbook, known)],
        link=f"{tx.playbook.base_url}/link/{drawn.blank}",
    )
    # As nobody's word: were they followed in the post, a letter with their link would be passed on.
    tell(tx, known, news, [Told(seat)])


def _holder(office: Office, token: str) -> Actor:
    """Give the person who got a link, acting by it; raises Refused for a link that nobody got."""
    with office.store.reading(group=EVERY) as session:
        found = session.execute(
            sa.select(MailLink.id, MailLink.group_id, MailLink.person_id, Person.name)
            .join(Person, Person.id == MailLink.person_id)
            .where(MailLink.fingerprint == fingerprint(token))
        ).one_or_none()
    if found is None:
        sentence = (
            "This link is not known here. Copy it whole from the mail, or ask whoever sent it for a new one."
        )
        raise Refused(Reason("link_unknown", sentence))
    number, group_id, person_id, name = found
    return Actor(group_id, person_id, name, link_id=number)


def _checked(tx: Tx) -> Link:
    """Check the link by which the actor acts; where something is written, under the lock of what it is about."""
    row = tx.session.get_one(MailLink, tx.actor.link_id)
    known = tx.playbook.noun(row.subject_kind).load(tx.session, row.subject_id)
    # Of two who press the button at once the second has waited for the first until here.
    tx.session.refresh(row)
    by = tx.session.get_one(Person, row.made_by_id).name
    ask = f"Ask {by}, who had it sent, for a new one."
    if row.withdrawn_at is not None:
        raise Refused(Reason("link_withdrawn", f"This link was withdrawn. {ask}"))
    if row.spent_at is not None:
        day = day_in_words(tx.calendar.today(row.spent_at))
        raise Refused(Reason("link_spent", f"This link has served on {day}; it is good for once. {ask}"))
    if row.expires_at <= tx.now:
        day = day_in_words(last_day(tx, row))
        raise Refused(Reason("link_over", f"This link was good until {day}. {ask}"))
    ref = Ref(row.subject_kind, row.subject_id)
    _refuse_who_left(tx, row, known, by)
    _refuse_too_often(tx, row)
    return Link(row.id, row.purpose, ref, tx.actor, last_day(tx, row))


def _refuse_who_left(tx: Tx, row: MailLink, known: Known | None, by: str) -> None:
    """Raise Refused unless the subject still waits, and still for whoever got the link and is not kept out."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    if known is None:
        raise Refused(Reason("link_unknown", f"What this link was about is not there any more. Ask {by}."))
    if all(seat.person_id != row.person_id for seat in _whose(people, known, _PURPOSES[row.purpose])):
        sentence = f"{tx.actor.name} does not hold the post any more for which this link was sent. Ask {by}."
        raise Refused(Reason("link_not_theirs", sentence))
    person = tx.session.get_one(Person, row.person_id)
    if row.to_address is not None and row.to_address.lower() != person.email.lower():
        sentence = f"{person.name} has another address than the one to which this link was sent. Ask {by}."
        raise Refused(Reason("link_not_theirs", sentence))
    closed = sa.select(Account.id).where(Account.person_id == row.person_id, Account.disabled_at.is_not(None))
    if tx.session.scalar(closed) is not None:
        sentence = f"The account of {tx.actor.name} is closed, and so is this link. Ask {by}."
        raise Refused(Reason("link_not_theirs", sentence))
    if known.standing.state not in _SHOWN[row.purpose]:
        stands = tx.playbook.definition(known.standing.definition_id).states[known.standing.state].title
        sentence = (
            f"Nothing is left to do here: {called(known)} stands at “{stands}”. Ask {by} if that is wrong."
        )
        raise Refused(Reason("link_settled", sentence))


def _refuse_too_often(tx: Tx, row: MailLink) -> None:
    lately = (LinkUse.link_id == row.id, LinkUse.at > tx.now - timedelta(hours=1))
    if (tx.session.scalar(sa.select(sa.func.count()).where(*lately)) or 0) >= MOST_USES:
        sentence = "This link was used very often within an hour; wait an hour and open it again."
        raise Refused(Reason("too_often", sentence))


def _refuse_who_may_not(tx: Tx, people: Roster, known: Known, about: _Purpose) -> None:
    seats = [seat for role in about.sent_by for seat in in_role(people, role, known.belongs)]
    if all(seat.person_id != tx.actor.person_id for seat in seats):
        who = " or the ".join(role.replace("_", " ") for role in about.sent_by)
        raise Refused(Reason("role", f"Only the {who} can do this; {tx.actor.name} is not."))


def _whose(people: Roster, known: Known, about: _Purpose) -> tuple[Seat, ...]:
    """Give whoever can take the step for which the link is: of the first role that anybody has."""
    for role in about.roles:
        seats = {seat.person_id: seat for seat in in_role(people, role, known.belongs)}
        if seats:
            return tuple(seats.values())
    return ()


def _about(ref: Ref) -> tuple[sa.ColumnElement[bool], ...]:
    return MailLink.subject_kind == ref.kind, MailLink.subject_id == ref.id
