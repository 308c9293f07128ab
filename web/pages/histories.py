"""The history of anything: who did what, when and why; how it stood on a past day; and whether all of it is whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from urllib.parse import urlencode

from starlette.responses import Response

from assurance.access import Viewer
from assurance.office import Tx
from assurance.queries.history import history_of
from assurance.queries.one import title_of
from assurance.queries.pages import page_of
from assurance.queries.past_day import ThenStood, stood_on
from assurance.queries.references import subject_of
from assurance.queries.sealed import sealed
from engine.errors import Refused
from engine.moved import Ref
from web.addresses import day_in, fields_in
from web.desk import Desk
from web.forms.reports import DayForm


def one(desk: Desk, kind: str, number: int, on: str = "", page: int = 1, check: str = "") -> Response:
    """Tell the history of one subject, the newest line first, as far as one past day where that is asked."""
    asked = fields_in(desk.request)
    form = DayForm(asked if "on-day" in asked else None, on=day_in(on))
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, kind, number)
        name, lines = title_of(tx, viewer, ref), history_of(tx, viewer, ref)
        day, then = _then(tx, viewer, ref, form)
        seal = sealed(tx, viewer, ref) if check else None
    if day is not None:
        lines = tuple(line for line in lines if then is not None and line.number <= then.lines)
    place = page_of(len(lines), page)
    newest = lines[::-1][place.offset : place.offset + place.limit]
    return desk.page(
        "histories/one.html",
        status=422 if form.problems else 200,
        title=f"History of {name}",
        name=name,
        ref=ref,
        form=form,
        day=day,
        then=then,
        lines=newest,
        place=place,
        seal=seal,
        address=_addresses(ref, day),
    )


def _then(tx: Tx, viewer: Viewer, ref: Ref, form: DayForm) -> tuple[date | None, ThenStood | None]:
    """Give the day that is asked for, and how the subject stood at its end."""
    if not form.validate() or form.on.data is None:
        return None, None
    if form.on.data > tx.today:
        sentence = "That day has not come yet; name today or an earlier day."
        form.refuse(Refused.because("to_come", sentence))
        return None, None
    return form.on.data, stood_on(tx, viewer, ref, form.on.data)


def _addresses(ref: Ref, day: date | None) -> Callable[[int], str]:
    asked = {} if day is None else {"on": day.isoformat()}
    return lambda page: f"/{ref}/history?{urlencode({**asked, 'page': page})}"
