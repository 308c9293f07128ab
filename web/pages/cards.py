"""One subject of any kind, as far as somebody may see it: values, tables, doors. Most nouns have a page of their own."""

from __future__ import annotations

from starlette.responses import Response

from assurance.queries.doors import doors_of
from assurance.queries.one import card_of
from assurance.queries.references import subject_of
from web.desk import Desk


def one(desk: Desk, kind: str, number: int) -> Response:
    """Show one subject."""
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, kind, number)
        card, doors = card_of(tx, viewer, ref), doors_of(tx, ref)
    pairs = [(line.title, line.value) for line in card.lines]
    return desk.page("cards/one.html", title=card.name, card=card, pairs=pairs, doors=doors, ref=ref)
