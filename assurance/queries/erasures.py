"""An erasure in words: what was erased, why, and who agreed to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assurance.erasing import BY_RULE, ON_REQUEST


def why_erased(data: Mapping[str, Any]) -> str:
    """Say why something was erased, as the line about it says."""
    return BY_RULE if data.get("ground") == "retention" else ON_REQUEST


def told_of_erasure(by: str, data: Mapping[str, Any], agreed: str = "") -> str:
    """Tell the line of an erasure in a sentence."""
    texts = len(data.get("erased", ())) + int(data.get("words", 0))
    counted = [
        f"{number} {what if number == 1 else f'{what}s'}"
        for number, what in ((texts, "text"), (len(data.get("files", ())), "file"))
        if number
    ]
    whole = f"{by} erased {' and '.join(counted) or 'nothing'} {why_erased(data)}"
    kept = f", which keeps them for {data['kept_for']}" if "kept_for" in data else ""
    return f"{whole}{kept}{f'; {agreed} agreed' if agreed else ''}."
