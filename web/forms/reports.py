"""What a report asks for: a year, and a day as at which it speaks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from starlette.datastructures import FormData
from wtforms import SelectField

from web.forms.fields import Chosen, DayField, OwnForm


class ReportForm(OwnForm):
    """A year and a day; without a day it is the year's last one, or today while the year runs."""

    year = SelectField("Programme year", [Chosen("Choose one of the years.")], validate_choice=False)
    on = DayField("As at the end of (optional)")


class DayForm(OwnForm):
    """A day alone; without one it is today."""

    on = DayField("As at the end of")


def report_form(
    years: Sequence[str], asked: FormData | None, *, year: str = "", on: date | None = None
) -> ReportForm:
    """Make the form for these years, filled with what was asked for."""
    form = ReportForm(asked, year=year, on=on)
    form.year.choices = [(one, one.replace("-", "–")) for one in years]
    return form
