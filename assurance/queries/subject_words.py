"""What the subjects of a list say: the theme of an audit, the text of a recommendation or an action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.office import Tx
from assurance.records import Action, Audit, Recommendation
from engine.moved import Ref
from engine.store import among

_WORDS: Mapping[type[Audit] | type[Recommendation] | type[Action], sa.ColumnElement[str]] = {
    Audit: Audit.__table__.c.theme,
    Recommendation: Recommendation.__table__.c.text,
    Action: Action.__table__.c.text,
}


def what_they_say(tx: Tx, viewer: Viewer, refs: Iterable[Ref]) -> dict[Ref, str]:
    """Give the words of those subjects that have some and that the viewer may see: one statement for each kind."""
    wanted = tuple(refs)
    found: dict[Ref, str] = {}
    for table, words in _WORDS.items():
        ids = sorted({ref.id for ref in wanted if ref.kind == table.noun})
        if ids:
            query = sa.select(table.id, words).where(among(table.id, "ids"), visible(viewer, table))
            rows = tx.session.execute(query, {"ids": ids})
            found |= {Ref(table.noun, number): text for number, text in rows}
    return found
