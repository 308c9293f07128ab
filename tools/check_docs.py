"""Holds the documents to the house: links, anchors, paths, commands and the version that they name must be true."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from typer.main import get_command

from tools.shown_commands import Programs, targets_of, word_of

ROOT = Path(__file__).resolve().parent.parent
SHELL = {"", "sh", "bash", "shell", "console"}
PATH_OF_THE_HOUSE = re.compile(r"(?:\.?[\w*?-][\w.*?-]*/)+(?:\.?[\w*?-][\w.*?-]*)?")
ENDINGS = (".py", ".yaml", ".md", ".toml", ".sh", ".html", ".txt", ".svg", ".lock", ".in")
MADE_LATER = ("var/", ".venv/", "dist/", "build/")
PATH_OF_A_MACHINE = re.compile(r"(?<![\w.~}\])>*-])/(?:home|root|Users|work|mnt|private)/\w+")
HEADING_OF_A_VERSION = re.compile(r"^## \[?(\d+\.\d+\.\d+)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing in a file that is not so."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def main() -> int:
    """Look at every file that git knows; print the faults and return 1 if there are any."""
    files = _files_of(ROOT)
    documents = [file for file in files if file.suffix == ".md"]
    # By name, as the installed command finds it too.
    door = import_module("cli.main")
    programs = Programs(word_of(get_command(door.app)), targets_of(ROOT / "Makefile"))
    faults = [fault for file in documents for fault in faults_in_document(file, root=ROOT, programs=programs)]
    faults += [fault for file in files for fault in machine_paths_in(file, root=ROOT)]
    faults += wrong_version(ROOT)
    for fault in faults:
        print(fault)
    print(f"{len(documents)} documents read, {len(faults)} faults found")
    return 1 if faults else 0


def faults_in_document(file: Path, *, root: Path, programs: Programs) -> list[Fault]:
    """Check the links, anchors, paths and commands of one Markdown file, which lies below `root`."""
    name = file.relative_to(root).as_posix()
    faults = []
    for token, line in _tokens_of(file):
        match token.type:
            case "link_open" | "image":
                target = str(token.attrs.get("href") or token.attrs.get("src"))
                messages = _faults_of_link(target, file=file, root=root)
            case "code_inline":
                messages = [*_faults_of_path(token.content, file=file, root=root)]
                messages += programs.faults_of(token.content)
            case "fence" if token.info.strip() in SHELL:
                messages = list(programs.faults_of(token.content))
            case _:
                continue
        faults += [Fault(name, line, message) for message in messages]
    return faults


def machine_paths_in(file: Path, *, root: Path) -> Iterator[Fault]:
    """Find paths that exist only on the machine of whoever wrote them; a file that is not text has none."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(lines, start=1):
        for found in PATH_OF_A_MACHINE.findall(line):
            name = file.relative_to(root).as_posix()
            yield Fault(name, number, f"{found} is a path of somebody's own machine")


def wrong_version(root: Path) -> list[Fault]:
    """Check that the newest heading of the changelog is the version of the package."""
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = HEADING_OF_A_VERSION.search(changelog)
    if newest and newest[1] == version:
        return []
    line = changelog.count("\n", 0, newest.start()) + 1 if newest else 1
    found = newest[1] if newest else "no version"
    return [Fault("CHANGELOG.md", line, f"the newest heading says {found}, pyproject.toml says {version}")]


def _files_of(root: Path) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    files = [root / name for name in listed.stdout.split("\0") if name]
    return [file for file in files if file.is_file() and not file.is_symlink()]


@cache
def _tokens_of(file: Path) -> tuple[tuple[Token, int], ...]:
    """Return every token, those inside paragraphs too, with its 1-based line."""
    tokens = MarkdownIt("commonmark").enable("table").parse(file.read_text(encoding="utf-8"))
    found = []
    line = 1
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        found += [(inner, line) for inner in (token, *(token.children or ()))]
    return tuple(found)


def _faults_of_link(target: str, *, file: Path, root: Path) -> list[str]:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return []
    path = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not path.is_relative_to(root):
        return [f"the link {target} leaves the repository"]
    if not path.exists():
        return [f"the link {target} leads nowhere"]
    if parts.fragment and path.suffix == ".md" and unquote(parts.fragment) not in _anchors_of(path):
        return [f"the link {target} names a heading that is not in {path.relative_to(root).as_posix()}"]
    return []


def _anchors_of(file: Path) -> set[str]:
    """Return the anchors of a document's headings, made as code hosts make them."""
    tokens = [token for token, _ in _tokens_of(file)]
    seen: Counter[str] = Counter()
    anchors = set()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            text = "".join(child.content for child in inline.children or ())
            anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            anchors.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
            seen[anchor] += 1
    return anchors


def _faults_of_path(text: str, *, file: Path, root: Path) -> Iterable[str]:
    if not PATH_OF_THE_HOUSE.fullmatch(text) or text.startswith(MADE_LATER):
        return []
    is_ours = text.endswith(ENDINGS) or (root / text.partition("/")[0]).is_dir()
    if not is_ours or any(next(folder.glob(text.rstrip("/")), None) for folder in (root, file.parent)):
        return []
    return [f"the path {text} does not exist"]


if __name__ == "__main__":
    sys.exit(main())
