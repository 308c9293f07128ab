"""The form of a step, made from what its workflow asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import FormData
from wtforms import IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import Optional

from engine.vocabulary import Field, Kind, Value
from web.forms.fields import DayField, Needed
from web.forms.guard import GuardedForm, NoIdentifiers

_TITLES = {
    "reason": "Why",
    "remark": "Anything to add",
    "new_due_on": "New day by which it is due",
    "held_on": "The day on which it was held",
    "starts": "Begins at",
    "ends": "Ends at",
    "place": "Where",
    "new_on": "New day",
}
# Texts of a few words, each with what stands under its title.
_SHORT = {
    "starts": "An hour such as 14:00; left empty, it stays as it is.",
    "ends": "An hour such as 16:00; left empty, the meeting lasts as long as before.",
    "place": "Left empty, it stays as it is.",
}
_NEEDED = {"Anything to add": "Say in a few words how you know"}


class StepForm(GuardedForm):
    """What a step asks for; `given` hands it to the command."""

    asked: tuple[str, ...] = ()

    def given(self) -> dict[str, Value]:
        """Give what was filled in, by name; what was left empty is not given."""
        values = {name: self[name].data for name in self.asked}
        return {name: value for name, value in values.items() if value not in (None, "")}


def step_form(
    asks: Sequence[Field], posted: FormData | None = None, *, version: int | None = None
) -> StepForm:
    """Make the form of a step, filled with what was posted."""
    fields: dict[str, Any] = {f"{ask.name}": _field(ask) for ask in asks}
    made = type("OneStepForm", (StepForm,), fields | {"asked": tuple(fields)})
    given = {} if version is None else {"version": version}
    form: StepForm = made(posted, **given)
    return form


def _field(ask: Field) -> Any:
    title = ask.title or _TITLES.get(ask.name, ask.name.replace("_", " ").capitalize())
    if ask.optional:
        rules: list[Any] = [Optional()]
        title = f"{title} (optional)"
    else:
        title = _NEEDED.get(title, title)
        rules = [Needed(f"{title}: please fill this in.")]
    match ask.kind:
        case Kind.DATE:
            return DayField(title, rules)
        case Kind.WHOLE:
            return IntegerField(title, rules)
        case Kind.YES_NO:
            return RadioField(
                title,
                rules,
                choices={"yes": "Yes", "no": "No"},
                coerce=lambda word: word in (True, "yes"),
            )
        case Kind.CHOICE:
            choices = {word: word.replace("_", " ").capitalize() for word in ask.choices}
            return RadioField(title, rules, choices=choices)
    if ask.name in _SHORT:
        return StringField(title, [*rules, NoIdentifiers()], description=_SHORT[ask.name])
    return TextAreaField(
        title, [*rules, NoIdentifiers()], filters=[lambda text: text.strip() if text else text]
    )
