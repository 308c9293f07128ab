"""The last question before a message goes: is it sent as it is, worded only now, held, or taken back? Answered elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy.orm import Session

from notifications.leases import Claimed


@dataclass(frozen=True, slots=True)
class Goes:
    """It is sent, with this context where there is one; a letter whose bytes are kept is sent as it is."""

    context: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """It is not sent before an instant, and the attempt does not count."""

    until: datetime
    because: str


@dataclass(frozen=True, slots=True)
class Overtaken:
    """It is never sent; the sentence says why."""

    because: str


Answer: TypeAlias = Goes | HeldBack | Overtaken
# Asked once for a batch, in a transaction that writes, at the instant of the attempt; answers by the messages' ids.
# A message without an answer goes as it is.
Review = Callable[[Session, Sequence[Claimed], datetime], Mapping[int, Answer]]


def as_they_are(_session: Session, _messages: Sequence[Claimed], _at: datetime) -> Mapping[int, Answer]:
    """Send every message as it is."""
    return {}
