"""Commands that explain the rules: `why` a mail was sent, and `explain` what a rule makes of a subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from assurance.queries.explaining import Compared, Explained, explain
from assurance.queries.foretelling import on_day
from assurance.queries.references import reference_of
from assurance.queries.who_decided import RuleThen
from assurance.queries.why import Cause, Why, why
from cli.columns import short
from cli.looking import RefArgument
from cli.opening import (
    AsOption,
    DatabaseOption,
    GroupOption,
    JsonOption,
    OnOption,
    answering,
    looking,
    opened,
)
from cli.shown import Cell, Column, in_words, say, several, show_json, show_pairs, show_table
from engine.conditions import Value

LISTED = 4


def why_(
    mail: Annotated[
        str,
        typer.Argument(
            metavar="MAIL", help="The mail as `auditloop list mails` names it: mail/12.", show_default=False
        ),
    ],
    person: AsOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Explain why a mail was sent: what happened, which rule spoke, on which values, and who decided whom it tells.

    A rule is shown in the words that it had on that day. A digest is explained item by item.

    With --json: the mail (mail, to, address, posts, subject, template, state, answer, owed_at, not_before, sent_at);
    in `causes` what led to it (ref, line, at, sentence, because, occasion, told_as, decided, and the rule as it was);
    `hidden` counts what you may not see.

    Examples: auditloop why mail/12; auditloop why mail/12 --as bo --json
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        looking(office, person, group) as (tx, viewer),
    ):
        found = why(tx, viewer, mail)
    if as_json:
        show_json(found)
    else:
        _show_why(found)


def explain_(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="The id of the rule, such as action-overdue.")],
    ref: RefArgument,
    on: OnOption = None,
    person: AsOption = None,
    as_json: JsonOption = False,
    group: GroupOption = None,
    database: DatabaseOption = None,
) -> None:
    """Explain what a rule makes of a subject today: each comparison with its values, and when that can change.

    With --json: rule, title, condition, severity, ref, subject, state_title, on, holds, comparisons (text, left, right,
    holds), occasion, verdict, first_said_on, times_said, noticed_on, told, warned, changes_on, looked_at_on,
    in_force_since, source.

    Examples: auditloop explain action-overdue action/12; auditloop explain return-late return/3 --on 2015-01-05 --json
    """
    with (
        answering(as_json=as_json),
        opened(database) as office,
        looking(office, person, group) as (tx, viewer),
    ):
        day = tx if on is None else on_day(tx, on.date())
        found = explain(day, viewer, rule, reference_of(tx, viewer, ref))
    if as_json:
        show_json(found)
    else:
        _show_explained(found)


def _show_why(found: Why) -> None:
    say(f"{found.mail} to {found.to}", style="bold")
    say()
    _show_told(
        [
            ("Address", found.address),
            ("Posts held that day", "; ".join(found.posts)),
            ("Thread", found.subject),
            ("What", found.template.replace("_", " ")),
            ("Owed", in_words(found.owed_at)),
            ("Not before", in_words(found.not_before) if found.not_before > found.owed_at else None),
            ("Sent", None if found.sent_at is None else in_words(found.sent_at)),
            ("State", found.state),
            ("Said last", found.answer),
        ]
    )
    alike: dict[tuple[object, ...], list[Cause]] = {}
    for cause in found.causes:
        alike.setdefault((cause.at, cause.sentence, cause.because, cause.decided), []).append(cause)
    for causes in alike.values():
        _show_causes(causes)
    for rule in dict.fromkeys(cause.rule for cause in found.causes if cause.rule is not None):
        _show_rule(rule)
    if found.hidden:
        say()
        say(f"{several(found.hidden, 'further reason')} may not be seen by whoever asks.", style="dim")
    elif not found.causes:
        say()
        say("Nothing that it was to say was still so.")


def _show_told(pairs: Sequence[tuple[str, Cell]]) -> None:
    """Show what there is to tell, and leave out what is empty."""
    show_pairs([(name, value) for name, value in pairs if value not in (None, "")])


def _show_causes(causes: Sequence[Cause]) -> None:
    """Show what several entries say alike, under all their names."""
    first = causes[0]
    say()
    if len(causes) == 1:
        say(f"{short(first.ref)}, line {first.line}, {in_words(first.at)}", style="bold")
    else:
        say(f"{len(causes)} histories, {in_words(first.at)}", style="bold")
        say(", ".join(short(cause.ref) for cause in causes))
    say(first.sentence)
    for number, reason in enumerate(first.because):
        say(f"  {'and' if number else 'because'} {reason}")
    say(first.decided)


def _show_rule(rule: RuleThen) -> None:
    say()
    say(f"The rule ‘{rule.id}’, in the words that it had", style="bold")
    _show_told(
        [
            ("title", rule.title),
            ("when", rule.when),
            ("once per", rule.once_per),
            ("notice", rule.notice),
            ("tell", ", ".join(rule.tells)),
            ("copy", ", ".join(rule.copies)),
            ("which is", rule.in_force),
            ("written at", rule.written_at),
        ]
    )


def _show_explained(found: Explained) -> None:
    say(f"{found.rule} and {short(found.ref)}, {in_words(found.on)}", style="bold")
    say(f"{found.title}.")
    say(f"{found.subject} stands at ‘{found.state_title}’. {found.verdict}")
    say()
    show_table(COMPARISONS, found.comparisons)
    say()
    _show_told(
        [
            ("Occasion", found.occasion),
            ("Notice given", found.noticed_on),
            ("First said", found.first_said_on),
            ("Said so far", several(found.times_said, "time") if found.times_said else None),
            ("It gives notice to", _named(found.warned)),
            ("It tells", _named(found.told)),
            ("The answer can change", found.changes_on or "not by time alone"),
            ("Rules look again", found.looked_at_on or "when something changes"),
            ("In force since", found.in_force_since),
            ("Written at", found.source),
        ]
    )


def _named(people: Sequence[tuple[str, str]]) -> str:
    """Name people by the word that means them: `chair: Ada Ashdown; members: Bo Birchall, Dev Dunmore`."""
    by_word: dict[str, list[str]] = {}
    for name, word in people:
        by_word.setdefault(word.replace("_", " "), []).append(name)
    return "; ".join(f"{word}: {', '.join(names)}" for word, names in by_word.items())


def _values(one: Compared) -> str:
    """Show the values of a comparison, but for those that stand in its text."""
    values = [one.left] if one.right is None or isinstance(one.right, tuple) else [one.left, one.right]
    shown = [_value(value) for value in values if str(value) not in one.text.split() and value is not True]
    return "; ".join(shown) or _value(one.left)


def _value(value: Value) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return in_words(value)


COMPARISONS: Sequence[Column[Compared]] = (
    Column("Today", lambda one: "true" if one.holds else "not true"),
    Column("Comparison", lambda one: one.text, is_wide=True),
    Column("Values", _values),
)
