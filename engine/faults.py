"""Gathers the faults of a file, so that its author is told of all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from engine.errors import BadDefinition, Problem

P = ParamSpec("P")
T = TypeVar("T")


class Faults:
    """A list of problems that grows while a file is read on."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, problem: Problem) -> None:
        """Note one problem."""
        self.problems.append(problem)

    def reading(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Return what `read` returns, or note its problems and return None."""
        try:
            return read(*args, **kwargs)
        except BadDefinition as bad:
            self.problems.extend(bad.problems)
            return None

    def settle(self) -> None:
        """Refuse the file, in the order of its lines, if any problem was found."""
        if self.problems:
            unique = dict.fromkeys(self.problems)
            raise BadDefinition(
                sorted(unique, key=lambda problem: (problem.file, problem.line, problem.column))
            )
