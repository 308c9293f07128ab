"""Waiting for another agency: the owner's clock stands still, and that of the agency for which one waits runs."""

from __future__ import annotations

from assurance.commands.checks import held, own, said
from assurance.commands.hearing import load
from assurance.commands.moving import Done, Entered, enter
from assurance.facts import Known
from assurance.mail import News, called, item_of, tell
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.recipients import recipients
from assurance.records import Action, Agency
from assurance.roster import roster
from engine.errors import Reason, Refused
from engine.moved import Ref


def wait_for(tx: Tx, ref: Ref, agency_id: int, reason: str, *, key: str | None = None) -> Done:
    """Say that an action cannot go on before another agency has done its part, and which part that is.

    Raises Refused for the action's own agency, and where it waits already.
    """
    known = held(tx, ref, Action.noun)
    agency = own(tx, Agency, agency_id, "agency")
    if agency.id == known.belongs.agency_id:
        sentence = f"The action is that of {agency.name} itself; one waits for another agency."
        raise Refused(Reason("own_agency", sentence))
    changes = {"waiting_on_agency_id": agency.id, "waiting_since_on": tx.today}
    texts = {"reason": said(reason, "what is awaited")}
    done = enter(tx, ref, "wait_for", Entered({}, texts, changes), key=key)
    _tell_the_awaited(tx, load(tx, ref), agency, done.seq)
    return done


def stop_waiting(tx: Tx, ref: Ref, what_came: str, *, key: str | None = None) -> Done:
    """Say what came of waiting: the owner's clock runs on, and the working days waited are added to its day.

    The date first agreed and the date now agreed stay as they are.
    """
    known = held(tx, ref, Action.noun)
    row = tx.session.get_one(Action, known.ref.id, populate_existing=True)
    chased_from_on = row.chased_from_on
    if chased_from_on is not None and row.waiting_since_on is not None:
        waited = tx.calendar.working_days_between(row.waiting_since_on, tx.today)
        chased_from_on = tx.calendar.add_working_days(chased_from_on, waited)
    changes = {"waiting_on_agency_id": None, "waiting_since_on": None, "chased_from_on": chased_from_on}
    texts = {"what_came": said(what_came, "what came of it")}
    return enter(tx, ref, "stop_waiting", Entered({}, texts, changes), key=key)


def _tell_the_awaited(tx: Tx, known: Known, agency: Agency, line: int) -> None:
    """Tell the agency for which an action waits: which action, since when, and no word of what it is about."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    news = News(
        template="awaited",
        said=f"{called(known)} waits for {agency.name}.",
        why=f"{tx.actor.name} said so on {day_in_words(tx.today)}.",
        about=known.ref,
        key=f"{known.ref}:{line}",
        cause=f"{known.ref} line {line}",
        items=[item_of(tx.playbook, known)],
    )
    tell(tx, known, news, recipients(tx, people, known, ["awaited_lead"]))
