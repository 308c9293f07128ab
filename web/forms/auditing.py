"""The forms with which an audit is set up: theme, aims, cases, the meeting and the day for the returns, learning."""

from __future__ import annotations

from typing import Any

from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from assurance.commands.meetings import RETURNS_DUE_BEFORE
from assurance.commands.programme import CASE_KINDS, SOURCE_KINDS
from web.forms.entering import LONGEST_TITLE, NOBODY_NAMED, EnteringForm
from web.forms.fields import Chosen, DayField, Needed, Offered
from web.forms.guard import NoIdentifiers

SHORT = Length(max=LONGEST_TITLE, message=f"Say it in {LONGEST_TITLE} letters at most.")
LARGEST = 1_000_000


class WholeField(IntegerField):
    """A whole number that is not negative; anything else is answered with a sentence."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.type = "IntegerField"  # it looks like one

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read figures and nothing else."""
        self.data = None
        written = "".join(valuelist[:1]).strip()
        if not written:
            return
        if not (written.isascii() and written.isdecimal()) or int(written[:8]) > LARGEST:
            raise ValueError(f"{self.label.text}: write a whole number in figures, such as 4.")
        self.data = int(written)


class OpenAuditForm(EnteringForm):
    """What a new audit is about, why now, and how wide it looks."""

    asked = ("year", "theme", "source_kind", "source", "scope", "look_back", "cases")
    year = SelectField("Year of the programme", [Chosen("Choose the year.")], validate_choice=False)
    theme = StringField(
        "Theme",
        [Needed("Write down the theme."), SHORT, NoIdentifiers()],
        description="For example, Neglect of under-fives",
    )
    source_kind = RadioField(
        "Why now?",
        [Chosen("Choose what has called for this audit.")],
        choices={
            kind: {"data": "Our own data"}.get(kind, f"A {kind}".replace("A i", "An i"))
            for kind in SOURCE_KINDS
        },
        validate_choice=False,
    )
    source = StringField(
        "Which one?",
        [Needed("Name the review, the inspection, the data or the report."), SHORT, NoIdentifiers()],
        description="For example, Serious case review, Family L",
    )
    scope = TextAreaField(
        "Which cases does it look at?",
        [Needed("Write down which cases it looks at."), NoIdentifiers()],
        description=f"For example, children open to social care for two years or more. {NOBODY_NAMED}",
    )
    look_back = WholeField(
        "How many months back are files read?",
        [Needed("Say how many months back files are read.")],
        default=12,
    )
    cases = WholeField(
        "How many cases are drawn?",
        [Needed("Say how many cases are to be drawn.")],
        description="Mostly 4 to 8",
    )


class AimForm(EnteringForm):
    """One aim, or key line of enquiry."""

    asked = ("text", "asks_again")
    text = TextAreaField(
        "Aim, or key line of enquiry",
        [Needed("Write down the aim."), NoIdentifiers()],
        description="A question that each agency can answer from its own records with yes, partly or no",
    )
    asks_again = SelectField(
        "Does it ask an earlier aim again? (optional)",
        [Offered("Choose one of the aims, or say that it is new.")],
        validate_choice=False,
        description="Then the answers stand side by side later, and show whether it has become better.",
    )


class CaseForm(EnteringForm):
    """One case that is drawn; its reference is made by chance."""

    asked = ("kind", "criterion")
    kind = RadioField(
        "Whose file is read?",
        [Chosen("Choose whose file is read.")],
        choices={kind: f"A{'n' if kind == 'adult' else ''} {kind}".capitalize() for kind in CASE_KINDS},
        validate_choice=False,
    )
    criterion = TextAreaField(
        "Why was this one drawn?",
        [Needed("Write down why this one was drawn."), NoIdentifiers()],
        description=f"For example, drawn at random from children under five. {NOBODY_NAMED}",
    )


class MeetingOfAuditForm(EnteringForm):
    """The meeting that looks at the returns, and the day on which they are due before it."""

    asked = ("meeting", "returns_due_on")
    meeting = RadioField(
        "Meeting that looks at the returns", [Chosen("Choose the meeting.")], validate_choice=False
    )
    returns_due_on = DayField(
        "Day on which the returns are due (optional)",
        description=(
            f"Leave it empty and they are due {RETURNS_DUE_BEFORE} working days before the meeting, and move with it. "
            "For example, 27 3 2015"
        ),
    )


class AskForReturnsForm(EnteringForm):
    """Asks for nothing: pressing the button asks every agency."""


class SpreadForm(EnteringForm):
    """How an agency has spread what was learned."""

    asked = ("agency", "how", "reached")
    agency = SelectField("Agency", [Chosen("Choose the agency.")], validate_choice=False)
    how = TextAreaField(
        "How was the learning spread?",
        [Needed("Write down how the learning was spread."), NoIdentifiers()],
        description=f"For example, a seven-minute briefing in every team meeting of May. {NOBODY_NAMED}",
    )
    reached = WholeField("How many people has it reached?", [Needed("Say how many people it has reached.")])
