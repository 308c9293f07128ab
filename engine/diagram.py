"""Draws a workflow: as text for mermaid, and as a picture (SVG) that stands alone and can be read aloud."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from engine.diagram_layout import BOX, RULE, Bent, Box, Line, Straight, approval, lay_out, who
from engine.refusals import all_of
from engine.workflow_parts import Definition, Way

# Every rule is bound to the picture, so that a page can hold several of them beside styles of its own.
_STYLE = """
.workflow text { font-family: system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif; fill: #1c2733 }
.workflow .state { font-size: 16px; font-weight: 600 }
.workflow .title { font-size: 13.5px }
.workflow .note { font-size: 12.5px; fill: #46535f }
.workflow .approval { font-size: 12.5px; font-weight: 600; fill: #7a3b00 }
.workflow .box { fill: #f2f6fa; stroke: #33506b; stroke-width: 1.5 }
.workflow .end { fill: #eef5ee; stroke: #2f5d3a }
.workflow .rim { fill: none; stroke: #2f5d3a; stroke-width: 1 }
.workflow .rule { stroke: #b9c6d2; stroke-width: 1 }
.workflow .way { fill: none; stroke: #4a5b6c; stroke-width: 1.5 }
.workflow .main { stroke: #33506b; stroke-width: 2.5 }
.workflow .dot, .workflow .head { fill: #33506b }
"""
_HEAD = 'viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"'
_ASCENT = {"state": 16.0, "title": 13.0, "note": 12.0, "approval": 12.0}
_ROUND = 10.0
# Words of mermaid itself: a state called so would end the drawing.
_TAKEN = frozenset(
    [
        "as",
        "choice",
        "class",
        "classdef",
        "click",
        "default",
        "direction",
        "end",
        "fork",
        "hide",
        "join",
        "note",
        "scale",
        "state",
        "style",
    ]
)


def mermaid(definition: Definition) -> str:
    """Return the workflow as a mermaid state diagram, one line for each arrow."""
    lines = ["stateDiagram-v2", "    direction TB"]
    lines += [
        f'    state "{_spoken(state.title)}" as {_id(state.name)}' for state in definition.states.values()
    ]
    lines.append(f"    [*] --> {_id(definition.start)}")
    for way in definition.moves:
        words = _spoken(f"{way.title} ({_terms(way)})")
        lines += [f"    {_id(source)} --> {_id(way.leads_to(source))} : {words}" for source in way.sources]
    lines += [f"    {_id(state.name)} --> [*]" for state in definition.states.values() if state.final]
    return "\n".join(lines) + "\n"


def svg(definition: Definition) -> str:
    """Return the workflow as an SVG document; everything in it can also be read in its description."""
    layout = lay_out(definition)
    width, height = round(layout.width), round(layout.height)
    size = f'width="{width}" height="{height}"'
    name = definition.kind
    spoken = f'class="workflow" role="img" aria-labelledby="{name}-title {name}-description"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {spoken} {size} viewBox="0 0 {width} {height}">',
        f'<title id="{name}-title">{escape(definition.title)}: states and moves</title>',
        f'<desc id="{name}-description">{escape(_told(definition))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<defs><marker id="head" {_HEAD}><path class="head" d="M0 0.5 10 5 0 9.5z"/></marker></defs>',
        f'<rect {size} fill="#ffffff"/>',
        *(_bent(line) for line in layout.bent),
        *(part for line in layout.straight for part in _straight(line)),
        *(part for box in layout.boxes for part in _box(box)),
        *(part for line in layout.bent for part in _label(line)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _box(box: Box) -> list[str]:
    final = box.state.final
    place = f'x="{box.x:g}" y="{box.y:g}" width="{BOX}" height="{box.height:g}" rx="8"'
    parts = [f'<rect class="box{" end" if final else ""}" {place}/>']
    if final:
        parts.append(
            f'<rect class="rim" x="{box.x + 4:g}" y="{box.y + 4:g}" width="{BOX - 8}" height="{box.height - 8:g}" rx="5"/>'
        )
    middle = box.x + BOX / 2
    if box.state.starts:
        parts.append(f'<circle class="dot" cx="{middle:g}" cy="{box.y - 26:g}" r="7"/>')
        parts.append(
            f'<path class="way main" d="M{middle:g} {box.y - 19:g}V{box.y:g}" marker-end="url(#head)"/>'
        )
    top = box.y + (box.height - box.text_height) / 2
    parts += _text(box.text, middle, top, anchor="middle")
    if box.inner:
        top += sum(line.height for line in box.text) + RULE / 2
        parts.append(f'<path class="rule" d="M{box.x + 12:g} {top:g}H{box.x + BOX - 12:g}"/>')
        parts += _text(box.inner, box.x + 14, top + RULE / 2 - 2, anchor="start")
    return parts


def _straight(line: Straight) -> list[str]:
    x = line.source.x + BOX / 2
    top, bottom = line.source.y + line.source.height, line.target.y
    height = sum(part.height for part in line.label)
    arrow = f'<path class="way main" d="M{x:g} {top:g}V{bottom:g}" marker-end="url(#head)"/>'
    return [arrow, *_text(line.label, x + 12, (top + bottom - height) / 2 - 3, anchor="start")]


def _bent(line: Bent) -> str:
    """Return the path out of a row, along the trunk, into a row, with its corners rounded."""
    start = line.source.x + (BOX if line.side == "right" and line.source.is_main else 0)
    end = line.target.x + (BOX if line.side == "right" and line.target.is_main else 0)
    y, into, x = line.out.y, line.into.y, line.x
    down = 1 if into > y else -1
    turn = min(_ROUND, abs(into - y) / 2)
    out = turn if x > start else -turn
    back = turn if end > x else -turn
    path = (
        f"M{start:g} {y:g}H{x - out:g}Q{x:g} {y:g} {x:g} {y + down * turn:g}"
        f"V{into - down * turn:g}Q{x:g} {into:g} {x + back:g} {into:g}H{end:g}"
    )
    return f'<path class="way" d="{path}" marker-end="url(#head)"/>'


def _label(line: Bent) -> list[str]:
    height = sum(part.height for part in line.out.label)
    top = line.out.y - height - 3
    if line.side == "right" and line.source.is_main:
        return _text(line.out.label, line.source.x + BOX + 8, top, anchor="start")
    return _text(line.out.label, line.source.x - 8, top, anchor="end")


def _text(lines: Iterable[Line], x: float, top: float, *, anchor: str) -> list[str]:
    parts = []
    for line in lines:
        if line.text:
            place = f'x="{x:g}" y="{top + _ASCENT[line.style]:g}" text-anchor="{anchor}"'
            parts.append(f'<text class="{line.style}" {place}>{escape(line.text)}</text>')
        top += line.height
    return parts


def _told(definition: Definition) -> str:
    states = definition.states
    ends = all_of(state.title for state in states.values() if state.final)
    sentences = [f"It begins as {states[definition.start].title} and ends as {ends}."]
    for way in definition.moves:
        sources = all_of(states[source].title for source in way.sources)
        target = f"to {states[way.target].title}" if way.target else "without a change of state"
        sentences.append(f"{way.title}: from {sources} {target}, {_terms(way)}.")
    return " ".join(sentences)


def _terms(way: Way) -> str:
    approved = approval(way)
    return f"by {who(way)}; {approved[:1].lower()}{approved[1:]}" if approved else f"by {who(way)}"


def _spoken(text: str) -> str:
    return " ".join(text.replace('"', "'").replace(";", ",").replace("#", "").split())


def _id(name: str) -> str:
    return f"{name}_" if name in _TAKEN else name
