"""What an audit and its recommendations wait for next, for whoever looks after all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.facts import NOUNS, SETTLED_RECOMMENDATIONS, Known
from assurance.office import Tx
from assurance.queries.duties import Duty, Me, sources
from assurance.queries.group_duties import leads_on
from assurance.records import Audit, Recommendation
from assurance.standing import roles_of
from engine.conditions import Value
from engine.moved import Ref
from engine.workflow import Circumstances, Offer


def audit_duties(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    """Give the next step of each audit and of each recommendation that nobody else has to take first."""
    if not me.looks_after_all():
        return
    yield from _audits(tx, viewer, me)
    yield from _re_audits(tx, viewer)
    yield from _recommendations(tx, viewer)


def _audits(tx: Tx, viewer: Viewer, me: Me) -> Iterator[Duty]:
    found = tx.session.scalars(sa.select(Audit).where(visible(viewer, Audit)).order_by(Audit.id))
    rows = {row.id: row for row in found if not _has_ended(tx, row)}
    for known in NOUNS[Audit.noun].load_many(tx.session, list(rows)):
        row = rows[known.ref.id]
        if known.facts["approvals_waiting"]:
            continue
        offers = _offers(tx, me, known)
        offer = _forward(tx, known, offers)
        if offer is None:
            continue
        stage = tx.playbook.definition(row.definition_id).states[row.state]
        if offer.is_open:
            why = f"It stands at “{stage.title}”, and nothing keeps it from the next step."
            steps: tuple[str, ...] = (offer.trigger,)
        else:
            why = f"Before “{offer.title}”: {' '.join(reason.sentence for reason in offer.reasons)}"
            steps = _what_helps(offers, known.facts)
            if not steps:
                continue  # it waits for others: for returns, or for what agencies are doing
        yield Duty(known.ref, row.theme, why, row.state_since_on, None, steps, row.reference)


def _has_ended(tx: Tx, row: Audit) -> bool:
    return tx.playbook.definition(row.definition_id).states[row.state].final


def _offers(tx: Tx, me: Me, known: Known) -> tuple[Offer, ...]:
    workflow = tx.playbook.definition(known.standing.definition_id)
    here = Circumstances(
        facts=known.facts,
        roles=roles_of(me.people, me.person_id, known.belongs),
        today=tx.today,
        calendar=tx.calendar,
    )
    return workflow.offers(known.standing.state, here)


def _forward(tx: Tx, known: Known, offers: Sequence[Offer]) -> Offer | None:
    """Give the door to the next stage, open or closed; None where the workflow has none."""
    workflow, state = tx.playbook.definition(known.standing.definition_id), known.standing.state
    forward = {way.trigger for way in workflow.moves if state in way.sources and leads_on(way, state)}
    return next((offer for offer in offers if offer.trigger in forward), None)


def _what_helps(offers: Sequence[Offer], facts: Mapping[str, Value]) -> tuple[str, ...]:
    """Name the entries that bring an audit nearer to its next stage: those that are open, and whose data are missing."""
    is_missing = {
        "add_aim": not facts["aims"],
        "draw_case": _whole(facts["cases_to_draw"]) > 0,
        "set_meeting": facts["meeting"] is None or facts["returns_due_on"] is None,
        "request_returns": _whole(facts["returns_missing"]) > 0,
        "hold_moderation": not facts["moderations"],
        "record_finding": not facts["findings"] or bool(facts["aims_without_finding"]),
        "make_recommendation": not facts["recommendations"] or bool(facts["findings_without_outcome"]),
    }
    is_open = {offer.trigger for offer in offers if offer.is_open}
    return tuple(step for step, missing in is_missing.items() if missing and step in is_open)


def _re_audits(tx: Tx, viewer: Viewer) -> Iterator[Duty]:
    rows = tx.session.execute(
        sa.select(Audit.id, Audit.theme, Audit.reference, Audit.state_since_on, Audit.re_audit_due_on).where(
            visible(viewer, Audit), Audit.signed_off_on.is_not(None), Audit.re_audit_due_on <= tx.today
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
    can = {
        step: sources(tx, Recommendation.noun, step)
        for step in ("agree", "begin", "implement", "judge_embedded", "reopen")
    }
    for number, state, since_on, check_on, text, audit, actions, undone, asked in rows:
        ref = Ref(Recommendation.noun, number)
        if state in can["agree"]:
            why = "It is written down; the group has still to stand behind it."
            yield Duty(ref, text, why, since_on, None, ("agree",), audit)
        elif state in can["begin"] and actions:
            why = "Agencies have planned their actions; work can begin."
            yield Duty(ref, text, why, since_on, None, ("begin",), audit)
        elif state in can["implement"] and actions and not undone and not asked:
            why = "Every action is verified or closed; record that it is implemented."
            yield Duty(ref, text, why, since_on, None, ("implement",), audit)
        elif state in can["judge_embedded"]:
            if check_on is not None and check_on <= tx.today:
                why = "It is time to ask whether it has lasted."
                yield Duty(ref, text, why, check_on, check_on, ("judge_embedded", "record_evidence"), audit)
        elif state in can["reopen"]:
            why = "A later look found that it has not lasted; decide with the group how to go on."
            yield Duty(ref, text, why, since_on, None, ("reopen",), audit)


def _whole(value: Value) -> int:
    return value if isinstance(value, int) else 0
