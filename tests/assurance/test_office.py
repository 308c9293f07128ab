"""The office: who acts, on which day, with which definitions; what a subject began with is what it goes on with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.commands.closing import close_day
from assurance.config import HOME
from assurance.edition import edition_of
from assurance.migrate import NotOurs, migrate, newest_shape, shape_of
from assurance.office import open_office
from assurance.playbook import Shelf, read_shelf
from engine.clock import SystemClock
from engine.definitions import Definition
from engine.errors import BadDefinition, Refused
from engine.fences import EVERY
from engine.moved import Ref
from engine.store import open_store
from tests.assurance.conftest import At
from tests.world import World

Change = Callable[[str, str, str], None]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the house's own workflows and rules, into which something else can be written."""
    for name in ("workflows", "rules"):
        shutil.copytree(HOME / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def change(house: Path) -> Change:
    """Change one place of one file."""

    def change(file: str, old: str, new: str) -> None:
        text = (house / file).read_text(encoding="utf-8")
        assert text.count(old) >= 1
        (house / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def shelf_of(*houses: Path) -> Shelf:
    return read_shelf([house / "workflows" for house in houses], [house / "rules" for house in houses])


def refusal(*houses: Path) -> list[str]:
    with pytest.raises(BadDefinition) as refused:
        shelf_of(*houses)
    return [str(problem).removeprefix(f"{houses[0]}/") for problem in refused.value.problems]


# -- who and when ------------------------------------------------------------------------------------------


def test_people_are_found_by_key_mail_and_name(world: World) -> None:
    for key in ("bo", "bo@qa.example", "Bo Birchall"):
        actor = world.office.actor(key)
        assert (actor.name, actor.signature) == ("Bo Birchall", f"person/{actor.person_id}")


def test_nobody_and_several_are_refused(world: World) -> None:
    with pytest.raises(Refused, match="'beau' is not a person here"):
        world.office.actor("beau")
    world.found("other")
    with pytest.raises(Refused, match="'bo' is the name of 2 people; give the e-mail"):
        world.office.actor("bo")
    assert world.office.actor("bo", group="other").group_id == 2
    assert world.office.actor("bo@qa.example").group_id == 1
    with pytest.raises(Refused, match="is not a person here"):
        world.office.actor("bo@qa.example", group="other")


def test_today_is_the_groups_own_day(world: World) -> None:
    world.clock.move_to(datetime(2015, 6, 30, 23, 30, tzinfo=UTC))
    with world.does("bo") as tx:
        assert tx.today == date(2015, 7, 1)
        assert tx.now == datetime(2015, 6, 30, 23, 30, tzinfo=UTC)
        assert tx.calendar.today(tx.now) == tx.today
    with world.office.reading(world.actor("bo")) as tx:
        assert tx.today == date(2015, 7, 1)


def test_a_command_that_fails_leaves_nothing_behind(world_at: At) -> None:
    world = world_at("proposed")
    with pytest.raises(ZeroDivisionError), world.does("sam") as tx:
        tx.session.execute(sa.text(f"DELETE FROM aim WHERE 1 = {1 // (tx.today.year - tx.today.year)}"))
    assert len(world.aims()) == 2


def test_an_office_opens_from_its_settings_and_the_machines_clock(world: World) -> None:
    office = open_office(world.settings)
    assert office.groups() == (1,)
    assert abs((office.clock.now() - SystemClock().now()).total_seconds()) < 60
    office.close()


def test_what_could_not_be_read_is_read_at_the_next_look(world: World) -> None:
    day, office = date(2014, 11, 12), open_office(world.settings)
    with world.does("ida") as tx:
        close_day(tx, day, "A day for the records")

    def fails(*said: object) -> None:
        if "FROM closed_day" in str(said[2]) and "max" not in str(said[2]):
            raise OSError("the database was away for a moment")

    sa.event.listen(office.store.db, "before_cursor_execute", fails)
    with pytest.raises(OSError, match="away for a moment"):
        office.catch_up()
    sa.event.remove(office.store.db, "before_cursor_execute", fails)
    office.catch_up()
    assert day in office.playbook.calendar(1).closed
    office.close()


def test_a_definition_of_a_lower_number_that_comes_late_is_not_missed(world: World) -> None:
    office = world.office
    with office.store.begin(group=EVERY) as session:
        last = session.scalars(sa.select(Definition).order_by(Definition.id.desc())).first()
        assert last is not None
        number, last.id = last.id, last.id + 1
        before = edition_of(session)
        copied = Definition(kind=last.kind, text=last.text, hash="0" * 64, published_at=last.published_at)
        copied.id = number
        session.add(copied)
        session.flush()
        assert edition_of(session) != before


# -- definitions -------------------------------------------------------------------------------------------


def test_a_subject_goes_on_with_the_definition_with_which_it_began(
    world_at: At, house: Path, change: Change
) -> None:
    world = world_at("actions")
    action = world.action("trust")
    world.close()
    change("workflows/action.yaml", "      - evidence >= 1: Add at least one piece of evidence.\n", "")
    later = World(world.settings.database, at=world.clock.now(), shelf=shelf_of(house))
    with pytest.raises(Refused, match="Add at least one piece of evidence"):
        later.moves("bo", action, "confirm")
    new = later.plans("bo", "trust", recommendation=Ref("recommendation", 1), owner="nursing")
    later.moves("bo", new, "confirm")
    assert later.state(new) == "confirmed"
    kept = later.ask(sa.select(Definition).where(Definition.kind == "action").order_by(Definition.id))
    assert [one.published_at for one in kept] == sorted(one.published_at for one in kept)
    assert len(kept) == 2
    later.close()


def test_a_comment_makes_no_new_definition(world: World, house: Path, change: Change) -> None:
    before = len(world.ask(sa.select(Definition)))
    world.close()
    change("workflows/action.yaml", "# What one agency will do.", "# What one agency is going to do.")
    again = World(world.settings.database, at=world.clock.now(), shelf=shelf_of(house))
    assert len(again.ask(sa.select(Definition))) == before
    again.close()


def test_an_older_definition_that_was_changed_in_the_database_is_refused(
    world_at: At, house: Path, change: Change
) -> None:
    world = world_at("actions")
    world.close()
    change("workflows/action.yaml", "title: Begin work", "title: Begin the work")
    World(world.settings.database, at=world.clock.now(), shelf=shelf_of(house)).close()
    store = open_store(world.settings.database)
    with store.begin(group=EVERY) as session:
        old = "approval: {by: chair, otherwise: deputy_chair}"
        session.execute(
            sa.text("UPDATE definition SET text = replace(text, :old, '') WHERE id = 1"), {"old": old}
        )
        session.execute(sa.text("UPDATE definition SET text = replace(text, 'Begin work', 'Begin')"))
    store.close()
    with pytest.raises(BadDefinition, match="its text in the database is not the one that was published"):
        World(world.settings.database, at=world.clock.now(), shelf=shelf_of(house))


# -- what is not taken -------------------------------------------------------------------------------------


def test_a_move_that_sets_what_is_only_counted_is_refused_at_its_line(house: Path, change: Change) -> None:
    change("workflows/action.yaml", "set: {verified_on: today}", "set: {verified_on: today, evidence: 1}")
    (problem,) = refusal(house)
    assert problem.endswith("'evidence' is counted or looked up for action, so that no move can set it")
    assert problem.startswith("workflows/action.yaml:")


def test_a_rule_that_sets_what_is_only_looked_up_is_refused(house: Path, change: Change) -> None:
    change(
        "rules/approval.yaml",
        "set: {deputy_called: true}",
        "set: {deputy_called: true, state_since_on: today}",
    )
    change(
        "rules/action.yaml",
        "    tell: [owner]\n",
        "    tell: [owner]\n    set: {recommendation_is_agreed: true}\n",
    )
    action, approval = refusal(house)
    assert action.startswith(
        "rules:1:1: the rule 'action-due-in-a-month' sets 'recommendation_is_agreed', which"
    )
    assert approval.startswith(
        "rules:1:1: the rule 'approval-to-deputy' sets 'state_since_on', which is counted"
    )


@pytest.mark.parametrize("role", ["requester", "approver", "clock"])
def test_an_approval_asked_of_nobody_in_a_post_is_refused(house: Path, change: Change, role: str) -> None:
    old, new = "{by: chair, otherwise: deputy_chair}", f"{{any_of: [chair, {role}]}}"
    change("workflows/action.yaml", old, new)
    (problem,) = refusal(house)
    assert problem.endswith(f"'{role}' has no voice in a decision; ask the holder of a post, or the 'owner'")


def test_a_template_that_nobody_has_written_is_refused(house: Path, change: Change) -> None:
    change("workflows/action.yaml", "template: action_for_you", "template: action_for_yuo")
    (problem,) = refusal(house)
    assert "'action_for_yuo' is not a template of a mail; did you mean 'action_for_you'" in problem


def test_a_calendar_that_nobody_knows_is_refused(house: Path, change: Change) -> None:
    change("rules/clock.yaml", "calendar: england-and-wales", "calendar: scotland")
    assert refusal(house) == [
        "rules/clock.yaml:1:1: 'scotland' is not a calendar; known: england-and-wales, weekdays"
    ]


def test_two_folders_do_not_describe_the_same_kind(house: Path) -> None:
    with pytest.raises(BadDefinition) as refused:
        read_shelf([house / "workflows", HOME / "workflows"], [house / "rules"])
    assert len(refused.value.problems) == len(list((HOME / "workflows").glob("*.yaml")))
    assert "the kind 'action' has a workflow already, in " in str(refused.value)


def test_two_folders_do_not_use_one_name_for_two_rules(house: Path) -> None:
    with pytest.raises(BadDefinition, match="the id 'action-due-in-a-month' is used already, at "):
        read_shelf([house / "workflows"], [house / "rules", HOME / "rules"])


def test_a_faulty_file_is_refused_before_any_database_is_touched(
    house: Path, change: Change, tmp_path: Path, world: World
) -> None:
    change("workflows/action.yaml", "from: confirmed", "from: confirmd")
    untouched = tmp_path / "untouched.sqlite"
    settings = type(world.settings)(
        database=str(untouched),
        var=tmp_path,
        workflows=(house / "workflows",),
        rules=(house / "rules",),
        smtp_url=None,
        mail_from="audits@board.example",
        base_url="https://audits.example",
    )
    with pytest.raises(BadDefinition, match="'confirmd' is not a state of action; did you mean 'confirmed'"):
        open_office(settings)
    assert not untouched.exists()


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path / "others.sqlite")
    with store.begin(group=EVERY) as session:
        session.execute(sa.text("CREATE TABLE invoice (id INTEGER)"))
    with pytest.raises(NotOurs, match="belongs to another program: it holds invoice, and nothing of ours"):
        migrate(store)
    assert sa.inspect(store.db).get_table_names() == ["invoice"]
    store.close()


def test_a_database_of_a_newer_version_is_left_alone(world: World) -> None:
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999_the_future'"))
        session.execute(sa.text("UPDATE oldest_shape SET shape = '9999_the_future'"))
    with pytest.raises(NotOurs, match=f"its shape is 9999_the_future; this one knows {newest_shape()}"):
        migrate(world.office.store)
    with pytest.raises(NotOurs):
        shape_of(world.office.store)
