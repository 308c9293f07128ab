"""Having a link sent: for one return or for one action, with those that were sent, and withdrawing one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.responses import Response

from assurance.links import (
    answer_by_link,
    require_sender,
    send_confirm_link,
    send_return_link,
    withdraw_link,
)
from assurance.queries.links import links_about
from assurance.queries.one import card_of
from assurance.queries.record_sets import record_sets
from assurance.queries.references import subject_of
from engine.errors import Refused
from engine.moved import Ref
from engine.refusals import all_of
from web.desk import Desk
from web.failures import is_not_there
from web.forms.links import SendLinkForm
from web.route import roles

KEEPERS = roles("coordinator", "administrator")


@dataclass(frozen=True, slots=True)
class _Sort:
    """What a link of one sort is, in the words of its page, and the command that sends it."""

    title: str
    about: str
    usual_days: str
    send: Callable[..., tuple[str, ...]]


_SORTS: Mapping[str, _Sort] = {
    "agency_return": _Sort(
        "Send a link to answer",
        "Whoever answers for these records gets a mail with a link. It opens this one return and nothing else, without "
        "an account. Every use is noted, and the history says that it was by a link.",
        "30",
        send_return_link,
    ),
    "action": _Sort(
        "Send a link to confirm",
        "The lead of the agency gets a mail with a link. It opens this one action, serves once, and asks for evidence. "
        "The history says that it was by a link.",
        "14",
        send_confirm_link,
    ),
}


def return_links(desk: Desk, number: int) -> Response:
    """Show the links to a return, and the form that has one sent."""
    return _page(desk, "agency_return", number)


def send_for_return(desk: Desk, number: int) -> Response:
    """Have a link to a return sent."""
    return _send(desk, "agency_return", number)


def action_links(desk: Desk, number: int) -> Response:
    """Show the links to an action, and the form that has one sent."""
    return _page(desk, "action", number)


def send_for_action(desk: Desk, number: int) -> Response:
    """Have a link to an action sent."""
    return _send(desk, "action", number)


def withdraw(desk: Desk, number: int) -> Response:
    """Withdraw a link for good."""
    with desk.begin() as tx:
        ref = withdraw_link(tx, number)
    return desk.go(f"/{ref}/links", said="The link is withdrawn. Whoever opens it is told so.")


def records(desk: Desk) -> Response:
    """Show whose returns are answered by links."""
    with desk.reading() as (tx, viewer):
        found = record_sets(tx, viewer)
    return desk.page("links/records.html", title="How returns are answered", records=found)


def change_records(desk: Desk, number: int) -> Response:
    """Have the returns of some records answered by links from now on, or by signing in again."""
    is_so = desk.form.get("by") == "link"
    with desk.begin() as tx:
        answer_by_link(tx, number, is_so=is_so)
    said = "A link goes with each request from now on." if is_so else "They sign in from now on."
    return desk.go("/admin/records", said=said)


def _send(desk: Desk, kind: str, number: int) -> Response:
    form = SendLinkForm(desk.form)
    if not form.validate():
        return _page(desk, kind, number, form=form, status=422)
    try:
        with desk.begin() as tx:
            told = _SORTS[kind].send(tx, Ref(kind, number), days=int(form.days.data))
    except Refused as refused:
        if is_not_there(refused):
            raise
        form.refuse(refused)
        return _page(desk, kind, number, form=form, status=422)
    return desk.go(f"/{kind}/{number}/links", said=f"A link goes to {all_of(told)} by mail.")


def _page(
    desk: Desk, kind: str, number: int, *, form: SendLinkForm | None = None, status: int = 200
) -> Response:
    sort = _SORTS[kind]
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, kind, number)
        require_sender(tx, ref)
        links, card = links_about(tx, viewer, ref), card_of(tx, viewer, ref)
    return desk.page(
        "links/sending.html",
        status=status,
        title=sort.title,
        sort=sort,
        ref=ref,
        name=card.name,
        links=links,
        form=form or SendLinkForm(days=sort.usual_days),
    )
