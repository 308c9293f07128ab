"""Return addresses: each message has its own, and nobody makes one without the secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.headers import envelope_address
from notifications.verp import LARGEST_NUMBER, Claim, ReturnAddress

SECRET = "the long secret of an installation in a test"
RETURNS = ReturnAddress("bounces@audit.example", SECRET)
BO = "bo@trust.example"

numbers = st.integers(1, LARGEST_NUMBER)


@given(numbers)
def test_a_return_address_can_be_written_to_and_says_which_message_it_is_about(number: int) -> None:
    address = RETURNS.of(number, BO)
    assert envelope_address(address) == address
    assert len(address.partition("@")[0]) <= 64
    claim = RETURNS.find(f"To: <{address}>")
    assert claim is not None
    assert claim.number == number
    assert RETURNS.is_genuine(claim, BO)


@given(numbers)
def test_a_mail_server_may_fold_its_letters(number: int) -> None:
    for folded in (RETURNS.of(number, BO).upper(), RETURNS.of(number, BO.title())):
        claim = RETURNS.find(folded)
        assert claim is not None
        assert RETURNS.is_genuine(claim, BO)


@given(numbers, st.integers(0, 15), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_one_other_letter_makes_it_a_forgery(number: int, place: int, letter: str) -> None:
    claim = RETURNS.find(RETURNS.of(number, BO))
    assert claim is not None
    forged = claim.mac[:place] + letter + claim.mac[place + 1 :]
    assert RETURNS.is_genuine(claim._replace(mac=forged), BO) == (forged == claim.mac)


def test_it_is_genuine_for_its_own_message_addressee_and_secret_only() -> None:
    claim = RETURNS.find(RETURNS.of(12, BO))
    assert claim is not None
    assert not RETURNS.is_genuine(claim._replace(number=13), BO)
    assert not RETURNS.is_genuine(claim, "nell@trust.example")
    another = ReturnAddress("bounces@audit.example", SECRET + "!", [SECRET])
    assert not another.is_genuine(claim, BO)


def test_an_address_of_an_old_secret_is_genuine_where_that_still_counts() -> None:
    claim = RETURNS.find(RETURNS.of(12, BO))
    assert claim is not None
    another = ReturnAddress("bounces@audit.example", SECRET + "!", [SECRET])
    assert another.is_genuine(claim, BO, also_by_old=True)
    assert another.of(12, BO) != RETURNS.of(12, BO)
    assert not ReturnAddress("bounces@audit.example", SECRET + "!").is_genuine(claim, BO, also_by_old=True)


@pytest.mark.parametrize(
    "around", ["{}", "<{}>", "rfc822;{}", "Bo <{}>, nell@trust.example", "a@b.example, {}", '"{}"']
)
def test_it_is_found_where_mail_servers_write_it(around: str) -> None:
    assert RETURNS.find(around.format(RETURNS.of(12, BO))) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bounces@audit.example",
        "bounces+12@audit.example",
        "bounces+12-abcdefgh@audit.example",
        "bounces+12-abcdefghijklmnop@audit.example.evil.example",
        "bounces+12-abcdefghijklmnop@other.example",
        "xbounces+12-abcdefghijklmnop@audit.example",
        "bounces+0-abcdefghijklmnop@audit.example",
        "bounces+9999999999-abcdefghijklmnop@audit.example",
        "bounces+٣-abcdefghijklmnop@audit.example",
        "bounces+12-abcdefghijklmno1@audit.example",
    ],
)
def test_what_is_none_of_ours_is_not_taken_for_one(text: str) -> None:
    assert RETURNS.find(text) is None


def test_a_claim_is_no_proof() -> None:
    claim = RETURNS.find("bounces+12-abcdefghijklmnop@audit.example")
    assert claim == Claim(12, "abcdefghijklmnop")
    assert not RETURNS.is_genuine(claim, BO)


@pytest.mark.parametrize(
    ("address", "words"),
    [("nobody", "is not an e-mail address"), (f"{'b' * 37}@audit.example", "leave room for 36")],
)
def test_an_address_that_cannot_serve_is_refused(address: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ReturnAddress(address, SECRET)


def test_the_longest_address_just_fits() -> None:
    address = ReturnAddress(f"{'b' * 36}@audit.example", SECRET).of(LARGEST_NUMBER, BO)
    assert len(address.partition("@")[0]) == 64
