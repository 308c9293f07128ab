"""What somebody reads when it does not work: in words, with what to do, and never with what others may see."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from engine.errors import Refused, Stale, is_unanswered
from web.desk import Desk, NotSignedIn
from web.fresh import NotFresh, answer_not_fresh, typed_words
from web.pages.signing_in import ask_again
from web.seat import READING, Forged, desk_for_failure
from web.watched import shape_of_address

log = logging.getLogger("auditloop.web")

# What nobody may tell apart: that there is none, and that there is one for others.
NOT_THERE = frozenset({"unknown_subject", "unknown_kind", "not_a_reference"})
NOTHING_HERE = (
    "There is nothing at this address that you may see. Perhaps the address was cut off, or it is for others."
)
_NOTHING = "This is our fault and nothing was changed. Try again."
_PERHAPS = (
    "The database went away just as this was to be saved, and nobody can say whether it was. Look first, then enter what is "
    "missing."
)
_SAID = {
    400: (
        "This form cannot be taken",
        "One of its texts is longer than 200,000 letters, or part of it was lost on the way. Send a long text as a file.",
    ),
    404: ("Nothing to see here", NOTHING_HERE),
    405: ("This cannot be done here", "Go back to the page before and use its buttons."),
    413: ("Too large", "Send at most 25 MB at once."),
    415: ("This form cannot be read", "Programs that send forms write them in UTF-8, as every browser does."),
    429: ("Too many tries", "Wait a minute, then try again."),
}


def is_not_there(refused: Refused) -> bool:
    """Say whether a refusal means that there is nothing, or nothing for this person."""
    return any(reason.code in NOT_THERE for reason in refused.reasons)


def refused_page(desk: Desk, refused: Refused) -> Response:
    """Tell every reason of a refusal on a page of its own."""
    if is_not_there(refused):
        return _told(desk, 404, *_SAID[404])
    reasons = tuple(reason.sentence for reason in refused.reasons)
    if isinstance(refused, Stale):
        return _told(desk, 409, "Somebody was faster", *reasons)
    return _told(desk, 422, "That is not possible now", *reasons)


async def _not_signed_in(request: Request, _failure: Exception) -> Response:
    if request.method not in READING:
        desk, form = await run_in_threadpool(desk_for_failure, request), await request.form()
        answer = await run_in_threadpool(ask_again, desk, form)
        if answer is not None:
            return answer
        if typed_words(desk):
            said = "You have signed out meanwhile, perhaps on another page. Sign in, open the page anew, and send it from there."
            return await run_in_threadpool(_told, desk, 403, "You are not signed in", said)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    onward = f"?next={quote(here, safe='/')}" if request.method in READING and here != "/" else ""
    return RedirectResponse(f"/sign-in{onward}", status_code=303)


async def _http(request: Request, failure: Exception) -> Response:
    status = failure.status_code if isinstance(failure, HTTPException) else 500
    title, said = _SAID.get(status, ("That did not work", "Go back and try again."))
    desk = await run_in_threadpool(desk_for_failure, request)
    return _told(desk, status, title, said)


async def _unreadable(request: Request, _failure: Exception) -> Response:
    desk = await run_in_threadpool(desk_for_failure, request)
    if request.method in READING:
        return _told(desk, 404, *_SAID[404])
    return _told(
        desk, 422, "This form cannot be read", "Go back to the page before, load it anew, and try again."
    )


async def _forged(request: Request, _failure: Exception) -> Response:
    desk = await run_in_threadpool(desk_for_failure, request)
    said = (
        "You were signed in anew since this form was opened, or it came from elsewhere; nothing was saved. Open the page "
        "anew, and send it from there."
    )
    return _told(desk, 403, "This form is no longer valid", said)


async def _refused(request: Request, failure: Exception) -> Response:
    if not isinstance(failure, Refused):
        raise failure
    desk = await run_in_threadpool(desk_for_failure, request)
    return refused_page(desk, failure)


async def broken(request: Request, failure: Exception) -> Response:
    """Tell that it is our fault, with the number under which the log has the rest."""
    number = request.scope["state"]["number"]
    # Only the shape of the address: some hold a secret. What was typed, and by whom, stays out of the log too.
    shape = shape_of_address(request.scope)
    log.error("%s: %s %s failed", number, request.method, shape, exc_info=failure)
    is_open = is_unanswered(failure)
    said = (
        _PERHAPS if is_open else _NOTHING
    ) + f" If it stays so, tell your coordinator the number {number}."
    try:
        desk = await run_in_threadpool(desk_for_failure, request)
        return _told(desk, 500, "Something went wrong", said, is_open=is_open)
    except Exception:
        log.exception("%s: nor could that be told on a page of ours", number)
        return PlainTextResponse(f"Something went wrong. {said}", status_code=503)


async def _not_fresh(_request: Request, failure: Exception) -> Response:
    if not isinstance(failure, NotFresh):
        raise failure
    return await run_in_threadpool(answer_not_fresh, failure.desk)


def _told(desk: Desk, status: int, title: str, *said: str, is_open: bool = False) -> Response:
    """Tell why something did not work, and give back what was typed: browsers may have let go of it.

    `is_open` is said where nobody knows whether it was saved.
    """
    typed = typed_words(desk)
    return desk.page(
        "failures/told.html", status=status, title=title, reasons=said, typed=typed, is_open=is_open
    )


FAILURES: Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
    NotSignedIn: _not_signed_in,
    NotFresh: _not_fresh,
    Forged: _forged,
    Refused: _refused,
    RequestValidationError: _unreadable,
    HTTPException: _http,
}
