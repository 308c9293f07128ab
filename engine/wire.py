"""How statements reach the database: one by one where it is part of us, as few journeys as can be where it is a server.

A server is told what nobody waits for, from the first BEGIN to the last COMMIT, together with the next statement whose
answer is needed. What a statement promises, such as to touch one row, is held by the server itself, so that it
commits nothing where a promise was broken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

Values: TypeAlias = Sequence[Any] | Mapping[str, Any]
DIVISION_BY_ZERO = "22012"
_KEPT = "WITH touched AS (CHANGE RETURNING 1) SELECT 1 / (count(*) = ROWS)::int FROM touched"


class Promise(NamedTuple):
    """How many rows a statement has to touch, and what is raised where it touches another number."""

    rows: int
    otherwise: Exception


@dataclass(frozen=True, slots=True)
class Local:
    """A database within this process: every statement runs at once, since nothing is gained by waiting."""

    driver: Any

    def ask(self, text: str, values: Values) -> Any:
        """Run a statement and give its cursor."""
        cursor = self.driver.cursor()
        cursor.execute(text, values)
        return cursor

    def ask_all(self, text: str, rows: Sequence[Values]) -> Any:
        """Run a statement once for each of many rows and give its cursor."""
        cursor = self.driver.cursor()
        cursor.executemany(text, rows)
        return cursor

    def ask_soon(self, text: str, values: Values) -> Callable[[], Any]:
        """Give what runs a query and gives its cursor."""
        return lambda: self.ask(text, values)

    def tell(self, text: str, values: Values, promise: Promise | None = None) -> None:
        """Run a change; raises what the promise says where it is not kept."""
        touched = self.ask(text, values).rowcount
        if promise is not None and touched != promise.rows:
            raise promise.otherwise

    def settle(self) -> None:
        """Do nothing: nothing waits here."""

    def commit(self) -> None:
        """Leave the commit to whoever began."""


class Remote:
    """A server, through psycopg: what is told waits for what is asked, and both go in one journey."""

    __slots__ = ("_driver", "_waiting")

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._waiting: list[_Said] = []

    def ask(self, text: str, values: Values) -> Any:
        """Run a statement, after all that waits, and give its cursor."""
        cursor = self._add(text, values)
        self.settle()
        return cursor

    def ask_all(self, text: str, rows: Sequence[Values]) -> Any:
        """Run a statement once for each of many rows, after all that waits, and give its cursor."""
        self.settle()
        cursor = self._driver.cursor()
        cursor.executemany(text, rows)
        return cursor

    def ask_soon(self, text: str, values: Values) -> Callable[[], Any]:
        """Have a query go with the next statement whose answer is needed; give what gives its cursor."""
        cursor = self._add(text, values)

        def answer() -> Any:
            self.settle()
            return cursor

        return answer

    def tell(self, text: str, values: Values, promise: Promise | None = None) -> None:
        """Have a change go with the next statement whose answer is needed, at the latest with the commit.

        Only then is raised what the promise says, or what the server refuses.
        """
        if promise is not None:
            text = _KEPT.replace("ROWS", str(promise.rows)).replace("CHANGE", text)
        self._add(text, values, promise)

    def settle(self) -> None:
        """Run all that waits, in its order and in one journey; raises what a broken promise says."""
        if self._waiting:
            self._go(self._waiting, commits=False)

    def commit(self) -> None:
        """Run all that waits and commit, in one journey; raises as `settle` does, and then nothing is committed."""
        self._go(self._waiting, commits=True)

    def _add(self, text: str, values: Values, promise: Promise | None = None) -> Any:
        cursor = self._driver.cursor()
        self._waiting.append(_Said(cursor, text, values, promise))
        return cursor

    def _go(self, said: Sequence[_Said], *, commits: bool) -> None:
        self._waiting = []
        try:
            with self._driver.pipeline():
                for cursor, text, values, _ in said:
                    cursor.execute(text, values)
                if commits:
                    self._driver.commit()
        except Exception as error:
            broken = next((one.promise for one in said if one.cursor.pgresult is None), None)
            if broken is not None and getattr(error, "sqlstate", None) == DIVISION_BY_ZERO:
                raise broken.otherwise from error
            raise


class _Said(NamedTuple):
    """A statement that waits to be sent, and the cursor that will hold its answer."""

    cursor: Any
    text: str
    values: Values
    promise: Promise | None


Wire: TypeAlias = Local | Remote
