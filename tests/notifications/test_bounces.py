"""What comes back is read whoever wrote it, and nothing that comes back makes the reading fail."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.bounces import LONGEST, Returned, What, claim_of, read_returned
from notifications.refusals import Blame
from tests.notifications.returned_mail import BO, FORMS, RETURNS, returned


def read(form: str, *, to: str = BO) -> Returned:
    return read_returned(returned(form, to=to))


def test_every_form_says_which_message_it_is_about() -> None:
    for form in FORMS:
        claim = claim_of(returned(form), RETURNS)
        assert claim is not None, form
        assert (claim.number, RETURNS.is_genuine(claim, BO)) == (12, True), form


@pytest.mark.parametrize(
    ("form", "code", "status"),
    [
        ("postfix", 550, "5.1.1"),
        ("exchange_online", 550, "5.1.10"),
        ("exchange_edge", 550, "5.4.1"),
        ("exim", 550, "5.0.0"),
        ("exim_without_report", 550, "5.1.1"),
        ("qmail", None, "5.1.1"),
        ("gmail", 550, "5.1.1"),
        ("encoded_report", None, "5.1.1"),
        ("utf8_report", None, "5.1.1"),
        ("cut_off", None, "5.1.1"),
    ],
)
def test_an_address_that_is_dead_is_understood(form: str, code: int | None, status: str) -> None:
    mail = read(form)
    fate = mail.fate_of(BO)
    assert mail.what is What.FAILED
    assert fate is not None
    assert fate.is_of(BO)
    assert (fate.refusal.code, fate.refusal.status) == (code, status)
    assert fate.refusal.blame() is Blame.ADDRESS


@pytest.mark.parametrize(
    ("form", "status", "blame"),
    [
        ("mailbox_full", "5.2.2", Blame.NEITHER),
        ("policy", "5.7.133", Blame.US),
        ("expired", "4.4.1", Blame.NEITHER),
    ],
)
def test_what_failed_for_another_reason_says_nothing_of_the_address(
    form: str, status: str, blame: Blame
) -> None:
    mail = read(form)
    fate = mail.fate_of(BO)
    assert mail.what is What.FAILED
    assert fate is not None
    assert (fate.refusal.status, fate.refusal.blame()) == (status, blame)


@pytest.mark.parametrize(
    ("form", "what"),
    [
        ("delayed", What.DELAYED),
        ("delayed_without_report", What.DELAYED),
        ("relayed", What.ARRIVED),
        ("out_of_office", What.ANSWER),
        ("vacation", What.ANSWER),
        ("old_vacation", What.ANSWER),
        ("read_receipt", What.ANSWER),
        ("complaint", What.ANSWER),
        ("letter", What.OTHER),
        ("report_that_is_quoted", What.OTHER),
    ],
)
def test_what_is_no_failure_is_told_apart(form: str, what: What) -> None:
    assert read(form).what is what


def test_of_several_recipients_ours_counts() -> None:
    fate = read("several_recipients").fate_of(BO)
    assert fate is not None
    assert (fate.refusal.status, fate.is_of(BO)) == ("5.2.2", True)


def test_a_member_of_a_list_is_not_the_list() -> None:
    mail = read("member_of_a_list")
    fate = mail.fate_of(BO)
    assert fate is not None
    assert (mail.what, fate.is_of(BO), fate.refusal.status) == (What.FAILED, False, "5.1.1")


def test_capitals_in_an_address_make_no_difference() -> None:
    fate = read("postfix", to="Bo.Birchall@Trust.Example").fate_of("bo.birchall@trust.example")
    assert fate is not None
    assert fate.is_of("Bo.BIRCHALL@trust.example")


def test_what_it_quotes_is_not_read() -> None:
    fate = read("exim_without_report").fate_of(BO)
    assert fate is not None
    assert "only looks like an answer" not in fate.refusal.words


def test_a_huge_mail_is_read_as_far_as_it_says_something() -> None:
    mail = returned("postfix")
    start = mail.index(b"Dear Bo")
    huge = mail[:start] + b"x" * 76 * 400_000 + mail[start:]
    assert len(huge) > 100 * LONGEST
    assert read_returned(huge) == read_returned(mail)
    assert claim_of(huge, RETURNS) == claim_of(mail, RETURNS) is not None


def test_a_mail_that_holds_only_parts_is_not_opened_for_ever() -> None:
    nested = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(3_000))
    assert read_returned(f"To: x@y.example\n{nested}".encode()).what is What.OTHER


def test_a_mail_to_somebody_else_claims_nothing() -> None:
    for form in FORMS:
        assert claim_of(returned(form, back="office@audit.example"), RETURNS) is None


def test_the_address_at_which_it_arrived_counts_before_what_the_mail_says() -> None:
    real, other = RETURNS.of(7, BO), RETURNS.of(8, BO)
    claim = claim_of(f"Delivered-To: {real}\nTo: {other}\n\n".encode(), RETURNS)
    assert claim is not None
    assert claim.number == 7


@given(st.binary(max_size=2_000))
def test_garbage_is_read_without_fault(content: bytes) -> None:
    assert claim_of(content, RETURNS) is None
    read_returned(content)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FORMS), st.data())
def test_whatever_is_broken_on_the_way_is_read_without_fault(form: str, data: st.DataObject) -> None:
    mail = bytearray(returned(form))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(mail) - 1))
        length = data.draw(st.integers(0, 60))
        mail[place : place + length] = data.draw(st.binary(max_size=12))
    claim_of(bytes(mail), RETURNS)
    read_returned(bytes(mail)).fate_of(BO)


@pytest.mark.parametrize(
    "filling", ["550-", "(#5", "a@", "-", "user no such ", "--copy", ",", "@", "= ", "5.1"]
)
@pytest.mark.parametrize("place", ["X-Failed-Recipients", "Subject", "To", "Diagnostic-Code", "text"])
def test_a_mail_that_is_made_to_take_long_is_read_in_no_time(filling: str, place: str) -> None:
    long = filling * (LONGEST // len(filling))
    head = "From: mailer-daemon@x.example\nSubject: failed\n"
    if place == "Diagnostic-Code":
        head += "Content-Type: message/delivery-status\n\nAction: failed\nFinal-Recipient: rfc822; "
        mail = f"{head}{long[:60_000]}\nDiagnostic-Code: smtp; {long}"
    else:
        mail = f"{head}\n{long}" if place == "text" else f"{place}: {long}\n{head}\n550 5.1.1 no"
    began = time.process_time()
    for fate in read_returned(mail.encode()).fates:
        fate.refusal.blame()
    claim_of(mail.encode(), RETURNS)
    assert time.process_time() - began < 2
