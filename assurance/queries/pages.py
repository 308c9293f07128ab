"""Which part of a long list is shown: fifty rows at a time, and where one stands among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Place:
    """One page of many: its number from 1, and how many rows there are in all."""

    page: int
    number: int
    limit: int = PER_PAGE

    @property
    def pages(self) -> int:
        """Give the number of pages; an empty list has one."""
        return max(1, -(-self.number // self.limit))

    @property
    def offset(self) -> int:
        """Give the number of rows on the pages before."""
        return (self.page - 1) * self.limit

    @property
    def first(self) -> int:
        """Give the number of the first row shown, counted from 1; 0 where there is none."""
        return min(self.offset + 1, self.number)

    @property
    def last(self) -> int:
        """Give the number of the last row shown."""
        return min(self.offset + self.limit, self.number)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The rows of one page, and where it stands."""

    rows: tuple[T, ...]
    place: Place


def page_of(number: int, page: int, limit: int = PER_PAGE) -> Place:
    """Give the place of a page among so many rows; before the first is the first, beyond the last is the last."""
    last = Place(1, number, limit).pages
    return Place(min(max(page, 1), last), number, limit)
