"""Commands that look at one subject: `show`, `history` and `offers`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assurance.queries.card import Card, Grid, Shown
from assurance.queries.doors import Door, Doors, doors_of
from assurance.queries.history import Told, history_of
from assurance.queries.one import card_of
from assurance.queries.references import CASE, reference_of
from cli.columns import short
from cli.opening import (
    AsOption,
    DatabaseOption,
    GroupOption,
    JsonOption,
    PersonOption,
    answering,
    looking,
    opened,
)
from cli.shown import Cell, Column, console, in_words, plain, say, show_json, show_pairs, show_table
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.vocabulary import Field, Kind

RefArgument = Annotated[
    str,
    typer.Argument(
        metavar="REF",
        help="What is meant: action/12, return/3, the audit 2014-15/1, the case C-7KQ2MP.",
        show_default=False,
    ),
]
NARROWEST_HISTORY = 56
WRITTEN_AS = {
    Kind.TEXT: "words",
    Kind.DATE: "2015-03-31",
    Kind.WHOLE: "3",
    Kind.YES_NO: "true|false",
}


def show(
    ref: RefArgument,
    person: AsOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Show one audit, return, recommendation, action, approval, concern, case or matter in full.

    With --as you see what that person may see: a return only for its own agency, a finding without its case.

    Examples: auditloop show 2014-15/1; auditloop show action/12 --as bo; auditloop show approval/3 --json
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        looking(office, person, group) as (tx, viewer),
    ):
        card = card_of(tx, viewer, reference_of(tx, viewer, ref))
    if as_json:
        show_json(_plain_card(card))
    else:
        _show_card(card)


def history(
    ref: RefArgument,
    person: AsOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Tell what happened to a subject, line by line: who did what, when and why, and who was told.

    Steps, decisions, what was written, and every rule that spoke with its reasons. Each line is sealed with the
    one before it; a line whose seal does not hold is marked, and `auditloop verify` says more.

    Examples: auditloop history 2014-15/1; auditloop history action/12 --json
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        looking(office, person, group) as (tx, viewer),
    ):
        subject = _moving(reference_of(tx, viewer, ref))
        lines = history_of(tx, viewer, subject)
    if as_json:
        show_json(lines)
        return
    _show_lines(lines)
    broken = [str(line.number) for line in lines if not line.is_sealed]
    say()
    if broken:
        say(f"The seal does not hold at line {', '.join(broken)}: run `auditloop verify`.", style="bold")
    else:
        say(f"All {len(lines)} lines are sealed, and every seal holds.", style="dim")


def offers(
    ref: RefArgument,
    person: PersonOption,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Show which steps a person can take on a subject now, and every reason why not the others.

    An open step is taken with `auditloop move`; one that needs a decision asks for it. What a step asks for is
    given with --given.

    Examples: auditloop offers 2014-15/1 --as sam; auditloop offers action/12 --as bo --json
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        looking(office, person, group) as (tx, viewer),
    ):
        found = doors_of(tx, _moving(reference_of(tx, viewer, ref)))
    if as_json:
        show_json(found)
    else:
        _show_doors(found, person)


def _moving(ref: Ref) -> Ref:
    if ref.kind == CASE:
        raise Refused(Reason("wrong_word", "A case takes no steps; its returns do."))
    return ref


def _show_card(card: Card) -> None:
    say(card.name, style="bold")
    if card.state_title and card.since_on:
        say(f"{card.state_title} since {in_words(card.since_on)}. {card.state_about}".strip())
    else:
        say(card.about)
    say()
    told = [line for line in card.lines if line.value not in (None, "", (), 0, False)]
    show_pairs([(line.title, _cell(line.value)) for line in told])
    for grid in card.grids:
        _show_grid(grid)
    if card.version is not None:
        say(f"\nVersion {card.version}. See also: auditloop history {short(card.ref)}", style="dim")


def _show_grid(grid: Grid) -> None:
    say()
    say(grid.title, style="bold")
    if grid.rows:
        columns = list(_columns(grid))
        show_table(columns, grid.rows)
    if grid.note:
        say(grid.note, style="dim")


def _columns(grid: Grid) -> Iterator[Column[Sequence[Shown]]]:
    """Make columns of those in which anything stands; long texts get the room that is left."""
    for place, (_, heading) in enumerate(grid.columns):
        cells = [in_words(_cell(row[place])) for row in grid.rows]
        if not any(cells):
            continue
        numbers = all(isinstance(row[place], int) or row[place] is None for row in grid.rows)
        longest = max(len(cell) for cell in cells)
        yield Column(heading, _at(place), is_number=numbers, is_wide=longest > 20)


def _at(place: int) -> Any:
    return lambda row: _cell(row[place])


def _cell(value: Shown) -> Cell:
    return short(value) if isinstance(value, Ref) else value


def _plain_card(card: Card) -> dict[str, Any]:
    told = {line.name: line.value for line in card.lines}
    grids = {
        grid.name: [dict(zip([name for name, _ in grid.columns], row, strict=True)) for row in grid.rows]
        for grid in card.grids
    }
    whole: dict[str, Any] = plain(
        {
            "ref": card.ref,
            "name": card.name,
            "state": card.state,
            "since_on": card.since_on,
            "version": card.version,
            **told,
            **grids,
        }
    )
    return whole


def _show_lines(lines: Sequence[Told]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Line", justify="right", no_wrap=True)
    table.add_column("When", no_wrap=True)
    table.add_column("What", ratio=1)
    for line in lines:
        told = Group(Text(line.sentence), *(Padding(Text(part), (0, 0, 0, 2)) for part in _parts(line)))
        table.add_row(str(line.number), in_words(line.at), told)
    console(NARROWEST_HISTORY).print(table)


def _parts(line: Told) -> Iterator[str]:
    yield from line.details
    for name, text in line.words.items():
        gone = f"({line.erased.get(name, 'erased')})"
        yield f"{name.replace('_', ' ')}: {text or gone}"
    for number, reason in enumerate(line.because):
        yield f"{'and' if number else 'because'} {reason}"
    if line.told:
        yield f"told: {', '.join(line.told)}"
    if not line.is_sealed:
        yield "THE SEAL OF THIS LINE DOES NOT HOLD."


def _show_doors(found: Doors, person: str) -> None:
    roles = ", ".join(role.replace("_", " ") for role in found.roles) or "nobody with a part in it"
    say(
        f"{short(found.ref)} stands at ‘{found.state_title}’ (version {found.version}); {person} is here as {roles}."
    )
    if found.note:
        say(found.note)
    for heading, is_open in (("Open", True), ("Closed", False)):
        doors = [door for door in found.doors if door.is_open is is_open]
        if doors:
            say(f"\n{heading}", style="bold")
        for door in doors:
            _show_door(door)
    if not found.doors:
        say("\nNo step leads on from here.")


def _show_door(door: Door) -> None:
    screen = console()
    screen.print(Padding(Text(f"{door.trigger}: {door.title}"), (0, 0, 0, 2)))
    told = [door.about] if door.about else []
    told += door.reasons
    if door.is_open and door.needs_decision_of is not None:
        told.append(f"Needs the decision of {door.needs_decision_of}.")
    if door.is_open and door.needs_form:
        told.append("Comes with data of its own, so that `auditloop move` cannot take it.")
    elif door.is_open and door.asks:
        told.append(f"Asks for {', '.join(_asked(ask) for ask in door.asks)}.")
    for sentence in told:
        screen.print(Padding(Text(sentence), (0, 0, 0, 6)))


def _asked(ask: Field) -> str:
    written = "|".join(ask.choices) if ask.kind is Kind.CHOICE else WRITTEN_AS[ask.kind]
    return f"{ask.name}={written}{' (optional)' if ask.optional else ''}"
