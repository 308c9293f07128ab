"""The bench of previews: what is foretold is found, and its floor reads the same subjects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.foretelling import main


def test_the_bench_measures_a_preview_beside_reading_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--actions", "40", "--rounds", "2", "--without-rehearsal", "--folder", str(tmp_path)]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "over 40 open actions" in said
    assert re.search(
        r"floor \d+\.\d\d s, ours \d+\.\d\d s, of which \d+\.\d\d s .*: \d+\.\d times the floor", said
    )
    assert list(tmp_path.iterdir()) == []
