"""The command that tries changed rules on the past: `rehearse`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Annotated

import typer
from rich.bar import Bar
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from assurance.playbook import read_shelf
from assurance.queries.rehearse import Change, Difference, OfMonth, OfRule, Rehearsal, rehearse
from cli.columns import short
from cli.opening import (
    BadInput,
    DatabaseOption,
    GroupOption,
    JsonOption,
    answering,
    looking,
    opened,
)
from cli.shown import Column, console, in_words, say, several, show_json, show_table

MOST = 30
WIDTH_OF_A_PICTURE = 110
_FORMATS = ["%Y-%m-%d"]


def rehearse_(
    rules: Annotated[
        Path,
        typer.Option("--rules", metavar="DIR", help="The folder of the changed rules.", show_default=False),
    ],
    since: Annotated[
        datetime | None,
        typer.Option("--from", metavar="DATE", formats=_FORMATS, help="The first day.", show_default=False),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--to", metavar="DATE", formats=_FORMATS, help="The last day.", show_default=False),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help=f"List every difference, not only the first {MOST}.")
    ] = False,
    chart: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the chart as a picture (SVG).", show_default=False),
    ] = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Try changed rules on the past: what would have been said in addition, earlier, later, or not at all.

    The history is lived again in memory, and the rules in force and the changed ones look at it side by side. Nothing
    is written and nothing is sent. The changed folder takes the place of the first folder of rules.

    Examples: auditloop rehearse --rules drafts/rules; auditloop rehearse --rules drafts/rules --from 2014-09-01 --to 2015-03-31 --json
    """
    with answering(as_json=as_json), opened(database) as office:
        if not rules.is_dir():
            raise BadInput(f"{rules} is not a folder; give the one in which the changed rules lie.")
        settings = office.settings
        changed = read_shelf(settings.workflows, (rules, *settings.rules[1:])).book
        with looking(office, None, group) as (tx, _):
            found = rehearse(
                tx,
                changed,
                from_on=None if since is None else since.date(),
                until_on=None if until is None else until.date(),
            )
        if chart is not None:
            _draw(found.by_month(), chart)
    if as_json:
        show_json(_plain(found))
    else:
        _show(found, most=None if everything else MOST)


def _show(found: Rehearsal, *, most: int | None) -> None:
    differences = found.differences()
    say(
        f"{in_words(found.from_on)} to {in_words(found.until_on)}: {several(len(found.before), 'saying')} "
        f"under the rules in force, {len(found.after)} under the changed ones.",
        style="bold",
    )
    say(
        f"The history holds {found.really}; {found.agreed} of them come out again, on their day or the evening before, "
        "when the rules in force are rehearsed."
    )
    say()
    show_table(BY_RULE, found.by_rule())
    say()
    console().print(_chart(found.by_month()))
    say()
    if not differences:
        say("Nothing would have been different.")
        return
    show_table(DIFFERENCES, differences[:most])
    if most is not None and len(differences) > most:
        say(f"{len(differences) - most} more; --all lists them.", style="dim")


def _chart(months: Sequence[OfMonth]) -> Table:
    """Draw two bars for each month: how many people were told, before and after."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Month", no_wrap=True)
    table.add_column("Told", justify="right", no_wrap=True)
    table.add_column("in force, and below it changed", ratio=1)
    most = max((max(month.before, month.after) for month in months), default=1) or 1
    for month in months:
        bars = Group(Bar(most, 0, month.before, color="blue"), Bar(most, 0, month.after, color="dark_orange"))
        table.add_row(f"{month.month:%b %Y}\n", Text(f"{month.before}\n{month.after}"), bars)
    return table


def _draw(months: Sequence[OfMonth], file: Path) -> None:
    screen = Console(record=True, width=WIDTH_OF_A_PICTURE, file=StringIO(), force_terminal=True)
    screen.print(_chart(months))
    screen.save_svg(str(file), title="Told each month, under the rules in force and under the changed ones")


def _changes(change: Change) -> Column[OfRule]:
    return Column(str(change).capitalize(), lambda row: row.changes.get(change) or None, is_number=True)


def _told(one: Difference) -> str:
    said = one.after or one.before
    return "" if said is None else ", ".join(said.told)


BY_RULE: Sequence[Column[OfRule]] = (
    Column("Rule", lambda row: row.rule, is_wide=True),
    Column("In force", lambda row: row.before, is_number=True),
    Column("Changed", lambda row: row.after, is_number=True),
    *(_changes(change) for change in Change),
)
DIFFERENCES: Sequence[Column[Difference]] = (
    Column("About", lambda one: short(one.saying.ref)),
    Column(
        "Rule", lambda one: ("notice of " if one.saying.is_notice else "") + one.saying.rule, is_wide=True
    ),
    Column("How", lambda one: str(one.change)),
    Column("In force", lambda one: None if one.before is None else one.before.on),
    Column("Changed", lambda one: None if one.after is None else one.after.on),
    Column("Told", _told, is_wide=True),
)


def _plain(found: Rehearsal) -> dict[str, object]:
    return {
        "from_on": found.from_on,
        "until_on": found.until_on,
        "before": len(found.before),
        "after": len(found.after),
        "really": found.really,
        "agreed": found.agreed,
        "by_rule": [row._asdict() for row in found.by_rule()],
        "by_month": [row._asdict() for row in found.by_month()],
        "differences": [
            {
                **one.saying._asdict(),
                "change": one.change,
                "before": one.before,
                "after": one.after,
            }
            for one in found.differences()
        ],
    }
