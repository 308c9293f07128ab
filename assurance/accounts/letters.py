"""Letters about accounts: they go at once, hold a link or none at all, and never a password or a code."""

from __future__ import annotations

import sqlalchemy as sa

from assurance.accounts.tickets import GOOD_FOR, Purpose
from assurance.accounts.tokens import Drawn, fingerprint
from assurance.office import Tx
from assurance.reasons import day_in_words, moment_in_words
from assurance.records import Person
from assurance.roster import roster
from notifications.outbox import Notice, Severity, put

PATHS = {Purpose.INVITATION: "invitation", Purpose.RECOVERY: "recovery"}
ANSWERING = ("chair", "deputy_chair", "coordinator")
TEMPLATES = {Purpose.INVITATION: "account_invitation", Purpose.RECOVERY: "account_recovery"}


def link_of(tx: Tx, purpose: Purpose, token: str) -> str:
    """Give the full address at which somebody uses a ticket."""
    return f"{tx.playbook.base_url}/{PATHS[purpose]}/{token}"


def send_link(tx: Tx, person: Person, purpose: Purpose, drawn: Drawn) -> None:
    """Owe somebody the link of a ticket, at once; what is kept of the letter has a blank in it."""
    group = tx.playbook.groups[person.group_id].name
    if purpose is Purpose.INVITATION:
        until = tx.calendar.civil(tx.now + GOOD_FOR[purpose])
        said = f"You can set up your account for {group} until {moment_in_words(until)}."
        why = f"{tx.actor.name} invited you on {day_in_words(tx.today)}."
    else:
        said = f"Somebody asked for a new password for your account for {group}."
        why = f"Your e-mail address was given on the page for that, on {day_in_words(tx.today)}."
    link, once = link_of(tx, purpose, drawn.blank), fingerprint(drawn.token)[:16]
    _owe(tx, person, TEMPLATES[purpose], said, why, link, once=once)


def tell_of_change(tx: Tx, person: Person, said: str, *, to_address: str | None = None) -> None:
    """Owe somebody the word that their account was changed, at their address or at the one that they had before."""
    who = "You did" if tx.actor.person_id == person.id else f"{tx.actor.name} did"
    why = f"{who} this on {day_in_words(tx.today)}, and whoever has an account is told of every such change."
    link = f"{tx.playbook.base_url}/account"
    once = f"{tx.now.isoformat()}:{fingerprint(said)[:8]}"
    _owe(tx, person, "account_changed", said, why, link, once=once, to_address=to_address)


def tell_those_who_answer(tx: Tx, about: Person, said: str) -> None:
    """Owe chair, deputy and coordinator the word of what was done to another person's account or posts."""
    people = roster(tx.session, group_id=about.group_id, today=tx.today)
    wanted = {seat.person_id for role in ANSWERING for seat in people.holding(role)}
    wanted -= {about.id, tx.actor.person_id}
    query = sa.select(Person).where(Person.id.in_(wanted)).order_by(Person.id)
    why = f"You answer for the group; {tx.actor.name} did this on {day_in_words(tx.today)}."
    link = f"{tx.playbook.base_url}/admin/deeds"
    once = f"{tx.now.isoformat()}:{fingerprint(said)[:8]}"
    for person in tx.session.scalars(query):
        _owe(tx, person, "account_kept", said, why, link, once=once)


def _owe(
    tx: Tx,
    person: Person,
    template: str,
    said: str,
    why: str,
    link: str,
    *,
    once: str,
    to_address: str | None = None,
) -> None:
    group = tx.playbook.groups[person.group_id].name
    notice = Notice(
        key=f"account:{person.id}:{template}:{once}",
        group_id=person.group_id,
        to_address=to_address or person.email,
        to_name=person.name,
        person_ref=f"person/{person.id}",
        template=template,
        context={"name": person.name, "group": group, "said": said, "why": why, "items": [], "link": link},
        thread=f"person/{person.id}",
        subject=f"{group}: your account",
        cause=f"the account of {person.name}",
        severity=Severity.URGENT,
    )
    put(tx.session, [notice], at=tx.now)
