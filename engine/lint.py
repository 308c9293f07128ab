"""What is wrong with a workflow that can be read: states nobody reaches, traps, doors that can never open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from engine.approvals import ApprovalPolicy
from engine.condition_tree import (
    Atom,
    Compare,
    Constant,
    Either,
    Empty,
    Every,
    Fact,
    Not,
    Operator,
    Tree,
    atoms,
    fact_of,
)
from engine.errors import Problem
from engine.words import listed
from engine.workflow_parts import Definition, Place, Way

_SENTENCE_ENDS = (".", "!", "?")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the linter holds against a workflow: an error refuses it, a warning is only said."""

    problem: Problem
    is_error: bool


def lint(definition: Definition) -> tuple[Finding, ...]:
    """Return all findings about a workflow in the order of its lines."""
    errors = (*_unreachable(definition), *_traps(definition), *_clashes(definition), *_nobody(definition))
    warnings = (
        *_separations(definition),
        *_doubles(definition),
        *_sentences(definition),
        *_idle(definition),
    )
    findings = [Finding(problem, is_error=True) for problem in errors]
    findings += [Finding(problem, is_error=False) for problem in warnings]
    return tuple(sorted(findings, key=lambda finding: (finding.problem.line, finding.problem.column)))


def _unreachable(definition: Definition) -> Iterator[Problem]:
    reached = _reached({definition.start}, _successors(definition))
    for state in definition.states.values():
        if state.name not in reached:
            yield state.place.problem(f"no way leads from '{definition.start}' to '{state.name}'")


def _traps(definition: Definition) -> Iterator[Problem]:
    final = {state.name for state in definition.states.values() if state.final}
    if not final:
        yield definition.place.problem("no state has 'final: true'; mark the ones in which the work is over")
        return
    predecessors: dict[str, set[str]] = {}
    for source, targets in _successors(definition).items():
        for target in targets:
            predecessors.setdefault(target, set()).add(source)
    free = _reached(final, predecessors)
    for state in definition.states.values():
        if state.name not in free:
            message = (
                f"'{state.name}' is a trap: no way leads from it to a final state ({listed(sorted(final))})"
            )
            yield state.place.problem(message)


def _clashes(definition: Definition) -> Iterator[Problem]:
    for first, second in combinations(definition.moves, 2):
        shared = [source for source in second.sources if source in first.sources]
        if first.trigger == second.trigger and shared and not _exclude_each_other(first, second):
            yield second.place.problem(
                f"'{second.trigger}' leads out of '{shared[0]}' here and on line {first.place.line}, and both can be "
                "possible at once; give each a need that is false when the other's is true"
            )


def _nobody(definition: Definition) -> Iterator[Problem]:
    yield from _asked_of_the_asker(definition)
    for state in definition.states.values():
        acting = {role for way in definition.moves if state.name in way.sources for role in way.by}
        acting |= {
            role
            for way in definition.moves
            if state.name in way.sources and way.approval
            for role in way.approval.roles
        }
        for role in state.waits_for:
            if role not in acting:
                yield state.place.problem(
                    f"'{state.name}' waits for '{role}', who can do nothing in it; here act: {listed(sorted(acting)) or 'nobody'}"
                )


def _asked_of_the_asker(definition: Definition) -> Iterator[Problem]:
    """Find approvals that lack a voice because whoever asks is the one who would have to give it."""
    for way in definition.moves:
        policy = way.approval
        if policy is None or policy.at_meeting or len(set(way.by)) != 1 or _can_do_without(policy, way.by[0]):
            continue
        asker = way.by[0]
        if len(policy.asked) == 1:
            approves = f"only '{asker}' approves it: nobody approves what they ask for themselves"
        else:
            approves = (
                f"it cannot be approved without '{asker}': nobody approves what they ask for themselves"
            )
        yield way.place.problem(
            f"only '{asker}' may ask for '{way.trigger}', and {approves}; name somebody under 'otherwise'"
        )


def _can_do_without(policy: ApprovalPolicy, role: str) -> bool:
    """Say whether enough others are asked besides one role, or a deputy who speaks for it."""
    if role not in policy.single_roles or role in policy.deputies:
        return True
    others = [party for party in policy.asked if party.role != role]
    has_group = any(party.is_group for party in others)
    return policy.number is not None and (has_group or len(others) >= policy.number)


def _separations(definition: Definition) -> Iterator[Problem]:
    successors = _successors(definition)
    for way in definition.moves:
        for word in way.apart:
            earlier = [other for other in definition.moves if other.trigger == word]
            if not earlier:
                continue
            doers = {role for other in earlier for role in other.by}
            alone = _alone(way, doers)
            if alone is not None:
                does = (
                    f"'{way.trigger}' are both for"
                    if way.approval is None
                    else f"the approval of '{way.trigger}' both need"
                )
                yield way.place.problem(
                    f"'{word}' and {does} '{alone}' alone, and whoever did the one may not do the other: where one "
                    "person holds the role, nobody is left"
                )
            ends = {other.leads_to(source) for other in earlier for source in other.sources}
            if not _reached(ends, successors).intersection(way.sources):
                yield way.place.problem(
                    f"'{word}' can never have been done before '{way.trigger}', so 'apart' has no effect here"
                )


def _alone(way: Way, doers: set[str]) -> str | None:
    """Give the one role that does an earlier step and is then held apart from a step that needs it."""
    if len(doers) != 1:
        return None
    (role,) = doers
    if way.approval is None:
        return role if set(way.by) == doers else None
    # With an approval it is the approver who is held apart, and not whoever asks.
    return None if _can_do_without(way.approval, role) else role


def _doubles(definition: Definition) -> Iterator[Problem]:
    yield from _doubled(((state.title, state.place) for state in definition.states.values()), "state")
    for name in definition.states:
        here = {way.trigger: way for way in reversed(definition.moves) if name in way.sources}
        yield from _doubled(
            ((way.title, way.place) for way in reversed(here.values())), f"move out of '{name}'"
        )


def _doubled(titles: Iterable[tuple[str, Place]], what: str) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for title, place in titles:
        if title in first:
            yield place.problem(f"another {what} has the title '{title}' too, on line {first[title]}")
        first.setdefault(title, place.line)


def _sentences(definition: Definition) -> Iterator[Problem]:
    for way in definition.moves:
        for need in way.needs:
            if not need.sentence.endswith(_SENTENCE_ENDS):
                yield need.place.problem(
                    "people read this as an answer: make it a full sentence, with a full stop"
                )
            yield from (need.place.problem(warning) for warning in _gaps(need.condition.tree))


def _gaps(tree: Tree) -> Iterator[str]:
    """Say where an empty fact opens a door; that it keeps one closed is the safe side, and says its sentence."""
    asked = {atom.fact for atom in atoms(tree) if isinstance(atom, Empty)}
    for atom in atoms(tree):
        if isinstance(atom, Empty) and not atom.fact.optional:
            yield f"'{atom.fact.name}' can never be empty, so '{atom.text}' is never true"
    for fact in _negated(tree):
        if fact.optional and fact not in asked:
            yield f"'{fact.name}' can be empty, and then this need counts as met; say so with '{fact.name} is empty'"


def _negated(tree: Tree) -> Iterator[Fact]:
    match tree:
        case Every(parts) | Either(parts):
            for part in parts:
                yield from _negated(part)
        case Not(part):
            yield from (fact for atom in atoms(part) for fact in _facts(atom))
        case _:
            return


def _facts(atom: Atom) -> tuple[Fact, ...]:
    terms = (atom.left, atom.right) if isinstance(atom, Compare) else (atom.fact,)
    return tuple(fact for fact in map(fact_of, terms) if fact is not None)


def _idle(definition: Definition) -> Iterator[Problem]:
    for state in definition.states.values():
        if state.final and (state.expected is not None or state.waits_for):
            yield state.place.problem(f"'{state.name}' is final, so nobody is expected to do anything in it")
    roles = {role for way in definition.moves for role in way.by}
    roles |= {role for way in definition.moves if way.approval for role in way.approval.roles}
    for role in definition.own.roles if definition.own else ():
        if role not in roles:
            yield definition.place.problem(f"the role '{role}' takes no step in any move")


def _successors(definition: Definition) -> Mapping[str, set[str]]:
    successors: dict[str, set[str]] = {}
    for way in definition.moves:
        for source in way.sources:
            successors.setdefault(source, set()).add(way.leads_to(source))
    return successors


def _reached(start: set[str], steps: Mapping[str, set[str]]) -> set[str]:
    reached, waiting = set(start), list(start)
    while waiting:
        for state in steps.get(waiting.pop(), set()) - reached:
            reached.add(state)
            waiting.append(state)
    return reached


def _exclude_each_other(first: Way, second: Way) -> bool:
    return any(
        _opposed(one, other)
        for need in first.needs
        for one in _parts(need.condition.tree)
        for rival in second.needs
        for other in _parts(rival.condition.tree)
    )


def _parts(tree: Tree) -> tuple[Tree, ...]:
    return tree.parts if isinstance(tree, Every) else (tree,)


def _opposed(one: Tree, other: Tree) -> bool:
    if Not(one) == other or one == Not(other):
        return True
    if not isinstance(one, Compare) or not isinstance(other, Compare) or one.left != other.left:
        return False
    if one.right == other.right:
        return one.operator.opposite is other.operator
    # The same choice asked for two different words.
    both_equal = one.operator is Operator.EQUAL is other.operator
    fixed = isinstance(one.right, Constant) and isinstance(other.right, Constant)
    return both_equal and fixed and fact_of(one.left) is not None
