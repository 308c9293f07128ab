"""Decisions of record and exports are for whoever has lately proved who they are: a page or an answer asks here first."""

from __future__ import annotations

from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from assurance.accounts.sessions import Seated, is_fresh
from web.desk import Desk, NotSignedIn
from web.forms.accounts import ConfirmByButtonForm, ConfirmForm
from web.onward import way_elsewhere
from web.seat import Forged, refuse_forgery

KEPT = "kept."  # before the name of each field that waits until somebody has shown that it is them
CSRF = "csrf"
SECRETS = frozenset({"password", "again", "old", "proof"})  # never written into a page

Kept = tuple[tuple[str, str], ...]


class NotFresh(Exception):
    """Somebody must show once more that it is them; what they have typed is kept meanwhile."""

    def __init__(self, desk: Desk) -> None:
        super().__init__("shown too long ago that it is them")
        self.desk = desk


def require_fresh(desk: Desk) -> None:
    """Raise NotFresh unless the person has proved within the last quarter of an hour who they are.

    Asked on the page with the form, it leads there and back; asked when the form is sent, nothing typed is lost.
    """
    if not is_fresh(seat_of(desk), desk.office.clock.now()):
        raise NotFresh(desk)


def seat_of(desk: Desk) -> Seated:
    """Give the session in which somebody asks; raises NotSignedIn where there is none."""
    signed = desk.signed
    if signed is None:
        raise NotSignedIn
    return Seated(
        signed.actor,
        signed.session_id,
        signed.account_id,
        signed.csrf,
        signed.confirmed_at,
        is_demo=signed.is_demo,
    )


def answer_not_fresh(desk: Desk) -> Response:
    """Ask for a proof: on the way to a page, or before what somebody has sent is taken."""
    url = desk.request.url
    here = url.path + (f"?{url.query}" if url.query else "")
    if desk.request.method in ("GET", "HEAD"):
        return RedirectResponse(f"/confirm?next={quote(here, safe='/')}", status_code=303)
    return confirm_page(desk, then=here, kept=typed_fields(desk.form), status=403)


def confirm_page(
    desk: Desk,
    *,
    then: str,
    form: ConfirmForm | ConfirmByButtonForm | None = None,
    kept: Kept = (),
    status: int = 200,
) -> Response:
    """Write the page that asks for a proof and keeps meanwhile what was typed; files are not kept."""
    shown = form or proof_form(desk)
    shown.next.data = then
    return desk.page(
        "accounts/confirm.html",
        elsewhere="" if kept else way_elsewhere(desk, "/confirm/elsewhere", then=then),
        status=status,
        title="Show that it is you",
        form=shown,
        kept=kept,
        before=KEPT,
    )


def typed_fields(form: FormData) -> Kept:
    """Give what was typed into a form of ours; neither files nor passwords are kept."""
    return tuple(
        (name, value)
        for name, value in form.multi_items()
        if name != CSRF and name not in SECRETS and isinstance(value, str)
    )


def typed_words(desk: Desk) -> tuple[str, ...]:
    """Give the texts of a form that cannot be taken any more, so that they can be copied; nothing of a form from elsewhere."""
    if desk.request.headers.get("sec-fetch-site") != "same-origin":
        try:
            refuse_forgery(desk.request, desk.form, desk.csrf)
        except Forged:
            return ()
    return tuple(value for _, value in typed_fields(desk.form) if len(value.split()) > 1)


def kept_fields(form: FormData) -> Kept:
    """Give what such a page has kept, by the names that it had."""
    return tuple(
        (name.removeprefix(KEPT), value)
        for name, value in form.multi_items()
        if name.startswith(KEPT) and isinstance(value, str)
    )


def proof_form(desk: Desk, posted: FormData | None = None) -> ConfirmForm | ConfirmByButtonForm:
    """Give the form for a proof; in a demonstration, where nobody has anything to show, a button alone."""
    return ConfirmByButtonForm(posted) if seat_of(desk).is_demo else ConfirmForm(posted)
