"""The forms of an import: the file first, and then what was read from it, to be taken in."""

from __future__ import annotations

import json

from starlette.datastructures import UploadFile
from wtforms import FileField, HiddenField

from assurance.commands.importing import HEADINGS
from assurance.sheets import MOST_ROWS, SheetRow
from web.forms.fields import Needed, OwnForm

LONGEST_ROWS = 150_000  # letters; a form's field takes no more


class FileForm(OwnForm):
    """Which file is to be read."""

    file = FileField(
        "CSV file or Excel workbook",
        [Needed("Choose the file.")],
        description=f"With the headings of the tracker's own export, and {MOST_ROWS} rows at most.",
    )

    def chosen(self) -> UploadFile | None:
        """Give the file that was chosen."""
        return self.file.data if isinstance(self.file.data, UploadFile) else None


class RowsForm(OwnForm):
    """What was read from a file, carried from the preview to the import, where it is checked once more."""

    rows = HiddenField()

    def read(self) -> tuple[SheetRow, ...]:
        """Give the rows; raises ValueError for what our own preview has not written."""
        found = json.loads(self.rows.data or "")
        rows = tuple(SheetRow(int(number), tuple(map(str, cells))) for number, cells in found)
        if not 0 < len(rows) <= MOST_ROWS or any(len(row.cells) != len(HEADINGS) for row in rows):
            raise ValueError("these are not the rows of a preview")
        return rows


def written(rows: tuple[SheetRow, ...]) -> str:
    """Write rows as the hidden field carries them."""
    return json.dumps([[row.number, row.cells] for row in rows], ensure_ascii=False, separators=(",", ":"))
