"""How things look: tables for people that fit their window, JSON for programs, dates and numbers in words."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from assurance.post import StillOwed
from assurance.tally import SweepTally, Withheld
from cli.words import as_sentence
from engine.moved import Ref
from notifications.delivery import Delivered

WIDTH_OF_A_FILE = 100
NARROWEST, WIDE, LONGEST_REFERENCE = 40, 16, 24
T = TypeVar("T")
Cell = str | int | date | None | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column of a table: its heading and what stands in it; a `wide` one takes the room that is left."""

    heading: str
    cell: Callable[[T], Cell]
    is_number: bool = False
    is_wide: bool = False


class Screen(Console):
    """A console that writes no blanks at the ends of lines into a file or a pipe."""

    def print(self, *objects: Any, **how: Any) -> None:
        """Print as a console does."""
        if self.is_terminal:
            super().print(*objects, **how)
            return
        with self.capture() as taken:
            super().print(*objects, **how)
        typer.echo("\n".join(line.rstrip() for line in taken.get().split("\n")), nl=False)


def console(needs: int = NARROWEST) -> Screen:
    """Give the console of standard output: as wide as the window, or 100 columns where there is none.

    In a window narrower than what is needed the lines are longer than the window: no reference is ever cut.
    """
    is_window = sys.stdout.isatty() or "COLUMNS" in os.environ
    screen = Screen(
        width=None if is_window else WIDTH_OF_A_FILE,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )
    screen.width = max(screen.width, needs)
    return screen


def show_table(columns: Sequence[Column[T]], rows: Iterable[T]) -> None:
    """Print rows as an aligned table without lines around it."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    cells = [[in_words(column.cell(row)) for column in columns] for row in rows]
    wide = max([WIDE, *(_longest_word(line[place]) for place in _wide(columns) for line in cells)])
    needs = 0
    for place, column in enumerate(columns):
        lines = [
            part for text in (column.heading, *(line[place] for line in cells)) for part in text.split("\n")
        ]
        needs += 2 + (wide if column.is_wide else max(len(line) for line in lines))
        table.add_column(
            column.heading,
            justify="right" if column.is_number else "left",
            no_wrap=not column.is_wide,
            ratio=1 if column.is_wide else None,
            min_width=wide if column.is_wide else None,
            overflow="fold",
        )
    for line in cells:
        table.add_row(*(Text(text) for text in line))
    console(needs).print(table)


def show_pairs(pairs: Iterable[tuple[str, Cell]]) -> None:
    """Print names and values in two columns, the values aligned."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    told = [(name, in_words(value)) for name, value in pairs]
    for name, value in told:
        table.add_row(name, Text(value))
    needs = max((len(name) + 3 + _longest_word(value) for name, value in told), default=0)
    console(needs).print(table)


def _wide(columns: Sequence[Column[T]]) -> list[int]:
    return [place for place, column in enumerate(columns) if column.is_wide]


def _longest_word(text: str) -> int:
    """Measure the longest word of a text, up to the length of a long reference; a longer one may be cut."""
    return min(LONGEST_REFERENCE, max((len(word) for word in text.split()), default=0))


def say(text: str = "", *, style: str | None = None) -> None:
    """Print one paragraph, wrapped to the window."""
    console().print(Text(text, style=style or ""))


def in_words(value: Cell) -> str:
    """Write a value as people do: 3 Sep 2014, yes, nothing at all for what is empty."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value.day} {value:%b %Y, %H:%M}"
        case date():
            return f"{value.day} {value:%b %Y}"
        case tuple():
            return ", ".join(value)
        case _:
            return str(value)


def several(number: int, what: str, many: str | None = None) -> str:
    """Count in words: `1 rule`, `3 rules`."""
    return f"{number:,} {what if number == 1 else many or what + 's'}"


def show_json(value: object) -> None:
    """Print plain data as JSON; instants in UTC, days as 2014-09-03, subjects as action/12."""
    typer.echo(json.dumps(plain(value), ensure_ascii=False, indent=2))


def plain(value: object) -> Any:
    """Turn values of ours into what JSON knows."""
    shown: Any = value
    match value:
        case Ref() | StrEnum():
            shown = str(value)
        case datetime():
            shown = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            shown = value.isoformat()
        case Mapping():
            shown = {str(name): plain(one) for name, one in value.items()}
        case tuple() | list() | frozenset():
            shown = [plain(one) for one in value]
        case _ if is_dataclass(value):
            shown = {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return shown


@contextmanager
def waiting(what: str, *, quiet: bool) -> Iterator[None]:
    """Show at a terminal that something takes its time."""
    screen = Console(stderr=True)
    if quiet or not screen.is_terminal:
        yield
        return
    with screen.status(what):
        yield


def said_of_sweep(tally: SweepTally) -> str:
    """Say what a sweep did."""
    if tally.looked:
        said = (
            f"Looked at {several(tally.looked, 'subject')}: {several(tally.fired, 'rule')} fired, "
            f"of these {several(tally.escalations, 'escalation')}."
        )
    else:
        said = "Nothing was due."
    if tally.noticed:
        said += f" {several(tally.noticed, 'notice')} given."
    if tally.moved:
        said += f" Rules or calendar have changed: {several(tally.moved, 'timer')} moved."
    if tally.repaired:
        said += f" {several(tally.repaired, 'subject')} had been lost sight of."
    if tally.parked:
        said += f" Could not look at {', '.join(tally.parked_refs)}; tried again in an hour."
    return said


def said_of_withheld(one: Withheld) -> str:
    """Say of a rule that it waits for somebody's word, why, and which command gives it."""
    owed = f"{'more than ' if one.is_more else ''}{several(one.owed, 'mail')}"
    return (
        f"The rule ‘{one.rule}’ is not in force: it would owe {owed} at its first look, and the cap is "
        f"{one.cap:,}. Put it in force with: auditloop adopt {one.rule} --as PERSON --accept-backlog (or "
        "--only-from DATE, for what comes true from that day on)."
    )


def said_of_waiting(owed: StillOwed, now: datetime) -> str:
    """Say what is held and what waits to be tried again, and until when; nothing where nothing is."""
    said = []
    if owed.held and owed.held_from is not None:
        until = _until(owed.held_from, owed, now)
        all_at_once = owed.held_from == owed.held_to
        said.append(f"{owed.held:,} held{' until' if all_at_once else ', the first until'} {until}.")
    others = owed.number - owed.held
    if others and owed.first_at is not None and owed.first_at > now:
        until = _until(owed.first_at, owed, now)
        said.append(
            f"1 more waits until {until}."
            if others == 1
            else f"{others:,} more wait, the first until {until}."
        )
    return " ".join(said)


def _until(at: datetime, owed: StillOwed, now: datetime) -> str:
    until = at.astimezone(owed.zone)
    if until.date() == now.astimezone(owed.zone).date():
        return f"{until:%H:%M}"
    return f"{until:%A} {in_words(until)}"


def said_of_delivery(tally: Delivered, waits: str = "") -> str:
    """Say what became of the mail that was owed, and what still waits."""
    parts = (
        (tally.sent, "sent"),
        (tally.later, "to be tried again later"),
        (tally.failed, "failed for good"),
        (tally.uncertain, "of unknown fate"),
        (tally.withdrawn, "withdrawn, since no longer true"),
        (tally.put_back, "put back untried"),
    )
    told = [f"{number:,} {what}" for number, what in parts if number]
    said = f"Mails: {', '.join(told)}." if told else "No mail is due." if waits else "No mail is owed."
    trouble = f"Delivery stopped: {as_sentence(tally.trouble)}" if tally.trouble else ""
    return " ".join(part for part in (said, trouble, waits) if part)
