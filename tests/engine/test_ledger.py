"""The one memory: numbered, sealed, said once, and written by exactly one of those who try."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from engine.errors import Refused, Stale
from engine.ledger import (
    ERASED,
    SEALED_COLUMNS,
    Event,
    EventText,
    Line,
    answered,
    append,
    append_all,
    canonical,
    commitment_of,
    erase_texts,
    history,
    seal_of,
    texts,
)
from engine.moved import Ref, Standing, ref_of
from engine.proof import verify
from engine.store import Store
from tests.engine.leaves import SPRING, Leaf, bud, opened, standing, write


def test_the_number_of_a_line_is_the_version_of_its_subject(any_store: Store) -> None:
    with any_store.begin() as session:
        ref = bud(session)
        assert standing(session, ref).version == 1
        written = write(session, ref, opened())
        now = standing(session, ref)
        assert (written.ref, written.seq, written.seal) == (ref, 2, now.head)
        assert (now.state, now.version, now.material_version) == ("open", 2, 2)


def test_a_line_changes_the_row_of_its_subject_with_it(any_store: Store) -> None:
    with any_store.begin() as session:
        ref = bud(session, colour="green")
        write(session, ref, Line("entered", SPRING, "person/1", changes={"falls_on": date(2015, 10, 1)}))
        write(session, ref, Line("entered", SPRING, "person/1", changes={"colour": None}))
    with any_store.reading() as session:
        leaf = session.get_one(Leaf, ref.id)
        assert (leaf.colour, leaf.falls_on) == (None, date(2015, 10, 1))


def test_a_reminder_makes_nobody_stale(any_store: Store) -> None:
    with any_store.begin() as session:
        ref = bud(session)
        write(session, ref, Line("fired", SPRING, "clock", material=False))
        now = standing(session, ref)
        assert (now.version, now.material_version) == (2, 1)


def test_the_lines_of_many_are_written_together_as_each_would_be_alone(any_store: Store) -> None:
    with any_store.begin() as session:
        refs = [bud(session) for _ in range(3)]
        before = {ref: standing(session, ref) for ref in refs}
        reddens = Line("entered", SPRING, "person/1", texts={"remark": "early"}, changes={"colour": "red"})
        lines = [
            (before[ref], Line("fired", SPRING, "clock", once=f"{ref}:1", material=False)) for ref in refs
        ]
        lines += [
            (before[refs[0]], reddens),
            (before[refs[0]], Line("noted", SPRING, "clock", material=False)),
        ]
        written = append_all(session, Leaf, lines)
        assert append_all(session, Leaf, []) == []
    with any_store.reading() as session:
        assert [(one.ref, one.seq) for one in written] == [(ref, 2) for ref in refs] + [
            (refs[0], 3),
            (refs[0], 4),
        ]
        now = standing(session, refs[0])
        assert (now.version, now.material_version, now.head) == (4, 3, written[-1].seal)
        assert session.get_one(Leaf, refs[0].id).colour == "red"
        assert texts(session, refs[0]) == {(3, "remark"): "early"}
        assert verify(session, [Leaf]).faults == ()


def test_of_many_lines_none_is_written_where_somebody_was_faster_with_one(any_store: Store) -> None:
    with any_store.begin() as session:
        refs = [bud(session) for _ in range(3)]
        before = [standing(session, ref) for ref in refs]
        write(session, refs[1], Line("entered", SPRING, "person/1"))
    with pytest.raises(Stale, match="Somebody else has changed this"), any_store.begin() as session:
        append_all(session, Leaf, [(one, Line("fired", SPRING, "clock")) for one in before])
    with any_store.reading() as session:
        assert [standing(session, ref).version for ref in refs] == [1, 2, 1]


def test_a_line_is_read_back_as_it_was_written(any_store: Store) -> None:
    at = datetime(2015, 4, 7, 9, 30, 0, 123456, tzinfo=UTC)
    with any_store.begin() as session:
        ref = bud(session)
        data = {"trigger": "öffnen", "set": {"falls_on": "2015-10-01"}, "count": [1, 2]}
        write(session, ref, Line("moved", at, "person/3", data=data, once="request:1"))
    with any_store.reading() as session:
        first, second = history(session, ref)
        assert history(session, Ref("leaf", 99)) == ()
    assert (first.ref, first.seq, first.kind, first.once) == (ref, 1, "opened", None)
    assert (second.seq, second.at, second.actor, second.once) == (2, at, "person/3", "request:1")
    assert second.data == data


def test_every_seal_follows_from_the_one_before_and_from_every_column(any_store: Store) -> None:
    with any_store.begin() as session:
        ref = bud(session)
        write(session, ref, opened(once="request:1"))
    with any_store.reading() as session:
        previous = ""
        for event in session.scalars(sa.select(Event).order_by(Event.seq)):
            columns = [getattr(event, name) for name in SEALED_COLUMNS]
            assert event.seal == seal_of(previous, columns)
            previous = event.seal
    assert {*SEALED_COLUMNS, "seal"} == {column.name for column in Event.__table__.c}


def test_what_is_sealed_is_written_in_one_form_only() -> None:
    assert canonical({"b": 1, "a": ["ä", None, True]}) == '{"a":["ä",null,true],"b":1}'
    line = (1, "leaf", 1, 1, "opened", "2015-04-07T09:30:00.000000Z", "person/1", None, "{}")
    sealed = '\n[1,"leaf",1,1,"opened","2015-04-07T09:30:00.000000Z","person/1",null,"{}"]'
    assert seal_of("", line) == hashlib.sha256(sealed.encode()).hexdigest()


# -- what people wrote -------------------------------------------------------------------------------------


def test_what_people_wrote_stands_beside_the_chain_under_a_salted_promise(any_store: Store) -> None:
    with any_store.begin() as session:
        ref = bud(session)
        for _ in range(2):
            write(session, ref, Line("entered", SPRING, "person/1", texts={"remark": "Looks dry."}))
    with any_store.reading() as session:
        assert texts(session, ref) == {(2, "remark"): "Looks dry.", (3, "remark"): "Looks dry."}
        kept = session.scalars(sa.select(EventText).order_by(EventText.seq)).all()
        promised = [line.data["texts"]["remark"] for line in history(session, ref)[1:]]
        assert "Looks dry." not in "".join(session.scalars(sa.select(Event.data)))
    assert promised == [commitment_of(one.salt, "Looks dry.") for one in kept]
    assert promised[0] != promised[1]


def test_what_people_wrote_can_be_erased_without_breaking_the_chain(any_store: Store) -> None:
    with any_store.begin() as session:
        ref = bud(session)
        write(session, ref, Line("entered", SPRING, "person/1", texts={"remark": "Looks dry."}))
        erase_texts(session, ref, [(2, "remark")], at=SPRING)
    with any_store.reading() as session:
        assert texts(session, ref) == {(2, "remark"): None}
        assert session.scalars(sa.select(EventText.salt)).all() == [""]
        [untold] = verify(session, [Leaf]).faults
    assert str(untold) == "leaf/1 line 2: the text 'remark' was erased, and no line says by whom and why"
    with any_store.begin() as session:
        write(session, ref, Line(ERASED, SPRING, "person/1", {"erased": [[2, "remark"]]}))
    with any_store.reading() as session:
        assert verify(session, [Leaf]).faults == ()
    with any_store.begin() as session:
        session.execute(sa.update(EventText).values(text="Looks dry.", erased_at=None))
    with any_store.reading() as session:
        assert "the text 'remark' was erased, and stands there again" in str(verify(session, [Leaf]).faults)


# -- once --------------------------------------------------------------------------------------------------


def test_a_request_finds_its_first_answer(any_store: Store) -> None:
    with any_store.begin() as session:
        ref = bud(session)
        written = write(session, ref, opened(once="request:1"))
        assert answered(session, "request:1") == written
        assert answered(session, "request:2") is None


def test_the_database_itself_refuses_a_key_a_second_time(any_store: Store) -> None:
    with any_store.begin() as session:
        ref = bud(session)
        write(session, ref, opened(once="rule:fall:leaf/1:2015-10-01:0"))
    with pytest.raises(Exception, match=r"(?i)unique"), any_store.begin() as session:
        write(session, ref, opened(once="rule:fall:leaf/1:2015-10-01:0"))
    with any_store.reading() as session:
        assert standing(session, ref).version == 2


# -- at once -----------------------------------------------------------------------------------------------


def test_whoever_saw_an_older_line_is_told_that_somebody_was_faster(any_store: Store) -> None:
    with any_store.begin() as session:
        ref = bud(session)
        seen = standing(session, ref)
        append(session, Leaf, seen, opened())
    with (
        pytest.raises(Stale, match="Somebody else has changed this in the meantime"),
        any_store.begin() as session,
    ):
        append(session, Leaf, seen, opened())


def test_of_forty_who_write_the_same_line_exactly_one_does(any_store: Store) -> None:
    with any_store.begin() as session:
        ref = bud(session)
        seen = standing(session, ref)
    with ThreadPoolExecutor(40) as crowd:
        outcomes = list(crowd.map(lambda _: _tries(any_store, seen), range(40)))
    assert outcomes.count("written") == 1
    assert outcomes.count("stale") == 39
    with any_store.reading() as session:
        assert len(history(session, ref)) == 2
        assert verify(session, [Leaf]).faults == ()


def _tries(store: Store, seen: Standing) -> str:
    try:
        with store.begin() as session:
            append(session, Leaf, seen, opened())
    except Stale:
        return "stale"
    return "written"


# -- references --------------------------------------------------------------------------------------------


def test_a_reference_is_written_and_read_as_people_do() -> None:
    assert str(Ref("action", 12)) == "action/12"
    assert ref_of("action/12") == Ref("action", 12)


@pytest.mark.parametrize("text", ["action", "action/", "/12", "action/twelve", "action/-1", "action/1.5", ""])
def test_what_is_no_reference_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Refused, match="is not a reference; write it as action/12"):
        ref_of(text)
