"""Who acts: a human, a workload or an agent, and on whose behalf."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assent.core.ids import SubjectId


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
    is not known. reports_to: their manager, that one's manager, and so on upwards.
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
