"""What agencies send: the answers to each aim, from the files that they have read."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from assurance.commands.attaching import attach
from assurance.commands.checks import held, one_of, said
from assurance.commands.moving import Done, Entered, enter
from assurance.files.cabinet import Kept
from assurance.office import Tx
from assurance.records import AgencyReturn, Aim, Answer
from engine.errors import Reason, Refused
from engine.moved import Ref
from engine.words import unknown

GRADES = ("Outstanding", "Good", "Requires improvement", "Inadequate")
ANSWERS = ("yes", "partly", "no", "not applicable", "no evidence on file")


def answer_aims(
    tx: Tx,
    ref: Ref,
    answers: Mapping[int, tuple[str, str]],
    *,
    tool: str | None = None,
    grade: str | None = None,
    key: str | None = None,
) -> Done:
    """Answer aims of one return: for each aim's id the answer and the reader's own words; save as you go.

    An aim that was answered before gets the new answer. Raises Refused for an aim of another audit or an
    answer that is none of the five.
    """
    held(tx, ref, AgencyReturn.noun)
    row = tx.session.get_one(AgencyReturn, ref.id, populate_existing=True)
    aims = set(tx.session.scalars(sa.select(Aim.id).where(Aim.audit_id == row.audit_id)))
    given = {
        answer.aim_id: answer
        for answer in tx.session.scalars(sa.select(Answer).where(Answer.return_id == ref.id))
    }
    for aim_id, (answer, text) in answers.items():
        if aim_id not in aims:
            raise Refused(Reason("unknown_aim", "One of the aims does not belong to this audit."))
        if answer not in ANSWERS:
            raise Refused(Reason("unknown_word", unknown(answer, "an answer", ANSWERS) + "."))
        kept = given.get(aim_id)
        if kept is None:
            kept = Answer(
                group_id=tx.actor.group_id, return_id=ref.id, aim_id=aim_id, answer=answer, text=text
            )
            tx.session.add(kept)
        kept.answer, kept.text = answer, text
    if tool is not None:
        row.tool = said(tool, "the name of your audit tool")
    if grade is not None:
        row.grade = one_of(grade, GRADES, "a grade")
    told = {str(aim_id): answer for aim_id, (answer, _) in sorted(answers.items())}
    return enter(tx, ref, "answer", Entered({"answers": told}), key=key)


def attach_tool(tx: Tx, ref: Ref, kept: Kept, *, key: str | None = None) -> Done:
    """Attach the agency's own audit tool, filled in for this case; a later one stands beside the earlier ones."""
    known = held(tx, ref, AgencyReturn.noun)
    return enter(tx, ref, "answer", Entered(attach(tx, known, kept)), key=key)
