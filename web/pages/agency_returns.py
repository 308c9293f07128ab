"""Returns: the list, one return to be answered or looked at, saving as one goes, and the files that were handed in."""

from __future__ import annotations

from contextlib import ExitStack
from urllib.parse import quote

from starlette.responses import Response

from assurance.commands.attaching import take_back
from assurance.commands.moving import move
from assurance.commands.reading import NO_GRADE, save_return
from assurance.files.cabinet import cabinet_of
from assurance.queries.agency_returns import OneReturn, choices_of_returns, list_returns, one_return
from assurance.queries.doors import Doors, doors_of
from assurance.queries.files import content_of, name_of_file
from assurance.queries.references import subject_of
from engine.errors import Refused, Stale
from web.desk import Desk
from web.failures import is_not_there
from web.forms.agency_return import ReturnFilter, ReturnForm, return_form
from web.forms.fields import OwnForm
from web.forms.filters import any_or
from web.render import counted
from web.uploads import kept_upload

KIND = "agency_return"
SUBMIT, NOT_KNOWN = "submit", "declare_not_known"
IN_THE_FORM = ("start", "answer", SUBMIT, NOT_KNOWN)  # what the form has a button or a link for


def listed(desk: Desk, page: int = 1) -> Response:
    """Show the returns that somebody may see, theirs first."""
    with desk.reading() as (tx, viewer):
        choices = choices_of_returns(tx, viewer)
        narrowed = ReturnFilter(
            desk.request.query_params,
            audit=any_or(choices.audits),
            agency=any_or(choices.agencies),
            state=any_or(choices.states),
            show={"late": "Late"},
        )
        found = list_returns(tx, viewer, narrowed.wanted(page))
    return desk.page(
        "returns/list.html",
        title="Agency returns",
        filter=narrowed,
        rows=found.rows,
        place=found.place,
        is_of_several=len(choices.agencies) > 1,
        address=lambda number: narrowed.address("/agency_returns", page=number),
    )


def one(desk: Desk, number: int) -> Response:
    """Show one return: as a form to whoever answers it, to be read by others who may see it."""
    shown, doors = _read(desk, number)
    return _page(desk, shown, doors, return_form(shown) if _is_to_answer(doors) else None)


def save(desk: Desk, number: int) -> Response:
    """Keep what is right of what was answered, and submit the return where that was asked and nothing is wrong."""
    shown, _ = _read(desk, number)
    form = return_form(shown, desk.form)
    form.validate()
    said = ""
    try:
        said = keep_answers(desk, shown, form)
        if not form.problems and desk.form.get("then") == SUBMIT:
            with desk.begin() as tx:
                given = {"remark": form.remark.data} if form.remark.data else {}
                move(tx, shown.ref, SUBMIT, given=given, key=f"{form.key.data}-{SUBMIT}")
            return desk.go(
                f"/{shown.ref}", said="The return is submitted and locked. The coordinator looks at it now."
            )
    except Refused as refused:
        if is_not_there(refused):
            raise
        form.refuse(refused)
        told = answered_meanwhile(refused)
        return _again(desk, number, form, said, told=told, status=409 if isinstance(refused, Stale) else 422)
    if form.problems:
        return _again(desk, number, form, said, told=set(), status=422)
    return desk.go(f"/{shown.ref}", said=said or "Nothing was changed; all is as you had saved it.")


def download(desk: Desk, number: int) -> Response:
    """Hand out a file, never to be opened as a page of ours."""
    with desk.reading() as (tx, viewer):
        file = content_of(tx, viewer, cabinet_of(desk.office.settings), number)
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    return Response(file.content, media_type=file.media_type, headers=headers)


def ask_to_take_back(desk: Desk, number: int) -> Response:
    """Ask once more before a file is taken back."""
    return _taking_back(desk, number, OwnForm())


def take_back_file(desk: Desk, number: int) -> Response:
    """Take a file back: its name and its content are deleted."""
    form = OwnForm(desk.form)
    with desk.reading() as (tx, viewer):
        ref, _ = name_of_file(tx, viewer, number)
    try:
        with desk.begin() as tx:
            place = take_back(tx, number, key=form.key.data)
    except Refused as refused:
        if is_not_there(refused):
            raise
        form.refuse(refused)
        return _taking_back(desk, number, form, status=409 if isinstance(refused, Stale) else 422)
    cabinet_of(desk.office.settings).remove(place)
    return desk.go(f"/{ref}", said="The file is taken back; its content is deleted.")


def _taking_back(desk: Desk, number: int, form: OwnForm, *, status: int = 200) -> Response:
    with desk.reading() as (tx, viewer):
        ref, name = name_of_file(tx, viewer, number)
    values = {"ref": ref, "name": name, "form": form}
    return desk.page("returns/take_back.html", status=status, title="Take a file back", **values)


def keep_answers(desk: Desk, shown: OneReturn, form: ReturnForm) -> str:
    """Keep what is right and was changed, and say so; nothing where nothing was."""
    answers = form.right_answers()
    tool = None if form.right_tool() == shown.tool else form.right_tool()
    grade = None if form.right_grade() == (shown.grade or NO_GRADE) else form.right_grade()
    with ExitStack() as until_done:
        file = None
        try:
            file = None if form.file.errors else until_done.enter_context(kept_upload(desk))
        except Refused as refused:
            form.file.errors = [reason.sentence for reason in refused.reasons]
        if not answers and tool is None and grade is None and file is None:
            return ""
        with desk.begin() as tx:
            save_return(tx, shown.ref, answers, tool=tool, grade=grade, file=file, key=form.key.data)
    answered = len(answers.keys() | {aim.aim_id for aim in shown.aims if aim.answer is not None})
    left = len(shown.aims) - answered
    rest = f" {counted(left, 'aim')} to go." if left else " You can submit it now."
    return f"Saved. {answered} of {counted(len(shown.aims), 'aim')} answered.{rest}"


def answered_meanwhile(refused: Refused) -> set[int]:
    """Give the aims that somebody else has answered since the form was opened, as a refusal names them."""
    codes = (reason.code for reason in refused.reasons)
    return {int(code.removeprefix("aim-")) for code in codes if code.startswith("aim-")}


def _read(desk: Desk, number: int) -> tuple[OneReturn, Doors]:
    with desk.reading() as (tx, viewer):
        ref = subject_of(tx, viewer, KIND, number)
        return one_return(tx, viewer, ref), doors_of(tx, ref)


def _is_to_answer(doors: Doors) -> bool:
    """Say whether the reader may answer the return, be it that the first save begins it."""
    return any(door.is_open and door.trigger in ("start", "answer") for door in doors.doors)


def _again(desk: Desk, number: int, form: ReturnForm, said: str, *, told: set[int], status: int) -> Response:
    """Show the form with what is wrong and everything that was typed, and say what of it is saved."""
    shown, doors = _read(desk, number)
    form.show_anew(shown, told=told)
    return _page(desk, shown, doors, form, saved=said, status=status)


def _page(
    desk: Desk, shown: OneReturn, doors: Doors, form: ReturnForm | None, *, saved: str = "", status: int = 200
) -> Response:
    open_doors = [door for door in doors.doors if door.is_open]
    return desk.page(
        "returns/one.html",
        status=status,
        title=f"{shown.records}, case {shown.case}",
        one=shown,
        doors=doors,
        others=[] if form is None else [door for door in open_doors if door.trigger not in IN_THE_FORM],
        not_known=any(door.trigger == NOT_KNOWN for door in open_doors),
        form=form,
        saved=saved,
    )
