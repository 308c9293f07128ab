"""Finds the facts that decide a condition silently when they are empty: that is allowed, but it looks wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.condition_tree import Atom, Compare, Either, Empty, Every, Fact, Not, Tree, atoms, fact_of


def gaps(tree: Tree) -> Iterator[str]:
    """Yield a sentence for each fact whose emptiness decides silently, and for each question that has one answer.

    Nothing is said of a fact whose comparisons make no difference while it is empty, as behind `is not empty`; nor
    where the condition has an answer of its own for that, as in `(due_on is empty and is_late) or due_on < today`.
    """
    yield from dict.fromkeys(_idle_questions(tree))
    for fact in dict.fromkeys(fact for atom in atoms(tree) for fact in _compared(atom)):
        silent = _silent(tree, fact) if fact.optional else None
        if silent is not None:
            yield (
                f"'{fact.name}' can be empty, and then {_outcome(tree, fact)}'{silent.text}' counts as not true; "
                f"say what is meant with '{fact.name} is empty' or '{fact.name} is not empty'"
            )


def can_hold_without(tree: Tree, name: str) -> bool:
    """Tell whether a condition can be true while a fact is empty."""
    return _Supposing(name, is_empty=True, compared=False).reduced(tree) is not False


def _idle_questions(tree: Tree) -> Iterator[str]:
    match tree:
        case Every(parts) | Either(parts):
            for part in parts:
                yield from _idle_questions(part)
        case Not(Empty(fact)) if not fact.optional:
            yield f"'{fact.name}' can never be empty, so '{fact.name} is not empty' is always true"
        case Not(part):
            yield from _idle_questions(part)
        case Empty(fact, text) if not fact.optional:
            yield f"'{fact.name}' can never be empty, so '{text}' is never true"


def _silent(tree: Tree, fact: Fact) -> Atom | None:
    """Return the first comparison that makes a difference while the fact is empty, unless that is answered for."""
    left = _Supposing(fact.name, is_empty=True, compared=None).reduced(tree)
    if isinstance(left, bool):
        return None
    answered, unasked = (
        _Supposing(fact.name, is_empty=is_empty, compared=False).reduced(tree) for is_empty in (True, False)
    )
    if answered != unasked:
        return None
    return next((atom for atom in atoms(left) if fact in _compared(atom)), None)


def _outcome(tree: Tree, fact: Fact) -> str:
    match _Supposing(fact.name, is_empty=True, compared=False).reduced(tree):
        case True:
            return "this condition always holds, because "
        case False:
            return "this condition never holds, because "
    return ""


@dataclass(frozen=True, slots=True)
class _Supposing:
    """Supposes that a fact is empty, or is not, and what its comparisons are then; None leaves them open."""

    name: str
    is_empty: bool
    compared: bool | None

    def reduced(self, tree: Tree) -> Tree | bool:
        """Return what is left to be decided by everything else."""
        match tree:
            case Every(parts):
                left = self._left(parts, decided_by=False)
                return left if isinstance(left, bool) else left[0] if len(left) == 1 else Every(left)
            case Either(parts):
                left = self._left(parts, decided_by=True)
                return left if isinstance(left, bool) else left[0] if len(left) == 1 else Either(left)
            case Not(part):
                inner = self.reduced(part)
                return not inner if isinstance(inner, bool) else Not(inner)
            case Empty(fact):
                return self.is_empty if fact.name == self.name else tree
        speaks = any(fact.name == self.name for fact in _compared(tree))
        return self.compared if speaks and self.compared is not None else tree

    def _left(self, parts: tuple[Tree, ...], *, decided_by: bool) -> tuple[Tree, ...] | bool:
        reduced = [self.reduced(part) for part in parts]
        if decided_by in reduced:
            return decided_by
        return tuple(part for part in reduced if not isinstance(part, bool)) or not decided_by


def _compared(atom: Atom) -> tuple[Fact, ...]:
    match atom:
        case Compare(left, _, right):
            return tuple(fact for fact in (fact_of(left), fact_of(right)) if fact is not None)
        case Empty():
            return ()
    return (atom.fact,)
