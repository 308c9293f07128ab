"""Where everything in a workflow's picture stands: boxes, the lines between them and their labels. Pure geometry.

The states of the longest way to an end stand in one column, in the order of life; all others stand in a second column
to the right. Between the columns, and to the left, run the lines that are not straight. Every line leaves its box on a
row of its own, and its label stands on that row: that is why no two labels can meet, however many moves there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from textwrap import wrap

from engine.approval_words import as_label
from engine.refusals import one_of, spoken
from engine.workflow_parts import Definition, State, Way

BOX = 270
LABEL = 290
TRUNK = 16
GAP = 44
START = 34
BESIDE = 360  # the label of a straight line, which may reach into the corridor
RULE = 14.0
MARGIN = 24.0
STUB = 22
_HEIGHTS = {"state": 21.0, "title": 17.0, "note": 16.0, "approval": 16.0, "gap": 6.0}
# The widest a letter is on average, by style, so that text fits whatever fonts the reader's system has.
_LETTERS = {"state": 8.4, "title": 6.8, "note": 6.2, "approval": 6.5}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text and the style in which it is set."""

    text: str
    style: str

    @property
    def height(self) -> float:
        """How much of the page the line takes."""
        return _HEIGHTS[self.style]


_PAUSE = Line("", "gap")


@dataclass(slots=True)
class Port:
    """A row at the side of a box on which a line leaves or arrives, with its label above the line."""

    label: tuple[Line, ...] = ()
    y: float = 0.0

    @property
    def height(self) -> float:
        """How much of the side the row takes."""
        return sum(line.height for line in self.label) + (12.0 if self.label else 20.0)


@dataclass(slots=True)
class Box:
    """A state with the text in it and the rows at both its sides."""

    state: State
    text: tuple[Line, ...]
    inner: tuple[Line, ...]
    """The moves that stay in the state, below a line of their own."""
    is_main: bool
    left: list[Port] = field(default_factory=list)
    right: list[Port] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0

    @property
    def height(self) -> float:
        """The height that text and rows ask for."""
        sides = (sum(port.height for port in side) + 8.0 for side in (self.left, self.right))
        return max(self.text_height + 20.0, *sides)

    @property
    def text_height(self) -> float:
        """The height of all the text in the box, with the line between its two parts."""
        return sum(line.height for line in (*self.text, *self.inner)) + (RULE if self.inner else 0.0)


@dataclass(frozen=True, slots=True)
class Straight:
    """The moves from one state of the first column to the next one down."""

    source: Box
    target: Box
    label: tuple[Line, ...]


@dataclass(slots=True)
class Bent:
    """A line that runs beside the columns: out of a row, along its own trunk, into a row."""

    source: Box
    out: Port
    target: Box
    into: Port
    side: str
    trunk: int
    x: float = 0.0

    @property
    def ends(self) -> tuple[tuple[Box, Port], tuple[Box, Port]]:
        """Both boxes with the rows at which the line meets them."""
        return (self.source, self.out), (self.target, self.into)


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole picture, with its size."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    straight: tuple[Straight, ...]
    bent: tuple[Bent, ...]


def lay_out(definition: Definition) -> Layout:
    """Return where everything stands, with the origin at the top left, in pixels."""
    main = _main_line(definition)
    boxes = {
        state.name: Box(state, _box_text(state), _inner_text(definition, state), state.name in main)
        for state in definition.states.values()
    }
    straight: dict[tuple[str, str], tuple[Line, ...]] = {}
    bent: list[Bent] = []
    arrivals: dict[tuple[str, str], Port] = {}
    for number, way in enumerate(definition.moves):
        labelled: set[str] = set()
        for source in sorted(way.sources, key=list(definition.states).index):
            target = way.leads_to(source)
            if target == source:
                continue
            if _follows(main, source, target):
                label = straight.get((source, target), ())
                straight[source, target] = _below(label, _label(way, whole=True, width=BESIDE))
                continue
            side = "left" if _goes_back(main, source, target) else "right"
            out = Port(_label(way, whole=side not in labelled, width=LABEL))
            labelled.add(side)
            into = arrivals.setdefault((target, side), Port())
            bent.append(Bent(boxes[source], out, boxes[target], into, side, number))
    # In the order of the column, which need not be that of the file.
    rest = [name for name in boxes if name not in main]
    placed = [boxes[name] for name in (*main, *rest)]
    _dock(placed, bent)
    lines = [Straight(boxes[source], boxes[target], label) for (source, target), label in straight.items()]
    height = _place_down(placed, bent, lines)
    width = _place_across(placed, bent, lines)
    return Layout(width, height, tuple(placed), tuple(lines), tuple(bent))


def _main_line(definition: Definition) -> tuple[str, ...]:
    """Return the longest way forward to the first end of the file, or to anywhere if it has no end yet."""
    order = list(definition.states)
    best: dict[str, tuple[str, ...]] = {definition.start: (definition.start,)}
    for name in order:
        for way in definition.moves:
            target = way.leads_to(name)
            ahead = name in way.sources and name in best and order.index(target) > order.index(name)
            if ahead and len(best[name]) >= len(best.get(target, ())):
                best[target] = (*best[name], target)
    for state in definition.states.values():
        if state.final and state.name in best:
            return best[state.name]
    return max(best.values(), key=len)


def _follows(main: tuple[str, ...], source: str, target: str) -> bool:
    return (source, target) in pairwise(main)


def _goes_back(main: tuple[str, ...], source: str, target: str) -> bool:
    return source in main and target in main and main.index(target) < main.index(source)


def _box_text(state: State) -> tuple[Line, ...]:
    lines = _wrapped(state.title, "state", BOX - 24)
    marks = [word for word, holds in (("start", state.starts), ("end", state.final)) if holds]
    if state.expected is not None:
        marks.append(f"{state.expected} working days expected")
    if state.waits_for:
        marks.append(f"waits for {one_of(spoken(role) for role in state.waits_for)}")
    for mark in marks:
        lines += _wrapped(mark, "note", BOX - 24)
    return lines


def _inner_text(definition: Definition, state: State) -> tuple[Line, ...]:
    inside: dict[str, list[Way]] = {}
    for way in definition.moves:
        if state.name in way.sources and way.leads_to(state.name) == state.name:
            inside.setdefault(way.trigger, []).append(way)
    lines: tuple[Line, ...] = ()
    for ways in inside.values():
        # Two entries of one trigger differ in their needs: what is the same for both is said once.
        labels = [_label(way, whole=True, width=BOX - 24) for way in ways]
        lines = _below(lines, tuple(dict.fromkeys(line for label in labels for line in label)))
    return lines


def _below(upper: tuple[Line, ...], lower: tuple[Line, ...]) -> tuple[Line, ...]:
    return (*upper, _PAUSE, *lower) if upper else lower


def _label(way: Way, *, whole: bool, width: float) -> tuple[Line, ...]:
    lines = _wrapped(way.title, "title", width)
    if whole:
        lines += _wrapped(f"by {who(way)}", "note", width)
        lines += _wrapped(approval(way), "approval", width)
    return lines


def who(way: Way) -> str:
    """Return who takes the step: 'owner or agency lead'."""
    return one_of(spoken(role) for role in way.by)


def approval(way: Way) -> str:
    """Return who approves the step, in words, or nothing."""
    return "" if way.approval is None else as_label(way.approval)


def _wrapped(text: str, style: str, width: float) -> tuple[Line, ...]:
    return tuple(Line(part, style) for part in wrap(text, int(width / _LETTERS[style])))


def _dock(boxes: list[Box], bent: list[Bent]) -> None:
    # What comes back arrives low and leaves high, what goes on arrives high and leaves low: fewer lines cross.
    for box in boxes:
        out = [line for line in bent if line.source is box]
        into = [line for line in bent if line.target is box]
        leaving_left = [line.out for line in out if line.side == "left" or not box.is_main]
        arriving_left = _once(line.into for line in into if line.side == "left" or not box.is_main)
        box.left = [*leaving_left, *arriving_left] if box.is_main else [*arriving_left, *leaving_left]
        if box.is_main:
            arriving = _once(line.into for line in into if line.side == "right")
            box.right = [*arriving, *(line.out for line in out if line.side == "right")]


def _once(ports: Iterable[Port]) -> list[Port]:
    found: list[Port] = []
    for port in ports:
        if not any(port is other for other in found):
            found.append(port)
    return found


def _place_down(boxes: list[Box], bent: list[Bent], straight: list[Straight]) -> float:
    y = MARGIN + START
    for box in boxes:
        if box.is_main:
            _stand(box, y)
            after = [line for line in straight if line.source is box]
            y += box.height + GAP + sum(line.height for one in after for line in one.label)
    bottom, floor = y, MARGIN + START
    second = [(_wish(box, bent), index, box) for index, box in enumerate(boxes) if not box.is_main]
    for wish, _, box in sorted(second, key=lambda placed: placed[:2]):
        _stand(box, max(wish, floor) if wish < inf else floor)
        floor = box.y + box.height + 12.0
    return max(bottom - GAP, floor - 12.0) + MARGIN


def _stand(box: Box, y: float) -> None:
    box.y = y
    for side in (box.left, box.right):
        row = y + 4.0
        for port in side:
            row += port.height
            port.y = row - (5.0 if port.label else 10.0)


def _wish(box: Box, bent: list[Bent]) -> float:
    # Level with the first line out of the first column; a state that only others of its own column reach comes last.
    _stand(box, 0.0)
    rows = (line.out.y - line.into.y for line in bent if line.target is box and line.source.is_main)
    return min(rows, default=inf)


def _place_across(boxes: list[Box], bent: list[Bent], straight: list[Straight]) -> float:
    left, right = _trunks(bent, "left"), _trunks(bent, "right")
    first = MARGIN + (LABEL + STUB + len(left) * TRUNK if left else 0)
    corridor = first + BOX + (LABEL + STUB if right else 0)
    trunks_end = corridor + len(right) * TRUNK
    labels_end = first + BOX / 2 + 12 + BESIDE if straight else 0.0
    leaves_second = any(not line.source.is_main for line in bent)
    second = trunks_end + STUB + (LABEL if leaves_second else 0)
    for box in boxes:
        box.x = first if box.is_main else second
    for line in bent:
        if line.side == "left":
            line.x = first - LABEL - STUB - left.index(line.trunk) * TRUNK
        else:
            line.x = corridor + right.index(line.trunk) * TRUNK
    has_second = any(not box.is_main for box in boxes)
    return max(second + BOX if has_second else trunks_end, labels_end) + MARGIN


def _trunks(bent: list[Bent], side: str) -> list[int]:
    """Return the trunks of a side from the first column outwards, so that few lines cross."""
    lines: dict[int, list[Bent]] = {}
    for line in bent:
        if line.side == side:
            lines.setdefault(line.trunk, []).append(line)
    # The shorter a trunk, the nearer; then neighbours change places as long as that saves a crossing.
    spans = {trunk: _span(own) for trunk, own in lines.items()}
    order = sorted(lines, key=lambda trunk: (spans[trunk][1] - spans[trunk][0], trunk))
    fewest = _crossings(order, lines)
    is_better = True
    while is_better:
        is_better = False
        for place in range(len(order) - 1):
            swapped = [*order[:place], order[place + 1], order[place], *order[place + 2 :]]
            crossings = _crossings(swapped, lines)
            if crossings < fewest:
                order, fewest, is_better = swapped, crossings, True
    return order


def _crossings(order: list[int], lines: Mapping[int, list[Bent]]) -> int:
    spans = [_span(lines[trunk]) for trunk in order]
    crossings = 0
    for place, trunk in enumerate(order):
        rows = {(port.y, box.is_main) for line in lines[trunk] for box, port in line.ends}
        for y, is_main in rows:
            # A row of the first column passes the trunks before its own, a row of the second those behind it.
            passed = spans[:place] if is_main else spans[place + 1 :]
            crossings += sum(top < y < bottom for top, bottom in passed)
    return crossings


def _span(lines: list[Bent]) -> tuple[float, float]:
    rows = [port.y for line in lines for _, port in line.ends]
    return min(rows), max(rows)
