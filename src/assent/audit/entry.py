"""The leaf: the exact bytes of one entry that the log hashes, and the payload beside them.

Format version 1, docs/specs/log-format.md. The leaf holds ids, types, digests and outcomes;
what people wrote is in the payload, whose digest is in the leaf.
"""

import json
import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TypeAlias

from assent.core.canonical import Json, Profiled, canonical_bytes, profiled
from assent.core.clock import isoformat, parse_instant
from assent.core.entry import Entry

VERSION = 1
MAX_LEAF_BYTES = 65_535  # The length of an entry is a uint16 in C2SP tlog-tiles.
MAX_PAYLOAD_BYTES = 2**26

Seal: TypeAlias = Callable[[Entry, bytes], bytes]

_KEYS = frozenset(
    {"at", "facts", "id", "kind", "payload", "request", "session", "subject", "target", "version"}
)
_KIND = re.compile(r"[a-z][a-z-]*(\.[a-z][a-z-]*)?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def encode(entry: Entry, seal: Seal) -> tuple[bytes, bytes | None]:
    """Return the leaf bytes and the payload bytes (None when the entry has no payload).

    seal: returns the bytes to store of an entry's payload as canonical JSON; without a seal the
    digest of a short payload could be guessed. Raises ValueError where the entry lies outside
    of the canonical profile or is too large.
    """
    if not entry.id:
        raise ValueError("an entry needs an id")
    payload: bytes | None = None
    if entry.payload is not None:
        payload = seal(entry, canonical_bytes(entry.payload))
        if len(payload) > MAX_PAYLOAD_BYTES:
            size = f"{len(payload)} bytes, at most {MAX_PAYLOAD_BYTES} fit"
            raise ValueError(f"the payload of `{entry.id}` has {size}")
    leaf = canonical_bytes(
        Profiled(
            at=isoformat(entry.at),
            facts=profiled(entry.facts),
            id=entry.id,
            kind=entry.kind.value,
            payload=None if payload is None else payload_digest(payload),
            request=entry.request,
            session=entry.session,
            subject=entry.subject,
            target=entry.target,
            version=VERSION,
        )
    )
    if len(leaf) > MAX_LEAF_BYTES:
        raise ValueError(f"entry `{entry.id}` has {len(leaf)} bytes, at most {MAX_LEAF_BYTES} fit")
    return leaf, payload


def payload_digest(payload: bytes) -> str:
    """Return `sha256:` and hex over the stored payload bytes, as the leaf holds it."""
    return "sha256:" + sha256(payload).hexdigest()


def decode(leaf: bytes) -> dict[str, Json]:
    """Return the leaf's ten keys, values as in JSON.

    Accepts what `encode` of any program can write and nothing else: one form for one value.
    A kind that is not known here passes: newer programs write newer kinds.
    Raises ValueError that names what is wrong.
    """
    if len(leaf) > MAX_LEAF_BYTES:
        raise ValueError(f"leaf has {len(leaf)} bytes, at most {MAX_LEAF_BYTES} fit")
    value = _parse_canonical(leaf, "leaf")
    if value.get("version") != VERSION or isinstance(value.get("version"), bool):
        raise ValueError(f"leaf version `{value.get('version')}` is not known, {VERSION} is")
    if value.keys() != _KEYS:
        wrong = ", ".join(f"`{key}`" for key in sorted(value.keys() ^ _KEYS))
        raise ValueError(f"leaf has missing or unknown keys: {wrong}")
    _check_types(value)
    return value


def decode_payload(payload: bytes) -> Mapping[str, Json]:
    """Return the content of payload bytes of the older form, which is not sealed.

    Raises ValueError.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"payload has {len(payload)} bytes, at most {MAX_PAYLOAD_BYTES} fit")
    value = _parse_canonical(payload, "payload")
    content = value.get("content")
    if value.keys() != {"content", "salt"} or not isinstance(content, Mapping):
        raise ValueError("payload must have `content`, an object, and `salt`, and nothing else")
    return content


def decode_content(content: bytes) -> Mapping[str, Json]:
    """Return the payload of an entry of its opened bytes. Raises ValueError."""
    if len(content) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"payload has {len(content)} bytes, at most {MAX_PAYLOAD_BYTES} fit")
    return _parse_canonical(content, "payload")


def _parse_canonical(data: bytes, what: str) -> dict[str, Json]:
    try:
        value = json.loads(data.decode("utf-8"))
        canonical = isinstance(value, dict) and canonical_bytes(value) == data
    except RecursionError as error:
        raise ValueError(f"{what} is nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"{what} is not canonical json: {error}") from error
    if not canonical:
        # Two byte sequences for one value would be two hashes for one truth.
        raise ValueError(f"{what} is not an object in canonical form")
    return dict(value)


def _check_types(value: Mapping[str, Json]) -> None:
    if not isinstance(value["id"], str) or not value["id"]:
        raise ValueError("leaf `id` must be a text that is not empty")
    for key in ("subject", "target", "session", "request"):
        if not isinstance(value[key], str | None):
            raise ValueError(f"leaf `{key}` must be a text or null")
    if not isinstance(value["facts"], Mapping):
        raise ValueError("leaf `facts` must be an object")
    kind, digest, at = value["kind"], value["payload"], value["at"]
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise ValueError(f"leaf `kind` is malformed: `{kind}`")
    if digest is not None and not (isinstance(digest, str) and _DIGEST.fullmatch(digest)):
        raise ValueError("leaf `payload` must be null or `sha256:` and 64 lower-case hex digits")
    if not isinstance(at, str) or not _is_instant(at):
        raise ValueError(f"leaf `at` must be utc with six decimals and `Z`: `{at}`")


def _is_instant(text: str) -> bool:
    try:
        return isoformat(parse_instant(text)) == text
    except (ValueError, OverflowError):
        return False
