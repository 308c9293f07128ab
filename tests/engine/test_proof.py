"""Does the history still say what was sealed? Every way to tell it otherwise is found, with subject and line."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from engine.ledger import Line
from engine.moved import Ref
from engine.proof import Fault, Proof, verify, verify_one
from engine.store import Store
from tests.engine.leaves import SPRING, Leaf, bud, opened, write


def faults(store: Store) -> list[str]:
    with store.reading() as session:
        return [str(fault) for fault in verify(session, [Leaf]).faults]


def tell(store: Store, statement: str) -> None:
    """Change what is kept as somebody would who knows the database."""
    with store.begin() as session:
        assert session.connection().execute(sa.text(statement)).rowcount > 0


@pytest.fixture
def grown(any_store: Store) -> Store:
    """Two leaves with three lines each; the second line of each has a remark."""
    with any_store.begin() as session:
        for _ in range(2):
            ref = bud(session)
            write(session, ref, opened(texts={"remark": "Looks dry."}))
            due = {"set": {"falls_on": "2015-10-01"}}
            write(
                session, ref, Line("entered", SPRING, "clock", due, changes={"falls_on": date(2015, 10, 1)})
            )
    return any_store


def test_an_untouched_history_is_sound(grown: Store) -> None:
    with grown.reading() as session:
        proof = verify(session, [Leaf])
    assert (proof.subjects, proof.lines, proof.faults) == (2, 6, ())


def test_an_empty_house_is_sound(store: Store) -> None:
    assert faults(store) == []


def test_a_fault_names_its_subject_and_its_line() -> None:
    assert str(Fault("leaf/1", 2, "it is gone")) == "leaf/1 line 2: it is gone"
    assert str(Fault("leaf/1", 0, "it is gone")) == "leaf/1: it is gone"


def test_one_change_is_reported_once_and_not_for_every_later_line(grown: Store) -> None:
    tell(grown, "UPDATE event SET actor = 'person/9' WHERE subject_id = 1 AND seq = 1")
    assert faults(grown) == ["leaf/1 line 1: the line or its seal was changed after it was sealed"]


def test_a_line_that_was_cut_off_is_missed(grown: Store) -> None:
    tell(grown, "DELETE FROM event WHERE subject_id = 2 AND seq = 3")
    assert faults(grown) == ["leaf/2 line 3: the subject stands at line 3, its history ends at 2"]


def test_a_line_that_was_taken_from_the_middle_is_missed(grown: Store) -> None:
    tell(grown, "DELETE FROM event WHERE subject_id = 2 AND seq = 2")
    assert faults(grown) == ["leaf/2 line 2: this line is missing; the next one that stands is 3"]


def test_a_first_line_that_was_taken_is_missed(grown: Store) -> None:
    tell(grown, "DELETE FROM event WHERE subject_id = 1 AND seq = 1")
    assert faults(grown) == ["leaf/1 line 1: this line is missing; the next one that stands is 2"]


def test_a_history_that_is_gone_is_missed(grown: Store) -> None:
    tell(grown, "DELETE FROM event WHERE subject_id = 1")
    assert faults(grown) == ["leaf/1 line 3: every line of its history is missing"]


def test_a_subject_that_is_gone_is_missed_by_its_history(grown: Store) -> None:
    tell(grown, "DELETE FROM leaf WHERE id = 2")
    assert faults(grown) == ["leaf/2 line 3: there is a history but no such subject"]


def test_a_history_that_is_cut_together_with_the_version_is_found_by_the_head(grown: Store) -> None:
    tell(grown, "DELETE FROM event WHERE subject_id = 2 AND seq = 3")
    tell(grown, "UPDATE leaf SET version = 2, falls_on = NULL WHERE id = 2")
    assert faults(grown) == [
        "leaf/2 line 2: the head kept with the subject is not the seal of its last line",
        "leaf/2 line 2: its material_version is 3, its history says 2",
    ]


def test_two_lines_that_changed_places_are_found(grown: Store) -> None:
    for move in ("9 WHERE seq = 2", "2 WHERE seq = 3", "3 WHERE seq = 9"):
        tell(grown, f"UPDATE event SET seq = {move} AND subject_id = 1")
    assert [fault.split(":")[0] for fault in faults(grown)[:2]] == ["leaf/1 line 2", "leaf/1 line 3"]


def test_a_state_that_nobody_moved_to_is_found(grown: Store) -> None:
    tell(grown, "UPDATE leaf SET state = 'fallen' WHERE id = 1")
    assert faults(grown) == ["leaf/1 line 3: its state is 'fallen', its history says 'open'"]


def test_a_date_that_nobody_set_is_found(grown: Store) -> None:
    tell(grown, "UPDATE leaf SET falls_on = '2016-10-01' WHERE id = 1")
    assert faults(grown) == ["leaf/1 line 3: its falls_on is '2016-10-01', its history says '2015-10-01'"]


def test_a_version_that_nobody_wrote_is_found(grown: Store) -> None:
    tell(grown, "UPDATE leaf SET version = 4 WHERE id = 1")
    assert faults(grown) == ["leaf/1 line 4: the subject stands at line 4, its history ends at 3"]


# -- what stands beside the chain --------------------------------------------------------------------------


def test_a_text_that_was_changed_is_found(grown: Store) -> None:
    tell(grown, "UPDATE event_text SET text = 'Looks fine.' WHERE subject_id = 1")
    assert faults(grown) == ["leaf/1 line 2: the text 'remark' was changed after it was sealed"]


def test_a_salt_that_was_changed_is_found(grown: Store) -> None:
    tell(grown, "UPDATE event_text SET salt = 'x' WHERE subject_id = 1")
    assert faults(grown) == ["leaf/1 line 2: the text 'remark' was changed after it was sealed"]


def test_a_text_that_is_gone_is_missed(grown: Store) -> None:
    tell(grown, "DELETE FROM event_text WHERE subject_id = 1")
    assert faults(grown) == ["leaf/1 line 2: the text 'remark' that belongs to it is missing"]


def test_a_text_that_was_emptied_is_no_erasure(grown: Store) -> None:
    tell(grown, "UPDATE event_text SET text = NULL WHERE subject_id = 1")
    assert faults(grown) == ["leaf/1 line 2: the text 'remark' was emptied without an erasure"]


@pytest.mark.parametrize("place", ["1, 3, 'remark'", "1, 2, 'reason'", "1, 9, 'remark'", "7, 1, 'remark'"])
def test_a_text_that_nobody_wrote_is_found(grown: Store, place: str) -> None:
    subject, line = place.split(", ")[:2]
    columns = "(subject_id, seq, name, subject_kind, group_id, salt, text)"
    tell(grown, f"INSERT INTO event_text {columns} VALUES ({place}, 'leaf', 1, 'x', 'I agree.')")
    name = place.split("'")[1]
    assert faults(grown) == [f"leaf/{subject} line {line}: the text '{name}' beside it was never sealed"]


# -- what is no text at all --------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["X'00FF'", "CAST(X'C328' AS TEXT)", "CAST(data AS BLOB)", "17", "1.5"])
def test_what_a_damaged_disk_leaves_is_a_fault_and_no_crash(store: Store, damage: str) -> None:
    with store.begin() as session:
        ref = bud(session)
        write(session, ref, opened())
    tell(store, f"UPDATE event SET data = {damage} WHERE seq = 1")
    assert faults(store) == ["leaf/1 line 1: the line or its seal was changed after it was sealed"]


def test_a_leaf_that_is_no_leaf_is_a_history_without_a_subject(grown: Store) -> None:
    tell(grown, "UPDATE event SET subject_kind = 'twig' WHERE subject_id = 2")
    found = faults(grown)
    assert any(fault.startswith("twig/2 line 3: there is a history but no such subject") for fault in found)
    assert f"{Ref('leaf', 2)} line 3: every line of its history is missing" in found


def test_a_day_that_is_none_is_a_fault_and_no_crash(store: Store) -> None:
    with store.begin() as session:
        ref = bud(session)
        write(session, ref, Line("entered", SPRING, "clock", {"set": {"falls_on": None}}))
    tell(store, "UPDATE leaf SET falls_on = 'someday' WHERE id = 1")
    assert faults(store) == ["leaf/1 line 2: its falls_on is 'someday', its history says None"]


# -- what stands beside all histories ----------------------------------------------------------------------


def proof_of(store: Store, subject: int) -> Proof:
    with store.reading() as session:
        return verify_one(session, Leaf, Ref("leaf", subject))


def test_one_history_is_checked_without_looking_at_any_other(grown: Store) -> None:
    assert proof_of(grown, 1) == Proof(subjects=1, lines=3, faults=())
    tell(grown, "UPDATE event SET actor = 'person/9' WHERE subject_id = 1 AND seq = 1")
    assert proof_of(grown, 1).faults == (
        Fault("leaf/1", 1, "the line or its seal was changed after it was sealed"),
    )
    assert proof_of(grown, 2).faults == ()


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DELETE FROM event WHERE subject_id = 1", "leaf/1 line 3: every line of its history is missing"),
        ("DELETE FROM leaf WHERE id = 1", "leaf/1 line 3: there is a history but no such subject"),
        (
            "UPDATE event_text SET text = 'Looks green.' WHERE subject_id = 1",
            "leaf/1 line 2: the text 'remark' was changed after it was sealed",
        ),
        ("UPDATE leaf SET state = 'fallen' WHERE id = 1", None),
    ],
)
def test_one_history_is_checked_as_closely_as_all_of_them(
    grown: Store, statement: str, fault: str | None
) -> None:
    tell(grown, statement)
    found = [str(one) for one in proof_of(grown, 1).faults]
    assert found == faults(grown)
    assert fault is None or found == [fault]


def test_a_definition_that_was_changed_is_found(grown: Store) -> None:
    for text in ("workflow: tree", "workflow: [leaf"):
        tell(grown, f"UPDATE definition SET text = '{text}'")
        assert faults(grown) == ["definition/1: its text was changed after subjects were pinned to it"]
