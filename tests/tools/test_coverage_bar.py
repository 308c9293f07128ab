"""The bar of coverage: lines and branches of a package, each for itself."""

from __future__ import annotations

import json
from pathlib import Path

from tools.coverage_bar import measure


def test_branches_that_nobody_took_keep_a_package_below_the_bar(tmp_path: Path) -> None:
    summary = {"covered_lines": 98, "num_statements": 100, "covered_branches": 3, "num_branches": 4}
    file = {"summary": summary, "missing_lines": [7, 9], "missing_branches": [[3, 7]]}
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"files": {"engine/clock.py": file}}), encoding="utf-8")

    engine, assurance = measure(report, ("engine", "assurance"))

    assert (engine.lines, engine.branches) == (98.0, 75.0)
    assert engine.gaps == ("engine/clock.py: 7, 9, 3->7",)
    assert engine.reaches(75)
    assert not engine.reaches(95)
    assert not assurance.reaches(1)
