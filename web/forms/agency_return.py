"""The form of an agency's return: an answer and words for each aim, the agency's own tool, and what to tell with it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData
from wtforms import (
    Field,
    FileField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, ValidationError

from assurance.commands.reading import ANSWERS, GRADES, NO_GRADE, Answered, mark_of
from assurance.queries.agency_returns import AimAsked, OneReturn, ReturnsWanted
from web.forms.filters import Filter
from web.forms.guard import GuardedForm, NoIdentifiers, NoIdentifyingName

LONGEST_TOOL = 200


@dataclass(frozen=True, slots=True)
class AimFields:
    """The fields of one aim: the answer, the reader's words, and unseen the mark of what stood there."""

    aim: AimAsked
    answer: Field
    words: Field
    seen: Field

    @property
    def given(self) -> Answered:
        """Give the answer as the command takes it."""
        return Answered(self.answer.data or "", self.words.data or "", self.seen.data or "")

    @property
    def is_touched(self) -> bool:
        """Say whether the person has written something else than what stood there."""
        return self.given.mark != self.given.seen

    @property
    def is_right(self) -> bool:
        """Say whether nothing is wrong with this aim's fields."""
        return not self.answer.errors and not self.words.errors


class ReturnForm(GuardedForm):
    """One return; `aims` has the fields of each aim, in the order of their numbers."""

    tool = StringField(
        "Name of your own audit tool (optional)",
        [Length(max=LONGEST_TOOL, message=f"Name it in {LONGEST_TOOL} letters at most."), NoIdentifiers()],
        description="For example, Record keeping audit tool, version 3",
    )
    file = FileField(
        "Your audit tool, filled in for this case (optional)",
        [NoIdentifyingName()],
        description="PDF, Word, Excel, a picture, plain text or CSV. Leave out whatever names a child or a family.",
    )
    grade = SelectField(
        "Your own grade of what you have read (optional)",
        choices={"": "No grade"} | dict(zip(GRADES, GRADES, strict=True)),
    )
    remark = TextAreaField(
        "Anything the coordinator should know when you submit (optional)", [NoIdentifiers()]
    )
    # Unseen: what stood there when the form was opened, so that only what the person has changed is saved.
    seen_tool = HiddenField(name="seen-tool")
    seen_grade = HiddenField(name="seen-grade")
    aims: tuple[AimFields, ...] = ()

    @property
    def problems(self) -> Sequence[tuple[str, str]]:
        """Give what is wrong in the order of the page: the aims stand before the rest."""
        of_aims = ("answer-", "words-")
        return sorted(super().problems, key=lambda one: bool(one[0]) and not one[0].startswith(of_aims))

    def right_answers(self) -> dict[int, Answered]:
        """Give what was answered anew and is not wrong, by the numbers of the aims."""
        return {one.aim.aim_id: one.given for one in self.aims if one.is_touched and one.is_right}

    def right_tool(self) -> str | None:
        """Give the name of the tool where the person has written another one and it is not wrong."""
        return None if self.tool.errors or _is_same(self.tool, self.seen_tool) else self.tool.data or None

    def right_grade(self) -> str | None:
        """Give the grade where the person has chosen another one, or none any more, and it is not wrong."""
        if not self.grade.raw_data or self.grade.errors or _is_same(self.grade, self.seen_grade):
            return None
        return self.grade.data or NO_GRADE

    def show_anew(self, one: OneReturn, *, told: Collection[int]) -> None:
        """Keep what was typed, beside what stands there now; `told` are aims that somebody else has answered meanwhile.

        Whoever saves again then puts theirs in its place, and knows it.
        """
        self.key.data = secrets.token_urlsafe(16)  # what is sent now is another request
        now = {aim.aim_id: aim for aim in one.aims}
        for fields in self.aims:
            aim = now[fields.aim.aim_id]
            mark = mark_of(aim.answer, aim.words)
            if not fields.is_touched:
                fields.answer.data, fields.words.data = aim.answer, aim.words
            if not fields.is_touched or aim.aim_id in told or fields.given.mark == mark:
                fields.seen.data = mark
        for field, seen, stands in (
            (self.tool, self.seen_tool, one.tool or ""),
            (self.grade, self.seen_grade, one.grade or ""),
        ):
            if _is_same(field, seen):
                field.data = stands
            if field.data == stands:
                seen.data = stands


class _AnswerWithWords:
    """Asks for one of the five answers where only words were written, so that they are kept."""

    def __init__(self, number: int, words: str) -> None:
        self._number, self._words = number, words

    def __call__(self, form: Any, field: Any) -> None:
        """Raise ValidationError where there are words and no answer."""
        if field.data not in ANSWERS and (form[self._words].data or "").strip():
            raise ValidationError(
                f"Aim {self._number}: choose one of the five answers, so that your words are kept."
            )


class ReturnFilter(Filter):
    """Narrows the list of returns."""

    show = SelectMultipleField("Show only")
    audit = SelectField("Audit")
    agency = SelectField("Agency")
    state = SelectField("State")

    def wanted(self, page: int) -> ReturnsWanted:
        """Give what is looked for, and on which page of it."""
        return ReturnsWanted(
            state=self.state.data or None,
            audit_id=int(self.audit.data) if self.audit.data else None,
            agency_id=int(self.agency.data) if self.agency.data else None,
            only_late="late" in (self.show.data or ()),
            words=self.q.data or "",
            page=page,
        )


def return_form(one: OneReturn, posted: FormData | None = None) -> ReturnForm:
    """Make the form of a return, filled with what is kept, or with what was posted."""
    fields: dict[str, Any] = {}
    given: dict[str, Any] = {"tool": one.tool, "grade": one.grade or ""}
    given |= {"seen_tool": one.tool, "seen_grade": one.grade}
    for aim in one.aims:
        answer, words, seen = _names(aim)
        fields |= _fields(aim)
        given |= {answer: aim.answer, words: aim.words, seen: mark_of(aim.answer, aim.words)}
    made = type("OneReturnForm", (ReturnForm,), fields)
    form: ReturnForm = made(posted, data=given)
    form.aims = tuple(AimFields(aim, *map(form.__getitem__, _names(aim))) for aim in one.aims)
    return form


def _is_same(field: Field, seen: Field) -> bool:
    return (field.data or "") == (seen.data or "")


def _names(aim: AimAsked) -> tuple[str, str, str]:
    return f"answer-{aim.aim_id}", f"words-{aim.aim_id}", f"seen-{aim.aim_id}"


def _fields(aim: AimAsked) -> Mapping[str, Any]:
    answer, words, seen = _names(aim)
    return {
        answer: RadioField(
            f"{aim.number}. {aim.text}",
            [_AnswerWithWords(aim.number, words)],
            choices={word: word.capitalize() for word in ANSWERS},
            validate_choice=False,
        ),
        words: TextAreaField(f"Aim {aim.number}: what in the records shows this", [NoIdentifiers()]),
        seen: HiddenField(),
    }
