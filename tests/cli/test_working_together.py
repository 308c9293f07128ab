"""Two servers of pages and two workers on one PostgreSQL: what is done on one is known to all, told at once, and told once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass

import httpx2
import psycopg
import pytest
import sqlalchemy as sa

from assurance.accounts.bearers import make_token
from assurance.post import deliver, is_owed
from assurance.sweep import sweep
from engine.clock import SystemClock
from engine.fences import EVERY
from engine.store import database_url
from notifications.outbox import Message, State, put
from tests.cli.fleet import Letters, Running, mail_server
from tests.notifications.examples import context, notice
from tests.postgres import Server
from tests.world import World

pytestmark = pytest.mark.postgres

DELIVERED_EVERY = 15  # seconds, by whoever is there
MANY = 600


@dataclass
class Fleet:
    """An installation of several processes: its database, those who run on it, and its mail server."""

    database: str
    world: World
    tokens: Mapping[str, str]
    letters: Letters
    settings: Mapping[str, str]
    webs: tuple[Running, Running]
    workers: list[Running]

    def asks(self, web: int, who: str, path: str) -> httpx2.Response:
        """Ask one server of pages something, as somebody's program."""
        with self._client(web, who) as client:
            return client.get(f"/api/v1{path}")

    def posts(self, web: int, who: str, path: str, **body: object) -> httpx2.Response:
        """Send one server of pages a command, as somebody's program."""
        with self._client(web, who) as client:
            return client.post(f"/api/v1{path}", json=body)

    def tell(self, statement: str) -> list[tuple[object, ...]]:
        """Say something to the database behind everybody's back, and give its answer."""
        url = database_url(self.database).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SELECT set_config('auditloop.group', 'every', false)")
            answer = connection.execute(statement.encode())
            return answer.fetchall() if answer.description else []

    def owe(self, number: int, mark: str) -> None:
        """Owe so many mails, and call nobody."""
        notices = [
            notice(
                f"{mark}{one}",
                group_id=self.world.group_id,
                to_address=f"{mark}{one}@trust.example.org",
                person_ref="person/1",
                context=context(items=[]),
                cause="audit/1 line 1",
            )
            for one in range(number)
        ]
        with self.world.office.store.begin(group=EVERY) as session:
            put(session, notices, at=SystemClock().now())

    def came(self, mark: str) -> int:
        """Count the letters that came to those who were owed them under a mark."""
        return len({to for _, to, _ in self.letters.came if to.startswith(mark)})

    def _client(self, web: int, who: str) -> httpx2.Client:
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        return httpx2.Client(base_url=self.webs[web].address, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def fleet(postgres_server: Server) -> Iterator[Fleet]:
    """Two servers of pages and two workers, with an audit whose theme waits for the chair."""
    with ExitStack() as kept:
        database = kept.enter_context(postgres_server.database())
        world = kept.enter_context(closing(World(database)))
        world.audit_at("proposed")
        world.clock.move_to(SystemClock().now())
        sweep(world.office)
        while is_owed(world.office) and deliver(world.office, world.post).sent:
            pass
        tokens = {}
        for who in ("sam", "ada"):
            with world.does(who) as tx:
                tokens[who] = make_token(tx, "Spreadsheet", ("read", "move", "decide")).token
        letters = Letters()
        settings = {"SMTP_URL": kept.enter_context(mail_server(letters)), "DATABASE": database}
        webs = Running("web", "--port", "0", **settings), Running("web", "--port", "0", **settings)
        workers = [Running("worker", **settings) for _ in range(2)]
        running = [*webs, *workers]
        try:
            for one in running:
                one.until("Stop with Ctrl-C.")
            yield Fleet(database, world, tokens, letters, settings, webs, workers)
        finally:
            for one in (*webs, *workers):
                one.kill()
                one.ends()


def test_what_is_done_on_one_server_is_known_to_the_other_and_mailed_within_a_second(fleet: Fleet) -> None:
    took = []
    for web, who, path, body in (
        (0, "sam", "/audit/1/steps/agree_theme", {}),
        (1, "ada", "/approval/1/decision", {"answer": "approve"}),
    ):
        before = len(fleet.letters.came)
        answer = fleet.posts(web, who, path, **body)
        assert answer.status_code == 200, answer.text
        committed = time.monotonic()
        fleet.letters.wait_for_more_than(before)
        took.append(fleet.letters.came[before][0] - committed)
    assert fleet.asks(0, "sam", "/audit/1").json()["state"] == "theme_agreed"
    # Of two, since whoever runs these tests may do much else at the same time; without a call it would be up to 15.
    assert min(took) < 1.0, took


def test_what_is_set_up_beside_the_servers_is_known_to_them_at_once(fleet: Fleet) -> None:
    town = fleet.world.found("town")
    with fleet.world.does("ada", group="town") as tx:
        token = make_token(tx, "Spreadsheet", ("read",)).token
    headers = {"authorization": f"Bearer {token}"}
    for web in fleet.webs:
        answer = httpx2.get(f"{web.address}/api/v1/meetings", headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
    assert town in fleet.world.office.groups()


def test_without_any_job_the_next_round_hands_over_what_is_owed(fleet: Fleet) -> None:
    fleet.tell(
        "SET search_path TO procrastinate; DELETE FROM procrastinate_jobs; DELETE FROM procrastinate_periodic_defers"
    )
    fleet.owe(1, "unheard")
    fleet.letters.wait_for(lambda: fleet.came("unheard") == 1, within=4 * DELIVERED_EVERY)


def test_a_job_that_a_dead_worker_has_kept_is_in_nobodys_way(fleet: Fleet) -> None:
    fleet.tell(
        "SET search_path TO procrastinate; INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, status) "
        "VALUES ('post', 'deliver', 'deliver', 'doing')"
    )
    fleet.owe(1, "stalled")
    fleet.letters.wait_for(lambda: fleet.came("stalled") == 1, within=4 * DELIVERED_EVERY)


def test_a_worker_that_is_killed_while_it_delivers_loses_nothing(fleet: Fleet) -> None:
    victim = fleet.workers[0]
    so_far = len(fleet.letters.came)

    def strike(number: int) -> None:
        if number == so_far + MANY // 6:
            victim.kill()

    fleet.letters.on_letter = strike
    fleet.owe(MANY, "killed")
    fleet.letters.wait_for(lambda: fleet.came("killed") == MANY and not _on_their_way(fleet))
    assert victim.ends() == -9
    with fleet.world.office.store.reading(group=EVERY) as session:
        states = session.scalars(sa.select(Message.state).where(Message.key.like("killed%"))).all()
    assert states == [State.SENT] * MANY
    # Letters that the victim had handed over and not yet written down go once more, as the same letters.
    assert max(fleet.letters.copies().values()) <= 2
    assert sum(copies - 1 for copies in fleet.letters.copies().values()) <= 100


def test_who_is_connected_says_what_it_is(fleet: Fleet) -> None:
    names = {
        str(name)
        for (name,) in fleet.tell(
            "SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()"
        )
    }
    assert any(name.startswith("auditloop web 0.1.0 on ") for name in names)
    assert any(name.startswith("auditloop worker 0.1.0 on ") for name in names)


def test_all_stop_when_they_are_told_to(fleet: Fleet) -> None:
    for one in (*fleet.webs, fleet.workers[1]):
        assert one.stop() == 0
        assert one.said[-1] == "Stopped; nothing was left half done.\n"
        assert "Traceback" not in "".join(one.said)


def _on_their_way(fleet: Fleet) -> bool:
    with fleet.world.office.store.reading(group=EVERY) as session:
        waiting = sa.select(Message.id).where(
            Message.state.in_((State.QUEUED, State.SENDING)), Message.key.like("killed%")
        )
        return session.scalar(waiting.limit(1)) is not None
