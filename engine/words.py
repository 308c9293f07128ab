"""How a wrong word is answered: the nearest known word, and the list of all known words."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LISTED_AT_MOST = 30


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that looks most like the given one, or None if nothing comes close."""
    spelled = {_plain(candidate): candidate for candidate in known}
    close = get_close_matches(_plain(word), spelled, n=1, cutoff=0.65)
    return spelled[close[0]] if close else None


def listed(known: Iterable[str]) -> str:
    """Return the words as one line, in their own order: 'agreed, in_progress, verified'."""
    words = list(dict.fromkeys(known))
    if len(words) > LISTED_AT_MOST:
        return ", ".join(words[:LISTED_AT_MOST]) + f" and {len(words) - LISTED_AT_MOST} more"
    return ", ".join(words)


def unknown(word: str, what: str, known: Iterable[str]) -> str:
    """Say that a word is not one of the known ones: `what` reads like 'a state of action'."""
    words = list(known)
    if not words:
        return f"'{word}' is not {what}; none is known here"
    near = nearest(word, words)
    hint = f"; did you mean '{near}'?" if near else "."
    return f"'{word}' is not {what}{hint} Known: {listed(words)}"


def _plain(word: str) -> str:
    return "".join(character for character in word.lower() if character not in " _-.")
