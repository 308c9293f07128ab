"""Where somebody goes on to after signing in or showing that it is them: a page of ours, and nowhere else."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from assurance.accounts.elsewhere import has_issuer
from web.desk import Desk

LONGEST = 500


def onward(asked: str | None, *, usual: str = "/") -> str:
    """Give the path that was asked for, or the usual one where it is none of ours."""
    path = asked or ""
    is_plain = path.isascii() and path.isprintable() and " " not in path and "\\" not in path
    if not is_plain or not path.startswith("/") or path.startswith("//") or len(path) > LONGEST:
        return usual
    parts = urlsplit(path)
    return path if not parts.scheme and not parts.netloc else usual


def way_elsewhere(desk: Desk, path: str, *, then: str = "") -> str:
    """Give the address that leads to the issuer; empty where nobody signs in with an account elsewhere."""
    if not has_issuer(desk.office.settings):
        return ""
    return f"{path}?next={quote(then, safe='/')}" if then else path
