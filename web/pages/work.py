"""My work: the first page of everybody, with what waits for them and one button for each."""

from __future__ import annotations

from itertools import groupby

from starlette.responses import Response

from assurance.queries.duties import Urgency
from assurance.queries.my_work import Waiting, my_work
from assurance.records import AgencyReturn, Approval, RuleHold
from web.desk import Desk

HEADINGS = {
    Urgency.NOW: "Now",
    Urgency.OVERDUE: "Overdue",
    Urgency.SOON: "In the next seven days",
    Urgency.WAITS: "Waits for you",
    Urgency.LATER: "Later",
}
# Their steps are taken on their own page, where everything stands that one needs for it.
ON_THEIR_PAGE = frozenset({AgencyReturn.noun, Approval.noun, RuleHold.noun})
# What the button says where one reads first, and decides on that page.
OWN_WORDS = {"approve": "Decide", "answer": "Go on answering", "accept": "Look at the return"}
# What is no step of a workflow: answering a notice, accepting an escalation.
OWN_PLACES = {"reply": "reply", "acknowledge": "accept"}


def mine(desk: Desk, page: int = 1) -> Response:
    """Show what waits for somebody, the most urgent first, and with whom waits what they have sent."""
    with desk.reading() as (tx, viewer):
        found = my_work(tx, viewer, page=page)
        today = tx.today
    groups = [
        (HEADINGS[word], list(rows)) for word, rows in groupby(found.waiting.rows, lambda row: row.urgency)
    ]
    return desk.page(
        "work/mine.html",
        title="My work",
        work=found,
        place=found.waiting.place,
        groups=groups,
        path_of=path_of,
        words_of=words_of,
        address=lambda number: f"/?page={number}",
        today=today,
    )


def path_of(waiting: Waiting) -> str:
    """Give where the step is taken that is asked of somebody."""
    step, ref = waiting.step, waiting.ref
    if step is not None and step.trigger in OWN_PLACES:
        return f"/{ref}/{OWN_PLACES[step.trigger]}"
    if step is None or ref.kind in ON_THEIR_PAGE:
        return f"/{ref}"
    return f"/{ref}/steps/{step.trigger}"


def words_of(waiting: Waiting) -> str:
    """Give the words of the button: the step's own, but for those that are taken on a page where one reads first."""
    if waiting.step is None:
        return "Look at it"
    return OWN_WORDS.get(waiting.step.trigger, waiting.step.title)
