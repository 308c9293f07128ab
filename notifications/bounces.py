"""Reads what comes back: delivery reports (RFC 3464), older forms of them, and the replies of machines. Pure.

Nothing here is trusted. Which message a mail is about says only its own return address (`ReturnAddress`), which
stands in its head; what the mail quotes of the message is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message as Mail
from email.parser import BytesHeaderParser, BytesParser
from email.policy import compat32
from enum import StrEnum
from itertools import islice

from notifications.refusals import Refusal
from notifications.verp import Claim, ReturnAddress

LONGEST = 128 * 1024  # bytes of a mail that are looked at: what it says stands before what it quotes
_LONGEST_WORDS = 300
_LONGEST_WITHOUT_CODE = 800
_LONGEST_FIELD = 2_000
_MOST_PARTS = 50
_MOST_FATES = 100
_HOLDS_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RECEIPTS = frozenset({"message/disposition-notification", "message/feedback-report"})
# Mail servers write here for whom a mail is; our own one writes first, and nearest to the top.
_FOR_WHOM = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc", "Resent-To")
_FROM_A_MAIL_SERVER = re.compile(
    r"\b(mailer[ -]daemon|post_?master|mail delivery (sub)?system)\b", re.IGNORECASE
)
_ABOUT_A_DELAY = re.compile(r"\bwarning\b|\bdelay(ed)?\b|\bstill trying\b", re.IGNORECASE)
_ABOUT_A_FAILURE = re.compile(r"\bfail|\breturn(ed|ing)\b|undeliver|could not", re.IGNORECASE)
_OUT_OF_OFFICE = re.compile(
    r"^\s*(auto(matic)?[ -:](reply|response)|out of (the )?office|vacation|away from)", re.IGNORECASE
)
_QUOTES_THE_MESSAGE = re.compile(
    r"^--.*(copy|original|message|header)|^(return-path|received|message-id):",
    re.IGNORECASE | re.MULTILINE,
)
_WHERE_IT_IS_SAID = re.compile(r"(?<![\d.])[45]\d\d[ :-]|\(#[45]\.\d{1,3}\.\d{1,3}\)")
_ADDRESS = re.compile(r"[^\s<>;@]{1,64}@[^\s<>;@]{1,255}")
_LEADING_TYPE = re.compile(r"^\s*[\w-]+\s*;\s*")


class What(StrEnum):
    """What a mail that came to a return address is."""

    FAILED = "failed"  # a mail server has given up
    DELAYED = "delayed"  # a mail server is still trying
    ARRIVED = "arrived"  # a mail server has passed it on
    ANSWER = "answer"  # out of office, read receipts and other replies of machines
    OTHER = "other"  # anything else, such as a letter of a person


@dataclass(frozen=True, slots=True)
class Fate:
    """What a mail server says of one addressee; `addresses` is empty where it does not say of whom it speaks."""

    what: What
    addresses: frozenset[str]
    refusal: Refusal

    def is_of(self, address: str) -> bool:
        """Say whether this is about an address, or may be."""
        return not self.addresses or address.lower() in self.addresses


@dataclass(frozen=True, slots=True)
class Returned:
    """A mail that came back: what it is, and what became of whom."""

    what: What
    fates: tuple[Fate, ...]

    def fate_of(self, address: str) -> Fate | None:
        """Give the fate that counts: that of the address itself, and of these a failure before anything else."""
        own = [fate for fate in self.fates if fate.is_of(address)] or list(self.fates)
        return next((fate for fate in own if fate.what is What.FAILED), own[0] if own else None)


def claim_of(content: bytes, returns: ReturnAddress) -> Claim | None:
    """Say which message a mail claims to be about, if any; only its head is read, which costs next to nothing."""
    mail = BytesHeaderParser(policy=compat32).parsebytes(content[:LONGEST])
    for name in _FOR_WHOM:
        for value in mail.get_all(name, []):
            claim = returns.find(_plain(value))
            if claim is not None:
                return claim
    return None


def read_returned(content: bytes) -> Returned:
    """Read a mail, of which only the first `LONGEST` bytes are looked at; whatever it is, it is read without fault."""
    try:
        mail = BytesParser(policy=compat32).parsebytes(content[:LONGEST])
    except RecursionError:  # parts within parts within parts: no mail server writes that
        return Returned(What.OTHER, ())
    fates = tuple(islice(_fates(mail), _MOST_FATES))
    if fates:
        return Returned(_worst(fates), fates)
    if _is_old_report(mail):
        fate = _old_fate(mail)
        return Returned(fate.what, (fate,))
    return Returned(What.ANSWER if _is_answer(mail) else What.OTHER, ())


# -- delivery reports


def _fates(mail: Mail) -> Iterator[Fate]:
    """Read every report of a mail, block by block: the first is about the message, each other about an addressee."""
    for part in _parts(mail):
        if part.get_content_type() in _HOLDS_REPORTS:
            for block in _blocks(part):
                if "action" in block or "status" in block:
                    yield _fate(block)


def _parts(mail: Mail) -> list[Mail]:
    """Give the parts of a mail itself; what it quotes is not opened."""
    parts: list[Mail] = []
    waiting = [mail]
    while waiting and len(parts) < _MOST_PARTS:
        part = waiting.pop(0)
        parts.append(part)
        inner = part.get_payload() if part.get_content_maintype() == "multipart" else None
        if isinstance(inner, list):
            waiting.extend(one for one in inner if isinstance(one, Mail))
    return parts


def _blocks(part: Mail) -> Iterator[Mapping[str, str]]:
    """Give the fields of each block of a report, with names in small letters."""
    for block in re.split(r"\r?\n[ \t]*\r?\n", _body(part)):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if line[:1] in (" ", "\t"):
                so_far = fields.get(name, "")
                fields[name] = so_far if len(so_far) > _LONGEST_FIELD else f"{so_far} {line.strip()}"
                continue
            name, colon, value = line.partition(":")
            name = name.strip().lower()
            if colon and name not in fields:
                fields[name] = value[:_LONGEST_FIELD].strip()
        yield fields


def _fate(block: Mapping[str, str]) -> Fate:
    words = _LEADING_TYPE.sub("", block.get("diagnostic-code", "")) or block.get("x-supplementary-info", "")
    refusal = Refusal.of(None, _short(words), status=block.get("status", ""))
    addresses = (_address(block[name]) for name in ("original-recipient", "final-recipient") if name in block)
    action = block.get("action", "").lower()
    if action.startswith("failed") or (not action and refusal.is_permanent):
        what = What.FAILED
    elif action.startswith("delayed") or (not action and refusal.status.startswith("4")):
        what = What.DELAYED
    else:
        what = What.ARRIVED
    return Fate(what, frozenset(address for address in addresses if address), refusal)


def _worst(fates: tuple[Fate, ...]) -> What:
    said = {fate.what for fate in fates}
    return next(what for what in What if what in said)


def _address(field: str) -> str:
    """Give the bare address of `rfc822; <Bo@trust.example>`, in small letters."""
    found = _ADDRESS.search(field[:_LONGEST_FIELD])
    return "" if found is None else found[0].strip("\"'").lower()


# -- what mail servers wrote before there were reports, and some still do


def _is_old_report(mail: Mail) -> bool:
    if "X-Failed-Recipients" in mail:
        return True
    if _is_receipt(mail):
        return False
    from_nobody = _header(mail, "Return-Path").strip() == "<>" or _header(mail, "From").strip() == "<>"
    says_failure = _ABOUT_A_FAILURE.search(_header(mail, "Subject")) and not _is_answer(mail)
    from_server = _FROM_A_MAIL_SERVER.search(_header(mail, "From"))
    return bool(from_server or (from_nobody and says_failure))


def _old_fate(mail: Mail) -> Fate:
    subject = _header(mail, "Subject")
    failed = _header(mail, "X-Failed-Recipients")
    addresses = frozenset(filter(None, map(_address, failed.split(","))))
    text = next((_body(part) for part in _parts(mail) if part.get_content_type() == "text/plain"), "")
    said = _QUOTES_THE_MESSAGE.split(text, maxsplit=1)[0]
    place = _WHERE_IT_IS_SAID.search(said)
    words = _short(said, _LONGEST_WITHOUT_CODE) if place is None else _short(said[place.start() :])
    is_delay = _ABOUT_A_DELAY.search(subject) and not _ABOUT_A_FAILURE.search(subject)
    # Where only words say so it is a failure for good: that is what the whole mail is about.
    status = "" if place or is_delay else "5.0.0"
    return Fate(
        What.DELAYED if is_delay else What.FAILED,
        addresses,
        Refusal.of(None, words.lstrip("(#"), status=status),
    )


# -- replies of machines


def _is_answer(mail: Mail) -> bool:
    submitted = _header(mail, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no") or _is_receipt(mail):
        return True
    if any(name in mail for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From")):
        return True
    if _header(mail, "Precedence").strip().lower() in ("auto_reply", "auto-reply", "bulk", "junk"):
        return True
    return _OUT_OF_OFFICE.match(_header(mail, "Subject")) is not None


def _is_receipt(mail: Mail) -> bool:
    return any(part.get_content_type() in _RECEIPTS for part in _parts(mail))


# -- text of any kind


def _body(part: Mail) -> str:
    """Give the text of a part as far as it can be read."""
    inner = part.get_payload()
    if not isinstance(inner, list):
        decoded = part.get_payload(decode=True)
        return decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else ""
    # The parser has taken a report apart already; of an encoded one it has made what it could.
    blocks = [one for one in inner if isinstance(one, Mail)]
    encoding = _header(part, "Content-Transfer-Encoding").strip().lower()
    if encoding not in ("base64", "quoted-printable"):
        return "\n\n".join(_source(block, "\n\n") for block in blocks)
    again = Mail()
    again["Content-Transfer-Encoding"] = encoding
    again.set_payload("\n\n".join(_source(block, "\n").strip() for block in blocks))
    return _body(again)


def _source(mail: Mail, between: str) -> str:
    head = "\n".join(f"{name}: {_plain(value)}" for name, value in mail.items())
    payload = mail.get_payload()
    return f"{head}{between}{payload}" if isinstance(payload, str) else head


def _header(mail: Mail, name: str) -> str:
    return _plain(mail.get(name, ""))[:_LONGEST_FIELD]


def _plain(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode()


def _short(words: str, longest: int = _LONGEST_WORDS) -> str:
    return " ".join(words.split())[:longest]
