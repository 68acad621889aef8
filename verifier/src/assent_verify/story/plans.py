"""Maintenance plans: texts that people assented to before they are run.

docs/how-to/maintenance-plans.md. Who assented to a plan assented to each text of it, as long as
that touches what it was read to touch.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from assent_verify import canonical
from assent_verify.story.asked import Unfit, check_digest

VERB = "plan.propose"

_SPACE = " \t\r\n\f\v"
_LINE_END = re.compile(r"[\r\n]")
_COMMENT_MARK = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Plan:
    """What was assented to. digest: of the proposal. parts: each text with what it touches."""

    digest: str
    subject: str | None
    target: str | None
    parts: frozenset[bytes]


def plan_of(leaf: Mapping[str, Any], content: Mapping[str, Any]) -> Plan | None:
    """Return what an attempt proposes; None where its content is not what its digest binds."""
    try:
        check_digest(leaf, content)
        details = content["details"]
        texts, touched = json.loads(details["texts"]), json.loads(details["touched"])
        parts = frozenset(
            _part(str(text), str(one)) for text, one in zip(texts, touched, strict=False)
        )
        return Plan(leaf["facts"]["digest"], leaf["subject"], leaf["target"], parts)
    except (Unfit, KeyError, TypeError, ValueError):
        return None


def part_of(content: Mapping[str, Any]) -> bytes:
    """Return as which part of a plan an attempt would be found."""
    touches = sorted(
        {
            (one["verb"], one["resource"]["kind"], one["resource"]["name"])
            for one in content["statement"]["touches"]
        }
    )
    touched = sha256(canonical.write([list(one) for one in touches])).hexdigest()
    return _part(_normal(content["text"]), f"sha256:{touched}")


def _part(text: str, touched: str) -> bytes:
    return sha256(canonical.write([text, touched])).digest()


def _normal(text: str) -> str:
    """Return a text without what clients put around it: space, comments before it, a `;`."""
    text = text.strip(_SPACE)
    while rest := _behind_comment(text):
        text = rest.lstrip(_SPACE)
    return text.removesuffix(";").rstrip(_SPACE)


def _behind_comment(text: str) -> str:
    if text.startswith("--"):
        ended = _LINE_END.search(text)
        return text[ended.end() :] if ended else ""
    return text[next(_ends(text), len(text)) :] if text.startswith("/*") else ""


def _ends(text: str) -> Iterator[int]:
    """Yield where the comment ends that a text begins with; comments nest."""
    depth = 0
    for mark in _COMMENT_MARK.finditer(text):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            yield mark.end()
