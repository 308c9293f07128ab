"""The forms with which an administrator keeps people, posts and absences."""

from __future__ import annotations

from wtforms import BooleanField, EmailField, RadioField, SelectField, StringField
from wtforms.validators import Optional

from web.forms.fields import Chosen, DayField, Needed, Offered, OwnForm


class PersonForm(OwnForm):
    """Somebody's name and address."""

    name = StringField("Name", [Needed("Give the name.")])
    email = EmailField("E-mail address", [Needed("Give the e-mail address.")])


class GivePostForm(OwnForm):
    """Somebody begins in a post."""

    post = SelectField("Post", [Needed("Choose a post.")], validate_choice=True)
    from_on = DayField("First day in the post", [Needed("Give the first day.")])
    until_on = DayField("Last day in the post (leave empty where it is not known)", [Optional()])


class EndPostForm(OwnForm):
    """Somebody leaves a post."""

    last_on = DayField("Last day in the post", [Needed("Give the last day.")])


class AbsenceForm(OwnForm):
    """Somebody is away."""

    from_on = DayField("First day away", [Needed("Give the first day.")])
    until_on = DayField("Last day away", [Needed("Give the last day.")])
    reason = StringField("Why", [Needed("Say why, in two or three words.")])


class AgencyForm(OwnForm):
    """A partner agency that joins."""

    name = StringField("Name of the agency", [Needed("Give the name of the agency.")])


class NameForm(OwnForm):
    """What an agency or a post is called."""

    name = StringField("What it is called", [Needed("Say what it is called.")])


class PostForm(OwnForm):
    """A post that is new."""

    title = StringField("Title of the post", [Needed("Give the title of the post.")])
    role = RadioField(
        "What does it do here?",
        [Chosen("Choose what the post does here.")],
        choices={
            "agency_lead": "Leads an agency: answers for its returns and confirms its actions",
            "member": "Sits in the group for an agency",
            "post_holder": "Owns actions or answers for records of an agency",
            "coordinator": "Coordinates for the Board",
            "lay_member": "Lay member: sees what is pooled",
            "inspector": "Inspects: reads everything, changes nothing",
        },
        validate_choice=False,
    )
    agency = SelectField(
        "Agency",
        [Offered("Choose one of the agencies, or none.")],
        validate_choice=False,
        description="None for a post that acts for the whole group",
    )
    is_member = BooleanField("It sits in the group and is told at each stage")


class RecordsForm(OwnForm):
    """Records for which an agency answers."""

    name = StringField("What the records are called", [Needed("Say what the records are called.")])
    agency = SelectField("Agency", [Chosen("Choose the agency.")], validate_choice=False)
    lead = SelectField(
        "Post that answers for them",
        [Offered("Choose one of the posts, or none.")],
        validate_choice=False,
        description="Without one, the agency's lead answers.",
    )
