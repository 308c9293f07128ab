"""Writes pages: the templates, how values look in them, and what every page needs to know."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from markupsafe import Markup, escape

from engine.moved import Ref
from web.desk import Desk
from web.devices import device
from web.menu import menu_of
from web.tones import tone_of

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
_REF = re.compile(
    r"\b((?:audit|agency_return|recommendation|action|approval|immediate_concern|hold|dead_address|meeting|mail)/\d+)\b"
)


class Templates:
    """The pages' templates, read once; `written` fills one in."""

    def __init__(self) -> None:
        self.environment = jinja2.Environment(
            loader=jinja2.ChoiceLoader(
                [
                    jinja2.FileSystemLoader(HERE / "templates"),
                    jinja2.PrefixLoader(
                        {"govuk_frontend_jinja": jinja2.PackageLoader("govuk_frontend_jinja")}
                    ),
                ]
            ),
            autoescape=True,
            undefined=jinja2.ChainableUndefined,  # the macros of GOV.UK Frontend ask for options that nobody gave
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters |= {
            "day": day,
            "at": at,
            "shown": shown,
            "counted": counted,
            "spoken": spoken,
            "lines": lines,
            "device": device,
            "linked": linked,
        }
        self.environment.globals |= {
            "static": static,
            "tone_of": tone_of,
            "name_of_ref": name_of_ref,
            "choices_of": choices_of,
        }

    def written(self, template: str, desk: Desk, values: Mapping[str, Any]) -> str:
        """Write one page for whoever sits at a desk."""
        everywhere = {
            "desk": desk,
            "csrf": desk.csrf,
            "nonce": desk.nonce,
            "menu": menu_of(desk.roles, desk.request.url.path) if desk.signed else (),
            "said": desk.said,
            "zone": _zone(desk),
        }
        return self.environment.get_template(template).render(everywhere | dict(values))


def day(value: date | None, *, empty: str = "not set") -> str:
    """Write a day as people here do: 3 March 2015."""
    return empty if value is None else f"{value.day} {value:%B %Y}"


@jinja2.pass_context
def at(context: jinja2.runtime.Context, value: datetime | None, *, empty: str = "never") -> str:
    """Write an instant in the group's own time: 3 March 2015 at 10:02."""
    if value is None:
        return empty
    own = value.astimezone(context["zone"])
    return f"{day(own.date())} at {own:%H:%M}"


def shown(value: object) -> Markup | str:
    """Write any value that a card or a table holds; a reference becomes a link."""
    said: Markup | str
    match value:
        case None | "":
            said = "–"
        case Ref():
            said = Markup('<a class="govuk-link" href="/{0}">{1}</a>').format(value, name_of_ref(value))
        case bool():
            said = "yes" if value else "no"
        case date():
            said = day(value)
        case time():
            said = f"{value:%H:%M}"
        case tuple() | list():
            said = Markup("<br>").join(shown(one) for one in value)
        case _:
            said = str(value)
    return said


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number with its noun: 1 return, 3 returns."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def spoken(word: str) -> str:
    """Write a word of the YAML as a person would: needs_decision becomes needs decision."""
    return word.replace("_", " ")


def lines(text: str) -> Markup:
    """Write what people wrote with the lines that they made."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())


def linked(sentence: str) -> Markup:
    """Make links of the references in a sentence of ours: action/12 leads to the action, mail/7 to why it was sent."""
    parts = [
        escape(part) if place % 2 == 0 else _link(part) for place, part in enumerate(_REF.split(sentence))
    ]
    return Markup("").join(parts)


def _link(written: str) -> Markup:
    kind, _, number = written.partition("/")
    path = f"why/{number}" if kind == "mail" else written
    return Markup('<a class="govuk-link" href="/{0}">{1}</a>').format(
        path, name_of_ref(Ref(kind, int(number)))
    )


def name_of_ref(ref: Ref) -> str:
    """Name a subject by its kind and number: action 12."""
    return f"{spoken(ref.kind).removeprefix('agency ')} {ref.id}"


def choices_of(field: Any) -> list[dict[str, Any]]:
    """Give the choices of a field as the macros of GOV.UK Frontend take them; a pair in the label is text and hint."""
    return [
        {"value": str(value), "text": label, "checked": is_chosen, "selected": is_chosen}
        for value, label, is_chosen, *_ in field.iter_choices()
    ]


@cache
def static(name: str) -> str:
    """Give the address of a file of ours, with its content's mark, so that browsers may keep it for good."""
    mark = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={mark}"


def _zone(desk: Desk) -> ZoneInfo:
    if desk.signed is None:
        return ZoneInfo("Europe/London")
    zone: ZoneInfo = desk.office.playbook.calendar(desk.actor.group_id).zone
    return zone
