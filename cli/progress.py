"""What a long piece of work says meanwhile, at a terminal, and how its faults are answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import typer

from assurance.copies.copying import CannotCopy, Unequal
from cli.opening import FOUND, BadInput
from cli.shown import Screen


@dataclass(slots=True)
class Progress:
    """Says at which step the work is, and how many rows of which table have passed; says nothing without a terminal."""

    status: Any = None
    step: str = field(default="")

    def on_step(self, step: str) -> None:
        """Go on to another step."""
        self.step = step
        self._show(step)

    def on_rows(self, table: str, rows: int) -> None:
        """Say how far a table is."""
        self._show(f"{self.step} {table}: {rows:,}")

    def _show(self, said: str) -> None:
        if self.status is not None:
            self.status.update(said)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """Show at a terminal how far the work is."""
    screen = Screen(stderr=True)
    if quiet or not screen.is_terminal:
        yield Progress()
        return
    with screen.status("") as status:
        yield Progress(status)


@contextmanager
def answering_copies() -> Iterator[None]:
    """Answer what keeps a copy from being made, and name every difference of one that is not equal."""
    try:
        yield
    except CannotCopy as error:
        raise BadInput(str(error)) from error
    except Unequal as error:
        for difference in error.differences:
            typer.echo(difference, err=True)
        typer.echo("The copy is not equal; it was taken back, and the target is empty.", err=True)
        raise typer.Exit(FOUND) from error
