"""The route table: every address of the installation, who may use it, and what it is for."""

from __future__ import annotations

from functools import cache, partial
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from assurance.commands.silencing import WHO_SILENCES
from assurance.office import Office
from web.api.limits import Limits
from web.api.route import PREFIX, ApiRoute
from web.api.table import API_ROUTES, create_api
from web.cookies import Cookies
from web.failures import FAILURES, broken
from web.headers import SafeAnswers
from web.metrics import metrics
from web.pages import (
    about,
    acting,
    actions,
    agency_returns,
    ahead,
    auditing,
    audits,
    calendars,
    cards,
    concerns,
    decisions,
    elsewhere,
    enlarging,
    escalations,
    findings,
    histories,
    importing,
    insight,
    joining,
    keeping,
    links,
    mails,
    meetings,
    own_account,
    pack,
    people,
    programme,
    reports,
    reshaping,
    rulebook,
    sending_links,
    signing_in,
    steps,
    tokens,
    tracker,
    why,
    work,
)
from web.render import STATIC, Templates
from web.route import ANYBODY, IN_POST, SIGNED_IN, Route, roles
from web.seat import Answered
from web.watched import Watched

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

SILENCER = roles(*WHO_SILENCES)

GET, POST = partial(Route, "GET"), partial(Route, "POST")

# The first that fits an address answers: what has a page of its own stands before what any subject has.
ROUTES: tuple[Route, ...] = (
    GET("/", work.mine, IN_POST, "What waits for somebody, and with whom waits what they have sent"),
    # -- audits ----------------------------------------------------------------------------------
    GET("/audits", audits.every, IN_POST, "The audits, by year and stage"),
    GET("/audits/new", auditing.ask_to_open, audits.MAY_OPEN, "The form of a new audit"),
    POST("/audits/new", auditing.open_audit, audits.MAY_OPEN, "Open an audit"),
    GET("/audit/{number:int}", audits.one, IN_POST, "One audit: stages, gates, returns, what came of it"),
    *(
        Route(method, f"/audit/{{number:int}}/steps/{entry.trigger}", answer, IN_POST, about)
        for entry in (auditing.AIM, auditing.CASE, auditing.MEETING, auditing.RETURNS, auditing.SPREAD)
        for method, answer, about in (
            ("GET", entry.ask, "What is to be entered about an audit"),
            ("POST", entry.take, "Enter it"),
        )
    ),
    GET("/programme", programme.one, IN_POST, "A year of the programme as a timeline and as tables"),
    # -- recommendations, actions, immediate concerns ---------------------------------------------
    GET("/actions", tracker.actions, IN_POST, "The tracker, narrowed by its address"),
    GET("/actions/paper", tracker.on_paper, IN_POST, "The tracker on one page, to print"),
    GET("/actions.csv", tracker.as_csv, IN_POST, "The rows of the tracker as CSV"),
    GET("/actions.xlsx", tracker.as_xlsx, IN_POST, "The rows of the tracker as an Excel file"),
    GET("/actions/import", importing.ask, importing.MAY_IMPORT, "Ask for a file of actions"),
    POST("/actions/import", importing.preview, importing.MAY_IMPORT, "What the file would do"),
    POST("/actions/import/rows", importing.take, importing.MAY_IMPORT, "Plan what it says"),
    GET("/action/{number:int}", actions.action, IN_POST, "One action: dates, progress, evidence"),
    GET("/recommendations", tracker.recommendations, IN_POST, "The recommendations"),
    GET("/recommendation/{number:int}", actions.recommendation, IN_POST, "One recommendation"),
    *(
        Route(method, f"/{entry.kind}/{{number:int}}/steps/{entry.trigger}", answer, IN_POST, about)
        for entry in acting.ENTRIES
        for method, answer, about in (
            ("GET", entry.ask, "What is to be entered about a recommendation or an action"),
            ("POST", entry.take, "Enter it"),
        )
    ),
    GET("/immediate_concerns", concerns.every, IN_POST, "The immediate concerns"),
    GET("/immediate_concerns/new", concerns.ask, IN_POST, "The form of an immediate concern"),
    POST("/immediate_concerns/new", concerns.take, IN_POST, "Raise an immediate concern"),
    GET("/immediate_concern/{number:int}", concerns.one, IN_POST, "One immediate concern"),
    # -- agency returns, files -------------------------------------------------------------------
    GET("/agency_returns", agency_returns.listed, IN_POST, "The returns, mine first"),
    GET("/agency_return/{number:int}", agency_returns.one, IN_POST, "One return, as a form or to read"),
    POST("/agency_return/{number:int}", agency_returns.save, IN_POST, "Save or submit a return"),
    GET("/file/{number:int}", agency_returns.download, IN_POST, "A file that was handed in"),
    GET("/file/{number:int}/take_back", agency_returns.ask_to_take_back, IN_POST, "Ask once more"),
    POST("/file/{number:int}/take_back", agency_returns.take_back_file, IN_POST, "Take a file back"),
    # -- findings, and what should change ---------------------------------------------------------
    GET("/audit/{number:int}/findings", findings.one, IN_POST, "Gap map, answers, findings"),
    GET(
        "/audit/{number:int}/steps/hold_moderation", findings.ask_to_hold, IN_POST, "The form of a joint look"
    ),
    POST("/audit/{number:int}/steps/hold_moderation", findings.hold, IN_POST, "Record the joint look"),
    GET("/audit/{number:int}/steps/record_finding", findings.ask_to_find, IN_POST, "The form of a finding"),
    POST("/audit/{number:int}/steps/record_finding", findings.find, IN_POST, "Record a finding"),
    GET(
        "/audit/{number:int}/steps/make_recommendation",
        findings.ask_to_recommend,
        IN_POST,
        "The form of a recommendation",
    ),
    POST(
        "/audit/{number:int}/steps/make_recommendation",
        findings.recommend,
        IN_POST,
        "Check a recommendation, or make it",
    ),
    # -- meetings --------------------------------------------------------------------------------
    GET("/meetings", meetings.every, IN_POST, "The meetings, those to come first"),
    GET("/meetings/new", meetings.ask_to_plan, meetings.MAY_PLAN, "The form of a new meeting"),
    POST("/meetings/new", meetings.plan, meetings.MAY_PLAN, "Plan a meeting and invite to it"),
    GET("/meeting/{number:int}", meetings.one, IN_POST, "One meeting: agenda, who is invited, who was there"),
    GET("/meeting/{number:int}/pack", pack.meeting_pack, IN_POST, "The papers of a meeting, to print"),
    GET(
        "/meeting/{number:int}/steps/record_attendance",
        meetings.ask_who_was_there,
        IN_POST,
        "The form of who was at a meeting",
    ),
    POST(
        "/meeting/{number:int}/steps/record_attendance",
        meetings.record_who_was_there,
        IN_POST,
        "Record who was at a meeting",
    ),
    # -- the whole: figures, what has lasted, reports ---------------------------------------------
    GET("/dashboard", insight.dashboard, IN_POST, "How the work stands, in charts and tables"),
    GET("/embedded", insight.embedded, IN_POST, "What was completed, and whether it has lasted"),
    GET("/reports", reports.overview, IN_POST, "Which reports there are, as at any day"),
    GET("/reports/annual", reports.annual, IN_POST, "The annual report of a year as at a day"),
    GET("/reports/annual/{form}", reports.annual_file, IN_POST, "The annual report as a file"),
    GET("/reports/standing", reports.standing, IN_POST, "Where the recommendations of a year stand"),
    GET("/reports/tracker", reports.tracker, IN_POST, "The tracker as it stood on a past day"),
    # -- decisions -------------------------------------------------------------------------------
    GET("/approvals", decisions.queue, IN_POST, "What waits for whom, and what is decided"),
    GET("/approval/{number:int}", decisions.one, IN_POST, "One decision, its voices, its form"),
    POST("/approval/{number:int}/answer", decisions.answer, IN_POST, "Answer a decision"),
    POST("/approval/{number:int}/count", decisions.count, IN_POST, "Count the answers of several"),
    GET("/approval/{number:int}/steps/approve", decisions.to_form, IN_POST, "To its form"),
    GET("/approval/{number:int}/steps/reject", decisions.to_form, IN_POST, "To its form"),
    GET("/approval/{number:int}/steps/request_change", decisions.to_form, IN_POST, "To its form"),
    GET("/approval/{number:int}/steps/count", decisions.to_form, IN_POST, "To its form"),
    # -- people and their accounts ---------------------------------------------------------------
    GET("/admin/people", people.every, people.READERS, "Who is who, with posts and accounts"),
    GET("/admin/people/new", people.ask_new, people.KEEPERS, "The form of a new person"),
    POST("/admin/people/new", people.add, people.KEEPERS, "Add a person"),
    GET("/admin/people/{number:int}", people.one, people.READERS, "One person, and what was done"),
    GET(
        "/admin/people/{number:int}/change", people.ask_change, people.KEEPERS, "Name and address, to change"
    ),
    POST("/admin/people/{number:int}/change", people.change, people.KEEPERS, "Change them"),
    POST("/admin/people/{number:int}/invite", people.invite, people.KEEPERS, "Send a link"),
    POST("/admin/people/{number:int}/disable", people.disable, people.KEEPERS, "Keep somebody out"),
    POST("/admin/people/{number:int}/enable", people.enable, people.KEEPERS, "Let them in again"),
    GET("/admin/people/{number:int}/reset", people.ask_reset, people.KEEPERS, "Ask before a reset"),
    POST("/admin/people/{number:int}/reset", people.reset, people.KEEPERS, "Take back every proof"),
    GET("/admin/people/{number:int}/posts/new", people.ask_to_give, people.KEEPERS, "The form of a post"),
    POST("/admin/people/{number:int}/posts/new", people.give, people.KEEPERS, "Give a post"),
    GET("/admin/people/{number:int}/absence", people.ask_absence, people.KEEPERS, "The form of an absence"),
    POST("/admin/people/{number:int}/absence", people.note_absence, people.KEEPERS, "Record an absence"),
    GET("/admin/holdings/{number:int}/end", people.ask_to_end, people.KEEPERS, "The form of a last day"),
    POST("/admin/holdings/{number:int}/end", people.end, people.KEEPERS, "End a post"),
    GET("/admin/agencies/new", enlarging.ask_agency, people.KEEPERS, "The form of a new agency"),
    POST("/admin/agencies/new", enlarging.add_agency, people.KEEPERS, "Add an agency"),
    GET("/admin/posts/new", enlarging.ask_post, people.KEEPERS, "The form of a new post"),
    POST("/admin/posts/new", enlarging.add_post, people.KEEPERS, "Add a post"),
    GET("/admin/records/new", enlarging.ask_records, people.KEEPERS, "The form of new records"),
    POST("/admin/records/new", enlarging.add_records, people.KEEPERS, "Add records of an agency"),
    GET("/admin/agencies/{number:int}", reshaping.agency, people.KEEPERS, "One agency, to be changed"),
    POST("/admin/agencies/{number:int}", reshaping.rename_agency, people.KEEPERS, "Rename an agency"),
    POST("/admin/agencies/{number:int}/close", reshaping.close_agency, people.KEEPERS, "Close an agency"),
    GET("/admin/posts/{number:int}", reshaping.post, people.KEEPERS, "One post, to be changed"),
    POST("/admin/posts/{number:int}", reshaping.rename_post, people.KEEPERS, "Rename a post"),
    POST("/admin/posts/{number:int}/close", reshaping.close_post, people.KEEPERS, "Close a post"),
    GET("/admin/posts", people.posts, people.READERS, "Posts and who holds them"),
    GET("/admin/agencies", people.agencies, people.READERS, "Agencies, records and posts"),
    GET("/admin/deeds", people.deeds, people.READERS, "What was done to accounts and posts"),
    # -- links from mail: opening one changes nothing ---------------------------------------------
    GET("/link/{token}", links.opened, ANYBODY, "What a link from a mail is for"),
    POST("/link/{token}", links.pressed, ANYBODY, "Answer one return, or confirm one action"),
    GET("/link/{token}/not-known", links.ask_not_known, ANYBODY, "What to say with “not known”"),
    POST("/link/{token}/not-known", links.take_not_known, ANYBODY, "Answer “not known to us”"),
    GET("/agency_return/{number:int}/links", sending_links.return_links, IN_POST, "Links to a return"),
    POST("/agency_return/{number:int}/links", sending_links.send_for_return, IN_POST, "Send such a link"),
    GET("/action/{number:int}/links", sending_links.action_links, IN_POST, "Links to an action"),
    POST("/action/{number:int}/links", sending_links.send_for_action, IN_POST, "Send such a link"),
    POST("/links/{number:int}/withdraw", sending_links.withdraw, IN_POST, "Withdraw a link"),
    GET("/admin/records", sending_links.records, sending_links.KEEPERS, "Who answers by links"),
    POST("/admin/records/{number:int}", sending_links.change_records, sending_links.KEEPERS, "Change that"),
    # -- signing in, one's own account -----------------------------------------------------------
    GET("/sign-in", signing_in.ask, ANYBODY, "The first step of signing in"),
    POST("/sign-in", signing_in.take, ANYBODY, "Show the password"),
    GET("/sign-in/code", signing_in.ask_code, ANYBODY, "The second step of signing in"),
    POST("/sign-in/code", signing_in.take_code, ANYBODY, "Show a code of the app, or one on paper"),
    POST("/sign-in/as", signing_in.take_example, ANYBODY, "Sign in as a post of an example"),
    GET("/sign-in/elsewhere", elsewhere.go_to_sign_in, ANYBODY, "To the issuer of work accounts"),
    GET("/sign-in/back", elsewhere.come_back, ANYBODY, "Back from there, bound to a cookie of ours"),
    GET("/invitation/{token}/elsewhere", elsewhere.go_to_set_up, ANYBODY, "To link a work account"),
    GET("/account/elsewhere", elsewhere.go_to_link, SIGNED_IN, "To link a work account to one's own"),
    GET("/confirm/elsewhere", elsewhere.go_to_confirm, SIGNED_IN, "To show there who one is"),
    POST("/sign-out", signing_in.leave, SIGNED_IN, "Sign out"),
    GET("/invitation/{token}", joining.ask_to_set_up, ANYBODY, "What an invitation leads to"),
    POST("/invitation/{token}", joining.set_up, ANYBODY, "Set up an account by an invitation"),
    GET("/forgotten", joining.ask_for_help, ANYBODY, "Somebody has forgotten their password"),
    POST("/forgotten", joining.help_, ANYBODY, "Send them a link, if there is one to send"),
    GET("/recovery/{token}", joining.ask_to_recover, ANYBODY, "What such a link leads to"),
    POST("/recovery/{token}", joining.choose_anew, ANYBODY, "Choose a new password"),
    GET("/account", own_account.mine, SIGNED_IN, "Somebody's own account and sessions"),
    GET("/account/password", own_account.ask_password, SIGNED_IN, "The form for another password"),
    POST("/account/password", own_account.take_password, SIGNED_IN, "Change the password"),
    GET("/account/app", own_account.ask_app, SIGNED_IN, "The form for another authenticator app"),
    POST("/account/app", own_account.take_app, SIGNED_IN, "Set up another authenticator app"),
    POST("/account/codes", own_account.draw_codes, SIGNED_IN, "Draw new recovery codes"),
    POST("/account/sessions/end", own_account.end_all_others, SIGNED_IN, "End all other sessions"),
    POST("/account/sessions/{number:int}/end", own_account.end_one, SIGNED_IN, "End one session"),
    GET("/account/tokens", tokens.mine, IN_POST, "Somebody's tokens for programs"),
    POST("/account/tokens", tokens.make, IN_POST, "Make a token, and show it this once"),
    POST("/account/tokens/{number:int}/withdraw", tokens.withdraw, IN_POST, "Withdraw a token"),
    GET("/confirm", own_account.ask_to_confirm, SIGNED_IN, "Ask once more who somebody is"),
    POST("/confirm", own_account.take_proof, SIGNED_IN, "Show once more who one is"),
    # -- escalations -----------------------------------------------------------------------------
    GET("/escalations", escalations.every, IN_POST, "What is escalated or held, most urgent first"),
    GET("/hold/{number:int}", escalations.hold, IN_POST, "One reply, acceptance or silence"),
    GET("/silence", escalations.ask_silence_of_all, SILENCER, "The form of a silence"),
    POST("/silence", escalations.take_silence_of_all, SILENCER, "Silence a rule about everything"),
    GET("/{kind}/{number:int}/escalation", escalations.one, IN_POST, "The ladder of one matter"),
    GET("/{kind}/{number:int}/reply", escalations.ask_reply, IN_POST, "The form of a reply"),
    POST("/{kind}/{number:int}/reply", escalations.take_reply, IN_POST, "Reply to a notice"),
    GET("/{kind}/{number:int}/accept", escalations.ask_acceptance, IN_POST, "The form of an acceptance"),
    POST("/{kind}/{number:int}/accept", escalations.take_acceptance, IN_POST, "Accept that it takes longer"),
    GET("/{kind}/{number:int}/silence", escalations.ask_silence, IN_POST, "The form of a silence"),
    POST("/{kind}/{number:int}/silence", escalations.take_silence, IN_POST, "Silence a rule"),
    # -- histories -------------------------------------------------------------------------------
    GET("/{kind}/{number:int}/history", histories.one, IN_POST, "The history of one subject"),
    # -- mails to me, and why ---------------------------------------------------------------------
    GET("/my-mails", why.mine, SIGNED_IN, "The mails to whoever asks"),
    GET("/why/{number:int}", why.one, SIGNED_IN, "Why a mail was sent, and who decided that"),
    # -- keeping it: administration, mail, rules, calendars ---------------------------------------
    GET("/health", keeping.monitor, ANYBODY, "What a monitor asks: well or not, nothing personal"),
    GET("/admin", keeping.overview, mails.MAY_LOOK, "What needs somebody, and the way to the rest"),
    GET("/metrics", metrics, ANYBODY, "The figures for a monitor, with the installation's token for them"),
    GET("/admin/health", keeping.health, mails.MAY_LOOK, "How the installation is, without secrets"),
    POST("/admin/health/check", keeping.check, mails.MAY_LOOK, "Check every seal of the history"),
    GET("/admin/mails", mails.queue, mails.MAY_LOOK, "The mail queue; nobody reads a mail there"),
    GET("/admin/mails/{number:int}", mails.one, mails.MAY_LOOK, "What became of one mail"),
    POST("/admin/mails/{number:int}/resend", mails.send_again, mails.KEEPERS, "Send a mail again"),
    POST("/admin/mails/{number:int}/withdraw", mails.withdraw, mails.KEEPERS, "Take a mail back"),
    GET("/admin/addresses", mails.addresses, mails.MAY_LOOK, "Addresses to which mail comes back"),
    GET("/dead_address/{number:int}", mails.address, IN_POST, "One address, and how to mend it"),
    GET("/dead_address/{number:int}/steps/mend", mails.address, IN_POST, "The form that mends it"),
    POST("/dead_address/{number:int}/steps/mend", mails.mend_address, IN_POST, "Mend an address"),
    GET("/rules", rulebook.rules, IN_POST, "Every rule in words"),
    GET("/rules/{name}", rulebook.rule, IN_POST, "One rule, and what it has said"),
    POST("/rules/{name}/adopt", rulebook.adopt, rulebook.ADOPTERS, "Put a waiting rule in force"),
    GET("/workflows", rulebook.workflows, IN_POST, "Every workflow"),
    GET("/workflows/{kind}", rulebook.workflow, IN_POST, "One workflow in words"),
    GET("/workflows/{kind}/picture.svg", rulebook.picture, IN_POST, "A workflow as a picture"),
    GET("/preview", ahead.show_preview, IN_POST, "What will go in the days to come"),
    GET("/rehearse", ahead.ask_rehearsal, ahead.REHEARSERS, "The form of a rehearsal"),
    POST("/rehearse", ahead.take_rehearsal, ahead.REHEARSERS, "Try changed rules on the past"),
    GET("/admin/closed_days", calendars.group_calendar, calendars.MAY_LOOK, "Days without work"),
    GET("/admin/closed_days/new", calendars.ask_to_close, calendars.KEEPERS, "What closing moves"),
    POST("/admin/closed_days/new", calendars.close, calendars.KEEPERS, "Close a day"),
    GET("/admin/closed_days/{number:int}/open", calendars.ask_to_open, calendars.KEEPERS, "What it moves"),
    POST("/admin/closed_days/{number:int}/open", calendars.open_again, calendars.KEEPERS, "Open it again"),
    GET("/calendar", calendars.own, IN_POST, "What is in somebody's own calendar"),
    POST("/calendar/make", calendars.make, IN_POST, "Make a private address for it"),
    POST("/calendar/revoke", calendars.revoke, IN_POST, "Take the address back"),
    GET("/calendar/{token}.ics", calendars.feed, ANYBODY, "A calendar, for whoever knows its address"),
    GET("/help", about.help_, ANYBODY, "The field's words, and how things go"),
    GET("/accessibility", about.accessibility, ANYBODY, "How far everybody can use the site"),
    GET("/privacy", about.privacy, ANYBODY, "What is kept, and who sees it"),
    # -- any subject: one page, its steps --------------------------------------------------------
    GET("/{kind}/{number:int}", cards.one, IN_POST, "One subject with its doors"),
    GET("/{kind}/{number:int}/steps/{trigger}", steps.ask, IN_POST, "What a step does and asks for"),
    POST("/{kind}/{number:int}/steps/{trigger}", steps.take, IN_POST, "Take a step"),
    # -- the same for programs -------------------------------------------------------------------
    *API_ROUTES,
)


class KeptForGood(StaticFiles):
    """Our own files: their address names their content, so that browsers may keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Give one file."""
        answer = await super().get_response(path, scope)
        if b"v=" in scope["query_string"]:
            answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer


def create_app(office: Office, *, is_demo: bool = False, limits: Limits | None = None) -> FastAPI:
    """Put the pages of an open office together; `is_demo` lets people sign in as anybody of an example.

    `limits` says how often programs may ask, where that is not the usual. The office stays the caller's, who closes it.
    """
    address = urlsplit(office.settings.base_url)
    is_secure = address.scheme == "https"
    app = FastAPI(title="auditloop", docs_url=None, redoc_url=None, openapi_url=None, routes=_pages().routes)
    app.state.office = office
    app.state.pages = Templates()
    app.state.cookies = Cookies(is_secure)
    app.state.is_demo = is_demo
    for failure, answer in FAILURES.items():
        app.add_exception_handler(failure, answer)
    app.mount(PREFIX, create_api(office, limits=limits), name="api")
    app.mount("/static", KeptForGood(directory=STATIC), name="static")
    hosts = [address.hostname or "127.0.0.1", *LOOPBACK]
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts)
    app.add_middleware(SafeAnswers, is_secure=is_secure, broken=broken)
    app.add_middleware(Watched)
    return app


def _methods(method: str) -> list[str]:
    """Give what an address answers: whoever asks for the head alone (RFC 9110, 9.3.2) is answered as whoever reads."""
    return ["GET", "HEAD"] if method == "GET" else [method]


@cache
def _pages() -> APIRouter:
    """Make the routes of the pages, once in a process: they know no office."""
    pages = APIRouter()
    for route in ROUTES:
        if isinstance(route, ApiRoute):
            continue  # answered by an application of its own, which tells what is wrong as programs need it
        pages.add_api_route(
            route.path,
            Answered(route),
            methods=_methods(route.method),
            include_in_schema=False,
            response_model=None,
            name=f"{route.method} {route.path}",
        )
    return pages
