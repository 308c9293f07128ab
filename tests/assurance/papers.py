"""Papers that several have to agree to, for the tests of approvals: the example's own workflows, and who is asked."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from assurance.commands.approving import count_answers
from assurance.commands.founding import open_matter
from assurance.commands.moving import Done
from assurance.config import HOME
from assurance.playbook import Shelf, read_shelf
from assurance.queries.around import approvals
from assurance.queries.rows import Wanted
from assurance.records import DigestItem, Person, Post, PostHolding
from engine.fences import EVERY
from engine.moved import Ref
from tests.assurance.looking import looks
from tests.cast import FIRST_DAY
from tests.world import World

PAPERS = HOME / "examples" / "approval-policies" / "workflows"
NOTES = Path(__file__).parent / "good_policies"
MEMBERS = ("ada", "dan", "bo", "dev", "esme", "fay", "gil")  # the lay member sees no papers


@cache
def papers_shelf() -> Shelf:
    """Give the house's own workflows and rules, the papers of the example, and notes; read once a run."""
    return read_shelf((HOME / "workflows", PAPERS, NOTES), (HOME / "rules",))


def with_an_information_lead(world: World) -> World:
    """Bring on the post that the papers name besides those of the cast; Hal holds it."""
    with world.office.store.begin(group=EVERY) as session:
        of = {"group_id": world.group_id}
        post = Post(
            **of, key="information", title="Information lead", role="information_lead", is_member=False
        )
        session.add(post)
        session.flush()
        held = {"post_id": post.id, "person_id": world.number(Person, "hal"), "from_on": FIRST_DAY}
        session.add(PostHolding(**of, **held))
    return world


TRIGGERS = {
    "leaflet": "publish",
    "briefing": "circulate",
    "sharing_agreement": "sign",
    "theme": "adopt",
    "press_statement": "release",
    "threshold_document": "adopt",
    "data_request": "answer",
}


def asked(world: World, kind: str, *, who: str = "sam") -> tuple[Ref, Ref]:
    """Write a paper and ask for its decision."""
    with world.does("sam") as tx:
        paper = open_matter(tx, kind, "A paper", {})
    return paper, world.asks(who, paper, TRIGGERS[kind])


def counts(
    world: World, who: str, approval: Ref, *, version: int | None = None, key: str | None = None
) -> Done:
    with world.does(who) as tx:
        return count_answers(tx, approval, version=version, key=key)


def so_far(world: World, approval: Ref) -> str:
    """Say how far it is, as the list of decisions does."""
    with looks(world, "sam") as (tx, viewer):
        rows = approvals(tx, viewer, Wanted()).rows
    return next(row.so_far for row in rows if row.ref == approval)


def reminded(world: World, approval: Ref) -> list[str]:
    """Give who is reminded of a decision in the next digest."""
    query = sa.select(Person.key).join(DigestItem, DigestItem.person_id == Person.id)
    return sorted(
        world.ask(query.where(DigestItem.subject_kind == "approval", DigestItem.subject_id == approval.id))
    )


def leaves(world: World, post: str, *, successor: str | None = None) -> None:
    """Let somebody leave a post, and the next day begin."""
    world.leaves(post, successor=successor)
    world.on(world.today + timedelta(days=1))
