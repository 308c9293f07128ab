"""Taking checkpoints: once a day by themselves, and whenever somebody asks; each goes into a folder outside as well."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assurance.accounts.chronicle import newest_deed, seals_of_deeds
from assurance.config import PREFIX, Settings
from assurance.migrate import newest_shape
from assurance.office import Office, clock_of
from assurance.records import Group
from assurance.tables import MOVED
from engine.checkpoints import (
    NONE,
    Checkpoint,
    Head,
    Heads,
    Kept,
    Statement,
    heads_of,
    newest,
    read_heads,
    read_statement,
)
from engine.errors import Refused, Stale
from engine.fences import EVERY
from engine.ledger import Event
from engine.moved import Ref
from engine.signing import SigningKey
from engine.store import among, instant_text

log = logging.getLogger("auditloop.checkpoints")

NO_KEY = (
    f"No checkpoint can be signed: {PREFIX}SIGNING_KEY is not set. `auditloop keys make FILE` makes a key; keep its "
    "file where whoever keeps the database cannot read it, and the public half wherever somebody may want to check."
)
_ANOTHER = (
    "{} is another one of this number, so that this database was brought back to an earlier state since, or somebody else "
    "writes there; compare with `auditloop verify --against {}`"
)
# What checkpoints call the record of all that was done to accounts and posts of a group.
DEEDS_OF_GROUP = "deeds"
# A deed gets its number before it is committed; a later number may be seen first.
STILL_BEING_WRITTEN = timedelta(minutes=10)
_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Taken:
    """A checkpoint that was just taken, and what contradicts the one before it: a sentence for each subject."""

    kept: Kept
    contradictions: tuple[str, ...]

    @property
    def said(self) -> Statement:
        """What was signed."""
        return self.kept.statement


def signing_key(settings: Settings) -> SigningKey:
    """Read the key of the installation; raises Refused where there is none, or none that can sign."""
    if settings.signing_key is None:
        raise Refused.because("no_signing_key", NO_KEY)
    try:
        return SigningKey.from_pem(settings.signing_key.read_bytes())
    except (OSError, ValueError) as error:
        why = f"the file {settings.signing_key} cannot be read" if isinstance(error, OSError) else str(error)
        sentence = (
            f"{PREFIX}SIGNING_KEY cannot be used: {why}. `auditloop keys make FILE` makes a key that can."
        )
        raise Refused.because("no_signing_key", sentence) from None


def take_checkpoint(office: Office, group_id: int, *, next_key: str = "", new_chain: str = "") -> Taken:
    """Sign where every subject of a group stands now, and keep that.

    `next_key` hands over to another key, which has to sign the next one. `new_chain` says why a key begins that no
    checkpoint has named, such as one that took the place of a lost key.

    Raises Refused where no key is set, or not the one whose turn it is; Stale where somebody has just taken one.
    """
    key = signing_key(office.settings)
    with office.store.reading(group=EVERY) as session:
        group = session.get_one(Group, group_id).key
        before, earlier = _before(session, group_id)
        _refuse_another_key(key, before, new_chain)
        now = heads_of(session, MOVED, group_id=group_id)
        subjects = tuple(now)
        _add_deeds(session, now, group_id, before=office.clock.now() - STILL_BEING_WRITTEN)
        changes = tuple(now.changes_since(earlier))
        contradictions = tuple(_contradictions(session, earlier, changes))
    heads = tuple(now)
    said = Statement(
        group=group,
        number=1 if before is None else before.number + 1,
        at=instant_text(office.clock.now()),
        made_with=f"auditloop {version('auditloop')}, {newest_shape()}",
        subjects=len(subjects),
        lines=sum(head.seq for head in subjects),
        root=now.root,
        before=NONE if before is None else before.fingerprint,
        key=key.public,
        next_key=next_key,
        new_chain=" ".join(new_chain.split()),
    )
    kept = Kept(said, key.sign(said.text), heads)
    _store(office, group_id, kept, changes)
    for sentence in contradictions:
        log.error("%s", sentence)
    return Taken(kept, contradictions)


def take_daily(office: Office, group_id: int) -> None:
    """Take the checkpoint of the day, unless there is one, or no key; what goes wrong is logged and hinders nobody."""
    if office.settings.signing_key is None:
        return
    with office.reading(clock_of(group_id)) as tx:
        last = newest(tx.session, group_id=group_id)
        if last is not None and tx.calendar.civil(last.taken_at).date() == tx.today:
            return
    try:
        taken = take_checkpoint(office, group_id)
    except Stale:
        return
    except Refused as refusal:
        log.warning("no checkpoint was taken: %s", refusal)
        return
    if office.settings.checkpoints is not None:
        try:
            write_out(taken.kept, office.settings.checkpoints)
        except OSError as error:
            file = file_in(office.settings.checkpoints, taken.kept)
            why = _ANOTHER.format(file, file) if isinstance(error, FileExistsError) else error
            log.warning("checkpoint %s stands in the database only: %s", taken.said.number, why)


def file_in(folder: Path, kept: Kept) -> Path:
    """Name the file of a checkpoint in a folder."""
    return folder / f"auditloop-{kept.statement.group}-{kept.statement.number}.checkpoint.txt"


def write_out(kept: Kept, folder: Path) -> Path:
    """Write a checkpoint into a folder, and give the file; raises FileExistsError where another one stands there."""
    file = file_in(folder, kept)
    text = kept.text.encode()
    try:
        with file.open("xb") as written:
            written.write(text)
    except FileExistsError:
        if file.read_bytes() != text:
            raise
    return file


def _before(session: Session, group_id: int) -> tuple[Statement | None, Heads]:
    """Read the newest checkpoint, and where every subject stood then; raises Refused for one that was changed."""
    last, heads = newest(session, group_id=group_id), Heads()
    query = sa.select(Checkpoint.heads).where(Checkpoint.group_id == group_id).order_by(Checkpoint.number)
    try:
        for listed in session.scalars(query):
            for head in read_heads(listed):
                heads.put(head)
        return None if last is None else read_statement(last.statement), heads
    except ValueError:
        sentence = (
            "A checkpoint in the database was changed after it was signed, so that none can follow it. Run "
            "`auditloop verify`, which names it, and bring it back from a backup."
        )
        raise Refused.because("changed_checkpoint", sentence) from None


def _add_deeds(session: Session, heads: Heads, group_id: int, *, before: datetime) -> None:
    """Let what was done to accounts and posts be signed too, up to the newest deed that can no longer be overtaken."""
    last = newest_deed(session, group_id=group_id, before=before)
    if last:
        seal = seals_of_deeds(session, group_id, {last})[last]
        heads.put(Head(Ref(DEEDS_OF_GROUP, group_id), last, seal))


def _refuse_another_key(key: SigningKey, before: Statement | None, new_chain: str) -> None:
    if before is None or new_chain:
        return
    expected = before.next_key or before.key
    if key.public != expected:
        sentence = (
            f"The next checkpoint is to be signed with the key {expected}, and {PREFIX}SIGNING_KEY holds {key.public}. "
            "Set the one that is expected, or hand over with it first (`auditloop checkpoint --hand-over-to FILE`). If "
            "it is lost, begin a new chain and say why: `auditloop checkpoint --new-chain REASON`."
        )
        raise Refused.because("another_key", sentence)


def _contradictions(session: Session, earlier: Heads, changes: tuple[Head, ...]) -> list[str]:
    """Say of which subjects the history does not go on from where it stood in the checkpoint before."""
    found = []
    suspects: dict[str, list[Head]] = {}
    for head in changes:
        before = earlier.get(head.ref)
        if before is None:
            continue
        if head.seq <= before.seq:
            found.append(
                f"{head.ref} stood at line {before.seq} in the checkpoint before and does not any more."
            )
        elif head.ref.kind == DEEDS_OF_GROUP:
            if seals_of_deeds(session, head.ref.id, {before.seq}).get(before.seq) != before.seal:
                found.append(
                    "What was done to accounts and posts is not what the checkpoint before has signed."
                )
        else:
            suspects.setdefault(head.ref.kind, []).append(before)
    for kind, heads in suspects.items():
        for start in range(0, len(heads), _AT_ONCE):
            some = heads[start : start + _AT_ONCE]
            query = sa.select(Event.subject_id, Event.seq, Event.seal).where(
                Event.subject_kind == kind, among(Event.subject_id, "numbers")
            )
            rows = session.execute(query, {"numbers": [head.ref.id for head in some]})
            seals = {(number, seq): seal for number, seq, seal in rows}
            found += [
                f"{head.ref} has another line {head.seq} than in the checkpoint before: its history was written anew."
                for head in some
                if seals.get((head.ref.id, head.seq)) != head.seal
            ]
    return found


def _store(office: Office, group_id: int, kept: Kept, changes: tuple[Head, ...]) -> None:
    said = kept.statement
    row = {
        "group_id": group_id,
        "number": said.number,
        "fingerprint": said.fingerprint,
        "statement": said.text,
        "signature": kept.signature,
        "heads": "".join(f"{head}\n" for head in changes),
    }
    try:
        with office.begin(clock_of(group_id)) as tx:
            tx.session.add(Checkpoint(**row, taken_at=datetime.fromisoformat(said.at)))
    except IntegrityError:
        raise Stale.because("stale", "Somebody else has just taken a checkpoint; look again.") from None
