"""The forms with which people are heard by the rules: a reply, an escalation taken on, a rule silenced."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import FormData
from wtforms import RadioField, SelectField, TextAreaField

from assurance.queries.rights import Choice
from web.forms.fields import Chosen, DayField, Needed
from web.forms.guard import GuardedForm, NoIdentifiers

NOBODY_NAMED = "Leave out names and anything else that tells who a child or a family is."


class ReplyForm(GuardedForm):
    """What somebody has to say to a notice; `rule` is asked for where there are several."""

    asked: tuple[str, ...] = ("rule", "text")
    rule = RadioField("To which notice?", [Chosen("Choose the notice.")], validate_choice=False)
    text = TextAreaField(
        "Your reply",
        [Needed("Write down what you have to say."), NoIdentifiers()],
        description=f"Whoever looks at it reads it, and it stays on the record. {NOBODY_NAMED}",
    )


class AcceptForm(GuardedForm):
    """Until when somebody takes an escalation on, and why."""

    asked = ("until_on", "reason")
    until_on = DayField("Until which day?", [Needed("Name the day until which you accept it.")])
    reason = TextAreaField(
        "Why it may take longer",
        [Needed("Say why it may take longer."), NoIdentifiers()],
        description=f"It stays on the record. {NOBODY_NAMED}",
    )


class SilenceForm(GuardedForm):
    """Which rule is silenced until when, and why."""

    asked = ("rule", "until_on", "reason")
    rule = SelectField("Which rule?", [Chosen("Choose the rule.")], validate_choice=False)
    until_on = DayField("Until which day?", [Needed("Name the last day of the silence.")])
    reason = TextAreaField(
        "Why",
        [Needed("Say why it is silenced."), NoIdentifiers()],
        description=f"It stays on the record. {NOBODY_NAMED}",
    )


EVERY_RULE = "every rule"


def reply_form(notices: Sequence[Choice], posted: FormData | None = None) -> ReplyForm:
    """Make the form of a reply; where one notice only is open, it is that one."""
    form = ReplyForm(posted)
    form.rule.choices = [(one.rule, one.title) for one in notices]
    if len(notices) == 1:
        form.asked, form.rule.data = ("text",), notices[0].rule
    return form


def silence_form(rules: Sequence[Choice], posted: FormData | None = None, *, or_all: bool) -> SilenceForm:
    """Make the form of a silence: one of some rules, or all of them at once where that is possible."""
    form = SilenceForm(posted)
    every = [(EVERY_RULE, "Every rule about it")] if or_all else []
    form.rule.choices = [("", "Choose a rule"), *every, *((one.rule, one.title) for one in rules)]
    return form
