"""What a policy's head says, in words: who, what and on what."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import cedarpy

from assent.policy.reading import Node
from assent.policy.rule import Rule

_ANYBODY = {"principal": "anybody", "action": "anything", "resource": "everything"}


@dataclass(frozen=True, slots=True)
class Head:
    """The three parts of a head. has_conditions: whether `when` or `unless` follow."""

    who: str
    what: str
    on: str
    has_conditions: bool


def head_of(rule: Rule) -> Head:
    """Return the head of a policy that was loaded, so that it can be parsed."""
    (parsed,) = json.loads(cedarpy.policies_to_json_str(rule.text))["staticPolicies"].values()
    who, what, on = (_part(part, parsed.get(part)) for part in _ANYBODY)
    return Head(who, what, on, bool(parsed.get("conditions")))


def _part(name: str, part: Node) -> str:
    match part:
        case {"op": "==" | "in", "entity": dict(entity)}:
            return _entity(entity)
        case {"op": "in", "entities": list(entities)}:
            return ", ".join(_entity(one) for one in entities if isinstance(one, dict))
        case {"op": "is", "entity_type": str(kind), "in": {"entity": dict(entity)}}:
            return f"{kind} in {_entity(entity)}"
        case {"op": "is", "entity_type": str(kind)}:
            return f"any {kind}"
    return _ANYBODY[name]


def _entity(entity: Mapping[str, Node]) -> str:
    kind, name = entity.get("type"), entity.get("id")
    return str(name) if kind == "Action" else f"{kind} {name}"
