"""The forms of links from mails: having one sent, and confirming an action by one."""

from __future__ import annotations

from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import Length

from web.forms.entering import LONGEST_TITLE, NOBODY_NAMED
from web.forms.fields import Needed, OwnForm
from web.forms.guard import GuardedForm, NoIdentifiers

DAYS = {"7": "A week", "14": "Two weeks", "30": "30 days", "60": "60 days"}


class SendLinkForm(OwnForm):
    """For how long a link is to be good."""

    days = RadioField("How long the link is good for", choices=DAYS)


class ConfirmByLinkForm(GuardedForm):
    """What shows that an action is complete."""

    title = StringField(
        "What the evidence is",
        [
            Needed("Say what the evidence is."),
            NoIdentifiers(),
            Length(max=LONGEST_TITLE, message=f"Say it in {LONGEST_TITLE} letters at most."),
        ],
        description="For example, attendance list of the March briefings",
    )
    text = TextAreaField(
        "What it shows", [Needed("Write down what it shows."), NoIdentifiers()], description=NOBODY_NAMED
    )
    remark = TextAreaField("Anything to add for the chair (optional)", [NoIdentifiers()])
