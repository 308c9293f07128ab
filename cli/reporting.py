"""`auditloop report`: the annual report, on standard output or in a file."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.opening import (
    BadInput,
    DatabaseOption,
    GroupOption,
    answering,
    looking,
    opened,
)
from cli.shown import in_words
from reports.annual import AnnualReport, annual_report
from reports.render import render_docx, render_html, render_markdown


class Format(StrEnum):
    """In which form a report is written."""

    MARKDOWN = "markdown"
    HTML = "html"
    DOCX = "docx"


ENDINGS = {".md": Format.MARKDOWN, ".html": Format.HTML, ".htm": Format.HTML, ".docx": Format.DOCX}


def annual(
    year: Annotated[
        str, typer.Option(metavar="YEAR", help="The programme year, such as 2014-15.", show_default=False)
    ],
    as_at: Annotated[
        str | None,
        typer.Option(
            metavar="DAY",
            help="The day as at which to report, 2015-06-30; else the year's last day, or today while it runs.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="The form; else what the file's ending says, else markdown.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write it to this file; needed for docx.", show_default=False),
    ] = None,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Write the annual report of a year as it stood on a day, in the order in which such groups report.

    Purpose, functions, membership and frequency; each audit with its aims and recommendations, their progress with
    honest dates; what to improve, and plans. It holds counts only: no case, no person, no single finding.

    Examples: auditloop report annual --year 2014-15; auditloop report annual --year 2014-15 --as-at 2015-06-30 --output report.docx
    """
    with answering():
        written_as = _format(form, output)
        on = None if as_at is None else _day(as_at)
        with opened(database) as office, looking(office, None, group) as (tx, _):
            report = annual_report(tx, year, on)
        if output is None:
            typer.echo(_text(report, written_as), nl=False)
            return
        if written_as is Format.DOCX:
            output.write_bytes(render_docx(report))
        else:
            output.write_text(_text(report, written_as), encoding="utf-8")
        typer.echo(f"Wrote {output}: {report.title}, as at {in_words(report.as_at)}.")


def _format(form: Format | None, output: Path | None) -> Format:
    found = form or (Format.MARKDOWN if output is None else ENDINGS.get(output.suffix.lower()))
    if found is None:
        raise BadInput(
            f"What {output} is to be cannot be told from its ending; add --format markdown, html or docx."
        )
    if found is Format.DOCX and output is None:
        raise BadInput("A Word document goes into a file; name it with --output report.docx.")
    return found


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise BadInput(f"--as-at {written!r} is not a day; write it as 2015-06-30.") from None


def _text(report: AnnualReport, form: Format) -> str:
    return render_html(report) if form is Format.HTML else render_markdown(report)


REPORTS = {"annual": annual}
