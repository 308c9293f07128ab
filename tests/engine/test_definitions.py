"""Published definitions: kept once each, oldest first."""

from __future__ import annotations

from datetime import timedelta

from engine.definitions import publish, published
from engine.store import Store
from tests.engine.leaves import SPRING


def test_a_definition_is_kept_once_however_often_it_is_published(any_store: Store) -> None:
    with any_store.begin() as session:
        first = publish(session, kind="leaf", content_hash="a" * 64, text="workflow: leaf", at=SPRING)
    with any_store.begin() as session:
        later = SPRING + timedelta(days=1)
        assert publish(session, kind="leaf", content_hash="a" * 64, text="workflow: leaf", at=later) == first
        changed = publish(session, kind="leaf", content_hash="b" * 64, text="workflow: leaf # new", at=later)
    assert changed != first
    with any_store.reading() as session:
        kept = {one.id: (one.text, one.published_at) for one in published(session)}
    assert kept[first] == ("workflow: leaf", SPRING)
    assert list(kept)[-2:] == [first, changed]
