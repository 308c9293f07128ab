"""Hundreds of requests that nobody would write: none breaks us, and every answer is what the description says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as some
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from assurance.accounts.bearers import SCOPES, make_token
from tests.web.site import BASE
from tests.world import Templates, World
from web.api.limits import Limits
from web.api.route import PREFIX
from web.api.table import API_ROUTES
from web.app import create_app

PEOPLE = ("sam", "ada", "bo", "nell", "fay", "cleo", "ida", "thea", "una")
KINDS = ("action", "audit", "agency_return", "recommendation", "approval", "meeting", "hold", "mail")
STEPS = ("begin", "extend", "confirm", "submit", "withdraw", "close", "count", "propose", "hold")
NO_LIMITS = Limits(per_minute=10**9, guesses=10**9)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
DESCRIBED = [route for route in API_ROUTES if route.gives is not None]


class Interface:
    """The interface of one world, its description, and a token for each of several people."""

    def __init__(self, world: World) -> None:
        app = create_app(world.office, limits=NO_LIMITS)
        self.client = TestClient(app, base_url=BASE, raise_server_exceptions=False)
        self.schema: BaseSchema = schemathesis.openapi.from_dict(
            self.client.get(f"{PREFIX}/openapi.json").json()
        )
        self._tokens: dict[str, str] = {}
        for who in PEOPLE:
            with world.does(who) as tx:
                self._tokens[who] = make_token(tx, "Anything", SCOPES).token

    def call(self, case: Case[Any], who: str) -> None:
        """Send one request in somebody's name and hold the answer to its description.

        A request that was made without a token, on purpose, is sent without.
        """
        sent = case.as_transport_kwargs(base_url=f"{BASE}{PREFIX}")
        headers = {name.lower(): str(value) for name, value in (sent.get("headers") or {}).items()}
        if "authorization" in headers:
            headers["authorization"] = f"Bearer {self._tokens[who]}"
        if "data" in sent:
            sent["content"] = sent.pop("data")
        known = ("method", "url", "params", "json", "content")
        answer = self.client.request(
            **{name: sent[name] for name in known if sent.get(name) is not None},
            headers=[(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()],
        )
        case.validate_response(answer, checks=CHECKS, headers=headers)


@pytest.fixture(scope="module")
def interface(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interface]:
    """The interface of a world whose audit is at its actions."""
    folder = tmp_path_factory.mktemp("interface")
    world = Templates(folder).world(folder / "own.sqlite", "actions")
    yield Interface(world)
    world.close()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@pytest.mark.parametrize("route", DESCRIBED, ids=lambda route: f"{route.method} {route.path}")
def test_no_request_breaks_us_and_every_answer_is_as_described(
    interface: Interface, route: Any, mode: GenerationMode
) -> None:
    path = route.path.removeprefix(PREFIX).replace(":int", "")
    operation = interface.schema[path][route.method]

    @seed(20141201)
    @settings(
        max_examples=15,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(generation_mode=mode),
        who=some.sampled_from(PEOPLE),
        there=some.booleans(),
        kind=some.sampled_from(KINDS),
        number=some.integers(1, 6),
        step=some.sampled_from(STEPS),
    )
    def hold(case: Case[Any], who: str, there: bool, kind: str, number: int, step: str) -> None:
        if there and mode is GenerationMode.POSITIVE:
            real = {"kind": kind, "number": number, "trigger": step}
            case.path_parameters |= {name: real[name] for name in case.path_parameters}
        # No address of ours: libraries leave out the dots and what stands before them, and a new line ends an address.
        assume("/." not in case.formatted_path and "%0A" not in case.formatted_path)
        interface.call(case, who)

    hold()
