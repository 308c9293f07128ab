"""What a later look at the same aim found, in one sentence."""

from __future__ import annotations

from assurance.queries.embedded import Measured
from reports.annual_improvement import FEWEST_ANSWERS


def measured_words(one: Measured) -> str:
    """Say whether the later share of `yes` is better; too few answers are not compared."""
    if not one.after.asked:
        return "Nobody could answer the aim the second time."
    if min(one.before.asked, one.after.asked) < FEWEST_ANSWERS:
        return "There are too few answers to compare."
    before, after = (share.yes * 100 / share.asked for share in (one.before, one.after))
    if one.is_better:
        return f"Better, by {after - before:.0f} percentage points."
    return "No better." if after == before else f"Worse, by {before - after:.0f} percentage points."
