"""`auditloop verify`: is the history what was sealed, and what was signed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from assurance.queries.checkpoints import attest_all, own_keys
from assurance.tables import MOVED
from cli.opening import (
    FOUND,
    BadInput,
    DatabaseOption,
    JsonOption,
    QuietOption,
    answering,
    opened_store,
    settings_for,
)
from cli.shown import plain, several, show_json, waiting
from engine.checkpoints import Kept, read_kept, spaced
from engine.fences import EVERY
from engine.proof import Fault, Proof, verify
from engine.signing import public_key_in
from engine.witness import Attested, day
from engine.words import visible

_NO_KEY_KNOWN = (
    "The checkpoints were signed with keys that only the database names; give one that you know with --key, since "
    "whoever can write the database could have signed them too."
)


def verify_(
    against: Annotated[
        list[Path] | None,
        typer.Option(
            "--against",
            metavar="FILE",
            help="A checkpoint that was kept elsewhere; may be given again.",
            show_default=False,
        ),
    ] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option(
            "--key",
            metavar="FILE",
            help="A public key that you trust, besides that of AUDITLOOP_SIGNING_KEY; may be given again.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    database: DatabaseOption = None,
) -> None:
    """Prove that no line of the history was changed, and that everything stands where its history says.

    Every line is sealed with the line before it; every text that somebody wrote is bound to its line; every
    subject's state is played again from its history. A change of one byte is found and named.

    Whoever has the database could write a whole history anew, with fresh seals. Signed checkpoints tell: those in the
    database are checked each time, and with --against one that was kept where they could not reach it. What has grown
    since is in order; what a checkpoint has must still be there.

    Ends with 1 when something does not fit, with one sentence for each place.

    Examples: auditloop verify; auditloop verify --against auditloop-qa-12.checkpoint.txt --key signing.pem.pub
    """
    with answering(as_json=as_json):
        kept = [_kept_in(file) for file in against or ()]
        keys = [public_key_of(file) for file in key or ()]
        settings = settings_for(database)
        with (
            opened_store(settings) as store,
            waiting("Every seal is being checked ...", quiet=quiet or as_json),
            store.reading(group=EVERY) as session,
        ):
            proof = verify(session, MOVED)
            attested = attest_all(session, settings, keys=keys, kept=kept)
        strangers = _of_no_group_here(kept, attested)
        faults = (*proof.faults, *(fault for one in attested for fault in one.faults), *strangers)
        if as_json:
            show_json(
                {**plain(replace(proof, faults=faults)), "checkpoints": [_in_json(one) for one in attested]}
            )
        else:
            _tell_proof(proof, attested, faults, quiet=quiet)
            if not quiet and not keys and not own_keys(settings) and any(one.checkpoints for one in attested):
                typer.echo(_NO_KEY_KNOWN)
        if faults:
            raise typer.Exit(FOUND)


def _tell_proof(proof: Proof, attested: Sequence[Attested], faults: Sequence[Fault], *, quiet: bool) -> None:
    for fault in faults:
        typer.echo(str(fault))
    checked = f"{several(proof.lines, 'line')} of {several(proof.subjects, 'subject')}"
    if faults:
        typer.echo(f"{several(len(faults), 'fault')} found in {checked}.", err=True)
    elif not quiet:
        typer.echo(f"Sound: {checked} were checked, every seal holds and every state follows.")
    if quiet:
        return
    for one in attested:
        for sentence in (*one.notices, *_said_of(one)):
            typer.echo(sentence)


def _said_of(one: Attested) -> list[str]:
    """Say how the checkpoints of a group are, with the newest fingerprint, to be held beside one on paper."""
    if one.newest is None:
        return []
    which = "Checkpoint 1" if one.newest.number == 1 else f"Checkpoints 1 to {one.newest.number}"
    if one.faults:
        said = f"{which} of {one.group} and the history do not fit"
    else:
        said = f"{which} of {one.group} {'holds' if one.newest.number == 1 else 'hold'}"
    return [
        f"{said}; the newest was taken {day(one.newest)}, with the fingerprint",
        spaced(one.newest.fingerprint),
    ]


def _in_json(one: Attested) -> dict[str, object]:
    newest = one.newest
    return {
        "group": one.group,
        "number": one.checkpoints,
        "newest": None if newest is None else newest.number,
        "taken_at": None if newest is None else newest.at,
        "fingerprint": None if newest is None else newest.fingerprint,
        "notices": list(one.notices),
    }


def public_key_of(file: Path) -> str:
    """Read a public key, or that of a private one; raises BadInput for a file that holds none."""
    try:
        return public_key_in(file.read_bytes())
    except ValueError as error:
        raise BadInput(f"{visible(str(file))} cannot be used: {error}.") from None


def _kept_in(file: Path) -> Kept:
    """Read a checkpoint that was kept; raises BadInput for a file that is none."""
    try:
        return read_kept(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{visible(str(file))} is no checkpoint as it was written: {error}.") from None


def _of_no_group_here(kept: Sequence[Kept], attested: Sequence[Attested]) -> list[Fault]:
    """Say of checkpoints that were kept elsewhere whose group is not in the database at all."""
    here = {one.group for one in attested}
    return [
        Fault(f"checkpoint {said.number} of {said.group}", 0, "there is no such group in this database")
        for said in (one.statement for one in kept)
        if said.group not in here
    ]
