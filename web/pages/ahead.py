"""What will go in the days to come, and what would have gone under other rules. Neither writes anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from starlette.datastructures import UploadFile
from starlette.responses import Response

from assurance.access import Sight, Viewer
from assurance.accounts.guessing import count_try
from assurance.accounts.tokens import fingerprint
from assurance.drafts import RuleFile, draft_book, rule_files, shelf_as_it_stands
from assurance.office import Tx
from assurance.queries.foretelling import Foretold, Way
from assurance.queries.preview import OneMail, Preview, how_many, preview
from assurance.queries.rehearse import Change, Difference, Rehearsal, rehearse
from assurance.queries.reliving import Said
from engine.errors import BadDefinition, Refused
from engine.moved import Ref
from engine.rules import RuleBook
from web.desk import Desk
from web.forms.keeping import RehearseForm
from web.route import roles
from web.turns import Turns

REHEARSERS = roles("administrator", "coordinator", "chair", "deputy_chair", "inspector")
AHEAD = (7, 14, 30, 60, 90, 180)
USUAL = 30
LISTED, MOST_DIFFERENCES, MOST_MAILS = 6, 200, 200
AT_ONCE = 2000  # subjects that are looked at without being asked twice
A_YEAR = timedelta(days=365)
MOST_REHEARSALS = 20  # of one person in a quarter of an hour
_PREVIEWS = Turns("The days to come are just being reckoned for somebody else. Try again in a minute.")
_REHEARSALS = Turns("The past is just being lived again for somebody else. Try again in a minute.")


class Told(NamedTuple):
    """What one mail says of one rule: its title and the subjects; `more` are left out, `since` it has waited."""

    title: str
    refs: tuple[Ref, ...]
    more: int
    since: date | None


class MailOfDay(NamedTuple):
    """One mail of a day: when, to whom, how, and what."""

    at: str
    person: str
    way: Way
    told: tuple[Told, ...]


class OfPerson(NamedTuple):
    """How many mails one person would get, of each kind, and on which day the first."""

    person: str
    mails: int
    ways: Counter[Way]
    first_on: date


class Alike(NamedTuple):
    """Differences of one rule that are alike: how, on which days, who is told, and the subjects."""

    rule: str
    is_notice: bool
    change: Change
    before_on: date | None
    after_on: date | None
    told: str
    refs: tuple[Ref, ...]


def show_preview(desk: Desk, days: int = 0, person: str = "") -> Response:
    """Show who would be told what in the days to come, by day; whoever does not see everything sees their own mails.

    Where that takes long it is reckoned only once somebody has said for how many days.
    """
    ahead = days if days in AHEAD else USUAL
    with desk.reading() as (tx, viewer):
        number, sees_all = how_many(tx, viewer), viewer.sight is Sight.EVERYTHING
    if not days and number > AT_ONCE:
        return desk.page(
            "ahead/preview.html",
            title="Preview",
            found=None,
            number=number,
            days=ahead,
            choices=AHEAD,
            sees_all=sees_all,
        )
    with _PREVIEWS.taken(), desk.reading() as (tx, viewer):
        found = preview(tx, viewer, days=ahead)
    mails = found.mails()
    people = sorted({mail.person for mail in mails})
    shown = [mail for mail in mails if person not in people or mail.person == person]
    by_day = [
        (day, [_of_day(mail, found) for mail in some])
        for day, some in groupby(shown[:MOST_MAILS], key=lambda mail: mail.goes_at.date())
    ]
    return desk.page(
        "ahead/preview.html",
        title="Preview",
        found=found,
        mails=len(mails),
        by_day=by_day,
        by_person=list(_by_person(mails)),
        person=person if person in people else "",
        days=ahead,
        choices=AHEAD,
        sees_all=sees_all,
        ways=Way,
        left_out=max(len(shown) - MOST_MAILS, 0),
    )


def ask_rehearsal(desk: Desk, file: str = "") -> Response:
    """Show the files of rules, one of them to be changed, and the days over which it would be tried."""
    files = rule_files(desk.office.settings)
    chosen = next((one for one in files if one.name == file), None)
    with desk.reading() as (tx, _):
        form = RehearseForm(
            file=file, text=chosen.text if chosen else "", from_on=tx.today - A_YEAR, until_on=tx.today
        )
    return _form_page(desk, form, files)


def take_rehearsal(desk: Desk) -> Response:
    """Live the past again under the changed rules, and show the differences on the same page; nothing is written."""
    files = rule_files(desk.office.settings)
    form = RehearseForm(desk.form)
    uploaded = _uploaded(desk)
    if uploaded is not None:
        form.text.data = uploaded
    if not form.validate():
        return _form_page(desk, form, files, status=422)
    try:
        with desk.begin() as tx:
            who = f"rehearsal of {tx.actor.signature} in {tx.actor.group_id}"
            count_try(tx.session, fingerprint(who), most=MOST_REHEARSALS, now=tx.now)
        changed = _changed(desk, form)
        with _REHEARSALS.taken(), desk.reading() as (tx, viewer):
            found = _rehearsed(tx, changed, form)
    except Refused as refused:
        form.refuse(refused)
        return _form_page(desk, form, files, status=422)
    except BadDefinition as bad:
        form.refusals = tuple(
            f"{one.file}, line {one.line}, column {one.column}: {one.message}" for one in bad.problems
        )
        return _form_page(desk, form, files, status=422)
    return _form_page(desk, form, files, found=found, viewer=viewer)


def _form_page(
    desk: Desk,
    form: RehearseForm,
    files: Sequence[RuleFile],
    *,
    status: int = 200,
    found: Rehearsal | None = None,
    viewer: Viewer | None = None,
) -> Response:
    on_shelf = {"": "The files on the shelf, as they stand now"}
    form.file.choices = on_shelf | {one.name: one.name for one in files}
    alike = [] if found is None else _alike(found.differences())
    return desk.page(
        "ahead/rehearse.html",
        status=status,
        title="Rehearsal",
        form=form,
        found=found,
        counts=Counter() if found is None else Counter(one.change for one in found.differences()),
        changes=Change,
        alike=alike[:MOST_DIFFERENCES],
        left_out=max(len(alike) - MOST_DIFFERENCES, 0),
        sees_all=viewer is not None and viewer.sight is Sight.EVERYTHING,
    )


def _changed(desk: Desk, form: RehearseForm) -> RuleBook:
    if not form.file.data:
        return shelf_as_it_stands(desk.office.settings)
    # Browsers end the lines of what is typed as mail does; a file does not.
    text = (form.text.data or "").replace("\r\n", "\n")
    return draft_book(desk.office.settings, form.file.data, text)


def _rehearsed(tx: Tx, changed: RuleBook, form: RehearseForm) -> Rehearsal:
    return rehearse(tx, changed, from_on=form.from_on.data, until_on=form.until_on.data)


def _uploaded(desk: Desk) -> str | None:
    """Read an uploaded file as text; what is no text is refused when it is read as rules."""
    given = desk.form.get("upload")
    if not isinstance(given, UploadFile) or not given.filename:
        return None
    return given.file.read().decode("utf-8", errors="replace")


def _of_day(mail: OneMail, found: Preview) -> MailOfDay:
    tellings = sorted(mail.tellings, key=lambda one: one.title)
    told = tuple(
        _told(title, list(some), found.from_on)
        for title, some in groupby(tellings, key=lambda one: one.title)
    )
    return MailOfDay(f"{mail.goes_at:%H:%M}", mail.person, mail.way, told)


def _told(title: str, tellings: Sequence[Foretold], today: date) -> Told:
    refs = list(dict.fromkeys(one.ref for one in tellings))
    last = max(one.on for one in tellings)
    since = tellings[0].on if last < today else None
    return Told(title, tuple(refs[:LISTED]), max(len(refs) - LISTED, 0), since)


def _by_person(mails: Sequence[OneMail]) -> Iterator[OfPerson]:
    for person in sorted({mail.person for mail in mails}):
        own = [mail for mail in mails if mail.person == person]
        yield OfPerson(person, len(own), Counter(mail.way for mail in own), own[0].goes_at.date())


def _alike(differences: Sequence[Difference]) -> list[Alike]:
    """Put together what differs in the same way on the same days for the same people."""
    together: dict[tuple[object, ...], list[Difference]] = {}
    for one in differences:
        key = (
            one.saying.rule,
            one.saying.is_notice,
            one.change,
            _on(one.before),
            _on(one.after),
            _whom(one),
        )
        together.setdefault(key, []).append(one)
    return [
        Alike(
            rule=some[0].saying.rule,
            is_notice=some[0].saying.is_notice,
            change=some[0].change,
            before_on=_on(some[0].before),
            after_on=_on(some[0].after),
            told=_whom(some[0]),
            refs=tuple(dict.fromkeys(one.saying.ref for one in some)),
        )
        for some in together.values()
    ]  # fmt: skip


def _on(said: Said | None) -> date | None:
    return None if said is None else said.on


def _whom(one: Difference) -> str:
    """Name who is told, and where that changes also who is told no longer."""
    before, after = (set() if said is None else set(said.told) for said in (one.before, one.after))
    if one.change is not Change.OTHERS:
        return ", ".join(sorted(after or before))
    also = [f"also {', '.join(sorted(after - before))}"] if after - before else []
    no_longer = [f"no longer {', '.join(sorted(before - after))}"] if before - after else []
    return "; ".join([*also, *no_longer])
