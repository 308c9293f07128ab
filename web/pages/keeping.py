"""The first page of the administration, how the installation is, and the answer that a monitor gets."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from assurance.queries.keeping import attention, check_history, examine
from assurance.queries.vital_signs import vital_signs
from web.desk import Desk
from web.pages import people
from web.turns import Turns

# Every seal of a long history takes a while; two checks at once would only take longer.
_CHECKS = Turns("The history is just being checked for somebody else. Try again in a minute.")


def overview(desk: Desk) -> Response:
    """Show what waits for whoever keeps the installation, and the way to every page of theirs."""
    with desk.reading() as (tx, viewer):
        found = attention(desk.office, tx, viewer)
    return desk.page(
        "admin/overview.html",
        title="Administration",
        found=found,
        sees_people=people.READERS.admits(desk.roles),
    )


def health(desk: Desk) -> Response:
    """Show how the installation is, in every detail but its secrets."""
    with desk.reading() as (tx, _):
        found = examine(desk.office, tx)
    return desk.page("admin/health.html", title="System health", found=found, checked=None)


def check(desk: Desk) -> Response:
    """Check every seal of the whole history, and tell what came of it on the same page."""
    with _CHECKS.taken(), desk.reading() as (tx, _):
        checked = check_history(desk.office, tx)
        found = examine(desk.office, tx)
    return desk.page("admin/health.html", title="System health", found=found, checked=checked)


def monitor(desk: Desk) -> Response:
    """Answer a monitor in JSON: 200 where all is well, 503 where something is wrong."""
    signs = vital_signs(desk.office)
    return JSONResponse(signs.plain(), status_code=200 if signs.is_well else 503)
