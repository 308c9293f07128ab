"""The gap map of an audit: which agencies have answered which aims, and what all answers to an aim come to.

What one agency has answered is told to whoever may see its returns; everybody else sees that it has answered, and what
all answers come to where there are enough of them that nobody can be picked out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from assurance.access import Sight, Viewer
from assurance.commands.reading import ANSWERS
from assurance.office import Tx
from assurance.records import Agency, AgencyReturn, Aim, Answer

FEWEST_POOLED = 5  # fewer answers could be told apart by whoever knows one of them
NO_EVIDENCE, NOT_APPLICABLE = "no evidence on file", "not applicable"
IN = ("submitted", "accepted")


class Cover(StrEnum):
    """How far an agency has answered an aim, the worst first; the words stand in the map."""

    LATE = "late"
    MISSING = "missing"
    NO_EVIDENCE = "no evidence"
    NOT_KNOWN = "not known"
    WAIVED = "waived"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one agency has to say to one aim: the worst of its returns, how many are in, of how many."""

    cover: Cover
    answered: int
    asked: int


@dataclass(frozen=True, slots=True)
class PooledAim:
    """One aim: a cell for each agency in the map's order, and what all accepted answers come to.

    `counts` is empty where there are too few of them for this viewer; `accepted` is their number.
    """

    aim_id: int
    number: int
    text: str
    cells: tuple[Cell, ...]
    accepted: int
    counts: tuple[tuple[str, int], ...]

    @property
    def yes(self) -> int:
        """Count the answers that say yes."""
        return dict(self.counts).get("yes", 0)

    @property
    def applicable(self) -> int:
        """Count the answers to which the aim applied."""
        return self.accepted - dict(self.counts).get(NOT_APPLICABLE, 0)


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in what is known of one aim, in a sentence that names no agency: a finding that could be recorded."""

    aim_id: int
    number: int
    sentence: str


@dataclass(frozen=True, slots=True)
class GapMap:
    """All aims of an audit against all agencies that were asked."""

    agencies: tuple[str, ...]
    aims: tuple[PooledAim, ...]
    gaps: tuple[Gap, ...]
    fewest: int


class _One(NamedTuple):
    """One return: whose, how it stands, and its answers by aim."""

    agency_id: int
    state: str
    due_on: date
    came_late: bool
    answers: Mapping[int, str]


def gap_map(tx: Tx, viewer: Viewer, audit_id: int) -> GapMap:
    """Give the gap map of an audit as one viewer may see it."""
    returns = tuple(_returns(tx, audit_id))
    asked = {one.agency_id for one in returns}
    rows = tx.session.execute(
        sa.select(Agency.id, Agency.name).where(Agency.group_id == viewer.group_id).order_by(Agency.name)
    )
    agencies = [(number, name) for number, name in rows if number in asked]
    found = tx.session.execute(
        sa.select(Aim.id, Aim.number, Aim.text).where(Aim.audit_id == audit_id).order_by(Aim.number)
    )
    aims = []
    gaps: list[Gap] = []
    for aim_id, number, text in found:
        cells = tuple(
            _cell(tx, viewer, aim_id, [one for one in returns if one.agency_id == agency_id], agency_id)
            for agency_id, _ in agencies
        )
        counts = Counter(
            one.answers[aim_id] for one in returns if one.state == "accepted" and aim_id in one.answers
        )
        aims.append(_pooled(viewer, aim_id, number, text, cells, counts))
        if len(aims) == 1:
            gaps.extend(_gaps_of_all(aim_id, number, returns))
        gaps.extend(_gaps(aim_id, number, returns, counts))
    return GapMap(tuple(name for _, name in agencies), tuple(aims), tuple(gaps), FEWEST_POOLED)


def _returns(tx: Tx, audit_id: int) -> Iterator[_One]:
    given: dict[int, dict[int, str]] = defaultdict(dict)
    answers = (
        sa.select(Answer.return_id, Answer.aim_id, Answer.answer)
        .join(AgencyReturn, AgencyReturn.id == Answer.return_id)
        .where(AgencyReturn.audit_id == audit_id)
    )
    for return_id, aim_id, answer in tx.session.execute(answers):
        given[return_id][aim_id] = answer
    for row in tx.session.scalars(sa.select(AgencyReturn).where(AgencyReturn.audit_id == audit_id)):
        came_late = row.submitted_on is not None and row.submitted_on > row.original_due_on
        yield _One(row.agency_id, row.state, row.due_on, came_late, given[row.id])


def _cell(tx: Tx, viewer: Viewer, aim_id: int, own: Sequence[_One], agency_id: int) -> Cell:
    """Judge what an agency has to say to an aim by the worst of its returns; what is not handed in yet says nothing."""
    sees_answers = viewer.sight is Sight.EVERYTHING or agency_id in viewer.agencies
    covers = [_cover(tx, aim_id, one) for one in own]
    if not sees_answers:
        covers = [Cover.ANSWERED if cover is Cover.NO_EVIDENCE else cover for cover in covers]
    answered = sum(cover in (Cover.ANSWERED, Cover.NO_EVIDENCE) for cover in covers)
    # One file without evidence, or one unknown child, is no hole where others of the same agency have answered.
    open_ones = [cover for cover in covers if cover in (Cover.LATE, Cover.MISSING)]
    settled = [
        cover
        for cover in (Cover.ANSWERED, Cover.NO_EVIDENCE, Cover.NOT_KNOWN, Cover.WAIVED)
        if cover in covers
    ]
    worst = min(open_ones, key=list(Cover).index) if open_ones else settled[0]
    return Cell(worst, answered, len(own))


def _cover(tx: Tx, aim_id: int, one: _One) -> Cover:
    if one.state == "not_known":
        return Cover.NOT_KNOWN
    if one.state == "waived":
        return Cover.WAIVED
    if one.state in IN and aim_id in one.answers:
        return Cover.NO_EVIDENCE if one.answers[aim_id] == NO_EVIDENCE else Cover.ANSWERED
    return Cover.LATE if one.due_on < tx.today and one.state not in IN else Cover.MISSING


def _pooled(
    viewer: Viewer, aim_id: int, number: int, text: str, cells: tuple[Cell, ...], counts: Counter[str]
) -> PooledAim:
    accepted = counts.total()
    is_told = viewer.sight is Sight.EVERYTHING or accepted >= FEWEST_POOLED
    told = tuple((answer, counts[answer]) for answer in ANSWERS) if is_told else ()
    return PooledAim(aim_id, number, text, cells, accepted, told)


def _gaps(aim_id: int, number: int, returns: Sequence[_One], counts: Counter[str]) -> Iterator[Gap]:
    """Say what is not known of an aim, in sentences that count and name nobody."""
    accepted = counts.total()
    silent = counts[NO_EVIDENCE]
    if accepted >= FEWEST_POOLED and 2 * silent >= accepted:
        sentence = (
            f"In {silent} of {accepted} returns the records show nothing about this, neither for nor against."
        )
        yield Gap(aim_id, number, sentence)
    lacking = sum(one.state not in ("not_known", "waived") and aim_id not in one.answers for one in returns)
    if lacking and any(one.state in IN for one in returns):
        yield Gap(aim_id, number, f"{lacking} of {len(returns)} returns do not answer this.")


def _gaps_of_all(aim_id: int, number: int, returns: Sequence[_One]) -> Iterator[Gap]:
    """Say what is not known of any aim; it is proposed under the first, and whoever records it may choose another."""
    asked = len(returns)
    unknown = sum(one.state == "not_known" for one in returns)
    if asked >= FEWEST_POOLED and 3 * unknown >= asked:
        yield Gap(
            aim_id, number, f"In {unknown} of {asked} readings an agency had no record of the case at all."
        )
    late = sum(one.came_late for one in returns)
    if asked >= FEWEST_POOLED and 5 * late >= asked:
        yield Gap(
            aim_id, number, f"{late} of {asked} returns came after the day on which they were first due."
        )
