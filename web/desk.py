"""What one request works with: the office, who asks, what was posted. Made by `web/seat.py`, handed to every answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assurance.access import Viewer, viewer_of
from assurance.office import Actor, Office, Tx
from assurance.roster import roster
from web.cookies import FORMS, SAID, Cookies, unwrapped, wrapped


class NotSignedIn(Exception):
    """Somebody asks for what needs signing in first."""


class Pages(Protocol):
    """Turns the name of a template and its values into HTML."""

    def written(self, template: str, desk: Desk, values: dict[str, Any]) -> str:
        """Write one page."""
        ...


@dataclass(frozen=True, slots=True)
class Signed:
    """Who is signed in: the person, their session, the secret of its forms, and when they last proved who they are."""

    actor: Actor
    session_id: int
    account_id: int
    csrf: str
    confirmed_at: datetime | None
    roles: frozenset[str]
    group: str
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """One request at work. `form` holds what was posted, its token already checked; `csrf` is the token of new forms."""

    request: Request
    office: Office
    pages: Pages
    cookies: Cookies
    csrf: str
    signed: Signed | None = None
    form: FormData = field(default_factory=FormData)
    is_demo: bool = False

    @property
    def actor(self) -> Actor:
        """Give who asks; raises NotSignedIn where nobody is signed in."""
        return self._who().actor

    @property
    def roles(self) -> frozenset[str]:
        """Give the roles that the person holds today, none where nobody is signed in."""
        return frozenset() if self.signed is None else self.signed.roles

    @contextmanager
    def reading(self) -> Iterator[tuple[Tx, Viewer]]:
        """Open a transaction that only reads, with how far the person sees."""
        with self.office.reading(self.actor) as tx:
            people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
            yield tx, viewer_of(people, tx.actor)

    @contextmanager
    def begin(self) -> Iterator[Tx]:
        """Open the transaction of one command."""
        with self.office.begin(self.actor) as tx:
            yield tx

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """Write a page from a template; `title` is among its values."""
        # Half a letter, as YAML and JSON can spell one, is in no alphabet: it is shown as a question mark.
        html = self.pages.written(template, self, values).encode(errors="replace")
        answer = HTMLResponse(html, status_code=status)
        if self.cookies.read(self.request, SAID):
            self.cookies.drop(answer, SAID)
        if self.signed is None and self.cookies.read(self.request, FORMS) != self.csrf:
            self.cookies.set(answer, FORMS, self.csrf)
        return answer

    def go(self, path: str, *, said: str = "") -> Response:
        """Send the browser on to a page of ours after something was done; the page tells `said` once, on top."""
        answer = RedirectResponse(path, status_code=303)
        if said:
            self.cookies.set(answer, SAID, wrapped(said), seconds=60)
        return answer

    @property
    def said(self) -> str:
        """Give the sentence that the page before left for this one."""
        return unwrapped(self.cookies.read(self.request, SAID))

    @property
    def nonce(self) -> str:
        """Give the word that marks scripts and styles of this very answer as ours."""
        nonce: str = self.request.scope["state"]["nonce"]
        return nonce

    def _who(self) -> Signed:
        if self.signed is None:
            raise NotSignedIn
        return self.signed
