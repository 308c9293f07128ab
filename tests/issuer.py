"""A small issuer of accounts (OpenID Connect) on loopback: it knows a few people and signs what it says of them."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from engine.clock import Clock
from web.server import bind, served

CLIENT, SECRET = "auditloop", "what the issuer knows us by"


@cache
def own_key() -> Any:
    """Give the issuer's key, drawn once a run."""
    return RSAKey.generate_key(2048, {"kid": "one"})


@cache
def other_key() -> Any:
    """Give a key that is not the issuer's."""
    return RSAKey.generate_key(2048, {"kid": "one"})


@dataclass(slots=True)
class Issuer:
    """What the issuer has handed out; `says` are claims that it states wrongly, `signs_with` a key that is not its own."""

    clock: Clock
    address: str = ""
    key: Any = field(default_factory=own_key)
    handed_out: dict[str, dict[str, str]] = field(default_factory=dict)
    says: dict[str, Any] = field(default_factory=dict)
    header: dict[str, str] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    signs_with: Any = None
    calls_itself: str = ""
    is_down: bool = False

    def lets_in(self, url: str, subject: str) -> dict[str, str]:
        """Let somebody sign in at the address to which we have sent them; give what they bring back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert (asked["client_id"], asked["response_type"], asked["scope"]) == (CLIENT, "code", "openid")
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.handed_out[code] = asked | {"sub": subject}
        return {"state": asked["state"], "code": code, "iss": self.address}

    def token(self, asked: dict[str, str]) -> str:
        """Say who somebody is."""
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": self.address,
            "sub": asked["sub"],
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "auth_time": now,
            "email": "somebody.else@qa.example",
        }
        said = {name: value for name, value in (claims | self.says).items() if value is not None}
        return jwt.encode(self.header, said, self.signs_with or self.key, algorithms=["RS256", "HS256"])


def pages_of(issuer: Issuer) -> FastAPI:
    """Give the issuer's own pages, as far as a program asks for them."""
    app = FastAPI()

    @app.get("/.well-known/openid-configuration")
    def configuration() -> Any:
        if issuer.is_down:
            return JSONResponse({"error": "down"}, status_code=503)
        return {
            "issuer": issuer.calls_itself or issuer.address,
            "authorization_endpoint": f"{issuer.address}/authorize",
            "token_endpoint": f"{issuer.address}/token",
            "jwks_uri": f"{issuer.address}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }

    @app.get("/keys")
    def keys() -> Any:
        return {"keys": [issuer.key.as_dict(private=False)]}

    @app.post("/token")
    def token(
        request: Request, code: str = Form(), code_verifier: str = Form(), redirect_uri: str = Form()
    ) -> Any:
        given = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
        plain = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        is_known = request.headers.get("authorization") in (f"Basic {given}", f"Basic {plain}")
        asked = issuer.handed_out.pop(code, None)
        digest = hashlib.sha256(code_verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if not is_known or asked is None or asked["code_challenge"] != challenge:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        if asked["redirect_uri"] != redirect_uri:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return {"access_token": "none", "token_type": "Bearer", "id_token": issuer.token(asked)}

    return app


def key_that_both_know() -> Any:
    """Give a key made of the secret that we share with the issuer: nothing signed with it proves anything."""
    return OctKey.import_key(SECRET.encode().ljust(32, b" "))


@contextmanager
def issuing(clock: Clock) -> Iterator[Issuer]:
    """Run an issuer on loopback."""
    issuer = Issuer(clock)
    with served(pages_of(issuer), bind("127.0.0.1", 0)) as address:
        issuer.address = address
        yield issuer


def brought_back(given: dict[str, str]) -> str:
    """Give the address at which somebody comes back to us."""
    return f"/sign-in/back?{urlencode(given)}"
