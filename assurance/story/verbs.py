"""What can happen in a story, by the verb's name."""

from __future__ import annotations

from assurance.story.audit_verbs import AUDIT_VERBS
from assurance.story.hearing_verbs import HEARING_VERBS
from assurance.story.move_verbs import MOVE_VERBS
from assurance.story.outcome_verbs import OUTCOME_VERBS
from assurance.story.verb import Verb

VERBS: dict[str, Verb] = {
    verb.name: verb for verb in (*AUDIT_VERBS, *MOVE_VERBS, *OUTCOME_VERBS, *HEARING_VERBS)
}
