"""What a refusal is about: an address is held for dead only where nothing else can be meant."""

from __future__ import annotations

import pytest

from notifications.refusals import Blame, Refusal

# RFC 3463 and the IANA registry: each code of class 5 with the blame that it alone carries.
STATUSES = {
    Blame.ADDRESS: ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"],
    Blame.US: ["5.1.7", "5.1.8", "5.7.0", "5.7.1", "5.7.8", "5.7.26", "5.7.606"],
    Blame.NEITHER: [
        "5.0.0",
        "5.1.0",
        "5.1.4",
        "5.1.5",
        "5.1.9",
        "5.2.0",
        "5.2.2",
        "5.2.3",
        "5.2.4",
        "5.3.0",
        "5.3.1",
        "5.3.2",
        "5.3.3",
        "5.3.4",
        "5.3.5",
        "5.4.0",
        "5.4.1",
        "5.4.2",
        "5.4.3",
        "5.4.4",
        "5.4.5",
        "5.4.6",
        "5.4.7",
        "5.5.0",
        "5.5.1",
        "5.5.2",
        "5.5.3",
        "5.5.4",
        "5.5.5",
        "5.6.0",
        "5.6.1",
        "5.6.7",
    ],
}


@pytest.mark.parametrize(
    ("status", "blame"), [(status, blame) for blame, some in STATUSES.items() for status in some]
)
def test_a_status_carries_its_blame(status: str, blame: Blame) -> None:
    assert Refusal.of(550, f"{status} words of the server").blame() is blame
    assert Refusal.of(None, "", status=status).blame() is blame


@pytest.mark.parametrize("status", ["4.1.1", "4.1.2", "4.2.1", "4.7.1", "2.1.5"])
def test_what_is_not_for_good_blames_nobody(status: str) -> None:
    assert Refusal.of(None, "user unknown", status=status).blame() is Blame.NEITHER


def test_an_answer_that_is_not_for_good_blames_nobody() -> None:
    assert Refusal.of(450, "user unknown").blame() is Blame.NEITHER


@pytest.mark.parametrize(
    "words",
    [
        "no such user here",
        "No such user",
        "<bo@trust.example>: User unknown",
        "<bo@trust.example>... User not exist",
        "unknown user <bo@trust.example>",
        "Invalid recipient <bo@trust.example>",
        "User not found",
        "sorry, no mailbox here by that name",
        "This user doesn't have a trust.example account",
        "This account has been disabled or discontinued",
        "not our customer",
        "Unrouteable address",
        "Host unknown (Name server: trust.example: host not found)",
        "5.1.351 Remote server returned unknown recipient or mailbox unavailable",
        "5.0.0 The email account that you tried to reach does not exist",
        "5.5.0 Adresse destinataire invalide. Invalid recipient",
        "5.4.4 Host or domain name not found. Name service error for name=trust.exampl type=A: Host not found",
        "5.4.1 <bo@trust.example>: Recipient address rejected: Access denied",
        "5.1.0 - Unknown address error 550-'5.1.1 unknown user'",
    ],
)
def test_words_that_are_used_of_nothing_else_are_believed(words: str) -> None:
    assert Refusal.of(550, words).blame() is Blame.ADDRESS


@pytest.mark.parametrize(
    "words",
    [
        "relaying denied",
        "<bo@trust.example>: Relay access denied",
        "5.7.1 550 User unknown: bo@trust.example",
        "sender address rejected: domain not found",
        "5.1.8 Domain of sender address audits@audit.example does not exist",
        "5.1.0 192.0.2.1 is not allowed to send from <audit.example> per its SPF record",
        "5.1.1 rejected, see https://www.spamhaus.org/query",
        "rejected by policy: user unknown",
        "Access denied",
        "Client host rejected",
    ],
)
def test_words_about_us_blame_us(words: str) -> None:
    assert Refusal.of(550, words).blame() is Blame.US


@pytest.mark.parametrize(
    "words",
    [
        "",
        "no",
        "Requested action not taken: mailbox unavailable",
        "user is over quota",
        "mailbox of this user is full and was not found to have room",
        "5.1.0 - Unknown address error 550-'5.2.2 Mailbox Full'",
        "5.2.1 The user you are trying to contact is receiving mail at a rate that prevents more",
        "5.1.1 has sent to too many recipients this hour",
        "Name service error for trust.example: Host not found, try again",
        "5.4.1 no answer from host",
        "Message-ID 5.1.1.1 is unknown here",
    ],
)
def test_words_that_may_mean_anything_blame_nobody(words: str) -> None:
    assert Refusal.of(550, words).blame() is Blame.NEITHER


def test_530_is_about_signing_in_whatever_it_says() -> None:
    assert Refusal.of(530, "go away").blame() is Blame.US


def test_what_the_server_said_itself_counts_before_what_another_made_of_it() -> None:
    assert Refusal.of(None, "550 5.7.1 rejected", status="5.1.1") == (550, "5.7.1", "550 5.7.1 rejected")
    assert Refusal.of(None, "550 rejected", status="5.1.1") == (550, "5.1.1", "550 rejected")
    assert Refusal.of(None, "550 5.0.0 rejected", status="5.1.1").status == "5.1.1"
    assert Refusal.of(None, "", status="5.2.2 (full)") == (None, "5.2.2", "")
