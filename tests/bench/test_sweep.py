"""The bench of sweeps: ours and the floor write the same rows, and each figure stands beside its floor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.sweep import main

FIGURES = ("nothing due", "20 due", "daily look, 10 rules")


@pytest.mark.parametrize(
    ("database", "name"),
    [("sqlite", "SQLite"), pytest.param("postgresql", "PostgreSQL", marks=pytest.mark.postgres)],
)
def test_the_bench_measures_sweeps_against_a_floor_that_writes_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], database: str, name: str
) -> None:
    words = ["--sizes", "400", "--due", "20", "--turns", "2", "--databases", database]
    assert main([*words, "--folder", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert re.search(rf"{name} \d.*, 400 open actions", said)
    for figure in FIGURES:
        assert re.search(
            rf"{figure} +ours +[\d.,]+ ms +floor +[\d.,]+ ms +\d+\.\d\d of the floor's speed", said
        )
    assert list(tmp_path.iterdir()) == []
