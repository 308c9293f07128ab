"""The hot path to the database: statements that are compiled once, and rows that are held by them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine.store import among
from engine.wire import Promise

_NAMED = re.compile(r"%\((\w+)\)s|%%")


class RowLock:
    """Holds rows of one table until the transaction ends, where the database has a lock for each row.

    In a statement of its own, before what depends on the rows is counted: a query that had to wait for a lock
    would go on with what it had counted before it waited. SQLite's one writer holds the whole file already, and
    a transaction that only reads holds nothing. Rows that point at a held one may be written meanwhile: its key
    stays, and whoever writes them holds rows of other tables, for which the holder may wait.
    """

    def __init__(self, key: InstrumentedAttribute[int]) -> None:
        one = sa.select(key).where(key == sa.bindparam("row"))
        many = sa.select(key).where(among(key, "rows")).order_by(key)
        self._one = Prepared(one.with_for_update(key_share=True))
        self._many = Prepared(many.with_for_update(key_share=True))
        self._free = Prepared(many.with_for_update(key_share=True, skip_locked=True))

    def take(self, session: Session, rows: Iterable[int]) -> None:
        """Hold rows by their numbers, the lowest first, so that two who want the same ones wait in one line."""
        if not session.info["locks_rows"]:
            return
        wanted = list(rows)
        if len(wanted) == 1:
            self._one.first(session, {"row": wanted[0]})
        elif wanted:
            self._many.rows(session, {"rows": wanted})

    def take_free(self, session: Session, rows: Iterable[int]) -> list[int]:
        """Hold those rows that nobody else holds, wait for none, and give their numbers."""
        wanted = list(rows)
        if not session.info["locks_rows"] or not wanted:
            return wanted
        return [number for (number,) in self._free.rows(session, {"rows": wanted})]

    def take_soon(self, session: Session, row: int) -> None:
        """Hold one row from the next statement on whose answer is needed, before that one is answered."""
        if session.info["locks_rows"]:
            self._one.tell(session, {"row": row})


class Prepared:
    """A statement compiled once per kind of database and run on the driver's own cursor: the hot path.

    Built from SQLAlchemy Core constructs over the mapped tables, so that no column is named twice.
    Measured several times faster than the same construct through Connection.execute.
    """

    def __init__(self, statement: sa.sql.ClauseElement) -> None:
        self._statement = statement
        self._ready: dict[str, _Ready] = {}

    def run(self, session: Session, values: Mapping[str, Any]) -> int:
        """Run the statement and give the number of rows that it touched."""
        touched: int = self._execute(session, values).rowcount
        return touched

    def run_all(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
        """Run the statement once for each of many rows, handed over together; give how many rows it touched in all."""
        if len(rows) < 2:
            return sum(self.run(session, row) for row in rows)
        session.flush()
        ready = self._for(session)
        parameters = [ready.parameters(row) for row in rows]
        touched: int = session.info["wire"].ask_all(ready.text, parameters)
        return touched

    def tell(self, session: Session, values: Mapping[str, Any], promise: Promise | None = None) -> None:
        """Run a change of which nobody waits to hear: a server is told it together with what is asked next.

        Raises what the promise says where it is not kept: at once, with the next question, or with the commit.
        """
        session.flush()
        ready = self._for(session)
        session.info["wire"].tell(ready.text, ready.parameters(values), promise)

    def rows_soon(self, session: Session, values: Mapping[str, Any]) -> Callable[[], tuple[Any, ...]]:
        """Have a query answered together with what is asked next; give what gives its rows as the driver reads them."""
        session.flush()
        ready = self._for(session)
        answer = session.info["wire"].ask_soon(ready.text, ready.parameters(values))
        return lambda: tuple(answer().fetchall())

    def rows(self, session: Session, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run a query and give all its rows, each value as its column's type promises."""
        ready = self._for(session)
        return [ready.row(row) for row in self._execute(session, values).fetchall()]

    def first(self, session: Session, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Run a query and give its first row, or None."""
        row = self._execute(session, values).fetchone()
        return None if row is None else self._for(session).row(row)

    def _execute(self, session: Session, values: Mapping[str, Any]) -> Any:
        session.flush()
        ready = self._for(session)
        return session.info["wire"].ask(ready.text, ready.parameters(values))

    def _for(self, session: Session) -> _Ready:
        dialect: Dialect = session.info["dialect"]
        ready = self._ready.get(dialect.name)
        if ready is None:
            ready = self._ready[dialect.name] = _Ready.of(self._statement, dialect)
        return ready


@dataclass(frozen=True, slots=True)
class _Ready:
    """One statement for one kind of database: its text, how values go in and how columns come out."""

    text: str
    names: tuple[str, ...]
    picked: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    binders: tuple[tuple[int, Callable[[Any], Any]], ...]
    fixed: Mapping[str, Any]
    results: tuple[tuple[int, Callable[[Any], Any]], ...]

    @classmethod
    def of(cls, statement: sa.sql.ClauseElement, dialect: Dialect) -> _Ready:
        compiled = statement.compile(dialect=dialect)
        if isinstance(compiled, sa.sql.compiler.SQLCompiler) and compiled.post_compile_params:
            # Lists of fixed words (`state IN (...)`) become so many parameters, once and for all.
            compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        if not isinstance(compiled, sa.sql.compiler.SQLCompiler):
            raise TypeError("only queries and changes of rows can be prepared")
        binders = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for bind, name in compiled.bind_names.items()
        }
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        results: list[tuple[int, Callable[[Any], Any]]] = []
        if isinstance(statement, sa.Select):
            for position, column in enumerate(statement.selected_columns):
                reader = column.type.dialect_impl(dialect).result_processor(dialect, None)
                if reader is not None:
                    results.append((position, reader))
        names = tuple(compiled.positiontup or compiled.params)
        text = str(compiled) if compiled.positiontup else _numbered(str(compiled), names)
        bound = ((place, binders.get(name)) for place, name in enumerate(names))
        return cls(
            text,
            names,
            _picking(names),
            tuple((place, binder) for place, binder in bound if binder is not None),
            fixed,
            tuple(results),
        )

    def parameters(self, values: Mapping[str, Any]) -> Sequence[Any]:
        row: Sequence[Any] = self.picked({**self.fixed, **values} if self.fixed else values)
        if self.binders:
            bound = list(row)
            for place, binder in self.binders:
                bound[place] = binder(bound[place])
            return bound
        return row

    def row(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        if not self.results:
            return row
        values = list(row)
        for position, reader in self.results:
            values[position] = reader(values[position])
        return tuple(values)


def _numbered(text: str, names: Sequence[str]) -> str:
    """Write `%(name)s` as $1, $2 and so on, which is how PostgreSQL itself names what comes in."""
    places = {name: f"${number}" for number, name in enumerate(names, start=1)}
    return _NAMED.sub(lambda found: places[found[1]] if found[1] else "%", text)


def _picking(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Give what picks values out of a mapping in an order: for many rows, quicker than looking up one by one."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda given: tuple(given[name] for name in names)
