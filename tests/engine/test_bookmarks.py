"""Where a long piece of work stands: remembered with the work, once."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from engine.bookmarks import remember, remembered, works
from engine.store import Store


def test_each_piece_of_work_remembers_its_own_places(any_store: Store) -> None:
    with any_store.begin() as session:
        assert works(session) == ()
        remember(session, "story:b", "step 1", "done")
        remember(session, "story:a", "step 1", "open")
        remember(session, "story:a", "step 2", "done")
        assert remembered(session, "story:a") == {"step 1": "open", "step 2": "done"}
        assert remembered(session, "story:c") == {}
        assert works(session) == ("story:a", "story:b")


def test_a_place_is_remembered_once_and_a_second_time_is_a_fault(any_store: Store) -> None:
    with any_store.begin() as session:
        remember(session, "story:a", "step 1", "done")
    with pytest.raises(IntegrityError), any_store.begin() as session:
        remember(session, "story:a", "step 1", "done again")
