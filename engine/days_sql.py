"""The days between two dates as SQL, on every database alike."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal


class _DaysBetween(sa.ColumnElement[int]):
    """The whole days from an earlier date to a later one."""

    inherit_cache = True
    type = sa.Integer()
    _traverse_internals = [
        ("later", InternalTraversal.dp_clauseelement),
        ("earlier", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, later: Any, earlier: Any) -> None:
        self.later, self.earlier = sa.type_coerce(later, sa.Date()), sa.type_coerce(earlier, sa.Date())


def days_between(later: Any, earlier: Any) -> sa.ColumnElement[int]:
    """Count the days from one date to a later one; nothing where one of them is empty."""
    return _DaysBetween(later, earlier)


@compiles(_DaysBetween, "sqlite")
def _by_julian_days(one: _DaysBetween, compiler: sa.sql.compiler.SQLCompiler, **how: Any) -> str:
    later, earlier = compiler.process(one.later, **how), compiler.process(one.earlier, **how)
    return f"CAST(julianday({later}) - julianday({earlier}) AS INTEGER)"


@compiles(_DaysBetween, "postgresql")
def _by_subtraction(one: _DaysBetween, compiler: sa.sql.compiler.SQLCompiler, **how: Any) -> str:
    later, earlier = compiler.process(one.later, **how), compiler.process(one.earlier, **how)
    return f"(CAST({later} AS DATE) - CAST({earlier} AS DATE))"
