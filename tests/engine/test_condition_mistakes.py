"""A mistake in a condition is answered with its place and a sentence that somebody who does not program understands."""

from __future__ import annotations

import pytest

from engine.conditions import parse
from engine.errors import BadDefinition
from engine.vocabulary import Field, Kind, Vocabulary
from engine.yamlfile import parse_yaml
from tests.engine.action_words import ACTION

STATES = "Known: agreed, in_progress, confirmed, verified"
FACTS = "Known: state, outcome, agreed_on, due_on, evidence_count, times_moved, is_late, is_own_agency, remark, today"
UNITS = "Known: days, working days, weeks, months, years"
TWO_WAYS = "'and' and 'or' stand side by side, which can be read in two ways; put brackets around what belongs together"
EXPECTED_FACT = "expected a fact of action, a date or a number, but found"
ONLY_EMPTY = "a condition can only ask whether it 'is empty' or 'is not empty'"

# Each mistake, the column at which it stands in the text, and what is said about it.
MISTAKES = [
    # words
    ("state = inprogress", 9, f"'inprogress' is not a state of action; did you mean 'in_progress'? {STATES}"),
    ("state = done", 9, f"'done' is not a state of action. {STATES}"),
    ("outcome = drpped", 11, "'drpped' is not an outcome of action; did you mean 'dropped'? Known: kept, dropped"),
    ("state in (agreed, agred)", 19, f"'agred' is not a state of action; did you mean 'agreed'? {STATES}"),
    ("state = today", 9, f"'today' is not a state of action. {STATES}"),
    ("due < today", 1, f"'due' is not a fact of action; did you mean 'due_on'? {FACTS}"),
    ("due_on < tomorrow", 10, f"'tomorrow' is not a fact of action. {FACTS}"),
    ("due_on < in_progress", 10, "'in_progress' is a state; write 'state = in_progress'"),
    ("is_late and kept", 13, "'kept' is an outcome; write 'outcome = kept'"),
    # something is missing
    ("is_late and", 12, f"{EXPECTED_FACT} nothing more"),
    ("due_on <", 9, f"{EXPECTED_FACT} nothing more"),
    ("state =", 8, f"expected a state of action, but found nothing more. {STATES}"),
    ("state in ()", 11, f"expected a state of action, but found ')'. {STATES}"),
    ("state", 6, "expected a comparison after 'state', such as 'state = agreed', but found nothing more"),
    ("due_on and is_late", 8, "expected a comparison after 'due_on', such as 'due_on < today', but found 'and'"),
    ("evidence_count", 15, "expected a comparison after 'evidence_count', such as 'evidence_count > 0', but found nothing more"),
    ("remark", 7, "expected a comparison after 'remark', such as 'remark is not empty', but found nothing more"),
    ("today", 6, "expected a comparison after 'today', but found nothing more"),
    ("due_on + 1 week", 16, "expected a comparison after 'due_on + 1 week', but found nothing more"),
    ("and is_late", 1, f"{EXPECTED_FACT} 'and'"),
    ("< today", 1, f"{EXPECTED_FACT} '<'"),
    ("(is_late", 1, "the bracket that opens here is not closed"),
    ("state in (agreed", 10, "the bracket that opens here is not closed"),
    ("is_late)", 8, "this bracket closes nothing; no bracket is open here"),
    ("(is_late is_own_agency)", 10, "expected 'and', 'or' or a closing bracket here, but found 'is_own_agency'"),
    ("state in (agreed verified)", 18, "expected a comma or a closing bracket here, but found 'verified'"),
    ("is_late is_own_agency", 9, "expected 'and', 'or' or the end here, but found 'is_own_agency'"),
    ("state in agreed", 10, "after 'in' comes a list in brackets, such as '(agreed, in_progress)'"),
    ("evidence_count in 3", 19, "after 'in' comes a list in brackets, such as '(1, 2)'"),
    ("due_on in 2026-01-31", 11, "after 'in' comes a list in brackets, such as '(2026-01-31)'"),
    # two things that do not go together
    ("due_on < 3", 10, "'due_on' is a date, and '3' is a whole number; they cannot be compared"),
    ("due_on + 1 week < evidence_count", 19, "'due_on + 1 week' is a date, and 'evidence_count' is a whole number; they cannot be compared"),
    ("due_on = state", 10, "'due_on' is a date, and 'state' is one word out of a list; they cannot be compared"),
    ("is_late = 1", 11, "'is_late' is either true or false, and '1' is a whole number; they cannot be compared"),
    ("state < agreed", 7, "'state' is one word out of a list; compare it with '=', '!=' or 'in'"),
    ("is_late > false", 9, "'is_late' is either true or false; compare it with '=' or '!='"),
    ("remark = 3", 1, f"'remark' is a text; {ONLY_EMPTY}"),
    ("3 = remark", 5, f"'remark' is a text; {ONLY_EMPTY}"),
    ("due_on in (2026-01-31, 3)", 24, "'3' is not a date, and 'due_on' is"),
    ("evidence_count in (1, times_moved)", 23, "'times_moved' is not a whole number, and 'evidence_count' is"),
    ("state in (agreed, agreed)", 19, "'agreed' stands in this list twice"),
    ("remark in (1, 2)", 1, "only a fact that is a choice, a number or a date can stand before 'in'"),
    ("today in (2026-01-31)", 1, "only a fact that is a choice, a number or a date can stand before 'in'"),
    ("today is empty", 1, "only a fact can be empty, and this is none"),
    ("due_on < today < agreed_on", 16, "only two values can be compared at once; join two comparisons with 'and'"),
    ("today + 1 week > today", 1, "this compares today with today; one side must be a fact or a date"),
    ("3 < 4", 1, "this compares two fixed values, so it never changes; one side must be a fact"),
    ("is_late and is_late or is_late", 21, TWO_WAYS),
    # moving dates
    ("evidence_count + 1 > 3", 16, "'evidence_count' is a whole number; only a date can be moved with '+' or '-'"),
    ("due_on + 3 < today", 12, f"expected a unit of time, but found '<'. {UNITS}"),
    ("due_on + 3 dasy < today", 12, f"'dasy' is not a unit of time; did you mean 'days'? {UNITS}"),
    ("due_on + 3 working dys < today", 12, f"'working dys' is not a unit of time; did you mean 'working days'? {UNITS}"),
    ("due_on + 3 working < today", 12, f"'working' is not a unit of time; did you mean 'working days'? {UNITS}"),
    ("due_on + days < today", 10, "expected a number of days, weeks, months or years, but found 'days'"),
    ("due_on + 10000 days < today", 10, "'10000' is too much; the most is 9999"),
    ("due_on + 1 month - 3 days < today", 18, "a date can be moved only once"),
    # spelling of dates, numbers and signs
    ("due_on < 31/12/2026", 10, "'31/12/2026' is not a date; write it like 2026-01-31 (year-month-day)"),
    ("due_on < 2026-1-5", 10, "'2026-1-5' is not a date; write it like 2026-01-31 (year-month-day)"),
    ("due_on < 2026-02-29", 10, "there is no day 2026-02-29 in the calendar"),
    ("evidence_count > 2.5", 19, "'.' has no meaning in a condition"),
    (f"evidence_count > {'9' * 19}", 18, f"'{'9' * 19}' is too large a number"),
    ("due_on == today", 8, "write '=' instead of '=='"),
    ("due_on <> today", 8, "write '!=' instead of '<>'"),
    ("due_on =< today", 8, "write '<=' instead of '=<'"),
    ("due_on => today", 8, "write '>=' instead of '=>'"),
    ("is_late && is_own_agency", 9, "write 'and' instead of '&&'"),
    ("is_late | is_own_agency", 9, "write 'or' instead of '|'"),
    ("!is_late", 1, "write 'not' instead of '!'"),
    ("due_on \N{EN DASH} 3 days < today", 8, "write '-' instead of '\N{EN DASH}'"),
    ("is_late AND is_own_agency", 9, "write 'and' in small letters"),
    ("due_on < Today", 10, "write 'today' in small letters"),
    ("state = 'agreed'", 9, "words stand in a condition without quotes"),
    ("state = \N{RIGHT SINGLE QUOTATION MARK}agreed", 9, "words stand in a condition without quotes"),
    ("is_late; is_own_agency", 8, "';' has no meaning in a condition"),
    # is and not
    ("remark is null", 11, "after 'is' comes 'empty' or 'not empty', but found 'null'; values are compared with '='"),
    ("is_late is not true", 16, "after 'is' comes 'empty' or 'not empty', but found 'true'; values are compared with '='"),
    ("state not agreed", 11, "expected 'in' after 'not' here, but found 'agreed'; to turn a comparison round, write 'not' before it"),
    # size
    ("(" * 21 + "is_late", 21, "brackets are nested more than 20 deep"),
    ("is_late and " * 200 + "is_late", 0, "a condition has at most 2000 characters; split it into several"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "column", "sentence"), MISTAKES, ids=[mistake[0][:40] for mistake in MISTAKES]
)
def test_a_mistake_is_answered_at_its_place(text: str, column: int, sentence: str) -> None:
    node = parse_yaml(f'rules:\n  - when: "{text}"\n', file="rules/action.yaml")
    when = node.pairs()[0][1].items()[0].pairs()[0][1]
    with pytest.raises(BadDefinition) as refused:
        parse(when, ACTION)
    assert str(refused.value) == f"rules/action.yaml:2:{column + 11}: {sentence}"


def test_an_empty_condition_is_a_mistake_of_the_file() -> None:
    with pytest.raises(BadDefinition, match="1:6: expected a text, but found nothing"):
        parse(parse_yaml("when:", file="action.yaml").pairs()[0][1], ACTION)


def test_a_choice_without_words_does_not_stop_the_explanation() -> None:
    words = Vocabulary("visit", {"outcome": Field("outcome", Kind.CHOICE)})
    with pytest.raises(BadDefinition, match=r"such as 'outcome = \.\.\.', but found nothing more"):
        parse(parse_yaml("outcome", file="visit.yaml"), words)
    with pytest.raises(BadDefinition, match="'kept' is not an outcome of visit; none is known here"):
        parse(parse_yaml("outcome = kept", file="visit.yaml"), words)


def test_a_long_list_of_known_words_is_cut() -> None:
    words = Vocabulary(
        "visit", {f"fact_{number}": Field(f"fact_{number}", Kind.DATE) for number in range(40)}
    )
    with pytest.raises(BadDefinition, match=r"fact_28, fact_29 and 11 more$"):
        parse(parse_yaml("colour is empty", file="visit.yaml"), words)
