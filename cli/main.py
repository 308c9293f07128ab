"""The door for operators: `auditloop` and its commands. Each command's own file is read when it is called.

Naming the commands here, with one line each, is what lets `auditloop --help` answer at once: reading all of
them would load two databases, the scheduler and the writer of Word documents first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version as version_of
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from cli.outlet import stream_to
from cli.taught import SETTINGS, TaughtGroup, command_of, group_of

LOOK, DO, RUN, KEEP = "Look", "Do", "Run", "Keep"


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: under which heading it is listed, where it is written, and what it does in one line."""

    name: str
    panel: str
    module: str
    function: str
    line: str


BOOK = {
    entry.name: entry
    for entry in (
        Entry("demo", LOOK, "cli.demo", "demo", "Replay a real sub group's year, from theme to embedded."),
        Entry("list", LOOK, "cli.lists", "list_", "List what there is: audits, returns, actions, decisions ..."),
        Entry("show", LOOK, "cli.looking", "show", "Show one audit, return, recommendation, action ... in full."),
        Entry("history", LOOK, "cli.looking", "history", "Tell what happened to a subject: who, what, when and why."),
        Entry("offers", LOOK, "cli.looking", "offers", "Show which steps a person can take now, and why not the others."),
        Entry("why", LOOK, "cli.explaining", "why_", "Explain why a mail was sent: rule, values, who decided."),
        Entry("explain", LOOK, "cli.explaining", "explain_", "Explain what a rule makes of a subject today."),
        Entry("preview", LOOK, "cli.previewing", "preview_", "Say who would be told what in the days to come."),
        Entry("rehearse", LOOK, "cli.rehearsing", "rehearse_", "Try changed rules on the past."),
        Entry("report", LOOK, "cli.reporting", "REPORTS", "Write a report."),
        Entry("move", DO, "cli.doing", "move_", "Take a step, or ask for the decision that the step needs."),
        Entry("decide", DO, "cli.doing", "decide_", "Answer a decision that waits: approve, change or reject."),
        Entry("reply", DO, "cli.holding", "reply_", "Answer a notice before somebody is named."),
        Entry("acknowledge", DO, "cli.holding", "acknowledge_", "Accept an escalation until a day."),
        Entry("silence", DO, "cli.holding", "silence_", "Stop a rule until a day."),
        Entry("wait", DO, "cli.holding", "wait_", "Say for which agency an action waits."),
        Entry("resume", DO, "cli.holding", "resume_", "Say what came of waiting."),
        Entry("mend", DO, "cli.bounces", "mend_", "Name the right address instead of a dead one."),
        Entry("resend", DO, "cli.bounces", "resend_", "Have mails sent again that have not arrived."),
        Entry("sweep", RUN, "cli.running", "sweep_", "Let the rules look at everything whose time has come."),
        Entry("adopt", RUN, "cli.adopting", "adopt", "Put rules in force that wait, or list those in force."),
        Entry("deliver", RUN, "cli.running", "deliver", "Hand over every mail that is owed."),
        Entry("bounces", RUN, "cli.bounces", "bounces", "Read the mail that came back."),
        Entry("serve", RUN, "cli.running", "serve", "Serve the pages; keep the clock and the post running."),
        Entry("web", RUN, "cli.web", "web", "Serve pages only, on a PostgreSQL of many machines."),
        Entry("worker", RUN, "cli.worker", "worker", "Let rules look and deliver, on a PostgreSQL of many machines."),
        Entry("account", KEEP, "cli.accounts", "ACCOUNT", "Keep who can sign in, from the first administrator on."),
        Entry("group", KEEP, "cli.groups", "GROUP", "Keep the groups of this installation: add, export, remove."),
        Entry("check", KEEP, "cli.defining", "check", "Look for mistakes in workflows, rules and examples."),
        Entry("diagram", KEEP, "cli.defining", "diagram", "Draw a workflow."),
        Entry("definitions", KEEP, "cli.definitions", "DEFINITIONS", "Change workflows under running audits."),
        Entry("verify", KEEP, "cli.verifying", "verify_", "Prove that no line of the history was changed."),
        Entry("checkpoint", KEEP, "cli.sealing", "checkpoint_", "Sign where every history stands now."),
        Entry("retention", KEEP, "cli.erasing", "RETENTION", "Erase what is past its time."),
        Entry("erase", KEEP, "cli.erasing", "erase_", "Erase a text that should never have been written."),
        Entry("keys", KEEP, "cli.sealing", "KEYS", "Keep the keys that sign and encrypt."),
        Entry("routes", KEEP, "cli.routes", "routes", "List every address of the pages, and who may use it."),
        Entry("migrate", KEEP, "cli.keeping", "migrate_", "Make the database, or bring it to the newest shape."),
        Entry("copy", KEEP, "cli.copying", "copy_", "Move an installation to another database."),
        Entry("backup", KEEP, "cli.backups", "backup_", "Keep everything in one file that proves itself."),
        Entry("restore", KEEP, "cli.backups", "restore_", "Bring an installation back, its mail held."),
        Entry("release", KEEP, "cli.releasing", "release_", "Let mail go again after a restore."),
        Entry("doctor", KEEP, "cli.doctor", "doctor", "Say how this installation is."),
    )
}  # fmt: skip

EXIT_CODES = """\
It ends with 0 when it is done; 1 when it found something that needs you; 2 when a word, a file or a setting cannot be
used; 3 when the workflow refuses; 4 when somebody else was faster; 5 when there is nothing to work on, such as no
database; 130 when you stop it; 141 when whoever reads its output has left."""


class OnCall(MutableMapping[str, Any]):
    """The commands by name; each is read from its file when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        return _read(BOOK[name])

    def __iter__(self) -> Iterator[str]:
        return iter(BOOK)

    def __len__(self) -> int:
        return len(BOOK)

    def __setitem__(self, name: str, command: Any) -> None:
        raise TypeError("a command is added to BOOK")

    def __delitem__(self, name: str) -> None:
        raise TypeError("a command is taken out of BOOK")


class FrontDoor(TaughtGroup):
    """Lists the commands without reading them, and reads the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = OnCall()

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the commands in the order of the book."""
        return list(BOOK)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Give what the list of commands shows of one."""
        entry = BOOK.get(cmd_name)
        return (
            None if entry is None else TyperCommand(entry.name, help=entry.line, rich_help_panel=entry.panel)
        )

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is called, and read it."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, self.commands[str(name)], rest


app = typer.Typer(
    name="auditloop",
    cls=FrontDoor,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
    epilog=EXIT_CODES.replace("\n", " "),
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"auditloop {version_of('auditloop')}")
        raise typer.Exit


@app.callback()
def auditloop(
    ctx: typer.Context,
    database: Annotated[
        str | None,
        typer.Option(
            "--database", metavar="PATH|URL", help="The database, for any command.", show_default=False
        ),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_say_version),
    ] = False,
) -> None:
    """Run the loop of a multi-agency case file audit group: from a theme to evidence that something changed.

    Begin with `auditloop demo --no-serve`: it replays a real group's year and says where to look next.
    """
    if database is not None:
        given = {"database": database}
        below = dict.fromkeys(("annual", "list", "plan", "apply", "rotate", "add", "export", "remove"), given)
        ctx.default_map = dict.fromkeys(BOOK, given | below)


def main() -> None:
    """Run `auditloop` as a program."""
    sys.stdout, sys.stderr = stream_to(1), stream_to(2)
    app()


@cache
def _read(entry: Entry) -> Any:
    """Make the command of an entry, from a function or from an application of its own."""
    written = getattr(import_module(entry.module), entry.function)
    if isinstance(written, Mapping):
        return group_of(entry.name, entry.line, written)
    return command_of(written, entry.name)
