"""What a refusal is about, by its codes and words: the address, or us, or neither for certain. Pure.

The status codes are those of RFC 3463 and the IANA registry "SMTP Enhanced Status Codes". An address is held for dead
only where a permanent failure (class 5) says that there is no such mailbox, or no such domain, or that the mailbox
takes nothing more:

    X.1.1 no such mailbox      X.1.2 no such domain        X.1.3 not an address at all
    X.1.6 the mailbox moved    X.1.10 the domain takes no mail (RFC 7505)    X.2.1 the mailbox is disabled

A full mailbox (X.2.2), a letter too long (X.2.3, X.3.4) or not to their liking (X.6), a fault of a system or of the
way (X.3, X.4, X.5) and whatever is policy (X.7) tell nothing of the kind: tomorrow's mail may arrive. Where there is
no status, or one that only says "other" (X.X.0), the words decide, and only words that are used for nothing else.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

NEEDS_SIGN_IN = frozenset({530, 534, 535, 538})
_GONE = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
_ABOUT_SENDER = frozenset({"1.7", "1.8"})
_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_LEADING = re.compile(rf"\W{{0,3}}{_STATUS.pattern}")
_AFTER_CODE = re.compile(rf"\b([45]\d\d)[ :-]+\W?{_STATUS.pattern}")
_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")

# Exchange Online says "no answer from host" of an address that its directory does not know:
# learn.microsoft.com, "Fix NDR error 550 5.4.1 in Exchange Online" (directory-based edge blocking).
_NOT_IN_DIRECTORY = re.compile(r"recipient address rejected: access denied", re.IGNORECASE)
# Postfix says "unable to route" of a domain that the name servers do not know.
_NO_DOMAIN = re.compile(
    r"host or domain name not found|domain not found|host not found|host unknown|no such domain|nxdomain"
    r"|non-?existent ?domain|domain \S+ (does not|doesn't) exist|unrouteable address",
    re.IGNORECASE,
)
# Some give any status they like to mail from a server that stands on a list.
_LISTED = re.compile(r"spamhaus|\bdnsbl\b|\brbl\b|black ?list", re.IGNORECASE)
# Some say "disabled" or "unknown" of a mailbox that only gets too much at once, or is full.
_FOR_NOW = re.compile(
    r"at a rate|too (many|quickly|large|big)|rate limit|quota|\bfull\b|out of storage|temporar|try again",
    re.IGNORECASE,
)
_ABOUT_US = re.compile(
    r"\brelay|\bsender\b|mail from|authenticat|sign ?in|log ?in\b|\bspf\b|\bdkim\b|\bdmarc\b|reverse dns|\bptr\b"
    r"|black ?list|block(ed|list)|\bspam|reputation|policy|policies|not (allowed|permitted|authori[sz]ed)|denied"
    r"|prohibited|\bips?\b|client host",
    re.IGNORECASE,
)
_WHO = r"(user|recipient|mailbox|account|addressee|person|customer|address)"
_NOBODY = re.compile(
    rf"\b(unknown|no such|invalid|non-?existent|not a (valid|known)) (local )?{_WHO}\b"
    rf"|\b{_WHO}\b[^.;]{{0,60}}?(\bunknown\b|\bnot (found|exist|known)\b|\b(does|do|did)(n't| not) exist\b"
    r"|\bno longer\b|\bdoes(n't| not) have an? [\w.-]+ account\b|\b(is |was |been )?(disabled|deactivated|deleted)\b)"
    r"|\bno mailbox here\b|\bno such (name|alias) here\b|\bnot our customer\b",
    re.IGNORECASE,
)


class Blame(StrEnum):
    """What a permanent refusal is about."""

    ADDRESS = "address"  # no mail can reach it, whoever sends it
    US = "us"  # from somebody else, or signed in, it might have been taken
    NEITHER = "neither"  # this letter, this hour, or not said


class Refusal(NamedTuple):
    """What a mail server said no with; `status` is empty and `code` None where it did not say."""

    code: int | None
    status: str
    words: str

    @classmethod
    def of(cls, code: int | None, words: str, *, status: str = "") -> Refusal:
        """Take a refusal apart; what the server itself said counts before the `status` that another made of it."""
        told = [found for found in (*_in_words(words), _STATUS.search(status)) if found is not None]
        definite = [found for found in told if found[3] != "0"]
        best = next(iter(definite or told), None)
        return cls(_code_in(words) if code is None else code, _text_of(best), words)

    @property
    def is_permanent(self) -> bool:
        """Say whether trying again is said to be of no use: the status counts, else the code."""
        return (self.status or str(self.code or "")).startswith("5")

    def blame(self) -> Blame:
        """Say what a refusal is about."""
        what = self.status.partition(".")[2]
        if not self.is_permanent:
            blame = Blame.NEITHER
        elif _LISTED.search(self.words):
            blame = Blame.US
        elif what in _GONE:
            blame = Blame.NEITHER if _FOR_NOW.search(self.words) else Blame.ADDRESS
        elif what in _ABOUT_SENDER or what.startswith("7.") or self.code in NEEDS_SIGN_IN:
            blame = Blame.US
        elif what == "4.1":
            blame = Blame.ADDRESS if _NOT_IN_DIRECTORY.search(self.words) else Blame.NEITHER
        elif what.startswith("4.") and not _NO_DOMAIN.search(self.words):
            blame = Blame.NEITHER
        elif what.endswith(".0") or what.startswith(("1.", "4.")) or not what:
            blame = _blame_by_words(self.words)
        else:
            blame = Blame.NEITHER
        return blame


def _blame_by_words(words: str) -> Blame:
    if _ABOUT_US.search(words):
        return Blame.US
    if _FOR_NOW.search(words):
        return Blame.NEITHER
    return Blame.ADDRESS if _NOBODY.search(words) or _NO_DOMAIN.search(words) else Blame.NEITHER


def _in_words(words: str) -> tuple[re.Match[str] | None, re.Match[str] | None]:
    """Find statuses in a server's words: where they begin, and behind the code."""
    after_code = _AFTER_CODE.search(words)
    return _LEADING.match(words), None if after_code is None else _STATUS.search(after_code[0])


def _text_of(found: re.Match[str] | None) -> str:
    return "" if found is None else f"{found[1]}.{found[2]}.{found[3]}"


def _code_in(words: str) -> int | None:
    found = _CODE.search(words)
    return None if found is None else int(found[1])
