"""Rules and workflows as people read them, and a waiting rule put in force."""

from __future__ import annotations

from starlette.responses import Response

from assurance.adopting import WHO_MAY, accept_backlog, only_from
from assurance.queries.flows import one_workflow, picture_of, workflows_of
from assurance.queries.rulebook import RuleRow, one_rule, rules_of
from engine.errors import Refused
from web.desk import Desk
from web.failures import is_not_there
from web.forms.keeping import ONLY_FROM, AdoptForm
from web.route import roles

ADOPTERS = roles(*WHO_MAY)
# A picture is a document of its own: its style lies in it, and nothing else is let in.
_PICTURE = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def rules(desk: Desk) -> Response:
    """Show every rule, by what it is about."""
    with desk.reading() as (tx, _):
        found = rules_of(tx)
    by_kind: dict[str, list[RuleRow]] = {}
    for row in found.rows:
        by_kind.setdefault(row.about_title, []).append(row)
    return desk.page("rules/every.html", title="Rules", found=found, by_kind=list(by_kind.items()))


def rule(desk: Desk, name: str, page: int = 1) -> Response:
    """Show one rule in words and as it stands in its file, with what it has said."""
    return _rule(desk, name, page=page)


def adopt(desk: Desk, name: str) -> Response:
    """Put a rule in force that waits, or show the form again with what is missing."""
    form = AdoptForm(desk.form)
    if not form.validate():
        return _rule(desk, name, form=form, status=422)
    try:
        if form.backlog.data == ONLY_FROM:
            (entry,) = only_from(desk.office, desk.actor, [name], form.from_on.data)
        else:
            (entry,) = accept_backlog(desk.office, desk.actor, [name])
    except Refused as refused:
        if is_not_there(refused):
            raise
        form.refuse(refused)
        return _rule(desk, name, form=form, status=422)
    said = "The rule is in force; the next look says what it owes."
    if form.backlog.data == ONLY_FROM:
        said = f"The rule is in force for what comes true from that day on; {entry.passed_over} occasions are passed over."
    return desk.go(f"/rules/{name}", said=said)


def workflows(desk: Desk) -> Response:
    """Show every workflow."""
    with desk.reading() as (tx, _):
        found = workflows_of(tx)
    return desk.page("rules/workflows.html", title="Workflows", rows=found)


def workflow(desk: Desk, kind: str) -> Response:
    """Show one workflow: its picture, its states, its steps in words, its versions."""
    with desk.reading() as (tx, _):
        found = one_workflow(tx, kind)
    return desk.page("rules/workflow.html", title=f"{found.title}: workflow", found=found)


def picture(desk: Desk, kind: str) -> Response:
    """Hand over the picture of one workflow."""
    with desk.reading() as (tx, _):
        drawn = picture_of(tx, kind)
    return Response(drawn, media_type="image/svg+xml", headers={"content-security-policy": _PICTURE})


def _rule(
    desk: Desk, name: str, *, page: int = 1, form: AdoptForm | None = None, status: int = 200
) -> Response:
    with desk.reading() as (tx, viewer):
        found = one_rule(tx, viewer, name, page=page)
    return desk.page(
        "rules/one.html",
        status=status,
        title=found.row.title,
        found=found,
        form=form or AdoptForm(),
        may_adopt=ADOPTERS.admits(desk.roles),
        address=lambda number: f"/rules/{name}?page={number}",
    )
