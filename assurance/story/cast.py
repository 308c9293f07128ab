"""Who takes part in a story: the group, its agencies, people, posts, records and meetings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.commands.convening import Sitting, usual_end
from assurance.commands.meetings import open_meeting
from assurance.facts import ROLES
from assurance.office import Tx, clock_of
from assurance.playbook import Playbook, with_groups
from assurance.records import (
    Agency,
    ClosedDay,
    Group,
    Person,
    PlannedAudit,
    Post,
    PostHolding,
    Programme,
    RecordSet,
    RemovedGroup,
)
from assurance.roster import RELATIONS
from assurance.story.names import Names
from engine.yamlfile import Node

POST_ROLES = (*(role for role in ROLES if role not in RELATIONS), "inspector", "post_holder")

HOUR = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody holds a post from a day, until a day."""

    person: str
    from_on: date
    until_on: date | None


@dataclass(frozen=True, slots=True)
class CastPost:
    """A post and who has held it."""

    key: str
    title: str
    role: str
    agency: str | None
    is_member: bool
    held_by: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class CastYear:
    """A year's programme and the themes planned for it."""

    year: str
    starts_on: date
    ends_on: date
    themes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CastMeeting:
    """A meeting whose day stood before the story begins."""

    key: str
    title: str
    sitting: Sitting


@dataclass(frozen=True, slots=True)
class Cast:
    """Everything of `group.yaml`. `records` holds for each record set its name, agency and lead post."""

    key: str
    name: str
    board: str
    zone: ZoneInfo
    purpose: str
    frequency: str
    functions: tuple[str, ...]
    note: str
    agencies: dict[str, str]
    people: dict[str, tuple[str, str]]
    posts: tuple[CastPost, ...]
    records: dict[str, tuple[str, str, str | None]]
    closed: tuple[tuple[date, str], ...]
    years: tuple[CastYear, ...]
    meetings: tuple[CastMeeting, ...]


def read_cast(root: Node, names: Names) -> Cast:
    """Read a whole `group.yaml`; raises BadDefinition at the first fault."""
    parts = root.fields(
        required=["group", "agencies", "people", "posts", "programmes"],
        optional=["note", "record_sets", "closed_days", "meetings"],
    )
    group = parts["group"].fields(
        required=["key", "name", "board", "zone", "purpose", "frequency", "functions"]
    )
    zone = _zone(group["zone"])
    return Cast(
        key=group["key"].text(),
        name=group["name"].text(),
        board=group["board"].text(),
        zone=zone,
        purpose=group["purpose"].text(),
        frequency=group["frequency"].text(),
        functions=tuple(item.text() for item in group["functions"].items()),
        note=parts["note"].text() if "note" in parts else "",
        agencies=dict(_agency(item, names) for item in parts["agencies"].items()),
        people=dict(_person(item, names) for item in parts["people"].items()),
        posts=tuple(_post(item, names) for item in parts["posts"].items()),
        records=dict(_record_set(item, names) for item in _items(parts, "record_sets")),
        closed=tuple(_closed(item) for item in _items(parts, "closed_days")),
        years=tuple(_year(item, names) for item in parts["programmes"].items()),
        meetings=tuple(_meeting(item, names) for item in _items(parts, "meetings")),
    )


def bring_on(session: Session, cast: Cast, playbook: Playbook, *, at: datetime) -> int:
    """Write the whole cast into the database, as it stands at an instant, and give the group's number.

    Whoever belongs to the group on that day is invited to its meetings.
    """
    group = Group(
        id=_unused_number(session),
        key=cast.key,
        name=cast.name,
        board=cast.board,
        purpose=cast.purpose,
        functions="\n".join(cast.functions),
        frequency=cast.frequency,
        zone=cast.zone.key,
        note=cast.note,
    )
    session.add(group)
    session.flush()
    of = {"group_id": group.id}
    agencies = {key: Agency(**of, key=key, name=name) for key, name in cast.agencies.items()}
    people = {
        key: Person(**of, key=key, name=name, email=email) for key, (name, email) in cast.people.items()
    }
    session.add_all([*agencies.values(), *people.values()])
    session.flush()
    posts = {}
    for one in cast.posts:
        agency_id = agencies[one.agency].id if one.agency else None
        posts[one.key] = Post(
            **of, key=one.key, title=one.title, role=one.role, agency_id=agency_id, is_member=one.is_member
        )
    session.add_all(posts.values())
    session.flush()
    for one in cast.posts:
        for held in one.held_by:
            person_id, post_id = people[held.person].id, posts[one.key].id
            session.add(
                PostHolding(
                    **of, post_id=post_id, person_id=person_id, from_on=held.from_on, until_on=held.until_on
                )
            )
    for key, (name, agency, lead) in cast.records.items():
        lead_id = posts[lead].id if lead else None
        session.add(RecordSet(**of, key=key, name=name, agency_id=agencies[agency].id, lead_post_id=lead_id))
    session.add_all(ClosedDay(**of, day=day, name=name) for day, name in cast.closed)
    for year in cast.years:
        programme = Programme(**of, year=year.year, starts_on=year.starts_on, ends_on=year.ends_on)
        session.add(programme)
        session.flush()
        session.add_all(PlannedAudit(**of, programme_id=programme.id, theme=theme) for theme in year.themes)
    session.flush()
    _call_meetings(session, cast, group.id, with_groups(session, playbook), at)
    return group.id


def _unused_number(session: Session) -> int:
    """Draw the number of a new group: never that of one that was removed, of whose history the database lets go."""
    removed = session.scalar(sa.select(sa.func.max(RemovedGroup.group_id))) or 0
    if session.info["dialect"].name == "sqlite":
        return max(removed, session.scalar(sa.select(sa.func.max(Group.id))) or 0) + 1
    draw = sa.select(sa.func.nextval(sa.func.pg_get_serial_sequence(Group.__tablename__, "id")))
    while (number := session.scalars(draw).one()) <= removed:
        pass
    return int(number)


def _call_meetings(session: Session, cast: Cast, group_id: int, playbook: Playbook, at: datetime) -> None:
    today = playbook.calendar(group_id).today(at)
    tx = Tx(session, at, today, clock_of(group_id), playbook)
    for one in cast.meetings:
        open_meeting(tx, one.title, one.sitting, name=one.key)


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Give the instant of a civil day and hour."""
    return datetime.combine(day, at, tzinfo=zone)


def hour(node: Node) -> time:
    """Read an hour of the day such as "14:00"."""
    if not HOUR.fullmatch(node.text()):
        raise node.bad(f'{node.text()!r} is not an hour of the day; write it as "14:00"')
    return time.fromisoformat(node.text())


def _items(parts: dict[str, Node], key: str) -> tuple[Node, ...]:
    return parts[key].items() if key in parts else ()


def _zone(node: Node) -> ZoneInfo:
    try:
        return ZoneInfo(node.text())
    except (ZoneInfoNotFoundError, ValueError):
        raise node.bad(f"{node.text()!r} is not a time zone; write it as Europe/London") from None


def _agency(node: Node, names: Names) -> tuple[str, str]:
    parts = node.fields(required=["key", "name"])
    return names.add(parts["key"], "agency"), parts["name"].text()


def _person(node: Node, names: Names) -> tuple[str, tuple[str, str]]:
    parts = node.fields(required=["key", "name", "email"])
    email = parts["email"].text()
    if email.count("@") != 1 or any(letter.isspace() for letter in email):
        raise parts["email"].bad(f"{email!r} is not an e-mail address; write it as ada@board.example")
    return names.add(parts["key"], "person"), (parts["name"].text(), email)


def _post(node: Node, names: Names) -> CastPost:
    parts = node.fields(required=["key", "title", "role", "held_by"], optional=["agency", "member"])
    own = [role for workflow in names.workflows.values() if workflow.own for role in workflow.own.roles]
    return CastPost(
        key=names.add(parts["key"], "post"),
        title=parts["title"].text(),
        role=parts["role"].one_of((*POST_ROLES, *own), "a role that a post can have"),
        agency=names.find(parts["agency"], "agency") if "agency" in parts else None,
        is_member="member" in parts and parts["member"].yes_no(),
        held_by=tuple(_held(item, names) for item in parts["held_by"].items()),
    )


def _held(node: Node, names: Names) -> Held:
    parts = node.fields(required=["person", "from"], optional=["until"])
    person, from_on = names.find(parts["person"], "person"), parts["from"].day()
    until_on = parts["until"].day() if "until" in parts else None
    if until_on is not None and until_on < from_on:
        raise parts["until"].bad(f"the post ends on {until_on}, before it begins on {from_on}")
    return Held(person, from_on, until_on)


def _record_set(node: Node, names: Names) -> tuple[str, tuple[str, str, str | None]]:
    parts = node.fields(required=["key", "name", "agency"], optional=["lead"])
    lead = names.find(parts["lead"], "post") if "lead" in parts else None
    kept = parts["name"].text(), names.find(parts["agency"], "agency"), lead
    return names.add(parts["key"], "record_set"), kept


def _closed(node: Node) -> tuple[date, str]:
    parts = node.fields(required=["day", "name"])
    return parts["day"].day(), parts["name"].text()


def _year(node: Node, names: Names) -> CastYear:
    parts = node.fields(required=["year", "from", "until"], optional=["themes"])
    starts_on, ends_on = parts["from"].day(), parts["until"].day()
    if ends_on <= starts_on:
        raise parts["until"].bad(f"the year ends on {ends_on}, before it begins on {starts_on}")
    themes = tuple(item.text() for item in _items(parts, "themes"))
    return CastYear(names.add(parts["year"], "programme"), starts_on, ends_on, themes)


def _meeting(node: Node, names: Names) -> CastMeeting:
    parts = node.fields(required=["key", "title", "on", "at"], optional=["ends", "place"])
    return CastMeeting(names.add(parts["key"], "meeting"), parts["title"].text(), sitting_of(parts))


def sitting_of(parts: Mapping[str, Node]) -> Sitting:
    """Read when and where the group meets: `on`, `at`, and perhaps `ends` and `place`."""
    starts = hour(parts["at"])
    ends = hour(parts["ends"]) if "ends" in parts else usual_end(starts)
    if ends <= starts:
        raise parts["ends"].bad(f"the meeting would end at {ends:%H:%M}, but begins at {starts:%H:%M}")
    return Sitting(parts["on"].day(), starts, ends, parts["place"].text() if "place" in parts else "")
