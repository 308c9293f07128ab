"""Which earlier texts are like this one: by the telling words that they share, so that everybody can see why.

A word tells the more, the fewer texts it stands in (inverse document frequency, Spärck Jones 1972); likeness is the
cosine of two texts' words weighed so. Pure: texts in, likenesses out.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

ALIKE_FROM = 0.15  # of 1; two texts that share one rare word of ten reach it
MOST_WORDS_TOLD = 6
SHORTEST_WORD = 3
_WORDS = re.compile(r"[a-zà-öø-ÿ]+(?:['’][a-z]+)?", re.IGNORECASE)
# What stands in every text of the trade tells nothing; what stands in any English text neither.
_TELL_NOTHING = """
about after all also among and any are because been before being between both but can child children could did does
each every for from had has have her hers him his how into its make may more most much must not off one only other our
out over own part same see seen shall she should some such than that the their them then there these they this those
through too under until use used very was way were what when where whether which while who whom why will with within
work working would yet you your case cases agency agencies record records recorded
"""
_STOP = frozenset(_TELL_NOTHING.split())
_ENDINGS = ("ations", "ation", "ments", "ment", "ings", "ing", "ies", "ied", "ness", "ed", "es", "ly", "s")
SHORTEST_STEM = 4


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like another text is, from 0 to 1, and the words that both have, the most telling first."""

    number: int
    share: float
    words: tuple[str, ...]


def alike(text: str, others: Mapping[int, str], *, most: int = 5) -> tuple[Likeness, ...]:
    """Give the texts that are most like one, by their numbers, the likest first; nothing where none is like it."""
    own, counted = _stems(text), {number: _stems(other) for number, other in others.items()}
    seen_in = Counter(stem for stems in counted.values() for stem in stems)
    weight = {
        stem: 1 + math.log((1 + len(counted)) / (1 + seen_in[stem])) for stem in own.keys() | seen_in.keys()
    }
    length = _length(own, weight)
    found = []
    for number, stems in counted.items():
        shared = sorted(own.keys() & stems.keys(), key=lambda stem: (-weight[stem], stem))
        product = sum(weight[stem] ** 2 for stem in shared)
        share = product / (length * _length(stems, weight)) if product else 0.0
        if share >= ALIKE_FROM:
            words = tuple(own[stem] for stem in shared[:MOST_WORDS_TOLD])
            found.append(Likeness(number, round(share, 3), words))
    return tuple(sorted(found, key=lambda one: (-one.share, -one.number))[:most])


def _stems(text: str) -> dict[str, str]:
    """Give the telling words of a text without their endings, each with the word as it is written first."""
    stems: dict[str, str] = {}
    for word in _WORDS.findall(text):
        plain = re.split(r"['’]", word.lower())[0]
        if len(plain) >= SHORTEST_WORD and plain not in _STOP:
            stems.setdefault(_stem(plain), plain)
    return stems


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            rest = word.removesuffix(ending)
            return rest[:-1] if rest[-1] == rest[-2] else rest.removesuffix("e")
    return word.removesuffix("e") if len(word) > SHORTEST_STEM else word


def _length(stems: Mapping[str, str], weight: Mapping[str, float]) -> float:
    return math.sqrt(sum(weight[stem] ** 2 for stem in stems))
