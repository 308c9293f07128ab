"""Header lines that no text from outside can break out of. Pure.

The standard library's header classes were found to write a second header when a title holds an encoded word
(Python 3.11.7), and are slow; so each line is written here, from cleaned text, in one of two plain ways.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache

_WIDTH = 76
_BYTES_IN_A_WORD = 39  # 52 characters of base64 and 12 around them, behind the longest name of a header
_LONGEST_QUOTED_NAME = 50
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
# Control characters, line and paragraph separators, lone surrogates, and marks that turn the reading direction.
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


def one_line(text: str) -> str:
    """Turn any text into one line: what breaks or turns lines becomes a space, and spaces become single."""
    return " ".join(_UNFIT.sub(" ", text).split())


def text_header(name: str, text: str) -> str:
    """Write a header of free text, folded, without the final line break."""
    line = one_line(text)
    if not _is_plain(line):
        return f"{name}: {_encoded_words(line)}"
    folded = f"{name}:"
    width = len(folded)
    for word in line.split(" "):
        if width + 1 + len(word) > _WIDTH and width > len(name) + 1:
            folded += "\r\n"
            width = 0
        folded += f" {word}"
        width += 1 + len(word)
    return folded


@lru_cache(maxsize=1024)
def address_header(name: str, person: str, address: str) -> str:
    """Write a header with one person's name and one address.

    Raises ValueError for an address that cannot stand in an envelope.
    """
    line = one_line(person)
    spec = f"<{envelope_address(address)}>"
    if not line:
        return f"{name}: {spec}"
    if line.isascii() and "=?" not in line and len(line) <= _LONGEST_QUOTED_NAME:
        quoted = line.replace("\\", "\\\\").replace('"', '\\"')
        return f'{name}: "{quoted}"\r\n {spec}'
    return f"{name}: {_encoded_words(line)}\r\n {spec}"


@lru_cache(maxsize=1024)
def envelope_address(address: str) -> str:
    """Check an e-mail address and give it in ASCII: a domain in other letters is written the way of the DNS.

    Raises ValueError with a sentence that says what is wrong.
    """
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or len(local) > 64:
        raise ValueError(f"{one_line(address)!r} is not an e-mail address that can be written to")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError:
        ascii_domain = ""
    if not _DOMAIN.fullmatch(ascii_domain) or len(ascii_domain) > 253:
        raise ValueError(f"{one_line(address)!r} has a domain that cannot be written to")
    return f"{local}@{ascii_domain}"


def message_id_of(key: str, *, sender_address: str) -> str:
    """Derive the Message-ID of a message from its key: the same key is the same mail, however often it is sent."""
    return f"<{_digest(f'message {key}')}@{sender_address.rpartition('@')[2]}>"


def root_of(thread: str, *, sender_address: str) -> str:
    """Derive the identifier under which mail programs keep the mails of one thread together."""
    return f"<{_digest(f'thread {thread}')}@{sender_address.rpartition('@')[2]}>"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _is_plain(line: str) -> bool:
    return line.isascii() and "=?" not in line and all(len(word) < _WIDTH for word in line.split(" "))


def _encoded_words(line: str) -> str:
    """Write text as encoded words (RFC 2047), none of which ends within a character."""
    pieces: list[bytes] = [b""]
    for character in line:
        encoded = character.encode()
        if len(pieces[-1]) + len(encoded) > _BYTES_IN_A_WORD:
            pieces.append(b"")
        pieces[-1] += encoded
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(piece).decode()}?=" for piece in pieces)
