"""Does the history still hold what checkpoints have signed? Those in the database are asked, and those kept elsewhere.

A history may have grown since; every line that a checkpoint names must still stand, with the seal that it had then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.checkpoints import (
    NONE,
    Checkpoint,
    Head,
    Heads,
    Kept,
    Statement,
    read_heads,
    read_statement,
)
from engine.ledger import Event
from engine.moved import Ref
from engine.proof import CHUNK, Fault
from engine.signing import is_signed
from engine.store import reading_damage


@dataclass(frozen=True, slots=True)
class Attested:
    """What the checkpoints of one group say: how many there are, the newest, every fault, and what is only to be known."""

    group: str
    checkpoints: int
    newest: Statement | None
    faults: tuple[Fault, ...]
    notices: tuple[str, ...]


class _Promise(NamedTuple):
    """One head as a checkpoint has it."""

    head: Head
    statement: Statement


class Log(Protocol):
    """Gives the seals of a record that is no subject's history, at those of its lines that are wanted."""

    def __call__(self, session: Session, number: int, lines: Collection[int]) -> Mapping[int, str]:
        """Reckon the seals of the record with this number, by line; a line that is not there has none."""
        ...


def attest(
    session: Session,
    group_id: int,
    group: str,
    *,
    trusted: Collection[str] = (),
    kept: Sequence[Kept] = (),
    logs: Mapping[str, Log] = MappingProxyType({}),
) -> Attested:
    """Check every stored checkpoint of a group, and those that were kept elsewhere, against the history as it stands.

    `logs` are records beside the history that checkpoints name too, by kind.

    `trusted` are public keys that are known from outside the database. Checkpoints that are tied to one that such a
    key has signed are ours; without such a key, whoever can write the database could have signed them all.
    """
    with reading_damage(session):
        rows = session.scalars(
            sa.select(Checkpoint).where(Checkpoint.group_id == group_id).order_by(Checkpoint.number)
        )
        chain = _Chain(group)
        for row in rows.all():
            chain.follow(row)
        chain.recognise(trusted)
        for one in kept:
            chain.compare(one, trusted)
        named = {fault.subject for fault in chain.faults}
        broken = [fault for fault in _broken(session, chain.promises, logs) if fault.subject not in named]
        faults = (*chain.faults, *broken)
    return Attested(group, len(chain.statements), chain.newest, faults, tuple(chain.notices))


class _Chain:
    """Follows the checkpoints of one group from the first to the newest, and gathers what they promise."""

    def __init__(self, group: str) -> None:
        self.statements: dict[int, Statement] = {}
        self.faults: list[Fault] = []
        self.notices: list[str] = []
        self.promises: list[_Promise] = []
        self.newest: Statement | None = None
        self._group = group
        self._heads = Heads()
        self._is_tied = True  # from the first checkpoint to the newest

    def follow(self, row: Checkpoint) -> None:
        """Check one stored checkpoint: what it says, that it was signed, and that it follows the one before it."""
        try:
            said, changes = read_statement(row.statement), list(read_heads(row.heads))
        except ValueError as error:
            self._loose(row.number, f"it was changed after it was signed: {error}")
            return
        if not is_signed(row.statement, row.signature, said.key):
            self._loose(row.number, "its signature is not one over what it says")
            return
        stored = said.group, said.number, datetime.fromisoformat(said.at), said.fingerprint
        if stored != (self._group, row.number, row.taken_at, row.fingerprint):
            self._loose(row.number, "what stands beside it is not what was signed")
        self._follows(said)
        self._grow(said, changes)
        self.statements[row.number], self.newest = said, said

    def recognise(self, trusted: Collection[str]) -> None:
        """Say whether the newest checkpoint, and by it all that are tied to it, bears a key known from outside."""
        if self.newest is None or not trusted or self.newest.key in self._ours(trusted):
            return
        sentence = (
            f"the key {self.newest.key}, which signed it, is none of ours: somebody else may have written it"
        )
        if self.newest.next_key in trusted:
            sentence += (
                ". That it hands over to a key of ours proves nothing, since anybody can name a public key; if the key "
                "was ours too, give its public half with --key until the next checkpoint is taken"
            )
        self._wrong(self.newest.number, sentence)

    def compare(self, kept: Kept, trusted: Collection[str]) -> None:
        """Check a checkpoint that was kept elsewhere, and that the same one stands here."""
        said, number = kept.statement, kept.statement.number
        if said.group != self._group:
            return
        if not is_signed(said.text, kept.signature, said.key):
            self._wrong(number, "as it was kept elsewhere, its signature is not one over what it says")
            return
        if Heads(kept.heads).root != said.root:
            self._wrong(number, "as it was kept elsewhere, its list of heads is not the one that was signed")
            return
        if trusted and said.key not in self._ours(trusted) | self._tied_keys(trusted):
            self._wrong(
                number, f"as it was kept elsewhere, it bears the key {said.key}, which is none of ours"
            )
        here = self.statements.get(number)
        if here is None:
            self._wrong(number, "it was kept elsewhere, and is not there any more")
        elif here.fingerprint != said.fingerprint:
            self._wrong(
                number, f"it was replaced: the one that was kept has the fingerprint {said.fingerprint}"
            )
        self.promises += [_Promise(head, said) for head in kept.heads]

    def _ours(self, trusted: Collection[str]) -> set[str]:
        """Give the keys that are known from outside, and those to which one of them has handed over, one by one."""
        keys = set(trusted)
        for said in self.statements.values():
            if said.key in keys and said.next_key:
                keys.add(said.next_key)
        return keys

    def _tied_keys(self, trusted: Collection[str]) -> set[str]:
        """Give the keys of earlier checkpoints, where the newest one is ours and all are tied to it."""
        if self.newest is None or not self._is_tied or self.newest.key not in self._ours(trusted):
            return set()
        return {said.key for said in self.statements.values()}

    def _follows(self, said: Statement) -> None:
        """Check that a checkpoint names the one before it, and bears the key that was to sign it."""
        last = self.newest
        expected = 1 if last is None else last.number + 1
        if said.number != expected:
            missing = f"{expected}" if said.number == expected + 1 else f"{expected} to {said.number - 1}"
            self._loose(said.number, f"before it, checkpoint {missing} is missing")
        elif said.before != (NONE if last is None else last.fingerprint):
            self._loose(said.number, "it does not follow from the one before it: that one was replaced")
        if last is not None and said.new_chain:
            self.notices.append(
                f"Checkpoint {said.number} of {self._group}, taken {day(said)}, begins with a key that no earlier one "
                f"names: {said.new_chain}. What was signed before can be checked with the old public key only."
            )
        elif last is not None and said.key != (last.next_key or last.key):
            self._loose(said.number, "it is signed with a key to which none before it has handed over")

    def _grow(self, said: Statement, changes: Sequence[Head]) -> None:
        """Bring the heads up to a checkpoint, and check that no history became shorter on the way."""
        for head in changes:
            before = self._heads.get(head.ref)
            if before is not None and head.seq <= before.seq:
                lost = "was gone" if head.seq == 0 else f"ended at line {head.seq} with another seal"
                self.faults.append(
                    Fault(
                        str(head.ref),
                        before.seq,
                        f"it stood at this line in an earlier checkpoint, and {lost} when checkpoint {said.number} "
                        f"was taken {day(said)}",
                    )
                )
            self._heads.put(head)
        if self._heads.root != said.root:
            self._loose(said.number, "its list of heads is not the one that was signed")
            return
        self.promises += [_Promise(head, said) for head in changes if head.seq]

    def _loose(self, number: int, sentence: str) -> None:
        """Note a fault by which the newest checkpoint says nothing of those before it any more."""
        self._is_tied = False
        self._wrong(number, sentence)

    def _wrong(self, number: int, sentence: str) -> None:
        self.faults.append(Fault(f"checkpoint {number} of {self._group}", 0, sentence))


def day(said: Statement) -> str:
    """Say when a checkpoint was taken: `on 2026-03-03 at 06:30 UTC`."""
    return f"on {said.at[:10]} at {said.at[11:16]} UTC"


def _broken(session: Session, promises: Sequence[_Promise], logs: Mapping[str, Log]) -> Iterator[Fault]:
    """Name each subject once whose history is not what a checkpoint has signed, with the first checkpoint that says so."""
    if not promises:
        return
    found = {**_seals(session, promises), **_in_logs(session, promises, logs)}
    named: set[Ref] = set()
    for promise in sorted(promises, key=lambda one: (one.statement.number, one.head)):
        ref, seq, seal = promise.head
        stands = found.get((ref.kind, ref.id, seq))
        if stands == seal or ref in named:
            continue
        named.add(ref)
        which = f"checkpoint {promise.statement.number}, taken {day(promise.statement)}"
        if stands is None:
            sentence = f"{which}, has this line; it is not there any more"
        else:
            sentence = f"{which}, has this line with another seal: its history was written anew"
        yield Fault(str(ref), seq, sentence)


_Place: TypeAlias = tuple[str, int, int]


def _seals(session: Session, promises: Iterable[_Promise]) -> Mapping[_Place, str]:
    """Read the seals of the lines that checkpoints name, in one pass over the history."""
    wanted = {(*one.head.ref, one.head.seq) for one in promises}
    columns = Event.__table__.c
    names = ("subject_kind", "subject_id", "seq", "seal")
    # As they are stored: a byte that was damaged stops nobody.
    raw: list[sa.ColumnElement[Any]] = [sa.type_coerce(columns[name], sa.types.NullType()) for name in names]
    found: dict[_Place, str] = {}
    for chunk in session.execute(sa.select(*raw)).partitions(CHUNK):
        for kind, number, seq, seal in (tuple(row) for row in chunk):
            if (kind, number, seq) in wanted:
                found[kind, number, seq] = str(seal)
    return found


def _in_logs(session: Session, promises: Iterable[_Promise], logs: Mapping[str, Log]) -> Mapping[_Place, str]:
    """Reckon the seals of what is no subject's history, at the lines that checkpoints name."""
    wanted: dict[Ref, set[int]] = defaultdict(set)
    for head, _ in promises:
        if head.ref.kind in logs:
            wanted[head.ref].add(head.seq)
    return {
        (ref.kind, ref.id, line): seal
        for ref, lines in wanted.items()
        for line, seal in logs[ref.kind](session, ref.id, lines).items()
    }
