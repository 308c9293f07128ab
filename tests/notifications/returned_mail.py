"""Mails that came back, as mail servers write them: Postfix, Exchange, Exim and others; each made up here."""

from __future__ import annotations

import base64
from pathlib import Path

from notifications.verp import ReturnAddress

SECRET = "the long secret of an installation in a test"
RETURNS = ReturnAddress("bounces@audit.example", SECRET)
BO = "bo@trust.example"
_FOLDER = Path(__file__).parent / "returned"
FORMS = tuple(sorted(file.stem for file in _FOLDER.glob("*.eml")))
_REPORT = (
    "Reporting-MTA: dns; gateway.example\n\nFinal-Recipient: rfc822; {to}\nAction: failed\nStatus: 5.1.1\n"
)


def returned(form: str, *, back: str | None = None, to: str = BO, number: int = 12) -> bytes:
    """Write a mail of one form that came back about a message to an address; to another address with `back`."""
    text = (_FOLDER / f"{form}.eml").read_text(encoding="utf-8")
    encoded = base64.b64encode(_REPORT.replace("{to}", to).encode()).decode()
    text = text.replace("{report_in_base64}", encoded)
    return text.replace("{back}", back or RETURNS.of(number, to)).replace("{to}", to).encode()
