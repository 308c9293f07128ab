"""The example of seven ways to decide is played, and each way comes to what its page says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path

import pytest

from assurance.access import Viewer, viewer_of
from assurance.config import HOME, Settings
from assurance.migrate import migrate
from assurance.office import Office, clock_of
from assurance.queries.around import approvals
from assurance.queries.rows import ApprovalRow, Wanted
from assurance.roster import roster
from assurance.story import Story, play, read_story, summary
from assurance.tables import MOVED
from engine.clock import FrozenClock
from engine.diagram import mermaid
from engine.fences import EVERY
from engine.lint import lint
from engine.proof import verify
from engine.store import open_store
from tests.tools.written import lines_from_files

EXAMPLE = HOME / "examples" / "approval-policies"
PAGE = "examples/approval-policies/README.md"


@pytest.fixture(scope="module")
def story() -> Story:
    """The four weeks, read from their folder."""
    return read_story(EXAMPLE, workflows=(HOME / "workflows",), rules=(HOME / "rules",))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, story: Story) -> Iterator[Office]:
    """The office of the group after its four weeks."""
    settings = Settings(
        database=str(tmp_path_factory.mktemp("publications") / "weeks.sqlite"),
        var=HOME / "var",
        workflows=story.workflow_folders,
        rules=story.rule_folders,
        smtp_url=None,
        mail_from="papers@partnership.example",
        base_url="https://papers.example",
    )
    clock = FrozenClock(datetime.combine(story.begins, time(6), tzinfo=story.cast.zone))
    store = open_store(Path(settings.database))
    migrate(store)
    office = Office(settings, store, story.shelf, clock=clock)
    play(office, story, clock=clock)
    yield office
    office.close()


@pytest.fixture(scope="module")
def decisions(office: Office) -> tuple[ApprovalRow, ...]:
    """All decisions, in the order in which they were asked for."""
    (group_id,) = office.groups()
    with office.reading(clock_of(group_id)) as tx:
        people = roster(tx.session, group_id=group_id, today=tx.today)
        viewer: Viewer = viewer_of(people, tx.actor)
        return approvals(tx, viewer, Wanted()).rows


@pytest.mark.parametrize(
    ("kind", "came_of_it"),
    [
        ("leaflet", ["approved by Ines Ireland", "approved by Jude Jarvis"]),
        ("briefing", ["change_requested by Ines Ireland", "approved by Jude Jarvis"]),
        ("sharing_agreement", ["approved by Nora Nash, Ines Ireland", "rejected by Nora Nash"]),
        (
            "theme",
            [
                "approved by Lou Lane, Moss Mercer, Jude Jarvis",
                "rejected by Kit Keane, Moss Mercer, Jude Jarvis",
            ],
        ),
        ("press_statement", ["change_requested by Kit Keane", "approved by Kit Keane, Lou Lane"]),
        (
            "threshold_document",
            [
                "approved by Ines Ireland, Jude Jarvis, Kit Keane, Lou Lane",
                "approved by Ines Ireland, Lou Lane",
            ],
        ),
        ("data_request", ["approved by Jude Jarvis"]),
    ],
)
def test_each_way_to_decide_comes_to_what_its_page_says(
    decisions: tuple[ApprovalRow, ...], kind: str, came_of_it: list[str]
) -> None:
    assert [f"{row.state} by {row.decided_by}" for row in decisions if row.about.kind == kind] == came_of_it


def test_the_four_weeks_end_with_every_seal_whole_and_nothing_waiting(office: Office) -> None:
    left = summary(office.store)
    assert left.by_state["approval"] == {"approved": 9, "change_requested": 2, "rejected": 2}
    assert (left.by_state["theme"], left.by_state["sharing_agreement"]) == (
        {"adopted": 1, "draft": 1},
        {"signed": 1, "dropped": 1},
    )
    assert left.escalations == 2
    with office.store.reading(group=EVERY) as session:
        assert verify(session, MOVED).faults == ()


def test_no_policy_of_the_example_is_pointed_out_by_the_linter(story: Story) -> None:
    papers = [story.shelf.workflows[path.stem] for path in sorted((EXAMPLE / "workflows").glob("*.yaml"))]
    assert len(papers) == 7
    assert [finding for workflow in papers for finding in lint(workflow)] == []


def test_the_pictures_say_who_decides(story: Story) -> None:
    pictures = {kind: mermaid(workflow) for kind, workflow in story.shelf.workflows.items()}
    assert "approval: chair (or deputy chair) and information lead)" in pictures["sharing_agreement"]
    assert "approval: 2 of the members, each with a veto)" in pictures["press_statement"]
    assert "approval: 3 of the members, once all are heard)" in pictures["threshold_document"]


def test_the_page_quotes_the_policies_as_they_stand_in_their_files() -> None:
    quoted = lines_from_files(PAGE)
    assert len(quoted) == 7
    for name, text in quoted:
        assert text in (HOME / "examples" / name).read_text(encoding="utf-8")
