"""A loaded set of policies, cut into slices: for each verb those that could match at all."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import cedarpy

from assent.core.action import Operation
from assent.policy.reading import UNKNOWN_SUFFIX
from assent.policy.rule import Effect, Rule
from assent.policy.schema import NAMED_VERBS

_BLAME = re.compile(r"error while evaluating policy `policy(\d+)`: ")


@dataclass(frozen=True, slots=True)
class Engine:
    """Policies of one effect, parsed. ids: their `@id`s, in the order that Cedar numbers them."""

    handle: cedarpy.PolicySet
    ids: tuple[str, ...]

    def id_of(self, number: str) -> str:
        """Return the id of what Cedar calls `policy` and a number."""
        return self.ids[int(number.removeprefix("policy"))]

    def blame(self, error: str) -> tuple[str, str]:
        """Return the id of the policy that an error of Cedar's is about, and what it says.

        The id is empty where no policy is to blame.
        """
        match = _BLAME.match(error)
        if match is None or int(match[1]) >= len(self.ids):
            return "", error
        return self.ids[int(match[1])], error[match.end() :]


@dataclass(frozen=True, slots=True)
class Slice:
    """The policies that could match one verb. facts: what any of them asks about."""

    permits: Engine | None
    forbids: Engine | None
    facts: frozenset[str]


class PolicySet:
    """All policies of one revision. Never changes; a new text is a new set.

    rules: in the order of files and lines. verbs, kinds: what touches may name.
    """

    def __init__(
        self, revision: str, rules: Iterable[Rule], verbs: frozenset[str], kinds: frozenset[str]
    ) -> None:
        self.revision = revision
        self.rules = tuple(rules)
        self.verbs = verbs
        self.kinds = kinds
        self._by_id: Mapping[str, Rule] = {rule.id: rule for rule in self.rules}
        # Kept by verb and by content: many verbs share a slice. Bounded by the verbs.
        self._slices: dict[tuple[str, Operation], Slice] = {}
        self._engines: dict[tuple[str, ...], Engine] = {}

    def rule(self, id: str) -> Rule:
        """Return the rule with this id."""
        return self._by_id[id]

    def slice(self, verb: str, operation: Operation) -> Slice:
        """Return the policies whose head covers a verb of `verbs` that does this."""
        found = self._slices.get((verb, operation))
        if found is None:
            found = self._cut(verb, operation)
            self._slices[verb, operation] = found
        return found

    def _cut(self, verb: str, operation: Operation) -> Slice:
        covering = [rule for rule in self.rules if rule.scope.covers(verb, operation)]
        forbids = [rule for rule in covering if rule.effect is Effect.FORBID]
        permits = [rule for rule in covering if rule.effect is Effect.PERMIT]
        if operation is Operation.UNKNOWN:
            # Who permits everything has not thought of what cannot be understood.
            permits = [rule for rule in permits if rule.scope.names_unknown(verb)]
        if verb in NAMED_VERBS:
            permits = [rule for rule in permits if rule.scope.names(verb)]
        facts: frozenset[str] = frozenset().union(*(rule.facts for rule in permits + forbids))
        return Slice(self._engine(permits), self._engine(forbids), facts)

    def _engine(self, rules: list[Rule]) -> Engine | None:
        if not rules:
            return None
        ids = tuple(rule.id for rule in rules)
        if ids not in self._engines:
            text = "\n".join(rule.text for rule in rules)
            self._engines[ids] = Engine(cedarpy.PolicySet.from_str(text), ids)
        return self._engines[ids]


def operation_of(verb: str, operation: Operation) -> Operation:
    """Return what the touch does; a verb that ends in `.unknown` is not known, whatever it says."""
    return Operation.UNKNOWN if verb.endswith(UNKNOWN_SUFFIX) else operation
