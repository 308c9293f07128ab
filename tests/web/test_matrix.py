"""The authorisation matrix: every route, for every persona, on what is their own, another's and everybody's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.access import may_see, viewer_of
from assurance.roster import roster
from engine.fences import EVERY
from engine.ledger import Event
from engine.moved import Ref
from tests.web.api_client import Programs
from tests.web.canaries import (
    AGENCIES,
    EVERYBODY,
    OF_AGENCY,
    SEES_EVERYTHING,
    canary,
    canary_world,
    hidden_from,
)
from tests.web.matrix import Filled, filled
from tests.web.site import Page, Site
from tests.world import Templates
from web.api.route import PREFIX, ApiRoute
from web.app import ROUTES

READS, WRITES = "GET", "POST"
GONE = 404
UNWELL = "/health"  # says 503 here, rightly: in this world nothing sweeps and nothing delivers


@pytest.fixture(scope="module")
def site(page_templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A world in which every agency has written what no other may read."""
    folder: Path = tmp_path_factory.mktemp("matrix")
    world = canary_world(page_templates, folder / "canaries.sqlite")
    yield Site(world)
    world.close()


@pytest.fixture(scope="module")
def rows(site: Site) -> list[Filled]:
    """Every address of every route."""
    return list(filled(site.world))


def test_no_route_is_without_a_row(rows: list[Filled]) -> None:
    assert {row.route.path for row in rows} == {route.path for route in ROUTES}
    assert all("{" not in row.path for row in rows)


def test_every_route_says_who_may_use_it_and_for_what() -> None:
    addresses = [(route.method, route.path) for route in ROUTES]
    assert len(set(addresses)) == len(addresses)
    assert all(route.about and route.who.words for route in ROUTES)
    assert {route.method for route in ROUTES} <= {READS, WRITES}


def test_the_canaries_are_where_they_belong(site: Site) -> None:
    for agency, (lead, *_) in AGENCIES.items():
        number = next(
            row.number for row in filled(site.world) if row.kind == "action" and _owner(site, row) == agency
        )
        assert canary(agency) in site.get(f"/action/{number}", as_=lead).html


@pytest.mark.parametrize("person", EVERYBODY)
def test_pages_show_nobody_what_is_for_others(site: Site, rows: list[Filled], person: str) -> None:
    secrets = hidden_from(person)
    for row in rows:
        if row.route.method != READS or isinstance(row.route, ApiRoute):
            continue
        answer = site.get(row.path, as_=person)
        assert answer.status < 500 or row.path == UNWELL, row.path
        met = [word for word in secrets if word in answer.html.lower()]
        assert not met, f"{person} met {met} at {row.path}"
        if row.kind is not None and not _may_see(site, person, row):
            assert answer.status == GONE, f"{person} at {row.path}"
        if row.route.who.needs_sign_in and not row.route.who.admits(_roles(site, person)):
            assert answer.status == GONE, f"{person} at {row.path}"


@pytest.mark.parametrize("person", EVERYBODY)
def test_programs_get_nothing_that_is_for_others(site: Site, rows: list[Filled], person: str) -> None:
    programs, secrets = Programs(site), hidden_from(person)
    for row in rows:
        if row.route.method != READS or not isinstance(row.route, ApiRoute):
            continue
        answer = programs.get(row.path.removeprefix(PREFIX), person)
        assert answer.status_code < 500, row.path
        met = [word for word in secrets if word in answer.text.lower()]
        assert not met, f"{person} met {met} at {row.path}"
        if row.kind is not None and not _may_see(site, person, row):
            assert answer.status_code in (403, GONE), f"{person} at {row.path}"


@pytest.mark.parametrize("person", EVERYBODY)
def test_nobody_changes_what_they_may_not_see_nor_use(site: Site, rows: list[Filled], person: str) -> None:
    browser, before = site.browser(person), _lines(site)
    token = Page(browser.get("/account").text).hidden.get("csrf", "")
    for row in rows:
        if row.route.method != WRITES or isinstance(row.route, ApiRoute) or not row.route.who.needs_sign_in:
            continue
        unseen = row.kind is not None and not _may_see(site, person, row)
        if unseen or not row.route.who.admits(_roles(site, person)):
            answer = browser.post(row.path, data={"csrf": token}, follow_redirects=False)
            assert answer.status_code == GONE, f"{person} at {row.path}: {answer.status_code}"
    assert _lines(site) == before


def test_whoever_is_not_signed_in_gets_nothing(site: Site, rows: list[Filled]) -> None:
    browser, before = site.browser(None), _lines(site)
    for row in rows:
        if not row.route.who.needs_sign_in:
            continue
        answer = browser.request(row.route.method, row.path, follow_redirects=False)
        if isinstance(row.route, ApiRoute):
            assert answer.status_code == 401, row.path
        else:
            assert answer.status_code == 303, row.path
            assert answer.headers["location"].startswith("/sign-in"), row.path
        assert not any(canary(agency) in answer.text for agency in AGENCIES)
    assert _lines(site) == before


def test_no_form_is_taken_without_its_token(site: Site, rows: list[Filled]) -> None:
    before = _lines(site)
    for person in ("ada", None):
        browser = site.browser(person)
        for row in rows:
            if row.route.method != WRITES or isinstance(row.route, ApiRoute):
                continue
            answer = browser.post(row.path, data={"reason": "none"}, follow_redirects=False)
            assert answer.status_code in (303, 403, GONE), f"{row.path}: {answer.status_code}"
            if answer.status_code == 303:
                assert person is None
                assert answer.headers["location"].startswith("/sign-in")
    assert _lines(site) == before


def test_reading_changes_nothing(site: Site, rows: list[Filled]) -> None:
    site.browser("sam").get("/")
    before = _everything(site)
    for row in rows:
        if row.route.method == READS and not isinstance(row.route, ApiRoute):
            site.browser("sam").get(row.path)
    assert _everything(site) == before


def _may_see(site: Site, person: str, row: Filled) -> bool:
    assert row.kind is not None
    assert row.number is not None
    with site.world.office.reading(site.world.actor(person)) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        return may_see(tx.session, viewer_of(people, tx.actor), Ref(row.kind, row.number))


def _roles(site: Site, person: str) -> frozenset[str]:
    with site.world.office.reading(site.world.actor(person)) as tx:
        people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
        return frozenset(seat.role for seat in people.of(tx.actor.person_id))


def _owner(site: Site, row: Filled) -> str | None:
    """Say whose canary stands in an action, by what its agency's people may see and others not."""
    sees = {person for person in EVERYBODY if _may_see(site, person, row)} - SEES_EVERYTHING
    own = [agency for agency, people in OF_AGENCY.items() if sees and sees <= people]
    return own[0] if own else None


def _lines(site: Site) -> int:
    return int(site.world.ask(sa.select(sa.func.count()).select_from(Event))[0])


def _everything(site: Site) -> dict[str, int]:
    with site.world.office.store.reading(group=EVERY) as session:
        names = sa.inspect(session.connection()).get_table_names()
        return {
            name: int(session.scalar(sa.select(sa.func.count()).select_from(sa.table(name))) or 0)
            for name in names
        }
