"""Links from mail, as whoever opens them sees them: a return, an action, and links that are of no use any more."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from assurance.records import Answer, Evidence, LinkUse, RecordSet, StoredFile
from engine.moved import Ref
from notifications.outbox import Message
from tests.web.site import Answer as Shown
from tests.web.site import Site

SiteAt = Callable[[str | None], Site]
DONE = {"title": "Attendance list", "text": "All teams were there"}


def mailed(site: Site) -> str:
    """Give the path of the link that was mailed last."""
    found = site.world.ask(sa.select(Message.context).where(Message.template.like("%_link")))
    link = site.world.as_it_goes(json.loads(found[-1])["link"])
    return link.removeprefix("https://audits.example")


def sent(site: Site, ref: Ref, *, as_: str = "sam") -> str:
    answer = site.post(f"/{ref}/links", {"days": "14"}, as_=as_)
    assert "by mail." in answer.text
    return mailed(site)


def answers(site: Site, words: str = "") -> dict[str, str]:
    aims = site.world.aims()
    return {f"answer-{aim}": "partly" for aim in aims} | {f"words-{aim}": words for aim in aims}


def posted(site: Site, path: str, fields: dict[str, str], *, files: object = None) -> Shown:
    """Fill in a form, with everything that it carries unseen."""
    form = site.get(path).page.hidden
    return site.post(path, form | fields, files=files)


def after(shown: Shown, sentence: str) -> None:
    assert sentence in shown.text, shown.text


@pytest.fixture
def asked(site_at: SiteAt) -> Site:
    """A site whose agencies were asked for returns."""
    return site_at("agency_audits")


@pytest.fixture
def school(asked: Site) -> Ref:
    """The return of a school that has no account."""
    return asked.world.agency_return("school")


# -- a return ----------------------------------------------------------------------------------------------


def test_a_school_answers_and_submits_its_return_by_link(asked: Site, school: Ref) -> None:
    path = sent(asked, school)
    shown = asked.get(path)
    assert shown.status == 200
    after(shown, "You answer as Esme Eastlake , by the link in your mail. It opens this one return")
    after(shown, "Was information shared in time?")
    saved = posted(asked, path, answers(asked, "Told the same day") | {"then": "save"})
    assert (saved.status, saved.path) == (200, path)
    after(saved, "Saved. 2 of 2 aims answered.")
    file = {"file": ("tool.txt", b"Our own audit tool, filled in", "text/plain")}
    submitted = posted(asked, path, answers(asked, "Told the same day") | {"then": "submit"}, files=file)
    after(submitted, "The return is submitted and locked.")
    after(submitted, "Told the same day")
    assert "Submit the return" not in submitted.text
    assert asked.world.state(school) == "submitted"
    assert len(asked.world.ask(sa.select(Answer.id))) == 2
    assert len(asked.world.ask(sa.select(StoredFile.id))) == 1
    assert asked.world.proof().faults == ()
    history = asked.get(f"/{school}/history", as_="sam")
    after(history, "By a link from a mail, without signing in.")


def test_opening_a_link_changes_nothing_but_is_noted(asked: Site, school: Ref) -> None:
    path = sent(asked, school)
    before = asked.world.version(school)
    for _ in range(3):
        assert asked.get(path).status == 200
        assert asked.get(f"{path}/not-known").status == 200
    assert (asked.world.version(school), asked.world.state(school)) == (before, "requested")
    assert asked.world.ask(sa.select(LinkUse.what)) == ["opened"] * 6


def test_a_program_that_sends_without_the_form_changes_nothing(asked: Site, school: Ref) -> None:
    path = sent(asked, school)
    for there in (path, f"{path}/not-known"):
        answer = asked.browser(None).post(there, data={"then": "submit", "remark": "x"})
        assert answer.status_code == 403
    assert asked.world.state(school) == "requested"


def test_what_was_typed_is_kept_when_a_form_is_refused(asked: Site, school: Ref) -> None:
    path = sent(asked, school)
    first, second = asked.world.aims()
    fields = {f"answer-{first}": "yes", f"words-{first}": "On the day", f"words-{second}": "Not yet known"}
    answer = posted(asked, path, fields | {"then": "submit"})
    assert answer.status == 422
    after(answer, "Aim 2: choose one of the five answers")
    after(answer, "Not yet known")
    assert asked.world.state(school) == "in_progress"


def test_a_return_is_not_submitted_before_every_aim_is_answered(asked: Site, school: Ref) -> None:
    path = sent(asked, school)
    fields = {f"answer-{asked.world.aims()[0]}": "yes", "then": "submit"}
    answer = posted(asked, path, fields)
    assert answer.status == 422
    after(answer, "Answer every aim")


def test_a_gp_says_that_a_case_is_not_known(asked: Site) -> None:
    ref = asked.world.agency_return("gp")
    path = sent(asked, ref, as_="gil")
    refused = posted(asked, f"{path}/not-known", {"remark": ""})
    assert refused.status == 422
    answer = posted(asked, f"{path}/not-known", {"remark": "Never registered here"})
    after(answer, "Thank you")
    assert asked.world.state(ref) == "not_known"
    over = asked.get(path)
    assert over.status == 410
    after(over, "stands at “Not known to us”")


def test_a_return_that_was_sent_back_can_be_answered_again_with_the_same_link(
    asked: Site, school: Ref
) -> None:
    path = sent(asked, school)
    posted(asked, path, answers(asked) | {"then": "submit"})
    due_on = asked.world.today + timedelta(days=7)
    asked.world.moves("sam", school, "request_changes", reason="Which school year?", new_due_on=due_on)
    shown = asked.get(path)
    after(shown, "Which school year?")
    after(shown, "Submit the return")
    posted(asked, path, answers(asked) | {"then": "submit"})
    assert asked.world.state(school) == "submitted"


def test_a_link_opens_nothing_else_of_the_site(asked: Site, school: Ref) -> None:
    path = sent(asked, school)
    page = asked.get(path).page
    own = [one for one in page.links if one.startswith("/") and not one.startswith(("/static", path))]
    assert set(own) <= {"/", "/help", "/accessibility", "/privacy"}
    for there in (f"/{school}", "/audits", "/actions", f"/{school}/history", "/api/v1/actions"):
        answer = asked.browser(None).get(there, follow_redirects=False)
        assert answer.status_code in (303, 401), there


def test_nothing_tells_the_link_on(asked: Site, school: Ref, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    path = sent(asked, school)
    answer = asked.browser(None).get(path)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    posted(asked, path, answers(asked) | {"then": "submit"})
    token = path.rpartition("/")[2]
    told = [line for line in caplog.messages if token in line and "HTTP Request" not in line]
    assert told == []
    for there in (f"/{school}", f"/{school}/links", f"/{school}/history", "/admin/mails"):
        assert token not in asked.get(there, as_="sam").html


def test_words_that_tell_who_a_child_is_are_stopped_here_too(asked: Site, school: Ref) -> None:
    path = sent(asked, school)
    answer = posted(asked, path, answers(asked, "NHS number 943 476 5919") | {"then": "submit"})
    assert answer.status == 422
    after(answer, "What was found identifies nobody")
    assert asked.world.state(school) == "requested"


# -- sending and withdrawing -------------------------------------------------------------------------------


def test_the_coordinator_sees_what_became_of_a_link_and_withdraws_it(asked: Site, school: Ref) -> None:
    path = sent(asked, school)
    asked.get(path)
    page = asked.get(f"/{school}/links", as_="sam")
    after(page, "Esme Eastlake")
    answer = asked.post("/links/1/withdraw", as_="sam", form_at=f"/{school}/links")
    after(answer, "The link is withdrawn.")
    after(answer, "Withdrawn")
    over = asked.get(path)
    assert over.status == 410
    after(over, "This link was withdrawn. Ask Sam Sedley, who had it sent, for a new one.")


def test_the_page_of_a_return_leads_to_sending_a_link_for_those_who_may(asked: Site, school: Ref) -> None:
    there = f"/{school}/links"
    shown = {
        who: there in asked.get(f"/{school}", as_=who).page.links for who in ("sam", "dev", "esme", "ada")
    }
    assert shown == {"sam": True, "dev": True, "esme": False, "ada": False}
    statuses = {who: asked.get(there, as_=who).status for who in ("sam", "dev", "esme", "ada", "fay", "cleo")}
    assert statuses == {"sam": 200, "dev": 200, "esme": 422, "ada": 422, "fay": 404, "cleo": 404}


def test_a_link_that_cannot_be_sent_says_why(asked: Site, school: Ref) -> None:
    asked.world.moves("esme", school, "declare_not_known", remark="Not ours")
    answer = asked.post(f"/{school}/links", {"days": "14"}, as_="sam")
    assert answer.status == 422
    after(answer, "stands at “Not known to us”")
    assert asked.post(f"/{school}/links", {"days": "999"}, as_="sam").status == 422


@pytest.mark.parametrize("token", ["guessed", "x" * 5000, "%00", "..%2f..", "a b"])
def test_a_link_that_nobody_sent_says_so(asked: Site, token: str) -> None:
    answer = asked.get(f"/link/{token}")
    assert answer.status == 404


def test_a_link_that_is_over_says_whom_to_ask(asked: Site, school: Ref) -> None:
    path = sent(asked, school)
    asked.world.clock.move_to(asked.world.clock.now() + timedelta(days=16))
    answer = asked.get(path)
    assert answer.status == 410
    after(answer, "This link was good until")
    after(answer, "Ask Sam Sedley")
    assert posted(asked, path, {"then": "submit"}).status in (403, 410)
    assert asked.world.state(school) == "requested"


# -- an action ---------------------------------------------------------------------------------------------


@pytest.fixture
def action(site: Site) -> Ref:
    """An action at which its owner is at work."""
    ref = site.world.action("trust")
    site.world.moves("nell", ref, "begin")
    return ref


def test_a_lead_confirms_an_action_with_evidence_by_link(site: Site, action: Ref) -> None:
    path = sent(site, action, as_="nell")
    shown = site.get(path)
    after(shown, "Brief every team on sharing information")
    after(shown, "You act as Bo Birchall")
    assert site.world.state(action) == "in_progress"
    answer = posted(site, path, DONE)
    after(answer, "You have confirmed that the action is complete.")
    assert site.world.state(action) == "confirmed"
    assert site.world.ask(sa.select(Evidence.title)) == ["Attendance list"]


def test_a_link_to_confirm_serves_once(site: Site, action: Ref) -> None:
    path = sent(site, action, as_="nell")
    form = site.get(path).page.hidden
    site.post(path, form | DONE)
    again = site.browser(None).post(path, data=form | DONE)
    assert again.status_code == 410
    over = site.get(path)
    assert over.status == 410
    after(over, "This link has served on")
    assert len(site.world.ask(sa.select(Evidence.id))) == 1


def test_an_action_is_not_confirmed_without_evidence(site: Site, action: Ref) -> None:
    path = sent(site, action, as_="nell")
    answer = posted(site, path, {"title": "", "text": "All were there"})
    assert answer.status == 422
    after(answer, "Say what the evidence is.")
    after(answer, "All were there")
    assert site.world.state(action) == "in_progress"


def test_a_lead_who_saw_an_older_state_is_shown_the_new_one_first(site: Site, action: Ref) -> None:
    path = sent(site, action, as_="nell")
    form = site.get(path).page.hidden
    approval = site.world.asks(
        "nell", action, "extend", new_due_on=site.world.today + timedelta(days=200), reason="Late"
    )
    site.world.decides("ada", approval)
    answer = Shown(site.browser(None).post(path, data=form | DONE))
    assert answer.status == 409
    assert 'value="Attendance list"' in answer.html
    assert site.world.state(action) == "in_progress"
    assert site.post(path, answer.page.hidden | DONE).status == 200


def test_the_page_of_an_action_leads_the_owner_to_sending_a_link(site: Site, action: Ref) -> None:
    there = f"/{action}/links"
    shown = {who: there in site.get(f"/{action}", as_=who).page.links for who in ("nell", "sam", "bo", "dev")}
    assert shown == {"nell": True, "sam": True, "bo": False, "dev": False}


# -- whose returns are answered by links -------------------------------------------------------------------


def test_the_coordinator_has_links_go_with_the_requests_of_a_school(site_at: SiteAt) -> None:
    site = site_at("cases_selected")
    number = site.world.number(RecordSet, "school")
    listed = site.get("/admin/records", as_="sam")
    after(listed, "Education: Esme Eastlake By signing in")
    answer = site.post(f"/admin/records/{number}", {"by": "link"}, as_="sam", form_at="/admin/records")
    after(answer, "A link goes with each request from now on.")
    after(answer, "Education: Esme Eastlake By links")
    site.world.audit_at("agency_audits")
    assert site.get(mailed(site)).status == 200
    answer = site.post(f"/admin/records/{number}", {"by": "account"}, as_="ida", form_at="/admin/records")
    after(answer, "Education: Esme Eastlake By signing in")


@pytest.mark.parametrize("who", ["ada", "dev", "esme", "cleo", "una"])
def test_nobody_else_says_how_returns_are_answered(asked: Site, who: str) -> None:
    assert asked.get("/admin/records", as_=who).status == 404
    answer = asked.post("/admin/records/1", {"by": "link"}, as_=who, form_at="/account")
    assert answer.status == 404
    assert not any(asked.world.ask(sa.select(RecordSet.answers_by_link)))
