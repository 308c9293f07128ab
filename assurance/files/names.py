"""What somebody has called a file: a text for people, never a path, and nothing that looks like another name."""

from __future__ import annotations

import re
import unicodedata

from engine.errors import Reason, Refused
from engine.words import unreadable

LONGEST_NAME = 150
_OF_PATHS = re.compile(r'[/\\:*?"<>|\n\t\u2044\u2215\uff0f\uff3c]')
# Marks that turn the direction of writing, or that nobody sees: `exe.fdp` can then read as `pdf.exe`.
_UNSEEN = frozenset({"Cf", "Co", "Cn", "Zl", "Zp"})


def plain_name(name: str) -> str:
    """Give a file's name as people may be shown it; raises Refused where it is none."""
    spelled = unicodedata.normalize("NFC", name)
    letter = unreadable(spelled)
    if letter is not None:
        raise _refused(f"The name of the file holds {letter}, which nobody can read; rename the file.")
    if any(unicodedata.category(one) in _UNSEEN for one in spelled):
        raise _refused("The name of the file holds a mark that cannot be seen; rename the file.")
    if _OF_PATHS.search(spelled):
        raise _refused("The name of a file has no slash, colon or quotation mark in it; rename the file.")
    if not spelled.strip() or not spelled.strip(". "):
        raise _refused("The file has no name; give it one.")
    if spelled != spelled.strip() or spelled.startswith(".") or spelled.endswith("."):
        raise _refused(
            "The name of the file begins or ends with a dot or a space; rename it, such as ‘tool.pdf’."
        )
    if len(spelled) > LONGEST_NAME:
        sentence = f"The name of the file has {len(spelled)} letters; {LONGEST_NAME} are the most."
        raise _refused(sentence)
    return spelled


def ending_of(name: str) -> str:
    """Give what stands behind a name's last dot, in small letters; empty where there is no dot."""
    _, dot, ending = name.rpartition(".")
    return ending.lower() if dot else ""


def _refused(sentence: str) -> Refused:
    return Refused(Reason("file_name", sentence))
