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
        """Draw the case."""
        self.sam.opens("/audit/1")
        self.sam.clicks("Draw a case")
        self.sam.chooses("A child")
        self.sam.fills("Why was this one drawn?", "Drawn at random")
        assert "The case is drawn" in self.sam.presses("Draw a case")

    def names_the_meeting(self) -> None:
        """Name the meeting; the returns are then due ten working days before it."""
        self.sam.opens("/audit/1")
        self.sam.clicks("Name the meeting and the day for the returns")
        self.sam.chooses("Meeting of December 2014")
        self.sam.presses("Name the meeting and the day for the returns")

    def asks_for_returns(self) -> None:
        """Ask every agency for its return."""
        self.sam.opens("/audit/1")
        self.sam.clicks("Ask the agencies for their returns")
        self.sam.presses("Ask the agencies for their returns")

    def reads_files(self) -> None:
        """Let three leads answer, one of them after changes, one that the child is not known, and the school by link."""
        for key, records in READERS.items():
            lead = self.leads[key]
            ref = self.world.agency_return(
                records.lower().replace(" ", "_").replace("general_practice", "gp")
            )
            assert records in lead.follows_letter(f"/{ref}")
            if key == "fay":
                lead.clicks("answer “not known to us”")
                lead.fills("Say in a few words how you know", "Searched by name and address")
                lead.presses("Answer “not known to us”")
                continue
            self._answers(lead, "Partly")
            lead.presses("Save and come back later")
            lead.opens(f"/{ref}")
            lead.presses("Submit the return")
            self.sam.opens(f"/{ref}")
            if key == "dev":
                self._sends_back(lead)
                self.sam.opens(f"/{ref}")
            self.sam.clicks("Accept the return")
            self.sam.presses("Accept the return")

    def answers_by_link(self) -> None:
        """Send the school's lead a link, and let her answer by it without signing in."""
        self.sam.opens(f"/{self.world.agency_return('school')}/links")
        assert "Esme Eastlake" in self.sam.presses("Send the link")
        self.site.post()
        school = Someone(self.site, "esme")
        school.page.goto(self.site.box.link_for(school.address, "/link/"))
        assert "You answer as Esme Eastlake, by the link in your mail." in school.reads()
        self._answers(school, "No")
        school.presses("Submit the return")
        self.sam.opens(f"/{self.world.agency_return('school')}")
        self.sam.clicks("Accept the return")
        self.sam.presses("Accept the return")

    def concludes(self) -> None:
        """Look at the returns together, write down two findings, and one recommendation for two agencies."""
        self.sam.opens("/audit/1")
        self.sam.clicks("Record the group's joint look at the returns")
        self.sam.selects("Meeting at which", "Meeting of December 2014")
        self.sam.fills("What the group looked at", "All five returns")
        self.sam.presses("Record the group's joint look at the returns")
        self.sam.opens("/audit/1")
        self.sam.clicks("Record a finding")
        self.sam.chooses("1", of="Under which aim")
        self.sam.chooses("Area for development")
        self.sam.fills("What was seen", "Schools heard late")
        self.sam.presses("Record a finding")
        self.asks_and_is_granted("/audit/1", "Move on to the recommendations")

    def recommends(self) -> None:
        """Make a recommendation, agree it, and let two agencies plan what they will do."""
        self.sam.opens("/audit/1")
        self.sam.clicks("Make a recommendation")
        self.sam.page.get_by_role("group", name="From which findings").get_by_role("checkbox").first.check()
        self.sam.fills("What should change", "Tell the school on the day of each strategy meeting")
        self.sam.chooses("Several agencies")
        asked = self.sam.page.get_by_role("group", name="Strategic: which agencies are asked?")
        for agency in ("North Trust", "County Council"):
            asked.get_by_label(agency).check()
        remarks = self.sam.presses("Make the recommendation")
        assert "Recommended before" in remarks, remarks
        self.sam.presses("Make it as it is")
        self.asks_and_is_granted("/recommendation/1", "Agree the recommendation")
        for key, post in (("bo", "Nursing"), ("dev", "Social Care")):
            self._plans(self.leads[key], post)
        self.asks_and_is_granted("/audit/1", "Move on to the actions")

    def acts(self) -> None:
        """Let both agencies note progress, prove and confirm, and the chair, or for the deputy's agency she too, verify."""
        for number, key in ((1, "bo"), (2, "dev")):
            lead = self.leads[key]
            lead.opens(f"/action/{number}")
            lead.clicks("Begin work")
            lead.presses("Begin work")
            lead.clicks("Add a progress note")
            lead.chooses("On track")
            lead.fills("What has happened since the last note", "Half the teams know")
            lead.presses("Add a progress note")
            lead.clicks("Add evidence")
            lead.fills("What the evidence is", "Attendance list")
            lead.fills("What it shows", "All teams were briefed")
            lead.presses("Add evidence")
            lead.clicks("Confirm that the action is complete")
            lead.presses("Confirm that the action is complete")
            assert "Attendance list" in self.ada.follows_letter(f"/action/{number}")
            self.ada.clicks("Verify that the action is complete")
            self.ada.presses("Verify that the action is complete")

    def lasts(self) -> None:
        """Record that it is implemented, judge it embedded with evidence, spread the learning, and sign the audit off."""
        self.sam.opens("/recommendation/1")
        self.sam.clicks("Begin work")
        self.sam.presses("Begin work")
        self.asks_and_is_granted("/recommendation/1", "Record that it is implemented")
        self.on(date(2015, 9, 7))
        self.sam.opens("/recommendation/1")
        self.sam.clicks("Record evidence that it has, or has not, lasted")
        self.sam.fills("What the evidence is", "Ten files of July")
        self.sam.fills("What it shows", "The school was told on the day in nine")
        self.sam.presses("Record evidence that it has, or has not, lasted")
        self.asks_and_is_granted("/recommendation/1", "Judge that it is embedded")
        while self._spreads():
            pass
        self.asks_and_is_granted("/audit/1", "Sign the audit off as embedded")

    def _spreads(self) -> bool:
        """Record how one agency more spread the learning; say whether there was one."""
        if "Record how an agency spread the learning" not in self.sam.opens("/audit/1"):
            return False
        said = self.sam.opens("/audit/1/steps/record_dissemination")
        if "has spread the learning is recorded already" in said:
            return False
        agencies = self.sam.page.get_by_label("Agency").first
        agencies.select_option(index=agencies.locator("option").count() - 1)
        self.sam.fills("How was the learning spread?", "A seven-minute briefing")
        self.sam.fills("How many people", "40")
        self.sam.presses("Record how an agency spread the learning")
        return True

    def _answers(self, lead: Someone, word: str) -> None:
        group = lead.page.get_by_role("group", name="1.").or_(lead.page.locator("fieldset").first)
        group.first.get_by_label(word, exact=True).check()
        lead.page.locator("section.own-reading textarea").first.fill("The chronology says so")

    def _sends_back(self, lead: Someone) -> None:
        self.sam.clicks("Send the return back for changes")
        self.sam.fills("Why", "Say which meeting is meant")
        self.sam.fills_day("New day by which it is due", date(2014, 11, 25))
        self.sam.presses("Send the return back for changes")
        assert "Say which meeting is meant" in lead.follows_letter("/agency_return/")
        lead.page.locator("section.own-reading textarea").first.fill("The meeting of June")
        lead.presses("Submit the return")

    def _plans(self, lead: Someone, post: str) -> None:
        assert "Tell the school" in lead.opens("/recommendation/1")
        lead.clicks("Plan an action")
        lead.fills("What the agency will do", "Name one person who tells the school")
        lead.selects("Post that owns it", post)
        lead.fills("How one will know", "Nine schools in ten say so")
        lead.fills_day("Day by which it is due", date(2015, 2, 27))
        lead.presses("Plan an action")
        lead.clicks("Agree the action")
        lead.presses("Agree the action")


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
        journey.on(date(2014, 9, 15))
        journey.names_the_meeting()
        journey.asks_and_is_granted("/audit/1", "Start the agencies' audits")
        journey.asks_for_returns()
        journey.on(date(2014, 11, 24))
        journey.reads_files()
        journey.answers_by_link()
        journey.asks_and_is_granted("/audit/1", "Move on to the findings")
        journey.on(date(2014, 12, 12))
        journey.concludes()
        journey.on(date(2014, 12, 15))
        journey.recommends()
        assert "Tell the school on the day" in journey.cleo.opens("/recommendation/1")
        journey.on(date(2015, 2, 16))
        journey.acts()
        journey.lasts()
        assert "Embedded" in journey.cleo.follows_letter("/audit/1")
        assert site.world.state(site.world.audit) == "embedded"
        assert not site.world.proof().faults
