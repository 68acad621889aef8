"""The Cedar schema: what policies may name, made from the plug-ins' verbs and resources.

A touch says itself what its verb does, so the schema lets each verb be in every group of
verbs; at evaluation it is in the one group that its touch names.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from assent.core.action import Operation
from assent.core.faults import OperatorFault
from assent.core.plugins import ProtocolPlugin
from assent.policy.facts import FACTS

SESSION_OPEN = "session.open"
ACCESS_REQUEST = "access.request"
BREAK_GLASS = "access.break-glass"
PLAN_PROPOSE = "plan.propose"
TARGET_VERBS = frozenset({SESSION_OPEN, ACCESS_REQUEST, BREAK_GLASS, PLAN_PROPOSE})
"""Verbs of the gateway itself, on a Target."""
SYSTEM_VERBS: Mapping[str, str] = {
    "audit.erase": "audit",
    "audit.hold": "audit",
    "audit.prune": "audit",
    "audit.rotate-key": "audit",
    "delegation.give": "delegations",
    "device.admit": "devices",
    "policy.change": "policies",
    "target.change": "targets",
}
"""Verbs of the gateway itself, on a part of it: `System::"policies"`."""
OWN_VERBS = TARGET_VERBS | SYSTEM_VERBS.keys()
GRANTING_VERBS = frozenset({ACCESS_REQUEST, BREAK_GLASS})
"""Verbs that lead to a grant on a target."""
NAMED_VERBS = frozenset({BREAK_GLASS, PLAN_PROPOSE, "tool.admit", *SYSTEM_VERBS})
"""Verbs that only a permit whose head names them permits: who wrote one for every action, or for
all that administers, has not thought of these."""

PRINCIPALS = ("Human", "Workload", "Agent")
TARGET = "Target"
SYSTEM = "System"

_OWN_TYPES = frozenset({*PRINCIPALS, "Group", "Environment", TARGET, SYSTEM})
_VERB = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+", re.ASCII)
_TYPE = re.compile(r"[A-Z][A-Za-z0-9]*", re.ASCII)


def check_names(plugins: Sequence[ProtocolPlugin]) -> None:
    """Raise OperatorFault where a plug-in's verb or resource cannot be named in a policy."""
    for plugin in plugins:
        for verb in sorted(plugin.verbs):
            if not _VERB.fullmatch(verb) or verb in OWN_VERBS:
                raise OperatorFault("policy-schema", f"`{verb}` cannot be a verb", plugin.name)
        for kind in sorted(plugin.resources):
            if not _TYPE.fullmatch(kind) or kind in _OWN_TYPES - {TARGET}:
                detail = f"`{kind}` cannot be a kind of resource"
                raise OperatorFault("policy-schema", detail, plugin.name)


def schema_text(plugins: Sequence[ProtocolPlugin]) -> str:
    """Return the schema in Cedar's schema syntax, the same text for the same plug-ins."""
    kinds = sorted({kind for plugin in plugins for kind in plugin.resources} - {TARGET})
    lines = [
        _context_type(),
        "entity Group;",
        f"entity {', '.join(PRINCIPALS)} in [Group] {{ name: String, verified: Bool }};",
        "entity Environment;",
        f"entity {TARGET} in [Environment] "
        "{ name: String, protocol: String, labels: Set<String> };",
        # Labels too, none ever: who asks about a resource without saying which may well mean these.
        f"entity {SYSTEM} {{ name: String, labels: Set<String> }};",
    ]
    if kinds:
        attributes = "{ name: String, labels: Set<String> }"
        lines.append(f"entity {', '.join(kinds)} in [{TARGET}] {attributes};")
    lines += [f'action "{operation.value}";' for operation in Operation]
    lines += [
        _action(verb, {TARGET} if verb in TARGET_VERBS else {SYSTEM}) for verb in sorted(OWN_VERBS)
    ]
    for verb in sorted({verb for plugin in plugins for verb in plugin.verbs}):
        lines.append(_action(verb, _kinds_of(verb, plugins)))
    return "\n".join(lines) + "\n"


def _kinds_of(verb: str, plugins: Iterable[ProtocolPlugin]) -> set[str]:
    emitting = (plugin for plugin in plugins if verb in plugin.verbs)
    return {TARGET}.union(*(plugin.resources for plugin in emitting))


def _action(verb: str, kinds: set[str]) -> str:
    groups = ", ".join(f'Action::"{operation.value}"' for operation in Operation)
    return (
        f'action "{verb}" in [{groups}] appliesTo {{ principal: [{", ".join(PRINCIPALS)}], '
        f"resource: [{', '.join(sorted(kinds))}], context: Context }};"
    )


def _context_type() -> str:
    groups = (
        f"  {group}: {{ {', '.join(f'{name}: {fact.type}' for name, fact in facts.items())} }}"
        for group, facts in FACTS.items()
    )
    return "type Context = {\n" + ",\n".join(groups) + "\n};"
