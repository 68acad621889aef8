"""What lies beside the leaves: stored payloads, and what is sealed in them.

docs/specs/log-format.md, Payload and Export.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from assent_verify import canonical

KEYS_PATH = "keys.jsonl"
MAX_PAYLOAD_BYTES = 2**26

_LINE = re.compile(rb'\{"index":(0|[1-9][0-9]{0,15}),"payload":"([A-Za-z0-9+/]*={0,2})"\}')
_SEALED = 1
_NONCE_BYTES = 12
_KEY_BYTES = 32
_TAG_BYTES = 16


@dataclass(slots=True)
class PayloadFile:
    """What can be read of a payload file. problems: sentences on lines that cannot be."""

    payloads: dict[int, bytes] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_payloads(data: bytes, start: int, end: int) -> PayloadFile:
    """Return the payloads of leaves `start` ≤ index < `end`. Raises nothing."""
    found = PayloadFile()
    last = start - 1
    if data and not data.endswith(b"\n"):
        found.problems.append("the last line has no newline")
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n") if data else (), 1):
        match = _LINE.fullmatch(line)
        if match is None:
            found.problems.append(
                f"line {number} is not an object of `index` and `payload` in canonical form"
            )
            continue
        payload = _decoded(match.group(2))
        index = int(match.group(1))
        if payload is None:
            found.problems.append(f"line {number}: `payload` is not canonical base64")
        elif not last < index < end:
            found.problems.append(f"line {number} names entry {index}, which does not belong there")
        else:
            found.payloads[index] = payload
            last = index
    return found


def payload_digest(payload: bytes) -> str:
    """Return `sha256:` and hex over the stored bytes, as the leaf has it."""
    return "sha256:" + sha256(payload).hexdigest()


def read_keys(data: bytes) -> dict[str, bytes]:
    """Return the data keys of an export, by id. Raises ValueError that names the line."""
    keys: dict[str, bytes] = {}
    if data and not data.endswith(b"\n"):
        raise ValueError("the last line has no newline")
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n") if data else (), 1):
        try:
            value = canonical.read(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
        name, secret = value.get("key"), value.get("secret")
        raw = _decoded(secret.encode()) if isinstance(secret, str) else None
        if value.keys() != {"key", "secret"} or not isinstance(name, str) or raw is None:
            raise ValueError(f"line {number} is not an object of `key` and `secret`")
        if len(raw) != _KEY_BYTES or name in keys:
            raise ValueError(f"line {number}: not a key of {_KEY_BYTES} bytes, or there twice")
        keys[name] = raw
    return keys


def key_id(stored: bytes) -> str | None:
    """Return under which data key something is sealed, None where it is not sealed."""
    if len(stored) < 2 or stored[0] != _SEALED or len(stored) < 2 + stored[1]:
        return None
    return stored[2 : 2 + stored[1]].decode("ascii", "replace")


class Unknown(Exception):
    """It cannot be opened, and that is no fault: no key is here, or its form is newer."""


def open_sealed(stored: bytes, keys: Mapping[str, bytes], associated: bytes) -> bytes:
    """Return what is sealed. Raises Unknown without its key, ValueError where it is damaged."""
    name = key_id(stored)
    if name is None:
        raise ValueError("it is not sealed as it should be")
    key = keys.get(name)
    if key is None:
        raise Unknown(f"there is no key `{name[:80]}`")
    at = 2 + stored[1]
    nonce, rest = stored[at : at + _NONCE_BYTES], stored[at + _NONCE_BYTES :]
    if len(rest) < _TAG_BYTES:
        raise ValueError("it is cut off")
    try:
        return AESGCM(key).decrypt(nonce, rest, associated)
    except InvalidTag as error:
        raise ValueError(f"key `{name[:80]}` does not open it") from error


def content_of(entry_id: str, stored: bytes, keys: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what the stored payload of an entry says.

    Raises Unknown where it cannot be opened, ValueError where it is not what it must be.
    """
    if stored[:1] == b"{":  # As it was written before payloads were sealed.
        value = canonical.read(stored)
        content = value.get("content")
        if value.keys() != {"content", "salt"} or not isinstance(content, dict):
            raise ValueError("it must have `content`, an object, and `salt`, and nothing else")
        return content
    if stored[:1] != bytes([_SEALED]):
        raise Unknown("its form is not known to this program")
    return canonical.read(open_sealed(stored, keys, f"assent payload v1\n{entry_id}".encode()))


def _decoded(encoded: bytes) -> bytes | None:
    try:
        data = b64decode(encoded, validate=True)
    except ValueError:
        return None
    return data if b64encode(data) == encoded else None
