"""Requests of programs under a key: two that are made at once do one thing, and both get its answer."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from assurance.commands.acting import note_progress
from assurance.records import AnsweredRequest, ProgressNote
from assurance.requests import Kept, begin_request, keep_answer
from engine.errors import Refused
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.world import World

ANSWER = Kept(200, '{"ref": "action/1"}', 3)


def carries_out(world: World, action: Ref, *, key: str = "k", fingerprint: str = "f") -> Kept:
    """Note progress once, as a program would ask for it."""
    with world.does("bo") as tx:
        earlier = begin_request(tx, key, fingerprint)
        if earlier is not None:
            return earlier
        note_progress(tx, action, "late", "Ill")
        keep_answer(tx, key, ANSWER)
        return ANSWER


def notes(world: World) -> int:
    return len(world.ask(sa.select(ProgressNote.id)))


def test_the_same_request_made_twice_at_once_is_carried_out_once(any_world_at: At) -> None:
    world = any_world_at("actions")
    action, answers = world.action("trust"), list[Kept]()
    both = threading.Barrier(2)

    def asks() -> None:
        both.wait()
        answers.append(carries_out(world, action))

    programs = [threading.Thread(target=asks) for _ in range(2)]
    for program in programs:
        program.start()
    for program in programs:
        program.join()
    assert answers == [ANSWER, ANSWER]
    assert notes(world) == 1


def test_another_request_under_a_key_is_refused(any_world_at: At) -> None:
    world = any_world_at("actions")
    action = world.action("trust")
    carries_out(world, action)
    with pytest.raises(Refused, match="The key 'k' was used for another request"):
        carries_out(world, action, fingerprint="other")
    carries_out(world, action, key="other", fingerprint="other")
    assert notes(world) == 2


def test_a_request_that_fails_leaves_its_key_free(any_world_at: At) -> None:
    world = any_world_at("actions")
    with pytest.raises(Refused, match="There is no action"):
        carries_out(world, Ref("action", 999))
    assert world.ask(sa.select(AnsweredRequest.id)) == []
    assert carries_out(world, world.action("trust")) == ANSWER
