"""Decisions that several are asked for, at the command line: who is missing, whose answers settled it, who counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assurance.commands.founding import open_matter
from assurance.config import HOME
from assurance.playbook import read_shelf
from engine.moved import Ref
from tests.cli.conftest import Run, one_line
from tests.world import World

PAPERS = HOME / "examples" / "approval-policies" / "workflows"
MEMBERS = ("ada", "dan", "bo", "dev", "esme", "fay", "gil")


class Papers:
    """A database with one paper of each of two kinds, and the command line that knows such papers."""

    def __init__(self, run: Run, database: Path) -> None:
        self._run, self._database = run, database
        world = World(database, shelf=read_shelf((HOME / "workflows", PAPERS), (HOME / "rules",)))
        self.theme, self.document = (_paper(world, kind) for kind in ("theme", "threshold_document"))
        world.close()

    def __call__(self, *words: str, ends_with: int = 0) -> str:
        """Run some words and give what was said."""
        folders = f"{HOME / 'workflows'}:{PAPERS}"
        result = self._run(*words, database=self._database, workflows=folders)
        assert result.exit_code == ends_with, result.output
        return one_line(result.output)


def _paper(world: World, kind: str) -> Ref:
    with world.does("sam") as tx:
        return open_matter(tx, kind, "A paper", {})


@pytest.fixture
def papers(run: Run, tmp_path: Path) -> Papers:
    """Papers that several have to agree to."""
    return Papers(run, tmp_path / "papers.sqlite")


def test_every_answer_says_how_far_it_is_until_it_is_settled(papers: Papers) -> None:
    asked = papers("move", str(papers.theme), "adopt", "--as", "sam")
    assert asked.startswith(
        "approval/1 waits for the decision of 3 of the members. 3 of the members have to agree; "
    )
    papers("decide", "1", "approve", "--as", "bo")
    papers("decide", "1", "reject", "--as", "fay", "--reason", "We had it two years ago.")
    second = papers("decide", "1", "approve", "--as", "esme")
    assert second.strip() == (
        "approval/1: your answer is written down. 2 of 3 members have agreed, 1 has not; Ada Ashdown, Dan Dole, "
        "Dev Dunmore and Gil Gadsby are still to answer."
    )
    assert "2 of 3 members have agreed" in papers("list", "approvals")
    assert "Fay Finch member" in papers("show", "approval/1")
    settled = papers("decide", "1", "approve", "--as", "gil")
    assert settled.strip() == "approval/1: approved. theme/1 is at ‘Adopted’."
    told = papers("history", "theme/1")
    assert "Bo Birchall, Esme Eastlake and Gil Gadsby agreed to the step ‘Adopt the theme’" in told
    assert "Bo Birchall, Esme Eastlake, Gil Gadsby" in papers("list", "approvals")
    assert "every seal holds" in papers("verify")


def test_offers_say_what_was_answered_and_that_there_is_nothing_to_count(papers: Papers) -> None:
    papers("move", str(papers.theme), "adopt", "--as", "sam")
    papers("decide", "1", "approve", "--as", "bo")
    for_bo = papers("offers", "approval/1", "--as", "bo")
    assert "You have answered: approve; until it is settled, another answer replaces it." in for_bo
    for_sam = papers("offers", "approval/1", "--as", "sam")
    assert "There is nothing to count yet. 1 of 3 members has agreed;" in for_sam
    assert "Needs the decision of 3 of the members." not in for_sam
    assert "have answered already: approve" in papers("decide", "1", "approve", "--as", "bo", ends_with=3)
    assert "nothing to count yet" in papers("decide", "1", "count", "--as", "sam", ends_with=3)
    assert "is a step for the requester or the coordinator" in papers(
        "decide", "1", "count", "--as", "bo", ends_with=3
    )


def test_before_it_is_asked_offers_name_whose_decision_it_needs(papers: Papers) -> None:
    assert "Needs the decision of 3 of the members." in papers("offers", str(papers.document), "--as", "sam")
    shown = json.loads(papers("offers", str(papers.document), "--as", "sam", "--json"))
    assert shown["doors"][0]["needs_decision_of"] == "3 of the members"


def test_what_all_answers_come_to_need_not_be_what_the_last_one_says(papers: Papers) -> None:
    papers("move", str(papers.document), "adopt", "--as", "sam")
    for who in MEMBERS[:-1]:
        papers("decide", "1", "approve", "--as", who)
    last = papers("decide", "1", "reject", "--as", MEMBERS[-1], "--reason", "Too long.")
    assert last.strip() == "approval/1: approved. threshold_document/2 is at ‘Adopted’."


def test_whoever_counts_gives_no_answer(papers: Papers) -> None:
    papers("move", str(papers.document), "adopt", "--as", "sam")
    refused = papers("decide", "1", "count", "--as", "sam", "--reason", "At last.", ends_with=2)
    assert "Whoever counts the answers gives none: leave --reason and --meeting out." in refused
