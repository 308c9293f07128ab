"""The repeat-finding finder: earlier recommendations that are like a new one, and what has become of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.likeness import Likeness, alike
from assurance.office import Tx
from assurance.queries.lists import state_title
from assurance.reasons import day_in_words
from assurance.records import Aim, Audit, Recommendation, RecommendationAim
from engine.moved import Ref

MOST = 5
_HAS_NOT = "It was done and has not lasted."
_STILL_OPEN = "It is not done yet; a second one beside it may not help."


@dataclass(frozen=True, slots=True)
class EarlierOne:
    """An earlier recommendation; `words` are shared with the new one, `became` says in a sentence what came of it.

    `from_same_aim` where it came from an aim that this audit asks again, however it is worded.
    """

    ref: Ref
    audit: str
    number: int
    text: str
    state: str
    state_title: str
    became: str
    percent: int
    words: tuple[str, ...]
    from_same_aim: bool


def earlier_like(
    tx: Tx, viewer: Viewer, text: str, *, aim_ids: Collection[int] = (), most: int = MOST
) -> tuple[EarlierOne, ...]:
    """Give the recommendations that the viewer may see and that are like a text, or came from the same aims before."""
    rows = {
        row.id: (row, reference)
        for row, reference in tx.session.execute(
            sa.select(Recommendation, Audit.reference)
            .join(Audit, Audit.id == Recommendation.audit_id)
            .where(visible(viewer, Recommendation))
        )
    }
    likenesses = {
        one.number: one for one in alike(text, {key: row.text for key, (row, _) in rows.items()}, most=most)
    }
    same = _from_earlier_aims(tx, aim_ids) & rows.keys()
    none = Likeness(0, 0.0, ())
    found = [
        _earlier(tx, *rows[number], likenesses.get(number, none), from_same_aim=number in same)
        for number in likenesses.keys() | same
    ]
    return tuple(sorted(found, key=lambda one: (not one.from_same_aim, -one.percent, -one.ref.id))[:most])


def _earlier(tx: Tx, row: Recommendation, audit: str, like: Likeness, *, from_same_aim: bool) -> EarlierOne:
    return EarlierOne(
        ref=Ref(Recommendation.noun, row.id),
        audit=audit,
        number=row.number,
        text=row.text,
        state=row.state,
        state_title=state_title(tx, row),
        became=_became(row),
        percent=round(100 * like.share),
        words=like.words,
        from_same_aim=from_same_aim,
    )


def _became(row: Recommendation) -> str:
    match row.state:
        case "embedded" if row.embedded_on is not None:
            return f"It has lasted: judged embedded on {day_in_words(row.embedded_on)}."
        case "not_embedded":
            return _HAS_NOT
        case "implemented" if row.embedded_check_on is not None:
            return (
                f"It is done; whether it has lasted is to be asked on {day_in_words(row.embedded_check_on)}."
            )
        case "proposed" | "agreed" | "in_progress":
            return _STILL_OPEN
        case "not_accepted" | "superseded" | "risk_accepted":
            return "It was closed with a reason; read that first."
    return ""


def _from_earlier_aims(tx: Tx, aim_ids: Collection[int]) -> set[int]:
    """Find the recommendations that came from the aims which these aims ask again, however far back."""
    if not aim_ids:
        return set()
    asked = dict(
        tx.session.execute(
            sa.select(Aim.id, Aim.asks_again_id).where(Aim.group_id == tx.actor.group_id)
        ).all()
    )
    before: set[int] = set()
    for aim_id in aim_ids:
        earlier = asked.get(aim_id)
        while earlier is not None and earlier not in before:
            before.add(earlier)
            earlier = asked.get(earlier)
    return set(
        tx.session.scalars(
            sa.select(RecommendationAim.recommendation_id).where(RecommendationAim.aim_id.in_(before))
        )
    )
