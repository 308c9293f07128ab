"""The picture of a workflow: every state and move is on it once, nothing meets, and it can be read aloud."""

from __future__ import annotations

from itertools import combinations
from xml.parsers.expat import ParserCreate

import pytest

from engine.diagram import mermaid, svg
from engine.diagram_layout import BESIDE, BOX, LABEL, Layout, lay_out
from engine.workflow import Workflow
from tests.engine.action_workflow import ACTION, GOOD, action

BUSY = """\
workflow: action
title: Action
states:
  waiting: {title: Waiting, starts: true}
  sent: {title: "Sent & <marked>"}
  approved: {title: Approved, final: true}
  rejected: {title: Rejected, final: true}
  withdrawn: {title: Withdrawn, final: true}
  lapsed: {title: Lapsed, final: true}
  back: {title: Back}
moves:
  - {trigger: send, title: Send, from: waiting, to: sent, by: owner}
  - {trigger: approve, title: Approve, from: sent, to: approved, by: chair}
  - {trigger: approve_now, title: Approve at once, from: waiting, to: approved, by: chair}
  - {trigger: approve_late, title: Approve late, from: sent, to: approved, by: deputy_chair}
  - {trigger: reject, title: Reject, from: [waiting, sent], to: rejected, by: chair}
  - {trigger: withdraw, title: Withdraw, from: [waiting, sent], to: withdrawn, by: owner}
  - {trigger: lapse, title: Let it lapse, from: waiting, to: lapsed, by: coordinator}
  - {trigger: give_back, title: Give back, from: [sent, rejected], to: back, by: chair}
  - {trigger: send_again, title: Send again, from: back, to: sent, by: owner}
  - {trigger: undo, title: Undo, from: [sent, approved, rejected], to: waiting, by: chair}
  - {trigger: note, title: Note, from: [waiting, rejected], to: same, by: owner}
"""


def busy() -> Workflow:
    return Workflow.from_text(BUSY, ACTION, file="action.yaml")


WORKFLOWS = [action(), busy()]


def texts(workflow: Workflow, *, element: str = "text") -> list[str]:
    """Read the picture as strictly as a browser does and return the texts of its elements of one name."""
    found: list[str] = []
    inside = [""]
    parser = ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, _: inside.append(name)
    parser.EndElementHandler = lambda _: inside.pop()
    parser.CharacterDataHandler = lambda text: found.append(text) if inside[-1] == element else None
    parser.Parse(svg(workflow), True)
    return found


def test_the_mermaid_text_has_a_line_for_every_arrow() -> None:
    lines = [line.strip() for line in mermaid(action()).splitlines()]
    assert lines[:3] == ["stateDiagram-v2", "direction TB", 'state "Proposed" as proposed']
    assert "[*] --> proposed" in lines
    assert "confirmed --> verified : Verify the action (by chair or deputy chair)" in lines
    assert "agreed --> agreed : Note progress (by owner or agency lead)" in lines
    assert (
        "agreed --> risk_accepted : Accept the risk instead "
        "(by agency lead, approval in a meeting: chair or deputy chair)"
    ) in lines
    assert [line for line in lines if line.endswith("--> [*]")] == [
        "embedded --> [*]",
        "superseded --> [*]",
        "risk_accepted --> [*]",
    ]
    assert sum("-->" in line for line in lines) == 4 + sum(len(way.sources) for way in action().moves)


def test_a_state_whose_name_is_a_word_of_mermaid_does_not_end_the_drawing() -> None:
    text = (
        BUSY.replace("  lapsed:", "  end:")
        .replace("to: lapsed", "to: end")
        .replace("Lapsed", "The end; really")
    )
    lines = mermaid(Workflow.from_text(text, ACTION, file="action.yaml")).splitlines()
    assert '    state "The end, really" as end_' in lines
    assert "    waiting --> end_ : Let it lapse (by coordinator)" in lines


def test_the_main_line_runs_straight_down_to_the_first_end() -> None:
    layout = lay_out(action())
    main = [box for box in layout.boxes if box.is_main]
    assert [box.state.name for box in main] == [
        *("proposed", "agreed", "in_progress", "confirmed", "verified", "embedded"),
    ]
    assert len({box.x for box in main}) == 1
    assert [box.y for box in main] == sorted(box.y for box in main)
    assert len(layout.straight) == 5


def test_back_moves_run_on_the_left_and_exits_on_the_right() -> None:
    sides = {(line.source.state.name, line.target.state.name): line.side for line in lay_out(action()).bent}
    assert sides["confirmed", "in_progress"] == sides["verified", "in_progress"] == "left"
    assert sides["agreed", "superseded"] == sides["agreed", "confirmed"] == "right"


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_no_two_boxes_meet_and_all_stand_on_the_page(workflow: Workflow) -> None:
    layout = lay_out(workflow)
    for one, other in combinations(layout.boxes, 2):
        apart_across = abs(one.x - other.x) >= BOX
        upper, lower = sorted((one, other), key=lambda box: box.y)
        assert apart_across or upper.y + upper.height <= lower.y
    for box in layout.boxes:
        assert 0 <= box.x <= layout.width - BOX
        assert 0 <= box.y <= layout.height - box.height


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_no_two_labels_meet(workflow: Workflow) -> None:
    places = label_places(lay_out(workflow))
    for (left, right, top, bottom), (other_left, other_right, other_top, other_bottom) in combinations(
        places, 2
    ):
        apart_across = right <= other_left or other_right <= left
        assert apart_across or bottom <= other_top or other_bottom <= top


def label_places(layout: Layout) -> list[tuple[float, float, float, float]]:
    places = []
    for line in layout.bent:
        height = sum(part.height for part in line.out.label)
        to_the_right = line.side == "right" and line.source.is_main
        left = line.source.x + BOX if to_the_right else line.source.x - LABEL
        places.append((left, left + LABEL, line.out.y - height, line.out.y))
    for way in layout.straight:
        bottom = way.source.y + way.source.height
        left = way.source.x + BOX / 2
        places.append((left, left + BESIDE, bottom, way.target.y))
    return places


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_trunk_stands_free_of_boxes_and_labels(workflow: Workflow) -> None:
    layout = lay_out(workflow)
    by_trunk = {(line.side, line.trunk): line.x for line in layout.bent}
    assert len(set(by_trunk.values())) == len(by_trunk)
    for line in layout.bent:
        for box in layout.boxes:
            assert not box.x - 1 < line.x < box.x + BOX + 1
        for left, right, top, bottom in label_places(layout)[: len(layout.bent)]:
            passes = min(line.out.y, line.into.y) < bottom and max(line.out.y, line.into.y) > top
            assert not (passes and left < line.x < right)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_every_state_and_move_is_on_the_picture_and_in_its_description(workflow: Workflow) -> None:
    drawn = " ".join(texts(workflow))
    (described,) = texts(workflow, element="desc")
    for state in workflow.states.values():
        assert state.title in drawn
    for way in workflow.moves:
        assert way.title in drawn
        assert f"{way.title}: from " in described
    assert texts(workflow, element="title") == ["Action: states and moves"]


def test_an_approval_is_marked_by_a_word() -> None:
    assert texts(action()).count("Approval: chair or deputy chair") == 3
    assert "Approval in a meeting: chair or deputy chair" in texts(action())


def test_what_waits_and_how_long_stands_in_the_box() -> None:
    assert {"start", "end", "waits for agency lead", "10 working days expected"} <= set(texts(action()))


def test_two_entries_of_one_trigger_are_told_once_where_they_stay_in_the_state() -> None:
    assert texts(action()).count("Move the due date") == 2


def test_a_title_with_marks_in_it_stays_a_title() -> None:
    assert "Sent & <marked>" in texts(busy())


def test_a_workflow_whose_main_line_is_not_finished_is_drawn_all_the_same() -> None:
    text = BUSY.replace(", final: true", "")
    assert "Approved" in texts(Workflow.from_text(text, ACTION, file="action.yaml"))


def test_a_workflow_of_one_step_needs_no_corridors() -> None:
    text = (GOOD / "improvement_step.yaml").read_text(encoding="utf-8")
    straight = text.replace("  dropped: {title: Dropped, final: true}\n", "").replace(
        "to: dropped", "to: same"
    )
    layout = lay_out(Workflow.from_text(straight, None, file="improvement_step.yaml"))
    assert (layout.bent, len(layout.boxes), len(layout.straight)) == ((), 2, 1)
