"""What a browser calls itself, in words that its owner knows it by."""

from __future__ import annotations

# The first that is found counts: most browsers also call themselves by the names of those before them.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_MACHINES = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "a Mac"),
    ("Linux", "Linux"),
)


def device(called: str) -> str:
    """Write `Firefox on Windows` for what Firefox sends; whatever is no browser's name stays as it is."""
    if not called.startswith("Mozilla/"):
        return called or "A browser that gives no name"
    browser = next((name for mark, name in _BROWSERS if mark in called), "A browser")
    machine = next((name for mark, name in _MACHINES if mark in called), "")
    return f"{browser} on {machine}" if machine else browser
