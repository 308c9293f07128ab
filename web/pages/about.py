"""What everybody may read about this site: help, who can use it, what it keeps."""

from __future__ import annotations

from starlette.responses import Response

from web.desk import Desk


def help_(desk: Desk) -> Response:
    """Explain the field's words, and how things go."""
    return desk.page("words/help.html", title="Help")


def accessibility(desk: Desk) -> Response:
    """Say how far everybody can use the site, and what does not work yet."""
    return desk.page("words/accessibility.html", title="Accessibility")


def privacy(desk: Desk) -> Response:
    """Say what is kept, who sees it, and what never is."""
    return desk.page("words/privacy.html", title="Privacy")
