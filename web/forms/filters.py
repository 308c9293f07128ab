"""What narrows a list: fields that live in the address, so that a list can be kept, sent and opened again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData, QueryParams
from wtforms import Form, SelectField, SelectMultipleField, StringField

from assurance.queries.recommendation_list import Need, SearchedFor
from assurance.queries.tracker import Choice, Order, Search, Sign
from reports.tracker import KINDS
from web.forms.fields import Posted

LONGEST_SEARCH = 200
SORT = "sort"
SIGNS: Mapping[str, str] = {
    Sign.OVERDUE: "Overdue",
    Sign.SLIPPED: "Slipped: the date was moved",
    Sign.UNDATED: "No date",
    Sign.WAITING: "Waiting on another agency",
}
ORDERS: Mapping[str, str] = {
    Order.URGENT: "Most urgent first",
    Order.FIRST_DUE: "First due day",
    Order.PAST: "Most days past first due",
    Order.MOVED: "Moved most often",
    Order.AGENCY: "Agency",
    Order.AUDIT: "Audit and recommendation",
}
NEEDS: Mapping[str, str] = {
    Need.ANSWER: "An agency has not answered",
    Need.ACTION: "Agreed, and no action planned",
    Need.CHECK: "Time to ask whether it has lasted",
}


def plain_words(text: str) -> str:
    """Give the words of a search: parted by single spaces, without letters that no database can look for."""
    return " ".join("".join(one for one in text if one.isprintable() or one.isspace()).split())[
        :LONGEST_SEARCH
    ]


class Filter(Form):
    """Reads an address; what is not offered is let go, so that an old link still opens the list."""

    q = StringField("Words", filters=[lambda text: plain_words(text or "")])

    def __init__(self, params: QueryParams, **offered: Mapping[str, str]) -> None:
        super().__init__(Posted(FormData([*params.multi_items()])))
        for field in self:
            if isinstance(field, SelectField):
                field.choices = dict(offered[field.name])
            known = _titles(field)
            if isinstance(field, SelectMultipleField):
                field.data = [value for value in field.data or [] if value in known]
            elif isinstance(field, SelectField) and field.data not in known:
                field.data = ""

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """Give what is chosen, in pairs as an address has them."""
        return [(field.name, value) for field in self for value in _values(field)]

    @property
    def is_narrowed(self) -> bool:
        """Say whether anything is left out."""
        return any(name != SORT for name, _ in self.chosen)

    def address(self, path: str, **more: object) -> str:
        """Give the address of a page or a file that is narrowed in the same way."""
        pairs = self.chosen + [(name, str(value)) for name, value in more.items()]
        return f"{path}?{urlencode(pairs)}" if pairs else path

    @property
    def said(self) -> list[str]:
        """Say to what the list is narrowed, a line for each field."""
        return list(self._said())

    def _said(self) -> Iterator[str]:
        for field in self:
            values = _values(field)
            if values and field.name != SORT:
                titles = _titles(field)
                yield f"{field.label.text}: {' or '.join(titles.get(value, value) for value in values)}"


class TrackerFilter(Filter):
    """Narrows and orders the tracker."""

    show = SelectMultipleField("Show only")
    agency = SelectField("Agency")
    audit = SelectField("Audit")
    state = SelectField("State")
    kind = SelectField("Recommendation")
    sort = SelectField("Sort by")

    @property
    def search(self) -> Search:
        """Give what is looked for."""
        return Search(
            agency_id=_number(self.agency.data),
            audit_id=_number(self.audit.data),
            state=self.state.data or None,
            signs=frozenset(map(Sign, self.show.data or ())),
            type=self.kind.data or None,
            words=self.q.data or "",
            order=Order(self.sort.data or Order.URGENT),
        )


class RecommendationFilter(Filter):
    """Narrows the list of recommendations."""

    show = SelectMultipleField("Show only")
    agency = SelectField("Agency asked")
    audit = SelectField("Audit")
    state = SelectField("State")
    kind = SelectField("Kind")

    @property
    def wanted(self) -> SearchedFor:
        """Give what is looked for."""
        return SearchedFor(
            audit_id=_number(self.audit.data),
            agency_id=_number(self.agency.data),
            state=self.state.data or None,
            type=self.kind.data or None,
            needs=frozenset(map(Need, self.show.data or ())),
            words=self.q.data or "",
        )


def any_or(choices: Sequence[Choice] | Mapping[str, str]) -> dict[str, str]:
    """Offer choices, and first of all not to choose."""
    return {"": "Any", **(choices if isinstance(choices, Mapping) else dict(choices))}


KIND_CHOICES = any_or(KINDS)


def _titles(field: Any) -> dict[str, str]:
    if not isinstance(field, SelectField | SelectMultipleField):
        return {}
    return {str(value): str(label) for value, label, *_ in field.iter_choices()}


def _values(field: Any) -> list[str]:
    values = field.data if isinstance(field.data, list) else [field.data]
    return [value for value in values if value]


def _number(chosen: str | None) -> int | None:
    return int(chosen) if chosen else None
