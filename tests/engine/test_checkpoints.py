"""Checkpoints as text: what is signed can be read back, is tied to what it says, and grows with few changes at little cost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from engine.checkpoints import (
    GONE,
    Head,
    Heads,
    Kept,
    Statement,
    read_heads,
    read_kept,
    read_statement,
    spaced,
)
from engine.moved import Ref
from engine.signing import SigningKey, is_signed, public_key_in

KEY = SigningKey.draw()
HEADS = (Head(Ref("leaf", 1), 3, "ab" * 32), Head(Ref("leaf", 300), 1, "cd" * 32))
SAID = Statement(
    group="qa",
    number=1,
    at="2015-04-07T09:30:00.000000Z",
    made_with="auditloop 0.1.0, 0020_checkpoints",
    subjects=2,
    lines=4,
    root=Heads(HEADS).root,
    before="none",
    key=KEY.public,
)
KEPT = Kept(SAID, KEY.sign(SAID.text), HEADS)


def test_what_was_written_is_read_back() -> None:
    assert read_statement(SAID.text) == SAID
    assert read_kept(KEPT.text) == KEPT
    over = replace(SAID, next_key=SigningKey.draw().public, new_chain="the disk was destroyed: all of it")
    assert read_statement(over.text) == over


def test_only_whoever_has_the_key_signs() -> None:
    assert is_signed(SAID.text, KEPT.signature, KEY.public)
    assert not is_signed(SAID.text.replace("lines: 4", "lines: 5"), KEPT.signature, KEY.public)
    assert not is_signed(SAID.text, KEPT.signature, SigningKey.draw().public)
    assert not is_signed(SAID.text, "no signature", KEY.public)
    assert not is_signed(SAID.text, KEPT.signature, "no key")


def test_a_key_is_read_from_its_file_and_from_that_of_its_public_half() -> None:
    assert SigningKey.from_pem(KEY.pem).public == KEY.public
    assert public_key_in(KEY.pem) == public_key_in(KEY.public_pem) == KEY.public


def test_a_key_of_another_kind_signs_nothing() -> None:
    other = generate_private_key(SECP256R1())
    private = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for pem in (private, public, b"Dear all", KEY.pem[:-40]):
        with pytest.raises(ValueError, match=r"no (private )?key of Ed25519 in a PEM file"):
            public_key_in(pem)


@pytest.mark.parametrize(
    ("instead_of", "written", "told"),
    [
        ("auditloop checkpoint 1", "auditloop checkpoint 2", "does not begin with 'auditloop checkpoint 1'"),
        ("number: 1\n", "", "its number is missing or wrong"),
        ("lines: 4", "lines: four", "its lines is missing or wrong"),
        ("lines: 4", "lines: 04", "something that no checkpoint says"),
        ("subjects: 2", "subjects: 3", "fingerprint is not that of what it says"),
        ("fingerprint: ", "fingerprint: 0", "fingerprint is not that of what it says"),
        ("leaf/300 1 ", "leaf/300 one ", "names no subject with its newest line and its seal"),
    ],
)
def test_a_file_that_was_changed_is_told_from_a_checkpoint(instead_of: str, written: str, told: str) -> None:
    assert KEPT.text.count(instead_of) == 1
    with pytest.raises(ValueError, match=told):
        read_kept(KEPT.text.replace(instead_of, written))


def test_one_root_stands_for_every_head_in_any_order() -> None:
    root = Heads(HEADS).root
    assert Heads(reversed(HEADS)).root == root
    for changed in (HEADS[0]._replace(seq=2), HEADS[0]._replace(seal="0" * 64)):
        assert Heads((changed, HEADS[1])).root != root
    assert Heads(HEADS[:1]).root != root != Heads().root


def test_heads_that_change_and_change_back_come_to_the_same_root() -> None:
    heads, extra = Heads(HEADS), Head(Ref("leaf", 700), 1, "ef" * 32)
    root = heads.root
    heads.put(extra)
    assert heads.root != root
    heads.put(extra._replace(seq=0))
    assert heads.root == root
    assert heads.get(extra.ref) is None


def test_what_has_changed_leads_from_one_instant_to_the_other() -> None:
    earlier = Heads(HEADS)
    later = Heads((HEADS[0]._replace(seq=4), Head(Ref("bud", 1), 1, "00" * 32)))
    changes = list(later.changes_since(earlier))
    assert changes == [
        Head(Ref("bud", 1), 1, "00" * 32),
        HEADS[0]._replace(seq=4),
        Head(Ref("leaf", 300), 0, GONE),
    ]
    for head in read_heads("".join(f"{head}\n" for head in changes)):
        earlier.put(head)
    assert earlier.root == later.root
    assert list(earlier) == list(later)


def test_a_fingerprint_is_written_to_be_compared_by_eye() -> None:
    assert spaced("0123456789abcdef") == "01234567 89abcdef"
