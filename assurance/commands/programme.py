"""Setting up the year: audits, their aims and cases, and asking the agencies for their returns."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from assurance.commands.checks import held, next_number, one_of, own, said
from assurance.commands.hearing import load, require_role
from assurance.commands.moving import Done, Entered, enter, start
from assurance.links import send_with_request
from assurance.mail import Item, News, Told, tell
from assurance.office import Tx
from assurance.records import AgencyReturn, Aim, Audit, Case, PlannedAudit, Programme, RecordSet
from assurance.roster import Roster, Seat, roster
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.words import unknown

CASE_KINDS = ("child", "family", "adult")
SOURCE_KINDS = ("review", "inspection", "data", "national report")
# No vowels and no look-alikes: a reference spells no word and survives being read aloud.
CASE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"
CASE_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Theme:
    """What a new audit is about. `look_back_months` is how far back files are read; `cases` how many are drawn."""

    year: str
    theme: str
    source_kind: str
    source: str
    scope: str
    look_back_months: int
    cases: int


def open_audit(tx: Tx, theme: Theme, *, key: str | None = None) -> Ref:
    """Propose an audit on a theme, in the programme of a year.

    Raises Refused where the year has no programme, or a word or number cannot be used.
    """
    require_role(tx, "coordinator", "chair", "deputy_chair")
    programme = _programme(tx, theme.year)
    problems = list(_faults_of(theme))
    if problems:
        raise Refused(*problems)
    count = sa.select(sa.func.count()).select_from(Audit).where(Audit.programme_id == programme.id)
    number = (tx.session.scalar(count) or 0) + 1
    row = Audit(
        reference=f"{theme.year}/{number}",
        programme_id=programme.id,
        theme=theme.theme,
        source_kind=theme.source_kind,
        source=theme.source,
        scope=theme.scope,
        look_back_months=theme.look_back_months,
        case_target=theme.cases,
    )
    ref = start(tx, row, Audit.noun, entered=Entered({"reference": row.reference}), key=key)
    planned = tx.session.scalar(
        sa.select(PlannedAudit).where(
            PlannedAudit.programme_id == programme.id,
            PlannedAudit.theme == theme.theme,
            PlannedAudit.audit_id.is_(None),
        )
    )
    if planned is not None:
        planned.audit_id = ref.id
    return ref


def add_aim(tx: Tx, audit: Ref, text: str, *, asks_again: int | None = None, key: str | None = None) -> int:
    """Write down one aim of an audit; `asks_again` is the earlier aim that it repeats. Gives the aim's id."""
    held(tx, audit, Audit.noun)
    number = next_number(tx, Aim, audit.id)
    if asks_again is not None:
        own(tx, Aim, asks_again, "earlier aim")
    aim = Aim(
        group_id=tx.actor.group_id,
        audit_id=audit.id,
        number=number,
        text=said(text, "an aim"),
        asks_again_id=asks_again,
    )
    tx.session.add(aim)
    tx.session.flush()
    enter(tx, audit, "add_aim", Entered({"aim": aim.id}), key=key)
    return aim.id


def draw_case(tx: Tx, audit: Ref, kind: str, criterion: str, *, key: str | None = None) -> int:
    """Draw one case under a fresh random reference; who it is stays with each agency. Gives the case's id."""
    held(tx, audit, Audit.noun)
    case = Case(
        group_id=tx.actor.group_id,
        audit_id=audit.id,
        case_ref=new_case_ref(),
        kind=one_of(kind, CASE_KINDS, "a kind of case"),
        criterion=said(criterion, "a criterion"),
    )
    tx.session.add(case)
    tx.session.flush()
    enter(tx, audit, "draw_case", Entered({"case": case.id, "case_ref": case.case_ref}), key=key)
    return case.id


def new_case_ref() -> str:
    """Make a reference that tells nothing: C-7KQ2MP."""
    return "C-" + "".join(secrets.choice(CASE_LETTERS) for _ in range(CASE_LENGTH))


def request_returns(tx: Tx, audit: Ref, *, key: str | None = None) -> tuple[Ref, ...]:
    """Ask for a return for each case and record set that has none yet, and tell each lead once, with counts.

    Whoever answers by links gets one for each return instead.
    """
    held(tx, audit, Audit.noun)
    row = tx.session.get_one(Audit, audit.id)
    if row.returns_due_on is None:
        raise Refused(Reason("no_due_day", "Name the meeting and the day for the returns first."))
    there = tx.session.execute(
        sa.select(AgencyReturn.case_id, AgencyReturn.record_set_id).where(AgencyReturn.audit_id == audit.id)
    )
    existing = {(case, records) for case, records in there}
    made: list[Ref] = []
    asked: dict[int, list[Ref]] = {}
    record_sets = tx.session.scalars(
        sa.select(RecordSet)
        .where(RecordSet.group_id == tx.actor.group_id, RecordSet.closed_on.is_(None))
        .order_by(RecordSet.id)
    ).all()
    cases = tx.session.scalars(sa.select(Case).where(Case.audit_id == audit.id).order_by(Case.id)).all()
    for case in cases:
        for records in record_sets:
            if (case.id, records.id) in existing:
                continue
            asked_for = AgencyReturn(
                audit_id=audit.id,
                case_id=case.id,
                agency_id=records.agency_id,
                record_set_id=records.id,
                due_on=row.returns_due_on,
                original_due_on=row.returns_due_on,
            )
            made.append(start(tx, asked_for, AgencyReturn.noun))
            asked.setdefault(records.id, []).append(made[-1])
    if not made:
        raise Refused(Reason("nothing_to_ask", "Every case and record set already has its return."))
    done = enter(tx, audit, "request_returns", Entered({"returns": len(made)}), key=key)
    told = [records for records in record_sets if records.id in asked]
    by_link = [
        records for records in told if _sends_links(tx, records, asked[records.id], row.returns_due_on)
    ]
    _tell_leads(tx, audit, [records for records in told if records not in by_link], asked, done)
    return tuple(made)


def _sends_links(tx: Tx, records: RecordSet, returns: Sequence[Ref], due_on: date) -> bool:
    """Send links to the returns of records that are answered so; says whether somebody gets them."""
    if not records.answers_by_link:
        return False
    sent = [send_with_request(tx, ref, due_on) for ref in returns]
    return all(sent)


def _tell_leads(
    tx: Tx, audit: Ref, record_sets: Sequence[RecordSet], asked: dict[int, list[Ref]], done: Done
) -> None:
    known = load(tx, audit)
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    due = known.facts["returns_due_on"]
    due_on = due if isinstance(due, date) else None
    wanted: dict[Seat, list[RecordSet]] = {}
    for records in record_sets:
        for seat in _leads_of(people, records):
            wanted.setdefault(seat, []).append(records)
    for seat, theirs in wanted.items():
        returns = [ref for records in theirs for ref in asked[records.id]]
        news = News(
            template="returns_requested",
            said=f"The group asks you for {_counted(returns)}.",
            why=f"The chair has opened this stage; {tx.actor.name} asks for the returns today.",
            about=audit,
            key=f"{audit}:{done.seq}",
            cause=f"{audit} line {done.seq}",
            items=[Item(audit, _counted(asked[records.id]), due_on, records.name) for records in theirs],
            rests_on=[{"ref": str(ref), "state": "requested"} for ref in returns],
            link=f"{tx.playbook.base_url}/{returns[0] if len(returns) == 1 else f'agency_returns?audit={audit.id}'}",
        )
        tell(tx, known, news, [Told(seat, "owner")])


def _counted(returns: Sequence[Ref]) -> str:
    return "1 return" if len(returns) == 1 else f"{len(returns)} returns"


def _leads_of(people: Roster, records: RecordSet) -> tuple[Seat, ...]:
    return (
        people.in_post(records.lead_post_id)
        or people.holding("agency_lead", agency_id=records.agency_id)
        or people.holding("coordinator")
    )


def _programme(tx: Tx, year: str) -> Programme:
    """Give the programme of a year and hold its row: audits are numbered within it."""
    found = tx.session.scalar(
        sa.select(Programme)
        .where(Programme.group_id == tx.actor.group_id, Programme.year == year)
        .with_for_update()
    )
    if found is None:
        known = tx.session.scalars(sa.select(Programme.year).where(Programme.group_id == tx.actor.group_id))
        raise Refused(Reason("unknown_year", unknown(year, "a year with a programme", known) + "."))
    return found


def _faults_of(theme: Theme) -> list[Reason]:
    reasons = [
        Reason("empty", f"Write down {what}.")
        for what, text in (
            ("the theme", theme.theme),
            ("the source", theme.source),
            ("the scope", theme.scope),
        )
        if not text.strip()
    ]
    if theme.source_kind not in SOURCE_KINDS:
        reasons.append(
            Reason("unknown_word", unknown(theme.source_kind, "a kind of source", SOURCE_KINDS) + ".")
        )
    if theme.cases < 1:
        reasons.append(Reason("no_cases", "An audit looks at one case at least."))
    if theme.look_back_months < 1:
        reasons.append(Reason("no_look_back", "Files are read at least one month back."))
    return reasons
