"""What somebody had typed when their session ran out: kept while they sign in again, and theirs to send then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from starlette.datastructures import FormData
from starlette.responses import Response

from assurance.accounts.proving import require_keys
from assurance.accounts.sessions import last_owner, seated
from assurance.accounts.signing_in import SignedIn
from assurance.config import SHORTEST_SECRET
from web.cookies import SESSION
from web.desk import Desk
from web.fresh import KEPT, Kept, kept_fields, typed_fields
from web.onward import onward
from web.seat import Forged, refuse_forgery

PURPOSE = "typed before"
SEAL = "kept_for"  # the field that says whose it is
GOOD_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Typed:
    """Fields that wait, and a seal that says whose they are and where they were to go; nobody else can make it."""

    fields: Kept = ()
    seal: str = ""
    before: str = KEPT


def typed_before(desk: Desk, form: FormData) -> Typed | None:
    """Keep what was sent from a form of ours by somebody whose session is over; None for anything else."""
    typed = typed_fields(form)
    owner = last_owner(desk.office, desk.cookies.read(desk.request, SESSION))
    if not typed or owner is None or len(desk.office.settings.secret) < SHORTEST_SECRET:
        return None
    account_id, csrf = owner
    try:
        refuse_forgery(desk.request, form, csrf)
    except Forged:
        return None
    keys, url = require_keys(desk.office), desk.request.url
    where = url.path + (f"?{url.query}" if url.query else "")
    return Typed(typed, keys.seal(PURPOSE, f"{account_id} {where}", at=desk.office.clock.now()))


def typed_on_the_way(desk: Desk) -> Typed:
    """Give what the form of a step of signing in carries on."""
    seal = desk.form.get(SEAL)
    return Typed(kept_fields(desk.form), seal) if isinstance(seal, str) and seal else Typed()


def send_now(desk: Desk, typed: Typed, done: SignedIn) -> Response | None:
    """Offer whoever has signed in to send what they had typed; None where nothing was kept, or for somebody else."""
    if not typed.seal:
        return None
    opened = require_keys(desk.office).unseal(
        PURPOSE, typed.seal, at=desk.office.clock.now(), good_for=GOOD_FOR
    )
    account_id, _, where = (opened or "").partition(" ")
    found = seated(desk.office, done.token)
    if account_id != str(done.account_id) or found is None:
        return None
    return desk.page(
        "accounts/send_now.html", title="Thank you", then=onward(where), kept=typed.fields, csrf=found.csrf
    )
