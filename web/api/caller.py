"""Whoever calls the interface for programs: known by a token, bound by its scopes and by the posts that they hold today."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from starlette.responses import Response

from assurance.access import Viewer, viewer_of
from assurance.accounts.bearers import Bearer, bearer_of
from assurance.office import Actor, Office, Tx
from assurance.requests import Kept, begin_request, keep_answer
from assurance.roster import roster
from web.api.limits import Limits
from web.api.route import PREFIX, ApiRoute

_SCHEME = HTTPBearer(
    auto_error=False, scheme_name="token", description="A token that you have made under “My tokens”."
)
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_SCHEME)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,200}$",
        description="A word of your own for this request: sent again with the same word, it does nothing twice and gets "
        "the same answer.",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^("[0-9]{1,9}"|\*)$',
        description="The ETag of what you decided on: where somebody was faster, you are told so and nothing is done.",
    ),
]


class Unknown(Exception):
    """Nobody can say for whom this request is: it carries no token, or one that is not good any more."""

    def __init__(self, *, is_missing: bool) -> None:
        super().__init__()
        self.is_missing = is_missing


class NotAllowed(Exception):
    """The token is good, but not for this; `scope` is what it would need, empty where a post is missing."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Made:
    """What a command came to, to be answered: a body, and the version of the subject after it."""

    body: dict[str, Any]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """One request at work: the office, for whom it is, and what its headers said."""

    request: Request
    office: Office
    actor: Actor
    route: ApiRoute
    key: str | None = None
    if_match: str | None = None

    @property
    def version(self) -> int | None:
        """Give the version on which the caller decided, None where any will do."""
        return None if self.if_match in (None, "*") else int(str(self.if_match).strip('"'))

    @contextmanager
    def reading(self) -> Iterator[tuple[Tx, Viewer]]:
        """Open a transaction that only reads, with how far the caller sees."""
        with self.office.reading(self.actor) as tx:
            yield tx, _viewer(tx)

    def carry_out(self, asked: BaseModel, work: Callable[[Tx, Viewer], Made]) -> Response:
        """Carry out one command in one transaction; the same request under the same key gets the first answer."""
        with self.office.begin(self.actor) as tx:
            earlier = None if self.key is None else begin_request(tx, self.key, self._fingerprint(asked))
            if earlier is not None:
                return self._answer(earlier, is_repeat=True)
            made = work(tx, _viewer(tx))
            kept = Kept(self.route.status, json.dumps(made.body, ensure_ascii=False), made.version)
            if self.key is not None:
                keep_answer(tx, self.key, kept)
        return self._answer(kept)

    def _fingerprint(self, asked: BaseModel) -> str:
        told = [self.request.method, self.request.url.path, self.if_match, asked.model_dump_json()]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def _answer(self, kept: Kept, *, is_repeat: bool = False) -> Response:
        answer = Response(kept.answer, status_code=kept.status, media_type="application/json")
        if kept.version is not None:
            answer.headers["etag"] = f'"{kept.version}"'
        if is_repeat:
            answer.headers["idempotency-replayed"] = "true"
        ref = json.loads(kept.answer).get("ref")
        if kept.status == 201 and ref is not None:
            answer.headers["location"] = f"{PREFIX}/{ref}"
        return answer


class Called:
    """A route's function with its parameter `caller` filled in; the rest FastAPI reads from the request.

    Raises, before the function is called, Unknown, NotAllowed and TooOften.
    """

    def __init__(self, route: ApiRoute) -> None:
        self._answer = route.answer

        def reading(request: Request, token: Credentials) -> Caller:
            return _known(route, request, token)

        def entering(request: Request, token: Credentials, key: IdempotencyKey = None) -> Caller:
            return _known(route, request, token, key=key)

        def moving(
            request: Request, token: Credentials, key: IdempotencyKey = None, if_match: IfMatch = None
        ) -> Caller:
            return _known(route, request, token, key=key, if_match=if_match)

        knowing = {"read": reading, "enter": entering}.get(route.scope, moving)
        signature = inspect.signature(route.answer, eval_str=True)
        self.__signature__ = signature.replace(
            parameters=[
                one.replace(
                    annotation=Annotated[Caller, Depends(knowing)]
                    if one.annotation is Caller
                    else one.annotation,
                    kind=inspect.Parameter.KEYWORD_ONLY,
                )
                for one in signature.parameters.values()
            ],
            return_annotation=inspect.Signature.empty,
        )

    def __call__(self, **given: Any) -> Any:
        """Answer, with what was read from the request."""
        return self._answer(**given)


def _known(
    route: ApiRoute,
    request: Request,
    token: HTTPAuthorizationCredentials | None,
    *,
    key: str | None = None,
    if_match: str | None = None,
) -> Caller:
    office: Office = request.app.state.office
    if office.is_shared:
        office.catch_up()
    bearer = _bearer(request, office, token)
    if route.scope not in bearer.scopes:
        raise NotAllowed(route.scope)
    with office.reading(bearer.actor) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        held = frozenset(seat.role for seat in people.of(bearer.actor.person_id))
    if not route.who.admits(held):
        raise NotAllowed("")
    return Caller(request, office, bearer.actor, route, key, if_match)


def _bearer(request: Request, office: Office, token: HTTPAuthorizationCredentials | None) -> Bearer:
    """Say who calls; whoever guesses tokens is stopped for the rest of the minute."""
    limits: Limits = request.app.state.limits
    if token is None:
        raise Unknown(is_missing=True)
    now, place = office.clock.now(), "" if request.client is None else request.client.host
    limits.refuse_guesser(place, now)
    bearer = bearer_of(office, token.credentials)
    if bearer is None:
        limits.count("guess", place, now)
        raise Unknown(is_missing=False)
    limits.count("token", str(bearer.token_id), now)
    return bearer


def _viewer(tx: Tx) -> Viewer:
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    return viewer_of(people, tx.actor)
