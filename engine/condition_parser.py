"""Reads the text of a condition into its tree, and says in plain words what is wrong with it and where."""

from __future__ import annotations

from datetime import date

from engine.condition_tokens import Token, tokenise
from engine.condition_tree import (
    Compare,
    Constant,
    Either,
    Empty,
    Every,
    Fact,
    Not,
    OneOf,
    Operator,
    Shifted,
    Term,
    Today,
    Tree,
    fact_of,
    has_today,
)
from engine.errors import BadDefinition
from engine.spans import MAX_NUMBER, UNITS, Span, Unit
from engine.vocabulary import Kind, Vocabulary
from engine.words import listed, unknown
from engine.yamlfile import Node

MAX_BRACKETS = 20

_EXAMPLES = {
    Kind.WHOLE: "> 0",
    Kind.DATE: "< today",
    Kind.CHOICE: "= {first}",
    Kind.TEXT: "is not empty",
}
_OPERATORS = {operator.value: operator for operator in Operator}
_EQUALITY = (Operator.EQUAL, Operator.UNEQUAL)


class Parser:
    """Reads one condition or one value against a vocabulary; raises BadDefinition at the wrong word."""

    def __init__(self, node: Node, vocabulary: Vocabulary) -> None:
        self._node = node
        self._text = node.text()
        self._vocabulary = vocabulary
        self._tokens = tokenise(node)
        self._position = 0
        self._brackets = 0

    def condition(self) -> Tree:
        """Read the whole text as one condition."""
        tree = self._joined()
        self._expect_end("'and', 'or' or the end")
        return tree

    def value(self) -> Term:
        """Read the whole text as one value: a fact, today or a date, perhaps shifted; a number, true or false."""
        term = self._term()
        self._expect_end("the end")
        return term

    def _joined(self) -> Tree:
        parts = [self._perhaps_negated()]
        joiner = self._token.text
        while self._token.text in ("and", "or"):
            if self._token.text != joiner:
                raise self._bad(
                    "'and' and 'or' stand side by side, which can be read in two ways; "
                    "put brackets around what belongs together"
                )
            self._next()
            parts.append(self._perhaps_negated())
        if len(parts) == 1:
            return parts[0]
        return Every(tuple(parts)) if joiner == "and" else Either(tuple(parts))

    def _perhaps_negated(self) -> Tree:
        is_negated = False
        while self._token.text == "not":
            self._next()
            is_negated = not is_negated
        part = self._in_brackets() if self._token.text == "(" else self._comparison()
        return Not(part) if is_negated else part

    def _in_brackets(self) -> Tree:
        opening = self._next()
        self._brackets += 1
        if self._brackets > MAX_BRACKETS:
            raise self._bad(f"brackets are nested more than {MAX_BRACKETS} deep", opening)
        tree = self._joined()
        self._close(opening, "'and', 'or' or a closing bracket")
        self._brackets -= 1
        return tree

    def _comparison(self) -> Tree:
        first = self._token
        left = self._term()
        if self._token.text == "is":
            return self._emptiness(first, left)
        if self._token.text in ("in", "not"):
            return self._membership(first, left)
        if self._token.text in _OPERATORS:
            return self._compared(first, left)
        return self._alone(first, left)

    def _alone(self, first: Token, left: Term) -> Tree:
        if isinstance(left, Fact) and left.kind is Kind.YES_NO:
            return Compare(left, Operator.EQUAL, Constant(value=True, kind=Kind.YES_NO), self._since(first))
        said = self._since(first)
        example = ""
        if isinstance(left, Fact):
            ending = _EXAMPLES[left.kind].format(first=next(iter(self._choices(left)), "..."))
            example = f", such as '{said} {ending}'"
        raise self._bad(f"expected a comparison after '{said}'{example}, but found {self._token.spoken}")

    def _emptiness(self, first: Token, left: Term) -> Tree:
        self._next()
        is_negated = self._token.text == "not"
        if is_negated:
            self._next()
        if self._token.text != "empty":
            raise self._bad(
                f"after 'is' comes 'empty' or 'not empty', but found {self._token.spoken}; "
                "values are compared with '='"
            )
        if not isinstance(left, Fact):
            raise self._bad("only a fact can be empty, and this is none", first)
        self._next()
        part = Empty(left, f"{left.name} is empty")
        return Not(part) if is_negated else part

    def _membership(self, first: Token, left: Term) -> Tree:
        is_negated = self._token.text == "not"
        if is_negated:
            self._next()
        if self._token.text != "in":
            raise self._bad(
                f"expected 'in' after 'not' here, but found {self._token.spoken}; "
                "to turn a comparison round, write 'not' before it"
            )
        if not isinstance(left, Fact) or left.kind in (Kind.TEXT, Kind.YES_NO):
            raise self._bad("only a fact that is a choice, a number or a date can stand before 'in'", first)
        self._next()
        start = self._token
        values = self._list(left)
        part = OneOf(left, values, f"{left.name} in {self._since(start)}")
        return Not(part) if is_negated else part

    def _list(self, left: Fact) -> tuple[int | date | bool | str, ...]:
        opening = self._token
        if opening.text != "(":
            example = listed(self._choices(left)[:2]) or {Kind.WHOLE: "1, 2"}.get(left.kind, "2026-01-31")
            raise self._bad(f"after 'in' comes a list in brackets, such as '({example})'")
        values: list[int | date | bool | str] = []
        while not values or self._token.text == ",":
            self._next()
            token = self._token
            constant = self._right(left)
            if not isinstance(constant, Constant) or constant.kind is not left.kind:
                raise self._bad(f"'{token.text}' is not {left.kind.spoken}, and '{left.name}' is", token)
            if constant.value in values:
                raise self._bad(f"'{token.text}' stands in this list twice", token)
            values.append(constant.value)
        self._close(opening, "a comma or a closing bracket")
        return tuple(values)

    def _compared(self, first: Token, left: Term) -> Tree:
        said = self._since(first)
        sign = self._next()
        operator = _OPERATORS[sign.text]
        second = self._token
        right = self._right(left)
        for term, at in ((left, first), (right, second)):
            if term.kind is Kind.TEXT:
                raise self._bad(
                    f"'{at.text}' is a text; a condition can only ask whether it 'is empty' or 'is not empty'",
                    at,
                )
        if left.kind is not right.kind:
            raise self._bad(
                f"'{said}' is {left.kind.spoken}, and '{self._since(second)}' is {right.kind.spoken}; "
                "they cannot be compared",
                second,
            )
        if left.kind in (Kind.CHOICE, Kind.YES_NO) and operator not in _EQUALITY:
            ways = "'=', '!=' or 'in'" if left.kind is Kind.CHOICE else "'=' or '!='"
            raise self._bad(f"'{said}' is {left.kind.spoken}; compare it with {ways}", sign)
        self._refuse_idle(left, right, first)
        if self._token.text in _OPERATORS:
            raise self._bad("only two values can be compared at once; join two comparisons with 'and'")
        return Compare(left, operator, right, self._since(first))

    def _refuse_idle(self, left: Term, right: Term, first: Token) -> None:
        if has_today(left) and has_today(right):
            raise self._bad("this compares today with today; one side must be a fact or a date", first)
        if not any(fact_of(term) or has_today(term) for term in (left, right)):
            raise self._bad(
                "this compares two fixed values, so it never changes; one side must be a fact", first
            )

    def _right(self, left: Term) -> Term:
        if not (isinstance(left, Fact) and left.kind is Kind.CHOICE):
            return self._term()
        token = self._token
        what = f"{_article(left.name)} {left.name} of {self._vocabulary.about}"
        if token.kind in ("sign", "end"):
            raise self._bad(
                f"expected {what}, but found {token.spoken}. Known: {listed(self._choices(left))}"
            )
        if token.text not in self._choices(left):
            raise self._bad(unknown(token.text, what, self._choices(left)))
        self._next()
        return Constant(token.text, Kind.CHOICE)

    def _term(self) -> Term:
        token = self._token
        base = self._base(token)
        self._next()
        if self._token.text not in ("+", "-"):
            return base
        if base.kind is not Kind.DATE:
            raise self._bad(f"'{token.text}' is {base.kind.spoken}; only a date can be moved with '+' or '-'")
        span = self._span()
        if self._token.text in ("+", "-"):
            raise self._bad("a date can be moved only once")
        return Shifted(base, span)

    def _base(self, token: Token) -> Fact | Today | Constant:
        if token.kind == "number":
            return Constant(int(token.text), Kind.WHOLE)
        if token.kind == "day":
            return Constant(date.fromisoformat(token.text), Kind.DATE)
        if token.text == "today":
            return Today()
        if token.text in ("true", "false"):
            return Constant(token.text == "true", Kind.YES_NO)
        if token.kind != "word":
            about = self._vocabulary.about
            raise self._bad(f"expected a fact of {about}, a date or a number, but found {token.spoken}")
        field = self._vocabulary.fields.get(token.text)
        if field is None:
            raise self._bad(self._unknown_fact(token.text))
        return Fact(field.name, field.kind, field.optional)

    def _unknown_fact(self, word: str) -> str:
        for field in self._vocabulary.fields.values():
            if word in field.choices:
                return f"'{word}' is {_article(field.name)} {field.name}; write '{field.name} = {word}'"
        return unknown(word, f"a fact of {self._vocabulary.about}", (*self._vocabulary.fields, "today"))

    def _span(self) -> Span:
        sign = -1 if self._next().text == "-" else 1
        token = self._token
        if token.kind != "number":
            raise self._bad(f"expected a number of days, weeks, months or years, but found {token.spoken}")
        number = int(token.text)
        if number > MAX_NUMBER:
            raise self._bad(f"'{token.text}' is too much; the most is {MAX_NUMBER}")
        self._next()
        return Span(sign * number, self._unit())

    def _unit(self) -> Unit:
        first = self._token
        if first.kind != "word":
            raise self._bad(f"expected a unit of time, but found {first.spoken}. Known: {listed(Unit)}")
        self._next()
        if first.text == "working" and self._token.kind == "word":
            self._next()
        unit = UNITS.get(self._since(first))
        if unit is None:
            raise self._bad(unknown(self._since(first), "a unit of time", Unit), first)
        return unit

    def _close(self, opening: Token, expected: str) -> None:
        if self._token.kind == "end":
            raise self._bad("the bracket that opens here is not closed", opening)
        if self._token.text != ")":
            self._expect_end(expected)
        self._next()

    def _expect_end(self, expected: str) -> None:
        if self._token.text == ")":
            raise self._bad("this bracket closes nothing; no bracket is open here")
        if self._token.kind != "end":
            raise self._bad(f"expected {expected} here, but found {self._token.spoken}")

    def _choices(self, term: Term) -> tuple[str, ...]:
        return self._vocabulary.fields[term.name].choices if isinstance(term, Fact) else ()

    def _since(self, first: Token) -> str:
        end = self._tokens[self._position - 1].end
        return " ".join(self._text[first.offset : end].split())

    def _bad(self, message: str, at: Token | None = None) -> BadDefinition:
        return self._node.bad(message, offset=(at or self._token).offset)

    @property
    def _token(self) -> Token:
        return self._tokens[self._position]

    def _next(self) -> Token:
        token = self._token
        self._position += 1
        return token


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
