"""What somebody can do about what the rules say of a subject: reply to a notice, accept an escalation, silence rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from assurance.access import Viewer, require_sight
from assurance.commands.accepting import LONGEST_ACKNOWLEDGEMENT, to_accept
from assurance.commands.hearing import look
from assurance.commands.replying import REPLY_HOLDS, refuse_reply
from assurance.commands.silencing import LONGEST_SILENCE, refuse_silence
from assurance.facts import Known
from assurance.mail import called
from assurance.office import Tx
from engine.errors import Refused
from engine.moved import Ref
from engine.rules import Rule, Severity


@dataclass(frozen=True, slots=True)
class Choice:
    """One rule that somebody can reply to or silence."""

    rule: str
    title: str


@dataclass(frozen=True, slots=True)
class Rights:
    """What one person can do about one subject, and why not the rest.

    `replies` are notices that are open to them; a reply holds until `reply_until` at most. `accepts` is the title of
    the escalation that they can accept, until `accept_until` at most. `silences` are rules that they can silence, and
    `silences_all` whether every one of them at once, until `silence_until` at most.
    """

    ref: Ref
    name: str
    replies: tuple[Choice, ...]
    reply_until: date
    accepts: str
    not_accepted: tuple[str, ...]
    accept_until: date
    silences: tuple[Choice, ...]
    silences_all: bool
    not_silenced: tuple[str, ...]
    silence_until: date

    @property
    def any(self) -> bool:
        """Say whether there is anything that they can do."""
        return bool(self.replies or self.accepts or self.silences)


def rights_of(tx: Tx, viewer: Viewer, ref: Ref) -> Rights:
    """Say what the actor can do about a subject.

    Raises Refused where there is no such subject, or none for this viewer.
    """
    require_sight(tx.session, viewer, ref)
    known = look(tx, ref).known
    rules = tx.playbook.book.about(ref.kind)
    accepts, not_accepted = _to_accept(tx, known)
    silences = [rule for rule in rules if not _why_not_silent(tx, rule, known)]
    not_silenced = _why_not_silent(tx, None, known)
    return Rights(
        ref=ref,
        name=called(known),
        replies=open_notices(tx, known),
        reply_until=tx.calendar.add_working_days(tx.today, REPLY_HOLDS),
        accepts=accepts,
        not_accepted=not_accepted,
        accept_until=_after(tx.today, LONGEST_ACKNOWLEDGEMENT),
        silences=tuple(_choice(rule) for rule in silences),
        silences_all=bool(silences) and not not_silenced,
        not_silenced=() if silences else not_silenced,
        silence_until=_after(tx.today, LONGEST_SILENCE),
    )


def open_notices(tx: Tx, known: Known) -> tuple[Choice, ...]:
    """Give the notices about a subject to which the actor can reply now."""
    return tuple(
        _choice(rule) for rule in tx.playbook.book.about(known.ref.kind) if _can_reply(tx, known, rule)
    )


def rules_to_silence(tx: Tx) -> tuple[Choice, ...]:
    """Give the rules that the actor can silence about everything."""
    return tuple(_choice(rule) for rule in tx.playbook.book.rules if not _why_not_silent(tx, rule, None))


def _can_reply(tx: Tx, known: Known, rule: Rule) -> bool:
    if rule.notice is None:
        return False
    try:
        refuse_reply(tx, known, rule)
    except Refused:
        return False
    return True


def _to_accept(tx: Tx, known: Known) -> tuple[str, tuple[str, ...]]:
    try:
        return to_accept(tx, known)[0].title, ()
    except Refused as refused:
        return "", tuple(reason.sentence for reason in refused.reasons)


def _why_not_silent(tx: Tx, rule: Rule | None, known: Known | None) -> tuple[str, ...]:
    try:
        refuse_silence(tx, rule, known)
    except Refused as refused:
        return tuple(reason.sentence for reason in refused.reasons)
    return ()


def _choice(rule: Rule) -> Choice:
    urgent = " (urgent)" if rule.severity is Severity.URGENT else ""
    return Choice(rule.id, f"{rule.title}{urgent}")


def _after(day: date, span: timedelta) -> date:
    return day + span
