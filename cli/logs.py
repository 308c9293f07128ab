"""Writes what happens to standard error: a line for people, or JSON for programs; never what people wrote."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import structlog
from structlog.typing import EventDict, WrappedLogger

OURS = ("auditloop", "notifications", "assurance")
LEFT_OUT = "(what it holds is left out)"

_Failure = tuple[type[BaseException], BaseException, TracebackType | None]


@contextmanager
def logging_as(form: str) -> Iterator[None]:
    """Write what happens, in `lines` or as `json`, as long as the block lasts; the scheduler's own words stay out of it.

    Requests are told in JSON only: people who watch a terminal look for what goes wrong.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(form))
    levels = dict.fromkeys(OURS, logging.INFO)
    levels["auditloop.request"] = logging.INFO if form == "json" else logging.WARNING
    levels["apscheduler"] = logging.CRITICAL + 1
    before = {name: logging.getLogger(name).level for name in levels}
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    for name in OURS:
        logging.getLogger(name).addHandler(handler)
    try:
        yield
    finally:
        for name in OURS:
            logging.getLogger(name).removeHandler(handler)
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def told(failure: BaseException) -> str:
    """Give the trace of a failure without what a database quotes of the rows that it refuses."""
    text = "".join(traceback.format_exception(failure)).rstrip()
    for one in _chain(failure):
        quoted = getattr(getattr(one, "diag", None), "message_detail", None)
        if quoted:
            text = text.replace(quoted, LEFT_OUT)
    return text


def _chain(failure: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while failure is not None and id(failure) not in seen:
        seen.add(id(failure))
        yield failure
        failure = failure.__cause__ or failure.__context__


def _formatter(form: str) -> logging.Formatter:
    is_json = form == "json"
    at = structlog.processors.TimeStamper("iso" if is_json else "%Y-%m-%d %H:%M:%S", utc=is_json, key="at")
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            at,
            _tell_failure,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False) if is_json else _line,
        ],
    )


def _tell_failure(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    failed: _Failure | None = event.pop("exc_info", None)
    if failed and failed[1] is not None:
        event["failure"] = told(failed[1])
    return event


def _line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """Write one line for people, and below it the trace of what failed."""
    line = f"{event['at']} {event['event']}"
    return f"{line}\n{event['failure']}" if "failure" in event else line
