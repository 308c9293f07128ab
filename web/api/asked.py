"""What requests may hold: strict, so that nothing is taken that is not asked for, and no text that nobody can read."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from engine.words import unreadable
from web.api.shapes import MOST_ROWS
from web.forms.fields import LONGEST_TEXT


def _readable(text: str) -> str:
    letter = unreadable(text)
    if letter is not None:
        raise PydanticCustomError("unreadable", "It holds a letter that nobody can read; write it without")
    return text


Key = Annotated[StrictStr, Field(min_length=1, max_length=200), AfterValidator(_readable)]
Text = Annotated[StrictStr, Field(max_length=LONGEST_TEXT), AfterValidator(_readable)]
Number = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
Page = Annotated[int, Field(ge=1, le=100_000, description="Which page, from 1.")]
PerPage = Annotated[int, Field(ge=1, le=MOST_ROWS, description="How many rows to a page.")]
Word = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_readable)]


class Asked(BaseModel):
    """What one request holds; a field that there is not is refused."""

    model_config = ConfigDict(extra="forbid")


class Step(Asked):
    """Take a step: what it asks for, by name, as its door says. A day is written as 2015-03-03."""

    given: dict[Key, Text | StrictInt | StrictBool] = Field(default_factory=dict, max_length=20)


class Decision(Asked):
    """Answer a decision that waits for you."""

    answer: Literal["approve", "request_change", "reject"]
    reason: Text = ""
    meeting: Key | None = Field(None, description="The key of the meeting at which the group decided it.")


class OneAnswer(Asked):
    """The answer to one aim, in the reader's words."""

    aim: Number = Field(description="The number of the aim within its audit.")
    answer: Literal["yes", "partly", "no", "not applicable", "no evidence on file"]
    text: Text = ""


class Answers(Asked):
    """Answer aims of one return; an aim that was answered before gets the new answer."""

    answers: list[OneAnswer] = Field(min_length=1, max_length=200)
    tool: Text | None = None
    grade: Literal["Outstanding", "Good", "Requires improvement", "Inadequate"] | None = None


class ProgressNote(Asked):
    """Say how an action goes."""

    rating: Literal["on track", "at risk", "late"]
    text: Text


class Evidence(Asked):
    """Say what shows that something was done, or that it has lasted."""

    title: Text
    text: Text


class Finding(Asked):
    """Record what was seen under one aim."""

    aim: Number = Field(description="The number of the aim within its audit.")
    kind: Literal["strength", "area for development", "learning point"]
    text: Text
    case: Key | None = Field(None, description="The case from which it came; only few are told.")
    none_needed: Text | None = Field(None, description="Why nothing needs to follow.")


class Recommendation(Asked):
    """Make a recommendation and ask the agencies that it concerns."""

    type: Literal["strategic", "individual_practice"]
    text: Text
    aims: list[Number] = Field(min_length=1, max_length=200)
    findings: list[Number] = Field(default_factory=list, max_length=200)
    asked: list[Key] = Field(default_factory=list, max_length=200, description="The keys of the agencies.")
    agency: Key | None = Field(None, description="The one agency of an individual practice recommendation.")


class Plan(Asked):
    """Plan what one agency will do; owner, measure and date may follow."""

    agency: Key
    text: Text
    owner_post: Key | None = None
    measure: Text | None = None
    due_on: date | None = None


class Reply(Asked):
    """Answer the notice that a rule has given."""

    rule: Key
    text: Text


class Acknowledgement(Asked):
    """Accept an escalation until a day."""

    until_on: date
    reason: Text


class Silence(Asked):
    """Stop a rule, or every rule, about one subject until a day."""

    until_on: date
    reason: Text
    rule: Key | None = None


class Concern(Asked):
    """Raise an immediate concern: whoever must act is told now."""

    agency: Key
    text: Text
    audit: Key | None = Field(None, description="An audit's reference, such as 2014-15/1.")
    case: Key | None = None


class Nothing(Asked):
    """Asks for nothing: sending it is enough."""


class Audit(Asked):
    """Propose an audit."""

    year: Key = Field(description="The year of the programme, such as 2014-15.")
    theme: Text
    source_kind: Literal["review", "inspection", "data", "national report"]
    source: Text
    scope: Text
    look_back_months: Number
    cases: Number = Field(description="How many cases are to be drawn.")


class AimOfAudit(Asked):
    """One aim, by its audit and its number."""

    audit: Key = Field(description="The audit's reference, such as 2014-15/1.")
    aim: Number


class Aim(Asked):
    """Write down one aim."""

    text: Text
    asks_again: AimOfAudit | None = Field(None, description="An earlier aim that it asks again.")


class Case(Asked):
    """Draw one case; who it is stays with each agency."""

    kind: Literal["child", "family", "adult"]
    criterion: Text


class MeetingOfAudit(Asked):
    """Name the meeting that looks at the returns."""

    meeting: Key = Field(description="The key of the meeting, such as 2015-03.")
    returns_due_on: date | None = Field(None, description="Without it, ten working days before the meeting.")


class Moderation(Asked):
    """Record the group's joint look at the returns: at a meeting, or on a day."""

    note: Text
    meeting: Key | None = None
    held_on: date | None = None


class Dissemination(Asked):
    """Record how one agency has spread the learning."""

    agency: Key
    how: Text
    reached: Number


class ReAudit(Asked):
    """Set a later aim beside the earlier one that it asks again."""

    earlier: AimOfAudit
    later: AimOfAudit


class Meeting(Asked):
    """Plan a meeting."""

    title: Text
    on: date
    starts: Key = Field(description="Such as 14:00.")
    ends: Key | None = None
    place: Text = ""
    name: Key | None = Field(None, description="Its key; without it the month, such as 2015-06.")


class OnePresence(Asked):
    """Whether the holder of one post was there."""

    post: Key
    presence: Literal["there", "deputy", "apologies", "absent"]
    deputy: Text = ""


class Attendance(Asked):
    """Record who was at a meeting."""

    people: list[OnePresence] = Field(min_length=1, max_length=200)


class AgencyAnswer(Asked):
    """Say whether an agency takes a recommendation on."""

    agency: Key
    answer: Literal["accepted", "not_accepted"]
    reason: Text | None = None


class CompletedPlan(Asked):
    """Name the owner, the measure or the first date of an action."""

    owner_post: Key | None = None
    measure: Text | None = None
    due_on: date | None = None


class Waiting(Asked):
    """Say for which agency an action waits, and for what."""

    agency: Key
    reason: Text


class Waited(Asked):
    """Say what came of waiting."""

    what_came: Text
