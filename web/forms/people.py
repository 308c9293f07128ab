"""The forms with which an administrator keeps people, posts and absences."""

from __future__ import annotations

from wtforms import EmailField, SelectField, StringField
from wtforms.validators import Optional

from web.forms.fields import DayField, Needed, OwnForm


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
