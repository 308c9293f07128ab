"""Reads what a move says under `approval`: who is asked, how many have to agree, and what a no and a silence do."""

from __future__ import annotations

from collections.abc import Mapping

from engine.approvals import ApprovalPolicy, Late, Party, Rejection
from engine.errors import BadDefinition
from engine.faults import Faults
from engine.spans import span_of
from engine.words import unknown
from engine.yamlfile import Node, Shape

MOST = 99
_WAYS = ("by", "any_of", "all_of", "quorum")
_MAY = (*_WAYS, "of", "otherwise", "at_meeting", "rejection", "late")


def approval_of(node: Node, kind: str, roles: tuple[str, ...], faults: Faults) -> ApprovalPolicy:
    """Read one policy; the faults of its parts are noted, and what makes no policy at all raises BadDefinition."""
    parts = node.fields(optional=_MAY)
    way = _way(node, parts)
    asked = _asked(parts["of" if way == "quorum" else way], way, kind, roles, faults)
    number = faults.reading(_number, parts, way, asked)
    deputies = (
        faults.reading(_deputies, parts["otherwise"], asked, kind, roles) if "otherwise" in parts else {}
    )
    rejection = Rejection.COUNTED if way == "quorum" else Rejection.VETO
    if "rejection" in parts:
        rejection = faults.reading(_rejection, parts["rejection"], way) or rejection
    policy = ApprovalPolicy(
        asked,
        number,
        deputies or {},
        at_meeting="at_meeting" in parts and bool(faults.reading(parts["at_meeting"].yes_no)),
        rejection=rejection,
    )
    late = faults.reading(_late, parts["late"], policy) if "late" in parts else None
    return ApprovalPolicy(asked, number, policy.deputies, policy.at_meeting, rejection, late)


def _way(node: Node, parts: Mapping[str, Node]) -> str:
    ways = [way for way in parts if way in _WAYS]
    if not ways:
        raise node.bad("say who decides: 'by', 'any_of', 'all_of', or 'quorum' with 'of'")
    if len(ways) > 1:
        raise parts[ways[1]].bad(f"'{ways[0]}' and '{ways[1]}' are two ways to decide; keep one of them")
    if ways == ["quorum"] and "of" not in parts:
        raise parts["quorum"].bad("say out of whom: add 'of', such as 'of: members'")
    if ways != ["quorum"] and "of" in parts:
        raise parts["of"].bad(f"'of' belongs to 'quorum', and this is '{ways[0]}'")
    return ways[0]


def _asked(node: Node, way: str, kind: str, roles: tuple[str, ...], faults: Faults) -> tuple[Party, ...]:
    if way == "by":
        role = faults.reading(node.one_of, roles, f"a role in {kind}")
        return () if role is None else (Party(role),)
    found: list[Party] = []
    words = faults.reading(node.words) or ()
    for word in words:
        party = faults.reading(_party, word, kind, roles)
        if party is not None and any(party.role == other.role for other in found):
            faults.add(word.problem(f"'{party.role}' is asked here twice"))
        elif party is not None:
            found.append(party)
    if way != "quorum" and len(words) == len(found) == 1 and not found[0].is_group:
        role = found[0].role
        message = f"'{way}' with a single role is 'by: {role}'; name another one, or write that"
        faults.add(node.problem(message))
    return tuple(found)


def _party(word: Node, kind: str, roles: tuple[str, ...]) -> Party:
    groups = {f"{role}s": role for role in roles}
    name = word.text()
    if name not in roles and name in groups:
        return Party(groups[name], is_group=True)
    return Party(word.one_of((*roles, *groups), f"a role in {kind}, or the plural of one"))


def _number(parts: Mapping[str, Node], way: str, asked: tuple[Party, ...]) -> int | None:
    if way != "quorum":
        return None if way == "all_of" else 1
    number = parts["quorum"].whole()
    if number < 1:
        raise parts["quorum"].bad(f"a quorum of {number} asks nobody; write 1 or more")
    if number > MOST:
        raise parts["quorum"].bad(f"{number} is more than any group has; write {MOST} or less")
    if asked and number > len(asked) and not any(party.is_group for party in asked):
        if len(asked) == 1:
            role = asked[0].role
            raise parts["quorum"].bad(
                f"{number} can never agree: '{role}' has one voice; write '{role}s' for all its posts"
            )
        raise parts["quorum"].bad(
            f"{number} can never agree: the {len(asked)} roles have one voice each; name more, or write a plural "
            "for all posts of a role"
        )
    return number


def _deputies(node: Node, asked: tuple[Party, ...], kind: str, roles: tuple[str, ...]) -> dict[str, str]:
    singles = [party.role for party in asked if not party.is_group]
    a_role = f"a role in {kind}"
    if node.shape is not Shape.MAPPING:
        deputy = node.one_of(roles, a_role)
        if asked and (len(singles), len(asked)) != (1, 1):
            raise node.bad(
                f"several are asked; say for whom, such as {{{(singles or ['chair'])[0]}: {deputy}}}"
            )
        pairs = [(role, deputy, node) for role in singles]
    else:
        pairs = [
            (_stood_in_for(key, asked, singles), value.one_of(roles, a_role), value)
            for key, value in node.pairs()
        ]
    for role, deputy, place in pairs:
        if deputy == role:
            raise place.bad(f"'{deputy}' stands in for itself; name another role, or nobody")
        if deputy in singles:
            raise place.bad(
                f"'{deputy}' is asked already and cannot stand in for '{role}' as well; name another role"
            )
    return {role: deputy for role, deputy, _ in pairs}


def _stood_in_for(key: Node, asked: tuple[Party, ...], singles: list[str]) -> str:
    word = key.text()
    if word not in singles and any(word in (party.role, f"{party.role}s") for party in asked):
        raise key.bad(f"'{word}' are many, and a deputy stands in for one role; take it out")
    if asked and word not in singles:
        raise key.bad(unknown(word, "a role that is asked here", singles))
    return word


def _rejection(node: Node, way: str) -> Rejection:
    word = Rejection(node.one_of(list(Rejection), "a way to take a no"))
    if way == "by":
        raise node.bad("one voice decides here, and its no is final; 'rejection' is for several")
    return word


def _late(node: Node, policy: ApprovalPolicy) -> Late:
    parts = node.fields(required=["after", "then"])
    faults = Faults()
    after = faults.reading(span_of, parts["after"])
    is_fine = faults.reading(_then, parts["then"], policy)
    if after is None or is_fine is None:
        raise BadDefinition(faults.problems)
    return Late(after, None if parts["then"].shape is not Shape.WHOLE else parts["then"].whole())


def _then(node: Node, policy: ApprovalPolicy) -> bool:
    """Check what is said of those who are late: `deputy`, or how many are enough then."""
    if node.shape is not Shape.WHOLE:
        node.one_of(["deputy"], "a way to go on without those who are late, nor a number that is enough then")
        if not policy.deputies:
            raise node.bad("no deputy is named here; add 'otherwise', or write how many are enough then")
        return True
    enough = node.whole()
    wanted = policy.number
    if wanted is None and not any(party.is_group for party in policy.asked):
        wanted = len(policy.asked)
    if wanted == 1:
        raise node.bad("one who agrees is enough already; write 'then: deputy', or take 'late' out")
    most = (wanted or MOST + 1) - 1
    if not 1 <= enough <= most:
        raise node.bad(f"{enough} does not do here; write how many are enough then, from 1 to {most}")
    return True
