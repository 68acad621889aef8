"""The classes of events that entries become in OCSF, and which kind of entry becomes which.

Source: Open Cybersecurity Schema Framework 1.8.0.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from assent.core.entry import EntryKind

OTHER = 99


@dataclass(frozen=True, slots=True)
class EventClass:
    """A class: its number and name, those of its category, and its activities by number."""

    uid: int
    name: str
    category: tuple[int, str]
    activities: Mapping[int, str]


_IAM = (3, "Identity & Access Management")
_APPLICATION = (6, "Application Activity")
_CHANGES = {1: "Create", 2: "Read", 3: "Update", 4: "Delete"}

BASE = EventClass(0, "Base Event", (0, "Uncategorized"), {})
FINDING = EventClass(2004, "Detection Finding", (2, "Findings"), {1: "Create"})
AUTHENTICATION = EventClass(3002, "Authentication", _IAM, {1: "Logon", 2: "Logoff"})
AUTHORIZE_SESSION = EventClass(3003, "Authorize Session", _IAM, {1: "Assign Privileges"})
ENTITY = EventClass(3004, "Entity Management", _IAM, _CHANGES)
USER_ACCESS = EventClass(
    3005, "User Access Management", _IAM, {1: "Assign Privileges", 2: "Revoke Privileges"}
)
LIFECYCLE = EventClass(6002, "Application Lifecycle", _APPLICATION, {3: "Start", 4: "Stop"})
API = EventClass(6003, "API Activity", _APPLICATION, _CHANGES)
DATASTORE = EventClass(
    6005,
    "Datastore Activity",
    _APPLICATION,
    {1: "Read", 2: "Update", 3: "Connect", 4: "Query", 5: "Write", 6: "Create", 7: "Delete"},
)


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a kind becomes. activity: 99 for one that the class does not know, called `words`.

    entity: for Entity Management, the type of what was changed. uid: the fact, or the key of the
    leaf, that names it.
    """

    event_class: EventClass
    activity: int
    words: str = ""
    entity: str = ""
    uid: str = ""

    @property
    def activity_name(self) -> str:
        """The activity in words."""
        return self.event_class.activities.get(self.activity) or self.words or "Other"


def mapped(kind: str) -> Mapped:
    """Return what a kind becomes; one that is not known, a Base Event."""
    return _KINDS.get(kind) or Mapped(BASE, OTHER, kind)


def _entity(activity: int, entity: str, uid: str) -> Mapped:
    return Mapped(ENTITY, activity, entity=entity, uid=uid)


_CREATED, _READ, _UPDATED, _DELETED = 1, 2, 3, 4
# What was asked of a target is an activity there; which, says the verb.
_ACTED = Mapped(API, 0, "Unknown")

_KINDS: Mapping[str, Mapped] = {
    EntryKind.SERVER_STARTED: Mapped(LIFECYCLE, 3),
    EntryKind.SERVER_STOPPED: Mapped(LIFECYCLE, 4),
    EntryKind.LOGIN: Mapped(AUTHENTICATION, 1),
    EntryKind.LOGIN_REFUSED: Mapped(AUTHENTICATION, 1),
    EntryKind.LOGOUT: Mapped(AUTHENTICATION, 2),
    EntryKind.STEP_UP: Mapped(AUTHENTICATION, OTHER, "Step-up"),
    EntryKind.SESSION_ENDED: Mapped(AUTHENTICATION, 2),
    EntryKind.SESSION_OPENED: Mapped(AUTHORIZE_SESSION, 1),
    EntryKind.ATTEMPT: _ACTED,
    EntryKind.DECISION: _ACTED,
    EntryKind.RESULT: _ACTED,
    EntryKind.GRANT_ISSUED: Mapped(USER_ACCESS, 1),
    EntryKind.GRANT_REVOKED: Mapped(USER_ACCESS, 2),
    EntryKind.GRANT_EXPIRED: Mapped(USER_ACCESS, 2),
    EntryKind.GRANT_CHANGED: Mapped(USER_ACCESS, OTHER, "Change Privileges"),
    EntryKind.SECURITY_EVENT: Mapped(FINDING, 1, "Security event"),
    EntryKind.LOG_DISPUTED: Mapped(FINDING, 1, "The log was seen in two forms"),
    EntryKind.REQUEST_OPENED: _entity(_CREATED, "access request", "request"),
    EntryKind.REQUEST_CHANGED: _entity(_UPDATED, "access request", "request"),
    EntryKind.REQUEST_SETTLED: _entity(_UPDATED, "access request", "request"),
    EntryKind.REQUEST_COMMENTED: _entity(_UPDATED, "access request", "request"),
    EntryKind.REMEDY_MET: _entity(_UPDATED, "access request", "request"),
    EntryKind.APPROVAL: _entity(_UPDATED, "access request", "request"),
    EntryKind.APPROVAL_WITHDRAWN: _entity(_UPDATED, "access request", "request"),
    EntryKind.CREDENTIAL_MINTED: _entity(_CREATED, "credential", "credential"),
    EntryKind.CREDENTIAL_ENDED: _entity(_DELETED, "credential", "credential"),
    EntryKind.SESSION_SEGMENT: _entity(_CREATED, "recording segment", "session"),
    EntryKind.SESSION_STANDING: _entity(_UPDATED, "session", "session"),
    EntryKind.SESSION_STEERED: _entity(_UPDATED, "session", "session"),
    EntryKind.SESSION_WATCHED: _entity(_READ, "session", "session"),
    EntryKind.POLICY_CHANGED: _entity(_UPDATED, "policy", "policy_revision"),
    EntryKind.CONFIGURATION_APPLIED: _entity(_UPDATED, "configuration", "content"),
    EntryKind.CONFIGURATION_CHANGED: _entity(_UPDATED, "configuration", "content"),
    EntryKind.RISK_MODEL_CHANGED: _entity(_UPDATED, "risk model", "model"),
    EntryKind.PROFILE_FORGOTTEN: _entity(_DELETED, "profile", "about"),
    EntryKind.LABELS_SCANNED: _entity(_READ, "target", "target"),
    EntryKind.LABEL_SUGGESTED: _entity(_CREATED, "label", "target"),
    EntryKind.LABEL_DECIDED: _entity(_UPDATED, "label", "target"),
    EntryKind.PERSON_ADDED: _entity(_CREATED, "person", "about"),
    EntryKind.PERSON_CHANGED: _entity(_UPDATED, "person", "about"),
    EntryKind.GROUP_CHANGED: _entity(_UPDATED, "group", "about"),
    EntryKind.PERSON_INVITED: _entity(_CREATED, "invitation", "invitation"),
    EntryKind.AUTHENTICATOR_ADDED: _entity(_CREATED, "authenticator", "about"),
    EntryKind.AUTHENTICATOR_REMOVED: _entity(_DELETED, "authenticator", "about"),
    EntryKind.TOKEN_MINTED: _entity(_CREATED, "token", "token"),
    EntryKind.TOKEN_REVOKED: _entity(_DELETED, "token", "token"),
    EntryKind.DEVICE_ENROLLED: _entity(_CREATED, "device key", "key"),
    EntryKind.DEVICE_ADMITTED: _entity(_UPDATED, "device key", "key"),
    EntryKind.DEVICE_REPORTED: _entity(_UPDATED, "device", "key"),
    EntryKind.DEVICE_REVOKED: _entity(_DELETED, "device key", "key"),
    EntryKind.REVIEW_OPENED: _entity(_CREATED, "review", "review"),
    EntryKind.REVIEW_CLOSED: _entity(_UPDATED, "review", "review"),
    EntryKind.ABSENCE: _entity(_UPDATED, "absence", "subject"),
    EntryKind.RECORDING_READ: _entity(_READ, "recording", "session"),
    EntryKind.LOG_READ: _entity(_READ, "audit log", "what"),
    EntryKind.AUDIT_EXPORTED: _entity(_READ, "audit log", "what"),
    EntryKind.KEY_ROTATED: _entity(_UPDATED, "log key", "to"),
    EntryKind.PAYLOAD_REDACTED: _entity(_DELETED, "data keys", "about"),
    EntryKind.LEGAL_HOLD_PLACED: _entity(_CREATED, "legal hold", "hold"),
    EntryKind.LEGAL_HOLD_LIFTED: _entity(_DELETED, "legal hold", "hold"),
    EntryKind.LOG_PRUNED: _entity(_DELETED, "audit log", "minimum"),
    EntryKind.ANCHOR_RECORDED: _entity(_CREATED, "anchor", "anchor"),
}
