"""What the answers of several come to: each policy by example, and what no policy ever does by property."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.approvals import (
    Answer,
    ApprovalPolicy,
    Ballot,
    Late,
    Outcome,
    Party,
    Rejection,
    Voice,
    Word,
    policy_of,
)
from engine.spans import Span, Unit

ADA, BO, CLEO, DAN, ESME = range(1, 6)
YES, CHANGE, NO = Word.APPROVE, Word.REQUEST_CHANGE, Word.REJECT
WEEK = Span(5, Unit.WORKING_DAYS)

CHAIR = ApprovalPolicy((Party("chair"),), deputies={"chair": "deputy"})
ANY = ApprovalPolicy((Party("chair"), Party("clerk")))
ALL = ApprovalPolicy((Party("chair"), Party("clerk")), None, {"chair": "deputy"})
THREE = ApprovalPolicy((Party("member", is_group=True),), 3, rejection=Rejection.COUNTED)
EVERYBODY = ApprovalPolicy((Party("chair"), Party("member", is_group=True)), None)

chair, clerk = Voice(ADA, "chair", 1), Voice(BO, "clerk", 2)
deputy = Voice(DAN, "chair", 4, is_deputy=True)
members = tuple(Voice(person, "member", person) for person in (ADA, BO, CLEO, DAN, ESME))


def ballot(
    policy: ApprovalPolicy, voices: Sequence[Voice], *, is_late: bool = False, **answers: Word
) -> Ballot:
    """Let people answer one after the other, each with the voice that they have then."""
    found = Ballot(policy, voices, is_late=is_late)
    for name, word in answers.items():
        voice = found.voice_of({"ada": ADA, "bo": BO, "cleo": CLEO, "dan": DAN, "esme": ESME}[name])
        assert voice is not None, f"{name} has no voice"
        found = found.answered(voice, word)
    return found


def outcome(found: Ballot) -> str | None:
    return found.count().outcome


def to_answer(found: Ballot) -> list[int]:
    return [voice.person for voice in found.to_answer()]


# -- one, and any of ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "comes_to"),
    [(YES, "approved"), (CHANGE, "change_requested"), (NO, "rejected")],
)
def test_one_who_is_asked_settles_it(word: Word, comes_to: str) -> None:
    assert outcome(ballot(CHAIR, [chair, deputy])) is None
    assert outcome(ballot(CHAIR, [chair, deputy], ada=word)) == comes_to


def test_of_any_of_several_the_first_answer_settles_it() -> None:
    assert to_answer(ballot(ANY, [chair, clerk])) == [ADA, BO]
    assert outcome(ballot(ANY, [chair, clerk], bo=YES)) == "approved"
    assert outcome(ballot(ANY, [chair, clerk], ada=NO)) == "rejected"


def test_where_a_no_is_counted_another_of_any_of_several_can_still_agree() -> None:
    policy = ApprovalPolicy(ANY.asked, rejection=Rejection.COUNTED)
    assert outcome(ballot(policy, [chair, clerk], ada=NO)) is None
    assert outcome(ballot(policy, [chair, clerk], ada=NO, bo=YES)) == "approved"
    assert outcome(ballot(policy, [chair, clerk], ada=CHANGE, bo=NO)) == "change_requested"
    assert not policy.is_settled_by_one
    assert ANY.is_settled_by_one


# -- all of ------------------------------------------------------------------------------------------------


def test_all_of_them_have_to_agree_and_the_first_no_ends_it() -> None:
    assert outcome(ballot(ALL, [chair, clerk, deputy], ada=YES)) is None
    assert outcome(ballot(ALL, [chair, clerk, deputy], bo=YES, ada=YES)) == "approved"
    assert outcome(ballot(ALL, [chair, clerk, deputy], ada=YES, bo=CHANGE)) == "change_requested"
    assert outcome(ballot(ALL, [chair, clerk, deputy], ada=NO)) == "rejected"


def test_one_person_in_two_posts_counts_once_and_the_deputy_speaks_for_the_other() -> None:
    both = [chair, Voice(ADA, "clerk", 2), deputy]
    found = ballot(ApprovalPolicy(ALL.asked, None), both[:2])
    assert (found.count().wanted, found.count().to_spare) == (2, -1)
    found = ballot(ALL, both, ada=YES)
    assert (found.answers[0].voice.role, to_answer(found)) == ("clerk", [DAN])
    policy = ApprovalPolicy(ALL.asked, None, {"clerk": "deputy"})
    stands_in = Voice(DAN, "clerk", 4, is_deputy=True)
    found = ballot(policy, [chair, Voice(ADA, "clerk", 2), stands_in])
    assert (to_answer(found), found.count().to_spare) == ([ADA, ADA, DAN], 0)
    assert outcome(ballot(policy, [chair, Voice(ADA, "clerk", 2), stands_in], ada=YES)) is None
    assert outcome(ballot(policy, [chair, Voice(ADA, "clerk", 2), stands_in], ada=YES, dan=YES)) == "approved"


def test_whoever_holds_two_posts_speaks_in_the_one_that_leaves_the_most_to_the_others() -> None:
    two_chairs = [chair, Voice(CLEO, "chair", 3), Voice(ADA, "clerk", 2)]
    found = ballot(ApprovalPolicy(ALL.asked, None), two_chairs, ada=YES)
    assert found.answers[0].voice.role == "clerk"
    assert outcome(found) is None
    assert outcome(ballot(ApprovalPolicy(ALL.asked, None), two_chairs, ada=YES, cleo=YES)) == "approved"


def test_a_deputy_who_is_a_member_too_speaks_where_nobody_else_can() -> None:
    policy = ApprovalPolicy(EVERYBODY.asked, None, {"chair": "deputy"})
    found = ballot(policy, [*members[1:4], deputy], dan=YES)
    assert found.answers[0].voice == deputy
    assert (found.count().wanted, found.count().to_spare) == (3, 0)


def test_all_of_a_group_are_all_who_can_have_a_say() -> None:
    found = ballot(EVERYBODY, [chair, *members], ada=YES, bo=YES, cleo=YES, dan=YES)
    assert (found.count().wanted, to_answer(found)) == (5, [ESME])
    assert outcome(found.answered(members[4], YES)) == "approved"
    assert outcome(ballot(EVERYBODY, [chair, *members[:3]], ada=YES, bo=YES, cleo=YES)) == "approved"


def test_where_nobody_can_have_a_say_nothing_is_settled() -> None:
    for policy in (
        CHAIR,
        ANY,
        ALL,
        THREE,
        EVERYBODY,
        ApprovalPolicy((Party("member", is_group=True),), None),
    ):
        count = ballot(policy, []).count()
        assert (count.outcome, count.to_answer) == (None, ())
        assert count.to_spare < 0


# -- a number out of a group -------------------------------------------------------------------------------


def test_three_of_the_members_are_enough_whoever_else_says_no() -> None:
    assert outcome(ballot(THREE, members, ada=YES, bo=NO, cleo=YES)) is None
    assert outcome(ballot(THREE, members, ada=YES, bo=NO, cleo=YES, dan=YES)) == "approved"


def test_it_is_over_as_soon_as_three_can_agree_no_more() -> None:
    assert outcome(ballot(THREE, members, ada=NO, bo=NO)) is None
    assert outcome(ballot(THREE, members, ada=NO, bo=NO, cleo=NO)) == "rejected"
    assert outcome(ballot(THREE, members, ada=NO, bo=NO, cleo=CHANGE)) == "change_requested"
    # Those who ask for a change would do only where they were enough.
    assert outcome(ballot(THREE, members, ada=CHANGE, bo=NO, cleo=NO, dan=YES)) == "change_requested"
    assert outcome(ballot(THREE, members[:3], ada=NO)) == "rejected"


def test_with_a_veto_the_first_no_ends_it() -> None:
    policy = ApprovalPolicy(THREE.asked, 3, rejection=Rejection.VETO)
    assert outcome(ballot(policy, members, ada=YES, bo=YES, cleo=CHANGE)) == "change_requested"


def test_an_answer_is_replaced_by_the_next_one_of_the_same_person() -> None:
    found = ballot(THREE, members, ada=YES, bo=YES).answered(members[0], NO)
    assert [answer.word for answer in found.answers] == [YES, NO]
    assert (found.count().agreed, found.count().refused) == (1, 1)
    assert found.voice_of(ADA) == members[0]


def test_who_left_has_answered_all_the_same_and_the_successor_is_not_asked() -> None:
    before = ballot(THREE, members, bo=YES)
    successor = Voice(9, "member", BO)
    after = Ballot(THREE, [members[0], successor, *members[2:]], before.answers)
    assert after.count().agreed == 1
    assert after.voice_of(9) is None
    heard = after.heard_instead_of(9)
    assert heard is not None
    assert heard.voice.person == BO
    assert after.voice_of(BO) is None


def test_vacant_posts_keep_it_waiting_and_do_not_reject_it() -> None:
    found = ballot(THREE, members[:3], ada=YES, bo=YES)
    left = Ballot(THREE, members[:2], found.answers)
    assert (left.count().outcome, left.count().to_spare) == (None, -1)


# -- everybody is heard first ------------------------------------------------------------------------------

HEARD = ApprovalPolicy(THREE.asked, 3, rejection=Rejection.COLLECTED)


def test_where_everybody_is_heard_nothing_is_settled_before() -> None:
    assert outcome(ballot(HEARD, members, ada=YES, bo=YES, cleo=YES, dan=NO)) is None
    assert outcome(ballot(HEARD, members, ada=YES, bo=YES, cleo=YES, dan=NO, esme=NO)) == "approved"
    assert outcome(ballot(HEARD, members, ada=YES, bo=YES, cleo=NO, dan=NO, esme=NO)) == "rejected"


def test_the_last_answer_need_not_be_what_all_of_them_come_to() -> None:
    assert outcome(ballot(HEARD, members, ada=NO, bo=NO, cleo=NO, dan=YES, esme=YES)) == "rejected"
    assert outcome(ballot(HEARD, members, ada=YES, bo=YES, cleo=YES, dan=YES, esme=NO)) == "approved"


def test_nobody_waits_for_those_who_are_away_but_they_may_answer() -> None:
    away = [*members[:4], members[4]._replace(is_away=True)]
    assert outcome(ballot(HEARD, away, ada=YES, bo=YES, cleo=NO)) is None
    assert outcome(ballot(HEARD, away, ada=YES, bo=YES, cleo=YES, dan=NO)) == "approved"
    assert outcome(ballot(HEARD, away, ada=YES, bo=YES, cleo=NO, esme=YES, dan=NO)) == "approved"


# -- deputies, and those who are late ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("voices", "asked"),
    [
        ([chair, deputy], [ADA]),
        ([chair._replace(is_away=True), deputy], [ADA, DAN]),
        ([deputy], [DAN]),
        ([chair, Voice(CLEO, "chair", 3, is_away=True), deputy], [ADA, CLEO]),
    ],
)
def test_the_deputy_is_called_in_where_no_holder_is_there(voices: list[Voice], asked: list[int]) -> None:
    assert to_answer(ballot(CHAIR, voices)) == asked


def test_once_it_is_late_the_deputy_may_answer_beside_the_holder_and_one_answer_is_heard() -> None:
    assert to_answer(ballot(CHAIR, [chair, deputy], is_late=True)) == [ADA, DAN]
    found = ballot(ALL, [chair, clerk, deputy], is_late=True, dan=YES)
    assert (found.voice_of(ADA), to_answer(found)) == (None, [BO])
    assert outcome(found.answered(clerk, YES)) == "approved"


def test_once_it_is_late_fewer_can_be_enough() -> None:
    policy = ApprovalPolicy(THREE.asked, 3, rejection=Rejection.COUNTED, late=Late(WEEK, 2))
    assert outcome(ballot(policy, members, ada=YES, bo=YES)) is None
    assert outcome(ballot(policy, members, is_late=True, ada=YES, bo=YES)) == "approved"
    assert outcome(ballot(policy, members, is_late=True, ada=YES)) is None


def test_once_it_is_late_those_who_have_answered_are_counted() -> None:
    policy = ApprovalPolicy(THREE.asked, 3, rejection=Rejection.COLLECTED, late=Late(WEEK, 2))
    assert outcome(ballot(policy, members, ada=YES, bo=YES, cleo=NO)) is None
    assert outcome(ballot(policy, members, is_late=True, ada=YES, bo=YES, cleo=NO)) == "approved"
    assert outcome(ballot(policy, members, is_late=True, ada=YES, cleo=NO)) == "rejected"
    assert outcome(ballot(policy, members, is_late=True)) is None


def test_where_fewer_are_enough_no_deputy_is_called() -> None:
    policy = ApprovalPolicy(ALL.asked, None, ALL.deputies, late=Late(WEEK, 1))
    assert to_answer(ballot(policy, [chair, clerk, deputy], is_late=True)) == [ADA, BO]
    assert outcome(ballot(policy, [chair, clerk, deputy], is_late=True, bo=YES)) == "approved"


# -- what is kept ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "policy",
    [
        CHAIR,
        ANY,
        ALL,
        THREE,
        EVERYBODY,
        HEARD,
        ApprovalPolicy(ALL.asked, None, at_meeting=True, late=Late(WEEK, 1)),
    ],
)
def test_a_policy_is_kept_as_plain_data_and_read_back(policy: ApprovalPolicy) -> None:
    assert policy_of(json.loads(json.dumps({**policy.plain(), "apart": ["own_agency"]}))) == policy


def test_a_policy_of_the_time_before_is_read_as_it_was() -> None:
    told = {"by": "chair", "otherwise": "deputy", "at_meeting": True, "apart": []}
    assert policy_of(told) == ApprovalPolicy(CHAIR.asked, deputies=CHAIR.deputies, at_meeting=True)
    assert policy_of({**told, "otherwise": None}) == ApprovalPolicy(CHAIR.asked, at_meeting=True)


# -- whatever the policy -----------------------------------------------------------------------------------

ROLES = ("chair", "clerk", "member")


@st.composite
def ballots(draw: st.DrawFn) -> Ballot:
    """Any policy over three roles, six people in a few posts, and answers given in any order."""
    asked = tuple(
        Party(role, is_group=role == "member")
        for role in draw(st.lists(st.sampled_from(ROLES), unique=True, min_size=1))
    )
    deputies = {"chair": "deputy"} if Party("chair") in asked and draw(st.booleans()) else {}
    late = draw(st.sampled_from([None, Late(WEEK), Late(WEEK, 1), Late(WEEK, 2)]))
    policy = ApprovalPolicy(
        asked,
        draw(st.sampled_from([None, 1, 2, 3])),
        deputies,
        rejection=draw(st.sampled_from(Rejection)),
        late=late,
    )
    seats = draw(
        st.lists(st.tuples(st.integers(1, 6), st.sampled_from((*ROLES, "deputy"))), max_size=8, unique=True)
    )
    voices = [
        Voice(person, "chair" if role == "deputy" else role, post, role == "deputy", draw(st.booleans()))
        for post, (person, role) in enumerate(seats)
        if (role == "deputy" and deputies) or role in [party.role for party in asked]
    ]
    found = Ballot(policy, voices, is_late=draw(st.booleans()))
    for person in draw(st.permutations(range(1, 7))):
        voice = found.voice_of(person)
        if voice is not None and draw(st.booleans()):
            found = found.answered(voice, draw(st.sampled_from(Word)))
    return found


def most(found: Ballot) -> int:
    """Pair voices with people by trying everything: the slow way."""
    keys: dict[tuple[str, int], set[int]] = {}
    for voice in found.to_answer():
        is_single = Party(voice.role) in found.policy.asked
        keys.setdefault((voice.role, 0) if is_single else ("", voice.post), set()).add(voice.person)
    return _most(list(keys.values()), frozenset())


def _most(keys: Sequence[set[int]], taken: frozenset[int]) -> int:
    if not keys:
        return 0
    first, *others = keys
    return max(_most(others, taken), *(1 + _most(others, taken | {one}) for one in first - taken), 0)


@settings(max_examples=200, deadline=None)
@given(ballots())
def test_each_person_and_each_voice_is_heard_once(found: Ballot) -> None:
    people = [answer.voice.person for answer in found.answers]
    assert len(people) == len(set(people))
    singles = [
        answer.voice.role for answer in found.answers if Party(answer.voice.role) in found.policy.asked
    ]
    assert len(singles) == len(set(singles))
    assert {voice.person for voice in found.to_answer()}.isdisjoint(people)


@settings(max_examples=200, deadline=None)
@given(ballots())
def test_nothing_is_approved_without_as_many_as_have_to_agree(found: Ballot) -> None:
    count = found.count()
    agreed = sum(answer.word is YES for answer in found.answers)
    if count.outcome is Outcome.APPROVED:
        late = found.policy.late
        fewer = late.enough if found.is_late and late is not None and late.enough is not None else 99
        asked = len(found.policy.single_roles) if found.policy.number is None else found.policy.number
        assert agreed >= max(min(asked, fewer), 1)
        assert not (found.policy.rejection is Rejection.VETO and agreed < len(found.answers))
    elif count.outcome is not None:
        assert agreed < len(found.answers)


@settings(max_examples=200, deadline=None)
@given(ballots())
def test_as_many_are_still_to_come_as_can_be_paired(found: Ballot) -> None:
    assert found.count().to_come == most(found)


@settings(max_examples=200, deadline=None)
@given(ballots())
def test_where_it_can_be_met_everybodys_yes_approves_it(found: Ballot) -> None:
    if found.count().outcome is not None or any(answer.word is not YES for answer in found.answers):
        return
    can_be_met = found.count().to_spare >= 0
    while found.to_answer() and found.count().outcome is None:
        person = found.to_answer()[0].person
        voice = found.voice_of(person)
        assert voice is not None
        found = found.answered(voice, YES)
    assert (found.count().outcome is Outcome.APPROVED) is can_be_met


@settings(max_examples=150, deadline=None)
@given(ballots(), st.sampled_from(Word))
def test_the_answers_alone_decide_and_not_who_asks(found: Ballot, word: Word) -> None:
    assert found.count() == found.count()
    for voice in found.to_answer():
        answered = found.answered(voice, word)
        assert answered.answer_of(voice.person) == Answer(voice, word)
        assert voice.person not in to_answer(answered)
