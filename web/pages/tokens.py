"""My tokens: what lets somebody's programs ask and act for them; made here, shown once, withdrawn here."""

from __future__ import annotations

from starlette.responses import Response

from assurance.accounts.bearers import make_token, revoke_token, tokens_of
from engine.errors import Refused
from web.desk import Desk
from web.forms.tokens import TokenForm
from web.fresh import require_fresh


def mine(desk: Desk) -> Response:
    """Show somebody's tokens, and the form for a new one."""
    return _page(desk, TokenForm())


def make(desk: Desk) -> Response:
    """Make a token and show it this once."""
    require_fresh(desk)
    form = TokenForm(desk.form)
    if not form.validate():
        return _page(desk, form, status=422)
    try:
        with desk.begin() as tx:
            made = make_token(tx, form.name.data or "", form.scopes.data or (), days=int(form.days.data))
    except Refused as refused:
        form.refuse(refused)
        return _page(desk, form, status=422)
    address = f"{desk.office.settings.base_url}/api/v1"
    return desk.page(
        "accounts/token_made.html", title="Your new token", made=made, name=form.name.data, address=address
    )


def withdraw(desk: Desk, number: int) -> Response:
    """Withdraw one of somebody's own tokens."""
    with desk.begin() as tx:
        revoke_token(tx, number)
    return desk.go("/account/tokens", said="The token is withdrawn. No program can use it any more.")


def _page(desk: Desk, form: TokenForm, *, status: int = 200) -> Response:
    with desk.reading() as (tx, _):
        tokens = tokens_of(tx)
    return desk.page("accounts/tokens.html", status=status, title="My tokens", form=form, tokens=tokens)
