"""What was done to accounts, posts and absences: one line for each deed, never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.office import Tx
from assurance.records import AccountEvent
from engine.ledger import seal_of
from engine.store import instant_text

# Every deed, in the words in which people read it.
DEEDS = {
    "invited": "invited to set up an account",
    "set_up": "set up the account",
    "signed_in": "signed in",
    "signed_out": "signed out",
    "locked": "closed for a while after wrong guesses",
    "confirmed": "proved again who they are",
    "recovery_asked": "asked for a new password",
    "recovered": "chose a new password by mail and a code",
    "password_changed": "changed the password",
    "app_changed": "set up another authenticator app",
    "codes_renewed": "drew new recovery codes",
    "code_used": "used a recovery code",
    "linked": "linked an account elsewhere",
    "sessions_ended": "ended other sessions",
    "disabled": "disabled the account",
    "enabled": "enabled the account again",
    "reset": "took back password, app and codes",
    "person_added": "added the person",
    "person_changed": "changed the name or the e-mail",
    "post_given": "gave a post",
    "post_ended": "ended a post",
    "agency_added": "added an agency",
    "agency_renamed": "renamed an agency",
    "agency_closed": "closed an agency",
    "post_added": "added a post",
    "post_renamed": "renamed a post",
    "post_closed": "closed a post",
    "records_added": "added records that an agency answers for",
    "absence_recorded": "recorded an absence",
    "records_changed": "changed how returns are answered",
    "day_closed": "closed a day",
    "day_opened": "opened a closed day again",
    "feed_made": "made a calendar address",
    "feed_revoked": "took back a calendar address",
    "token_made": "made a token for programs",
    "token_withdrawn": "withdrew a token for programs",
    "letters_erased": "erased what old letters said, under the group's retention rule",
    "sessions_erased": "erased old sessions, links and requests, under the group's retention rule",
}


def note_deed(tx: Tx, what: str, person_id: int | None, detail: str = "") -> None:
    """Write down that the actor did something to somebody, or to themselves."""
    write_deed(
        tx.session, what, person_id, detail, group_id=tx.actor.group_id, by_id=tx.actor.person_id, at=tx.now
    )


def write_deed(
    session: Session,
    what: str,
    person_id: int | None,
    detail: str = "",
    *,
    group_id: int,
    by_id: int | None,
    at: datetime,
) -> None:
    """Write down what was done to somebody, by nobody in particular where `by_id` is None."""
    if what not in DEEDS:
        raise ValueError(f"{what!r} is not a deed; known: {', '.join(DEEDS)}")
    session.add(
        AccountEvent(group_id=group_id, at=at, by_id=by_id, person_id=person_id, what=what, detail=detail)
    )
    session.flush()


def newest_deed(session: Session, *, group_id: int, before: datetime) -> int:
    """Give the number of the newest deed of a group that was written before an instant; 0 where there is none."""
    query = sa.select(sa.func.max(AccountEvent.id))
    return session.scalar(query.where(AccountEvent.group_id == group_id, AccountEvent.at < before)) or 0


def seals_of_deeds(session: Session, number: int, lines: Collection[int]) -> Mapping[int, str]:
    """Reckon what stands for all deeds of a group up to some of them: SHA-256 over the one before and the deed's columns.

    `number` is that of the group, `lines` are numbers of deeds.
    """
    columns = ("id", "group_id", "by_id", "person_id", "what", "detail")
    rows = session.scalars(
        sa.select(AccountEvent)
        .where(AccountEvent.group_id == number, AccountEvent.id <= max(lines, default=0))
        .order_by(AccountEvent.id)
    )
    found, seal = {}, ""
    for row in rows:
        seal = seal_of(seal, [instant_text(row.at), *(getattr(row, name) for name in columns)])
        if row.id in lines:
            found[row.id] = seal
    return found
