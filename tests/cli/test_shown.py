"""How things look in narrow windows and in files: no reference is ever cut, and no line ends with blanks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run

LISTS = (
    "audits",
    "returns",
    "recommendations",
    "actions",
    "approvals",
    "concerns",
    "cases",
    "meetings",
    "mails",
)


@pytest.fixture(params=["20", "60", "100"])
def width(request: pytest.FixtureRequest) -> Iterator[None]:
    """A window of some width."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = request.param
    yield
    del os.environ["COLUMNS"]
    if before is not None:
        os.environ["COLUMNS"] = before


@pytest.mark.usefixtures("width")
@pytest.mark.parametrize("what", LISTS)
def test_no_reference_is_cut_in_a_narrow_window(run: Run, database: Path, what: str) -> None:
    few = ("--most", "50") if what == "mails" else ()
    rows = json.loads(run("list", what, *few, "--json", database=database).stdout)
    names = {"audits": "reference", "cases": "case", "meetings": "key", "mails": "cause"}
    shown = run("list", what, database=database).stdout
    assert rows
    for row in rows:
        name = row[names.get(what, "ref")].partition(" ")[0].replace("agency_return/", "return/")
        assert name.replace("immediate_concern/", "concern/") in shown or name in shown


@pytest.mark.usefixtures("width")
@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("list", "actions"),
        ("list", "approvals"),
        ("show", "audit/1"),
        ("show", "action/1"),
        ("history", "audit/1"),
        ("offers", "action/1", "--as", "nell"),
        ("doctor",),
    ],
)
def test_no_line_of_a_file_ends_with_blanks(run: Run, database: Path, words: tuple[str, ...]) -> None:
    lines = run(*words, database=database).stdout.splitlines()
    assert len(lines) > 3
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.usefixtures("width")
def test_a_decision_names_its_subject_whole(run: Run, database: Path) -> None:
    shown = run("list", "approvals", database=database).stdout
    assert "audit/1" in shown
    told = run("offers", "recommendation/1", "--as", "sam", database=database).stdout
    assert told.startswith("recommendation/1 stands at")
