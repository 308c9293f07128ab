"""One line of the table of the interface for programs: besides what every route has, its scope and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from web.route import ANYBODY, EVERY_ROLE, Route, Who

PREFIX = "/api/v1"
_SPOKEN = {"read": "reading", "move": "taking steps", "decide": "deciding", "enter": "entering"}


@dataclass(frozen=True, slots=True)
class ApiRoute(Route):
    """One route for programs: which scope its token needs, of which shape the answer is, and with which status."""

    scope: str = "read"
    gives: Any = None
    status: int = 200
    group: str = ""


def reads(path: str, answer: Any, gives: Any, about: str, *, group: str) -> ApiRoute:
    """Declare a route that changes nothing."""
    return ApiRoute("GET", PREFIX + path, answer, _with_token_for("read"), about, "read", gives, 200, group)


def writes(
    path: str, answer: Any, gives: Any, about: str, *, scope: str, group: str, status: int = 200
) -> ApiRoute:
    """Declare a route that calls one command."""
    who = _with_token_for(scope)
    return ApiRoute("POST", PREFIX + path, answer, who, about, scope, gives, status, group)


def told_to_anybody(path: str, answer: Any, about: str) -> ApiRoute:
    """Declare a route that holds no data and needs no token."""
    return ApiRoute("GET", PREFIX + path, answer, ANYBODY, about, "", None, 200, "")


def _with_token_for(scope: str) -> Who:
    words = f"whoever holds a post today, with a token for {_SPOKEN[scope]}"
    return Who(words, needs_sign_in=True, one_of=EVERY_ROLE)
