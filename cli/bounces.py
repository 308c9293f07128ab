"""Mail that comes back: `bounces` reads it, `mend` names the right address, `resend` has a mail sent again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

import sqlalchemy as sa
import typer

from assurance.access import viewer_of
from assurance.commands.addresses import mend, resend
from assurance.config import Settings
from assurance.office import Tx
from assurance.queries.references import LARGEST_ID, reference_of
from assurance.records import DeadAddress
from assurance.returned import Became, Line, ReadTally, read_returned_mail
from assurance.roster import roster
from cli.columns import short
from cli.opening import (
    FOUND,
    BadInput,
    DatabaseOption,
    GroupOption,
    JsonOption,
    PersonOption,
    QuietOption,
    actor_for,
    answering,
    opened,
)
from cli.shown import Column, plain, several, show_json, show_table, waiting
from cli.words import as_sentence
from engine.errors import Reason, Refused
from engine.moved import Ref

_MAIL = re.compile(r"(?:mail/)?(\d+)")
_IN_WORDS = {
    Became.DEAD: "of a dead address",
    Became.BOUNCED: "not arrived",
    Became.DELAYED: "delayed",
    Became.ARRIVED: "arrived after all",
    Became.ANSWER: "of machines",
    Became.REPEATED: "known already",
    Became.FORGED: "forged",
    Became.OTHER: "not about our mail",
    Became.LEFT: "left for the next time",
}
RETURNED: Sequence[Column[Line]] = (
    Column("Mail", lambda row: str(row.mail)),
    Column("To", lambda row: row.to, is_wide=True),
    Column("Is", lambda row: str(row.became)),
    Column("The mail server said", lambda row: row.said, is_wide=True),
    Column("Address", lambda row: None if row.address is None else short(row.address)),
)


def bounces(
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    database: DatabaseOption = None,
) -> None:
    """Read the mail that came back, and hold addresses for dead to which no mail can go.

    It is read in the mailbox of AUDITLOOP_BOUNCE_BOX: a maildir, or imaps://user:password@host/FOLDER. Each mail goes
    out under a return address of its own (AUDITLOOP_BOUNCES), so that what comes back says what it is about. Replies of
    machines and forged reports are counted and change nothing. `auditloop serve` does this every five minutes.

    Ends with 1 when the mailbox cannot be read, or a mail in it not be dealt with.

    Examples: auditloop bounces; auditloop bounces --json
    """
    with answering(as_json=as_json), opened(database) as office:
        _require_box(office.settings)
        with waiting("The returned mail is read ...", quiet=quiet or as_json):
            tally = read_returned_mail(office)
        if as_json:
            show_json({**plain(tally), "read": tally.read})
        elif not quiet:
            typer.echo(said_of_returned(tally))
            if tally.lines:
                show_table(RETURNED, tally.lines)
        if tally.trouble or tally.became[Became.LEFT]:
            if quiet:
                typer.echo(said_of_returned(tally), err=True)
            raise typer.Exit(FOUND)


def mend_(
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="The dead address, or its reference: address/3.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="NEW", help="The address that is right.")],
    person: PersonOption,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Name the right address instead of a dead one; mail goes there from now on.

    Everybody who has the dead address gets the new one, and so does mail that waits. What failed meanwhile is named;
    `auditloop resend` has it sent again. The same address is fine where the mailbox is back. The coordinator and the
    administrator may do this, and the history says who did.

    Examples: auditloop mend bo@trust.example --to bo.birchall@trust.example --as sam; auditloop mend address/3 --to bo@trust.example --as sam
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        office.begin(actor_for(office, person, group)) as tx,
    ):
        mended = mend(tx, _dead_address(tx, address), to)
    if as_json:
        show_json(mended)
        return
    people = " and ".join(mended.people) or "nobody in the group"
    typer.echo(f"{short(mended.ref)} is mended: {to.strip()} is the address of {people} now.")
    if mended.mails:
        some = " ".join(f"mail/{number}" for number in mended.mails)
        what = several(len(mended.mails), "mail has", "mails have")
        typer.echo(f"{what} not arrived; send what still matters: auditloop resend {some} --as {person}")


def resend_(
    mails: Annotated[
        list[str], typer.Argument(metavar="MAIL...", help="Mails, as `auditloop list mails` names them.")
    ],
    person: PersonOption,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Have mails sent again that have not arrived: failed, bounced, or of unknown fate.

    They go out with the next delivery, unless what they say is no longer true. The coordinator and the administrator
    may do this; either all of the mails are taken or none.

    Examples: auditloop resend mail/12 --as sam; auditloop resend 12 13 --as sam
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        office.begin(actor_for(office, person, group)) as tx,
    ):
        numbers = list(dict.fromkeys(_number(mail) for mail in mails))
        names = [resend(tx, number) for number in numbers]
    if as_json:
        show_json(
            [{"mail": f"mail/{number}", "to": name} for number, name in zip(numbers, names, strict=True)]
        )
        return
    for number, name in zip(numbers, names, strict=True):
        typer.echo(f"mail/{number} to {name} goes out with the next delivery.")


def said_of_returned(tally: ReadTally) -> str:
    """Say what came back, and what was made of it."""
    told = [f"{tally.became[kind]:,} {words}" for kind, words in _IN_WORDS.items() if tally.became[kind]]
    said = f"Returned mails: {', '.join(told)}." if told else "No mail came back."
    if tally.refused:
        said += f" {several(tally.refused, 'address was', 'addresses were')} refused by mail servers."
    if tally.trouble:
        said += f" The mailbox cannot be read: {as_sentence(tally.trouble)}"
    return said


def _require_box(settings: Settings) -> None:
    if settings.bounce_box is None:
        raise BadInput(
            "AUDITLOOP_BOUNCE_BOX is not set; give the maildir, or imaps://user:password@host/FOLDER, to which mail for "
            "AUDITLOOP_BOUNCES comes."
        )


def _dead_address(tx: Tx, written: str) -> Ref:
    """Find a dead address by its reference or by itself; what was mended is no answer."""
    people = roster(tx.session, group_id=tx.actor.group_id, today=tx.today)
    if "@" not in written:
        return reference_of(tx, viewer_of(people, tx.actor), written)
    number = tx.session.scalar(
        sa.select(DeadAddress.id).where(
            DeadAddress.group_id == tx.actor.group_id,
            DeadAddress.address == written.strip().lower(),
            DeadAddress.mended_on.is_(None),
        )
    )
    if number is None:
        raise Refused(
            Reason("unknown_subject", f"No mail to {written.strip()} comes back; nothing is to be mended.")
        )
    return Ref(DeadAddress.noun, number)


def _number(mail: str) -> int:
    found = _MAIL.fullmatch(mail.strip())
    if found is None:
        raise BadInput(f"{mail!r} is not a mail; `auditloop list mails` names them, such as mail/12.")
    return min(int(found[1]), LARGEST_ID)
