"""Secrets that people or their browsers carry: drawn at random, and kept here as fingerprints only."""

from __future__ import annotations

import hashlib
import secrets

BYTES = 32


def draw_token() -> str:
    """Draw a token that nobody can guess: 256 bits, in letters that stand in links and cookies as they are."""
    return secrets.token_urlsafe(BYTES)


def fingerprint(token: str) -> str:
    """Give the SHA-256 of a token in hexadecimal; whoever reads it cannot tell the token.

    Plain and without salt: for what is drawn at random with 80 bits or more, never for what people think up.
    """
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
