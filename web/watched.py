"""Watches requests from outside: a number for each, how long it took, and a span; never an address, which may be a secret."""

from __future__ import annotations

import logging
import secrets
from time import perf_counter

from opentelemetry import propagate
from opentelemetry.trace import SpanKind, Status, StatusCode
from prometheus_client import Histogram
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from assurance.telemetry import TRACER

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"

log = logging.getLogger("auditloop.request")

_REQUEST = Histogram(
    "auditloop_request_seconds",
    "How long answers took, by the shape of the address",
    ["method", "route", "status"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)


class Watched:
    """Gives each request a number, under which the log has what happened in it, and times its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number = secrets.token_hex(4)
        scope.setdefault("state", {})["number"] = number
        method = scope["method"] if scope["method"] in METHODS else "other"
        status, began = 500, perf_counter()

        async def send_seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        came_from = propagate.extract(Headers(scope=scope))
        with (
            bound_contextvars(request=number),
            TRACER.start_as_current_span(method, context=came_from, kind=SpanKind.SERVER) as span,
        ):
            try:
                await self._app(scope, receive, send_seen)
            finally:
                took, shape = perf_counter() - began, shape_of_address(scope)
                _REQUEST.labels(method, shape, str(status)).observe(took)
                span.update_name(f"{method} {shape}")
                span.set_attributes(
                    {
                        "http.request.method": method,
                        "http.route": shape,
                        "http.response.status_code": status,
                    }
                )
                if status >= 500:
                    span.set_status(Status(StatusCode.ERROR))
                log.info(
                    "%s %s %d",
                    method,
                    shape,
                    status,
                    extra={
                        "method": method,
                        "route": shape,
                        "status": status,
                        "ms": round(took * 1000, 1),
                    },
                )


def shape_of_address(scope: Scope) -> str:
    """Give the shape of an address as its route names it, such as `/action/{number}`, never the address itself."""
    route = getattr(scope.get("route"), "path", None)
    return NO_ROUTE if route is None else f"{scope.get('root_path', '')}{route}"
