"""The wording check: what keeps a recommendation from being done, or from being seen to be done. It warns, and forbids nothing.

A recommendation of the trade's own reports often asks to ‘give greater consideration’: nobody can tell when that has
happened. Pure: words and what stands beside them in, remarks out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Lack(StrEnum):
    """What may be wrong with the wording."""

    WEAK = "weak"  # asks for a state of mind, which nobody can see
    OWNER = "owner"
    DATE = "date"
    MEASURE = "measure"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to look at again; `letters` are the words that led to it, empty where something is missing."""

    lack: Lack
    sentence: str
    letters: str = ""


_WEAK = re.compile(
    r"\b(consider(?:s|ed|ing|ation)?(?! to be)|think(?:ing)? (?:harder |more |again |carefully )*(?:about|of)|"
    r"weigh(?:s|ing)?(?: up)?|"
    r"reflect(?:s|ing)? (?:up)?on|explor(?:e|es|ing)|look(?:s|ing)? (?:in)?(?:to|at|for ways)|"
    r"be(?:ing)? (?:more )?(?:aware|mindful|conscious)|bear(?:ing)? in mind|rais(?:e|es|ing) awareness|"
    r"encourag(?:e|es|ed|ing)|seek(?:s|ing)? to|aim(?:s|ing)? to|try(?:ing)? to|endeavou?r(?:s|ing)? to|"
    r"work(?:s|ing)? towards|strengthen(?:s|ing)?|where (?:possible|appropriate|practicable)|"
    r"as (?:appropriate|necessary)|as soon as possible|wherever it can be done|make sure staff are aware)\b",
    re.IGNORECASE,
)
_MONTH = (
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "spring|summer|autumn|winter|easter|christmas"
)
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)? (?:{_MONTH})|(?:by|before|until|in|from|end of) (?:the )?(?:end of )?(?:{_MONTH})\b|"
    r"(?:19|20)\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|"
    r"(?:within|in) (?:the next )?(?:\w+ )?(?:working )?(?:days?|weeks?|months?|term|quarter|year)\b|"
    r"(?:by|before|until|at) (?:the |our )?next (?:meeting|quarter|year|term|audit)|"
    r"every (?:\w+ )?(?:day|week|month|quarter|term|year)|(?:weekly|monthly|quarterly|yearly|annually|each term))",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"(?:(?<!\d)\d++\s?(?:%|per cent|percent)|\bper cent\b|\bin (?:nine|eight|seven|six|\d+) of (?:ten|\d+)\b|"
    r"\b(?:all|each|every|no) (?:\w+ ){0,2}(?:cases?|files?|plans?|records?|returns?|teams?|staff|children|assessments?|"
    r"schools?|practices?|agenc(?:y|ies)|case)\b|"
    r"\b(?:measured|shown|seen|evidenced|tested|counted|checked) (?:by|in|through|with)\b|"
    r"\b(?:dip sample|re-?audit|audited again|sample of|survey)\b|\bso that (?:at least|\d))",
    re.IGNORECASE,
)
_OWNER = re.compile(
    r"\b(?:agenc(?:y|ies)|organisations?|social (?:care|workers?)|police|schools?|education|gps?|practices?|"
    r"health visitors?|school nurses?|midwi(?:fe|ves|fery)|trust|council|ccg|camhs|mental health|housing|probation|"
    r"the board|the chair|the (?:sub ?)?group|managers?|supervisors?|leads?|professionals?|workers?|staff)\b",
    re.IGNORECASE,
)
_VERBS = (
    "add agree appoint arrange ask audit brief build bring carry change check collect commission complete consider "
    "create deliver design develop document draft ensure establish explain find follow give hold hear identify "
    "implement include inform introduce invite issue keep launch make meet monitor name offer plan prepare produce "
    "provide publish put read record refer remind report review revise send set share show sign spell spread tell "
    "test train update use work write"
)
_VERB = rf"(?:{'|'.join(_VERBS.split())})"
_ADVERB = r"(?:(?:also|then|regularly|always|clearly|jointly|each|all)\s+)*"
# `review the form and train the teams`; `should meet, and everybody should get the minutes`; a second sentence.
_SEVERAL = (
    re.compile(
        rf"(?:,|;|\band\b|\bor\b|\bthen\b)\s+(?:to\s+|should\s+|must\s+)?{_ADVERB}({_VERB})\s+(?!of\b)",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?:as well as|in addition|furthermore|additionally|and also)\b", re.IGNORECASE),
)
_OBLIGES = re.compile(r"\b(?:should|must|shall|needs? to|ha(?:s|ve) to|(?:is|are) to)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[.;:!?]\s+|\n")


def remarks_on(
    text: str, *, has_owner: bool = False, has_date: bool = False, has_measure: bool = False
) -> tuple[Remark, ...]:
    """Say what may keep a recommendation from being done; what stands in a field of its own is not asked of the text."""
    if not text.strip():
        return ()
    return tuple(
        remark
        for remark in (
            _weak(text),
            None if has_owner or _OWNER.search(text) else _missing(Lack.OWNER),
            None if has_date or _DATE.search(text) else _missing(Lack.DATE),
            None if has_measure or _MEASURE.search(text) else _missing(Lack.MEASURE),
            _several(text),
        )
        if remark is not None
    )


def _weak(text: str) -> Remark | None:
    match = _WEAK.search(text)
    if match is None:
        return None
    sentence = f"‘{match[0]}’ asks for something that nobody can see. Say what somebody will do."
    return Remark(Lack.WEAK, sentence, match[0])


def _several(text: str) -> Remark | None:
    """Find the words with which a second thing to do begins."""
    obliging = [part for part in _SENTENCE.split(text) if _OBLIGES.search(part)]
    words = next((match[0] for pattern in _SEVERAL if (match := pattern.search(text))), "")
    again = _OBLIGES.findall(text)
    if not words and len(obliging) < 2 and len(again) < 2:
        return None
    where = f" (‘{' '.join(words.split()).lstrip(',; ')}’)" if words else ""
    sentence = f"This may be two things to do{where}. Each is followed better as a recommendation of its own."
    return Remark(Lack.SEVERAL, sentence, words.strip())


def _missing(lack: Lack) -> Remark:
    return Remark(lack, _MISSING[lack])


_MISSING = {
    Lack.OWNER: "Nobody is named who is to do it. Ask an agency, or name one in the words.",
    Lack.DATE: "It does not say by when. Name a day, or a meeting.",
    Lack.MEASURE: "It does not say how one will know that it is done. Name a number, a sample, or what will be seen.",
}
