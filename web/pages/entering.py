"""Steps that write something down: each has a form of its own, and all are asked and taken in the same way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from starlette.responses import Response

from assurance.access import Viewer
from assurance.files.cabinet import Kept
from assurance.office import Tx
from assurance.queries.card import Card
from assurance.queries.doors import doors_of
from assurance.queries.one import card_of
from assurance.queries.references import subject_of
from engine.errors import Refused, Stale
from engine.moved import Ref
from web.desk import Desk
from web.failures import is_not_there
from web.forms.entering import EnteringForm
from web.pages.steps import door_among, no_such_door
from web.uploads import kept_upload

F = TypeVar("F", bound=EnteringForm)
NOT_TWICE = "That was sent already; nothing was entered twice."


def offers_nothing(_tx: Tx, _viewer: Viewer, _ref: Ref, _form: EnteringForm) -> None:
    """Leave a form as it is: it has nothing to choose from that depends on its subject."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[F]):
    """One step that enters something: its form, what that offers to choose from, and the command that it calls.

    `act` gives where to go on; `said` is told there. `about` names lines of the subject's card that are shown above
    the form.
    """

    kind: str
    trigger: str
    form: type[F]
    act: Callable[[Tx, Ref, F, Kept | None], Ref]
    said: str
    about: tuple[str, ...] = ()
    offer: Callable[[Tx, Viewer, Ref, F], None] = offers_nothing

    def ask(self, desk: Desk, number: int) -> Response:
        """Show the form."""
        return self._page(desk, number, None)

    def take(self, desk: Desk, number: int) -> Response:
        """Write down what was entered, or show the form again with what was wrong and everything that was typed."""
        ref = Ref(self.kind, number)
        with desk.reading() as (tx, viewer):
            form = self._form(tx, viewer, subject_of(tx, viewer, self.kind, number), desk)
        if not form.validate():
            return self._page(desk, number, form, status=422)
        try:
            with kept_upload(desk) as kept, desk.begin() as tx:
                went = self.act(tx, ref, form, kept)
        except Refused as refused:
            if is_not_there(refused):
                raise
            if any(reason.code == "repeated" for reason in refused.reasons):
                return desk.go(f"/{ref}", said=NOT_TWICE)
            form.refuse(refused)
            return self._page(desk, number, form, status=409 if isinstance(refused, Stale) else 422)
        return desk.go(f"/{went}", said=self.said)

    def _form(self, tx: Tx, viewer: Viewer, ref: Ref, desk: Desk | None) -> F:
        form = self.form(None if desk is None else desk.form)
        self.offer(tx, viewer, ref, form)
        return form

    def _page(self, desk: Desk, number: int, form: F | None, *, status: int = 200) -> Response:
        with desk.reading() as (tx, viewer):
            ref = subject_of(tx, viewer, self.kind, number)
            doors = doors_of(tx, ref)
            door = door_among(doors, self.trigger)
            if door is None:
                raise no_such_door(tx, ref, doors, self.trigger)
            card = card_of(tx, viewer, ref)
            shown = form or self._form(tx, viewer, ref, None)
        return desk.page(
            "entering/ask.html",
            status=status,
            title=door.title,
            door=door,
            doors=doors,
            card=card,
            pairs=self._pairs(card),
            ref=ref,
            form=shown,
        )

    def _pairs(self, card: Card) -> list[tuple[str, object]]:
        return [(line.title, line.value) for line in card.lines if line.name in self.about and line.value]
