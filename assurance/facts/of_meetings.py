"""The facts of meetings, and the days of meetings as other nouns know them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from assurance.facts.noun import Fact, count, date, one, text, whole
from assurance.facts.words import SETTLED_RETURNS
from assurance.records import AgencyReturn, Audit, Meeting

PLANNED, HELD, CANCELLED = "planned", "held", "cancelled"


def meeting_facts() -> tuple[Fact, ...]:
    """Give the facts of a meeting."""
    looked_at = (Audit.meeting_id == Meeting.id,)
    return (
        date("on", "the day of the meeting", Meeting.on, optional=False),
        text("title", "what the meeting is called", Meeting.title),
        text("place", "where it is held", sa.func.nullif(Meeting.place, "")),
        whole("sequence", "times that the invitation was changed", Meeting.sequence),
        whole("audits", "audits that it looks at", count(Audit, *looked_at)),
        whole(
            "returns_outstanding",
            "returns outstanding of the audits that it looks at",
            sa.select(sa.func.count())
            .select_from(AgencyReturn)
            .join(Audit, Audit.id == AgencyReturn.audit_id)
            .where(*looked_at, AgencyReturn.state.not_in(SETTLED_RETURNS))
            .scalar_subquery(),
        ),
    )


def meeting_on(meeting_id: Any) -> Fact:
    """Give the day of the meeting that looks at a subject; one that was cancelled looks at nothing."""
    day = one(Meeting.on, Meeting.id == meeting_id, Meeting.state != CANCELLED)
    return date("meeting_on", "the day of the meeting that will look at it", day)


def next_meeting_on(group_id: Any) -> Fact:
    """Give the day of the group's first meeting that is planned, of those after the last one that was held.

    What is a fact cannot hang on today: it changes with what people record. So a meeting of which nobody recorded
    whether it was held is the next one until a later one was held; from then on the group is past it.
    """
    later = aliased(Meeting)
    is_past = sa.exists().where(
        later.group_id == Meeting.group_id, later.state == HELD, later.on > Meeting.on
    )
    day = one(sa.func.min(Meeting.on), Meeting.group_id == group_id, Meeting.state == PLANNED, ~is_past)
    return date("next_meeting_on", "the day of the group's next meeting", day)
