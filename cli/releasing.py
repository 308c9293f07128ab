"""The command that lets mail go again after a restore: `release`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from assurance.queries.mail_queue import what_for
from assurance.releasing import OnHold, Pile, on_hold, release
from cli.opening import FOUND, BadInput, DatabaseOption, JsonOption, QuietOption, answering, opened
from cli.shown import Column, in_words, say, several, show_json, show_table
from engine.fences import EVERY


def release_(
    yes: Annotated[
        bool, typer.Option("--yes", help="Let mail go; without it, this only shows what would.")
    ] = False,
    send_owed: Annotated[
        bool, typer.Option("--send-owed", help="Send what was owed when the backup was made, too.")
    ] = False,
    withdraw_all: Annotated[
        bool,
        typer.Option("--withdraw-all", help="Take back what has come to be owed since the restore, too."),
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    database: DatabaseOption = None,
) -> None:
    """Let mail go again after a restore; first look at what would.

    What was owed when the backup was made may have been sent since: it is taken back for good, unless you say
    --send-owed. What rules have come to owe since the restore goes, unless you say --withdraw-all: after a gap of
    some days rules say again what they have said in between. Let them look first (`auditloop sweep`).

    Ends with 1 while mail is held.

    Examples: auditloop release; auditloop release --yes; auditloop release --yes --send-owed
    """
    with answering(as_json=as_json), opened(database) as office:
        if send_owed and withdraw_all:
            raise BadInput("Say either --send-owed or --withdraw-all; both at once would be a contradiction.")
        with office.store.reading(group=EVERY) as session:
            held = on_hold(session)
        if yes:
            done = release(office, sends_owed=send_owed, sends_new=not withdraw_all)
            if as_json:
                show_json(done)
            elif not quiet:
                say(
                    f"Mail goes again. Taken back for good: {several(done.withdrawn, 'mail')} and "
                    f"{several(done.reminders, 'reminder')}. {several(done.goes, 'mail')} go with the next delivery."
                )
            return
        if held is None:
            if as_json:
                show_json(None)
            elif not quiet:
                say("No mail is held here: there was no restore that waits for its release.")
            return
        if as_json:
            show_json(held)
        else:
            _show(held)
        raise typer.Exit(FOUND)


def _show(held: OnHold) -> None:
    since = held.since
    say(
        f"All mail is held since the restore of {_moment(since.restored_at)}; the backup is of {_moment(since.backup_at)}."
    )
    _show_pile(
        "Owed when the backup was made, and possibly sent since (withdrawn, or --send-owed)", held.owed
    )
    if held.reminders:
        say(f"Besides, {several(held.reminders, 'reminder')} waited for a digest then, and go the same way.")
    _show_pile("Come to be owed since the restore (sent, or --withdraw-all)", held.new)
    if held.uncertain:
        say(
            f"\nOf {several(held.uncertain, 'mail')} nobody knows whether they arrived; they go only with `auditloop resend`."
        )
    say("\nNothing was changed. Let mail go with: auditloop release --yes [--send-owed | --withdraw-all]")


def _show_pile(heading: str, pile: Pile) -> None:
    oldest = "" if pile.oldest_at is None else f", the oldest of {_moment(pile.oldest_at)}"
    say(f"\n{heading}: {several(pile.number, 'mail')}{oldest}", style="bold")
    kinds = {what_for(template): number for template, number in pile.kinds.items()}
    for name, counted in (("What for", kinds), ("To", pile.people)):
        if counted:
            columns: list[Column[tuple[str, int]]] = [
                Column(name, lambda one: one[0]),
                Column("Mails", lambda one: one[1], is_number=True),
            ]
            show_table(columns, list(counted.items()))


def _moment(at: datetime) -> str:
    return f"{in_words(at)} UTC"
