"""Strict YAML with a line and a column for every value; the only file that imports PyYAML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

import yaml

from engine.errors import BadDefinition, Problem
from engine.words import unknown

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"


class Shape(StrEnum):
    """What a value in the file looks like; the words are those of the error messages."""

    TEXT = "a text"
    WHOLE = "a whole number"
    YES_NO = "true or false"
    EMPTY = "nothing"
    LIST = "a list"
    MAPPING = "a mapping"


_COLLECTIONS = (Shape.LIST, Shape.MAPPING)
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One value of a YAML file and where it stands; every accessor raises BadDefinition at that place."""

    file: str
    line: int
    column: int
    shape: Shape
    scalar: str = ""
    _items: tuple[Node, ...] = ()
    _pairs: tuple[tuple[Node, Node], ...] = ()
    _written: str | None = None

    def text(self) -> str:
        """Return the value as it is written; a number or `true` is a text too where a text is wanted."""
        if self.shape is Shape.EMPTY or self.shape in _COLLECTIONS or not self.scalar.strip():
            raise self._expected("a text")
        return self.scalar

    def whole(self) -> int:
        """Return the value as a whole number."""
        if self.shape is not Shape.WHOLE:
            raise self._expected("a whole number, such as 3")
        return int(self.scalar)

    def yes_no(self) -> bool:
        """Return the value of `true` or `false`; yes, no, on and off are texts."""
        if self.shape is not Shape.YES_NO:
            raise self._expected("true or false")
        return self.scalar == "true"

    def day(self) -> date:
        """Return the value as a date, which is written 2026-01-31."""
        if self.shape is Shape.TEXT and _DAY.fullmatch(self.scalar):
            try:
                return date.fromisoformat(self.scalar)
            except ValueError:
                raise self.bad(f"there is no day {self.scalar} in the calendar") from None
        raise self._expected("a date written like 2026-01-31 (year-month-day)")

    def is_empty(self) -> bool:
        """Tell whether nothing (or null) is written here."""
        return self.shape is Shape.EMPTY

    def words(self) -> tuple[Node, ...]:
        """Return one word or a list of words as nodes."""
        words = self._items if self.shape is Shape.LIST else (self,)
        for word in words:
            word.text()
        return words

    def items(self) -> tuple[Node, ...]:
        """Return the entries of a list."""
        if self.shape is not Shape.LIST:
            raise self._expected("a list, one entry a line, each beginning with '- '")
        return self._items

    def pairs(self) -> tuple[tuple[Node, Node], ...]:
        """Return keys and values in the order of the file."""
        if self.shape is not Shape.MAPPING:
            raise self._expected("a mapping, lines of 'key: value'")
        return self._pairs

    def fields(self, *, required: Iterable[str] = (), optional: Iterable[str] = ()) -> dict[str, Node]:
        """Return the values by key, in the order of the file; unknown and missing keys are named all at once."""
        must = tuple(required)
        known = (*must, *optional)
        found = {key.text(): value for key, value in self.pairs()}
        problems = [
            key.problem(unknown(key.text(), "a key that is known here", known))
            for key, _ in self._pairs
            if key.text() not in known
        ]
        problems += [self.problem(f"the key '{key}' is missing here") for key in must if key not in found]
        if problems:
            raise BadDefinition(problems)
        return found

    def one_of(self, known: Iterable[str], what: str) -> str:
        """Return the word if it is a known one; `what` reads like 'a state of action'."""
        words = tuple(known)
        word = self.text()
        if word not in words:
            raise self.bad(unknown(word, what, words))
        return word

    def plain(self) -> Json:
        """Return the value as plain data that JSON can hold: dates stay texts."""
        match self.shape:
            case Shape.EMPTY:
                return None
            case Shape.YES_NO:
                return self.scalar == "true"
            case Shape.WHOLE:
                return int(self.scalar)
            case Shape.LIST:
                return [item.plain() for item in self._items]
            case Shape.MAPPING:
                return {key.scalar: value.plain() for key, value in self._pairs}
        return self.scalar

    def problem(self, message: str, *, offset: int | None = None) -> Problem:
        """Return a problem at this value or, with an offset into its text, at that word of it."""
        line, column = (self.line, self.column) if offset is None else self._place_of(offset)
        return Problem(self.file, line, column, message)

    def bad(self, message: str, *, offset: int | None = None) -> BadDefinition:
        """Return the refusal of the file for a single problem at this value."""
        return BadDefinition([self.problem(message, offset=offset)])

    def _expected(self, what: str) -> BadDefinition:
        if self.shape in (Shape.TEXT, Shape.WHOLE, Shape.YES_NO) and self.scalar.strip():
            return self.bad(f"expected {what}, but found '{_shortened(self.scalar)}'")
        found = "an empty text" if self.shape is Shape.TEXT else self.shape.value
        return self.bad(f"expected {what}, but found {found}")

    def _place_of(self, offset: int) -> tuple[int, int]:
        # Folding changes only white space, so the n-th visible character of the text is also the n-th of the file.
        if self._written is None:
            return self.line, self.column
        wanted = len("".join(self.scalar[:offset].split()))
        header = re.match(r"[|>][^\n]*|['\"]?", self._written)
        skipped = header.end() if header else 0
        line, column, behind = self.line, self.column, (self.line, self.column)
        for index, character in enumerate(self._written):
            if index >= skipped and not character.isspace():
                if wanted == 0:
                    return line, column
                wanted -= 1
                behind = line, column + 1
            line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
        return behind


def read_yaml(path: Path) -> Node:
    """Read one file of UTF-8 and at most 1 MiB; raises BadDefinition at the first fault of the file."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BadDefinition([Problem(str(path), 1, 1, f"cannot be read: {error.strerror}")]) from None
    if len(content) > MAX_BYTES:
        raise _too_long(str(path))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _line_and_column(content[: error.start].decode("utf-8"))
        message = "this character is not UTF-8; save the file in the encoding UTF-8"
        raise BadDefinition([Problem(str(path), line, column, message)]) from None
    return parse_yaml(text, file=str(path))


def parse_yaml(text: str, *, file: str) -> Node:
    """Parse one YAML document; the file's name is only for the messages."""
    if len(text) > MAX_BYTES:
        raise _too_long(file)
    # One kind of line end, so that lines and columns are counted as an editor counts them.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        return _Builder(text, file).document()
    except yaml.reader.ReaderError as error:
        line, column = _line_and_column(text[: error.position])
        message = f"a control character (code {ord(text[error.position])}) stands here; remove it"
        raise BadDefinition([Problem(file, line, column, message)]) from None
    except yaml.MarkedYAMLError as error:
        raise BadDefinition([_spoken(error, file)]) from None


class _Mark(Protocol):
    # What the marks of PyYAML's two parsers have in common.
    @property
    def index(self) -> int: ...
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


class _Builder:
    # Reads the parser's events and not its nodes: nothing is guessed, and no alias is ever followed.

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._events = yaml.parse(text, yaml.SafeLoader)
        self._problems: list[Problem] = []

    def document(self) -> Node:
        document = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if document:
                    raise self._refusal(event, "a second document begins here ('---'); one file holds one")
                document = self._node(next(self._events), 1)
        if document is None:
            raise BadDefinition([Problem(self._file, 1, 1, "the file is empty")])
        if self._problems:
            raise BadDefinition(self._problems)
        return document

    def _node(self, event: yaml.Event, depth: int) -> Node:
        # The only other event that can stand here is an alias.
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) or event.anchor is not None:
            raise self._refusal(event, _NO_ANCHORS)
        if event.tag is not None:
            raise self._refusal(event, _NO_TAGS)
        if depth > MAX_DEPTH:
            raise self._refusal(event, f"values are nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        line, column = _place(event.start_mark)
        children = self._children(depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self._file, line, column, Shape.LIST, _items=tuple(children))
        pairs = tuple(zip(children, children, strict=True))
        self._check_keys(pairs)
        return Node(self._file, line, column, Shape.MAPPING, _pairs=pairs)

    def _children(self, depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, yaml.CollectionEndEvent):
                return
            yield self._node(event, depth + 1)

    def _scalar(self, event: yaml.ScalarEvent) -> Node:
        line, column = _place(event.start_mark)
        if _CONTROL.search(event.value):
            self._problems.append(Problem(self._file, line, column, _BACKSLASH))
        shape = _shape(event.value) if event.style is None else Shape.TEXT
        written = self._text[_index(event.start_mark) : _index(event.end_mark)]
        escaped = (event.style == '"' and "\\" in written) or (event.style == "'" and "''" in written[1:-1])
        return Node(
            self._file, line, column, shape, scalar=event.value, _written=None if escaped else written
        )

    def _check_keys(self, pairs: tuple[tuple[Node, Node], ...]) -> None:
        first: dict[str, Node] = {}
        for key, _ in pairs:
            if key.shape in _COLLECTIONS or not key.scalar.strip():
                found = "an empty text" if key.shape is Shape.TEXT else key.shape.value
                message = f"expected a word before the colon, but found {found}"
                self._problems.append(key.problem(message))
            elif key.scalar in first:
                line = first[key.scalar].line
                message = f"the key '{key.scalar}' stands here twice; the first one is on line {line}"
                self._problems.append(key.problem(message))
            else:
                first[key.scalar] = key

    def _refusal(self, event: yaml.Event, message: str) -> BadDefinition:
        line, column = _place(event.start_mark)
        return BadDefinition([Problem(self._file, line, column, message)])


def _shape(value: str) -> Shape:
    if value in ("true", "false"):
        return Shape.YES_NO
    if value in ("", "~", "null"):
        return Shape.EMPTY
    return Shape.WHOLE if _WHOLE.fullmatch(value) else Shape.TEXT


_NO_ANCHORS = (
    "a value cannot begin with '&' or '*' (anchors and aliases): write it out, or put the text in quotes"
)
_BACKSLASH = "a backslash in double quotes has a meaning of its own; use single quotes"
_NO_TAGS = "a value cannot begin with '!' (a tag): put the text in quotes"
_SPOKEN = (
    (
        "mapping values are not allowed",
        "this ': ' cannot stand here; check how far the line is indented, and put a text with ': ' in quotes",
    ),
    ("'\\t'", "a tab stands here; indent with spaces"),
    ("that cannot start any token", "a text cannot begin with this character; put the text in quotes"),
    (
        "could not find expected ':'",
        "this line has no ': ' after its key; compare it with the lines around it",
    ),
    (
        "expected <block end>",
        "this line does not fit the ones above; check how far it is indented, and its quotes",
    ),
    ("unexpected end of stream", "a quote is opened here and never closed"),
    ("expected ',' or", "a ',' or the closing bracket is missing before this"),
    ("expected the node content", "a value is missing before this, or there is one bracket too many"),
    ("sequence entries are not allowed", "a list begins on a line of its own, below its key"),
    ("unknown escape character", _BACKSLASH),
    ("expected a comment or a line break", "the text behind '|' or '>' begins on the next line"),
)


def _spoken(error: yaml.MarkedYAMLError, file: str) -> Problem:
    complaint = f"{error.context or ''} {error.problem or ''}"
    message = next(
        (spoken for part, spoken in _SPOKEN if part in complaint), f"not valid YAML: {error.problem}"
    )
    unclosed = "quoted scalar" in complaint and "unexpected end" in complaint
    line, column = _place(error.context_mark if unclosed else error.problem_mark)
    return Problem(file, line, column, message)


def _place(mark: _Mark | None) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _index(mark: _Mark | None) -> int:
    return mark.index if mark else 0


def _too_long(file: str) -> BadDefinition:
    return BadDefinition([Problem(file, 1, 1, "the file is longer than 1 MiB; split it")])


def _line_and_column(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "..."
