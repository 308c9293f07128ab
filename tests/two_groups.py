"""Two groups in one database: one in whose every text stands a word of its own, and the same cast once more in another.

People of the other group have the same names and keys, and must never meet that word.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from assurance.accounts.sessions import open_demo_session
from assurance.sweep import sweep
from assurance.tables import METADATA
from engine.fences import EVERY
from tests.web.canaries import AGENCIES, canary, canary_world
from tests.world import Templates, World

ITS_OWN, OTHER = "qa", "other"
WORD = "canaryfarther"
WORDS = (WORD, *(canary(agency) for agency in AGENCIES))
# The chair, the coordinator, an agency's lead, the administrator, and somebody without a post: one of each sight.
PERSONAS = ("ada", "sam", "bo", "ida", "viv")
# The database refuses to change these; what people wrote there has the words of the agencies.
_GUARDED = frozenset({"event", "event_text", "account_event", "definition"})


def two_groups(templates: Templates, file: Path) -> World:
    """Give a world whose first group has worked for months and written of everything, and a second that was just founded."""
    world = canary_world(templates, file)
    sweep(world.office)
    world.delivers()
    open_demo_session(world.office, "sam", group=ITS_OWN)
    _mark(world)
    world.found(OTHER)
    sweep(world.office)
    world.delivers()
    return world


def two_idle_groups(templates: Templates, file: Path, now: datetime) -> World:
    """Give a world at an instant in which neither group has done anything yet."""
    world = templates.world(file)
    world.clock.move_to(now)
    world.found(OTHER)
    sweep(world.office)
    world.delivers()
    return world


def group_number(world: World, key: str) -> int:
    """Give a group's number."""
    return world.actor("sam", group=key).group_id


def _mark(world: World) -> None:
    """Write the word into every text of the group that people may have written, names among them."""
    for table in METADATA.sorted_tables:
        if table.name in _GUARDED or ("group_id" not in table.c and table.name != "tenant"):
            continue
        texts = [column for column in table.c if isinstance(column.type, sa.Text)]
        keys = list(table.primary_key.columns)
        for row in world.pairs(sa.select(*keys, *texts)):
            values = dict(zip([column.name for column in texts], row[len(keys) :], strict=True))
            marked = {name: _marked(value) for name, value in values.items() if _marked(value) != value}
            if marked:
                with world.office.store.begin(group=EVERY) as session:
                    this = [key == value for key, value in zip(keys, row[: len(keys)], strict=True)]
                    session.execute(sa.update(table).where(*this).values(marked))


def _marked(value: Any) -> Any:
    """Add the word to what has a space in it, in the strings of JSON too, and to what is an e-mail address."""
    if isinstance(value, dict):
        return {key: _marked(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_marked(one) for one in value]
    if not isinstance(value, str):
        return value
    if value[:1] in ("{", "["):
        return json.dumps(_marked(json.loads(value)))
    if "@" in value and " " not in value:
        return f"{WORD}.{value}"
    return f"{value} {WORD}" if " " in value else value
