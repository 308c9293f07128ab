"""Commands that change something: `move` and `decide`. They read words and call the verbs; they decide nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

import sqlalchemy as sa
import typer

from assurance.access import viewer_of
from assurance.commands.approving import count_answers, decide
from assurance.commands.hearing import look
from assurance.commands.moving import Done, move
from assurance.deciders import WAITING, request_of
from assurance.office import Tx
from assurance.queries.references import reference_of
from assurance.records import Approval, Meeting
from assurance.roster import roster
from cli.columns import short
from cli.looking import RefArgument
from cli.opening import (
    BadInput,
    DatabaseOption,
    GroupOption,
    JsonOption,
    PersonOption,
    actor_for,
    answering,
    opened,
)
from cli.shown import show_json
from engine.approval_words import who_decides
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.refusals import one_of
from engine.vocabulary import Field, Kind, Value
from engine.words import unknown

YES_NO = {"true": True, "yes": True, "false": False, "no": False}
VersionOption = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="The version on which you decided; a later change refuses you.", show_default=False
    ),
]
KeyOption = Annotated[
    str | None,
    typer.Option(
        metavar="KEY",
        help="A key of your own for this request: the same key again does nothing twice.",
        show_default=False,
    ),
]


class Answer(StrEnum):
    """What a decision can be, as the command line says it."""

    APPROVE = "approve"
    CHANGE = "change"
    REJECT = "reject"
    COUNT = "count"


TRIGGERS = {Answer.APPROVE: "approve", Answer.CHANGE: "request_change", Answer.REJECT: "reject"}


def move_(
    ref: RefArgument,
    trigger: Annotated[
        str, typer.Argument(metavar="TRIGGER", help="The step, as `auditloop offers` names it.")
    ],
    person: PersonOption,
    given: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What the step asks for; once for each.", show_default=False),
    ] = None,
    version: VersionOption = None,
    key: KeyOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Take a step, or ask for the decision that the step needs.

    `auditloop offers REF --as PERSON` shows the steps and what each asks for. Dates are written 2015-03-31. A refused
    step says every reason at once and changes nothing.

    Ends with 3 when the workflow refuses, with 4 when somebody changed the subject after the version you name.

    Examples: auditloop move return/3 submit --as bo; auditloop move action/12 extend --as bo --given new_due_on=2015-06-30 --given reason="The new form is late"; auditloop move 2014-15/1 agree_theme --as sam --version 4
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        office.begin(actor_for(office, person, group)) as tx,
    ):
        subject = subject_of(tx, ref)
        values = _values(tx, subject, trigger, given or [])
        done = move(tx, subject, trigger, version=version, given=values, key=key)
        said = _said(tx, done)
    _answer(done, said, as_json=as_json)


def decide_(
    approval: Annotated[
        str, typer.Argument(metavar="APPROVAL", help="The decision that waits: approval/3, or 3.")
    ],
    answer: Annotated[Answer, typer.Argument(metavar="ANSWER", help="Your answer.")],
    person: PersonOption,
    reason: Annotated[
        str, typer.Option(metavar="WORDS", help="Why; needed for change and reject.", show_default=False)
    ] = "",
    meeting: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="The meeting that decided, where only a meeting can.", show_default=False
        ),
    ] = None,
    version: VersionOption = None,
    key: KeyOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Answer a decision that waits: approve it, ask for a change, or reject it.

    An approved step is taken at once, in the same transaction. Nobody decides on what they asked for themselves or
    on their own agency's work: that goes to the deputy. Where several are asked it waits until enough have answered,
    and another answer of yours replaces the first; `count` ends it once late answers need not be waited for.
    `auditloop list approvals --state waiting` shows what waits and for whom.

    Examples: auditloop decide approval/3 approve --as ada; auditloop decide 3 change --as ada --reason "Name two more aims"; auditloop decide 5 approve --as ada --meeting 2015-06; auditloop decide 7 count --as sam
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        office.begin(actor_for(office, person, group)) as tx,
    ):
        ref = subject_of(tx, f"{Approval.noun}/{approval}" if approval.isdecimal() else approval)
        if ref.kind != Approval.noun:
            raise BadInput(f"{approval} is not a decision; `auditloop list approvals` names those that wait.")
        meeting_id = None if meeting is None else _meeting(tx, meeting)
        if answer is Answer.COUNT and (reason or meeting is not None):
            raise BadInput("Whoever counts the answers gives none: leave --reason and --meeting out.")
        if answer is Answer.COUNT:
            done = count_answers(tx, ref, version=version, key=key)
        else:
            done = decide(
                tx, ref, TRIGGERS[answer], reason=reason, meeting_id=meeting_id, version=version, key=key
            )
        said = _said_of_decision(tx, done)
    _answer(done, said, as_json=as_json)


def subject_of(tx: Tx, written: str) -> Ref:
    """Find what the actor means by what they have written; raises Refused for what is not there for them."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    return reference_of(tx, viewer_of(people, tx.actor), written)


def _values(tx: Tx, ref: Ref, trigger: str, given: Iterable[str]) -> dict[str, Value]:
    """Read NAME=VALUE as the step asks for it; a name that nobody asks for is left to the workflow to refuse."""
    asks: Mapping[str, Field] = {ask.name: ask for way in look(tx, ref).ways(trigger) for ask in way.asks}
    values: dict[str, Value] = {}
    for pair in given:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise BadInput(f'--given {pair!r} is not NAME=VALUE; write it as --given reason="...".')
        ask = asks.get(name.strip())
        values[name.strip()] = text if ask is None else _value(ask, text)
    return values


def _value(ask: Field, text: str) -> Value:
    try:
        match ask.kind:
            case Kind.DATE:
                return date.fromisoformat(text)
            case Kind.WHOLE:
                return int(text)
            case Kind.YES_NO:
                return YES_NO[text.lower()]
    except (ValueError, KeyError):
        shown = {
            Kind.DATE: "a date such as 2015-03-31",
            Kind.WHOLE: "a whole number",
            Kind.YES_NO: "true or false",
        }
        raise BadInput(f"--given {ask.name}: {text!r} is not {shown[ask.kind]}.") from None
    return text


def _meeting(tx: Tx, key: str) -> int:
    rows = tx.session.execute(
        sa.select(Meeting.key, Meeting.id)
        .where(Meeting.group_id == tx.actor.group_id)
        .order_by(Meeting.starts_at)
    )
    meetings = dict(rows.all())
    if key not in meetings:
        raise Refused(Reason("unknown_word", unknown(key, "a meeting of this group", meetings) + "."))
    return meetings[key]


def _said(tx: Tx, done: Done) -> str:
    if done.is_repeat:
        return f"This request was made before (line {done.seq} of {short(done.ref)}); nothing was done twice."
    if done.approval is None:
        title = _title(tx, done)
        return "\n".join((f"{short(done.ref)} is now at ‘{title}’ (version {done.seq}).", *done.brought))
    request = request_of(tx, tx.session.get_one(Approval, done.approval.id))
    names = one_of(request.names_to_answer()) or "a post that nobody holds"
    if request.policy.is_settled_by_one:
        return f"{short(done.approval)} waits for the decision of {names}."
    return f"{short(done.approval)} waits for the decision of {who_decides(request.policy)}. {request.in_words()}"


def _said_of_decision(tx: Tx, done: Done) -> str:
    if done.is_repeat:
        return _said(tx, done)
    row = tx.session.get_one(Approval, done.ref.id)
    if done.state == WAITING:
        return f"{short(done.ref)}: your answer is written down. {request_of(tx, row).in_words()}"
    subject = look(tx, Ref(row.subject_kind, row.subject_id))
    state = subject.workflow.states[subject.known.standing.state].title
    return f"{short(done.ref)}: {_title(tx, done).lower()}. {short(subject.ref)} is at ‘{state}’."


def _title(tx: Tx, done: Done) -> str:
    return look(tx, done.ref).workflow.states[done.state].title


def _answer(done: Done, said: str, *, as_json: bool) -> None:
    if as_json:
        show_json(done)
    else:
        typer.echo(said)
