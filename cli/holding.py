"""Commands that are heard by the rules: `reply`, `acknowledge`, `silence`, `wait` and `resume`."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import sqlalchemy as sa
import typer

from assurance.commands.accepting import acknowledge
from assurance.commands.replying import reply
from assurance.commands.silencing import silence
from assurance.commands.waiting import stop_waiting, wait_for
from assurance.office import Tx
from assurance.records import Action, Agency, RuleHold
from cli.columns import short
from cli.doing import KeyOption, subject_of
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
from cli.shown import in_words, show_json
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.words import unknown

UntilOption = Annotated[
    str, typer.Option(metavar="DATE", help="The last day, such as 2015-03-31.", show_default=False)
]
ReasonOption = Annotated[str, typer.Option(metavar="WORDS", help="Why.", show_default=False)]


def reply_(
    ref: RefArgument,
    rule: Annotated[str, typer.Argument(metavar="RULE", help="The rule that has given notice.")],
    person: PersonOption,
    text: Annotated[
        str, typer.Option(metavar="WORDS", help="What you have to say to it.", show_default=False)
    ],
    key: KeyOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Answer a notice before somebody is named.

    A rule that gives notice says beforehand whom it will tell what. Whoever was given the notice, or leads their
    agency, can reply until the rule has spoken. The rule then waits, for five working days at most, and the
    coordinator is asked to look: `auditloop move hold/3 let_speak`, or `hold` until a day. If nobody looks, the rule
    speaks by itself and says that a reply was made.

    Example: auditloop reply action/12 action-overdue-chair --as nell --text "The briefing was held on Monday; the list follows."
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        office.begin(actor_for(office, person, group)) as tx,
    ):
        subject = subject_of(tx, ref)
        hold = reply(tx, subject, rule, text, key=key)
        until = in_words(_row(tx, hold).until_on)
    _say(
        hold,
        f"{short(hold)}: your reply stands in the history of {short(subject)}. The rule ‘{rule}’ waits until {until} "
        "for somebody who looks at it.",
        as_json=as_json,
    )


def acknowledge_(
    ref: RefArgument,
    person: PersonOption,
    until: UntilOption,
    reason: ReasonOption,
    key: KeyOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Accept an escalation until a day.

    Whoever an escalation has come to can take it on, for sixty days at most and with a reason that stays on record.
    Until then neither it nor a louder one speaks; after that it speaks again, at the level that is due by then.
    `auditloop move hold/3 renew` makes it longer, `lift` takes it back.

    Example: auditloop acknowledge action/12 --as ada --until 2015-04-30 --reason "The lead is off sick; the board knows."
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        office.begin(actor_for(office, person, group)) as tx,
    ):
        subject = subject_of(tx, ref)
        last = _day(until)
        hold = acknowledge(tx, subject, until_on=last, reason=reason, key=key)
    _say(
        hold,
        f"{short(hold)}: the escalation about {short(subject)} is accepted until {in_words(last)}.",
        as_json=as_json,
    )


def silence_(
    person: PersonOption,
    until: UntilOption,
    reason: ReasonOption,
    ref: Annotated[
        str | None,
        typer.Argument(
            metavar="REF", help="About what: action/12. Without it about everything.", show_default=False
        ),
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(metavar="RULE", help="Which rule. Without it every rule.", show_default=False),
    ] = None,
    key: KeyOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Stop a rule until a day.

    One rule about one subject, every rule about a subject, or one rule about everything; for ninety days at most, with
    a reason. The coordinator, the chair and the deputy may, but nobody silences what is said of their own agency's
    work or to themselves alone, and what is urgent is silenced by nobody. `auditloop list holds` shows what is silent,
    and `auditloop move hold/3 lift` ends it.

    Examples: auditloop silence action/12 --as sam --until 2015-04-30 --reason "The team is moving house."; auditloop silence --rule return-due-soon --as sam --until 2015-01-05 --reason "Asked for again in January."
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        office.begin(actor_for(office, person, group)) as tx,
    ):
        subject = None if ref is None else subject_of(tx, ref)
        last = _day(until)
        hold = silence(tx, rule_id=rule, ref=subject, until_on=last, reason=reason, key=key)
    what = "every rule" if rule is None else f"the rule ‘{rule}’"
    about = "everything" if subject is None else short(subject)
    _say(hold, f"{short(hold)}: {what} about {about} is silent until {in_words(last)}.", as_json=as_json)


def wait_(
    ref: RefArgument,
    agency: Annotated[
        str, typer.Argument(metavar="AGENCY", help="For which agency, as `auditloop list agencies` names it.")
    ],
    person: PersonOption,
    reason: Annotated[
        str, typer.Option(metavar="WORDS", help="What that agency has to do first.", show_default=False)
    ],
    key: KeyOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Say for which agency an action waits.

    The owner's clock stands still meanwhile, and the other agency's runs: its lead is told now, reminded, and named to
    the chair in the end. The date first agreed and the date now agreed stay as they are.

    Example: auditloop wait action/12 police --as nell --reason "The list of contacts is theirs."
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        office.begin(actor_for(office, person, group)) as tx,
    ):
        subject = subject_of(tx, ref)
        row = _agency(tx, agency)
        done = wait_for(tx, _action(subject), row.id, reason, key=key)
        name = row.name
    _say(done.ref, f"{short(done.ref)} waits for {name}; its owner is not chased meanwhile.", as_json=as_json)


def resume_(
    ref: RefArgument,
    person: PersonOption,
    text: Annotated[
        str, typer.Option(metavar="WORDS", help="What came of it, or that nothing did.", show_default=False)
    ],
    key: KeyOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Say what came of waiting.

    The owner's clock runs on, and the working days waited are added to the day from which the owner is chased. The
    owner, the leads of both agencies and the coordinator may say it.

    Example: auditloop resume action/12 --as fay --text "The list was sent on Monday."
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        office.begin(actor_for(office, person, group)) as tx,
    ):
        subject = subject_of(tx, ref)
        done = stop_waiting(tx, _action(subject), text, key=key)
        chased = tx.session.get_one(Action, done.ref.id, populate_existing=True).chased_from_on
    since = "" if chased is None else f"; its owner is chased from {in_words(chased)}"
    _say(done.ref, f"{short(done.ref)} waits no more{since}.", as_json=as_json)


def _say(ref: Ref, sentence: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"ref": ref, "said": sentence})
    else:
        typer.echo(sentence)


def _row(tx: Tx, hold: Ref) -> RuleHold:
    return tx.session.get_one(RuleHold, hold.id)


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise BadInput(f"--until {written!r} is not a date such as 2015-03-31.") from None


def _action(ref: Ref) -> Ref:
    if ref.kind != Action.noun:
        raise BadInput(f"{short(ref)} waits for no agency; only an action does.")
    return ref


def _agency(tx: Tx, key: str) -> Agency:
    agencies = tx.session.scalars(
        sa.select(Agency).where(Agency.group_id == tx.actor.group_id).order_by(Agency.id)
    ).all()
    found = next((agency for agency in agencies if key in (agency.key, agency.name)), None)
    if found is None:
        raise Refused(
            Reason(
                "unknown_word", unknown(key, "an agency of this group", [one.key for one in agencies]) + "."
            )
        )
    return found
