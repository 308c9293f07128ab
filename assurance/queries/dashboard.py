"""The figures of the dashboard: counted in the database, from what one viewer may see."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from assurance.access import Viewer, nothing_like, visible
from assurance.facts import SETTLED_ACTIONS, SETTLED_RETURNS
from assurance.office import Tx
from assurance.queries.figures import (
    Band,
    Choice,
    Choices,
    Dashboard,
    InTime,
    Overdue,
    Progress,
    ReturnsOf,
    Scope,
)
from assurance.queries.lists import names
from assurance.queries.stage_times import stage_times
from assurance.queries.year import AskedIn, RepeatedAim, Share
from assurance.records import Action, Agency, AgencyReturn, Aim, Answer, Audit, Programme
from engine.errors import Reason, Refused
from engine.ledger import Event
from engine.store import among
from engine.words import unknown

BANDS = ((0, 10), (11, 30), (31, 60), (61, None))  # working days past the date agreed now
MONTHS_OF_A_QUARTER = 3
Counted = Sequence[tuple[int, int, str, int]]


def dashboard(tx: Tx, viewer: Viewer, scope: Scope) -> Dashboard:
    """Count how the work stands today, as far as the viewer may know it.

    Actions are those that the viewer may see. Returns, stages and repeated aims are pooled: they tell of no case.
    Raises Refused for a year, an audit or an agency that there is not.
    """
    programmes = names(tx, Programme, Programme.year)
    every = tx.session.scalars(
        sa.select(Audit)
        .join(Programme, Programme.id == Audit.programme_id)
        .where(visible(viewer, Audit))
        .order_by(Programme.starts_on.desc(), Audit.id.desc())
    ).all()
    agencies = names(tx, Agency, Agency.name)
    choices = _choices(programmes, every, agencies)
    _require(viewer, scope, choices)
    audits = [
        audit
        for audit in every
        if scope.year in (None, programmes[audit.programme_id]) and scope.audit_id in (None, audit.id)
    ]
    reader = _Reader(tx, viewer, scope, [audit.id for audit in audits])
    states = tx.playbook.state_titles(Action.noun)
    counted = reader.actions()
    by_audit = {audit.id: f"{audit.reference} {audit.theme}" for audit in audits}
    return Dashboard(
        on=tx.today,
        scope=scope,
        choices=choices,
        states=tuple(states.values()),
        settled=frozenset(title for state, title in states.items() if state in SETTLED_ACTIONS),
        by_audit=_progress(by_audit, [(row[0], *row[2:]) for row in counted], tuple(states)),
        by_agency=_progress(agencies, [row[1:] for row in counted], tuple(states)),
        stages=stage_times(tx, audits),
        overdue=reader.overdue(),
        closed=tuple(reader.closed()),
        returns=tuple(reader.returns(agencies)),
        repeated=tuple(_repeated(tx, every, {audit.id for audit in audits})),
    )


def _choices(programmes: Mapping[int, str], audits: Sequence[Audit], agencies: Mapping[int, str]) -> Choices:
    with_audits = {programmes[audit.programme_id] for audit in audits}
    return Choices(
        years=tuple(sorted(with_audits, reverse=True)),
        audits=tuple(Choice(audit.id, f"{audit.reference} {audit.theme}") for audit in audits),
        agencies=tuple(Choice(number, name) for number, name in agencies.items()),
    )


def _require(viewer: Viewer, scope: Scope, choices: Choices) -> None:
    if scope.year is not None and scope.year not in choices.years:
        sentence = unknown(scope.year, "a year with audits", choices.years) + "."
        raise Refused(Reason("unknown_year", sentence))
    for kind, wanted, known in (
        ("audit", scope.audit_id, choices.audits),
        ("agency", scope.agency_id, choices.agencies),
    ):
        if wanted is not None and wanted not in {one.id for one in known}:
            raise nothing_like(viewer, f"{kind}/{wanted}")


def _progress(
    titles: Mapping[int, str], counted: Sequence[tuple[int, str, int]], states: Sequence[str]
) -> tuple[Progress, ...]:
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for number, state, count in counted:
        found[number][state] += count
    return tuple(
        Progress(title, tuple(found[number][state] for state in states))
        for number, title in titles.items()
        if number in found
    )


class _Reader:
    """What is counted of the actions and returns of some audits."""

    def __init__(self, tx: Tx, viewer: Viewer, scope: Scope, audits: list[int]) -> None:
        self._tx = tx
        self._in_scope = {"audits": audits}
        self._actions = [visible(viewer, Action), *_within(Action, scope)]
        # Which returns came late is pooled, as in the annual report; of whom they tell is not.
        mine = sa.and_(AgencyReturn.group_id == viewer.group_id, *_within(AgencyReturn, scope))
        self._returns = mine

    def actions(self) -> Counted:
        """Count actions by audit, agency and state."""
        by = (Action.audit_id, Action.agency_id, Action.state)
        rows = self._ask(sa.select(*by, sa.func.count()).where(*self._actions).group_by(*by))
        return [(audit, agency, state, count) for audit, agency, state, count in rows]

    def overdue(self) -> Overdue:
        """Count open actions by the working days that have passed since the day agreed now."""
        is_open = sa.and_(Action.state.not_in(SETTLED_ACTIONS), Action.confirmed_on.is_(None))
        is_moved = sa.case((Action.times_moved > 0, 1), else_=0)
        query = sa.select(Action.current_due_on, sa.func.count(), sa.func.sum(is_moved))
        rows = self._ask(query.where(*self._actions, is_open).group_by(Action.current_due_on))
        found: Counter[tuple[int, int | None]] = Counter()
        for due_on, count, _ in rows:
            if due_on is not None and due_on < self._tx.today:
                days = self._tx.calendar.working_days_between(due_on, self._tx.today)
                found[next(band for band in BANDS if band[1] is None or days <= band[1])] += count
        return Overdue(
            bands=tuple(Band(least, most, found[least, most]) for least, most in BANDS),
            open=sum(count for _, count, _ in rows),
            undated=sum(count for due_on, count, _ in rows if due_on is None),
            moved=sum(moved for *_, moved in rows),
        )

    def closed(self) -> Iterator[InTime]:
        """Count by quarter what became of actions whose first date has come; those given up are left out."""
        in_time = sa.case((Action.confirmed_on <= Action.original_due_on, 1), else_=0)
        later = sa.case((Action.confirmed_on > Action.original_due_on, 1), else_=0)
        query = sa.select(Action.original_due_on, sa.func.count(), sa.func.sum(in_time), sa.func.sum(later))
        has_come = (Action.original_due_on < self._tx.today, Action.state != "closed")
        quarters: dict[date, Counter[str]] = defaultdict(Counter)
        for due_on, count, early, late in self._ask(
            query.where(*self._actions, *has_come).group_by(Action.original_due_on)
        ):
            quarters[_quarter(due_on)].update(all=count, in_time=early, later=late)
        for first, counts in sorted(quarters.items()):
            still_open = counts["all"] - counts["in_time"] - counts["later"]
            yield InTime(first, _last_of(first), counts["in_time"], counts["later"], still_open)

    def returns(self, agencies: Mapping[int, str]) -> Iterator[ReturnsOf]:
        """Count each agency's returns by when they first came."""
        came = self._first_came()
        columns = (AgencyReturn.id, AgencyReturn.agency_id, AgencyReturn.state, AgencyReturn.original_due_on)
        by_agency: dict[int, Counter[str]] = defaultdict(Counter)
        query = sa.select(*columns).where(self._returns, among(AgencyReturn.audit_id, "audits"))
        for number, agency_id, state, due_on in self._tx.session.execute(query, self._in_scope):
            by_agency[agency_id][self._arrival(state, due_on, came.get(number))] += 1
        for agency_id, name in agencies.items():
            if agency_id in by_agency:
                yield ReturnsOf(name, **{word: by_agency[agency_id][word] for word in _ARRIVALS})

    def _arrival(self, state: str, due_on: date, came_on: date | None) -> str:
        if came_on is not None:
            return "in_time" if came_on <= due_on else "late"
        if state in SETTLED_RETURNS:
            return "waived"
        return "overdue" if due_on < self._tx.today else "not_due"

    def _first_came(self) -> Mapping[int, date]:
        """Give the day on which each return first came: a later one is that of a return that was sent back."""
        theirs = sa.select(AgencyReturn.id).where(self._returns, among(AgencyReturn.audit_id, "audits"))
        query = sa.select(Event.subject_id, Event.data).where(
            Event.subject_kind == AgencyReturn.noun,
            Event.subject_id.in_(theirs),
            Event.data.contains('"submitted_on":"'),
        )
        came: dict[int, date] = {}
        for number, data in self._tx.session.execute(query.order_by(Event.seq), self._in_scope):
            said = json.loads(data).get("set", {}).get("submitted_on")
            if said is not None:
                came.setdefault(number, date.fromisoformat(said))
        return came

    def _ask(self, query: sa.Select[*tuple[Any, ...]]) -> Sequence[sa.Row[*tuple[Any, ...]]]:
        return self._tx.session.execute(query.where(among(Action.audit_id, "audits")), self._in_scope).all()


_ARRIVALS = ("in_time", "late", "overdue", "not_due", "waived")


def _within(table: type[Action] | type[AgencyReturn], scope: Scope) -> list[sa.ColumnElement[bool]]:
    return [] if scope.agency_id is None else [table.agency_id == scope.agency_id]


def _quarter(on: date) -> date:
    return date(on.year, on.month - (on.month - 1) % MONTHS_OF_A_QUARTER, 1)


def _last_of(quarter: date) -> date:
    months = quarter.month - 1 + MONTHS_OF_A_QUARTER
    return date(quarter.year + months // 12, months % 12 + 1, 1) - timedelta(days=1)


class _Asked(NamedTuple):
    """One aim, where it was asked, and its answers."""

    aim: Aim
    audit: Audit
    share: Share


def _repeated(tx: Tx, audits: Sequence[Audit], wanted: set[int]) -> Iterator[RepeatedAim]:
    """Give the aims that several audits asked, one of those wanted among them, oldest first."""
    known = {audit.id: audit for audit in audits}
    aims = {
        aim.id: aim
        for aim in tx.session.scalars(
            sa.select(Aim).where(among(Aim.audit_id, "audits")).order_by(Aim.id), {"audits": list(known)}
        )
    }
    chains: dict[int, list[Aim]] = defaultdict(list)
    for aim in aims.values():
        chains[_first_of(aim, aims)].append(aim)
    asked_again = [chain for chain in chains.values() if len({aim.audit_id for aim in chain}) > 1]
    shares = _shares(tx, [aim.id for chain in asked_again for aim in chain])
    for chain in asked_again:
        if wanted.isdisjoint(aim.audit_id for aim in chain):
            continue
        told = [_Asked(aim, known[aim.audit_id], shares.get(aim.id, Share(0, 0))) for aim in chain]
        told.sort(key=lambda one: (one.audit.held_on or tx.today, one.audit.id))
        yield RepeatedAim(
            told[0].aim.text,
            tuple(AskedIn(one.audit.reference, one.audit.theme, one.share) for one in told),
        )


def _first_of(aim: Aim, aims: Mapping[int, Aim]) -> int:
    # An aim can only repeat one that was there before, so that the way back ends.
    while aim.asks_again_id is not None and aim.asks_again_id in aims:
        aim = aims[aim.asks_again_id]
    return aim.id


def _shares(tx: Tx, aims: list[int]) -> Mapping[int, Share]:
    """Count the answers to aims over all cases and agencies: accepted returns, where the aim was applicable."""
    says_yes = sa.case((Answer.answer == "yes", 1), else_=0)
    rows = tx.session.execute(
        sa.select(Answer.aim_id, sa.func.sum(says_yes), sa.func.count())
        .join(AgencyReturn, AgencyReturn.id == Answer.return_id)
        .where(
            among(Answer.aim_id, "aims"),
            AgencyReturn.state == "accepted",
            Answer.answer != "not applicable",
        )
        .group_by(Answer.aim_id),
        {"aims": aims},
    )
    return {aim_id: Share(yes, asked) for aim_id, yes, asked in rows}
