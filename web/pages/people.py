"""The administration of people: who is who, their accounts and posts, and what was done to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from starlette.responses import Response

from assurance.commands import administering
from assurance.office import Tx
from assurance.queries import directory
from assurance.queries.directory import Held, PersonEntry
from engine.errors import Refused
from web.desk import Desk
from web.failures import is_not_there
from web.forms.fields import OwnForm
from web.forms.people import AbsenceForm, EndPostForm, GivePostForm, PersonForm
from web.fresh import require_fresh
from web.route import roles

READERS = roles(*directory.READERS)
KEEPERS = roles("administrator")
PEOPLE = "/admin/people"


def every(desk: Desk) -> Response:
    """Show everybody of the group, with their posts and accounts."""
    with desk.reading() as (tx, viewer):
        found = directory.people(tx, viewer)
    return desk.page("people/every.html", title="People", people=found, may_keep=_may_keep(desk))


def one(desk: Desk, number: int) -> Response:
    """Show one person: posts, absences, account, and what was done to it."""
    with desk.reading() as (tx, viewer):
        found = directory.person(tx, viewer, number)
    is_own = number == desk.actor.person_id
    return desk.page(
        "people/one.html",
        title=found.entry.name,
        one=found.entry,
        deeds=found.deeds,
        may_keep=_may_keep(desk),
        is_own=is_own,
    )


def posts(desk: Desk) -> Response:
    """Show the posts of the group with whoever holds them."""
    with desk.reading() as (tx, viewer):
        found = directory.posts(tx, viewer)
    return desk.page("people/posts.html", title="Posts", posts=found, may_keep=_may_keep(desk))


def agencies(desk: Desk) -> Response:
    """Show the agencies with their records and posts."""
    with desk.reading() as (tx, viewer):
        found = directory.agencies(tx, viewer)
    return desk.page(
        "people/agencies.html", title="Agencies and records", agencies=found, may_keep=_may_keep(desk)
    )


def deeds(desk: Desk, page: int = 1) -> Response:
    """Show what was done to accounts and posts, the newest first."""
    with desk.reading() as (tx, viewer):
        found, pages = directory.latest_deeds(tx, viewer, page=page)
    number = min(max(page, 1), pages)
    title = "What was done to accounts and posts"
    return desk.page(
        "people/deeds.html",
        title=title,
        deeds=found,
        number=number,
        pages=pages,
        deed_page=lambda other: f"/admin/deeds?page={other}",
    )


# -- adding and changing -----------------------------------------------------------------------------------


def ask_new(desk: Desk) -> Response:
    """Show the form of a new person."""
    return form_page(desk, PersonForm(), "Add a person", PEOPLE, "People", button="Add this person")


def add(desk: Desk) -> Response:
    """Add somebody."""
    require_fresh(desk)
    form = PersonForm(desk.form)
    number = 0

    def act(tx: Tx) -> None:
        nonlocal number
        number = administering.add_person(tx, form.name.data or "", form.email.data or "")

    refused = kept(desk, form, act)
    if refused:
        title = "Add a person"
        return form_page(desk, form, title, PEOPLE, "People", button="Add this person", status=422)
    said = "The person is added. Invite them, and give them a post."
    return desk.go(f"{PEOPLE}/{number}", said=said)


def ask_change(desk: Desk, number: int) -> Response:
    """Show the form for another name or address."""
    entry = _entry(desk, number)
    return _person_form(desk, entry, PersonForm(name=entry.name, email=entry.email))


def change(desk: Desk, number: int) -> Response:
    """Change a name or an address."""
    require_fresh(desk)
    entry, form = _entry(desk, number), PersonForm(desk.form)

    def act(tx: Tx) -> None:
        administering.change_person(tx, number, name=form.name.data or "", email=form.email.data or "")

    if kept(desk, form, act):
        return _person_form(desk, entry, form, status=422)
    return desk.go(_path(number), said="Changed. Whoever has another address now is told at the one before.")


# -- accounts ----------------------------------------------------------------------------------------------


def invite(desk: Desk, number: int) -> Response:
    """Send somebody the link to set up an account."""
    require_fresh(desk)
    entry = _entry(desk, number)
    with desk.begin() as tx:
        administering.invite_to_account(tx, number)
    return desk.go(_path(number), said=f"The link is on its way to {entry.email}. It is good for seven days.")


def disable(desk: Desk, number: int) -> Response:
    """Keep somebody out from now on."""
    require_fresh(desk)
    with desk.begin() as tx:
        administering.disable_account(tx, number)
    return desk.go(
        _path(number), said="The account is disabled, and signed out everywhere. Posts stay as they are."
    )


def enable(desk: Desk, number: int) -> Response:
    """Let somebody in again."""
    require_fresh(desk)
    with desk.begin() as tx:
        administering.enable_account(tx, number)
    return desk.go(_path(number), said="The account is enabled again, with the password and app that it had.")


def ask_reset(desk: Desk, number: int) -> Response:
    """Ask whether everything that proves somebody is to be taken back."""
    entry = _entry(desk, number)
    return desk.page("people/reset.html", title="Take back password, app and codes", one=entry)


def reset(desk: Desk, number: int) -> Response:
    """Take everything back that proves somebody, and send a new link."""
    require_fresh(desk)
    entry = _entry(desk, number)
    with desk.begin() as tx:
        administering.reset_account(tx, number)
    return desk.go(
        _path(number), said=f"Taken back. A link to set up the account anew is on its way to {entry.email}."
    )


# -- posts and absences ------------------------------------------------------------------------------------


def ask_to_give(desk: Desk, number: int) -> Response:
    """Show the form of a new holder of a post."""
    with desk.reading() as (tx, _):
        today = tx.today
    return _give_form(desk, number, GivePostForm(from_on=today))


def give(desk: Desk, number: int) -> Response:
    """Let somebody begin in a post."""
    require_fresh(desk)
    form = GivePostForm(desk.form)
    form.post.choices = _post_choices(desk)

    def act(tx: Tx) -> None:
        administering.give_post(
            tx, int(form.post.data), number, from_on=form.from_on.data, until_on=form.until_on.data
        )

    if kept(desk, form, act):
        return _give_form(desk, number, form, status=422)
    return desk.go(_path(number), said="The post is given. It acts from its first day on.")


def ask_to_end(desk: Desk, number: int) -> Response:
    """Show the form with which a post ends."""
    with desk.reading() as (tx, viewer):
        held, today = directory.holding(tx, viewer, number), tx.today
    return _end_form(desk, held, EndPostForm(last_on=today))


def end(desk: Desk, number: int) -> Response:
    """Let somebody leave a post: after a day, or at once."""
    require_fresh(desk)
    with desk.reading() as (tx, viewer):
        held, yesterday = directory.holding(tx, viewer, number), tx.today - timedelta(days=1)
    form = EndPostForm(desk.form)
    at_once = "at_once" in desk.form

    def act(tx: Tx) -> None:
        administering.end_post(tx, number, yesterday if at_once else form.last_on.data)

    if kept(desk, form, act, is_complete=at_once):
        return _end_form(desk, held, form, status=422)
    said = "The post has ended." if at_once else "The last day in the post is written down."
    return desk.go(_path(held.person_id), said=said)


def ask_absence(desk: Desk, number: int) -> Response:
    """Show the form of an absence."""
    return _absence_form(desk, _entry(desk, number), AbsenceForm())


def note_absence(desk: Desk, number: int) -> Response:
    """Record that somebody is away."""
    entry, form = _entry(desk, number), AbsenceForm(desk.form)

    def act(tx: Tx) -> None:
        administering.note_absence(tx, number, form.from_on.data, form.until_on.data, form.reason.data or "")

    if kept(desk, form, act):
        return _absence_form(desk, entry, form, status=422)
    return desk.go(_path(number), said="Recorded. What waits for them goes to the deputy meanwhile.")


def kept(desk: Desk, form: OwnForm, act: Callable[[Tx], None], *, is_complete: bool = False) -> bool:
    """Do what a form asks for; give True where it was refused, and let the form say why."""
    if not is_complete and not form.validate():
        return True
    try:
        with desk.begin() as tx:
            act(tx)
    except Refused as refused:
        if is_not_there(refused):
            raise
        form.refuse(refused)
        return True
    return False


def form_page(
    desk: Desk,
    form: OwnForm,
    title: str,
    back_to: str,
    back_words: str,
    *,
    button: str,
    caption: str = "",
    about: str = "",
    also: tuple[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Show a form of whoever keeps people and posts."""
    return desk.page(
        "people/form.html",
        status=status,
        title=title,
        form=form,
        back_to=back_to,
        back_words=back_words,
        words=button,
        caption=caption,
        about=about,
        also=also,
    )


def _person_form(desk: Desk, entry: PersonEntry, form: PersonForm, *, status: int = 200) -> Response:
    return form_page(
        desk,
        form,
        "Change name or address",
        _path(entry.id),
        entry.name,
        button="Change",
        caption=entry.name,
        about="Another address is told at the one before. The account signs in with the new one from then on.",
        status=status,
    )


def _give_form(desk: Desk, number: int, form: GivePostForm, *, status: int = 200) -> Response:
    entry = _entry(desk, number)
    form.post.choices = _post_choices(desk)
    return form_page(
        desk,
        form,
        "Give a post",
        _path(number),
        entry.name,
        button="Give this post",
        caption=entry.name,
        about="From the first day on they may do and see what the post may. Whoever holds it now keeps it too, until you end that.",
        status=status,
    )


def _end_form(desk: Desk, held: Held, form: EndPostForm, *, status: int = 200) -> Response:
    return form_page(
        desk,
        form,
        "End a post",
        _path(held.person_id),
        held.person,
        button="Write down the last day",
        caption=f"{held.person}, {held.post}",
        about="What waits for the post stays with the post, for whoever holds it next.",
        also=("at_once", "End it at once"),
        status=status,
    )


def _absence_form(desk: Desk, entry: PersonEntry, form: AbsenceForm, *, status: int = 200) -> Response:
    return form_page(
        desk,
        form,
        "Record an absence",
        _path(entry.id),
        entry.name,
        button="Record it",
        caption=entry.name,
        about="What waits for them goes to the deputy meanwhile. Write no more than needed: on leave, ill, at a course.",
        status=status,
    )


def _post_choices(desk: Desk) -> list[tuple[str, str]]:
    with desk.reading() as (tx, viewer):
        found = directory.posts(tx, viewer)
    listed = [
        (str(one.id), f"{one.title}, {one.agency}" if one.agency else one.title)
        for one in found
        if one.closed_on is None
    ]
    return [("", "Choose a post"), *listed]


def _entry(desk: Desk, number: int) -> PersonEntry:
    with desk.reading() as (tx, viewer):
        return directory.person(tx, viewer, number).entry


def _may_keep(desk: Desk) -> bool:
    return KEEPERS.admits(desk.roles)


def _path(number: int) -> str:
    return f"{PEOPLE}/{number}"
