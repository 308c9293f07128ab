"""The annual report from the command line, in its three forms and as at any day."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_the_report_comes_out_as_markdown(run: Run, database: Path) -> None:
    answer = run("report", "annual", "--year", "2014-15", database=database)
    assert answer.exit_code == 0
    assert answer.stdout.startswith("# Quality Assurance sub group: annual report 2014–15\n")
    assert "Position as at 31 March 2015" in answer.stdout


def test_the_report_is_as_at_any_day(run: Run, database: Path) -> None:
    answer = run("report", "annual", "--year", "2014-15", "--as-at", "2014-09-30", database=database)
    assert "Position as at 30 September 2014" in answer.stdout


def test_the_form_follows_from_the_word_or_from_the_files_ending(
    run: Run, database: Path, tmp_path: Path
) -> None:
    words = ("report", "annual", "--year", "2014-15")
    assert "<!doctype html>" in run(*words, "--format", "html", database=database).stdout.lower()
    for name, begins in (("report.md", b"# "), ("report.html", b"<!"), ("report.docx", b"PK")):
        answer = run(*words, "--output", str(tmp_path / name), database=database)
        assert answer.exit_code == 0
        assert answer.stdout.startswith(f"Wrote {tmp_path / name}: Quality Assurance sub group")
        assert (tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--year", "2013-14"), "is not a year with a programme"),
        (("--year", "2014-15", "--as-at", "soon"), "is not a day; write it as 2015-06-30"),
        (("--year", "2014-15", "--as-at", "2999-01-01"), "is still to come"),
        (("--year", "2014-15", "--as-at", "2013-01-01"), "begins on 1 April 2014"),
        (("--year", "2014-15", "--format", "docx"), "A Word document goes into a file"),
        (("--year", "2014-15", "--output", "report.pdf"), "add --format markdown, html or docx"),
        (("--year", "2014-15", "--output", "no/such/report.md"), "cannot be used"),
        ((), "--year"),
    ],
)
def test_what_cannot_be_reported_is_said(
    run: Run, database: Path, words: tuple[str, ...], sentence: str
) -> None:
    answer = run("report", "annual", *words, database=database)
    assert answer.exit_code == 2
    assert sentence in " ".join(answer.stderr.split())


def test_without_a_report_the_reports_are_named(run: Run) -> None:
    assert "annual" in run("report").output
