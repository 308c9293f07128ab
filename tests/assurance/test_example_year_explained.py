"""The example year can account for itself: every mail says why, its past comes out again, and what is due is foretold."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.access import Sight, Viewer, viewer_of
from assurance.config import HOME, settings_from
from assurance.migrate import migrate
from assurance.office import Actor, Office, Tx, clock_of
from assurance.playbook import read_shelf
from assurance.post import deliver
from assurance.queries.around import mails
from assurance.queries.foretelling import on_day
from assurance.queries.preview import preview
from assurance.queries.rehearse import Change, Rehearsal, rehearse
from assurance.queries.rows import Wanted
from assurance.queries.why import Why, why
from assurance.roster import roster
from assurance.story import play, read_story
from engine.clock import FrozenClock
from engine.errors import Refused
from engine.store import open_store
from notifications.mailer import MemoryMailer
from notifications.outbox import Message

YEAR = HOME / "examples" / "year-2014-15"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The group at the end of its story."""
    story = read_story(YEAR, workflows=[HOME / "workflows"], rules=[HOME / "rules"])
    clock = FrozenClock(datetime.combine(story.begins, time(6), tzinfo=story.cast.zone))
    settings = settings_from({}, database=str(tmp_path_factory.mktemp("year") / "year.sqlite"))
    store = open_store(settings.database, survives_power_cut=False)
    migrate(store)
    office = Office(settings, store, story.shelf, clock=clock)
    mailer = MemoryMailer()

    def hand_over(office: Office) -> None:
        deliver(office, mailer)

    play(office, story, clock=clock, deliver=hand_over)
    yield office
    office.close()


@contextmanager
def looking(office: Office, actor: Actor | None = None) -> Iterator[tuple[Tx, Viewer]]:
    """Let somebody look; nobody is whoever runs the installation."""
    who = actor or clock_of(office.groups()[0])
    with office.reading(who) as tx:
        yield tx, viewer_of(roster(tx.session, group_id=who.group_id, today=tx.today), who)


@pytest.fixture(scope="module")
def explained(office: Office) -> list[Why]:
    """Why each mail went, all that are listed."""
    with looking(office) as (tx, viewer):
        listed = mails(tx, viewer, Wanted()).rows
        numbers = [row.ref.id for row in listed]
        assert sorted(numbers) == sorted(tx.session.scalars(sa.select(Message.id)))
        return [why(tx, viewer, f"mail/{number}") for number in sorted(numbers)]


# -- why ---------------------------------------------------------------------------------------------------


def test_every_mail_that_is_listed_can_say_why_it_was_sent(explained: list[Why]) -> None:
    assert len(explained) > 1000
    silent = [one for one in explained if not one.causes]
    assert {(one.template, one.state) for one in silent} <= {("digest", "withdrawn")}
    assert {one.hidden for one in explained} == {0}


def test_every_reason_says_what_happened_and_who_decided_whom_it_tells(explained: list[Why]) -> None:
    causes = [cause for one in explained for cause in one.causes]
    assert [cause for cause in causes if not cause.sentence or not cause.decided] == []
    by_itself = [cause.sentence for cause in causes if cause.decided == "The program tells this by itself."]
    assert by_itself == []
    named = [one.to in cause.decided for one in explained for cause in one.causes if cause.told_as]
    assert all(named), "whoever is told as somebody is named"


def test_every_mail_of_a_rule_shows_its_words_its_values_and_its_place(explained: list[Why]) -> None:
    of_rules = [one for one in explained if one.template in ("digest", "escalation", "notice") and one.causes]
    assert len(of_rules) > 200
    for one in of_rules:
        for cause in one.causes:
            assert cause.rule is not None, one.mail
            assert cause.because, one.mail
            assert cause.rule.in_force.startswith("in force since 14 April 2014")
            assert cause.rule.written_at.startswith("rules/")


def test_everybody_can_ask_about_every_mail_of_their_own(office: Office, explained: list[Why]) -> None:
    with looking(office) as (tx, _):
        seats = roster(tx.session, group_id=tx.actor.group_id, today=tx.today).seats
    in_post = {seat.person_id: seat.person for seat in seats}
    for number, name in in_post.items():
        own = [one.mail for one in explained if one.to == name][::5]
        with looking(office, Actor(office.groups()[0], number, name)) as (tx, viewer):
            assert [why(tx, viewer, mail).mail for mail in own] == own
            if viewer.sight is not Sight.EVERYTHING and "administrator" not in viewer.roles:
                other = next(one.mail for one in explained if one.to != name)
                with pytest.raises(Refused, match=f"There is no {other} that {name} may see"):
                    why(tx, viewer, other)


# -- the past ----------------------------------------------------------------------------------------------


def rehearsed(office: Office, folder: Path | None = None) -> Rehearsal:
    book = read_shelf(office.settings.workflows, office.settings.rules if folder is None else (folder,)).book
    with looking(office) as (tx, _):
        return rehearse(tx, book)


def test_the_rules_in_force_say_the_whole_year_again(office: Office) -> None:
    found = rehearsed(office)
    assert found.differences() == ()
    assert found.really == found.agreed > 250
    really = {saying for saying, said in found.before.items() if said.on <= date(2015, 3, 31)}
    assert len({saying.rule for saying in really}) > 15


def test_a_stricter_ladder_shows_what_it_would_have_changed(office: Office, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    shutil.copytree(HOME / "rules", folder)
    text = (folder / "action.yaml").read_text(encoding="utf-8")
    (folder / "action.yaml").write_text(
        text.replace("chased_from_on + 10 working days", "chased_from_on + 2 working days"), encoding="utf-8"
    )
    found = rehearsed(office, folder)
    by_rule = {row.rule: row.changes for row in found.by_rule()}
    assert by_rule["action-overdue-chair"][Change.ADDED] > 0
    assert {rule for rule, changes in by_rule.items() if changes} <= {
        "action-overdue-chair",
        "action-overdue",
    }


# -- what is to come ---------------------------------------------------------------------------------------


def test_what_goes_in_the_days_after_the_year_is_foretold(office: Office) -> None:
    with looking(office) as (tx, viewer):
        found = preview(on_day(tx, date(2016, 3, 31)), viewer, days=30)
    assert found.withheld == ()
    assert found.mails()
    assert all(one.goes_at.date() <= found.until_on for one in found.foretold)
