"""From a template and its context to the finished bytes of a mail: text first and complete, then HTML. Pure."""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from notifications.headers import address_header, one_line, root_of, text_header
from notifications.invitation import Method, calendar_text

_FOLDER = Path(__file__).parent / "templates"
TEMPLATES = frozenset(path.stem for path in (_FOLDER / "words").glob("*.txt"))

_NAMES = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
)
_LONGEST_LINE = 998  # RFC 5322, 2.1.1
# A header's beginning or what is folded: plain characters only, so that nothing is a line's end but the line's end.
_HEAD_LINE = re.compile(rb"(?:[A-Za-z-]+:| [!-~])[ -~]*")
_ITEM = {"ref": "", "what": "", "due": "", "note": "", "link": ""}
_LINK = re.compile(r"https?://[^\s<>\"]+")
_STYLE = re.compile(r"^\.(\w+) \{(.*?)\}", re.MULTILINE | re.DOTALL)
_CLASS = re.compile(r'class="([\w ]+)"')
_AROUND_MARKS = re.compile(r"\s*([:;,])\s*")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name mail goes out, and who reads the answers if it is not the same address."""

    name: str
    address: str
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Addressee:
    """To whom one mail goes."""

    name: str
    address: str


def compose(
    template: str,
    context: Mapping[str, Any],
    *,
    to: Addressee,
    subject: str,
    thread: str,
    sender: Sender,
    message_id: str,
    at: datetime,
) -> bytes:
    """Write one mail as RFC 5322 bytes that are the same for the same arguments.

    `context` holds `said` (the sentence on top), `why` (one sentence), `link` (a full URL), `group`, and where
    they apply `audit`, `late` (a sentence) and `items` (each with `ref`, `what`, `due`, `note`, `link`), or `lists` of
    several `lines` like these under a `title` each; the recipient's `name` is added. `why_link` is a full URL too.
    With `calendar` (see `calendar_text`) the mail ends with a part for calendars, and says the same without it.
    Raises ValueError for an unknown template, an address that cannot be written to, or headers that would not
    read back exactly as intended; jinja2.UndefinedError for a word that the template needs and did not get.
    """
    text, html = render(template, {"subject": one_line(subject), "name": one_line(to.name), **context})
    boundary = f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"
    lines = [
        address_header("From", sender.name, sender.address),
        address_header("To", to.name, to.address),
        text_header("Subject", subject),
        f"Date: {_date(at)}",
        f"Message-ID: {message_id}",
        f"References: {root_of(thread, sender_address=sender.address)}",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"',
    ]
    names: tuple[str, ...] = _NAMES
    if sender.reply_to:
        lines.append(address_header("Reply-To", "", sender.reply_to))
        names = (*_NAMES, "Reply-To")
    head = "\r\n".join(lines).encode("ascii")
    _check_head(head, names)
    parts = [_part("plain", text, boundary), _part("html", html, boundary)]
    if "calendar" in context:
        # Last, because mail programs show the last alternative that they understand.
        parts.append(_calendar_part(_plain(context), to, sender, boundary, at))
    return b"".join((head, b"\r\n\r\n", *parts, f"--{boundary}--\r\n".encode()))


def render(template: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Fill a template: the text, and the HTML that says the same.

    Raises ValueError for an unknown template, jinja2.UndefinedError for a word that is missing.
    """
    if template not in TEMPLATES:
        raise ValueError(f"there is no mail template {template!r}; known: {', '.join(sorted(TEMPLATES))}")
    filled = {"audit": "", "late": "", "why_link": "", **_plain(context)}
    filled["items"] = [_ITEM | item for item in filled.get("items", [])]
    alone = {"title": "", "lines": filled["items"]}
    filled["lists"] = [_list(one) for one in filled.get("lists", [alone])]
    links = [line["link"] for one in filled["lists"] for line in one["lines"] if line["link"]]
    links += [filled["why_link"]] if filled["why_link"] else []
    if not all(_LINK.fullmatch(str(link)) for link in (filled.get("link", ""), *links)):
        raise ValueError("the link of a mail must be a full https:// or http:// address")
    html = _template(f"{template}.html").render(filled)
    return _tidy(_template(f"{template}.txt").render(filled)), _only_ascii(html)


@lru_cache(maxsize=16)
def _date(at: datetime) -> str:
    """Write an instant as mails do; a batch is composed at one instant."""
    return format_datetime(at)


def _list(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": told["title"], "lines": [_ITEM | line for line in told["lines"]]}


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    """Make every text a single line, so that nobody's title can pass for a line of ours."""
    return {name: _plain_value(value) for name, value in context.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return _plain(value)
    if isinstance(value, list):
        return [_plain_value(entry) for entry in value]
    return value


@lru_cache
def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


@lru_cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html",), default_for_string=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def _source(name: str) -> str:
    """Put a letter together: the words of one template, then the frame for text or HTML that they stand in.

    The frame's styles are written in when it is read, since mail programs keep only those on the elements.
    """
    stem, _, kind = name.partition(".")
    words = (_FOLDER / "words" / f"{stem}.txt").read_text(encoding="utf-8")
    frame = (_FOLDER / f"letter.{kind}").read_text(encoding="utf-8")
    styles = dict(_STYLE.findall((_FOLDER / "styles.css").read_text(encoding="utf-8")))
    return words + _CLASS.sub(lambda use: f'style="{_on_one_line(styles, use[1])}"', frame)


def _on_one_line(styles: Mapping[str, str], classes: str) -> str:
    return ";".join(_AROUND_MARKS.sub(r"\1", styles[name]).strip() for name in classes.split())


def _only_ascii(html: str) -> str:
    return html.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _tidy(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip("\n") + "\n"


def _part(kind: str, text: str, boundary: str) -> bytes:
    """Write one part: as it is where every mail server takes it so, else as quoted-printable."""
    body = text.replace("\n", "\r\n").encode()
    encoding = "7bit"
    # An equals sign before an underscore never occurs in quoted-printable text, so there no body can hold
    # the boundary; in a body that goes as it is, it must be looked for.
    if not body.isascii() or _has_long_line(body) or boundary.encode() in body:
        encoding, body = "quoted-printable", binascii.b2a_qp(body)
    head = (
        f'--{boundary}\r\nContent-Type: text/{kind}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n"


def _has_long_line(body: bytes) -> bool:
    """Look for a line that is too long, from as far as one may reach back to its end."""
    start = 0
    while len(body) - start > _LONGEST_LINE:
        start = body.rfind(b"\n", start, start + _LONGEST_LINE + 1) + 1
        if not start:
            return True
    return False


def _calendar_part(
    context: Mapping[str, Any], to: Addressee, sender: Sender, boundary: str, at: datetime
) -> bytes:
    """Write the part that calendars read; its method stands in its head too (RFC 6047, 2.4)."""
    told = context["calendar"]
    written = calendar_text(
        told,
        sender_address=sender.address,
        to_name=to.name,
        to_address=to.address,
        said=str(context["said"]),
        link=str(context["link"]),
        at=at,
    )
    method = Method(told["method"])
    return _part(f"calendar; method={method}", written.replace("\r\n", "\n"), boundary)


def _check_head(head: bytes, names: Sequence[str]) -> None:
    """Read the headers back: one that nobody meant must never leave the house, nor a line that may be read in two ways."""
    lines = head.split(b"\r\n")
    if any(len(line) > _LONGEST_LINE for line in lines):
        raise ValueError("a header of the mail would be longer than any mail server takes; it is not sent")
    found = tuple(line.partition(b": ")[0].decode("ascii", "replace") for line in lines if line[:1] != b" ")
    if found != tuple(names) or not all(map(_HEAD_LINE.fullmatch, lines)):
        raise ValueError(f"the headers of the mail would read {', '.join(found)}; it is not sent")
