"""Every way to say no: refusals for people, staleness for losers of a race, faults in definition files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from engine.words import visible


class Reason(NamedTuple):
    """One reason for a refusal: a code for programs and a full sentence for people."""

    code: str
    sentence: str


class Refused(Exception):
    """Says no to a command, with every reason at once."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(" ".join(reason.sentence for reason in reasons))
        self.reasons = reasons

    @classmethod
    def because(cls, code: str, sentence: str) -> Refused:
        """Refuse for a single reason."""
        return cls(Reason(code, sentence))


class Stale(Refused):
    """Says that somebody else was faster: the caller decided on an older version."""


class Unanswered(Exception):
    """Says that the database went away while it was to commit: nobody knows whether it has."""


def is_unanswered(failure: BaseException | None) -> bool:
    """Say of a failure, and of what it came from, whether what was to be stored may have been stored all the same."""
    while failure is not None and not isinstance(failure, Unanswered):
        failure = failure.__cause__ or failure.__context__
    return failure is not None


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a file, at a 1-based line and column."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{visible(self.file)}:{self.line}:{self.column}: {self.message}"


class BadDefinition(Exception):
    """Refuses a file or a folder of files whole, naming every fault that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
