"""On which days the group does not work, how it is set up, and what another closed day would move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import sqlalchemy as sa

from assurance.access import Viewer, viewer_of
from assurance.calendar import working_calendar
from assurance.facts import SETTLED_ACTIONS, SETTLED_RETURNS
from assurance.office import Tx, clock_of
from assurance.queries.foretelling import Foretold
from assurance.queries.preview import LONGEST_IN_DAYS, how_many, preview
from assurance.records import Action, AgencyReturn, ClosedDay, Group, Meeting
from assurance.roster import roster
from engine.errors import Reason, Refused

# As far behind a closed day its neighbours are looked at: ten working days and what lies between them.
BEHIND = timedelta(days=21)
MOST_RECKONED = 2000  # subjects; of more nobody waits for the answer


@dataclass(frozen=True, slots=True)
class Closed:
    """One day on which the group does not work; what has passed stays."""

    id: int
    day: date
    name: str
    has_passed: bool


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """The days without work from this year on, and the group's own settings, which are changed in files only."""

    closed: tuple[Closed, ...]
    bank: tuple[tuple[date, str], ...]
    calendar: str
    zone: str
    group: str
    board: str
    purpose: str
    functions: tuple[str, ...]
    frequency: str


@dataclass(frozen=True, slots=True)
class Moves:
    """Of one rule how many mails would go later, earlier, in addition, or not in the days that were looked at."""

    rule: str
    title: str
    later: int
    earlier: int
    other: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What closing a day, or opening it, would do: what falls due on it and stays, and which mails would move.

    `until_on` is the last day that was looked at. Where there is too much to look at, no mail `is_reckoned`.
    """

    day: date
    returns_due: int
    actions_due: int
    meetings: int
    moves: tuple[Moves, ...]
    until_on: date
    is_reckoned: bool = True

    @property
    def moved(self) -> int:
        """How many reminders, notices and escalations would go at another time."""
        return sum(one.later + one.earlier + one.other for one in self.moves)


def calendar_of(tx: Tx) -> CalendarPage:
    """Give the days without work of this year and the next one, and those of the past that were closed."""
    group = tx.session.get_one(Group, tx.actor.group_id)
    rows = tx.session.scalars(
        sa.select(ClosedDay).where(ClosedDay.group_id == group.id).order_by(ClosedDay.day.desc())
    )
    # Asked for by year: the library works a year out when somebody asks for it.
    days = (
        date(year, 1, 1) + timedelta(days=n)
        for year in (tx.today.year, tx.today.year + 1)
        for n in range(366)
    )
    bank = {day: str(tx.calendar.bank.get(day)) for day in days if day in tx.calendar.bank}
    return CalendarPage(
        closed=tuple(Closed(row.id, row.day, row.name, row.day < tx.today) for row in rows),
        bank=tuple(sorted((day, name) for day, name in bank.items() if day >= tx.today)),
        calendar=tx.calendar.name,
        zone=group.zone,
        group=group.name,
        board=group.board,
        purpose=group.purpose,
        functions=tuple(line for line in group.functions.splitlines() if line.strip()),
        frequency=group.frequency,
    )


def closed_day(tx: Tx, number: int) -> Closed:
    """Give one closed day; raises Refused where there is none."""
    row = tx.session.get(ClosedDay, number)
    if row is None or row.group_id != tx.actor.group_id:
        raise Refused(Reason("unknown_subject", "There is no such closed day in this group."))
    return Closed(row.id, row.day, row.name, row.day < tx.today)


def effect_of(tx: Tx, day: date) -> Effect:
    """Reckon what would move if a day that is open were closed, or one that is closed were open.

    The rules are judged ahead twice, for everybody; nothing is written. Only counts are told, so that it may be shown
    to whoever keeps the calendar.
    """
    is_reckoned = how_many(tx, _everybody(tx)) <= MOST_RECKONED
    until_on = min(day + BEHIND, tx.today + timedelta(days=LONGEST_IN_DAYS))
    before = _foretold(tx, until_on) if is_reckoned else {}
    after = _foretold(_with_day_turned(tx, day), until_on) if is_reckoned else {}
    titles = {one.rule: one.title for one in (*before.values(), *after.values())}
    moved: dict[str, Counter[str]] = {}
    for key in before.keys() | after.keys():
        was, will = before.get(key), after.get(key)
        if was is None or will is None:
            how, rule = "other", str(key[0])
        elif was.goes_at != will.goes_at:
            how, rule = ("later" if will.goes_at > was.goes_at else "earlier"), was.rule
        else:
            continue
        moved.setdefault(rule, Counter())[how] += 1
    return Effect(
        day=day,
        returns_due=_count(
            tx,
            AgencyReturn,
            AgencyReturn.due_on == day,
            AgencyReturn.state.not_in((*SETTLED_RETURNS, "submitted")),
        ),
        actions_due=_count(tx, Action, Action.current_due_on == day, Action.state.not_in(SETTLED_ACTIONS)),
        meetings=_count(tx, Meeting, Meeting.on == day, Meeting.state == "planned"),
        moves=tuple(
            Moves(rule, titles[rule], how["later"], how["earlier"], how["other"])
            for rule, how in sorted(moved.items())
        ),
        until_on=until_on,
        is_reckoned=is_reckoned,
    )


def _with_day_turned(tx: Tx, day: date) -> Tx:
    """Give a transaction whose group works on a closed day, or does not on an open one."""
    own, group_id = tx.calendar, tx.actor.group_id
    turned = working_calendar(own.name, zone=str(own.zone), closed=own.closed ^ {day})
    card = replace(tx.playbook.groups[group_id], calendar=turned)
    return replace(tx, playbook=replace(tx.playbook, groups={**tx.playbook.groups, group_id: card}))


def _foretold(tx: Tx, until_on: date) -> Mapping[tuple[object, ...], Foretold]:
    found = preview(tx, _everybody(tx), days=(until_on - tx.today).days).foretold
    return {(one.rule, one.ref, one.occasion, one.number, one.way, one.person_id): one for one in found}


def _everybody(tx: Tx) -> Viewer:
    """Look with the eyes of whoever sees everything; what is told of it are counts."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    return viewer_of(people, clock_of(tx.actor.group_id))


def _count(
    tx: Tx, table: type[AgencyReturn] | type[Action] | type[Meeting], *where: sa.ColumnElement[bool]
) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(table.group_id == tx.actor.group_id, *where)
    return tx.session.scalar(query) or 0
