"""One line of the route table: what is answered where, and who may use it at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assurance.roster import GROUP_ROLES

EVERY_ROLE = GROUP_ROLES | {"agency_lead", "member", "post_holder"}


@dataclass(frozen=True, slots=True)
class Who:
    """Who may use a route: `anybody` without signing in, or whoever is signed in and holds one of the roles today."""

    words: str
    needs_sign_in: bool = True
    one_of: frozenset[str] = frozenset()

    def admits(self, roles: frozenset[str]) -> bool:
        """Say whether somebody who is signed in may use the route, by the posts that they hold today."""
        return not self.one_of or bool(self.one_of & roles)


ANYBODY = Who("anybody", needs_sign_in=False)
SIGNED_IN = Who("whoever is signed in")
IN_POST = Who("whoever holds a post today", one_of=EVERY_ROLE)


def roles(*names: str) -> Who:
    """Admit the holders of some posts only."""
    unknown = frozenset(names) - EVERY_ROLE
    if unknown:
        raise ValueError(
            f"{', '.join(sorted(unknown))}: no such role; known: {', '.join(sorted(EVERY_ROLE))}"
        )
    return Who(", ".join(name.replace("_", " ") for name in names), one_of=frozenset(names))


@dataclass(frozen=True, slots=True)
class Route:
    """One route: GET reads and changes nothing, POST calls one command. `about` is one line for whoever reviews it.

    Which subjects may be seen there is decided by the queries and commands that it calls, for each subject.
    """

    method: str
    path: str
    answer: Callable[..., Any]
    who: Who
    about: str
