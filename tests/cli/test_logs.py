"""What the log of a running program holds: lines for people or JSON for programs, and never what somebody wrote."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest
import structlog

from cli.logs import LEFT_OUT, logging_as
from engine.store import database_url

TYPED = "A child was seen\nwith a bruise"
Told = Callable[[], str]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """What has gone to standard error since it was last asked."""
    return lambda: capsys.readouterr().err


def test_people_read_a_line_with_its_time(told: Told) -> None:
    with logging_as("lines"):
        logging.getLogger("auditloop.serve").info("%d mails went out", 3)
    line = told()
    assert line.endswith(" 3 mails went out\n")
    assert line[4] == line[7] == "-"


def test_programs_read_json_with_the_fields_and_the_request(told: Told) -> None:
    with logging_as("json"), structlog.contextvars.bound_contextvars(request="ab12"):
        logging.getLogger("auditloop.request").info("GET /", extra={"ms": 2.5})
    line = json.loads(told())
    assert line["event"] == "GET /"
    assert line["request"] == "ab12"
    assert line["ms"] == 2.5
    assert line["level"] == "info"
    assert line["logger"] == "auditloop.request"
    assert line["at"].endswith("Z")


def test_requests_are_not_told_to_people_who_watch_a_terminal(told: Told) -> None:
    with logging_as("lines"):
        logging.getLogger("auditloop.request").info("GET /")
        logging.getLogger("auditloop.web").info("something else")
    assert "GET /" not in told()


@pytest.mark.parametrize("form", ["lines", "json"])
def test_a_failure_is_told_with_its_trace_and_without_the_row_that_was_refused(
    told: Told, form: str, postgres_database: str
) -> None:
    address = (
        database_url(postgres_database).set(drivername="postgresql").render_as_string(hide_password=False)
    )
    with closing(psycopg.connect(address)) as connection, logging_as(form):
        connection.execute("CREATE TABLE answer (said text, mark int NOT NULL)")
        try:
            connection.execute("INSERT INTO answer (said) VALUES (%s)", [TYPED])
        except psycopg.Error as refused:
            try:
                raise RuntimeError("the answer was not kept") from refused
            except RuntimeError:
                logging.getLogger("auditloop.web").exception("%s failed", "ab12")
    said = told()
    assert "bruise" not in said
    assert "the answer was not kept" in said
    assert "NotNullViolation" in said
    assert LEFT_OUT in said


def test_when_it_is_over_nothing_is_written_any_more(told: Told) -> None:
    with logging_as("json"):
        logging.getLogger("auditloop.serve").info("while it runs")
    logging.getLogger("auditloop.serve").info("afterwards")
    assert told().count("\n") == 1
