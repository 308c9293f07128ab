"""The pages of a world, as a browser without scripts would use them: cookies are kept, forms are filled in and sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

import httpx2
from starlette.testclient import TestClient

from assurance.accounts.sessions import open_demo_session
from tests.world import World
from web.app import create_app

BASE = "https://audits.example"
UNSEEN = ("csrf", "key", "version")


class Page(HTMLParser):
    """What a page says: its words, heading, links, and the hidden fields of its forms."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.hidden: dict[str, str] = {}
        self.names: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember links and fields."""
        given = dict(attrs)
        self._open.append(tag)
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if tag in ("input", "textarea", "select") and given.get("name"):
            self.names.append(str(given["name"]))
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[str(given.get("name"))] = str(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        """Leave an element."""
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Remember words that people see."""
        if {"script", "style"} & set(self._open[-1:]):
            return
        said = " ".join(data.split())
        if said:
            self.words.append(said)
            if "h1" in self._open:
                self.headings.append(said)

    @property
    def text(self) -> str:
        """All words of the page in one line."""
        return " ".join(self.words)

    @property
    def heading(self) -> str:
        """The page's one heading of the first level."""
        return " ".join(self.headings)


class Answer:
    """What came back: the status, the page, and where the browser ended up."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.html = response.text
        self.page = Page(self.html)
        self.text = self.page.text
        self.path = response.url.raw_path.decode()


class Site:
    """A browser for each person of the cast, on the pages of one world."""

    def __init__(self, world: World, *, is_demo: bool = False) -> None:
        self.world = world
        self.app = create_app(world.office, is_demo=is_demo)
        self._browsers: dict[str, TestClient] = {}

    def browser(self, as_: str | None) -> TestClient:
        """Give somebody's browser, signed in; None is somebody who is not."""
        name = as_ or ""
        if name not in self._browsers:
            client = TestClient(self.app, base_url=BASE, raise_server_exceptions=False)
            if as_ is not None:
                token = open_demo_session(self.world.office, as_)
                client.cookies.set("__Host-auditloop", token, domain="audits.example")
            self._browsers[name] = client
        return self._browsers[name]

    def get(self, path: str, *, as_: str | None = None) -> Answer:
        """Open a page."""
        return Answer(self.browser(as_).get(path))

    def post(
        self,
        path: str,
        fields: Mapping[str, str | Sequence[str]] | None = None,
        *,
        as_: str | None = None,
        form_at: str | None = None,
        files: Any = None,
        unseen: Mapping[str, str] | None = None,
    ) -> Answer:
        """Open the page with the form, fill it in, and send it; `unseen` replaces what the form carries unseen."""
        client = self.browser(as_)
        form = Page(client.get(form_at or path).text)
        carried = {name: value for name, value in form.hidden.items() if name in UNSEEN}
        data = carried | dict(unseen or {}) | dict(fields or {})
        return Answer(client.post(path, data=data, files=files))
