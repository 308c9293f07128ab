"""The right of reply: whoever is to be named is heard before, somebody else looks, and nothing dies quietly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from assurance.commands.replying import reply
from assurance.records import Agency, Person, Post, PostHolding, RuleHold
from engine.errors import Refused
from engine.fences import EVERY
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.assurance.looking import card, told, value
from tests.world import Mail, World

DUE = date(2015, 2, 27)  # the actions of the audit, a Friday
NOTICED_ON, NAMED_ON = date(2015, 3, 10), date(2015, 3, 13)  # three working days before, and ten after
HELD_UNTIL = date(2015, 3, 17)  # five working days after a reply on the day of the notice
CHAIR = "action-overdue-chair"
TEXT = "The briefing was held on Monday; the list of who came follows this week."
HOLD = Ref("hold", 1)


def noticed(world: World) -> Ref:
    """Let the day of the notice come, and give the action of the trust."""
    world.night(NOTICED_ON)
    world.news()
    world.on(NOTICED_ON)
    return world.action("trust")


def replies(
    world: World, who: str, ref: Ref, rule: str = CHAIR, text: str = TEXT, key: str | None = None
) -> Ref:
    with world.does(who) as tx:
        return reply(tx, ref, rule, text, key=key)


def to_the_chair(world: World) -> list[Mail]:
    """Give the chair's mails about the action of the trust since somebody last asked."""
    return [mail for mail in world.news() if mail.to == "ada" and mail.template == "escalation"]


def kinds(world: World, ref: Ref) -> list[str]:
    return [line.kind for line in world.history(ref)]


# -- what comes of a notice --------------------------------------------------------------------------------


def test_after_a_notice_to_which_nobody_replies_the_chair_is_told(any_world_at: At) -> None:
    world = any_world_at("actions")
    world.night(NOTICED_ON)
    heard = [mail for mail in world.news() if mail.template == "notice"]
    assert sorted(mail.to for mail in heard) == ["gil", "nell"]
    assert "On 13 March 2015 Ada Ashdown will be told" in heard[0].said
    action = world.action("trust")
    (line,) = [one for one in world.history(action) if one.kind == "noticed"]
    assert (line.data["rule"], line.data["heard"]) == (CHAIR, "owner")
    world.night(NAMED_ON - timedelta(days=1))
    assert to_the_chair(world) == []
    world.night(NAMED_ON)
    (named,) = to_the_chair(world)
    assert named.said == "An action is ten working days overdue (2 of them)."
    assert world.history(action)[-1].data["notice"] == {"on": "2015-03-10", "replied": False}
    assert world.proof().faults == ()


def test_a_reply_is_looked_at_and_the_chair_is_told_with_it(any_world_at: At) -> None:
    world = any_world_at("actions")
    action = noticed(world)
    assert replies(world, "nell", action) == HOLD
    (asked,) = world.news()
    assert (asked.to, asked.template, asked.severity) == ("sam", "reply_to_check", "decision")
    assert (
        asked.said
        == "Nell Norris has replied to the notice that “An action is ten working days overdue” will be told."
    )
    assert asked.link.endswith("/hold/1")
    assert TEXT not in asked.everything
    world.night(NAMED_ON)
    assert "Action 1" not in "".join(str(mail.items) for mail in to_the_chair(world))
    world.on(NAMED_ON)
    world.moves("sam", HOLD, "let_speak", reason="The list has not come.")
    (answer,) = world.news()
    assert (answer.to, answer.template) == ("nell", "reply_seen")
    assert answer.said == (
        "Your reply was read: “An action is ten working days overdue” is told now, and with it that you have replied."
    )
    world.night(NAMED_ON + timedelta(days=3))
    (named,) = to_the_chair(world)
    assert named.said == (
        "An action is ten working days overdue. Nell Norris has replied to the notice, on 10 March 2015; "
        "it was looked at on 13 March 2015."
    )
    assert [kind for kind in kinds(world, action) if kind in ("noticed", "replied", "reply_seen")] == [
        "noticed",
        "replied",
        "reply_seen",
    ]
    (replied, seen) = [one for one in world.history(action) if one.data.get("hold") == 1]
    assert world.texts(action)[replied.seq, "reply"] == TEXT
    assert seen.data["answer"] == "escalate"
    assert world.proof().faults == ()


def test_a_reply_at_which_nobody_looks_holds_for_five_working_days_and_then_the_chair_is_told_that(
    any_world_at: At,
) -> None:
    world = any_world_at("actions")
    action = noticed(world)
    replies(world, "bo", action)
    world.nights(HELD_UNTIL)
    assert f"{CHAIR} 0" not in world.fired(action)
    chased = [reminder.to for reminder in world.reminded() if reminder.rule == "reply-not-looked-at"]
    assert chased == ["sam", "sam", "sam"]
    world.news()
    world.night(HELD_UNTIL + timedelta(days=1))
    (named,) = to_the_chair(world)
    assert named.said.endswith(
        "Bo Birchall has replied to the notice, on 10 March 2015; nobody has looked at the reply."
    )
    last = told(world, "ada", action)[-1]
    assert last.sentence.endswith("A reply was made (hold/1), and nobody has looked at it.")
    assert world.proof().faults == ()


def test_a_reply_can_hold_the_rule_for_longer(world_at: At) -> None:
    world = world_at("actions")
    action = noticed(world)
    replies(world, "nell", action)
    world.news()
    until = date(2015, 3, 24)
    world.moves("sam", HOLD, "hold", until=until, reason="The list comes on Monday.")
    (answer,) = world.news()
    assert answer.said == (
        "Your reply was read: until 24 March 2015 nobody is told “An action is ten working days overdue”."
    )
    world.nights(until)
    assert f"{CHAIR} 0" not in world.fired(action)
    world.night(until + timedelta(days=1))
    (named,) = [one for one in world.history(action) if one.data.get("rule") == CHAIR and one.kind == "fired"]
    assert named.data["notice"]["looked_at_on"] == "2015-03-10"
    said = [line.sentence for line in told(world, "ada", action) if "(hold/1)" in line.sentence]
    assert said[:2] == [
        "Nell Norris replied to the notice of the rule ‘action-overdue-chair’, which waits until 17 March 2015 (hold/1).",
        "Sam Sedley looked at the reply to the rule ‘action-overdue-chair’ and held it until 24 March 2015 (hold/1).",
    ]


def test_a_reply_to_one_level_leaves_the_next_one_its_own_notice(world_at: At) -> None:
    world = world_at("actions")
    action = noticed(world)
    replies(world, "nell", action)
    world.moves("sam", HOLD, "hold", until=date(2015, 4, 7), reason="They are away.")
    world.nights(date(2015, 3, 30))
    assert world.fired(action)[-1] == "action-overdue-agenda 0"
    notices = [line.data["rule"] for line in world.history(action) if line.kind == "noticed"]
    assert notices == [CHAIR, "action-overdue-agenda"]


def test_a_date_that_is_moved_after_a_reply_needs_neither(world_at: At) -> None:
    world = world_at("actions")
    action = noticed(world)
    replies(world, "nell", action)
    world.is_granted("nell", action, "extend", new_due_on=date(2015, 4, 30), reason="Illness.")
    world.nights(date(2015, 4, 1))
    assert f"{CHAIR} 0" not in world.fired(action)


def test_the_text_of_a_reply_stands_beside_the_history_and_is_read_by_few(world_at: At) -> None:
    world = world_at("actions")
    action = noticed(world)
    replies(world, "nell", action)
    assert value(card(world, "sam", HOLD), "words") == TEXT
    assert value(card(world, "nell", HOLD), "words") == TEXT
    with pytest.raises(StopIteration):
        value(card(world, "fay", HOLD), "words")
    assert TEXT not in str(world.history(action))


# -- who may reply, and when -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("fay", "The notice about Action 1 is for Nell Norris or Bo Birchall; only they can reply to it."),
        ("ada", "The notice about Action 1 is for Nell Norris or Bo Birchall; only they can reply to it."),
    ],
)
def test_only_whoever_was_given_notice_and_their_lead_can_reply(
    world_at: At, who: str, sentence: str
) -> None:
    world = world_at("actions")
    action = noticed(world)
    with pytest.raises(Refused) as refusal:
        replies(world, who, action)
    assert refusal.value.reasons[0].sentence == sentence


def _before_the_notice(world: World) -> None:
    world.on(NOTICED_ON - timedelta(days=1))


def _after_the_escalation(world: World) -> None:
    world.night(NOTICED_ON)
    world.on(NOTICED_ON)
    world.delivers()
    world.night(NAMED_ON)
    world.on(NAMED_ON)


def _after_a_reply(world: World) -> None:
    replies(world, "nell", noticed(world))


def _after_the_notice(world: World) -> None:
    noticed(world)


@pytest.mark.parametrize(
    ("after", "rule", "text", "sentence"),
    [
        (
            _before_the_notice,
            CHAIR,
            TEXT,
            "No notice of the rule ‘action-overdue-chair’ is open about Action 1.",
        ),
        (
            _after_the_escalation,
            CHAIR,
            TEXT,
            "The rule ‘action-overdue-chair’ has spoken already, on 13 March 2015; say in a progress note",
        ),
        (_after_a_reply, CHAIR, TEXT, "A reply was made on 10 March 2015 (hold/1); one is enough."),
        (_after_the_notice, CHAIR, "  ", "Write down your reply; it is empty."),
        (
            _after_the_notice,
            "action-overdue",
            TEXT,
            "The rule ‘action-overdue’ gives no notice, so that there is nothing to reply to.",
        ),
        (_after_the_notice, "action-overdue-char", TEXT, "did you mean 'action-overdue-chair'?"),
        (_after_the_notice, "return-late-chair", TEXT, "'return-late-chair' is not a rule about action."),
    ],
)
def test_a_reply_that_is_too_early_too_late_or_to_nothing_is_refused(
    world_at: At, after: Callable[[World], None], rule: str, text: str, sentence: str
) -> None:
    world = world_at("actions")
    after(world)
    before = kinds(world, world.action("trust"))
    with pytest.raises(Refused) as refusal:
        replies(world, "nell", world.action("trust"), rule, text)
    assert sentence in refusal.value.reasons[0].sentence
    assert kinds(world, world.action("trust")) == before


def test_the_same_reply_is_made_once(world_at: At) -> None:
    world = world_at("actions")
    action = noticed(world)
    replies(world, "nell", action, key="mine")
    with pytest.raises(Refused, match="one is enough"):
        replies(world, "nell", action, key="mine")


def test_a_vacant_post_is_heard_through_whoever_stands_in_for_it(world_at: At) -> None:
    world = world_at("actions")
    world.leaves("health_visiting", successor="viv")
    action = noticed(world)
    with pytest.raises(Refused, match="Viv Vane or Bo Birchall"):
        replies(world, "fay", action)
    assert replies(world, "viv", action) == HOLD


# -- who looks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        (
            "nell",
            "‘Let the rule speak although a reply was made’ is a step for the coordinator, the deputy chair or the chair",
        ),
        (
            "gil",
            "‘Let the rule speak although a reply was made’ is a step for the coordinator, the deputy chair or the chair",
        ),
    ],
)
def test_only_the_coordinator_the_deputy_or_the_chair_looks_at_a_reply(
    world_at: At, who: str, sentence: str
) -> None:
    world = world_at("actions")
    replies(world, "nell", noticed(world))
    with pytest.raises(Refused) as refusal:
        world.moves(who, HOLD, "let_speak")
    assert refusal.value.reasons[0].sentence.startswith(sentence)


def test_nobody_looks_at_a_reply_of_their_own_agency(world_at: At) -> None:
    world = world_at("actions")
    replies(world, "nell", noticed(world))
    give_a_post(world, "sam", agency="trust")
    with pytest.raises(Refused, match="You hold a post in the agency whose work this is"):
        world.moves("sam", HOLD, "let_speak")


def test_nobody_looks_at_their_own_reply_and_the_deputy_is_asked_instead(world_at: At) -> None:
    world = world_at("actions")
    world.leaves("health_visiting")
    world.leaves("nursing")
    action = noticed(world)
    replies(world, "sam", action)
    assert world.told("reply_to_check") == ["dan"]
    with pytest.raises(Refused, match="You have placed this yourself"):
        world.moves("sam", HOLD, "let_speak")
    world.night(NOTICED_ON + timedelta(days=2))
    assert [one.to for one in world.reminded() if one.rule == "reply-not-looked-at"] == ["dan"]
    world.moves("dan", HOLD, "let_speak")
    assert world.state(HOLD) == "lifted"


def test_where_coordinator_and_deputy_are_of_that_agency_the_chair_looks_at_a_reply(world_at: At) -> None:
    world = world_at("actions")
    action = noticed(world)
    for who in ("sam", "dan"):
        give_a_post(world, who, agency="trust")
    replies(world, "nell", action)
    assert world.told("reply_to_check") == ["ada"]
    world.night(NOTICED_ON + timedelta(days=2))
    assert [one.to for one in world.reminded() if one.rule == "reply-not-looked-at"] == ["ada"]
    world.moves("ada", HOLD, "hold", until=date(2015, 3, 20), reason="The list comes on Thursday")
    assert world.row(RuleHold, HOLD).until_on == date(2015, 3, 20)


@pytest.mark.parametrize(
    ("until", "reason", "sentence"),
    [
        (NOTICED_ON, "Later", "The last day lies ahead."),
        (
            date(2015, 4, 10),
            "Later",
            "A rule is held for twenty working days at most; then somebody looks again.",
        ),
        (date(2015, 3, 20), None, "Fill in ‘Reason’ with a few words."),
    ],
)
def test_a_rule_is_held_for_twenty_working_days_at_most_and_with_a_reason(
    world_at: At, until: date, reason: str | None, sentence: str
) -> None:
    world = world_at("actions")
    replies(world, "nell", noticed(world))
    with pytest.raises(Refused) as refusal:
        world.moves("sam", HOLD, "hold", until=until, reason=reason)
    assert [one.sentence for one in refusal.value.reasons] == [sentence]
    assert world.row(RuleHold, HOLD).until_on == HELD_UNTIL


def test_a_reply_whose_last_day_is_over_is_answered_no_more(world_at: At) -> None:
    world = world_at("actions")
    replies(world, "nell", noticed(world))
    world.on(HELD_UNTIL + timedelta(days=1))
    with pytest.raises(Refused, match="Its last day was 17 March 2015; the rule speaks by itself"):
        world.moves("sam", HOLD, "let_speak")


def test_a_reply_is_neither_renewed_nor_lifted(world_at: At) -> None:
    world = world_at("actions")
    replies(world, "nell", noticed(world))
    with pytest.raises(Refused, match="Only an acknowledgement is renewed"):
        world.moves("nell", HOLD, "renew", until=date(2015, 3, 20), reason="It takes longer.")
    with pytest.raises(Refused, match="A reply is looked at, not lifted"):
        world.moves("nell", HOLD, "lift", reason="It is done.")
    assert world.state(HOLD) == "in_force"


def give_a_post(world: World, who: str, *, agency: str) -> None:
    """Let somebody hold a further post in an agency from today."""
    with world.office.store.begin(group=EVERY) as session:
        post = Post(
            group_id=world.group_id,
            key=f"{who}_{agency}",
            title="A further post",
            role="post_holder",
            agency_id=world.number(Agency, agency),
            is_member=False,
        )
        session.add(post)
    with world.office.store.begin(group=EVERY) as session:
        session.add(
            PostHolding(
                group_id=world.group_id,
                post_id=world.number(Post, f"{who}_{agency}"),
                person_id=world.number(Person, who),
                from_on=world.today,
            )
        )
