"""Judges the command lines that documents show: does `auditloop` know the words, does the Makefile know the target."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

ENDS_A_COMMAND = re.compile(r"[|&;<>()]+")
SETS_A_VARIABLE = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
TARGET = re.compile(r"^([a-z][\w-]*):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Word:
    """A command: which options it has and whether each takes a value, and which words may follow it."""

    options: dict[str, bool] = field(default_factory=dict)
    words: dict[str, Word] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs whose command lines are judged."""

    auditloop: Word
    targets: frozenset[str]

    def faults_of(self, shown: str) -> Iterator[str]:
        """Judge every command line in a block of shell, one sentence for each fault."""
        for words in _command_lines(shown):
            program = words[0].rpartition("/")[2]
            if program == "auditloop":
                yield from _follow(self.auditloop, words)
            elif program == "make":
                targets = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
                yield from (f"`make {name}`: no such target" for name in targets if name not in self.targets)


def word_of(command: Any) -> Word:
    """Take down a command of Typer with all that lies below it."""
    options = {
        name: not (parameter.is_flag or parameter.count)
        for parameter in command.params
        if parameter.param_type_name == "option"
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    below = getattr(command, "commands", {})
    return Word(options | {"--help": False}, {name: word_of(child) for name, child in below.items()})


def targets_of(makefile: Path) -> frozenset[str]:
    """Return the targets of a Makefile."""
    return frozenset(TARGET.findall(makefile.read_text(encoding="utf-8")))


def _command_lines(shown: str) -> Iterator[list[str]]:
    """Cut a block of shell into commands: no prompts, comments, variables; pipes and redirections end one."""
    for line in shown.replace("\\\n", " ").splitlines():
        reader = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars=True)
        reader.whitespace_split = True
        try:
            tokens = list(reader)
        except ValueError:  # an apostrophe in prose, not a command
            continue
        command: list[str] = []
        for token in [*tokens, ";"]:
            if not ENDS_A_COMMAND.fullmatch(token):
                if command or not SETS_A_VARIABLE.fullmatch(token):
                    command.append(token)
            elif command:
                yield command
                command = []


def _follow(word: Word, line: Iterable[str]) -> Iterator[str]:
    said: list[str] = []
    is_value = False
    for token in line:
        said.append(token)
        if len(said) == 1 or is_value:
            is_value = False
        elif token in {"...", "--"}:
            return
        elif token.startswith("-"):
            name, equals, _ = token.partition("=")
            if name not in word.options:
                yield _unknown(said, "option", name, word.options)
            is_value = not equals and word.options.get(name, False)
        elif word.words:
            if token not in word.words:
                yield _unknown(said, "command", token, word.words)
                return
            word = word.words[token]


def _unknown(said: list[str], what: str, name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"`{' '.join(said)}`: there is no {what} {name}{hint}"
