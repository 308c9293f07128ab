"""How long every page takes with 10,000 actions in the database, and requests per second beside a bare page.

Every GET route of the table is asked over a connection that stays open, by somebody who sees everything and by
somebody who sees one agency's; routes that need a secret from a letter are named and left out. Then the tracker and
the answering of decisions are asked from several connections at once, in turns with a bare FastAPI page that reads
one row of the same database, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import FastAPI
from starlette.responses import HTMLResponse

from assurance.accounts.sessions import open_demo_session
from assurance.commands.moving import move
from assurance.config import settings_from
from assurance.office import Office
from assurance.playbook import read_shelf
from assurance.queries.doors import doors_of
from assurance.records import Action, Person, Post, PostHolding
from assurance.tables import METADATA
from bench._browser import Asked, Browser, Job, Rate, at_once
from bench._many import write_many
from engine.clock import OffsetClock, SystemClock
from engine.conditions import Value
from engine.errors import Refused
from engine.fences import EVERY
from engine.ledger import Event
from engine.moved import Ref
from engine.store import Store, open_store
from web.app import ROUTES, create_app
from web.cookies import SESSION
from web.route import Route
from web.server import bind, served

ROOT = Path(__file__).resolve().parent.parent
BAR = 300.0  # milliseconds, at the median
HOPELESS = 10  # times the bar: what takes so long the first time is asked for once
SEES_ALL, SEES_ONE_AGENCY = "coordinator", "agency_lead"
CONNECTIONS, OK, NOT_FOUND, FAILED = 4, 200, 404, 500
DECISIONS = 300  # decisions that wait to be answered
TABLES = {"case": "case_file"}  # of which table a noun of an address is, where it has another name
VALUES = {"form": "word", "kind": "audit"}  # what stands for other parts of an address
QUERIES = {"/reports/annual": "?year=2014-15", "/reports/standing": "?year=2014-15"}
_PART = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass(frozen=True, slots=True)
class Timed:
    """One route: for each person the median milliseconds until it was there (None where they may not), and of computing.

    The second figure is that of a machine on which nothing else runs.
    """

    route: str
    medians: tuple[float | None, ...]
    computed: tuple[float | None, ...]
    statuses: tuple[int, ...]
    is_page: bool

    @property
    def is_over(self) -> bool:
        """Say whether it is a page that takes longer than the bar; a file of all rows may."""
        return self.is_page and self.slowest > BAR

    @property
    def slowest(self) -> float:
        """Give the median of whoever waits longest."""
        return max((one for one in self.medians if one is not None), default=0.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; give 1 where a page takes longer than the bar at the median, or fails."""
    asked = _asked(arguments)
    with _folder(asked.folder) as folder:
        path = folder / "many.sqlite"
        write_many(path, audits=asked.audits, actions=asked.actions, year=asked.year)
        with _open(path) as office:
            people = [_holder(office, role) for role in (SEES_ALL, SEES_ONE_AGENCY)]
            app = create_app(office, is_demo=True)
            with (
                served(app, bind("127.0.0.1", 0)) as ours,
                served(_bare(office.store), bind("127.0.0.1", 0)) as bare,
            ):
                print(
                    f"{asked.actions:,} actions, SQLite; milliseconds at the median of {asked.turns}",
                    flush=True,
                )
                is_slow = _pages(office, ours, people, asked)
                if asked.seconds:
                    _rates(office, ours, bare, asked.seconds)
    return 1 if is_slow else 0


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--actions", type=int, default=10_000, help="actions in the database (10,000)")
    parser.add_argument("--audits", type=int, default=50, help="audits in the database, at least (50)")
    parser.add_argument("--turns", type=int, default=7, help="how often each page is asked for (7)")
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="seconds of each rate; 0 measures none (5)"
    )
    parser.add_argument("--only", default="", help="measure only routes in whose address this stands")
    parser.add_argument("--year", type=Path, help="a played example year to copy; else it is played")
    parser.add_argument("--folder", type=Path, help="where to put the database")
    return parser.parse_args(arguments)


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    parent = wanted or ROOT / "var" / "bench"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="pages-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _open(path: Path) -> Iterator[Office]:
    """Open the database at the instant of its last line."""
    settings = replace(settings_from({}, database=str(path)), var=path.parent, base_url="http://127.0.0.1")
    store = open_store(path)
    with store.reading(group=EVERY) as session:
        last = session.scalar(sa.select(sa.func.max(Event.at)))
    clock = OffsetClock(datetime.fromisoformat(last or ""), pace=SystemClock())
    office = Office(settings, store, read_shelf(settings.workflows, settings.rules), clock=clock)
    with closing(office):
        yield office


def _bare(store: Store) -> FastAPI:
    """Make an application of one page that reads one row."""
    app = FastAPI()
    query = sa.select(Action.text).where(Action.id == 1)

    @app.get("/")
    def page() -> HTMLResponse:
        with store.db.connect() as connection:
            return HTMLResponse(f"<!DOCTYPE html><title>One</title><p>{connection.scalar(query)}</p>")

    return app


def _holder(office: Office, role: str) -> str:
    query = (
        sa.select(Person.key)
        .join(PostHolding, PostHolding.person_id == Person.id)
        .join(Post, Post.id == PostHolding.post_id)
        .where(Post.role == role, PostHolding.until_on.is_(None))
        .order_by(Post.id)
        .limit(1)
    )
    with office.store.reading(group=EVERY) as session:
        return str(session.execute(query).scalar_one())


# -- each page -----------------------------------------------------------------------------------------------


def _pages(office: Office, address: str, people: Sequence[str], asked: argparse.Namespace) -> bool:
    timed, left_out = [], []
    with ExitStack() as open_ones:
        browsers = [
            open_ones.enter_context(closing(Browser(address, {SESSION: open_demo_session(office, one)})))
            for one in people
        ]
        for route in ROUTES:
            if route.method != "GET" or asked.only not in route.path:
                continue
            paths = [_address(office, route, one) for one in people]
            if paths[0] is None:
                left_out.append(route.path)
            else:
                timed.append(_time(route, paths, browsers, asked.turns))
    print(f"  {'route':<44}{people[0]:>10}{people[1]:>10}{'computing':>14}")
    for one in sorted(timed, key=lambda one: -one.slowest):
        told = "".join(f"{_whole(each):>10}" for each in one.medians)
        told += f"{' '.join(_whole(each) for each in one.computed):>14}"
        others = sorted({str(status) for status in one.statuses if status != OK})
        answers = f"   answers {', '.join(others)}" if others else ""
        judged = "   OVER THE BAR" if one.is_over else ("" if one.is_page else "   no page")
        print(f"  {one.route:<44}{told}{judged}{answers}")
    if left_out:
        print(f"  left out, since they need a secret or what is not there: {', '.join(left_out)}")
    return any(one.is_over or FAILED in one.statuses for one in timed)


def _whole(number: float | None) -> str:
    return "–" if number is None else f"{number:,.0f}"


def _time(route: Route, paths: Sequence[str | None], browsers: Sequence[Browser], turns: int) -> Timed:
    medians: list[float | None] = []
    computed: list[float | None] = []
    statuses: list[int] = []
    is_page = True
    for path, browser in zip(paths, browsers, strict=True):
        # The first time fills caches, also for whoever may not see it.
        first = None if path is None else browser.ask(Asked(path))
        if path is None or first is None or first.status == NOT_FOUND:
            medians.append(None)
            computed.append(None)
            continue
        if first.status == FAILED:
            print(f"  {path} fails with {first.status}")
        statuses.append(first.status)
        is_page = is_page and first.is_page
        is_hopeless = first.computed > HOPELESS * BAR
        answers = [first] if is_hopeless else [browser.ask(Asked(path)) for _ in range(turns)]
        medians.append(median(answer.milliseconds for answer in answers))
        computed.append(median(answer.computed for answer in answers))
    return Timed(route.path, tuple(medians), tuple(computed), tuple(statuses), is_page)


def _address(office: Office, route: Route, person: str) -> str | None:
    """Fill in an address with what there is; None where a part of it cannot be known."""
    path = route.path
    if path.startswith("/{kind}/{number:int}"):
        path = path.replace("{kind}", "action" if "{trigger}" in path else "hold")
    kind = path.split("/")[1]
    number = _newest(office, TABLES.get(kind, kind)) if "{number" in path else None
    values = {"number": number, **VALUES}
    if "{trigger}" in path and number is not None:
        values["trigger"] = _step(office, person, Ref(kind, int(number)))
    for part in _PART.findall(path):
        value = values.get(part)
        if value is None:
            return None
        path = _PART.sub(value, path, count=1)
    return path + QUERIES.get(route.path, "")


def _newest(office: Office, table: str) -> str | None:
    if table not in METADATA.tables:
        return None
    with office.store.reading(group=EVERY) as session:
        found = session.scalar(sa.select(sa.func.max(METADATA.tables[table].c.id)))
    return None if found is None else str(found)


def _step(office: Office, person: str, ref: Ref) -> str | None:
    with office.reading(office.actor(person)) as tx:
        try:
            doors = doors_of(tx, ref).doors
        except Refused:
            return None
    return next((door.trigger for door in doors if not door.needs_form), None)


# -- requests per second -------------------------------------------------------------------------------------


def _rates(office: Office, ours: str, bare: str, seconds: float) -> None:
    print(f"\nrequests per second, {CONNECTIONS} connections, in turns with a bare page that reads one row")
    clerk = {SESSION: open_demo_session(office, _holder(office, SEES_ALL))}
    tracker = Job(ours, clerk, [("/actions", "")], CONNECTIONS, seconds, repeats=True)
    _print_rate("the tracker", at_once(tracker), _floor(bare, seconds))
    chair = {SESSION: open_demo_session(office, _holder(office, "chair"))}
    decisions = Job(ours, chair, _answers(office, ours, chair), CONNECTIONS, seconds, repeats=False)
    _print_rate("approving", at_once(decisions), _floor(bare, seconds))


def _floor(bare: str, seconds: float) -> Rate:
    return at_once(Job(bare, {}, [("/", "")], CONNECTIONS, seconds, repeats=True))


def _print_rate(what: str, ours: Rate, floor: Rate) -> None:
    failed = f", {ours.failed} of them failed" if ours.failed else ""
    print(
        f"  {what:<14}{ours.per_second:>8,.1f}   bare page {floor.per_second:>8,.0f}   "
        f"ratio {ours.per_second / floor.per_second:.3f}   ({ours.answered} answers{failed})",
        flush=True,
    )


def _answers(office: Office, address: str, cookies: dict[str, str]) -> list[tuple[str, str]]:
    """Ask for later dates, and give the forms by which the chair approves them."""
    waiting = _ask_for_later_dates(office)
    with closing(Browser(address, cookies)) as browser:
        page = browser.ask(Asked(f"/{waiting[0]}")).html
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    if token is None:
        raise LookupError("the page of a decision has no form")
    return [
        (
            f"/{ref}/answer",
            urlencode(
                {"csrf": token[1], "key": secrets.token_urlsafe(16), "version": "1", "answer": "approve"}
            ),
        )
        for ref in waiting
    ]


def _ask_for_later_dates(office: Office) -> list[Ref]:
    lead = _holder_without_chair(office)
    query = (
        sa.select(Action.id)
        .join(Post, Post.agency_id == Action.agency_id)
        .join(PostHolding, PostHolding.post_id == Post.id)
        .join(Person, Person.id == PostHolding.person_id)
        .where(
            Person.key == lead,
            Action.state == "in_progress",
            Action.times_moved == 0,
            Action.waiting_on_agency_id.is_(None),
            Action.current_due_on.is_not(None),
        )
        .distinct()
        .limit(DECISIONS)
    )
    with office.store.reading(group=EVERY) as session:
        actions = list(session.scalars(query))
    found = []
    for number in actions:
        with office.begin(office.actor(lead)) as tx:
            given: dict[str, Value] = {"new_due_on": date(2030, 1, 31), "reason": "The locum has left"}
            done = move(tx, Ref("action", number), "extend", given=given)
        if done.approval is not None:
            found.append(done.approval)
    return found


def _holder_without_chair(office: Office) -> str:
    """Give the lead of an agency in which neither chair nor deputy holds a post, so that the chair may decide."""
    deciding = sa.select(Post.agency_id).where(
        Post.role.in_(("chair", "deputy_chair")), Post.agency_id.is_not(None)
    )
    query = (
        sa.select(Person.key)
        .join(PostHolding, PostHolding.person_id == Person.id)
        .join(Post, Post.id == PostHolding.post_id)
        .where(Post.role == SEES_ONE_AGENCY, Post.agency_id.not_in(deciding), PostHolding.until_on.is_(None))
        .order_by(Post.id)
        .limit(1)
    )
    with office.store.reading(group=EVERY) as session:
        return str(session.execute(query).scalar_one())


if __name__ == "__main__":
    sys.exit(main())
