"""An agency or a post on a page of its own: called otherwise, and closed once nothing is open there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.responses import Response

from assurance.access import Viewer
from assurance.commands import reshaping
from assurance.office import Tx
from assurance.queries import directory
from web.desk import Desk
from web.forms.people import NameForm
from web.fresh import require_fresh
from web.pages.people import kept


@dataclass(frozen=True, slots=True)
class _Sort:
    """What an agency or a post is, in the words of its page, and what can be done with it."""

    noun: str
    listed_at: str
    listed_as: str
    closing: str
    read: Callable[[Tx, Viewer, int], directory.ToKeep]
    rename: Callable[[Tx, int, str], None]
    close: Callable[[Tx, int], None]


_SORTS: Mapping[str, _Sort] = {
    "agencies": _Sort(
        "agency",
        "/admin/agencies",
        "Agencies",
        "Its posts and its records are closed with it. Nothing new begins there, and everything that was stays to be read.",
        directory.agency,
        reshaping.rename_agency,
        reshaping.close_agency,
    ),
    "posts": _Sort(
        "post",
        "/admin/posts",
        "Posts",
        "Nobody is given it any more, and everything that was done in it stays to be read.",
        directory.post,
        reshaping.rename_post,
        reshaping.close_post,
    ),
}


def agency(desk: Desk, number: int) -> Response:
    """Show one agency, to be renamed or closed."""
    return _page(desk, "agencies", number)


def rename_agency(desk: Desk, number: int) -> Response:
    """Call an agency otherwise."""
    return _rename(desk, "agencies", number)


def close_agency(desk: Desk, number: int) -> Response:
    """Close an agency."""
    return _close(desk, "agencies", number)


def post(desk: Desk, number: int) -> Response:
    """Show one post, to be renamed or closed."""
    return _page(desk, "posts", number)


def rename_post(desk: Desk, number: int) -> Response:
    """Call a post otherwise."""
    return _rename(desk, "posts", number)


def close_post(desk: Desk, number: int) -> Response:
    """Close a post."""
    return _close(desk, "posts", number)


def _rename(desk: Desk, sort: str, number: int) -> Response:
    require_fresh(desk)
    form, it = NameForm(desk.form), _SORTS[sort]
    if kept(desk, form, lambda tx: it.rename(tx, number, form.name.data or "")):
        return _page(desk, sort, number, form=form, status=422)
    return desk.go(f"{it.listed_at}/{number}", said=f"The {it.noun} is renamed, everywhere and at once.")


def _close(desk: Desk, sort: str, number: int) -> Response:
    require_fresh(desk)
    form, it = NameForm(desk.form), _SORTS[sort]
    if kept(desk, form, lambda tx: it.close(tx, number), is_complete=True):
        return _page(desk, sort, number, form=form, status=422)
    return desk.go(it.listed_at, said=f"The {it.noun} is closed.")


def _page(desk: Desk, sort: str, number: int, *, form: NameForm | None = None, status: int = 200) -> Response:
    it = _SORTS[sort]
    with desk.reading() as (tx, viewer):
        found = it.read(tx, viewer, number)
    shown = form or NameForm(name=found.name)
    # Whoever pressed the button that closes has typed no name.
    shown.name.data = shown.name.data or found.name
    return desk.page("people/one_kept.html", status=status, title=found.name, one=found, form=shown, sort=it)
