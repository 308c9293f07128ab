"""Actions out of a spreadsheet: a file, a preview of what each row would do, and then all of it or nothing."""

from __future__ import annotations

from starlette.responses import Response

from assurance.commands.importing import HEADINGS, NEEDED, CheckedRow, check_actions, import_actions
from assurance.sheets import SheetRow, read_sheet
from engine.errors import Reason, Refused
from web.desk import Desk
from web.forms.importing import LONGEST_ROWS, FileForm, RowsForm, written
from web.pages.entering import NOT_TWICE
from web.render import counted
from web.route import roles

MAY_IMPORT = roles("coordinator")
_TOO_LONG = "The rows hold more words than can be shown at once; take the file in parts."
_NOT_OURS = "These rows were not read here; choose the file once more."


def ask(desk: Desk) -> Response:
    """Ask for the file."""
    return _file_page(desk, FileForm())


def preview(desk: Desk) -> Response:
    """Read the file and show what each row would do; nothing is written."""
    form = FileForm(desk.form)
    file = form.chosen()
    if not form.validate() or file is None:
        return _file_page(desk, form, status=422)
    try:
        content = file.file.read(desk.office.settings.file_limit * 1024 * 1024 + 1)
        rows = read_sheet(file.filename or "", content, HEADINGS, needed=NEEDED)
        if len(written(rows)) > LONGEST_ROWS:
            raise Refused(Reason("too_long", _TOO_LONG))
    except Refused as refused:
        form.refuse(refused)
        return _file_page(desk, form, status=422)
    return _preview_page(desk, rows, RowsForm(rows=written(rows)))


def take(desk: Desk) -> Response:
    """Plan all actions of the preview, or none of them."""
    form = RowsForm(desk.form)
    try:
        rows = form.read()
    except (ValueError, TypeError, OverflowError):
        again = FileForm()
        again.refuse(Refused(Reason("not_ours", _NOT_OURS)))
        return _file_page(desk, again, status=422)
    try:
        with desk.begin() as tx:
            planned = import_actions(tx, rows, key=form.key.data)
    except Refused as refused:
        if any(reason.code == "repeated" for reason in refused.reasons):
            return desk.go("/actions", said=NOT_TWICE)
        form.refuse(refused)
        return _preview_page(desk, rows, form, status=422)
    return desk.go("/actions?state=proposed", said=f"{counted(len(planned), 'action')} planned.")


def _file_page(desk: Desk, form: FileForm, *, status: int = 200) -> Response:
    return desk.page(
        "actions/import.html",
        status=status,
        title="Take actions in from a file",
        form=form,
        headings=HEADINGS,
        needed=NEEDED,
    )


def _preview_page(desk: Desk, rows: tuple[SheetRow, ...], form: RowsForm, *, status: int = 200) -> Response:
    with desk.reading() as (tx, _):
        checked = check_actions(tx, rows)
    return desk.page(
        "actions/preview.html",
        status=status,
        title="What the file would do",
        form=form,
        rows=checked,
        new=[row for row in checked if row.plan is not None],
        faulty=[row for row in checked if row.faults],
        there=[row for row in checked if row.there_already],
        is_warned=any(row.warnings for row in checked),
        sentence=_sentence(checked),
    )


def _sentence(checked: tuple[CheckedRow, ...]) -> str:
    new = sum(row.plan is not None for row in checked)
    faulty = sum(bool(row.faults) for row in checked)
    if faulty:
        return f"{counted(faulty, 'row')} must be mended first; nothing is taken in. Mend the file and choose it again."
    if not new:
        return "Every row is there already; there is nothing to take in."
    return f"{counted(new, 'action')} would be planned. Nothing is written yet."
