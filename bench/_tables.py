"""Figures as tables for people: the same text on the screen and in RESULTS.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
Row = Mapping[str, Any]

KINDS = {
    "sqlite": "SQLite FULL",
    "postgresql": "PostgreSQL",
    "memory": "SQLite FULL, disk left out",
}
THOUSAND = 1_000
MEGABYTE = 1_000_000


def own_tables(figures: Figures) -> Iterator[str]:
    """Write what was measured of ours alone, against floors that write our own rows."""
    if "moves" in figures:
        yield "### One durable move"
        yield (
            "The floor writes the very rows that ours writes, by the bare driver: row, line, texts, timer and mails. It "
            "reads nothing, judges nothing, seals nothing."
        )
        yield table(
            (
                "database",
                "writers",
                "lines before",
                "floor/s",
                "ours/s",
                "of the floor",
                "bytes, floor and ours",
            ),
            [
                (
                    one["database"],
                    f"{one['writers']:,}",
                    f"{one['lines_before']:,}",
                    f"{one['floor_per_second']:,.0f}",
                    f"{one['ours_per_second']:,.0f}",
                    _ratio(one),
                    f"{one['floor_bytes']:,.0f} and {one['our_bytes']:,.0f}",
                )
                for one in figures["moves"]
            ],
        )
    if "sweep" in figures:
        yield from _sweep(figures["sweep"])
    if "mail" in figures:
        yield from _mail(figures["mail"], figures.get("mail_race", ()))
    for title, said in figures.get("said", {}).items():
        yield f"### {title}"
        yield f"```text\n{said.strip()}\n```"
    if "workers" in figures:
        yield "### Workers on one PostgreSQL"
        yield plain_table(figures["workers"])
    if "cost" in figures:
        yield from _cost(figures["cost"], figures.get("costs", ()))


def peer_tables(figures: Figures) -> Iterator[str]:
    """Write what was measured beside the peers."""
    if "race" in figures:
        yield "### One durable move, seven states"
        yield (
            "The floor is the peers': row, history and outbox in three tables by the bare driver, nothing read or judged. "
            "Ours does more than that in each move: who may, who must not, why not, a sealed line, a timer, a whole mail. "
            "Each figure is moves a second and their ratio to the floor just before and after, the median of rounds. "
            "Writers are processes, but threads with DBOS and with ours on SQLite."
        )
        for kind in dict.fromkeys(one["kind"] for one in figures["race"]):
            yield f"**{KINDS[kind]}**"
            yield _race([one for one in figures["race"] if one["kind"] == kind])
    if "sweep_race" in figures:
        yield "### What a sweep takes"
        yield (
            "The floor writes a line, a mail and a mark for all that is due in three statements. APScheduler and "
            "Procrastinate only run their jobs; what a job would have to write comes on top. Ours writes what its rules "
            "say: sealed lines, items of digests, the next timers; its own floor, which writes the same rows, is in the "
            "table below."
        )
        yield _sweep_race(figures["sweep_race"], figures.get("sweep", ()))
    if "sweep" in figures:
        yield from _sweep(figures["sweep"])
    if "mail" in figures:
        yield from _mail(figures["mail"], figures.get("mail_race", ()))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write one table, its columns aligned; all but the first stand to the right."""
    widths = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads))]

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join((first, *others))} |"

    rule = ["-" * width if place == 0 else f"{'-' * (width - 1)}:" for place, width in enumerate(widths)]
    return "\n".join((line(heads), line(rule), *(line(row) for row in rows)))


def plain_table(rows: Sequence[Row]) -> str:
    """Write rows of which only the names are known: every name a column."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return table(
        [name.replace("_", " ") for name in names],
        [[_plain(row.get(name, "")) for name in names] for row in rows],
    )


def _race(rows: Sequence[Row]) -> str:
    settings = list(dict.fromkeys((one["writers"], one["lines"]) for one in rows))
    programs: dict[str, dict[tuple[int, int], Row]] = {}
    for one in rows:
        programs.setdefault(one["program"], {})[one["writers"], one["lines"]] = one
    first = settings[0]
    ordered = sorted(programs.items(), key=lambda entry: -entry[1][first]["ratio"])
    heads = ["", *(_setting(*setting) for setting in settings), "subjects a run"]
    return table(
        heads,
        [
            [
                _named(name, is_ours=found[first]["is_ours"]),
                *(_raced(found.get(setting)) for setting in settings),
                _from_to([one["subjects"] for one in found.values()]),
            ]
            for name, found in ordered
        ],
    )


def _from_to(numbers: Sequence[int]) -> str:
    return f"{min(numbers):,}-{max(numbers):,}"


def _setting(writers: int, lines: int) -> str:
    named = f"{writers} writer{'s' if writers > 1 else ''}"
    return f"{named}, {lines:,} lines before" if lines else named


def _raced(one: Row | None) -> str:
    return "" if one is None else f"{one['moves_per_second']:,.0f}/s {one['ratio']:.2f}"


def _sweep_race(rows: Sequence[Row], ours: Sequence[Row]) -> str:
    floors = {one["kind"]: one["due_ms"] for one in rows if "floor" in one["program"]}
    told = [
        (
            KINDS[one["kind"]],
            one["program"],
            f"{one['number']:,}",
            _milliseconds(one["due_ms"]),
            f"{floors[one['kind']] / one['due_ms']:.3f}",
            _milliseconds(one["idle_ms"]),
        )
        for one in rows
    ]
    for kind, floor in floors.items():
        mine = [one for one in ours if one["kind"] == kind]
        for number in sorted({one["number"] for one in mine})[-1:]:
            spent = {one["what"]: one["ours_ms"] for one in mine if one["number"] == number}
            due = next(value for name, value in spent.items() if name.endswith(" due") and name[0].isdigit())
            told.append(
                (
                    KINDS[kind],
                    _named("auditloop", is_ours=True),
                    f"{number:,}",
                    _milliseconds(due),
                    f"{floor / due:.3f}",
                    _milliseconds(spent["nothing due"]),
                )
            )
    heads = ("database", "", "of", "all that is due, ms", "of the floor's speed", "nothing due, ms")
    return table(heads, sorted(told, key=lambda row: row[0]))


def _sweep(rows: Sequence[Row]) -> Iterator[str]:
    yield "### The sweep against bare SQL"
    yield "The floor writes the very rows that the sweep writes, set by set, in one commit."
    yield table(
        ("database", "open actions", "", "ours, ms", "floor, ms", "of the floor's speed"),
        [
            (
                KINDS[one["kind"]],
                f"{one['number']:,}",
                one["what"],
                _milliseconds(one["ours_ms"]),
                _milliseconds(one["floor_ms"]),
                f"{one['speed']:.2f} ({one['lowest']:.2f}-{one['highest']:.2f})",
            )
            for one in rows
        ],
    )


def _mail(rows: Sequence[Row], race: Sequence[Row]) -> Iterator[str]:
    yield "### Letters"
    yield (
        "Raw is aiosmtplib alone, sending finished bytes on as many connections. Ours leases, asks whether each letter is "
        "still true, composes it, stores its bytes, sends and settles."
    )
    others = {(one["kind"], one["way"]): one for one in race}
    heads = ["database", "", "raw/s", "ours/s", "of raw", "computed a letter, us, raw and ours"]
    told = [
        [
            KINDS[one["kind"]],
            one["way"],
            f"{one['raw']:,.0f}",
            f"{one['ours']:,.0f}",
            _ratio(one),
            f"{one['raw_us']:,.0f} and {one['our_us']:,.0f}",
            *([_rate(others.get((one["kind"], one["way"])))] if race else []),
        ]
        for one in rows
    ]
    yield table([*heads, race[0]["program"]] if race else heads, told)


def _cost(cost: Figures, moves: Sequence[Row]) -> Iterator[str]:
    yield "### What it costs"
    rows = [
        (f"`{one['command']}`", f"{one['seconds']:.2f} s, {one['computed']:.2f} s of computing")
        for one in cost["commands"]
    ]
    serve = cost["serve"]
    rows.append(("memory of `auditloop serve`, at rest", f"{serve['at_rest'] / MEGABYTE:,.0f} MB"))
    rows.append(
        (
            f"the same under load, {serve['requests_per_second']:,.0f} pages a second",
            f"{serve['under_load'] / MEGABYTE:,.0f} MB",
        )
    )
    rows.append(
        (
            "an audit of the example year in the database, with all that belongs to it",
            f"{cost['audit']['bytes'] / THOUSAND:,.0f} kB",
        )
    )
    if cost["log"]:
        rows.append(
            (
                "PostgreSQL's log, bytes of a move with seven states: ours, and the floor of three tables",
                f"{cost['log']['ours']:,.0f} and {cost['log']['floor']:,.0f}",
            )
        )
    for one in moves:
        counted = ", ".join(f"{name} {number}" for name, number in one["statements"].items())
        rows.append((f"statements of a move on {one['database']}", counted))
        if one["journeys"]:
            journeys = ", ".join(f"{name} {number}" for name, number in one["journeys"].items())
            rows.append((f"journeys of a move to {one['database']}", journeys))
    yield table(("", "measured"), rows)


def _named(name: str, *, is_ours: bool) -> str:
    return f"**{name}**" if is_ours else name


def _ratio(one: Row) -> str:
    return f"{one['ratio']:.2f} ({one['lowest']:.2f}-{one['highest']:.2f})"


def _rate(one: Row | None) -> str:
    return "" if one is None else f"{one['rate']:,.0f}/s"


def _milliseconds(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _plain(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return "" if value is None else ("yes" if value else "no")
    if isinstance(value, float):
        return _milliseconds(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
