"""Has it lasted? Completed recommendations with the aims they came from, and what later looks at those aims found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.office import Tx
from assurance.queries.lists import names, state_title
from assurance.queries.pages import Page, page_of
from assurance.queries.year import Share
from assurance.records import Agency, Aim, Audit, Evidence, ReAudit, Recommendation, RecommendationAim
from engine.moved import Ref
from engine.store import among


class Lasting(StrEnum):
    """How far the question is for a recommendation that was completed."""

    DUE = "due"  # the day for asking has come
    LATER = "later"  # the day for asking is still to come
    LASTED = "lasted"
    NOT_LASTED = "not_lasted"


@dataclass(frozen=True, slots=True)
class AimAsked:
    """An aim from which a recommendation came; `again_in` are later audits that ask it and are not measured yet."""

    audit: str
    number: int
    text: str
    again_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """One aim before and after: the shares of `yes` that two audits found."""

    on: date
    earlier: str
    later: str
    aim: str
    before: Share
    after: Share
    is_better: bool


@dataclass(frozen=True, slots=True)
class Completed:
    """One recommendation that was completed, with all that tells whether it has lasted."""

    ref: Ref
    audit: str
    agency: str | None
    text: str
    state: str
    state_title: str
    lasting: Lasting
    implemented_on: date | None
    check_on: date | None
    embedded_on: date | None
    aims: tuple[AimAsked, ...]
    measured: tuple[Measured, ...]
    later_evidence: int


@dataclass(frozen=True, slots=True)
class HasItLasted:
    """One page of completed recommendations, and how many there are of each sort."""

    counts: Mapping[Lasting, int]
    page: Page[Completed]


def has_it_lasted(tx: Tx, viewer: Viewer, lasting: Lasting | None = None, *, page: int = 1) -> HasItLasted:
    """Give one page of the completed recommendations that the viewer may see, what is due first.

    All sorts, or one. What was opened again, or was never completed, is not among them.
    """
    sort = _sort(tx.today)
    mine = (visible(viewer, Recommendation), sort.is_not(None))
    numbers = tx.session.execute(sa.select(sort, sa.func.count()).where(*mine).group_by(sort))
    found = {Lasting(word): count for word, count in numbers}
    counts = {one: found.get(one, 0) for one in Lasting}
    place = page_of(sum(counts.values()) if lasting is None else counts[lasting], page)
    wanted = mine if lasting is None else (*mine, sort == lasting)
    in_order = sa.case({one.value: number for number, one in enumerate(Lasting)}, value=sort)
    rows = tx.session.execute(
        sa.select(Recommendation, sort)
        .where(*wanted)
        .order_by(in_order, Recommendation.embedded_check_on, Recommendation.id)
        .offset(place.offset)
        .limit(place.limit)
    ).all()
    told = _told(tx, [(row, Lasting(word)) for row, word in rows])
    return HasItLasted(counts, Page(tuple(told), place))


def _sort(today: date) -> sa.ColumnElement[Any]:
    """Sort a recommendation by how far the question is, in SQL; nothing where it is not open."""
    has_come = Recommendation.embedded_check_on <= today
    return sa.case(
        (sa.and_(Recommendation.state == "implemented", has_come), Lasting.DUE.value),
        (Recommendation.state == "implemented", Lasting.LATER.value),
        (Recommendation.state == "embedded", Lasting.LASTED.value),
        (Recommendation.state == "not_embedded", Lasting.NOT_LASTED.value),
        else_=None,
    )


def _told(tx: Tx, rows: Sequence[tuple[Recommendation, Lasting]]) -> Iterator[Completed]:
    reader = _Reader(tx, [row.id for row, _ in rows])
    agencies = names(tx, Agency, Agency.name)
    evidence = reader.evidence()
    for row, lasting in rows:
        yield Completed(
            ref=Ref(Recommendation.noun, row.id),
            audit=reader.audits[row.audit_id],
            agency=None if row.agency_id is None else agencies[row.agency_id],
            text=row.text,
            state=row.state,
            state_title=state_title(tx, row),
            lasting=lasting,
            implemented_on=row.implemented_on,
            check_on=row.embedded_check_on,
            embedded_on=row.embedded_on,
            aims=tuple(reader.aims(row.id)),
            measured=tuple(reader.measured(row.id)),
            later_evidence=evidence.get(row.id, 0),
        )


class _Reader:
    """What belongs to some recommendations, read at once for all of them; aims and their pooled shares are for all."""

    def __init__(self, tx: Tx, recommendations: list[int]) -> None:
        self._tx, self._wanted = tx, {"recommendations": recommendations}
        self.audits = names(tx, Audit, Audit.reference)
        own = sa.select(Aim).where(Aim.group_id == tx.actor.group_id)
        self._aims = {aim.id: aim for aim in tx.session.scalars(own.order_by(Aim.id))}
        self._came_from: dict[int, list[int]] = defaultdict(list)
        links = sa.select(RecommendationAim.recommendation_id, RecommendationAim.aim_id)
        theirs = links.where(among(RecommendationAim.recommendation_id, "recommendations"))
        for number, aim_id in tx.session.execute(theirs.order_by(RecommendationAim.aim_id), self._wanted):
            self._came_from[number].append(aim_id)
        self._measured: dict[int, list[ReAudit]] = defaultdict(list)
        query = sa.select(ReAudit).where(among(ReAudit.recommendation_id, "recommendations"))
        for one in tx.session.scalars(query.order_by(ReAudit.measured_on, ReAudit.id), self._wanted):
            self._measured[one.recommendation_id].append(one)
        self._asks: dict[int, list[Aim]] = defaultdict(list)
        given_up = sa.select(Audit.id).where(Audit.group_id == tx.actor.group_id, Audit.state == "cancelled")
        given_up_audits = set(tx.session.scalars(given_up))
        for aim in self._aims.values():
            if aim.audit_id not in given_up_audits:
                for earlier in self._asked_before(aim):
                    self._asks[earlier].append(aim)

    def aims(self, recommendation: int) -> Iterator[AimAsked]:
        """Give the aims of a recommendation, each with the audits that ask it again and are not set beside it yet."""
        known = {one.later_aim_id for one in self._measured[recommendation]}
        for number in self._came_from[recommendation]:
            aim = self._aims[number]
            again = [self.audits[one.audit_id] for one in self._asks[number] if one.id not in known]
            yield AimAsked(self.audits[aim.audit_id], aim.number, aim.text, tuple(again))

    def measured(self, recommendation: int) -> Iterator[Measured]:
        """Give what later audits found, the earliest first."""
        for one in self._measured[recommendation]:
            earlier, later = self._aims[one.earlier_aim_id], self._aims[one.later_aim_id]
            yield Measured(
                on=one.measured_on,
                earlier=self.audits[earlier.audit_id],
                later=self.audits[later.audit_id],
                aim=earlier.text,
                before=Share(one.before_yes, one.before_asked),
                after=Share(one.after_yes, one.after_asked),
                is_better=one.is_better,
            )

    def evidence(self) -> Mapping[int, int]:
        """Count the evidence that was recorded after completion."""
        query = (
            sa.select(Evidence.subject_id, sa.func.count())
            .join(Recommendation, Recommendation.id == Evidence.subject_id)
            .where(
                Evidence.subject_kind == Recommendation.noun,
                among(Evidence.subject_id, "recommendations"),
                Evidence.on > Recommendation.implemented_on,
            )
            .group_by(Evidence.subject_id)
        )
        return dict(self._tx.session.execute(query, self._wanted).all())

    def _asked_before(self, aim: Aim) -> Iterator[int]:
        # An aim can only repeat one that was there before, so that the way back ends.
        while aim.asks_again_id is not None and aim.asks_again_id in self._aims:
            aim = self._aims[aim.asks_again_id]
            yield aim.id
