"""The forms of meetings: planning one, and who was there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import FormData
from wtforms import SelectField, StringField
from wtforms.validators import Length

from assurance.commands.attending import ABSENT, APOLOGIES, DEPUTY, PRESENCES, THERE, Present
from assurance.queries.meeting_page import Attended
from web.forms.auditing import SHORT
from web.forms.entering import EnteringForm
from web.forms.fields import Chosen, DayField, Needed

WORDS = {
    THERE: "Was there",
    DEPUTY: "Somebody came in their place",
    APOLOGIES: "Sent apologies",
    ABSENT: "Was not there",
}
_HOUR = Length(max=5, message="Write the hour as 14:00.")


class PlanMeetingForm(EnteringForm):
    """When and where the group is to meet, and what the meeting is called."""

    asked = ("title", "on", "starts", "ends", "place")
    title = StringField(
        "What it is called",
        [Needed("Say what the meeting is called."), SHORT],
        description="For example, Meeting of March 2015",
    )
    on = DayField("Day", [Needed("Name the day of the meeting.")], description="For example, 27 3 2015")
    starts = StringField(
        "Begins at", [Needed("Say at which hour it begins."), _HOUR], description="For example, 14:00"
    )
    ends = StringField(
        "Ends at (optional)", [_HOUR], description="Leave it empty and it lasts two hours. For example, 16:00"
    )
    place = StringField(
        "Where (optional)", [SHORT], description="A room, or how to join. It goes into everybody's calendar."
    )


class AttendanceForm(EnteringForm):
    """Who was at a meeting: for each post a word, and the name of who came in their place."""

    seats: Sequence[Attended] = ()

    def rows(self) -> list[tuple[Attended, Any, Any]]:
        """Give each post with its two fields."""
        return [(seat, self[_presence(seat)], self[_deputy(seat)]) for seat in self.seats]

    def given(self) -> list[Present]:
        """Give what was filled in; posts of which nothing is said are left out."""
        return [
            Present(seat.post_id, seat.person_id, presence.data, deputy.data or "")
            for seat, presence, deputy in self.rows()
            if presence.data
        ]


def attendance_form(seats: Sequence[Attended], posted: FormData | None = None) -> AttendanceForm:
    """Make the form of those who belonged at a meeting, filled with what was recorded or posted."""
    fields: dict[str, Any] = {}
    for seat in seats:
        fields[_presence(seat)] = SelectField(
            f"{seat.person}, {seat.post}",
            [Chosen("Choose one of the words.")]
            if posted is not None and posted.get(_presence(seat))
            else [],
            choices={"": "Not said"} | {word: WORDS[word] for word in PRESENCES},
            default=seat.presence,
            validate_choice=False,
        )
        fields[_deputy(seat)] = StringField("Who came in their place", [SHORT], default=seat.deputy)
    made = type("OneAttendanceForm", (AttendanceForm,), fields | {"seats": tuple(seats)})
    form: AttendanceForm = made(posted)
    return form


def _presence(seat: Attended) -> str:
    return f"presence-{seat.post_id}-{seat.person_id}"


def _deputy(seat: Attended) -> str:
    return f"deputy-{seat.post_id}-{seat.person_id}"
