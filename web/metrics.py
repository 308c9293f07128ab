"""Figures for a monitor, in the words of Prometheus: of this process, and of the installation as its database stands."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.responses import Response

from assurance.office import Office
from assurance.queries.gauges import Gauges, gauges
from web.desk import Desk


def metrics(desk: Desk) -> Response:
    """Give all figures to whoever has the installation's token for them; without such a token there is nothing here."""
    token = desk.office.settings.metrics_token
    if not token:
        raise HTTPException(404)
    given = desk.request.headers.get("authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), token.encode()):
        return Response("Send the token as: Authorization: Bearer ...\n", 401, {"www-authenticate": "Bearer"})
    of_database = CollectorRegistry(auto_describe=False)
    of_database.register(_OfDatabase(desk.office))
    return Response(
        generate_latest(REGISTRY) + generate_latest(of_database),
        headers={"content-type": CONTENT_TYPE_LATEST},
    )


class _OfDatabase(Collector):
    """Asks the database once for each time that somebody looks."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give every figure."""
        found = gauges(self._office)
        well = GaugeMetricFamily("auditloop_well", "1 where this is well, as /health says", labels=["sign"])
        for sign, is_well in found.signs.items():
            well.add_metric([sign], float(is_well))
        yield well
        if found.mails is not None:
            yield from _of_mail(found, found.mails)
            yield _gauge("auditloop_rules_due", "Subjects at which rules have to look", found.rules_due)
            yield _gauge(
                "auditloop_rules_oldest_due_seconds",
                "How long the first of them has waited",
                found.oldest_due,
            )
            yield _since(
                "auditloop_daily_look_timestamp_seconds", "When all was looked at last", found.looked_at
            )
            yield _since(
                "auditloop_newest_line_timestamp_seconds",
                "When history was last written",
                found.newest_line_at,
            )


def _of_mail(found: Gauges, by_state: dict[str, int]) -> Iterator[GaugeMetricFamily]:
    mails = GaugeMetricFamily("auditloop_mails_in_state", "Mails by where they are", labels=["state"])
    for state, number in by_state.items():
        mails.add_metric([state], number)
    yield mails
    yield _gauge(
        "auditloop_mail_oldest_owed_seconds",
        "How long the first mail that may go has waited",
        found.oldest_owed,
    )


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=value)


def _since(name: str, about: str, at: datetime | None) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, about, value=0.0 if at is None else at.timestamp())
