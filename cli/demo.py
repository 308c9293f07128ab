"""`auditloop demo`: a real group's year in seconds, on a virtual clock, in a database of its own."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from assurance.access import viewer_of
from assurance.accounts.tokens import draw_token
from assurance.config import HOME, Settings
from assurance.migrate import migrate
from assurance.office import Office, clock_of
from assurance.post import deliver, is_owed, maildir
from assurance.queries.around import people
from assurance.roster import roster
from assurance.story import Played, Story, Summary, play, read_story, summary
from assurance.story.play import StoryRefused, is_finished
from cli.opening import DatabaseOption, JsonOption, answering, named, settings_for, shown
from cli.pages import USUAL_PORT, PortOption, take_address
from cli.serve import serve_office
from cli.shown import console as screen
from engine.clock import FrozenClock, OffsetClock, SystemClock
from engine.errors import Reason
from engine.store import open_store

LOOPBACK = "127.0.0.1"
YEAR = HOME / "examples" / "year-2014-15"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one playing of a story is kept."""

    database: str
    mail: Path


def demo(
    folder: Annotated[Path, typer.Argument(help="The folder of the story.", show_default=False)] = YEAR,
    serve: Annotated[
        bool, typer.Option(help="Serve the pages afterwards, and keep the clock and the post running.")
    ] = True,
    port: PortOption = USUAL_PORT,
    post: Annotated[
        bool,
        typer.Option("--deliver/--no-deliver", help="Deliver the mail, into a folder; or leave it all owed."),
    ] = True,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
) -> None:
    """Replay a real sub group's year, from theme to embedded, on a virtual clock.

    Everything happens through the same commands that people use: three audits, twelve cases, mails, approvals,
    late agencies and escalations. The database is a fresh one under var/demo, or the one you name; a demo that
    was interrupted goes on where it stood. Nothing leaves this machine: mail goes into a folder beside the
    database.

    Example: auditloop demo --no-serve
    """
    with answering(as_json=as_json):
        settings = settings_for(database)
        listening = take_address(settings, LOOPBACK, port) if serve else None
        story = read_story(folder, workflows=settings.workflows, rules=settings.rules)
        place = _place(settings, story, database, delivers=post)
        Path(place.mail).parent.mkdir(parents=True, exist_ok=True)
        # A demo never writes to a mail server, whatever the settings say: its people do not exist.
        own = replace(settings, database=place.database, smtp_url=None, **_folders(story))
        # Good for as long as it is served: whoever tries an invitation in it can set up an account.
        own = replace(own, secret=settings.secret or draw_token())
        clock = FrozenClock(datetime.combine(story.begins, time(6), tzinfo=story.cast.zone))
        office = _open(own, story, clock)
        mailer = maildir(place.mail)
        with named(place.database), _refusal_told(place), _progress(story, quiet=as_json) as shown:
            played = play(
                office,
                story,
                clock=clock,
                deliver=(lambda one: _hand_over(one, mailer)) if post else None,
                progress=shown,
            )
        counted = summary(office.store)
        if as_json:
            typer.echo(json.dumps(_plain(counted, place, played), ensure_ascii=False, indent=2))
        else:
            _show(story, counted, place, played, delivers=post)
        if listening is not None:
            own_clock = OffsetClock(clock.now(), pace=SystemClock())
            office.close()
            # From here on it is lived in and not played: what is acknowledged now survives a power cut too.
            own = replace(own, base_url=f"http://{LOOPBACK}:{listening.getsockname()[1]}")
            office = Office(own, open_store(own.database), story.shelf, clock=own_clock)
            serve_office(office, mailer, listening, who_may_sign_in=_who_may_sign_in(office))
        office.close()


def _who_may_sign_in(office: Office) -> list[str]:
    """Say how to sign in as each of the example's people: nobody needs a password here, on this machine only."""
    lines = ["There, one press signs you in as any of:"]
    for group_id in office.groups():
        with office.reading(clock_of(group_id)) as tx:
            held = roster(tx.session, group_id=group_id, today=tx.today)
            everybody = people(tx, viewer_of(held, tx.actor)).rows
        lines += [f"  {row.name}: {', '.join(row.posts)}" for row in everybody if row.posts]
    return lines


@contextmanager
def _refusal_told(place: _Place) -> Iterator[None]:
    """Add to a step's refusal what becomes of what was played so far."""
    try:
        yield
    except StoryRefused as refusal:
        stays = f"The database {shown(place.database)} stays as it is: put the story right, and the same command goes on from this step."
        raise StoryRefused(*refusal.reasons, Reason("stays", stays)) from refusal


def _hand_over(office: Office, mailer: Any) -> None:
    if is_owed(office):
        deliver(office, mailer)


def _folders(story: Story) -> dict[str, Any]:
    return {"workflows": story.workflow_folders, "rules": story.rule_folders}


def _open(settings: Settings, story: Story, clock: FrozenClock) -> Office:
    with named(settings.database):
        # A demo can be played again: what a power cut would cost is not worth a sync for each of its commands.
        store = open_store(settings.database, survives_power_cut=False)
        migrate(store)
    return Office(settings, store, story.shelf, clock=clock)


def _place(settings: Settings, story: Story, named: str | None, *, delivers: bool) -> _Place:
    """Choose the database: the one that is named, an unfinished one of this very demo, or a fresh one."""
    if named is not None:
        base = Path(named) if "://" not in named else settings.var / "demo" / story.key
        return _Place(named, base.with_suffix(".mail"))
    folder = settings.var / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    stem = story.key if delivers else f"{story.key}-undelivered"
    numbers = [
        int(found[1])
        for path in folder.glob(f"{stem}-*.sqlite")
        if (found := re.fullmatch(rf"{stem}-(\d+)", path.stem))
    ]
    number = max(numbers, default=0)
    if number == 0 or _was_finished(folder / f"{stem}-{number}.sqlite", story, settings):
        number += 1
    path = folder / f"{stem}-{number}.sqlite"
    return _Place(str(path), path.with_suffix(".mail"))


def _was_finished(path: Path, story: Story, settings: Settings) -> bool:
    with named(str(path)):
        store = open_store(path)
        migrate(store)
    office = Office(replace(settings, database=str(path)), store, story.shelf, clock=SystemClock())
    try:
        return is_finished(office, story)
    finally:
        office.close()


@contextmanager
def _progress(story: Story, *, quiet: bool) -> Iterator[Any]:
    """Show how far the year has come: a bar for a person at a terminal, a line a quarter for a log."""
    console = Console(stderr=True)
    if quiet:
        yield None
        return
    if not console.is_terminal:
        yield _Quarters(console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        days = (story.ends - story.begins).days
        task = bar.add_task(story.title, total=days)

        def shown(day: date, _steps: int, _of: int) -> None:
            bar.update(task, completed=(day - story.begins).days, description=f"{day:%B %Y}")

        yield shown


class _Quarters:
    """Writes one line each quarter of the year."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def __call__(self, day: date, steps: int, of: int) -> None:
        quarter = f"{day.year}, quarter {(day.month - 1) // 3 + 1}"
        if quarter != self._last:
            self._last = quarter
            self._console.print(f"  {quarter}: {steps} of {of} steps played", highlight=False)


def _plain(counted: Summary, place: _Place, played: Played) -> dict[str, Any]:
    return {
        **counted.plain(),
        "database": place.database,
        "mail_folder": str(place.mail),
        "steps_played": played.steps,
        "seconds": {part: round(seconds, 3) for part, seconds in played.seconds.items()},
    }


def _show(story: Story, counted: Summary, place: _Place, played: Played, *, delivers: bool) -> None:
    console = screen()
    program = "auditloop" if Path(sys.argv[0]).is_absolute() else sys.argv[0]
    console.print(f"\n{story.title}\n", style="bold")
    if counted.audits:
        console.print(
            f"{counted.audits} audits, {counted.cases} cases, {counted.aims} aims, "
            f"{counted.recommendations} recommendations.\n"
        )
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    table.add_column(justify="right")
    table.add_column()
    table.add_column(style="dim")
    for number, what, states in _rows(story, counted):
        table.add_row(str(number), what, states)
    console.print(table)
    owed = "all delivered" if delivers and not counted.mails_owed else f"{counted.mails_owed} still owed"
    console.print(
        f"\n{counted.mails} mails, {owed}; {counted.reminders} {_counted(counted.reminders, 'reminder')} "
        f"in {counted.digests} {_counted(counted.digests, 'daily mail')}, "
        f"{counted.escalations} {_counted(counted.escalations, 'escalation')}."
    )
    if counted.mails_withdrawn:
        console.print(f"{counted.mails_withdrawn} more were overtaken before they went, and withdrawn.")
    parts = ", ".join(f"{part} {seconds:.1f}" for part, seconds in played.seconds.items())
    console.print(f"Seconds: {parts}.")
    console.print(f"\nDatabase: {shown(place.database)}", soft_wrap=True)
    if delivers:
        console.print(f"Mail:     {place.mail}/", soft_wrap=True)
    kinds = [kind for kind, numbers in counted.by_state.items() if numbers]
    hints = [f"history {kind}/1" for kind in kinds[:1]]
    if counted.audits:
        hints += ["list audits", f"report annual --year {story.cast.years[0].year}"]
    console.print("\nLook further:")
    for hint in hints:
        console.print(f"  {program} {hint} --database {place.database}", soft_wrap=True)


def _rows(story: Story, counted: Summary) -> Iterator[tuple[int, str, str]]:
    for kind, numbers in counted.by_state.items():
        states = story.shelf.workflows[kind].states
        spoken = ", ".join(f"{states[state].title}: {number}" for state, number in numbers.items())
        if numbers:
            total = sum(numbers.values())
            yield total, _counted(total, kind.replace("_", " ").removeprefix("agency ")), spoken
    for number, noun in ((counted.findings, "finding"), (counted.progress_notes, "progress note")):
        if number:
            yield number, _counted(number, noun), ""
    yield counted.events, "lines of history, each sealed", ""


def _counted(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"
