"""What forms let people choose from: posts, agencies, audits, cases, aims that were asked again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.access import Viewer, require_sight, visible
from assurance.office import Tx
from assurance.queries.tracker import Choice
from assurance.records import Action, Agency, AgencyAnswer, Aim, Audit, Case, Post, ReAudit, Recommendation
from assurance.records import RecommendationAim as CameFrom
from assurance.roster import GROUP_ROLES, Roster, roster
from engine.moved import Ref


@dataclass(frozen=True, slots=True)
class PlanSoFar:
    """Whose action it is, and what of its plan stands."""

    agency_id: int
    owner_post_id: int | None
    measure: str | None
    due_on: date | None


SPEAKS_FOR_ALL = frozenset({"coordinator"})


def agencies_to_choose(tx: Tx, viewer: Viewer, *, besides: int | None = None) -> tuple[Choice, ...]:
    """Give the partner agencies by name, without one of them where that is asked."""
    still_here = (visible(viewer, Agency), Agency.closed_on.is_(None))
    query = sa.select(Agency.id, Agency.name).where(*still_here).order_by(Agency.name)
    return tuple(Choice(str(number), name) for number, name in tx.session.execute(query) if number != besides)


def agencies_spoken_for(tx: Tx, viewer: Viewer) -> tuple[Choice, ...]:
    """Give the agencies for which the viewer may enter something: their own, or all for who enters for all."""
    every = agencies_to_choose(tx, viewer)
    if viewer.roles & SPEAKS_FOR_ALL:
        return every
    return tuple(one for one in every if int(one.value) in viewer.agencies)


def asked_agencies(tx: Tx, viewer: Viewer, recommendation: Ref) -> tuple[Choice, ...]:
    """Give the agencies that were asked about a recommendation and for which the viewer may answer."""
    asked = set(
        tx.session.scalars(
            sa.select(AgencyAnswer.agency_id).where(AgencyAnswer.recommendation_id == recommendation.id)
        )
    )
    return tuple(one for one in agencies_spoken_for(tx, viewer) if int(one.value) in asked)


def planning_agencies(tx: Tx, viewer: Viewer, recommendation: Ref) -> tuple[Choice, ...]:
    """Give the agencies for which the viewer may plan an action about a recommendation."""
    only = tx.session.scalar(
        sa.select(Recommendation.agency_id).where(Recommendation.id == recommendation.id)
    )
    return tuple(one for one in agencies_spoken_for(tx, viewer) if only in (None, int(one.value)))


def posts_of(tx: Tx, viewer: Viewer, agency_ids: Collection[int]) -> tuple[Choice, ...]:
    """Give the posts of agencies, each with who holds it today: one of them can own an action of its agency.

    A post that acts for the whole group is none of them: whoever verifies an action does not own it.
    """
    held = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    query = (
        sa.select(Post.id, Post.title, Agency.name)
        .join(Agency, Agency.id == Post.agency_id)
        .where(visible(viewer, Post), Agency.id.in_(agency_ids), Post.role.not_in(GROUP_ROLES))
        .where(Post.closed_on.is_(None))
        .order_by(Agency.name, Post.title)
    )
    are_several = len(agency_ids) > 1
    return tuple(
        Choice(str(number), f"{f'{agency}: ' if are_several else ''}{title} ({_holders(held, number)})")
        for number, title, agency in tx.session.execute(query)
    )


def plan_so_far(tx: Tx, viewer: Viewer, ref: Ref) -> PlanSoFar:
    """Give what is planned of an action; raises Refused where there is none for this viewer."""
    require_sight(tx.session, viewer, ref)
    row = tx.session.get_one(Action, ref.id)
    return PlanSoFar(row.agency_id, row.owner_post_id, row.measure, row.original_due_on)


def audits_to_choose(tx: Tx, viewer: Viewer) -> tuple[Choice, ...]:
    """Give the audits, the newest first."""
    query = sa.select(Audit.id, Audit.reference, Audit.theme).where(visible(viewer, Audit))
    rows = tx.session.execute(query.order_by(Audit.id.desc()))
    return tuple(Choice(str(number), f"{reference}: {theme}") for number, reference, theme in rows)


def cases_to_choose(tx: Tx, viewer: Viewer) -> tuple[Choice, ...]:
    """Give the cases that the viewer may see, under their references, the newest audit first."""
    query = (
        sa.select(Case.id, Case.case_ref, Audit.reference)
        .join(Audit, Audit.id == Case.audit_id)
        .where(visible(viewer, Case))
        .order_by(Audit.id.desc(), Case.id)
    )
    rows = tx.session.execute(query)
    return tuple(Choice(str(number), f"{case} (audit {reference})") for number, case, reference in rows)


def aims_asked_again(tx: Tx, viewer: Viewer, recommendation: Ref) -> tuple[Choice, ...]:
    """Give the pairs of aims that can be set side by side, as `earlier-later`, with what the later one asks.

    The earlier one is an aim of the recommendation; the later one asks it again, directly or through others, in an
    audit whose returns the group has looked at, and has not been set beside it yet.
    """
    came_from = sa.select(CameFrom.aim_id).where(CameFrom.recommendation_id == recommendation.id)
    earlier = set(tx.session.scalars(came_from))
    done = set(
        tx.session.scalars(
            sa.select(ReAudit.later_aim_id).where(ReAudit.recommendation_id == recommendation.id)
        )
    )
    rows = tx.session.execute(
        sa.select(Aim.id, Aim.number, Aim.text, Aim.asks_again_id, Audit.reference, Audit.held_on)
        .join(Audit, Audit.id == Aim.audit_id)
        .where(visible(viewer, Aim), Aim.asks_again_id.is_not(None))
        .order_by(Aim.id)
    ).all()
    asks_again = {row.id: row.asks_again_id for row in rows}
    return tuple(
        Choice(f"{before}-{row.id}", f"Audit {row.reference}, aim {row.number}: {row.text}")
        for row in rows
        if row.held_on is not None and row.id not in done
        for before in _asked_before(row.id, asks_again)
        if before in earlier
    )


def _asked_before(aim_id: int, asks_again: Mapping[int, int]) -> list[int]:
    """Follow an aim back through those that it asks again."""
    found: list[int] = []
    before = asks_again.get(aim_id)
    while before is not None and before not in found:
        found.append(before)
        before = asks_again.get(before)
    return found


def _holders(held: Roster, post_id: int) -> str:
    return ", ".join(seat.person for seat in held.in_post(post_id)) or "vacant"
