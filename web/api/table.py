"""The interface for programs: its table of routes, and the application that answers them."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import JSONResponse, Response

from assurance.office import Office
from assurance.queries.agenda import Point
from assurance.queries.embedded import HasItLasted
from assurance.queries.escalated import EscalatedPage
from assurance.queries.figures import Dashboard
from assurance.queries.findings import FindingsPage
from assurance.queries.history import Told
from assurance.queries.ladder import Ladder
from assurance.queries.my_work import MyWork
from assurance.queries.named import PostRow
from assurance.queries.preview import Preview
from assurance.queries.programme_page import YearPage
from assurance.queries.rows import (
    AgencyRow,
    ApprovalRow,
    AuditRow,
    CaseRow,
    ConcernRow,
    FindingRow,
    MeetingRow,
    Overview,
    PersonRow,
    RecommendationRow,
    ReturnRow,
)
from assurance.queries.tracker import Tracked
from assurance.queries.why import Why
from web.api import entries, lists, setting_up, steps, subjects, whole
from web.api.caller import Called
from web.api.limits import Limits
from web.api.problems import MEDIA, PROBLEMS, TOLD, Problem
from web.api.route import PREFIX, ApiRoute, reads, told_to_anybody, writes
from web.api.shapes import DoneShape, EnteredShape, list_of, page_of_rows, shape_of, subject_shape

ABOUT = """\
The same questions and the same commands as on the pages, as JSON.

**Who asks.** Make a token under “My tokens” and send it as `Authorization: Bearer auditloop_…`. It acts for you and
carries no more than your posts give you today. Its scopes say what it may be used for: `read`, `move` (take steps),
`decide` (answer approvals), `enter` (enter data). Nobody administers with a token.

**What you see** is what you see on the pages. What is not for you does not exist: 404.

**Nothing twice.** Send an `Idempotency-Key` with what changes something. The same request with the same key gets the
first answer again, with the header `Idempotency-Replayed`; another request with it is refused.

**Nobody overrides anybody.** The `ETag` of a subject is its version. Send it back as `If-Match` with a step or a
decision: if somebody was faster you get 412, are told who and when, and nothing was done.

**When it does not work** you get `application/problem+json` with every reason at once, each with a code for your
program and a sentence for people.

Days are written as 2015-03-03, instants with their offset. A reference is a kind and a number: `action/12`.
"""
LISTS, WHOLE, ONE, STEPS, ENTRIES, TELLS = (
    "Lists",
    "The whole",
    "One subject",
    "Steps and decisions",
    "Entering data",
    "What goes",
)

Done = DoneShape
Entered = EnteredShape
_SUBJECT = subject_shape()


def described(request: Request) -> Response:
    """Give the description of the whole interface (OpenAPI); it holds no data."""
    app: FastAPI = request.app
    return JSONResponse(app.openapi())


def _enters(path: str, answer: Any, about: str) -> ApiRoute:
    """Declare a route that enters something of its own."""
    return writes(path, answer, Entered, about, scope="enter", group=ENTRIES, status=201)


def _adds(path: str, answer: Any, about: str) -> ApiRoute:
    """Declare a route that adds to what there is, as a line of its history."""
    return writes(path, answer, Done, about, scope="enter", group=ENTRIES)


API_ROUTES: tuple[ApiRoute, ...] = (
    told_to_anybody("/openapi.json", described, "What programs can ask, for programs (OpenAPI)"),
    # -- lists -----------------------------------------------------------------------------------
    reads("/overview", lists.overview, list_of(Overview), "Count what there is", group=LISTS),
    reads("/audits", lists.audits, page_of_rows(AuditRow), "List audits", group=LISTS),
    reads("/returns", lists.returns, page_of_rows(ReturnRow), "List agency returns", group=LISTS),
    reads(
        "/recommendations",
        lists.recommendations,
        page_of_rows(RecommendationRow),
        "List recommendations",
        group=LISTS,
    ),
    reads("/actions", lists.actions, page_of_rows(Tracked), "List actions", group=LISTS),
    reads("/approvals", lists.approvals, page_of_rows(ApprovalRow), "List decisions", group=LISTS),
    reads("/meetings", lists.all_meetings, page_of_rows(MeetingRow), "List meetings", group=LISTS),
    reads("/concerns", lists.concerns, page_of_rows(ConcernRow), "List immediate concerns", group=LISTS),
    reads("/findings", lists.findings, page_of_rows(FindingRow), "List findings, pooled", group=LISTS),
    reads("/cases", lists.cases, page_of_rows(CaseRow), "List cases by reference", group=LISTS),
    reads("/people", lists.people, page_of_rows(PersonRow), "List people", group=LISTS),
    reads("/agencies", lists.agencies, page_of_rows(AgencyRow), "List agencies", group=LISTS),
    reads("/posts", lists.posts, page_of_rows(PostRow), "List posts", group=LISTS),
    # -- how the whole stands --------------------------------------------------------------------
    reads("/work", whole.work, shape_of(MyWork), "What waits for you, and what you have sent", group=WHOLE),
    reads("/escalations", whole.escalations, shape_of(EscalatedPage), "What is escalated", group=WHOLE),
    reads("/embedded", whole.embedded, shape_of(HasItLasted), "What has lasted", group=WHOLE),
    reads("/dashboard", whole.dashboard, shape_of(Dashboard), "The figures of the dashboard", group=WHOLE),
    reads("/programme", whole.programme, shape_of(YearPage), "A year of the programme", group=WHOLE),
    reads(
        "/audit/{number:int}/findings", whole.findings, shape_of(FindingsPage), "Findings and gaps", group=ONE
    ),
    reads("/meeting/{number:int}/agenda", whole.agenda, list_of(Point), "The agenda as it stands", group=ONE),
    reads(
        "/{kind}/{number:int}/escalation",
        whole.ladder,
        shape_of(Ladder),
        "How far it is escalated",
        group=ONE,
    ),
    # -- entering data ---------------------------------------------------------------------------
    _enters("/concerns", entries.concern, "Raise a concern"),
    _enters("/audits", setting_up.audit, "Propose an audit"),
    _enters("/meetings", setting_up.meeting, "Plan a meeting"),
    _enters("/audit/{number:int}/aims", setting_up.aim, "Write down an aim"),
    _enters("/audit/{number:int}/cases", setting_up.case, "Draw a case"),
    _enters("/audit/{number:int}/returns", setting_up.returns, "Ask the agencies for their returns"),
    _adds("/audit/{number:int}/meeting", setting_up.meeting_of_audit, "Name the meeting for the returns"),
    _adds("/audit/{number:int}/moderations", setting_up.moderation, "Record the joint look at the returns"),
    _adds("/audit/{number:int}/disseminations", setting_up.dissemination, "Record how learning was spread"),
    _adds("/meeting/{number:int}/attendance", setting_up.attendance, "Record who was there"),
    _adds("/recommendation/{number:int}/answers", entries.agency_answer, "Answer for an agency"),
    _enters(
        "/recommendation/{number:int}/re_audits", setting_up.re_audit, "Set a later aim beside an earlier"
    ),
    _adds("/action/{number:int}/plan", entries.completed_plan, "Name what the plan lacks"),
    _adds("/action/{number:int}/wait", entries.wait, "Wait for another agency"),
    _adds("/action/{number:int}/resume", entries.resume, "Say what came of waiting"),
    _adds("/agency_return/{number:int}/answers", entries.answers, "Answer aims"),
    _enters("/audit/{number:int}/findings", entries.finding, "Record a finding"),
    _enters("/audit/{number:int}/recommendations", entries.recommendation, "Make a recommendation"),
    _enters("/recommendation/{number:int}/actions", entries.action, "Plan an action"),
    _adds("/recommendation/{number:int}/evidence", entries.lasting_evidence, "Give evidence that it lasts"),
    _adds("/action/{number:int}/notes", entries.note, "Note progress"),
    _adds("/action/{number:int}/evidence", entries.evidence, "Give evidence"),
    _enters("/{kind}/{number:int}/replies", entries.reply, "Reply to a notice"),
    writes(
        "/{kind}/{number:int}/acknowledgements",
        entries.acknowledgement,
        Entered,
        "Accept an escalation",
        scope="decide",
        group=STEPS,
        status=201,
    ),
    writes(
        "/{kind}/{number:int}/silences",
        entries.silence,
        Entered,
        "Silence rules about it",
        scope="decide",
        group=STEPS,
        status=201,
    ),
    # -- steps and decisions ---------------------------------------------------------------------
    writes(
        "/approval/{number:int}/decision",
        steps.answer,
        Done,
        "Answer a decision",
        scope="decide",
        group=STEPS,
    ),
    writes(
        "/{kind}/{number:int}/steps/{trigger}", steps.take, Done, "Take a step", scope="move", group=STEPS
    ),
    # -- one subject, and what goes --------------------------------------------------------------
    reads("/preview", subjects.foretell, shape_of(Preview), "What mail goes in the next days", group=TELLS),
    reads("/mail/{number:int}/why", subjects.why, shape_of(Why), "Why a mail was sent", group=TELLS),
    reads(
        "/{kind}/{number:int}/history", subjects.history, page_of_rows(Told), "The history of it", group=ONE
    ),
    reads("/{kind}/{number:int}", subjects.one, _SUBJECT, "One subject with its doors", group=ONE),
)


class _Described(FastAPI):
    """Says of every route how it can fail, each time in the one shape that problems have."""

    def openapi(self) -> dict[str, Any]:
        """Describe the interface."""
        schema = super().openapi()
        place = "#/components/schemas/{model}"
        problem = Problem.model_json_schema(ref_template=place, mode="serialization")
        schemas = schema["components"]["schemas"]
        schemas |= problem.pop("$defs", {})
        schemas[Problem.__name__] = problem
        return schema


def create_api(office: Office, *, limits: Limits | None = None) -> FastAPI:
    """Put the interface for programs together, to be mounted under its prefix; the office stays the caller's."""
    api = _Described(
        title="auditloop",
        version="1",
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        redirect_slashes=False,
        routes=_routes().routes,
    )
    api.state.office = office
    api.state.limits = limits or Limits()
    for failure, answer in PROBLEMS.items():
        api.add_exception_handler(failure, answer)
    return api


@cache
def _routes() -> APIRouter:
    """Make the routes for programs, once in a process: they know no office."""
    router = APIRouter()
    for route in API_ROUTES:
        path = route.path.removeprefix(PREFIX)
        if route.gives is None:
            router.add_api_route(path, route.answer, methods=[route.method], include_in_schema=False)
        else:
            _add(router, path, route)
    return router


def _add(router: APIRouter, path: str, route: ApiRoute) -> None:
    if route.method == "GET":
        # As GET, without a body (RFC 9110, 9.3.2); of its own, so that the schema names each operation once.
        router.add_api_route(
            path, Called(route), methods=["HEAD"], response_model=route.gives, include_in_schema=False
        )
    router.add_api_route(
        path,
        Called(route),
        methods=[route.method],
        response_model=route.gives,
        status_code=route.status,
        tags=[route.group],
        summary=route.about,
        description=f"{route.answer.__doc__} Needs the scope `{route.scope}`.",
        operation_id=f"{route.method.lower()}_{route.answer.__module__.rpartition('.')[2]}_{route.answer.__name__}",
        responses=_headers(route) | _failures(route),
    )


def _headers(route: ApiRoute) -> dict[int | str, dict[str, Any]]:
    """Describe the headers of an answer that tell of versions, places and repetitions."""
    found: dict[str, str] = {}
    if route.gives in (Done, _SUBJECT):
        found["ETag"] = "The version of the subject; hand it back as If-Match."
    if route.gives is Entered:
        found["Location"] = "Where that which was made can be read, if it has an address of its own."
    if route.method == "POST":
        found["Idempotency-Replayed"] = (
            "true, where this is the answer of an earlier request with the same key."
        )
    shown = {name: {"description": words, "schema": {"type": "string"}} for name, words in found.items()}
    return {route.status: {"headers": shown}} if shown else {}


def _failures(route: ApiRoute) -> dict[int | str, dict[str, Any]]:
    """Describe every way in which a route can fail."""
    never = {"read": {409, 412, 413}, "enter": {412}}.get(route.scope, set())
    shown = {MEDIA: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    return {
        status: {"description": words, "content": shown}
        for status, words in TOLD.items()
        if status not in never
    }
