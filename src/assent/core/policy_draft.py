"""Policies that somebody is writing: in force nowhere, and kept until they are proposed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from assent.core.ids import PolicyDraftId, SubjectId


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """What one person is writing. files: name → text, of policies and of their cases.

    based_on: the revision that it began from. shadow_until: until when each new decision is also
    made by it, without any effect; None where it is not. shadow_from: how many entries the log had
    when that began.
    """

    id: PolicyDraftId
    owner: SubjectId
    name: str
    files: Mapping[str, str]
    based_on: str
    changed_at: datetime
    shadow_until: datetime | None = None
    shadow_from: int = 0


@dataclass(frozen=True, slots=True)
class PutPolicyDraft:
    """Insert or replace a draft of its owner."""

    draft: PolicyDraft


@dataclass(frozen=True, slots=True)
class DropPolicyDraft:
    """Forget a draft; no change if there is none."""

    id: PolicyDraftId
