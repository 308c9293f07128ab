"""What a rung of a ladder says in a sentence: when somebody was told, what keeps it, and when it would speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from assurance.reasons import day_in_words
from engine.refusals import all_of, spoken
from engine.rules import FiredBefore, HoldKind, Rule


class Stage(StrEnum):
    """How a rung stands today."""

    SAID = "said"
    DUE = "due"
    NOTICE = "notice"
    HELD = "held"
    QUIETED = "quieted"
    AHEAD = "ahead"
    NOT_IN_FORCE = "not in force"


@dataclass(frozen=True, slots=True)
class Stands:
    """How a rule stands with a subject: what it has said, since when notice is given, when it speaks, who holds it.

    `notice_on` is the day on which notice is to be given of what lies ahead.
    """

    rule: Rule
    stage: Stage
    fired: FiredBefore | None = None
    noticed_on: date | None = None
    speaks_on: date | None = None
    notice_on: date | None = None
    held_by: str = ""
    held_as: HoldKind | None = None
    held_until: date | None = None

    def in_words(self) -> str:
        """Say it in one sentence, or two where it has spoken before."""
        said, now = self._said(), _NOW[self.stage](self)
        return " ".join(part for part in (said, now) if part)

    def _said(self) -> str:
        if self.fired is None:
            return ""
        if self.fired.was_passed_over:
            return "It belongs to a backlog that was passed over, and is told to nobody."
        told = _the(self.rule.tell)
        were = "were" if len(self.rule.tell) > 1 or self.rule.tell[0].endswith("s") else "was"
        first, last = self.fired.first_on, self.fired.last_on
        again = "" if last is None or last == first else f", and again, last on {day_in_words(last)}"
        return f"{told[:1].upper()}{told[1:]} {were} told on {day_in_words(first)}{again}."

    def held(self) -> str:
        """Say who holds it, and until when."""
        if self.held_as is None or self.held_until is None:
            return "It is held."
        return f"{_HELD[self.held_as].format(name=self.held_by)} until {day_in_words(self.held_until)}."

    def notice(self) -> str:
        """Say who was given notice, and until when they can reply."""
        heard = "" if self.rule.notice is None else f"The {spoken(self.rule.notice.to)}"
        since = "today" if self.noticed_on is None else f"on {day_in_words(self.noticed_on)}"
        named = (
            ""
            if self.speaks_on is None
            else f" On {day_in_words(self.speaks_on)} {_the(self.rule.tell)} would be told."
        )
        return f"{heard} got notice {since} and can reply.{named}"

    def ahead(self) -> str:
        """Say when it would speak, and who would hear of that before."""
        if self.speaks_on is None:
            return ""
        then = f"If nothing changes, {_the(self.rule.tell)} would be told on {day_in_words(self.speaks_on)}"
        if self.rule.notice is None or self.notice_on is None:
            return f"{then}."
        return f"{then}; the {spoken(self.rule.notice.to)} gets notice on {day_in_words(self.notice_on)}."


def _the(words: tuple[str, ...]) -> str:
    return all_of(f"the {spoken(word)}" for word in words)


_NOW: Mapping[Stage, Callable[[Stands], str]] = {
    Stage.SAID: lambda _: "",
    Stage.DUE: lambda one: (
        f"{_the(one.rule.tell).capitalize()} is told today."
        if one.fired is None
        else "It speaks again today."
    ),
    Stage.NOTICE: Stands.notice,
    Stage.HELD: Stands.held,
    Stage.QUIETED: lambda one: "A higher rung speaks of the same." if one.fired is None else "",
    Stage.AHEAD: Stands.ahead,
    Stage.NOT_IN_FORCE: lambda _: (
        "This rule is not in force yet: somebody has to say first what becomes of its backlog."
    ),
}
_HELD = {
    HoldKind.REPLY: "It waits because {name} has replied,",
    HoldKind.ACKNOWLEDGEMENT: "{name} has accepted it",
    HoldKind.SILENCE: "{name} has silenced it",
}
