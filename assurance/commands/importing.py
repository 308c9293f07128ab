"""Actions out of a spreadsheet: each row is checked and told of before anything is written, then all are planned or none."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from assurance.access import Viewer, viewer_of, visible
from assurance.commands.acting import Plan, plan_action
from assurance.commands.checks import held
from assurance.identifiers import warning
from assurance.office import Tx
from assurance.queries.doors import doors_of
from assurance.records import Action, Agency, Audit, Post, Recommendation
from assurance.roster import roster
from assurance.sheets import SheetRow
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.words import unknown

ACTION, AUDIT, NUMBER, KIND = "Action", "Audit", "Recommendation", "Kind"
AGENCY, TEXT, OWNER, MEASURE, DUE = "Agency", "What the agency will do", "Owner", "Done when", "First due"
HEADINGS = (ACTION, AUDIT, NUMBER, KIND, AGENCY, TEXT, OWNER, MEASURE, DUE)
NEEDED = (AUDIT, NUMBER, AGENCY, TEXT)
KINDS = {"": "strategic", "multi-agency strategic": "strategic", "individual practice": "individual_practice"}
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d %B %Y", "%d %b %Y")
_HOLDER = re.compile(r"\s*\([^()]*\)$")


class Fault(NamedTuple):
    """What is wrong with a row, in which column, and what would be right."""

    column: str
    sentence: str


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """What one row would do: plan an action, or nothing since it is there already, or nothing since it has faults.

    `warnings` say what in it may tell who somebody is.
    """

    number: int
    text: str
    agency: str
    about: str
    recommendation: Ref | None = None
    plan: Plan | None = None
    there_already: Ref | None = None
    faults: tuple[Fault, ...] = ()
    warnings: tuple[str, ...] = ()


def check_actions(tx: Tx, rows: Sequence[SheetRow]) -> tuple[CheckedRow, ...]:
    """Say of each row, with cells in the order of `HEADINGS`, what importing it would do; nothing is written."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    known = _Known(tx, viewer_of(people, tx.actor))
    checked: list[CheckedRow] = []
    seen: dict[tuple[Ref, int, str], int] = {}
    for row in rows:
        one = known.checked(row)
        if one.plan is not None and one.recommendation is not None:
            same = (one.recommendation, one.plan.agency_id, _same(one.plan.text))
            earlier = seen.setdefault(same, row.number)
            if earlier != row.number:
                fault = Fault(TEXT, f"This says the same as row {earlier}; leave one of the two out.")
                one = CheckedRow(one.number, one.text, one.agency, one.about, faults=(fault,))
        checked.append(one)
    return tuple(checked)


def import_actions(tx: Tx, rows: Sequence[SheetRow], *, key: str | None = None) -> tuple[Ref, ...]:
    """Plan an action for every row that is not there already: all of them, or none.

    Of two who import at once the second waits for the first, and finds its actions there.
    Raises Refused with what is wrong at which row and column, and where there is nothing to plan.
    """
    checked = _right(check_actions(tx, rows))
    # Held in one order, so that nobody waits in a circle; what was planned meanwhile is seen by looking again.
    for ref in sorted({one.recommendation for one in checked if one.recommendation is not None}):
        held(tx, ref, Recommendation.noun)
    checked = _right(check_actions(tx, rows))
    planned = [
        plan_action(tx, one.recommendation, one.plan, key=None if key is None else f"{key}:{one.number}")
        for one in checked
        if one.plan is not None and one.recommendation is not None
    ]
    if not planned:
        raise Refused(Reason("nothing_new", "Every row is there already; there is nothing to plan."))
    return tuple(planned)


def _right(checked: tuple[CheckedRow, ...]) -> tuple[CheckedRow, ...]:
    """Give rows as they were checked; raises Refused where one of them has a fault."""
    faults = [
        Reason("row", f"Row {one.number}, {fault.column}: {fault.sentence}")
        for one in checked
        for fault in one.faults
    ]
    if faults:
        raise Refused(*faults)
    return checked


class _Known:
    """What the rows of a file may speak of, read once for all of them."""

    def __init__(self, tx: Tx, viewer: Viewer) -> None:
        self._tx = tx
        session = tx.session
        agencies = session.execute(
            sa.select(Agency.id, Agency.name).where(visible(viewer, Agency)).order_by(Agency.name)
        )
        self._agencies = {_same(name): (number, name) for number, name in agencies}
        made = session.execute(
            sa.select(Audit.reference, Recommendation.type, Recommendation.number, Recommendation.id)
            .join(Audit, Audit.id == Recommendation.audit_id)
            .where(visible(viewer, Recommendation))
        )
        self._made = {(reference, kind, number): ref for reference, kind, number, ref in made}
        audits = session.scalars(sa.select(Audit.reference).where(visible(viewer, Audit)))
        self._audits = tuple(audits)
        posts = session.execute(
            sa.select(Post.agency_id, Post.title, Post.id).where(visible(viewer, Post)).order_by(Post.title)
        )
        self._posts = {(agency, _same(title)): (number, title) for agency, title, number in posts}
        planned = session.execute(
            sa.select(Action.recommendation_id, Action.agency_id, Action.text, Action.id).where(
                visible(viewer, Action)
            )
        )
        self._planned = {(of, agency, _same(text)): number for of, agency, text, number in planned}
        self._closed: dict[int, tuple[str, ...]] = {}

    def checked(self, row: SheetRow) -> CheckedRow:
        """Read one row."""
        cells = dict(zip(HEADINGS, row.cells, strict=True))
        faults: list[Fault] = []
        made = self._recommendation(cells, faults)
        agency = self._agency(cells[AGENCY], faults)
        owner = None if agency is None else self._owner(cells[OWNER], agency, faults)
        due_on = _day(cells[DUE], faults)
        if not cells[TEXT]:
            faults.append(Fault(TEXT, "Write down what the agency will do."))
        told = (row.number, cells[TEXT], cells[AGENCY], f"{cells[AUDIT]}, recommendation {cells[NUMBER]}")
        if faults or made is None or agency is None:
            return CheckedRow(*told, faults=tuple(faults))
        there = self._planned.get((made, agency, _same(cells[TEXT])))
        if there is not None:
            return CheckedRow(*told, there_already=Ref(Action.noun, there))
        if cells[ACTION]:
            sentence = (
                f"There is no {cells[ACTION]} that says this; leave the cell empty to plan a new action."
            )
            return CheckedRow(*told, faults=(Fault(ACTION, sentence),))
        shut = tuple(Fault(NUMBER, sentence) for sentence in self._why_shut(made))
        if shut:
            return CheckedRow(*told, faults=shut)
        plan = Plan(agency, cells[TEXT], owner, cells[MEASURE] or None, due_on)
        warnings = tuple(filter(None, (warning(cells[TEXT]), warning(cells[MEASURE]))))
        return CheckedRow(*told, Ref(Recommendation.noun, made), plan, warnings=warnings)

    def _recommendation(self, cells: Mapping[str, str], faults: list[Fault]) -> int | None:
        kind = KINDS.get(cells[KIND].casefold())
        if kind is None:
            faults.append(
                Fault(KIND, unknown(cells[KIND], "a kind of recommendation", list(_KIND_NAMES)) + ".")
            )
        if cells[AUDIT] not in self._audits:
            faults.append(Fault(AUDIT, unknown(cells[AUDIT], "an audit's reference", self._audits) + "."))
        number = cells[NUMBER]
        if not (number.isascii() and number.isdecimal()):
            faults.append(
                Fault(NUMBER, "Write the number of the recommendation within its audit, such as 3.")
            )
        if faults:
            return None
        found: int | None = self._made.get((cells[AUDIT], str(kind), int(number[:9])))
        if found is None:
            faults.append(Fault(NUMBER, f"Audit {cells[AUDIT]} has no such recommendation {number}."))
        return found

    def _agency(self, name: str, faults: list[Fault]) -> int | None:
        found = self._agencies.get(_same(name))
        if found is None:
            names = [known for _, known in self._agencies.values()]
            faults.append(Fault(AGENCY, unknown(name, "an agency", names) + "."))
            return None
        return found[0]

    def _owner(self, title: str, agency: int, faults: list[Fault]) -> int | None:
        if not title:
            return None
        found = self._posts.get((agency, _same(title))) or self._posts.get(
            (agency, _same(_HOLDER.sub("", title)))
        )
        if found is None:
            titles = [known for (of, _), (_, known) in self._posts.items() if of == agency]
            faults.append(Fault(OWNER, unknown(title, "a post of this agency", titles) + "."))
            return None
        return found[0]

    def _why_shut(self, recommendation: int) -> tuple[str, ...]:
        """Give why nothing can be planned about a recommendation now; asked once for each one."""
        if recommendation not in self._closed:
            doors = doors_of(self._tx, Ref(Recommendation.noun, recommendation))
            ways = [door for door in doors.doors if door.trigger == "plan_action"]
            sentence = f"Nothing can be planned about it: it is {doors.state_title}."
            reasons = () if any(door.is_open for door in ways) else tuple(_reasons(ways)) or (sentence,)
            self._closed[recommendation] = reasons
        return self._closed[recommendation]


def _reasons(ways: Sequence[Any]) -> Iterator[str]:
    for way in ways:
        yield from way.reasons


def _day(written: str, faults: list[Fault]) -> date | None:
    if not written:
        return None
    for form in _DAYS:
        try:
            return date(*time.strptime(written, form)[:3])
        except ValueError:
            continue
    faults.append(Fault(DUE, f"‘{written}’ is no day; write it as 27/03/2015."))
    return None


def _same(text: str) -> str:
    return " ".join(text.casefold().split())


_KIND_NAMES = ("Multi-agency strategic", "Individual practice")
