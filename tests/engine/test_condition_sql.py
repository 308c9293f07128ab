"""A condition asked as SQL finds the rows for which it holds in Python, on both databases, empty facts included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from engine.condition_sql import Column, to_sql
from engine.condition_tree import Not, Tree
from engine.store import open_store
from engine.vocabulary import Kind
from tests.engine.action_words import ACTION, ENGLAND
from tests.engine.condition_rows import BETWEEN_TWO_DATES, CONDITIONS, DAYS, actions, condition
from tests.engine.conditions_said_twice import Said, conditions
from tests.engine.conditions_said_twice import days as any_days

TYPES: Mapping[Kind, sa.types.TypeEngine[Any]] = {
    Kind.DATE: sa.Date(),
    Kind.WHOLE: sa.Integer(),
    Kind.YES_NO: sa.Boolean(),
    Kind.CHOICE: sa.Text(),
    Kind.TEXT: sa.Text(),
}
ACTIONS = actions(2000)
ALL, SOME = frozenset(range(2000)), frozenset(range(1600, 2000))
TABLE = sa.Table(
    "action_row",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    *(
        sa.Column(name, TYPES[fact.kind], nullable=fact.optional, index=name == "due_on")
        for name, fact in ACTION.fields.items()
    ),
)
COLUMNS: Mapping[str, Column] = {name: TABLE.c[name] for name in ACTION.fields}


@dataclass(frozen=True)
class Rows:
    """The actions in a database, and the different days of its columns as they were asked for."""

    session: Session
    days: dict[str, list[date | None]] = field(default_factory=dict)

    def found(self, tree: Tree, today: date) -> set[int]:
        """Give the numbers of the rows that the database finds."""
        where = to_sql(tree, COLUMNS, today=today, calendar=ENGLAND, days_of=self.days_of)
        return set(self.session.scalars(sa.select(TABLE.c.id).where(where)))

    def days_of(self, column: Column) -> list[date | None]:
        """Give the different days of a column."""
        name = str(column)
        if name not in self.days:
            self.days[name] = list(self.session.scalars(sa.select(column).distinct()))
        return self.days[name]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def rows(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rows]:
    """The actions, once in an SQLite file and once in PostgreSQL."""
    file = str(tmp_path_factory.mktemp("rows") / "actions.sqlite")
    store = open_store(file if request.param == "sqlite" else request.getfixturevalue("postgres_leaves"))
    with store.begin() as session:
        TABLE.metadata.create_all(session.connection())
        session.execute(sa.insert(TABLE), [{"id": number, **facts} for number, facts in enumerate(ACTIONS)])
        yield Rows(session)
    store.close()


@cache
def holding(text: str, today: date, among: frozenset[int] = ALL) -> frozenset[int]:
    parsed = condition(text)
    return frozenset(
        number for number in among if parsed.holds(ACTIONS[number], today=today, calendar=ENGLAND)
    )


@pytest.mark.parametrize("text", CONDITIONS)
def test_the_database_finds_exactly_the_rows_for_which_a_condition_holds(rows: Rows, text: str) -> None:
    tree = condition(text).tree
    wrong = {day: rows.found(tree, day) ^ holding(text, day) for day in DAYS}
    assert not any(wrong.values())


@pytest.mark.parametrize("text", BETWEEN_TWO_DATES)
def test_two_dates_of_a_row_are_compared_also_where_one_of_them_is_moved(rows: Rows, text: str) -> None:
    today = date(2026, 3, 31)
    assert rows.found(condition(text).tree, today) == holding(text, today)


def test_this_is_asked_widely_enough() -> None:
    assert len(CONDITIONS) >= 20
    assert len(DAYS) == 30
    assert len(ACTIONS) == 2000
    empty = sum(facts[name] is None for facts in ACTIONS for name in ("due_on", "times_moved", "outcome"))
    assert 0.10 < empty / (3 * 2000) < 0.14


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_negation_finds_all_other_rows(rows: Rows, text: str) -> None:
    tree, today = condition(text).tree, date(2026, 3, 31)
    assert rows.found(Not(tree), today) == set(range(2000)) - rows.found(tree, today)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(said=conditions(), today=any_days())
def test_any_condition_finds_the_rows_for_which_it_holds(rows: Rows, said: Said, today: date) -> None:
    assert rows.found(condition(said.text).tree, today) & SOME == holding(said.text, today, SOME)


# -- what the SQL looks like ---------------------------------------------------------------------------------

TODAY = date(2026, 4, 10)


def nobody_asks(_column: Column) -> list[date | None]:
    raise AssertionError("no days of a column are needed here")


def sql(text: str) -> str:
    where = to_sql(condition(text).tree, COLUMNS, today=TODAY, calendar=ENGLAND, days_of=nobody_asks)
    written = str(where.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    return written.replace("action_row.", "")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            "state in (agreed, in_progress) and due_on is not empty and due_on + 10 working days <= today",
            "state IN ('agreed', 'in_progress') AND due_on IS NOT NULL AND due_on <= '2026-03-25'",
        ),
        ("due_on < today", "due_on < '2026-04-10'"),
        ("today <= due_on", "due_on >= '2026-04-10'"),
        ("due_on - 1 month > today", "due_on >= '2026-05-11'"),
        ("due_on + 1 month < 2026-03-31", "due_on <= '2026-02-28'"),
        ("due_on + 1 month = 2026-02-28", "due_on >= '2026-01-28' AND due_on <= '2026-01-31'"),
        ("due_on - 1 day != today", "due_on <= '2026-04-10' OR due_on >= '2026-04-12'"),
        ("today - 1 week = agreed_on", "agreed_on = '2026-04-03'"),
        ("2026-01-31 + 1 month > due_on", "due_on < '2026-02-28'"),
        ("not due_on < today", "due_on >= '2026-04-10' OR due_on IS NULL"),
        ("not agreed_on < today", "agreed_on >= '2026-04-10'"),
        ("not times_moved > evidence_count", "times_moved <= evidence_count OR times_moved IS NULL"),
        ("not (is_late or outcome in (kept))", "is_late != 1 AND ((outcome NOT IN ('kept')) OR outcome IS NULL)"),
        ("not (due_on is empty and remark is not empty)", "due_on IS NOT NULL OR remark IS NULL"),
        ("today >= 2026-04-10 and is_late", "is_late = 1"),
        ("today > 2026-04-10 or is_late", "is_late = 1"),
        ("due_on - 1 day > 9999-12-31", "0"),
        ("not due_on + 1 day < 0001-01-01", "due_on >= '0001-01-01' OR due_on IS NULL"),
        ("due_on + 9999 years >= 9999-12-31", "due_on >= '0001-01-01'"),
    ],
)  # fmt: skip
def test_only_bare_columns_and_bounds_come_to_the_database(text: str, written: str) -> None:
    assert sql(text) == written


@pytest.mark.parametrize(
    ("text", "answer"), [("today > 2026-04-10", "0"), ("not today > 2026-04-10", "1 = 1")]
)
def test_what_speaks_of_no_fact_is_decided_before_the_database_is_asked(text: str, answer: str) -> None:
    assert sql(text) == answer


def test_an_index_finds_what_is_due(rows: Rows) -> None:
    text = "due_on is not empty and due_on + 10 working days <= today"
    where = to_sql(condition(text).tree, COLUMNS, today=DAYS[0], calendar=ENGLAND, days_of=nobody_asks)
    dialect = rows.session.get_bind().dialect
    query = (
        sa.select(TABLE.c.id).where(where).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    )
    if dialect.name == "sqlite":
        plan = rows.session.execute(sa.text(f"EXPLAIN QUERY PLAN {query}")).all()
        assert "INDEX ix_action_row_due_on (due_on>? AND due_on<?)" in str(plan)
    else:
        rows.session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        plan = rows.session.execute(sa.text(f"EXPLAIN {query}")).all()
        assert "Index Cond: ((due_on IS NOT NULL) AND (due_on <= " in str(plan)
