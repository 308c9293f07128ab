"""One subject for programs: itself, its history, what became of a mail about it, and what goes next."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from assurance.queries import why as whys
from assurance.queries.doors import doors_of
from assurance.queries.history import history_of
from assurance.queries.one import card_of
from assurance.queries.preview import preview
from assurance.queries.references import subject_of
from web.api.asked import Page, PerPage
from web.api.caller import Caller
from web.api.shapes import answered, one_page, subject_written, written

Kind = Annotated[
    str,
    Path(pattern="^[a-z_]{1,60}$", examples=["action"], description="Of which kind: action, audit, …"),
]
Days = Annotated[int, Query(ge=1, le=60, description="How many days ahead.")]


def one(caller: Caller, kind: Kind, number: int) -> Response:
    """Show one subject with every step out of its state."""
    with caller.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, kind, number)
        card, doors = card_of(tx, viewer, ref), doors_of(tx, ref)
    return answered(subject_written(card, doors), version=doors.version)


def history(caller: Caller, kind: Kind, number: int, page: Page = 1, per_page: PerPage = 50) -> Response:
    """Tell every line of a subject's history, oldest first, and whether each is as it was sealed."""
    with caller.reading() as (tx, viewer):
        lines = history_of(tx, viewer, subject_of(tx, viewer, kind, number))
    return one_page(lines, page, per_page)


def why(caller: Caller, number: int) -> Response:
    """Explain a mail: what happened, which rule spoke on which values, and who decided whom it tells."""
    with caller.reading() as (tx, viewer):
        found = whys.why(tx, viewer, f"mail/{number}")
    return answered(written(found))


def foretell(caller: Caller, days: Days = 30) -> Response:
    """Say who would be told what, and when, in the days to come, if nothing else happened."""
    with caller.reading() as (tx, viewer):
        found = preview(tx, viewer, days=days)
    return answered(written(found))
