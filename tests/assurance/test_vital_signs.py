"""What a monitor is told: well or not, of each part, and nothing personal."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from assurance.queries.vital_signs import VitalSigns, vital_signs
from assurance.sweep import sweep
from engine.fences import EVERY
from tests.assurance.conftest import At
from tests.cast import PEOPLE
from tests.world import World


@pytest.fixture
def well(world_at: At) -> World:
    """A world in which rules have looked and the mail has gone."""
    world = world_at("actions")
    sweep(world.office)
    world.delivers()
    return world


def unwell(signs: VitalSigns) -> dict[str, str]:
    return {sign.name: sign.says for sign in signs.signs if not sign.is_well}


def break_open(world: World, *statements: str) -> None:
    with world.office.store.begin(group=EVERY) as session:
        for statement in statements:
            session.execute(sa.text(statement))


def test_where_nothing_is_wrong_all_is_well(any_world_at: At) -> None:
    world = any_world_at("proposed")
    sweep(world.office)
    world.delivers()
    signs = vital_signs(world.office)
    assert unwell(signs) == {}
    assert [sign.name for sign in signs.signs] == ["database", "clock", "mail", "rules", "ledger"]
    assert (signs.is_well, signs.owed, signs.troubled, signs.due) == (True, 0, 0, 0)


def test_mail_that_nobody_delivers_and_rules_at_which_nobody_looks_are_told_after_an_hour(
    well: World,
) -> None:
    well.moves("bo", well.action("trust"), "close", reason="Done elsewhere")
    assert vital_signs(well.office).owed > 0
    well.clock.advance(timedelta(minutes=59))
    assert vital_signs(well.office).is_well
    well.clock.advance(timedelta(days=40))
    assert set(unwell(vital_signs(well.office))) == {"mail", "rules"}


def test_a_clock_that_is_behind_the_history_is_told(well: World) -> None:
    well.clock.advance(timedelta(days=-1))
    assert unwell(vital_signs(well.office)) == {"clock": "The newest line of the history lies in the future."}


def test_a_missing_guard_and_a_changed_line_are_told(well: World) -> None:
    break_open(well, "DROP TRIGGER event_refuses_update")
    assert "a guard is missing" in unwell(vital_signs(well.office))["ledger"]
    newest = "SELECT max(at) FROM event"
    guard = "CREATE TRIGGER event_refuses_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'no'); END"
    break_open(well, f"UPDATE event SET actor = 'person/1' WHERE at = ({newest})", guard)
    assert unwell(vital_signs(well.office)) == {
        "ledger": "The newest part of the history is not as it was sealed."
    }


def test_it_is_told_where_what_was_done_to_accounts_could_be_changed(any_world_at: At) -> None:
    world = any_world_at("proposed")
    sweep(world.office)
    world.delivers()
    is_sqlite = world.office.store.db.dialect.name == "sqlite"
    guard = "account_event_refuses_delete" if is_sqlite else "account_event_refuses_change ON account_event"
    break_open(world, f"DROP TRIGGER {guard}")
    assert "a guard is missing" in unwell(vital_signs(world.office))["ledger"]


def test_a_database_of_another_shape_is_told(well: World) -> None:
    break_open(well, "UPDATE alembic_version SET version_num = '0001_people_and_posts'")
    signs = vital_signs(well.office)
    assert unwell(signs) == {
        "database": "The database has an older shape than the program; it must be migrated."
    }
    break_open(well, "UPDATE alembic_version SET version_num = '9999_of_another'")
    (database, *_) = vital_signs(well.office).signs
    assert (database.is_well, "a newer version of the program has migrated it" in database.says) == (
        True,
        True,
    )
    break_open(well, "UPDATE oldest_shape SET shape = '9999_of_another'")
    assert "a newer version" in unwell(vital_signs(well.office))["database"]


def test_a_database_that_is_gone_is_an_answer(well: World) -> None:
    break_open(well, "DROP TABLE event")
    assert unwell(vital_signs(well.office)) == {"database": "The database does not answer."}


def test_a_mail_that_has_not_arrived_is_counted_and_makes_nothing_unwell(well: World) -> None:
    break_open(well, "UPDATE message SET state = 'failed' WHERE id = 1")
    signs = vital_signs(well.office)
    assert (signs.is_well, signs.troubled) == (True, 1)


def test_nothing_personal_is_told(well: World) -> None:
    told = str(vital_signs(well.office).plain())
    for name in (*PEOPLE.values(), "@", "2014-15/1", str(well.settings.database)):
        assert name not in told
