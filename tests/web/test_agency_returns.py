"""One return as a page: answered bit by bit, never lost, locked once submitted, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.commands import reading
from assurance.config import LARGEST_FILE
from assurance.files.cabinet import MEGABYTE
from assurance.office import Office
from assurance.records import AgencyReturn, Answer, StoredFile
from engine.fences import EVERY
from engine.moved import Ref
from tests.assurance.files import uploads
from tests.web.site import Answer as Page
from tests.web.site import Site
from web.app import create_app
from web.headers import LARGEST_BODY

At = Callable[[str | None], Site]
CANARY = "Zebrafish at the window"


@pytest.fixture
def reading_site(site_at: At, tmp_path: Path) -> Site:
    """The pages while the agencies read their records; files go into a folder of the test's own."""
    site = site_at("agency_audits")
    settings = replace(site.world.settings, var=tmp_path)
    site.world.office = Office(settings, site.world.office.store, site.world.shelf, clock=site.world.clock)
    site.app = create_app(site.world.office)
    return site


def address(ref: Ref) -> str:
    return f"/{ref}"


def saves(site: Site, who: str, ref: Ref, *, then: str = "save", **fields: str) -> Page:
    given = {re.sub(r"_(?=\d)", "-", name): value for name, value in fields.items()}
    opened = site.get(address(ref), as_=who).page.hidden
    seen = {name: value for name, value in opened.items() if name.startswith("seen-")}
    return site.post(address(ref), {**seen, **given, "then": then}, as_=who)


def kept(site: Site) -> list[tuple[str, str]]:
    return [(one.answer, one.text) for one in site.world.ask(sa.select(Answer).order_by(Answer.id))]


# -- reading -----------------------------------------------------------------------------------------------


def test_the_page_says_what_is_asked_by_when_and_of_which_records(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    answer = reading_site.get(address(ref), as_="bo")
    assert answer.status == 200
    assert answer.page.heading.startswith("Health visiting, case C-")
    for words in (
        "Audit 2014-15/1: Neglect",
        "27 November 2014: 53 working days from today",
        "0 of 2 aims answered",
        "1. Was information shared in time?",
        "No evidence on file",
        "answer “not known to us”",
    ):
        assert words in answer.text, words


@pytest.mark.parametrize("who", ["dev", "gil", "cleo", "ida", "thea", "hal", "viv"])
def test_nobody_of_another_agency_learns_that_there_is_such_a_return(reading_site: Site, who: str) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    saves(reading_site, "bo", ref, answer_1="no", words_1=CANARY)
    for path in (address(ref), f"{address(ref)}/history"):
        answer = reading_site.get(path, as_=who)
        assert answer.status == 404
        assert CANARY not in answer.html
    assert CANARY not in reading_site.get("/agency_returns", as_=who).html
    assert reading_site.post(address(ref), {"answer-1": "yes", "then": "save"}, as_=who).status in (403, 404)
    assert kept(reading_site) == [("no", CANARY)]


@pytest.mark.parametrize("who", ["sam", "ada", "dan", "una"])
def test_others_who_see_everything_read_it_and_cannot_answer(reading_site: Site, who: str) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    saves(reading_site, "bo", ref, answer_1="no", words_1=CANARY)
    answer = reading_site.get(address(ref), as_=who)
    assert CANARY in answer.text
    assert "1 of 2 aims answered" in answer.text
    assert "answer-1" not in answer.page.names


# -- saving ------------------------------------------------------------------------------------------------


def test_one_saves_and_comes_back(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    answer = saves(reading_site, "bo", ref, answer_2="partly", words_2="Named,\r\nnot asked", tool="HV tool")
    assert (answer.status, answer.path) == (200, address(ref))
    assert "Saved. 1 of 2 aims answered. 1 aim to go." in answer.text
    assert kept(reading_site) == [("partly", "Named,\nnot asked")]
    again = reading_site.get(address(ref), as_="bo")
    assert "Named, not asked" in again.text
    assert 'value="HV tool"' in again.html
    assert reading_site.world.state(ref) == "in_progress"


def test_saving_what_is_saved_writes_nothing(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    saves(reading_site, "bo", ref, answer_1="no", words_1="Late")
    lines = reading_site.world.version(ref)
    answer = saves(reading_site, "bo", ref, answer_1="no", words_1="Late")
    assert "Nothing was changed" in answer.text
    assert reading_site.world.version(ref) == lines


def test_words_without_an_answer_are_asked_for_and_the_rest_is_saved(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    answer = saves(reading_site, "bo", ref, answer_1="yes", words_2="Only words")
    assert answer.status == 422
    assert "Aim 2: choose one of the five answers, so that your words are kept." in answer.text
    assert "Everything else is kept. Saved. 1 of 2 aims answered." in answer.text
    assert "Only words" in answer.text
    assert kept(reading_site) == [("yes", "")]


def test_the_guard_asks_before_an_identifier_is_saved(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    fields = {"answer_1": "no", "words_1": "Sarah was not asked", "answer_2": "yes"}
    answer = saves(reading_site, "bo", ref, **fields)
    assert answer.status == 422
    assert "‘Sarah’ looks like somebody's name" in answer.text
    assert "Sarah was not asked" in answer.text
    assert [answer for answer, _ in kept(reading_site)] == ["yes"]
    assert saves(reading_site, "bo", ref, no_identifiers="y", **fields).status == 200
    assert ("no", "Sarah was not asked") in kept(reading_site)


def test_an_answer_that_is_none_of_the_five_is_refused(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    answer = saves(reading_site, "bo", ref, answer_1="perhaps")
    assert answer.status == 422
    assert "is not an answer" in answer.text
    assert kept(reading_site) == []


def test_of_two_who_answer_the_same_aim_the_second_is_asked_first(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("school")
    late = reading_site.get(address(ref), as_="esme").page.hidden
    saves(reading_site, "dev", ref, answer_1="yes", words_1="In time")
    typed = {"answer-1": "no", "words-1": "Late, I think", "then": "save"}
    seen = {name: value for name, value in late.items() if name.startswith("seen-")}
    answer = reading_site.post(address(ref), seen | typed, as_="esme")
    assert answer.status == 409
    assert "Aim 1 was answered by somebody else meanwhile: ‘yes’." in answer.text
    assert "Late, I think" in answer.text
    assert kept(reading_site) == [("yes", "In time")]
    fresh = {name: value for name, value in answer.page.hidden.items() if name.startswith("seen-")}
    client = reading_site.browser("esme")
    hidden = {name: answer.page.hidden[name] for name in ("csrf", "key")}
    client.post(address(ref), data=hidden | fresh | typed)
    assert kept(reading_site) == [("no", "Late, I think")]


def test_a_grade_is_taken_back_by_choosing_none(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("school")
    saves(reading_site, "dev", ref, answer_1="yes", grade="Good")
    saves(reading_site, "dev", ref, answer_2="yes")  # as a form would that shows no grades
    grade = sa.select(AgencyReturn.grade).where(AgencyReturn.id == ref.id)
    assert reading_site.world.ask(grade) == ["Good"]
    assert saves(reading_site, "dev", ref, grade="").status == 200
    assert reading_site.world.ask(grade) == [None]


@pytest.mark.parametrize(
    ("problem", "status"), [({}, 200), ({"answer-2": "", "words-2": "Without an answer"}, 422)]
)
def test_whoever_saves_an_aim_leaves_the_grade_and_the_tool_that_another_has_given_meanwhile(
    reading_site: Site, problem: dict[str, str], status: int
) -> None:
    ref = reading_site.world.agency_return("school")
    saves(reading_site, "dev", ref, answer_1="yes", grade="Good", tool="Version 1")
    late = reading_site.get(address(ref), as_="esme").page.hidden
    saves(reading_site, "dev", ref, grade="Inadequate", tool="Version 2")
    seen = {name: value for name, value in late.items() if name.startswith("seen-")}
    as_it_was = {"answer-1": "yes", "grade": "Good", "tool": "Version 1", "then": "save"}
    typed = {"answer-2": "partly", **problem}
    answer = reading_site.post(address(ref), seen | as_it_was | typed, as_="esme")
    assert answer.status == status
    stands = sa.select(AgencyReturn.grade, AgencyReturn.tool).where(AgencyReturn.id == ref.id)
    with reading_site.world.office.store.reading(group=EVERY) as session:
        assert session.execute(stands).one() == ("Inadequate", "Version 2")
    shown = reading_site.get(address(ref), as_="esme") if status == 200 else answer
    assert (shown.page.hidden["seen-tool"], shown.page.hidden["seen-grade"]) == ("Version 2", "Inadequate")
    assert 'name="tool" type="text" value="Version 2"' in shown.html


# -- submitting --------------------------------------------------------------------------------------------


def test_a_return_is_submitted_and_locked(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    answer = saves(
        reading_site, "bo", ref, then="submit", answer_1="yes", answer_2="no", remark="File 2 is lost"
    )
    assert "The return is submitted and locked." in answer.text
    assert reading_site.world.state(ref) == "submitted"
    assert "answer-1" not in answer.page.names
    assert "File 2 is lost" in reading_site.world.texts(ref).values()


def test_what_lacks_an_answer_is_saved_and_not_submitted(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    answer = saves(reading_site, "bo", ref, then="submit", answer_1="yes", words_1="In time")
    assert answer.status == 422
    assert "Answer every aim; “no evidence on file” is an answer too." in answer.text
    assert "Saved. 1 of 2 aims answered." in answer.text
    assert kept(reading_site) == [("yes", "In time")]


def test_what_came_back_says_why_on_top(reading_site: Site) -> None:
    world = reading_site.world
    ref = world.agency_return("police")
    world.fills("fay", ref)
    world.moves("fay", ref, "submit")
    step = {
        "reason": "Aim 2 needs words",
        "new_due_on-day": "30",
        "new_due_on-month": "9",
        "new_due_on-year": "2014",
    }
    reading_site.post(f"{address(ref)}/steps/request_changes", step, as_="sam")
    answer = reading_site.get(address(ref), as_="fay")
    assert "Sent back to you Aim 2 needs words Sam Sedley, " in answer.text
    assert "Now due on 30 September 2014." in answer.text
    assert answer.text.index("Aim 2 needs words") < answer.text.index("The aims")
    saves(reading_site, "fay", ref, then="submit", answer_2="no", words_2="Read from March")
    assert world.state(ref) == "submitted"


def test_what_was_typed_is_shown_again_where_the_return_was_locked_meanwhile(reading_site: Site) -> None:
    world = reading_site.world
    ref = world.agency_return("school")
    opened = reading_site.get(address(ref), as_="esme").page.hidden
    world.fills("dev", ref)
    world.moves("dev", ref, "submit")
    client = reading_site.browser("esme")
    seen = {
        name: value for name, value in opened.items() if name in ("csrf", "key") or name.startswith("seen-")
    }
    typed = {"answer-1": "no", "words-1": "Two hours of reading", "then": "save"}
    answer = Page(client.post(address(ref), data=seen | typed))
    assert answer.status in (409, 422)
    assert "Two hours of reading" in answer.text
    assert [one for one, _ in kept(reading_site)] == ["yes", "yes"]


# -- files -------------------------------------------------------------------------------------------------


def attaches(site: Site, who: str, ref: Ref, name: str, content: bytes, **fields: str) -> Page:
    opened = site.get(address(ref), as_=who).page.hidden
    seen = {field: value for field, value in opened.items() if field.startswith("seen-")}
    given = {re.sub(r"_(?=\d)", "-", field): value for field, value in fields.items()}
    data = {**seen, **given, "then": "save"}
    return site.post(address(ref), data, as_=who, files={"file": (name, content)})


def test_the_agency_attaches_its_tool_and_gets_it_back_as_a_file(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    answer = attaches(reading_site, "bo", ref, "tool für C.pdf", uploads.PDF, answer_1="yes")
    assert "tool für C.pdf" in answer.text
    assert "not scanned), Bo Birchall, 15 September 2014 at 10:00" in answer.text
    response = reading_site.browser("bo").get("/file/1")
    assert response.content == uploads.PDF
    assert response.headers["content-disposition"] == "attachment; filename*=UTF-8''tool%20f%C3%BCr%20C.pdf"
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in response.headers["content-security-policy"]


@pytest.mark.parametrize("who", ["dev", "gil", "cleo", "ida", "viv"])
def test_a_file_is_nobody_elses(reading_site: Site, who: str) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    attaches(reading_site, "bo", ref, "tool.pdf", uploads.PDF)
    assert reading_site.get("/file/1", as_=who).status == 404
    assert reading_site.get("/file/1", as_="sam").status == 200


def test_a_large_file_is_taken_up_to_the_limit(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    room = 10 * 1024 * 1024 - len(uploads.PDF)
    largest = uploads.PDF.replace(b"trailer", b" " * room + b"trailer")
    assert "tool.pdf" in attaches(reading_site, "bo", ref, "tool.pdf", largest).text
    answer = attaches(reading_site, "bo", ref, "tool.pdf", largest + b" ")
    assert answer.status == 422
    assert "larger than 10 MB, the most that is taken" in answer.text


def test_the_largest_limit_of_files_fits_into_what_pages_read_of_a_request() -> None:
    assert LARGEST_FILE * MEGABYTE < LARGEST_BODY


def test_a_wrong_file_is_refused_beside_its_field_and_answers_are_saved(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    answer = attaches(reading_site, "bo", ref, "tool.exe", uploads.EXE, answer_1="yes", words_1="In time")
    assert answer.status == 422
    assert "‘.exe’ are not taken here; send PDF, Word" in answer.text
    assert "Everything else is kept. Saved. 1 of 2 aims answered." in answer.text
    assert reading_site.world.ask(sa.select(StoredFile)) == []
    assert kept(reading_site) == [("yes", "In time")]


def test_a_file_that_is_damaged_where_it_lies_is_not_handed_out(reading_site: Site, tmp_path: Path) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    attaches(reading_site, "bo", ref, "tool.pdf", uploads.PDF)
    [stored] = (tmp_path / "files").iterdir()
    stored.write_bytes(b"%PDF other")
    answer = reading_site.get("/file/1", as_="bo")
    assert answer.status == 422
    assert "damaged or missing" in answer.text


def test_a_file_is_taken_back_and_gone(reading_site: Site, tmp_path: Path) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    answer = attaches(reading_site, "bo", ref, "tool.pdf", uploads.PDF)
    assert "/file/1/take_back" in answer.page.links
    assert "Take ‘tool.pdf’ back" in reading_site.get("/file/1/take_back", as_="bo").text
    for who in ("dev", "cleo", "viv"):
        assert reading_site.get("/file/1/take_back", as_=who).status == 404
        token = {"csrf": reading_site.get(address(ref), as_=who).page.hidden.get("csrf", "")}
        assert reading_site.post("/file/1/take_back", token, as_=who).status in (403, 404)
    refused = reading_site.post("/file/1/take_back", as_="sam")
    assert refused.status == 422
    assert "is a step for" in refused.text
    gone = reading_site.post("/file/1/take_back", as_="bo")
    assert gone.path == address(ref)
    assert "The file is taken back; its content is deleted." in gone.text
    assert reading_site.get("/file/1", as_="bo").status == 404
    assert list((tmp_path / "files").iterdir()) == []
    assert "a file was taken back" in reading_site.get(f"{address(ref)}/history", as_="bo").text
    assert "tool.pdf" not in reading_site.get(f"{address(ref)}/history", as_="bo").text


def test_the_name_of_a_file_may_tell_who_it_is_too(reading_site: Site) -> None:
    ref = reading_site.world.agency_return("health_visiting")
    answer = attaches(reading_site, "bo", ref, "Sarah_Jones-tool.pdf", uploads.PDF, answer_1="yes")
    assert answer.status == 422
    assert "The name of the file: ‘Sarah Jones’ looks like somebody's name" in answer.text
    assert reading_site.world.ask(sa.select(StoredFile)) == []
    assert kept(reading_site) == [("yes", "")]
    attaches(reading_site, "bo", ref, "Sarah_Jones-tool.pdf", uploads.PDF, no_identifiers="y")
    assert reading_site.world.ask(sa.select(StoredFile.name)) == ["Sarah_Jones-tool.pdf"]


# -- the list ----------------------------------------------------------------------------------------------


def test_the_list_shows_mine_first_and_can_be_narrowed(reading_site: Site) -> None:
    world = reading_site.world
    with world.does("dev") as tx:
        aims = {aim: reading.Answered("yes", "", reading.mark_of(None, "")) for aim in world.aims()}
        reading.save_return(tx, world.agency_return("social_care"), aims)
    answer = reading_site.get("/agency_returns", as_="dev")
    assert "4 returns" in answer.text
    assert "For you to answer" in answer.text
    narrowed = reading_site.get("/agency_returns?state=in_progress&q=social", as_="dev")
    assert "1 return" in narrowed.text
    assert "2 of 2" in narrowed.text
    assert "No return is like that" in reading_site.get("/agency_returns?show=late", as_="dev").text
    world.on(date(2014, 12, 1))
    assert "4 days late" in Site(world).get("/agency_returns?show=late", as_="dev").text


def test_whoever_has_no_returns_is_told_so(reading_site: Site) -> None:
    answer = reading_site.get("/agency_returns", as_="cleo")
    assert answer.status == 200
    assert "There is no return that you may see." in answer.text


def test_a_file_of_evidence_is_taken_back_by_whoever_may_hand_in(site_at: At, tmp_path: Path) -> None:
    site = site_at("actions")
    world = site.world
    world.office = Office(
        replace(world.settings, var=tmp_path), world.office.store, world.shelf, clock=world.clock
    )
    site = Site(world)
    world.moves("bo", Ref("action", 1), "begin")
    fields = {"title": "Attendance list", "text": "All came."}
    step = "/action/1/steps/add_evidence"
    site.post(step, fields, as_="bo", files={"file": ("list.pdf", uploads.PDF)})
    assert "/file/1/take_back" in site.get("/action/1", as_="bo").page.links
    assert "/file/1/take_back" not in site.get("/action/1", as_="una").page.links
    answer = site.post("/file/1/take_back", as_="bo")
    assert answer.path == "/action/1"
    assert "list.pdf" not in answer.text
    assert "Attendance list" in answer.text
