"""The world under other rules: the same people and the same records, with a folder of rules that a test has written."""

from __future__ import annotations

from pathlib import Path

from assurance.config import HOME
from assurance.office import Office
from assurance.playbook import Shelf, read_shelf
from engine.store import open_store
from tests.world import World

CLOCK = 'calendar: england-and-wales\nlook_at: "06:30"\n'
WITH_DIGEST = CLOCK + 'digest: {at: "07:45"}\n'
OVERDUE = """
  - id: late
    about: action
    title: An action is late
    when: state in (agreed, in_progress) and current_due_on is not empty and current_due_on < today
    once_per: current_due_on
    repeat: {every: 1 week, at_most: 3}
    tell: [owner, agency_lead]
"""
LATE_CHAIR = """
  - id: late-chair
    about: action
    title: An action is ten working days late
    when: state in (agreed, in_progress) and current_due_on is not empty and current_due_on + 10 working days <= today
    once_per: current_due_on
    tell: [chair]
    copy: [owner]
    severity: escalation
    quiets: [late]
"""
CHAIR_ALONE = LATE_CHAIR.replace("    quiets: [late]\n", "")
ONCE = OVERDUE.replace("    repeat: {every: 1 week, at_most: 3}\n", "")
WITH_NOTICE = OVERDUE + LATE_CHAIR.replace(
    "    tell:", "    notice: {to: owner, before: 3 working days}\n    tell:"
)


def write_rules(folder: Path, *rules: str, clock: str = CLOCK) -> None:
    """Write a folder of rules."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clock.yaml").write_text(clock, encoding="utf-8")
    (folder / "action.yaml").write_text("rules:" + "".join(rules), encoding="utf-8")


def shelf_of(folder: Path, *rules: str, clock: str = CLOCK) -> Shelf:
    """Read the house's workflows with these rules and this clock."""
    write_rules(folder, *rules, clock=clock)
    return read_shelf((HOME / "workflows",), (folder,))


def under(world: World, folder: Path, *rules: str, clock: str = CLOCK) -> World:
    """Open the same records again under other rules, as the program does when its folder of rules has changed."""
    world.office.close()
    world.shelf = shelf_of(folder, *rules, clock=clock)
    world.office = Office(world.settings, open_store(world.settings.database), world.shelf, clock=world.clock)
    return world
