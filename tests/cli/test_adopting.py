"""Putting rules in force: which wait and why, who says what becomes of their backlog, and what is in force."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import Result

from tests.assurance.ruled import CLOCK, LATE_CHAIR, OVERDUE, write_rules
from tests.cli.conftest import AT_STAGE, Run, one_line


class Desk:
    """The actions of an audit, long late by now, under rules that let one mail through without asking."""

    def __init__(self, run: Run, database: Path, rules: Path) -> None:
        self._run, self._database, self._rules = run, database, rules

    def __call__(self, *words: str) -> Result:
        return self._run(*words, database=self._database, RULES=str(self._rules))


@pytest.fixture
def desk(run: Run, database_at: AT_STAGE, tmp_path: Path) -> Desk:
    """The operator's desk after the rules have changed."""
    rules = tmp_path / "rules"
    write_rules(rules, OVERDUE, LATE_CHAIR.replace("quiets: [late]", "quiets: []"), clock=CLOCK + "cap: 1\n")
    return Desk(run, database_at("actions"), rules)


def test_a_sweep_fails_with_a_sentence_for_each_rule_that_waits(desk: Desk) -> None:
    answer = desk("sweep")
    assert answer.exit_code == 1
    assert " 0 rules fired" in answer.stdout
    late, chair = answer.stderr.splitlines()
    assert late == (
        "The rule ‘late’ is not in force: it would owe 3 mails at its first look, and the cap is 1. "
        "Put it in force with: auditloop adopt late --as PERSON --accept-backlog (or --only-from DATE, for what comes "
        "true from that day on)."
    )
    assert chair.startswith("The rule ‘late-chair’ is not in force: it would owe 4 mails")
    told = json.loads(desk("sweep", "--json").stdout)
    assert told["withheld"][0] == {"rule": "late", "owed": 3, "is_more": False, "cap": 1}


def test_whoever_accepts_the_backlog_has_it_said_by_the_next_sweep(desk: Desk) -> None:
    desk("sweep")
    answer = desk("adopt", "late", "late-chair", "--as", "sam", "--accept-backlog")
    assert answer.stdout.splitlines() == [
        "‘late’ is in force; the next sweep says what it owes (3 mails).",
        "‘late-chair’ is in force; the next sweep says what it owes (4 mails).",
    ]
    swept = desk("sweep")
    assert (swept.exit_code, swept.stderr) == (0, "")
    assert "4 rules fired" in swept.stdout


def test_only_from_a_day_on_the_rest_is_never_said(desk: Desk) -> None:
    answer = desk("adopt", "late", "--as", "ada", "--only-from", "2015-03-10")
    assert one_line(answer.stdout) == (
        "‘late’ is in force for what comes true from 10 Mar 2015 on; 2 occasions before that will never be said."
    )
    told = json.loads(
        desk("adopt", "late-chair", "--as", "ada", "--only-from", "2015-03-10", "--json").stdout
    )
    assert told == [
        {
            "rule": "late-chair",
            "backlog": "only_from",
            "owed": 4,
            "only_from_on": "2015-03-10",
            "passed_over": 0,
        }
    ]
    swept = desk("sweep")
    assert (swept.exit_code, "2 rules fired" in swept.stdout) == (0, True)
    assert desk("verify").exit_code == 0


def test_what_is_in_force_is_listed_with_what_waits(desk: Desk) -> None:
    desk("adopt", "late", "--as", "dan", "--only-from", "2015-03-10", "--quiet")
    lines = [line.split() for line in desk("adopt").stdout.splitlines()]
    assert lines[0][:4] == ["Rule", "In", "force", "since"]
    listed = {line[0]: " ".join(line[1:]) for line in lines[1:3]}
    assert listed["late"].endswith("Dan Dole only from 10 Mar 2015: 2 occasions passed over")
    assert listed["late-chair"] == "waits would owe 4 mails"
    rows = {row["rule"]: row for row in json.loads(desk("adopt", "--json").stdout)}
    assert (rows["late"]["is_in_force"], rows["late"]["passed_over"]) == (True, 2)
    assert (rows["late-chair"]["is_in_force"], rows["late-chair"]["owed"]) == (False, 4)


@pytest.mark.parametrize(
    ("words", "number", "sentence"),
    [
        (
            "late --accept-backlog",
            2,
            "Say who decides, with --as PERSON: the coordinator, the chair or the deputy",
        ),
        (
            "late --as sam",
            2,
            "Say what becomes of what they owe by now: either --accept-backlog or --only-from",
        ),
        (
            "late --as sam --accept-backlog --only-from 2015-03-10",
            2,
            "either --accept-backlog or --only-from DATE",
        ),
        ("--as sam", 2, "Name the rules that are to count; without any, this only lists them."),
        ("lates --as sam --accept-backlog", 2, "'lates' is not a rule here; did you mean 'late'?"),
        ("late --as sam --only-from 2999-01-01", 2, "1 January 2999 is too far ahead"),
        ("late --as bo --accept-backlog", 3, "Only the coordinator or chair or deputy chair can do this"),
    ],
)
def test_what_cannot_be_put_in_force_is_answered_with_a_sentence(
    desk: Desk, words: str, number: int, sentence: str
) -> None:
    answer = desk("adopt", *words.split())
    assert answer.exit_code == number
    assert sentence in one_line(answer.stderr)
