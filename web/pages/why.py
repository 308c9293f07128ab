"""Why was I told? Behind the link of every mail, and for all mails to whoever asks."""

from __future__ import annotations

from starlette.responses import Response

from assurance.queries.my_mails import FATES, my_mails
from assurance.queries.why import why
from web.desk import Desk


def one(desk: Desk, number: int) -> Response:
    """Say what led to a mail, which rule spoke in which words, and who decided whom it tells."""
    with desk.reading() as (tx, viewer):
        found = why(tx, viewer, f"mail/{number}")
    is_own = found.person_id == desk.actor.person_id
    return desk.page(
        "why/one.html",
        title="Why was I told?" if is_own else f"Why was {found.to} told?",
        why=found,
        is_own=is_own,
        fate={str(state): words for state, words in FATES.items()}[found.state],
    )


def mine(desk: Desk, page: int = 1) -> Response:
    """List the mails to whoever asks."""
    with desk.reading() as (tx, viewer):
        found = my_mails(tx, viewer, page=page)
    return desk.page("why/mails.html", title="Mails to me", mails=found)
