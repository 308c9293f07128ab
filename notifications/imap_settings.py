"""Which IMAP folder, on which server: read from one URL, refused whole. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_PORT = 993
_SHAPE = "imaps://user:password@mail.example.org/FOLDER"


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """One folder of one account; the password never shows in a printed form. `ca` names further certificates."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str
    ca: str = ""

    @classmethod
    def from_url(cls, url: str) -> ImapSettings:
        """Read the settings; user, password and folder are percent-encoded, the one option is `?ca=FILE`.

        Raises ValueError with every reason at once, and without the password in it.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError:
            # Its own words may hold the password.
            raise ValueError(f"this is not the address of a mailbox; write {_SHAPE}") from None
        problems = list(_problems(parts))
        if problems:
            raise ValueError("; ".join(problems))
        return cls(
            host=parts.hostname or "",
            port=port or _PORT,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            folder=_folder(parts),
            ca=dict(parse_qsl(parts.query)).get("ca", ""),
        )


def _folder(parts: SplitResult) -> str:
    return unquote(parts.path.removeprefix("/"))


def _problems(parts: SplitResult) -> list[str]:
    problems = []
    if parts.scheme != "imaps":
        problems.append(f"a mailbox is read with TLS only; write {_SHAPE}")
    if not parts.hostname:
        problems.append(f"the mail server's name is missing; write {_SHAPE}")
    if not parts.username or not parts.password:
        problems.append("a mailbox needs a user name and a password")
    folder = _folder(parts)
    if not folder:
        problems.append("the folder is missing; write /INBOX behind the server's name")
    names = (unquote(parts.username or ""), unquote(parts.password or ""), folder)
    if not all(name.isascii() and name.isprintable() for name in names):
        problems.append("user, password and folder may hold plain letters, digits and signs only")
    unknown = sorted(set(dict(parse_qsl(parts.query, keep_blank_values=True))) - {"ca"})
    if unknown or parts.fragment:
        problems.append("nothing may stand behind the folder but ?ca=")
    return problems
