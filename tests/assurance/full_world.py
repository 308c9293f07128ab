"""A world in which something of every kind stands: returns, both kinds of recommendation, a concern, decisions."""

from __future__ import annotations

from assurance.commands import acting, concluding
from assurance.records import Agency, Case
from engine.fences import EVERY
from engine.moved import Ref
from tests.assurance.conftest import At
from tests.world import World

STRATEGIC, INDIVIDUAL = Ref("recommendation", 2), Ref("recommendation", 1)
OF_INDIVIDUAL = Ref("action", 1)
CONCERN = Ref("immediate_concern", 1)
FROM_A_CASE = "The file of one child holds no chronology"


def full_world(world_at: At) -> World:
    """Bring an audit to its actions, with an individual practice recommendation for the trust on the way."""
    world = world_at("findings")
    with world.does("sam") as tx:
        case_id = world.cases()[0]
        seen = concluding.Seen(world.aims()[0], "area for development", FROM_A_CASE, case_id)
        concluding.record_finding(tx, world.audit, seen)
    world.audit_at("recommendations")
    with world.does("sam") as tx:
        trust = world.number(Agency, "trust")
        aims = world.aims()
        wanted = concluding.Wanted("individual_practice", "Keep a chronology", [aims[0]], [2], [], trust)
        made = concluding.make_recommendation(tx, world.audit, wanted)
    world.is_granted("sam", made, "agree")
    own = world.plans("bo", "trust", recommendation=made, owner="health_visiting")
    world.audit_at("actions")
    with world.does("nell") as tx:
        acting.note_progress(tx, own, "on track", "The first ten files are done.")
        acting.add_evidence(tx, own, "Chronology of one file", "It names what was missed.")
    with world.does("bo") as tx:
        council = world.number(Agency, "council")
        acting.raise_concern(tx, council, "The home is not safe", audit=world.audit, case_id=world.cases()[0])
    return world


def case_ref(world: World) -> str:
    """Give the reference of the case from which the finding came."""
    with world.office.store.reading(group=EVERY) as session:
        return session.get_one(Case, world.cases()[0]).case_ref
