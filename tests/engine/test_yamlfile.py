"""A YAML file is read strictly, and its author is told the line and the column of every mistake."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import BadDefinition
from engine.yamlfile import MAX_BYTES, Node, parse_yaml, read_yaml

BAD_YAML = Path(__file__).parent / "bad_yaml"

NO_ANCHORS = (
    "a value cannot begin with '&' or '*' (anchors and aliases): write it out, or put the text in quotes"
)
NO_COLON = (
    "this ': ' cannot stand here; check how far the line is indented, and put a text with ': ' in quotes"
)
IN_QUOTES = "a text cannot begin with this character; put the text in quotes"
NOT_CLOSED = "a ',' or the closing bracket is missing before this"
BACKSLASH = "a backslash in double quotes has a meaning of its own; use single quotes"

MISTAKES = {
    "alias": [f"1:8: {NO_ANCHORS}"],
    "anchor": [f"1:9: {NO_ANCHORS}"],
    "backslash_in_double_quotes": [f"1:8: {BACKSLASH}"],
    "bracket_never_closed": [f"2:3: {NOT_CLOSED}"],
    "bracket_too_many": ["1:7: a value is missing before this, or there is one bracket too many"],
    "colon_in_a_text": [f"1:14: {NO_COLON}"],
    "comma_missing": [f"1:29: {NOT_CLOSED}"],
    "control_character": ["2:13: a control character (code 7) stands here; remove it"],
    "empty": ["1:1: the file is empty"],
    "indented_too_far": [f"2:8: {NO_COLON}"],
    "key_without_colon": ["3:1: this line has no ': ' after its key; compare it with the lines around it"],
    "key_without_word": ["2:1: expected a word before the colon, but found an empty text"],
    "list_and_mapping_mixed": [
        "3:1: this line does not fit the ones above; check how far it is indented, and its quotes"
    ],
    "list_as_key": ["1:3: expected a word before the colon, but found a list"],
    "list_on_the_line_of_its_key": ["1:7: a list begins on a line of its own, below its key"],
    "merge_of_an_alias": [f"2:7: {NO_ANCHORS}"],
    "nested_too_deep": ["1:28: values are nested more than 20 deep"],
    "not_utf_8": ["2:10: this character is not UTF-8; save the file in the encoding UTF-8"],
    "only_comments": ["1:1: the file is empty"],
    "quote_never_closed": ["1:8: a quote is opened here and never closed"],
    "tab_for_indentation": ["2:1: a tab stands here; indent with spaces"],
    "tag": ["1:8: a value cannot begin with '!' (a tag): put the text in quotes"],
    "text_begins_with_at_sign": [f"1:8: {IN_QUOTES}"],
    "text_begins_with_percent": [f"1:8: {IN_QUOTES}"],
    "text_on_the_line_of_its_sign": ["1:10: the text behind '|' or '>' begins on the next line"],
    "two_documents": ["2:1: a second document begins here ('---'); one file holds one"],
    "two_equal_keys": ["3:1: the key 'title' stands here twice; the first one is on line 1"],
    "two_equal_keys_far_below": [
        "2:27: the key 'title' stands here twice; the first one is on line 2",
        "3:3: the key 'agreed' stands here twice; the first one is on line 2",
    ],
    "unknown_escape": [f"1:12: {BACKSLASH}"],
}


def complaints(error: BadDefinition) -> list[str]:
    return [f"{problem.line}:{problem.column}: {problem.message}" for problem in error.problems]


def value(text: str) -> Node:
    return parse_yaml(text, file="action.yaml")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_place(mistake: str) -> None:
    path = BAD_YAML / f"{mistake}.yaml"
    with pytest.raises(BadDefinition) as refused:
        read_yaml(path)
    assert complaints(refused.value) == MISTAKES[mistake]
    assert {problem.file for problem in refused.value.problems} == {str(path)}


def test_every_mistake_in_the_folder_is_expected_here() -> None:
    assert {path.stem for path in BAD_YAML.glob("*.yaml")} == set(MISTAKES)


def test_a_file_that_is_not_there_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    with pytest.raises(BadDefinition, match=r"action\.yaml:1:1: cannot be read: No such file"):
        read_yaml(tmp_path / "action.yaml")


def test_a_huge_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "action.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(BadDefinition, match="longer than 1 MiB"):
        read_yaml(path)
    with pytest.raises(BadDefinition, match="longer than 1 MiB"):
        value("#" * (MAX_BYTES + 1))


def test_a_fault_that_nobody_has_thought_of_is_told_in_the_words_of_the_parser() -> None:
    with pytest.raises(BadDefinition, match="1:9: not valid YAML: expected chomping"):
        value("about: |x\n")


def test_only_true_and_false_are_booleans() -> None:
    words = value("[true, false, yes, no, on, off, True, FALSE, y]")
    assert words.plain() == [True, False, "yes", "no", "on", "off", "True", "FALSE", "y"]
    assert [word.yes_no() for word in words.items()[:2]] == [True, False]
    with pytest.raises(BadDefinition, match="1:15: expected true or false, but found 'yes'"):
        words.items()[2].yes_no()


def test_numbers_dates_and_times_are_not_guessed() -> None:
    assert value("[12, -3, 0, 012, 0x1f, 1_000, 1.5, 07:45, 2026-01-31, '7', =]").plain() == [
        *(12, -3, 0, "012", "0x1f", "1_000", "1.5", "07:45", "2026-01-31", "7", "="),
    ]


def test_a_whole_number_is_read_and_nothing_else_is_taken_for_one() -> None:
    assert value("12").whole() == 12
    for wrong in ("1.5", "'12'", "twelve", "9" * 30):
        with pytest.raises(BadDefinition, match="expected a whole number, such as 3, but found '"):
            value(wrong).whole()


def test_a_date_is_written_year_month_day() -> None:
    assert value("2024-02-29").day() == date(2024, 2, 29)
    assert value("'2024-02-29'").day() == date(2024, 2, 29)
    with pytest.raises(BadDefinition, match="there is no day 2025-02-29 in the calendar"):
        value("2025-02-29").day()
    for wrong in ("31/01/2026", "20260131", "2026-W05-1", "2026", "[2026-01-31]"):
        with pytest.raises(BadDefinition, match="expected a date written like 2026-01-31"):
            value(wrong).day()


def test_a_number_is_a_text_where_a_text_is_wanted_but_nothing_is_not() -> None:
    assert value("2014").text() == "2014"
    assert value("no").text() == "no"
    for empty, found in (("~", "nothing"), ("''", "an empty text"), ("{}", "a mapping"), ("[]", "a list")):
        with pytest.raises(BadDefinition, match=f"expected a text, but found {found}"):
            value(empty).text()


def test_nothing_is_recognised_in_all_its_spellings() -> None:
    title, about, note, text = (node for _, node in value("title:\nabout: ~\nnote: null\ntext: '~'").pairs())
    assert title.is_empty()
    assert about.is_empty()
    assert note.is_empty()
    assert not text.is_empty()
    assert title.plain() is None


def test_a_single_word_does_for_a_list_of_words() -> None:
    assert [word.text() for word in value("chair").words()] == ["chair"]
    assert [word.text() for word in value("[chair, owner]").words()] == ["chair", "owner"]
    with pytest.raises(BadDefinition, match="1:9: expected a text, but found a list"):
        value("[chair, [owner]]").words()


def test_a_list_is_asked_for_where_one_must_stand() -> None:
    assert [item.whole() for item in value("- 1\n- 2").items()] == [1, 2]
    with pytest.raises(BadDefinition, match="expected a list, one entry a line, each beginning with '- '"):
        value("chair").items()


def test_a_mapping_keeps_the_order_of_the_file() -> None:
    pairs = value("verified: 1\nagreed: 2").pairs()
    assert [(key.text(), node.whole()) for key, node in pairs] == [("verified", 1), ("agreed", 2)]
    with pytest.raises(
        BadDefinition, match="expected a mapping, lines of 'key: value', but found 'verified'"
    ):
        value("verified").pairs()


def test_unknown_and_missing_keys_are_named_all_at_once() -> None:
    node = value("titel: Action\nstates: none\ncolour: red")
    with pytest.raises(BadDefinition) as refused:
        node.fields(required=("title", "states"), optional=("about",))
    assert complaints(refused.value) == [
        "1:1: 'titel' is not a key that is known here; did you mean 'title'? Known: title, states, about",
        "3:1: 'colour' is not a key that is known here. Known: title, states, about",
        "1:1: the key 'title' is missing here",
    ]


def test_known_keys_are_given_by_name_and_absent_ones_are_absent() -> None:
    fields = value("title: Action").fields(required=("title",), optional=("about",))
    assert {name: node.text() for name, node in fields.items()} == {"title": "Action"}


def test_a_word_must_be_one_of_the_known_words() -> None:
    assert value("agreed").one_of(("agreed", "verified"), "a state of action") == "agreed"
    with pytest.raises(BadDefinition) as refused:
        value("inprogress").one_of(("agreed", "in_progress"), "a state of action")
    assert str(refused.value) == (
        "action.yaml:1:1: 'inprogress' is not a state of action; did you mean 'in_progress'? "
        "Known: agreed, in_progress"
    )
    with pytest.raises(BadDefinition, match="'chair' is not a role of action; none is known here"):
        value("chair").one_of((), "a role of action")


def test_plain_data_keeps_everything() -> None:
    text = "title: Action\nfinal: true\nlast: ~\nmost: 4\nfrom: [agreed]\nset: {due_on: 2026-01-31}\n"
    assert value(text).plain() == {
        "title": "Action",
        "final": True,
        "last": None,
        "most": 4,
        "from": ["agreed"],
        "set": {"due_on": "2026-01-31"},
    }


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("when: one two", "1:11"),
        ("when: 'one two'", "1:12"),
        ('when: "one two"', "1:12"),
        ("when: one\n  two", "2:3"),
        ("when: >\n  one\n  two\n", "3:3"),
        ("when: >-   # asked for by the chair\n\n  one\n\n  two\n", "5:3"),
        ("when: |\n  one two\n", "2:7"),
        ("# windows\r\nwhen: one\r\n  two\r\n", "3:3"),
        ('when: "one\\ttwo"', "1:7"),
        ("when: 'one''s two'", "1:7"),
    ],
)
def test_a_word_inside_a_text_is_found_in_the_file(text: str, place: str) -> None:
    node = value(text).pairs()[0][1]
    problem = node.problem("here", offset=node.text().index("two"))
    assert f"{problem.line}:{problem.column}" == place


@pytest.mark.parametrize("text", ["when: one two", "when: >\n  one\n  two\n", "when: 'one two'"])
def test_the_end_of_a_text_is_behind_its_last_word(text: str) -> None:
    node = value(text).pairs()[0][1]
    end = node.problem("here", offset=len(node.text().rstrip()))
    last = node.problem("here", offset=node.text().index("o", 5))
    assert (end.line, end.column) == (last.line, last.column + 1)


def test_long_values_are_cut_short_in_messages() -> None:
    with pytest.raises(BadDefinition) as refused:
        value("word " * 40).whole()
    assert len(refused.value.problems[0].message) < 120


@given(st.text(max_size=60) | st.text(alphabet="ab:-[]{}'\"|>#&*!%@~ \n\t", max_size=40))
def test_no_text_whatever_makes_the_reader_crash(text: str) -> None:
    with suppress(BadDefinition):
        value(text).plain()
