"""A group with two audits whose every row and line is written by hand, so that each line's instant is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from assurance.records import (
    Action,
    Agency,
    AgencyAnswer,
    AgencyReturn,
    Aim,
    Approval,
    Audit,
    Case,
    Dissemination,
    Evidence,
    Finding,
    Group,
    Meeting,
    Person,
    PlannedAudit,
    Post,
    PostHolding,
    Programme,
    ReAudit,
    Recommendation,
    RecordSet,
)
from engine.definitions import publish
from engine.ledger import Line, append
from engine.moved import Moved, Ref, Standing

NIGHT = datetime(2015, 3, 31, 22, 30, tzinfo=UTC)  # 23:30 on 31 March in London
AFTER_MIDNIGHT = datetime(2015, 3, 31, 23, 30, tzinfo=UTC)  # 00:30 on 1 April in London


def at(text: str) -> datetime:
    """Give noon UTC of a day such as 2014-09-16."""
    return datetime.fromisoformat(f"{text}T12:00:00+00:00")


def on(text: str) -> date:
    """Give a day such as 2014-09-16."""
    return date.fromisoformat(text)


@dataclass(slots=True)
class AnnualWorld:
    """Writes rows of one group, and lines of their histories at chosen instants."""

    session: Session
    group_id: int = 0
    definition_id: int = 0
    agencies: dict[str, Agency] = field(default_factory=dict)
    records: dict[str, RecordSet] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    person_id: int = 0

    def add(self, row: Any) -> Any:
        """Keep a row of the group."""
        row.group_id = self.group_id
        self.session.add(row)
        self.session.flush()
        return row

    def opened(self, row: Any, when: datetime, state: str, **data: Any) -> Any:
        """Keep a subject's row with the first line of its history."""
        row.definition_id, row.state, row.state_since_on = self.definition_id, state, when.date()
        row.version = row.material_version = 0
        row.head = ""
        self.add(row)
        return self.line(row, when, to=state, kind="opened", **data)

    def line(
        self,
        row: Any,
        when: datetime,
        /,
        *,
        kind: str = "moved",
        texts: Mapping[str, str] | None = None,
        columns: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Any:
        """Write one line; what it sets is written to the row too, as the engine does."""
        changes: dict[str, Any] = dict(columns or {})
        changes |= {name: _day(value) for name, value in data.get("set", {}).items()}
        if "to" in data:
            changes["state"] = data["to"]
        table: type[Moved] = type(row)
        standing = Standing(
            Ref(table.noun, row.id),
            self.group_id,
            row.state,
            row.version,
            row.version,
            row.head,
            row.definition_id,
        )
        append(self.session, table, standing, Line(kind, when, "person/1", data, texts or {}, changes))
        self.session.refresh(row)
        return row


def a_group(session: Session) -> AnnualWorld:
    """Write a group of three agencies with a chair, two programmes and their meetings."""
    world = AnnualWorld(session)
    group = Group(
        key="qa",
        name="Quality Assurance sub group",
        board="Safeguarding Children Board",
        purpose="To read case files together.",
        functions="Choose themes\n\nSpread the learning",
        frequency="The group meets every quarter.",
        zone="Europe/London",
        note="",
    )
    session.add(group)
    session.flush()
    world.group_id = group.id
    world.definition_id = publish(session, kind="any", content_hash="0" * 64, text="", at=at("2014-04-01"))
    for key, name in (("council", "The Council"), ("trust", "The Trust"), ("ccg", "The CCG")):
        world.agencies[key] = world.add(Agency(key=key, name=name))
    world.person_id = world.add(Person(key="ada", name="Ada Ashdown", email="ada@ccg.example")).id
    _posts(world)
    for key, name, agency in (
        ("social", "Social care records", "council"),
        ("visiting", "Health visiting records", "trust"),
    ):
        world.records[key] = world.add(RecordSet(key=key, name=name, agency_id=world.agencies[agency].id))
    for year, first, last in (
        ("2014-15", "2014-04-01", "2015-03-31"),
        ("2015-16", "2015-04-01", "2016-03-31"),
    ):
        world.add(Programme(year=year, starts_on=on(first), ends_on=on(last)))
    return world


def _posts(world: AnnualWorld) -> None:
    posts = (
        (
            "chair",
            "Designated Nurse",
            "chair",
            "ccg",
            True,
            [("2014-04-01", "2014-12-31"), ("2015-01-01", None)],
        ),
        ("manager", "Service Manager", "agency_lead", "council", True, [("2014-04-01", None)]),
        ("nurse", "Named Nurse", "agency_lead", "trust", True, [("2014-04-01", "2015-01-31")]),
        ("lay", "Lay Member", "lay_member", None, True, [("2015-01-12", None)]),
        ("police", "Safeguarding Manager", "member", None, True, [("2015-06-01", None)]),
        ("support", "Coordinator", "coordinator", None, False, [("2014-05-01", None)]),
    )
    for key, title, role, agency, is_member, held in posts:
        agency_id = None if agency is None else world.agencies[agency].id
        post: Post = world.add(
            Post(key=key, title=title, role=role, agency_id=agency_id, is_member=is_member)
        )
        world.posts[key] = post
        for first, last in held:
            until_on = None if last is None else on(last)
            world.add(
                PostHolding(post_id=post.id, person_id=world.person_id, from_on=on(first), until_on=until_on)
            )


def _day(value: Any) -> Any:
    return on(value) if isinstance(value, str) else value


def programme(world: AnnualWorld, year: str) -> Programme:
    """Give the programme of a year."""
    return world.session.scalars(sa.select(Programme).where(Programme.year == year)).one()


def an_audit(world: AnnualWorld, reference: str, theme: str, when: datetime, **columns: Any) -> Audit:
    """Propose an audit in the programme of its reference."""
    year = reference.partition("/")[0]
    made: Audit = world.opened(
        Audit(
            reference=reference,
            programme_id=programme(world, year).id,
            theme=theme,
            source_kind="review",
            source="The review of Family L",
            scope="cases open for three years",
            look_back_months=12,
            case_target=2,
            **columns,
        ),
        when,
        "proposed",
    )
    return made


def an_aim(world: AnnualWorld, audit: Audit, text: str, when: datetime, asks_again: Aim | None = None) -> Aim:
    """Write down an aim."""
    number = len(world.session.scalars(sa.select(Aim).where(Aim.audit_id == audit.id)).all()) + 1
    earlier = None if asks_again is None else asks_again.id
    aim: Aim = world.add(Aim(audit_id=audit.id, number=number, text=text, asks_again_id=earlier))
    world.line(audit, when, kind="entered", trigger="add_aim", aim=aim.id)
    return aim


def a_case(world: AnnualWorld, audit: Audit, kind: str, when: datetime) -> Case:
    """Draw a case."""
    reference = f"C-{audit.id}{when:%H%M%S}{len(world.session.scalars(sa.select(Case)).all())}"
    case: Case = world.add(
        Case(audit_id=audit.id, case_ref=reference, kind=kind, criterion="SECRET criterion")
    )
    world.line(audit, when, kind="entered", trigger="draw_case", case=case.id, case_ref=reference)
    return case


def a_return(world: AnnualWorld, case: Case, records: str, when: datetime, due: str) -> AgencyReturn:
    """Ask for a return."""
    asked = world.records[records]
    made: AgencyReturn = world.opened(
        AgencyReturn(
            audit_id=case.audit_id,
            case_id=case.id,
            agency_id=asked.agency_id,
            record_set_id=asked.id,
            due_on=on(due),
            original_due_on=on(due),
        ),
        when,
        "requested",
    )
    return made


def answered(
    world: AnnualWorld, one: AgencyReturn, answers: Mapping[int, str], day: str, tool: str = ""
) -> None:
    """Answer, submit and accept a return on one day."""
    told = {str(aim): answer for aim, answer in answers.items()}
    world.line(one, at(day), kind="entered", trigger="answer", answers=told, columns={"tool": tool or None})
    world.line(one, at(day), trigger="submit", to="submitted", set={"submitted_on": day})
    world.line(one, at(day), trigger="accept", to="accepted")


def a_recommendation(
    world: AnnualWorld, audit: Audit, number: int, when: datetime, *, agency: str | None = None
) -> Recommendation:
    """Make a strategic recommendation, or an individual practice one for an agency."""
    made: Recommendation = world.opened(
        Recommendation(
            audit_id=audit.id,
            number=number,
            type="strategic" if agency is None else "individual_practice",
            agency_id=None if agency is None else world.agencies[agency].id,
            text=f"SECRET practice {number}" if agency else f"Recommendation text {number}.",
        ),
        when,
        "proposed",
    )
    return made


def asked(world: AnnualWorld, recommendation: Recommendation, *agencies: str) -> None:
    """Ask agencies whether they take a recommendation on."""
    for agency in agencies:
        world.add(
            AgencyAnswer(
                recommendation_id=recommendation.id, agency_id=world.agencies[agency].id, answer="asked"
            )
        )


def an_action(
    world: AnnualWorld, recommendation: Recommendation, agency: str, when: datetime, due: str | None
) -> Action:
    """Plan an action, with a date or without one."""
    due_on = None if due is None else on(due)
    settings = {} if due is None else {"set": {"current_due_on": due}}
    made: Action = world.opened(
        Action(
            audit_id=recommendation.audit_id,
            recommendation_id=recommendation.id,
            agency_id=world.agencies[agency].id,
            number=1,
            text="SECRET action",
            original_due_on=due_on,
            current_due_on=due_on,
            times_moved=0,
        ),
        when,
        "proposed",
        **settings,
    )
    world.line(recommendation, when, kind="entered", trigger="plan_action", action=made.id)
    return made


def a_request(
    world: AnnualWorld, action: Action, trigger: str, when: datetime, answer: str | None
) -> Approval:
    """Ask for a later date, and have it answered."""
    made: Approval = world.opened(
        Approval(
            subject_kind="action",
            subject_id=action.id,
            subject_version=1,
            trigger=trigger,
            title="Ask for a later date",
            given="{}",
            policy="{}",
            requested_by_id=world.person_id,
            asked_on=when.date(),
            deputy_called=False,
        ),
        when,
        "waiting",
    )
    if answer is not None:
        world.line(made, when, trigger="decide", to=answer)
    return made


def a_finding(world: AnnualWorld, aim: Aim, number: int, kind: str, when: datetime) -> None:
    """Record a finding."""
    audit = world.session.get_one(Audit, aim.audit_id)
    row = world.add(
        Finding(audit_id=audit.id, aim_id=aim.id, number=number, kind=kind, text="SECRET finding")
    )
    world.line(audit, when, kind="entered", trigger="record_finding", finding=row.id)


def spread(world: AnnualWorld, audit: Audit, agency: str, day: str, reached: int) -> None:
    """Record that an agency has spread the learning."""
    world.add(
        Dissemination(
            audit_id=audit.id,
            agency_id=world.agencies[agency].id,
            on=on(day),
            how="Briefing",
            reached=reached,
        )
    )


def asked_again(
    world: AnnualWorld, one: Recommendation, earlier: Aim, later: Aim, *, held: str, recorded: str
) -> None:
    """Record that a later audit, held on a day, asked the same aim and found it better."""
    row = world.add(
        ReAudit(
            recommendation_id=one.id,
            earlier_aim_id=earlier.id,
            later_aim_id=later.id,
            before_yes=2,
            before_asked=8,
            after_yes=6,
            after_asked=8,
            measured_on=on(held),
            is_better=True,
        )
    )
    world.line(one, at(recorded), kind="entered", trigger="record_re_audit", re_audit=row.id)


def later_evidence(world: AnnualWorld, one: Recommendation, day: str) -> None:
    """Record evidence that a recommendation has lasted."""
    world.add(
        Evidence(
            subject_kind="recommendation",
            subject_id=one.id,
            person_id=world.person_id,
            on=on(day),
            title="Survey",
            text="SECRET evidence",
        )
    )


def a_meeting(world: AnnualWorld, day: str, *, planned_on: str = "2014-04-01", **told: Any) -> Meeting:
    """Call a meeting."""
    row = Meeting(
        key=day,
        title="A meeting",
        starts_at=at(day),
        ends_at=at(day) + timedelta(hours=2),
        on=on(day),
        place="",
        uid=day,
        sequence=0,
    )
    made: Meeting = world.opened(row, at(planned_on), "planned", set={"on": day}, **told)
    return made


def planned(world: AnnualWorld, year: str, theme: str) -> None:
    """Plan a theme for a year."""
    world.add(PlannedAudit(programme_id=programme(world, year).id, theme=theme))
