"""A story is played on a virtual clock, every verb of it, and goes on where it stood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

import pytest

from assurance.config import HOME, Settings
from assurance.migrate import migrate
from assurance.office import Office
from assurance.story import Played, Story, play, read_story, summary
from assurance.story.play import StoryRefused, is_finished, stories
from assurance.tables import MOVED
from engine.clock import FrozenClock
from engine.errors import Refused, Stale
from engine.fences import EVERY
from engine.proof import verify
from engine.store import open_store

GOOD = Path(__file__).parent / "good_story"
HOUSE = {"workflows": (HOME / "workflows",), "rules": (HOME / "rules",)}

INTERRUPTED_ON = (1, 5, 40, 41, 150, 350)  # counted in days that were played, over all attempts


@pytest.fixture(scope="module")
def story() -> Story:
    """The small year."""
    return read_story(GOOD, **HOUSE)


class Stage:
    """An empty office in which stories can be played."""

    def __init__(self, database: str, story: Story) -> None:
        settings = Settings(
            database=database,
            var=HOME / "var",
            workflows=story.workflow_folders,
            rules=story.rule_folders,
            smtp_url=None,
            mail_from="audits@board.example",
            base_url="https://audits.example",
        )
        self.clock = FrozenClock(datetime.combine(story.begins, time(6), story.cast.zone))
        store = open_store(database)
        migrate(store)
        self.office = Office(settings, store, story.shelf, clock=self.clock)

    def plays(self, story: Story) -> Played:
        return play(self.office, story, clock=self.clock)


@pytest.fixture
def stage(tmp_path: Path, story: Story) -> Iterator[Stage]:
    """An empty office in an SQLite file."""
    stage = Stage(str(tmp_path / "story.sqlite"), story)
    yield stage
    stage.office.close()


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory, story: Story) -> Iterator[Stage]:
    """The office after the small year, played without a break."""
    stage = Stage(str(tmp_path_factory.mktemp("story") / "played.sqlite"), story)
    stage.plays(story)
    yield stage
    stage.office.close()


def test_a_small_year_leaves_what_it_tells(after: Stage, story: Story) -> None:
    left = summary(after.office.store)
    assert (left.audits, left.aims, left.cases, left.findings) == (2, 3, 3, 2)
    assert (left.recommendations, left.actions, left.concerns, left.returns) == (2, 1, 1, 6)
    assert (left.approvals, left.matters, left.progress_notes) == (17, 2, 1)
    assert left.by_state["recommendation"] == {"embedded": 1, "not_accepted": 1}
    assert left.by_state["agency_return"] == {"accepted": 5, "not_known": 1}
    assert left.by_state["dip_sample"] == {"done": 1}
    assert left.by_state["approval"] == {"approved": 15, "change_requested": 1, "rejected": 1}
    assert min(left.reminders, left.escalations) > 0
    assert left.mails == left.mails_owed > 60
    assert left.mails_withdrawn > 0, "what is no longer true was withdrawn"
    assert left.plain()["events"] == left.events > 150
    with after.office.store.reading(group=EVERY) as session:
        assert verify(session, MOVED).faults == ()
    assert is_finished(after.office, story)
    assert stories(after.office) == ("small-year",)


def test_a_story_that_was_played_is_not_played_again(after: Stage, story: Story) -> None:
    before = summary(after.office.store)
    assert after.plays(story).steps == 0
    assert summary(after.office.store) == before


@pytest.mark.postgres
def test_on_postgresql_the_same_year_leaves_the_same(
    after: Stage, story: Story, empty_postgres_house: str
) -> None:
    stage = Stage(empty_postgres_house, story)
    seen: list[date] = []
    posted: list[datetime] = []
    played = play(
        stage.office,
        story,
        clock=stage.clock,
        deliver=lambda office: posted.append(office.clock.now()),
        progress=lambda day, _done, _all: seen.append(day),
    )
    assert (played.steps, played.days) == (len(story.steps), (story.ends - story.begins).days + 1)
    assert len(seen) == played.days
    # Each morning, and once more after the last step of a day that has any.
    days_with_steps = {step.at.astimezone(story.cast.zone).date() for step in story.steps}
    assert {at.astimezone(story.cast.zone).date() for at in posted} == set(seen)
    assert len(posted) == played.days + len(days_with_steps)
    assert (seen[0], seen[-1]) == (story.begins, story.ends)
    assert summary(stage.office.store) == summary(after.office.store)
    with stage.office.store.reading(group=EVERY) as session:
        assert verify(session, MOVED).faults == ()
    stage.office.close()


def test_a_story_that_was_interrupted_goes_on_and_ends_as_if_nothing_had_been(
    after: Stage, stage: Stage, story: Story
) -> None:
    days = 0

    def stops(_office: Office) -> None:
        nonlocal days
        days += 1
        if days in INTERRUPTED_ON:
            raise KeyboardInterrupt

    for _ in INTERRUPTED_ON:
        with pytest.raises(KeyboardInterrupt):
            play(stage.office, story, clock=stage.clock, deliver=stops)
        assert not is_finished(stage.office, story)
    stage.plays(story)
    assert is_finished(stage.office, story)
    assert summary(stage.office.store) == summary(after.office.store)


def test_a_step_that_the_workflow_refuses_is_named_with_its_line(stage: Stage, story: Story) -> None:
    refused = replace(story, steps=(story.steps[0], *story.steps[2:]))
    with pytest.raises(StoryRefused, match=r"story\.yaml:20: move by Sam Sedley was refused\. Write down at"):
        stage.plays(refused)
    assert not is_finished(stage.office, story)
    assert summary(stage.office.store).audits == 1


def test_of_two_who_play_one_story_at_once_one_stops_and_the_other_goes_on(
    after: Stage, stage: Stage, story: Story
) -> None:
    other = Stage(stage.office.settings.database, story)

    def plays_as_well(_office: Office) -> None:
        other.plays(story)

    with pytest.raises(
        Stale, match="Another demo is playing into this database; it goes on, and this one stops"
    ):
        play(stage.office, story, clock=stage.clock, deliver=plays_as_well)
    assert is_finished(other.office, story)
    assert summary(other.office.store) == summary(after.office.store)
    other.office.close()


def test_two_stories_do_not_share_a_database(stage: Stage, story: Story) -> None:
    stage.plays(replace(story, ends=story.begins, steps=()))
    with pytest.raises(
        Refused, match="A group lives in this database already; play the story in a fresh one"
    ):
        stage.plays(replace(story, key="another-year"))


def test_a_story_may_lie_in_several_files(tmp_path: Path, story: Story) -> None:
    whole = (GOOD / "story.yaml").read_text(encoding="utf-8")
    head, second = whole.split("  # Has it lasted?", 1)
    (tmp_path / "story").mkdir()
    (tmp_path / "story" / "1-first.yaml").write_text(head, encoding="utf-8")
    (tmp_path / "story" / "2-second.yaml").write_text(f"steps:\n  # Has it lasted?{second}", encoding="utf-8")
    for name in ("group.yaml", "workflows", "rules"):
        (tmp_path / name).symlink_to(GOOD / name)
    parted = read_story(tmp_path, **HOUSE)
    assert [(step.place, step.at, step.person) for step in parted.steps] == [
        (step.place, step.at, step.person) for step in story.steps
    ]
