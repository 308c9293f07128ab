"""Reads what the documents show: whole files, lines out of files, tables and blocks of text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]


class Block(NamedTuple):
    """A fenced block: the words behind its fence, and its text."""

    info: str
    text: str


class Cell(NamedTuple):
    """A cell of a table: what stands in it as code, and its lines as they are read."""

    code: tuple[str, ...]
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The cell as one line."""
        return " ".join(self.lines)


def tokens_of(name: str) -> list[Token]:
    """Parse one document of the house."""
    return MarkdownIt("commonmark").enable("table").parse((ROOT / name).read_text(encoding="utf-8"))


def blocks(name: str) -> Iterator[Block]:
    """Give every fenced block of a document."""
    yield from (
        Block(token.info.strip(), token.content) for token in tokens_of(name) if token.type == "fence"
    )


def whole_files(name: str) -> dict[str, str]:
    """Give the blocks that are marked as complete files, by the name of the file."""
    marked = (block for block in blocks(name) if "complete=" in block.info)
    return {block.info.partition("complete=")[2]: block.text for block in marked}


def lines_from_files(name: str) -> list[tuple[str, str]]:
    """Give the blocks that are marked as lines of a file of the house: the file's name, and the lines."""
    marked = (block for block in blocks(name) if "from=" in block.info)
    return [(block.info.partition("from=")[2], block.text) for block in marked]


def block(name: str, info: str) -> str:
    """Give the one block that is marked so."""
    [found] = [block.text for block in blocks(name) if block.info == info]
    return found


def rows(name: str, *headings: str) -> list[tuple[Cell, ...]]:
    """Give the rows of every table of a document that has these headings."""
    found: list[tuple[Cell, ...]] = []
    for head, *body in _tables(tokens_of(name)):
        if tuple(cell.text for cell in head) == headings:
            found += body
    return found


def all_code(name: str) -> set[str]:
    """Give everything that stands as code in the lines of a document."""
    inner = (child for token in tokens_of(name) for child in token.children or ())
    return {child.content for child in inner if child.type == "code_inline"}


def _tables(tokens: list[Token]) -> Iterator[list[tuple[Cell, ...]]]:
    table: list[tuple[Cell, ...]] = []
    row: list[Cell] = []
    for token, following in pairwise(tokens):
        if token.type in ("th_open", "td_open"):
            row.append(_cell(following))
        elif token.type == "tr_close":
            table.append(tuple(row))
            row = []
        elif token.type == "table_close":
            yield table
            table = []


def _cell(inline: Token) -> Cell:
    code: list[str] = []
    lines = [""]
    for child in inline.children or ():
        if child.type == "html_inline" and child.content == "<br>":
            lines.append("")
        elif child.type in ("text", "text_special", "code_inline"):
            lines[-1] += child.content
        if child.type == "code_inline":
            code.append(child.content)
    return Cell(tuple(code), tuple(lines))
