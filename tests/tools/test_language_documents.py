"""The pages about the language of workflows and rules: every example loads, every answer is the real one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.calendar import working_calendar
from assurance.facts import ADDRESSEES, CONFLICTS, NOUNS, ROLES, common_words, vocabularies
from assurance.playbook import KEPT_BY_THE_ENGINE
from engine.conditions import Field, Kind, Value, parse
from engine.errors import BadDefinition, Problem, Refused
from engine.lint import lint
from engine.rule_trials import Tried, try_rules
from engine.rules import FiredBefore, Past, RuleBook, judge, load_rules
from engine.workflow import Circumstances, Workflow, load_workflows
from engine.yamlfile import parse_yaml
from tests.tools.written import ROOT, Cell, all_code, block, lines_from_files, rows, whole_files

WORKFLOWS = "workflows/README.md"
RULES = "rules/README.md"
CALENDAR = working_calendar("england-and-wales", zone="Europe/London")
OF_EVERY_NOUN = ("state", "state_since_on", "approvals_waiting")


def put(files: Mapping[str, str], folder: Path) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def workflows_in(folder: Path) -> Mapping[str, Workflow]:
    return load_workflows(folder, vocabularies(), common=common_words())


@pytest.fixture(scope="module")
def house() -> Mapping[str, Workflow]:
    """The house's own workflows."""
    return workflows_in(ROOT / "workflows")


def changed(files: Mapping[str, str], instead_of: Cell, written: Cell) -> dict[str, str]:
    """Make the one change that a row of a table shows; it has to fit exactly one place."""
    [old], [new] = instead_of.code, written.code
    assert sum(text.count(old) for text in files.values()) == 1, f"{old} has to stand there once"
    return {name: text.replace(old, new) for name, text in files.items()}


def told(refusal: BadDefinition, folder: Path) -> tuple[str, ...]:
    return tuple(problem.message.replace(f"{folder}/", "") for problem in refusal.problems)


def shown(row: tuple[Cell, ...]) -> str:
    return " -> ".join(cell.text for cell in row[:-1])


# -- workflows ---------------------------------------------------------------------------------------------


def test_the_workflows_of_the_page_load_and_the_linter_has_nothing_against_them(tmp_path: Path) -> None:
    put(whole_files(WORKFLOWS), tmp_path)
    loaded = workflows_in(tmp_path)
    assert set(loaded) == {"policy_review", "policy_reply"}
    assert [finding for workflow in loaded.values() for finding in lint(workflow)] == []


@pytest.mark.parametrize("row", rows(WORKFLOWS, "Instead of", "You write", "You are told"), ids=shown)
def test_a_wrong_workflow_is_answered_as_the_page_says(row: tuple[Cell, ...], tmp_path: Path) -> None:
    put(changed(whole_files(WORKFLOWS), row[0], row[1]), tmp_path)
    with pytest.raises(BadDefinition) as refusal:
        workflows_in(tmp_path)
    assert told(refusal.value, tmp_path)[: len(row[2].lines)] == row[2].lines


@pytest.mark.parametrize("row", rows(WORKFLOWS, "The file", "Begins with", "You are told"), ids=shown)
def test_a_file_in_the_wrong_place_is_answered_as_the_page_says(
    row: tuple[Cell, ...], tmp_path: Path
) -> None:
    files = whole_files(WORKFLOWS)
    text = files.pop("policy_review.yaml").replace("workflow: policy_review", row[1].text)
    put({**files, row[0].text: text}, tmp_path)
    with pytest.raises(BadDefinition) as refusal:
        workflows_in(tmp_path)
    assert told(refusal.value, tmp_path)[:1] == row[2].lines


@pytest.mark.parametrize("row", rows(WORKFLOWS, "Instead of", "You write", "You are warned"), ids=shown)
def test_what_looks_wrong_is_warned_of_as_the_page_says(row: tuple[Cell, ...], tmp_path: Path) -> None:
    put(changed(whole_files(WORKFLOWS), row[0], row[1]), tmp_path)
    findings = [finding for workflow in workflows_in(tmp_path).values() for finding in lint(workflow)]
    assert tuple(finding.problem.message for finding in findings)[:1] == row[2].lines


@pytest.mark.parametrize("row", rows(WORKFLOWS, "You write", "You are told"), ids=shown)
def test_what_is_no_yaml_is_answered_as_the_page_says(row: tuple[Cell, ...]) -> None:
    [text] = row[0].code
    with pytest.raises(BadDefinition) as refusal:
        parse_yaml(text, file="page.yaml")
    assert told(refusal.value, Path())[:1] == row[1].lines


def test_a_message_begins_with_its_place(tmp_path: Path) -> None:
    files = whole_files(WORKFLOWS)
    wrong = files["policy_review.yaml"].replace("[planned, drafting, consulting]", "[planned, draft]")
    put({**files, "policy_review.yaml": wrong}, tmp_path)
    with pytest.raises(BadDefinition) as refusal:
        workflows_in(tmp_path)
    assert str(refusal.value).removeprefix(f"{tmp_path}/") == block(WORKFLOWS, "text message").strip()


def test_a_refusal_gives_the_reasons_that_the_page_shows(tmp_path: Path) -> None:
    put(whole_files(WORKFLOWS), tmp_path)
    review = workflows_in(tmp_path)["policy_review"]
    facts: dict[str, Value] = dict.fromkeys(review.vocabulary.fields)
    facts |= {"replies_open": 3, "replies_given": 2, "rounds": 1, "is_urgent": False}
    circumstances = Circumstances(
        facts, frozenset({"policy_lead"}), date(2026, 5, 11), CALENDAR, given={"what_came_of_it": "kept"}
    )
    with pytest.raises(Refused) as refusal:
        review.decide("consulting", "adopt", circumstances)
    sentences = [reason.sentence for reason in refusal.value.reasons]
    assert sentences == block(WORKFLOWS, "text refusal").splitlines()


@pytest.mark.parametrize("kind", NOUNS)
def test_the_page_lists_every_word_of_a_noun(kind: str) -> None:
    settable = set(sa.inspect(NOUNS[kind].table).local_table.c.keys()) - KEPT_BY_THE_ENGINE
    fields = NOUNS[kind].vocabulary().fields.values()
    wanted = [
        (field.name, _is(field, may_be_set=field.name in settable), field.title)
        for field in fields
        if field.name not in OF_EVERY_NOUN
    ]
    page = [tuple(cell.text for cell in row) for row in rows(WORKFLOWS, "word", "is", "says")]
    missing = [row for row in wanted if row not in page]
    assert missing == [], f"these rows are wanted in {WORKFLOWS} under {kind}"


def test_the_page_lists_no_word_that_nobody_knows() -> None:
    known = {name for noun in NOUNS.values() for name in noun.vocabulary().fields}
    assert {row[0].text for row in rows(WORKFLOWS, "word", "is", "says")} <= known


def test_the_page_names_every_role_addressee_and_conflict() -> None:
    assert {*ROLES, *ADDRESSEES, *CONFLICTS} <= all_code(WORKFLOWS)


@pytest.mark.parametrize("page", [WORKFLOWS, RULES])
def test_every_key_of_the_language_is_explained(page: str) -> None:
    messages = [
        line for row in rows(page, "Instead of", "You write", "You are told") for line in row[2].lines
    ]
    lists = [line.partition("Known: ")[2] for line in messages if "is not a key that is known here" in line]
    keys = {key for listed in lists for key in listed.split(", ")}
    assert len(keys) > 10
    # `among: ...` explains the key as well as a row of its own does.
    explained = {word.strip("{}:,") for code in all_code(page) for word in code.split()}
    assert keys <= explained


def _is(field: Field, *, may_be_set: bool) -> str:
    spoken = " or ".join(field.choices) if field.kind is Kind.CHOICE else field.kind.value
    return f"{spoken}{', or empty' if field.optional else ''}{'; can be set' if may_be_set else ''}"


# -- rules -------------------------------------------------------------------------------------------------


def book_in(folder: Path, house: Mapping[str, Workflow]) -> RuleBook:
    return load_rules(folder, house)


def test_the_rules_of_the_page_load_without_a_warning(tmp_path: Path, house: Mapping[str, Workflow]) -> None:
    put(whole_files(RULES), tmp_path)
    assert book_in(tmp_path, house).warnings == ()


@pytest.mark.parametrize("row", rows(RULES, "Instead of", "You write", "You are told"), ids=shown)
def test_a_wrong_rule_is_answered_as_the_page_says(
    row: tuple[Cell, ...], tmp_path: Path, house: Mapping[str, Workflow]
) -> None:
    put(changed(whole_files(RULES), row[0], row[1]), tmp_path)
    with pytest.raises(BadDefinition) as refusal:
        book_in(tmp_path, house)
    assert told(refusal.value, tmp_path)[: len(row[2].lines)] == row[2].lines


@pytest.mark.parametrize("row", rows(RULES, "Instead of", "You write", "You are warned"), ids=shown)
def test_a_rule_that_may_be_blind_is_warned_of_as_the_page_says(
    row: tuple[Cell, ...], tmp_path: Path, house: Mapping[str, Workflow]
) -> None:
    put(changed(whole_files(RULES), row[0], row[1]), tmp_path)
    assert tuple(_message(problem) for problem in book_in(tmp_path, house).warnings) == row[2].lines


@pytest.mark.parametrize("row", rows(RULES, "Condition", "You are told"), ids=shown)
def test_a_wrong_condition_is_answered_as_the_page_says(
    row: tuple[Cell, ...], house: Mapping[str, Workflow]
) -> None:
    [text] = row[0].code
    with pytest.raises(BadDefinition) as refusal:
        parse(parse_yaml(text, file="page.yaml"), house["action"].vocabulary)
    assert told(refusal.value, Path()) == row[1].lines


@pytest.mark.parametrize("row", rows(RULES, "Condition", "holds when"), ids=shown)
def test_a_condition_that_the_page_explains_is_one(
    row: tuple[Cell, ...], house: Mapping[str, Workflow]
) -> None:
    [text] = row[0].code
    assert parse(parse_yaml(text, file="page.yaml"), house["approval"].vocabulary).text == text


def test_a_rules_message_begins_with_its_place(tmp_path: Path, house: Mapping[str, Workflow]) -> None:
    files = whole_files(RULES)
    wrong = files["late.yaml"].replace("in (agreed, in_progress)", "in (agreed, inprogress)", 1)
    put({**files, "late.yaml": wrong}, tmp_path)
    with pytest.raises(BadDefinition) as refusal:
        book_in(tmp_path, house)
    assert str(refusal.value).removeprefix(f"{tmp_path}/") == block(RULES, "text message").strip()


def test_the_rules_speak_on_the_days_that_the_page_says(
    tmp_path: Path, house: Mapping[str, Workflow]
) -> None:
    put(whole_files(RULES), tmp_path)
    rules = book_in(tmp_path, house).about("action")
    facts: dict[str, Value] = dict.fromkeys(house["action"].vocabulary.fields)
    facts |= {"state": "in_progress", "current_due_on": date(2026, 3, 25)}
    fired: dict[tuple[str, str], FiredBefore] = {}
    diary: list[tuple[str, ...]] = []
    for number in range(60):
        day = date(2026, 3, 9) + timedelta(days=number)
        if day == date(2026, 4, 13):
            facts["current_due_on"] = date(2026, 4, 30)
        for verdict in judge(rules, facts, today=day, calendar=CALENDAR, past=Past(fired=fired)):
            key = verdict.rule.id, verdict.occasion
            before = fired.get(key, FiredBefore(day, frozenset()))
            fired[key] = FiredBefore(before.first_on, before.numbers | {verdict.number})
            addressees = ", ".join((*verdict.rule.tell, *verdict.rule.copy)).replace("_", " ")
            again = ", again" if verdict.number else ""
            diary.append((f"{day:%A} {day.day} {day:%B}", f"{verdict.rule.id}{again}", addressees))
    told_by_the_page = rows(RULES, "day", "what speaks", "who gets a mail")
    assert diary == [tuple(cell.text for cell in row) for row in told_by_the_page]


def test_the_ladder_is_climbed_on_the_days_that_the_page_says(house: Mapping[str, Workflow]) -> None:
    rules = book_in(ROOT / "rules", house).about("action")
    facts: dict[str, Value] = dict.fromkeys(house["action"].vocabulary.fields)
    due_on = date(2026, 3, 25)
    facts |= {"state": "in_progress", "current_due_on": due_on, "chased_from_on": due_on}
    facts |= {"state_since_on": due_on, "last_note_on": date(2026, 5, 1)}
    past, diary = Past(), list[tuple[str, ...]]()
    for number in range(1, 90):
        day = due_on + timedelta(days=number)
        verdicts = judge(rules, facts, today=day, calendar=CALENDAR, past=past)
        past = past.after(verdicts, today=day)
        for verdict in verdicts:
            rule, again = verdict.rule, ", again" if verdict.number else ""
            who = [rule.notice.to] if verdict.is_notice and rule.notice else [*rule.tell, *rule.copy]
            what = f"notice of {rule.id}" if verdict.is_notice else f"{rule.id}{again}"
            diary.append((f"{day:%A} {day.day} {day:%B}", what, ", ".join(who).replace("_", " ")))
    told_by_the_page = rows(RULES, "day", "what happens", "who gets a mail")
    assert [line for line in diary if "overdue" in line[1]] == [
        tuple(cell.text for cell in row) for row in told_by_the_page
    ]


def _message(problem: Problem) -> str:
    return problem.message


# -- lines that are quoted from the house's own files -------------------------------------------------------


@pytest.mark.parametrize("page", [WORKFLOWS, RULES])
def test_lines_that_are_quoted_stand_in_the_file(page: str) -> None:
    folder = (ROOT / page).parent
    for name, text in lines_from_files(page):
        assert text in (folder / name).read_text(encoding="utf-8"), f"{page} quotes what is not in {name}"


def test_the_trial_of_the_page_holds_and_a_broken_one_is_answered_with_its_place(
    house: Mapping[str, Workflow], tmp_path: Path
) -> None:
    put(whole_files(RULES), tmp_path)
    (tmp_path / "tests").mkdir()
    trial = block(RULES, "yaml trial")
    words = {kind: workflow.vocabulary for kind, workflow in house.items()}

    def tried(text: str) -> Tried:
        (tmp_path / "tests" / "late.yaml").write_text(text, encoding="utf-8")
        return try_rules(tmp_path, load_rules(tmp_path, house), words, calendar=CALENDAR)

    assert tried(trial) == Tried(1, ())
    [failure] = tried(
        trial.replace("on: 2026-03-25, expect: []", "on: 2026-03-25, expect: [action-late]")
    ).failures
    assert str(failure).endswith(
        "tests/late.yaml:8:34: on 2026-03-25 action-late was expected and did not speak; "
        "the condition of 'action-late' is not true then"
    )
