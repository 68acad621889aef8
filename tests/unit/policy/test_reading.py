import json

import cedarpy
import pytest

from assent.core.action import Operation
from assent.policy.facts import EVERY_FACT
from assent.policy.reading import Node, action_scope, asks_presence, facts_named


def parsed(text: str) -> dict[str, Node]:
    policy: dict[str, Node] = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"][
        "policy0"
    ]
    return policy


def when(condition: str) -> dict[str, Node]:
    return parsed(f"forbid (principal, action, resource) when {{ {condition} }};")


@pytest.mark.parametrize(
    ("head", "named"),
    [
        ("action", None),
        ('action == Action::"sql.read"', {"sql.read"}),
        ('action in Action::"write"', {"write"}),
        ('action in [Action::"write", Action::"sql.read"]', {"write", "sql.read"}),
        ("action in []", set()),
    ],
)
def test_the_scope_is_the_verbs_in_the_head(head: str, named: set[str] | None) -> None:
    assert action_scope(parsed(f"permit (principal, {head}, resource);")).named == named


def test_a_form_of_head_that_is_not_known_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="not known here"):
        action_scope({"action": {"op": "like"}})
    with pytest.raises(ValueError, match="not known here"):
        action_scope({"action": {"op": "in", "entities": ["sql.read"]}})


def test_a_scope_covers_verbs_and_their_groups() -> None:
    scope = action_scope(parsed('permit (principal, action in Action::"write", resource);'))
    assert scope.covers("sql.delete", Operation.WRITE)
    assert not scope.covers("sql.read", Operation.READ)


def test_only_a_scope_that_says_so_is_about_the_unknown() -> None:
    def names(head: str) -> bool:
        return action_scope(parsed(f"permit (principal, {head}, resource);")).names_unknown(
            "sql.unknown"
        )

    assert names('action == Action::"sql.unknown"')
    assert names('action in [Action::"read", Action::"unknown"]')
    assert not names("action")
    assert not names('action in Action::"write"')


def test_naming_a_verb_that_is_understood_says_nothing_about_the_unknown() -> None:
    scope = action_scope(parsed('permit (principal, action == Action::"sql.execute", resource);'))
    assert not scope.names_unknown("sql.execute")


def test_the_facts_named_are_found_at_any_depth() -> None:
    condition = 'if context.risk.score > 1 then [context["time"].hour].contains(1) else true'
    assert facts_named(when(condition)) == {"risk.score", "time.hour"}


def test_a_record_taken_whole_is_all_of_its_facts() -> None:
    assert facts_named(when('context.risk == {score: 1, level: "low"}')) == {
        "risk.score",
        "risk.level",
        "risk.attacker",
        "risk.confidence",
    }
    assert facts_named(when("context == {}")) == EVERY_FACT
    assert facts_named(when("(if true then context else context).risk.score > 1")) == EVERY_FACT


def test_has_is_found_at_any_depth() -> None:
    assert asks_presence(when("true && (context has risk || false)"))
    assert asks_presence(when('resource.hasTag("a")'))
    assert not asks_presence(when('{"has": 1} == {"has": 1}'))
