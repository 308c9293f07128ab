"""Why a mail was sent: the entry that called for it, the rule in its words of that day, and who decided whom it tells."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from assurance.adopting import accept_backlog, only_from
from assurance.commands.accepting import acknowledge
from assurance.commands.replying import reply
from assurance.commands.silencing import silence
from assurance.commands.waiting import stop_waiting, wait_for
from assurance.queries.who_decided import RuleThen
from assurance.queries.why import Why, why
from assurance.records import Agency
from assurance.sweep import sweep
from engine.errors import Refused
from engine.fences import EVERY
from engine.moved import Ref
from notifications.outbox import Message
from tests.assurance.conftest import At
from tests.assurance.full_world import full_world
from tests.assurance.looking import looks
from tests.assurance.papers import asked
from tests.assurance.post_office import EVENING, morning
from tests.assurance.ruled import CHAIR_ALONE, CLOCK, OVERDUE, under
from tests.world import World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday
SATURDAY = DUE + timedelta(days=1)
CHAIR = "action-overdue-chair"


def asks_why(world: World, mail: int | str, *, who: str | None = None) -> Why:
    with looks(world, who) as (tx, viewer):
        return why(tx, viewer, str(mail))


def newest(world: World, template: str, *, to: str | None = None) -> int:
    """Give the newest mail of a template, to anybody or to one person."""
    query = sa.select(Message.id).where(Message.template == template)
    if to is not None:
        query = query.where(Message.person_ref == f"person/{world.actor(to).person_id}")
    return int(world.ask(query.order_by(Message.id.desc()))[0])


def rule_in(found: Why) -> RuleThen:
    [rule] = {cause.rule for cause in found.causes}
    assert rule is not None
    return rule


# -- mails of rules ----------------------------------------------------------------------------------------


def test_every_mail_of_an_eventful_time_can_say_why_it_was_sent(any_world_at: At) -> None:
    world = any_world_at("actions")
    action = world.action("trust")
    for number in range(-8, 50):
        day = DUE + timedelta(days=number)
        morning(world, day)
        world.on(day)
        match number:
            case -7:
                with world.does("nell") as tx:
                    wait_for(tx, action, world.number(Agency, "police"), "The list is theirs.")
            case -3:
                with world.does("nell") as tx:
                    stop_waiting(tx, action, "It has come.")
            case 16:
                with world.does("nell") as tx:
                    reply(tx, action, CHAIR, "It was done on Monday.")
            case 18:
                world.moves("sam", Ref("hold", 1), "let_speak")
            case 20:
                with world.does("dan") as tx:
                    until = day + timedelta(days=6)
                    acknowledge(tx, action, until_on=until, reason="The lead is off sick.")
            case 30:
                with world.does("sam") as tx:
                    until = day + timedelta(days=6)
                    silence(tx, ref=world.action("ccg"), until_on=until, reason="It is counted.")
    numbers = world.ask(sa.select(Message.id).order_by(Message.id))
    found = [asks_why(world, number) for number in numbers]
    assert {one.template for one in found} >= {"digest", "notice", "escalation", "awaited", "reply_to_check"}
    assert [one.mail for one in found if not one.causes and one.state != "withdrawn"] == []
    assert {one.hidden for one in found} == {0}
    causes = [cause for one in found for cause in one.causes]
    assert all(cause.sentence and cause.decided for cause in causes)
    of_rules = [cause for cause in causes if cause.rule is not None]
    assert {cause.rule.id for cause in of_rules if cause.rule} >= {"action-overdue", CHAIR, "hold-ends-soon"}
    assert all(cause.because and cause.told_as and cause.occasion for cause in of_rules)


def test_an_escalation_names_its_rule_in_the_words_of_the_file(world_at: At) -> None:
    world = world_at("actions")
    for day in (date(2015, 3, 10), date(2015, 3, 13)):
        morning(world, day)
    found = asks_why(world, newest(world, "escalation", to="ada"))
    [*_, cause] = found.causes
    assert cause.sentence.startswith(f"The rule ‘{CHAIR}’ spoke, an escalation")
    assert "chased_from_on + 10 working days <= today (13 March 2015, 13 March 2015)" in cause.because
    assert cause.decided == (
        f"The group's rule ‘{CHAIR}’ tells the chair, and the owner and the agency lead besides. "
        "Ada Ashdown is told as chair."
    )
    rule = rule_in(found)
    assert (rule.tells, rule.copies, rule.notice) == (
        ("chair",),
        ("owner", "agency_lead"),
        "owner, 3 working days before",
    )
    assert rule.when.startswith("state in (agreed, in_progress) and waiting_on is empty")
    assert (rule.in_force, rule.written_at) == ("in force since 1 September 2014", "rules/action.yaml:46")


def test_a_notice_says_that_nobody_else_is_told_yet(world_at: At) -> None:
    world = world_at("actions")
    morning(world, date(2015, 3, 10))
    found = asks_why(world, newest(world, "notice", to="nell"))
    [cause] = found.causes
    assert cause.sentence.startswith(f"The rule ‘{CHAIR}’ gave notice to the owner")
    assert cause.decided == (
        f"The group's rule ‘{CHAIR}’ gives notice to the owner first. Nell Norris is told as owner."
    )


def test_a_digest_is_explained_item_by_item_before_it_goes_and_afterwards(world_at: At) -> None:
    world = world_at("actions")
    for day in (DUE, SATURDAY):
        morning(world, day)
    number = newest(world, "digest", to="nell")
    before = asks_why(world, number, who="nell")
    assert (before.state, before.sent_at) == ("queued", None)
    morning(world, SATURDAY + timedelta(days=2))
    after = asks_why(world, number, who="nell")
    assert after.state == "sent"
    assert {cause.occasion for cause in after.causes} == {"2015-02-27"}
    assert [cause.ref for cause in before.causes] == [cause.ref for cause in after.causes]
    assert {cause.rule.id for cause in after.causes if cause.rule} == {"action-overdue"}


def test_a_digest_with_nothing_left_in_it_says_nothing(world_at: At) -> None:
    world = world_at("actions")
    for day in (DUE, SATURDAY):
        morning(world, day)
    number = newest(world, "digest", to="nell")
    world.on(SATURDAY, EVENING)
    later = DUE + timedelta(days=60)
    world.is_granted("nell", world.action("trust"), "extend", new_due_on=later, reason="Sickness")
    morning(world, SATURDAY + timedelta(days=2))
    found = asks_why(world, number)
    assert (found.state, found.causes, found.hidden) == ("withdrawn", (), 0)


# -- a rule as it was --------------------------------------------------------------------------------------


def test_a_rule_that_was_changed_later_is_shown_as_it_was(world_at: At, tmp_path: Path) -> None:
    world = under(world_at("actions"), tmp_path / "rules", CHAIR_ALONE)
    morning(world, date(2015, 3, 13))
    number = newest(world, "escalation", to="ada")
    changed = CHAIR_ALONE.replace("10 working days", "15 working days").replace("ten", "fifteen")
    under(world, tmp_path / "changed", changed)
    morning(world, date(2015, 3, 16))
    rule = rule_in(asks_why(world, number))
    assert "current_due_on + 10 working days <= today" in rule.when
    assert rule.title == "An action is ten working days late"
    assert rule.written_at == "", "no file has it in these words any more"


def test_a_rule_that_is_gone_is_shown_as_it_was(world_at: At, tmp_path: Path) -> None:
    world = under(world_at("actions"), tmp_path / "rules", CHAIR_ALONE)
    morning(world, date(2015, 3, 13))
    number = newest(world, "escalation", to="ada")
    under(world, tmp_path / "others", OVERDUE)
    morning(world, date(2015, 3, 16))
    assert rule_in(asks_why(world, number)).title == "An action is ten working days late"


def many_late(world: World, folder: Path) -> World:
    """Let a rule of two owe more mails than the clock allows by itself."""
    for _ in range(2):
        world.plans("bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting")
    world.on(DUE + timedelta(days=3), time(6, 30))
    return under(world, folder, OVERDUE, clock=CLOCK + "cap: 5\n")


def test_a_rule_that_somebody_put_in_force_says_who(world_at: At, tmp_path: Path) -> None:
    world = many_late(world_at("actions"), tmp_path / "rules")
    accept_backlog(world.office, world.actor("sam"), ["late"])
    sweep(world.office)
    rule = rule_in(asks_why(world, newest(world, "reminder", to="nell")))
    assert (
        rule.in_force == "in force since 2 March 2015 by the word of Sam Sedley, with all that it owed then"
    )


def test_a_rule_that_counts_only_from_a_day_on_says_so(world_at: At, tmp_path: Path) -> None:
    world = many_late(world_at("actions"), tmp_path / "rules")
    only_from(world.office, world.actor("ada"), ["late"], world.today)
    due_on = world.today
    world.plans(
        "bo", "trust", recommendation=Ref("recommendation", 1), owner="health_visiting", due_on=due_on
    )
    world.night(world.today + timedelta(days=1))
    rule = rule_in(asks_why(world, newest(world, "reminder", to="nell")))
    assert rule.in_force == (
        "in force since 2 March 2015 by the word of Ada Ashdown, for what became true from 2 March 2015 on"
    )


# -- mails of steps, decisions and meetings ----------------------------------------------------------------


def test_a_step_names_whom_the_workflow_tells(world_at: At) -> None:
    world = world_at("theme_agreed")
    found = asks_why(world, newest(world, "stage", to="bo"))
    [cause] = found.causes
    assert "decided the step ‘Agree the theme’" in cause.sentence
    assert cause.decided == (
        "The group's workflow tells the members and the coordinator of the step ‘Agree the theme’. "
        "Bo Birchall is told as one of the members."
    )
    assert cause.rule is None


def test_a_mail_of_an_older_database_does_not_say_as_whom_but_who_decided(world_at: At) -> None:
    world = world_at("theme_agreed")
    with world.office.store.begin(group=EVERY) as session:
        session.execute(sa.update(Message).values(told_as="", rests_on="[]"))
    [cause] = asks_why(world, newest(world, "stage", to="bo")).causes
    assert cause.decided == (
        "The group's workflow tells the members and the coordinator of the step ‘Agree the theme’."
    )
    [cause] = asks_why(world, newest(world, "invitation", to="bo")).causes
    assert cause.decided == "Everybody who belongs to the group is invited to its meetings."


def test_a_decision_names_its_terms(world_at: At) -> None:
    world = world_at("proposed")
    world.asks("sam", world.audit, "agree_theme")
    [cause] = asks_why(world, newest(world, "approval_waiting")).causes
    assert cause.decided == (
        "The group's workflow says who decides on the step ‘Agree the theme’: the chair; the deputy chair for the "
        "chair where that is called for. Ada Ashdown is one of those who may answer, or looks after it where nobody may."
    )


def test_a_decision_of_several_names_how_many(papers: World) -> None:
    asked(papers, "theme")
    [cause] = asks_why(papers, newest(papers, "approval_waiting", to="bo")).causes
    assert "on the step ‘Adopt the theme’: 3 of the members." in cause.decided


def test_an_invitation_names_its_meeting(world: World) -> None:
    found = asks_why(world, newest(world, "invitation", to="bo"))
    [cause] = found.causes
    assert cause.ref.kind == "meeting"
    assert cause.decided == "Everybody who belongs to the group is invited to its meetings."
    assert found.posts == ("Nursing",)


# -- who may ask -------------------------------------------------------------------------------------------


def test_a_mail_is_found_by_its_number_its_key_and_its_message_id(world_at: At) -> None:
    world = world_at("theme_agreed")
    morning(world, world.today + timedelta(days=1))
    number = newest(world, "stage", to="bo")
    [mail] = world.ask(sa.select(Message).where(Message.id == number))
    for written in (f"mail/{number}", str(number), mail.key, mail.message_id, mail.message_id.strip("<>")):
        assert asks_why(world, written).mail == f"mail/{number}"
    for written in ("mail/99999", "mail/0", str(2**40), "nothing"):
        with pytest.raises(Refused, match="There is no "):
            asks_why(world, written)


def test_nobody_asks_about_the_mail_of_others_but_those_who_see_everything(world_at: At) -> None:
    world = world_at("theme_agreed")
    number = newest(world, "stage", to="bo")
    for who in ("bo", "sam", "ada", "una", "ida"):
        assert asks_why(world, number, who=who).to == "Bo Birchall"
    for who in ("dev", "cleo", "thea", "viv"):
        with pytest.raises(Refused, match=f"There is no mail/{number} that "):
            asks_why(world, number, who=who)


def test_whoever_keeps_the_accounts_sees_that_a_mail_went_and_not_what_it_is_about(world_at: At) -> None:
    world = full_world(world_at)
    number = newest(world, "concern", to="dev")
    found = asks_why(world, number, who="ida")
    assert (found.to, found.causes, found.hidden) == ("Dev Dunmore", (), 1)
    assert len(asks_why(world, number, who="dev").causes) == 1
