"""Seats whoever asks at a desk: reads the posted form, checks its token, finds the session, and asks the route's `who`."""

from __future__ import annotations

import hmac
import inspect
import secrets
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from assurance.accounts.sessions import Seated, seated
from assurance.office import Office
from assurance.queries.references import LARGEST_ID
from assurance.roster import roster
from web.cookies import FORMS, SESSION, Cookies
from web.desk import Desk, NotSignedIn, Pages, Signed
from web.route import Route

FIELD = "csrf"  # the hidden field of every form
READING = frozenset({"GET", "HEAD"})
MOST_FIELDS, MOST_FILES = 1000, 10
LONGEST_FIELD = 600_000  # bytes as they are sent: 200,000 letters, of which some take three


class Forged(Exception):
    """A form did not come from a page of ours that this very person has open."""


async def posted(request: Request) -> AsyncIterator[FormData]:
    """Read what was posted, nothing for whoever only reads; files are put away once the answer is made."""
    if request.method in READING:
        yield FormData()
        return
    if not _is_plain(request.headers.get("content-type")):
        raise HTTPException(415)
    form = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD)
    request.state.posted = form  # so that whoever tells of a failure can give back what was typed
    try:
        yield form
    finally:
        await form.close()


def _is_plain(content_type: str | None) -> bool:
    """Say whether a form is written in UTF-8, as every browser writes it to us: other ways can spell half a letter."""
    _, options = parse_options_header(content_type)
    return options.get(b"charset", b"utf-8").lower() == b"utf-8"


class Answered:
    """A route's function with its parameter `desk` filled in by whoever asks; the rest FastAPI reads from the address.

    Raises, before the function is called, NotSignedIn, HTTPException 404 for posts that may not use the route, and
    Forged.
    """

    def __init__(self, route: Route) -> None:
        self._answer = route.answer

        def seat(request: Request, form: Annotated[FormData, Depends(posted)]) -> Desk:
            return _seated_at(route, request, form)

        signature = inspect.signature(route.answer, eval_str=True)
        self.__signature__ = signature.replace(
            parameters=[
                one.replace(
                    annotation=Annotated[Desk, Depends(seat)] if one.annotation is Desk else one.annotation,
                    kind=inspect.Parameter.KEYWORD_ONLY,
                )
                for one in signature.parameters.values()
            ],
            return_annotation=inspect.Signature.empty,
        )

    def __call__(self, **given: Any) -> Any:
        """Answer, with what was read from the request."""
        return self._answer(**given)


def desk_for_failure(request: Request) -> Desk:
    """Give a desk to tell a failure at: for whoever is signed in, if anybody is, with what was posted if it was read."""
    return _desk(request, getattr(request.state, "posted", FormData()))


def _seated_at(route: Route, request: Request, form: FormData) -> Desk:
    desk = _desk(request, form)
    if route.who.needs_sign_in:
        if desk.signed is None:
            raise NotSignedIn
        if not route.who.admits(desk.roles) or _names_none(request):
            raise HTTPException(404)
    if request.method not in READING:
        refuse_forgery(request, form, desk.csrf)
    return desk


def _names_none(request: Request) -> bool:
    """Say whether an address holds a number under which no database keeps anything."""
    return any(isinstance(part, int) and part > LARGEST_ID for part in request.path_params.values())


def _desk(request: Request, form: FormData) -> Desk:
    office: Office = request.app.state.office
    pages: Pages = request.app.state.pages
    cookies: Cookies = request.app.state.cookies
    if office.is_shared:
        office.catch_up()
    found = seated(office, cookies.read(request, SESSION))
    signed = None if found is None else _signed(office, found)
    token = cookies.read(request, FORMS) or secrets.token_urlsafe(32) if signed is None else signed.csrf
    return Desk(
        request=request,
        office=office,
        pages=pages,
        cookies=cookies,
        csrf=token,
        signed=signed,
        form=form,
        is_demo=request.app.state.is_demo,
    )


def _signed(office: Office, found: Seated) -> Signed:
    with office.reading(found.actor) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        held = frozenset(seat.role for seat in people.of(found.actor.person_id))
        group = tx.playbook.groups[found.actor.group_id].name
    return Signed(
        found.actor,
        found.session_id,
        found.account_id,
        found.csrf,
        found.confirmed_at,
        held,
        group,
        is_demo=found.is_demo,
    )


def refuse_forgery(request: Request, form: FormData, token: str) -> None:
    """Refuse a form from elsewhere: by what the browser says of where it comes from, and by the token that we gave."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise Forged
    # Pages that say nothing of themselves to others say `null` to us too: then the browser's word above has to do.
    origin = request.headers.get("origin", "null")
    if origin != "null" and origin.partition("://")[2] != request.headers.get("host"):
        raise Forged
    given = form.get(FIELD)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), token.encode()):
        raise Forged
