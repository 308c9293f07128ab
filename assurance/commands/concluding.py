"""What the group concludes: its joint look, findings, recommendations, and whether they have lasted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.commands.attaching import attach
from assurance.commands.checks import (
    held,
    next_number,
    next_recommendation,
    one_of,
    own,
    refuse_cancelled,
    said,
)
from assurance.commands.hearing import hear, require_for_agency
from assurance.commands.moving import Done, Entered, enter, start
from assurance.files.cabinet import Kept
from assurance.office import Tx
from assurance.reasons import day_in_words
from assurance.records import (
    Agency,
    AgencyAnswer,
    AgencyReturn,
    Aim,
    Answer,
    Audit,
    Case,
    Dissemination,
    Evidence,
    Finding,
    Meeting,
    Moderation,
    ReAudit,
    Recommendation,
    RecommendationAim,
    RecommendationFinding,
)
from engine.errors import Reason, Refused
from engine.moved import Ref

FINDING_KINDS = ("strength", "area for development", "learning point")
RECOMMENDATION_TYPES = ("strategic", "individual_practice")
ACCEPTANCES = ("accepted", "not_accepted")


@dataclass(frozen=True, slots=True)
class Seen:
    """One finding: under which aim, of which kind, in which words; `case_id` stays private to few."""

    aim_id: int
    kind: str
    text: str
    case_id: int | None = None
    none_needed: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One recommendation, the aims and findings that it comes from, and the agencies that are asked."""

    type: str
    text: str
    aim_ids: Sequence[int]
    finding_ids: Sequence[int]
    asked_agency_ids: Sequence[int]
    agency_id: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """How many answers said `yes`, of those that could."""

    yes: int
    asked: int

    @property
    def portion(self) -> float:
        """Give the share between 0 and 1; nobody asked is 0."""
        return self.yes / self.asked if self.asked else 0.0


def hold_moderation(
    tx: Tx,
    audit: Ref,
    note: str,
    *,
    meeting_id: int | None = None,
    held_on: date | None = None,
    key: str | None = None,
) -> Done:
    """Record that the group has looked at the returns together."""
    held(tx, audit, Audit.noun)
    day = held_on or tx.today
    if meeting_id is not None:
        meeting = own(tx, Meeting, meeting_id, "meeting")
        refuse_cancelled(meeting)
        day = meeting.on
    if day > tx.today:
        sentence = f"The returns cannot have been looked at on {day_in_words(day)}, which is still to come."
        raise Refused(Reason("still_to_come", sentence))
    row = Moderation(
        group_id=tx.actor.group_id,
        audit_id=audit.id,
        meeting_id=meeting_id,
        held_on=day,
        note=said(note, "what the group looked at"),
    )
    tx.session.add(row)
    tx.session.flush()
    return enter(
        tx, audit, "hold_moderation", Entered({"moderation": row.id}), given={"held_on": day}, key=key
    )


def record_finding(tx: Tx, audit: Ref, seen: Seen, *, key: str | None = None) -> int:
    """Record what was seen under one aim. Gives the finding's id."""
    held(tx, audit, Audit.noun)
    aim = _aim_of(tx, audit, seen.aim_id)
    if seen.case_id is not None and own(tx, Case, seen.case_id, "case").audit_id != audit.id:
        raise Refused(Reason("unknown_case", "This case belongs to another audit."))
    row = Finding(
        group_id=tx.actor.group_id,
        audit_id=audit.id,
        aim_id=aim.id,
        case_id=seen.case_id,
        number=next_number(tx, Finding, audit.id),
        kind=one_of(seen.kind, FINDING_KINDS, "a kind of finding"),
        text=said(seen.text, "what was seen"),
        none_needed=said(seen.none_needed, "why nothing needs to follow") if seen.none_needed else None,
    )
    tx.session.add(row)
    tx.session.flush()
    enter(tx, audit, "record_finding", Entered({"finding": row.id}), key=key)
    return row.id


def make_recommendation(tx: Tx, audit: Ref, wanted: Wanted, *, key: str | None = None) -> Ref:
    """Make a recommendation and ask the agencies that it concerns.

    Raises Refused where it comes from no aim of this audit, or an individual practice one names no agency.
    """
    held(tx, audit, Audit.noun)
    one_of(wanted.type, RECOMMENDATION_TYPES, "a kind of recommendation")
    if (wanted.type == "individual_practice") != (wanted.agency_id is not None):
        sentence = "An individual practice recommendation names its one agency; a strategic one names none."
        raise Refused(Reason("agency_of_recommendation", sentence))
    if not wanted.aim_ids:
        raise Refused(Reason("no_aim", "Name at least one aim from which the recommendation comes."))
    row = Recommendation(
        audit_id=audit.id,
        number=next_recommendation(tx, audit.id, wanted.type),
        type=wanted.type,
        agency_id=wanted.agency_id,
        text=said(wanted.text, "what should change"),
    )
    ref = start(tx, row, Recommendation.noun)
    group = tx.actor.group_id
    for aim_id in dict.fromkeys(wanted.aim_ids):
        aim = _aim_of(tx, audit, aim_id)
        tx.session.add(RecommendationAim(group_id=group, recommendation_id=ref.id, aim_id=aim.id))
    for finding_id in dict.fromkeys(wanted.finding_ids):
        finding = own(tx, Finding, finding_id, "finding")
        if finding.audit_id != audit.id:
            raise Refused(Reason("unknown_finding", "This finding belongs to another audit."))
        tx.session.add(RecommendationFinding(group_id=group, recommendation_id=ref.id, finding_id=finding.id))
    asked = wanted.asked_agency_ids if wanted.agency_id is None else [wanted.agency_id]
    for agency_id in asked:
        agency = own(tx, Agency, agency_id, "agency")
        tx.session.add(
            AgencyAnswer(group_id=group, recommendation_id=ref.id, agency_id=agency.id, answer="asked")
        )
    tx.session.flush()
    enter(tx, audit, "make_recommendation", Entered({"recommendation": ref.id}), key=key)
    return ref


def answer_for_agency(
    tx: Tx, ref: Ref, agency_id: int, answer: str, *, reason: str | None = None, key: str | None = None
) -> Done:
    """Say for one agency whether it takes a recommendation on; a `not_accepted` gives its reason."""
    held(tx, ref, Recommendation.noun)
    one_of(answer, ACCEPTANCES, "an answer of an agency")
    if answer == "not_accepted" and not (reason or "").strip():
        raise Refused(Reason("needs_reason", "Say why the agency does not accept it."))
    reason = said(reason, "why the agency answers so") if reason and reason.strip() else None
    row = tx.session.scalar(
        sa.select(AgencyAnswer).where(
            AgencyAnswer.recommendation_id == ref.id, AgencyAnswer.agency_id == agency_id
        )
    )
    if row is None:
        raise Refused(Reason("not_asked", "This agency was not asked about this recommendation."))
    require_for_agency(tx, agency_id)
    row.answer, row.reason = answer, reason
    texts = {"reason": reason} if reason else {}
    return enter(
        tx, ref, "answer_for_agency", Entered({"agency": agency_id, "answer": answer}, texts), key=key
    )


def record_re_audit(
    tx: Tx, ref: Ref, earlier_aim_id: int, later_aim_id: int, *, key: str | None = None
) -> ReAudit:
    """Set the answers of a later audit to the same aim beside the earlier ones, and say which are better.

    Shares are counted from accepted returns only; measured is the day on which the group looked at the later
    audit's returns. Raises Refused where the later aim does not ask the earlier one again, the recommendation did
    not come from the earlier aim, or the two stand side by side already.
    """
    held(tx, ref, Recommendation.noun)
    earlier, later = own(tx, Aim, earlier_aim_id, "aim"), own(tx, Aim, later_aim_id, "aim")
    came_from = set(
        tx.session.scalars(
            sa.select(RecommendationAim.aim_id).where(RecommendationAim.recommendation_id == ref.id)
        )
    )
    reasons = []
    if earlier.id not in came_from:
        reasons.append(Reason("other_aim", "The recommendation did not come from this earlier aim."))
    if earlier.id not in _asked_before(tx, later):
        reasons.append(Reason("not_asked_again", "The later aim does not ask the earlier one again."))
    there = sa.select(ReAudit.id).where(ReAudit.recommendation_id == ref.id, ReAudit.later_aim_id == later.id)
    if tx.session.scalar(there) is not None:
        reasons.append(Reason("already", "This re-audit is recorded already."))
    if reasons:
        raise Refused(*reasons)
    held_on = tx.session.get_one(Audit, later.audit_id).held_on
    if held_on is None:
        raise Refused(Reason("not_held", "The later audit has not been looked at by the group yet."))
    before, after = share_of_yes(tx, earlier.id), share_of_yes(tx, later.id)
    row = ReAudit(
        group_id=tx.actor.group_id,
        recommendation_id=ref.id,
        earlier_aim_id=earlier.id,
        later_aim_id=later.id,
        before_yes=before.yes,
        before_asked=before.asked,
        after_yes=after.yes,
        after_asked=after.asked,
        measured_on=held_on,
        is_better=after.asked > 0 and after.portion > before.portion,
    )
    tx.session.add(row)
    tx.session.flush()
    data = {"re_audit": row.id, "before": [before.yes, before.asked], "after": [after.yes, after.asked]}
    enter(tx, ref, "record_re_audit", Entered(data), key=key)
    return row


def share_of_yes(tx: Tx, aim_id: int) -> Share:
    """Count the answers to one aim in accepted returns: those that say `yes`, of all that were applicable."""
    rows = tx.session.execute(
        sa.select(Answer.answer, sa.func.count())
        .join(AgencyReturn, AgencyReturn.id == Answer.return_id)
        .where(Answer.aim_id == aim_id, AgencyReturn.state == "accepted", Answer.answer != "not applicable")
        .group_by(Answer.answer)
    )
    counts = dict(rows.all())
    return Share(counts.get("yes", 0), sum(counts.values()))


def record_evidence(
    tx: Tx, ref: Ref, title: str, text: str, *, file: Kept | None = None, key: str | None = None
) -> Done:
    """Record evidence that a recommendation's effect has, or has not, lasted; a file may prove it."""
    return enter(tx, ref, "record_evidence", evidence(tx, ref, title, text, file), key=key)


def evidence(tx: Tx, ref: Ref, title: str, text: str, file: Kept | None) -> Entered:
    """Keep one piece of evidence beside a subject, with its file where there is one."""
    if tx.actor.person_id is None:
        raise Refused(Reason("nobody", "Only a person can give evidence."))
    row = Evidence(
        group_id=tx.actor.group_id,
        subject_kind=ref.kind,
        subject_id=ref.id,
        person_id=tx.actor.person_id,
        on=tx.today,
        title=said(title, "what the evidence is"),
        text=said(text, "what it shows"),
    )
    tx.session.add(row)
    tx.session.flush()
    filed = {} if file is None else attach(tx, hear(tx, ref).known, file, evidence_id=row.id)
    return Entered({"evidence": row.id, **filed})


def record_dissemination(
    tx: Tx, audit: Ref, agency_id: int, how: str, reached: int, *, key: str | None = None
) -> Done:
    """Record how one agency has spread the learning of an audit, and how many people it has reached."""
    held(tx, audit, Audit.noun)
    agency = own(tx, Agency, agency_id, "agency")
    require_for_agency(tx, agency.id)
    if reached < 1:
        raise Refused(Reason("reached_nobody", "Say how many people it has reached: one at least."))
    there = sa.select(Dissemination.id).where(
        Dissemination.audit_id == audit.id, Dissemination.agency_id == agency.id
    )
    if tx.session.scalar(there) is not None:
        raise Refused(Reason("already", f"How {agency.name} has spread the learning is recorded already."))
    row = Dissemination(
        group_id=tx.actor.group_id,
        audit_id=audit.id,
        agency_id=agency.id,
        on=tx.today,
        how=said(how, "how the learning was spread"),
        reached=reached,
    )
    tx.session.add(row)
    tx.session.flush()
    return enter(
        tx, audit, "record_dissemination", Entered({"agency": agency.id, "reached": reached}), key=key
    )


def _aim_of(tx: Tx, audit: Ref, aim_id: int) -> Aim:
    aim = own(tx, Aim, aim_id, "aim")
    if aim.audit_id != audit.id:
        raise Refused(Reason("unknown_aim", "This aim belongs to another audit."))
    return aim


def _asked_before(tx: Tx, aim: Aim) -> set[int]:
    """Follow an aim back through the audits that asked it before."""
    found: set[int] = set()
    while aim.asks_again_id is not None and aim.asks_again_id not in found:
        found.add(aim.asks_again_id)
        aim = tx.session.get_one(Aim, aim.asks_again_id)
    return found
