"""What lies between two definitions of one kind, and where a subject of the older one goes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from engine.errors import Reason
from engine.words import listed, unknown
from engine.workflow_parts import Definition
from engine.workflow_words import SAME
from engine.yamlfile import parse_yaml

# Of a step, what it does to a subject; who may take it and what must be true first is asked when it is taken.
_EFFECTS = ("ask", "set", "count", "enters")


class How(StrEnum):
    """In which way a part of a definition differs."""

    NEW = "new"
    GONE = "gone"
    RENAMED = "renamed"
    RETITLED = "retitled"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: of which part (state, step, field ...), under which word, and in a sentence."""

    what: str
    word: str
    how: How
    sentence: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """Old words of a kind and the new ones that take their places; a step or field with an empty one is given up."""

    states: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


NOTHING_RENAMED = Renamed()


def destination(old: Definition, new: Definition, state: str, renamed: Renamed) -> str | Reason:
    """Give the state of the new definition in which a subject goes on, or the reason why there is none.

    What can stay in its state stays there. Neither does a change of words finish what is running, nor does it wake
    up what is finished.
    """
    if _keeps(old, new, state):
        return state
    before = old.states[state]
    after = new.states.get(renamed.states.get(state, state))
    shown = f"‘{before.title}’ ({state})"
    if after is None:
        return Reason(
            "state_is_gone", f"{shown} is not in the new definition; say which state takes its place."
        )
    if after.final and not before.final:
        return Reason(
            "would_finish",
            f"It is still running, and ‘{after.title}’ ({after.name}) is final; only a step finishes it.",
        )
    if before.final and not after.final:
        return Reason(
            "would_wake",
            f"It is finished, and ‘{after.title}’ ({after.name}) is not final; only a step opens it again.",
        )
    return after.name


def why_not(renamed: Renamed, olds: Sequence[Definition], new: Definition) -> list[Reason]:
    """Say what is wrong with some new words: unknown ones, and those for a word that can be kept."""
    reasons = list(_wrong_states(renamed, olds, new))
    triggers = list(dict.fromkeys(way.trigger for old in olds for way in old.moves))
    fields = [name for old in olds if old.own is not None for name in old.own.fields]
    own = new.own.fields if new.own is not None else {}
    after = [way.trigger for way in new.moves]
    reasons += _wrong_words(renamed.steps, f"a step of {new.kind} in an older definition", triggers, after)
    reasons += _wrong_words(renamed.fields, f"a field of {new.kind} in an older definition", fields, own)
    return reasons


def _wrong_states(renamed: Renamed, olds: Sequence[Definition], new: Definition) -> Iterator[Reason]:
    known = list(dict.fromkeys(name for old in olds for name in old.states))
    for word, target in renamed.states.items():
        if word not in known:
            yield _unknown(word, f"a state of {new.kind} in an older definition", known)
        if target not in new.states:
            yield _unknown(target, f"a state of {new.kind} in the new definition", new.states)
        if word in known and all(_keeps(old, new, word) for old in olds if word in old.states):
            yield Reason(
                "could_stay", f"'{word}' is a state of the new definition too; only a step leads out of it."
            )


def _keeps(old: Definition, new: Definition, state: str) -> bool:
    return state in new.states and old.states[state].final == new.states[state].final


def _wrong_words(
    words: Mapping[str, str], what: str, known: Sequence[str], after: Collection[str]
) -> Iterator[Reason]:
    for word, target in words.items():
        if word not in known:
            yield _unknown(word, what, known)
        elif word in after:
            yield Reason("could_stay", f"'{word}' stands in the new definition too; it needs no other word.")
        if target and target not in after:
            yield _unknown(target, what.replace("an older", "the new"), after)


def _unknown(word: str, what: str, known: Collection[str]) -> Reason:
    return Reason("unknown_word", unknown(word, what, list(dict.fromkeys(known))) + ".")


def lost_steps(old: Definition, new: Definition, renamed: Renamed) -> dict[str, str]:
    """Give the steps whose takers are kept from a later one and would be no more, each with that one's title.

    A history names the step as it was called then: under another word nobody would be kept apart.
    """
    after = {way.trigger for way in new.moves}
    return {
        word: way.title
        for way in old.moves
        if renamed.steps.get(way.trigger, way.trigger) in after
        for word in way.apart
        if word in {other.trigger for other in old.moves} and word not in after and word not in renamed.steps
    }


def is_same_step(
    old: Definition, new: Definition, trigger: str, source: str, target: str, renamed: Renamed
) -> bool:
    """Say whether a step out of a state does the same in both definitions; `target` is what the state becomes.

    Its title, its terms and who may take it may differ.
    """
    before = _effects(old, trigger, source, renamed.states)
    return bool(before) and before == _effects(new, trigger, target, {})


def _effects(
    definition: Definition, trigger: str, source: str, states: Mapping[str, str]
) -> list[dict[str, Any]]:
    found = []
    for step in _plain(definition.text)["moves"]:
        if step["trigger"] == trigger and source in _as_list(step["from"]):
            goes = source if step["to"] == SAME else step["to"]
            effect = {name: step.get(name) for name in _EFFECTS} | {"to": states.get(goes, goes)}
            found.append(effect)
    return found


def is_left_by(definition: Definition, state: str, roles: Collection[str]) -> bool:
    """Say whether those with one of these roles can take a step out of a state, and decide on it where they must."""
    return any(
        state in way.sources
        and way.leads_to(state) != state
        and not set(roles).isdisjoint(way.by)
        and (way.approval is None or not set(roles).isdisjoint(way.approval.roles))
        for way in definition.moves
    )


def changes(old: Definition, new: Definition, renamed: Renamed = NOTHING_RENAMED) -> tuple[Change, ...]:
    """Give what a reader of both definitions would find different, in the order of the file."""
    before, after = _plain(old.text), _plain(new.text)
    return (
        *_head(before, after),
        *_parts("state", before["states"], after["states"], renamed.states),
        *_parts("step", _steps(before, renamed), _steps(after), renamed.steps),
        *_parts("field", before.get("fields") or {}, after.get("fields") or {}, renamed.fields),
        *_parts("count", before.get("children") or {}, after.get("children") or {}, {}),
    )


def _head(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in ("title", "about", "roles", "parent"):
        if before.get(name) != after.get(name):
            how = How.RETITLED if name in ("title", "about") else How.CHANGED
            now = listed(_as_list(after.get(name) or [])) or "nothing"
            yield Change("workflow", name, how, f"the workflow now says under {name}: {now}")


def _parts(
    what: str, before: Mapping[str, Any], after: Mapping[str, Any], renamed: Mapping[str, str]
) -> Iterator[Change]:
    for word, part in before.items():
        target = renamed.get(word, word)
        if target not in after:
            yield Change(what, word, How.GONE, f"the {what} {_called(word, part)} is gone")
            continue
        if target != word:
            sentence = f"the {what} {_called(word, part)} becomes {_called(target, after[target])}"
            yield Change(what, word, How.RENAMED, sentence)
        yield from _differences(what, target, part, after[target], is_renamed=target != word)
    taken = {*before, *renamed.values()}
    for word, part in after.items():
        if word not in taken:
            yield Change(what, word, How.NEW, f"the {what} {_called(word, part)} is new")


def _differences(what: str, word: str, before: Any, after: Any, *, is_renamed: bool) -> Iterator[Change]:
    names = [name for name in _names(before, after) if _of(before, name) != _of(after, name)]
    if "title" in names and not is_renamed:
        yield Change(what, word, How.RETITLED, f"the {what} {word} is now called {_called(word, after)}")
    others = [name for name in names if name not in ("title", "trigger")]
    if others:
        how = How.RETITLED if others == ["about"] else How.CHANGED
        yield Change(what, word, how, f"the {what} {word} is different in: {listed(others)}")


def _names(before: Any, after: Any) -> list[str]:
    """Give the keys of two parts; one that is a single word has none, and is told as its kind."""
    names: dict[str, None] = {}
    for part in (before, after):
        for entry in _as_list(part):
            names |= dict.fromkeys(entry if isinstance(entry, dict) else ["kind"])
    return list(names)


def _of(part: Any, name: str) -> list[Any]:
    return [entry.get(name) if isinstance(entry, dict) else entry for entry in _as_list(part)]


def _called(word: str, part: Any) -> str:
    titles = [entry["title"] for entry in _as_list(part) if isinstance(entry, dict) and entry.get("title")]
    return f"‘{titles[0]}’ ({word})" if titles else word


def _steps(plain: Mapping[str, Any], renamed: Renamed = NOTHING_RENAMED) -> dict[str, list[Any]]:
    """Give the entries of each trigger, the words for their states and steps as they are called in the end."""
    steps: dict[str, list[Any]] = {}
    for step in plain["moves"]:
        told = {name: value for name, value in step.items() if name != "trigger"}
        told["from"] = [renamed.states.get(word, word) for word in _as_list(step["from"])]
        told["to"] = renamed.states.get(step["to"], step["to"])
        if "apart" in step:
            told["apart"] = [renamed.steps.get(word, word) for word in _as_list(step["apart"])]
        steps.setdefault(step["trigger"], []).append(told)
    return steps


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@lru_cache(64)
def _plain(text: str) -> Any:
    """Read what a definition says, as plain data; it was found sound when it was published."""
    return parse_yaml(text, file="definition").plain()
