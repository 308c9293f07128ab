"""What goes with every answer: headers that keep a page from being framed, sniffed, kept or fed with foreign code."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Broken = Callable[[Request, Exception], Awaitable[Response]]
LARGEST_BODY = 25_000_000  # bytes; forms with files have limits of their own below this one
TOO_LARGE = "This is too large: send at most 25 MB at once."
STATIC = "/static/"
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SafeAnswers:
    """Puts the headers on every answer, and stops reading a body that is too large."""

    def __init__(self, app: ASGIApp, *, is_secure: bool, broken: Broken) -> None:
        self._app = app
        self._broken = broken
        self._always = dict(_ALWAYS)
        if is_secure:
            self._always["strict-transport-security"] = "max-age=63072000; includeSubDomains"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        is_static = scope["path"].startswith(STATIC)
        has_begun = False

        async def send_safely(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._always.items():
                    headers[name] = value
                headers.setdefault("content-security-policy", _policy(nonce))
                if not is_static:
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        try:
            await self._app(scope, _Measured(receive), send_safely)
        except Exception as failure:
            # Whoever asked gets a page with a number, and with these headers; the log gets the rest.
            if has_begun:
                raise
            answer = await self._broken(Request(scope), failure)
            await answer(scope, receive, send_safely)


class _Measured:
    """Hands on what comes in, and counts it: a length that somebody names need not be true, or is not named."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > LARGEST_BODY:
            raise HTTPException(413, TOO_LARGE)
        return message


def _policy(nonce: str) -> str:
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
