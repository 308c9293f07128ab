"""Every route with what its address names: the row without which a route may not be added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import sqlalchemy as sa

from assurance.facts import NOUNS
from tests.world import World
from web.app import ROUTES
from web.route import Route

# What stands in the place of a secret, a key or a form that an address names; none of them is one.
WORDS: Mapping[str, tuple[str, ...]] = {
    "token": ("not-a-token", "A" * 43),
    "form": ("docx", "md", "nothing"),
    "rule": ("action-overdue", "nothing"),
    "id": ("action-overdue", "nothing"),
    "name": ("action-overdue", "nothing"),
    "key": ("nothing",),
    "aim": ("1",),
}
TRIGGERS: Mapping[str, tuple[str, ...]] = {
    "audit": ("sign_off", "go_back"),
    "agency_return": ("accept", "reopen"),
    "recommendation": ("agree", "close"),
    "action": ("begin", "confirm"),
    "approval": ("withdraw",),
    "immediate_concern": ("take_up",),
    "meeting": ("hold",),
    "hold": ("lift",),
    "dead_address": ("mend",),
}
OTHERS = 3  # numbers of what is no subject: mails, files, people, sessions


@dataclass(frozen=True, slots=True)
class Filled:
    """One address of a route, with the subject that it names, if it names one."""

    route: Route
    path: str
    kind: str | None = None
    number: int | None = None


def filled(world: World, routes: tuple[Route, ...] = ROUTES) -> Iterator[Filled]:
    """Give every address of every route: each subject there is, and for other numbers the first few."""
    numbers = {kind: world.ask(sa.select(noun.table.id)) for kind, noun in NOUNS.items()}
    assert all(numbers.values()), f"nothing stands for some kind: {numbers}"
    for route in routes:
        yield from _of(route, numbers)


def _of(route: Route, numbers: Mapping[str, list[int]]) -> Iterator[Filled]:
    path = route.path.replace(":int}", "}").replace(":path}", "}")
    words = [name for name in WORDS if f"{{{name}}}" in path]
    kinds = [kind for kind in numbers if _names(path, kind)]
    for given in product(*(WORDS[name] for name in words)):
        one = path
        for name, word in zip(words, given, strict=True):
            one = one.replace(f"{{{name}}}", word)
        if not kinds:
            yield from _of_no_subject(route, one)
        for kind in kinds:
            for number in numbers[kind]:
                named = one.replace("{kind}", kind).replace("{number}", str(number), 1)
                for trigger in TRIGGERS[kind] if "{trigger}" in named else ("",):
                    yield Filled(route, _rest(named.replace("{trigger}", trigger)), kind, number)


def _names(path: str, kind: str) -> bool:
    return "{kind}/{number}" in path or f"/{kind}/{{number}}" in path


def _of_no_subject(route: Route, path: str) -> Iterator[Filled]:
    if "{number}" in path:
        for number in range(1, OTHERS + 1):
            yield Filled(route, _rest(path.replace("{number}", str(number), 1)))
    else:
        yield Filled(route, _rest(path))


def _rest(path: str) -> str:
    """Fill in what else an address names with a number that is hardly right."""
    while "{" in path:
        before, _, after = path.partition("{")
        path = f"{before}1{after.partition('}')[2]}"
    return path
