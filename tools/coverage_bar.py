"""How much of each package the tests have run, by lines and by branches, from coverage's JSON report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Measured:
    """The shares of a package, in per cent, and where the gaps are."""

    package: str
    lines: float
    branches: float
    gaps: tuple[str, ...]

    def reaches(self, bar: float) -> bool:
        """Whether lines and branches both reach the bar."""
        return min(self.lines, self.branches) >= bar


def measure(report: Path, packages: tuple[str, ...]) -> tuple[Measured, ...]:
    """Read the report; a package that nothing was measured of counts as not run at all."""
    files: Mapping[str, Any] = json.loads(report.read_text(encoding="utf-8"))["files"]
    return tuple(_measure_one(package, files) for package in packages)


def _measure_one(package: str, files: Mapping[str, Any]) -> Measured:
    totals: Counter[str] = Counter()
    gaps = []
    for name, file in sorted(files.items()):
        if Path(name).parts[0] != package:
            continue
        totals.update({key: value for key, value in file["summary"].items() if isinstance(value, int)})
        missing = [str(line) for line in file["missing_lines"]]
        missing += [f"{source}->{target}" for source, target in file["missing_branches"]]
        if missing:
            gaps.append(f"{name}: {', '.join(missing)}")
    if not totals:
        return Measured(package, 0.0, 0.0, (f"{package}: nothing was measured",))
    return Measured(
        package,
        _share(totals["covered_lines"], totals["num_statements"]),
        _share(totals["covered_branches"], totals["num_branches"]),
        tuple(gaps),
    )


def _share(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 100.0
