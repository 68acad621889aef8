"""A plan says all that would change, by policy and by target, and nothing else."""

import json
from dataclasses import replace

import pytest

from assent.control.planning import (
    LARGEST_CONTENT,
    Content,
    base_of,
    checked,
    content_from_json,
    planned,
    policy_differences,
    target_lines,
)
from assent.core.faults import ConflictFault
from builders import SHOP, policies

A = '@id("a") permit (principal, action == Action::"session.open", resource);'
A2 = A.replace("session.open", "access.request")
B = A.replace('"a"', '"b"')


def plan_of(before: str, after: str, *, target: str = "") -> str:
    old, new = {"00.cedar": before}, {"00.cedar": after}
    changed = replace(SHOP, host=target) if target else SHOP
    return planned(
        Content(new, None),
        (policies(before), old),
        (policies(after), new),
        {"shop": SHOP},
        {"shop": changed},
    ).text


def test_policies_are_compared_by_id_and_told_in_the_order_gone_changed_new() -> None:
    found = list(policy_differences(policies(A), policies(A2, B)))
    assert [(one.how, one.name) for one in found] == [("changed", "a"), ("added", "b")]
    back = list(policy_differences(policies(A2, B), policies(A)))
    assert [(one.how, one.name) for one in back] == [("removed", "b"), ("changed", "a")]
    assert not list(policy_differences(policies(A, B), policies(B, A)))


def test_a_plan_shows_what_changes_line_by_line() -> None:
    text = plan_of(A, A2)
    assert "~ policy `a` is changed" in text
    assert f"    -{A}" in text
    assert f"    +{A2}" in text
    assert "plan: 0 added, 1 changed, 0 removed" in text
    assert plan_of(A, A) == "nothing changes"


def test_a_comment_alone_is_a_change_of_its_file() -> None:
    assert "~ file `00.cedar` is changed" in plan_of(A, A + "\n// why")


def test_a_target_is_told_without_anything_secret() -> None:
    text = plan_of(A, A, target="198.51.100.7")
    assert "-host = 127.0.0.1" in text
    assert "+host = 198.51.100.7" in text
    assert "credential = env:SHOP" in "\n".join(target_lines(SHOP))


def test_the_base_moves_with_all_that_is_in_force() -> None:
    base = base_of("pol-1", [SHOP])
    assert base == base_of("pol-1", [SHOP])
    others = (
        base_of("pol-2", [SHOP]),
        base_of("pol-1", []),
        base_of("pol-1", [replace(SHOP, port=1)]),
    )
    assert base not in others


def test_a_content_is_the_same_after_it_was_kept() -> None:
    for content in (Content({"b.cedar": A, "a.cedar": "x"}, None), Content(None, "[[targets]]")):
        again = content_from_json(json.dumps(content.to_json()))
        assert again == content
        assert again.digest() == content.digest()
    assert Content({"a": "b"}, None).digest() != Content({"a": "c"}, None).digest()


def test_what_is_bound_to_a_request_is_bounded() -> None:
    with pytest.raises(ConflictFault, match="neither policies nor targets"):
        checked(Content(None, None))
    with pytest.raises(ConflictFault, match="in parts"):
        checked(Content(None, "x" * (LARGEST_CONTENT + 1)))
    with pytest.raises(ConflictFault, match="in parts"):
        checked(Content({f"{number}.cedar": "" for number in range(1001)}, None))
