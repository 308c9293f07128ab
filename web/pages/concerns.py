"""Immediate concerns: which there are, one of them, and raising one, which waits for no stage and no meeting."""

from __future__ import annotations

from starlette.responses import Response

from assurance.access import Viewer, may_see
from assurance.commands.acting import raise_concern
from assurance.office import Tx
from assurance.queries import lists
from assurance.queries.choosing import agencies_to_choose, audits_to_choose, cases_to_choose
from assurance.queries.doors import doors_of
from assurance.queries.one import card_of
from assurance.queries.references import subject_of
from assurance.queries.rows import Wanted
from assurance.records import Audit, ImmediateConcern
from engine.errors import Refused
from engine.moved import Ref
from web.desk import Desk
from web.forms.concerns import ConcernForm
from web.pages.entering import NOT_TWICE

CONCERNS = "/immediate_concerns"
_NONE = {"": "None in particular"}


def every(desk: Desk) -> Response:
    """List the concerns that somebody may see, those that are open first."""
    with desk.reading() as (tx, viewer):
        rows = lists.concerns(tx, viewer, Wanted()).rows
    ordered = sorted(rows, key=lambda row: (row.state == "closed", -row.ref.id))
    return desk.page("concerns/list.html", title="Immediate concerns", rows=ordered)


def one(desk: Desk, number: int) -> Response:
    """Show one concern."""
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, ImmediateConcern.noun, number)
        card, doors = card_of(tx, viewer, ref), doors_of(tx, ref)
    return desk.page(
        "concerns/one.html",
        title=card.name,
        ref=ref,
        card=card,
        it={line.name: line.value for line in card.lines},
        doors=doors,
        grids=card.grids,
    )


def ask(desk: Desk) -> Response:
    """Show the form, and first of all what comes before it."""
    return _form_page(desk, None)


def take(desk: Desk) -> Response:
    """Raise the concern: whoever must act is told at once. Nothing that was typed is lost where it is refused."""
    with desk.reading() as (tx, viewer):
        form = _form(tx, viewer, desk)
    if not form.validate():
        return _form_page(desk, form, status=422)
    try:
        with desk.begin() as tx:
            ref = raise_concern(
                tx,
                int(form.agency.data),
                (form.text.data or "").strip(),
                audit=Ref(Audit.noun, int(form.audit.data)) if form.audit.data else None,
                case_id=int(form.case.data) if form.case.data else None,
                key=form.key.data,
            )
    except Refused as refused:
        if any(reason.code == "repeated" for reason in refused.reasons):
            return desk.go(CONCERNS, said=NOT_TWICE)
        form.refuse(refused)
        return _form_page(desk, form, status=422)
    agency = next(title for value, title, *_ in form.agency.iter_choices() if value == form.agency.data)
    said = f"Your concern is raised. {agency}, the chair, the deputy chair and the coordinator are told now."
    # Whoever raises a concern about another agency's work need not be somebody who may go on reading it.
    with desk.reading() as (tx, viewer):
        may_read_on = may_see(tx.session, viewer, ref)
    return desk.go(f"/{ref}" if may_read_on else CONCERNS, said=said)


def _form(tx: Tx, viewer: Viewer, desk: Desk | None) -> ConcernForm:
    form = ConcernForm(None if desk is None else desk.form)
    form.agency.choices = {"": "Choose an agency"} | dict(agencies_to_choose(tx, viewer))
    form.case.choices = _NONE | dict(cases_to_choose(tx, viewer))
    form.audit.choices = _NONE | dict(audits_to_choose(tx, viewer))
    return form


def _form_page(desk: Desk, form: ConcernForm | None, *, status: int = 200) -> Response:
    with desk.reading() as (tx, viewer):
        shown = form or _form(tx, viewer, None)
    return desk.page("concerns/raise.html", status=status, title="Raise an immediate concern", form=shown)
