"""Going to the issuer of work accounts and coming back: to sign in, to set up or link an account, to show who one is.

That somebody comes back by GET is the protocol's word; what it changes is bound to a cookie that only we can make.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from assurance.accounts.elsewhere import Arrival, Errand, arrive, depart, has_issuer
from assurance.accounts.enrolling import invited_by
from assurance.accounts.linking import (
    confirm_elsewhere,
    link_elsewhere,
    set_up_elsewhere,
    sign_in_elsewhere,
)
from engine.errors import Refused
from web.cookies import SESSION
from web.desk import Desk
from web.fresh import require_fresh, seat_of
from web.onward import onward
from web.pages.signing_in import SECONDS, Then, device_of, signed_in

TRIP = "auditloop-trip"  # the cookie on the way to the issuer and back
FAILED = "Your work account did not sign you in"


def go_to_sign_in(desk: Desk, then: Then = "") -> Response:
    """Go to the issuer to sign in."""
    return _go(desk, Errand.SIGN_IN, of=onward(then))


def go_to_set_up(desk: Desk, token: str) -> Response:
    """Go to the issuer to link a work account by an invitation."""
    try:
        invited_by(desk.office, token)
    except Refused as refused:
        return _failed(desk, refused)
    return _go(desk, Errand.SET_UP, of=token)


def go_to_link(desk: Desk) -> Response:
    """Go to the issuer to link a work account to one's own."""
    require_fresh(desk)
    return _go(desk, Errand.LINK)


def go_to_confirm(desk: Desk, then: Then = "") -> Response:
    """Go to the issuer to show once more that one is oneself."""
    return _go(desk, Errand.CONFIRM, of=onward(then))


def come_back(desk: Desk, state: str = "", code: str = "", iss: str = "") -> Response:
    """Come back from the issuer, and do what one went for."""
    if not has_issuer(desk.office.settings):
        raise HTTPException(404)
    try:
        arrival = arrive(
            desk.office, desk.cookies.read(desk.request, TRIP), state=state, code=code, issuer=iss
        )
        answer = _done(desk, arrival)
    except Refused as refused:
        answer = _failed(desk, refused)
    desk.cookies.drop(answer, TRIP)
    return answer


def _done(desk: Desk, arrival: Arrival) -> Response:
    match arrival.errand:
        case Errand.SIGN_IN:
            before = None if desk.signed is None else desk.signed.session_id
            done = sign_in_elsewhere(desk.office, arrival, device=device_of(desk), instead_of=before)
            return signed_in(desk, done, onward(arrival.of))
        case Errand.SET_UP:
            return signed_in(desk, set_up_elsewhere(desk.office, arrival, device=device_of(desk)), "/")
        case Errand.LINK:
            with desk.begin() as tx:
                link_elsewhere(tx, seat_of(desk), arrival)
            return desk.go("/account", said="Your work account is linked, and signs you in from now on.")
        case Errand.CONFIRM:
            with desk.begin() as tx:
                token = confirm_elsewhere(tx, seat_of(desk), arrival)
            answer = desk.go(onward(arrival.of))
            desk.cookies.set(answer, SESSION, token)
            return answer


def _go(desk: Desk, errand: Errand, *, of: str = "") -> Response:
    if not has_issuer(desk.office.settings):
        raise HTTPException(404)
    try:
        departure = depart(desk.office, errand, of=of)
    except Refused as refused:
        return _failed(desk, refused)
    answer = desk.go(departure.url)
    desk.cookies.set(answer, TRIP, departure.sealed, seconds=SECONDS)
    return answer


def _failed(desk: Desk, refused: Refused) -> Response:
    reasons = tuple(reason.sentence for reason in refused.reasons)
    return desk.page("accounts/link_over.html", status=422, title=FAILED, reasons=reasons)
