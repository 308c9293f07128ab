"""Escalations: the list, the ladder of one matter, and how people are heard: replies, acceptances, silences, holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from assurance.commands.accepting import acknowledge
from assurance.commands.replying import reply
from assurance.commands.silencing import silence
from assurance.office import Tx
from assurance.queries.doors import doors_of
from assurance.queries.escalated import Rank, escalated
from assurance.queries.holds import held_by, hold_grid
from assurance.queries.ladder import ladder_of
from assurance.queries.ladder_words import Stage
from assurance.queries.one import card_of, title_of
from assurance.queries.references import subject_of
from assurance.queries.rights import Rights, rights_of, rules_to_silence
from assurance.queries.subject_words import what_they_say
from engine.errors import Refused
from web.desk import Desk
from web.failures import is_not_there
from web.forms.fields import OwnForm
from web.forms.holding import EVERY_RULE, AcceptForm, ReplyForm, SilenceForm, reply_form, silence_form
from web.fresh import require_fresh
from web.render import day

HOLD = "hold"
RANKS = {
    Rank.URGENT: "Urgent",
    Rank.ESCALATED: "Escalated",
    Rank.REPLIED: "Reply made",
    Rank.NOTICE: "Notice given",
    Rank.ACCEPTED: "Accepted",
    Rank.SILENCED: "Silenced",
}
STAGES = {
    Stage.SAID: "Told",
    Stage.DUE: "Due today",
    Stage.NOTICE: "Notice given",
    Stage.HELD: "Held",
    Stage.QUIETED: "Left below",
    Stage.AHEAD: "Ahead",
    Stage.NOT_IN_FORCE: "Not in force",
}


def every(desk: Desk, page: int = 1) -> Response:
    """List everything that is escalated, noticed or held now."""
    with desk.reading() as (tx, viewer):
        found, can_silence = escalated(tx, viewer, page=page), rules_to_silence(tx)
    return desk.page(
        "escalations/every.html",
        title="Escalations",
        found=found,
        ranks=RANKS,
        can_silence=bool(can_silence),
    )


def one(desk: Desk, kind: str, number: int) -> Response:
    """Show the ladder of one matter, and what somebody can do about it."""
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, kind, number)
        name = title_of(tx, viewer, ref)
        ladder, rights = ladder_of(tx, viewer, ref), rights_of(tx, viewer, ref)
        holds = hold_grid(tx, viewer, ref)
        what = what_they_say(tx, viewer, [ref]).get(ref, "")
    return desk.page(
        "escalations/one.html",
        title=f"Escalation of {name}",
        name=name,
        ref=ref,
        what="" if what in name else what,
        ladder=ladder,
        rights=rights,
        holds=holds,
        stages=STAGES,
    )


def hold(desk: Desk, number: int) -> Response:
    """Show one hold: what it keeps quiet, until when, why, and the steps out of it."""
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, HOLD, number)
        card, doors = card_of(tx, viewer, ref), doors_of(tx, ref)
        subject = held_by(tx, viewer, number)
    return desk.page(
        "escalations/hold.html",
        title=card.name,
        card=card,
        what=next(line.value for line in card.lines if line.name == "what"),
        words=next((line.value for line in card.lines if line.name == "words"), None),
        pairs=[(line.title, line.value) for line in card.lines if line.name not in ("what", "words")],
        doors=doors,
        ref=ref,
        subject=subject,
    )


# -- being heard -------------------------------------------------------------------------------------------


def ask_reply(desk: Desk, kind: str, number: int) -> Response:
    """Show the form with which a notice is replied to."""
    rights = _rights(desk, kind, number)
    return _reply_page(desk, rights, reply_form(rights.replies))


def take_reply(desk: Desk, kind: str, number: int) -> Response:
    """Take a reply to a notice."""
    rights = _rights(desk, kind, number)
    form = reply_form(rights.replies, desk.form)
    if not form.validate():
        return _reply_page(desk, rights, form, status=422)

    def command(tx: Tx) -> str:
        reply(tx, rights.ref, form.rule.data, form.text.data or "", key=form.key.data)
        return f"Your reply is recorded. Until {day(rights.reply_until)} at most nobody is named; somebody looks at it."

    return _done(desk, command, rights, form, _reply_page)


def ask_acceptance(desk: Desk, kind: str, number: int) -> Response:
    """Show the form with which an escalation is accepted."""
    rights = _rights(desk, kind, number)
    return _accept_page(desk, rights, AcceptForm())


def take_acceptance(desk: Desk, kind: str, number: int) -> Response:
    """Take an escalation on until a day."""
    rights, form = _rights(desk, kind, number), AcceptForm(desk.form)
    if not form.validate():
        return _accept_page(desk, rights, form, status=422)
    require_fresh(desk)
    until_on = form.until_on.data

    def command(tx: Tx) -> str:
        acknowledge(tx, rights.ref, until_on=until_on, reason=form.reason.data or "", key=form.key.data)
        return f"You have accepted it until {day(until_on)}; then it speaks again."

    return _done(desk, command, rights, form, _accept_page)


def ask_silence(desk: Desk, kind: str, number: int) -> Response:
    """Show the form with which rules about one matter are silenced."""
    rights = _rights(desk, kind, number)
    return _silence_page(desk, rights, silence_form(rights.silences, or_all=rights.silences_all))


def take_silence(desk: Desk, kind: str, number: int) -> Response:
    """Silence a rule, or every rule, about one matter until a day."""
    rights = _rights(desk, kind, number)
    form = silence_form(rights.silences, desk.form, or_all=rights.silences_all)
    if not form.validate():
        return _silence_page(desk, rights, form, status=422)
    require_fresh(desk)
    rule = None if form.rule.data == EVERY_RULE else form.rule.data

    def command(tx: Tx) -> str:
        silence(
            tx,
            rule_id=rule,
            ref=rights.ref,
            until_on=form.until_on.data,
            reason=form.reason.data or "",
            key=form.key.data,
        )
        return f"Silenced until {day(form.until_on.data)}; then it speaks again."

    return _done(desk, command, rights, form, _silence_page)


def ask_silence_of_all(desk: Desk) -> Response:
    """Show the form with which a rule is silenced about everything."""
    return _silence_all_page(desk, None)


def take_silence_of_all(desk: Desk) -> Response:
    """Silence a rule about everything until a day."""
    with desk.reading() as (tx, _):
        form = silence_form(rules_to_silence(tx), desk.form, or_all=False)
    if not form.validate():
        return _silence_all_page(desk, form, status=422)
    require_fresh(desk)
    try:
        with desk.begin() as tx:
            silence(
                tx,
                rule_id=form.rule.data,
                until_on=form.until_on.data,
                reason=form.reason.data or "",
                key=form.key.data,
            )
    except Refused as refused:
        form.refuse(refused)
        return _silence_all_page(desk, form, status=422)
    return desk.go("/escalations", said=f"Silenced until {day(form.until_on.data)}; then it speaks again.")


def _rights(desk: Desk, kind: str, number: int) -> Rights:
    with desk.reading() as (tx, viewer):
        return rights_of(tx, viewer, subject_of(tx, viewer, kind, number))


def _done(
    desk: Desk,
    command: Callable[[Tx], str],
    rights: Rights,
    form: OwnForm,
    page: Callable[..., Response],
) -> Response:
    """Carry out a command, or show its form again with why not and everything that was typed."""
    try:
        with desk.begin() as tx:
            said = command(tx)
    except Refused as refused:
        if is_not_there(refused):
            raise
        if any(reason.code == "repeated" for reason in refused.reasons):
            return desk.go(
                f"/{rights.ref}/escalation", said="This was recorded already; nothing was done twice."
            )
        form.refuse(refused)
        return page(desk, rights, form, status=422)
    return desk.go(f"/{rights.ref}/escalation", said=said)


def _reply_page(desk: Desk, rights: Rights, form: ReplyForm, *, status: int = 200) -> Response:
    return _form_page(
        desk,
        rights,
        form,
        status=status,
        title="Reply to a notice",
        words="Send my reply",
        can=bool(rights.replies),
        about=[
            "You hear of this before anybody is named. Say how it stands, or why it is not as the rule says.",
            f"The rule then waits until somebody has looked at your reply, until {day(rights.reply_until)} at most.",
            *(f"Notice: {one.title}." for one in rights.replies if len(rights.replies) == 1),
        ],
        reasons=("No notice about it is open to you.",),
    )


def _accept_page(desk: Desk, rights: Rights, form: AcceptForm, *, status: int = 200) -> Response:
    return _form_page(
        desk,
        rights,
        form,
        status=status,
        title="Accept that it takes longer",
        words="Accept it until that day",
        can=bool(rights.accepts),
        about=[
            f"What stands: {rights.accepts}.",
            "Until that day neither this nor a higher rung speaks of it. Then the rung speaks that is due by then.",
            f"{day(rights.accept_until)} is the last day that can be named.",
        ],
        reasons=rights.not_accepted,
    )


def _silence_page(desk: Desk, rights: Rights, form: SilenceForm, *, status: int = 200) -> Response:
    return _form_page(
        desk,
        rights,
        form,
        status=status,
        title="Silence a rule about it",
        words="Silence it until that day",
        can=bool(rights.silences),
        about=[
            "For what is noise: nobody is told anything by it until its last day is over.",
            f"{day(rights.silence_until)} is the last day that can be named. What is urgent is silenced by nobody.",
        ],
        reasons=rights.not_silenced,
    )


def _form_page(desk: Desk, rights: Rights, form: OwnForm, *, status: int, **values: Any) -> Response:
    return desk.page(
        "escalations/ask.html", status=status, ref=rights.ref, name=rights.name, form=form, **values
    )


def _silence_all_page(desk: Desk, form: SilenceForm | None, *, status: int = 200) -> Response:
    with desk.reading() as (tx, _):
        rules = rules_to_silence(tx)
    return desk.page(
        "escalations/silence.html",
        status=status,
        title="Silence a rule about everything",
        form=form or silence_form(rules, or_all=False),
        can=bool(rules),
    )
