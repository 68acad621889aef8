"""Reads policy files into a PolicySet, strictly: what is not certainly right does not load."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

import cedarpy

from assent.core.faults import OperatorFault
from assent.core.plugins import ProtocolPlugin
from assent.policy.annotations import Annotations
from assent.policy.fragments import Fragment, split
from assent.policy.parsing import parse, validate
from assent.policy.policy_set import PolicySet
from assent.policy.reading import Node, Scope, action_scope, asks_presence, facts_named
from assent.policy.rule import Effect, Rule
from assent.policy.schema import OWN_VERBS, SYSTEM, TARGET, check_names, schema_text

LARGEST_FILE = 1024 * 1024
MOST_POLICIES = 5000


@dataclass(frozen=True, slots=True)
class Reading:
    """All that could be read, and all that is wrong, in the order of the files and lines."""

    policies: PolicySet
    faults: tuple[OperatorFault, ...]


def load(
    sources: Mapping[str, str],
    plugins: Sequence[ProtocolPlugin],
    groups: frozenset[str] | None = None,
) -> PolicySet:
    """Return the policies of all files (name → text), ready to be evaluated.

    groups: every group that exists, to find misspelt ones in `@require`; None not to look.
    Raises OperatorFault for the first thing wrong; no files or empty ones deny everything.
    """
    reading = check(sources, plugins, groups)
    if reading.faults:
        raise reading.faults[0]
    return reading.policies


def check(
    sources: Mapping[str, str],
    plugins: Sequence[ProtocolPlugin],
    groups: frozenset[str] | None = None,
) -> Reading:
    """Return all rules that are right and everything that is wrong, to show to a person.

    The set in it is to be looked at, not to be used, when there are faults.
    """
    check_names(plugins)
    fragments, faults = _fragments(sources)
    parsed: list[tuple[Fragment, Rule]] = []
    for fragment in fragments:
        try:
            parsed.append((fragment, _rule(fragment, groups)))
        except OperatorFault as fault:
            faults.append(fault)
    rules, invalid = _validated(parsed, _schema(schema_text(plugins)))
    faults += invalid + _duplicates(rules)
    faults.sort(key=_order)
    return Reading(_policy_set(sources, rules, plugins), tuple(faults))


@lru_cache(maxsize=4)
def _schema(text: str) -> cedarpy.Schema:
    return cedarpy.Schema.from_str(text)


def revision_of(sources: Mapping[str, str]) -> str:
    """Return `pol-` and 16 hex digits over the names and texts, whatever their order."""
    pairs = [[name, sources[name]] for name in sorted(sources)]
    # ASCII with escapes, so that even a text that is not Unicode has a revision.
    return "pol-" + sha256(json.dumps(pairs).encode("ascii")).hexdigest()[:16]


def _policy_set(
    sources: Mapping[str, str], rules: Iterable[Rule], plugins: Sequence[ProtocolPlugin]
) -> PolicySet:
    return PolicySet(
        revision_of(sources),
        tuple(rules),
        verbs=OWN_VERBS.union(*(plugin.verbs for plugin in plugins)),
        kinds=frozenset({TARGET, SYSTEM}).union(*(plugin.resources for plugin in plugins)),
    )


def _order(fault: OperatorFault) -> tuple[str, int]:
    file, _, line = fault.place.rpartition(":")
    return file, int(line)


def _fragments(sources: Mapping[str, str]) -> tuple[list[Fragment], list[OperatorFault]]:
    fragments: list[Fragment] = []
    faults: list[OperatorFault] = []
    for name in sorted(sources):
        text = sources[name]
        unreadable = _unreadable(name, text)
        if unreadable:
            faults.append(unreadable)
            continue
        found, broken = split(name, text)
        fragments += found
        faults += broken
    if len(fragments) > MOST_POLICIES:
        detail = f"more than {MOST_POLICIES} policies"
        last = fragments[MOST_POLICIES]
        return fragments[:MOST_POLICIES], [
            *faults,
            OperatorFault("policy-size", detail, last.place()),
        ]
    return fragments, faults


def _unreadable(name: str, text: str) -> OperatorFault | None:
    place = f"{name}:1"
    if len(text) > LARGEST_FILE:
        detail = f"a policy file of more than {LARGEST_FILE} characters; split it"
        return OperatorFault("policy-size", detail, place)
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        return OperatorFault("policy-syntax", "a policy file that is not UTF-8", place)
    return None


def _duplicates(rules: Iterable[Rule]) -> list[OperatorFault]:
    first: dict[str, Rule] = {}
    faults: list[OperatorFault] = []
    for rule in rules:
        other = first.setdefault(rule.id, rule)
        if other is not rule:
            detail = f"the id `{rule.id}` is taken by {other.file}:{other.line}; ids are unique"
            faults.append(OperatorFault("policy-id", detail, f"{rule.file}:{rule.line}"))
    return faults


def _rule(fragment: Fragment, groups: frozenset[str] | None) -> Rule:
    """Return the rule in a fragment. Raises OperatorFault for the first thing wrong in it."""
    policy = parse(fragment)
    effect = Effect(str(policy["effect"]))
    annotations = Annotations(fragment, effect, _annotation_values(policy))
    annotations.check()
    id = annotations.id()
    scope = _scope(fragment, policy)
    annotations.check_verbs(scope.named)
    rule = Rule(
        id=id,
        effect=effect,
        file=fragment.file,
        line=fragment.line,
        text=fragment.text,
        scope=scope,
        facts=facts_named(policy),
        annotations={name: value or "" for name, value in annotations.values.items()},
        description=annotations.text("description"),
        message=annotations.text("message"),
        obligations=annotations.obligations(id, groups),
        remedies=annotations.remedies(groups),
        hold_for=annotations.duration("hold"),
        hold_in_transaction_for=annotations.duration("hold_in_transaction"),
        downgrade=annotations.downgrade(),
    )
    _check_presence(fragment, policy)
    return rule


def _annotation_values(policy: Mapping[str, Node]) -> dict[str, str | None]:
    annotations = policy.get("annotations")
    if not isinstance(annotations, dict):
        return {}
    return {name: None if value is None else str(value) for name, value in annotations.items()}


def _scope(fragment: Fragment, policy: Mapping[str, Node]) -> Scope:
    try:
        return action_scope(policy)
    except ValueError as error:
        raise OperatorFault("policy-syntax", str(error), fragment.place()) from error


def _check_presence(fragment: Fragment, policy: Mapping[str, Node]) -> None:
    if asks_presence(policy):
        # A forbid guarded by `has` opens the door when the name is misspelt.
        line = fragment.line_of(" has") or fragment.line_of("hasTag")
        detail = "`has` is never needed: every fact is always there; ask for its value"
        raise OperatorFault("policy-fact", detail, fragment.place(line))


def _validated(
    parsed: Sequence[tuple[Fragment, Rule]], schema: cedarpy.Schema
) -> tuple[list[Rule], list[OperatorFault]]:
    """Return the rules that fit the schema, and what is wrong with the others."""
    # All at once is five times as fast as one by one, which only tells where it is.
    if cedarpy.validate_policies("\n".join(rule.text for _, rule in parsed), schema):
        return [rule for _, rule in parsed], []
    rules: list[Rule] = []
    faults: list[OperatorFault] = []
    for fragment, rule in parsed:
        try:
            validate(fragment, rule.id, schema)
        except OperatorFault as fault:
            faults.append(fault)
        else:
            rules.append(rule)
    if not faults:
        raise OperatorFault("policy-schema", "the policies do not fit together")
    return rules, faults
