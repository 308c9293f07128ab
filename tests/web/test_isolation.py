"""Two groups in one database: whoever belongs to one opens every address with every number of the other, and finds nothing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from assurance.accounts.bearers import SCOPES, make_token
from assurance.accounts.sessions import open_demo_session
from assurance.commands.feeds import make_feed
from assurance.records import Person
from assurance.sweep import watch
from assurance.tables import METADATA
from engine.errors import Refused
from engine.ledger import Event
from engine.moved import Ref
from notifications.outbox import Message
from tests.notifications.examples import text_of
from tests.two_groups import OTHER, PERSONAS, WORDS, group_number, two_groups, two_idle_groups
from tests.web.matrix import Filled, filled
from tests.web.site import BASE, Page, Site
from tests.world import Templates, World
from web.api.route import ApiRoute

GONE = 404
DRAWS_ANEW = "/account/app"  # shows another secret each time
UNWELL = "/health"  # says 503 here, rightly: nothing delivers


class Strangers:
    """People of the other group at their browsers, and their programs."""

    def __init__(self, site: Site) -> None:
        self.site, self.world = site, site.world
        self._browsers: dict[str, TestClient] = {}
        self._tokens: dict[str, str] = {}

    def browser(self, who: str) -> TestClient:
        """Give the browser of somebody of the other group, signed in."""
        if who not in self._browsers:
            client = TestClient(self.site.app, base_url=BASE, raise_server_exceptions=False)
            token = open_demo_session(self.world.office, who, group=OTHER)
            client.cookies.set("__Host-auditloop", token, domain="audits.example")
            self._browsers[who] = client
        return self._browsers[who]

    def token(self, who: str) -> str | None:
        """Give a token of somebody of the other group; None for whoever may have none."""
        if who not in self._tokens:
            try:
                with self.world.does(who, group=OTHER) as tx:
                    self._tokens[who] = make_token(tx, "Spreadsheet", SCOPES).token
            except Refused:
                return None
        return self._tokens[who]


@pytest.fixture(scope="module")
def made(page_templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    """A database in which one group has written much and another was just founded, and its instant."""
    file = tmp_path_factory.mktemp("isolation") / "made.sqlite"
    world = two_groups(page_templates, file)
    world.close()
    return file, world.clock.now()


@pytest.fixture(scope="module")
def strangers(made: tuple[Path, datetime]) -> Iterator[Strangers]:
    """People of a group that was just founded beside one that has written much."""
    file, now = made
    world = World(shutil.copyfile(file, file.with_name("strangers.sqlite")), at=now)
    yield Strangers(Site(world))
    world.close()


@pytest.fixture(scope="module")
def beside_much(made: tuple[Path, datetime]) -> Iterator[Strangers]:
    """The same people, of whom nobody has done anything yet."""
    file, now = made
    world = World(shutil.copyfile(file, file.with_name("much.sqlite")), at=now)
    yield Strangers(Site(world))
    world.close()


@pytest.fixture(scope="module")
def beside_nothing(made: tuple[Path, datetime], page_templates: Templates) -> Iterator[Strangers]:
    """The same people, beside a group that has done nothing either."""
    file, now = made
    world = two_idle_groups(page_templates, file.with_name("idle.sqlite"), now)
    yield Strangers(Site(world))
    world.close()


@pytest.fixture(scope="module")
def rows(strangers: Strangers) -> list[Filled]:
    """Every address of every route, with every number that there is in either group."""
    return list(filled(strangers.world))


@pytest.fixture(scope="module")
def theirs(strangers: Strangers) -> frozenset[Ref]:
    """Every subject of the group to which the strangers do not belong."""
    own = group_number(strangers.world, OTHER)
    return frozenset(
        Ref(table.noun, number)
        for table in (noun.table for noun in strangers.world.office.playbook.nouns.values())
        for number in strangers.world.ask(sa.select(table.id).where(table.group_id != own))
    )


def test_the_words_are_in_every_table_in_which_people_write(strangers: Strangers) -> None:
    written = {
        table.name
        for table in METADATA.sorted_tables
        for row in strangers.world.pairs(sa.select(table))
        if any(word in str(value) for value in row for word in WORDS)
    }
    assert {
        "tenant", "agency", "person", "post", "record_set", "meeting", "audit", "aim", "case_file",
        "answer", "event_text", "finding", "recommendation", "action", "progress_note", "evidence", "approval",
        "message", "dead_address", "moderation",
    } <= written  # fmt: skip


@pytest.mark.parametrize("person", PERSONAS)
def test_pages_show_nothing_of_another_group(
    strangers: Strangers, rows: list[Filled], theirs: frozenset[Ref], person: str
) -> None:
    browser = strangers.browser(person)
    for row in rows:
        if row.route.method != "GET" or isinstance(row.route, ApiRoute):
            continue
        answer = browser.get(row.path)
        assert answer.status_code < 500 or row.path == UNWELL, row.path
        met = [word for word in WORDS if word in answer.text.lower()]
        assert not met, f"{person} met {met} at {row.path}"
        if row.kind is not None and row.number is not None and Ref(row.kind, row.number) in theirs:
            assert answer.status_code == GONE, f"{person} at {row.path}"


@pytest.mark.parametrize("person", PERSONAS)
def test_programs_get_nothing_of_another_group(
    strangers: Strangers, rows: list[Filled], theirs: frozenset[Ref], person: str
) -> None:
    browser, token = TestClient(strangers.site.app, base_url=BASE), strangers.token(person)
    for row in rows if token else []:
        if row.route.method != "GET" or not isinstance(row.route, ApiRoute):
            continue
        answer = browser.get(row.path, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code < 500, row.path
        met = [word for word in WORDS if word in answer.text.lower()]
        assert not met, f"{person} met {met} at {row.path}"
        if row.kind is not None and row.number is not None and Ref(row.kind, row.number) in theirs:
            assert answer.status_code in (403, GONE), f"{person} at {row.path}"


@pytest.mark.parametrize("person", PERSONAS)
def test_nobody_changes_anything_of_another_group(
    strangers: Strangers, rows: list[Filled], theirs: frozenset[Ref], person: str
) -> None:
    browser, before = strangers.browser(person), _of_the_other(strangers)
    token = Page(browser.get("/account").text).hidden.get("csrf", "")
    for row in rows:
        if row.route.method != "POST" or isinstance(row.route, ApiRoute) or not row.route.who.needs_sign_in:
            continue
        is_own = row.kind is not None and Ref(row.kind, row.number or 0) not in theirs
        if is_own or row.path.startswith(("/sign-out", "/account")):
            continue
        answer = browser.post(row.path, data={"csrf": token, "reason": "none"}, follow_redirects=False)
        assert not any(word in answer.text.lower() for word in WORDS), row.path
        if row.kind is not None and row.number is not None and Ref(row.kind, row.number) in theirs:
            assert answer.status_code == GONE, f"{person} at {row.path}: {answer.status_code}"
    assert _of_the_other(strangers) == before


@pytest.mark.parametrize("person", PERSONAS)
def test_no_count_tells_what_another_group_does(
    beside_much: Strangers, beside_nothing: Strangers, rows: list[Filled], person: str
) -> None:
    for path in dict.fromkeys(_own_pages(rows)):
        here, there = beside_much.browser(person).get(path), beside_nothing.browser(person).get(path)
        assert here.status_code == there.status_code, path
        if here.headers.get("content-type", "").startswith("text/"):
            assert _words(here.text) == _words(there.text), f"{person} at {path}"


@pytest.mark.parametrize("person", PERSONAS[:3])
def test_a_calendar_feed_tells_of_ones_own_group_only(strangers: Strangers, person: str) -> None:
    with strangers.world.does(person, group=OTHER) as tx:
        token = make_feed(tx)
    answer = TestClient(strangers.site.app, base_url=BASE).get(f"/calendar/{token}.ics")
    assert answer.status_code == 200
    assert "BEGIN:VCALENDAR" in answer.text
    assert not any(word in answer.text.lower() for word in WORDS)


def test_no_mail_and_no_rule_carries_anything_from_one_group_to_another(made: tuple[Path, datetime]) -> None:
    file, now = made
    world = World(shutil.copyfile(file, file.with_name("nights.sqlite")), at=now)
    own = group_number(world, OTHER)
    people = set(world.ask(sa.select(Person.email).where(Person.group_id == own)))
    world.nights(world.working_days_from(world.today, 3))
    world.on(world.today, time(11, 0))
    world.delivers()
    letters = [letter for letter in world.post.sent if letter.to_address in people]
    assert letters
    assert not [word for word in WORDS for letter in letters if word in text_of(letter.content).lower()]
    sent = world.pairs(sa.select(Message.group_id, Message.to_address))
    assert all((address in people) == (group == own) for group, address in sent)
    spoken = world.pairs(sa.select(Event.group_id, Event.subject_kind, Event.subject_id))
    tables = {kind: noun.table for kind, noun in world.office.playbook.nouns.items()}
    whose = {
        (kind, number): group
        for kind, table in tables.items()
        for number, group in world.pairs(sa.select(table.id, table.group_id))
    }
    assert all(whose[kind, number] == group for group, kind, number in spoken)
    world.close()


def test_a_minute_in_which_nothing_happens_asks_as_much_for_two_groups_as_for_one(
    page_templates: Templates, tmp_path: Path
) -> None:
    world = page_templates.world(tmp_path / "quiet.sqlite")
    watch(world.office)
    begun: list[object] = []
    sa.event.listen(world.office.store.db, "begin", begun.append)
    watch(world.office)
    for_one = len(begun)
    world.found(OTHER)
    watch(world.office)
    begun.clear()
    watch(world.office)
    assert len(begun) == for_one
    assert for_one <= 2
    world.close()


def _own_pages(rows: list[Filled]) -> Iterator[str]:
    """Give every page that names nothing and can be opened without anything in particular."""
    for row in rows:
        is_page = row.route.method == "GET" and not isinstance(row.route, ApiRoute)
        if is_page and "{" not in row.route.path and row.path not in (UNWELL, DRAWS_ANEW):
            yield row.path


def _words(html: str) -> str:
    """Give what a page says, but for secrets, where the database lies, and the numbers that all groups' mails share."""
    return re.sub(r"[A-Za-z0-9_-]{40,}|SQLite \S+, \S+ \(.*? MB\)|Mail \d+", "…", Page(html).text)


def _of_the_other(strangers: Strangers) -> dict[str, list[tuple[object, ...]]]:
    """Give every row of the group to which the strangers do not belong."""
    own = group_number(strangers.world, OTHER)
    return {
        table.name: strangers.world.pairs(
            sa.select(table).where(table.c.group_id != own).order_by(*table.primary_key.columns)
        )
        for table in METADATA.sorted_tables
        if "group_id" in table.c
    }
