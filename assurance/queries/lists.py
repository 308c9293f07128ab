"""Lists of what moves: audits, returns, recommendations, actions, approvals, concerns; each as one viewer may see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.facts import NOUNS, SETTLED_ACTIONS, SETTLED_RETURNS, Known
from assurance.office import Tx
from assurance.queries.rows import (
    ActionRow,
    AuditRow,
    ConcernRow,
    Listed,
    MatterRow,
    RecommendationRow,
    ReturnRow,
    Wanted,
)
from assurance.records import (
    Action,
    Agency,
    AgencyReturn,
    Audit,
    Case,
    ImmediateConcern,
    Matter,
    Meeting,
    Post,
    ProgressNote,
    Recommendation,
    RecordSet,
)
from engine.conditions import Value
from engine.errors import Reason, Refused
from engine.moved import Moved, Ref
from engine.words import unknown

Row = TypeVar("Row", bound=Moved)
T = TypeVar("T")


def audits(tx: Tx, viewer: Viewer, wanted: Wanted) -> Listed[AuditRow]:
    """List audits in the order in which they were proposed."""
    found = _read(tx, viewer, Audit, wanted)
    meetings = names(tx, Meeting, Meeting.on)
    return found.shown(
        AuditRow(
            ref=Ref(Audit.noun, row.id),
            reference=row.reference,
            theme=row.theme,
            state=row.state,
            stage=state_title(tx, row),
            since_on=row.state_since_on,
            meeting_on=None if row.meeting_id is None else meetings[row.meeting_id],
            cases=whole(facts["cases"]),
            aims=whole(facts["aims"]),
            returns=whole(facts["returns"]),
            returns_outstanding=whole(facts["returns_outstanding"]),
            recommendations=whole(facts["recommendations"]),
            recommendations_unfinished=whole(facts["recommendations_unfinished"]),
        )
        for row, facts in found.pairs
    )


def returns(tx: Tx, viewer: Viewer, wanted: Wanted) -> Listed[ReturnRow]:
    """List agency returns by audit and case."""
    found = _read(tx, viewer, AgencyReturn, wanted, late=_late_returns(tx))
    references, cases = names(tx, Audit, Audit.reference), names(tx, Case, Case.case_ref)
    agencies, records = names(tx, Agency, Agency.name), names(tx, RecordSet, RecordSet.name)
    return found.shown(
        ReturnRow(
            ref=Ref(AgencyReturn.noun, row.id),
            audit=references[row.audit_id],
            case=cases[row.case_id],
            agency=agencies[row.agency_id],
            records=records[row.record_set_id],
            state=row.state,
            state_title=state_title(tx, row),
            due_on=row.due_on,
            original_due_on=row.original_due_on,
            submitted_on=row.submitted_on,
            days_late=return_days_late(row, tx.today),
            answers=whole(facts["answers"]),
            answers_missing=whole(facts["answers_missing"]),
            tool=row.tool,
        )
        for row, facts in found.pairs
    )


def recommendations(tx: Tx, viewer: Viewer, wanted: Wanted) -> Listed[RecommendationRow]:
    """List recommendations by audit and number; individual practice ones of others are only counted."""
    found = _read(tx, viewer, Recommendation, wanted)
    references, agencies = names(tx, Audit, Audit.reference), names(tx, Agency, Agency.name)
    return found.shown(
        RecommendationRow(
            ref=Ref(Recommendation.noun, row.id),
            audit=references[row.audit_id],
            number=row.number,
            type=row.type,
            agency=None if row.agency_id is None else agencies[row.agency_id],
            text=row.text,
            state=row.state,
            state_title=state_title(tx, row),
            actions=whole(facts["actions"]),
            actions_open=whole(facts["actions_open"]),
            implemented_on=row.implemented_on,
            embedded_check_on=row.embedded_check_on,
            embedded_on=row.embedded_on,
        )
        for row, facts in found.pairs
    )


def actions(tx: Tx, viewer: Viewer, wanted: Wanted) -> Listed[ActionRow]:
    """List actions with what was promised first beside what is promised now."""
    found = _read(tx, viewer, Action, wanted, late=_late_actions(tx))
    references, agencies = names(tx, Audit, Audit.reference), names(tx, Agency, Agency.name)
    posts, ratings = names(tx, Post, Post.title), _last_ratings(tx)
    return found.shown(
        ActionRow(
            ref=Ref(Action.noun, row.id),
            recommendation=Ref(Recommendation.noun, row.recommendation_id),
            audit=references[row.audit_id],
            agency=agencies[row.agency_id],
            text=row.text,
            owner=None if row.owner_post_id is None else posts[row.owner_post_id],
            state=row.state,
            state_title=state_title(tx, row),
            original_due_on=row.original_due_on,
            current_due_on=row.current_due_on,
            times_moved=row.times_moved,
            days_past_original=action_days_past(row, tx.today),
            is_overdue=action_is_overdue(row, tx.today),
            rating=ratings.get(row.id),
            waiting_on=None if row.waiting_on_agency_id is None else agencies[row.waiting_on_agency_id],
            waiting_since_on=row.waiting_since_on,
            working_days_waited=days_waited(tx, row),
            chased_from_on=row.chased_from_on,
        )
        for row, _ in found.pairs
    )


def concerns(tx: Tx, viewer: Viewer, wanted: Wanted) -> Listed[ConcernRow]:
    """List immediate concerns."""
    found = _read(tx, viewer, ImmediateConcern, wanted)
    references, agencies = names(tx, Audit, Audit.reference), names(tx, Agency, Agency.name)
    return found.shown(
        ConcernRow(
            ref=Ref(ImmediateConcern.noun, row.id),
            audit=None if row.audit_id is None else references[row.audit_id],
            agency=agencies[row.agency_id],
            state=row.state,
            state_title=state_title(tx, row),
            raised_on=row.raised_on,
            acknowledged_on=row.acknowledged_on,
        )
        for row, _ in found.pairs
    )


def matters(tx: Tx, viewer: Viewer, kind: str, wanted: Wanted) -> Listed[MatterRow]:
    """List the subjects of one kind that stands in YAML only."""
    of_kind = Matter.kind == kind
    agencies = names(tx, Agency, Agency.name)
    rows = tx.session.scalars(
        sa.select(Matter)
        .where(of_kind, visible(viewer, Matter), *_in_state(tx, kind, Matter, wanted))
        .order_by(Matter.id)
    )
    shown = tuple(
        MatterRow(
            ref=Ref(kind, row.id),
            title=row.title,
            state=row.state,
            state_title=state_title(tx, row),
            since_on=row.state_since_on,
            agency=None if row.agency_id is None else agencies[row.agency_id],
            parent=parent_of(row),
        )
        for row in rows
    )
    return Listed(shown, hidden_of(tx, viewer, Matter, of_kind))


def parent_of(row: Matter) -> Ref | None:
    """Give the subject under which a matter stands."""
    if row.parent_kind is None or row.parent_id is None:
        return None
    return Ref(row.parent_kind, row.parent_id)


def state_title(tx: Tx, row: Moved) -> str:
    """Give the title of a row's state, from the definition to which the row is pinned."""
    return tx.playbook.definition(row.definition_id).states[row.state].title


def whole(value: Value) -> int:
    """Read a fact that is a whole number; an empty one is nought."""
    return value if isinstance(value, int) else 0


def return_days_late(row: AgencyReturn, today: date) -> int:
    """Count the days from the day on which a return was first due to its arrival, or to today while it is owed."""
    if row.submitted_on is None and row.state in SETTLED_RETURNS:
        return 0
    return max(((row.submitted_on or today) - row.original_due_on).days, 0)


def action_days_past(row: Action, today: date) -> int:
    """Count the days from the date first agreed to the confirmation, or to today while the action is open."""
    if row.original_due_on is None or (row.confirmed_on is None and row.state in SETTLED_ACTIONS):
        return 0
    return max(((row.confirmed_on or today) - row.original_due_on).days, 0)


def action_is_overdue(row: Action, today: date) -> bool:
    """Say whether the date agreed now has passed and nobody has confirmed the action."""
    is_open = row.state not in SETTLED_ACTIONS and row.confirmed_on is None
    return is_open and row.current_due_on is not None and row.current_due_on < today


def days_waited(tx: Tx, row: Action) -> int:
    """Count the working days for which an action has waited for another agency, as long as it does."""
    since = row.waiting_since_on
    return 0 if since is None else tx.calendar.working_days_between(since, tx.today)


def hidden_of(tx: Tx, viewer: Viewer, table: type[Any], *where: sa.ColumnElement[bool]) -> int:
    """Count the rows of the viewer's group that are for others."""
    count = sa.select(sa.func.count()).select_from(table)
    mine = (table.group_id == viewer.group_id, ~visible(viewer, table), *where)
    return tx.session.scalar(count.where(*mine)) or 0


def rows_of(
    tx: Tx, viewer: Viewer, table: type[Row], wanted: Wanted, *, late: sa.ColumnElement[bool] | None = None
) -> Listed[Row]:
    """Read the rows of one noun that are wanted and visible, and count those that are for others.

    Raises Refused for a state that the noun does not have, and for late ones of a noun that is never late.
    """
    where = _in_state(tx, table.noun, table, wanted)
    if wanted.audit_id is not None:
        where.append(_of_audit(table, wanted.audit_id))
    if wanted.only_late:
        if late is None:
            raise Refused(Reason("never_late", "Only returns and actions have a day on which they are late."))
        where.append(late)
    rows = tx.session.scalars(sa.select(table).where(visible(viewer, table), *where).order_by(table.id))
    return Listed(tuple(rows), hidden_of(tx, viewer, table, *where))


def _of_audit(table: type[Moved], audit_id: int) -> sa.ColumnElement[bool]:
    if table is Meeting:
        return Meeting.id.in_(sa.select(Audit.meeting_id).where(Audit.id == audit_id))
    number: Any = table.id if table is Audit else sa.inspect(table).local_table.c["audit_id"]
    is_its_own: sa.ColumnElement[bool] = number == audit_id
    return is_its_own


def names(tx: Tx, table: type[Any], column: Any) -> dict[int, Any]:
    """Give one column of a table of the actor's group by id."""
    rows = tx.session.execute(sa.select(table.id, column).where(table.group_id == tx.actor.group_id))
    return dict(rows.all())


@dataclass(frozen=True, slots=True)
class _Found(Generic[Row]):
    """Rows with their facts, and how many are for others."""

    pairs: Sequence[tuple[Row, Mapping[str, Value]]]
    hidden: int

    def shown(self, rows: Iterable[T]) -> Listed[T]:
        return Listed(tuple(rows), self.hidden)


def _read(
    tx: Tx, viewer: Viewer, table: type[Row], wanted: Wanted, *, late: sa.ColumnElement[bool] | None = None
) -> _Found[Row]:
    found = rows_of(tx, viewer, table, wanted, late=late)
    knowns: Iterable[Known] = NOUNS[table.noun].load_many(tx.session, [row.id for row in found.rows])
    facts = {known.ref.id: known.facts for known in knowns}
    return _Found([(row, facts[row.id]) for row in found.rows], found.hidden)


def _in_state(tx: Tx, kind: str, table: type[Moved], wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    if wanted.state is None:
        return []
    states = tx.playbook.state_titles(kind)
    if wanted.state not in states:
        raise Refused(Reason("unknown_word", unknown(wanted.state, f"a state of {kind}", states) + "."))
    return [table.state == wanted.state]


def _late_returns(tx: Tx) -> sa.ColumnElement[bool]:
    owed = AgencyReturn.state.not_in((*SETTLED_RETURNS, "submitted"))
    return sa.and_(owed, AgencyReturn.due_on < tx.today)


def _late_actions(tx: Tx) -> sa.ColumnElement[bool]:
    is_open = sa.and_(Action.state.not_in(SETTLED_ACTIONS), Action.confirmed_on.is_(None))
    return sa.and_(is_open, Action.current_due_on < tx.today)


def _last_ratings(tx: Tx) -> dict[int, str]:
    """Give what each owner said last of their own action."""
    last = sa.select(sa.func.max(ProgressNote.id)).group_by(ProgressNote.action_id)
    rows = tx.session.execute(
        sa.select(ProgressNote.action_id, ProgressNote.rating).where(
            ProgressNote.group_id == tx.actor.group_id, ProgressNote.id.in_(last)
        )
    )
    return dict(rows.all())
