"""Which passwords are good enough, and that none is kept."""

from __future__ import annotations

import pytest

from assurance.accounts.passwords import LONGEST, check_password, hash_of, is_common, refuse_weak
from engine.errors import Refused

ABOUT = ("Ada Ashdown", "ada@qa.example", "Quality Assurance sub group")


@pytest.mark.parametrize(
    "password",
    [
        "tangle Orbit mild quince",
        "zebra-lantern-47-moss",
        "bicycle harbour teapot",
        "Ärger mit Übung am Öl",
        "xk7$wq0!mzpt",
        "ходит кот по крыше",
    ],
)
def test_a_passphrase_is_good_enough(password: str) -> None:
    refuse_weak(password, about=ABOUT)


@pytest.mark.parametrize(
    "password",
    [
        "Password12345!",
        "P@ssw0rd12345",
        "qwertyuiop123456",
        "1q2w3e4r5t6y7u8i",
        "asdfghjkl12345",
        "987654321098",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabc",
        "iloveyou123456",
        "letmein letmein",
        "Summer2024Summer2024",
        "Safeguarding2024!",
        "Welcome to the board 2024",
        "correct horse battery staple",
        "AdaAshdown2024",
        "ada@qa.example",
        "quality assurance 1",
    ],
)
def test_what_everybody_thinks_of_first_is_refused(password: str) -> None:
    with pytest.raises(Refused, match="This password is easily guessed"):
        refuse_weak(password, about=ABOUT)


def test_an_own_name_is_common_for_its_owner_only() -> None:
    assert is_common("Zuleika Dobson 1911", about=("Zuleika Dobson",))
    assert not is_common("Zuleika Dobson 1911", about=("Ada Ashdown",))


def test_too_short_and_too_long_are_refused_with_their_number() -> None:
    with pytest.raises(Refused, match="has 11 characters; take 12 or more"):
        refuse_weak("orbit-mild3")
    with pytest.raises(Refused, match="longer than 200 characters"):
        refuse_weak("tangle orbit " * LONGEST)


def test_what_is_kept_tells_nothing_and_fits_one_password_only() -> None:
    kept = hash_of("tangle orbit mild quince")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "quince" not in kept
    assert kept != hash_of("tangle orbit mild quince")
    assert check_password("tangle orbit mild quince", kept).is_right
    assert not check_password("Tangle orbit mild quince", kept).is_right
    assert not check_password("", kept).is_right


def test_letters_that_keyboards_compose_in_two_ways_are_the_same() -> None:
    assert check_password("Cafe\u0301 tangle orbit", hash_of("Caf\u00e9 tangle orbit")).is_right


@pytest.mark.parametrize("kept", [None, "", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$x$y"])
def test_what_is_no_hash_fits_nothing(kept: str | None) -> None:
    assert not check_password("nobody has this password", kept).is_right


def test_a_password_that_cannot_be_written_is_a_wrong_one() -> None:
    assert not check_password("\ud800 tangle orbit", hash_of("tangle orbit mild quince")).is_right
