"""The papers of a meeting, to be printed."""

from __future__ import annotations

from starlette.responses import Response

from assurance.queries.pack import pack_of
from web.desk import Desk


def meeting_pack(desk: Desk, number: int) -> Response:
    """Show the papers of a meeting on one page."""
    with desk.reading() as (tx, viewer):
        pack = pack_of(tx, viewer, number)
    return desk.page(
        "meetings/pack.html", title=f"Papers: {pack.meeting.title}", pack=pack, meeting=pack.meeting
    )
