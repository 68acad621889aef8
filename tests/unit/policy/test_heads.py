"""What a policy's head says in words, whatever its form."""

import pytest

from assent.policy.heads import Head, head_of
from policy_builders import policies


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("(principal, action, resource)", Head("anybody", "anything", "everything", False)),
        (
            '(principal in Group::"dba", action == Action::"sql.read", resource in Target::"shop")',
            Head("Group dba", "sql.read", "Target shop", False),
        ),
        (
            '(principal, action in [Action::"sql.read", Action::"sql.delete"], resource)'
            " when { context.statement.has_where }",
            Head("anybody", "sql.read, sql.delete", "everything", True),
        ),
        (
            '(principal is Human, action in Action::"write", resource is Table)'
            " unless { context.statement.has_where }",
            Head("any Human", "write", "any Table", True),
        ),
        (
            '(principal is Human in Group::"dba", action, resource)',
            Head("Human in Group dba", "anything", "everything", False),
        ),
    ],
)
def test_a_head_is_said_in_words(text: str, head: Head) -> None:
    (rule,) = policies(f'@id("one") @description("permit (principal") permit {text};').rules
    assert head_of(rule) == head
