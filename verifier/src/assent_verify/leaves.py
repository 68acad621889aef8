"""The leaf: what one entry says, in the one form that it may have (docs/specs/log-format.md)."""

import re
from datetime import datetime
from typing import Any

from assent_verify import canonical

VERSION = 1

_KEYS = frozenset(
    {"at", "facts", "id", "kind", "payload", "request", "session", "subject", "target", "version"}
)
_KIND = re.compile(r"[a-z][a-z-]*(?:\.[a-z][a-z-]*)?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")

_known_kinds: set[str] = set()


def read_leaf(leaf: bytes) -> dict[str, Any]:
    """Return the leaf's ten keys. Raises ValueError that names what is wrong.

    A kind that is not known here passes: newer programs write newer kinds.
    """
    try:
        value = canonical.read(leaf)
    except ValueError as error:
        raise ValueError(f"leaf is not canonical json: {error}") from error
    version = value.get("version")
    if version != VERSION or version is True:
        raise ValueError(f"leaf version `{version!s:.80}` is not known, {VERSION} is")
    if value.keys() != _KEYS:
        wrong = ", ".join(f"`{key[:80]}`" for key in sorted(value.keys() ^ _KEYS))
        raise ValueError(f"leaf has missing or unknown keys: {wrong}")
    _check_types(value)
    return value


def instant(at: str) -> datetime:
    """Return the moment that an `at` names. Raises ValueError."""
    if not _AT.fullmatch(at):
        raise ValueError(f"leaf `at` must be utc with six decimals and `Z`: `{at[:80]}`")
    return datetime.fromisoformat(at)


def _check_types(value: dict[str, Any]) -> None:
    if type(value["id"]) is not str or not value["id"]:
        raise ValueError("leaf `id` must be a text that is not empty")
    for key in ("subject", "target", "session", "request"):
        if value[key] is not None and type(value[key]) is not str:
            raise ValueError(f"leaf `{key}` must be a text or null")
    if type(value["facts"]) is not dict:
        raise ValueError("leaf `facts` must be an object")
    kind, digest, at = value["kind"], value["payload"], value["at"]
    if type(kind) is not str or kind not in _known_kinds:
        _check_kind(kind)
    if digest is not None and (type(digest) is not str or not _DIGEST.fullmatch(digest)):
        raise ValueError("leaf `payload` must be null or `sha256:` and 64 lower-case hex digits")
    if type(at) is not str:
        raise ValueError("leaf `at` must be a text")
    instant(at)


def _check_kind(kind: Any) -> None:
    if type(kind) is not str or not _KIND.fullmatch(kind):
        raise ValueError(f"leaf `kind` is malformed: `{kind!s:.80}`")
    if len(_known_kinds) < 1000:
        _known_kinds.add(kind)
