"""A step of any workflow that asks for words and days only: what it does, what it asks for, and taking it."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from assurance.commands.moving import Done, move
from assurance.office import Tx
from assurance.queries.doors import Door, Doors, doors_of
from assurance.queries.one import card_of
from assurance.queries.references import subject_of
from engine.errors import Refused, Stale
from engine.moved import Ref
from web.desk import Desk
from web.failures import is_not_there
from web.forms.steps import StepForm, step_form


def ask(desk: Desk, kind: str, number: int, trigger: str) -> Response:
    """Show what a step does, and its form."""
    return _form_page(desk, kind, number, trigger, form=None)


def take(desk: Desk, kind: str, number: int, trigger: str) -> Response:
    """Take the step, or show the form again with what was wrong and everything that was typed."""
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, kind, number)
        door = door_among(doors_of(tx, ref), trigger)
    form = step_form(() if door is None else door.asks, desk.form)
    if not form.validate():
        return _form_page(desk, kind, number, trigger, form=form, status=422)
    try:
        with desk.begin() as tx:
            # Also where the door is gone by now: the same request made twice is answered as the first time.
            done = move(tx, ref, trigger, version=form.version_seen(), given=form.given(), key=form.key.data)
            said = _said(tx, done, door)
    except Refused as refused:
        if door is None or is_not_there(refused):
            raise
        form.refuse(refused)
        status = 409 if isinstance(refused, Stale) else 422
        return _form_page(desk, kind, number, trigger, form=form, status=status)
    return desk.go(f"/{done.approval or ref}", said=said)


def _form_page(
    desk: Desk, kind: str, number: int, trigger: str, *, form: StepForm | None, status: int = 200
) -> Response:
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, kind, number)
        doors = doors_of(tx, ref)
        door = door_among(doors, trigger)
        if door is None:
            raise no_such_door(tx, ref, doors, trigger)
        name = card_of(tx, viewer, ref).name
    shown = form or step_form(door.asks, version=doors.version)
    return desk.page(
        "steps/ask.html",
        status=status,
        title=door.title,
        door=door,
        doors=doors,
        name=name,
        ref=ref,
        form=shown,
    )


def door_among(doors: Doors, trigger: str) -> Door | None:
    """Find a door of the subject by its trigger, an open one before a closed one."""
    fitting = [door for door in doors.doors if door.trigger == trigger]
    return min(fitting, key=lambda door: not door.is_open, default=None)


def no_such_door(tx: Tx, ref: Ref, doors: Doors, trigger: str) -> Exception:
    """Give what to raise for a step that there is not in this state, or not at all."""
    titles = [way.title for way in tx.playbook.newest(ref.kind).moves if way.trigger == trigger]
    if not titles:
        return HTTPException(404)
    return Refused.because("not_from_here", f"‘{titles[0]}’ is not possible: it is now {doors.state_title}.")


def _said(tx: Tx, done: Done, door: Door | None) -> str:
    """Say in a sentence what came of a step."""
    if done.is_repeat or door is None:
        return "This was done already; nothing was done twice."
    if done.approval is not None:
        return f"Asked for: {door.title}. It waits for the decision of {door.needs_decision_of}."
    state = tx.playbook.newest(done.ref.kind).states[done.state].title
    return " ".join((f"Done: {door.title}. It is now: {state}.", *done.brought))
