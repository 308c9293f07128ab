"""The command that looks ahead: `preview`, who would be told what and when, by person and by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Annotated, NamedTuple

import typer

from assurance.queries.foretelling import Foretold, Way, on_day
from assurance.queries.preview import LONGEST_IN_DAYS, OneMail, Preview, preview
from cli.columns import short
from cli.opening import (
    AsOption,
    DatabaseOption,
    GroupOption,
    JsonOption,
    OnOption,
    answering,
    looking,
    opened,
)
from cli.shown import Column, in_words, say, several, show_json, show_table

LISTED = 4
TOLD = ("on", "rule", "title", "severity", "ref", "subject", "audit", "occasion", "number", "told_as")


def preview_(
    days: Annotated[
        int,
        typer.Option("--days", metavar="N", min=0, max=LONGEST_IN_DAYS, help="How many days to look ahead."),
    ] = 30,
    on: OnOption = None,
    person: AsOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Say who would be told what, and when, in the days to come, if nothing else happened.

    The same judgement as the sweep's, with nothing written and nothing sent: by person, then by day. What the rules
    have said already and nobody has been told yet is among it. With --as you see only what that person would get,
    unless they see everything.

    With --json: from_on, until_on, subjects, withheld (rules that are not in force), unreachable (whose mail comes
    back), and `mails`, each with goes_at, way, person and its `tellings` (on, rule, title, severity, ref, subject,
    audit, occasion, number, told_as).

    Examples: auditloop preview; auditloop preview --days 7 --as bo; auditloop preview --on 2015-01-05 --json
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        looking(office, person, group) as (tx, viewer),
    ):
        found = preview(tx if on is None else on_day(tx, on.date()), viewer, days=days)
    if as_json:
        show_json(_plain(found))
    else:
        _show(found)


def _show(found: Preview) -> None:
    mails = found.mails()
    going = several(len(mails), "mail") if mails else "nothing goes"
    say(
        f"{in_words(found.from_on)} to {in_words(found.until_on)}: {going}, if nothing else happens. "
        f"{several(found.subjects, 'subject')} looked at.",
        style="bold",
    )
    if mails:
        say()
        show_table(BY_PERSON, _by_person(mails))
    for day, some in groupby(mails, key=lambda mail: mail.goes_at.date()):
        say()
        say(f"{day:%A} {in_words(day)}", style="bold")
        show_table(BY_DAY, _lines(list(some), found.from_on))
    if found.withheld:
        rules = ", ".join(f"‘{rule}’" for rule in found.withheld)
        say()
        say(
            f"Not in force, and silent until somebody decides: {rules}. `auditloop adopt` says what they owe."
        )
    if found.unreachable:
        say()
        say(f"Mail to them comes back, so that they are not reached: {', '.join(found.unreachable)}.")


class _OfPerson(NamedTuple):
    """What one person would get in all."""

    person: str
    mails: int
    digests: int
    notices: int
    at_once: int
    first_on: date


class _Line(NamedTuple):
    """One mail of a day as it is shown: the hour and the person only where they are others than in the line before."""

    at: str
    person: str
    way: str
    what: str


def _by_person(mails: Sequence[OneMail]) -> Iterator[_OfPerson]:
    for person in sorted({mail.person for mail in mails}):
        own = [mail for mail in mails if mail.person == person]
        ways = Counter(mail.way for mail in own)
        yield _OfPerson(
            person, len(own), ways[Way.DIGEST], ways[Way.NOTICE], ways[Way.AT_ONCE], own[0].goes_at.date()
        )


def _lines(mails: Sequence[OneMail], today: date) -> Iterator[_Line]:
    at = person = ""
    for mail in mails:
        is_new = (f"{mail.goes_at:%H:%M}", mail.person) != (at, person)
        at, person = f"{mail.goes_at:%H:%M}", mail.person
        yield _Line(at if is_new else "", person if is_new else "", str(mail.way), _what(mail, today))


def _what(mail: OneMail, today: date) -> str:
    """Say what stands in a mail: each rule once, with the subjects of which it speaks."""
    parts = []
    for title, some in groupby(sorted(mail.tellings, key=lambda one: one.title), key=lambda one: one.title):
        tellings = list(some)
        waits = max(one.on for one in tellings) < today
        said = f" (said on {in_words(tellings[0].on)}, and waits)" if waits else ""
        parts.append(f"{title}: {_subjects(tellings)}{said}")
    return "\n".join(parts)


def _subjects(tellings: Sequence[Foretold]) -> str:
    names = list(dict.fromkeys(short(one.ref) for one in tellings))
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" and {more} more" if more > 0 else "")


BY_PERSON: Sequence[Column[_OfPerson]] = (
    Column("Person", lambda row: row.person, is_wide=True),
    Column("Mails", lambda row: row.mails, is_number=True),
    Column("Digests", lambda row: row.digests, is_number=True),
    Column("Notices", lambda row: row.notices, is_number=True),
    Column("At once", lambda row: row.at_once, is_number=True),
    Column("First", lambda row: row.first_on),
)
BY_DAY: Sequence[Column[_Line]] = (
    Column("At", lambda line: line.at),
    Column("Person", lambda line: line.person),
    Column("How", lambda line: line.way),
    Column("What", lambda line: line.what, is_wide=True),
)


def _plain(found: Preview) -> dict[str, object]:
    return {
        "from_on": found.from_on,
        "until_on": found.until_on,
        "subjects": found.subjects,
        "withheld": found.withheld,
        "unreachable": found.unreachable,
        "mails": [
            {
                "goes_at": mail.goes_at,
                "way": mail.way,
                "person": mail.person,
                "tellings": [{name: getattr(one, name) for name in TOLD} for one in mail.tellings],
            }
            for mail in found.mails()
        ],
    }
