"""The form of a token for programs: what it is called, what it may be used for, and for how long."""

from __future__ import annotations

from wtforms import RadioField, SelectMultipleField, StringField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from web.forms.fields import Needed, OwnForm

SCOPES = {
    "read": "Read what I can see",
    "move": "Take steps",
    "decide": "Decide, accept escalations, silence rules",
    "enter": "Enter data: answers, notes, evidence, findings, plans",
}
DAYS = {"30": "30 days", "90": "90 days", "365": "A year"}


class TokenForm(OwnForm):
    """What somebody chooses for a token."""

    name = StringField(
        "What it is for",
        [Needed("Say what it is for, so that you know it again.")],
        description="For example, the spreadsheet of the board office",
    )
    scopes = SelectMultipleField(
        "What it may do",
        [InputRequired("Choose at least one thing that it may do.")],
        choices=SCOPES,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    days = RadioField("How long it is good for", choices=DAYS, default="90")
