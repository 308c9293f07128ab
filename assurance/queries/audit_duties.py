"""What an audit and its recommendations wait for next, for whoever looks after all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.facts import NOUNS, SETTLED_RECOMMENDATIONS, Known
from assurance.office import Tx
from assurance.queries.duties import Duty, Me
from assurance.queries.group_duties import leads_on
from assurance.records import Audit, Recommendation
from assurance.standing import roles_of
from engine.conditions import Value
from engine.moved import Ref
from engine.workflow import Circumstances, Offer

FINAL = ("embedded", "cancelled")


def audit_duties(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    """Give the next step of each audit and of each recommendation that nobody else has to take first."""
    if not me.looks_after_all():
        return
    yield from _audits(tx, viewer, me)
    yield from _re_audits(tx, viewer)
    yield from _recommendations(tx, viewer)


def _audits(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    rows = {
        row.id: row
        for row in tx.session.scalars(
            sa.select(Audit).where(visible(viewer, Audit), Audit.state.not_in(FINAL)).order_by(Audit.id)
        )
    }
    for known in NOUNS[Audit.noun].load_many(tx.session, list(rows)):
        row = rows[known.ref.id]
        if known.facts["approvals_waiting"]:
            continue
        offer = _forward(tx, me, known)
        if offer is None:
            continue
        stage = tx.playbook.definition(row.definition_id).states[row.state]
        if offer.is_open:
            why = f"It stands at “{stage.title}”, and nothing keeps it from the next step."
            steps: tuple[str, ...] = (offer.trigger,)
        else:
            why = f"Before “{offer.title}”: {' '.join(reason.sentence for reason in offer.reasons)}"
            steps = _what_helps(row.state, known.facts)
            if not steps:
                continue  # it waits for others: for returns, or for what agencies are doing
        due_on = row.returns_due_on if row.state == "agency_audits" else None
        yield Duty(known.ref, row.theme, why, row.state_since_on, due_on, steps, row.reference)


def _forward(tx: Tx, me: Me, known: Known) -> Offer | None:
    """Give the door to the next stage, open or closed; None where the workflow has none for this person."""
    workflow = tx.playbook.definition(known.standing.definition_id)
    state = known.standing.state
    forward = {way.trigger for way in workflow.moves if state in way.sources and leads_on(way, state)}
    here = Circumstances(
        facts=known.facts,
        roles=roles_of(me.people, me.person_id, known.belongs),
        today=tx.today,
        calendar=tx.calendar,
    )
    return next((offer for offer in workflow.offers(state, here) if offer.trigger in forward), None)


def _what_helps(state: str, facts: Mapping[str, Value]) -> tuple[str, ...]:
    """Name the entry that brings an audit nearer to its next stage."""
    if state == "agency_audits":
        return ("request_returns",) if _whole(facts["returns_missing"]) > 0 else ()
    if state == "findings":
        return ("record_finding",) if _whole(facts["moderations"]) else ("hold_moderation",)
    entry = {
        "proposed": "add_aim",
        "theme_agreed": "draw_case",
        "cases_selected": "set_meeting",
        "recommendations": "make_recommendation",
    }.get(state)
    return () if entry is None else (entry,)


def _re_audits(tx: Tx, viewer: Viewer) -> Iterator[Duty]:
    rows = tx.session.execute(
        sa.select(Audit.id, Audit.theme, Audit.reference, Audit.state_since_on, Audit.re_audit_due_on).where(
            visible(viewer, Audit), Audit.state == "embedded", Audit.re_audit_due_on <= tx.today
        )
    )
    for number, theme, reference, since_on, due_on in rows:
        why = "A year after its sign-off the theme is due to be audited again."
        yield Duty(Ref(Audit.noun, number), theme, why, since_on, due_on, (), reference)


def _recommendations(tx: Tx, viewer: Viewer) -> Iterator[Duty]:
    fact = {one.field.name: one.expression for one in NOUNS[Recommendation.noun].facts}
    rows = tx.session.execute(
        sa.select(
            Recommendation.id,
            Recommendation.state,
            Recommendation.state_since_on,
            Recommendation.embedded_check_on,
            Recommendation.text,
            Audit.reference,
            fact["actions"],
            fact["actions_open"],
            fact["agencies_asked"],
        )
        .join(Audit, Audit.id == Recommendation.audit_id)
        .where(
            visible(viewer, Recommendation),
            Recommendation.state.not_in(SETTLED_RECOMMENDATIONS),
            fact["approvals_waiting"] == 0,
        )
    )
    for number, state, since_on, check_on, text, audit, actions, undone, asked in rows:
        ref = Ref(Recommendation.noun, number)
        if state == "proposed":
            why = "It is written down; the group has still to stand behind it."
            yield Duty(ref, text, why, since_on, None, ("agree",), audit)
        elif state == "agreed" and actions:
            why = "Agencies have planned their actions; work can begin."
            yield Duty(ref, text, why, since_on, None, ("begin",), audit)
        elif state == "in_progress" and actions and not undone and not asked:
            why = "Every action is verified or closed; record that it is implemented."
            yield Duty(ref, text, why, since_on, None, ("implement",), audit)
        elif state == "implemented" and check_on is not None and check_on <= tx.today:
            why = "It is time to ask whether it has lasted."
            yield Duty(ref, text, why, check_on, check_on, ("judge_embedded", "record_evidence"), audit)
        elif state == "not_embedded":
            why = "A later look found that it has not lasted; decide with the group how to go on."
            yield Duty(ref, text, why, since_on, None, ("reopen",), audit)


def _whole(value: Value) -> int:
    return value if isinstance(value, int) else 0
