"""The file of results: each target writes its own part, and tables stand as they were measured."""

from __future__ import annotations

from pathlib import Path

from bench._tables import peer_tables, table
from bench.results import FILE, NEVER, PARTS, replace_part


def test_each_target_replaces_its_own_part_and_leaves_the_other(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    own, peers = PARTS["own"], PARTS["peers"]
    replace_part(file, peers, f"## {peers.title}\n\n### A table\n\nthe race\n")
    assert NEVER in file.read_text(encoding="utf-8")
    replace_part(file, own, f"## {own.title}\n\nfirst\n")
    replace_part(file, own, f"## {own.title}\n\nsecond\n")
    text = file.read_text(encoding="utf-8")
    assert text.index("second") < text.index("### A table") < text.index("the race")
    assert NEVER not in text
    assert "first" not in text


def test_the_file_that_is_kept_has_every_part() -> None:
    kept = FILE.read_text(encoding="utf-8")
    assert all(f"\n## {part.title}\n" in kept for part in PARTS.values())


def test_a_table_is_aligned() -> None:
    assert table(("a", "number"), [("long name", "1")]) == (
        "| a         | number |\n| --------- | -----: |\n| long name |      1 |"
    )


def test_the_race_names_ours_and_puts_the_fastest_first() -> None:
    rows = [
        {
            "kind": "sqlite",
            "writers": 1,
            "lines": lines,
            "program": program,
            "is_ours": program == "auditloop",
            "moves_per_second": 100 * ratio,
            "ratio": ratio,
            "subjects": 12,
        }
        for lines in (0, 7_000)
        for program, ratio in (("slow", 0.1), ("auditloop", 0.75), ("floor", 1.0))
    ]
    told = "\n".join(peer_tables({"race": rows}))
    assert told.index("floor ") < told.index("**auditloop**") < told.index("slow")
    assert "75/s 0.75" in told
    assert "1 writer, 7,000 lines before" in told
