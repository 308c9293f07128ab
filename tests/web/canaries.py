"""A world in which every agency has written something that no other agency may read, each with a word of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from assurance.commands import acting, concluding, reading
from assurance.commands.addresses import note_return
from assurance.commands.silencing import silence
from assurance.office import clock_of
from assurance.records import Agency
from engine.moved import Ref
from notifications.outbox import Message
from notifications.refusals import Refusal
from tests.world import Templates, World

# By agency: who leads it, whose records it reads, who owns its actions.
AGENCIES: Mapping[str, tuple[str, str, str]] = {
    "trust": ("bo", "health_visiting", "health_visiting"),
    "council": ("dev", "social_care", "social_care"),
    "police": ("fay", "police", "policing"),
    "ccg": ("gil", "gp", "named_gp"),
}
EVERYBODY = (
    "ada", "dan", "sam", "una", "bo", "nell", "dev", "esme", "fay", "gil", "hal", "cleo", "ida", "thea", "viv",
)  # fmt: skip
SEES_EVERYTHING = frozenset({"ada", "dan", "sam", "una"})
OF_AGENCY: Mapping[str, frozenset[str]] = {
    "trust": frozenset({"bo", "nell"}),
    "council": frozenset({"dev", "esme", "dan"}),
    "police": frozenset({"fay"}),
    "ccg": frozenset({"gil", "ada"}),
}


def canary(agency: str) -> str:
    """Give the word that stands in everything that only one agency may read."""
    return f"canary{agency}"


def hidden_from(person: str) -> tuple[str, ...]:
    """Give the words that somebody must never meet."""
    if person in SEES_EVERYTHING:
        return ()
    return tuple(canary(agency) for agency, people in OF_AGENCY.items() if person not in people)


def canary_world(templates: Templates, file: Path) -> World:
    """Let each agency answer, get a recommendation of its own, act, prove, ask for a later date, and raise a concern.

    A rule about each agency's own action is silent, with a reason that few may read, and somebody's mail comes back.
    """
    world = templates.world(file, "agency_audits")
    for agency, (lead, records, _) in AGENCIES.items():
        for ref in world.returns(records):
            _answer(world, lead, ref, agency)
    world.audit_at("recommendations")
    own = {agency: _recommend(world, agency) for agency in AGENCIES}
    for agency, recommendation in own.items():
        _act(world, agency, recommendation)
    world.audit_at("actions")
    lose_an_address(world, "esme")
    return world


def _answer(world: World, lead: str, ref: Ref, agency: str) -> None:
    world.moves(lead, ref, "start")
    word = canary(agency)
    with world.does(lead) as tx:
        reading.answer_aims(tx, ref, dict.fromkeys(world.aims(), ("partly", f"{word} in an answer")))
    world.moves(lead, ref, "submit")
    world.moves("sam", ref, "request_changes", reason=f"{word} in a reason", new_due_on=world.today)
    world.moves(lead, ref, "submit")
    world.moves("sam", ref, "accept")


def _recommend(world: World, agency: str) -> Ref:
    with world.does("sam") as tx:
        wanted = concluding.Wanted(
            "individual_practice",
            f"{canary(agency)} in a recommendation",
            [world.aims()[0]],
            [1],
            [],
            world.number(Agency, agency),
        )
        made = concluding.make_recommendation(tx, world.audit, wanted)
    world.is_granted("sam", made, "agree", by="dan" if agency == "ccg" else "ada")
    return made


def _act(world: World, agency: str, recommendation: Ref) -> None:
    lead, _, owner = AGENCIES[agency]
    word = canary(agency)
    action = world.plans(lead, agency, recommendation=recommendation, owner=owner)
    with world.does(lead) as tx:
        acting.note_progress(tx, action, "at risk", f"{word} in a note")
        acting.add_evidence(tx, action, f"{word} in a title", f"{word} in evidence")
        acting.raise_concern(tx, world.number(Agency, agency), f"{word} in a concern", audit=world.audit)
    world.asks(
        lead,
        action,
        "extend",
        new_due_on=world.working_days_from(world.today, 250),
        reason=f"{word} in a request",
    )
    with world.does("sam") as tx:
        until_on = world.working_days_from(world.today, 20)
        silence(tx, rule_id="action-silent", ref=action, until_on=until_on, reason=f"{word} in a silence")


def lose_an_address(world: World, who: str) -> None:
    """Let it be known that mail to somebody comes back."""
    person = f"person/{world.actor(who).person_id}"
    number = world.ask(sa.select(Message.id).where(Message.person_ref == person))[0]
    with world.office.begin(clock_of(world.group_id)) as tx:
        note_return(tx, number, Refusal.of(550, "5.1.1 No such user"), is_dead=True, key=f"gone-{who}")
