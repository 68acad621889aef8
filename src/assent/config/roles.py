"""`[roles]`: whose members may do what at the doors."""

from collections.abc import Mapping
from dataclasses import dataclass

from assent.config.values import check_name
from assent.core.faults import OperatorFault
from assent.core.role import Role


@dataclass(frozen=True, slots=True)
class RolesConfig:
    """`[roles]`: the groups whose members have a role; everybody has that of a requester.

    operator: groups of those who see that it runs and put right what does not. security: of those
    who see what others do, and end it. auditor: of those who read everything and change nothing,
    whatever else they are. administrator: of those who add people and devices. An empty list
    leaves a role to those who have it by themselves. Who approves what, policies say.
    """

    operator: tuple[str, ...] = ("operators",)
    security: tuple[str, ...] = ("security",)
    auditor: tuple[str, ...] = ("auditors",)
    administrator: tuple[str, ...] = ("administrators",)


def role_groups(roles: RolesConfig) -> Mapping[str, Role]:
    """Return whose members have which role."""
    return {group: role for role, groups in _of(roles).items() for group in groups}


def check_roles(roles: RolesConfig, place: str) -> None:
    """Raise OperatorFault for a name that is none, and for a group that has two roles."""
    given: dict[str, Role] = {}
    for role, groups in _of(roles).items():
        for group in groups:
            check_name(group, f"{place} {role.value}")
            if group in given:
                words = f"`{group}` is the group of `{given[group].value}` already; a group has one"
                raise OperatorFault("config-duplicate", words, f"{place} {role.value}")
            given[group] = role


def _of(roles: RolesConfig) -> Mapping[Role, tuple[str, ...]]:
    return {
        Role.OPERATOR: roles.operator,
        Role.SECURITY: roles.security,
        Role.AUDITOR: roles.auditor,
        Role.ADMINISTRATOR: roles.administrator,
    }
