"""Which mail server, and how safely it is talked to: read from one URL, refused whole. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_OPTIONS = frozenset({"ca", "hello"})
_SHAPE = "smtp+starttls://user:password@mail.example.org:587, smtps://... or smtp://127.0.0.1:2525"


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """One mail server; the password never shows in a printed form.

    `security` is smtp (in clear, this machine only), smtp+starttls or smtps; `ca` names a file of further
    certificates to trust, `hello` the name under which we greet.
    """

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    hello: str = ""

    @classmethod
    def from_url(cls, url: str) -> SmtpSettings:
        """Read the settings; a password is percent-encoded, options are `?ca=FILE&hello=NAME`.

        Raises ValueError with every reason at once, and without the password in it.
        """
        try:
            parts = urlsplit(url.strip())
        except ValueError:
            # Its own words may hold the password.
            raise ValueError(f"this is not the address of a mail server; write {_SHAPE}") from None
        if parts.scheme not in _PORTS:
            raise ValueError(
                f"a mail server is given as {_SHAPE}; this begins with {parts.scheme or 'nothing'!r}"
            )
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        problems = list(_problems(parts, options))
        if problems:
            raise ValueError("; ".join(problems))
        return cls(
            host=parts.hostname or "",
            port=parts.port or _PORTS[parts.scheme],
            security=parts.scheme,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            ca=options.get("ca", ""),
            hello=options.get("hello", ""),
        )


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only be this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _problems(parts: SplitResult, options: dict[str, str]) -> list[str]:
    problems = []
    if not parts.hostname:
        problems.append(f"the mail server's name is missing; write {_SHAPE}")
    elif parts.scheme == "smtp" and not is_loopback(parts.hostname):
        problems.append(
            f"smtp:// would send mail to {parts.hostname} in clear; use smtp+starttls:// or smtps://, "
            "or smtp:// for this machine only"
        )
    if parts.scheme == "smtp" and (parts.username or parts.password):
        problems.append("smtp:// would send the password in clear; use smtp+starttls:// or smtps://")
    if bool(parts.username) != bool(parts.password):
        problems.append("a user name and a password are given together or not at all")
    if not _has_good_port(parts):
        problems.append("the mail server's port is a number from 1 to 65535")
    if parts.path not in ("", "/") or parts.fragment:
        problems.append("nothing may stand behind the mail server's port but ?ca= and ?hello=")
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        problems.append(f"unknown option {', '.join(unknown)} for the mail server; known: ca, hello")
    return problems


def _has_good_port(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:
        return False
