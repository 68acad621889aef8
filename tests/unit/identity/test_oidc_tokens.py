"""Tokens of a provider: what is believed, and each way in which one must not be."""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from assent.core.faults import ForbiddenFault
from assent.identity.oidc_tokens import (
    Expected,
    UnknownKeyError,
    id_token_claims,
    key_set_of,
    logout_of,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
ISSUER = "https://id.example.org"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER = RSAKey.generate_key(2048, {"kid": "one"})
KEYS = KeySet([KEY])
EXPECTED = Expected(ISSUER, "assent", "nonce-1")
EVENT = "http://schemas.openid.net/event/backchannel-logout"


def id_token(key: RSAKey = KEY, kid: str = "one", **claims: Any) -> str:
    said = {
        "iss": ISSUER,
        "sub": "sub-1",
        "aud": "assent",
        "exp": AT + 300,
        "iat": AT,
        "nonce": "nonce-1",
    } | claims
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": kid}, said, key, ["RS256"])


def logout_token(**claims: Any) -> str:
    said = {
        "iss": ISSUER,
        "aud": "assent",
        "iat": AT,
        "exp": AT + 120,
        "jti": "jti-1",
        "sid": "there-1",
        "events": {EVENT: {}},
    } | claims
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "one"}, said, KEY, ["RS256"])


def test_an_id_token_that_fits_is_believed() -> None:
    assert id_token_claims(id_token(), KEYS, EXPECTED, NOW)["sub"] == "sub-1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example.org"},
        {"aud": "another"},
        {"aud": ["assent", "another"]},
        {"aud": ["assent", "another"], "azp": "another"},
        {"azp": "another"},
        {"exp": AT - 300},
        {"exp": None},
        {"iat": AT + 3_600},
        {"iat": None},
        {"nonce": "nonce-2"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"nbf": AT + 3_600},
        {"exp": "soon"},
    ],
    ids=repr,
)
def test_a_claim_that_does_not_fit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ForbiddenFault):
        id_token_claims(id_token(**wrong), KEYS, EXPECTED, NOW)


def test_a_hash_of_another_access_token_is_refused() -> None:
    token = id_token(at_hash="77QmUPtjPfzWtF2AnpK9RQ")
    with pytest.raises(ForbiddenFault, match="at_hash"):
        id_token_claims(token, KEYS, replace(EXPECTED, access_token="other"), NOW)


def test_only_signatures_of_the_provider_count() -> None:
    with pytest.raises(ForbiddenFault, match="signature"):
        id_token_claims(id_token(key=OTHER), KEYS, EXPECTED, NOW)
    with pytest.raises(UnknownKeyError):
        id_token_claims(id_token(kid="two"), KEYS, EXPECTED, NOW)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "hs256", None])
def test_shared_secrets_and_no_signatures_are_not_trusted(algorithm: str | None) -> None:
    claims = {"iss": ISSUER, "sub": "sub-1", "aud": "assent", "exp": AT + 9, "iat": AT}
    signed = jwt.encode({"alg": "HS256"}, claims, OctKey.generate_key(256), ["HS256"])
    header = json.dumps({"alg": algorithm, "kid": "one"}).encode()
    token = f"{urlsafe_b64encode(header).decode().rstrip('=')}.{signed.split('.', 1)[1]}"
    with pytest.raises(ForbiddenFault, match="not trusted"):
        id_token_claims(token, KEYS, EXPECTED, NOW)


@pytest.mark.parametrize("text", ["", "a.b.c", "a" * 40_000, "e30.e30.", "ÿ.ÿ.ÿ", "W10.W10.W10"])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(ForbiddenFault):
        id_token_claims(text, KEYS, EXPECTED, NOW)


def test_which_of_several_keys_signed_is_not_guessed() -> None:
    claims = {"iss": ISSUER}
    token = jwt.encode({"alg": "RS256"}, claims, KEY, ["RS256"])
    two = KeySet([KEY, RSAKey.generate_key(2048, {"kid": "two"})])
    with pytest.raises(ForbiddenFault, match="which of its keys"):
        id_token_claims(token, two, EXPECTED, NOW)


def test_a_proof_that_must_be_new_has_to_be() -> None:
    fresh = replace(EXPECTED, proved_since=NOW - timedelta(seconds=5))
    assert id_token_claims(id_token(auth_time=AT), KEYS, fresh, NOW)
    for old in (AT - 600, None, True, "now"):
        with pytest.raises(ForbiddenFault):
            id_token_claims(id_token(auth_time=old), KEYS, fresh, NOW)
    aged = replace(EXPECTED, max_age_s=3_600)
    assert id_token_claims(id_token(auth_time=AT - 3_000), KEYS, aged, NOW)
    with pytest.raises(ForbiddenFault):
        id_token_claims(id_token(auth_time=AT - 4_000), KEYS, aged, NOW)


def test_a_proof_that_must_be_strong_has_to_be() -> None:
    strong = replace(EXPECTED, acr_values=("mfa",))
    assert id_token_claims(id_token(acr="mfa"), KEYS, strong, NOW)
    with pytest.raises(ForbiddenFault, match="as strong"):
        id_token_claims(id_token(acr="pwd"), KEYS, strong, NOW)


def test_a_logout_token_says_what_is_over() -> None:
    said = logout_of(logout_token(sub="sub-1"), KEYS, ISSUER, "assent", NOW)
    assert (said.external, said.session, said.id) == ("sub-1", "there-1", "jti-1")


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example.org"},
        {"aud": "another"},
        {"exp": AT - 300},
        {"exp": None},
        {"exp": AT + 86_400},
        {"jti": None},
        {"events": {}},
        {"events": {EVENT: "yes"}},
        {"events": [EVENT]},
        {"nonce": "nonce-1"},
        {"sid": None},
        {"sid": 7},
    ],
    ids=repr,
)
def test_a_logout_token_that_does_not_fit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ForbiddenFault):
        logout_of(logout_token(**wrong), KEYS, ISSUER, "assent", NOW)


def test_an_id_token_is_no_logout_token() -> None:
    with pytest.raises(ForbiddenFault):
        logout_of(id_token(), KEYS, ISSUER, "assent", NOW)


def test_keys_that_cannot_be_used_take_no_others_away() -> None:
    good = KEY.as_dict(private=False)
    odd = [{"kty": "oct", "k": "c2VjcmV0"}, {"kty": "RSA"}, {"kty": "PQ"}, 7, good | {"use": "enc"}]
    assert [key.kid for key in key_set_of({"keys": [*odd, good]}).keys] == ["one"]
    for none in ({"keys": odd}, {}, [], {"keys": 7}):
        with pytest.raises(ForbiddenFault):
            key_set_of(none)
