"""What somebody may do at the doors: roles, and the permissions that each of them has.

Which action somebody may take on a target no role says: policies do. A role only opens pages and
routes; what it opens changes nothing that a policy decides on.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Role(StrEnum):
    """A set of permissions with a name. Everybody but an auditor is a requester.

    An approver is whoever a policy asks, by their group, and no role of their own.
    """

    REQUESTER = "requester"
    OPERATOR = "operator"
    SECURITY = "security"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """One thing that may be done at a door; tokens of programs hold a choice of them."""

    ACCOUNT = "account"
    """See and change how one signs in oneself: passkeys, codes, sign-ins, own devices."""
    ASK = "access.ask"
    """See what there is, ask for access, use it, propose changes; policies decide each."""
    ANSWER = "access.answer"
    """Answer what one is asked."""
    READ_ACCESS = "access.read"
    """See the requests, grants, reviews and sessions of others."""
    REVOKE = "access.revoke"
    """End the grants of others."""
    WATCH = "sessions.watch"
    """See what is done in sessions of others, now and later."""
    STEER = "sessions.steer"
    """Pause, downgrade and cut the sessions of others."""
    READ_LOG = "log.read"
    """Look through the log, search what was done, make reports; of others, too."""
    READ_PAYLOADS = "log.read-payloads"
    """Read what entries are about: statements, reasons, evidence."""
    EXPORT_LOG = "log.export"
    """Take the log, or a part of it, elsewhere."""
    READ_POLICIES = "policies.read"
    """See the policies and targets in force, and those of then."""
    READ_RISK = "risk.read"
    """See what is usual for others, and the health of signals."""
    REPORT = "security.report"
    """Say that somebody's credentials or device are compromised."""
    READ_PEOPLE = "people.read"
    """See who there is, and in which groups."""
    CHANGE_PEOPLE = "people.change"
    """Invite, change, disable people; make service accounts and agents of others."""
    CHANGE_DEVICES = "devices.change"
    """Admit and revoke the devices of others."""
    READ_HEALTH = "health.read"
    """See how Assent itself is: checks, figures, witnesses, exporters, what was not delivered."""
    CHANGE_SETTINGS = "settings.change"
    """Try notifiers, send notices again."""
    PROVISION = "people.provision"
    """Provision people and groups by SCIM; only for the token of an identity provider."""


_OWN = frozenset({Permission.ACCOUNT, Permission.ASK, Permission.ANSWER})
_READ = frozenset(
    {
        Permission.READ_ACCESS,
        Permission.READ_LOG,
        Permission.READ_PAYLOADS,
        Permission.WATCH,
        Permission.EXPORT_LOG,
        Permission.READ_POLICIES,
        Permission.READ_RISK,
        Permission.READ_PEOPLE,
        Permission.READ_HEALTH,
    }
)

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.REQUESTER: _OWN,
    Role.OPERATOR: _OWN
    | {
        Permission.READ_HEALTH,
        Permission.READ_POLICIES,
        Permission.READ_PEOPLE,
        Permission.STEER,
        Permission.CHANGE_SETTINGS,
    },
    Role.SECURITY: _OWN
    | _READ
    | {
        Permission.REVOKE,
        Permission.STEER,
        Permission.REPORT,
        Permission.CHANGE_DEVICES,
        Permission.CHANGE_SETTINGS,
    },
    # Reads, and never changes: it cannot even ask for access or answer.
    Role.AUDITOR: _READ | {Permission.ACCOUNT},
    # Reads payloads only for a reason that is in the log first; see `control/reading.py`.
    Role.ADMINISTRATOR: _OWN
    | _READ
    | {
        Permission.REVOKE,
        Permission.STEER,
        Permission.CHANGE_PEOPLE,
        Permission.CHANGE_DEVICES,
        Permission.CHANGE_SETTINGS,
    },
}

ROLE_GROUPS: Mapping[str, Role] = {
    "operators": Role.OPERATOR,
    "security": Role.SECURITY,
    "auditors": Role.AUDITOR,
    "administrators": Role.ADMINISTRATOR,
}
"""Whose members have which role, where the configuration says nothing else."""


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Return what somebody with these roles may do.

    An auditor may do what auditors may and nothing else, whatever other roles they have: who
    checks the work must not have done it.
    """
    held = frozenset(roles)
    if Role.AUDITOR in held:
        return PERMISSIONS[Role.AUDITOR]
    return frozenset().union(*(PERMISSIONS[role] for role in held))
