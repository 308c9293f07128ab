"""What a link from a mail opens: one return to be answered, or one action to be confirmed, and nothing else of the site.

Opening it changes nothing, since programs that look at mail open links too: only a pressed button acts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from starlette.responses import Response

from assurance.commands.moving import move
from assurance.links import RETURN, confirm_by_link
from assurance.queries.agency_returns import OneReturn, one_return
from assurance.queries.doors import Door, Doors, doors_of
from assurance.queries.one import card_of
from engine.errors import Refused, Stale
from web.desk import Desk
from web.forms.agency_return import ReturnForm, return_form
from web.forms.links import ConfirmByLinkForm
from web.forms.steps import step_form
from web.link_desk import OPENED, LinkDesk, desk_by_link
from web.pages.agency_returns import NOT_KNOWN, SUBMIT, answered_meanwhile, keep_answers

GONE = {
    "link_unknown": 404,
    "link_over": 410,
    "link_withdrawn": 410,
    "link_spent": 410,
    "link_not_theirs": 410,
    "link_settled": 410,
    "too_often": 429,
}


def opened(desk: Desk, token: str) -> Response:
    """Show what a link is for."""
    return _by_link(desk, token, OPENED, _show)


def pressed(desk: Desk, token: str) -> Response:
    """Do what a button on that page does."""
    return _by_link(
        desk, token, "used", lambda own: _save(own) if own.link.purpose == RETURN else _confirm(own)
    )


def ask_not_known(desk: Desk, token: str) -> Response:
    """Ask what to say with “not known to us”."""
    return _by_link(desk, token, OPENED, _not_known_page)


def take_not_known(desk: Desk, token: str) -> Response:
    """Answer “not known to us”."""
    return _by_link(desk, token, "not known", _answer_not_known)


def _by_link(desk: Desk, token: str, what: str, work: Callable[[LinkDesk], Response]) -> Response:
    """Let somebody work by a link, or say why it is of no use and whom to ask."""
    try:
        return work(desk_by_link(desk, token, what=what))
    except Refused as refused:
        found = [GONE[reason.code] for reason in refused.reasons if reason.code in GONE]
        if not found:
            raise
        said = tuple(reason.sentence for reason in refused.reasons)
        return desk.page("links/over.html", status=found[0], title="This link cannot be used", reasons=said)


def _show(own: LinkDesk) -> Response:
    if own.link.purpose != RETURN:
        return _action_page(own, ConfirmByLinkForm())
    shown, doors = _read(own)
    return _return_page(own, shown, return_form(shown) if _door(doors, "answer", "start") else None)


# -- a return ----------------------------------------------------------------------------------------------


def _save(own: LinkDesk) -> Response:
    """Keep what is right of what was answered, and submit the return where that was asked and nothing is wrong."""
    shown, doors = _read(own)
    if _door(doors, "answer", "start") is None:
        return _return_page(own, shown, None, status=409)
    form = return_form(shown, own.form)
    form.validate()
    said = ""
    try:
        said = keep_answers(replace(own, what="answered"), shown, form)
        if not form.problems and own.form.get("then") == SUBMIT:
            with replace(own, what="submitted").begin() as tx:
                given = {"remark": form.remark.data} if form.remark.data else {}
                move(tx, shown.ref, SUBMIT, given=given, key=f"{form.key.data}-{SUBMIT}")
            said = "The return is submitted and locked. The coordinator looks at it now."
            return own.go(f"/link/{own.token}", said=said)
    except Refused as refused:
        if any(reason.code in GONE for reason in refused.reasons):
            raise
        form.refuse(refused)
        status = 409 if isinstance(refused, Stale) else 422
        return _return_again(own, form, said, told=answered_meanwhile(refused), status=status)
    if form.problems:
        return _return_again(own, form, said, told=set(), status=422)
    return own.go(f"/link/{own.token}", said=said or "Nothing was changed; all is as you had saved it.")


def _return_again(own: LinkDesk, form: ReturnForm, said: str, *, told: set[int], status: int) -> Response:
    shown, _ = _read(own)
    form.show_anew(shown, told=told)
    return _return_page(own, shown, form, saved=said, status=status)


def _return_page(
    own: LinkDesk, shown: OneReturn, form: ReturnForm | None, *, saved: str = "", status: int = 200
) -> Response:
    return own.page(
        "links/return.html",
        status=status,
        title=f"{shown.records}, case {shown.case}",
        one=shown,
        form=form,
        saved=saved,
        link=own.link,
        here=f"/link/{own.token}",
        may_be_unknown=shown.state in ("requested", "in_progress"),
    )


def _not_known_page(own: LinkDesk, *, refused: Refused | None = None, status: int = 200) -> Response:
    shown, doors = _read(own)
    door = _door(doors, NOT_KNOWN)
    if door is None:
        return _return_page(own, shown, None, status=409)
    form = step_form(door.asks, own.form if status != 200 else None, version=doors.version)
    if status != 200:
        form.validate()
    if refused is not None:
        form.refuse(refused)
    return own.page(
        "links/not_known.html",
        status=status,
        title=door.title,
        one=shown,
        form=form,
        here=f"/link/{own.token}",
    )


def _answer_not_known(own: LinkDesk) -> Response:
    shown, doors = _read(own)
    door = _door(doors, NOT_KNOWN)
    form = step_form(() if door is None else door.asks, own.form)
    if door is None or not form.validate():
        return _not_known_page(own, status=422)
    try:
        with own.begin() as tx:
            move(tx, shown.ref, NOT_KNOWN, version=form.version_seen(), given=form.given(), key=form.key.data)
    except Refused as refused:
        if any(reason.code in GONE for reason in refused.reasons):
            raise
        return _not_known_page(own, refused=refused, status=409 if isinstance(refused, Stale) else 422)
    said = "Your answer is kept: this case is not known to you. There is nothing more for you to do."
    return own.page("links/thanks.html", title="Thank you", reasons=(said,))


def _read(own: LinkDesk) -> tuple[OneReturn, Doors]:
    with own.reading() as (tx, viewer):
        return one_return(tx, viewer, own.link.ref), doors_of(tx, own.link.ref)


def _door(doors: Doors, *triggers: str) -> Door | None:
    """Find an open door of a return."""
    return next((door for door in doors.doors if door.is_open and door.trigger in triggers), None)


# -- an action ---------------------------------------------------------------------------------------------


def _confirm(own: LinkDesk) -> Response:
    form = ConfirmByLinkForm(own.form)
    if not form.validate():
        return _action_page(own, form, status=422)
    try:
        with replace(own, what="confirmed").begin() as tx:
            confirm_by_link(
                tx,
                own.link,
                form.title.data or "",
                form.text.data or "",
                version=form.version_seen() or 0,
                remark=form.remark.data or "",
            )
    except Refused as refused:
        if any(reason.code in GONE for reason in refused.reasons):
            raise
        form.refuse(refused)
        return _action_page(own, form, status=409 if isinstance(refused, Stale) else 422)
    said = "You have confirmed that the action is complete. The chair looks at the evidence now."
    return own.page("links/thanks.html", title="Thank you", reasons=(said,))


def _action_page(own: LinkDesk, form: ConfirmByLinkForm, *, status: int = 200) -> Response:
    with own.reading() as (tx, viewer):
        card, doors = card_of(tx, viewer, own.link.ref), doors_of(tx, own.link.ref)
    # What was typed is decided upon anew, on what stands there now.
    form.version.data = str(doors.version)
    told = {line.name: line.value for line in card.lines}
    return own.page(
        "links/action.html",
        status=status,
        title="Confirm that an action is complete",
        form=form,
        it=told,
        card=card,
        link=own.link,
        here=f"/link/{own.token}",
    )
