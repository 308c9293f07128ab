"""What agencies send: the answers to each aim, from the files that they have read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from assurance.commands.attaching import attach
from assurance.commands.checks import held, one_of, said
from assurance.commands.hearing import require_readable
from assurance.commands.moving import Done, Entered, enter, move, repeated
from assurance.files.cabinet import Kept
from assurance.office import Tx
from assurance.records import AgencyReturn, Aim, Answer
from engine.errors import Reason, Refused, Stale
from engine.moved import Ref
from engine.words import unknown

GRADES = ("Outstanding", "Good", "Requires improvement", "Inadequate")
NO_GRADE = ""  # takes back one that was given
ANSWERS = ("yes", "partly", "no", "not applicable", "no evidence on file")
TO_BEGIN = "requested"


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer as somebody gives it now, and the mark of what they saw there before."""

    answer: str
    text: str
    seen: str

    @property
    def mark(self) -> str:
        """Give the mark of the answer itself."""
        return mark_of(self.answer, self.text)


def answer_aims(
    tx: Tx,
    ref: Ref,
    answers: Mapping[int, tuple[str, str]],
    *,
    tool: str | None = None,
    grade: str | None = None,
    file: Kept | None = None,
    key: str | None = None,
) -> Done:
    """Answer aims of one return: for each aim's id the answer and the reader's own words; save as you go.

    An aim that was answered before gets the new answer; `file` is the agency's own tool, filled in for this case, and
    a later one stands beside the earlier ones; `NO_GRADE` takes a grade back. Raises Refused for an aim of another audit or an answer that is none of
    the five.
    """
    known = held(tx, ref, AgencyReturn.noun)
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
        require_readable(text, "what you write about an aim")
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
        row.grade = None if grade == NO_GRADE else one_of(grade, GRADES, "a grade")
    told = {str(aim_id): answer for aim_id, (answer, _) in sorted(answers.items())}
    filed = {} if file is None else attach(tx, known, file)
    entered = {"answers": told, **filed} if told or not filed else filed
    return enter(tx, ref, "answer", Entered(entered), key=key)


def save_return(
    tx: Tx,
    ref: Ref,
    answers: Mapping[int, Answered],
    *,
    tool: str | None = None,
    grade: str | None = None,
    file: Kept | None = None,
    key: str | None = None,
) -> Done:
    """Keep what somebody has answered so far, and begin the return where nobody has.

    The same request again changes nothing. Raises Stale, naming the aims, where somebody else has answered one of them
    since this person saw it; and all that `answer_aims` does.
    """
    held(tx, ref, AgencyReturn.noun)
    earlier = repeated(tx, key, ref, "answer")
    if earlier is not None:
        return earlier
    _refuse_answered_meanwhile(tx, ref, answers)
    if tx.session.get_one(AgencyReturn, ref.id, populate_existing=True).state == TO_BEGIN:
        move(tx, ref, "start")
    given = {aim_id: (one.answer, plain(one.text)) for aim_id, one in answers.items()}
    return answer_aims(tx, ref, given, tool=tool, grade=grade, file=file, key=key)


def mark_of(answer: str | None, text: str) -> str:
    """Give a mark of an answer, by which a form can tell later whether it is still the same.

    Browsers write lines their own way: what differs in that only is the same.
    """
    return hashlib.sha256(f"{answer or ''}\n{plain(text)}".encode()).hexdigest()[:16]


def plain(text: str) -> str:
    """Give what somebody wrote with plain ends of lines, and without space around it."""
    return text.replace("\r\n", "\n").strip()


def _refuse_answered_meanwhile(tx: Tx, ref: Ref, answers: Mapping[int, Answered]) -> None:
    kept = tx.session.execute(
        sa.select(Aim.id, Aim.number, Answer.answer, Answer.text)
        .join_from(Aim, Answer, sa.and_(Answer.aim_id == Aim.id, Answer.return_id == ref.id), isouter=True)
        .where(Aim.id.in_(answers))
        .order_by(Aim.number)
    )
    reasons = [
        Reason(
            f"aim-{aim_id}",
            f"Aim {number} was answered by somebody else meanwhile: ‘{answer}’. Save again to put yours in its place.",
        )
        for aim_id, number, answer, text in kept
        if mark_of(answer, text or "") not in (answers[aim_id].seen, answers[aim_id].mark)
    ]
    if reasons:
        raise Stale(*reasons)
