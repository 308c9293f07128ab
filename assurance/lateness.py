"""How late something is told: the instant for which it was meant, and the sentence that says so."""

from __future__ import annotations

from datetime import datetime, timedelta

from assurance.facts import Known
from assurance.office import Tx
from assurance.reasons import day_in_words
from engine.rule_truth import due_since
from engine.rules import Verdict

LATE_AFTER = timedelta(minutes=30)


def meant_at(tx: Tx, known: Known, verdict: Verdict, due_at: datetime) -> datetime:
    """Give the instant at which a rule should have spoken that speaks now.

    `due_at` is the instant for which somebody was to look; where nobody looked for days, a rule may have had nothing
    to say before a later one.
    """
    since = tx.calendar.today(due_at)
    if since >= tx.today:
        return due_at
    day = due_since(
        verdict.rule,
        known.facts,
        is_notice=verdict.is_notice,
        since=since,
        today=tx.today,
        calendar=tx.calendar,
    )
    return due_at if day == since else tx.calendar.instant(day, tx.playbook.book.clock.look_at)


def late_words(tx: Tx, meant: datetime) -> str:
    """Say that something is told late, and since when it should have been; nothing where it is not late."""
    if tx.now - meant < LATE_AFTER:
        return ""
    moment = tx.calendar.civil(meant)
    days = (tx.today - moment.date()).days
    if days == 0:
        on = f"today at {moment:%H:%M}"
    else:
        on = f"on {moment:%A} {day_in_words(moment.date())}, {'1 day' if days == 1 else f'{days} days'} ago"
    return f"This should have reached you {on}; the service could not send it then."
