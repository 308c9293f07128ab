"""Keeps what must be read again, such as the secret of an authenticator app, under a key that the database does not hold."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from assurance.config import SHORTEST_SECRET
from engine.errors import Refused

NO_SECRET = (
    "Nobody can set up an account here yet: AUDITLOOP_SECRET is not set. Whoever runs the installation sets it to "
    f"{SHORTEST_SECRET} characters or more that nobody can guess."
)


class Keys:
    """Encrypts and decrypts with keys that follow from the installation's secret, one for each purpose.

    What was encrypted under an old secret can be read while that is listed; whatever is new goes under the first one.
    Under a secret that is not listed nothing can be read: authenticator apps are then set up anew.
    """

    def __init__(self, secret: str, old_secrets: Sequence[str] = ()) -> None:
        """Take the secrets; raises Refused where the first is too short to keep anything."""
        if len(secret) < SHORTEST_SECRET:
            raise Refused.because("no_secret", NO_SECRET)
        self._secret = secret.encode()
        self._old = tuple(old.encode() for old in old_secrets)

    def seal(self, purpose: str, text: str, *, at: datetime) -> str:
        """Encrypt a text, with the instant at which that was done."""
        return self._fernet(purpose).encrypt_at_time(text.encode(), int(at.timestamp())).decode()

    def unseal(
        self, purpose: str, sealed: str, *, at: datetime, good_for: timedelta | None = None
    ) -> str | None:
        """Decrypt a text; None where it is not ours, was changed, is for another purpose, or is too old."""
        fernet = MultiFernet([self._fernet(purpose), *(self._fernet(purpose, old) for old in self._old)])
        now = int(at.timestamp())
        try:
            if good_for is None:
                return fernet.decrypt(sealed).decode()
            return fernet.decrypt_at_time(sealed, int(good_for.total_seconds()), now).decode()
        except (InvalidToken, ValueError):
            return None  # letters outside of ASCII are told by a ValueError

    def is_of_today(self, purpose: str, sealed: str) -> bool:
        """Say whether a text was encrypted under the secret of today, and not under an old one."""
        try:
            self._fernet(purpose).decrypt(sealed)
        except (InvalidToken, ValueError):
            return False
        return True

    def mark(self, purpose: str, text: str) -> str:
        """Give a fingerprint of a text that could be guessed, such as a network address, which needs the key to make."""
        return hmac.digest(self._key(purpose), text.encode(errors="surrogatepass"), "sha256").hex()

    def token(self, purpose: str, text: str) -> str:
        """Give the token that follows from a text, in 43 letters that stand in a link: without the key nobody can make it."""
        made = hmac.digest(self._key(purpose), text.encode(), "sha256")
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    def _fernet(self, purpose: str, secret: bytes | None = None) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._key(purpose, secret)))

    def _key(self, purpose: str, secret: bytes | None = None) -> bytes:
        derive = HKDF(SHA256(), 32, salt=None, info=f"auditloop accounts: {purpose}".encode())
        return derive.derive(secret or self._secret)
