"""The mail queue as whoever keeps it sees it: what was written to whom, where it is, and why it has not arrived.

Nobody reads a mail here. A row tells that there is one, and what became of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from assurance.access import Viewer, nothing_like, visible
from assurance.linked_letters import LINK_LETTERS
from assurance.office import Tx
from assurance.queries.around import HELD, in_state, is_held
from assurance.reasons import moment_in_words
from assurance.records import DeadAddress
from assurance.releasing import why_no_mail_goes
from engine.moved import Ref, ref_of
from notifications.outbox import TROUBLED, Message, State

AT_ONCE = 50
# The order in which a mail goes through them; what needs somebody stands in the middle, where it is seen.
STATES = ("queued", HELD, "sending", "uncertain", "failed", "bounced", "sent", "withdrawn")
WHAT_THEY_MEAN = {
    "queued": "Goes with the next delivery, or is tried again.",
    HELD: "Waits for its hour: the end of the quiet hours, or the hour of the digest.",
    "sending": "Is just being handed over.",
    "uncertain": "Was handed over, but nobody knows whether it was taken.",
    "failed": "Was refused, or could not be handed over for three days.",
    "bounced": "Was taken, and came back.",
    "sent": "Was taken by the mail server.",
    "withdrawn": "Was taken back before it had arrived, since it was no longer so or somebody did not want it sent.",
}
# What each template of a mail is for; one that is missing here goes by its own name.
_WHAT = {
    "account_changed": "News of an account",
    "account_invitation": "Link to set up an account",
    "account_kept": "News of an account",
    "account_recovery": "Link to choose a new password",
    "action_for_you": "Action to do",
    "action_told": "News of an action",
    "approval_decided": "Decision made",
    "approval_waiting": "Decision to make",
    "awaited": "Another agency waits",
    "concern": "Immediate concern",
    "confirm_link": "Link to confirm an action",
    "digest": "Digest of reminders",
    "escalation": "Escalation",
    "invitation": "Invitation to a meeting",
    "invitation_cancelled": "Meeting cancelled",
    "invitation_moved": "Meeting moved",
    "notice": "Notice before an escalation",
    "reply_seen": "Reply looked at",
    "reply_to_check": "Reply to look at",
    "return_changes": "Return sent back",
    "return_link": "Link to a return",
    "returns_requested": "Returns asked for",
    "stage": "News of a stage",
    "text_erased": "News of an erasure",
}
_CAUSE = re.compile(r"(?P<ref>[a-z_]+/\d+) line (?P<line>\d+)")
_WITHDRAWABLE = (State.QUEUED, *TROUBLED)


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """One mail: to whom, what for, where it is and what became of it, in whole sentences.

    `about` is what it tells of, `line` the line of that history that called for it. Times are the group's own.
    `address_ref` is set where mail to its address comes back.
    """

    ref: Ref
    to: str
    address: str
    what: str
    subject: str
    about: Ref | None
    line: int | None
    cause: str
    severity: str
    state: str
    fate: str
    answer: str
    created_at: datetime
    goes_at: datetime | None
    sent_at: datetime | None
    tried_at: datetime | None
    tries: int
    address_ref: Ref | None
    can_be_resent: bool
    can_be_taken_back: bool


@dataclass(frozen=True, slots=True)
class MailQueue:
    """One page of the queue, the newest first, how many there are in each state, and how many fit the filter.

    `held` says why no mail goes at all since a restore, where that is so.
    """

    counts: Mapping[str, int]
    mails: tuple[QueuedMail, ...]
    number: int
    page: int
    pages: int
    held: str = ""

    @property
    def troubled(self) -> int:
        """How many have not arrived, and need somebody."""
        return sum(self.counts[state] for state in TROUBLED)


def mail_queue(tx: Tx, viewer: Viewer, *, state: str | None = None, to: str = "", page: int = 1) -> MailQueue:
    """Give one page of the mails that the viewer may see: of one state, to whoever is called so, or all.

    Raises Refused for a state that is none. A page that is not there is the last one.
    """
    where = [visible(viewer, Message)]
    counts = _counts(tx, where[0])
    number = sum(counts.values())
    if state is not None:
        where.append(in_state(tx, state))
        number = counts[state]
    if to.strip():
        named = (
            Message.to_name.icontains(to.strip(), autoescape=True),
            Message.to_address.icontains(to.strip(), autoescape=True),
        )
        where.append(sa.or_(*named))
        number = tx.session.scalar(sa.select(sa.func.count()).select_from(Message).where(*where)) or 0
    pages = max(-(-number // AT_ONCE), 1)
    page = min(max(page, 1), pages)
    # First which ones, from the index alone: letters are long, and to leaf past them is to read them.
    numbers = sa.select(Message.id).where(*where).order_by(Message.id.desc())
    wanted = numbers.limit(AT_ONCE).offset((page - 1) * AT_ONCE)
    query = _asking(tx).where(Message.id.in_(wanted)).order_by(Message.id.desc())
    rows = tx.session.execute(query).all()
    dead = _dead(tx)
    mails = tuple(_mail(tx, dead, row) for row in rows)
    return MailQueue(counts, mails, number, page, pages, why_no_mail_goes(tx.session))


def one_mail(tx: Tx, viewer: Viewer, number: int) -> QueuedMail:
    """Give one mail; raises Refused where there is none, or none for this viewer."""
    row = tx.session.execute(_asking(tx).where(visible(viewer, Message), Message.id == number)).first()
    if row is None:
        raise nothing_like(viewer, f"mail/{number}")
    return _mail(tx, _dead(tx), row)


def what_for(template: str) -> str:
    """Say in a few words what mails of a template are for."""
    return _WHAT.get(template) or template.replace("_", " ").capitalize()


def _counts(tx: Tx, seen: sa.ColumnElement[bool]) -> dict[str, int]:
    """Count by state from the index alone, and then those of the queued ones that wait for their hour."""
    rows = tx.session.execute(sa.select(Message.state, sa.func.count()).where(seen).group_by(Message.state))
    counts: dict[str, int] = dict.fromkeys(STATES, 0) | dict(rows.all())
    if counts[State.QUEUED]:
        held = sa.select(sa.func.count()).select_from(Message).where(seen, is_held(tx))
        counts[HELD] = tx.session.scalar(held) or 0
        counts[State.QUEUED] -= counts[HELD]
    return counts


def _asking(tx: Tx) -> sa.Select[Any]:
    return sa.select(
        Message.id,
        Message.to_name,
        Message.to_address,
        Message.template,
        Message.subject,
        Message.cause,
        Message.severity,
        sa.case((is_held(tx), HELD), else_=Message.state).label("state"),
        Message.created_at,
        Message.not_before,
        Message.sent_at,
        Message.last_try_at,
        Message.last_text,
        Message.last_code,
        Message.attempts,
        Message.doubts,
        Message.withdrawn_by,
    )


def _dead(tx: Tx) -> dict[str, Ref]:
    """Give the addresses of the group to which mail comes back."""
    query = sa.select(DeadAddress.address, DeadAddress.id).where(
        DeadAddress.group_id == tx.actor.group_id, DeadAddress.mended_on.is_(None)
    )
    return {address: Ref(DeadAddress.noun, number) for address, number in tx.session.execute(query)}


def _mail(tx: Tx, dead: Mapping[str, Ref], row: Any) -> QueuedMail:
    cause = _CAUSE.fullmatch(row.cause)
    address_ref = dead.get(row.to_address.lower())
    return QueuedMail(
        ref=Ref("mail", row.id),
        to=row.to_name,
        address=row.to_address,
        what=what_for(row.template),
        subject=row.subject,
        about=None if cause is None else ref_of(cause["ref"]),
        line=None if cause is None else int(cause["line"]),
        cause=row.cause,
        severity=row.severity,
        state=row.state,
        fate=_fate(tx, row),
        answer=row.last_text or "",
        created_at=row.created_at.astimezone(tx.calendar.zone),
        goes_at=_local(tx, row.not_before) if row.state in (State.QUEUED, HELD) else None,
        sent_at=_local(tx, row.sent_at),
        tried_at=_local(tx, row.last_try_at),
        tries=row.attempts,
        address_ref=address_ref,
        can_be_resent=row.state in TROUBLED and address_ref is None,
        can_be_taken_back=row.state == HELD or row.state in _WITHDRAWABLE,
    )


def _fate(tx: Tx, row: Any) -> str:
    """Say in a sentence what became of a mail."""
    tries = "once" if row.attempts == 1 else f"{row.attempts} times"
    match row.state:
        case "held":
            fate = f"Held until {_moment(tx, row.not_before)}."
        case State.QUEUED if row.attempts:
            fate = f"Tried {tries}; tried again on {_moment(tx, row.not_before)}."
        case State.QUEUED:
            fate = "Goes with the next delivery."
        case "sending":
            fate = "Is just being handed over."
        case "sent":
            kept = " The link in it is kept nowhere." if row.template in LINK_LETTERS else ""
            return f"Taken by the mail server on {_moment(tx, row.sent_at)}.{kept}"
        case "uncertain":
            fate = "Handed over, but the mail server's answer never came: it may have arrived or not."
        case "bounced":
            fate = "Taken by the mail server, and came back."
        case "failed":
            fate = f"Tried {tries}, and not taken." if row.attempts else "Not sent."
        case _:
            fate = "Not to be sent any more."
    return f"{fate} {_sentence(row.last_text)}" if row.last_text else fate


def _sentence(text: str) -> str:
    told = " ".join(text.split())
    return f"{told[:1].upper()}{told[1:]}{'' if told.endswith(('.', '!', '?')) else '.'}"


def _moment(tx: Tx, at: datetime | None) -> str:
    return "" if at is None else moment_in_words(tx.calendar.civil(at))


def _local(tx: Tx, at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(tx.calendar.zone)
