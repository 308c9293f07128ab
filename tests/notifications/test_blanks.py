"""Secrets in letters: put in as a letter goes, and kept nowhere."""

from __future__ import annotations

import asyncio
import email
import email.policy
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.clock import FrozenClock
from engine.store import Store
from notifications.blanks import LENGTH, blank_at_end, blanks_in, draw_blank, put_in
from notifications.compose import Addressee, compose
from notifications.delivery import deliver_due
from notifications.letters import Outcome, Result
from notifications.mailer import MemoryMailer
from tests.notifications.examples import MORNING, SENDER, SETTINGS, context, notice, put_all, row, text_of

SECRET = "s" * 20 + "-_" + "0" * 21
HOST = "https://audits.example.org"


def test_a_blank_is_drawn_anew_each_time_and_found_at_the_end_of_a_link_only() -> None:
    blank = draw_blank()
    assert (len(blank), blank == draw_blank()) == (LENGTH, False)
    assert blank_at_end(f"{HOST}/link/{blank}") == blank
    assert [blank_at_end(f"{HOST}/{end}") for end in ("", "link/12", f"{blank}/12", f"{blank}x")] == [
        None
    ] * 4


def test_only_links_have_blanks_and_no_words_that_people_wrote() -> None:
    own, of_line, written = draw_blank(), draw_blank(), draw_blank()
    line = {"link": f"{HOST}/link/{of_line}", "what": f"{HOST}/link/{written}"}
    found = blanks_in(
        {"link": f"{HOST}/link/{own}", "said": written, "lists": [{"title": "", "lines": [line]}]}
    )
    assert found == {own, of_line}


@pytest.mark.parametrize("before", range(60))
def test_a_secret_is_put_in_wherever_a_line_was_broken(before: int) -> None:
    blank = draw_blank()
    said = "é" + "x" * before  # not plain, so that the text is broken into lines of 76 letters
    content = compose(
        "return_link",
        context(said=said, link=f"https://{'a' * before}.example/link/{blank}"),
        to=Addressee("Bo", "bo@trust.example.org"),
        subject="Audit A2-2014",
        thread="audit/2",
        sender=SENDER,
        message_id="<1@audits.example.org>",
        at=MORNING,
    )
    goes = put_in(content, blank, SECRET)
    assert len(goes) == len(content)
    parts = [
        part.get_content()
        for part in email.message_from_bytes(goes, policy=email.policy.default).iter_parts()
    ]
    assert all(f"/link/{SECRET}" in part and blank not in part for part in parts)
    assert len(parts) == 2


@pytest.mark.parametrize("secret", [SECRET[1:], SECRET + "x", "é" * LENGTH, "=" * LENGTH, " " * LENGTH])
def test_what_would_move_a_line_is_not_put_in(secret: str) -> None:
    with pytest.raises(ValueError, match="43 letters"):
        put_in(b"", draw_blank(), secret)


def test_each_attempt_sends_the_same_letter_and_none_of_it_is_kept(store: Store) -> None:
    link = f"{HOST}/link/{draw_blank()}"
    put_all(store, notice(template="return_link", context=context(link=link)))
    mailer, clock = MemoryMailer(lambda _: Outcome(Result.LATER, 451, "later")), FrozenClock(MORNING)
    settings = replace(SETTINGS, secret_of=lambda _: SECRET)
    for _ in range(2):
        asyncio.run(deliver_due(store, mailer, clock, settings=settings))
        clock.advance(timedelta(hours=1))
    first, second = mailer.tried
    assert first == second
    assert f"{HOST}/link/{SECRET}" in text_of(first.content)
    kept = row(store)
    assert kept.rendered is not None
    assert SECRET.encode() not in kept.rendered
    assert link in text_of(kept.rendered)
    assert SECRET not in kept.context


def test_a_letter_whose_secret_nobody_knows_is_not_sent(store: Store) -> None:
    put_all(store, notice(template="return_link", context=context(link=f"{HOST}/link/{draw_blank()}")))
    mailer = MemoryMailer()
    assert asyncio.run(deliver_due(store, mailer, FrozenClock(MORNING), settings=SETTINGS)).failed == 1
    assert mailer.sent == []
    assert "is not known here" in (row(store).last_text or "")
