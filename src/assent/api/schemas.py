"""What the API returns, as JSON Schema knows it; `render` makes it from our nouns."""

from typing import Literal

from pydantic import BaseModel, JsonValue

from assent.api.answer_schemas import ApprovalOut, CommentOut, TermsOut
from assent.api.risk_schemas import Instant, RiskOut


class PersonOut(BaseModel):
    """Somebody, by name."""

    name: str
    display_name: str


class CallerOut(PersonOut):
    """The person who is signed in."""

    groups: list[str]


class LoginOut(BaseModel):
    """A bearer token and whose it is."""

    token: str
    expires_at: Instant
    subject: CallerOut


class GrantOut(BaseModel):
    """A time-bound permission to reach a target.

    verbs, tables: what it covers, empty for all. budget: amount → how much there is of it, spent:
    how much of each was used. window: the hours in which alone it counts. lasts_s: how long it
    lasts from its first use on, null once that began. covers: its scope in words.
    """

    id: str
    subject: str
    target: str
    starts_at: Instant
    ends_at: Instant
    request: str | None
    reason: str
    state: Literal["active", "ended", "revoked", "future"]
    revoked_at: Instant | None
    revoked_by: str | None
    revoked_because: str
    kind: Literal["access", "break-glass", "delegation", "plan"]
    verbs: list[str]
    tables: list[str]
    read_only: bool
    covers: str
    budget: dict[str, int]
    spent: dict[str, int]
    window: str
    lasts_s: int | None
    extends: str | None


class TargetGrantOut(BaseModel):
    """The grant that opens a target now."""

    id: str
    ends_at: Instant


class TargetOut(BaseModel):
    """A target and what would happen if the caller connected now.

    address, command: how it is reached; empty where this server has no door for its protocol.
    """

    name: str
    protocol: str
    address: str
    command: str
    environment: str
    access: Literal["granted", "automatic", "ask", "closed"]
    words: list[str]
    grant: TargetGrantOut | None


class OpenedOut(BaseModel):
    """How to connect. password: for so many `connections` until `expires_at`.

    device: the one that it is bound to, null for none. certificate: what the client shows on the
    wire, PEM, null where none was asked for or none are issued. address: what clients of the
    protocol are given; for `tcp`, what follows CONNECT. command: the line of a shell that goes
    there. tls_sha256: of the door's certificate, in hex, where it is ours.
    """

    protocol: str
    host: str
    port: int
    address: str
    command: str
    tls_sha256: str
    user: str
    password: str
    database: str
    expires_at: Instant
    connections: int
    grant: GrantOut
    device: str | None = None
    certificate: str | None = None


class TouchOut(BaseModel):
    """One verb on one resource. columns: `*` for all of them.

    through: the view, function, trigger, rule or key by which it happens, empty for none.
    """

    verb: str
    resource: str
    columns: list[str]
    through: str


class TableImpactOut(BaseModel):
    """What would happen to one table. rows: an estimate, null where there is none."""

    verb: str
    table: str
    rows: int | None
    total_rows: int | None
    indexes: int
    through: str


class WaiterOut(BaseModel):
    """Somebody who waited for a lock of the session."""

    user: str
    application: str
    waits_s: int


class ImpactOut(BaseModel):
    """What a statement would do, measured before it runs. words: the same for people.

    rows: the planner's estimate; exact_rows: counted, null where that was not allowed.
    """

    rows: int | None
    exact_rows: int | None
    cost: int | None
    tables: list[TableImpactOut]
    triggers: list[str]
    waiters: list[WaiterOut]
    same_snapshot: bool
    unavailable: str
    words: list[str]


class ActionOut(BaseModel):
    """What is asked for, verbatim and understood. for_s: of a request for access."""

    verb: str
    text: str
    parameters: list[str | None]
    touches: list[TouchOut]
    digest: str
    for_s: int | None


class RequestOut(BaseModel):
    """An action that waits, or waited, for people. terms: of a request for access.

    asked: who was told that they are needed, and still is. task: what the program that asks says
    that it does just now, empty for nothing.
    """

    id: str
    state: str
    kind: Literal["statement", "access", "action"]
    requester: PersonOut
    target: str | None
    session: str | None
    action: ActionOut
    risk: RiskOut
    demands: list[str]
    unmet: list[str]
    messages: list[str]
    policies: list[str]
    revision: str
    created_at: Instant
    deadline_at: Instant
    changed_at: Instant
    approvals: list[ApprovalOut]
    comments: list[CommentOut]
    terms: TermsOut | None
    asked: list[str]
    reason: str
    ticket: str
    task: str
    outcome: str
    settled_by: str | None
    grant: str | None
    impact: ImpactOut | None
    link: str


class WaitingOut(BaseModel):
    """Access that people must assent to first."""

    request: RequestOut


class SessionOut(BaseModel):
    """One client connection to one target."""

    id: str
    subject: str
    target: str
    grant: str
    protocol: str
    database: str
    client_address: str
    application: str
    state: Literal["open", "closed", "cut"]
    opened_at: Instant
    ends_at: Instant
    ended_at: Instant | None
    ended_because: str


class SessionFramesOut(BaseModel):
    """A session and what was recorded of it so far, in order."""

    session: SessionOut
    frames: list[dict[str, JsonValue]]


class TargetsOut(BaseModel):
    """Targets."""

    items: list[TargetOut]


class RequestsOut(BaseModel):
    """Requests."""

    items: list[RequestOut]


class InboxOut(RequestsOut):
    """The requests with the nearest deadlines. waiting: how many there are in all."""

    waiting: int


class GrantsOut(BaseModel):
    """Grants."""

    items: list[GrantOut]


class SessionsOut(BaseModel):
    """Sessions."""

    items: list[SessionOut]


class NamesOut(BaseModel):
    """Paths of files below `/v1/audit/export/`."""

    names: list[str]


class HealthOut(BaseModel):
    """That the server answers, and which one it is."""

    status: Literal["ok"]
    version: str
