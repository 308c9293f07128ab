"""What people fill in where a step needs more than a word, made by chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeAlias

import sqlalchemy as sa

from assurance.commands import acting, concluding, programme, reading, waiting
from assurance.commands.approving import count_answers, decide
from assurance.commands.attending import Present, expected_at, record_attendance
from assurance.commands.meetings import set_meeting
from assurance.office import Tx
from assurance.records import Agency, Aim, Finding, Meeting, Post
from engine.moved import Ref
from tests.web.canaries import OF_AGENCY, SEES_EVERYTHING, canary

Form: TypeAlias = Callable[[random.Random, Tx, Ref, str], object]


def words_of(tx: Tx) -> str:
    """Write something that only the writer's own agency, and who looks after all of them, may read."""
    who = tx.actor.name.partition(" ")[0].lower()
    mine = [canary(agency) for agency, people in OF_AGENCY.items() if who in people - SEES_EVERYTHING]
    return " ".join(["In words of my own", *mine])


def any_of(chance: random.Random, tx: Tx, table: type[Any], *where: sa.ColumnElement[bool]) -> int:
    """Choose a row of the group; 0 where there is none."""
    rows = tx.session.scalars(
        sa.select(table.id).where(table.group_id == tx.actor.group_id, *where).order_by(table.id)
    )
    chosen: int = chance.choice(list(rows) or [0])
    return chosen


def _answer(chance: random.Random, tx: Tx, ref: Ref, key: str) -> object:
    aims = tx.session.scalars(sa.select(Aim.id).order_by(Aim.id)).all()
    answers = {aim: (chance.choice(("yes", "no", "partly")), words_of(tx)) for aim in aims}
    return reading.answer_aims(tx, ref, answers, key=key)


def _plan(chance: random.Random, tx: Tx, ref: Ref, key: str) -> object:
    agency = any_of(chance, tx, Agency)
    owner = any_of(chance, tx, Post, Post.agency_id == agency) or None
    due = tx.today + timedelta(days=chance.randint(5, 120)) if chance.random() < 0.8 else None
    return acting.plan_action(tx, ref, acting.Plan(agency, words_of(tx), owner, "Nine in ten", due), key=key)


def _complete(chance: random.Random, tx: Tx, ref: Ref, key: str) -> object:
    owner = any_of(chance, tx, Post) if chance.random() < 0.5 else None
    due = tx.today + timedelta(days=chance.randint(5, 60)) if owner is None else None
    return acting.complete_plan(tx, ref, owner_post_id=owner, due_on=due, key=key)


def _find(chance: random.Random, tx: Tx, ref: Ref, key: str) -> object:
    kind = chance.choice(concluding.FINDING_KINDS)
    seen = concluding.Seen(any_of(chance, tx, Aim, Aim.audit_id == ref.id), kind, "Seen in three files")
    return concluding.record_finding(tx, ref, seen, key=key)


def _recommend(chance: random.Random, tx: Tx, ref: Ref, key: str) -> object:
    wanted = concluding.Wanted(
        chance.choice(concluding.RECOMMENDATION_TYPES),
        "Tell schools on the day",
        [any_of(chance, tx, Aim, Aim.audit_id == ref.id)],
        [any_of(chance, tx, Finding, Finding.audit_id == ref.id)],
        sorted({any_of(chance, tx, Agency), any_of(chance, tx, Agency)}),
    )
    return concluding.make_recommendation(tx, ref, wanted, key=key)


def _attend(chance: random.Random, tx: Tx, ref: Ref, key: str) -> object:
    seats = expected_at(tx, tx.session.get_one(Meeting, ref.id))
    posts = {(seat.post_id, seat.person_id): chance.choice(("present", "apologies")) for seat in seats}
    return record_attendance(tx, ref, [Present(*who, word) for who, word in posts.items()], key=key)


def _decide(word: str) -> Form:
    def answer(chance: random.Random, tx: Tx, ref: Ref, key: str) -> object:
        meeting = any_of(chance, tx, Meeting) if chance.random() < 0.2 else None
        return decide(tx, ref, word, reason="As it was read", meeting_id=meeting, key=key)

    return answer


FORMS: Mapping[str, Form] = {
    "answer": _answer,
    "plan_action": _plan,
    "complete_plan": _complete,
    "record_finding": _find,
    "make_recommendation": _recommend,
    "record_evidence": lambda _, tx, ref, key: concluding.record_evidence(
        tx, ref, "Dip sample", words_of(tx), key=key
    ),
    "record_attendance": _attend,
    "approve": _decide("approve"),
    "reject": _decide("reject"),
    "request_change": _decide("request_change"),
    "count": lambda _, tx, ref, key: count_answers(tx, ref, key=key),
    "add_aim": lambda _, tx, ref, key: programme.add_aim(tx, ref, "Was it shared in time?", key=key),
    "draw_case": lambda chance, tx, ref, key: programme.draw_case(
        tx, ref, chance.choice(("child", "family")), "At random", key=key
    ),
    "set_meeting": lambda chance, tx, ref, key: set_meeting(tx, ref, any_of(chance, tx, Meeting), key=key),
    "request_returns": lambda _, tx, ref, key: programme.request_returns(tx, ref, key=key),
    "record_dissemination": lambda chance, tx, ref, key: concluding.record_dissemination(
        tx, ref, any_of(chance, tx, Agency), "Briefing", chance.randint(1, 90), key=key
    ),
    "answer_for_agency": lambda chance, tx, ref, key: concluding.answer_for_agency(
        tx,
        ref,
        any_of(chance, tx, Agency),
        chance.choice(concluding.ACCEPTANCES),
        reason=words_of(tx),
        key=key,
    ),
    "note_progress": lambda chance, tx, ref, key: acting.note_progress(
        tx, ref, chance.choice(acting.RATINGS), words_of(tx), key=key
    ),
    "add_evidence": lambda _, tx, ref, key: acting.add_evidence(
        tx, ref, "Attendance list", words_of(tx), key=key
    ),
    "wait_for": lambda chance, tx, ref, key: waiting.wait_for(
        tx, ref, any_of(chance, tx, Agency), words_of(tx), key=key
    ),
    "stop_waiting": lambda _, tx, ref, key: waiting.stop_waiting(tx, ref, words_of(tx), key=key),
}
