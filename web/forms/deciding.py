"""The form with which a decision is answered: approve, ask for a change, or reject, and why."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import FormData
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import ValidationError

from assurance.commands.hearing import ANSWERS
from assurance.queries.decision import Decision, Sat
from web.forms.fields import Chosen
from web.forms.guard import GuardedForm, NoIdentifiers
from web.render import day

APPROVE, REQUEST_CHANGE, REJECT = ANSWERS
CALLED = {APPROVE: "Approve", REQUEST_CHANGE: "Ask for a change", REJECT: "Reject"}
NEEDS_A_REASON = {
    REQUEST_CHANGE: "Say what has to be changed; whoever asked reads it.",
    REJECT: "Say why it is rejected; whoever asked reads it.",
}


class AnswerForm(GuardedForm):
    """One answer to a decision; `meeting` is asked for where there is a meeting at which it can have been taken."""

    answer = RadioField(
        "Your decision",
        [Chosen("Choose whether you approve, ask for a change, or reject.")],
        validate_choice=False,
    )
    reason = TextAreaField(
        "Reason",
        [NoIdentifiers()],
        description=(
            "Needed unless you approve. It stays on the record. "
            "Leave out names and anything else that tells who a child or a family is."
        ),
        filters=[lambda text: text.strip() if text else text],
    )
    meeting = SelectField("Meeting at which it was decided", validate_choice=False)

    needs_meeting = False

    def validate_reason(self, field: TextAreaField) -> None:
        """Raise ValidationError where an answer needs a reason and has none."""
        sentence = NEEDS_A_REASON.get(self.answer.data or "")
        if sentence is not None and not field.data:
            raise ValidationError(sentence)

    def validate_meeting(self, field: SelectField) -> None:
        """Raise ValidationError for a meeting that was not offered, and for none where only a meeting decides."""
        offered = {value for value, *_ in field.iter_choices()}
        if (field.data or "") not in offered:
            raise ValidationError("Choose one of the meetings.")
        if self.needs_meeting and self.answer.data == APPROVE and not field.data:
            raise ValidationError(
                "Only the group in a meeting can approve this; choose the meeting at which it did."
            )

    def meeting_id(self) -> int | None:
        """Give the meeting that was chosen."""
        return int(self.meeting.data) if self.meeting.data else None


def answer_form(decision: Decision, posted: FormData | None = None) -> AnswerForm:
    """Make the form for one decision, filled with what was posted."""
    given = {"version": decision.version} if posted is None else {}
    form = AnswerForm(posted, **given)
    form.needs_meeting = decision.needs_meeting
    form.answer.choices = list(CALLED.items())
    form.meeting.choices = _meetings(decision.meetings, is_needed=decision.needs_meeting)
    return form


def _meetings(meetings: Sequence[Sat], *, is_needed: bool) -> list[tuple[str, str]]:
    none = "Choose a meeting" if is_needed else "Not at a meeting"
    return [
        ("", none),
        *((str(one.id), f"{one.title}, {day(one.on)}") for one in meetings),
    ]
