from itertools import combinations

import pytest

from assent.core.role import PERMISSIONS, ROLE_GROUPS, Permission, Role, permissions_of

CHANGES = {
    Permission.ASK,
    Permission.ANSWER,
    Permission.REVOKE,
    Permission.STEER,
    Permission.REPORT,
    Permission.CHANGE_PEOPLE,
    Permission.CHANGE_DEVICES,
    Permission.CHANGE_SETTINGS,
    Permission.PROVISION,
}


def test_every_role_has_its_permissions_and_a_group() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert set(ROLE_GROUPS.values()) == set(Role) - {Role.REQUESTER}


def test_no_role_provisions_people() -> None:
    """Only the token of an identity provider does."""
    assert not any(Permission.PROVISION in held for held in PERMISSIONS.values())


@pytest.mark.parametrize("others", [*combinations(Role, 1), *combinations(Role, 3)], ids=str)
def test_an_auditor_changes_nothing_whatever_else_they_are(others: tuple[Role, ...]) -> None:
    assert permissions_of({Role.AUDITOR, *others}).isdisjoint(CHANGES)


def test_roles_add_up() -> None:
    both = permissions_of({Role.OPERATOR, Role.SECURITY})
    assert both == PERMISSIONS[Role.OPERATOR] | PERMISSIONS[Role.SECURITY]
    assert permissions_of(()) == frozenset()
