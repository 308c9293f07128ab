"""The example year's group with one agreed recommendation and as many actions as are to be moved."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from assurance.commands.moving import Entered, move, start
from assurance.config import HOME, settings_from
from assurance.migrate import migrate
from assurance.office import Actor, Office, Tx, open_office
from assurance.records import (
    Action,
    Agency,
    Aim,
    Audit,
    Evidence,
    Person,
    Post,
    PostHolding,
    Programme,
    Recommendation,
)
from assurance.story.cast import bring_on, read_cast
from assurance.story.names import Names
from engine.clock import Clock, OffsetClock, SystemClock
from engine.conditions import Value
from engine.fences import EVERY
from engine.ledger import Line, append
from engine.moved import Ref, Standing
from engine.store import open_store
from engine.yamlfile import read_yaml

GROUP = HOME / "examples" / "year-2014-15" / "group.yaml"
TODAY = date(2015, 3, 10)
NOW = datetime(2015, 3, 10, 10, 0, tzinfo=UTC)
DUE_ON = date(2015, 6, 30)
ACTIONS_PER_TRANSACTION = 500
Found = TypeVar("Found")
REMARK = "The guidance was rewritten, the teams were briefed, and twelve files were looked at again."

# The plain moves of an action's life: the word, who takes the step, and what they say with it.
LIFE: tuple[tuple[str, str, dict[str, Value]], ...] = (
    ("agree", "lead", {}),
    ("begin", "owner", {}),
    ("confirm", "lead", {"remark": REMARK}),
    ("verify", "chair", {}),
)


@dataclass(frozen=True, slots=True)
class Town:
    """An open office, who acts in it, and the parents of every action."""

    office: Office
    actors: dict[str, Actor]
    agency_id: int
    owner_post_id: int
    recommendation_id: int
    audit_id: int

    def plan(self, number: int, *, first: int | None = None) -> list[int]:
        """Plan so many actions, each with a piece of evidence, and give their ids.

        They are numbered from `first` on, or where that is not given, from the first free number on.
        """
        ids: list[int] = []
        while len(ids) < number:
            with self.office.begin(self.actors["lead"]) as tx:
                some = range(len(ids), min(number, len(ids) + ACTIONS_PER_TRANSACTION))
                free = self._first_free(tx) if first is None else first + len(ids)
                ids += [self._action(tx, free + place) for place in range(len(some))]
        return ids

    def move(self, action: int, step: int) -> None:
        """Take one action through one step of its life, in a transaction of its own."""
        trigger, who, given = LIFE[step]
        with self.office.begin(self.actors[who]) as tx:
            move(tx, Ref("action", action), trigger, version=step + 1, given=given)

    def first_free(self) -> int:
        """Give the first number that no action has."""
        with self.office.reading(self.actors["lead"]) as tx:
            return self._first_free(tx)

    def _first_free(self, tx: Tx) -> int:
        return (tx.session.scalar(sa.select(sa.func.max(Action.number))) or 0) + 1

    def _action(self, tx: Tx, number: int) -> int:
        row = Action(
            audit_id=self.audit_id,
            recommendation_id=self.recommendation_id,
            agency_id=self.agency_id,
            owner_post_id=self.owner_post_id,
            number=number,
            text="Rewrite the guidance on sharing information and brief every team on it.",
            measure="Nine of ten files that are looked at afterwards show that information was shared.",
            original_due_on=DUE_ON,
            current_due_on=DUE_ON,
            times_moved=0,
        )
        ref = start(tx, row, "action", entered=Entered({"recommendation": self.recommendation_id}))
        tx.session.add(
            Evidence(
                group_id=tx.actor.group_id,
                subject_kind="action",
                subject_id=ref.id,
                person_id=tx.actor.person_id,
                on=TODAY,
                title="The new guidance",
                text="Version 2, in force since 1 March.",
            )
        )
        return ref.id


def found_town(where: Path | str, *, clock: Clock | None = None, workflows: Path | None = None) -> Town:
    """Make a database with the example year's group, one audit and one agreed recommendation, in a file or at a URL.

    Its clock starts at NOW and runs at the machine's pace, unless another one is given. `workflows` is a folder to be
    read in place of the house's.
    """
    with closing(open_store(where)) as store:
        migrate(store)
    office = _open_office(where, clock, workflows)
    cast = read_cast(read_yaml(GROUP), Names(dict(office.shelf.workflows)))
    with office.store.begin(group=EVERY) as session:
        group_id = bring_on(session, cast, office.playbook, at=NOW)
    office.read_playbook()
    with office.begin(_holder(office, group_id, "coordinator")) as tx:
        _agreed_recommendation(tx)
    return _town(office, group_id)


def open_town(where: Path | str, *, clock: Clock | None = None, workflows: Path | None = None) -> Town:
    """Open a database in which a town was founded."""
    office = _open_office(where, clock, workflows)
    return _town(office, office.groups()[0])


def _open_office(where: Path | str, clock: Clock | None, workflows: Path | None) -> Office:
    settings = settings_from({}, database=str(where))
    if workflows is not None:
        settings = replace(settings, workflows=(workflows,))
    if isinstance(where, Path):
        settings = replace(settings, var=where.parent)
    return open_office(settings, clock=clock or OffsetClock(NOW, pace=SystemClock()))


def _town(office: Office, group_id: int) -> Town:
    with office.reading(_holder(office, group_id, "coordinator")) as tx:
        agency_id, owner_post_id = _agency_without_office(tx)
        actors = {
            "lead": _in_post(tx, _lead_post(tx, agency_id)),
            "owner": _in_post(tx, owner_post_id),
        }
        audit_id, recommendation_id = (
            _one(tx, sa.select(table.id).order_by(table.id)) for table in (Audit, Recommendation)
        )
    actors["chair"] = _holder(office, group_id, "chair")
    return Town(office, actors, agency_id, owner_post_id, recommendation_id, audit_id)


def _agency_without_office(tx: Tx) -> tuple[int, int]:
    """Give an agency of which neither chair nor deputy is part, and a post of it that can own actions."""
    posts = list(tx.session.scalars(sa.select(Post).order_by(Post.id)))
    taken = {post.agency_id for post in posts if post.role in ("chair", "deputy_chair")}
    for agency_id in tx.session.scalars(sa.select(Agency.id).order_by(Agency.id)):
        roles = {post.role: post.id for post in posts if post.agency_id == agency_id}
        others = [number for role, number in roles.items() if role != "agency_lead"]
        if agency_id not in taken and "agency_lead" in roles and others:
            return agency_id, others[0]
    raise LookupError(
        f"{GROUP} has no agency with a lead and another post, apart from the chair's and deputy's"
    )


def _lead_post(tx: Tx, agency_id: int) -> int:
    return _one(tx, sa.select(Post.id).where(Post.agency_id == agency_id, Post.role == "agency_lead"))


def _agreed_recommendation(tx: Tx) -> None:
    audit = Audit(
        reference="2014-15/1",
        programme_id=_one(tx, sa.select(Programme.id)),
        theme="Sharing information",
        source_kind="review",
        source="A serious case review",
        scope="Children known to three or more agencies",
        look_back_months=24,
        case_target=4,
    )
    audit_ref = start(tx, audit, "audit")
    tx.session.add(Aim(group_id=tx.actor.group_id, audit_id=audit_ref.id, number=1, text="Was it shared?"))
    row = Recommendation(
        audit_id=audit_ref.id,
        number=1,
        type="strategic",
        text="Agencies share what they know.",
        agency_id=None,
    )
    ref = start(tx, row, "recommendation")
    standing = Standing(
        ref, row.group_id, row.state, row.version, row.material_version, row.head, row.definition_id
    )
    agreed = Line("moved", tx.now, tx.actor.signature, data={"to": "agreed"}, changes={"state": "agreed"})
    append(tx.session, Recommendation, standing, agreed)


def _holder(office: Office, group_id: int, role: str) -> Actor:
    clock = Actor(group_id, None, "the clock")
    with office.reading(clock) as tx:
        return _in_post(tx, _one(tx, sa.select(Post.id).where(Post.role == role)))


def _in_post(tx: Tx, post_id: int) -> Actor:
    holder = (
        sa.select(Person)
        .join(PostHolding, PostHolding.person_id == Person.id)
        .where(
            PostHolding.post_id == post_id,
            PostHolding.from_on <= TODAY,
            sa.or_(PostHolding.until_on.is_(None), PostHolding.until_on >= TODAY),
        )
    )
    person = _one(tx, holder)
    return Actor(tx.actor.group_id, person.id, person.name)


def _one(tx: Tx, query: sa.Select[Found]) -> Found:
    return tx.session.scalars(query.limit(1)).one()
