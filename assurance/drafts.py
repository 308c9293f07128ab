"""Changed rules that are tried and never put in force: one file of the shelf in other words, read with all the others."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from assurance.config import Settings
from assurance.playbook import read_shelf
from engine.errors import BadDefinition, Reason, Refused
from engine.rule_file import RETENTION_FILE
from engine.rules import RuleBook
from engine.words import unknown


class RuleFile(NamedTuple):
    """One file of rules on the shelf, by its name, and as it stands there now."""

    name: str
    text: str


def rule_files(settings: Settings) -> tuple[RuleFile, ...]:
    """Give the rule files of all folders, in the order in which they are read."""
    return tuple(RuleFile(path.name, path.read_text(encoding="utf-8")) for path in _paths(settings.rules))


def shelf_as_it_stands(settings: Settings) -> RuleBook:
    """Read the rules as they stand in the folders now, which may be others than those that were read at the start.

    Raises BadDefinition with every fault.
    """
    return read_shelf(settings.workflows, settings.rules).book


def draft_book(settings: Settings, name: str, text: str) -> RuleBook:
    """Read the rules of the shelf with one file in other words; the shelf stays as it is.

    Raises Refused for a file that is not there, and BadDefinition, by the files' bare names, with every fault.
    """
    paths = _paths(settings.rules)
    if name not in {path.name for path in paths}:
        known = [path.name for path in paths]
        raise Refused(Reason("unknown_file", unknown(name, "a file of rules here", known) + "."))
    with TemporaryDirectory() as made:
        folders = []
        for number, folder in enumerate(settings.rules):
            copy = Path(made) / str(number)
            copy.mkdir()
            for path in _paths((folder,)):
                shutil.copyfile(path, copy / path.name)
            folders.append(copy)
        own = next(folder for folder in folders if (folder / name).exists())
        (own / name).write_text(text, encoding="utf-8")
        try:
            return read_shelf(settings.workflows, folders).book
        except BadDefinition as bad:
            named = [replace(problem, file=Path(problem.file).name) for problem in bad.problems]
            raise BadDefinition(named) from None


def _paths(folders: Sequence[Path]) -> list[Path]:
    found = [path for folder in folders for path in sorted(folder.glob("*.yaml"))]
    return [path for path in found if path.name != RETENTION_FILE]
