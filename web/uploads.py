"""The file of a posted form: kept in the cabinet while what is done with it succeeds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.datastructures import UploadFile

from assurance.files.cabinet import Kept, cabinet_of
from web.desk import Desk


@contextmanager
def kept_upload(desk: Desk) -> Iterator[Kept | None]:
    """Keep the file that was handed in, for as long as what is done with it succeeds; None where there is none."""
    file = desk.form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        yield None
        return
    cabinet = cabinet_of(desk.office.settings)
    with cabinet.keeping(file.filename, file.file, at=desk.office.clock.now()) as kept:
        yield kept
