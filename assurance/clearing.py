"""The broom: contents of files that nothing points at any more, such as those of a step that was killed or taken back."""

from __future__ import annotations

import sqlalchemy as sa

from assurance.files.cabinet import cabinet_of
from assurance.office import Office
from assurance.records import StoredFile
from engine.fences import EVERY


def clear_away(office: Office) -> int:
    """Remove contents that have lain in the cabinet for a day without a row, and give how many they were."""
    with office.store.reading(group=EVERY) as session:
        known = set(session.scalars(sa.select(StoredFile.place).where(StoredFile.taken_back_at.is_(None))))
    return cabinet_of(office.settings).clear_away(known, at=office.clock.now())
