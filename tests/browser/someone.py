"""Somebody at their own browser, who reads labels and buttons and knows nothing of addresses or code."""

from __future__ import annotations

import re
from datetime import date

from playwright.sync_api import Page

from tests.browser.live import PATIENCE_MS, Live
from tests.cast import PEOPLE


class Someone:
    """One person of the cast; signs in wherever that is asked, as the example allows."""

    def __init__(self, site: Live, key: str) -> None:
        self.site, self.key = site, key
        self.address = f"{key}@qa.example"
        self.page: Page = site.stranger().new_page()
        self.page.set_default_timeout(PATIENCE_MS)

    def opens(self, path: str) -> str:
        """Open a page, by way of signing in where that is asked, and give what it says."""
        where = path if path.startswith("http") else self.site.address + path
        self.page.goto(where)
        if "/sign-in" in self.page.url:
            self.page.get_by_role("button", name=re.compile(f"– {PEOPLE[self.key]}$")).click()
        assert self.page.url == where, f"{self.key} wanted {where} and is at {self.page.url}"
        return self.reads()

    def follows_letter(self, like: str) -> str:
        """Open the link of the newest letter to this person, as its plain text has it."""
        self.site.post()
        return self.opens(self.site.box.link_for(self.address, like))

    def reads(self) -> str:
        """Give what the page says."""
        return self.page.inner_text("main")

    def clicks(self, words: str) -> None:
        """Follow a link or a button that looks like one."""
        self.page.get_by_role("link", name=words, exact=True).or_(
            self.page.get_by_role("button", name=words, exact=True)
        ).first.click()

    def presses(self, words: str) -> str:
        """Press the button that sends a form, and give what the next page says."""
        self.page.get_by_role("button", name=words, exact=True).click()
        self.page.wait_for_load_state()
        said = self.reads()
        assert "There is a problem" not in said, f"{self.key} pressed {words}: {said[:600]}"
        return said

    def fills(self, label: str, text: str) -> None:
        """Write into a field, by its label."""
        self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}")).first.fill(text)

    def fills_day(self, legend: str, day: date) -> None:
        """Write a day into its three boxes."""
        group = self.page.get_by_role("group", name=re.compile(rf"^\s*{re.escape(legend)}"))
        for part, value in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
            group.get_by_label(part, exact=True).fill(str(value))

    def chooses(self, option: str, *, of: str | None = None) -> None:
        """Choose a radio button or a box, by its words; `of` is the question where several have the same options."""
        where = self.page if of is None else self.page.get_by_role("group", name=re.compile(re.escape(of)))
        where.get_by_label(re.compile(rf"^\s*{re.escape(option)}")).first.check()

    def selects(self, label: str, option: str) -> None:
        """Choose from a list, by what it says."""
        listed = self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}")).first
        listed.wait_for()
        offered = listed.locator("option").all_inner_texts()
        words = [one for one in offered if option in one]
        assert words, f"{option!r} is none of {offered}"
        listed.select_option(label=words[0])
