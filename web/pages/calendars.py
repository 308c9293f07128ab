"""The group's calendar with its closed days, and each person's own calendar feed."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.responses import Response

from assurance.commands.closing import close_day, open_day, refuse_to_close
from assurance.commands.feeds import make_feed, revoke_feed
from assurance.queries.calendars import calendar_of, closed_day, effect_of
from assurance.queries.feeds import feed_at, feed_of, own_feed
from assurance.reasons import day_in_words
from engine.errors import Refused
from reports.calendar_feed import calendar_feed
from web.desk import Desk
from web.forms.keeping import CloseDayForm
from web.route import roles

MAY_LOOK = roles("administrator", "coordinator", "chair", "deputy_chair", "inspector")
KEEPERS = roles("administrator", "coordinator")
CLOSED, OWN = "/admin/closed_days", "/calendar"
SHOWN = 12


def group_calendar(desk: Desk) -> Response:
    """Show the days without work, and how the group is set up."""
    with desk.reading() as (tx, _):
        found = calendar_of(tx)
    return desk.page(
        "calendars/group.html", title="Calendar of the group", found=found, may=KEEPERS.admits(desk.roles)
    )


def ask_to_close(desk: Desk) -> Response:
    """Ask which day is to be closed; once that is said, show what closing it would move."""
    given = desk.request.query_params
    if "on-day" not in given:
        return _close_page(desk, CloseDayForm())
    form = CloseDayForm(FormData([*given.multi_items()]))
    return _close_page(desk, form, status=200 if form.validate() else 422)


def close(desk: Desk) -> Response:
    """Close the day, or show the form again with what is wrong."""
    form = CloseDayForm(desk.form)
    if not form.validate():
        return _close_page(desk, form, status=422)
    try:
        with desk.begin() as tx:
            close_day(tx, form.on.data, form.name.data or "")
    except Refused as refused:
        form.refuse(refused)
        return _close_page(desk, form, status=422)
    desk.office.read_playbook()
    return desk.go(
        CLOSED, said=f"{day_in_words(form.on.data)} is closed. Rules reckon with it from the next look on."
    )


def ask_to_open(desk: Desk, number: int) -> Response:
    """Show what opening a closed day again would move."""
    with desk.reading() as (tx, _):
        found = closed_day(tx, number)
        effect = None if found.has_passed else effect_of(tx, found.day)
    return desk.page(
        "calendars/open.html", title=f"Open {day_in_words(found.day)} again", found=found, effect=effect
    )


def open_again(desk: Desk, number: int) -> Response:
    """Open a closed day again."""
    with desk.begin() as tx:
        day = open_day(tx, number)
    desk.office.read_playbook()
    return desk.go(CLOSED, said=f"{day_in_words(day)} is a working day again.")


def own(desk: Desk) -> Response:
    """Show what is in somebody's own calendar, and whether there is an address at which it can be read."""
    return _own(desk)


def make(desk: Desk) -> Response:
    """Make a new address, and show it this once."""
    with desk.begin() as tx:
        token = make_feed(tx)
    return _own(desk, address=f"{desk.office.settings.base_url}{OWN}/{token}.ics")


def revoke(desk: Desk) -> Response:
    """Take the address back."""
    with desk.begin() as tx:
        revoke_feed(tx)
    return desk.go(OWN, said="The address is taken back. Whoever reads it finds nothing any more.")


def feed(desk: Desk, token: str) -> Response:
    """Hand over a calendar to whoever knows its address; anything else is not told apart from nothing."""
    found = feed_at(desk.office, token)
    if found is None:
        raise HTTPException(404)
    return Response(
        calendar_feed(found, base_url=desk.office.settings.base_url),
        media_type="text/calendar; charset=utf-8",
        headers={"content-disposition": 'inline; filename="auditloop.ics"', "x-robots-tag": "noindex"},
    )


def _own(desk: Desk, *, address: str = "") -> Response:
    with desk.reading() as (tx, viewer):
        entries = [entry for entry in feed_of(tx, viewer).entries if entry.on >= tx.today]
        since = own_feed(tx)
    return desk.page(
        "calendars/own.html",
        title="My calendar",
        entries=entries[:SHOWN],
        more=max(len(entries) - SHOWN, 0),
        since=since,
        address=address,
        by_program=address.replace("https://", "webcal://").replace("http://", "webcal://"),
    )


def _close_page(desk: Desk, form: CloseDayForm, *, status: int = 200) -> Response:
    effect = None
    if form.on.data is not None and not form.problems:
        try:
            with desk.reading() as (tx, _):
                refuse_to_close(tx, form.on.data)
                effect = effect_of(tx, form.on.data)
        except Refused as refused:
            form.refuse(refused)
            status = 422
    return desk.page("calendars/close.html", status=status, title="Close a day", form=form, effect=effect)
