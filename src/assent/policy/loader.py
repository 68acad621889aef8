"""Reads policy files into a PolicySet, strictly: what is not certainly right does not load."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import cedarpy

from assent.core.faults import OperatorFault
from assent.core.plugins import ProtocolPlugin
from assent.policy.annotations import Annotations
from assent.policy.fragments import Fragment, split
from assent.policy.policy_set import PolicySet
from assent.policy.reading import Node, Scope, action_scope, asks_presence, facts_named
from assent.policy.rule import Effect, Rule
from assent.policy.schema import OWN_VERBS, TARGET, check_names, schema_text

LARGEST_FILE = 1024 * 1024
MOST_POLICIES = 5000

_INCOMPLETE = "unexpected end of input"
_QUOTED = re.compile(r"`([^`]+)`")
_OWN_PREFIX = re.compile(r"for policy `policy\d+`, ")
_OWN_ID = re.compile(r"`policy\d+`")


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
    schema = cedarpy.Schema.from_str(schema_text(plugins))
    fragments, faults = _fragments(sources)
    rules: list[Rule] = []
    for fragment in fragments:
        try:
            rules.append(_rule(fragment, schema, groups))
        except OperatorFault as fault:
            faults.append(fault)
    faults += _duplicates(rules)
    faults.sort(key=_order)
    return Reading(_policy_set(sources, rules, plugins), tuple(faults))


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
        kinds=frozenset({TARGET}).union(*(plugin.resources for plugin in plugins)),
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


def _rule(fragment: Fragment, schema: cedarpy.Schema, groups: frozenset[str] | None) -> Rule:
    """Return the rule in a fragment. Raises OperatorFault for the first thing wrong in it."""
    policy = _parse(fragment)
    effect = Effect(str(policy["effect"]))
    annotations = Annotations(fragment, effect, _annotation_values(policy))
    annotations.check()
    id = annotations.id()
    rule = Rule(
        id=id,
        effect=effect,
        file=fragment.file,
        line=fragment.line,
        text=fragment.text,
        scope=_scope(fragment, policy),
        facts=facts_named(policy),
        annotations={name: value or "" for name, value in annotations.values.items()},
        description=annotations.text("description"),
        message=annotations.text("message"),
        obligations=annotations.obligations(id),
        remedies=annotations.remedies(groups),
        hold_for=annotations.duration("hold"),
        hold_in_transaction_for=annotations.duration("hold_in_transaction"),
    )
    _check_presence(fragment, policy)
    _validate(fragment, id, schema)
    return rule


def _parse(fragment: Fragment) -> dict[str, Node]:
    """Return the policy in Cedar's JSON policy format."""
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(fragment.text))
    except ValueError as error:
        place = fragment.place(_syntax_line(fragment, str(error)))
        raise OperatorFault("policy-syntax", str(error), place) from error
    except RecursionError as error:
        detail = "nested too deeply; split it into several policies"
        raise OperatorFault("policy-size", detail, fragment.place()) from error
    if parsed["templates"]:
        detail = "a template (`?principal`, `?resource`) cannot be used; name who and what"
        raise OperatorFault("policy-syntax", detail, fragment.place())
    (policy,) = parsed["staticPolicies"].values()
    checked: dict[str, Node] = policy
    return checked


def _syntax_line(fragment: Fragment, message: str) -> int | None:
    """Return the line that the engine's message is about; the engine itself does not say it."""
    if message == _INCOMPLETE:
        return fragment.tokens[-1].line
    if message.startswith("unexpected token"):
        return fragment.first_bad_line(_is_viable)
    word = message.rpartition(" ")[2]
    return _named_line(fragment, message) or fragment.line_of(word.strip("`@"))


def _is_viable(text: str) -> bool:
    try:
        cedarpy.policies_to_json_str(text)
    except ValueError as error:
        return str(error) == _INCOMPLETE
    return True


def _named_line(fragment: Fragment, message: str) -> int | None:
    lines: Iterable[int | None] = map(fragment.line_of, _QUOTED.findall(message))
    return next((line for line in lines if line), None)


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


def _validate(fragment: Fragment, id: str, schema: cedarpy.Schema) -> None:
    result = cedarpy.validate_policies(fragment.text, schema)
    if result.validation_passed:
        return
    message = _OWN_PREFIX.sub("", result.errors[0].error) if result.errors else "is not valid"
    place = fragment.place(_named_line(fragment, _OWN_ID.sub("", message)))
    raise OperatorFault("policy-schema", f"policy `{id}`: {message}", place)
