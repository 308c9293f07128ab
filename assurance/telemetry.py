"""What this process tells whoever watches it: how often, how long, and where a piece of work begins and ends.

Counters live as long as the process. Spans go to whatever is installed beside us and listens; without it they cost nothing.
Neither holds a name, a text or a number of a subject.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from opentelemetry import trace
from prometheus_client import Counter, Gauge, Histogram

from engine.clock import Clock
from notifications.delivery import Delivered

TRACER = trace.get_tracer("auditloop")
_OUTCOMES = ("sent", "later", "failed", "uncertain", "withdrawn", "held")

_SWEEP = Histogram(
    "auditloop_sweep_seconds",
    "How long the rules looked, by this process",
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300),
)
_SWEPT_AT = Gauge("auditloop_last_sweep_timestamp_seconds", "When this process let the rules look last")
_DELIVERY = Histogram(
    "auditloop_delivery_seconds",
    "How long mails were handed over, by this process",
    buckets=(0.02, 0.1, 0.5, 2, 10, 60, 300),
)
_MAILS = Counter("auditloop_mails", "Mails by what became of them in this process", ["outcome"])
for _outcome in _OUTCOMES:
    _MAILS.labels(_outcome)  # so that a monitor sees a nought before the first


@contextmanager
def sweeping(clock: Clock) -> Iterator[None]:
    """Time one look of the rules, and remember when it ended well."""
    with TRACER.start_as_current_span("sweep"), _SWEEP.time():
        yield
    _SWEPT_AT.set(clock.now().timestamp())


@contextmanager
def delivering() -> Iterator[None]:
    """Time one run of the post."""
    with TRACER.start_as_current_span("delivery"), _DELIVERY.time():
        yield


def count_mails(run: Delivered) -> None:
    """Count what became of the mails of one run."""
    became = asdict(run)
    for outcome in _OUTCOMES:
        _MAILS.labels(outcome).inc(became[outcome])
