"""How statements reach the database: one by one where it is part of us, as few journeys as can be where it is a server.

A server is told what nobody waits for, from the first BEGIN to the last COMMIT, together with the next statement whose
answer is needed. What a statement promises, such as to touch one row, is held by the server itself, so that it
commits nothing where a promise was broken.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

from engine.errors import Unanswered

Values: TypeAlias = Sequence[Any]
DIVISION_BY_ZERO = "22012"
UNKNOWN_STATEMENT = "26000"
MOST_PREPARED = 200
_ENDS = ("COMMIT", "ROLLBACK")
_UNDONE = "what was refused before has undone the whole transaction"
_KEPT = "WITH touched AS (CHANGE RETURNING 1) SELECT 1 / (count(*) = ROWS)::int FROM touched"


class Promise(NamedTuple):
    """How many rows a statement has to touch, and what is raised where it touches another number."""

    rows: int
    otherwise: Exception


class Answer(Protocol):
    """What a statement came to: its rows, or how many it touched."""

    @property
    def rowcount(self) -> int:
        """Give how many rows were touched."""

    def fetchone(self) -> Any:
        """Give the first row, or None."""

    def fetchall(self) -> list[Any]:
        """Give all rows."""


@dataclass(frozen=True, slots=True)
class Local:
    """A database within this process: every statement runs at once, since nothing is gained by waiting."""

    driver: Any

    def ask(self, text: str, values: Values) -> Answer:
        """Run a statement and give what it came to."""
        cursor: Answer = self.driver.execute(text, values)
        return cursor

    def ask_all(self, text: str, rows: Sequence[Values]) -> int:
        """Run a statement once for each of many rows and give how many it touched in all."""
        touched: int = self.driver.executemany(text, rows).rowcount
        return touched

    def ask_soon(self, text: str, values: Values) -> Callable[[], Answer]:
        """Give what runs a query and gives its answer."""
        return lambda: self.ask(text, values)

    def tell(self, text: str, values: Values, promise: Promise | None = None) -> None:
        """Run a change; raises what the promise says where it is not kept."""
        touched = self.ask(text, values).rowcount
        if promise is not None and touched != promise.rows:
            raise promise.otherwise

    def commit(self) -> None:
        """Leave the commit to whoever began."""

    def rollback(self) -> None:
        """Leave undoing to whoever began."""


class Remote:
    """One connection to a server, through psycopg: what is told waits for what is asked, and both go in one journey.

    Statements name their values $1, $2 and so on, and are prepared on the server when they first go there.
    """

    def __init__(self, driver: Any, psycopg: Any) -> None:
        self._driver = driver
        self._server = driver.pgconn
        self._values = psycopg.adapt.Transformer.from_context(driver)
        self._as_text = psycopg.adapt.PyFormat.TEXT
        self._fine = (psycopg.pq.ExecStatus.COMMAND_OK, psycopg.pq.ExecStatus.TUPLES_OK)
        self._idle = psycopg.pq.TransactionStatus.IDLE
        self._unknown = psycopg.pq.TransactionStatus.UNKNOWN
        self._fault = psycopg.Error
        self._lost = psycopg.OperationalError
        self._undone = psycopg.errors.InFailedSqlTransaction
        self._error_of = psycopg.errors.error_from_result
        self._named = 0
        self._prepared: dict[str, bytes] = {}
        self._waiting: list[_Said] = []
        self._opening = 0
        self._has_begun = False
        self._socket = select.poll()
        self._socket.register(self._server.socket, select.POLLIN)

    def begin(self, how: str, *told: tuple[str, Values]) -> None:
        """Have the next transaction begin with its first statement, and that follow which it has to know."""
        self._waiting = []
        self._add(how, ())
        for text, values in told:
            self._add(text, values)
        self._opening = len(self._waiting)
        self._has_begun = False

    def ask(self, text: str, values: Values) -> Answer:
        """Run a statement, after all that waits, and give what it came to."""
        said = self._add(text, values)
        self.settle()
        return said

    def ask_all(self, text: str, rows: Sequence[Values]) -> int:
        """Run a statement once for each of many rows, after all that waits, and give how many it touched in all."""
        said = [self._add(text, values) for values in rows]
        self.settle()
        return sum(one.rowcount for one in said)

    def ask_soon(self, text: str, values: Values) -> Callable[[], Answer]:
        """Have a query go with the next statement whose answer is needed; give what gives its own."""
        said = self._add(text, values)

        def answer() -> Answer:
            self.settle()
            return said

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
            said, self._waiting = self._waiting, []
            if self._has_begun and self._server.transaction_status == self._idle:
                # Somebody has gone on after a fault: this would stand, and what came before it would not.
                raise self._undone(_UNDONE)
            self._has_begun = True
            self._travel(said)

    def commit(self) -> None:
        """Run all that waits and commit, in one journey; raises as `settle` does, and then nothing is committed.

        What comes from Unanswered is no answer: then nobody knows.
        """
        if self._has_begun or len(self._waiting) > self._opening:
            commit = self._add("COMMIT", ())
            try:
                self.settle()
            except self._fault as error:
                if self._server.transaction_status != self._unknown:
                    raise
                raise error from Unanswered()
            if commit.result.command_status != b"COMMIT":
                raise self._undone(_UNDONE)
        self._waiting = []

    def rollback(self) -> None:
        """Undo the transaction, and drop what was not sent yet."""
        self._waiting = []
        if self._server.transaction_status not in (self._idle, self._unknown):
            # psycopg's own would make the server forget all that is prepared.
            self._add("ROLLBACK", ())
            self.settle()

    def _add(self, text: str, values: Values, promise: Promise | None = None) -> _Said:
        # A value that cannot be sent is refused here, where nothing of it is under way yet.
        sent = self._values.dump_sequence(values, [self._as_text] * len(values))
        said = _Said(self, text, sent, promise)
        self._waiting.append(said)
        return said

    def _travel(self, said: Sequence[_Said]) -> None:
        begins = self._server.transaction_status == self._idle
        refused = self._journey(said)
        if begins and refused is not None and _sqlstate(self._refusal(*refused)) == UNKNOWN_STATEMENT:
            # Somebody has made the server forget what was prepared. Nothing has happened yet, so begin again.
            self._prepared.clear()
            self._driver.rollback()
            refused = self._journey(said)
        if refused is not None:
            raise self._refusal(*refused)

    def _journey(self, said: Sequence[_Said]) -> tuple[_Said | None, Any] | None:
        """Send statements and hear all answers; give the first refusal with its statement, if there is one."""
        named = len(self._prepared)
        try:
            self._server.enter_pipeline_mode()
            expected = [answer for one in said for answer in self._send(one)]
            self._server.pipeline_sync()
            self._flush()
            refused = [found for found in map(self._take, expected) if found is not None]
            self._hear()  # that the server is ready for more
            self._server.exit_pipeline_mode()
        except BaseException:
            # Nobody knows what is still under way on it; whoever comes next gets another connection.
            self._driver.close()
            raise
        if not refused:
            return None
        for text in list(self._prepared)[named:]:
            del self._prepared[text]
        return refused[0]

    def _send(self, one: _Said) -> Iterator[_Said | None]:
        """Send a statement; give what the server will answer: None for one that it now knows by its name."""
        name = self._prepared.get(one.text)
        # What ends a transaction must not hang on a name: psycopg has the server forget all names after a DROP.
        if one.text in _ENDS or (name is None and len(self._prepared) >= MOST_PREPARED):
            self._server.send_query_params(one.text.encode(), one.values)
            yield one
            return
        if name is None:
            self._named += 1
            name = self._prepared[one.text] = f"auditloop_{self._named}".encode()
            self._server.send_prepare(name, one.text.encode())
            yield None
        self._server.send_query_prepared(name, one.values)
        yield one

    def _flush(self) -> None:
        while self._server.flush():
            # The server may wait until we have heard what it says, before it takes more.
            self._socket.modify(self._server.socket, select.POLLIN | select.POLLOUT)
            self._socket.poll()
            self._socket.modify(self._server.socket, select.POLLIN)
            self._server.consume_input()

    def _take(self, one: _Said | None) -> tuple[_Said | None, Any] | None:
        """Take one answer; give it with its statement where it is a refusal."""
        result = self._hear()
        if result is None:
            raise self._lost("the connection to the database was lost")
        while self._hear() is not None:
            pass
        if result.status not in self._fine:
            return one, result
        if one is not None:
            one.result = result
        return None

    def _hear(self) -> Any:
        while self._server.is_busy():
            self._socket.poll()
            self._server.consume_input()
        return self._server.get_result()

    def _refusal(self, one: _Said | None, result: Any) -> Exception:
        error: Exception = self._error_of(result, encoding="utf-8")
        if one is None or one.promise is None or _sqlstate(error) != DIVISION_BY_ZERO:
            return error
        broken = one.promise.otherwise
        broken.__cause__ = error
        return broken

    def rows_of(self, result: Any) -> list[Any]:
        """Read the rows of an answer."""
        self._values.set_pgresult(result)
        rows: list[Any] = self._values.load_rows(0, result.ntuples, tuple)
        return rows


def _sqlstate(error: Exception) -> str | None:
    state: str | None = getattr(error, "sqlstate", None)
    return state


class _Said:
    """A statement that is sent with the next journey, and its answer after that."""

    __slots__ = ("_wire", "promise", "result", "text", "values")

    def __init__(self, wire: Remote, text: str, values: Values, promise: Promise | None) -> None:
        self._wire = wire
        self.text = text
        self.values = values
        self.promise = promise
        self.result: Any = None

    @property
    def rowcount(self) -> int:
        """Give how many rows were touched."""
        return self.result.command_tuples or 0

    def fetchall(self) -> list[Any]:
        """Give all rows."""
        return self._wire.rows_of(self.result)

    def fetchone(self) -> Any:
        """Give the first row, or None."""
        return next(iter(self.fetchall()), None)


Wire: TypeAlias = Local | Remote
