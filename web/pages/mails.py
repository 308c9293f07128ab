"""The mail queue and dead addresses: what arrives and what does not, sent again, taken back, mended. Nobody reads a mail here."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response

from assurance.access import Sight, Viewer
from assurance.commands.addresses import mend, resend, take_back
from assurance.queries.addresses import dead_addresses
from assurance.queries.doors import doors_of
from assurance.queries.mail_queue import STATES, WHAT_THEY_MEAN, QueuedMail, mail_queue, one_mail
from assurance.queries.one import card_of
from assurance.queries.references import subject_of
from assurance.queries.rows import Wanted
from engine.errors import Refused, Stale
from engine.moved import Ref
from web.desk import Desk
from web.failures import is_not_there
from web.forms.keeping import MendForm, TakeBackForm
from web.route import roles

MAY_LOOK = roles("administrator", "coordinator", "chair", "deputy_chair", "inspector")
KEEPERS = roles("administrator", "coordinator")
QUEUE, ADDRESS = "/admin/mails", "dead_address"


def queue(desk: Desk, state: str = "", to: str = "", page: int = 1) -> Response:
    """Show one page of the mail queue; a state that is none shows them all."""
    wanted = state if state in STATES else None
    with desk.reading() as (tx, viewer):
        found = mail_queue(tx, viewer, state=wanted, to=to[:200], page=page)

    def address(number: int) -> str:
        return f"{QUEUE}?{urlencode({'state': wanted or '', 'to': to, 'page': number})}"

    return desk.page(
        "admin/mails.html",
        title="Mail queue",
        queue=found,
        state=wanted,
        to=to,
        states=STATES,
        meaning=WHAT_THEY_MEAN,
        address=address,
    )


def one(desk: Desk, number: int) -> Response:
    """Show one mail on its way, and what can be done about it."""
    return _one(desk, number, TakeBackForm())


def send_again(desk: Desk, number: int) -> Response:
    """Have a mail sent again that has not arrived."""
    with desk.begin() as tx:
        name = resend(tx, number)
    return desk.go(f"{QUEUE}/{number}", said=f"The mail to {name} goes out with the next delivery.")


def withdraw(desk: Desk, number: int) -> Response:
    """Take a mail back, or show the form again with what is missing."""
    form = TakeBackForm(desk.form)
    if not form.validate():
        return _one(desk, number, form, status=422)
    try:
        with desk.begin() as tx:
            name = take_back(tx, number, form.reason.data or "")
    except Refused as refused:
        if is_not_there(refused):
            raise
        form.refuse(refused)
        return _one(desk, number, form, status=422)
    return desk.go(f"{QUEUE}/{number}", said=f"The mail to {name} is taken back.")


def addresses(desk: Desk) -> Response:
    """Show the addresses to which mail comes back."""
    with desk.reading() as (tx, viewer):
        rows = dead_addresses(tx, viewer, Wanted()).rows
    dead = [row for row in rows if row.mended_on is None]
    mended = [row for row in reversed(rows) if row.mended_on is not None]
    return desk.page("admin/addresses.html", title="Dead addresses", dead=dead, mended=mended)


def address(desk: Desk, number: int) -> Response:
    """Show one dead address, the mails that have not arrived, and the form that mends it."""
    return _address(desk, number, None)


def mend_address(desk: Desk, number: int) -> Response:
    """Mend an address, or show the form again with what was typed."""
    form, ref = MendForm(desk.form), Ref(ADDRESS, number)
    if not form.validate():
        return _address(desk, number, form, status=422)
    try:
        with desk.begin() as tx:
            mended = mend(tx, ref, form.new_address.data or "", key=form.key.data)
    except Refused as refused:
        if is_not_there(refused):
            raise
        form.refuse(refused)
        return _address(desk, number, form, status=409 if isinstance(refused, Stale) else 422)
    whose = " and ".join(mended.people) or "nobody in the group"
    said = f"Mended: this is now the address of {whose}."
    if mended.mails:
        count = len(mended.mails)
        some = "1 mail has" if count == 1 else f"{count} mails have"
        said += f" {some} not arrived; send again what still matters."
    return desk.go(f"/{ref}", said=said)


def _one(desk: Desk, number: int, form: TakeBackForm, *, status: int = 200) -> Response:
    with desk.reading() as (tx, viewer):
        mail, links = one_mail(tx, viewer, number), viewer.sight is Sight.EVERYTHING
    return desk.page(
        "admin/mail.html",
        status=status,
        title=f"Mail {number}",
        mail=mail,
        form=form,
        links=links,
        may=KEEPERS.admits(desk.roles),
        pairs=_told(mail, viewer),
    )


def _told(mail: QueuedMail, viewer: Viewer) -> list[tuple[str, object]]:
    """Give what is known of a mail in pairs; what is not known of it is left out."""
    sees_it = viewer.sight is Sight.EVERYTHING
    pairs: list[tuple[str, object]] = [
        ("To", mail.to),
        ("Address", mail.address),
        ("What for", mail.what),
        ("Subject line", mail.subject),
        ("About", mail.about if sees_it or mail.about is None else str(mail.about)),
        ("Called for by", mail.cause),
        ("Tried", "once" if mail.tries == 1 else f"{mail.tries} times" if mail.tries else None),
        ("What the mail server said last", mail.answer),
    ]
    return [(words, value) for words, value in pairs if value]


def _address(desk: Desk, number: int, form: MendForm | None, *, status: int = 200) -> Response:
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, ADDRESS, number)
        card, doors = card_of(tx, viewer, ref), doors_of(tx, ref)
    can_mend = any(door.trigger == "mend" and door.is_open for door in doors.doors)
    return desk.page(
        "admin/address.html",
        status=status,
        title=card.name,
        card=card,
        ref=ref,
        pairs=[(line.title, line.value) for line in card.lines if line.value],
        mails=[(row[0], row[1:]) for grid in card.grids for row in grid.rows],
        form=form or MendForm(),
        can_mend=can_mend,
        may=KEEPERS.admits(desk.roles),
    )
