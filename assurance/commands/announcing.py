"""Who hears of a move, and in which words: whom its file names, whoever is asked to decide, whoever need not any more."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

import sqlalchemy as sa

from assurance.access import may_be_told
from assurance.commands import holds
from assurance.commands.hearing import Hearing, approval_row, held_subject, hold_row, load
from assurance.deciders import WAITING, Request
from assurance.facts import Known
from assurance.mail import Item, News, Told, called, item_of, tell
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import Approval, RuleHold
from assurance.standing import addressees
from engine.approval_words import who_decides
from engine.ledger import Written
from engine.moved import Ref
from engine.workflow import Move
from notifications import outbox
from notifications.outbox import Message, Severity


def announce(tx: Tx, hearing: Hearing, step: Move, written: Written) -> None:
    """Tell whom the workflow names for a step that was taken; of a decision also those who were still to answer."""
    if not step.tell:
        return
    known = hearing.known
    requester = approval_row(tx, known.ref).requested_by_id if known.ref.kind == Approval.noun else None
    told: dict[int, Told] = {}
    for word in step.tell:
        if word == "approver" and hearing.request is not None:
            continue  # whom it waited for is told in words of their own
        for seat in addressees(word, hearing.roster, known.belongs, requester=requester):
            # Whoever did it knows it; but at a stage every member is told alike.
            is_meant = word == "members" or seat.person_id != tx.actor.person_id
            if is_meant and may_be_told(tx.session, hearing.roster, known, seat):
                told.setdefault(seat.person_id, Told(seat, word))
    news = News(
        template=step.template or "action_told",
        said=_said(tx, hearing, step),
        why=f"{tx.actor.name} took this step on {day_in_words(tx.today)}.",
        about=known.ref,
        key=f"{known.ref}:{written.seq}",
        cause=f"{known.ref} line {written.seq}",
        items=[_item(tx, known, step)],
        severity=Severity.URGENT if step.urgent else Severity.NEWS,
    )
    tell(tx, known, news, told.values())
    if "approver" in step.tell and hearing.request is not None:
        _release(tx, hearing, news, hearing.request, spared=told)


def ask_for_answers(
    tx: Tx, hearing: Hearing, step: Move, request: Request, approval: Ref, written: Written
) -> None:
    """Tell whoever may answer that a decision waits for them; where nobody may, the coordinator."""
    known = hearing.known
    news = News(
        template="approval_waiting",
        said=f"{tx.actor.name} asks for your decision: {_in_sentence(step.title)}.",
        why=f"This step needs the decision of {who_decides(request.policy)}; it was asked for on "
        f"{day_in_words(tx.today)}.",
        about=approval,
        key=f"{approval}:1",
        cause=f"{known.ref} line {written.seq}",
        items=[item_of(tx.playbook, known)],
        severity=Severity.DECISION,
        rests_on=[{"ref": str(approval), "state": WAITING}],
    )
    seats = request.seats_to_answer()
    people = addressees("approver", hearing.roster, known.belongs, approval=seats)
    tell(tx, known, news, [Told(seat, "approver") for seat in people])


def _release(tx: Tx, hearing: Hearing, news: News, request: Request, *, spared: Container[int]) -> None:
    """Tell whoever was still to answer that nothing waits for them any more, unless they cannot have heard of it."""
    seats = [
        seat
        for seat in request.seats_to_answer()
        if seat.person_id != tx.actor.person_id and seat.person_id not in spared
    ]
    if not seats:
        return
    asked = sa.select(Message.person_ref).where(Message.key.startswith(f"{hearing.ref}:1:"))
    unheard = set(tx.session.scalars(asked.where(~outbox.may_have_arrived())))
    row = approval_row(tx, hearing.ref)
    said = f"The request to {_in_sentence(row.title)} waits for you no more: {news.items[0].what.lower()}."
    tell(
        tx,
        hearing.known,
        replace(news, said=said),
        [Told(seat, "approver") for seat in seats if f"person/{seat.person_id}" not in unheard],
    )


def _said(tx: Tx, hearing: Hearing, step: Move) -> str:
    state = hearing.workflow.states[step.target].title
    if hearing.ref.kind == RuleHold.noun:
        return holds.said_of(tx, hearing.known, step)
    if hearing.ref.kind == Approval.noun:
        return f"Your request to {_in_sentence(approval_row(tx, hearing.ref).title)}: {state.lower()}."
    if step.target == step.source:
        return f"{called(hearing.known)}: {_in_sentence(step.title)} – done."
    return f"{called(hearing.known)} now stands at “{state}”."


def _item(tx: Tx, known: Known, step: Move) -> Item:
    """Describe what a mail is about: of a hold what it holds, since nobody knows the hold by its number."""
    subject = held_subject(hold_row(tx, known.ref)) if known.ref.kind == RuleHold.noun else None
    if subject is not None:
        return item_of(tx.playbook, load(tx, subject))
    return item_of(tx.playbook, known, state=step.target)


def _in_sentence(title: str) -> str:
    return f"{title[:1].lower()}{title[1:]}"
