"""Checkpoints: one signed statement over the newest seal of every subject of a group, each tied to the one before it.

The statement is text, so that it can be printed, mailed and kept wherever the database's keeper cannot reach. Its
fingerprint is the SHA-256 of that text; by `before` the newest fingerprint stands for all earlier checkpoints too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from engine.moved import Moved, Ref
from engine.store import Base

TITLE = "auditloop checkpoint 1"
NONE = "none"
GONE = "gone"
PAGE = 256


class Checkpoint(Base):
    """One checkpoint of one group. The database itself refuses to change or delete it.

    `heads` has a line for each subject whose history has grown since the checkpoint before, and for each that is gone.
    """

    __tablename__ = "checkpoint"

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("tenant.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    taken_at: Mapped[datetime]
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)
    statement: Mapped[str]
    signature: Mapped[str]
    heads: Mapped[str]


class Head(NamedTuple):
    """The newest line of one subject: its number and its seal. Number 0 says that the subject is gone."""

    ref: Ref
    seq: int
    seal: str

    def __str__(self) -> str:
        return f"{self.ref} {self.seq} {self.seal}"


@dataclass(frozen=True, slots=True)
class Statement:
    """What is signed. `at` is an instant in 27 characters, `key` the public key that checks the signature.

    `next_key` hands over to another key, which signs from the next checkpoint on. `new_chain` says why a key begins
    that no earlier one has named.
    """

    group: str
    number: int
    at: str
    made_with: str
    subjects: int
    lines: int
    root: str
    before: str
    key: str
    next_key: str = ""
    new_chain: str = ""

    @property
    def text(self) -> str:
        """Write it as it is signed: one line for each value, those that are empty left out."""
        values = [(title, str(getattr(self, name))) for name, title in _TITLES.items()]
        return "\n".join([TITLE, *(f"{title}: {value}" for title, value in values if value)]) + "\n"

    @property
    def fingerprint(self) -> str:
        """Give the SHA-256 of what is signed: the number to print and to compare."""
        return fingerprint_of(self.text)


_TITLES = {
    "group": "group",
    "number": "number",
    "at": "at",
    "made_with": "made with",
    "subjects": "subjects",
    "lines": "lines",
    "root": "root",
    "before": "before",
    "key": "key",
    "next_key": "next key",
    "new_chain": "new chain",
}
_NUMBERS = frozenset({"number", "subjects", "lines"})
_MAY_BE_LEFT_OUT = frozenset({"next_key", "new_chain"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint as it is kept outside the database: the statement, its signature, and every head of that instant."""

    statement: Statement
    signature: str
    heads: tuple[Head, ...]

    @property
    def text(self) -> str:
        """Write it as a file that people can read."""
        heads = "\n".join(str(head) for head in self.heads)
        fingerprint = self.statement.fingerprint
        return f"{self.statement.text}\nsignature: {self.signature}\nfingerprint: {fingerprint}\n\nheads:\n{heads}\n"


def fingerprint_of(statement: str) -> str:
    """Give the SHA-256 of a statement's text in hexadecimal."""
    return hashlib.sha256(statement.encode()).hexdigest()


def spaced(fingerprint: str) -> str:
    """Write a fingerprint in groups of eight, as people read it aloud and compare it on paper."""
    return " ".join(fingerprint[start : start + 8] for start in range(0, len(fingerprint), 8))


def read_statement(text: str) -> Statement:
    """Read what `Statement.text` has written; raises ValueError, with what is wrong, for anything else."""
    title, *lines = text.removesuffix("\n").split("\n")
    if title != TITLE:
        raise ValueError(f"it does not begin with {TITLE!r}")
    said = dict(line.partition(": ")[::2] for line in lines)
    values = {name: said.get(title, "") for name, title in _TITLES.items()}
    missing = [_TITLES[name] for name, value in values.items() if not value and name not in _MAY_BE_LEFT_OUT]
    wrong = [_TITLES[name] for name in _NUMBERS if values[name] and not values[name].isdecimal()]
    if missing or wrong:
        raise ValueError(f"its {(missing + wrong)[0]} is missing or wrong")
    statement = Statement(
        group=values["group"],
        number=int(values["number"]),
        at=values["at"],
        made_with=values["made_with"],
        subjects=int(values["subjects"]),
        lines=int(values["lines"]),
        root=values["root"],
        before=values["before"],
        key=values["key"],
        next_key=values["next_key"],
        new_chain=values["new_chain"],
    )
    if statement.text != text:
        raise ValueError("it holds something that no checkpoint says")
    return statement


def read_kept(text: str) -> Kept:
    """Read a checkpoint from a file; raises ValueError, with what is wrong, for anything else."""
    written, _, rest = text.partition("\n\n")
    signed, _, listed = rest.partition("\n\nheads:\n")
    statement = read_statement(f"{written}\n")
    said = dict(line.partition(": ")[::2] for line in signed.split("\n"))
    if said.get("fingerprint") != statement.fingerprint:
        raise ValueError("its fingerprint is not that of what it says")
    return Kept(statement, said.get("signature", ""), tuple(read_heads(listed)))


def read_heads(listed: str) -> Iterator[Head]:
    """Read a list of heads; raises ValueError for a line that is none."""
    for line in listed.splitlines():
        parts = line.split(" ")
        kind, slash, number = parts[0].partition("/")
        if len(parts) != 3 or not (kind and slash and number.isdecimal() and parts[1].isdecimal()):
            raise ValueError(f"the line {line!r} names no subject with its newest line and its seal")
        yield Head(Ref(kind, int(number)), int(parts[1]), parts[2])


class Heads:
    """The heads of one instant, under one root: a SHA-256 over those of pages of 256 subjects.

    When few subjects change, few pages are reckoned anew.
    """

    def __init__(self, heads: Iterable[Head] = ()) -> None:
        self._pages: dict[tuple[str, int], dict[int, Head]] = {}
        self._sums: dict[tuple[str, int], str] = {}
        for head in heads:
            self.put(head)

    def put(self, head: Head) -> None:
        """Take in a subject's newest line; with number 0, take the subject out."""
        place = head.ref.kind, head.ref.id // PAGE
        self._sums.pop(place, None)
        page = self._pages.setdefault(place, {})
        if head.seq:
            page[head.ref.id] = head
            return
        page.pop(head.ref.id, None)
        if not page:
            del self._pages[place]

    def get(self, ref: Ref) -> Head | None:
        """Give the newest line of one subject."""
        return self._pages.get((ref.kind, ref.id // PAGE), {}).get(ref.id)

    def __iter__(self) -> Iterator[Head]:
        for place in sorted(self._pages):
            page = self._pages[place]
            yield from (page[number] for number in sorted(page))

    @property
    def root(self) -> str:
        """Give the one hash that stands for all heads."""
        for place, page in self._pages.items():
            if place not in self._sums:
                self._sums[place] = _sum(str(page[number]) for number in sorted(page))
        return _sum(f"{kind} {page} {self._sums[kind, page]}" for kind, page in sorted(self._pages))

    def changes_since(self, earlier: Heads) -> Iterator[Head]:
        """Give what has changed since an earlier instant, in the order of subjects; gone ones with number 0."""
        changed = [head for head in self if earlier.get(head.ref) != head]
        gone = [Head(head.ref, 0, GONE) for head in earlier if self.get(head.ref) is None]
        return iter(sorted([*changed, *gone]))


def _sum(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def heads_of(session: Session, tables: Iterable[type[Moved]], *, group_id: int) -> Heads:
    """Read where every subject of a group stands now."""
    heads = Heads()
    for table in tables:
        columns = sa.inspect(table).local_table.c
        kind = sa.literal(table.noun) if table.noun else columns.kind
        query = sa.select(kind, columns.id, columns.version, columns.head).where(columns.group_id == group_id)
        for noun, number, version, seal in session.execute(query):
            heads.put(Head(Ref(noun, number), version, seal))
    return heads


def newest(session: Session, *, group_id: int) -> Checkpoint | None:
    """Give the newest checkpoint of a group; its heads are read when somebody asks for them."""
    query = sa.select(Checkpoint).where(Checkpoint.group_id == group_id).options(defer(Checkpoint.heads))
    return session.scalar(query.order_by(Checkpoint.number.desc()).limit(1))
