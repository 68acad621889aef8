"""The facts that a decision is taken on, gathered once, dated, and kept for replay."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from assent.core.canonical import Json, Profiled
from assent.core.device import Device
from assent.core.familiarity import Familiarity, Magnitude
from assent.core.grant import Delegation, Grant
from assent.core.impact import Impact
from assent.core.network import Network, Sighting
from assent.core.request import Approval
from assent.core.resource import Target
from assent.core.security_event import SecurityEvent
from assent.core.subject import Subject


@dataclass(frozen=True, slots=True)
class Authentication:
    """How the subject proved who it is. stepped_up_at: the last fresh proof, None if none.

    stepped_up_by: how that one was given, empty if none or not known.
    """

    method: str
    at: datetime
    stepped_up_at: datetime | None = None
    stepped_up_by: str = ""


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the action comes from. address: the peer's, without port; empty for none.

    task: what the client says that it does just now, as `core.declared_task` keeps it; empty where
    it says nothing.
    """

    address: str = ""
    application: str = ""
    door: str = "gateway"
    task: str = ""


@dataclass(frozen=True, slots=True)
class SessionSoFar:
    """What was done in the session before this action.

    actions, errors, denials: how many. rows, bytes: what it was sent. tables: how many
    different ones it touched, or other resources where there are no tables. in_last_minute:
    actions in the last 60 s. previous: what the last action did, as dimension `step` names it.
    suspicion_mb: what its actions said so far of who acts in it, in thousandths of a bit; it only
    falls when the person proves who they are. opened_at: when the session was, None where that is
    not known.
    """

    actions: int = 0
    errors: int = 0
    denials: int = 0
    rows: int = 0
    bytes: int = 0
    tables: int = 0
    in_last_minute: int = 0
    previous: str = ""
    suspicion_mb: int = 0
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """Where else the person is or was.

    minted: where the session's credential was handed out. last: the last sighting in another
    session, None when there was none. others: where the person's other open sessions are.
    failures: refused passwords and credentials under their name within the last hour.
    """

    minted: Sighting | None = None
    last: Sighting | None = None
    others: tuple[Sighting, ...] = ()
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What was learned, as far as this action asks for it.

    dimensions: how usual each aspect is, by name. amounts: how usual each number is, by name.
    sessions, days: how many sessions of the person were learned from, on how many days.
    fast_slow_gap_mb: how much more usual this looks by what days alone made usual of late, in
    thousandths of a bit. answers_mb: what people's answers to requests like this one say,
    in thousandths of a bit, from `answers` of them.
    """

    dimensions: Mapping[str, Familiarity] = field(default_factory=dict)
    amounts: Mapping[str, Magnitude] = field(default_factory=dict)
    sessions: int = 0
    days: int = 0
    fast_slow_gap_mb: int = 0
    answers_mb: int = 0
    answers: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a decision saw.

    history: `verb resource` → how often this subject did it before, for each touch that was
    asked about; empty and `history` in `unavailable` when it could not be read.
    approvals: of the request that this action waits in, for exactly this action and not
    withdrawn, with their approvers as they are now in `approvers` and in whose place these may
    answer in `delegations`, both by the approver's id. local_offset_min: of the person's zone
    from UTC at `at`, None when their zone is not known. tenure_days: since when they are known
    here. verified_by: who said that their role is theirs, at `verified_at`. impact: what the action
    would do, measured at the target, None when nothing was asked. medium_from, high_from: the
    first scores of these levels at that moment. dates: of each source, by the name that signals
    give it, how old what it says is. ticket_said: `open`, `closed`, `unknown` or `unavailable`:
    what the issue tracker says, empty where it was not asked. asked_at: when the request that
    this waits in was opened. unavailable: kinds of evidence that should be there and
    could not be gathered. not_configured: kinds that the operator gave no source for.
    """

    at: datetime
    subject: Subject
    target: Target | None = None
    authentication: Authentication | None = None
    connection: Connection = field(default_factory=Connection)
    history: Mapping[str, int] = field(default_factory=dict)
    grants: tuple[Grant, ...] = ()
    approvals: tuple[Approval, ...] = ()
    approvers: Mapping[str, Subject] = field(default_factory=dict)
    delegations: Mapping[str, tuple[Delegation, ...]] = field(default_factory=dict)
    reason: str = ""
    ticket: str = ""
    unavailable: frozenset[str] = frozenset()
    not_configured: frozenset[str] = frozenset()
    network: Network | None = None
    device: Device | None = None
    session: SessionSoFar | None = None
    presence: Presence = field(default_factory=Presence)
    known: Known | None = None
    events: tuple[SecurityEvent, ...] = ()
    local_offset_min: int | None = None
    tenure_days: int | None = None
    verified_by: str = ""
    verified_at: datetime | None = None
    impact: Impact | None = None
    dates: Mapping[str, datetime] = field(default_factory=dict)
    medium_from: int = 25
    high_from: int = 60
    ticket_said: str = ""
    asked_at: datetime | None = None

    def to_json(self) -> dict[str, Json]:
        """Return it in the canonical profile, for the payload of a decision's entry.

        Mappings whose keys come from outside are lists of pairs, as keys are ASCII there.
        """
        content = Profiled(msgspec.to_builtins(self, order="deterministic"))
        content["history"] = [[what, times] for what, times in sorted(self.history.items())]
        if self.target is not None:
            target: dict[str, Json] = msgspec.to_builtins(self.target, order="deterministic")
            target["labels"] = _pairs(self.target.labels)
            target["resource_owners"] = _pairs(self.target.resource_owners)
            content["target"] = target
        return content


def evidence_from_json(content: Mapping[str, Json]) -> Evidence:
    """Return the evidence that `to_json` wrote. Raises msgspec.ValidationError for any other."""
    loose = msgspec.convert(content, dict[str, Any])
    loose["history"] = dict(msgspec.convert(loose.get("history", ()), list[tuple[str, int]]))
    if loose.get("target") is not None:
        target = msgspec.convert(loose["target"], dict[str, Any])
        for name in ("labels", "resource_owners"):
            target[name] = dict(msgspec.convert(target.get(name, []), list[tuple[str, list[str]]]))
        loose["target"] = target
    return msgspec.convert(loose, Evidence)


def _pairs(named: Mapping[str, frozenset[str]]) -> list[Json]:
    return [[name, list[Json](sorted(found))] for name, found in sorted(named.items())]
