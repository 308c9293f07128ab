"""The identifier guard of forms: warns before something is saved that may tell who somebody is, and lets people say no.

A form that builds on `GuardedForm` puts `NoIdentifiers()` among the rules of a text; its template writes
`{{ guard(form) }}` above the button, which shows nothing until something was found.
"""

from __future__ import annotations

import re
from typing import Any

from wtforms import BooleanField, Form
from wtforms.validators import ValidationError

from assurance.identifiers import warning
from web.forms.fields import OwnForm

_JOINTS = re.compile(r"[_.+-]+")  # with which words are joined in names of files


class GuardedForm(OwnForm):
    """A form with free texts; `no_identifiers` is ticked by whoever has looked at a warning and stays with the words."""

    no_identifiers = BooleanField("What was found identifies nobody: save it as it is")

    @property
    def is_warned(self) -> bool:
        """Say whether the guard has found something, so that its box is to be shown."""
        return self.no_identifiers.data is True or any(
            isinstance(error, Recognisable) for field in self for error in field.errors
        )


class Recognisable(str):
    """What the guard says of a text; told apart from what else may be wrong with it."""

    __slots__ = ()


class NoIdentifiers:
    """Warns of what may tell who somebody is, unless the form says that it identifies nobody."""

    def __call__(self, form: Form, field: Any) -> None:
        """Raise ValidationError with what was found; the form's own box lets it pass."""
        if isinstance(form, GuardedForm) and form.no_identifiers.data is True:
            return
        said = warning(str(field.data or ""))
        if said:
            raise ValidationError(Recognisable(f"{field.label.text}: {said}"))


class NoIdentifyingName:
    """Warns of the name of a file that may tell who somebody is: it is kept, shown and handed out again."""

    def __call__(self, form: Form, field: Any) -> None:
        """Raise ValidationError with what was found; the form's own box lets it pass, once the file is chosen again."""
        if isinstance(form, GuardedForm) and form.no_identifiers.data is True:
            return
        name = getattr(field.data, "filename", None) or ""
        said = warning(_JOINTS.sub(" ", name)) or warning(name)
        if said:
            raise ValidationError(Recognisable(f"The name of the file: {said} Then choose the file again."))
