"""The identifier guard: what in a free text may tell who a child, a family or a worker is. It warns, and decides nothing.

Cases have random references here, and who it is stays with each agency. Pure: a text in, what was found out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from assurance.first_names import FIRST_NAMES

NHS_FIGURES = 10
MOST_TOLD = 5


class Kind(StrEnum):
    """What something looks like; the words stand in a sentence."""

    NHS_NUMBER = "an NHS number"
    BIRTH = "a date of birth"
    POSTCODE = "a postcode"
    PHONE = "a telephone number"
    EMAIL = "an e-mail address"
    NAME = "somebody's name"


@dataclass(frozen=True, slots=True)
class Identifier:
    """Something that may tell who it is: what it looks like, the letters themselves, and where they begin."""

    kind: Kind
    letters: str
    at: int


# A space, or a hyphen as people put one, between groups of figures.
_GAP = r"[\s.\-\u00a0\u2010-\u2013]?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_MONTH = r"(?:0?[1-9]|1[0-2]|jan\w*|feb\w*|mar\w*|apr\w*|may|june?|july?|aug\w*|sep\w*|oct\w*|nov\w*|dec\w*)"
_DATE = rf"(?:{_DAY}[\s./\-]+(?:of\s+)?{_MONTH}[\s./\-,]+\d{{2,4}}|\d{{4}}-\d{{2}}-\d{{2}})"
_BIRTH_WORD = r"(?:d\.?\s?o\.?\s?b\.?|date\s+of\s+birth|birth\s?da(?:y|te)|born(?:\s+on)?)"
# The 124 areas of the Royal Mail, so that a form's number such as `A2 4BC` of no area is left alone.
_AREAS = (
    "AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX "
    "FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN "
    "NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB "
    "W WA WC WD WF WN WR WS WV YO ZE"
)
_TITLE = r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Master|Sister|Nurse|PC|DC|DS|Sgt)\.?"
_CALLED = r"(?:[Cc]alled|[Nn]amed|[Nn]ame\s+is|[Kk]nown\s+as|[Aa]lias)"
_PROPER = r"(?:[OD]['’])?[A-Z][a-zà-öø-ÿ]+(?:['’-][A-Z][a-zà-öø-ÿ]+)*"

_NHS = re.compile(rf"(?<![\w-])\d{{3}}{_GAP}\d{{3}}{_GAP}\d{{4}}(?![\w-])")
_BIRTH = re.compile(
    rf"\b{_BIRTH_WORD}\W{{0,5}}(?:(?:is|was|on|the)\s+){{0,2}}({_DATE})|[(\[]\s*({_DATE})\s*[)\]]",
    re.IGNORECASE,
)
_POSTCODE = re.compile(
    rf"(?<![\w-])(?:{'|'.join(sorted(_AREAS.split(), key=len, reverse=True))})\d[A-Z\d]?\s?\d[ABD-HJLNP-UW-Z]{{2}}(?![\w-])",
    re.IGNORECASE,
)
_PHONE = re.compile(rf"(?<![\w+])(?:(?:\+|00)44{_GAP}(?:\(0\))?|\(?0)(?:{_GAP}\(?\d\)?){{9,10}}(?!\w)")
# It begins where such letters begin, and nowhere within them: else a long row of them is looked at from each letter.
_EMAIL = re.compile(r"(?<![\w.+'-])[\w.+'-]++\s?@\s?[\w-]+(?:\.[\w-]+)+")
_TITLED = re.compile(rf"\b(?:{_TITLE}\s+{_PROPER}(?:\s+{_PROPER})?|{_CALLED}\s+[‘'“\"]?({_PROPER}))")
_WORD = re.compile(rf"\b{_PROPER}(?:\s+{_PROPER})*")


def found_in(text: str) -> tuple[Identifier, ...]:
    """Find what may tell who somebody is, in the order of the text; what overlaps is told once."""
    found: list[Identifier] = []
    told = bytearray(len(text))
    for kind, look in _LOOKS:
        for at, letters in look(text):
            until = at + len(letters)
            if not any(told[at:until]):
                found.append(Identifier(kind, letters, at))
                told[at:until] = b"\1" * len(letters)
    return tuple(sorted(found, key=lambda one: one.at))


def warning(text: str) -> str:
    """Say in a sentence what a text may give away; empty where nothing was found."""
    found = found_in(text)
    if not found:
        return ""
    told = [f"‘{one.letters}’ looks like {one.kind}" for one in found[:MOST_TOLD]]
    more = f", and {len(found) - MOST_TOLD} more of the kind" if len(found) > MOST_TOLD else ""
    return f"{'; '.join(told)}{more}. Nobody is to be recognised here: change it, or say that it is no identifier."


def is_nhs_number(figures: str) -> bool:
    """Say whether ten figures carry their own check digit.

    Modulus 11 with weights 10 to 2, as the NHS Data Dictionary defines it; a remainder that would need the digit 10
    is never issued. Ten equal figures are nobody's.
    """
    if (
        len(figures) != NHS_FIGURES
        or not figures.isascii()
        or not figures.isdecimal()
        or len(set(figures)) == 1
    ):
        return False
    total = sum(int(figure) * weight for figure, weight in zip(figures, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == int(figures[-1])


def _nhs_numbers(text: str) -> Iterator[tuple[int, str]]:
    for match in _NHS.finditer(text):
        if is_nhs_number(re.sub(r"\D", "", match[0])):
            yield match.start(), match[0]


def _births(text: str) -> Iterator[tuple[int, str]]:
    for match in _BIRTH.finditer(text):
        group = 1 if match[1] else 2
        yield match.start(group), match[group]


def _names(text: str) -> Iterator[tuple[int, str]]:
    for match in _TITLED.finditer(text):
        group = 1 if match[1] else 0
        yield match.start(group), match[group]
    for match in _WORD.finditer(text):
        words = match[0].split()
        # The first of several may only stand at the start of a sentence: `When Sarah`, `Mother Sarah Jones`.
        begins = next((place for place, word in enumerate(words) if _is_first_name(word)), None)
        if begins is not None:
            said = " ".join(words[begins:])
            yield match.start() + match[0].index(words[begins]), said


def _is_first_name(word: str) -> bool:
    plain = re.split(r"['’]", word)[0]
    return any(part.lower() in FIRST_NAMES for part in plain.split("-"))


def _all(pattern: re.Pattern[str]) -> Callable[[str], Iterator[tuple[int, str]]]:
    return lambda text: ((match.start(), match[0].strip()) for match in pattern.finditer(text))


# In this order: a figure that is both is told as what it is more surely.
_LOOKS: tuple[tuple[Kind, Callable[[str], Iterator[tuple[int, str]]]], ...] = (
    (Kind.EMAIL, _all(_EMAIL)),
    (Kind.NHS_NUMBER, _nhs_numbers),
    (Kind.BIRTH, _births),
    (Kind.PHONE, _all(_PHONE)),
    (Kind.POSTCODE, _all(_POSTCODE)),
    (Kind.NAME, _names),
)
