"""The forms of steps that write something down about an action or a recommendation."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.datastructures import FormData
from wtforms import FileField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from assurance.commands.acting import RATINGS
from web.forms.fields import Chosen, DayField, Needed
from web.forms.guard import GuardedForm, NoIdentifiers, NoIdentifyingName

NOBODY_NAMED = "Leave out names and anything else that tells who a child or a family is."
LONGEST_TITLE = 200


class EnteringForm(GuardedForm):
    """A form that writes something down; `asked` names its fields in the order in which they are asked."""

    asked: tuple[str, ...] = ()
    nothing_to_choose = ""  # why there is no form, where there is nothing from which one could choose
    says = ""  # what comes of it, said above the fields

    def __init__(self, formdata: FormData | None = None, **given: Any) -> None:
        super().__init__(formdata, **given)
        self.is_posted = formdata is not None


class NoteForm(EnteringForm):
    """How an action goes, in the owner's own words."""

    asked = ("rating", "text")
    rating = RadioField(
        "How is it going?",
        [Chosen("Choose how it is going.")],
        choices={rating: rating.capitalize() for rating in RATINGS},
        validate_choice=False,
        description="Your own view. Whether it is overdue is worked out from its dates, whatever you choose here.",
    )
    text = TextAreaField(
        "What has happened since the last note",
        [Needed("Write down what has happened."), NoIdentifiers()],
        description=f"A note is never changed; add another one instead. {NOBODY_NAMED}",
    )


class EvidenceForm(EnteringForm):
    """What proves something: what it is, what it shows, and a file where there is one."""

    asked = ("title", "text", "file")
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
    file = FileField(
        "File (optional)",
        [NoIdentifyingName()],
        description="PDF, Word, Excel, a picture or plain text. Leave out whatever names a child or a family.",
    )


class WaitForm(EnteringForm):
    """For whom an action waits, and for what."""

    asked = ("agency", "reason")
    agency = SelectField(
        "Agency that has to do its part first", [Chosen("Choose the agency.")], validate_choice=False
    )
    reason = TextAreaField(
        "What it has to do",
        [Needed("Write down what is awaited."), NoIdentifiers()],
        description=f"That agency reads this. {NOBODY_NAMED}",
    )


class WaitedForm(EnteringForm):
    """What came of waiting."""

    asked = ("what_came",)
    what_came = TextAreaField(
        "What came of it", [Needed("Write down what came of it."), NoIdentifiers()], description=NOBODY_NAMED
    )


class PlanForm(EnteringForm):
    """What one agency will do about a recommendation; owner, measure and date may follow until it is agreed."""

    asked = ("agency", "text", "owner", "measure", "due_on")
    agency = SelectField("Agency", [Chosen("Choose the agency whose action it is.")], validate_choice=False)
    text = TextAreaField(
        "What the agency will do",
        [Needed("Write down what the agency will do."), NoIdentifiers()],
        description="One thing that somebody can do and somebody else can check. If it has two parts, plan two actions.",
    )
    owner = SelectField(
        "Post that owns it (optional until it is agreed)",
        default="",
        description="A post, not a person: when somebody leaves, the action stays with the post.",
    )
    measure = TextAreaField(
        "How one will know that it is done (optional until it is agreed)",
        [NoIdentifiers()],
        description="For example, nine in ten of the staff asked can say what they must share",
    )
    due_on = DayField(
        "Day by which it is due (optional)",
        description="The first day is kept for good. A later one is asked of the chair. For example, 27 3 2015",
    )


class CompletePlanForm(EnteringForm):
    """What a plan still lacks: its owner, its measure, its first date."""

    asked: tuple[str, ...] = ("owner", "measure", "due_on")
    owner = SelectField("Post that owns it", default="")
    measure = TextAreaField("How one will know that it is done", [NoIdentifiers()])
    due_on = DayField("Day by which it is due (optional)")

    def begin_with(self, owner_post_id: int | None, measure: str | None, due_on: date | None) -> None:
        """Show what stands; a date that stands is not asked for: it is moved by request only."""
        if due_on is not None:
            self.asked = ("owner", "measure")
        if not self.is_posted:
            self.owner.data = str(owner_post_id or "")
            self.measure.data = measure


class AgencyAnswerForm(EnteringForm):
    """Whether an agency takes a recommendation on."""

    asked = ("agency", "answer", "reason")
    agency = SelectField("Agency", [Chosen("Choose the agency for which you answer.")], validate_choice=False)
    answer = RadioField(
        "Does it take this on?",
        [Chosen("Choose whether the agency takes it on.")],
        choices={
            "accepted": "Yes, it accepts the recommendation",
            "not_accepted": "No, it does not accept it",
        },
        validate_choice=False,
    )
    reason = TextAreaField(
        "If not: because",
        [NoIdentifiers()],
        description="A no needs its reason; the agency, the chair and the coordinator read it.",
    )


class ReAuditForm(EnteringForm):
    """Which later aim is set beside an earlier one."""

    asked = ("pair",)
    pair = RadioField(
        "Which later aim asked the same again?",
        [Chosen("Choose the later aim.")],
        validate_choice=False,
        description="The answers are counted from accepted returns, before and after, and stand side by side.",
    )
