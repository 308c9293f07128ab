"""What the rules will say, what they make of a subject, and why a mail was sent: each told as it then happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from assurance.access import Viewer, viewer_of
from assurance.office import Tx
from assurance.post import deliver, mailer_of
from assurance.queries.explaining import explain
from assurance.queries.foretelling import Way, on_day
from assurance.queries.preview import preview
from assurance.queries.why import why
from assurance.roster import roster
from engine.errors import Refused
from engine.moved import Ref
from notifications.outbox import Message
from tests.assurance.conftest import At
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday


@contextmanager
def looks(world: World, who: str) -> Iterator[tuple[Tx, Viewer]]:
    """Let somebody of the cast look."""
    actor = world.actor(who)
    with world.office.reading(actor) as tx:
        yield tx, viewer_of(roster(tx.session, group_id=actor.group_id, today=tx.today), actor)


def test_a_digest_is_foretold_as_one_mail_at_its_hour(world_at: At) -> None:
    world = world_at("actions")
    with looks(world, "ada") as (tx, viewer):
        mails = preview(on_day(tx, DUE), viewer, days=3).mails()
    digests = [mail for mail in mails if mail.way is Way.DIGEST]
    assert {f"{mail.goes_at:%H:%M}" for mail in digests} == {"07:45"}
    assert {f"{mail.goes_at:%a}" for mail in digests} == {"Fri", "Mon"}, "nothing goes on a Saturday"
    assert len({(mail.person, mail.goes_at) for mail in digests}) == len(digests)


def test_a_lead_sees_only_what_they_would_be_told(world_at: At) -> None:
    world = world_at("actions")
    with looks(world, "nell") as (tx, viewer):
        found = preview(tx, viewer, days=150)
    assert {one.person for one in found.foretold} == {world.actor("nell").name}


def test_a_rule_is_explained_with_the_values_of_the_day_and_the_day_of_change(world_at: At) -> None:
    world = world_at("actions")
    action = world.action("trust")
    with looks(world, "ada") as (tx, viewer):
        found = explain(tx, viewer, "action-overdue", action)
    assert not found.holds
    assert found.verdict == "It says nothing: its condition is not true today."
    assert found.changes_on == DUE + timedelta(days=1)
    assert found.changes_on is not None
    true = {one.text for one in found.comparisons if one.holds}
    assert true == {"state in (agreed, in_progress)", "waiting_on is empty"}
    world.night(DUE + timedelta(days=1))
    with looks(world, "ada") as (tx, viewer):
        found = explain(tx, viewer, "action-overdue", action)
    assert (found.holds, found.times_said, found.first_said_on) == (True, 1, world.today)
    assert found.verdict == "It has said all that it has to say on this occasion so far."


@pytest.mark.parametrize(
    ("rule", "ref", "sentence"),
    [
        ("action-overdu", "action/1", "did you mean 'action-overdue'?"),
        ("return-late", "action/1", "The rule ‘return-late’ is about agency_return, and action/1 is none."),
        ("action-overdue", "action/99", "There is no action/99"),
    ],
)
def test_what_cannot_be_explained_is_refused_with_a_sentence(
    world_at: At, rule: str, ref: str, sentence: str
) -> None:
    world = world_at("actions")
    kind, _, number = ref.partition("/")
    with looks(world, "ada") as (tx, viewer), pytest.raises(Refused) as refused:
        explain(tx, viewer, rule, Ref(kind, int(number)))
    assert sentence in str(refused.value)


def test_every_mail_of_an_audit_can_say_why_it_was_sent(world_at: At) -> None:
    world = world_at("actions")
    for days in (4, 40):
        world.nights(DUE + timedelta(days=days))
        world.on(world.today)
        deliver(world.office, mailer_of(world.office.settings))
    numbers = world.ask(sa.select(Message.id).order_by(Message.id))
    with looks(world, "sam") as (tx, viewer):
        found = [why(tx, viewer, f"mail/{number}") for number in numbers]
    unexplained = [one.mail for one in found if not one.causes and one.state != "withdrawn"]
    assert unexplained == []
    ruled = [cause for one in found for cause in one.causes if cause.rule is not None]
    assert {cause.rule.id for cause in ruled if cause.rule} >= {"action-overdue", "action-overdue-chair"}
    assert all(cause.because and cause.told_as for cause in ruled)


def test_nobody_asks_about_the_mail_of_others(world_at: At) -> None:
    world = world_at("actions")
    [number] = world.ask(sa.select(Message.id).where(Message.to_name != world.actor("nell").name).limit(1))
    with looks(world, "nell") as (tx, viewer), pytest.raises(Refused, match="There is no mail/"):
        why(tx, viewer, str(number))
