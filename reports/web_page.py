"""Writes a report as one self-contained web page, good to read, to print and to listen to."""

from __future__ import annotations

from pathlib import Path

import jinja2

from reports.annual import AnnualReport
from reports.document import Block
from reports.wording import day, instant

_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_html(report: AnnualReport) -> str:
    """Write a report as HTML 5 in one file: no script, no font, no picture and no style from elsewhere."""
    return _PAGES.get_template("annual.html").render(
        report=report, as_at=day(report.as_at), generated=instant(report.generated_at), kind_of=_kind_of
    )


def _kind_of(block: Block) -> str:
    return type(block).__name__
