"""Definitions of tools: what a server says of a tool, by which models choose it and fill it in.

All of it is pinned: the words of a description are read by a model as if they were its person's.
"""

import difflib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from assent.core.action import Operation

LARGEST = 64 * 1024
"""Bytes of a definition; of a larger one nobody could say that they have read it."""
MOST = 1_000
"""Definitions that a server may have."""
_LONGEST_NAME = 128
# Letters that nobody sees, or that turn round what is seen.
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A tool as its server defines it. said: unchanged. text: of all of it, always the same."""

    name: str
    text: str
    digest: str
    operation: Operation
    said: Mapping[str, Any]


def definition_of(said: object) -> Definition | None:
    """Return what a server says of a tool, None where that cannot be one."""
    if not isinstance(said, dict) or not is_name(said.get("name")):
        return None
    try:
        text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        data = text.encode()
    except (ValueError, RecursionError):
        return None
    if len(data) > LARGEST or not isinstance(said.get("inputSchema"), dict):
        return None
    digest = f"sha256:{sha256(data).hexdigest()}"
    return Definition(said["name"], text, digest, operation_of(said.get("annotations")), said)


def definitions_of(said: Sequence[object]) -> dict[str, Definition]:
    """Return the tools of a list by name; of two with one name neither is a tool."""
    found: dict[str, Definition] = {}
    twice: set[str] = set()
    for one in said[:MOST]:
        definition = definition_of(one)
        if definition is not None:
            if definition.name in found:
                twice.add(definition.name)
            found[definition.name] = definition
    return {name: one for name, one in found.items() if name not in twice}


def is_name(name: object) -> bool:
    """Return whether a tool can be called that."""
    return isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and name.isprintable()


def operation_of(annotations: object) -> Operation:
    """Return what a tool says that it does; what it does not say counts as the most."""
    if not isinstance(annotations, dict):
        return Operation.EXECUTE
    if annotations.get("readOnlyHint") is True:
        return Operation.READ
    if annotations.get("destructiveHint") is False:
        return Operation.WRITE
    return Operation.EXECUTE


def readable(text: str) -> str:
    """Return a definition for people, line by line; what cannot be seen is spelled out."""
    return seen(json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False))


def difference(before: str, after: str) -> str:
    """Return what a definition says otherwise than it did, for people. before: empty for new."""
    if not before:
        return readable(after)
    old, new = readable(before).splitlines(), readable(after).splitlines()
    lines = list(difflib.unified_diff(old, new, lineterm="", n=2))
    return "\n".join(lines[2:])


def seen(text: str) -> str:
    r"""Return a text in which nothing hides: signs that nobody sees become `\u{200b}`."""
    return "".join(
        f"\\u{{{ord(sign):x}}}" if sign != "\n" and unicodedata.category(sign) in _HIDDEN else sign
        for sign in text
    )
