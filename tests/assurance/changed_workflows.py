"""Workflows that change under a running world: copies of the house's own and of a family, with words replaced."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from assurance.config import HOME
from assurance.office import Office
from assurance.playbook import Shelf, read_shelf
from assurance.queries.definitions import Plan, plan
from assurance.transfers import Wish
from engine.definition_changes import Renamed
from tests.world import World

FAMILY = Path(__file__).parent / "good_story"
UNDER_WAY = Wish(renamed={"action": Renamed(states={"in_progress": "under_way"})})
# The state of an action, as a group might rename it: the word, wherever it stands, and its title.
RENAMED_ACTION = {r"\bin_progress\b": "under_way", "title: In progress": "title: Under way"}


def shelf_of(folder: Path, changes: Mapping[str, Mapping[str, str]], *, family: bool = False) -> Shelf:
    """Copy workflows and rules into a folder, replace words (patterns by kind) in the files of a kind, and read both."""
    houses = (HOME, FAMILY) if family else (HOME,)
    for number, house in enumerate(houses):
        for what in ("workflows", "rules"):
            shutil.copytree(house / what, folder / f"{what}-{number}")
    for kind, words in changes.items():
        files = [file for file in folder.rglob("*.yaml") if kind in (file.stem, _about(file))]
        for pattern, new in words.items():
            found = 0
            for file in files:
                text, many = re.subn(pattern, new, file.read_text(encoding="utf-8"))
                file.write_text(text, encoding="utf-8")
                found += many
            assert found, f"{pattern} stands nowhere in the files of {kind}"
    numbers = range(len(houses))
    return read_shelf(
        [folder / f"workflows-{number}" for number in numbers],
        [folder / f"rules-{number}" for number in numbers],
    )


def _about(file: Path) -> str:
    """Give the kind of which a file of rules speaks, where it is named for its noun."""
    found = re.search(r"about: (\w+)", file.read_text(encoding="utf-8"))
    return found[1] if found and "rules" in str(file.parent) else ""


def restarted(world: World, shelf: Shelf, *, publishes: bool = True) -> Office:
    """Start the program again with other files; the office of the world is the new one from now on."""
    world.office = Office(world.settings, world.office.store, shelf, clock=world.clock, publishes=publishes)
    return world.office


def planned(world: World, wish: Wish) -> Plan:
    """Give what would become of everything."""
    with world.office.reading(world.actor("sam")) as tx:
        return plan(tx, wish)


def reasons(world: World, wish: Wish) -> dict[str, str]:
    """Give why each subject has nowhere to go."""
    return {str(one.ref): " ".join(one.reasons) for one in planned(world, wish).stuck}
