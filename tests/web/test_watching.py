"""What a monitor reads: figures of the process and of the database, and nothing that is anybody's."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

from assurance.office import Office
from assurance.post import deliver
from assurance.sweep import watch
from engine.moved import Ref
from notifications.mailer import MemoryMailer
from tests.web.site import BASE, Site
from tests.world import Templates, World
from web.app import create_app

TOKEN = "what-only-the-monitor-knows"
Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Watcher(Site):
    """A monitor with the token for the figures of a site."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        office = world.office
        settings = replace(office.settings, metrics_token=TOKEN)
        self.app = create_app(Office(settings, office.store, office.shelf, clock=office.clock))

    def figures(self) -> Figures:
        """Read all figures, as Prometheus itself would."""
        answer = self.browser(None).get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        return {
            (one.name, tuple(sorted(one.labels.items()))): one.value
            for family in text_string_to_metric_families(answer.text)
            for one in family.samples
        }


@pytest.fixture
def watcher(page_templates: Templates, tmp_path: Path) -> Iterator[Watcher]:
    """A monitor of a world whose audit is at its actions, with mail owed."""
    world = page_templates.world(tmp_path / "watched.sqlite", "actions")
    yield Watcher(world)
    world.close()


def test_figures_tell_what_the_database_owes(watcher: Watcher) -> None:
    watcher.world.moves("bo", Ref("action", 1), "begin")
    figures = watcher.figures()
    owed = sum(
        value
        for (name, labels), value in figures.items()
        if name == "auditloop_mails_in_state" and dict(labels)["state"] in ("queued", "sending")
    )
    assert owed > 0
    assert figures["auditloop_mail_oldest_owed_seconds", ()] > 0
    assert figures["auditloop_newest_line_timestamp_seconds", ()] == watcher.world.clock.now().timestamp()
    assert figures["auditloop_well", (("sign", "ledger"),)] == 1


def test_what_was_delivered_and_looked_at_is_counted(watcher: Watcher) -> None:
    before = watcher.figures()
    watch(watcher.world.office)
    sent = deliver(watcher.world.office, MemoryMailer()).sent
    after = watcher.figures()
    went = "auditloop_mails_total", (("outcome", "sent"),)
    assert sent > 0
    assert after[went] - before[went] == sent
    assert after["auditloop_sweep_seconds_count", ()] == before["auditloop_sweep_seconds_count", ()] + 1
    assert after["auditloop_last_sweep_timestamp_seconds", ()] == watcher.world.clock.now().timestamp()


def test_answers_are_timed_by_the_shape_of_their_address(watcher: Watcher) -> None:
    watcher.get("/link/what-is-secret")
    watcher.get("/nowhere/at/all")
    labels = [
        dict(labels) for (name, labels) in watcher.figures() if name == "auditloop_request_seconds_count"
    ]
    routes = {label["route"] for label in labels}
    assert not any("what-is-secret" in route or "nowhere" in route for route in routes)
    assert {"none", "/link/{token}"} <= routes


def test_a_method_that_somebody_invents_makes_no_figure_of_its_own(watcher: Watcher) -> None:
    watcher.browser(None).request("BREW", f"{BASE}/")
    methods = {dict(labels).get("method") for _, labels in watcher.figures()}
    assert "BREW" not in methods
    assert "other" in methods


def test_figures_hold_no_name_and_no_text(watcher: Watcher) -> None:
    answer = watcher.browser(None).get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).text
    for person in ("Bo Birchall", "bo@", "Children", "trust"):
        assert person not in answer


def test_without_a_database_the_figures_say_so(watcher: Watcher) -> None:
    with watcher.world.office.store.db.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE message RENAME TO elsewhere")
    figures = watcher.figures()
    assert figures["auditloop_well", (("sign", "database"),)] == 0
    assert ("auditloop_rules_due", ()) not in figures


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", TOKEN + "x"])
def test_nobody_reads_figures_without_the_token(watcher: Watcher, sent: str) -> None:
    answer = watcher.browser(None).get("/metrics", headers={"authorization": sent})
    assert answer.status_code == 401
    assert "auditloop_" not in answer.text


def test_where_no_token_is_set_there_are_no_figures(site: Site) -> None:
    assert site.get("/metrics").status == 404


def test_a_request_is_logged_by_its_shape_alone(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "auditloop.request")
    site.get("/link/what-is-secret")
    (line,) = [record for record in caplog.records if record.name == "auditloop.request"]
    assert line.getMessage() == "GET /link/{token} 404"
    assert line.__dict__["status"] == 404
    assert line.__dict__["ms"] > 0


@pytest.fixture(scope="module")
def recorded() -> Callable[[], list[tuple[str, str]]]:
    """What an installed recorder of spans sees: each name with the name of the span that all of it belongs to."""
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    trace.set_tracer_provider(provider)

    def spans() -> list[tuple[str, str]]:
        done = [(one.name, one.context, one.parent) for one in kept.get_finished_spans() if one.context]
        roots = {context.trace_id: name for name, context, parent in done if parent is None}
        return [(name, roots[context.trace_id]) for name, context, _ in done]

    return spans


def test_whoever_records_spans_sees_each_request_sweep_and_delivery(
    site: Site, recorded: Callable[[], list[tuple[str, str]]]
) -> None:
    hidden = site.get("/action/1/steps/begin", as_="bo").page.hidden
    site.browser("bo").post("/action/1/steps/begin", data=hidden)
    watch(site.world.office)
    deliver(site.world.office, MemoryMailer())
    seen = recorded()
    assert ("command", "POST /{kind}/{number:int}/steps/{trigger}") in seen
    assert ("sweep", "sweep") in seen
    assert ("delivery", "delivery") in seen
