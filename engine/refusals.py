"""The sentences of a closed door, for tired people: what is missing, and what would make it possible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from engine.errors import Reason
from engine.vocabulary import Field, Kind, Value
from engine.words import listed, nearest
from engine.workflow_parts import Definition, Way

_WANTED = {
    Kind.TEXT: "a few words",
    Kind.DATE: "a date",
    Kind.WHOLE: "a whole number",
    Kind.YES_NO: "yes or no",
}


def unknown_trigger(definition: Definition, trigger: str) -> Reason:
    """Say that no move of this name exists, and which one may be meant."""
    known = list(dict.fromkeys(way.trigger for way in definition.moves))
    near = nearest(trigger, known)
    hint = f"Did you mean {quoted(near)}? " if near else ""
    noun = noun_of(definition)
    return Reason(
        "unknown_trigger",
        f"{quoted(trigger)} is not a step of the {noun}. {hint}Its steps are: {listed(known)}.",
    )


def wrong_state(definition: Definition, state: str, ways: tuple[Way, ...]) -> Reason:
    """Say in which states a move is possible, which one it is now, and which step would lead there."""
    sources = list(dict.fromkeys(source for way in ways for source in way.sources))
    # Listed in the order of life, as the reader knows them, and not in the order of the file's `from`.
    wanted = [state.title for state in definition.states.values() if state.name in sources]
    noun, now = noun_of(definition), definition.states[state].title
    already = "already " if any(way.target == state for way in ways) else ""
    sentence = (
        f"{quoted(ways[0].title)} is possible while the {noun} is {one_of(wanted)}; it is {already}{now}."
    )
    first = _steps_towards(definition, state, sources)
    if first:
        sentence += f" {one_of(first)} has to come first."
    return Reason("wrong_state", sentence)


def _steps_towards(definition: Definition, state: str, wanted: list[str]) -> list[str]:
    # Only forward in the order of life: nobody who comes late should be told to undo what has been done since.
    order = list(definition.states)
    return [
        quoted(way.title)
        for way in definition.moves
        if state in way.sources and way.target in wanted and order.index(state) < order.index(way.target)
    ]


def wrong_role(definition: Definition, way: Way, roles: frozenset[str]) -> Reason:
    """Say for whom a move is, and as whom the actor is here."""
    allowed = one_of([f"the {spoken(role)}" for role in way.by])
    if roles:
        here = f"you are here as {all_of([spoken(role) for role in sorted(roles)])}"
    else:
        here = f"you have no part in this {noun_of(definition)}"
    return Reason("role", f"{quoted(way.title)} is a step for {allowed}; {here}.")


def conflict(definition: Definition, way: Way, word: str, sentence: str) -> Reason:
    """Repeat the caller's sentence about a conflict, or make one of the conflict word."""
    if sentence:
        return Reason("conflict", sentence)
    done = next((other.title for other in definition.moves if other.trigger == word), None)
    if done is not None:
        cause = f"You did {quoted(done)} yourself"
    else:
        cause = f"You are too close to this {noun_of(definition)} ({spoken(word)})"
    return Reason("conflict", f"{cause}; somebody else has to do {quoted(way.title)}.")


def unmet(sentence: str, quotes: Mapping[str, Value]) -> Reason:
    """Say what is needed, with the facts that the sentence quotes."""
    if quotes:
        sentence = sentence.format_map({name: shown(value) for name, value in quotes.items()})
    return Reason("need", sentence)


def missing(ask: Field) -> Reason:
    """Say that something that the move asks for has not been given."""
    return Reason("missing", f"Fill in {quoted(title_of(ask))} with {wanted_for(ask)}.")


def wrong_value(ask: Field, value: Value) -> Reason:
    """Say that something given is of another kind than the move asks for."""
    what = f"{quoted(title_of(ask))} has to be {wanted_for(ask)}; {quoted(shown(value))} is not."
    return Reason("wrong_value", what)


def not_asked(way: Way, name: str) -> Reason:
    """Say that something was given which the move would silently lose."""
    asked = all_of([quoted(title_of(ask)) for ask in way.asks]) or "nothing"
    sentence = f"{quoted(way.title)} does not ask for {quoted(spoken(name))}; it asks for {asked}."
    return Reason("not_asked", sentence)


def noun_of(definition: Definition) -> str:
    """Return the kind's title as it stands inside a sentence: 'agency return', but 'CAMHS return'."""
    title = definition.title
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def title_of(ask: Field) -> str:
    """Return what people call a field."""
    return ask.title or spoken(ask.name).capitalize()


def wanted_for(ask: Field) -> str:
    """Return what a field takes: 'a date', 'one of: good, poor'."""
    if ask.kind is Kind.CHOICE:
        return f"one of: {', '.join(spoken(choice) for choice in ask.choices)}"
    return _WANTED[ask.kind]


def shown(value: Value) -> str:
    """Return a value as people write it: 3 March 2026, yes, not set."""
    match value:
        case None:
            return "not set"
        case bool():
            return "yes" if value else "no"
        case date():
            return f"{value.day} {value:%B %Y}"
        case _:
            return str(value)


def spoken(word: str) -> str:
    """Return a word of the files as people say it: agency lead."""
    return word.replace("_", " ").replace(".", " ")


def quoted(title: str) -> str:
    """Return a title in quotation marks."""
    return f"\N{LEFT SINGLE QUOTATION MARK}{title}\N{RIGHT SINGLE QUOTATION MARK}"


def one_of(words: Iterable[str]) -> str:
    """Join by 'or': 'Agreed, In progress or Confirmed'."""
    return _joined(list(words), "or")


def all_of(words: Iterable[str]) -> str:
    """Join by 'and': 'member and owner'."""
    return _joined(list(words), "and")


def _joined(words: list[str], last: str) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
