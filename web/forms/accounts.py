"""The forms of signing in, setting up an account and keeping it."""

from __future__ import annotations

from wtforms import EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import ValidationError

from web.forms.fields import Needed, OwnForm


class Same:
    """Asks for the same password once more, so that nobody is locked out by a slip."""

    def __call__(self, form: OwnForm, field: PasswordField) -> None:
        """Raise ValidationError where the two differ."""
        if field.data != form["password"].data:
            raise ValidationError("The two passwords are not the same; type both again.")


class SignInForm(OwnForm):
    """The first step: who somebody is, and their password."""

    email = EmailField("E-mail address", [Needed("Give your e-mail address.")])
    password = PasswordField("Password", [Needed("Give your password.")])
    next = HiddenField()


class CodeForm(OwnForm):
    """The second step: a code of the app, or one on paper."""

    code = StringField("Code", [Needed("Type the code that your app shows, or a recovery code.")])
    next = HiddenField()


class SetUpForm(OwnForm):
    """Everything that an account needs, at once."""

    password = PasswordField("Choose a password", [Needed("Choose a password.")])
    again = PasswordField("Type the password again", [Same()])
    code = StringField("Code that the app shows", [Needed("Type the six figures that your app shows.")])
    sealed = HiddenField()


class AskForLinkForm(OwnForm):
    """Somebody has forgotten their password."""

    email = EmailField("E-mail address", [Needed("Give your e-mail address.")])


class RecoverForm(OwnForm):
    """A new password, proved by the link and a code."""

    password = PasswordField("Choose a new password", [Needed("Choose a new password.")])
    again = PasswordField("Type the new password again", [Same()])
    code = StringField(
        "Code that your app shows, or a recovery code",
        [Needed("Type the code that your app shows, or a recovery code.")],
    )


class ConfirmForm(OwnForm):
    """It is still the same person."""

    proof = PasswordField("Your password, or the code that your app shows", [Needed("Show that it is you.")])
    next = HiddenField()


class ConfirmByButtonForm(OwnForm):
    """The same in a demonstration, where nobody has anything to show."""

    next = HiddenField()


class ChangePasswordForm(OwnForm):
    """Another password, by whoever knows the present one."""

    old = PasswordField("Present password", [Needed("Give your present password.")])
    password = PasswordField("New password", [Needed("Choose a new password.")])
    again = PasswordField("Type the new password again", [Same()])


class ChangeAppForm(OwnForm):
    """Another authenticator app."""

    code = StringField("Code that the new app shows", [Needed("Type the six figures that your app shows.")])
    sealed = HiddenField()
