from dataclasses import replace

import pytest

from assent.core.action import Action, Operation
from assent.core.decision import Decision, Deny, Permit
from assent.core.resource import Resource
from assent.policy import PolicySet, evaluate
from assent.policy.evaluation import MOST_TOUCHES
from policy_builders import (
    ANA,
    BEN,
    NOW,
    SHOP,
    action,
    decide,
    evidence,
    policies,
    risk,
    touch,
)

ALL = '@id("all") permit (principal, action, resource);\n'
OVERFLOWS = "{ 9223372036854775807 + context.time.hour > 0 }"
READ = touch("sql.read")


def code(decision: Decision) -> str:
    return decision.code if isinstance(decision, Deny) else "permit"


def test_no_policies_deny_everything() -> None:
    assert code(decide(policies(), action(READ))) == "no-permit"


def test_a_satisfied_permit_is_named_in_the_decision() -> None:
    loaded = policies(ALL)
    assert decide(loaded, action(READ)) == Permit(loaded.revision, ("all",))


def test_every_touch_must_be_permitted() -> None:
    loaded = policies('@id("r") permit (principal, action == Action::"sql.read", resource);')
    denied = decide(loaded, action(READ, touch("sql.delete")))
    assert isinstance(denied, Deny)
    assert denied.code == "no-permit"
    assert denied.messages == ("no policy permits `sql.delete` on Table `public.orders`",)


def test_an_error_in_a_forbid_is_a_deny_though_cedar_skips_it() -> None:
    broken = f'@id("broken") forbid (principal, action, resource) when {OVERFLOWS};'
    denied = decide(policies(ALL, broken), action(READ), score=1)
    assert isinstance(denied, Deny)
    assert (denied.code, denied.denied_by, denied.remedies) == ("policy-error", ("broken",), ())
    assert "policy `broken`" in denied.messages[0]


def test_an_error_in_a_permit_is_a_deny_though_another_permit_is_satisfied() -> None:
    broken = f'@id("broken") permit (principal, action, resource) when {OVERFLOWS};'
    assert code(decide(policies(ALL, broken), action(READ))) == "policy-error"


def test_an_error_on_one_touch_is_a_deny_of_all() -> None:
    broken = (
        f'@id("b") permit (principal, action == Action::"sql.delete", resource) when {OVERFLOWS};'
    )
    assert code(decide(policies(ALL, broken), action(READ, touch("sql.delete")))) == "policy-error"


def test_the_unknown_is_permitted_only_by_a_policy_that_names_it() -> None:
    unknown = action(touch("sql.unknown", "f", kind="Function"), complete=False)
    named = '@id("u") permit (principal, action == Action::"sql.unknown", resource);'
    grouped = '@id("u") permit (principal, action in Action::"unknown", resource);'
    assert code(decide(policies(ALL), unknown)) == "no-permit"
    assert code(decide(policies(ALL, named), unknown)) == "permit"
    assert code(decide(policies(ALL, grouped), unknown)) == "permit"


def test_a_touch_whose_operation_is_unknown_is_unknown_whatever_its_verb() -> None:
    strange = replace(touch("sql.execute"), operation=Operation.UNKNOWN)
    named = '@id("x") permit (principal, action == Action::"sql.execute", resource);'
    assert code(decide(policies(ALL, named), action(strange))) == "no-permit"


def test_an_action_not_understood_that_does_not_say_so_is_denied() -> None:
    assert code(decide(policies(ALL), action(READ, complete=False))) == "forbidden"


def test_an_action_that_touches_nothing_is_denied() -> None:
    assert code(decide(policies(ALL), action())) == "forbidden"


def test_an_action_that_touches_too_much_is_denied_at_once() -> None:
    many = action(*(touch("sql.read", f"public.t{n}") for n in range(MOST_TOUCHES + 1)))
    assert code(decide(policies(ALL), many)) == "forbidden"


def test_verbs_and_kinds_that_no_protocol_declares_are_denied() -> None:
    assert code(decide(policies(ALL), action(touch("ssh.execute")))) == "no-permit"
    strange = replace(READ, resource=Resource("Planet", "mars"))
    assert code(decide(policies(ALL), action(strange))) == "no-permit"


def test_somebody_disabled_is_denied() -> None:
    facts = evidence(subject=replace(ANA, disabled=True))
    assert code(decide(policies(ALL), action(READ), facts)) == "forbidden"


def test_evidence_about_another_person_or_target_is_denied() -> None:
    assert code(decide(policies(ALL), action(READ), evidence(subject=BEN))) == "forbidden"
    assert (
        code(decide(policies(ALL), action(READ), replace(evidence(), target=None))) == "forbidden"
    )


@pytest.mark.parametrize("name", ["\ud800", "public.\udfff"])
def test_a_name_that_is_not_unicode_text_is_denied(name: str) -> None:
    assert code(decide(policies(ALL), action(touch("sql.read", name)))) == "policy-error"


def test_text_from_outside_that_is_not_unicode_is_denied_where_a_policy_asks_for_it() -> None:
    asks = '@id("a") forbid (principal, action, resource) when { context.statement.kind == "x" };'
    what = action(READ)
    strange = replace(what, statement=replace(what.statement, kind="\ud800"))
    assert code(decide(policies(ALL, asks), strange)) == "policy-error"


def test_an_action_on_no_target_can_only_be_permitted_by_a_policy_for_all() -> None:
    what = replace(action(READ), target=None)
    facts = replace(evidence(), target=None)
    shop = '@id("s") permit (principal, action, resource in Target::"shop");'
    assert code(evaluate(policies(ALL), what, facts, risk(0), NOW)) == "permit"
    assert code(evaluate(policies(shop), what, facts, risk(0), NOW)) == "no-permit"


def test_labels_facts_and_groups_reach_the_policies() -> None:
    loaded = policies(
        '@id("r") permit (principal in Group::"engineers", action == Action::"sql.read",'
        ' resource is Table in Environment::"prod");',
        '@id("pci") forbid (principal, action, resource)'
        ' when { context.touch.labels.contains("pci") };',
    )
    customers = "public.customers"
    assert code(decide(loaded, action(touch("sql.read", customers, "email")))) == "permit"
    assert code(decide(loaded, action(touch("sql.read", customers, "*")))) == "forbidden"


def test_a_changed_target_is_seen_at_once() -> None:
    loaded = policies('@id("p") permit (principal, action, resource in Environment::"prod");')
    moved = replace(evidence(), target=replace(SHOP, environment="dev"))
    assert code(decide(loaded, action(READ))) == "permit"
    assert code(decide(loaded, action(READ), moved)) == "no-permit"


def test_a_person_who_left_a_group_is_seen_at_once() -> None:
    loaded = policies('@id("p") permit (principal in Group::"engineers", action, resource);')
    left = evidence(subject=replace(ANA, groups=frozenset()))
    assert code(decide(loaded, action(READ))) == "permit"
    assert code(decide(loaded, action(READ), left)) == "no-permit"


def test_deciding_twice_gives_the_same() -> None:
    loaded: PolicySet = policies(ALL)
    what: Action = action(READ)
    assert decide(loaded, what) == decide(loaded, what)
