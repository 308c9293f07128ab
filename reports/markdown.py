"""Writes a report as Markdown that is just as good to read as plain text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from reports.annual import AnnualReport
from reports.document import Block, Bullets, Numbered, Paragraph, Section, Table
from reports.wording import day, instant

WIDTH = 100
# A column's rule needs two dashes and a colon to be one.
NARROWEST = 3
# What begins or ends emphasis, code, a link, a tag, a strike-through or an entity in the middle of a line.
_MARKS = re.compile(r"[\\`*\[<~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
# What makes a heading, a quotation, a list or a rule of a line that begins with it.
_STARTS = re.compile(r"^(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|=+\s*$|-+\s*$)")
_ORDINAL = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")
_FIRST = re.compile(r"^(0*1)([.)])(?=\s)")


def render_markdown(report: AnnualReport) -> str:
    """Write a report as Markdown (CommonMark with tables), wrapped at 100 characters, tables in even columns."""
    blocks = [
        f"# {escape(report.title)}",
        _wrapped(f"{report.board}. Position as at {day(report.as_at)}."),
        *(block for section in report.sections for block in _section(section, 2)),
        "---",
        *(_wrapped(text) for text in report.footer),
        _wrapped(f"Generated on {instant(report.generated_at)}."),
    ]
    return "\n\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """Give text from people so that Markdown takes none of it for a mark; line breaks become spaces."""
    return _MARKS.sub(lambda mark: f"\\{mark[0]}", " ".join(text.split()))


def _section(section: Section, level: int) -> Iterator[str]:
    yield f"{'#' * level} {escape(section.title)}"
    for block in section.blocks:
        yield _block(block)
    for inner in section.sections:
        yield from _section(inner, level + 1)


def _block(block: Block) -> str:
    match block:
        case Paragraph(text):
            return _wrapped(text)
        case Bullets(items):
            return "\n".join(_wrapped(item, first="- ") for item in items)
        case Numbered(items):
            return "\n".join(
                _wrapped(item, first=f"{number}. ") for number, item in enumerate(items, start=1)
            )
        case _:
            return _table(block)


def _wrapped(text: str, *, first: str = "") -> str:
    lines = textwrap.wrap(escape(text), WIDTH - len(first), break_long_words=False, break_on_hyphens=False)
    # A number begins a list only at the beginning of a paragraph, or where it is 1; other marks anywhere.
    begun = [_ORDINAL.sub(r"\1\\\2", line) for line in lines[:1]] + [
        _FIRST.sub(r"\1\\\2", line) for line in lines[1:]
    ]
    indent = " " * len(first)
    return first + f"\n{indent}".join(_STARTS.sub(r"\\\1", line) for line in begun)


def _table(table: Table) -> str:
    titles = [_cell(column.title) for column in table.columns]
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    widths = [max(NARROWEST, *(len(row[place]) for row in [titles, *rows])) for place in range(len(titles))]
    numbers = [column.is_number for column in table.columns]
    rule = [
        f"{'-' * (width - 1)}:" if is_number else "-" * width
        for width, is_number in zip(widths, numbers, strict=True)
    ]
    lines = [
        _row(titles, widths, numbers),
        f"| {' | '.join(rule)} |",
        *(_row(row, widths, numbers) for row in rows),
    ]
    return f"**{escape(table.caption)}**\n\n" + "\n".join(lines)


def _cell(text: str) -> str:
    return escape(text).replace("|", "\\|")


def _row(cells: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> str:
    padded = [
        cell.rjust(width) if is_number else cell.ljust(width)
        for cell, width, is_number in zip(cells, widths, numbers, strict=True)
    ]
    return f"| {' | '.join(padded)} |"
