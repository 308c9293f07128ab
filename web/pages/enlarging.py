"""Another agency, another post, further records: what an administrator adds to the group."""

from __future__ import annotations

from starlette.responses import Response

from assurance.commands import enlarging
from assurance.office import Tx
from assurance.queries import directory
from web.desk import Desk
from web.forms.people import AgencyForm, PostForm, RecordsForm
from web.fresh import require_fresh
from web.pages.people import form_page, kept

AGENCIES, POSTS = "/admin/agencies", "/admin/posts"


def ask_agency(desk: Desk) -> Response:
    """Show the form of a new agency."""
    return _agency(desk, AgencyForm())


def add_agency(desk: Desk) -> Response:
    """Add an agency."""
    require_fresh(desk)
    form = AgencyForm(desk.form)

    def act(tx: Tx) -> None:
        enlarging.add_agency(tx, form.name.data or "")

    if kept(desk, form, act):
        return _agency(desk, form, status=422)
    return desk.go(AGENCIES, said="The agency is added. Add its posts and its records next.")


def ask_post(desk: Desk) -> Response:
    """Show the form of a new post."""
    return _post(desk, PostForm())


def add_post(desk: Desk) -> Response:
    """Add a post."""
    require_fresh(desk)
    form = _offering_agencies(desk, PostForm(desk.form))

    def act(tx: Tx) -> None:
        agency_id = int(form.agency.data) if form.agency.data else None
        enlarging.add_post(
            tx, form.title.data or "", form.role.data, agency_id, is_member=form.is_member.data
        )

    if kept(desk, form, act):
        return _post(desk, form, status=422)
    return desk.go(POSTS, said="The post is added. Open the person who is to hold it, and give it to them.")


def ask_records(desk: Desk) -> Response:
    """Show the form of new records."""
    return _records(desk, RecordsForm())


def add_records(desk: Desk) -> Response:
    """Add records for which an agency answers."""
    require_fresh(desk)
    form = _offering_posts(desk, RecordsForm(desk.form))

    def act(tx: Tx) -> None:
        lead = int(form.lead.data) if form.lead.data else None
        enlarging.add_records(tx, form.name.data or "", int(form.agency.data), lead)

    if kept(desk, form, act):
        return _records(desk, form, status=422)
    return desk.go(AGENCIES, said="The records are added.")


def _agency(desk: Desk, form: AgencyForm, *, status: int = 200) -> Response:
    title = "Add an agency"
    return form_page(desk, form, title, AGENCIES, "Agencies", button="Add this agency", status=status)


def _post(desk: Desk, form: PostForm, *, status: int = 200) -> Response:
    offered = _offering_agencies(desk, form)
    return form_page(desk, offered, "Add a post", POSTS, "Posts", button="Add this post", status=status)


def _records(desk: Desk, form: RecordsForm, *, status: int = 200) -> Response:
    return form_page(
        desk,
        _offering_posts(desk, form),
        "Add records",
        AGENCIES,
        "Agencies",
        button="Add these records",
        about="Audits whose returns are still open ask for these records too, before they can move on.",
        status=status,
    )


def _offering_agencies(desk: Desk, form: PostForm) -> PostForm:
    with desk.reading() as (tx, viewer):
        found = directory.agencies(tx, viewer)
    form.agency.choices = [("", "None: for the whole group"), *_still_open(found)]
    return form


def _offering_posts(desk: Desk, form: RecordsForm) -> RecordsForm:
    with desk.reading() as (tx, viewer):
        agencies, posts = directory.agencies(tx, viewer), directory.posts(tx, viewer)
    form.agency.choices = [("", "Choose an agency"), *_still_open(agencies)]
    of_agencies = [one for one in posts if one.agency and one.closed_on is None]
    named = [(str(one.id), f"{one.title}, {one.agency}") for one in of_agencies]
    form.lead.choices = [("", "The agency's lead"), *named]
    return form


def _still_open(found: tuple[directory.AgencyEntry, ...]) -> list[tuple[str, str]]:
    return [(str(one.id), one.name) for one in found if one.closed_on is None]
