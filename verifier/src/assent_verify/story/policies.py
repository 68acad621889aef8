"""The policies of one revision, read from their text for somebody who asks them again.

docs/reference/policies.md. Cedar itself is asked through `cedarpy`, where that is installed:
its parser says what a policy is about, its engine whether it is satisfied.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

cedarpy: Any
try:
    import cedarpy
except ImportError:  # The reader chose to do without.
    cedarpy = None

_BLAME = re.compile(r"error while evaluating policy `([^`]*)`")
_MOST_BOOKS = 16

NAMED_VERBS = frozenset(
    {
        "access.break-glass",
        "audit.erase",
        "audit.hold",
        "audit.prune",
        "audit.rotate-key",
        "delegation.give",
        "plan.propose",
        "policy.change",
        "target.change",
    }
)
"""Verbs that only a permit whose head names them permits."""
OBLIGING = frozenset(
    {"mask", "max_bytes", "max_duration", "max_rows", "read_only", "record", "record_results"}
    | {"budget", "review", "statement_timeout", "watched_by"}
)
"""Annotations of a permit that are the name of an obligation."""


class Unreadable(Exception):
    """The text of a revision is not what its name says, or is no policy."""


def can_ask() -> bool:
    """Return whether the engine is installed."""
    return cedarpy is not None


def revision_of(texts: Mapping[str, str]) -> str:
    """Return `pol-` and the first 16 hex digits of the SHA-256 over names and texts.

    Over the JSON list of pairs, sorted by name, with `, ` between and non-ASCII escaped.
    """
    pairs = [[name, texts[name]] for name in sorted(texts)]
    return "pol-" + sha256(json.dumps(pairs).encode("ascii")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy. named: verbs and groups of verbs in its head, None for all of them."""

    id: str
    permits: bool
    named: frozenset[str] | None
    annotations: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def require(self) -> str:
        """What lifts a forbid, empty for nothing."""
        return self.annotations.get("require", "")

    @property
    def downgrade(self) -> str:
        """The obligation that a forbid makes of itself instead of denying, empty to deny."""
        return self.annotations.get("downgrade", "")

    def covers(self, verb: str, operation: str) -> bool:
        """Return whether it may be about a verb that does this."""
        return self.named is None or verb in self.named or operation in self.named

    def dares(self, verb: str, operation: str) -> bool:
        """Return whether it may permit this: some things only a permit that names them does."""
        named = self.named or frozenset()
        if operation == "unknown" and "unknown" not in named:
            return verb in named and verb.endswith(".unknown")
        return verb not in NAMED_VERBS or verb in named


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine finds satisfied, and the ids of the policies that it could not evaluate."""

    satisfied: frozenset[str]
    errors: frozenset[str]


class Book:
    """All policies of one revision."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = {rule.id: rule for rule in rules}
        self._engines: dict[tuple[str, ...], Any] = {}

    def ask(
        self, *, permits: bool, verb: str, operation: str, request: dict[str, Any], entities: Any
    ) -> Answer:
        """Ask the permits, or the forbids, that may be about a verb. Raises ValueError."""
        ids = tuple(
            rule.id
            for rule in self.rules.values()
            if rule.permits is permits
            and rule.covers(verb, operation)
            and (not permits or rule.dares(verb, operation))
        )
        if not ids:
            return Answer(frozenset(), frozenset())
        engine = self._engines.get(ids)
        if engine is None:
            bodies = {id: self.rules[id].body for id in ids}
            text = json.dumps({"templates": {}, "staticPolicies": bodies, "templateLinks": []})
            engine = self._engines[ids] = cedarpy.PolicySet.from_json_str(text)
        found = cedarpy.is_authorized(request, engine, entities).diagnostics
        errors = (_BLAME.search(error) for error in found.errors)
        return Answer(
            frozenset(found.reasons), frozenset(match[1] if match else "" for match in errors)
        )


_books: dict[str, tuple[Mapping[str, str], Book]] = {}


def read(revision: str, texts: Mapping[str, str]) -> Book:
    """Return the policies of a revision. Raises Unreadable."""
    known, book = _books.get(revision, (None, None))
    # By its texts too: another log that is read here may have others under the same name.
    if book is not None and (known is texts or known == texts):
        return book
    if revision_of(texts) != revision:
        raise Unreadable(f"the texts that are kept for it are of `{revision_of(texts)}`")
    rules = [rule for name in sorted(texts) for rule in _rules(name, texts[name])]
    book = Book(rules)
    if len(book.rules) < len(rules):
        raise Unreadable("two of its policies have one id")
    if len(_books) >= _MOST_BOOKS:
        _books.clear()
    _books[revision] = texts, book
    return book


def entities_of(documents: list[Any]) -> Any:
    """Return the engine's entities. Raises ValueError."""
    return _parsed(json.dumps(documents))


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Any:
    # Whoever acts on one table does so again and again.
    return cedarpy.Entities.from_json_str(text)


def _rules(name: str, text: str) -> list[Rule]:
    try:
        read = json.loads(cedarpy.policies_to_json_str(text))
        return [_rule(body) for body in read["staticPolicies"].values()]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable(f"`{name[:80]}` cannot be read as policies: {error}") from error


def _rule(body: dict[str, Any]) -> Rule:
    annotations = {name: value or "" for name, value in body.get("annotations", {}).items()}
    head = body["action"]
    if head["op"] == "All":
        named = None
    elif "entity" in head:
        named = frozenset({str(head["entity"]["id"])})
    else:
        named = frozenset(str(one["id"]) for one in head["entities"])
    return Rule(annotations["id"], body["effect"] == "permit", named, annotations, body)
