"""Whether what an OpenID Connect provider signed can be believed. Pure: keys and `now` go in.

OpenID Connect Core 1.0, section 3.1.3.7 (ID tokens); Back-Channel Logout 1.0, section 2.6.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

from assent.control.providers import EndedThere
from assent.core.faults import ForbiddenFault

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
"""Signatures with a key that only the provider has; no shared secrets, and never `none`."""

LEEWAY_S = 60
LONGEST_TOKEN = 32 * 1024
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LONGEST_LOGOUT_S = 600
_LONGEST_TEXT = 255


class UnknownKeyError(Exception):
    """It is signed with a key that is not among those; the provider may have a new one."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token must say. max_age_s: how old the proof may be; None for any.

    proved_since: the proof must not be older than this, None for any. acr_values: one of these
    must have been kept to, if there are any. access_token: that came with it.
    """

    issuer: str
    client_id: str
    nonce: str
    access_token: str = ""
    max_age_s: int | None = None
    proved_since: datetime | None = None
    acr_values: Sequence[str] = ()


def id_token_claims(
    text: str, keys: KeySet, expected: Expected, now: datetime
) -> Mapping[str, Any]:
    """Return the claims of an ID token. Raises ForbiddenFault, UnknownKeyError."""
    token = _opened(text, keys)
    options: Any = {
        "iss": {"essential": True, "value": expected.issuer},
        "sub": {"essential": True},
        "aud": {"essential": True, "value": expected.client_id},
        "nonce": {"essential": True, "value": expected.nonce},
    }
    params = {
        "nonce": expected.nonce,
        "client_id": expected.client_id,
        "access_token": expected.access_token,
    }
    claims = CodeIDToken(token.claims, token.header, options, params)
    try:
        claims.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
    except JoseError as fault:
        raise _refused(f"its ID token does not fit: {_said(fault)}") from fault
    except (TypeError, ValueError, AttributeError) as fault:
        # A claim of another type than the library reckons with.
        raise _refused("its ID token has a claim of the wrong kind") from fault
    _check_sub(claims)
    _check_proof(claims, expected, now)
    return dict(claims)


def logout_of(text: str, keys: KeySet, issuer: str, client_id: str, now: datetime) -> EndedThere:
    """Return what a logout token says. Raises ForbiddenFault, UnknownKeyError."""
    token = _opened(text, keys)
    claims = token.claims
    registry = jwt.JWTClaimsRegistry(
        int(now.timestamp()),
        LEEWAY_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        iat={"essential": True},
        exp={"essential": True},
        jti={"essential": True},
    )
    try:
        registry.validate(claims)
    except JoseError as fault:
        raise _refused(f"its logout token does not fit: {_said(fault)}") from fault
    if token.header.get("typ", "logout+jwt").lower() not in ("logout+jwt", "jwt"):
        raise _refused("it is no logout token by its `typ`")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict):
        raise _refused("its logout token does not say that it is one")
    if "nonce" in claims:
        # So that nobody presents an ID token as one (section 2.4).
        raise _refused("its logout token has a nonce, which none may have")
    external, session = claims.get("sub", ""), claims.get("sid", "")
    if not _is_text(external) or not _is_text(session) or not (external or session):
        raise _refused("its logout token names neither a person nor a session")
    jti, expires_at, issued_at = claims["jti"], claims["exp"], claims["iat"]
    if not _is_text(jti) or expires_at - issued_at > _LONGEST_LOGOUT_S:
        raise _refused("its logout token is good for more than ten minutes")
    return EndedThere(external, session, jti, int(expires_at))


def key_set_of(said: object) -> KeySet:
    """Return the keys of a JWK Set that may verify signatures. Raises ForbiddenFault."""
    listed = said.get("keys") if isinstance(said, dict) else None
    if not isinstance(listed, list):
        raise _refused("its keys are no JWK Set")
    usable = [
        one
        for one in listed[:100]
        if isinstance(one, dict)
        and one.get("kty") in ("RSA", "EC", "OKP")
        and one.get("use", "sig") == "sig"
    ]
    keys: list[Key] = []
    for one in usable:
        try:
            keys.extend(KeySet.import_key_set({"keys": [one]}).keys)
        except (JoseError, ValueError, TypeError, KeyError):
            # One that cannot be read must not take the others away (RFC 7517, section 5).
            continue
    if not keys:
        raise _refused("its keys hold none that can be used")
    return KeySet(keys)


def _opened(text: str, keys: KeySet) -> jwt.Token:
    """Return a token whose signature fits. Raises ForbiddenFault, UnknownKeyError."""
    if len(text) > LONGEST_TOKEN:
        raise _refused("its token is larger than 32 KiB")
    header = _header_of(text)
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise _refused(f"its token is signed by `{str(algorithm)[:40]}`, which is not trusted")
    try:
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        return jwt.decode(text, _key_for(header, keys), list(ALGORITHMS), registry)
    except (JoseError, ValueError, TypeError) as fault:
        raise _refused("the signature of its token does not fit") from fault


def _key_for(header: Mapping[str, Any], keys: KeySet) -> Key:
    # Which of several is meant is not guessed.
    kid = header.get("kid")
    if kid is None:
        if len(keys.keys) == 1:
            return keys.keys[0]
        raise _refused("its token does not say which of its keys signed it")
    found = next((key for key in keys.keys if key.kid == kid), None)
    if found is None:
        raise UnknownKeyError
    return found


def _header_of(text: str) -> Mapping[str, Any]:
    try:
        header = json.loads(urlsafe_b64decode(text.partition(".")[0].encode()))
    except (ValueError, RecursionError) as fault:
        raise _refused("its token cannot be read") from fault
    if not isinstance(header, dict):
        raise _refused("its token cannot be read")
    return header


def _check_sub(claims: Mapping[str, Any]) -> None:
    if not _is_text(claims.get("sub")) or not claims["sub"]:
        raise _refused("its ID token does not say who it is about")


def _check_proof(claims: Mapping[str, Any], expected: Expected, now: datetime) -> None:
    """Raise ForbiddenFault where the proof is too old or too weak."""
    at = claims.get("auth_time")
    since = expected.proved_since.timestamp() - LEEWAY_S if expected.proved_since else None
    if expected.max_age_s is not None:
        oldest = now.timestamp() - expected.max_age_s - LEEWAY_S
        since = oldest if since is None else max(since, oldest)
    if since is not None:
        if isinstance(at, bool) or not isinstance(at, int | float):
            raise _refused("it does not say when you proved who you are")
        if not since <= at <= now.timestamp() + LEEWAY_S:
            raise _refused("it let you in without asking again who you are")
    if expected.acr_values and claims.get("acr") not in expected.acr_values:
        raise _refused("it did not ask for as strong a proof as this gateway wants")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT


def _said(fault: JoseError) -> str:
    # The library names the claim, never its value.
    return str(getattr(fault, "claim", "") or fault.error)[:80]


def _refused(words: str) -> ForbiddenFault:
    return ForbiddenFault("sign-in-refused", f"the identity provider cannot be believed: {words}")
