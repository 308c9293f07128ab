"""The whole life of one audit, from its theme to embedded, by people at their browsers who follow the links of their mail."""

from __future__ import annotations

from datetime import date, time

import pytest
from playwright.sync_api import Browser

from tests.browser.live import Live, live
from tests.browser.someone import Someone
from tests.world import World

READERS = {"bo": "Health visiting", "dev": "Social care", "fay": "Police", "gil": "General practice"}


class Journey:
    """The people, and what they do at each stage."""

    def __init__(self, site: Live) -> None:
        self.site, self.world = site, site.world
        self.sam, self.ada, self.dan = (Someone(site, key) for key in ("sam", "ada", "dan"))
        self.cleo = Someone(site, "cleo")
        self.leads = {key: Someone(site, key) for key in READERS}

    def on(self, day: date) -> None:
        """Let it be mid-morning of a working day."""
        self.world.on(day, time(10))

    def asks_and_is_granted(self, path: str, step: str, *, by: Someone | None = None) -> None:
        """Let the coordinator ask for a step, and the chair approve it by way of the letter."""
        self.sam.opens(path)
        self.sam.clicks(step)
        assert "waits for the decision of" in self.sam.presses("Ask for it")
        self.approves(by or self.ada)

    def approves(self, who: Someone) -> None:
        """Let somebody approve what their newest letter is about."""
        assert "Your decision" in who.follows_letter("/approval/")
        who.chooses("Approve")
        assert "Approved" in who.presses("Record my decision")

    def proposes(self) -> None:
        """Open the audit with one aim."""
        self.sam.opens("/audits")
        self.sam.clicks("Open an audit")
        self.sam.selects("Year of the programme", "2014-15")
        self.sam.fills("Theme", "Neglect")
        self.sam.chooses("A review")
        self.sam.fills("Which one?", "Review of Family L")
        self.sam.fills("Which cases does it look at?", "Open to social care for two years")
        self.sam.fills("How many months back", "12")
        self.sam.fills("How many cases", "1")
        assert "The audit is proposed." in self.sam.presses("Propose the audit")
        self.sam.clicks("Write down an aim")
        self.sam.fills("Aim, or key line of enquiry", "Was information shared in time?")
        assert "The aim is written down." in self.sam.presses("Write down an aim")

    def draws(self) -> None:
        """Draw the case and set the meeting."""
        self.sam.opens("/audit/1")
        self.sam.clicks("Draw a case")
        self.sam.chooses("A child")
        self.sam.fills("Why was this one drawn?", "Drawn at random")
        assert "The case is drawn" in self.sam.presses("Draw a case")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_whole_life_of_an_audit(empty_database: str, browser: Browser, scripts: bool) -> None:
    with live(lambda address: World(empty_database, base_url=address), browser, scripts=scripts) as site:
        journey = Journey(site)
        journey.proposes()
        journey.asks_and_is_granted("/audit/1", "Agree the theme")
        assert "Theme agreed" in journey.cleo.follows_letter("/audit/1")
        journey.on(date(2014, 9, 8))
        journey.draws()
        journey.asks_and_is_granted("/audit/1", "Agree the selection of cases")
