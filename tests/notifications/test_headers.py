"""No text from outside breaks out of its header."""

from __future__ import annotations

import email
import email.policy
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifications.headers import (
    address_header,
    envelope_address,
    message_id_of,
    one_line,
    root_of,
    text_header,
)

ANY_TEXT = st.text(max_size=400)
NASTY = st.lists(
    st.sampled_from(
        [
            "\r",
            "\n",
            "\r\n",
            "\r\n\r\n",
            "\r\nBcc: eve@example.com",
            "=?utf-8?q?=0D=0ABcc=3A_eve?=",
            "=?",
            "?=",
            "\x00",
            "\x85",
            "\u2028",
            "\u202e",
            "\ud800",
            "é",
            "名",
            "🙂",
            " ",
            "\t",
            '"',
            "\\",
            "<",
            ">",
            ",",
            ":",
            "a" * 90,
        ]
    ),
    max_size=30,
).map("".join)


def _parse(header: str) -> Message[str, str]:
    return email.message_from_bytes(header.encode("ascii") + b"\r\n\r\n", policy=email.policy.compat32)


def _only(header: str) -> tuple[str, str]:
    """Read a header line back: its name, and its text with encoded words decoded."""
    parsed = _parse(header)
    ((name, value),) = parsed.items()
    assert not parsed.get_payload()
    unfolded = value.replace("\r\n", "")
    return name, str(make_header(decode_header(unfolded))) if "=?" in unfolded else unfolded


@given(st.one_of(ANY_TEXT, NASTY))
@example("Serious case\r\nBcc: eve@example.com")
@example("=?utf-8?q?x=0D=0ABcc=3A_eve=40example=2Ecom?=")
@example("a" * 5000)
@example("word " * 400)
def test_any_title_is_one_subject_that_reads_back_as_it_was(title: str) -> None:
    header = text_header("Subject", title)
    assert _only(header) == ("Subject", one_line(title))
    assert all(len(line) <= 78 for line in header.split("\r\n"))
    assert header.isascii()


@given(st.one_of(ANY_TEXT, NASTY))
@example('Bo "the nurse" Adeyemi\\')
@example("Zoë, <eve@example.com>")
def test_any_name_stands_beside_one_address(name: str) -> None:
    header = address_header("To", name, "bo@trust.example.org")
    ((key, _),) = _parse(header).items()
    assert key == "To"
    read: Any = email.message_from_bytes(header.encode("ascii") + b"\r\n\r\n", policy=email.policy.default)[
        "To"
    ]
    ((address,)) = read.addresses
    assert address.addr_spec == "bo@trust.example.org"
    assert all(len(line) <= 78 for line in header.split("\r\n"))


@given(st.one_of(ANY_TEXT, NASTY))
def test_any_text_becomes_one_printable_line(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert "\u202e" not in line
    assert line == line.strip()
    line.encode()


def test_a_plain_short_title_stays_readable_in_the_source() -> None:
    assert text_header("Subject", "Audit A2-2014") == "Subject: Audit A2-2014"
    assert address_header("To", "Bo Adeyemi", "bo@x.org") == 'To: "Bo Adeyemi"\r\n <bo@x.org>'
    assert address_header("To", "", "bo@x.org") == "To: <bo@x.org>"


@pytest.mark.parametrize(
    ("address", "ascii_address"),
    [
        ("bo@trust.example.org", "bo@trust.example.org"),
        ("o'brien+audit@x.org", "o'brien+audit@x.org"),
        ("bo@localhost", "bo@localhost"),
        ("bo@bücher.example", "bo@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_written_as_mail_servers_take_it(address: str, ascii_address: str) -> None:
    assert envelope_address(address) == ascii_address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bo",
        "@x.org",
        "bo@",
        "bo@x..org",
        "bo @x.org",
        "bo@x.org\r\nBcc: eve@example.com",
        "bo@x.org>",
        "bo,eve@x.org",
        "zoë@x.org",
        "a" * 65 + "@x.org",
        "bo@" + "a" * 64 + ".org",
        "bo@" + "a." * 130 + "org",
        "bo@-x.org",
        "bo@\ud800.org",
    ],
)
def test_an_address_that_cannot_be_written_to_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be written to|can be written to"):
        envelope_address(address)


@given(st.text(), st.text())
def test_the_message_id_follows_from_the_key_alone(key: str, other: str) -> None:
    def made(text: str) -> str:
        return message_id_of(text, sender_address="audits@board.example.org")

    assert made(key) == made(key)
    assert (made(key) == made(other)) == (key == other)
    assert made(key).endswith("@board.example.org>")


def test_a_thread_has_one_root_that_is_no_message() -> None:
    root = root_of("audit/2", sender_address="audits@board.example.org")
    assert root == root_of("audit/2", sender_address="audits@board.example.org")
    assert root != root_of("audit/3", sender_address="audits@board.example.org")
    assert root != message_id_of("audit/2", sender_address="audits@board.example.org")
