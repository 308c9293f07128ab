"""`auditloop definitions`: which workflows there are and were, and letting what runs go over to the newest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

from assurance.carryover import CarriedOver, carry_over
from assurance.queries.definitions import (
    DefinitionRow,
    KindPlan,
    Plan,
    Source,
    definitions,
    plan,
)
from assurance.transfers import Wish
from cli.columns import short
from cli.opening import (
    REFUSED,
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
from cli.shown import Column, in_words, several, show_json, show_table
from engine.definition_changes import Renamed
from engine.definitions import SHORT
from engine.fences import EVERY
from engine.words import listed

KindArgument = Annotated[
    str | None,
    typer.Argument(metavar="KIND", help="One kind, such as action; else all.", show_default=False),
]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="KIND:OLD=NEW",
        help="A state that is gone, and the one that takes its place; once for each.",
        show_default=False,
    ),
]
StepOption = Annotated[
    list[str] | None,
    typer.Option(
        "--step",
        metavar="KIND:OLD=NEW",
        help="A step that is called otherwise, so that whoever took it stays kept apart; KIND:OLD= lets it fall.",
        show_default=False,
    ),
]
FieldOption = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="KIND:OLD=NEW",
        help="A field that is called otherwise; KIND:OLD= empties it.",
        show_default=False,
    ),
]
FinishedOption = Annotated[
    bool, typer.Option("--finished", help="Let those go over too whose work is over; else they stay.")
]


def list_(
    kind: KindArgument = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """List every definition of every workflow, when it came into force, and how many subjects go by it.

    A subject goes by the definition with which it began, until `auditloop definitions apply` lets it go over.

    Examples: auditloop definitions list; auditloop definitions list action
    """
    with answering(as_json=as_json), opened(database, publishes=False) as office:
        group_id = None if group is None else actor_for(office, None, group).group_id
        with office.store.reading(group=EVERY) as session:
            rows = definitions(session, office.playbook, kind=kind, group_id=group_id)
        if as_json:
            show_json(rows)
        else:
            show_table(ROWS, rows)


def plan_(
    kind: KindArgument = None,
    states: MapOption = None,
    steps: StepOption = None,
    fields: FieldOption = None,
    finished: FinishedOption = False,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Plan what would become of what runs, if it went by the workflows as they stand in the files now.

    Writes nothing. It names what is different, how many subjects would go over as they are or under another state,
    and every subject that has nowhere to go, with the reasons.

    Ends with 3 when a subject has nowhere to go.

    Examples: auditloop definitions plan; auditloop definitions plan action --map action:in_progress=under_way
    """
    with answering(as_json=as_json), opened(database, publishes=False) as office:
        wish = _wish(kind, states, steps, fields, finished=finished)
        with office.reading(actor_for(office, None, group)) as tx:
            planned = plan(tx, wish)
    if as_json:
        show_json(planned)
    else:
        _say(planned)
    if planned.stuck:
        raise typer.Exit(REFUSED)


def apply_(
    person: PersonOption,
    kind: KindArgument = None,
    states: MapOption = None,
    steps: StepOption = None,
    fields: FieldOption = None,
    finished: FinishedOption = False,
    reason: Annotated[
        str, typer.Option(metavar="WORDS", help="Why; every history keeps it.", show_default=False)
    ] = "",
    at_most: Annotated[
        int | None,
        typer.Option("--at-most", metavar="N", min=1, help="Stop after so many.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Apply the plan: let everything that runs go over to the workflows as they stand in the files now.

    For the coordinator or the administrator. As long as one subject has nowhere to go, nothing is moved. Each
    subject goes over in a transaction of its own, with a sealed line in its history; nobody is mailed. Stopped at any
    instant, the same command goes on.

    Ends with 3 when a subject has nowhere to go.

    Examples: auditloop definitions apply --as sam; auditloop definitions apply action --map action:in_progress=under_way --as sam --reason "Renamed by the group in March"
    """
    with answering(as_json=as_json), opened(database, publishes=False) as office:
        wish = _wish(kind, states, steps, fields, finished=finished)
        actor = actor_for(office, person, group)
        with _progress(quiet=quiet or as_json) as progress:
            done = carry_over(office, actor, wish, reason=reason, at_most=at_most, progress=progress)
    if as_json:
        show_json(done)
    elif not quiet:
        typer.echo(_said(done))
    if done.stuck:
        for one in done.stuck:
            sentences = " ".join(reason.sentence for reason in one.reasons)
            typer.echo(f"{short(one.ref)} has nowhere to go since: {sentences}", err=True)
        raise typer.Exit(REFUSED)


DEFINITIONS = {"list": list_, "plan": plan_, "apply": apply_}


def _place(row: DefinitionRow) -> str:
    if not row.on_shelf:
        return ""
    return "on the shelf" if row.published_at is not None else "on the shelf, not in force yet"


ROWS: Sequence[Column[DefinitionRow]] = (
    Column("Kind", lambda row: row.kind),
    Column("Definition", lambda row: row.hash[:SHORT]),
    Column("Published", lambda row: None if row.published_at is None else row.published_at.date()),
    Column("Running", lambda row: row.running, is_number=True),
    Column("Finished", lambda row: row.finished, is_number=True),
    Column("", _place, is_wide=True),
)


def _wish(
    kind: str | None,
    states: Iterable[str] | None,
    steps: Iterable[str] | None,
    fields: Iterable[str] | None,
    *,
    finished: bool,
) -> Wish:
    words = (_words("--map", states), _words("--step", steps), _words("--field", fields))
    empty = [f"{one}:{old}=" for one, pairs in words[0].items() for old, new in pairs.items() if not new]
    if empty:
        raise BadInput(
            f"--map {empty[0]} names no new state; write it as --map action:in_progress=under_way."
        )
    kinds = {one: None for of_kind in words for one in of_kind}
    renamed = {one: Renamed(*(of_kind.get(one, {}) for of_kind in words)) for one in kinds}
    return Wish(kind, renamed, finished)


def _words(option: str, given: Iterable[str] | None) -> dict[str, dict[str, str]]:
    """Read KIND:OLD=NEW, by kind."""
    found: dict[str, dict[str, str]] = {}
    for pair in given or ():
        kind, colon, rest = pair.partition(":")
        old, equals, new = rest.partition("=")
        if not (kind and colon and old and equals):
            raise BadInput(
                f"{option} {pair!r} is not KIND:OLD=NEW; write it as {option} action:in_progress=under_way."
            )
        if found.setdefault(kind, {}).setdefault(old, new) != new:
            raise BadInput(f"{option} says twice what becomes of {kind}:{old}; say it once.")
    return found


def _say(planned: Plan) -> None:
    for kind in planned.kinds:
        for source in kind.sources:
            typer.echo(_headed(kind, source))
            for line in _told(source):
                typer.echo(f"  {line}")
            typer.echo()
    for name, number in planned.without_file.items():
        stay = "stays" if number == 1 else "stay"
        typer.echo(f"{name}: no file of it is there any more; {several(number, 'running subject')} {stay}.\n")
    for one in planned.stuck:
        typer.echo(f"{short(one.ref)} (‘{one.state_title}’): {' '.join(one.reasons)}")
    if planned.stuck:
        typer.echo(
            f"Nowhere to go: {several(len(planned.stuck), 'subject')}; so nothing can be moved.", err=True
        )
        for hint in _hints(planned):
            typer.echo(hint, err=True)
    elif planned.moving:
        typer.echo(
            f"{several(planned.moving, 'subject')} can go over: "
            "the same words with `auditloop definitions apply` and --as PERSON."
        )
    else:
        typer.echo("Everything that runs goes by the definitions on the shelf.")


def _headed(kind: KindPlan, source: Source) -> str:
    since = "not in force yet" if kind.published_at is None else in_words(kind.published_at.date())
    return (
        f"{kind.kind}: from {source.hash[:SHORT]} ({in_words(source.published_at.date())}) "
        f"to {kind.hash[:SHORT]} ({since})"
    )


def _told(source: Source) -> Iterator[str]:
    yield from (change.sentence for change in source.changes)
    if source.as_they_are:
        yield f"{several(source.as_they_are, 'subject')}: as they are"
    for one in source.renamed:
        yield f"{several(one.subjects, 'subject')}: from {one.old} to {one.new}"
    if source.nowhere:
        yield f"{several(source.nowhere, 'subject')}: nowhere to go"
    if source.finished:
        yield f"{several(source.finished, 'finished subject')}: they stay with the definition that they ended by"


def _hints(planned: Plan) -> Iterator[str]:
    """Say for each state that is gone how to name the one that takes its place."""
    for kind in planned.kinds:
        gone = {one.state: None for one in kind.stuck if "state_is_gone" in one.codes}
        for state in gone:
            yield (
                f"Say where those of {state} go: --map {kind.kind}:{state}=STATE. "
                f"States of the new definition: {listed(kind.states)}."
            )


def _said(done: CarriedOver) -> str:
    if not done.migrated:
        said = "Nothing went over."
    else:
        of_kind = ", ".join(f"{number:,} {kind}" for kind, number in done.by_kind.items())
        said = (
            f"{several(done.migrated, 'subject')} went over ({of_kind}). "
            "Every history says so, and nobody was mailed."
        )
    return f"{said} {done.left:,} more are left; the same command goes on." if done.left else said


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show at a terminal how far it is."""
    screen = Console(stderr=True)
    if quiet or not screen.is_terminal:
        yield lambda _done, _of: None
        return
    with screen.status("Every subject is being looked at ...") as status:
        yield lambda done, of: status.update(f"{done:,} of {of:,} have gone over ...")
