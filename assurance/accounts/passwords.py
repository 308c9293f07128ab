"""Passwords: which are good enough, and how they are kept. A passphrase is fine; what everybody thinks up first is not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from engine.errors import Reason, Refused

SHORTEST = 12
LONGEST = 200
FEWEST_OTHERS = 4  # letters beside what everybody thinks of
FEWEST_DIFFERENT = 5
SHORTEST_NAME = 3
# Argon2id as OWASP's Password Storage Cheat Sheet recommends it: 19 MiB, two passes, one lane.
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Each takes its memory at the same time; whoever comes in a crowd waits for a turn.
_TURNS = BoundedSemaphore(8)
_COMMON = Path(__file__).parent / "common_words.txt"
_LOOKS_LIKE = str.maketrans("013457@$!", "oieastasi")
_ROWS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "1qaz2wsx3edc4rfv5tgb6yhn",
    "1q2w3e4r5t6y7u8i9o0p",
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of comparing: whether it was right, and the newer hash to keep where ours became too cheap."""

    is_right: bool
    newer_hash: str | None = None


def hash_of(password: str) -> str:
    """Give what is kept of a password: argon2id, with its salt and its cost."""
    with _TURNS:
        return HASHER.hash(_written(password))


def check_password(password: str, kept: str | None) -> Checked:
    """Compare a password with what is kept; with nothing kept it takes as long, and is never right."""
    with _TURNS:
        try:
            HASHER.verify(_nobody() if kept is None else kept, _written(password))
        except (VerificationError, InvalidHashError):
            return Checked(is_right=False)
    if kept is None:
        return Checked(is_right=False)
    is_cheap = HASHER.check_needs_rehash(kept)
    return Checked(is_right=True, newer_hash=hash_of(password) if is_cheap else None)


def refuse_weak(password: str, *, about: Iterable[str] = ()) -> None:
    """Raise Refused, with every reason, for a password that is too short, too long, or among the first to be guessed.

    `about` names what everybody knows of its owner: name, e-mail, group.
    """
    written = _written(password)
    reasons = []
    if len(written) < SHORTEST:
        sentence = f"The password has {len(written)} characters; take {SHORTEST} or more, such as four words."
        reasons.append(Reason("too_short", sentence))
    if len(written) > LONGEST:
        reasons.append(
            Reason("too_long", f"The password is longer than {LONGEST} characters; take a shorter one.")
        )
    if len(written) >= SHORTEST and is_common(written, about=about):
        sentence = (
            "This password is easily guessed: it is little more than common words, names, dates or keys in a row. "
            "Take four words that have nothing to do with each other."
        )
        reasons.append(Reason("common", sentence))
    if reasons:
        raise Refused(*reasons)


def is_common(password: str, *, about: Iterable[str] = ()) -> bool:
    """Say whether hardly anything is left of a password without common words, own names, figures and keys in a row."""
    plain = password.casefold()
    if len(set(plain)) < FEWEST_DIFFERENT:
        return True
    names = {
        name for one in about for name in re.findall(r"\w+", one.casefold()) if len(name) >= SHORTEST_NAME
    }
    known = sorted(_common_words() | names, key=len, reverse=True)
    # Figures at the ends are figures; between letters they stand for letters that look like them.
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    return any(_others_in(text, known) < FEWEST_OTHERS for text in (plain, core.translate(_LOOKS_LIKE)))


def _others_in(text: str, known: Iterable[str]) -> int:
    """Count the letters that remain of a text, figures not counted."""
    left = text
    for word in known:
        left = left.replace(word, " ")
    for row in _ROWS:
        for one in (row, row[::-1]):
            left = _without_runs(left, one)
    return len(set(re.sub(r"[\W\d_]+", "", left)))


def _without_runs(text: str, row: str) -> str:
    """Take out every run of four or more keys that lie in a row."""
    for length in range(len(row), 3, -1):
        for start in range(len(row) - length + 1):
            text = text.replace(row[start : start + length], " ")
    return text


def _written(password: str) -> str:
    """Give a password as it is compared, however a keyboard composes its letters (NFC; NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFC", password.encode(errors="replace").decode())


@cache
def _common_words() -> frozenset[str]:
    return frozenset(_COMMON.read_text(encoding="utf-8").split())


@cache
def _nobody() -> str:
    """Give a hash to compare with where there is no account, so that nobody learns that there is none."""
    return HASHER.hash("nobody has this password")
