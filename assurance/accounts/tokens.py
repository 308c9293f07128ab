"""Secrets that people or their browsers carry: drawn at random, and kept here as fingerprints only."""

from __future__ import annotations

import hashlib
import secrets
from typing import NamedTuple

from assurance.accounts.keys import Keys
from notifications.blanks import draw_blank

BYTES = 32
_IN_LETTERS = "links in letters"


class Drawn(NamedTuple):
    """A token for a link in a letter, and the blank that stands in its place wherever the letter is kept."""

    token: str
    blank: str


def draw_token() -> str:
    """Draw a token that nobody can guess: 256 bits, in letters that stand in links and cookies as they are."""
    return secrets.token_urlsafe(BYTES)


def draw_for_letter(secret: str) -> Drawn:
    """Draw a token that goes into a letter and is kept nowhere: it follows from its blank and the installation's secret.

    Raises Refused where that secret is too short to keep anything.
    """
    blank = draw_blank()
    return Drawn(token_in_place_of(secret, blank), blank)


def token_in_place_of(secret: str, blank: str) -> str:
    """Give the token that belongs in place of a blank; raises Refused as `draw_for_letter` does."""
    return Keys(secret).token(_IN_LETTERS, blank)


def fingerprint(token: str) -> str:
    """Give the SHA-256 of a token in hexadecimal; whoever reads it cannot tell the token.

    Plain and without salt: for what is drawn at random with 80 bits or more, never for what people think up.
    """
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
