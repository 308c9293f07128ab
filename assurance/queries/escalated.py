"""Everything that is escalated, noticed or held now, the most urgent first: one line for each matter, page by page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from assurance.access import Viewer, visible
from assurance.facts import Known, Noun
from assurance.finding import columns_of, fulfils
from assurance.mail import called
from assurance.office import Tx
from assurance.past import pasts
from assurance.queries.ladder import LOUD, Holding, holding, holds_in_force, opinions_of, stands_of
from assurance.queries.lists import names
from assurance.queries.pages import Place, page_of
from assurance.queries.preview import waiting_rules
from assurance.queries.subject_words import what_they_say
from assurance.records import Agency, Matter, Person
from engine.conditions import Value
from engine.moved import Ref
from engine.rules import HoldKind, Rule, Severity
from engine.words import listed


class Rank(IntEnum):
    """How urgent a matter is; the lowest comes first."""

    URGENT = 0
    ESCALATED = 1
    REPLIED = 2
    NOTICE = 3
    ACCEPTED = 4
    SILENCED = 5


@dataclass(frozen=True, slots=True)
class Escalated:
    """One matter: what it is, whose, on which rung it stands, and how.

    `since_on` is the day from which its rule counts, such as the day on which it was due. `rule` is empty where rules
    about it are held and none of them would speak now.
    """

    ref: Ref
    name: str
    what: str
    agency: str | None
    rank: Rank
    rule: str
    title: str
    sentence: str
    since_on: date | None
    hold: Ref | None


@dataclass(frozen=True, slots=True)
class EscalatedPage:
    """One page of what is escalated or held, how many there are of each rank, and what is silent about everything."""

    rows: tuple[Escalated, ...]
    place: Place
    counts: Mapping[Rank, int]
    silences: tuple[Holding, ...]


def escalated(tx: Tx, viewer: Viewer, *, page: int = 1) -> EscalatedPage:
    """List what a viewer may see of it; a page beyond the last one is the last."""
    people = names(tx, Person, Person.name)
    held = [(row, holding(row, people)) for row in tx.session.scalars(holds_in_force(tx, viewer))]
    of_one: dict[Ref, list[Holding]] = defaultdict(list)
    for row, one in held:
        if row.subject_kind is not None and row.subject_id is not None:
            of_one[Ref(row.subject_kind, row.subject_id)].append(one)
    of_all = tuple(one for row, one in held if row.subject_kind is None)
    standing = _ranked(_found(tx, viewer), of_one, of_all)
    standing.sort(key=lambda matter: matter.order)
    place = page_of(len(standing), page)
    counts: dict[Rank, int] = defaultdict(int)
    for matter in standing:
        counts[matter.rank] += 1
    shown = standing[place.offset : place.offset + place.limit]
    return EscalatedPage(tuple(_rows(tx, viewer, shown, of_one, of_all)), place, counts, of_all)


class _Loud(NamedTuple):
    """The loudest rule that is true of a subject, or will be once its notice is over, and its occasion."""

    rule: Rule
    occasion: Value
    is_ahead: bool

    @property
    def height(self) -> tuple[bool, bool, int]:
        return not self.is_ahead, self.rule.severity is Severity.URGENT, len(self.rule.quiets)


class _Standing(NamedTuple):
    ref: Ref
    rank: Rank
    loud: _Loud | None
    since_on: date | None

    @property
    def order(self) -> tuple[Rank, int, date, Ref]:
        """Sort by rank, then by how high it has come, then by how long it has lasted."""
        height = 0 if self.loud is None else len(self.loud.rule.quiets)
        return self.rank, -height, self.since_on or date.max, self.ref


def _found(tx: Tx, viewer: Viewer) -> dict[Ref, _Loud]:
    """Find the subjects of which a loud rule speaks today or gives notice: one statement for each such rule."""
    found: dict[Ref, _Loud] = {}
    for kind, noun in tx.playbook.nouns.items():
        for rule in tx.playbook.book.about(kind):
            if rule.severity not in LOUD:
                continue
            spoken_of = (
                _by_sql(tx, viewer, noun, rule) if isinstance(noun, Noun) else _by_hand(tx, viewer, rule)
            )
            for ref, loud in spoken_of:
                before = found.get(ref)
                if before is None or loud.height > before.height:
                    found[ref] = loud
    return found


def _by_sql(tx: Tx, viewer: Viewer, noun: Noun, rule: Rule) -> Iterator[tuple[Ref, _Loud]]:
    holds = fulfils(tx, noun, rule, tx.today)
    anyhow = holds
    if rule.notice is not None:
        anyhow = sa.or_(holds, fulfils(tx, noun, rule, rule.notice.before.after(tx.today, tx.calendar)))
    columns: tuple[Any, ...] = (noun.table.id, columns_of(noun)[rule.once_per], holds)
    rows = tx.session.execute(sa.select(*columns).where(visible(viewer, noun.table), anyhow))
    for number, occasion, is_true in rows:
        yield Ref(noun.kind, number), _Loud(rule, occasion, is_ahead=not is_true)


def _by_hand(tx: Tx, viewer: Viewer, rule: Rule) -> Iterator[tuple[Ref, _Loud]]:
    """Ask the rule of each matter: what its file calls a fact stands in no column of its own."""
    query = sa.select(Matter.id).where(Matter.kind == rule.about, visible(viewer, Matter))
    numbers = list(tx.session.scalars(query))
    for known in tx.playbook.noun(rule.about).load_many(tx.session, numbers):
        ahead_on = None if rule.notice is None else rule.notice.before.after(tx.today, tx.calendar)
        is_true = rule.when.holds(known.facts, today=tx.today, calendar=tx.calendar)
        will_be = ahead_on is not None and rule.when.holds(known.facts, today=ahead_on, calendar=tx.calendar)
        if is_true or will_be:
            yield known.ref, _Loud(rule, known.facts[rule.once_per], is_ahead=not is_true)


def _ranked(
    found: Mapping[Ref, _Loud], of_one: Mapping[Ref, Sequence[Holding]], of_all: Sequence[Holding]
) -> list[_Standing]:
    ranked = []
    for ref, loud in found.items():
        since_on = loud.occasion if isinstance(loud.occasion, date) else None
        kinds = {HoldKind(one.kind) for one in (*of_one.get(ref, ()), *of_all) if _stops(one, loud)}
        ranked.append(_Standing(ref, _rank(loud, kinds), loud, since_on))
    for ref, holds in of_one.items():
        if ref not in found:
            rank = min(_HELD_AS[HoldKind(one.kind)] for one in holds)
            ranked.append(_Standing(ref, rank, None, min(one.placed_on for one in holds)))
    return ranked


def _rank(loud: _Loud, kinds: set[HoldKind]) -> Rank:
    if kinds:
        return max(_HELD_AS[kind] for kind in kinds)
    if loud.rule.severity is Severity.URGENT:
        return Rank.URGENT
    return Rank.NOTICE if loud.is_ahead else Rank.ESCALATED


def _stops(one: Holding, loud: _Loud) -> bool:
    occasion = loud.rule.occasion({loud.rule.once_per: loud.occasion})
    return one.plain.stops(loud.rule, occasion)


def _rows(
    tx: Tx,
    viewer: Viewer,
    shown: Sequence[_Standing],
    of_one: Mapping[Ref, Sequence[Holding]],
    of_all: Sequence[Holding],
) -> Iterator[Escalated]:
    refs = [one.ref for one in shown]
    known = {one.ref: one for one in _known(tx, refs)}
    withheld = frozenset(waiting_rules(tx))
    past = pasts(tx.session, refs, group_id=tx.actor.group_id, today=tx.today, withheld=withheld)
    words, agencies = what_they_say(tx, viewer, refs), names(tx, Agency, Agency.name)
    for one in shown:
        subject = known[one.ref]
        holdings = (*of_one.get(one.ref, ()), *of_all)
        agency_id = subject.belongs.agency_id
        rule = None if one.loud is None else one.loud.rule
        opinions = {opinion.rule.id: opinion for opinion in opinions_of(tx, subject, past[one.ref])}
        stands = (
            None
            if rule is None
            else stands_of(tx, subject, rule, opinions.get(rule.id), past[one.ref], holdings)
        )
        hold = next((held for held in holdings if one.loud is None or _stops(held, one.loud)), None)
        yield Escalated(
            ref=one.ref,
            name=called(subject),
            what=words.get(one.ref, ""),
            agency=None if agency_id is None else agencies[agency_id],
            rank=one.rank,
            rule="" if rule is None else rule.id,
            title=_held_words(holdings) if rule is None else rule.title,
            sentence="" if stands is None else stands.in_words(),
            since_on=one.since_on,
            hold=None if hold is None else hold.ref,
        )


def _known(tx: Tx, refs: Iterable[Ref]) -> Iterator[Known]:
    by_kind: dict[str, list[int]] = defaultdict(list)
    for ref in refs:
        by_kind[ref.kind].append(ref.id)
    for kind, ids in by_kind.items():
        yield from tx.playbook.noun(kind).load_many(tx.session, ids)


def _held_words(holdings: Sequence[Holding]) -> str:
    """Say what is held where no rule would speak now anyway."""
    rules = [one.rule for one in holdings if one.rule is not None]
    return f"Held: {listed(rules)}" if rules else "Every rule about it is held"


_HELD_AS = {
    HoldKind.REPLY: Rank.REPLIED,
    HoldKind.ACKNOWLEDGEMENT: Rank.ACCEPTED,
    HoldKind.SILENCE: Rank.SILENCED,
}
