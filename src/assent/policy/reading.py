"""What one parsed policy refers to, read from Cedar's official JSON policy format.

Source: the Cedar policy language reference, "JSON policy format".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from assent.core.action import Operation
from assent.policy.facts import EVERY_FACT

Node: TypeAlias = "bool | int | str | list[Node] | dict[str, Node] | None"

UNKNOWN_SUFFIX = ".unknown"
_CONTEXT: Node = {"Var": "context"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which verbs a policy is about. named: verbs and groups of verbs; None for all of them."""

    named: frozenset[str] | None

    def covers(self, verb: str, operation: Operation) -> bool:
        """Return whether it can match a touch with this verb, which does this."""
        return self.named is None or verb in self.named or operation.value in self.named

    def names(self, verb: str) -> bool:
        """Return whether it says in so many words that it is about this verb."""
        return self.named is not None and verb in self.named

    def names_unknown(self, verb: str) -> bool:
        """Return whether it says in so many words that it is about what is not understood."""
        if self.named is None:
            return False
        names_it = verb in self.named and verb.endswith(UNKNOWN_SUFFIX)
        return names_it or Operation.UNKNOWN.value in self.named


def action_scope(policy: Mapping[str, Node]) -> Scope:
    """Return the verbs in the policy's head. Raises ValueError for a form not known here."""
    match policy.get("action"):
        case {"op": "All"}:
            return Scope(None)
        case {"op": "==" | "in", "entity": {"type": "Action", "id": str(name)}}:
            return Scope(frozenset({name}))
        case {"op": "in", "entities": [*entities]}:
            return Scope(frozenset(_action_name(entity) for entity in entities))
    raise ValueError("the action in its head has a form that is not known here")


def _action_name(entity: Node) -> str:
    match entity:
        case {"type": "Action", "id": str(name)}:
            return name
    raise ValueError("the action in its head has a form that is not known here")


def facts_named(policy: Mapping[str, Node]) -> frozenset[str]:
    """Return the facts `group.name` that the conditions ask about.

    A whole record (`context.risk`, `context`) counts as all that is in it.
    """
    found: set[str] = set()
    stack: list[Node] = [policy.get("conditions")]
    while stack:
        node = stack.pop()
        match node:
            case {".": {"left": {".": {"left": left, "attr": str(group)}}, "attr": str(name)}} if (
                left == _CONTEXT
            ):
                found.add(f"{group}.{name}")
            case {".": {"left": left, "attr": str(group)}} if left == _CONTEXT:
                found |= {fact for fact in EVERY_FACT if fact.startswith(f"{group}.")}
            case {"Var": "context"}:
                found |= EVERY_FACT
            case _:
                stack.extend(_children(node))
    return frozenset(found) & EVERY_FACT


def asks_presence(policy: Mapping[str, Node]) -> bool:
    """Return whether a condition uses `has` or `hasTag`."""
    stack: list[Node] = [policy.get("conditions")]
    while stack:
        node = stack.pop()
        match node:
            case {"has": {"left": _, "attr": _}} | {"hasTag": {"left": _}}:
                return True
            case _:
                stack.extend(_children(node))
    return False


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, dict):
        yield from node.values()
    elif isinstance(node, list):
        yield from node
