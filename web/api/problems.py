"""What a program is told when it does not work: one shape for all (RFC 9457), with every reason and its code."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from engine.errors import Reason, Refused, Stale, is_unanswered
from web.api.caller import NotAllowed, Unknown
from web.api.limits import TooOften
from web.failures import is_not_there
from web.watched import shape_of_address

MEDIA = "application/problem+json"
REALM = 'Bearer realm="auditloop"'
log = logging.getLogger("auditloop.web")
_CONFLICT, _UNPROCESSABLE, _FAILED = 409, 422, 412
# A repetition that cannot be answered as before: it was made by another door, or without the answer being kept.
_DONE_BEFORE = frozenset({"repeated"})
_WORDS = {"missing": "This is missing.", "extra_forbidden": "There is no such field; nothing else is taken."}


class WhyNot(BaseModel):
    """One reason: a code for programs, a sentence for people, and where in the request it lies."""

    model_config = ConfigDict(title="Reason")

    code: str
    sentence: str
    where: str | None = Field(description="The field or parameter, empty where it is the request as a whole.")


class Problem(BaseModel):
    """Why a request was not carried out (RFC 9457). Nothing was changed, unless it is "unanswered"."""

    type: str = Field(description="about:blank, or a name for what was the matter.")
    title: str
    status: int
    detail: str
    reasons: list[WhyNot]


TOLD: Mapping[int, str] = {
    400: "The request cannot be read.",
    401: "The request carries no token, or one that is not good any more.",
    403: "The token is not for this, or its person holds no post today.",
    404: "There is nothing of this name, or nothing for you.",
    409: "Somebody else has changed it in the meantime, or this was done before by another way.",
    412: "Somebody else has changed it since the version named by If-Match.",
    413: "The request is too large.",
    422: "It is not possible now, and every reason why; or a field is missing, wrong, or unknown.",
    429: "That was too often; Retry-After says in how many seconds to ask again.",
}


def told(
    status: int,
    name: str,
    title: str,
    reasons: Iterable[Reason],
    *,
    headers: Mapping[str, str] | None = None,
    places: Iterable[str | None] = (),
) -> Response:
    """Tell why a request was not carried out."""
    found, where = list(reasons), list(places)
    where += [None] * (len(found) - len(where))
    whys = [
        {"code": reason.code, "sentence": reason.sentence, "where": place}
        for reason, place in zip(found, where, strict=True)
    ]
    body = {
        "type": f"urn:auditloop:{name}",
        "title": title,
        "status": status,
        "detail": " ".join(reason.sentence for reason in found),
        "reasons": whys,
    }
    return JSONResponse(body, status_code=status, media_type=MEDIA, headers=headers)


async def _unknown(_request: Request, failure: Exception) -> Response:
    is_missing = isinstance(failure, Unknown) and failure.is_missing
    reason = Reason("no_token", "Send a token: Authorization: Bearer auditloop_…")
    challenge = REALM
    if not is_missing:
        sentence = "This token is unknown, over or withdrawn; make a new one under “My tokens”."
        reason, challenge = Reason("invalid_token", sentence), f'{REALM}, error="invalid_token"'
    return told(401, "no-token", "Who are you?", [reason], headers={"www-authenticate": challenge})


async def _not_allowed(_request: Request, failure: Exception) -> Response:
    scope = failure.scope if isinstance(failure, NotAllowed) else ""
    if not scope:
        reason = Reason(
            "no_post", "You hold no post in the group today, and a token gives no more than that."
        )
        return told(403, "no-post", "Not for you", [reason])
    reason = Reason("insufficient_scope", f"This needs a token with the scope ‘{scope}’.")
    challenge = f'{REALM}, error="insufficient_scope", scope="{scope}"'
    return told(403, "scope", "Not with this token", [reason], headers={"www-authenticate": challenge})


async def _too_often(_request: Request, failure: Exception) -> Response:
    if not isinstance(failure, TooOften):
        raise failure
    headers = {"retry-after": str(failure.seconds)}
    return told(429, "too-often", "Too many requests", failure.reasons, headers=headers)


async def _refused(request: Request, failure: Exception) -> Response:
    if not isinstance(failure, Refused):
        raise failure
    if is_not_there(failure):
        return told(404, "not-there", "Nothing to see here", failure.reasons)
    if isinstance(failure, Stale):
        status = _FAILED if "if-match" in request.headers else _CONFLICT
        return told(status, "stale", "Somebody was faster", failure.reasons)
    if any(reason.code in _DONE_BEFORE for reason in failure.reasons):
        return told(_CONFLICT, "done-before", "This was done already", failure.reasons)
    return told(_UNPROCESSABLE, "refused", "That is not possible now", failure.reasons)


async def _unreadable(_request: Request, failure: Exception) -> Response:
    errors = failure.errors() if isinstance(failure, RequestValidationError) else ()
    places = [".".join(str(part) for part in error["loc"]) for error in errors]
    # What was sent is not said back: it may be anything.
    reasons = [Reason(error["type"], _WORDS.get(error["type"], f"{error['msg']}.")) for error in errors]
    return told(_UNPROCESSABLE, "unreadable", "The request is not as it should be", reasons, places=places)


async def _http(_request: Request, failure: Exception) -> Response:
    status, headers = 500, None
    if isinstance(failure, HTTPException):
        status, headers = failure.status_code, failure.headers
    title = HTTPStatus(status).phrase
    reason = Reason(title.lower().replace(" ", "_"), TOLD.get(status, f"{title}."))
    return told(status, "http", title, [reason], headers=headers)


async def _broken(request: Request, failure: Exception) -> Response:
    number = request.scope["state"]["number"]
    log.error("%s: %s %s failed", number, request.method, shape_of_address(request.scope), exc_info=failure)
    if is_unanswered(failure):
        sentence = "The database went away just as this was to be stored, and nobody can say whether it was. Look first"
        reason = Reason("unanswered", f"{sentence}; the log knows it as {number}.")
        return told(500, "unanswered", "Perhaps it was stored", [reason])
    reason = Reason("broken", f"This is our fault, and nothing was changed; the log knows it as {number}.")
    return told(500, "broken", "Something went wrong", [reason])


PROBLEMS: Mapping[Any, Callable[[Request, Exception], Any]] = {
    Unknown: _unknown,
    NotAllowed: _not_allowed,
    TooOften: _too_often,
    Refused: _refused,
    RequestValidationError: _unreadable,
    HTTPException: _http,
    Exception: _broken,
}
