"""The report of the example year: what the group's own account tells, and nothing of a single case."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from io import BytesIO

import docx
import pytest
import sqlalchemy as sa

from assurance.config import HOME, settings_from
from assurance.migrate import migrate
from assurance.office import Office, clock_of
from assurance.records import (
    Action,
    Answer,
    Case,
    Dissemination,
    Evidence,
    Finding,
    Moderation,
    Person,
    ProgressNote,
    Recommendation,
)
from assurance.story import play, read_story
from engine.clock import FrozenClock
from engine.ledger import EventText
from engine.store import open_store
from reports.annual import AnnualReport, annual_report
from reports.render import render_docx, render_html, render_markdown
from tests.reports.years import on

SECTIONS = [
    "Purpose of the group",
    "Functions",
    "Membership",
    "Frequency",
    "Performance and effectiveness of work undertaken",
    "Areas for improvement and future development",
    "Future plans",
]
# What is said of recommendations as such is for the whole group; everything else that people wrote is not.
PUBLIC_TEXTS = ("recommendation", "reason")


@dataclass(frozen=True, slots=True)
class Year:
    """The report at the year's end and at the story's end, and every text that must stand in neither."""

    at_the_end: AnnualReport
    later: AnnualReport
    private: tuple[str, ...]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    folder = HOME / "examples" / "year-2014-15"
    story = read_story(folder, workflows=[HOME / "workflows"], rules=[HOME / "rules"])
    clock = FrozenClock(datetime.combine(story.begins, time(6), tzinfo=story.cast.zone))
    settings = settings_from({}, database=str(tmp_path_factory.mktemp("year") / "year.sqlite"))
    store = open_store(settings.database)
    migrate(store)
    office = Office(settings, store, story.shelf, clock=clock)
    play(office, story, clock=clock)
    with office.reading(clock_of(office.groups()[0])) as tx:
        yield Year(
            annual_report(tx, "2014-15"),
            annual_report(tx, "2014-15", story.ends),
            tuple(_private(tx.session)),
        )
    office.close()


def _private(session: sa.orm.Session) -> Iterator[str]:
    for column in (
        Person.name,
        Person.email,
        Case.case_ref,
        Case.criterion,
        Finding.text,
        Answer.text,
        Action.text,
        Action.measure,
        ProgressNote.text,
        Evidence.title,
        Evidence.text,
        Moderation.note,
        Dissemination.how,
    ):
        yield from (text for text in session.scalars(sa.select(column)) if text)
    individual = sa.select(Recommendation.text).where(Recommendation.type == "individual_practice")
    yield from session.scalars(individual)
    written = [row for row in session.scalars(sa.select(EventText)) if row.text]
    # A reason is kept with the request for a decision too.
    public = {row.text for row in written if (row.subject_kind, row.name) == PUBLIC_TEXTS}
    yield from (row.text for row in written if row.text and row.text not in public)


def _as_text(report: AnnualReport) -> tuple[str, str, str]:
    """Give what a reader of each format sees, with spaces made even."""
    document = docx.Document(BytesIO(render_docx(report)))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    word = "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)
    page = html.unescape(re.sub(r"<[^>]+>", " ", render_html(report).partition("</style>")[2]))
    even = [" ".join(text.split()) for text in (render_markdown(report), page, word)]
    return even[0], even[1], even[2]


def test_the_figures_are_those_of_the_published_account(year: Year) -> None:
    text = _as_text(year.at_the_end)[0]
    assert year.at_the_end.as_at == on("2015-03-31")
    assert [section.title for section in year.at_the_end.sections] == SECTIONS
    assert (
        "three audits, of 12 cases in all, with 26 aims and 19 multi-agency strategic recommendations" in text
    )
    for month, cases in (
        ("September 2014", "four children"),
        ("December 2014", "four families"),
        ("February 2015", "four children"),
    ):
        assert f"In {month} the group audited {cases}." in text
    for made in ("seven", "four", "eight"):
        assert f"The audit made {made} multi-agency strategic recommendations:" in text
    assert "School records" in text.partition("### Returns from agencies")[2].partition("###")[0]
    plans = year.at_the_end.sections[-1]
    assert len(plans.blocks) == 2


def test_a_later_day_tells_what_has_lasted_and_what_was_not_accepted(year: Year) -> None:
    text = _as_text(year.later)[0]
    assert "one is not accepted" in text
    assert re.search(
        r"Asked again in audit 3: \d+% of \d+ said yes before, \d+% of \d+ after\. Judged embedded on", text
    )
    assert "Judged not to have lasted on" in text
    assert "Judged embedded" not in _as_text(year.at_the_end)[0]


def test_no_format_tells_anything_of_a_case_a_finding_or_a_person(year: Year) -> None:
    assert len(year.private) > 500
    for report in (year.at_the_end, year.later):
        for text in _as_text(report):
            assert [words for words in year.private if " ".join(words.split()) in text] == []
