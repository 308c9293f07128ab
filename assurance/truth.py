"""What becomes of a mail at the moment it is sent, and of what waits once its subjects have been looked at again."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.digest import TEMPLATE as DIGEST
from assurance.digest import Day, hold_reminders, word_digest
from assurance.digest_words import Context
from assurance.invitations import OVERTAKEN, overtaken
from assurance.lateness import late_words
from assurance.linked_letters import OwnLinks, own_links, weigh_links
from assurance.mail import News, Told, context_of, forward, tell
from assurance.office import Office, Tx, clock_of
from assurance.outlook import Doubt, Ground, Listener, Outlook, grounds_of
from assurance.playbook import knows_less
from assurance.reach import dead_addresses
from assurance.reasons import moment_in_words
from assurance.reminders import dropped_about, look_again, remind_again, waiting_about
from assurance.roster import Seat
from assurance.telling import Spoken, news_of
from engine.ledger import answered
from engine.moved import Ref
from engine.rules import Verdict
from notifications import outbox
from notifications.leases import Claimed
from notifications.outbox import Message, Severity, State
from notifications.review import Answer, Goes, HeldBack, Overtaken, Review

# Whoever has left is told all the same that they are not expected any more; an account outlives posts, and precedes them.
_ALSO_TO_LEAVERS = frozenset(
    {"invitation_cancelled", "account_invitation", "account_recovery", "account_changed", "account_kept"}
)
IN_A_MOMENT = timedelta(minutes=1)
_REFS = re.compile(r'"ref":"([^"]+)"')


class _Letter(NamedTuple):
    """A message that is no digest, as far as its truth is concerned."""

    key: str
    created_at: datetime
    listener: Listener
    grounds: tuple[Ground, ...]
    has_bytes: bool


def reviewer(office: Office) -> Review:
    """Give the question that delivery asks before messages go, for all groups of an office."""

    def review(session: Session, messages: Sequence[Claimed], at: datetime) -> Mapping[int, Answer]:
        if knows_less(session, office.playbook):
            later = HeldBack(
                at + IN_A_MOMENT, "Something was set up a moment ago; it goes with the next mail."
            )
            return {message.id: later for message in messages}
        by_group: dict[int, list[Claimed]] = defaultdict(list)
        for message in messages:
            by_group[message.group_id].append(message)
        answers: dict[int, Answer] = {}
        # One group after another, and letters before reminders, in the order that everybody takes them.
        for group_id, some in sorted(by_group.items()):
            today = office.playbook.calendar(group_id).today(at)
            answers |= _review(Tx(session, at, today, clock_of(group_id), office.playbook), some)
        return answers

    return review


def withdraw_stale(tx: Tx, refs: Sequence[Ref]) -> None:
    """Look again at what waits to be told about subjects that have just been looked at.

    A mail that is no longer so is withdrawn, a reminder dropped, each with the reason; what is held waits longer, and
    what is held no more goes. What was taken back untold and is so again is owed again. Delivery asks the same of each
    mail once more.
    """
    names = {str(ref) for ref in refs}
    letters, taken_back = _letters_about(tx, names, _WAITS), _letters_about(tx, names, _TAKEN_BACK)
    if letters or taken_back:
        _weigh_letters(tx, letters, taken_back)
    # Only now: delivery too takes letters first, and reminders after them.
    reminders, dropped = waiting_about(tx, refs), dropped_about(tx, refs)
    if reminders or dropped:
        about = (Ref(item.subject_kind, item.subject_id) for item, _ in (*reminders, *dropped))
        outlook = Outlook(tx, about)
        remind_again(tx, outlook, dropped)
        look_again(tx, outlook, reminders)


def _weigh_letters(tx: Tx, letters: Sequence[_Letter], taken_back: Sequence[_Letter]) -> None:
    """Withdraw the letters that are no longer so, and let those wait or go that something holds, or holds no more."""
    outlook = Outlook(tx, _refs_of((*letters, *taken_back)))
    # First: what is passed on afterwards finds who is owed it already.
    for letter in taken_back:
        _tell_after_all(tx, outlook, letter)
    for letter in letters:
        match _weighed(tx, outlook, letter):
            case Overtaken(because):
                outbox.withdraw(tx.session, key=letter.key, reason=because, at=tx.now)
            case HeldBack(until, because):
                _postpone(tx, letter, until, because)
            case _:
                _bring_forward(tx, letter)


# -- at the moment of sending ------------------------------------------------------------------------------


def _review(tx: Tx, messages: Sequence[Claimed]) -> dict[int, Answer]:
    until = tx.playbook.book.clock.released_at(tx.now, tx.calendar)
    rests = HeldBack(until, f"Mail rests until {moment_in_words(tx.calendar.civil(until))}.")
    answers: dict[int, Answer] = {
        message.id: rests for message in messages if until > tx.now and message.severity != Severity.URGENT
    }
    late = overtaken(tx, [message.key for message in messages])
    answers |= {message.id: Overtaken(OVERTAKEN) for message in messages if message.key in late}
    answers |= weigh_links(tx, messages)
    going = [message for message in messages if message.id not in answers]
    digests = [message for message in going if message.template == DIGEST]
    letters = {
        message: _letter(message)
        for message in going
        if message.template != DIGEST and message.template not in _ALSO_TO_LEAVERS
    }
    outlook = Outlook(tx, _refs_of(letters.values()))
    told = {letter.listener.person_id for letter in letters.values()}
    own = own_links(tx, told | {Day.of(message.key).person_id for message in digests})
    answers |= {message.id: _answer(tx, outlook, message, letter, own) for message, letter in letters.items()}
    hold_reminders(tx, digests)
    dead = dead_addresses(tx.session) if digests else frozenset()
    return answers | {
        message.id: word_digest(
            tx, message, is_dead=(message.group_id, message.to_address.lower()) in dead, own=own
        )
        for message in digests
    }


def _letter(message: Claimed) -> _Letter:
    listener = _listener(message.person_ref, message.to_name, message.told_as)
    grounds = grounds_of(message.rests_on, cause=message.cause)
    return _Letter(message.key, message.created_at, listener, grounds, message.rendered is not None)


def _answer(tx: Tx, outlook: Outlook, message: Claimed, letter: _Letter, own: OwnLinks) -> Answer:
    kept = _weighed(tx, outlook, letter, goes_now=True)
    if not isinstance(kept, tuple):
        return kept
    if letter.has_bytes:
        return Goes()
    context: Context = dict(message.context)
    if any(ground.said for ground in kept):
        news = _news(_as_of(tx, letter, kept), outlook, kept)
        news = replace(news, said=" ".join([news.said, *outlook.unheard(kept)]))
        context |= context_of(tx, outlook.known(kept[0].ref), news, name=letter.listener.name)
    meant = context.get("meant_at")
    late = late_words(tx, message.not_before if meant is None else datetime.fromisoformat(str(meant)))
    if late:
        context["late"] = late
    context["link"] = own.get((letter.listener.person_id, str(context["link"])), context["link"])
    return Goes() if context == message.context else Goes(context)


def _as_of(tx: Tx, letter: _Letter, kept: Sequence[Ground]) -> Tx:
    """Word a letter as on the day on which it was owed, about what is still so; a notice as of today.

    The time to reply runs from the day on which a notice leaves.
    """
    if any(ground.said is not None and ground.said.is_notice for ground in kept):
        return tx
    return replace(tx, now=letter.created_at, today=tx.calendar.today(letter.created_at))


# -- weighing ----------------------------------------------------------------------------------------------


def _weighed(
    tx: Tx, outlook: Outlook, letter: _Letter, *, goes_now: bool = False
) -> tuple[Ground, ...] | HeldBack | Overtaken:
    """Give the grounds on which a letter goes, or why it does not go now.

    What is still so, but for somebody else by now, is owed to them; what is held while the rest `goes_now`, apart.
    """
    if not letter.grounds:
        gone = outlook.doubt_of_post(letter.listener)
        return () if gone is None else Overtaken(gone.sentence)
    doubts = [(ground, outlook.doubt(ground, letter.listener)) for ground in letter.grounds]
    kept = tuple(ground for ground, doubt in doubts if doubt is None)
    _pass_on(tx, outlook, letter, [one for one, doubt in doubts if _is_theirs(outlook, letter, one, doubt)])
    if kept and letter.has_bytes:
        return kept
    held = {ground: doubt for ground, doubt in doubts if doubt and doubt.until_on}
    if held and not kept:
        return _held(tx, list(held.values()))
    if goes_now:
        for ground in held:
            _owe_apart(tx, outlook, letter, ground)
    return kept or Overtaken(_sentence([doubt for _, doubt in doubts if doubt]))


def _is_theirs(outlook: Outlook, letter: _Letter, ground: Ground, doubt: Doubt | None) -> bool:
    """Say whether others are to hear something by now, be it in a listener's place or beside them."""
    if doubt is not None:
        return doubt.for_others
    return outlook.other_word(ground, letter.listener) is not None


def _held(tx: Tx, doubts: Sequence[Doubt]) -> HeldBack:
    """Hold a letter until the first of what it would say may be said."""
    first = min(doubts, key=lambda doubt: doubt.until_on or tx.today)
    begins = tx.calendar.instant(first.until_on or tx.today, time.min)
    return HeldBack(tx.playbook.book.clock.released_at(begins, tx.calendar), first.sentence)


def _sentence(doubts: Sequence[Doubt]) -> str:
    first, others = doubts[0].sentence, len(doubts) - 1
    return f"{first} The same goes for {others} more." if others else first


def _pass_on(tx: Tx, outlook: Outlook, letter: _Letter, grounds: Sequence[Ground]) -> None:
    """Owe a letter, or the part of it that is for others by now, to them: each in one letter, and nobody twice."""
    theirs: dict[Seat, list[Ground]] = defaultdict(list)
    for ground in grounds:
        for seat in outlook.successors(ground, letter.listener):
            if not _is_told(tx, ground, _to(seat.person_id)):
                theirs[seat].append(ground)
    for seat, some in theirs.items():
        told = [Told(seat, letter.listener.told_as)]
        if some[0].said is None:
            forward(tx, letter.key, told)
            key = letter.key.rpartition(":")[0]
        else:
            news = _news_with_line(tx, outlook, some)
            tell(tx, outlook.known(some[0].ref), news, told)
            key = f"{news.key}:{news.template}"
        # Whoever is in the post again is owed the very letter that was taken back when they left it.
        at = tx.playbook.book.clock.released_at(tx.now, tx.calendar)
        outbox.owe_again(tx.session, key=f"{key}:{seat.person_id}", to_address=seat.email, not_before=at)


def _is_told(tx: Tx, ground: Ground, to: sa.ColumnElement[bool]) -> bool:
    """Say whether a letter with this ground is owed or was sent, perhaps among others and by another word."""
    if ground.said is None:
        return False
    said = ground.said
    rest = f'"ref":"{ground.ref}","rule":"{said.rule}","occasion":"{said.occasion}"'
    if said.is_notice:
        rest += ',"notice":true}'
    elif said.number is not None:
        rest += f',"number":{said.number}}}'
    where = (
        Message.group_id == tx.actor.group_id,
        Message.state != State.WITHDRAWN,
        Message.rests_on.contains(rest, autoescape=True),
        to,
    )
    return tx.session.scalar(sa.select(sa.exists().where(*where))) or False


def _to(person_id: int) -> sa.ColumnElement[bool]:
    return Message.person_ref == f"person/{person_id}"


def _tell_after_all(tx: Tx, outlook: Outlook, letter: _Letter) -> None:
    """Owe again what was taken back before it was told and is so again; once, to whoever is the one to hear it now."""
    listener = letter.listener
    untold = [ground for ground in letter.grounds if not _is_told(tx, ground, _to(listener.person_id))]
    doubts = [(ground, outlook.doubt(ground, listener)) for ground in untold]
    by_this_word = Message.told_as == listener.told_as
    others = [ground for ground, doubt in doubts if doubt and doubt.for_others]
    _pass_on(tx, outlook, letter, [ground for ground in others if not _is_told(tx, ground, by_this_word)])
    held = [doubt for _, doubt in doubts if doubt and doubt.until_on]
    seat = next(outlook.people.of(listener.person_id), None)
    if seat is None:
        return
    if any(doubt is None for _, doubt in doubts):
        at = tx.playbook.book.clock.released_at(tx.now, tx.calendar)
        outbox.owe_again(tx.session, key=letter.key, to_address=seat.email, not_before=at)
    elif held:
        rests = _held(tx, held)
        outbox.owe_again(
            tx.session,
            key=letter.key,
            to_address=seat.email,
            not_before=rests.until,
            reason=rests.because,
        )


def _owe_apart(tx: Tx, outlook: Outlook, letter: _Letter, ground: Ground) -> None:
    """Give what is held, while the rest of its letter goes, a letter of its own."""
    news = _news_with_line(tx, outlook, [ground])
    told = Told(next(outlook.people.of(letter.listener.person_id)), letter.listener.told_as)
    tell(tx, outlook.known(ground.ref), replace(news, key=f"{news.key}:held"), [told])


def _news_with_line(tx: Tx, outlook: Outlook, grounds: Sequence[Ground]) -> News:
    """Word what was said of subjects, and name the line of the first one's history that says so."""
    news, ref = _news(tx, outlook, grounds), grounds[0].ref
    line = answered(tx.session, news.key)
    return news if line is None else replace(news, cause=f"{ref} line {line.seq}")


def _news(tx: Tx, outlook: Outlook, grounds: Sequence[Ground]) -> News:
    spoken = []
    for ground in grounds:
        if ground.said is not None:
            said, rule = ground.said, outlook.rule(ground.said.rule)
            verdict = Verdict(rule, said.occasion, said.number or 0, (), {}, said.is_notice)
            spoken.append(Spoken(outlook.known(ground.ref), verdict, 0, tx.now))
    return news_of(tx, outlook.people, spoken)


# -- what waits --------------------------------------------------------------------------------------------


_WAITS = (Message.state == State.QUEUED, Message.rests_on != "[]")
# What a rule has said, and nobody has heard: taken back before it can have arrived, and by nobody's hand.
_TAKEN_BACK = (
    Message.state == State.WITHDRAWN,
    Message.withdrawn_by.is_(None),
    Message.doubts == 0,
    Message.rests_on.contains('"rule":', autoescape=True),
)


def _letters_about(tx: Tx, refs: set[str], are: Sequence[sa.ColumnElement[bool]]) -> list[_Letter]:
    """Give the unsent letters that rest on one of these subjects, but those of this very transaction."""
    query = sa.select(
        Message.key,
        Message.created_at,
        Message.person_ref,
        Message.to_name,
        Message.told_as,
        Message.rests_on,
        Message.cause,
        Message.rendered.is_not(None),
    ).where(
        Message.group_id == tx.actor.group_id,
        Message.sent_at.is_(None),
        Message.created_at < tx.now,
        *are,
    )
    query = query.order_by(Message.id)
    return [
        _Letter(key, created_at, _listener(person, name, word), grounds_of(rests, cause=cause), has_bytes)
        for key, created_at, person, name, word, rests, cause, has_bytes in tx.session.execute(query)
        if not refs.isdisjoint(_REFS.findall(rests))
    ]


def _postpone(tx: Tx, letter: _Letter, until: datetime, because: str) -> None:
    _wait(tx, letter, Message.not_before < until, not_before=until, last_text=because)


def _bring_forward(tx: Tx, letter: _Letter) -> None:
    """Let a letter go that was held by something which has been lifted; one that was tried keeps its turn."""
    at = tx.playbook.book.clock.released_at(tx.now, tx.calendar)
    is_untried = sa.and_(Message.attempts == 0, Message.rendered.is_(None))
    _wait(tx, letter, sa.and_(is_untried, Message.not_before > at), not_before=at, last_text=None)


def _wait(tx: Tx, letter: _Letter, where: sa.ColumnElement[bool], **values: object) -> None:
    still_here = Message.state == State.QUEUED
    change = sa.update(Message).where(Message.key == letter.key, still_here, where).values(**values)
    tx.session.execute(change, execution_options={"synchronize_session": False})


def _listener(person_ref: str, name: str, told_as: str) -> Listener:
    return Listener(int(person_ref.removeprefix("person/")), name, told_as)


def _refs_of(letters: Iterable[_Letter]) -> list[Ref]:
    return [ground.ref for letter in letters for ground in letter.grounds]
