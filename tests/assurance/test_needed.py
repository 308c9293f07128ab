"""The words of workflow files that the program names itself: a group cannot take them away unseen."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assurance.config import HOME
from assurance.needed import FORMS, SETTLED, STATES, STEPS
from assurance.playbook import read_shelf
from engine.approvals import Outcome, Word
from engine.errors import BadDefinition
from reports import standing
from tests.assurance.changed_workflows import replace

PROGRAM = [
    path
    for folder in ("assurance", "reports", "cli")
    for path in sorted((HOME / folder).rglob("*.py"))
    if "migrations" not in path.parts and path.name != "needed.py"
]
NAMED = {*(state for states in STATES.values() for state in states)} | {
    state for settled in SETTLED.values() for state in settled.states
}


def renamed(folder: Path, kind: str, word: str) -> list[str]:
    """Call a state or step otherwise, wherever its file and the rules speak of it, and read the house."""
    for what in ("workflows", "rules"):
        shutil.copytree(HOME / what, folder / what)
    replace(folder, kind, rf"\b{word}\b", f"{word}_anew")
    try:
        read_shelf((folder / "workflows",), (folder / "rules",))
    except BadDefinition as bad:
        return [problem.message for problem in bad.problems]
    return []


@pytest.mark.parametrize(
    ("kind", "word", "because"),
    [
        (kind, word, because)
        for needed in (STATES, STEPS)
        for kind, words in needed.items()
        for word, because in words.items()
    ],
)
def test_a_word_that_the_program_names_is_missed_with_the_reason(
    kind: str, word: str, because: str, tmp_path: Path
) -> None:
    found = renamed(tmp_path, kind, word)
    assert any(
        message.startswith(f"{kind} needs the ") and f"'{word}', because {because};" in message
        for message in found
    )


@pytest.mark.parametrize(
    ("kind", "word"), [(kind, word) for kind, settled in SETTLED.items() for word in settled.states]
)
def test_an_end_that_nobody_counts_is_named(kind: str, word: str, tmp_path: Path) -> None:
    found = renamed(tmp_path, kind, word)
    assert any(message.startswith(f"'{word}_anew' is final, but the program knows no") for message in found)


def test_an_end_that_is_none_is_named_where_it_stands(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    shutil.copytree(HOME / "workflows", folder)
    file = folder / "action.yaml"
    text = file.read_text(encoding="utf-8")
    open_again = "  - {trigger: open_again, title: Open again, from: closed, to: in_progress, by: chair}\n"
    changed = text.replace("with a reason.\n    final: true", "with a reason.") + open_again
    file.write_text(changed, encoding="utf-8")
    with pytest.raises(BadDefinition) as refusal:
        read_shelf((folder,), (HOME / "rules",))
    line = text.splitlines().index("  closed:") + 1
    assert f"{file}:{line}:3: 'closed' counts as an end of action; write 'final: true'" in str(refusal.value)


@pytest.mark.parametrize(("kind", "word"), [("audit", "add_aim"), ("action", "note_progress")])
def test_a_form_that_nobody_knows_is_named(kind: str, word: str, tmp_path: Path) -> None:
    (found,) = renamed(tmp_path, kind, word)
    assert found.startswith(f"'{word}_anew' has 'enters: true', but {kind} has no such form; known are ")


@pytest.mark.parametrize(
    ("kind", "word"), [("action", "in_progress"), ("audit", "agency_audits"), ("agency_return", "requested")]
)
def test_any_other_state_can_be_called_otherwise(kind: str, word: str, tmp_path: Path) -> None:
    assert renamed(tmp_path, kind, word) == []


@pytest.mark.parametrize("file", PROGRAM, ids=lambda file: str(file.relative_to(HOME)))
def test_every_state_that_stands_in_the_program_is_one_that_it_needs(file: Path) -> None:
    assert {word for word in _states_in(file) if word not in NAMED} == set()


def test_every_state_of_the_reports_tables_is_one_that_they_need() -> None:
    tables = [
        value
        for name, value in vars(standing).items()
        if isinstance(value, dict) and not name.startswith("__")
    ]
    assert len(tables) == 2
    assert {word for table in tables for word in table} - NAMED == set()


def test_the_ends_and_the_answers_of_a_request_are_needed() -> None:
    assert set(Outcome) <= STATES["approval"].keys()
    assert set(Word) <= STEPS["approval"].keys()


def test_the_forms_are_those_that_commands_enter() -> None:
    entered = {word for file in PROGRAM for word in _entered_in(file)}
    assert entered == {word for kind, words in FORMS.items() if kind != "approval" for word in words}


def _states_in(file: Path) -> Iterator[str]:
    """Find the words with which a state is compared, counted or looked up."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Compare(left=ast.Attribute(attr="state"), comparators=others):
                yield from (word for other in others for word in _words(other))
            case ast.Call(
                func=ast.Attribute(attr="in_" | "not_in", value=ast.Attribute(attr="state")), args=args
            ):
                yield from (word for one in args for word in _words(one))
            case ast.Subscript(value=ast.Name(id="states"), slice=ast.Constant(value=str(word))):
                yield word
            case ast.Call(
                func=ast.Attribute(attr="get" | "last_in", value=ast.Name(id="states" | "then")), args=args
            ):
                yield from (word for one in args for word in _words(one))


def _entered_in(file: Path) -> Iterator[str]:
    """Find the steps that commands enter, also where a constant of the same file names one."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    named: dict[str, str] = {}
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(word))):
                named[name] = word
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="enter"), args=[_, _, ast.Constant(value=str(word)), *_]):
                yield word
            case ast.Call(func=ast.Name(id="enter"), args=[_, _, ast.Name(id=name), *_]) if name in named:
                yield named[name]


def _words(node: ast.expr) -> list[str]:
    return [
        one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]


def test_a_folder_of_ones_own_needs_a_workflow_for_every_noun(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    shutil.copytree(HOME / "workflows", folder)
    (folder / "hold.yaml").unlink()
    with pytest.raises(BadDefinition) as refusal:
        read_shelf((folder,), (HOME / "rules",))
    assert str(refusal.value) == (
        f"{folder}:1:1: there is no hold.yaml here, and the program knows 'hold'; "
        "take it from the house's own folder"
    )
