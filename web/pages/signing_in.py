"""Signing in, in two steps, and out; in a demonstration, by a button for each post."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import Query
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import Response

from assurance.accounts.own import sign_out
from assurance.accounts.sessions import open_demo_session, seated
from assurance.accounts.signing_in import SignedIn, show_code, show_password
from assurance.queries.accounts import example_posts
from engine.errors import Refused
from web.cookies import FORMS, SESSION
from web.desk import Desk, NotSignedIn
from web.forms.accounts import CodeForm, SignInForm
from web.fresh import seat_of
from web.kept import Typed, send_now, typed_before, typed_on_the_way
from web.onward import onward, way_elsewhere

STEP = "auditloop-step"  # the cookie on the way from the password to the code
SECONDS = 600
LONGEST_DEVICE = 200
Then = Annotated[str, Query(alias="next")]


def ask(desk: Desk, then: Then = "") -> Response:
    """Show the first step."""
    if desk.signed is not None:
        return desk.go(onward(then))
    return _first(desk, SignInForm(next=onward(then)))


def take(desk: Desk) -> Response:
    """Take the first step."""
    form = SignInForm(desk.form)
    if not form.validate():
        return _first(desk, form, status=422)
    try:
        token = show_password(
            desk.office, form.email.data or "", form.password.data or "", place=place_of(desk)
        )
    except Refused as refused:
        form.refuse(refused)
        return _first(desk, form, status=422)
    if typed_on_the_way(desk).seal:
        answer = _second(desk, CodeForm(next=onward(form.next.data)))
    else:
        answer = desk.go(f"/sign-in/code?next={quote(onward(form.next.data))}")
    desk.cookies.set(answer, STEP, token, seconds=SECONDS)
    return answer


def ask_code(desk: Desk, then: Then = "") -> Response:
    """Show the second step."""
    if not desk.cookies.read(desk.request, STEP):
        return desk.go("/sign-in")
    return _second(desk, CodeForm(next=onward(then)))


def take_code(desk: Desk) -> Response:
    """Take the second step, and sign in."""
    form = CodeForm(desk.form)
    if not form.validate():
        return _second(desk, form, status=422)
    try:
        done = show_code(
            desk.office,
            desk.cookies.read(desk.request, STEP),
            form.code.data or "",
            place=place_of(desk),
            device=device_of(desk),
            instead_of=None if desk.signed is None else desk.signed.session_id,
        )
    except Refused as refused:
        if refused.reasons[0].code == "link_over":
            return _first(desk, _begin_again(refused), status=422)
        form.refuse(refused)
        return _second(desk, form, status=422)
    answer = send_now(desk, typed_on_the_way(desk), done)
    if answer is None:
        return signed_in(desk, done, onward(form.next.data))
    seat_down(desk, answer, done.token)
    return answer


def ask_again(desk: Desk, form: FormData) -> Response | None:
    """Ask somebody to sign in whose session ran out while they typed; None where there is nothing of theirs to keep."""
    typed = typed_before(desk, form)
    return None if typed is None else _first(desk, SignInForm(), status=403, typed=typed)


def take_example(desk: Desk) -> Response:
    """Sign in as somebody of the example, without any proof; outside of a demonstration there is no such page."""
    if not desk.is_demo:
        raise HTTPException(404)
    done = _as_example(desk, str(desk.form.get("person", "")))
    answer = send_now(desk, typed_on_the_way(desk), done) or desk.go(onward(str(desk.form.get("next", ""))))
    seat_down(desk, answer, done.token)
    return answer


def leave(desk: Desk) -> Response:
    """Sign out."""
    with desk.begin() as tx:
        sign_out(tx, seat_of(desk))
    answer = desk.go("/sign-in", said="You have signed out.")
    desk.cookies.drop(answer, SESSION)
    return answer


def signed_in(desk: Desk, done: SignedIn, path: str) -> Response:
    """Send somebody on who has signed in, with the cookie of their session and none of the way there."""
    said = ""
    if done.codes_left is not None:
        codes = "recovery code is" if done.codes_left == 1 else "recovery codes are"
        said = (
            f"You have signed in with a recovery code. {done.codes_left} {codes} left; draw new ones in time."
        )
    answer = desk.go(path, said=said)
    seat_down(desk, answer, done.token)
    return answer


def seat_down(desk: Desk, answer: Response, token: str) -> None:
    """Give the browser the token of a session, and take away what was good before it only."""
    desk.cookies.set(answer, SESSION, token)
    desk.cookies.drop(answer, STEP)
    desk.cookies.drop(answer, FORMS)


def place_of(desk: Desk) -> str:
    """Give the network address from which somebody asks."""
    client = desk.request.client
    return "" if client is None else client.host


def device_of(desk: Desk) -> str:
    """Give what the browser calls itself."""
    return desk.request.headers.get("user-agent", "")[:LONGEST_DEVICE]


def _as_example(desk: Desk, person_key: str) -> SignedIn:
    token = open_demo_session(desk.office, person_key)
    seat = seated(desk.office, token)
    if seat is None:
        raise NotSignedIn
    return SignedIn(token, seat.account_id, seat.actor.name)


def _begin_again(refused: Refused) -> SignInForm:
    form = SignInForm()
    form.refuse(refused)
    return form


def _first(desk: Desk, form: SignInForm, *, status: int = 200, typed: Typed | None = None) -> Response:
    posts = example_posts(desk.office) if desk.is_demo else ()
    return desk.page(
        "accounts/sign_in.html",
        status=status,
        title="Sign in",
        form=form,
        posts=posts,
        typed=typed or typed_on_the_way(desk),
        elsewhere=way_elsewhere(desk, "/sign-in/elsewhere", then=form.next.data or "/"),
    )


def _second(desk: Desk, form: CodeForm, *, status: int = 200) -> Response:
    return desk.page(
        "accounts/code.html",
        status=status,
        title="Show that it is you",
        form=form,
        typed=typed_on_the_way(desk),
    )
