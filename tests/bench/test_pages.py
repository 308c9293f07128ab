"""The bench of pages: a database of many actions that holds together, pages that answer, and rates beside a bare page."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bench._many import AUDIT_STRIDE, write_many
from bench.pages import main
from engine.ledger import SEALED_COLUMNS, seal_of


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six audits and a hundred actions, made of the example's year."""
    path = tmp_path_factory.mktemp("many") / "many.sqlite"
    write_many(path, audits=4, actions=100)
    return path


def test_there_are_as_many_audits_and_actions_as_asked_for_and_nothing_points_nowhere(many: Path) -> None:
    with closing(sqlite3.connect(many)) as file:
        assert file.execute("SELECT count(*) FROM audit").fetchone() == (6,)
        assert file.execute("SELECT count(*) FROM action").fetchone() == (100,)
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        assert file.execute(
            "SELECT count(*) FROM audit WHERE programme_id = ?", (AUDIT_STRIDE,)
        ).fetchone() == (3,)
        still_open = "SELECT count(*) FROM action WHERE state = 'in_progress'"
        assert file.execute(still_open).fetchone()[0] > 8


def test_every_copied_history_is_sealed_from_its_first_line_to_the_head_of_its_row(many: Path) -> None:
    with closing(sqlite3.connect(many)) as file:
        file.row_factory = sqlite3.Row
        for action in file.execute("SELECT id, version, head FROM action").fetchall():
            about = "SELECT * FROM event WHERE subject_kind = 'action' AND subject_id = ? ORDER BY seq"
            lines, seal = file.execute(about, (action["id"],)).fetchall(), ""
            for line in lines:
                seal = seal_of(seal, [line[name] for name in SEALED_COLUMNS])
                assert seal == line["seal"]
            assert (len(lines), seal) == (action["version"], action["head"])


def test_fewer_actions_than_the_audits_bring_are_refused(many: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the copied audits alone bring"):
        write_many(tmp_path / "few.sqlite", audits=3, actions=90, year=many)


def test_the_bench_measures_pages_and_rates_beside_a_bare_page(
    many: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--year", str(many), "--audits", "3", "--actions", "100", "--turns", "1", "--seconds", "0.5"]
    main([*words, "--only", "/actions", "--folder", str(tmp_path)])
    said = capsys.readouterr().out
    assert re.search(r"100 actions, SQLite; milliseconds at the median of 1", said)
    assert re.search(r"/actions +\d+ +\d+ +\d+ \d+", said)
    assert re.search(r"the tracker +[\d.]+ +bare page +[\d,]+ +ratio \d\.\d+ +\([1-9]\d* answers\)", said)
    assert re.search(r"approving +[\d.]+ +bare page +[\d,]+ +ratio \d\.\d+ +\([1-9]\d* answers\)", said)
    assert list(tmp_path.iterdir()) == []
