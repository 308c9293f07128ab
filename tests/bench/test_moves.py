"""The bench of moves: floor and real command write the same, and what was moved verifies."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.moves import main


def test_the_bench_measures_moves_against_a_floor_that_writes_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--subjects", "6", "--rounds", "2", "--preload", "100", "--folder", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"ratio +\d\.\d\d of the floor", said)
    assert "agree 8, begin 7, confirm 9, verify 9" in said
    assert list(tmp_path.iterdir()) == []
