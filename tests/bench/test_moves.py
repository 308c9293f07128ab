"""The bench of moves: floor and real command write the same, and what was moved verifies."""

from __future__ import annotations

import json
import re
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from bench._crew import live
from bench._preload import preload
from bench._told import work_of
from bench._town import found_town
from bench.moves import main


@pytest.mark.parametrize(
    ("kind", "preloads"),
    [("sqlite", [0, 100]), pytest.param("postgresql", [0], marks=pytest.mark.postgres)],
)
def test_the_bench_measures_moves_against_a_floor_that_writes_the_same(
    kind: str, preloads: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--subjects", "2", "--rounds", "1", "--writers", "2", "--preload", str(preloads[-1])]
    assert main(["--databases", kind, *small, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["writers"], one["lines_before"]) for one in told["moves"]] == [(2, n) for n in preloads]
    assert all(0 < one["lowest"] <= one["ratio"] <= one["highest"] for one in told["moves"])
    (cost,) = told["costs"]
    assert list(cost["statements"]) == ["agree", "begin", "confirm", "verify"]


def test_the_bench_says_what_it_measures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--databases", "sqlite", "--subjects", "2", "--rounds", "1", "--writers", "1"]
    assert main([*few, "--folder", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"ratio +\d\.\d\d of the floor", said)
    assert "agree 8, begin 7, confirm 9, verify 9" in said
    assert list(tmp_path.iterdir()) == []


def test_a_move_is_as_much_work_with_ten_thousand_lines_of_history_before(tmp_path: Path) -> None:
    town = found_town(tmp_path / "town.sqlite")
    with closing(town.office):
        pattern, before, after = town.plan(3)
        live(town, [pattern])
        alone = work_of(town.office.store, partial(live, town, [before]))
        preload(tmp_path / "town.sqlite", 10_000, pattern)
        assert work_of(town.office.store, partial(live, town, [after])) == pytest.approx(alone, rel=0.01)
    assert alone > 0
