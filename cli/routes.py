"""`auditloop routes`: every address of the pages and who may use it, from the very table that is enforced."""

from __future__ import annotations

from typing import Any

import typer
from rich.table import Table

from cli.opening import JsonOption, answering
from cli.shown import console, show_json
from web.app import ROUTES
from web.route import Route


def routes(as_json: JsonOption = False) -> None:
    """List every address of the pages, and who may use it.

    It is the table that is enforced, before anything is answered. Which subjects somebody may see there is decided
    for each subject by itself, from their posts on that day.

    Examples: auditloop routes; auditloop routes --json
    """
    with answering(as_json=as_json):
        if as_json:
            show_json([_plain(route) for route in ROUTES])
            return
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
        for heading in ("", "Address", "Who", "What for"):
            table.add_column(heading, overflow="fold")
        for route in ROUTES:
            table.add_row(route.method, route.path.replace("[", r"\["), route.who.words, route.about)
        console().print(table)
        typer.echo(f"{len(ROUTES)} routes.")


def _plain(route: Route) -> dict[str, Any]:
    return {
        "method": route.method,
        "path": route.path,
        "who": route.who.words,
        "needs_sign_in": route.who.needs_sign_in,
        "roles": sorted(route.who.one_of),
        "about": route.about,
    }
