"""Return addresses: the envelope of each message names a sender of its own, so that what comes back says what it is about.

The number is the message's; the mac proves that we made the address for this message and this addressee. Mail servers
may fold upper and lower case, so it is written in letters and digits that survive that.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import NamedTuple

from notifications.headers import envelope_address

LARGEST_NUMBER = 2**31 - 1
_LONGEST_LOCAL_PART = 64  # RFC 5321, 4.5.3.1.1
_LETTERS_OF_MAC = 16  # 80 bits in base32
_ADDED = len(f"+{LARGEST_NUMBER}-") + _LETTERS_OF_MAC


class Claim(NamedTuple):
    """What an address says of itself: the message's number, and a mac that is still to be checked."""

    number: int
    mac: str


class ReturnAddress:
    """Where undeliverable mail comes back to, with the secret that keeps others from making such addresses.

    What was made under `old_secrets` is still known where the caller allows it; nothing new is made under them.
    Raises ValueError for an address that cannot be written to, or leaves no room for number and mac.
    """

    def __init__(self, address: str, secret: str, old_secrets: Sequence[str] = ()) -> None:
        self._local, _, self._domain = envelope_address(address).rpartition("@")
        if len(self._local) + _ADDED > _LONGEST_LOCAL_PART:
            room = _LONGEST_LOCAL_PART - _ADDED
            raise ValueError(f"{address!r} is too long before the @; return addresses leave room for {room}")
        self._secret = secret.encode()
        self._old = tuple(old.encode() for old in old_secrets)
        local, domain = re.escape(self._local), re.escape(self._domain)
        self._ours = re.compile(
            rf"(?<![^\s<:;,\"']){local}\+(\d{{1,10}})-([a-z2-7]{{{_LETTERS_OF_MAC}}})@{domain}(?![\w.-])",
            re.IGNORECASE | re.ASCII,
        )

    def of(self, number: int, to_address: str) -> str:
        """Give the envelope sender of one message to one addressee; it is the same at every attempt."""
        return f"{self._local}+{number}-{_mac(self._secret, number, to_address)}@{self._domain}"

    def find(self, text: str) -> Claim | None:
        """Find the first of our return addresses in a text; whether it is genuine only `is_genuine` can tell."""
        found = self._ours.search(text)
        if found is None or not 0 < int(found[1]) <= LARGEST_NUMBER:
            return None
        return Claim(int(found[1]), found[2].lower())

    def is_genuine(self, claim: Claim, to_address: str, *, also_by_old: bool = False) -> bool:
        """Say whether we made this address for a message to this addressee, under the secret of today or an old one."""
        secrets = (self._secret, *self._old) if also_by_old else (self._secret,)
        return any(
            hmac.compare_digest(claim.mac, _mac(secret, claim.number, to_address)) for secret in secrets
        )


def _mac(secret: bytes, number: int, to_address: str) -> str:
    told = f"auditloop return address\n{number}\n{to_address.lower()}".encode()
    digest = hmac.new(secret, told, hashlib.sha256).digest()
    return base64.b32encode(digest[: _LETTERS_OF_MAC * 5 // 8]).decode().lower()
