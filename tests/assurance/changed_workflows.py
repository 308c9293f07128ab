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
        for pattern, new in words.items():
            replace(folder, kind, pattern, new)
    numbers = range(len(houses))
    return read_shelf(
        [folder / f"workflows-{number}" for number in numbers],
        [folder / f"rules-{number}" for number in numbers],
    )


def replace(folder: Path, kind: str, pattern: str, new: str) -> None:
    """Replace words in the workflow of a kind, in every rule about it, and in what tries these rules."""
    found = 0
    for file in sorted(folder.rglob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        if file.stem == kind:
            text, many = re.subn(pattern, new, text)
        else:
            rules = re.split(r"(?m)^(?=  - id: )", text)
            about = [re.search(rf"about: {kind}\n", rule) for rule in rules]
            changed = [
                re.subn(pattern, new, rule) if is_about else (rule, 0)
                for rule, is_about in zip(rules, about, strict=True)
            ]
            text, many = "".join(rule for rule, _ in changed), sum(number for _, number in changed)
        file.write_text(text, encoding="utf-8")
        found += many
    assert found, f"{pattern} stands nowhere in the files of {kind}"


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
