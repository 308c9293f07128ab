"""Secrets that stand in letters as they go and are kept nowhere: what is kept has a blank in their place. Pure."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

BEGINNING = "left-blank-when-kept-"
# A secret has the length of its blank, so that no line of a letter moves when it is put in.
LENGTH = 43
_RANDOM_BYTES = 16  # 22 letters
_BLANK = re.compile(rf"{BEGINNING}[\w-]{{{LENGTH - len(BEGINNING)}}}", re.ASCII)
_LINE_GOES_ON = rb"=\r\n"  # quoted-printable breaks a long line anywhere (RFC 2045, 6.7)
_LETTER_OR_BREAK = re.compile(rb"=\r\n|.", re.DOTALL)


def draw_blank() -> str:
    """Draw a blank that is like no other: the end of a link as it is kept."""
    return BEGINNING + secrets.token_urlsafe(_RANDOM_BYTES)


def blank_at_end(link: object) -> str | None:
    """Give the blank with which a link ends; None for one that is kept whole."""
    end = str(link).rpartition("/")[2]
    return end if _BLANK.fullmatch(end) else None


def blanks_in(context: Mapping[str, Any]) -> frozenset[str]:
    """Give the blanks in the links of a letter, its own and those of its lines; those in words that people wrote are none."""
    return frozenset(blank for link in _links_in(context) if (blank := blank_at_end(link)) is not None)


def put_in(content: bytes, blank: str, secret: str) -> bytes:
    """Put a secret wherever its blank stands in the bytes of a letter.

    Raises ValueError for a secret of another length or one that a line of a letter cannot hold as it is.
    """
    if len(secret) != len(blank) or not re.fullmatch(r"[\w-]+", secret, re.ASCII):
        raise ValueError(f"what is put in place of a blank has {len(blank)} letters, digits, - and _")
    anywhere = b"(?:" + _LINE_GOES_ON + b")?"
    pattern = anywhere.join(re.escape(letter.encode()) for letter in blank)
    return re.sub(pattern, lambda found: _written_over(found[0], secret), content)


def _written_over(found: bytes, secret: str) -> bytes:
    letters = iter(secret.encode())
    parts = _LETTER_OR_BREAK.findall(found)
    return b"".join(part if len(part) > 1 else bytes((next(letters),)) for part in parts)


def _links_in(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        for name, entry in value.items():
            if name == "link":
                yield entry
            else:
                yield from _links_in(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _links_in(entry)
