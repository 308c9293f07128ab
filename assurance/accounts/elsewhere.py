"""Signing in with an account elsewhere (OpenID Connect, authorization code with PKCE): the way there, and back.

Who comes back is known by issuer and subject alone. Whether a second factor was asked for is the issuer's business.
"""

from __future__ import annotations

import hmac
import json
import logging
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from assurance.accounts.proving import require_keys
from assurance.accounts.tokens import draw_token
from assurance.config import Settings
from assurance.office import Office
from engine.errors import Refused

TRIP = "a trip elsewhere"
LONGEST_TRIP = timedelta(minutes=10)
LEEWAY = 120  # seconds by which the issuer's clock may differ
WAIT = 10.0  # seconds for an answer
# Signed with a key that only the issuer has: never with one that we know too, and never not at all.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
NOT_BACK = "Signing in with your work account did not work. Begin again; if it stays so, tell the administrator of your group."

log = logging.getLogger("auditloop.accounts")


class Errand(StrEnum):
    """Why somebody goes to the issuer: what happens when they come back."""

    SIGN_IN = "sign_in"
    SET_UP = "set_up"
    LINK = "link"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser goes, and what it carries meanwhile; nobody else can read or make that."""

    url: str
    sealed: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came back, on which errand; `of` is the invitation's token or the page to go on to."""

    issuer: str
    subject: str
    errand: Errand
    of: str


def has_issuer(settings: Settings) -> bool:
    """Say whether people can sign in with an account elsewhere."""
    return settings.oidc_issuer is not None


def depart(office: Office, errand: Errand, *, of: str = "") -> Departure:
    """Begin a trip to the issuer; raises Refused where there is none, or where it does not answer."""
    state, nonce, verifier = draw_token(), draw_token(), draw_token()
    with _client(office.settings) as client:
        try:
            url, _ = client.create_authorization_url(
                _metadata(client, office.settings)["authorization_endpoint"],
                state=state,
                nonce=nonce,
                code_verifier=verifier,
                # Whoever shows once more that it is them is asked by the issuer, even if it knows them already.
                **({"prompt": "login", "max_age": "0"} if errand is Errand.CONFIRM else {}),
            )
        except (httpx2.HTTPError, AuthlibBaseError, ValueError, KeyError) as error:
            raise _not_back(error) from error
    carried = json.dumps({"state": state, "nonce": nonce, "verifier": verifier, "errand": errand, "of": of})
    return Departure(str(url), require_keys(office).seal(TRIP, carried, at=office.clock.now()))


def arrive(office: Office, sealed: str, *, state: str, code: str, issuer: str = "") -> Arrival:
    """Find out who came back from the issuer; raises Refused where that cannot be told beyond doubt.

    `issuer` is what the answer says of itself where it says that (RFC 9207).
    """
    opened = require_keys(office).unseal(TRIP, sealed, at=office.clock.now(), good_for=LONGEST_TRIP)
    if not opened or not code:
        raise Refused.because("not_back", NOT_BACK)
    carried: dict[str, str] = json.loads(opened)
    is_ours = hmac.compare_digest(carried["state"].encode(), state.encode())
    if not is_ours or issuer not in ("", office.settings.oidc_issuer):
        raise Refused.because("not_back", NOT_BACK)
    with _client(office.settings) as client:
        try:
            claims = _claims(office, client, code, carried)
        except (httpx2.HTTPError, AuthlibBaseError, JoseError, ValueError, KeyError, TypeError) as error:
            raise _not_back(error) from error
    return Arrival(str(claims["iss"]), str(claims["sub"]), Errand(carried["errand"]), carried["of"])


def back_address(settings: Settings) -> str:
    """Give the address to which the issuer sends people back; it has to know it."""
    return f"{settings.base_url}/sign-in/back"


def _client(settings: Settings) -> Any:
    if settings.oidc_issuer is None:
        raise Refused.because("no_issuer", "Nobody signs in here with an account elsewhere.")
    return OAuth2Client(
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        scope="openid",
        redirect_uri=back_address(settings),
        code_challenge_method="S256",
        timeout=WAIT,
        follow_redirects=False,
    )


def _metadata(client: Any, settings: Settings) -> dict[str, Any]:
    """Ask the issuer how it is spoken to; raises ValueError for one that calls itself otherwise."""
    where = f"{(settings.oidc_issuer or '').rstrip('/')}/.well-known/openid-configuration"
    found: dict[str, Any] = _read(client, where)
    if found.get("issuer") != settings.oidc_issuer:
        raise ValueError(f"the issuer calls itself {found.get('issuer')!r}")
    return found


def _claims(office: Office, client: Any, code: str, carried: dict[str, str]) -> dict[str, Any]:
    """Trade the code for a token, and read what it says once its signature and every claim hold."""
    settings, now = office.settings, int(office.clock.now().timestamp())
    metadata = _metadata(client, settings)
    answer = client.fetch_token(
        metadata["token_endpoint"],
        grant_type="authorization_code",
        code=code,
        code_verifier=carried["verifier"],
    )
    offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
    registry = JWSRegistry(
        algorithms=[one for one in offered if one in ALGORITHMS], strict_check_header=False
    )
    keys = KeySet.import_key_set(_read(client, metadata["jwks_uri"]))
    token = jwt.decode(answer["id_token"], key=keys, registry=registry)
    is_confirming = carried["errand"] == Errand.CONFIRM
    claims = CodeIDToken(
        token.claims,
        token.header,
        {"iss": {"values": [settings.oidc_issuer]}, "aud": {"value": settings.oidc_client_id}},
        {
            "nonce": carried["nonce"],
            "client_id": settings.oidc_client_id,
            "access_token": answer.get("access_token"),
            "max_age": 1 if is_confirming else None,
        },
    )
    claims.validate(now=now, leeway=LEEWAY)
    if is_confirming and now - int(claims["auth_time"]) > LONGEST_TRIP.total_seconds():
        raise ValueError("the issuer has not asked them anew")
    return dict(claims)


def _read(client: Any, where: str) -> Any:
    answer = client.request("GET", where, withhold_token=True)
    answer.raise_for_status()
    return answer.json()


def _not_back(error: Exception) -> Refused:
    # What the issuer said may help whoever runs the installation; it holds neither a code nor a token.
    log.warning("an account elsewhere: %s: %s", type(error).__name__, str(error)[:200])
    return Refused.because("not_back", NOT_BACK)
