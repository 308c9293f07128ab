"""The menu on top of every page: what each post finds useful, in the order of a working day."""

from __future__ import annotations

from dataclasses import dataclass

from web.route import EVERY_ROLE, IN_POST, Who, roles


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of the menu, as one person sees it."""

    words: str
    path: str
    is_here: bool


_KEEPERS = roles("administrator", "coordinator", "chair", "deputy_chair", "inspector")
_ENTRIES: tuple[tuple[str, str, Who, tuple[str, ...]], ...] = (
    ("My work", "/", IN_POST, ()),
    ("Audits", "/audits", IN_POST, ("/audit/", "/agency_return", "/case/")),
    ("Actions", "/actions", IN_POST, ("/action/", "/recommendation")),
    ("Approvals", "/approvals", IN_POST, ("/approval/",)),
    ("Escalations", "/escalations", IN_POST, ("/hold/",)),
    ("Meetings", "/meetings", IN_POST, ("/meeting/",)),
    ("Programme", "/programme", IN_POST, ()),
    ("Dashboard", "/dashboard", IN_POST, ("/embedded",)),
    ("Reports", "/reports", IN_POST, ()),
    (
        "Administration",
        "/admin",
        _KEEPERS,
        ("/rules", "/workflows", "/preview", "/rehearse", "/dead_address"),
    ),
)


def menu_of(held: frozenset[str], path: str) -> tuple[Entry, ...]:
    """Give the menu for somebody's roles, with the place where they are; nothing for whoever holds no post."""
    if not held & EVERY_ROLE:
        return ()
    return tuple(
        Entry(words, where, _is_at(path, where, below))
        for words, where, who, below in _ENTRIES
        if who.admits(held)
    )


def _is_at(path: str, where: str, below: tuple[str, ...]) -> bool:
    if where == "/":
        return path == "/"
    return path == where or path.startswith((f"{where}/", *below))
