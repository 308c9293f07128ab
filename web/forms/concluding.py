"""The forms with which the group concludes: its joint look, what it has seen, what should change."""

from __future__ import annotations

import hashlib

from wtforms import HiddenField, RadioField, SelectField, SelectMultipleField, TextAreaField
from wtforms.validators import ValidationError

from assurance.commands.concluding import FINDING_KINDS, Wanted
from web.forms.entering import NOBODY_NAMED, EnteringForm
from web.forms.fields import Chosen, DayField, Needed
from web.forms.guard import NoIdentifiers

STRATEGIC, INDIVIDUAL = "strategic", "individual_practice"


class ModerationForm(EnteringForm):
    """The group's joint look at the returns: at a meeting, or on a day without one."""

    asked = ("meeting", "held_on", "note")
    meeting = SelectField(
        "Meeting at which the group looked at the returns",
        [Chosen("Choose the meeting.")],
        validate_choice=False,
    )
    held_on = DayField(
        "The day, where it was at no meeting", description="Leave it empty where you have chosen a meeting."
    )
    note = TextAreaField(
        "What the group looked at, and what it noticed",
        [Needed("Write down what the group looked at."), NoIdentifiers()],
        description=f"Everybody in the group reads this, the lay member too. {NOBODY_NAMED}",
    )

    def validate_held_on(self, field: DayField) -> None:
        """Ask for a day where no meeting was chosen."""
        if self.meeting.data == "none" and field.data is None and not field.process_errors:
            raise ValidationError("Name the day on which the group looked at the returns.")


class FindingForm(EnteringForm):
    """One thing that was seen, under one aim."""

    asked: tuple[str, ...] = ("aim", "kind", "text", "case", "none_needed")
    aim = RadioField("Under which aim?", [Chosen("Choose the aim.")], validate_choice=False)
    kind = RadioField(
        "What is it?",
        [Chosen("Choose whether it is a strength, an area for development or a learning point.")],
        choices={kind: kind.capitalize() for kind in FINDING_KINDS},
        validate_choice=False,
    )
    text = TextAreaField(
        "What was seen",
        [Needed("Write down what was seen."), NoIdentifiers()],
        description=f"Everybody in the group reads this, the lay member too. {NOBODY_NAMED}",
    )
    case = SelectField(
        "In which case, if in one only (optional)",
        description="Stays with the chair, the deputy, the coordinator and the inspector.",
        validate_choice=False,
    )
    none_needed = TextAreaField(
        "If no recommendation needs to follow: why (optional)",
        [NoIdentifiers()],
        description="For example, it was put right while the audit went on.",
    )


class RecommendationForm(EnteringForm):
    """What should change, where that comes from, and who is asked.

    `looked_at` is the mark of the words whose remarks and likenesses the writer has seen.
    """

    findings = SelectMultipleField("From which findings does it come?", validate_choice=False)
    aims = SelectMultipleField(
        "From which aims does it come?",
        description="The aims of the findings come along by themselves. A later audit can ask them again.",
        validate_choice=False,
    )
    text = TextAreaField(
        "What should change",
        [Needed("Write down what should change."), NoIdentifiers()],
        description=f"Who does what, by when, and how one will know. One thing only. {NOBODY_NAMED}",
    )
    type = RadioField(
        "Whom does it concern?",
        [Chosen("Choose whom it concerns.")],
        choices={
            STRATEGIC: "Several agencies: a multi-agency strategic recommendation",
            INDIVIDUAL: "One agency's individual practice: only that agency sees it, and those who see everything",
        },
        validate_choice=False,
    )
    asked_agencies = SelectMultipleField("Strategic: which agencies are asked?", validate_choice=False)
    agency = SelectField("Individual practice: which agency?", validate_choice=False)
    looked_at = HiddenField()

    def validate_aims(self, field: SelectMultipleField) -> None:
        """Ask for an aim or a finding."""
        if not field.data and not self.findings.data:
            raise ValidationError("Choose at least one finding or one aim from which it comes.")

    def validate_agency(self, field: SelectField) -> None:
        """Ask for the one agency of an individual practice recommendation."""
        if self.type.data == INDIVIDUAL and not field.data:
            raise ValidationError("Choose the agency whose practice it is about.")

    def validate_asked_agencies(self, field: SelectMultipleField) -> None:
        """Ask for the agencies of a strategic recommendation."""
        if self.type.data == STRATEGIC and not field.data:
            raise ValidationError("Choose at least one agency that is asked.")

    @property
    def has_owner(self) -> bool:
        """Say whether an agency is named."""
        return bool(self.asked_agencies.data or self.agency.data)

    @property
    def mark(self) -> str:
        """Give the mark of the words as they are now."""
        return hashlib.sha256(f"{self.has_owner}\n{(self.text.data or '').strip()}".encode()).hexdigest()[:16]

    @property
    def is_looked_at(self) -> bool:
        """Say whether the writer has seen what there is to say of exactly these words."""
        return self.looked_at.data == self.mark

    def wanted(self, aim_ids: list[int]) -> Wanted:
        """Give the recommendation as the command takes it, from these aims."""
        is_strategic = self.type.data == STRATEGIC
        return Wanted(
            type=self.type.data,
            text=(self.text.data or "").strip(),
            aim_ids=aim_ids,
            finding_ids=numbers(self.findings.data),
            asked_agency_ids=numbers(self.asked_agencies.data) if is_strategic else [],
            agency_id=None if is_strategic or not self.agency.data else numbers([self.agency.data])[0],
        )


def numbers(chosen: list[str] | None) -> list[int]:
    """Read what was chosen; what is no number was never offered."""
    return [int(one) for one in chosen or () if one.isascii() and one.isdecimal() and len(one) < 10]
