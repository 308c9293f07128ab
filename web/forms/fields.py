"""Fields that forms share: a day in three parts, and the form on which all others build."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from starlette.datastructures import FormData, UploadFile
from wtforms import Field, FileField, Form, HiddenField, PasswordField, StringField
from wtforms.validators import ValidationError

from engine.errors import Refused

PARTS = ("day", "month", "year")
FIGURES_OF_A_YEAR = 4
LONGEST_TEXT = 20_000  # letters


class Posted:
    """The words that were posted, as WTForms asks for them; a file where words were asked for is let go."""

    def __init__(self, form: FormData) -> None:
        self._form = form

    def __contains__(self, name: str) -> bool:
        return name in self._form

    def __len__(self) -> int:
        return len(self._form)

    def __iter__(self) -> Iterator[str]:
        return iter(self._form)

    def getlist(self, name: str) -> list[Any]:
        """Give every text that was posted under a name."""
        return [value for value in self._form.getlist(name) if isinstance(value, str)]


class OwnForm(Form):
    """A form of ours: `key` makes sending it twice harmless, `version` is the one of the subject that its reader saw.

    The key of what was posted follows from the page and from everything that was filled in: whoever goes back, writes
    something else and sends that, has made another request. `refusals` are sentences about the whole of it, said above
    the fields.
    """

    key = HiddenField()
    version = HiddenField()

    def __init__(self, formdata: FormData | None = None, **given: Any) -> None:
        super().__init__(None if formdata is None else Posted(formdata), **given)
        self.refusals: tuple[str, ...] = ()
        if formdata is not None:
            self._take_files(formdata)
        if formdata is None or not self.key.data:
            self.key.data = secrets.token_urlsafe(16)
        else:
            self.key.data = self._mark_of(formdata)

    def validate(self, extra_validators: Any = None) -> bool:
        """Say whether everything is right; a text that is too long is told beside its field, whatever the field asks."""
        is_right = super().validate(extra_validators)
        for field in self:
            letters = _letters_of(field)
            if letters > LONGEST_TEXT:
                told = f"{field.label.text}: write {LONGEST_TEXT:,} letters at most; this has {letters:,}. Attach a longer text as a file."
                field.errors = [*field.errors, told]
                is_right = False
        return is_right

    def version_seen(self) -> int | None:
        """Give the version on which the reader decided, None where the form carries none."""
        written = str(self.version.data or "")
        return int(written) if written.isascii() and written.isdecimal() and len(written) < 10 else None

    def refuse(self, refused: Refused) -> None:
        """Keep the reasons of a refusal, to be said above the fields."""
        self.refusals = tuple(reason.sentence for reason in refused.reasons)

    @property
    def problems(self) -> Sequence[tuple[str, str]]:
        """Give what is wrong, each with the id of its field; empty for what concerns the whole form."""
        whole = [("", sentence) for sentence in self.refusals]
        return whole + [(_first_part(field), str(said)) for field in self for said in field.errors]

    def _take_files(self, formdata: FormData) -> None:
        for field in self:
            given = formdata.get(field.name)
            if isinstance(field, FileField) and isinstance(given, UploadFile) and given.filename:
                field.data = given

    def _mark_of(self, formdata: FormData) -> str:
        """Give a mark of the page and of what was filled in, whatever session it is sent in; passwords leave none."""
        left_out = {"csrf", "version", *(field.name for field in self if isinstance(field, PasswordField))}
        told = [(name, _told(value)) for name, value in formdata.multi_items() if name not in left_out]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


def _letters_of(field: Any) -> int:
    """Count what somebody has written into a field, as programs count it: the end of a line is one letter."""
    is_written = isinstance(field, StringField) and not isinstance(field, HiddenField)
    return len(field.data.replace("\r\n", "\n")) if is_written and isinstance(field.data, str) else 0


def _told(value: str | UploadFile) -> str:
    return f"{value.filename} {value.size}" if isinstance(value, UploadFile) else value


class DayField(Field):
    """A day, asked for as GOV.UK does: day, month and year in three boxes, which need no script and no picker."""

    parts: tuple[str, str, str] = ("", "", "")

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read the three boxes, or a day that is given."""
        self.process_errors = []
        given = data if isinstance(data, date) else self.default
        self.data = given if isinstance(given, date) else None
        if self.data is not None:
            self.parts = (str(self.data.day), str(self.data.month), str(self.data.year))
        if formdata is not None and f"{self.name}-day" in formdata:
            self.data = None
            day, month, year = (_one(formdata, f"{self.name}-{part}") for part in PARTS)
            self.parts = (day, month, year)
            if any(self.parts):
                self._read(self.parts)

    def _read(self, parts: tuple[str, str, str]) -> None:
        missing = [name for name, part in zip(PARTS, parts, strict=True) if not part]
        problem = ""
        if missing:
            problem = f"give the {' and the '.join(missing)} too."
        elif len(parts[2]) != FIGURES_OF_A_YEAR:
            problem = "write the year with four figures, such as 2015."
        else:
            try:
                day, month, year = map(int, parts)
                self.data = date(year, month, day)
            except (ValueError, OverflowError):
                problem = "there is no such day; write it as 27 3 2015."
        if problem:
            self.process_errors = [f"{self.label.text}: {problem}"]


def _one(formdata: Any, name: str) -> str:
    return "".join(formdata.getlist(name)[:1]).strip()


class Needed:
    """Asks for something in a field, in a sentence of its own."""

    field_flags = {"required": True}

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __call__(self, _form: Form, field: Any) -> None:
        """Raise ValidationError where the field is empty."""
        empty = field.data is None or (isinstance(field.data, str) and not _can_be_seen(field.data))
        if (empty or field.data == []) and not field.errors and not field.process_errors:
            raise ValidationError(self.sentence)


def _can_be_seen(text: str) -> bool:
    """Say whether a text holds a letter: spaces, and marks without any width, are none."""
    return any(letter.isprintable() and not letter.isspace() for letter in text)


class Chosen:
    """Asks for one of the choices of a field, in a sentence of its own; the field leaves that to it.

    For fields with `validate_choice=False`: what WTForms would say by itself tells nobody what to do.
    """

    field_flags = {"required": True}

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __call__(self, _form: Form, field: Any) -> None:
        """Raise ValidationError where nothing is chosen, or something that was not offered."""
        offered = {value for value, *_ in field.iter_choices()} - {""}
        if field.data not in offered:
            raise ValidationError(self.sentence)


class Offered:
    """Takes any of the choices of a field, the empty one too; for fields with `validate_choice=False`."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    def __call__(self, _form: Form, field: Any) -> None:
        """Raise ValidationError for something that was not offered."""
        if (field.data or "") not in {value for value, *_ in field.iter_choices()}:
            raise ValidationError(self.sentence)


def _first_part(field: Any) -> str:
    # The first of several radio buttons or boxes bears the field's own name.
    name: str = field.id
    return f"{name}-day" if isinstance(field, DayField) else name
