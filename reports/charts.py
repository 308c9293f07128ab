"""Draws charts as SVG that a strict page takes: no script, no style and nothing from elsewhere, and never by colour alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import pygal
from pygal.etree import etree

WIDTH = 960
ROW = 34  # of one bar with the space around it
LEGEND_ROW = 30
LEGEND_COLUMNS = 4
LONG_TITLE = 14  # characters, for which a column of the legend is too narrow
LONGEST_LABEL = 40  # characters; the table beside the chart has all of it
BETWEEN = "#ffffff"  # the gap between two pieces
LETTER = 9  # about the width of a digit of a value, in the units of the chart
XLINK = ' xmlns:xlink="http://www.w3.org/1999/xlink"'  # declared, and used by nothing that is left
# pygal adds a finder of an old kind, for maps, which we do not draw: every import that fails would stumble upon it.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

# What pygal writes for its own script and style sheet; the page's style sheet does their work.
LEFT_OUT = frozenset({"style", "script", "desc", "title"})
KEPT = frozenset(
    {"class", "d", "fill", "height", "text-anchor", "transform", "viewBox", "width", "x", "xmlns", "y"}
)


class Mark(NamedTuple):
    """How a piece of a bar looks: its ground, and what is drawn on it (an SVG path in a square of 8)."""

    ground: str
    ink: str = ""
    path: str = ""


class Fill(Enum):
    """The looks of pieces of bars: told apart by their pattern, also in print and by whoever sees no colours."""

    DOTS = Mark("#e6e9ec", "#5b6770", "M2 2h1.6v1.6h-1.6z M6 6h1.6v1.6h-1.6z")
    STRIPES = Mark("#b5d0ea", "#1d5a94", "M-2 2l4 -4 M0 8l8 -8 M6 10l4 -4")
    BLUE = Mark("#2f6fa8")
    GRID = Mark("#cfc0e6", "#5b3e91", "M0 4h8 M4 0v8")
    GREEN = Mark("#1f7a5c")
    LINES = Mark("#ece5d3", "#6b5f3b", "M0 2h8 M0 6h8")
    AMBER = Mark("#f0c48e", "#94501a", "M-2 6l4 4 M0 0l8 8 M6 -2l4 4")
    RED = Mark("#a8323a")
    BARS = Mark("#f7f8f9", "#5b6770", "M2 0v8 M6 0v8")


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of piece, with its length in each bar."""

    title: str
    values: tuple[int, ...]
    fill: Fill


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars that lie, one for each label, made of one piece of each series; `unit` follows each value."""

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    unit: str = ""
    longest: int | None = None  # the length of a full bar, where that is not the longest one


def draw(chart: Chart, *, key: str) -> str:
    """Write a chart as an SVG element; `key` keeps its marks apart from those of other charts on the page."""
    shown = [one for one in chart.series if any(one.values)] or list(chart.series[:1])
    longest = chart.longest or max(
        (sum(values) for values in zip(*(one.values for one in shown), strict=True)), default=0
    )
    tree = _drawn(chart, shown, longest)
    _clean(tree)
    plot, legend = _of_class(tree, "plot"), _of_class(tree, "legends")
    for number, one in enumerate(shown):
        for group in _of_class(plot[0], f"serie-{number}"):
            _look(group, f"url(#{key}-{one.fill.name.lower()})")
        if len(shown) > 1:
            _look(legend[0][number], f"url(#{key}-{one.fill.name.lower()})")
    _name(tree, chart.title, key, {one.fill for one in shown})
    return str(etree.tostring(tree, encoding="unicode")).replace(XLINK, "")


def _drawn(chart: Chart, shown: Sequence[Series], longest: int) -> Any:
    has_legend = len(shown) > 1
    columns = min(len(shown), 3 if max(len(one.title) for one in shown) > LONG_TITLE else LEGEND_COLUMNS)
    rows_of_legend = -(-len(shown) // columns) if has_legend else 0
    bars = pygal.HorizontalStackedBar(
        js=[],
        css=[],
        no_prefix=True,
        disable_xml_declaration=True,
        width=WIDTH,
        height=len(chart.labels) * ROW + rows_of_legend * LEGEND_ROW + 20,
        margin=4,
        # The library reserves room for full rows of the legend only.
        margin_bottom=4 + (LEGEND_ROW if len(shown) % columns else 0),
        spacing=8,
        range=(0, longest or 1),
        show_legend=has_legend,
        legend_at_bottom=True,
        legend_at_bottom_columns=columns,
        legend_box_size=16,
        truncate_legend=30,
        truncate_label=LONGEST_LABEL + 12,
        show_x_labels=False,
        show_x_guides=False,
        print_values=True,
        print_zeroes=False,
        style=pygal.style.Style(
            legend_font_size=15, label_font_size=15, major_label_font_size=15, value_font_size=15
        ),
    )
    # The first bar is drawn lowest.
    bars.x_labels = [_label(label) for label in reversed(chart.labels)]
    for one in shown:
        bars.add(one.title, [_value(value, chart, longest) for value in reversed(one.values)])
    return bars.render_tree()


def _label(label: str) -> str:
    """Shorten a long label; the number in brackets at its end stays."""
    if len(label) <= LONGEST_LABEL:
        return label
    words, bracket, number = label.rpartition(" (") if label.endswith(")") else (label, "", "")
    return f"{words[: LONGEST_LABEL - 2 - len(number)].rstrip()}…{bracket}{number}"


def _value(value: int, chart: Chart, longest: int) -> dict[str, Any] | None:
    """Give a piece with its number; where that is wider than the piece, only the table tells it."""
    if not value:
        return None
    said = f"{value:,}{chart.unit}"
    has_room = value / longest * WIDTH * 0.55 > len(said) * LETTER
    return {"value": value, "formatter": lambda _: said if has_room else ""}


def _clean(tree: Any) -> None:
    """Take away what a strict page refuses or what nobody sees, and every attribute that is not of a drawing."""
    for parent in list(tree.iter()):
        for child in list(parent):
            is_drawn = isinstance(child.tag, str) and child.tag not in LEFT_OUT
            is_empty = child.tag == "text" and not child.text
            is_backdrop = child.get("class", "") in ("background", "plot tooltip-overlay")
            is_nothing = child.tag == "rect" and "width" not in child.attrib
            if not is_drawn or is_empty or is_backdrop or is_nothing:
                parent.remove(child)
    for one in tree.iter():
        for name in list(one.attrib):
            if name not in KEPT or not one.get(name):
                del one.attrib[name]


def _look(group: Any, fill: str) -> None:
    for rect in group.iter("rect"):
        rect.set("fill", fill)
        rect.set("stroke", BETWEEN)


def _name(tree: Any, title: str, key: str, fills: set[Fill]) -> None:
    """Say what the picture is, and lay its patterns in."""
    named = etree.Element("title", {"id": f"{key}-title"})
    named.text = title
    marks = etree.Element("defs")
    for fill in sorted(fills, key=lambda one: one.name):
        marks.append(_pattern(fill, f"{key}-{fill.name.lower()}"))
    for old in tree.findall("defs"):
        tree.remove(old)
    tree.insert(0, marks)
    tree.insert(0, named)
    tree.set("class", "chart")
    tree.set("role", "img")
    tree.set("aria-labelledby", f"{key}-title")
    tree.set("focusable", "false")


def _pattern(fill: Fill, name: str) -> Any:
    mark = fill.value
    pattern = etree.Element(
        "pattern", {"id": name, "width": "8", "height": "8", "patternUnits": "userSpaceOnUse"}
    )
    pattern.append(etree.Element("rect", {"width": "8", "height": "8", "fill": mark.ground}))
    if mark.path:
        drawn = {
            "d": mark.path,
            "stroke": mark.ink,
            "stroke-width": "1.4",
            "fill": mark.ink if "z" in mark.path else "none",
        }
        pattern.append(etree.Element("path", drawn))
    return pattern


def _of_class(tree: Any, name: str) -> list[Any]:
    return list(_with_class(tree, name))


def _with_class(tree: Any, name: str) -> Iterator[Any]:
    for one in tree.iter("g"):
        if name in one.get("class", "").split():
            yield one
