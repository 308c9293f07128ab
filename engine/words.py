"""How a wrong word is answered: the nearest known word, the list of all known words, the letter that nobody can read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

LISTED_AT_MOST = 30
# Control characters and halves of letters: a terminal obeys them or no file can hold them. A new line and a tab are text.
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]|\r(?!\n)")
_NO_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


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


def unreadable(text: str) -> str | None:
    """Name the first letter of a text that nobody can read, as a mark, or None where there is none."""
    found = _UNREADABLE.search(text)
    return None if found is None else visible(found[0])


def visible(name: str) -> str:
    """Write a name in one line, with a mark for every letter that nobody can read."""
    return _NO_NAME.sub(lambda letter: ascii(letter[0])[1:-1], name)


def _plain(word: str) -> str:
    return "".join(character for character in word.lower() if character not in " _-.")
