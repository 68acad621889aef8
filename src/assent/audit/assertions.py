"""What a passkey signs, and whether such an assertion is good (WebAuthn Level 3, section 7.2).

docs/specs/signed-approvals.md. All that decides is in the assertion and in what was enrolled.
"""

import json
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from assent.audit.cose_keys import key_check

MOST_CLIENT_DATA = 4096
MOST_AUTHENTICATOR_DATA = 1024
_SHORTEST = 37
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_PRESENT, _VERIFIED = 0x01, 0x04


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an authenticator answered, in bytes. client_data: JSON, as the browser wrote it."""

    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    @property
    def sign_count(self) -> int:
        """Return how often it says that it signed; 0 where it does not count."""
        return int.from_bytes(self.authenticator_data[33:37])


def challenge_text(challenge: bytes) -> str:
    """Return a challenge as browsers write it into client data: base64url without padding."""
    return urlsafe_b64encode(challenge).rstrip(b"=").decode("ascii")


def check_assertion(
    public_key: bytes, rp_id: str, challenge: bytes, given: Assertion, origin: str = ""
) -> None:
    """Check that who holds the key signed the challenge at our site, present and verified.

    public_key: a COSE key. rp_id: the host for which the passkey was made. origin: exactly the
    one to expect, empty for any of that host. Raises ValueError that says what does not fit.
    """
    check_place(rp_id, challenge, given, origin)
    signed = given.authenticator_data + sha256(given.client_data).digest()
    key_check(public_key)(given.signature, signed)


def check_place(rp_id: str, challenge: bytes, given: Assertion, origin: str = "") -> None:
    """Check all of that but the signature: what does not depend on whose key it is."""
    _check_client_data(given.client_data, rp_id, challenge, origin)
    _check_authenticator_data(given.authenticator_data, rp_id)


def _check_client_data(data: bytes, rp_id: str, challenge: bytes, origin: str) -> None:
    said = _client_data(data)
    if said.get("type") != "webauthn.get":
        raise ValueError("the passkey did not sign in or confirm: it was asked for something else")
    if said.get("challenge") != challenge_text(challenge):
        raise ValueError("the passkey signed something else")
    where = said.get("origin")
    if not isinstance(where, str) or not is_origin_of(where, rp_id):
        raise ValueError(f"the passkey was used at `{str(where)[:80]}`, which is not `{rp_id}`")
    if origin and where != origin:
        raise ValueError(f"the passkey was used at `{where[:80]}`, not at `{origin}`")
    if said.get("crossOrigin", False) is not False:
        raise ValueError("the passkey was used in a page inside of another site's")


def _check_authenticator_data(data: bytes, rp_id: str) -> None:
    if not _SHORTEST <= len(data) <= MOST_AUTHENTICATOR_DATA:
        raise ValueError("what the authenticator said is too short or too long")
    if data[:32] != sha256(rp_id.encode()).digest():
        raise ValueError(f"the passkey was not used for `{rp_id}`")
    if not data[32] & _PRESENT:
        raise ValueError("nobody was there when the passkey signed")
    if not data[32] & _VERIFIED:
        raise ValueError("the authenticator did not check who was there (PIN, finger or face)")


def is_origin_of(origin: str, rp_id: str) -> bool:
    """Return whether that is an origin of this host where browsers let passkeys be used."""
    scheme, _, rest = origin.partition("://")
    host, colon, port = rest.partition(":")
    if host != rp_id or bool(colon) != bool(_PORT.fullmatch(port)):
        return False
    local = rp_id == "localhost" or rp_id.endswith(".localhost")
    return scheme == "https" or (scheme == "http" and local)


def _client_data(data: bytes) -> dict[str, Any]:
    if len(data) > MOST_CLIENT_DATA:
        raise ValueError("what the browser said is too long")
    try:
        said = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ValueError("what the browser said is not JSON with each name once") from error
    if not isinstance(said, dict):
        raise ValueError("what the browser said is no JSON object")
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found
