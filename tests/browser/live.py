"""A world that is served: real pages on loopback, a real SMTP server for its mail, and a browser for each person."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from assurance.accounts.sessions import open_demo_session
from assurance.post import deliver
from notifications.smtp import SmtpMailer
from notifications.smtp_settings import SmtpSettings
from tests.world import World
from web.app import create_app
from web.cookies import SESSION
from web.server import bind, served

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 640}
PATIENCE_MS = 45_000  # a page takes a fraction of a second; a machine that is busy with much else may not
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


class Letterbox(MessageHandler):
    """What the mail server has taken, the newest last."""

    def __init__(self) -> None:
        super().__init__(EmailMessage)
        self.letters: list[EmailMessage] = []

    def prepare_message(self, session: Any, envelope: Any) -> Any:
        """Read a letter as the people's mail programs do."""
        letter = message_from_bytes(envelope.original_content, policy=policy.default)
        letter["X-Taken-For"] = ", ".join(envelope.rcpt_tos)
        return letter

    def handle_message(self, message: Any) -> None:
        """Keep one letter."""
        self.letters.append(message)

    def letters_for(self, address: str) -> list[str]:
        """Give the plain text of the letters to an address, the newest first."""
        bodies = [
            letter.get_body(("plain",))
            for letter in reversed(self.letters)
            if letter["X-Taken-For"] == address
        ]
        return [str(body.get_content()) for body in bodies if body is not None]

    def link_for(self, address: str, like: str = "") -> str:
        """Give the first link with something in it, out of the letters to an address, the newest letter first."""
        letters = self.letters_for(address)
        links: list[str] = [link for letter in letters for link in re.findall(r"https?://[^\s<>]+", letter)]
        fitting = [link for link in links if like in link]
        assert fitting, f"{address} has no letter with a link like {like!r}: {letters}"
        return fitting[0]


@dataclass
class Live:
    """A served world with its people's browsers; `scripts` is whether they run any."""

    world: World
    address: str
    box: Letterbox
    mailer: SmtpMailer
    browser: Browser
    scripts: bool = True
    _contexts: dict[str, BrowserContext] = field(default_factory=dict)
    _opened: list[BrowserContext] = field(default_factory=list)

    def at(self, person: str, path: str = "/", *, size: dict[str, int] | None = None) -> Page:
        """Open a page in somebody's own browser, signed in as in a demonstration."""
        page = self.context(person).new_page()
        page.set_default_timeout(PATIENCE_MS)
        if size is not None:
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
        page.goto(path if path.startswith("http") else self.address + path)
        return page

    def context(self, person: str) -> BrowserContext:
        """Give somebody's own browser, signed in."""
        if person not in self._contexts:
            context = self.stranger()
            token = open_demo_session(self.world.office, person)
            context.add_cookies([{"name": SESSION, "value": token, "url": self.address}])
            self._contexts[person] = context
        return self._contexts[person]

    def stranger(self) -> BrowserContext:
        """Give a browser in which nobody is signed in."""
        context = self.browser.new_context(
            java_script_enabled=self.scripts, viewport={"width": 1280, "height": 900}
        )
        self._opened.append(context)
        return context

    def post(self) -> None:
        """Hand over all mail that is owed to the mail server."""
        # In a thread of its own: the browser's loop runs in this one.
        with ThreadPoolExecutor(1) as postman:
            while postman.submit(deliver, self.world.office, self.mailer).result().sent:
                pass

    def close(self) -> None:
        """Close every browser."""
        for context in self._opened:
            context.close()


@contextmanager
def live(make_world: Callable[[str], World], browser: Browser, *, scripts: bool = True) -> Iterator[Live]:
    """Serve a world; it is made with the address at which it is served, so that links in mails lead there."""
    listening = bind("127.0.0.1", 0)
    world = make_world(f"http://127.0.0.1:{listening.getsockname()[1]}")
    box = Letterbox()
    with closing(bind("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    mailer = SmtpMailer(SmtpSettings.from_url(f"smtp://127.0.0.1:{port}"))
    try:
        with served(create_app(world.office, is_demo=True), listening) as address:
            one = Live(world, address, box, mailer, browser, scripts)
            yield one
            one.close()
    finally:
        controller.stop()
        world.close()


def faults_of(page: Page) -> list[str]:
    """Ask axe-core what keeps people from using the page: rule, what is wrong, and where."""
    found = Axe().run(page, options=WCAG).response["violations"]
    return [
        f"{page.url}: {one['id']}: {one['help']}: {', '.join(node['html'][:120] for node in one['nodes'][:3])}"
        for one in found
    ]
