"""The cast of the tests: one group, five agencies, and the people who hold its posts. Nobody here is a real person."""

from __future__ import annotations

from datetime import date, time
from zoneinfo import ZoneInfo

from assurance.commands.convening import Sitting
from assurance.story.cast import Cast, CastMeeting, CastPost, CastYear, Held

LONDON = ZoneInfo("Europe/London")
FIRST_DAY = date(2014, 4, 1)

PEOPLE = {
    "ada": "Ada Ashdown",  # chairs; her own agency is the commissioning group
    "bo": "Bo Birchall",  # leads nursing at the trust
    "cleo": "Cleo Cartwright",  # the lay member
    "dan": "Dan Dole",  # deputises; works for the council
    "dev": "Dev Dunmore",  # leads the council's social care
    "esme": "Esme Eastlake",  # heads education at the council
    "fay": "Fay Finch",  # leads the police
    "gil": "Gil Gadsby",  # the named GP of the chair's own agency
    "hal": "Hal Hart",  # leads mental health, without records of its own here
    "ida": "Ida Innes",  # looks after the accounts
    "nell": "Nell Norris",  # owns actions at the trust
    "sam": "Sam Sedley",  # coordinates for the board
    "thea": "Thea Thorne",  # chairs the Board
    "una": "Una Underhill",  # inspects
    "viv": "Viv Vane",  # holds no post at all
}

AGENCIES = {
    "trust": "North Trust",
    "council": "County Council",
    "police": "Shire Constabulary",
    "ccg": "Clinical Commissioning Group",
    "mental_health": "Mental Health Partnership",
}

MEETINGS = {
    "2014-12": date(2014, 12, 11),
    "2015-03": date(2015, 3, 12),
    "2015-06": date(2015, 6, 11),
}


def cast(key: str = "qa") -> Cast:
    """Give the group as a story would read it from its file."""
    return Cast(
        key=key,
        name="Quality Assurance sub group",
        board="Shire Safeguarding Children Board",
        zone=LONDON,
        purpose="To read case files across agencies and see what children gain from it.",
        frequency="Every quarter",
        functions=("Choose the themes", "Draw recommendations"),
        note="",
        agencies=dict(AGENCIES),
        people={person: (name, f"{person}@{key}.example") for person, name in PEOPLE.items()},
        posts=(
            _post("chair", "chair", "ada", agency="ccg", is_member=True),
            _post("deputy", "deputy_chair", "dan", agency="council", is_member=True),
            _post("coordinator", "coordinator", "sam"),
            _post("nursing", "agency_lead", "bo", agency="trust", is_member=True),
            _post("health_visiting", "post_holder", "nell", agency="trust"),
            _post("social_care", "agency_lead", "dev", agency="council", is_member=True),
            _post("education", "member", "esme", agency="council", is_member=True),
            _post("policing", "agency_lead", "fay", agency="police", is_member=True),
            _post("named_gp", "agency_lead", "gil", agency="ccg", is_member=True),
            _post("mental_health", "agency_lead", "hal", agency="mental_health"),
            _post("lay", "lay_member", "cleo", is_member=True),
            _post("accounts", "administrator", "ida"),
            _post("board_chair", "board_chair", "thea"),
            _post("inspector", "inspector", "una"),
        ),
        records={
            "health_visiting": ("Health visiting", "trust", None),
            "social_care": ("Social care", "council", None),
            "school": ("Schools", "council", "education"),
            "police": ("Police", "police", None),
            "gp": ("General practice", "ccg", None),
        },
        closed=((date(2014, 12, 29), "Office closed"),),
        years=(
            CastYear("2014-15", FIRST_DAY, date(2015, 3, 31), ("Neglect",)),
            CastYear("2015-16", date(2015, 4, 1), date(2016, 3, 31), ("Children missing education",)),
        ),
        meetings=tuple(
            CastMeeting(meeting, f"Meeting of {on:%B %Y}", Sitting(on, time(14), time(16), "Council House"))
            for meeting, on in MEETINGS.items()
        ),
    )


def _post(
    key: str, role: str, person: str, *, agency: str | None = None, is_member: bool = False
) -> CastPost:
    return CastPost(
        key, key.replace("_", " ").title(), role, agency, is_member, (Held(person, FIRST_DAY, None),)
    )
