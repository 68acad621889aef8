"""Signatures of kind `webauthn`: what a passkey signs, and whether it is good.

docs/specs/signed-approvals.md, Passkeys; WebAuthn Level 3, sections 5.8.1, 6.1 and 7.2; RFC 9052
section 7 (COSE_Key), RFC 8949 (CBOR), RFC 9053 and RFC 8230 (algorithms).
"""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from assent_verify.story.small_order import check_point

OF_AN_ASSERTION = frozenset({"authenticator_data", "client_data"})
_MOST_KEY, _MOST_AUTHENTICATOR, _MOST_CLIENT = 1024, 1024, 4096
_USER_PRESENT, _USER_VERIFIED = 1 << 0, 1 << 2
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?", re.ASCII)

Verify = Callable[[bytes, bytes], None]


def check_assertion(
    key: bytes, rp_id: str, message: bytes, signature: bytes, authenticator: bytes, client: bytes
) -> str:
    """Return the origin where the passkey signed `message`. Raises ValueError where it did not.

    key: the COSE key that was enrolled. rp_id: the host that it was enrolled for.
    """
    verify = read_key(key)
    origin = _said_by_browser(client, rp_id, sha256(message).digest())
    _said_by_authenticator(authenticator, rp_id)
    try:
        verify(signature, authenticator + sha256(client).digest())
    except InvalidSignature:
        raise ValueError("the signature does not fit") from None
    return origin


def read_key(data: bytes) -> Verify:
    """Return what verifies with a COSE key. Raises ValueError for one that no passkey has."""
    if len(data) > _MOST_KEY:
        raise ValueError("the COSE key is too long")
    cursor = _Cursor(data)
    fields = cursor.map()
    if cursor.rest:
        raise ValueError("there is more than a COSE key")
    kind = (fields.get(1), fields.get(3))
    if kind == (2, -7) and fields.keys() == {1, 3, -1, -2, -3} and fields[-1] == 1:
        return _p256(_text(fields, -2, 32), _text(fields, -3, 32))
    if kind == (1, -8) and fields.keys() == {1, 3, -1, -2} and fields[-1] == 6:
        return _ed25519(_text(fields, -2, 32))
    if kind == (3, -257) and fields.keys() == {1, 3, -1, -2}:
        return _rsa(_text(fields, -1), _text(fields, -2))
    raise ValueError("the COSE key is none of ES256, EdDSA or RS256")


def _p256(x: bytes, y: bytes) -> Verify:
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
    except ValueError:
        raise ValueError("the COSE key is no point of P-256") from None
    return lambda signature, data: key.verify(signature, data, ec.ECDSA(SHA256()))


def _ed25519(point: bytes) -> Verify:
    check_point(point)
    return Ed25519PublicKey.from_public_bytes(point).verify


def _rsa(modulus: bytes, exponent: bytes) -> Verify:
    n, e = int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
    if not modulus or modulus[0] == 0 or not 2048 <= n.bit_length() <= 4096:
        raise ValueError("the COSE key's modulus has not 2048 to 4096 bits")
    if not exponent or exponent[0] == 0 or e % 2 == 0 or not 2 < e < 1 << 32:
        raise ValueError("the COSE key's exponent is not one that is used")
    key = rsa.RSAPublicNumbers(e, n).public_key()
    return lambda signature, data: key.verify(signature, data, padding.PKCS1v15(), SHA256())


def _text(fields: Mapping[int, Any], name: int, length: int | None = None) -> bytes:
    value = fields[name]
    if not isinstance(value, bytes) or (length is not None and len(value) != length):
        raise ValueError("a coordinate of the COSE key has another form")
    return value


def _said_by_browser(data: bytes, rp_id: str, challenge: bytes) -> str:
    if len(data) > _MOST_CLIENT:
        raise ValueError("its client data is too long")
    try:
        said = json.loads(data.decode("utf-8"), object_pairs_hook=_distinct)
    except (ValueError, RecursionError):
        raise ValueError("its client data is no JSON with distinct names") from None
    if not isinstance(said, dict):
        raise ValueError("its client data is no JSON object")
    if said.get("type") != "webauthn.get":
        raise ValueError("its client data is of another ceremony than `webauthn.get`")
    if said.get("challenge") != urlsafe_b64encode(challenge).decode("ascii").rstrip("="):
        raise ValueError("its challenge is not the digest of what is said to be signed")
    if said.get("crossOrigin", False) is not False:
        raise ValueError("it was signed in a frame of another site")
    origin = said.get("origin")
    found = _ORIGIN.fullmatch(origin) if isinstance(origin, str) else None
    if found is None or found[2] != rp_id:
        raise ValueError(f"it was signed at `{str(origin)[:80]}`, not at `{rp_id[:80]}`")
    if found[1] == "http" and rp_id != "localhost" and not rp_id.endswith(".localhost"):
        raise ValueError("it was signed where anybody on the way could change the page")
    return str(origin)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)


def _said_by_authenticator(data: bytes, rp_id: str) -> None:
    if not 37 <= len(data) <= _MOST_AUTHENTICATOR:
        raise ValueError("its authenticator data has another length")
    if data[:32] != sha256(rp_id.encode("utf-8")).digest():
        raise ValueError(f"its authenticator data is not for `{rp_id[:80]}`")
    if not data[32] & _USER_PRESENT:
        raise ValueError("its authenticator saw nobody")
    if not data[32] & _USER_VERIFIED:
        raise ValueError("its authenticator did not verify who was there")


class _Cursor:
    """Reads the little of CBOR that a COSE key is made of, in CTAP2's canonical form alone."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def map(self) -> dict[int, int | bytes]:
        """Return a map of integers to integers or byte strings, its names in order."""
        major, count = self._head()
        if major != 5 or count > 8:
            raise ValueError("it is no COSE key")
        fields: dict[int, int | bytes] = {}
        before = b""
        for _ in range(count):
            whole = self.rest
            name = self._value()
            written = whole[: len(whole) - len(self.rest)]
            if not isinstance(name, int) or (len(before), before) >= (len(written), written):
                raise ValueError("the names of the COSE key are not in canonical order")
            before = written
            fields[name] = self._value()
        return fields

    def _value(self) -> int | bytes:
        major, argument = self._head()
        if major == 0:
            return argument
        if major == 1:
            return -1 - argument
        if major == 2:
            return self._take(argument)
        raise ValueError("the COSE key holds something else than numbers and bytes")

    def _head(self) -> tuple[int, int]:
        first = self._take(1)[0]
        major, short = first >> 5, first & 0b11111
        if short < 24:
            return major, short
        if short == 24 and (value := self._take(1)[0]) >= 24:
            return major, value
        if short == 25 and (value := int.from_bytes(self._take(2), "big")) >= 256:
            return major, value
        raise ValueError("the COSE key is not in canonical form")

    def _take(self, count: int) -> bytes:
        if count > len(self.rest):
            raise ValueError("the COSE key is cut off")
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken
