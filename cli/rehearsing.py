"""The command that tries changed rules on the past: `rehearse`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.bar import Bar
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from assurance.config import Settings
from assurance.playbook import read_shelf
from assurance.queries.rehearse import Change, Difference, OfMonth, OfRule, Rehearsal, rehearse
from assurance.queries.reliving import Said
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
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


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
    is written and nothing is sent. Of several folders of rules the changed one takes the place of the one with whose
    rules it has most ids in common. Without days it goes from the first line of the history to the last. It shows
    everything of everybody, so that it is for whoever runs the installation.

    With --json: from_on, until_on, before and after (what is said under either), really and agreed (what the history
    holds, and how much of it comes out again), by_rule, by_month, and `differences`, each with rule, ref, occasion,
    number, is_notice, change, and `before` and `after` (on, severity, told).

    Examples: auditloop rehearse --rules drafts/rules; auditloop rehearse --rules drafts/rules --from 2014-09-01 --to 2015-03-31 --json
    """
    with answering(as_json=as_json), opened(database) as office:
        if not rules.is_dir():
            raise BadInput(f"{rules} is not a folder; give the one in which the changed rules lie.")
        changed = read_shelf(office.settings.workflows, _folders(office.settings, rules)).book
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
        return
    _show(found, most=None if everything else MOST)
    if chart is not None:
        say(f"\nWrote {chart}.")


def _folders(settings: Settings, changed: Path) -> list[Path]:
    """Put the changed folder in the place of the one that it changes: with which it has most rules in common."""
    folders = list(settings.rules)
    names = [
        {rule.id for rule in read_shelf(settings.workflows, (folder,)).book.rules}
        for folder in (changed, *folders)
    ]
    in_common = [len(names[0] & own) for own in names[1:]]
    folders[in_common.index(max(in_common))] = changed
    return folders


def _show(found: Rehearsal, *, most: int | None) -> None:
    differences = found.differences()
    say(f"{in_words(found.from_on)} to {in_words(found.until_on)}: {_summary(found)}", style="bold")
    say(
        f"The history holds {found.really} things that rules have said; {found.agreed} of them come out again when the "
        "rules in force are rehearsed, on their day or the evening before."
    )
    if not differences:
        return
    say()
    by_rule = found.by_rule()
    changed = [row for row in by_rule if row.changes]
    show_table(_by_rule(changed), changed)
    if len(changed) < len(by_rule):
        say(
            f"The other {several(len(by_rule) - len(changed), 'rule')} would have said the same.", style="dim"
        )
    say()
    console().print(_chart(found.by_month()))
    say()
    groups = _grouped(differences)
    show_table(DIFFERENCES, groups[:most])
    if most is not None and len(groups) > most:
        say(f"{len(groups) - most} more lines; --all shows them.", style="dim")


def _summary(found: Rehearsal) -> str:
    """Say in a line what the changed rules change."""
    counts = Counter(one.change for one in found.differences())
    if not counts:
        return (
            f"nothing would have been different; all {len(found.before)} things would have been said alike."
        )
    parts = [f"{counts[change]} {change}" for change in Change if counts[change]]
    same = len(found.before) - sum(counts.values()) + counts[Change.ADDED]
    return f"{', '.join(parts)}; {same} as under the rules in force."


def _by_rule(rows: Sequence[OfRule]) -> list[Column[OfRule]]:
    """Give a column for each change that there is."""
    there = [change for change in Change if any(row.changes.get(change) for row in rows)]
    return [
        Column("Rule", lambda row: row.rule, is_wide=True),
        Column("In force", lambda row: row.before, is_number=True),
        Column("Changed", lambda row: row.after, is_number=True),
        *(_changes(change) for change in there),
    ]


def _chart(months: Sequence[OfMonth]) -> Table:
    """Draw two bars for each month: how many people were told, under the rules in force and under the changed ones."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Month", no_wrap=True)
    table.add_column("Rules", no_wrap=True)
    table.add_column("Told", justify="right", no_wrap=True)
    table.add_column(ratio=1)
    most = max((max(month.before, month.after) for month in months), default=1) or 1
    for month in months:
        bars = Group(Bar(most, 0, month.before, color="blue"), Bar(most, 0, month.after, color="dark_orange"))
        told = Text(f"{month.before}\n{month.after}")
        table.add_row(f"{month.month:%b %Y}", "in force\nchanged", told, bars)
    return table


def _draw(months: Sequence[OfMonth], file: Path) -> None:
    """Draw the chart into a file; whoever opens it asks no other machine for a font."""
    screen = Console(record=True, width=WIDTH_OF_A_PICTURE, file=StringIO(), force_terminal=True)
    screen.print(_chart(months))
    drawn = screen.export_svg(title="Told each month, under the rules in force and under the changed ones")
    file.write_text(_FONT.sub("", drawn), encoding="utf-8")


def _changes(change: Change) -> Column[OfRule]:
    return Column(str(change).capitalize(), lambda row: row.changes.get(change) or None, is_number=True)


class _Alike(NamedTuple):
    """Differences of one rule that are alike, and the subjects that they are about."""

    about: str
    rule: str
    how: str
    told: str


def _grouped(differences: Sequence[Difference]) -> list[_Alike]:
    """Put together what differs in the same way on the same days for the same people."""
    alike: dict[tuple[object, ...], list[Difference]] = {}
    for one in differences:
        key = (one.saying.rule, one.saying.is_notice, one.change, _on(one.before), _on(one.after), _told(one))
        alike.setdefault(key, []).append(one)
    return [_of(some) for some in alike.values()]


def _of(some: Sequence[Difference]) -> _Alike:
    first = some[0]
    about = ", ".join(dict.fromkeys(short(one.saying.ref) for one in some))
    rule = f"notice of {first.saying.rule}" if first.saying.is_notice else first.saying.rule
    return _Alike(about, rule, _how(first), _told(first))


def _how(one: Difference) -> str:
    """Say what changes, and on which day."""
    before, after = in_words(_on(one.before)), in_words(_on(one.after))
    if before and after and before != after:
        return f"{one.change}: {after} instead of {before}"
    return f"{one.change}: {after or before}"


def _on(said: Said | None) -> date | None:
    return None if said is None else said.on


def _told(one: Difference) -> str:
    """Name who is told, and where that changes also who is told now."""
    before, after = (set() if said is None else set(said.told) for said in (one.before, one.after))
    if one.change is not Change.OTHERS:
        return ", ".join(sorted(after or before))
    also = [f"also {', '.join(sorted(after - before))}"] if after - before else []
    no_longer = [f"no longer {', '.join(sorted(before - after))}"] if before - after else []
    return "; ".join([*also, *no_longer])


DIFFERENCES: Sequence[Column[_Alike]] = (
    Column("About", lambda one: one.about, is_wide=True),
    Column("Rule", lambda one: one.rule, is_wide=True),
    Column("How", lambda one: one.how, is_wide=True),
    Column("Told", lambda one: one.told, is_wide=True),
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
