"""The three cookies: who is signed in, a token for forms before that, and one sentence for the next page."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

SESSION, FORMS, SAID = "auditloop", "auditloop-forms", "auditloop-said"
LONGEST_SAID = 1500


@dataclass(frozen=True, slots=True)
class Cookies:
    """Sets and reads the cookies of one installation; over https they are bound to this host, and never sent without."""

    is_secure: bool

    def name(self, plain: str) -> str:
        """Give the name under which a cookie travels."""
        return f"__Host-{plain}" if self.is_secure else plain

    def read(self, request: Request, plain: str) -> str:
        """Give the value of a cookie, empty where there is none."""
        return request.cookies.get(self.name(plain), "")

    def set(self, response: Response, plain: str, value: str, *, seconds: int | None = None) -> None:
        """Set a cookie that no script can read; without `seconds` it goes when the browser is closed."""
        response.set_cookie(
            self.name(plain),
            value,
            max_age=seconds,
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite="lax",
        )

    def drop(self, response: Response, plain: str) -> None:
        """Take a cookie away."""
        response.delete_cookie(
            self.name(plain), path="/", secure=self.is_secure, httponly=True, samesite="lax"
        )


def wrapped(sentence: str) -> str:
    """Write a sentence so that it can stand in a cookie."""
    return base64.urlsafe_b64encode(sentence[:LONGEST_SAID].encode()).decode()


def unwrapped(value: str) -> str:
    """Read such a sentence; what is none is nothing."""
    try:
        return base64.urlsafe_b64decode(value.encode()).decode()
    except (binascii.Error, UnicodeError):
        return ""
