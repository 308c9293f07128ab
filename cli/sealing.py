"""`auditloop checkpoint` and `auditloop keys`: what makes the history evidence for somebody who does not keep it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from assurance.accounts.rotating import rotate
from assurance.checkpointing import Taken, take_checkpoint, write_out
from assurance.office import Office
from assurance.records import Group
from cli.opening import (
    FOUND,
    BadInput,
    DatabaseOption,
    GroupOption,
    JsonOption,
    NothingThere,
    QuietOption,
    answering,
    opened,
)
from cli.shown import several, show_json
from cli.verifying import public_key_of
from engine.checkpoints import spaced
from engine.fences import EVERY
from engine.signing import SigningKey
from engine.words import unknown, visible

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="Where the key is to stand.", show_default=False)
]


def checkpoint_(
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help="Write it into this folder as well.", show_default=False),
    ] = None,
    hand_over_to: Annotated[
        Path | None,
        typer.Option(
            "--hand-over-to",
            metavar="FILE",
            help="A key, or its public half, that signs from the next one on.",
            show_default=False,
        ),
    ] = None,
    new_chain: Annotated[
        str | None,
        typer.Option(
            "--new-chain",
            metavar="REASON",
            help="Begin with a key that none before has named, and say why.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Sign where every history stands now, and keep that; `auditloop verify --against FILE` compares with it later.

    It is signed with the key of AUDITLOOP_SIGNING_KEY. The fingerprint that is printed stands for this checkpoint and for
    all before it: on paper, with somebody else, it shows later what was cut off or written anew.

    Ends with 1 when a history does not go on from where it stood in the checkpoint before.

    Examples: auditloop checkpoint; auditloop checkpoint --to /srv/kept-by-the-board
    """
    with answering(as_json=as_json):
        next_key = "" if hand_over_to is None else public_key_of(hand_over_to)
        if to is not None and not to.is_dir():
            raise BadInput(f"{visible(str(to))} is not a folder; give one that is there.")
        if new_chain is not None and not new_chain.strip():
            raise BadInput("--new-chain needs a reason, such as: the disk with the key was destroyed.")
        with opened(database) as office:
            taken = [
                take_checkpoint(office, number, next_key=next_key, new_chain=new_chain or "")
                for number in _groups(office, group)
            ]
            folders = dict.fromkeys(place for place in (to, office.settings.checkpoints) if place is not None)
        written = [write_out(one.kept, folder) for one in taken for folder in folders]
        if as_json:
            show_json([_plain(one) for one in taken])
        else:
            _tell(taken, written)
        if any(one.contradictions for one in taken):
            raise typer.Exit(FOUND)


def make(file: FileArgument, quiet: QuietOption = False) -> None:
    """Make a key that signs checkpoints, and its public half beside it, in FILE.pub.

    Give the public half to whoever may want to check. Whoever has FILE can sign: keep it from whoever keeps the
    database, and in a safe place.

    Example: auditloop keys make /etc/auditloop/signing.pem
    """
    with answering():
        public = file.with_name(f"{file.name}.pub")
        for place in (file, public):
            if place.exists():
                raise BadInput(
                    f"{visible(str(place))} is there already; no key is ever written over another."
                )
        key = SigningKey.draw()
        with open(file, "xb", opener=_for_its_owner_only) as written:
            written.write(key.pem)
        public.write_bytes(key.public_pem)
    if not quiet:
        typer.echo(f"Made the key {file}, and its public half {public}: {key.public}.")
        typer.echo(f"Next: AUDITLOOP_SIGNING_KEY={file.resolve()}")


def rotate_(as_json: JsonOption = False, quiet: QuietOption = False, database: DatabaseOption = None) -> None:
    """Encrypt anew, under AUDITLOOP_SECRET, what was encrypted under one of AUDITLOOP_OLD_SECRETS.

    Set the new secret, and list the one before among the old ones; nobody is signed out and nobody sets up an app anew.
    It works in batches, can be stopped and called again, and says what still needs an old secret.

    Ends with 1 while something cannot be read under any of them.

    Example: auditloop keys rotate
    """
    with answering(as_json=as_json):
        with opened(database) as office:
            done = rotate(office)
        if as_json:
            show_json(done)
        elif not quiet:
            for sentence in done.sentences:
                typer.echo(sentence)
        if done.unreadable:
            raise typer.Exit(FOUND)


KEYS = {"make": make, "rotate": rotate_}


def _for_its_owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _groups(office: Office, key: str | None) -> list[int]:
    with office.store.reading(group=EVERY) as session:
        groups = {row.key: row.id for row in session.scalars(sa.select(Group).order_by(Group.id))}
    if not groups:
        raise NothingThere("There is no group in this database yet, and so nothing to sign.")
    if key is not None and key not in groups:
        raise BadInput(unknown(key, "a group here", groups) + ".")
    return [number for name, number in groups.items() if key in (None, name)]


def _tell(taken: Sequence[Taken], written: Sequence[Path]) -> None:
    for one in taken:
        said = one.said
        what = f"{several(said.subjects, 'subject')} with {several(said.lines, 'line')}"
        typer.echo(f"Checkpoint {said.number} of {said.group}, over {what}. Its fingerprint:")
        typer.echo(spaced(said.fingerprint))
        for sentence in one.contradictions:
            typer.echo(sentence, err=True)
    for file in written:
        typer.echo(f"Wrote {file}.")


def _plain(one: Taken) -> dict[str, object]:
    fields = one.said
    return {
        "group": fields.group,
        "number": fields.number,
        "at": fields.at,
        "fingerprint": fields.fingerprint,
        "subjects": fields.subjects,
        "lines": fields.lines,
        "contradictions": one.contradictions,
    }
