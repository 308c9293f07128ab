"""The mail queue and dead addresses as pages: who looks, who acts, what is refused, and that nobody reads a mail there."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from assurance.sweep import sweep
from engine.fences import EVERY
from notifications.outbox import Message
from tests.assurance.counting import statements_of
from tests.web.site import Site

KEEPERS = ("sam", "ida")
LOOKERS = (*KEEPERS, "ada", "dan", "una")
OTHERS = ("bo", "nell", "cleo", "thea", "gil")


def trouble(
    site: Site, *, state: str = "failed", to: str = "bo@qa.example", text: str = "550 no such user"
) -> int:
    """Let the newest mail to somebody be in trouble."""
    number: int = site.world.ask(sa.select(sa.func.max(Message.id)).where(Message.to_address == to))[0]
    values = {"state": state, "last_text": text, "attempts": 1, "sent_at": None}
    with site.world.office.store.begin(group=EVERY) as session:
        session.execute(sa.update(Message).where(Message.id == number).values(values))
    return number


def dead(site: Site, to: str = "bo@qa.example") -> None:
    """Let the address of somebody be dead, as a mail server would have it."""
    number = trouble(site, to=to)
    with site.world.office.store.begin(group=EVERY) as session:
        session.execute(
            sa.update(Message).where(Message.id == number).values(address_refused=True, last_code=550)
        )
    site.world.delivers()


@pytest.mark.parametrize("who", LOOKERS)
def test_the_queue_shows_what_became_of_each_mail(site: Site, who: str) -> None:
    number = trouble(site)
    page = site.get("/admin/mails", as_=who)
    assert page.status == 200
    assert f"/admin/mails/{number}" in page.page.links
    assert "Tried once, and not taken. 550 no such user." in page.text


@pytest.mark.parametrize("who", OTHERS)
@pytest.mark.parametrize(
    "path", ["/admin", "/admin/mails", "/admin/mails/1", "/admin/addresses", "/admin/health"]
)
def test_it_is_not_there_for_others(site: Site, who: str, path: str) -> None:
    assert site.get(path, as_=who).status == 404


def test_no_page_of_the_queue_says_what_a_mail_says(site: Site) -> None:
    told = [json.loads(context) for context in site.world.ask(sa.select(Message.context))]
    sentences = {one["said"] for one in told if len(one.get("said", "")) > 20}
    assert sentences
    pages = [site.get("/admin/mails", as_="ida").text]
    pages += [
        site.get(f"/admin/mails/{number}", as_="ida").text
        for number in site.world.ask(sa.select(Message.id))[:20]
    ]
    assert [said for said in sentences if any(said in page for page in pages)] == []


def test_the_queue_is_narrowed_by_state_and_person_and_an_unknown_state_shows_all(site: Site) -> None:
    number = trouble(site)
    failed = site.get("/admin/mails?state=failed", as_="sam")
    assert [link for link in failed.page.links if link.startswith("/admin/mails/")] == [
        f"/admin/mails/{number}"
    ]
    assert "1 mail failed" in failed.text
    assert "No mail is like that." in site.get("/admin/mails?state=failed&to=fay", as_="sam").text
    assert f"/admin/mails/{number}" in site.get("/admin/mails?state=lost", as_="sam").page.links
    assert "<script>" not in site.get("/admin/mails?to=<script>x", as_="sam").html.replace(
        "<script nonce", ""
    )


def test_a_mail_is_sent_again_and_the_page_says_so(site: Site) -> None:
    number = trouble(site)
    answer = site.post(f"/admin/mails/{number}/resend", as_="ida", form_at=f"/admin/mails/{number}")
    assert answer.path == f"/admin/mails/{number}"
    assert "The mail to Bo Birchall goes out with the next delivery." in answer.text
    assert site.world.ask(sa.select(Message.state).where(Message.id == number)) == ["queued"]


def test_a_mail_that_is_not_in_trouble_is_not_sent_again(site: Site) -> None:
    site.world.delivers()
    number = site.world.ask(sa.select(sa.func.max(Message.id)).where(Message.state == "sent"))[0]
    assert "Send it again" not in site.get(f"/admin/mails/{number}", as_="ida").text
    answer = site.post(f"/admin/mails/{number}/resend", as_="ida", form_at="/admin/health")
    assert answer.status == 422
    assert "only a mail that has not arrived is sent again" in answer.text


def test_a_mail_is_taken_back_with_a_reason_and_nothing_is_lost_without_one(site: Site) -> None:
    number = trouble(site)
    refused = site.post(
        f"/admin/mails/{number}/withdraw", {"reason": " "}, as_="sam", form_at=f"/admin/mails/{number}"
    )
    assert refused.status == 422
    assert "Say why it is not to be sent." in refused.text
    done = site.post(
        f"/admin/mails/{number}/withdraw",
        {"reason": "Told by phone"},
        as_="sam",
        form_at=f"/admin/mails/{number}",
    )
    assert "The mail to Bo Birchall is taken back." in done.text
    assert "Sam Sedley took it back: Told by phone." in done.text
    again = site.post(
        f"/admin/mails/{number}/withdraw", {"reason": "My words"}, as_="sam", form_at="/admin/mails/1"
    )
    assert again.status == 422
    assert "only a mail that has not gone or not arrived is taken back" in again.text
    assert "My words" in again.html


@pytest.mark.parametrize("who", ["ada", "dan", "una"])
def test_whoever_only_looks_has_no_buttons_and_is_not_heard(site: Site, who: str) -> None:
    number = trouble(site)
    page = site.get(f"/admin/mails/{number}", as_=who)
    assert "Take it back" not in page.text
    assert site.post(f"/admin/mails/{number}/resend", as_=who, form_at="/admin").status == 404
    assert (
        site.post(f"/admin/mails/{number}/withdraw", {"reason": "x"}, as_=who, form_at="/admin").status == 404
    )


def test_the_administrator_is_led_to_no_subject_that_is_not_theirs(site: Site) -> None:
    number = trouble(site)
    assert not [
        link for link in site.get(f"/admin/mails/{number}", as_="ida").page.links if "/history" in link
    ]
    assert [link for link in site.get(f"/admin/mails/{number}", as_="sam").page.links if "/history" in link]


def test_a_dead_address_is_mended_and_what_has_not_arrived_is_named(site: Site) -> None:
    dead(site)
    listed = site.get("/admin/addresses", as_="ida")
    assert "/dead_address/1" in listed.page.links
    assert "Bo Birchall" in listed.text
    wrong = site.post("/dead_address/1/steps/mend", {"new_address": "bo at trust"}, as_="ida")
    assert wrong.status == 422
    assert "is not an e-mail address that can be written to" in wrong.text
    assert "bo at trust" in wrong.html
    done = site.post("/dead_address/1/steps/mend", {"new_address": "bo.new@qa.example"}, as_="ida")
    assert done.path == "/dead_address/1"
    assert "this is now the address of Bo Birchall" in done.text
    assert "not arrived; send again what still matters" in done.text


def test_a_dead_address_is_for_its_owner_and_for_whoever_keeps_it(site: Site) -> None:
    dead(site)
    own = site.get("/dead_address/1", as_="bo")
    assert own.status == 200
    assert "Mend the address" not in own.text
    assert [site.get("/dead_address/1", as_=who).status for who in ("fay", "cleo", "sam", "ida")] == [
        404,
        404,
        200,
        200,
    ]
    assert (
        site.post(
            "/dead_address/1/steps/mend", {"new_address": "x@y.example"}, as_="bo", form_at="/action/1"
        ).status
        == 422
    )
    assert site.get("/dead_address/99", as_="ida").status == 404


def test_the_first_page_counts_what_needs_somebody(site: Site) -> None:
    sweep(site.world.office)
    site.world.delivers()
    assert "Nothing. Mail arrives" in site.get("/admin", as_="ida").text
    dead(site)
    page = site.get("/admin", as_="ida")
    assert "Mail to 1 address comes back." in page.text
    assert "not arrived." in page.text
    assert "/admin/mails?state=failed" in page.page.links
    site.world.clock.advance(timedelta(days=30))
    assert "Rules are an hour or more behind" in site.get("/admin", as_="sam").text


def test_the_queue_asks_the_database_the_same_number_of_questions_however_long_it_is(site: Site) -> None:
    def asked() -> int:
        return statements_of(site.world, lambda: site.get("/admin/mails", as_="sam"))

    asked()
    before = asked()
    with site.world.office.store.begin(group=EVERY) as session:
        kept = [column for column in Message.__table__.c if column.name not in ("id", "key")]
        for copy in range(3):
            rows = sa.select(Message.key + f":{copy}", *kept)
            session.execute(sa.insert(Message).from_select([Message.key, *kept], rows))
    assert asked() == before
