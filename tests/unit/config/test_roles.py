"""Whose members have which role, as the configuration says it."""

from pathlib import Path

import pytest

from assent.config.reading import parse
from assent.config.roles import RolesConfig, role_groups
from assent.core.faults import OperatorFault
from assent.core.role import ROLE_GROUPS, Role


def test_where_nothing_is_said_the_usual_groups_have_the_roles() -> None:
    assert role_groups(RolesConfig()) == ROLE_GROUPS


def test_a_role_may_come_from_groups_of_any_name() -> None:
    tree = {"roles": {"auditor": ["revision", "internal-audit"], "administrator": []}}
    config = parse(tree, "assent.toml", Path())
    groups = role_groups(config.roles)
    assert groups["revision"] is groups["internal-audit"] is Role.AUDITOR
    assert "auditors" not in groups
    assert Role.ADMINISTRATOR not in groups.values()


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({"auditor": ["security"]}, "`security` is the group of `security` already"),
        ({"operator": ["no good name"]}, "no good name"),
        ({"king": ["me"]}, "king"),
    ],
)
def test_what_cannot_be_is_said_with_its_place(roles: dict[str, list[str]], words: str) -> None:
    with pytest.raises(OperatorFault, match=words) as raised:
        parse({"roles": roles}, "assent.toml", Path())
    assert "[roles]" in str(raised.value.place)
