"""The form with which somebody raises an immediate concern."""

from __future__ import annotations

from wtforms import SelectField, TextAreaField

from web.forms.fields import Chosen, Needed
from web.forms.guard import GuardedForm, NoIdentifiers


class ConcernForm(GuardedForm):
    """What was seen, who must act, and where it was seen; no name of a child or family belongs here."""

    agency = SelectField(
        "Agency that must act", [Chosen("Choose the agency that must act.")], validate_choice=False
    )
    text = TextAreaField(
        "What the concern is",
        [Needed("Write down what the concern is."), NoIdentifiers()],
        description=(
            "In a few words: what you have seen and why it cannot wait. Leave out the names of the child and the "
            "family; the agency knows them by the reference of the case."
        ),
    )
    case = SelectField(
        "Case in whose file it was seen (optional)",
        default="",
        description="The cases that you may see. You can also name the case in your own words above, by its reference.",
    )
    audit = SelectField("Audit in which it was seen (optional)", default="")
