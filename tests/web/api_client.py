"""Programs of the cast: each with a token of somebody, asking the interface of one world."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx2
from starlette.testclient import TestClient

from assurance.accounts.bearers import SCOPES, make_token
from tests.web.site import BASE, Site
from web.api.route import PREFIX


class Programs:
    """Sends requests as somebody's program; a token is made when one is first needed."""

    def __init__(self, site: Site) -> None:
        self.world = site.world
        self.client = TestClient(site.app, base_url=BASE, raise_server_exceptions=False)
        self._tokens: dict[tuple[str, tuple[str, ...]], str] = {}

    def token(self, who: str, scopes: Iterable[str] = SCOPES) -> str:
        """Give a token of somebody with some scopes."""
        key = (who, tuple(scopes))
        if key not in self._tokens:
            with self.world.does(who) as tx:
                self._tokens[key] = make_token(tx, "Spreadsheet", key[1]).token
        return self._tokens[key]

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
