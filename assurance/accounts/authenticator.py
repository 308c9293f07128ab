"""The authenticator app (TOTP, RFC 6238), and the codes on paper for the day on which the telephone is gone."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime

import pyotp
import segno

PURPOSE = "authenticator"
ISSUER = "Auditloop"
STEP = 30  # seconds
DRIFT = 1  # steps by which a telephone's clock may be off, either way
LENGTH = 6
RECOVERY_CODES = 10
# 80 bits in letters that nobody mistakes for another: without 0, 1, i, l, o, u.
_LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
_GROUPS, _OF = 4, 4


def draw_secret() -> str:
    """Draw what an authenticator app and we share: 160 bits in base 32."""
    return pyotp.random_base32()


def address_of(secret: str, *, name: str) -> str:
    """Give the address that an authenticator app reads from the QR code."""
    return pyotp.TOTP(secret, interval=STEP, digits=LENGTH).provisioning_uri(name=name, issuer_name=ISSUER)


def picture_of(secret: str, *, name: str) -> str:
    """Draw the QR code as SVG that stands in a page by itself: without styles, scripts or anything from elsewhere."""
    code = segno.make(address_of(secret, name=name), error="m", micro=False)
    return code.svg_inline(
        scale=5, border=4, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
    )


def step_of(secret: str, code: str, *, now: datetime, after: int | None) -> int | None:
    """Give the half minute to which a code belongs; None for a wrong one and for one that was used before.

    `after` is the newest half minute whose code was used: no code is good twice.
    """
    typed = "".join(code.split())
    if len(typed) != LENGTH or not (typed.isascii() and typed.isdecimal()):
        return None
    present = int(now.timestamp()) // STEP
    totp = pyotp.TOTP(secret, interval=STEP, digits=LENGTH)
    found = None
    for step in range(present - DRIFT, present + DRIFT + 1):
        # Every one is compared, so that the time taken does not tell which was right.
        if hmac.compare_digest(totp.generate_otp(step), typed) and (after is None or step > after):
            found = step
    return found


def draw_codes() -> tuple[str, ...]:
    """Draw the recovery codes of one sheet."""
    return tuple(_code() for _ in range(RECOVERY_CODES))


def plain_code(typed: str) -> str:
    """Give a recovery code as it is compared: without the dashes and capitals that people add or leave out."""
    return "".join(letter for letter in typed.casefold() if letter.isalnum())


def _code() -> str:
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_OF)) for _ in range(_GROUPS))
    return "-".join(groups)
