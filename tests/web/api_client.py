"""Programs of the cast: each with a token of somebody, asking the interface of one world."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import httpx2
from starlette.testclient import TestClient

from assurance.accounts.bearers import MARK, SCOPES, make_token
from assurance.accounts.tokens import fingerprint
from assurance.records import ApiToken, Person
from engine.errors import Refused
from engine.fences import EVERY
from tests.web.site import BASE, Site
from web.api.route import PREFIX


class Programs:
    """Sends requests as somebody's program; a token is made when one is first needed."""

    def __init__(self, site: Site) -> None:
        self.site, self.world = site, site.world
        self.client = TestClient(site.app, base_url=BASE, raise_server_exceptions=False)
        self._tokens: dict[tuple[str, tuple[str, ...]], str] = {}

    def token(self, who: str, scopes: Iterable[str] = SCOPES) -> str:
        """Give a token of somebody with some scopes."""
        key = (who, tuple(scopes))
        if key not in self._tokens:
            try:
                with self.world.does(who) as tx:
                    self._tokens[key] = make_token(tx, "Spreadsheet", key[1]).token
            except Refused:
                self._tokens[key] = self._left_over(who, key[1])
        return self._tokens[key]

    def _left_over(self, who: str, scopes: tuple[str, ...]) -> str:
        """Give a token of somebody who has left every post since they made it."""
        token, made_at = f"{MARK}left-over-from-{who}", self.world.clock.now()
        with self.world.office.store.begin(group=EVERY) as session:
            session.add(
                ApiToken(
                    group_id=self.world.group_id,
                    person_id=self.world.number(Person, who),
                    name="Left over",
                    prefix=token[:16],
                    fingerprint=fingerprint(token),
                    scopes=" ".join(scopes),
                    made_at=made_at,
                    expires_at=made_at + timedelta(days=90),
                )
            )
        return token

    def get(self, path: str, as_: str, *, scopes: Iterable[str] = SCOPES) -> httpx2.Response:
        """Ask something."""
        headers = {"authorization": f"Bearer {self.token(as_, scopes)}"}
        return self.client.get(PREFIX + path, headers=headers)

    def post(
        self,
        path: str,
        as_: str,
        body: Any = None,
        *,
        scopes: Iterable[str] = SCOPES,
        **headers: str,
    ) -> httpx2.Response:
        """Send a command; headers are given as `if_match` for If-Match."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["authorization"] = f"Bearer {self.token(as_, scopes)}"
        return self.client.post(PREFIX + path, json={} if body is None else body, headers=sent)


def codes(answer: httpx2.Response) -> list[str]:
    """Give the codes of the reasons for which a request was not carried out."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["detail"] == " ".join(reason["sentence"] for reason in body["reasons"])
    return [reason["code"] for reason in body["reasons"]]
