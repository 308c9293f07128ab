"""Cuts the text of a condition into words, numbers, dates and signs, each with its place in the text."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from engine.vocabulary import RESERVED
from engine.yamlfile import Node

MAX_LENGTH = 2000

_TOKENS = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<day>[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4})"
    r"|(?P<number>[0-9]+)"
    r"|(?P<word>[^\W\d]\w*(?:[-.][^\W\d]\w*)*)"
    r"|(?P<sign><=|>=|!=|=(?![=<>])|<(?!>)|[>(),+-])"
    r"|(?P<wrong>==|=<|=>|<>|&&|\|\||.)",
    re.DOTALL,
)
_INSTEAD = {
    "==": "=",
    "=<": "<=",
    "≤": "<=",
    "=>": ">=",
    "≥": ">=",
    "<>": "!=",
    "≠": "!=",
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "&&": "and",
    "&": "and",
    "||": "or",
    "|": "or",
    "!": "not",
}
_QUOTES = (
    "'\"`\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
    "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
)


class Token(NamedTuple):
    """A piece of the text: kind is word, keyword, number, day, sign or end."""

    kind: str
    text: str
    offset: int

    @property
    def end(self) -> int:
        """The offset just behind the piece."""
        return self.offset + len(self.text)

    @property
    def spoken(self) -> str:
        """The piece as an error message names it."""
        return f"'{self.text}'" if self.text else "nothing more"


def tokenise(node: Node) -> tuple[Token, ...]:
    """Return the pieces of the text, closed by one of kind `end`; raises BadDefinition at what cannot stand."""
    text = node.text()
    if len(text) > MAX_LENGTH:
        raise node.bad(f"a condition has at most {MAX_LENGTH} characters; split it into several")
    tokens = []
    for match in _TOKENS.finditer(text):
        kind, piece = str(match.lastgroup), match[0]
        fault = _fault(kind, piece)
        if fault:
            raise node.bad(fault, offset=match.start())
        if kind == "word" and piece in RESERVED:
            kind = "keyword"
        if kind != "space":
            tokens.append(Token(kind, piece, match.start()))
    return (*tokens, Token("end", "", len(text.rstrip())))


def _fault(kind: str, piece: str) -> str | None:
    if kind == "wrong":
        return _fault_of_sign(piece)
    if kind == "word" and piece not in RESERVED and piece.lower() in RESERVED:
        return f"write '{piece.lower()}' in small letters"
    if kind == "number" and len(piece) > 18:
        return f"'{piece}' is too large a number"
    if kind == "day":
        return _fault_of_day(piece)
    return None


def _fault_of_sign(piece: str) -> str:
    if piece in _INSTEAD:
        return f"write '{_INSTEAD[piece]}' instead of '{piece}'"
    if piece in _QUOTES:
        return "words stand in a condition without quotes"
    return f"'{piece}' has no meaning in a condition"


def _fault_of_day(piece: str) -> str | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", piece):
        return f"'{piece}' is not a date; write it like 2026-01-31 (year-month-day)"
    try:
        date.fromisoformat(piece)
    except ValueError:
        return f"there is no day {piece} in the calendar"
    return None
