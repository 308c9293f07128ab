"""Makes commands whose help teaches: the sentences of the docstring, then its examples, a line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import cleandoc
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from cli.words import say_fault, unreadable_words

SETTINGS = {"help_option_names": ["-h", "--help"]}


class Taught(TyperCommand):
    """A command whose help speaks to whoever uses it, and that takes no word which nobody can read."""

    def get_params(self, ctx: Any) -> Any:
        """Give the parameters, `--help` included."""
        return without_types(super().get_params(ctx), ctx)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; unreadable words end it with 2, before anything is opened."""
        reasons = list(unreadable_words(self.params, ctx.params))
        if reasons:
            say_fault("bad_input", reasons, as_json=bool(ctx.params.get("as_json")))
            raise typer.Exit(2)
        return super().invoke(ctx)


class TaughtGroup(TyperGroup):
    """A command that has commands below it."""

    def get_params(self, ctx: Any) -> Any:
        """Give the options that stand before a command."""
        return without_types(super().get_params(ctx), ctx)


def command_of(written: Callable[..., None], name: str) -> Any:
    """Make a command of a function; the last paragraph of its docstring may hold `Examples: one; another`."""
    *paragraphs, last = [" ".join(part.split()) for part in cleandoc(written.__doc__ or "").split("\n\n")]
    examples: list[str] = []
    if last.startswith(("Example: ", "Examples: ")):
        examples = last.partition(": ")[2].split("; ")
    else:
        paragraphs.append(last)
    shown = "\n".join(["Examples:", *(f"  $ {example}" for example in examples)]) if examples else None
    own = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    own.command(name, cls=Taught, help="\n\n".join(paragraphs), epilog=shown, context_settings=SETTINGS)(
        written
    )
    return get_command(own)


def group_of(name: str, line: str, written: Mapping[str, Callable[..., None]]) -> Any:
    """Make a command of several functions, one below each name."""
    commands = {below: command_of(function, below) for below, function in written.items()}
    return TaughtGroup(
        name=name, help=line, commands=commands, no_args_is_help=True, context_settings=SETTINGS
    )


def without_types(parameters: Any, ctx: Any) -> Any:
    """Take the programmer's words out of what the help says: of flags, and of arguments that take any word."""
    for one in parameters:
        if getattr(one, "is_flag", False):
            one.metavar = ""
        elif one.param_type_name == "argument" and "|" not in str(one.display_type_rich(ctx=ctx)):
            one.display_type_rich = lambda **_: ""
    return parameters
