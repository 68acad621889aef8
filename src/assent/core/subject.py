"""Who acts: a human, a workload or an agent, and on whose behalf."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from assent.core.ids import SubjectId
from assent.core.role import ROLE_GROUPS, Role


class SubjectKind(StrEnum):
    """What a subject is (NIST SP 800-162: subject)."""

    HUMAN = "human"
    WORKLOAD = "workload"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody or something that acts; `on_behalf_of` only for an agent.

    groups: names, unordered. verified: whether somebody vouched that these are theirs:
    verified_by, at verified_at. disabled: nothing is permitted to it, and it cannot approve.
    since: when it began here. time_zone: an IANA name such as `Europe/Berlin`, empty where it
    is not known. reports_to: their manager, that one's manager, and so on upwards. roles: beside
    those that groups give. source: who says all this: `configuration`, `local` (an administrator,
    in Assent), `scim`, or `oidc:` and the provider's name. email: where mail reaches them. owner:
    who answers for a workload or an agent. task: what an agent says that it is for. suspended: an
    administrator stopped them here, whatever their source says: as disabled, until it is lifted.
    """

    id: SubjectId
    name: str
    kind: SubjectKind = SubjectKind.HUMAN
    display_name: str = ""
    groups: frozenset[str] = frozenset()
    verified: bool = True
    disabled: bool = False
    on_behalf_of: SubjectId | None = None
    since: datetime | None = None
    time_zone: str = ""
    verified_by: str = ""
    verified_at: datetime | None = None
    reports_to: tuple[SubjectId, ...] = ()
    roles: frozenset[Role] = frozenset()
    source: str = "configuration"
    email: str = ""
    owner: SubjectId | None = None
    task: str = ""
    suspended: bool = False


def roles_of(subject: Subject, role_groups: Mapping[str, Role] = ROLE_GROUPS) -> frozenset[Role]:
    """Return the roles of a subject: their own, and those that their groups give.

    role_groups: whose members have which role. Whoever is disabled has none.
    """
    if subject.disabled:
        return frozenset()
    given = {role for group, role in role_groups.items() if group in subject.groups}
    return subject.roles | given | {Role.REQUESTER}


def bounded(subject: Subject, everybody: Mapping[SubjectId, Subject]) -> Subject:
    """Return a subject as far as those reach who answer for it.

    An agent is in no group that the person behind it is not in, has no role that they have not,
    and is in their line of reporting beside its own. What belongs to somebody who is disabled
    or gone is disabled.
    """
    if subject.on_behalf_of is None and subject.owner is None:
        return subject
    answering = [everybody.get(one) for one in (subject.on_behalf_of, subject.owner) if one]
    disabled = subject.disabled or any(
        one is None or one.disabled or one.suspended for one in answering
    )
    behind = everybody.get(subject.on_behalf_of) if subject.on_behalf_of else None
    if behind is None:
        return replace(subject, disabled=disabled)
    return replace(
        subject,
        disabled=disabled,
        groups=subject.groups & behind.groups,
        roles=subject.roles & behind.roles,
        reports_to=tuple(dict.fromkeys((*subject.reports_to, *behind.reports_to))),
    )


def in_force(subject: Subject, everybody: Mapping[SubjectId, Subject]) -> Subject:
    """Return a subject as decisions see it: bounded, and disabled where it is suspended.

    That is never what is kept: what its source says counts again once it is not suspended.
    """
    now = bounded(subject, everybody)
    return replace(now, disabled=True) if now.suspended else now
