import cedarpy
import pytest

from assent.core.action import Operation
from assent.policy.entities import Scene, entities
from policy_builders import ANA, CARL

TARGET = ("shop", "postgres", "prod", ("crown",))


def scene(kind: str = "Table", name: str = "public.orders") -> Scene:
    return Scene(ANA, "sql.read", Operation.READ, kind, name, ("pii",), TARGET)


def is_true(one: Scene, condition: str) -> bool:
    request = {
        "principal": one.principal(),
        "action": one.action(),
        "resource": one.resource(),
        "context": "{}",
    }
    text = f"permit (principal, action, resource) when {{ {condition} }};"
    return cedarpy.is_authorized(request, cedarpy.PolicySet.from_str(text), entities(one)).allowed


@pytest.mark.parametrize(
    "condition",
    [
        'principal == Human::"ana" && principal in Group::"engineers" && principal.verified',
        'action == Action::"sql.read" && action in Action::"read"',
        'resource == Table::"shop/public.orders" && resource.name == "public.orders"',
        'resource in Target::"shop" && resource in Environment::"prod"',
        'resource.labels.contains("pii") && Target::"shop".labels.contains("crown")',
    ],
)
def test_the_entities_are_who_acts_on_what_and_what_they_belong_to(condition: str) -> None:
    assert is_true(scene(), condition)


def test_a_verb_is_in_the_one_group_that_its_touch_names() -> None:
    assert not is_true(scene(), 'action in Action::"write"')


def test_the_target_itself_is_a_resource() -> None:
    assert is_true(scene("Target", "shop"), 'resource == Target::"shop" && resource.name == "shop"')
    assert not is_true(scene("Target", "other"), 'resource == Target::"shop"')


def test_without_a_target_a_resource_belongs_to_nothing() -> None:
    alone = Scene(ANA, "sql.read", Operation.READ, "Table", "public.orders", (), None)
    assert not is_true(alone, 'resource in Target::"shop"')


def test_equal_scenes_share_their_entities_and_different_ones_do_not() -> None:
    assert entities(scene()) is entities(scene())
    other = Scene(CARL, "sql.read", Operation.READ, "Table", "public.orders", ("pii",), TARGET)
    assert entities(other) is not entities(scene())


@pytest.mark.parametrize("name", ['a"b', "a\nb", "a\x00b", "\\", "Ünïcode", '"] {', "*"])
def test_a_name_with_any_letters_is_only_a_name(name: str) -> None:
    escaped = "".join(f"\\u{{{ord(letter):x}}}" for letter in name)
    assert is_true(scene(name=name), f'resource.name == "{escaped}"')
    assert is_true(scene(name=name), 'resource in Target::"shop"')


def test_a_name_that_is_not_unicode_text_is_an_error() -> None:
    with pytest.raises(ValueError):
        entities(scene(name="\ud800"))


def test_a_part_of_the_gateway_itself_is_in_no_target() -> None:
    one = Scene(ANA, "policy.change", Operation.ADMINISTER, "System", "policies", (), None)
    assert is_true(one, 'resource == System::"policies" && resource.name == "policies"')
    assert not is_true(one, 'resource in Target::"shop"')
