"""Commands for whoever writes workflows and rules: `check` and `diagram`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from assurance.config import Settings, settings_from
from assurance.facts import common_words, vocabularies
from assurance.playbook import read_shelf
from cli.checking import Checked, check_folder, check_house
from cli.opening import BAD_INPUT, BadInput, JsonOption, QuietOption, answering
from cli.shown import several, show_json
from engine.diagram import mermaid, svg
from engine.words import unknown, visible
from engine.workflow import Workflow, load_workflows


def check(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FOLDER",
            help="Folders of workflows, of rules, or of both; an example with its story. Nothing: the house's own.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Look for mistakes in workflows, rules and examples, and hold the trials of the rules; nothing is stored.

    Each mistake is one line, FILE:LINE:COLUMN: and what is wrong, with the word that may be meant. Warnings are
    allowed, but look like a mistake. Without a folder it looks at the house's own workflows and rules, those of
    AUDITLOOP_WORKFLOWS and AUDITLOOP_RULES, and all examples.

    Ends with 2 when there is a mistake.

    Examples: auditloop check; auditloop check workflows; auditloop check examples/clinical-audit
    """
    with answering(as_json=as_json):
        settings = settings_from(os.environ)
        if folders:
            once = {folder.resolve(): folder for folder in reversed(folders)}
            checked = sum((check_folder(folder, settings) for folder in reversed(once.values())), Checked())
        else:
            checked = check_house(settings)
    if as_json:
        show_json(checked)
    else:
        _say(checked, quiet=quiet)
    if checked.faults:
        raise typer.Exit(BAD_INPUT)


def diagram(
    workflow: Annotated[
        str,
        typer.Argument(metavar="WORKFLOW", help="A kind, such as action, or the path of a workflow file."),
    ],
    as_svg: Annotated[
        bool, typer.Option("--svg", help="Draw a picture (SVG) instead of mermaid text.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it to this file.", show_default=False)
    ] = None,
) -> None:
    """Draw a workflow: states, steps, who takes them, and which need a decision.

    Mermaid text can be pasted into most wikis and code hosts; the picture stands alone and can be read aloud.

    Examples: auditloop diagram action; auditloop diagram audit --svg --output audit.svg; auditloop diagram examples/clinical-audit/workflows/improvement.yaml
    """
    with answering():
        found = _workflow(workflow, settings_from(os.environ))
        drawn = svg(found) if as_svg else mermaid(found)
        if output is None:
            typer.echo(drawn, nl=False)
        else:
            output.write_text(drawn, encoding="utf-8")
            typer.echo(f"Wrote {output}.")


def _say(checked: Checked, *, quiet: bool) -> None:
    for problem in checked.faults:
        typer.echo(str(problem))
    if quiet:
        return
    for problem in checked.warnings:
        typer.echo(f"{visible(problem.file)}:{problem.line}:{problem.column}: warning: {problem.message}")
    if checked.faults:
        typer.echo(f"{several(len(checked.faults), 'mistake')} found.", err=True)
        return
    read = [
        several(number, what, many)
        for number, what, many in (
            (checked.workflows, "workflow", None),
            (checked.rules, "rule", None),
            (checked.trials, "trial of a rule", "trials of rules"),
            (checked.stories, "story", "stories"),
        )
        if number
    ]
    warned = f", {several(len(checked.warnings), 'warning')}" if checked.warnings else ""
    typer.echo(f"Sound: {', '.join(read)}{warned}.")


def _workflow(wanted: str, settings: Settings) -> Workflow:
    path = Path(wanted)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise BadInput(f"There is no file {visible(wanted)}.")
        return load_workflows(path.parent, vocabularies(), common=common_words())[path.stem]
    workflows = read_shelf(settings.workflows, settings.rules).workflows
    if wanted not in workflows:
        raise BadInput(unknown(wanted, "a kind with a workflow", workflows) + ".")
    return workflows[wanted]
