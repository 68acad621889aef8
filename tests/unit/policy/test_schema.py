from dataclasses import replace

import cedarpy
import pytest

from assent.core.faults import OperatorFault
from assent.core.plugins import ProtocolPlugin
from assent.policy.facts import FACTS
from assent.policy.schema import SYSTEM_VERBS, check_names, schema_text
from policy_builders import SQL

SSH = ProtocolPlugin("ssh", frozenset({"ssh.execute"}), frozenset({"Command"}), frozenset())


def is_valid(text: str, *plugins: ProtocolPlugin) -> bool:
    schema = cedarpy.Schema.from_str(schema_text(plugins or (SQL, SSH)))
    return bool(cedarpy.validate_policies(text, schema))


def test_the_schema_is_the_same_for_any_order_of_plugins() -> None:
    assert schema_text([SQL, SSH]) == schema_text([SSH, SQL])


def test_the_gateways_own_verbs_are_there_without_any_plugin() -> None:
    cedarpy.Schema.from_str(schema_text([]))
    assert is_valid('permit (principal, action == Action::"session.open", resource);', SQL)


def test_every_kind_of_resource_is_in_a_target_in_an_environment() -> None:
    for kind in sorted(SQL.resources):
        head = f'permit (principal in Group::"a", action in Action::"read", resource is {kind} in'
        assert is_valid(f'{head} Target::"shop");')
        assert is_valid(f'{head} Environment::"prod");')


def test_a_verb_acts_only_on_the_resources_of_its_plugin() -> None:
    assert not is_valid('permit (principal, action == Action::"ssh.execute", resource is Table);')
    assert is_valid('permit (principal, action == Action::"ssh.execute", resource is Command);')


def test_every_fact_can_be_asked_for_on_every_verb() -> None:
    for group, facts in FACTS.items():
        for name in facts:
            fact = f"context.{group}.{name}"
            assert is_valid(f"forbid (principal, action, resource) when {{ {fact} == {fact} }};")


@pytest.mark.parametrize(
    "wrong",
    [
        replace(SQL, verbs=frozenset({"read"})),
        replace(SQL, verbs=frozenset({'sql.read"'})),
        replace(SQL, verbs=frozenset({"session.open"})),
        replace(SQL, resources=frozenset({"table"})),
        replace(SQL, resources=frozenset({"Group"})),
    ],
)
def test_a_plugin_whose_words_cannot_stand_in_a_policy_is_a_fault(wrong: ProtocolPlugin) -> None:
    with pytest.raises(OperatorFault, match="postgres: "):
        check_names([wrong])


@pytest.mark.parametrize(("verb", "part"), sorted(SYSTEM_VERBS.items()))
def test_the_gateway_itself_is_changed_in_parts_of_a_system(verb: str, part: str) -> None:
    head = f'permit (principal, action == Action::"{verb}", resource == '
    assert is_valid(f'{head}System::"{part}");')
    assert not is_valid(f'{head}Target::"shop");')
