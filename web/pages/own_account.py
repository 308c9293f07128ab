"""Somebody's own account: where they are signed in, what proves them, and showing once more that it is them."""

from __future__ import annotations

from starlette.responses import Response

from assurance.accounts.enrolling import picture_for
from assurance.accounts.own import (
    change_app,
    change_password,
    confirm,
    draw_new_codes,
    end_others,
    end_own,
)
from assurance.queries.accounts import my_account
from engine.errors import Refused
from web.cookies import SESSION
from web.desk import Desk
from web.forms.accounts import ChangeAppForm, ChangePasswordForm, ConfirmForm
from web.fresh import confirm_page, kept_fields, proof_form, require_fresh, seat_of
from web.onward import onward, way_elsewhere
from web.pages.signing_in import Then


def mine(desk: Desk) -> Response:
    """Show somebody's own account."""
    seat = seat_of(desk)
    with desk.reading() as (tx, _):
        account = my_account(tx, seat.account_id, session_id=seat.session_id)
    elsewhere = "" if account.issuers else way_elsewhere(desk, "/account/elsewhere")
    return desk.page("accounts/mine.html", title="My account", account=account, elsewhere=elsewhere)


def ask_password(desk: Desk) -> Response:
    """Show the form for another password."""
    return desk.page("accounts/password.html", title="Change your password", form=ChangePasswordForm())


def take_password(desk: Desk) -> Response:
    """Change the password; other sessions end."""
    form, title = ChangePasswordForm(desk.form), "Change your password"
    if not form.validate():
        return desk.page("accounts/password.html", status=422, title=title, form=form)
    try:
        token = change_password(
            desk.office, seat_of(desk), old=form.old.data or "", new=form.password.data or ""
        )
    except Refused as refused:
        form.refuse(refused)
        return desk.page("accounts/password.html", status=422, title=title, form=form)
    return _changed(desk, token, "Your password is changed. You are signed out everywhere else.")


def ask_app(desk: Desk) -> Response:
    """Show what another authenticator app is set up with."""
    require_fresh(desk)
    return _app(desk, ChangeAppForm())


def take_app(desk: Desk) -> Response:
    """Set up another app; other sessions end."""
    form = ChangeAppForm(desk.form)
    require_fresh(desk)
    if not form.validate():
        return _app(desk, form, status=422)
    try:
        token = change_app(
            desk.office, seat_of(desk), sealed=form.sealed.data or "", code=form.code.data or ""
        )
    except Refused as refused:
        form.refuse(refused)
        return _app(desk, form, status=422)
    return _changed(desk, token, "Your new app is set up. The old one is worth nothing any more.")


def draw_codes(desk: Desk) -> Response:
    """Draw new recovery codes, and show them this once."""
    require_fresh(desk)
    with desk.begin() as tx:
        codes = draw_new_codes(tx, seat_of(desk))
    return desk.page(
        "accounts/codes.html", title="Your recovery codes", codes=codes, is_first=False, onward="/account"
    )


def end_one(desk: Desk, number: int) -> Response:
    """End another session of one's own."""
    with desk.begin() as tx:
        end_own(tx, seat_of(desk), number)
    return desk.go("/account", said="You are signed out there.")


def end_all_others(desk: Desk) -> Response:
    """End every session but this one."""
    with desk.begin() as tx:
        ended = end_others(tx, seat_of(desk))
    return desk.go("/account", said=f"You are signed out everywhere else ({ended}).")


def ask_to_confirm(desk: Desk, then: Then = "") -> Response:
    """Ask somebody to show that it is them, on the way to a page."""
    return confirm_page(desk, then=onward(then))


def take_proof(desk: Desk) -> Response:
    """Take the proof, and go on; what somebody wanted to send is offered to be sent now."""
    form = proof_form(desk, desk.form)
    then = onward(form.next.data)
    kept = kept_fields(desk.form)
    if not form.validate():
        return confirm_page(desk, then=then, form=form, kept=kept, status=422)
    proof = form.proof.data or "" if isinstance(form, ConfirmForm) else ""
    try:
        token = confirm(desk.office, seat_of(desk), proof)
    except Refused as refused:
        form.refuse(refused)
        return confirm_page(desk, then=then, form=form, kept=kept, status=422)
    if kept:
        answer = desk.page("accounts/send_now.html", title="Thank you", then=then, kept=kept)
    else:
        answer = desk.go(then)
    desk.cookies.set(answer, SESSION, token)
    return answer


def _app(desk: Desk, form: ChangeAppForm, *, status: int = 200) -> Response:
    seat = seat_of(desk)
    with desk.reading() as (tx, _):
        account = my_account(tx, seat.account_id, session_id=seat.session_id)
    picture = picture_for(
        desk.office, account.email, whose=f"account/{seat.account_id}", sealed=form.sealed.data
    )
    title = "Set up another app"
    return desk.page("accounts/app.html", status=status, title=title, form=form, picture=picture)


def _changed(desk: Desk, token: str, said: str) -> Response:
    answer = desk.go("/account", said=said)
    desk.cookies.set(answer, SESSION, token)
    return answer
