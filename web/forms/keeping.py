"""The forms of whoever keeps the installation: mail, addresses, rules, closed days, rehearsals."""

from __future__ import annotations

from wtforms import EmailField, FileField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import ValidationError

from web.forms.fields import DayField, Needed, OwnForm

ACCEPT, ONLY_FROM = "accept", "only_from"


class TakeBackForm(OwnForm):
    """Why a mail is not to be sent."""

    reason = TextAreaField("Why it is not to be sent", [Needed("Say why it is not to be sent.")])


class MendForm(OwnForm):
    """The address that is right."""

    new_address = EmailField("The address that is right", [Needed("Give the address that is right.")])


class _FromDay:
    """Asks for the day where only what comes true from a day on is to count."""

    def __call__(self, form: OwnForm, field: DayField) -> None:
        """Raise ValidationError where the day is missing."""
        if form["backlog"].data == ONLY_FROM and field.data is None and not field.process_errors:
            raise ValidationError("Give the day from which on things count.")


class AdoptForm(OwnForm):
    """What becomes of what a rule would owe."""

    backlog = RadioField(
        "What becomes of what it owes by now?",
        [Needed("Choose what becomes of what it owes by now.")],
        choices={
            ACCEPT: "All of it is said with the next look",
            ONLY_FROM: "Only what comes true from a day on counts; the rest is never said",
        },
        validate_choice=False,
    )
    from_on = DayField("From which day on", [_FromDay()])


class CloseDayForm(OwnForm):
    """A day on which the group does not work."""

    on = DayField("Which day", [Needed("Give the day.")])
    name = StringField(
        "What the day is called", [Needed("Say what the day is called, such as Office closed.")]
    )


class RehearseForm(OwnForm):
    """One file of rules in other words, and the days over which it is tried; an uploaded file goes before what is typed."""

    file = SelectField("File of rules", validate_choice=False)
    text = TextAreaField("The rules in this file")
    upload = FileField("Or upload the changed file")
    from_on = DayField("From")
    until_on = DayField("To")
