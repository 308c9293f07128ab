"""Links from mails about accounts: setting one up by an invitation, and choosing a new password."""

from __future__ import annotations

from starlette.responses import Response

from assurance.accounts.enrolling import accept, invited_by, picture_for
from assurance.accounts.recovering import ask_for_link, recover
from assurance.accounts.tickets import Purpose
from engine.errors import Refused
from web.desk import Desk
from web.forms.accounts import AskForLinkForm, RecoverForm, SetUpForm
from web.onward import way_elsewhere
from web.pages.signing_in import device_of, place_of, seat_down, signed_in

OVER = "This link is no longer good"
NOT_YET = "No accounts can be set up yet"


def ask_to_set_up(desk: Desk, token: str) -> Response:
    """Show what setting up an account takes."""
    return _set_up(desk, token, SetUpForm())


def set_up(desk: Desk, token: str) -> Response:
    """Set the account up, sign in, and show the recovery codes this once."""
    form = SetUpForm(desk.form)
    if not form.validate():
        return _set_up(desk, token, form, status=422)
    try:
        done = accept(
            desk.office,
            token,
            password=form.password.data or "",
            sealed=form.sealed.data or "",
            code=form.code.data or "",
            device=device_of(desk),
        )
    except Refused as refused:
        form.refuse(refused)
        return _set_up(desk, token, form, status=422)
    answer = desk.page(
        "accounts/codes.html", title="Your recovery codes", codes=done.codes, is_first=True, onward="/"
    )
    seat_down(desk, answer, done.token)
    return answer


def ask_for_help(desk: Desk) -> Response:
    """Show the form of somebody who has forgotten their password."""
    return desk.page("accounts/forgotten.html", title="I have forgotten my password", form=AskForLinkForm())


def help_(desk: Desk) -> Response:
    """Send the link, if there is such an account, and say the same in any case."""
    form = AskForLinkForm(desk.form)
    title = "I have forgotten my password"
    if not form.validate():
        return desk.page("accounts/forgotten.html", status=422, title=title, form=form)
    try:
        ask_for_link(desk.office, form.email.data or "", place=place_of(desk))
    except Refused as refused:
        form.refuse(refused)
        return desk.page("accounts/forgotten.html", status=422, title=title, form=form)
    return desk.page(
        "accounts/link_sent.html", title="Look into your mail", email=(form.email.data or "").strip()
    )


def ask_to_recover(desk: Desk, token: str) -> Response:
    """Show the form for a new password."""
    return _recover(desk, token, RecoverForm())


def choose_anew(desk: Desk, token: str) -> Response:
    """Take the new password, and sign in."""
    form = RecoverForm(desk.form)
    if not form.validate():
        return _recover(desk, token, form, status=422)
    try:
        done = recover(
            desk.office,
            token,
            password=form.password.data or "",
            code=form.code.data or "",
            place=place_of(desk),
            device=device_of(desk),
        )
    except Refused as refused:
        form.refuse(refused)
        return _recover(desk, token, form, status=422)
    return signed_in(desk, done, "/")


def _set_up(desk: Desk, token: str, form: SetUpForm, *, status: int = 200) -> Response:
    try:
        invited = invited_by(desk.office, token)
        picture = picture_for(desk.office, invited.email, whose=token, sealed=form.sealed.data)
    except Refused as refused:
        return _over(desk, refused)
    title = "Set up your account"
    return desk.page(
        "accounts/set_up.html",
        status=status,
        title=title,
        form=form,
        invited=invited,
        picture=picture,
        elsewhere=way_elsewhere(desk, f"/invitation/{token}/elsewhere"),
    )


def _recover(desk: Desk, token: str, form: RecoverForm, *, status: int = 200) -> Response:
    try:
        whose = invited_by(desk.office, token, Purpose.RECOVERY)
    except Refused as refused:
        return _over(desk, refused)
    title = "Choose a new password"
    return desk.page("accounts/recover.html", status=status, title=title, form=form, whose=whose)


def _over(desk: Desk, refused: Refused) -> Response:
    reasons = tuple(reason.sentence for reason in refused.reasons)
    if refused.reasons[0].code == "no_secret":
        return desk.page("accounts/link_over.html", status=422, title=NOT_YET, reasons=reasons)
    return desk.page("accounts/link_over.html", status=410, title=OVER, reasons=reasons)
