"""A noun with its facts: each is declared once, as a word of the YAML and as the SQL from which it comes.

What the facts of each noun are stands beside this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from assurance.facts.words import ADDRESSEES, CONFLICTS, ROLES
from assurance.records import Approval, Audit
from engine.conditions import Field, Kind, Value, Vocabulary
from engine.moved import Moved, Ref, Standing
from engine.prepared import Prepared, RowLock
from engine.store import among


@dataclass(frozen=True, slots=True)
class Fact:
    """One word of the YAML: its kind, what people call it, and where it comes from."""

    field: Field
    expression: Any


@dataclass(frozen=True, slots=True)
class Belonging:
    """To what and to whom a subject belongs: who acts on it, who is told, and in which thread.

    `parents` are the subjects whose facts count this one, `requester_id` the person who asked for it, and
    `awaited_agency_id` the agency for which it waits.
    """

    audit_id: int | None
    audit_reference: str | None
    agency_id: int | None
    owner_post_id: int | None
    parents: tuple[Ref, ...] = ()
    requester_id: int | None = None
    awaited_agency_id: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A subject as it stands: its place in the history, to whom it belongs, and its facts."""

    standing: Standing
    belongs: Belonging
    facts: Mapping[str, Value]

    @property
    def ref(self) -> Ref:
        """Name the subject."""
        return self.standing.ref


class Noun:
    """One noun that moves: its table, its facts and the two queries that load them."""

    def __init__(
        self,
        table: type[Moved],
        facts: Sequence[Fact],
        *,
        audit: sa.ColumnElement[Any] | None = None,
        agency: sa.ColumnElement[Any] | None = None,
        owner: sa.ColumnElement[Any] | None = None,
        requester: sa.ColumnElement[Any] | None = None,
        awaited: sa.ColumnElement[Any] | None = None,
        parents: Mapping[str, sa.ColumnElement[Any]] | None = None,
        follows: Mapping[str, str] | None = None,
    ) -> None:
        """Declare a noun; a fact of `follows` takes the value of another one whenever that one alone is set."""
        self.table = table
        self.kind = table.noun
        self.belongs_to_agencies = agency is not None
        self.facts = (*common_facts(table), *facts)
        nothing = sa.null()
        # An alias, because the noun itself may be the audit, and would then be compared with itself.
        named = aliased(Audit)
        reference = nothing if audit is None else one(named.reference, named.id == audit)
        self._place = (
            table.id,
            table.group_id,
            table.state,
            table.version,
            table.material_version,
            table.head,
            table.definition_id,
            (nothing if audit is None else audit).label("belongs_audit"),
            reference.label("belongs_reference"),
            (nothing if agency is None else agency).label("belongs_agency"),
            (nothing if owner is None else owner).label("belongs_owner"),
            (nothing if requester is None else requester).label("belongs_requester"),
            (nothing if awaited is None else awaited).label("belongs_awaited"),
            *(column.label(f"parent_{kind}") for kind, column in (parents or {}).items()),
        )
        self._parents = tuple(parents or {})
        self._follows = dict(follows or {})
        self._lock = RowLock(table.id)
        self._one = self._asking(self.facts, table.id == sa.bindparam("subject", required=False))
        self._many: dict[frozenset[str] | None, _Asked] = {}

    def vocabulary(self) -> Vocabulary:
        """Give the words that workflows and rules about this noun may use."""
        return Vocabulary(
            about=self.kind,
            fields={fact.field.name: fact.field for fact in self.facts},
            roles=ROLES,
            conflicts=CONFLICTS,
            addressees=ADDRESSEES,
        )

    def load(self, session: Session, subject: int) -> Known | None:
        """Lock one subject's row, where the database can, and read it with all its facts in one query."""
        self._lock.take_soon(session, subject)
        row = self._one.statement.first(session, {"subject": subject})
        return None if row is None else next(self._knowns(self._one, [row]))

    def lock(self, session: Session, subjects: Iterable[int]) -> None:
        """Lock the rows of subjects, where the database can."""
        self._lock.take(session, subjects)

    def lock_free(self, session: Session, subjects: Iterable[int]) -> list[int]:
        """Lock the rows that nobody else has locked, and give their numbers."""
        return self._lock.take_free(session, subjects)

    def load_many(
        self, session: Session, subjects: Sequence[int], *, facts: frozenset[str] | None = None
    ) -> list[Known]:
        """Read many subjects in one query, by their numbers: with all their facts, or with those that are named."""
        asked = self._many.get(facts)
        if asked is None:
            wanted = [fact for fact in self.facts if facts is None or fact.field.name in facts]
            asked = self._many[facts] = self._asking(wanted, among(self.table.id, "subjects"))
        rows = asked.statement.rows(session, {"subjects": list(subjects)})
        return list(self._knowns(asked, rows))

    def followers(self, changes: Mapping[str, Value]) -> dict[str, Value]:
        """Give the facts that follow changed ones, with their new values."""
        return {
            name: changes[leader]
            for name, leader in self._follows.items()
            if leader in changes and name not in changes
        }

    def changed_columns(self, _known: Known, changes: Mapping[str, Value]) -> dict[str, Any]:
        """Turn changed facts into changed columns: of these nouns each has a column of its own."""
        return dict(changes)

    def _asking(self, facts: Sequence[Fact], where: sa.ColumnElement[bool]) -> _Asked:
        query = sa.select(*self._place, *(fact.expression.label(f"fact_{fact.field.name}") for fact in facts))
        return _Asked(
            Prepared(query.where(where).order_by(self.table.id)),
            tuple(fact.field.name for fact in facts),
            tuple(fact.field.name for fact in facts if fact.field.kind is Kind.YES_NO),
        )

    def _knowns(self, asked: _Asked, rows: Iterable[tuple[Any, ...]]) -> Iterator[Known]:
        first_fact = len(self._place)
        shared: dict[tuple[Any, ...], Belonging] = {}
        for row in rows:
            subject, group, state, version, material, head, definition = row[:7]
            # Many belong to the same people and the same audit.
            place = row[7:first_fact]
            belongs = shared.get(place)
            if belongs is None:
                belongs = shared[place] = self._belonging(place)
            facts: dict[str, Value] = dict(zip(asked.names, row[first_fact:], strict=True))
            for name in asked.yes_no:
                facts[name] = bool(facts[name])
            facts["state"] = state
            standing = Standing(Ref(self.kind, subject), group, state, version, material, head, definition)
            yield Known(standing, belongs, facts)

    def _belonging(self, place: tuple[Any, ...]) -> Belonging:
        audit, reference, agency, owner, requester, awaited, *above = place
        numbers = zip(self._parents, above, strict=True)
        parents = tuple(Ref(kind, number) for kind, number in numbers if number is not None)
        return Belonging(audit, reference, agency, owner, parents, requester, awaited)


class _Asked(NamedTuple):
    """A query for subjects with some of their facts: the names of these, and which of them are yes or no."""

    statement: Prepared
    names: tuple[str, ...]
    yes_no: tuple[str, ...]


def one(column: Any, *where: Any) -> sa.ColumnElement[Any]:
    """Look one value up."""
    return sa.select(column).where(*where).scalar_subquery()


def count(table: Any, *where: Any) -> sa.ColumnElement[Any]:
    """Count rows."""
    return sa.select(sa.func.count()).select_from(table).where(*where).scalar_subquery()


def whole(name: str, title: str, expression: Any) -> Fact:
    """Declare a fact that is a whole number."""
    return Fact(Field(name, Kind.WHOLE, title=title), expression)


def date(name: str, title: str, expression: Any, *, optional: bool = True) -> Fact:
    """Declare a fact that is a day."""
    return Fact(Field(name, Kind.DATE, optional=optional, title=title), expression)


def text(name: str, title: str, expression: Any) -> Fact:
    """Declare a fact of which one knows only whether it is there."""
    return Fact(Field(name, Kind.TEXT, optional=True, title=title), expression)


def yes_no(name: str, title: str, expression: Any) -> Fact:
    """Declare a fact that is yes or no."""
    return Fact(Field(name, Kind.YES_NO, title=title), expression)


def common_facts(table: type[Moved]) -> tuple[Fact, ...]:
    """Declare what every noun of the field has."""
    since = date(
        "state_since_on", "the day on which it came to this state", table.state_since_on, optional=False
    )
    if table is Approval:
        return (since,)
    waiting = count(
        Approval,
        Approval.subject_kind == table.noun,
        Approval.subject_id == table.id,
        Approval.state == "waiting",
    )
    return since, whole("approvals_waiting", "decisions that wait", waiting)
